"""Taint-based eviction: Pods leave a node whose NoExecute taints they do not tolerate any longer.

Source: GC-005, GC-006, IDENTITY-003, IDENTITY-004; ``pkg/controller/tainteviction``. Under the
documented profile a lost node's Pods go after one delay for all, and are Failed.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from conformance.adapters.simulator import meta
from conformance.adapters.simulator.clock import Timer
from conformance.adapters.simulator.controllers.controller import Controller
from conformance.adapters.simulator.controllers.nodes import taints
from conformance.adapters.simulator.meta import Key, Object

if TYPE_CHECKING:
    from conformance.adapters.simulator.engine import Engine


class TaintEvictionController(Controller):
    """Deletes Pods when their time on a tainted node is over; cancels that when the taint goes."""

    name = "taint-eviction-controller"
    watches = frozenset({"Node", "Pod"})
    statuses = frozenset()

    def __init__(self, engine: Engine) -> None:
        super().__init__(engine)
        self._since: dict[Key, tuple[str, float]] = {}
        self._timers: dict[Key, Timer] = {}

    def notice(self, type: str, new: Object, old: Object | None) -> None:
        """Queue a Pod that was bound to a tainted node, and all Pods of a node whose taints changed."""
        if new["kind"] == "Node":
            before = taints.executing(old) if old is not None else []
            if type != "DELETED" and taints.executing(new) != before:
                for pod in self.store.list("Pod"):
                    if pod["spec"].get("nodeName") == meta.name_of(new):
                        self.enqueue(meta.key_of(pod))
        elif new["kind"] == "Pod" and (
            old is None or type == "DELETED" or old["spec"] is not new["spec"]
        ):
            self.enqueue(meta.key_of(new))

    def reconcile(self, key: Key) -> None:
        """Set, move or cancel the Pod's time to go."""
        pod = self.store.get(*key)
        if pod is None or meta.is_deleting(pod):
            self._forget(key)
            return
        node = self.store.get("Node", None, pod["spec"].get("nodeName") or "")
        marked = taints.executing(node) if node is not None else []
        if not marked:
            if self._forget(key):
                message = f"Cancelling deletion of Pod {key[1]}/{key[2]}"
                self.tell(pod, "TaintManagerEviction", message)
            return
        stay = self.seconds_to_stay(pod, marked)
        uid, since = self._since.get(key, ("", 0.0))
        if uid != meta.uid_of(pod):
            since = self.clock.now
        self._forget(key)
        if math.isinf(stay):
            return
        if since + stay <= self.clock.now:
            self.evict(pod)
            return
        self._since[key] = (meta.uid_of(pod), since)
        self._timers[key] = self.clock.at(since + stay, lambda: self.enqueue(key))

    def seconds_to_stay(self, pod: Object, marked: list[taints.Taint]) -> float:
        """As the Pod tolerates; or the one delay that the documented controller has (GC-005)."""
        delay = self.settings.node_eviction_seconds
        if delay is None:
            return taints.seconds_tolerated(pod, marked)
        others = [taint for taint in marked if taint["key"] not in taints.LOST]
        lost = delay if len(others) < len(marked) and not is_daemon(pod) else math.inf
        return min(lost, taints.seconds_tolerated(pod, others))

    def evict(self, pod: Object) -> None:
        """Say why, and delete it; no phase is touched, but in the documented profile (GC-006)."""
        now, status = self.clock.timestamp(), pod.get("status") or {}
        condition = {
            "type": "DisruptionTarget",
            "status": "True",
            "reason": "DeletionByTaintManager",
            "message": "Taint manager: deleting due to NoExecute taint",
        }
        changed = pod
        if condition["type"] not in self.settings.unknown_conditions:
            conditions = meta.with_condition(status.get("conditions") or (), condition, now)
            changed = meta.with_status(pod, conditions=conditions)
        if self.settings.node_lost_pods_fail and self._is_lost(pod):
            changed = meta.with_status(changed, phase="Failed", reason="NodeLost")
        self.store.update_status(changed)
        key = meta.key_of(pod)
        self.tell(pod, "TaintManagerEviction", f"Marking for deletion Pod {key[1]}/{key[2]}")
        self.store.delete(*key, uid=meta.uid_of(pod))

    def _is_lost(self, pod: Object) -> bool:
        node = self.store.get("Node", None, pod["spec"].get("nodeName") or "")
        ended = (pod.get("status") or {}).get("phase") in {"Succeeded", "Failed"}
        return not ended and node is not None and taints.key_for(node) == taints.UNREACHABLE

    def _forget(self, key: Key) -> bool:
        """Drop the Pod's time to go; whether it had one."""
        self._since.pop(key, None)
        timer = self._timers.pop(key, None)
        if timer is not None:
            timer.cancel()
        return timer is not None


def is_daemon(pod: Object) -> bool:
    """DAEMON-003: daemon Pods are not evicted on node failure, whatever profile."""
    return (meta.controller_of(pod) or {}).get("kind") == "DaemonSet"
