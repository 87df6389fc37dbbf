"""The judged step, the stateful suite against an empty one, and how surely planted bugs are found."""

from __future__ import annotations

import random
import statistics
import time
from collections.abc import Sequence
from typing import Any

import hypothesis
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test

from benchmarks.conftest import Report
from conformance.adapters.simulator import SimulatorAdapter
from conformance.examine import BUDGETS, Examination, Target, drawing
from conformance.machines import SUBJECTS, state_machine, wander
from conformance.shrink import Step, shrink
from spec_model.events import Stimulus, stimulus
from spec_model.world import World
from strategies.manifests import pod
from strategies.operations import TARGETS, Kind, operations, tapes


def target() -> Target:
    adapter = SimulatorAdapter()
    return Target(adapter, adapter.describe(), "v1.36", BUDGETS["standard"])


def test_judged_step(benchmark: Any, report: Report) -> None:
    """Apply, observe, judge: the median step of a long random run of the lifecycle, ten Pods."""
    session = target().session()
    names = [f"p{number}" for number in range(10)]
    for name in names:
        session.create(pod(name))
    walk = wander(session, SUBJECTS["lifecycle"], random.Random(1), names)
    times: list[float] = []

    def step() -> None:
        action = next(walk)
        began = time.perf_counter()
        session.apply(action)
        times.append(time.perf_counter() - began)
        session.events.clear()

    benchmark.pedantic(step, rounds=3000, warmup_rounds=50)
    assert not session.shown
    report("a judged step, 10 Pods", f"{statistics.median(times) * 1e6:.0f} us", "<= 200 us")


def test_stateful_suite(benchmark: Any, report: Report) -> None:
    """Our lifecycle machine against an empty one with as many rules and steps, in turn."""
    ours, subject = target(), SUBJECTS["lifecycle"]
    kinds = subject.possible(ours.implementation.capabilities)
    budget = drawing(10, steps=40)

    def ours_once() -> None:
        made = hypothesis.seed(1)(state_machine(subject, ours, Examination()))
        run_state_machine_as_test(made, settings=budget)

    def empty_once() -> None:
        run_state_machine_as_test(hypothesis.seed(1)(empty_machine(len(kinds))), settings=budget)

    ratios = []
    for _ in range(5):
        empty, full = timed(empty_once), timed(ours_once)
        ratios.append(full / empty)
    benchmark.pedantic(ours_once, rounds=1)
    report("the stateful suite / an empty machine", f"{statistics.median(ratios):.2f}", "<= 2")


def empty_machine(rules: int) -> type[RuleBasedStateMachine]:
    """A machine of so many rules that do nothing."""

    def make(number: int) -> Any:
        def step(self: Any, name: str, choice: int) -> None: ...

        step.__name__ = f"rule_{number}"
        return rule(name=st.sampled_from(TARGETS), choice=st.integers(0, 255))(step)

    body = {f"rule_{number}": make(number) for number in range(rules)}
    return type("EmptyMachine", (RuleBasedStateMachine,), body)


def timed(action: Any) -> float:
    """Seconds that a call takes."""
    began = time.perf_counter()
    action()
    return time.perf_counter() - began


# -- finding power: six particular operations out of 36 --------------------------------------------


def planted_kind(number: int) -> Kind:
    """An operation that does nothing but say which it is."""

    def decode(_: World, name: str, __: int) -> Stimulus:
        return stimulus("advance", seconds=f"{number}{name}")

    return Kind(f"kind-{number}", decode, 4, frozenset())


KINDS = [planted_kind(number) for number in range(12)]
LENGTH = 60


def planted(seed: int) -> frozenset[str]:
    """Six of the 36 operations; the bug shows when all of them were done."""
    every = [f"{number}{name}" for number in range(12) for name in TARGETS]
    return frozenset(random.Random(seed).sample(every, 6))


def done(steps: Sequence[Step]) -> set[str]:
    return {step.arguments["seconds"] for step in steps if isinstance(step, Stimulus)}


def find(seed: int, examples: int) -> tuple[int, list[Step]]:
    """After how many examples the planted bug is found, and the sequence that shows it."""
    bug, tried = planted(seed), 0
    found: list[Step] = []

    @hypothesis.seed(seed)
    @drawing(examples)
    @hypothesis.given(tapes(LENGTH))
    def search(tape: bytes) -> None:
        nonlocal tried
        if found:
            return
        tried += 1
        steps = [each.stimulus(World()) for each in operations(tape, KINDS)]
        if bug <= done([step for step in steps if step]):
            found.extend(step for step in steps if step)

    search()
    return tried, found


def test_finding_power(benchmark: Any, report: Report) -> None:
    """A planted bug that needs six particular operations out of 36."""
    finds = benchmark.pedantic(lambda: [find(seed, 200) for seed in range(5)], rounds=1)
    hits = [tried for tried, found in finds if found]
    report("finding power: seeds that find it", f"{len(hits)} of 5, after {hits}", "5 of 5 in 200")
    shrunk, executions = [], []
    for seed in range(20):
        _, found = find(seed, 1000)
        calls = 0

        def fails(steps: Sequence[Step], bug: frozenset[str] = planted(seed)) -> bool:
            nonlocal calls
            calls += 1
            return bug <= done(steps)

        shrunk.append(len(shrink(found, fails)))
        executions.append(calls)
    report("finding power: shrunk to six", f"{shrunk.count(6)} of 20", ">= 19 of 20")
    report("finding power: executions to shrink", f"at most {max(executions)}", "<= 150")
