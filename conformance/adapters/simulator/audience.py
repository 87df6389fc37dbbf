"""Who is told of what is written to the store: every part of a cluster cares for few kinds only."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from conformance.adapters.simulator.meta import Object

Listener: TypeAlias = Callable[[str, Object, Object | None], None]
Kinds: TypeAlias = frozenset[str]


class Audience:
    """The listeners of one store, in the order in which they came; who hears a kind is found out once."""

    def __init__(self) -> None:
        self._listeners: list[tuple[Listener, Kinds | None, Kinds | None, Kinds | None]] = []
        self._awaited: set[str] = set()
        self._arrived: set[str] = set()
        self._hearing: dict[tuple[str, bool], tuple[Listener, ...]] = {}

    def join(
        self, listener: Listener, kinds: Kinds | None, statuses: Kinds | None, once: Kinds | None
    ) -> None:
        """Somebody listens, with the wishes that ``Store.subscribe`` explains."""
        self._listeners.append((listener, kinds, statuses, once))
        self._awaited.update(once or ())
        self._hearing.clear()

    def arrive(self, kind: str) -> None:
        """There is an object of this kind for the first time: somebody may have waited for it."""
        self._arrived.add(kind)
        if kind in self._awaited:
            self._hearing.clear()

    def of(self, kind: str, is_detail: bool) -> tuple[Listener, ...]:
        """Who is told of a write: of most of them, which are Events, no part of a cluster."""
        heard = self._hearing.get((kind, is_detail))
        if heard is None:
            heard = self._hearing[kind, is_detail] = tuple(
                listener
                for listener, kinds, statuses, once in self._listeners
                if (kind != "Event" if kinds is None else kind in kinds)
                and (not is_detail or statuses is None or kind in statuses)
                and (once is None or not once.isdisjoint(self._arrived))
            )
        return heard
