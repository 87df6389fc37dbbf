"""The persistent volume controller: binds claims and volumes, provisions, releases, reclaims.

Source: PV-003..011; ``pkg/controller/volume/persistentvolume/pv_controller.go`` (syncClaim, syncVolume).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.adapters.simulator import errors, meta
from conformance.adapters.simulator.controllers.controller import Controller
from conformance.adapters.simulator.controllers.volumes import matching, provisioning, reclaim
from conformance.adapters.simulator.meta import Key, Object

if TYPE_CHECKING:
    from conformance.adapters.simulator.engine import Engine

VOLUME = "PersistentVolume"
CLAIM = "PersistentVolumeClaim"


class PersistentVolumeController(Controller):
    """Keeps every claim and every volume where its peer says it should be."""

    name = "persistentvolume-controller"
    watches = frozenset({"Pod", CLAIM, VOLUME, "StorageClass"})
    statuses = watches - {"Pod"}
    serves = frozenset({CLAIM, VOLUME})

    def __init__(self, engine: Engine) -> None:
        super().__init__(engine)
        self._unbound: dict[Key, None] = {}
        self._reserved: dict[Key, dict[Key, None]] = {}
        self._in_use: dict[Key, None] = {}

    # What to look at.

    def notice(self, type: str, new: Object, old: Object | None) -> None:
        """Queue claims and volumes that a change may concern."""
        kind = new["kind"]
        if kind == CLAIM:
            self._notice_claim(type, new)
        elif kind == VOLUME:
            self._notice_volume(type, new, old)
        elif kind == "StorageClass":
            self.enqueue(*self._unbound)
        elif kind == "Pod" and self._in_use and (type == "DELETED" or has_ended(new)):
            self.enqueue(*self._in_use)

    def _notice_claim(self, type: str, claim: Object) -> None:
        key = meta.key_of(claim)
        self._unbound.pop(key, None)
        if type != "DELETED":
            self.enqueue(key)
            if phase_of(claim) == "Pending":
                self._unbound[key] = None
        else:
            self.enqueue(*self._reserved.get(key, {}))

    def _notice_volume(self, type: str, volume: Object, old: Object | None) -> None:
        key = meta.key_of(volume)
        before, now = _claim_key(old), _claim_key(volume) if type != "DELETED" else None
        if before != now:
            if before is not None:
                self._reserved.get(before, {}).pop(key, None)
            if now is not None:
                self._reserved.setdefault(now, {})[key] = None
        if type == "DELETED":
            self._in_use.pop(key, None)
        else:
            self.enqueue(key)
        for claim in (before, now):
            if claim is not None:
                self.enqueue(claim)
        if phase_of(volume) == "Available":
            self.enqueue(*self._unbound)

    def reconcile(self, key: Key) -> None:
        """One claim, or one volume."""
        found = self.store.get(*key)
        if found is None:
            return
        if key[0] == VOLUME:
            self.sync_volume(found)
        elif matching.annotation(found, matching.BIND_COMPLETED) is None:
            self.sync_unbound_claim(found)
        else:
            self.sync_bound_claim(found)

    # Claims.

    def sync_unbound_claim(self, claim: Object) -> None:
        """Find, make or wait for a volume (PV-005, PV-010, PV-011)."""
        claim = self.with_default_class(claim)
        if claim["spec"].get("volumeName"):
            self._sync_claim_of_named_volume(claim)
            return
        storage_class = self._class_of(claim)
        delay = provisioning.waits_for_consumer(storage_class)
        node = self._selected_node(claim) if delay else None
        volume = matching.best_match(claim, self._candidates(), delay, node)
        if volume is not None:
            self.bind(volume, claim)
        elif delay and node is None:
            message = "waiting for first consumer to be created before binding"
            self._stay_pending(claim, "WaitForFirstConsumer", message)
        elif matching.storage_class_of(claim):
            self._provision(claim, storage_class, node)
        else:
            message = "no persistent volumes available for this claim and no storage class is set"
            self._stay_pending(claim, "FailedBinding", message)

    def with_default_class(self, claim: Object) -> Object:
        """The claim with the default class, if it has said nothing about its class (PV-010)."""
        if provisioning.has_class(claim):
            return claim
        default = provisioning.default_class(self.store.list("StorageClass"))
        if default is None:
            return claim
        named = meta.with_path(claim, ("spec", "storageClassName"), meta.name_of(default))
        return self.store.update(named)

    def _sync_claim_of_named_volume(self, claim: Object) -> None:
        """The user chose a volume: it is had, or waited for."""
        volume = self.store.get(VOLUME, None, claim["spec"]["volumeName"])
        if volume is None:
            self._claim_phase(claim, "Pending")
        elif not volume["spec"].get("claimRef"):
            problem = matching.mismatch(claim, volume)
            if problem is None:
                self.bind(volume, claim)
            else:
                message = f'Cannot bind to requested volume "{meta.name_of(volume)}": {problem}'
                self._stay_pending(claim, "VolumeMismatch", message, warning=True)
        elif matching.is_reserved_for(volume, claim):
            self.bind(volume, claim)
        else:
            message = f'volume "{meta.name_of(volume)}" already bound to a different claim.'
            self._stay_pending(claim, "FailedBinding", message, warning=True)

    def sync_bound_claim(self, claim: Object) -> None:
        """A bound claim keeps its volume or is Lost, for good (PV-003, PV-005)."""
        if phase_of(claim) == "Lost":
            return
        volume = self.store.get(VOLUME, None, claim["spec"].get("volumeName") or "")
        if volume is None:
            message = "Bound claim has lost its PersistentVolume. Data on the volume is lost!"
            self._lose(claim, "ClaimLost", message)
        elif volume["spec"].get("claimRef") and not matching.is_reserved_for(volume, claim):
            message = "Two claims are bound to the same volume, this one is bound incorrectly"
            self._lose(claim, "ClaimMisbound", message)
        else:
            self.bind(volume, claim)

    def _candidates(self) -> list[Object]:
        """All volumes in any order: which of equals is taken is nobody's promise (PV-002)."""
        volumes = self.store.list(VOLUME)
        if len(volumes) > 1:
            self.engine.random.shuffle(volumes)
        return volumes

    def _class_of(self, claim: Object) -> Object | None:
        return self.store.get("StorageClass", None, matching.storage_class_of(claim))

    def _selected_node(self, claim: Object) -> Object | None:
        name = matching.annotation(claim, matching.SELECTED_NODE)
        return None if name is None else self.store.get("Node", None, name)

    def _stay_pending(
        self, claim: Object, reason: str, message: str, *, warning: bool = False
    ) -> None:
        self.tell(claim, reason, message, warning=warning)
        self._claim_phase(claim, "Pending")

    def _lose(self, claim: Object, reason: str, message: str) -> None:
        self._claim_phase(claim, "Lost")
        self.tell(claim, reason, message, warning=True)

    def _claim_phase(self, claim: Object, phase: str, volume: Object | None = None) -> None:
        """status.phase; the modes and the size are those of the volume (PV-002)."""
        spec = volume["spec"] if volume is not None else {}
        self.store.update_status(
            meta.with_status(
                claim,
                phase=phase,
                accessModes=spec.get("accessModes"),
                capacity=spec.get("capacity"),
            )
        )

    # Binding.

    def bind(self, volume: Object, claim: Object) -> None:
        """Each points at the other: the volume first, then its phase, then the claim (PV-003)."""
        volume = self._point_volume_at(claim, volume)
        volume = self._volume_phase(volume, "Bound")
        claim = self._point_claim_at(volume, claim)
        self._claim_phase(claim, "Bound", volume)

    def _point_volume_at(self, claim: Object, volume: Object) -> Object:
        reference = volume["spec"].get("claimRef")
        if reference and reference.get("uid") == meta.uid_of(claim):
            return volume
        if not reference:
            volume = _annotated(volume, matching.BOUND_BY_CONTROLLER, "yes")
        target = provisioning.reference_to(claim)
        return self.store.update(meta.with_path(volume, ("spec", "claimRef"), target))

    def _point_claim_at(self, volume: Object, claim: Object) -> Object:
        if claim["spec"].get("volumeName") != meta.name_of(volume):
            claim = meta.with_path(claim, ("spec", "volumeName"), meta.name_of(volume))
            claim = _annotated(claim, matching.BOUND_BY_CONTROLLER, "yes")
        if matching.annotation(claim, matching.BIND_COMPLETED) is None:
            claim = _annotated(claim, matching.BIND_COMPLETED, "yes")
        return self.store.update(claim)

    # Provisioning.

    def _provision(self, claim: Object, storage_class: Object | None, node: Object | None) -> None:
        """Make a volume for the claim, already pointing at it; its arrival gets it bound (PV-010)."""
        problem = provisioning.refusal(claim, storage_class, self.settings)
        if problem is None and storage_class is not None:
            named = _annotated(claim, provisioning.PROVISIONER, storage_class["provisioner"])
            claim = self.store.update(named)
            volume = provisioning.volume_for(claim, storage_class, node)
            try:
                self.store.create(volume)
            except errors.ApiError as error:
                problem = error.message
            else:
                message = f"Successfully provisioned volume {meta.name_of(volume)}"
                self._stay_pending(claim, "ProvisioningSucceeded", message)
                return
        self._stay_pending(claim, "ProvisioningFailed", problem or "", warning=True)

    # Volumes.

    def sync_volume(self, volume: Object) -> None:
        """The volume's phase follows its claim (PV-004)."""
        reference = volume["spec"].get("claimRef") or {}
        if not reference.get("uid"):
            self._volume_phase(volume, "Available")
            return
        claim = self.store.get(CLAIM, reference.get("namespace"), reference.get("name") or "")
        if claim is None or meta.uid_of(claim) != reference["uid"]:
            self.release(volume)
        elif not claim["spec"].get("volumeName"):
            self.enqueue(meta.key_of(claim))
        elif claim["spec"]["volumeName"] == meta.name_of(volume):
            self._volume_phase(volume, "Bound")
        elif reclaim.outcome(volume, self.settings).action == "delete" and matching.annotation(
            volume, reclaim.PROVISIONED_BY
        ):
            self.release(volume)
        else:
            self._unbind(volume)

    def release(self, volume: Object) -> None:
        """Its claim is gone: Released (a failure stays visible), then the reclaim policy."""
        if phase_of(volume) != "Failed":
            volume = self._volume_phase(volume, "Released")
        outcome = reclaim.outcome(volume, self.settings)
        if outcome.action == "fail":
            self._fail(volume, outcome)
        elif outcome.action == "delete":
            if not meta.is_deleting(volume):
                self.engine.wipe(volume["spec"])
                self.store.delete(VOLUME, None, meta.name_of(volume))
        elif outcome.action == "recycle":
            self._recycle(volume)

    def _fail(self, volume: Object, outcome: reclaim.Outcome) -> None:
        if phase_of(volume) == "Failed":
            return
        self._volume_phase(volume, "Failed", outcome.message)
        self.tell(volume, outcome.reason, outcome.message, warning=True)

    def _recycle(self, volume: Object) -> None:
        """Scrub it, unless Pods still use it; then anybody may have it (PV-008)."""
        key = meta.key_of(volume)
        users = self._users(volume)
        if users:
            self._in_use[key] = None
            message = f"Volume is used by pods: {', '.join(users)}"
            self.tell(volume, "VolumeFailedRecycle", message)
            return
        self._in_use.pop(key, None)
        self.engine.wipe(volume["spec"])
        self.tell(volume, "VolumeRecycled", "Volume recycled")
        self._unbind(volume)

    def _users(self, volume: Object) -> list[str]:
        """The Pods, not ended, that name the volume's claim."""
        wanted = volume["spec"]["claimRef"]
        return [
            f"{meta.namespace_of(pod)}/{meta.name_of(pod)}"
            for pod in self.store.list("Pod")
            if meta.namespace_of(pod) == wanted["namespace"]
            and wanted["name"] in claim_names_of(pod)
            and not has_ended(pod)
        ]

    def _unbind(self, volume: Object) -> None:
        """Undo what this controller wrote: all of claimRef, or only the uid in a user's."""
        if matching.annotation(volume, matching.BOUND_BY_CONTROLLER) is not None:
            volume = meta.with_path(volume, ("spec", "claimRef"), None)
            volume = _annotated(volume, matching.BOUND_BY_CONTROLLER, None)
        else:
            volume = meta.with_path(volume, ("spec", "claimRef", "uid"), None)
        self._volume_phase(self.store.update(volume), "Available")

    def _volume_phase(self, volume: Object, phase: str, message: str | None = None) -> Object:
        if phase_of(volume) == phase:
            return volume
        now = self.clock.timestamp()
        changed = meta.with_status(
            volume, phase=phase, message=message, lastPhaseTransitionTime=now
        )
        return self.store.update_status(changed)


def phase_of(manifest: Object) -> str:
    """status.phase of a claim or a volume; what is just created is Pending."""
    return (manifest.get("status") or {}).get("phase") or "Pending"


def has_ended(pod: Object) -> bool:
    """No container of the Pod will run again."""
    return (pod.get("status") or {}).get("phase") in {"Succeeded", "Failed"}


def claim_names_of(pod: Object) -> list[str]:
    """The claims that the Pod's volumes name, all in its own namespace."""
    return [
        volume["persistentVolumeClaim"]["claimName"]
        for volume in pod["spec"].get("volumes") or ()
        if volume.get("persistentVolumeClaim")
    ]


def _claim_key(volume: Object | None) -> Key | None:
    """The claim that the volume is reserved for."""
    reference = volume["spec"].get("claimRef") if volume is not None else None
    if not reference:
        return None
    return CLAIM, reference.get("namespace") or "", reference.get("name") or ""


def _annotated(manifest: Object, name: str, value: str | None) -> Object:
    """The object with the annotation; None takes it away, and an empty map with it."""
    changed = meta.with_path(manifest, ("metadata", "annotations", name), value)
    if not changed["metadata"]["annotations"]:
        return meta.with_path(changed, ("metadata", "annotations"), None)
    return changed
