"""The garbage collector: what is left without any of its owners goes after them.

Source: ``pkg/controller/garbagecollector``; background deletion, the default of ``kubectl delete``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.adapters.simulator import api, meta
from conformance.adapters.simulator.controllers.controller import Controller
from conformance.adapters.simulator.controllers.ownership import Ownership
from conformance.adapters.simulator.meta import Key, Object

if TYPE_CHECKING:
    from conformance.adapters.simulator.engine import Engine


class GarbageCollector(Controller):
    """Deletes the dependents of what is gone, unless another owner of theirs lives."""

    name = "garbage-collector"
    statuses = frozenset()

    def __init__(self, engine: Engine, owned: Ownership) -> None:
        super().__init__(engine)
        self.owned = owned

    def notice(self, type: str, new: Object, old: Object | None) -> None:
        """Queue the dependents of a deleted object, and a newcomer that names an owner."""
        if type == "DELETED":
            for key in self.owned.dependents(meta.uid_of(new)):
                self.enqueue(key)
        elif type == "ADDED" and new["metadata"].get("ownerReferences"):
            self.enqueue(meta.key_of(new))

    def reconcile(self, key: Key) -> None:
        """Delete the object if all of its owners are gone."""
        found = self.store.get(*key)
        if found is not None and not meta.is_deleting(found) and self.is_garbage(found):
            self.store.delete(*key, uid=meta.uid_of(found))

    def is_garbage(self, found: Object) -> bool:
        """It has owners, and none of them lives; one of a kind that is not served may live."""
        references = found["metadata"].get("ownerReferences") or ()
        namespace = meta.namespace_of(found)
        return bool(references) and not any(
            reference["kind"] not in api.STRATEGIES
            or meta.uid_of(self.store.get(reference["kind"], namespace, reference["name"]) or {})
            == reference["uid"]
            for reference in references
        )
