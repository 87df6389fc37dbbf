"""Precedents: what the judge has said of the same events before.

The judge is a pure function, and half of what a run shows it has been shown to it before: examples of a
scenario begin alike, and an engine in virtual time does the same again. A precedent is a world, and the
worlds that came of it; where the same event follows, nothing needs to be judged again.
"""

from __future__ import annotations

import marshal
from collections.abc import Callable, Hashable
from typing import Any, Final

from conformance.encoding import response_to_data
from spec_model.events import Act, Event, Observation
from spec_model.world import World

KEPT: Final = 4000
"""So many precedents are kept; then the next session begins without any."""


class Precedent:
    """A world, the event after which it was so, and the precedents that have followed."""

    __slots__ = ("_mark", "event", "following", "world")

    def __init__(self, world: World, event: Event | None = None) -> None:
        self.world = world
        self.event = event
        self.following: dict[Hashable, Precedent] = {}
        self._mark: bytes | None = None

    def is_of(self, event: Event) -> bool:
        """Whether it came of the same event."""
        if self._mark is None and self.event is not None:
            self._mark = mark_of(self.event)
        return self._mark is not None and self._mark == mark_of(event)


class Precedents:
    """The precedents of sessions that begin in the same world."""

    def __init__(self) -> None:
        self._first = Precedent(World())
        self._kept = 0

    def begin(self, world: World) -> Precedent:
        """That of a world in which nothing has happened yet."""
        if self._kept >= KEPT or self._first.world.setting != world.setting:
            self._first, self._kept = Precedent(world), 0
        return self._first

    def after(
        self, precedent: Precedent, event: Event, judge: Callable[[World, Event], World]
    ) -> Precedent:
        """That of the world after an event, judged where there is none yet."""
        place = _place_of(event) if self._kept < KEPT else None
        known = None if place is None else precedent.following.get(place)
        if known is not None and (isinstance(place, bytes) or known.is_of(event)):
            return known
        found = Precedent(judge(precedent.world, event), event)
        if place is not None:
            precedent.following[place] = found
            self._kept += 1
        return found


def _place_of(event: Event) -> Hashable:
    """Under what an event is kept: its mark, or what most observations differ in; None: not at all."""
    if isinstance(event, Observation):
        metadata = event.object["metadata"]
        version = metadata.get("resourceVersion")
        return event.at, event.type, metadata["name"], version if isinstance(version, str) else ""
    return mark_of(event)


def mark_of(event: Event) -> bytes | None:
    """What two events have in common only if they are the same; None where there is no such thing.

    Numbers and truth values are told apart, as they are in JSON. Version 2 of the format is the last
    that makes the same of texts that are equal, whether or not they are one.
    """
    if isinstance(event, Observation):
        said: Any = (event.at, event.type, event.object)
    elif isinstance(event, Act):
        stimulus = event.stimulus
        said = (event.at, stimulus.verb, stimulus.arguments, response_to_data(event.response))
    else:
        return None  # of a function, which is asked something else each time
    try:
        return marshal.dumps(said, 2)
    except ValueError:
        return None  # not plain data, as of an adapter with mappings of its own
