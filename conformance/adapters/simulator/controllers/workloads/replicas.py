"""ReplicaSets and ReplicationControllers: as many active Pods as spec.replicas says.

Source: REPLICA-002..007; ``pkg/controller/replicaset/replica_set.go`` (one controller for both).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

from conformance.adapters.simulator import clock, errors, meta
from conformance.adapters.simulator.controllers.controller import Controller
from conformance.adapters.simulator.controllers.ownership import (
    Ownership,
    has_moved,
    selects,
    with_owner,
    without_owner,
)
from conformance.adapters.simulator.controllers.workloads import victims
from conformance.adapters.simulator.meta import Key, Object

if TYPE_CHECKING:
    from conformance.adapters.simulator.engine import Engine

KINDS: Final = ("ReplicaSet", "ReplicationController")


class ReplicaController(Controller):
    """Creates and deletes Pods, adopts and releases them, and reports."""

    name = "replicaset-controller"
    watches = frozenset({*KINDS, "Pod"})
    serves = frozenset(KINDS)

    def __init__(self, engine: Engine, owned: Ownership) -> None:
        super().__init__(engine)
        self.owned = owned
        self._retry_delays: dict[Key, float] = {}

    def notice(self, type: str, new: Object, old: Object | None) -> None:
        """Queue a changed workload, and those that a changed Pod belongs to or might."""
        kind = new["kind"]
        if kind in KINDS:
            if type == "DELETED":
                self._retry_delays.pop(meta.key_of(new), None)
            else:
                self.enqueue(meta.key_of(new))
        elif kind == "Pod":
            moved = has_moved(new, old)
            self._notice_pod(new, moved)
            if old is not None and moved:
                self._notice_pod(old, moved)

    def _notice_pod(self, pod: Object, moved: bool) -> None:
        """Its controller; or, when it has none and came or changed its labels, all that want it."""
        reference = meta.controller_of(pod)
        if reference is not None:
            if reference["kind"] in KINDS:
                self.enqueue((reference["kind"], meta.namespace_of(pod), reference["name"]))
            return
        for kind in KINDS if moved else ():
            for workload in self.store.list(kind):
                if selects(workload, pod):
                    self.enqueue(meta.key_of(workload))

    def reconcile(self, key: Key) -> None:
        """Count, create or delete, report."""
        workload = self.store.get(*key)
        if workload is None:
            return
        pods = self._claimed_pods(workload)
        active = [pod for pod in pods if victims.is_active(pod)]
        failure = None if meta.is_deleting(workload) else self._manage(workload, active)
        terminating = sum(is_terminating(pod) for pod in self.owned.children(workload, "Pod"))
        self._report(key, active, terminating, failure)

    # Ownership.

    def _claimed_pods(self, workload: Object) -> list[Object]:
        """Its Pods, after it took in what is its own and let go what is not (REPLICA-006)."""
        claimed = []
        for pod in self.owned.children(workload, "Pod"):
            if selects(workload, pod) or not victims.is_active(pod):
                claimed.append(pod)
            elif not meta.is_deleting(workload):
                self.release(workload, pod)
        if meta.is_deleting(workload):
            return claimed
        orphans = self.owned.orphan_pods(meta.namespace_of(workload))
        return claimed + [
            self.adopt(workload, pod)
            for pod in orphans
            if victims.is_active(pod) and selects(workload, pod)
        ]

    def adopt(self, workload: Object, pod: Object) -> Object:
        """The Pod with this workload as its controller."""
        return self.store.update(with_owner(pod, workload))

    def release(self, workload: Object, pod: Object) -> None:
        """The Pod goes on without this workload."""
        self.store.update(without_owner(pod, workload))

    # Numbers.

    def _manage(self, workload: Object, active: list[Object]) -> str | None:
        """Create what lacks, delete what is too much; the first error, if there was one."""
        lacking = self.lacking(workload, len(active))
        if lacking > 0:
            return self._create(workload, min(lacking, self.settings.replica_burst))
        if lacking < 0:
            surplus = min(-lacking, self.settings.replica_burst)
            related = self._related_pods(workload)
            now = clock.EPOCH + self.clock.now
            for pod in victims.victims_first(active, related, now)[:surplus]:
                self._delete(workload, pod)
        return None

    def lacking(self, workload: Object, active: int) -> int:
        """How many Pods there are too few (REPLICA-002)."""
        return int(workload["spec"].get("replicas", 1)) - active

    def _create(self, workload: Object, count: int) -> str | None:
        """Batches of 1, 2, 4, …; an error ends it with its batch, and is tried again (REPLICA-003)."""
        key = meta.key_of(workload)
        for batch in slow_start(count):
            failures = [error for _ in range(batch) if (error := self._create_one(workload))]
            if failures:
                self._retry_later(key)
                return failures[0]
        self._retry_delays.pop(key, None)
        return None

    def _create_one(self, workload: Object) -> str | None:
        try:
            pod = self.store.create(pod_from(workload))
        except errors.ApiError as error:
            self.tell(workload, "FailedCreate", f"Error creating: {error.message}", warning=True)
            return error.message
        self.tell(workload, "SuccessfulCreate", f"Created pod: {meta.name_of(pod)}")
        return None

    def _delete(self, workload: Object, pod: Object) -> None:
        self.store.delete(*meta.key_of(pod), uid=meta.uid_of(pod))
        self.tell(workload, "SuccessfulDelete", f"Deleted pod: {meta.name_of(pod)}")

    def _retry_later(self, key: Key) -> None:
        first, longest = self.settings.replica_retry_seconds
        delay = self._retry_delays.get(key, first)
        self._retry_delays[key] = min(2 * delay, longest)
        self.clock.after(delay, lambda: self.enqueue(key))

    def _related_pods(self, workload: Object) -> list[Object]:
        """The Pods of all replica sets with the same controller: they share its nodes (REPLICA-004)."""
        reference = meta.controller_of(workload)
        if reference is None:
            return self.owned.children(workload, "Pod")
        siblings = [
            one for one in self.store.list(workload["kind"]) if meta.controller_of(one) == reference
        ]
        return [pod for one in siblings for pod in self.owned.children(one, "Pod")]

    # Status.

    def _report(
        self, key: Key, active: list[Object], terminating: int, failure: str | None
    ) -> None:
        """Write the counts; look again when a Pod will have been ready long enough (REPLICA-007)."""
        workload = self.store.get(*key)
        if workload is None:
            return
        labels = (workload["spec"]["template"].get("metadata") or {}).get("labels") or {}
        minimum = workload["spec"].get("minReadySeconds") or 0
        waits = [wait for pod in active if (wait := self.until_available(pod, minimum)) is not None]
        counts = {
            "fullyLabeledReplicas": sum(
                labels.items() <= meta.labels_of(pod).items() for pod in active
            ),
            "readyReplicas": len(waits),
            "availableReplicas": sum(wait <= 0 for wait in waits),
        }
        status: dict[str, Any] = {
            "replicas": len(active),
            **{name: count for name, count in counts.items() if count},
            "observedGeneration": workload["metadata"].get("generation", 1),
        }
        if workload["kind"] == "ReplicaSet":
            status["terminatingReplicas"] = terminating
        conditions = self._conditions(workload, failure)
        if conditions:
            status["conditions"] = conditions
        write = self.report if failure is None else self.store.update_status
        write({**workload, "status": status})
        pending = [wait for wait in waits if wait > 0]
        if pending:
            self.clock.after(min(pending), lambda: self.enqueue(key))

    def until_available(self, pod: Object, minimum: float) -> float | None:
        """Seconds until the Pod counts as available; None while it is not ready."""
        ready = meta.condition_of(pod, "Ready")
        if ready is None or ready.get("status") != "True":
            return None
        if not minimum:
            return 0.0
        since = meta.parse_time(ready["lastTransitionTime"]) - clock.EPOCH
        return since + minimum - self.clock.now

    def _conditions(self, workload: Object, failure: str | None) -> list[Any]:
        """ReplicaFailure, while Pods cannot be created."""
        old = (workload.get("status") or {}).get("conditions") or []
        if failure is None:
            return [one for one in old if one["type"] != "ReplicaFailure"]
        if meta.condition_of(workload, "ReplicaFailure") is not None:
            return list(old)  # every failure has its own message, and only the first is kept
        condition = {
            "type": "ReplicaFailure",
            "status": "True",
            "reason": "FailedCreate",
            "message": failure,
        }
        return list(meta.with_condition(old, condition, self.clock.timestamp()))


def is_terminating(pod: Object) -> bool:
    """Going, and not ended yet."""
    phase = (pod.get("status") or {}).get("phase")
    return meta.is_deleting(pod) and phase not in {"Succeeded", "Failed"}


def pod_from(workload: Object) -> Object:
    """A new Pod from the template, owned by the workload."""
    template = workload["spec"]["template"]
    given = template.get("metadata") or {}
    metadata = {
        "generateName": f"{meta.name_of(workload)}-",
        "namespace": meta.namespace_of(workload),
        **{
            field: given[field]
            for field in ("labels", "annotations", "finalizers")
            if field in given
        },
        "ownerReferences": [meta.owner_reference(workload)],
    }
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": template["spec"]}


def slow_start(count: int) -> Iterator[int]:
    """Batch sizes 1, 2, 4, … that add up to the count."""
    batch = 1
    while count > 0:
        yield min(batch, count)
        count -= batch
        batch *= 2
