"""What a stream says of each rule, and of the run."""

from __future__ import annotations

from datetime import date

import pytest
from attrs import evolve

from reports.events import (
    AdapterFailed,
    KnownFailure,
    ResultEvent,
    RuleExercised,
    RunFinished,
    RunStarted,
    TestFinished,
)
from reports.folding import StreamError, fold
from reports.verdicts import Outcome, RuleResult, RunSummary, Verdict, exit_code, labels
from tests.reports.streams import (
    BROKEN_RUN,
    GOOD,
    GOOD_RUN,
    KNOWN,
    RULES,
    STARTED,
    STREAM,
    broken,
    in_test,
    mutant,
    run,
)


def of(runs: tuple[RunSummary, ...], name: str) -> RuleResult:
    return next(result for result in runs[0].results if result.rule.id == name)


def only(*events: ResultEvent, today: date | None = None) -> RunSummary:
    (summary,) = fold(events, RULES, today)
    return summary


def known(name: str, expires: str = "2027-01-01") -> RunStarted:
    return evolve(STARTED, known_failures=(KnownFailure(name, "it is hard", "", expires),))


@pytest.mark.parametrize(
    ("name", "verdict"),
    [
        ("PHASE-001", Verdict.PASSED),
        ("BACKOFF-001", Verdict.VIOLATED),
        ("PHASE-003", Verdict.UNEXERCISED),
        ("HPA-001", Verdict.UNSUPPORTED),
        ("JOB-001", Verdict.KNOWN_FAILURE),
        ("BACKOFF-008", Verdict.DEVIATES),
        ("GC-001", Verdict.PLANNED),
    ],
)
def test_every_rule_has_its_verdict(
    runs: tuple[RunSummary, ...], name: str, verdict: Verdict
) -> None:
    assert of(runs, name).verdict is verdict


def test_a_pass_counts_how_often_it_was_checked(runs: tuple[RunSummary, ...]) -> None:
    assert of(runs, "PHASE-001").exercised == 412


def test_exercised_zero_times_is_not_exercised() -> None:
    summary = only(*run(STARTED, *GOOD, RuleExercised("PHASE-003", 0, "test_phase")))
    assert of((summary,), "PHASE-003").verdict is Verdict.UNEXERCISED


def test_unsupported_names_what_is_lacking(runs: tuple[RunSummary, ...]) -> None:
    assert of(runs, "HPA-001").why == "the adapter lacks autoscaler, metrics"


def test_a_violation_outside_of_the_selection_is_not_lost() -> None:
    started = evolve(STARTED, rules=("PHASE-001",), planned=())
    summary = only(*run(started, *GOOD, broken("JOB-001"), end=True))
    assert [each.rule.id for each in summary.violated] == ["JOB-001"]


def test_results_stand_in_the_order_of_the_registry(runs: tuple[RunSummary, ...]) -> None:
    assert [result.rule.id for result in runs[0].results] == list(RULES)


def test_a_deviation_alone_conforms() -> None:
    failing = in_test("test_BACKOFF-008", broken("BACKOFF-008"), outcome="failed")
    summary = only(*run(evolve(STARTED, known_failures=()), *GOOD, *failing))
    assert summary.outcome is Outcome.CONFORMS


def test_a_known_failure_alone_conforms() -> None:
    summary = only(
        *run(STARTED, *GOOD, *in_test("test_JOB-001", broken("JOB-001"), outcome="failed"))
    )
    assert (summary.outcome, exit_code([summary])) == (Outcome.CONFORMS, 0)


def test_a_violation_is_exit_code_1(runs: tuple[RunSummary, ...]) -> None:
    assert exit_code(runs) == 1


def test_the_gravest_run_decides() -> None:
    assert exit_code(fold((*BROKEN_RUN, *GOOD_RUN[:-1]), RULES)) == 2


def test_no_run_at_all_is_an_error() -> None:
    assert exit_code(()) == 2


def test_a_run_without_end_is_incomplete() -> None:
    assert only(*GOOD_RUN[:-1]).outcome is Outcome.INCOMPLETE


def test_an_interrupted_run_is_incomplete() -> None:
    summary = only(*GOOD_RUN[:-1], RunFinished(1.0, interrupted=True))
    assert (summary.outcome, exit_code([summary])) == (Outcome.INCOMPLETE, 2)


def test_a_run_that_another_overtakes_is_incomplete() -> None:
    first, second = fold((*GOOD_RUN[:-1], *GOOD_RUN), RULES)
    assert (first.outcome, second.outcome) == (Outcome.INCOMPLETE, Outcome.CONFORMS)


def test_a_run_that_checked_nothing_does_not_conform() -> None:
    assert only(*run()).errors == ("no rule was exercised",)


def test_a_failing_adapter_is_an_error() -> None:
    summary = only(*run(STARTED, *GOOD, AdapterFailed("test_x", "the engine is gone")))
    assert (summary.errors, exit_code([summary])) == (("the engine is gone (in test_x)",), 2)


def test_an_error_of_the_run_itself_is_an_error() -> None:
    summary = only(STARTED, *GOOD, RunFinished(1.0, error="no such context"))
    assert summary.outcome is Outcome.ERROR


def test_a_failed_test_that_blames_no_rule_is_an_error() -> None:
    summary = only(*run(STARTED, *GOOD, TestFinished("test_x", "failed", 0.1, "AssertionError")))
    assert summary.errors == ("test_x ended in failed: AssertionError",)


def test_a_known_failure_that_matches_nothing_is_an_error() -> None:
    summary = only(*run(known("JOB-01"), *GOOD))
    assert summary.errors[0].startswith(
        "known failure JOB-01 matches no rule; did you mean JOB-001"
    )


def test_a_known_failure_that_passes_is_an_error() -> None:
    summary = only(*run(known("PHASE-001"), *GOOD))
    assert summary.errors == ("known failure PHASE-001 now passes: remove its entry",)


def test_a_known_failure_that_passes_in_a_cut_run_is_none_yet() -> None:
    assert only(*run(known("PHASE-001"), *GOOD, end=False)).errors == ()


def test_a_known_failure_that_another_profile_needs_is_not_stale() -> None:
    started = known("PHASE-001")
    breaks = run(started, *in_test("test_PHASE-001", broken("PHASE-001"), outcome="failed"))
    passes = run(evolve(started, profile="documented"), *GOOD)
    assert [summary.errors for summary in fold((*breaks, *passes), RULES)] == [(), ()]


def test_a_known_failure_that_was_not_exercised_is_no_error() -> None:
    assert only(*run(known("PHASE-003"), *GOOD)).errors == ()


def test_an_expired_known_failure_excuses_nothing() -> None:
    failing = in_test("test_JOB-001", broken("JOB-001"), outcome="failed")
    summary = only(*run(STARTED, *GOOD, *failing), today=date(2027, 1, 2))
    assert of((summary,), "JOB-001").verdict is Verdict.VIOLATED


def test_an_expired_known_failure_is_an_error() -> None:
    summary = only(*run(known("PHASE-003", "2026-11-22"), *GOOD))
    assert summary.errors == ("known failure PHASE-003 expired on 2026-11-22: mend it or renew it",)


def test_a_known_failure_holds_on_its_last_day() -> None:
    assert only(*run(known("PHASE-003"), *GOOD), today=date(2027, 1, 1)).errors == ()


def test_an_expiry_that_is_no_date_is_an_error() -> None:
    summary = only(*run(known("PHASE-003", "soon"), *GOOD))
    assert summary.errors == ("known failure PHASE-003 expires 'soon', which is no ISO date",)


def test_the_reason_of_a_known_failure_is_told(runs: tuple[RunSummary, ...]) -> None:
    assert of(runs, "JOB-001").why == f"{KNOWN.reason} ({KNOWN.issue})"


def test_edges_add_up_by_lifecycle(runs: tuple[RunSummary, ...]) -> None:
    assert runs[0].edges["container"]["Waiting", "Running"] == 412


def test_the_kill_table_tells_killed_from_blamed_right(runs: tuple[RunSummary, ...]) -> None:
    assert (runs[0].kills.killed, runs[0].kills.blamed, runs[0].kills.holds) == (2, 1, False)


def test_a_survivor_is_exit_code_1() -> None:
    summary = only(*run(evolve(STARTED, rules=()), mutant("sleeps", "HPA-001", killed=False)))
    assert (summary.outcome, exit_code([summary])) == (Outcome.SURVIVED, 1)


def test_mutants_that_all_die_for_the_right_rule_are_exit_code_0() -> None:
    summary = only(*run(evolve(STARTED, rules=()), mutant("hasty", "BACKOFF-001", "BACKOFF-001")))
    assert (summary.outcome, exit_code([summary])) == (Outcome.KILLED, 0)


def test_totals_by_area_add_up(runs: tuple[RunSummary, ...]) -> None:
    assert sum(len(results) for results in runs[0].areas.values()) == len(runs[0].results)


def test_runs_of_one_profile_are_told_apart() -> None:
    assert labels(fold((*GOOD_RUN, *GOOD_RUN), RULES)) == ("documented #1", "documented #2")


def test_an_event_outside_of_a_run_is_refused() -> None:
    with pytest.raises(StreamError, match="RunFinished stands outside"):
        fold((*STREAM, RunFinished(1.0)), RULES)


def test_a_start_that_is_no_time_is_refused() -> None:
    with pytest.raises(StreamError, match="no ISO time"):
        fold(run(evolve(STARTED, started="yesterday")), RULES)


def test_a_rule_that_nobody_knows_is_refused_with_its_neighbours() -> None:
    with pytest.raises(StreamError, match="did you mean PHASE-001"):
        fold(run(evolve(STARTED, rules=("PHASE-0001",))), RULES)
