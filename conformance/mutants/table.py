"""The kill table: every mutant is tried with the focused properties of the rule it breaks."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import Final

from conformance.adapter import AdapterError
from conformance.adapters.simulator import SimulatorAdapter
from conformance.examine import BUDGETS, Budget, Scenario, Target, examine
from conformance.focus import SCENARIOS, load_suite
from conformance.mutants import Mutant, all_mutants
from reports.events import MutantTried

FIRST_LOOK: Final = 3
"""Examples that each property of a rule gets before one of them gets more."""


def try_all(
    *,
    rules: Sequence[str] = (),
    areas: Sequence[str] = (),
    seed: int = 0,
    jobs: int = 1,
    budget: str = "standard",
    profile: str | None = None,
) -> Iterator[MutantTried]:
    """A row of the kill table for every mutant of the named rules and areas; all where none is."""
    chosen = [
        index
        for index, mutant in enumerate(all_mutants())
        if (profile is None or mutant.profile == profile)
        and (
            not (rules or areas) or mutant.rule in rules or mutant.rule.rpartition("-")[0] in areas
        )
    ]
    load_suite()
    if jobs == 1:
        yield from (try_one(index, seed, budget) for index in chosen)
        return
    context = get_context("spawn")  # a fork would copy the locks of the threads that show progress
    with ProcessPoolExecutor(jobs, context, initializer=_leave_interrupts_to_the_parent) as pool:
        tried = [pool.submit(try_one, index, seed, budget) for index in chosen]
        try:
            yield from (each.result() for each in tried)
        finally:
            pool.shutdown(cancel_futures=True)


def _leave_interrupts_to_the_parent() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def try_one(index: int, seed: int, budget: str) -> MutantTried:
    """Tries one mutant (by its place in ``all_mutants``): is it caught, and who is blamed?"""
    load_suite()
    mutant = all_mutants()[index]
    began = time.perf_counter()
    blamed: tuple[str, ...] = ()
    test = error = ""
    try:
        blamed, test = _blamed(mutant, seed, budget)
    except Exception as broken:  # a row of the table, and nobody is blamed
        error = f"{type(broken).__name__}: {broken}"
    return MutantTried(
        mutant=mutant.name,
        fault=mutant.fault,
        rule=mutant.rule,
        killed=bool(blamed),
        blamed=blamed,
        test=test,
        seconds=time.perf_counter() - began,
        error=error,
    )


def _blamed(mutant: Mutant, seed: int, budget: str) -> tuple[tuple[str, ...], str]:
    """The rules blamed by the first property that catches the mutant, its own rule first.

    Raises:
        Exception: whatever the fault makes the simulator, or a property, throw, and nobody is blamed.
    """
    caught: tuple[tuple[str, ...], str] = ((), "")
    failures: list[AdapterError] = []
    with mutant.applied():
        adapter = SimulatorAdapter(profile=mutant.profile)
        target = Target(adapter, adapter.describe(), mutant.profile, BUDGETS[budget], seed)
        for scenario, examples in _tries(SCENARIOS.get(mutant.rule, ()), target.budget):
            name = f"{mutant.rule} {scenario.__name__}"
            examination = examine(
                target, scenario, name=name, rules=[mutant.rule], examples=examples
            )
            found = examination.violations
            if mutant.rule in found:
                others = sorted(set(found) - {mutant.rule})
                return (mutant.rule, *others), scenario.__name__
            if found and not caught[0]:
                caught = (tuple(sorted(found)), scenario.__name__)
            failures += examination.failures
    if failures and not caught[0]:
        raise failures[0]
    return caught


def _tries(scenarios: Sequence[Scenario], budget: Budget) -> Iterator[tuple[Scenario, int]]:
    """Each property with a few examples, and then each with all that the budget allows.

    Most faults show at once in the property that was written for them, and in the others never: they
    would cost all of their examples before its turn came.
    """
    if len(scenarios) > 1:
        yield from ((scenario, min(FIRST_LOOK, budget.examples)) for scenario in scenarios)
    yield from ((scenario, budget.examples) for scenario in scenarios)
