"""What a watch can still deliver: the writes of the last minutes, in order (WATCH-001 to 003).

Upstream: apiserver/pkg/storage/cacher/cache_watcher.go and etcd3/compact.go.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import Final, NamedTuple, TypeAlias

from conformance.adapters.simulator.clock import Clock
from conformance.adapters.simulator.meta import Object

KEPT_SECONDS: Final = 300.0
"""How long writes are kept: etcd is compacted every five minutes."""

Matches: TypeAlias = Callable[[Object], bool]
WatchEvent: TypeAlias = dict[str, object]


class Write(NamedTuple):
    """One write: the object after it, and before it."""

    at: float
    version: int
    type: str
    new: Object
    old: Object | None


_Plain: TypeAlias = tuple[float, int, str, Object, Object | None]
"""A write as it is kept: few are ever asked for, and only those become a ``Write``."""


class History:
    """The writes that are not compacted yet."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.compacted = 0  # watches must not begin before this version
        self._writes: deque[_Plain] = deque()

    def begin(self, writes: Iterable[Write]) -> None:
        """Remember what another one does."""
        self._writes.extend(writes)

    def keep(self, version: int, type_: str, new: Object, old: Object | None) -> None:
        """Remember a write."""
        self._writes.append((self.clock.now, version, type_, new, old))

    def since(self, version: int) -> Iterator[Write]:
        """The writes after a version, oldest first."""
        self.compact()
        return (Write(*each) for each in self._writes if each[1] > version)

    def compact(self) -> None:
        """Forget the writes that are too old for any watch."""
        oldest, writes = self.clock.now - KEPT_SECONDS, self._writes
        while writes and writes[0][0] < oldest:
            self.compacted = writes.popleft()[1]

    def is_expired(self, version: int) -> bool:
        """Is something after this version compacted already?"""
        self.compact()
        return version < self.compacted


def delivered(write: Write, matches: Matches) -> WatchEvent | None:
    """A write as a watch of what matches shows it (WATCH-003); None: not at all.

    By whether the object matched before and does now: (no, yes) is ADDED, (yes, yes) MODIFIED, (yes, no)
    DELETED with the old object, (no, no) nothing.
    """
    before = write.old is not None and matches(write.old)
    now = write.type != "DELETED" and matches(write.new)
    if before and now:
        return {"type": "MODIFIED", "object": write.new}
    if now:
        return {"type": "ADDED", "object": write.new}
    if not before or write.old is None:
        return None
    shown = write.new if write.type == "DELETED" else write.old
    metadata = {**shown["metadata"], "resourceVersion": str(write.version)}
    return {"type": "DELETED", "object": {**shown, "metadata": metadata}}
