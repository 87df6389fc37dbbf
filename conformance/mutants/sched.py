"""SCHED: schedulers that mistake what a node must have, or forget who waits."""

from __future__ import annotations

from typing import Any, Final

from conformance.adapters.simulator import errors, meta, predicates, resources
from conformance.adapters.simulator.scheduler import NodeInfo, Scheduler
from conformance.mutants import SIMULATOR, mutant

SCHEDULER: Final = f"{SIMULATOR}.scheduler:Scheduler"
NODE_INFO: Final = f"{SIMULATOR}.scheduler:NodeInfo"
PREDICATES: Final = f"{SIMULATOR}.predicates"
RESOURCES: Final = f"{SIMULATOR}.resources"
REPLICAS: Final = f"{SIMULATOR}.controllers.workloads.replicas:ReplicaController"


# SCHED-001 and 003: which nodes are feasible.


@mutant("SCHED-001", f"{PREDICATES}:selector_matches")
def one_label_of_the_selector_is_enough(original: Any) -> Any:
    """A node is feasible that has one of the labels of nodeSelector."""

    def matches(pod: Any, node: Any) -> bool:
        wanted = pod["spec"].get("nodeSelector") or {}
        labels = meta.labels_of(node)
        found = {key: value for key, value in wanted.items() if labels.get(key) == value}
        return bool(original({"spec": {**pod["spec"], "nodeSelector": found or wanted}}, node))

    return matches


@mutant("SCHED-001", f"{PREDICATES}:selector_matches", profile="documented")
def the_key_of_the_selector_is_enough(original: Any) -> Any:
    """A node is feasible that has the keys of nodeSelector, whatever their values."""

    def matches(pod: Any, node: Any) -> bool:
        labels = meta.labels_of(node)
        wanted = pod["spec"].get("nodeSelector") or {}
        loose = {key: labels.get(key, value) for key, value in wanted.items()}
        return bool(original({"spec": {**pod["spec"], "nodeSelector": loose}}, node))

    return matches


@mutant("SCHED-003", f"{PREDICATES}:untolerated")
def taints_do_not_matter(_: Any) -> Any:
    """Pods are bound to nodes whose taints they do not tolerate."""
    return lambda *_: None


@mutant("SCHED-003", f"{SCHEDULER}.problems", profile="documented")
def a_cordon_does_not_matter(original: Any) -> Any:
    """Pods are bound to nodes that were marked unschedulable."""

    def problems(scheduler: Scheduler, pod: Any, node: Any) -> Any:
        return original(scheduler, pod, {**node, "spec": {**node["spec"], "unschedulable": False}})

    return problems


@mutant("SCHED-003", f"{SCHEDULER}.schedule")
def the_last_node_is_spared(original: Any) -> Any:
    """A Pod is not bound where only one node is feasible."""

    def schedule(scheduler: Scheduler, pod: Any) -> None:
        nodes = scheduler.store.list("Node")
        feasible = [node for node in nodes if not scheduler.problems(pod, node)]
        if len(feasible) == 1:
            scheduler.refuse(pod, f"0/{len(nodes)} nodes are available.")
        else:
            original(scheduler, pod)

    return schedule


# SCHED-002: who fits nowhere.


@mutant("SCHED-002", f"{SCHEDULER}.refuse")
def who_fits_nowhere_fails(original: Any) -> Any:
    """A Pod that fits nowhere becomes Failed."""

    def refuse(scheduler: Scheduler, pod: Any, message: str) -> None:
        original(scheduler, pod, message)
        now = scheduler.store.read("Pod", meta.namespace_of(pod), meta.name_of(pod))
        scheduler.store.update_status(meta.with_status(now, phase="Failed"))

    return refuse


@mutant("SCHED-002", f"{SCHEDULER}.refuse", profile="documented")
def who_fits_nowhere_is_deleted(original: Any) -> Any:
    """A Pod that fits nowhere is told so, and deleted."""

    def refuse(scheduler: Scheduler, pod: Any, message: str) -> None:
        original(scheduler, pod, message)
        scheduler.store.remove("Pod", meta.namespace_of(pod), meta.name_of(pod))

    return refuse


@mutant("SCHED-002", f"{SCHEDULER}.refuse")
def nobody_is_told_why(_: Any) -> Any:
    """A Pod that fits nowhere waits without a word."""

    def refuse(scheduler: Scheduler, pod: Any, __: str) -> None:
        scheduler._unschedulable[meta.namespace_of(pod), meta.name_of(pod)] = None

    return refuse


@mutant("SCHED-002", f"{SCHEDULER}.refuse")
def the_message_counts_wrongly(original: Any) -> Any:
    """The message says that there are no nodes at all."""
    return lambda scheduler, pod, _: original(scheduler, pod, "0/0 nodes are available.")


@mutant("SCHED-002", f"{SIMULATOR}.scheduler:may_help")
def a_label_is_no_reason_to_look_again(_: Any) -> Any:
    """A Pod that fits nowhere is not looked at again when a node changes."""
    return lambda *_: False


@mutant("SCHED-002", f"{SCHEDULER}._retry", profile="documented")
def nobody_is_looked_at_twice(_: Any) -> Any:
    """A Pod that fits nowhere is forgotten."""
    return lambda _: None


# SCHED-004 to 007: room.


@mutant("SCHED-004", f"{PREDICATES}:insufficient")
def what_fits_exactly_does_not_fit(original: Any) -> Any:
    """There must be more free than is requested."""

    def insufficient(wanted: Any, free: Any, pods_left: bool) -> Any:
        more = {name: amount + 1 if amount else 0 for name, amount in wanted.items()}
        return original(more, free, pods_left)

    return insufficient


@mutant("SCHED-004", f"{PREDICATES}:insufficient", profile="documented")
def memory_is_not_looked_at(original: Any) -> Any:
    """Only CPU and the number of Pods are looked at."""

    def insufficient(wanted: Any, free: Any, pods_left: bool) -> Any:
        return original({"cpu": wanted.get("cpu", 0)}, free, pods_left)

    return insufficient


@mutant("SCHED-004", f"{PREDICATES}:insufficient")
def there_is_always_another_place(original: Any) -> Any:
    """A node takes any number of Pods."""
    return lambda wanted, free, _: original(wanted, free, True)


@mutant("SCHED-004", f"{PREDICATES}:insufficient")
def who_asks_for_nothing_needs_something_left(_: Any) -> Any:
    """A Pod that requests no CPU does not fit where there is none left."""

    def insufficient(wanted: Any, free: Any, pods_left: bool) -> Any:
        reasons = [
            f"Insufficient {name}"
            for name, left in free.items()
            if name in ("cpu", "memory")
            and wanted.get(name, 0) >= left
            and (left <= 0 or wanted.get(name, 0) > left)
        ]
        return sorted([*reasons, *(() if pods_left else (predicates.TOO_MANY_PODS,))])

    return insufficient


@mutant("SCHED-005", f"{RESOURCES}:aggregate_requests")
def only_app_containers_request(_: Any) -> Any:
    """Init containers and sidecars are left out of the account."""
    return lambda spec: resources.total(map(resources.requests_of, spec.get("containers") or ()))


@mutant("SCHED-005", f"{RESOURCES}:aggregate_requests", profile="documented")
def all_containers_are_added_up(_: Any) -> Any:
    """Init containers count as if they ran beside all others."""

    def aggregate(spec: Any) -> Any:
        every = (*(spec.get("initContainers") or ()), *(spec.get("containers") or ()))
        return resources.total(map(resources.requests_of, every))

    return aggregate


@mutant("SCHED-005", f"{RESOURCES}:is_pod_level")
def the_pod_as_a_whole_requests_nothing(_: Any) -> Any:
    """Requests of the Pod itself do not replace those of its containers."""
    return lambda _: False


@mutant("SCHED-005", f"{RESOURCES}:effective_requests")
def overhead_is_free(original: Any) -> Any:
    """spec.overhead is not added."""

    def effective(pod: Any) -> Any:
        spec = {
            name: value for name, value in (pod.get("spec") or {}).items() if name != "overhead"
        }
        return original({**pod, "spec": spec})

    return effective


@mutant("SCHED-006", f"{SIMULATOR}.scheduler:resources.effective_requests")
def limits_are_reserved(original: Any) -> Any:
    """A node must have room for the limits of its Pods."""

    def effective(pod: Any) -> Any:
        limits = resources.total(map(resources.limits_of, pod["spec"]["containers"]))
        return resources.largest(original(pod), limits)

    return effective


@mutant("SCHED-006", f"{SIMULATOR}.scheduler:resources.effective_requests", profile="documented")
def limits_stand_for_requests(original: Any) -> Any:
    """Where a container has a limit, that is what it is taken to request."""

    def effective(pod: Any) -> Any:
        limits = resources.total(map(resources.limits_of, pod["spec"]["containers"]))
        return {**original(pod), **limits}

    return effective


@mutant("SCHED-007", f"{SIMULATOR}.scheduler:predicates.holds_resources")
def who_is_asked_to_end_holds_nothing(original: Any) -> Any:
    """The request of a Pod is released when its deletion begins."""
    return lambda pod: original(pod) and not meta.is_deleting(pod)


@mutant("SCHED-007", f"{NODE_INFO}.remove", profile="documented")
def nothing_is_released(_: Any) -> Any:
    """What an ended Pod requested stays reserved."""
    return lambda *_: False


@mutant("SCHED-007", f"{SCHEDULER}.lacks")
def usage_is_what_counts(original: Any) -> Any:
    """A node has as much room as its containers leave of it."""

    def lacks(scheduler: Scheduler, pod: Any, node: Any) -> Any:
        kubelet = scheduler.engine.kubelets[meta.name_of(node)]
        used = sum(
            run.memory_bytes for worker in kubelet.workers() for run in worker.runtime.running()
        )
        info = scheduler.nodes.get(meta.name_of(node)) or NodeInfo()
        scheduler.nodes[meta.name_of(node)] = NodeInfo(
            info.pods, {"memory": used * 1000}, info.ports
        )
        try:
            return original(scheduler, pod, node)
        finally:
            scheduler.nodes[meta.name_of(node)] = info

    return lacks


# SCHED-008: once.


@mutant("SCHED-008", f"{SIMULATOR}.api.pods:binding_obstacle")
def a_binding_may_be_written_over(_: Any) -> Any:
    """A second Binding moves the Pod."""
    return lambda _: None


@mutant("SCHED-008", f"{SIMULATOR}.api.pods:binding_obstacle", profile="documented")
def who_goes_may_still_be_bound(original: Any) -> Any:
    """A Pod that is being deleted may be bound."""

    def obstacle(pod: Any) -> Any:
        metadata = {
            key: value for key, value in pod["metadata"].items() if key != "deletionTimestamp"
        }
        return original({**pod, "metadata": metadata})

    return obstacle


@mutant("SCHED-008", f"{SIMULATOR}.store:api.bound")
def the_message_names_the_wrong_node(original: Any) -> Any:
    """The refusal of a second Binding names the node that was asked for."""

    def bound(pod: Any, node: str, *more: Any) -> Any:
        if pod["spec"].get("nodeName") and not meta.is_deleting(pod):
            name = meta.name_of(pod)
            raise errors.conflict(
                "Pod", name, f'pod {name} is already assigned to node "not-{node}"'
            )
        return original(pod, node, *more)

    return bound


@mutant("SCHED-008", f"{SIMULATOR}.api.pod_changes:validate_change")
def a_pod_can_be_moved_by_an_update(original: Any) -> Any:
    """spec.nodeName is a field like any other."""

    def validate(new: Any, old: Any, problems: Any) -> None:
        kept = {**new["spec"], "nodeName": old["spec"].get("nodeName")}
        if not old["spec"].get("nodeName"):
            kept.pop("nodeName")
        original({**new, "spec": kept}, old, problems)

    return validate


# SCHED-009: who is replaced.


@mutant("SCHED-009", f"{SIMULATOR}.store:Store._drop")
def bare_pods_come_back(original: Any) -> Any:
    """A Pod without a controller is made anew when it is gone."""

    def drop(store: Any, old: Any) -> Any:
        gone = original(store, old)
        if old["kind"] == "Pod" and not old["metadata"].get("ownerReferences"):
            spec = {name: value for name, value in old["spec"].items() if name != "nodeName"}
            metadata = {"name": meta.name_of(old), "namespace": meta.namespace_of(old)}
            store.create({"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec})
        return gone

    return drop


@mutant("SCHED-009", f"{REPLICAS}.notice")
def who_is_gone_is_not_missed(original: Any) -> Any:
    """A controller does not hear of Pods that are deleted."""

    def notice(controller: Any, type: str, new: Any, old: Any) -> None:
        if new["kind"] != "Pod" or (type == "ADDED" and not meta.is_deleting(new)):
            original(controller, type, new, old)

    return notice


# SCHED-010: without a scheduler.


@mutant("SCHED-010", f"{SCHEDULER}.stop")
def the_pods_go_with_the_scheduler(original: Any) -> Any:
    """When the scheduler stops, the Pods that wait are deleted."""

    def stop(scheduler: Scheduler) -> None:
        original(scheduler)
        for pod in scheduler.store.list("Pod"):
            scheduler.store.remove("Pod", meta.namespace_of(pod), meta.name_of(pod))

    return stop


@mutant("SCHED-010", f"{SCHEDULER}.start")
def nobody_is_remembered(original: Any) -> Any:
    """A scheduler that starts looks only at Pods that come after it."""

    def start(scheduler: Scheduler) -> None:
        original(scheduler)
        scheduler._queue.clear()

    return start
