"""A wrong answer in each format: input, expected with its rule, got, and no timeline of one moment."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from html import unescape
from xml.etree import ElementTree

import pytest
from attrs import evolve
from rich.console import Console

from reports.counterexample import WIDTH, counterexample, pretty
from reports.events import RuleExercised, RunFinished
from reports.folding import fold
from reports.html import html
from reports.json_report import report, validate
from reports.junit import junit
from reports.markdown import bug_report, summary
from reports.terminal import print_summary
from reports.verdicts import RunSummary, Verdict
from tests.reports.streams import ANSWER, RULES, STARTED, VIOLATION

ONLY = evolve(
    STARTED,
    rules=("PHASE-001", "PHASE-003"),
    planned=(),
    capabilities=(),
    functions=("pod.phase", "job.sync"),
    unchecked=("job.sync",),
    functions_only=True,
    known_failures=(),
)


def runs(*events: object) -> tuple[RunSummary, ...]:
    stream = (ONLY, *events, RunFinished(1.0))
    return fold(stream, RULES)  # type: ignore[arg-type]


WRONG = runs(ANSWER)


def terminal(told: tuple[RunSummary, ...]) -> str:
    out = io.StringIO()
    print_summary(told, Console(file=out, width=100))
    return out.getvalue()


def markdown(told: tuple[RunSummary, ...]) -> str:
    (result,) = told[0].violated
    return bug_report(told[0], result, result.violations[0])


FORMATS: dict[str, Callable[[tuple[RunSummary, ...]], str]] = {
    "terminal": terminal,
    "markdown": markdown,
    "html": lambda told: unescape(html(told)),
    "junit": lambda told: "".join(ElementTree.fromstring(junit(told)).itertext()),
}


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize(
    "text", ["pod.phase", '"name": "<c>"', "by PHASE-001", "Got", "wrong shape"]
)
def test_a_wrong_answer_is_told_whole(form: str, text: str) -> None:
    assert text in FORMATS[form](WRONG)


@pytest.mark.parametrize("form", FORMATS)
def test_one_question_has_no_timeline(form: str) -> None:
    told = FORMATS[form](WRONG)
    assert "▶" not in told
    assert '<ol class="timeline">' not in told
    assert "## Timeline" not in told
    assert ">> 0 s" not in told


def test_the_input_of_a_bug_report_can_be_copied() -> None:
    fenced = markdown(WRONG).split("```json\n")[1].split("```")[0]
    assert json.loads(fenced) == ANSWER.trace[1]["arguments"]


def test_a_sequence_is_no_counterexample() -> None:
    assert counterexample(VIOLATION) is None


def test_two_questions_are_no_counterexample() -> None:
    assert counterexample(evolve(ANSWER, trace=(*ANSWER.trace, ANSWER.trace[1]))) is None


def test_the_report_satisfies_its_schema() -> None:
    document = report(WRONG)
    validate(document)
    assert document["runs"][0]["functionsOnly"] is True


@pytest.mark.parametrize("form", [terminal, summary])
def test_what_is_not_checked_yet_is_said(form: Callable[[tuple[RunSummary, ...]], str]) -> None:
    assert "job.sync" in form(WRONG).replace("\\", "")


def test_a_rule_that_only_a_function_showed_says_so() -> None:
    (result,) = (each for each in runs(RuleExercised("PHASE-003", 3, "t"))[0].results
                 if each.rule.id == "PHASE-003")  # fmt: skip
    assert (result.verdict, result.why) == (Verdict.PASSED, "judged by functions alone")


def test_a_rule_that_a_function_could_show_and_did_not_is_unexercised() -> None:
    found = {each.rule.id: each for each in runs()[0].results}
    assert found["PHASE-003"].verdict is Verdict.UNEXERCISED


def test_a_rule_that_no_function_shows_is_unsupported() -> None:
    started = evolve(ONLY, functions=("cpu.quota",), unchecked=())
    (run,) = fold((started, RunFinished(1.0)), RULES)
    assert {each.verdict for each in run.results} == {Verdict.UNSUPPORTED}
    assert run.results[0].why == "no function that the adapter serves shows it"


@pytest.mark.parametrize(
    "value",
    [
        {"a": 1},
        [{"name": "x" * 30, "resources": {"limits": {"cpu": "500m", "memory": "64Mi"}}}] * 2,
        {"a": {"b": {"c": ["d" * 20, "e" * 20, "f" * 20, {}, []]}}},
        [],
        "text",
    ],
)
def test_what_is_told_as_json_is_json_and_no_wider_than_it_must_be(value: object) -> None:
    text = pretty(value)
    assert json.loads(text) == value
    assert max(map(len, text.splitlines())) <= WIDTH + 1
