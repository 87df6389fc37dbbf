"""Pod garbage collection: Pods that nobody will ever finish are removed by force.

Source: GC-002, GC-003, GC-006, GC-007, IDENTITY-004; ``pkg/controller/podgc/gc_controller.go``.
It looks every period; as long as nothing could be collected, no timer runs.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from conformance.adapters.simulator import meta
from conformance.adapters.simulator.clock import Timer
from conformance.adapters.simulator.controllers.controller import Controller
from conformance.adapters.simulator.controllers.nodes import taints
from conformance.adapters.simulator.meta import Key, Object

if TYPE_CHECKING:
    from conformance.adapters.simulator.engine import Engine


class PodGarbageCollector(Controller):
    """Removes Pods of absent nodes, of nodes out of service, never bound ones, and old ended ones."""

    name = "pod-garbage-collector"
    watches = frozenset({"Node", "Pod"})
    statuses = watches - {"Pod"}

    def __init__(self, engine: Engine) -> None:
        super().__init__(engine)
        self._agenda.curious |= self._turn
        self._timer: Timer | None = None
        self._absent_since: dict[str, float] = {}
        self._ended_since: dict[str, float] = {}
        self._flags: dict[str, Any] = {}

    def notice(self, type: str, new: Object, old: Object | None) -> None:
        """Anything that may leave something to collect makes the next look happen."""
        if new["kind"] == "Node":
            if type == "DELETED" or taints.taints_of(new):
                self._look_later()
        elif type != "DELETED":
            if has_ended(new):
                self._ended_since.setdefault(meta.uid_of(new), self.clock.now)
                self._look_later()
            elif self._may_be_garbage(new):
                self._look_later()

    def work(self) -> bool:
        """Besides the queue: other flags may leave something to collect at the next look."""
        if self._flags != self.engine.flags:
            self._flags = dict(self.engine.flags)
            self._look_later()
        return super().work()

    def _may_be_garbage(self, pod: Object) -> bool:
        node = pod["spec"].get("nodeName")
        return self.store.get("Node", None, node) is None if node else meta.is_deleting(pod)

    def _look_later(self, not_before: float = 0.0) -> None:
        """At the next multiple of the period."""
        period = self.settings.pod_gc_period_seconds
        moment = (math.floor(self.clock.now / period) + 1) * period
        moment = max(moment, math.ceil(not_before / period) * period)
        if self._timer is not None and self._timer.at > moment:
            self._timer.cancel()
            self._timer = None
        if self._timer is None:
            self._timer = self.clock.at(moment, self._look)

    def _look(self) -> None:
        self._timer = None
        self.enqueue(("Pod", "", ""))

    def reconcile(self, key: Key) -> None:
        """One look."""
        if self.age_limit() is not None:
            self._collect_aged(self.store.list("Pod"))
        else:
            self._collect_terminated(self.store.list("Pod"))
        self._collect_out_of_service(self.store.list("Pod"))
        self._collect_orphans(self.store.list("Pod"))
        for pod in self.store.list("Pod"):
            if is_stranded(pod):
                self.remove(pod, None)

    # What is collected.

    def threshold(self) -> int:
        """How many Pods that have ended are kept; 0 or less: all of them (GC-002)."""
        flag = self.engine.flags.get("terminated-pod-gc-threshold")
        return self.settings.pod_gc_terminated_threshold if flag is None else int(flag)

    def age_limit(self) -> float | None:
        """Documented: for how many seconds a Pod that has ended is kept; None: age does not matter."""
        if self.settings.pod_gc_terminated_seconds is None:
            return None
        flag = self.engine.flags.get("terminated-pod-gc-seconds")
        return self.settings.pod_gc_terminated_seconds if flag is None else float(flag)

    def _collect_aged(self, pods: Sequence[Object]) -> None:
        """Documented: those that have ended long enough ago (GC-002)."""
        limit, now = self.age_limit() or 0.0, self.clock.now
        ended = {meta.uid_of(pod): pod for pod in pods if has_ended(pod)}
        self._ended_since = {uid: self._ended_since.get(uid, now) for uid in ended}
        due = {uid: since + limit for uid, since in self._ended_since.items()}
        for uid, pod in ended.items():
            if due[uid] <= now:
                self.remove(pod, None)
        later = [moment for moment in due.values() if moment > now]
        if later:
            self._look_later(min(later))

    def _collect_terminated(self, pods: Sequence[Object]) -> None:
        """As many as there are above the threshold: evicted first, then the oldest (GC-002, GC-003)."""
        threshold = self.threshold()
        ended = [pod for pod in pods if has_ended(pod)]
        if threshold > 0 and len(ended) > threshold:
            for pod in sorted(ended, key=terminated_order)[: len(ended) - threshold]:
                self.remove(pod, None)

    def _collect_out_of_service(self, pods: Sequence[Object]) -> None:
        """Terminating Pods of a node that is not ready and was declared out of service (GC-006)."""
        gone = {
            meta.name_of(node)
            for node in self.store.list("Node")
            if taints.ready_status(node) != "True"
            and any(taint["key"] == taints.OUT_OF_SERVICE for taint in taints.taints_of(node))
        }
        for pod in pods:
            if pod["spec"].get("nodeName") in gone and meta.is_deleting(pod):
                self.remove(pod, "node is out of service")

    def _collect_orphans(self, pods: Sequence[Object]) -> None:
        """Pods whose node has been absent, look by look, for the whole quarantine (GC-006)."""
        bound = {pod["spec"]["nodeName"] for pod in pods if pod["spec"].get("nodeName")}
        absent = {node for node in bound if self.store.get("Node", None, node) is None}
        since = {node: self._absent_since.get(node, self.clock.now) for node in absent}
        due = {node for node, at in since.items() if self.is_out_of_quarantine(at)}
        self._absent_since = {node: at for node, at in since.items() if node not in due}
        for pod in pods:
            if pod["spec"].get("nodeName") in due:
                self.remove(pod, "node no longer exists")
        if self._absent_since:
            self._look_later()

    def is_out_of_quarantine(self, absent_since: float) -> bool:
        """The node has been absent long enough to be gone for good."""
        return self.clock.now - absent_since >= self.settings.pod_gc_quarantine_seconds

    def remove(self, pod: Object, why: str | None) -> None:
        """Failed, if it had not ended and there is a reason to tell; then gone by force."""
        if why is not None and not has_ended(pod):
            condition = {
                "type": "DisruptionTarget",
                "status": "True",
                "reason": "DeletionByPodGC",
                "message": f"PodGC: {why}",
            }
            failed = meta.with_status(pod, phase="Failed")
            if condition["type"] in self.settings.unknown_conditions:
                failed = meta.with_status(failed, reason="NodeLost", message=condition["message"])
            else:
                conditions = (pod.get("status") or {}).get("conditions") or ()
                now = self.clock.timestamp()
                conditions = meta.with_condition(conditions, condition, now)
                failed = meta.with_status(failed, conditions=conditions)
            self.store.update_status(failed)
        self.store.delete(*meta.key_of(pod), grace=0, uid=meta.uid_of(pod))


def is_stranded(pod: Object) -> bool:
    """Going, and no kubelet will ever see it off (GC-007)."""
    return meta.is_deleting(pod) and not pod["spec"].get("nodeName")


def has_ended(pod: Object) -> bool:
    """Phase Succeeded or Failed."""
    return (pod.get("status") or {}).get("phase") in {"Succeeded", "Failed"}


def terminated_order(pod: Object) -> tuple[bool, str, str]:
    """Evicted Pods first, then by creation, then by name (GC-003)."""
    status = pod.get("status") or {}
    evicted = status.get("phase") == "Failed" and status.get("reason") == "Evicted"
    return not evicted, pod["metadata"].get("creationTimestamp") or "", meta.name_of(pod)
