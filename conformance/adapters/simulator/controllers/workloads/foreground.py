"""Foreground deletion: an object goes after what it owns.

Source: ``pkg/controller/garbagecollector`` (attemptToDeleteItem, processDeletingDependentsItem).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from conformance.adapters.simulator import meta
from conformance.adapters.simulator.controllers.controller import Controller
from conformance.adapters.simulator.controllers.ownership import Ownership
from conformance.adapters.simulator.meta import Key, Object
from conformance.adapters.simulator.store import Store

if TYPE_CHECKING:
    from conformance.adapters.simulator.engine import Engine

FINALIZER: Final = "foregroundDeletion"


def delete(store: Store, found: Object) -> None:
    """Ask for the deletion of an object and first of all it owns."""
    held = [*(found["metadata"].get("finalizers") or ()), FINALIZER]
    store.update(meta.with_path(found, ("metadata", "finalizers"), held))
    store.delete(*meta.key_of(found), uid=meta.uid_of(found))


class ForegroundCollector(Controller):
    """Deletes the dependents of what is being deleted in the foreground, then lets it go."""

    name = "garbage-collector"
    statuses = frozenset()

    def __init__(self, engine: Engine, owned: Ownership) -> None:
        super().__init__(engine)
        self.owned = owned

    def notice(self, type: str, new: Object, old: Object | None) -> None:
        """An object that waits for its dependents, and the owners of a dependent that is gone."""
        if type != "DELETED":
            if is_waiting(new):
                self.enqueue(meta.key_of(new))
            return
        for reference in new["metadata"].get("ownerReferences") or ():
            owner = self.store.get(reference["kind"], meta.namespace_of(new), reference["name"])
            if owner is not None and is_waiting(owner):
                self.enqueue(meta.key_of(owner))

    def reconcile(self, key: Key) -> None:
        """Ask every dependent to go; without any the object itself goes."""
        found = self.store.get(*key)
        if found is None or not is_waiting(found):
            return
        dependents = [self.store.get(*each) for each in self.owned.dependents(meta.uid_of(found))]
        blocking = [each for each in dependents if each is not None]
        for each in blocking:
            if not meta.is_deleting(each):
                self.store.delete(*meta.key_of(each), uid=meta.uid_of(each))
        if not blocking:
            self.store.finalize(*key, FINALIZER)


def is_waiting(found: Object) -> bool:
    """It is being deleted, after its dependents."""
    return FINALIZER in (found["metadata"].get("finalizers") or ()) and meta.is_deleting(found)
