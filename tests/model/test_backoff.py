"""BACKOFF: what the next exit of a container costs."""

import pytest

from spec_model.pod.backoff import (
    UNKNOWN,
    Entry,
    Memory,
    configured,
    delays,
    next_delay,
    next_delay_after_kill,
    next_pull_delay,
)
from spec_model.profiles import DOCUMENTED, V1_36
from spec_model.rules import Decision


def test_short_runs_double_the_delay_from_10_s_to_300_s() -> None:
    expected = (0, 10, 20, 40, 80, 160, 300, 300)
    assert delays([1] * 8) == Decision(expected, "BACKOFF-001")


def test_documented_delays_the_first_restart_too() -> None:
    assert delays([1] * 6, DOCUMENTED.backoff).value == (10, 20, 40, 80, 160, 300)


@pytest.mark.parametrize(("run", "delay"), [(600, 10), (601, 0)])
def test_only_a_run_of_more_than_600_s_resets(run: float, delay: float) -> None:
    assert delays([1, run, 1]).value == (0, delay, 20 if delay else 10)


def test_a_reset_waits_10_s_again_as_documented() -> None:
    decision, memory = next_delay(Entry(160), 0, 601, DOCUMENTED.backoff)
    assert decision == Decision(10, "BACKOFF-003")
    assert memory == Entry(20)


def test_housekeeping_cuts_a_wait_at_600_s_after_the_start() -> None:
    expected = (0, 10, 20, 40, 80, 160, 202, 10, 20)
    assert delays([400] * 9, housekeeping=True) == Decision(expected, "BACKOFF-008")


def test_documented_has_no_housekeeping() -> None:
    assert delays([400] * 7, DOCUMENTED.backoff, housekeeping=True).value[-1] == 300


def test_what_is_not_known_stays_so_until_a_long_run() -> None:
    assert next_delay(UNKNOWN, 0, 1) == (Decision(None, "BACKOFF-001"), UNKNOWN)
    assert next_delay(UNKNOWN, 0, 601) == (Decision(0, "BACKOFF-003"), Entry(10))


@pytest.mark.parametrize(
    ("period", "expected"),
    [(30, (0, 10, 20, 30, 30)), (2, (0, 2, 2, 2, 2)), (10, (0, 10, 10, 10, 10))],
)
def test_a_kubelet_may_lower_the_cap(period: float, expected: tuple[float, ...]) -> None:
    constants = configured(period).value
    assert delays([1] * 5, constants) == Decision(expected, "BACKOFF-007")


def test_reduced_decay_starts_at_1_s_and_ends_at_60_s() -> None:
    constants = configured(None, reduced_decay=True).value
    assert delays([1] * 9, constants).value == (0, 1, 2, 4, 8, 16, 32, 60, 60)
    assert configured(90, reduced_decay=True).value.cap == 90


@pytest.mark.parametrize("period", [0.5, 301])
def test_a_kubelet_refuses_a_cap_outside_of_1_to_300_s(period: float) -> None:
    with pytest.raises(ValueError, match="out_of_range"):
        configured(period)


@pytest.mark.parametrize(
    ("run", "stop", "expected"),
    [
        (3, 1, [0, 0, 10, 20, 40, 80, 160, 300, 0]),
        (15, 30, [0, 0, 0, 0, 0, 80, 160, 300, 0]),
    ],
)
def test_kills_by_probes_are_checked_against_the_exit_before(
    run: float, stop: float, expected: list[float]
) -> None:
    memory: Memory = None
    previous, now, found = None, 0.0, []
    for _ in expected:
        assert not isinstance(memory, type(UNKNOWN))
        finished = now + run + stop
        decision, memory = next_delay_after_kill(memory, previous, now, finished)
        found.append(decision.value)
        previous, now = finished, finished + (decision.value or 0)
    assert found == expected


def test_failed_pulls_are_retried_after_10_s_to_300_s() -> None:
    memory: Memory = None
    last, now, found = 0.0, 0.0, []
    for _ in range(7):
        decision, memory = next_pull_delay(memory, last, now, V1_36)
        assert decision.because == "BACKOFF-011"
        found.append(decision.value)
        last, now = now, now + (decision.value or 0)
    assert found == [10, 20, 40, 80, 160, 300, 300]
