"""Virtual time goes on: what is looked at too early is not looked at again at the same instant."""

from __future__ import annotations

import pytest

from conformance.adapters.simulator.clock import TICK, Clock


def clock_at(now: float) -> Clock:
    clock = Clock()
    clock.advance(now, lambda: None)
    return clock


def test_what_is_not_due_for_less_than_a_tick_comes_at_the_next_one() -> None:
    clock, seen = clock_at(2012.927198), list[float]()
    due = clock.now + 300
    assert due > round(due, 6), "the sum is larger than the instant that it means"

    def look() -> None:
        seen.append(clock.now)
        if due > clock.now:
            clock.at(due, look)

    clock.at(due, look)
    clock.advance(301, lambda: None)
    assert seen == [round(due, 6), round(round(due, 6) + TICK, 6)]


def test_what_is_due_now_is_done_at_this_instant() -> None:
    clock, seen = clock_at(1.5), list[float]()
    clock.after(0, lambda: seen.append(clock.now))
    clock.at(1.0, lambda: seen.append(clock.now))
    clock.advance(0, lambda: None)
    assert seen == [1.5, 1.5]


@pytest.mark.parametrize("began", [0.0, 2.345678, 0.1, 1234.567891])
@pytest.mark.parametrize("beats", range(1, 60))
def test_the_next_beat_is_later_than_the_one_that_is_now(began: float, beats: int) -> None:
    clock = clock_at(round(began + 10 * beats, 6))
    assert clock.next_beat(began, 10) == pytest.approx(clock.now + 10)
