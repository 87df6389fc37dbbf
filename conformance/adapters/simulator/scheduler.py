"""The scheduler: binds each Pod to one feasible node, or says why there is none.

Decides SCHED-001 to 004, 006, 007, 010, PV-005, PV-011, PV-012 as far as Pods show it. The real one backs
off for some seconds between two looks at a Pod; this one looks as soon as something has changed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from attrs import define, field

from conformance.adapters.simulator import claims, meta, predicates, resources, scheduled
from conformance.adapters.simulator.meta import Object
from conformance.adapters.simulator.resources import Amounts

if TYPE_CHECKING:
    from conformance.adapters.simulator.engine import Engine

NAME: Final = "default-scheduler"
SELECTOR_MISMATCH: Final = "node(s) didn't match Pod's node affinity/selector"
UNSCHEDULABLE_NODE: Final = "node(s) were unschedulable"

WATCHES: Final = frozenset(
    {"Pod", "Node", "PersistentVolumeClaim", "PersistentVolume", "StorageClass"}
)

PodKey = tuple[str, str]


@define
class NodeInfo:
    """What is reserved on a node, kept up to date Pod by Pod (SCHED-007)."""

    pods: dict[PodKey, Amounts] = field(factory=dict)
    taken: Amounts = field(factory=dict)
    ports: dict[PodKey, frozenset[tuple[str, str, int]]] = field(factory=dict)

    def add(self, key: PodKey, pod: Object) -> None:
        """A Pod holds its requests from binding on."""
        if key in self.pods:
            return
        self.pods[key] = resources.effective_requests(pod)
        self.taken = resources.total([self.taken, self.pods[key]])
        if ports := predicates.host_ports(pod):
            self.ports[key] = ports

    def remove(self, key: PodKey) -> bool:
        """It is terminal, or gone; False when it held nothing."""
        held = self.pods.pop(key, None)
        self.ports.pop(key, None)
        if held is None:
            return False
        self.taken = {name: amount - held.get(name, 0) for name, amount in self.taken.items()}
        return True


class Scheduler:
    """Watches Pods without a node."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.store = engine.store
        self.nodes: dict[str, NodeInfo] = {}
        self.running = True
        self._queue: dict[PodKey, None] = {}
        self._unschedulable: dict[PodKey, None] = {}
        self.store.subscribe(self.notice, WATCHES, statuses=WATCHES - {"Pod"})

    # What to look at.

    def notice(self, type_: str, new: Object, old: Object | None) -> None:
        """Queue Pods that wait for a node; whatever may help one that found none queues it again."""
        kind = new["kind"]
        if kind == "Pod":
            self._notice_pod(type_, new, old)
        elif kind == "Node":
            if type_ == "MODIFIED" and old is not None and not may_help(new, old):
                return
            self._retry()
        else:
            self._retry()

    def _notice_pod(self, type_: str, pod: Object, old: Object | None) -> None:
        key = (meta.namespace_of(pod), meta.name_of(pod))
        node = pod["spec"].get("nodeName")
        if node:
            info = self.nodes.get(node)
            if info is None:
                info = self.nodes[node] = NodeInfo()
            if type_ != "DELETED" and predicates.holds_resources(pod):
                self._queue.pop(key, None)
                self._unschedulable.pop(key, None)
                info.add(key, pod)
            elif info.remove(key):
                self._retry()
        elif type_ == "DELETED" or meta.is_deleting(pod) or not is_mine(pod):
            self._queue.pop(key, None)
            self._unschedulable.pop(key, None)
        elif (
            old is None
            or old["spec"] != pod["spec"]
            or old["metadata"].get("labels") != pod["metadata"].get("labels")
        ):
            self._queue[key] = None

    def _retry(self) -> None:
        """Something changed that may make a node feasible (SCHED-002)."""
        self._queue.update(self._unschedulable)
        self._unschedulable.clear()

    def work(self) -> bool:
        """Schedule everything that is queued now."""
        if not (self._queue and self.running):
            return False
        queue, self._queue = self._queue, {}
        for namespace, name in queue:
            pod = self.store.get("Pod", namespace, name)
            if pod is not None and not pod["spec"].get("nodeName") and not meta.is_deleting(pod):
                self.schedule(pod)
        return True

    def stop(self) -> None:
        """Nobody schedules from now on; all that was scheduled stays (SCHED-010)."""
        self.running = False

    def start(self) -> None:
        """Another process, which looks at every Pod that waits."""
        self.running = True
        self._retry()

    # Deciding.

    def schedule(self, pod: Object) -> None:
        """Bind the Pod to the best feasible node, or tell why not (SCHED-002, SCHED-003)."""
        pod = self.begin(pod)
        problem = self.claims_problem(pod)
        if problem is not None:
            self.refuse(pod, f"0/{len(self.store.list('Node'))} nodes are available: {problem}.")
            return
        nodes = self.store.list("Node")
        feasible, reasons = [], dict[str, int]()
        for node in nodes:
            problems = self.problems(pod, node)
            if not problems:
                feasible.append(node)
            for each in problems:
                reasons[each] = reasons.get(each, 0) + 1
        if feasible:
            self.place(pod, self.choose(pod, feasible))
        else:
            listed = ", ".join(f"{count} {reason}" for reason, count in sorted(reasons.items()))
            self.refuse(pod, f"0/{len(nodes)} nodes are available{': ' if listed else ''}{listed}.")

    def begin(self, pod: Object) -> Object:
        """The Pod is being scheduled; in the documented profile it says so (CONDITION-002)."""
        old = (pod.get("status") or {}).get("conditions") or ()
        now = self.engine.clock.timestamp()
        conditions = scheduled.begun(old, self.engine.settings, now)
        if conditions is old:
            return pod
        return self.store.update_status(meta.with_status(pod, conditions=conditions))

    def problems(self, pod: Object, node: Object) -> list[str]:
        """Why the node is not feasible; empty when it is."""
        if predicates.is_cordoned_for(pod, node):
            return [UNSCHEDULABLE_NODE]
        taint = predicates.untolerated(pod, node, predicates.HARD_EFFECTS)
        if taint is not None:
            return [f"node(s) had untolerated taint {{{taint['key']}: {taint.get('value', '')}}}"]
        if not predicates.selector_matches(pod, node):
            return [SELECTOR_MISMATCH]
        if self.port_conflict(pod, node):
            return [predicates.PORT_CONFLICT]
        return self.lacks(pod, node) or claims.node_problems(pod, node, self.store)

    def lacks(self, pod: Object, node: Object) -> list[str]:
        """Which resources the node cannot spare (SCHED-004); limits do not matter (SCHED-006)."""
        info = self.nodes.get(meta.name_of(node)) or NodeInfo()
        capacity = predicates.allocatable(node)
        return predicates.insufficient(
            resources.effective_requests(pod),
            predicates.remaining(capacity, info.taken),
            len(info.pods) < predicates.pods_of(capacity),
        )

    def port_conflict(self, pod: Object, node: Object) -> bool:
        """Is a host port that the Pod wants in use on the node?"""
        wanted = predicates.host_ports(pod)
        info = self.nodes.get(meta.name_of(node))
        if not wanted or info is None:
            return False
        return any(predicates.ports_clash(wanted, used) for used in info.ports.values())

    def claims_problem(self, pod: Object) -> str | None:
        """Why no node at all will do, because of the Pod's claims (PV-005, PV-012)."""
        return claims.pod_problem(pod, self.store)

    def choose(self, pod: Object, feasible: list[Object]) -> Object:
        """The node of the highest score; a random one of equals (SCHED-003)."""
        if len(feasible) == 1:
            return feasible[0]
        preferred = [predicates.preference(pod, node) for node in feasible]
        largest = max(preferred)
        scores = [
            self.score(node) + (2 * (100 * weight // largest) if largest else 0)
            for node, weight in zip(feasible, preferred, strict=True)
        ]
        best = max(scores)
        equals = [node for node, score in zip(feasible, scores, strict=True) if score == best]
        return equals[0] if len(equals) == 1 else self.engine.random.choice(equals)

    def score(self, node: Object) -> int:
        """How much of the node's CPU and memory is free, 0 to 100 (LeastAllocated)."""
        info = self.nodes.get(meta.name_of(node)) or NodeInfo()
        capacity = predicates.allocatable(node)
        free = [
            100 * max(capacity[name] - info.taken.get(name, 0), 0) // capacity[name]
            for name in ("cpu", "memory")
            if capacity.get(name)
        ]
        return sum(free) // len(free) if free else 0

    # Acting.

    def place(self, pod: Object, node: Object) -> None:
        """Bind the Pod, once the claims that waited for it have their volumes (PV-011)."""
        key = (meta.namespace_of(pod), meta.name_of(pod))
        if claims.select_node(pod, node, self.store):
            self._unschedulable[key] = None
            return
        name = meta.name_of(node)
        self.store.bind(*key, name)
        message = f"Successfully assigned {key[0]}/{key[1]} to {name}"
        self.store.event(pod, "Scheduled", message, component=NAME)

    def refuse(self, pod: Object, message: str) -> None:
        """The Pod stays Pending, and says why (SCHED-002)."""
        self._unschedulable[meta.namespace_of(pod), meta.name_of(pod)] = None
        old = (pod.get("status") or {}).get("conditions") or ()
        now = self.engine.clock.timestamp()
        conditions = scheduled.refused(old, message, self.engine.settings, now)
        self.store.update_status(meta.with_status(pod, conditions=conditions))
        self.store.event(pod, "FailedScheduling", message, "Warning", NAME)


def is_mine(pod: Mapping[str, Any]) -> bool:
    """A Pod for this scheduler, and nothing holds it back."""
    spec = pod["spec"]
    return spec.get("schedulerName", NAME) == NAME and not spec.get("schedulingGates")


def may_help(node: Mapping[str, Any], old: Mapping[str, Any]) -> bool:
    """Could this change of a node make it feasible?"""
    return (
        node.get("spec") != old.get("spec")
        or meta.labels_of(node) != meta.labels_of(old)
        or (node.get("status") or {}).get("allocatable")
        != (old.get("status") or {}).get("allocatable")
    )
