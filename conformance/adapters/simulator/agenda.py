"""Whose turn it is: most parts of a cluster have nothing to do most of the time, and are not asked."""

from __future__ import annotations

from collections.abc import Callable


class Agenda:
    """The parts that have something to do, each by its bit, asked in the order in which they joined."""

    def __init__(self) -> None:
        self.due = 0
        self.curious = 0  # the bits of those who look for more than their queues show
        self._parts: list[Callable[[], bool]] = []

    def join(self, work: Callable[[], bool]) -> int:
        """The bit of a new part: who sets it in ``due`` will be asked to work."""
        self._parts.append(work)
        return 1 << len(self._parts) - 1

    def look_around(self) -> None:
        """Something has happened that shows in no queue: the curious shall look."""
        self.due |= self.curious

    def round(self) -> bool:
        """One turn for each that has something to do; False when none of them did anything.

        Who gets something to do meanwhile still has its turn, unless it is over: then in the next round.
        """
        worked, turn = False, 0
        while later := self.due >> turn:
            turn += (later & -later).bit_length()
            self.due &= ~(1 << turn - 1)
            worked |= self._parts[turn - 1]()
        return worked
