"""Virtual time: timers fire in the order of their time, then of their making."""

from __future__ import annotations

import heapq
import math
from collections.abc import Callable
from typing import Final

from conformance.adapters.simulator.meta import format_time

EPOCH: Final = 1_714_521_600.0
"""2024-05-01T00:00:00Z: the wall-clock time of ``now == 0``."""

TICK_DIGITS: Final = 6
"""Time is kept to the microsecond, so that many small steps add up to what one long one is."""

TICK: Final = 10.0**-TICK_DIGITS


class Timer:
    """An action that waits for its time; a cancelled one never acts."""

    __slots__ = ("action", "at", "cancelled")

    def __init__(self, at: float, action: Callable[[], object]) -> None:
        self.at = at
        self.action = action
        self.cancelled = False

    def cancel(self) -> None:
        """The action will not be done."""
        self.cancelled = True


class Clock:
    """Seconds since the reset, and what waits for them."""

    def __init__(self) -> None:
        self.now = 0.0
        self._timers: list[tuple[float, int, Timer]] = []
        self._sequence = 0
        self._second = -1
        self._text = ""

    def after(self, seconds: float, action: Callable[[], object]) -> Timer:
        """Do it in so many seconds: at the next instant of ``advance`` if that is now or past.

        What is not yet due is never done at this instant, however little is missing: who looks, finds
        it too early and comes back would find the same again for ever.
        """
        at = round(self.now + max(seconds, 0.0), TICK_DIGITS)
        if seconds > 0.0 and at <= self.now:
            at = round(self.now + TICK, TICK_DIGITS)
        timer = Timer(at, action)
        self._sequence += 1
        heapq.heappush(self._timers, (timer.at, self._sequence, timer))
        return timer

    def at(self, moment: float, action: Callable[[], object]) -> Timer:
        """Do it at that second since the reset."""
        return self.after(moment - self.now, action)

    def next_beat(self, began: float, period: float) -> float:
        """The next second, later than now, that lies a whole number of periods after that one."""
        beats = math.floor((self.now - began) / period) + 1
        beat = round(began + beats * period, TICK_DIGITS)
        return beat if beat > self.now else round(beat + period, TICK_DIGITS)

    def timestamp(self) -> str:
        """This instant as objects carry it: RFC 3339, whole seconds, truncated."""
        second = int(EPOCH + self.now)
        if second != self._second:
            self._second = second
            self._text = format_time(second)
        return self._text

    def advance(self, seconds: float, settle: Callable[[], None]) -> None:
        """Let time pass; every timer on the way fires, and the engine settles after each instant."""
        end = round(self.now + seconds, TICK_DIGITS)
        while self._timers and self._timers[0][0] <= end:
            self._fire(self._timers[0][0])
            settle()
        self.now = end

    def _fire(self, instant: float) -> None:
        """Everything that waits for this instant, those added meanwhile included."""
        self.now = max(self.now, instant)
        while self._timers and self._timers[0][0] <= instant:
            timer = heapq.heappop(self._timers)[2]
            if not timer.cancelled:
                timer.action()
