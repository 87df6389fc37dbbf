"""Folds a result stream into verdicts: one for every rule, and one for every run.

Nothing passes unexercised, nothing incomplete passes, and no violation is lost: whatever the
selection said, a rule that was broken has a verdict.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import TypeVar

from attrs import evolve

from reports.events import (
    AdapterFailed,
    EdgeTaken,
    MutantTried,
    ResultEvent,
    RuleExercised,
    RuleLeftOut,
    RunFinished,
    RunStarted,
    TestFinished,
    ViolationFound,
)
from reports.known import entry_errors, excuses, stale_error
from reports.verdicts import KillTable, RuleResult, RunSummary, Verdict
from spec_model import schemas
from spec_model.rules import Rule, did_you_mean, registry

E = TypeVar("E")


class StreamError(ValueError):
    """The events make no run: one stands outside of every run, or names a rule that is unknown."""


def fold(
    events: Iterable[ResultEvent],
    rules: Mapping[str, Rule] | None = None,
    today: date | None = None,
) -> tuple[RunSummary, ...]:
    """Folds a stream into one summary a run, in the order of the stream.

    Args:
        rules: the registry, by default the real one.
        today: the day on which known failures expire or not; by default the day each run
            started, so that an old stream always folds into the same verdicts.

    Raises:
        StreamError: an event stands outside of a run, or names a rule that the registry lacks.
    """
    known = registry() if rules is None else rules
    runs = [_summarise(run, known, today) for run in _runs(events)]
    needed = {
        result.rule.id
        for run in runs
        for result in run.results
        if result.verdict is Verdict.KNOWN_FAILURE
    }
    return tuple(evolve(run, errors=run.errors + _stale(run, needed)) for run in runs)


def _runs(events: Iterable[ResultEvent]) -> list[list[ResultEvent]]:
    runs: list[list[ResultEvent]] = []
    open_run = False
    for event in events:
        if isinstance(event, RunStarted):
            runs.append([])
        elif not open_run:
            raise StreamError(f"{type(event).__name__} stands outside of every run")
        open_run = not isinstance(event, RunFinished)
        runs[-1].append(event)
    return runs


def _only(kind: type[E], events: Iterable[ResultEvent]) -> tuple[E, ...]:
    return tuple(event for event in events if isinstance(event, kind))


def _summarise(
    events: Sequence[ResultEvent], rules: Mapping[str, Rule], today: date | None
) -> RunSummary:
    (started,) = _only(RunStarted, events)
    finished = next(iter(_only(RunFinished, events)), None)
    day = today or _day(started.started)
    results = _results(events, started, rules, day)
    errors = (
        *(_failure(event) for event in _only(AdapterFailed, events)),
        *_test_errors(events),
        *([finished.error] if finished and finished.error else []),
        *entry_errors(started.known_failures, rules, day),
    )
    summary = RunSummary(
        started=started,
        results=results,
        edges=_edges(_only(EdgeTaken, events)),
        kills=KillTable(_only(MutantTried, events)),
        tests=dict(Counter(test.outcome for test in _only(TestFinished, events))),
        errors=errors,
        finished=finished,
    )
    return evolve(summary, errors=errors + _idle(summary))


def _day(started: str) -> date | None:
    """The day of an ISO time; a stream without one (a recording) lets nothing expire."""
    try:
        return date.fromisoformat(started[:10]) if started else None
    except ValueError as error:
        raise StreamError(f"a run started {started!r}, which is no ISO time") from error


def _failure(event: AdapterFailed) -> str:
    return f"{event.message} (in {event.test})" if event.test else event.message


def _idle(run: RunSummary) -> tuple[str, ...]:
    """A run that checked nothing proves nothing, so it cannot conform."""
    idle = not any(result.exercised or result.violations for result in run.results)
    return ("no rule was exercised",) if run.complete and idle and not run.kills.rows else ()


def _test_errors(events: Sequence[ResultEvent]) -> tuple[str, ...]:
    """Tests that broke, and tests that failed and blame no rule: nothing may fail unsaid."""
    blaming = {event.test for event in _only(ViolationFound, events)}
    told = {event.test for event in _only(AdapterFailed, events)}
    return tuple(
        f"{test.test} ended in {test.outcome}: {test.reason or 'no reason given'}"
        for test in _only(TestFinished, events)
        if test.test not in told
        and (test.outcome == "error" or (test.outcome == "failed" and test.test not in blaming))
    )


def _edges(taken: Iterable[EdgeTaken]) -> Mapping[str, Mapping[tuple[str, str], int]]:
    edges: dict[str, Counter[tuple[str, str]]] = {}
    for edge in taken:
        edges.setdefault(edge.lifecycle, Counter())[edge.source, edge.target] += edge.count
    return edges


def _stale(run: RunSummary, needed: set[str]) -> tuple[str, ...]:
    """Entries that excuse nothing any more, in no run of the stream; a cut run proves nothing."""
    passed = {result.rule.id for result in run.results if result.verdict is Verdict.PASSED}
    return tuple(
        stale_error(entry)
        for entry in run.started.known_failures
        if run.complete and entry.rule in passed - needed
    )


def _results(
    events: Sequence[ResultEvent], started: RunStarted, rules: Mapping[str, Rule], day: date | None
) -> tuple[RuleResult, ...]:
    exercised: dict[str, list[RuleExercised]] = {}
    violations: dict[str, list[ViolationFound]] = {}
    left_out: dict[str, str] = {}
    for event in events:
        if isinstance(event, RuleExercised):
            exercised.setdefault(event.rule, []).append(event)
        elif isinstance(event, RuleLeftOut):
            left_out.setdefault(event.rule, event.reason)
        elif isinstance(event, ViolationFound):
            violations.setdefault(event.rule, []).append(event)
    selected = {*started.rules, *started.planned, *violations}
    if unknown := sorted(selected - rules.keys()):
        raise StreamError(
            f"no rule {unknown[0]!r} in the registry{did_you_mean(unknown[0], rules)}"
        )
    return tuple(
        _result(
            rule,
            started,
            exercised.get(name, ()),
            tuple(violations.get(name, ())),
            day,
            left_out.get(name, ""),
        )
        for name, rule in rules.items()
        if name in selected
    )


def _result(
    rule: Rule,
    started: RunStarted,
    exercised: Sequence[RuleExercised],
    violations: tuple[ViolationFound, ...],
    day: date | None,
    left_out: str,
) -> RuleResult:
    times = sum(event.count for event in exercised)
    tests = tuple(dict.fromkeys(event.test for event in exercised if event.count))
    verdict, why = _verdict(rule, started, times, violations, day, left_out)
    return RuleResult(rule, verdict, why, times, violations, tests)


def _verdict(
    rule: Rule,
    started: RunStarted,
    times: int,
    violations: tuple[ViolationFound, ...],
    day: date | None,
    left_out: str,
) -> tuple[Verdict, str]:
    if violations:
        return _broken(rule, started, violations, day)
    lacking = [name for name in rule.capabilities if name not in ("api", *started.capabilities)]
    if times and (started.functions_only or lacking):
        return Verdict.PASSED, "judged by functions alone"
    if times:
        return Verdict.PASSED, "planned: a part of it is checked" * (rule.id in started.planned)
    if rule.id in started.planned:
        return Verdict.PLANNED, "the suite does not check this rule yet"
    if rule.id in _shown_by_functions(started):
        return Verdict.UNEXERCISED, "its condition was never met"
    if started.functions_only:
        return Verdict.UNSUPPORTED, "no function that the adapter serves shows it"
    if lacking:
        return Verdict.UNSUPPORTED, f"the adapter lacks {', '.join(lacking)}"
    return Verdict.UNEXERCISED, left_out or "its condition was never met"


def _shown_by_functions(started: RunStarted) -> frozenset[str]:
    """The rules that a function of the adapter can be blamed on."""
    known = schemas.descriptions()
    checked = set(started.functions) - set(started.unchecked)
    shown = (known[name].rules.get(started.profile, ()) for name in checked if name in known)
    return frozenset(rule for rules in shown for rule in rules)


def _broken(
    rule: Rule, started: RunStarted, violations: tuple[ViolationFound, ...], day: date | None
) -> tuple[Verdict, str]:
    if entry := excuses(started.known_failures, rule.id, day):
        tracked = f" ({entry.issue})" if entry.issue else ""
        return Verdict.KNOWN_FAILURE, f"{entry.reason}{tracked}"
    accident = rule.implementation or all(violation.implementation for violation in violations)
    first = violations[0]
    why = f"{first.subject}: expected {first.expected}, saw {first.seen}"
    return (Verdict.DEVIATES if accident else Verdict.VIOLATED), why
