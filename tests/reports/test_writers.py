"""The miniature stream in each format."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from pathlib import Path
from xml.etree import ElementTree

import pytest
from attrs import evolve
from jsonschema import Draft202012Validator, ValidationError
from junitparser import Error, Failure, JUnitXml, Skipped
from rich.console import Console

from reports.badge import badge
from reports.events import ResultEvent, RunFinished, ScenarioForeseen, ScenarioMoved
from reports.folding import fold
from reports.html import html
from reports.json_report import dumps, report, schema, validate
from reports.junit import junit
from reports.markdown import bug_report, summary
from reports.progress import Progress
from reports.terminal import print_summary
from reports.verdicts import RuleResult, RunSummary, Verdict
from reports.write import write_all
from tests.reports.streams import (
    BROKEN_RUN,
    GOOD,
    GOOD_RUN,
    LIFECYCLES,
    RULES,
    STARTED,
    STREAM,
    VIOLATION,
    broken,
    run,
)

Runs = tuple[RunSummary, ...]


def terminal(
    runs: Runs, *, verbose: bool = False, width: int = 80, paths: tuple[Path, ...] = ()
) -> str:
    out = io.StringIO()
    print_summary(runs, Console(file=out, width=width), verbose=verbose, paths=paths)
    return out.getvalue()


def result_of(runs: Runs, name: str) -> RuleResult:
    return next(result for result in runs[0].results if result.rule.id == name)


# Terminal


def test_terminal_fits_eighty_columns(runs: Runs) -> None:
    assert max(len(line) for line in terminal(runs, verbose=True).splitlines()) <= 80


def test_terminal_is_plain_when_it_is_no_tty(runs: Runs) -> None:
    assert "\x1b" not in terminal(runs)


@pytest.mark.parametrize(
    "text", ["Expected", "Because", "Seen", "Source", "以五分钟为上限", "▶", "kubelaws replay"]
)
def test_terminal_tells_a_violation_in_full(runs: Runs, text: str) -> None:
    assert text in terminal(runs)


def test_terminal_lists_what_did_not_pass(runs: Runs) -> None:
    text = terminal(runs)
    assert all(name in text for name in ("PHASE-003", "HPA-001", "JOB-001", "GC-001"))
    assert "PHASE-001 " not in text


def test_terminal_lists_every_rule_when_verbose(runs: Runs) -> None:
    assert "exercised 412 times" in terminal(runs, verbose=True)


def test_terminal_closes_with_the_verdict(runs: Runs) -> None:
    assert "✗ violates 1 rule; 2 of 9 rules passed" in terminal(runs)
    assert "✓ conforms; 3 of 5 rules passed" in terminal(runs)


def test_terminal_never_calls_an_incomplete_run_good() -> None:
    text = terminal(fold(GOOD_RUN[:-1], RULES))
    assert "✗ incomplete (its stream has no end)" in text


def test_terminal_tells_where_the_reports_lie(runs: Runs) -> None:
    assert "out/report.html" in terminal(runs, paths=(Path("out/report.html"),))


def test_terminal_takes_an_engine_s_words_literally() -> None:
    rude = broken("BACKOFF-001", seen="[bold]not markup[/nor this]")
    assert "[bold]not markup[/nor this]" in terminal(fold(run(STARTED, *GOOD, rude), RULES))


# Progress


def progress(*, tty: bool, events: Sequence[ResultEvent] = BROKEN_RUN[:-1]) -> str:
    out = io.StringIO()
    console = Console(
        file=out, width=100, force_terminal=tty, color_system=None, legacy_windows=False
    )
    with Progress(console, now=lambda: 0.0) as display:
        for event in events:
            display.feed(event)
    return out.getvalue()


def test_progress_prints_a_violation_as_it_comes() -> None:
    assert "✗ BACKOFF-001 Pod default/a container c: expected" in progress(tty=False)


def test_progress_marks_what_is_excused() -> None:
    text = progress(tty=False)
    assert "! JOB-001" in text
    assert "≠ BACKOFF-008" in text


def test_progress_shows_how_far_the_plan_is() -> None:
    planning = ScenarioForeseen("test_a.test_b", 3, 300)
    assert "planning 3/300 test_a.test_b" in progress(tty=True, events=[STARTED, planning])
    begun = ScenarioMoved("test_a.test_b", "running", 10.0)
    assert "planning" not in progress(tty=True, events=[STARTED, planning, begun])


def test_progress_counts_tests_and_rules_on_a_terminal() -> None:
    text = progress(tty=True)
    assert "5/5 tests" in text
    assert "3/8 rules" in text
    assert "2/3 killed" in text


def test_progress_draws_nothing_away_from_a_terminal() -> None:
    assert "tests" not in progress(tty=False)


# JSON


def test_the_schema_is_a_schema() -> None:
    Draft202012Validator.check_schema(schema())


def test_the_report_satisfies_its_schema(runs: Runs) -> None:
    validate(json.loads(dumps(runs)))


def test_the_report_of_an_incomplete_run_satisfies_its_schema() -> None:
    validate(report(fold(GOOD_RUN[:-1], RULES)))


def test_the_schema_refuses_an_unknown_verdict(runs: Runs) -> None:
    document = json.loads(dumps(runs))
    document["runs"][0]["rules"][0]["verdict"] = "fine"
    with pytest.raises(ValidationError, match="'fine' is not one of"):
        validate(document)


def test_the_report_holds_the_sentence_of_its_profile(runs: Runs) -> None:
    for each in report(runs)["runs"]:
        (found,) = (one for one in each["rules"] if one["id"] == "BACKOFF-001")
        assert found["sentence"] == RULES["BACKOFF-001"].sentence_in(each["profile"])


# JUnit


def cases(runs: Runs) -> dict[str, list[object]]:
    document = JUnitXml.fromstring(junit(runs).encode())
    return {case.name.split()[0]: list(case.result) for case in next(iter(document))}


def test_junit_has_a_suite_a_run(runs: Runs) -> None:
    names = [suite.name for suite in JUnitXml.fromstring(junit(runs).encode())]
    assert names == ["toykube 0.3.1 v1.36", "toykube 0.3.1 documented"]


def test_junit_fails_what_was_violated(runs: Runs) -> None:
    (failure,) = cases(runs)["BACKOFF-001"]
    assert isinstance(failure, Failure)
    assert VIOLATION.replay in failure.text


@pytest.mark.parametrize("name", ["HPA-001", "PHASE-003", "GC-001", "JOB-001"])
def test_junit_skips_what_was_not_checked(runs: Runs, name: str) -> None:
    (skipped,) = cases(runs)[name]
    assert isinstance(skipped, Skipped)
    assert skipped.message


def test_junit_passes_the_rest(runs: Runs) -> None:
    assert cases(runs)["PHASE-001"] == cases(runs)["BACKOFF-008"] == []


def test_junit_shows_an_incomplete_run_as_an_error() -> None:
    (error,) = cases(fold(GOOD_RUN[:-1], RULES))["the"]
    assert isinstance(error, Error)


def test_junit_stays_xml_whatever_an_engine_says() -> None:
    rude = broken("BACKOFF-001", seen="\x00\x1b]]>")
    assert cases(fold(run(STARTED, *GOOD, rude), RULES))["BACKOFF-001"]


# Markdown


def test_a_bug_report_holds_what_its_receiver_needs(runs: Runs) -> None:
    text = bug_report(runs[0], result_of(runs, "BACKOFF-001"), VIOLATION)
    for needed in (
        VIOLATION.expected,
        VIOLATION.seen,
        VIOLATION.replay,
        "toykube 0.3.1",
        ">>",
        "seed 7",
    ):
        assert needed in text


def test_a_bug_report_escapes_what_markdown_would_take(runs: Runs) -> None:
    text = bug_report(runs[0], result_of(runs, "BACKOFF-001"), evolve(VIOLATION, seen="<b> | `x`"))
    assert r"**Seen:** \<b\> \| \`x\`" in text


def test_a_fence_is_longer_than_what_it_holds(runs: Runs) -> None:
    text = bug_report(runs[0], result_of(runs, "BACKOFF-001"), evolve(VIOLATION, replay="```"))
    assert "````sh\n```\n````" in text


def test_the_summary_counts_by_area(runs: Runs) -> None:
    assert "| PHASE | 2 |" in summary(runs)


def test_the_summary_lists_what_did_not_pass(runs: Runs) -> None:
    text = summary(runs)
    assert "**BACKOFF-001** The restart delay doubles" in text
    assert "**PHASE-001**" not in text


# HTML (test_html_browser.py looks at it)


def test_the_page_asks_nothing_of_the_network(runs: Runs) -> None:
    page = html(runs, LIFECYCLES)
    assert "default-src 'none'" in page
    assert not any(
        word in page for word in ('<link rel="stylesheet', "src=", "@import", "url(http")
    )


def test_the_page_takes_an_engine_s_words_literally() -> None:
    rude = broken("BACKOFF-001", seen="<script>alert(1)</script>", replay='"><img onerror=x>')
    page = html(fold(run(STARTED, *GOOD, rude), RULES))
    assert "<script>alert" not in page
    assert "<img" not in page


def test_the_page_links_only_to_the_web() -> None:
    started = evolve(STARTED, implementation={"name": "x", "homepage": "javascript:alert(1)"})
    assert 'href="javascript' not in html(fold(run(started, *GOOD), RULES))


def test_a_page_of_no_run_says_so() -> None:
    assert "holds no run" in html(())


def test_every_rule_is_on_the_page_once(runs: Runs) -> None:
    page = html(runs, LIFECYCLES)
    assert all(page.count(f'id="{name}"') == 1 for name in RULES)


# Badge


def test_the_badge_counts_what_could_be_checked(runs: Runs) -> None:
    assert "kubelaws documented: conforms 3/3" in badge(runs[1])


def test_the_badge_of_an_incomplete_run_says_so() -> None:
    (cut,) = fold((*GOOD_RUN[:-1], RunFinished(1.0, interrupted=True)), RULES)
    assert "incomplete" in badge(cut)


def test_the_badge_is_xml(runs: Runs) -> None:
    assert ElementTree.fromstring(badge(runs[0])).get("height") == "20"


# All of them


def test_write_all_writes_every_format(tmp_path: Path) -> None:
    paths = write_all(STREAM, tmp_path, lifecycles=LIFECYCLES, rules=RULES)
    assert {path.relative_to(tmp_path).as_posix() for path in paths} == {
        *("report.html", "report.json", "junit.xml", "summary.md", "stream.ndjson"),
        *("badge-v1.36.svg", "badge-documented.svg"),
        *(f"violations/v1.36/{name}-1.md" for name in ("BACKOFF-001", "BACKOFF-008", "JOB-001")),
    }
    assert all(path.stat().st_size for path in paths)


def test_every_verdict_is_in_the_miniature(runs: Runs) -> None:
    assert all(runs[0].counts[verdict] for verdict in Verdict)
