"""The node lifecycle controller: notices silent kubelets, marks and taints their nodes.

Source: GC-004, GC-008, IDENTITY-004; ``pkg/controller/nodelifecycle/node_lifecycle_controller.go``.
The Leases that kubelets renew are not objects here: a kubelet renews once in every renewal period
from its start on, so that the last renewal is known without any timer.
"""

from __future__ import annotations

import math
from functools import partial
from typing import TYPE_CHECKING, Final

from conformance.adapters.simulator import meta
from conformance.adapters.simulator.clock import EPOCH
from conformance.adapters.simulator.controllers.controller import Controller
from conformance.adapters.simulator.controllers.nodes import taints, zones
from conformance.adapters.simulator.meta import Key, Object

if TYPE_CHECKING:
    from conformance.adapters.simulator.engine import Engine

CONDITIONS: Final = ("Ready", "MemoryPressure", "DiskPressure", "PIDPressure")


class NodeLifecycleController(Controller):
    """Watches over nodes that went silent, and keeps every node's taints as its Ready says."""

    name = "node-controller"
    watches = frozenset({"Node"})

    def __init__(self, engine: Engine) -> None:
        super().__init__(engine)
        self._agenda.curious |= self._turn
        self._silent: dict[str, float] = {}
        self._next_taint: dict[str, float] = {}

    def notice(self, type: str, new: Object, old: Object | None) -> None:
        """Any change of a node may change the state of its zone, and so the others' taints."""
        if old is None or type == "DELETED" or _matters(new, old):
            for node in self.store.list("Node"):
                self.enqueue(meta.key_of(node))

    def work(self) -> bool:
        """Besides the queue: whoever falls silent says nothing, so it looks whenever it is asked."""
        self._watch_kubelets()
        return super().work()

    # Silence.

    def _watch_kubelets(self) -> None:
        for name, kubelet in self.engine.kubelets.items():
            if kubelet.running:
                self._silent.pop(name, None)
            elif name not in self._silent:
                self._silent[name] = since = self.last_heard(name)
                self.clock.at(self.detection_time(since), partial(self._check, name, since))

    def last_heard(self, name: str) -> float:
        """When a kubelet that falls silent now renewed its lease last."""
        node = self.store.get("Node", None, name)
        ready = meta.condition_of(node, "Ready") if node is not None else None
        if ready is None:
            return self.clock.now
        started = meta.parse_time(ready["lastTransitionTime"]) - EPOCH
        period = self.settings.node_lease_renew_seconds
        return started + math.floor((self.clock.now - started) / period) * period

    def detection_time(self, last_heard: float) -> float:
        """The first look at the node after its grace period is over (GC-004)."""
        period = self.settings.node_monitor_period_seconds
        over = last_heard + self.settings.node_monitor_grace_seconds
        return (math.floor(over / period) + 1) * period

    def _check(self, name: str, since: float) -> None:
        node = self.store.get("Node", None, name)
        if node is not None and self._silent.get(name) == since:
            self.mark_lost(node)

    def mark_lost(self, node: Object) -> None:
        """All conditions Unknown; its Pods are no longer ready (GC-004)."""
        now = self.clock.timestamp()
        conditions = (node.get("status") or {}).get("conditions") or []
        for type_ in CONDITIONS:
            conditions = meta.with_condition(conditions, _unknown(node, type_), now)
        self.store.update_status(meta.with_status(node, conditions=conditions))
        message = f"Node {meta.name_of(node)} status is now: NodeNotReady"
        self.tell(node, "NodeNotReady", message)
        for pod in self.store.list("Pod"):
            if pod["spec"].get("nodeName") == meta.name_of(node) and meta.is_true(pod, "Ready"):
                self._mark_not_ready(pod)

    def _mark_not_ready(self, pod: Object) -> None:
        condition = {**(meta.condition_of(pod, "Ready") or {}), "status": "False"}
        conditions = meta.with_condition(
            pod["status"]["conditions"], condition, self.clock.timestamp()
        )
        self.store.update_status(meta.with_status(pod, conditions=conditions))
        self.tell(pod, "NodeNotReady", "Node is not ready", warning=True)

    # Taints.

    def reconcile(self, key: Key) -> None:
        """NoSchedule at once; NoExecute at the pace of the zone, or not at all (GC-008)."""
        node = self.store.get(*key)
        if node is None:
            return
        wanted, now = taints.key_for(node), self.clock.timestamp()
        kept = taints.with_lost_taint(taints.taints_of(node), wanted, "NoSchedule", now)
        executing = wanted if self._may_evict(node, wanted) else None
        kept = taints.with_lost_taint(kept, executing, "NoExecute", now)
        kept = taints.with_pressure_taint(kept, meta.is_true(node, "MemoryPressure"), now)
        if kept != list(taints.taints_of(node)):
            self.store.update(meta.with_path(node, ("spec", "taints"), kept or None))

    def _may_evict(self, node: Object, wanted: str | None) -> bool:
        nodes = self.store.list("Node")
        if wanted is None or zones.is_all_lost(nodes, self.settings):
            return False
        if any(taint["key"] in taints.LOST for taint in taints.executing(node)):
            return True
        zone = zones.zone_of(node)
        near = [one for one in nodes if zones.zone_of(one) == zone]
        interval = zones.taint_interval(near, self.settings)
        if interval is None:
            return False
        due = self._next_taint.get(zone, 0.0)
        if due > self.clock.now:
            key = meta.key_of(node)
            self.clock.at(due, lambda: self.enqueue(key))
            return False
        self._next_taint[zone] = self.clock.now + interval
        return True


def _matters(new: Object, old: Object) -> bool:
    return (
        taints.ready_status(new) != taints.ready_status(old)
        or meta.is_true(new, "MemoryPressure") != meta.is_true(old, "MemoryPressure")
        or taints.taints_of(new) != taints.taints_of(old)
        or zones.zone_of(new) != zones.zone_of(old)
    )


def _unknown(node: Object, type_: str) -> Object:
    known = meta.condition_of(node, type_)
    if known is None:
        reason, message = "NodeStatusNeverUpdated", "Kubelet never posted node status."
    else:
        reason, message = "NodeStatusUnknown", "Kubelet stopped posting node status."
    return {
        **(known or {}),
        "type": type_,
        "status": "Unknown",
        "reason": reason,
        "message": message,
    }
