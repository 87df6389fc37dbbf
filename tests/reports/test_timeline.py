"""A violation as a person follows it."""

from __future__ import annotations

import pytest
from attrs import evolve

from reports.timeline import Actor, around, clock, timeline
from tests.reports.streams import TRACE, VIOLATION


def test_the_header_is_no_moment() -> None:
    assert len(timeline(VIOLATION)) == len(TRACE) - 1


def test_one_moment_broke_the_rule() -> None:
    (breaking,) = (moment for moment in timeline(VIOLATION) if moment.breaking)
    assert breaking.raw is TRACE[VIOLATION.step]


def test_what_was_done_is_told_in_the_words_of_the_suite() -> None:
    told = [moment.text for moment in timeline(VIOLATION) if moment.actor is Actor.TESTER]
    assert tuple(told) == VIOLATION.operations


def test_without_those_words_the_verb_is_told() -> None:
    told = [m.text for m in timeline(evolve(VIOLATION, operations=())) if m.actor is Actor.TESTER]
    assert told[-1] == 'advance {"seconds": 600}'


def test_an_observation_is_told_as_its_difference() -> None:
    assert timeline(VIOLATION)[2].changes[0] == "status.phase: Pending → Running"


def test_a_refusal_is_told() -> None:
    refused = {"rejected": {"code": 422, "reason": "Invalid", "message": "no"}}
    trace = (TRACE[0], {**TRACE[1], "response": refused})
    (moment,) = timeline(evolve(VIOLATION, trace=trace, operations=(), step=1))
    assert moment.changes == ("rejected: 422 Invalid no",)


def test_an_answer_of_a_pure_function_is_told() -> None:
    trace: tuple[dict[str, object], ...] = (
        {},
        {"at": 0, "evaluate": "pod.qos_class", "arguments": {}, "result": "Burstable"},
    )
    (moment,) = timeline(evolve(VIOLATION, trace=trace, operations=(), step=1))
    assert moment.changes == ("result: Burstable",)


def test_a_step_beyond_the_trace_breaks_nothing() -> None:
    assert not any(moment.breaking for moment in timeline(evolve(VIOLATION, step=99)))


def test_a_window_ends_with_the_breaking_moment() -> None:
    moments = timeline(evolve(VIOLATION, step=3))
    assert [moment.breaking for moment in around(moments, 2)] == [False, True]


@pytest.mark.parametrize(
    ("at", "text"),
    [(0, "0 s"), (0.25, "0.25 s"), (110, "110 s"), (605, "10m 05s"), (3661.2, "1h 01m 01s")],
)
def test_a_clock_is_read_by_people(at: float, text: str) -> None:
    assert clock(at) == text
