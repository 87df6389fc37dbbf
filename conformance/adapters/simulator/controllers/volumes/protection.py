"""Claims that Pods use and volumes that are bound stay, though deleted, until they are unused.

Source: PV-012; ``pkg/controller/volume/{pvcprotection,pvprotection}``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.adapters.simulator import meta
from conformance.adapters.simulator.controllers.controller import Controller
from conformance.adapters.simulator.controllers.volumes.binder import (
    CLAIM,
    VOLUME,
    claim_names_of,
    phase_of,
)
from conformance.adapters.simulator.meta import Key, Object

if TYPE_CHECKING:
    from conformance.adapters.simulator.engine import Engine

FINALIZERS = {CLAIM: "kubernetes.io/pvc-protection", VOLUME: "kubernetes.io/pv-protection"}


class StorageProtectionController(Controller):
    """Puts a finalizer on claims and volumes, and takes it away when a deleted one is unused."""

    name = "storage-protection-controller"
    watches = frozenset({"Pod", *FINALIZERS})
    statuses = watches - {"Pod"}

    def __init__(self, engine: Engine) -> None:
        super().__init__(engine)
        self._users: dict[Key, dict[Key, None]] = {}

    def notice(self, type: str, new: Object, old: Object | None) -> None:
        """Queue what was written, and the claims of Pods that were bound or went."""
        kind = new["kind"]
        if kind in FINALIZERS:
            if type != "DELETED":
                self.enqueue(meta.key_of(new))
        elif kind == "Pod" and new["spec"].get("volumes"):
            for name in claim_names_of(new):
                self._notice_user(type, (CLAIM, meta.namespace_of(new), name), new)

    def _notice_user(self, type: str, claim: Key, pod: Object) -> None:
        users = self._users.setdefault(claim, {})
        if type == "DELETED":
            users.pop(meta.key_of(pod), None)
            self.enqueue(claim)
        elif pod["spec"].get("nodeName"):
            users[meta.key_of(pod)] = None

    def reconcile(self, key: Key) -> None:
        """Protect a living object; let an unused deleted one go."""
        found = self.store.get(*key)
        if found is None:
            return
        finalizer = FINALIZERS[key[0]]
        held = found["metadata"].get("finalizers") or []
        if not meta.is_deleting(found):
            if finalizer not in held:
                path = ("metadata", "finalizers")
                self.store.update(meta.with_path(found, path, [*held, finalizer]))
        elif finalizer in held and not self.is_in_use(key, found):
            self.store.finalize(*key, finalizer)

    def is_in_use(self, key: Key, found: Object) -> bool:
        """A claim that a scheduled Pod names, or a volume that is bound (PV-012)."""
        if key[0] == VOLUME:
            return phase_of(found) == "Bound"
        return bool(self._users.get(key))
