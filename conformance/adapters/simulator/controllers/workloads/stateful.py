"""StatefulSets: Pods with an identity, that come and go in order.

Source: STATEFUL-001..003; ``pkg/controller/statefulset/stateful_set_control.go``. A sync makes one
step and is made again for whatever comes of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

from attrs import frozen

from conformance.adapters.simulator import clock, errors, meta
from conformance.adapters.simulator.controllers.controller import Controller
from conformance.adapters.simulator.controllers.ownership import (
    Ownership,
    has_moved,
    selects,
    with_owner,
    without_owner,
)
from conformance.adapters.simulator.controllers.workloads import identities, revisions, victims
from conformance.adapters.simulator.controllers.workloads.revisions import Revisions
from conformance.adapters.simulator.meta import Key, Object

if TYPE_CHECKING:
    from conformance.adapters.simulator.engine import Engine

KIND: Final = "StatefulSet"


@frozen
class Sync:
    """What one look at a StatefulSet works with."""

    workload: Object
    pods: dict[int, Object]  # by ordinal
    revisions: Revisions
    in_order: bool

    @property
    def condemned(self) -> list[int]:
        """Ordinals that are too many, the highest first."""
        return sorted(self.pods.keys() - set(identities.ordinals_of(self.workload)), reverse=True)


class StatefulSetController(Controller):
    """One Pod for each ordinal."""

    name = "statefulset-controller"
    watches = frozenset({KIND, "Pod"})
    serves = frozenset({KIND})

    def __init__(self, engine: Engine, owned: Ownership) -> None:
        super().__init__(engine)
        self.owned = owned
        self._retry_delays: dict[Key, float] = {}

    def notice(self, type: str, new: Object, old: Object | None) -> None:
        """Queue a changed set, and that of a changed Pod."""
        if new["kind"] == KIND:
            if type == "DELETED":
                self._retry_delays.pop(meta.key_of(new), None)
            else:
                self.enqueue(meta.key_of(new))
        elif new["kind"] == "Pod":
            self._notice_pod(new, old)

    def _notice_pod(self, pod: Object, old: Object | None) -> None:
        moved = has_moved(pod, old)
        for one in (pod, old) if old is not None and moved else (pod,):
            reference = meta.controller_of(one)
            if reference is not None and reference["kind"] == KIND:
                self.enqueue((KIND, meta.namespace_of(one), reference["name"]))
        if moved and meta.controller_of(pod) is None:
            for workload in self.store.list(KIND):
                if is_member(workload, pod):
                    self.enqueue(meta.key_of(workload))

    def reconcile(self, key: Key) -> None:
        """Look at everything, take a step, report."""
        workload = self.store.get(*key)
        if workload is None or meta.is_deleting(workload):
            return
        found = revisions.revisions_of(workload, self.store, self.owned)
        in_order = workload["spec"].get("podManagementPolicy") != "Parallel"
        self._step(Sync(workload, self._claimed(workload), found, in_order))
        self._report(key, found)

    # Ownership.

    def _claimed(self, workload: Object) -> dict[int, Object]:
        """Its Pods by ordinal; one that no longer matches is let go, a matching orphan taken in."""
        pods: dict[int, Object] = {}
        for pod in self.owned.children(workload, "Pod"):
            ordinal = identities.ordinal_of(workload, pod)
            if ordinal is not None and is_member(workload, pod):
                pods[ordinal] = pod
            elif ordinal is not None and not meta.is_deleting(pod):
                self.store.update(without_owner(pod, workload))
        for pod in self.owned.orphan_pods(meta.namespace_of(workload)):
            ordinal = identities.ordinal_of(workload, pod)
            if ordinal is not None and is_member(workload, pod) and not meta.is_deleting(pod):
                pods[ordinal] = self.store.update(with_owner(pod, workload))
        return pods

    # Steps.

    def _step(self, sync: Sync) -> None:
        """Those that must be; then those that must go; then those that must change."""
        if self._fill(sync) or self._shrink(sync):
            return
        if sync.workload["spec"]["updateStrategy"]["type"] == "RollingUpdate":
            self.roll(sync)

    def _fill(self, sync: Sync) -> bool:
        """Make what lacks; True when the rest has to wait (STATEFUL-002)."""
        waits = False
        for ordinal in identities.ordinals_of(sync.workload):
            pod = sync.pods.get(ordinal)
            if pod is not None and has_ended(pod):
                if not meta.is_deleting(pod):
                    self._delete(sync, pod)
                waits = True
            elif pod is None:
                self._create(sync, ordinal)
                waits = waits or sync.in_order
            elif self.holds_up(sync, pod):
                return True
            if waits and sync.in_order:
                return True
        return waits

    def holds_up(self, sync: Sync, pod: Object) -> bool:
        """Whether the next one has to wait for this one."""
        return sync.in_order and not self.is_available(sync.workload, pod)

    def _shrink(self, sync: Sync) -> bool:
        """Delete what is too many, from the end; True when the rest has to wait."""
        for ordinal in self.victims(sync):
            pod = sync.pods[ordinal]
            if not meta.is_deleting(pod):
                if self._is_held_back(sync, ordinal):
                    return True
                self._delete(sync, pod)
            if sync.in_order:
                return True
        return False

    def victims(self, sync: Sync) -> list[int]:
        """The ordinals that go, in the order in which they go."""
        return sync.condemned

    def _is_held_back(self, sync: Sync, ordinal: int) -> bool:
        """In order, one that is not available goes only if it is the first of those."""
        if not sync.in_order or self.is_available(sync.workload, sync.pods[ordinal]):
            return False
        unhealthy = [each for each in sorted(sync.pods) if not is_healthy(sync.pods[each])]
        return bool(unhealthy) and unhealthy[0] != ordinal

    def roll(self, sync: Sync) -> None:
        """Delete the last Pod that is not as it should be, when all behind it are (STATEFUL-003)."""
        update, partition = meta.name_of(sync.revisions.update), partition_of(sync.workload)
        for ordinal in self.order_of_update(sync):
            pod = sync.pods.get(ordinal)
            if ordinal < partition or pod is None:
                return
            if revisions.revision_of(pod) != update and not meta.is_deleting(pod):
                self._delete(sync, pod)
                return
            if not self.is_available(sync.workload, pod):
                return

    def order_of_update(self, sync: Sync) -> Iterator[int]:
        """The ordinals, the last first."""
        return reversed(identities.ordinals_of(sync.workload))

    def _create(self, sync: Sync, ordinal: int) -> None:
        workload, name = sync.workload, identities.name_for(sync.workload, ordinal)
        for claim in identities.claims_for(workload, ordinal):
            if self.store.get(*meta.key_of(claim)) is None:
                self.store.create(claim)
        chosen = self.revision_for(sync, ordinal)
        labels = {revisions.LABEL: meta.name_of(chosen)}
        try:
            template = revisions.template_of(chosen)
            self.store.create(identities.pod_for(workload, template, ordinal, labels))
        except errors.ApiError as error:
            message = f"create Pod {name} in StatefulSet {meta.name_of(workload)} failed error: "
            self.tell(workload, "FailedCreate", f"{message}{error.message}", warning=True)
            self._retry_later(meta.key_of(workload))
            return
        self._retry_delays.pop(meta.key_of(workload), None)
        message = f"create Pod {name} in StatefulSet {meta.name_of(workload)} successful"
        self.tell(workload, "SuccessfulCreate", message)

    def _retry_later(self, key: Key) -> None:
        """What failed is tried again, at longer and longer intervals."""
        first, longest = self.settings.replica_retry_seconds
        delay = self._retry_delays.get(key, first)
        self._retry_delays[key] = min(2 * delay, longest)
        self.clock.after(delay, lambda: self.enqueue(key))

    def revision_for(self, sync: Sync, ordinal: int) -> Object:
        """Below the partition a Pod is made as it was before the update (STATEFUL-003)."""
        rolls = sync.workload["spec"]["updateStrategy"]["type"] == "RollingUpdate"
        if rolls and ordinal < partition_of(sync.workload):
            return sync.revisions.current
        return sync.revisions.update

    def _delete(self, sync: Sync, pod: Object) -> None:
        self.store.delete(*meta.key_of(pod), uid=meta.uid_of(pod))
        name = meta.name_of(sync.workload)
        message = f"delete Pod {meta.name_of(pod)} in StatefulSet {name} successful"
        self.tell(sync.workload, "SuccessfulDelete", message)

    # Health.

    def is_available(self, workload: Object, pod: Object) -> bool:
        """Healthy for minReadySeconds."""
        wait = self.until_available(workload, pod)
        return wait is not None and wait <= 0

    def until_available(self, workload: Object, pod: Object) -> float | None:
        """Seconds until the Pod is available; None while it is not healthy."""
        if not is_healthy(pod):
            return None
        minimum = workload["spec"].get("minReadySeconds") or 0
        if not minimum:
            return 0.0
        ready = meta.condition_of(pod, "Ready") or {}
        since = meta.parse_time(ready["lastTransitionTime"]) - clock.EPOCH
        return float(since + minimum - self.clock.now)

    # Status.

    def _report(self, key: Key, found: Revisions) -> None:
        """Write the counts and revisions; look again when a Pod will have been ready long enough."""
        workload = self.store.get(*key)
        if workload is None:
            return
        pods = [
            pod
            for pod in self.owned.children(workload, "Pod")
            if identities.ordinal_of(workload, pod) is not None
        ]
        waits = [wait for pod in pods if (wait := self.until_available(workload, pod)) is not None]
        going = [pod for pod in pods if victims.is_active(pod)]
        current, update = meta.name_of(found.current), meta.name_of(found.update)
        counts = {
            "readyReplicas": len(waits),
            "updatedReplicas": sum(revisions.revision_of(pod) == update for pod in going),
            "currentReplicas": sum(revisions.revision_of(pod) == current for pod in going),
        }
        if self.is_complete(workload, len(pods), counts):
            current, counts["currentReplicas"] = update, counts["updatedReplicas"]
        status: dict[str, Any] = {
            "replicas": len(pods),
            "availableReplicas": sum(wait <= 0 for wait in waits),
            **{name: count for name, count in counts.items() if count},
            "currentRevision": current,
            "updateRevision": update,
            "collisionCount": 0,
            "observedGeneration": workload["metadata"].get("generation", 1),
        }
        self.store.update_status({**workload, "status": status})
        live = frozenset({current, update, *map(revisions.revision_of, pods)})
        revisions.forget_old(workload, live, self.store, self.owned)
        pending = [wait for wait in waits if wait > 0]
        if pending:
            self.clock.after(min(pending), lambda: self.enqueue(key))

    def is_complete(self, workload: Object, replicas: int, counts: dict[str, int]) -> bool:
        """Whether an update has come to its end (STATEFUL-003)."""
        wanted = int(workload["spec"].get("replicas", 1))
        whole = {replicas, counts["updatedReplicas"], counts["readyReplicas"]}
        rolls = workload["spec"]["updateStrategy"]["type"] == "RollingUpdate"
        return rolls and whole == {wanted}


def is_member(workload: Object, pod: Object) -> bool:
    """Whether the Pod's name and labels are such as this set gives."""
    return identities.ordinal_of(workload, pod) is not None and selects(workload, pod)


def partition_of(workload: Object) -> int:
    """The first ordinal that an update may touch."""
    rolling = workload["spec"]["updateStrategy"].get("rollingUpdate") or {}
    return identities.start_of(workload) + int(rolling.get("partition") or 0)


def is_healthy(pod: Object) -> bool:
    """Running, ready, and not going."""
    phase = (pod.get("status") or {}).get("phase")
    return phase == "Running" and meta.is_true(pod, "Ready") and not meta.is_deleting(pod)


def has_ended(pod: Object) -> bool:
    """Failed or Succeeded: such a Pod is made again."""
    return (pod.get("status") or {}).get("phase") in {"Succeeded", "Failed"}
