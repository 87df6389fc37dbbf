"""JUnit XML for CI servers: a suite for each run, a case for each rule."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from junitparser import Error, Failure, JUnitXml, Skipped, TestCase, TestSuite

from reports.counterexample import counterexample
from reports.timeline import Actor, clock, timeline
from reports.verdicts import RuleResult, RunSummary, Verdict, labels
from reports.words import engine, facts

FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that XML 1.0 cannot hold; an engine's message may contain any."""


def junit(runs: Sequence[RunSummary]) -> str:
    """The document. Only ``violated`` fails; what was not checked is skipped with its reason."""
    document: Any = JUnitXml("kubelaws")  # the library is typed by halves
    for run, label in zip(runs, labels(runs), strict=True):
        document.add_testsuite(_suite(run, label))
    document.update_statistics()
    text: bytes = document.tostring()
    return text.decode("utf-8")


def _suite(run: RunSummary, label: str) -> TestSuite:
    suite = TestSuite(_clean(f"{engine(run)} {label}".strip()))
    suite.timestamp = run.started.started
    suite.add_property("profile", run.started.profile)
    suite.add_property("adapter", _clean(run.started.adapter))
    suite.add_property("seed", str(run.started.seed))
    suite.add_property("outcome", run.outcome)
    suite.add_testcases([_case(run, result) for result in run.results])
    if problems := _problems(run):
        suite.add_testcase(problems)
    return suite


def _case(run: RunSummary, result: RuleResult) -> TestCase:
    case = TestCase(f"{result.rule.id} {result.rule.title}", result.rule.area)
    if result.verdict is Verdict.VIOLATED:
        case.result = [_failure(run, result)]
    elif result.verdict is not Verdict.PASSED and result.verdict is not Verdict.DEVIATES:
        case.result = [Skipped(_clean(f"{result.verdict}: {result.why}"))]
    told = f"{result.verdict}: {result.why}" if result.why else result.verdict
    case.system_out = _clean(f"{told}; exercised {result.exercised} times")
    return case


def _failure(run: RunSummary, result: RuleResult) -> Failure:
    failure = Failure(_clean(result.why), result.rule.id)
    failure.text = _clean("\n\n".join(_told(run, result)))
    return failure


def _told(run: RunSummary, result: RuleResult) -> list[str]:
    texts = []
    for violation in result.violations:
        lines = [f"{name}: {text}" for name, text in facts(result, violation, run.started.profile)]
        moments = timeline(violation) if counterexample(violation) is None else ()
        for moment in moments:
            mark = ">>" if moment.breaking else "  "
            verb = "do" if moment.actor is Actor.TESTER else "see"
            lines.append(f"{mark} {clock(moment.at)} {verb} {moment.text}")
        texts.append(
            "\n".join([*lines, *([f"Replay: {violation.replay}"] if violation.replay else [])])
        )
    return texts


def _problems(run: RunSummary) -> TestCase | None:
    """Errors of the run itself: a CI server must not show a broken run as green."""
    told = [*run.errors, *([] if run.complete else ["the run is incomplete"])]
    if not told:
        return None
    case = TestCase("the run itself", "kubelaws")
    case.result = [Error(_clean(text)) for text in told]
    return case


def _clean(text: str) -> str:
    return FORBIDDEN.sub("\ufffd", text)
