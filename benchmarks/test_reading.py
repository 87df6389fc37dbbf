"""Reading a trace, exploring the lifecycle of a Pod, and starting up."""

from __future__ import annotations

import gzip
import json
import statistics
import subprocess
import sys
import time
import tracemalloc
from pathlib import Path
from typing import Any

from benchmarks.conftest import Report
from conformance import trace
from conformance.garbage import seldom_collected
from spec_model import judge
from spec_model.explore import explore
from spec_model.pod import transitions
from spec_model.world import World

RECORDING = Path(__file__).parent.parent / "tests" / "evidence" / "cluster-1.36.2-a.jsonl.gz"


def parse() -> int:
    with gzip.open(RECORDING, "rt", encoding="utf-8") as file:
        return sum(1 for line in file if json.loads(line))


def check(times: int = 1) -> int:
    events = 0
    header, _ = trace.read(RECORDING)
    world = World(header.setting)
    with seldom_collected():  # as in kubelaws check
        for _ in range(times):
            for event in trace.read(RECORDING)[1]:
                world = judge.step(world, event)
                events += 1
    return events


def timed(action: Any) -> float:
    began = time.perf_counter()
    action()
    return time.perf_counter() - began


def test_reading_a_trace(benchmark: Any, report: Report) -> None:
    """Judging the recorded cluster against parsing the same JSON alone, in turn."""
    assert parse() == check()
    ratios = []
    for _ in range(7):
        alone, judged = timed(parse), timed(check)
        ratios.append(judged / alone)
    benchmark.pedantic(check, rounds=3)
    report("check / parsing the same JSON", f"{statistics.median(ratios):.2f}", "<= 5")


def test_memory_is_flat(report: Report, benchmark: Any) -> None:
    """The same trace ten times over: the peak is that of once."""
    peaks = []
    for times in (1, 10):
        tracemalloc.start()
        check(times)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    benchmark.pedantic(check, rounds=1)
    report("peak memory, ten times the trace / once", f"{peaks[1] / peaks[0]:.2f}", "flat")


def test_exploration(benchmark: Any, report: Report) -> None:
    """The Pod lifecycle: one init and two app containers, counts clamped at three, invariants on."""
    start = [transitions.fresh(policy) for policy in ("Always", "OnFailure", "Never")]
    found = benchmark(lambda: explore(start, transitions.successors, transitions.INVARIANTS))
    speed = found.states / benchmark.stats.stats.median
    report("exploration, states a second", f"{speed:,.0f}", ">= 100,000")


def test_start_up(benchmark: Any, report: Report) -> None:
    """``kubelaws --help`` against ``python -c pass``, in turn."""
    script = Path(sys.executable).parent / "kubelaws"

    def nothing() -> None:
        subprocess.run([sys.executable, "-c", "pass"], check=True)

    def help_text() -> None:
        subprocess.run([script, "--help"], check=True, stdout=subprocess.DEVNULL)

    ratios = []
    for _ in range(15):
        alone, ours = timed(nothing), timed(help_text)
        ratios.append(ours / alone)
    benchmark.pedantic(help_text, rounds=3)
    report("kubelaws --help / python -c pass", f"{statistics.median(ratios):.2f}", "<= 5")
