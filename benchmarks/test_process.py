"""What it costs to drive an engine in another process: the suite on the simulator, here and there."""

from __future__ import annotations

import io
import resource
import shlex
import statistics
import sys
import time
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from importlib.resources import files
from typing import Any

import pytest

from benchmarks.conftest import Report
from conformance.adapters.process import ProcessAdapter
from conformance.adapters.simulator import SimulatorAdapter
from spec_model.events import stimulus
from strategies.manifests import pod

SERVE = [sys.executable, "-c", "from conformance.cli import main; main()", "serve", "simulator"]
ELSEWHERE = f"process:{shlex.join(SERVE)}"


AREAS = sorted(path.name for path in files("conformance.suite").iterdir() if "test_" in path.name)


def run(area: str, adapter: str) -> tuple[float, float]:
    """Seconds, by the clock and of all processors, that an area takes; start of the engine included."""
    options = ["--pyargs", f"conformance.suite.{area.removesuffix('.py')}", "-q", "-W", "ignore"]
    options += ["-p", "no:cacheprovider", "--budget", "standard", "--adapter", adapter]
    began, worked = time.perf_counter(), processors()
    with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
        code = pytest.main(options)
    assert code == pytest.ExitCode.OK
    return time.perf_counter() - began, processors() - worked


def processors() -> float:
    """Seconds that processors have worked for us and for what we started and waited for."""
    usages = map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def test_the_suite_in_another_process(benchmark: Any, report: Report) -> None:
    """The whole suite on a process against the same engine in this one, area by area in turn."""
    run(AREAS[0], "simulator")  # what is loaded once is loaded now
    sums = [0.0, 0.0, 0.0, 0.0]
    for area in AREAS:
        times = (*run(area, "simulator"), *run(area, ELSEWHERE))
        sums = [total + each for total, each in zip(sums, times, strict=True)]
    benchmark.pedantic(lambda: None, rounds=1)
    here, worked_here, there, worked_there = sums
    told = f"{there / here:.2f} ({there:.1f} s / {here:.1f} s)"
    report("the suite on a process / in this one", told, "<= 2")
    report("the same, time of all processors", f"{worked_there / worked_here:.2f}", "")


@pytest.mark.parametrize("name", ["in this process", "process", "process, validated"])
def test_a_step(benchmark: Any, report: Report, name: str) -> None:
    """Apply and observe alone, nothing judged: a Pod whose container exits and starts again."""
    command = shlex.join(SERVE)
    made: dict[str, Callable[[], Any]] = {
        "in this process": SimulatorAdapter,
        "process": lambda: ProcessAdapter(command),
        "process, validated": lambda: ProcessAdapter(command, validate=True),
    }
    adapter = made[name]()
    adapter.reset()
    adapter.apply(stimulus("create", object=pod()))
    adapter.observe()
    steps = [
        stimulus("exit", namespace="default", pod="a", container="c", exitCode=1),
        stimulus("advance", seconds=400),
    ]
    times: list[float] = []

    def once() -> None:
        for step in steps:
            began = time.perf_counter()
            adapter.apply(step)
            adapter.observe()
            times.append(time.perf_counter() - began)

    benchmark.pedantic(once, rounds=300, warmup_rounds=20)
    adapter.close()
    report(f"apply and observe, {name}", f"{statistics.median(times) * 1e6:.0f} us", "")
