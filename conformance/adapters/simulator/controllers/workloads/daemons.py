"""DaemonSets: a Pod on every node that is fit for it.

Source: DAEMON-001..005, 007, 008; ``pkg/controller/daemon/daemon_controller.go``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from attrs import define, field

from conformance.adapters.simulator import clock, errors, meta
from conformance.adapters.simulator.controllers.controller import Controller
from conformance.adapters.simulator.controllers.ownership import (
    Ownership,
    has_moved,
    selects,
    with_owner,
    without_owner,
)
from conformance.adapters.simulator.controllers.workloads import daemon_pods, daemon_rollout
from conformance.adapters.simulator.controllers.workloads.daemon_backoff import FailureBackoff
from conformance.adapters.simulator.meta import Key, Object

if TYPE_CHECKING:
    from conformance.adapters.simulator.engine import Engine

ENDED = frozenset({"Succeeded", "Failed"})


@define
class Todo:
    """What has to be done about one DaemonSet."""

    doomed: list[Object] = field(factory=list)
    nodes: list[str] = field(factory=list)


class DaemonSetController(Controller):
    """Puts daemon Pods on nodes, takes them away, replaces and updates them."""

    name = "daemonset-controller"
    watches = frozenset({"DaemonSet", "Node", "Pod"})
    serves = frozenset({"DaemonSet"})

    def __init__(self, engine: Engine, owned: Ownership) -> None:
        super().__init__(engine)
        self.owned = owned
        self.backoff = FailureBackoff(engine)

    def notice(self, type: str, new: Object, old: Object | None) -> None:
        """A DaemonSet; all of them when a node changes; the one of a Pod, or that might want it."""
        kind = new["kind"]
        if kind == "DaemonSet":
            if type != "DELETED":
                self.enqueue(meta.key_of(new))
        elif kind == "Node":
            if type == "MODIFIED" and old is not None and not matters(new, old):
                return
            for daemons in self.store.list("DaemonSet"):
                self.enqueue(meta.key_of(daemons))
        else:
            self._notice_pod(new, old)

    def _notice_pod(self, pod: Object, old: Object | None) -> None:
        for one in (pod, old) if old is not None and has_moved(pod, old) else (pod,):
            owner = meta.controller_of(one)
            if owner is not None and owner["kind"] == "DaemonSet":
                self.enqueue(("DaemonSet", meta.namespace_of(pod), owner["name"]))
        if meta.controller_of(pod) is None:
            for daemons in self.store.list("DaemonSet"):
                if selects(daemons, pod):
                    self.enqueue(meta.key_of(daemons))

    def reconcile(self, key: Key) -> None:
        """Every node, then a step of an update, then the status."""
        daemons = self.store.get(*key)
        if daemons is None or meta.is_deleting(daemons):
            return
        hash_ = daemon_pods.template_hash(daemons)
        todo = self._every_node(daemons, self._by_node(daemons))
        self._do(daemons, todo, hash_)
        if daemons["spec"]["updateStrategy"]["type"] == "RollingUpdate":
            self._do(daemons, self._update(daemons, hash_), hash_)
        self._report(daemons, hash_)

    # What is to be done.

    def _by_node(self, daemons: Object) -> dict[str, list[Object]]:
        """Its Pods by the node they are on or meant for; those that ended and are going are over."""
        found: dict[str, list[Object]] = {}
        for pod in self._claimed(daemons):
            if not (meta.is_deleting(pod) and phase(pod) in ENDED):
                found.setdefault(daemon_pods.node_of(pod), []).append(pod)
        return found

    def _every_node(self, daemons: Object, pods: Mapping[str, list[Object]]) -> Todo:
        todo = Todo()
        nodes = self.store.list("Node")
        for node in nodes:
            self._node(daemons, node, pods.get(meta.name_of(node), []), todo)
        known = set(map(meta.name_of, nodes))
        for name, found in pods.items():
            if name not in known:
                todo.doomed += [pod for pod in found if not pod["spec"].get("nodeName")]
        return todo

    def _node(self, daemons: Object, node: Object, pods: list[Object], todo: Todo) -> None:
        """DAEMON-001: one Pod, or none; ended ones go, and a new one comes in the next round."""
        fit = daemon_pods.fitness(daemons, node)
        staying = [pod for pod in pods if not meta.is_deleting(pod)]
        if not fit.stays:
            todo.doomed += staying
        elif fit.runs and not pods:
            todo.nodes.append(meta.name_of(node))
        else:
            ended = [pod for pod in staying if phase(pod) in ENDED]
            todo.doomed += [pod for pod in ended if self._may_go(daemons, node, pod)]
            running = daemon_pods.oldest_first([pod for pod in staying if pod not in ended])
            todo.doomed += self._excess(daemons, running)

    def _may_go(self, daemons: Object, node: Object, pod: Object) -> bool:
        """DAEMON-005: who succeeded at once; who failed after a back-off."""
        name = f"{meta.namespace_of(pod)}/{meta.name_of(pod)} on node {meta.name_of(node)}"
        if phase(pod) == "Succeeded":
            message = f"Found succeeded daemon pod {name}, will try to delete it"
            self.tell(daemons, "SucceededDaemonPod", message)
            return True
        wait = self.backoff.wait(meta.uid_of(daemons), meta.name_of(node))
        if wait > 0:
            self.clock.after(wait, lambda: self.enqueue(meta.key_of(daemons)))
            return False
        message = f"Found failed daemon pod {name}, will try to kill it"
        self.tell(daemons, "FailedDaemonPod", message, warning=True)
        return True

    def _excess(self, daemons: Object, running: Sequence[Object]) -> Sequence[Object]:
        """All but the oldest; during a surge, all but the oldest of each template."""
        if not daemon_rollout.allows_surge(daemons):
            return running[1:]
        hash_ = daemon_pods.template_hash(daemons)
        current = [pod for pod in running if daemon_pods.is_current(pod, hash_)]
        old = [pod for pod in running if pod not in current]
        if (
            current
            and old
            and (meta.is_true(current[0], "Ready") or not meta.is_true(old[0], "Ready"))
        ):
            return [*current[1:], *old]
        return [*current[1:], *old[1:]]

    def _update(self, daemons: Object, hash_: str) -> Todo:
        """DAEMON-008: the next step of a rolling update."""
        pods: Mapping[str, list[Object]] = self._by_node(daemons)
        fit = [node for node in self.store.list("Node") if daemon_pods.fitness(daemons, node).runs]
        if daemon_rollout.allows_surge(daemons):  # nobody new comes to a node that is not fit
            pods = {name: pods[name] for name in map(meta.name_of, fit) if name in pods}
        else:  # where there is none at all, one is missing
            pods = {**{meta.name_of(node): [] for node in fit}, **pods}
        step = daemon_rollout.next_step(
            daemons, pods, hash_, len(fit), lambda pod: self._is_available(daemons, pod)
        )
        return Todo(step.doomed, step.nodes)

    def _is_available(self, daemons: Object, pod: Object) -> bool:
        """Ready for minReadySeconds."""
        wait = self._until_available(daemons, pod)
        return wait is not None and wait <= 0

    def _until_available(self, daemons: Object, pod: Object) -> float | None:
        ready = meta.condition_of(pod, "Ready")
        if ready is None or ready.get("status") != "True":
            return None
        since = meta.parse_time(ready["lastTransitionTime"]) - clock.EPOCH
        return since + float(daemons["spec"].get("minReadySeconds") or 0) - self.clock.now

    # Doing it.

    def _do(self, daemons: Object, todo: Todo, hash_: str) -> None:
        for node in todo.nodes:
            try:
                made = daemon_pods.pod_for(daemons, node, hash_, self.settings)
                pod = self.store.create(made)
            except errors.ApiError as error:
                self.tell(daemons, "FailedCreate", f"Error creating: {error.message}", warning=True)
                self.clock.after(1.0, lambda: self.enqueue(meta.key_of(daemons)))
                break
            self.tell(daemons, "SuccessfulCreate", f"Created pod: {meta.name_of(pod)}")
        for pod in todo.doomed:
            self.store.delete(*meta.key_of(pod), uid=meta.uid_of(pod))
            self.tell(daemons, "SuccessfulDelete", f"Deleted pod: {meta.name_of(pod)}")

    def _claimed(self, daemons: Object) -> list[Object]:
        """Its Pods, after it took in what is its own and let go what is not."""
        claimed = []
        for pod in self.owned.children(daemons, "Pod"):
            if selects(daemons, pod) or meta.is_deleting(pod):
                claimed.append(pod)
            else:
                self.store.update(without_owner(pod, daemons))
        return claimed + [
            self.store.update(with_owner(pod, daemons))
            for pod in self.owned.orphan_pods(meta.namespace_of(daemons))
            if not meta.is_deleting(pod) and selects(daemons, pod)
        ]

    # Status.

    def _report(self, daemons: Object, hash_: str) -> None:
        pods = self._by_node(daemons)
        counts = dict.fromkeys(
            ("desired", "current", "misscheduled", "ready", "available", "updated"), 0
        )
        waits: list[float] = []
        for node in self.store.list("Node"):
            found = daemon_pods.oldest_first(pods.get(meta.name_of(node), []))
            if not daemon_pods.fitness(daemons, node).runs:
                counts["misscheduled"] += bool(found)
                continue
            counts["desired"] += 1
            if not found:
                continue
            counts["current"] += 1
            counts["updated"] += self.is_counted_current(found[0], hash_)
            wait = self._until_available(daemons, found[0])
            if wait is not None:
                counts["ready"] += 1
                counts["available"] += wait <= 0
                waits.append(wait)
        self.report({**daemons, "status": status_of(daemons, counts)})
        if pending := [wait for wait in waits if wait > 0]:
            self.clock.after(min(pending), lambda: self.enqueue(meta.key_of(daemons)))

    def is_counted_current(self, pod: Object, hash_: str) -> bool:
        """DAEMON-007: updatedNumberScheduled counts Pods of the current template."""
        return daemon_pods.is_current(pod, hash_)


def status_of(daemons: Object, counts: Mapping[str, int]) -> Object:
    """The counts as a status has them."""
    optional = {
        "updatedNumberScheduled": counts["updated"],
        "numberAvailable": counts["available"],
        "numberUnavailable": counts["desired"] - counts["available"],
    }
    return {
        "currentNumberScheduled": counts["current"],
        "desiredNumberScheduled": counts["desired"],
        "numberMisscheduled": counts["misscheduled"],
        "numberReady": counts["ready"],
        **{name: count for name, count in optional.items() if count},
        "observedGeneration": daemons["metadata"].get("generation", 1),
    }


def matters(node: Object, old: Object) -> bool:
    """Whether a change of a node may change who belongs there."""
    return meta.labels_of(node) != meta.labels_of(old) or (node.get("spec") or {}).get(
        "taints"
    ) != (old.get("spec") or {}).get("taints")


def phase(pod: Object) -> str:
    """status.phase."""
    return str((pod.get("status") or {}).get("phase") or "Pending")
