"""Verdicts: what a run says of a rule, of an engine, and of the suite that tried it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from typing import Final

from attrs import frozen

from reports.events import (
    MutantTried,
    RunFinished,
    RunStarted,
    ViolationFound,
)
from spec_model.rules import Rule


class Verdict(StrEnum):
    """What a run says of one rule; in the order in which a reader wants to hear of them."""

    VIOLATED = "violated"
    KNOWN_FAILURE = "known-failure"
    DEVIATES = "deviates"
    UNEXERCISED = "unexercised"
    UNSUPPORTED = "unsupported"
    PLANNED = "planned"
    PASSED = "passed"


class Outcome(StrEnum):
    """What a run says of the engine; or, where it tried mutants, of the suite."""

    CONFORMS = "conforms"
    VIOLATES = "violates"
    KILLED = "all mutants killed"
    SURVIVED = "mutants survived"
    ERROR = "error"
    INCOMPLETE = "incomplete"


EXIT_CODES: Final[Mapping[Outcome, int]] = {
    Outcome.CONFORMS: 0,
    Outcome.KILLED: 0,
    Outcome.VIOLATES: 1,
    Outcome.SURVIVED: 1,
    Outcome.ERROR: 2,
    Outcome.INCOMPLETE: 2,
}


@frozen
class RuleResult:
    """One rule in one run.

    Attributes:
        why: the reason of the verdict, one phrase; empty for what passed without reserve.
        exercised: how often its condition was met and checked.
        tests: the tests that exercised it, in order.
    """

    rule: Rule
    verdict: Verdict
    why: str
    exercised: int
    violations: tuple[ViolationFound, ...]
    tests: tuple[str, ...]


@frozen
class KillTable:
    """What became of the mutants: the power of the suite, measured."""

    rows: tuple[MutantTried, ...]

    @property
    def killed(self) -> int:
        """How many the suite noticed."""
        return sum(row.killed for row in self.rows)

    @property
    def blamed(self) -> int:
        """How many it noticed and laid at the right rule's door."""
        return sum(blamed_right(row) for row in self.rows)

    @property
    def holds(self) -> bool:
        """Every mutant was killed, and the rule it breaks was blamed."""
        return self.blamed == len(self.rows)


@frozen
class RunSummary:
    """One run, folded.

    Attributes:
        results: a verdict for every rule of the run, in the order of the registry.
        edges: by lifecycle, how often each transition (source, target) was seen.
        tests: how many tests ended in each outcome.
        errors: what makes this run an error, one sentence each.
        finished: the end of the run; None where the stream has none.
    """

    started: RunStarted
    results: tuple[RuleResult, ...]
    edges: Mapping[str, Mapping[tuple[str, str], int]]
    kills: KillTable
    tests: Mapping[str, int]
    errors: tuple[str, ...]
    finished: RunFinished | None

    @property
    def complete(self) -> bool:
        """The run came to its own end."""
        return self.finished is not None and not self.finished.interrupted

    @property
    def outcome(self) -> Outcome:
        """The verdict on the run; an error or a missing end outweighs whatever was seen."""
        if not self.complete:
            return Outcome.INCOMPLETE
        if self.errors:
            return Outcome.ERROR
        if any(result.verdict is Verdict.VIOLATED for result in self.results):
            return Outcome.VIOLATES
        if not self.kills.holds:
            return Outcome.SURVIVED
        checked = any(result.exercised for result in self.results)
        return Outcome.CONFORMS if checked else Outcome.KILLED

    @property
    def counts(self) -> Mapping[Verdict, int]:
        """How many rules have each verdict, all verdicts named."""
        return count(self.results)

    @property
    def areas(self) -> Mapping[str, tuple[RuleResult, ...]]:
        """The results by area, both in the order of the registry."""
        return by_area(self.results)

    @property
    def violated(self) -> tuple[RuleResult, ...]:
        """The results whose rule was broken, excused or not."""
        return tuple(result for result in self.results if result.violations)


def blamed_right(row: MutantTried) -> bool:
    """Whether a mutant was killed for the rule that it breaks."""
    return row.killed and row.rule in row.blamed


def count(results: Iterable[RuleResult]) -> Mapping[Verdict, int]:
    """How many of these have each verdict; zero where none has."""
    found = Counter(result.verdict for result in results)
    return {verdict: found[verdict] for verdict in Verdict}


def by_area(results: Iterable[RuleResult]) -> Mapping[str, tuple[RuleResult, ...]]:
    """Results by the area of their rule, in order of appearance."""
    areas: dict[str, list[RuleResult]] = {}
    for result in results:
        areas.setdefault(result.rule.area, []).append(result)
    return {area: tuple(found) for area, found in areas.items()}


def exit_code(runs: Sequence[RunSummary]) -> int:
    """0 conforms, 1 violation, 2 error or incomplete; the gravest run decides, and no run is 2."""
    return max((EXIT_CODES[run.outcome] for run in runs), default=2)


def labels(runs: Sequence[RunSummary]) -> tuple[str, ...]:
    """A short name for each run: its profile, and more only where profiles repeat."""
    profiles = [run.started.profile for run in runs]
    if len(set(profiles)) == len(profiles):
        return tuple(profiles)
    return tuple(f"{name} #{number}" for number, name in enumerate(profiles, 1))
