"""The words all writers share, so that a run reads the same in each of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from reports.counterexample import Counterexample, counterexample
from reports.events import MutantTried, ViolationFound
from reports.verdicts import Outcome, RuleResult, RunSummary, Verdict, blamed_right

SYMBOLS: Final[Mapping[Verdict, str]] = {
    Verdict.VIOLATED: "✗",
    Verdict.KNOWN_FAILURE: "!",
    Verdict.DEVIATES: "≠",
    Verdict.UNEXERCISED: "○",
    Verdict.UNSUPPORTED: "–",
    Verdict.PLANNED: "…",
    Verdict.PASSED: "✓",
}

MEANINGS: Final[Mapping[Verdict, str]] = {
    Verdict.VIOLATED: "the rule was broken",
    Verdict.KNOWN_FAILURE: "broken, and its owner knows",
    Verdict.DEVIATES: "differs from an accident of today's Kubernetes; reported, not failed",
    Verdict.UNEXERCISED: "its condition was never met",
    Verdict.UNSUPPORTED: "the adapter lacks a capability",
    Verdict.PLANNED: "the suite does not check it yet",
    Verdict.PASSED: "its condition was met and it held",
}


def engine(run: RunSummary) -> str:
    """Name and version of what was tested."""
    about = run.started.implementation
    return " ".join(part for part in (about.get("name", ""), about.get("version", "")) if part)


def headline(run: RunSummary) -> str:
    """One sentence with the verdict on a run."""
    counts, total = run.counts, len(run.results)
    score = f"{counts[Verdict.PASSED]} of {total} rules passed"
    if run.outcome is Outcome.INCOMPLETE:
        how = "interrupted" if run.finished else "its stream has no end"
        return f"incomplete ({how}); {score} so far"
    if run.outcome is Outcome.ERROR:
        return f"error: {run.errors[0]}; {score}"
    if run.outcome is Outcome.VIOLATES:
        return f"violates {plural(counts[Verdict.VIOLATED], 'rule')}; {score}"
    if run.outcome is Outcome.CONFORMS:
        return f"conforms; {score}"
    return kills(run)


def unchecked(run: RunSummary) -> str:
    """Which functions of the engine nothing has judged, in one line; empty where there are none."""
    names = run.started.unchecked
    return f"not checked yet: {', '.join(names)}" if names else ""


def kills(run: RunSummary) -> str:
    """The kill table in one line; empty where no mutant was tried."""
    table = run.kills
    if not table.rows:
        return ""
    return (
        f"{table.killed} of {plural(len(table.rows), 'mutant')} killed, "
        f"{table.blamed} with the right rule blamed"
    )


def fate(row: MutantTried) -> str:
    """What became of a mutant: ``killed``, ``killed, wrong rule blamed``, ``survived``, or what broke."""
    if not row.killed:
        return f"survived: {row.error}" if row.error else "survived"
    return "killed" if blamed_right(row) else "killed, wrong rule blamed"


def plural(number: int, noun: str) -> str:
    """``1 rule``, ``2 rules``."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


INPUT: Final = "Input"
"""The name of the one paragraph whose lines matter."""


def facts(result: RuleResult, violation: ViolationFound, profile: str) -> Iterator[tuple[str, str]]:
    """What a person must know of a violation, as named paragraphs; none of them empty."""
    found = counterexample(violation)
    if found is not None:
        return _answer_facts(result, found, profile)
    told = (
        ("Rule", result.rule.sentence_in(profile)),
        ("Source", f"“{result.rule.quote}”" if result.rule.quote else ""),
        ("Subject", violation.subject),
        ("Expected", violation.expected),
        ("Because", violation.because),
        ("Seen", violation.seen),
    )
    return ((name, text) for name, text in told if text)


def _answer_facts(
    result: RuleResult, found: Counterexample, profile: str
) -> Iterator[tuple[str, str]]:
    """The same of a wrong answer: what was asked, what the rule makes of it, what was answered."""
    sentence = result.rule.sentence_in(profile)
    told = (
        ("Rule", sentence),
        ("Source", f"“{result.rule.quote}”" if result.rule.quote else ""),
        ("Function", found.function),
        (INPUT, found.input),
        ("Expected", f"{found.expected}, by {result.rule.id}"),
        ("Because", found.evidence if found.evidence != sentence else ""),
        ("Got", found.got),
    )
    return ((name, text) for name, text in told if text)
