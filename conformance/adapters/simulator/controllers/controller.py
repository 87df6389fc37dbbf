"""What all controllers share: a queue of names without duplicates, worked off one by one."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from conformance.adapters.simulator import meta
from conformance.adapters.simulator.meta import Key, Object

if TYPE_CHECKING:
    from conformance.adapters.simulator.engine import Engine


class Controller(ABC):
    """Level-triggered: the store says that something changed, the queue says what to look at.

    A watcher of the store only puts keys into the queue; ``reconcile`` looks at the world as it is
    by then, and moves it a step towards what it should be.
    """

    name: ClassVar[str]
    """How Events of this controller name their source."""

    watches: ClassVar[frozenset[str] | None] = None
    """The kinds that it is told of; None: all but Events."""

    statuses: ClassVar[frozenset[str] | None] = None
    """Those of which it is told even if metadata, spec and phase stay as they were; None: all."""

    serves: ClassVar[frozenset[str] | None] = None
    """Without an object of these kinds nothing is any of its business; None: it has to hear of all."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.store = engine.store
        self.clock = engine.clock
        self.settings = engine.settings
        self._agenda = engine.agenda
        self._turn = engine.agenda.join(self.work)
        self._queue: dict[Key, bool] = {}  # whether there is anything new to see
        self.store.subscribe(self.notice, self.watches, self.statuses, self.serves)

    @abstractmethod
    def notice(self, type: str, new: Object, old: Object | None) -> None:
        """Put into the queue whatever this change may concern; never write here."""

    @abstractmethod
    def reconcile(self, key: Key) -> None:
        """Bring this object one step nearer to what it should be."""

    def enqueue(self, *keys: Key) -> None:
        """Look at these objects in the next round."""
        self._agenda.due |= self._turn
        for key in keys:
            self._queue[key] = True

    def report(self, manifest: Mapping[str, Any]) -> Object:
        """Write the status of what was just looked at: it gets its turn, but no other look for that alone."""
        key = meta.key_of(manifest)
        awaited = self._queue.get(key, False)
        written = self.store.update_status(manifest)
        if key in self._queue:
            self._queue[key] = awaited
        return written

    def work(self) -> bool:
        """One round over everything that is queued now; False when there was nothing."""
        if not self._queue:
            return False
        queue, self._queue = self._queue, {}
        for key, is_new in queue.items():
            if is_new:
                self.reconcile(key)
        return True

    def tell(self, about: Object, reason: str, message: str, *, warning: bool = False) -> None:
        """Record an Event about the object."""
        self.store.event(about, reason, message, "Warning" if warning else "Normal", self.name)
