"""GC: clusters that clear away too much or too little, and mistake what a lost node means."""

from __future__ import annotations

from typing import Any, Final

from conformance.adapters.simulator import meta
from conformance.adapters.simulator.controllers.nodes.eviction import TaintEvictionController
from conformance.adapters.simulator.controllers.nodes.podgc import PodGarbageCollector, has_ended
from conformance.mutants import SIMULATOR, mutant
from conformance.mutants.settings import SETTINGS, turned

NODES: Final = f"{SIMULATOR}.controllers.nodes"
COLLECTOR: Final = f"{NODES}.podgc:PodGarbageCollector"
LIFECYCLE: Final = f"{NODES}.lifecycle:NodeLifecycleController"
EVICTION: Final = f"{NODES}.eviction:TaintEvictionController"
ADMISSION: Final = f"{SIMULATOR}.api.admission"


# GC-001 to 003: Pods that have ended.


@mutant("GC-001", f"{COLLECTOR}._collect_terminated")
def who_has_ended_is_cleared_away(_: Any) -> Any:
    """Pods that have ended are removed at the next look."""

    def collect(collector: PodGarbageCollector, pods: Any) -> None:
        for pod in filter(has_ended, pods):
            collector.remove(pod, None)

    return collect


@mutant("GC-002", f"{COLLECTOR}.threshold")
def one_fewer_is_kept(original: Any) -> Any:
    """The threshold is one too low."""
    return lambda collector: max(original(collector) - 1, min(original(collector), 1))


@mutant("GC-002", f"{COLLECTOR}._collect_terminated")
def nothing_is_collected(_: Any) -> Any:
    """However many Pods have ended, all stay."""
    return lambda *_: None


@mutant("GC-002", f"{COLLECTOR}._collect_terminated")
def none_means_none(original: Any) -> Any:
    """A threshold of 0 or less collects every Pod that has ended."""

    def collect(collector: PodGarbageCollector, pods: Any) -> None:
        if collector.threshold() > 0:
            original(collector, pods)
            return
        for pod in filter(has_ended, pods):
            collector.remove(pod, None)

    return collect


@mutant("GC-002", f"{COLLECTOR}.age_limit", profile="documented")
def age_does_not_matter(_: Any) -> Any:
    """Pods that have ended do not expire."""
    return lambda *_: None


@mutant("GC-002", f"{COLLECTOR}.age_limit", profile="documented")
def who_has_ended_expires_early(original: Any) -> Any:
    """Pods that have ended expire after a third of their time."""
    return lambda collector: original(collector) / 3


@mutant("GC-003", f"{NODES}.podgc:terminated_order")
def the_youngest_is_collected_first(_: Any) -> Any:
    """The order of collection is that of names, turned round."""
    return lambda pod: tuple(-ord(letter) for letter in meta.name_of(pod))


@mutant("GC-003", f"{NODES}.podgc:terminated_order")
def evicted_pods_are_like_others(original: Any) -> Any:
    """That a Pod was evicted does not matter."""
    return lambda pod: original(pod)[1:]


# GC-004: silence.


@mutant("GC-004", SETTINGS)
def a_node_may_be_silent_for_two_minutes(original: Any) -> Any:
    """The grace period is 120 s."""
    return turned(original, node_monitor_grace_seconds=120.0)


@mutant("GC-004", SETTINGS, profile="documented")
def a_node_may_be_silent_for_a_moment(original: Any) -> Any:
    """The grace period is 15 s."""
    return turned(original, node_monitor_grace_seconds=15.0)


@mutant("GC-004", f"{NODES}.lifecycle:_unknown")
def a_silent_node_has_another_reason(original: Any) -> Any:
    """The reason of Ready=Unknown is NodeLost."""
    return lambda node, type_: {**original(node, type_), "reason": "NodeLost"}


@mutant("GC-004", f"{NODES}.taints:with_lost_taint")
def a_lost_node_can_be_scheduled_to(original: Any) -> Any:
    """The taint NoSchedule is not given."""
    return lambda taints, key, effect, now: original(
        taints, None if effect == "NoSchedule" else key, effect, now
    )


@mutant("GC-004", f"{LIFECYCLE}._mark_not_ready")
def pods_on_a_silent_node_stay_ready(_: Any) -> Any:
    """The Pods of a lost node keep Ready=True."""
    return lambda *_: None


@mutant("GC-004", f"{LIFECYCLE}.tell")
def nobody_tells_of_a_lost_node(_: Any) -> Any:
    """There is no Event NodeNotReady."""
    return lambda *_, **__: None


# GC-005: eviction.


@mutant("GC-005", f"{ADMISSION}:_EVICTING_TAINTS")
def only_unreachable_is_tolerated(original: Any) -> Any:
    """No toleration of not-ready is added to a Pod."""
    return original[1:]


@mutant("GC-005", f"{ADMISSION}:EVICTION_SECONDS")
def lost_nodes_are_tolerated_for_half_a_minute(original: Any) -> Any:
    """The default toleration is 30 s."""
    return original // 10


@mutant("GC-005", f"{NODES}.taints:seconds_tolerated")
def pods_leave_at_once(_: Any) -> Any:
    """Tolerations of NoExecute taints have no effect."""
    return lambda *_: 0.0


@mutant("GC-005", f"{NODES}.taints:seconds_tolerated")
def pods_never_leave(_: Any) -> Any:
    """Whatever they tolerate, Pods stay on tainted nodes."""
    return lambda *_: float("inf")


@mutant("GC-005", f"{EVICTION}._forget")
def a_deletion_cannot_be_cancelled(original: Any) -> Any:
    """A Pod whose time was set goes, though the taint has gone."""

    def forget(controller: TaintEvictionController, key: Any) -> bool:
        pod = controller.store.get(*key)
        timer = controller._timers.get(key)
        found: bool = original(controller, key)
        if found and timer is not None and pod is not None and timer.at > controller.clock.now:
            node = controller.store.get("Node", None, pod["spec"].get("nodeName") or "")
            if node is not None and not (node.get("spec") or {}).get("taints"):
                controller.clock.at(timer.at, lambda: _evict_if_there(controller, key))
        return found

    return forget


def _evict_if_there(controller: TaintEvictionController, key: Any) -> None:
    pod = controller.store.get(*key)
    if pod is not None and not meta.is_deleting(pod):
        controller.evict(pod)


@mutant("GC-005", f"{EVICTION}.tell")
def an_eviction_is_not_told(_: Any) -> Any:
    """There is no Event TaintManagerEviction."""
    return lambda *_, **__: None


@mutant("GC-005", SETTINGS, profile="documented")
def lost_pods_are_given_up_after_a_minute(original: Any) -> Any:
    """The eviction timeout is 60 s."""
    return turned(original, node_eviction_seconds=60.0)


# GC-006: the phase.


@mutant("GC-006", SETTINGS)
def a_lost_node_fails_its_pods(original: Any) -> Any:
    """Pods that are evicted from a lost node are Failed."""
    return turned(original, node_lost_pods_fail=True)


@mutant("GC-006", SETTINGS, profile="documented")
def a_lost_node_leaves_its_pods_running(original: Any) -> Any:
    """Pods that are given up on a lost node keep their phase."""
    return turned(original, node_lost_pods_fail=False)


@mutant("GC-006", SETTINGS)
def an_orphan_is_collected_at_once(original: Any) -> Any:
    """The Pods of a deleted Node are collected at the next look."""
    return turned(original, pod_gc_quarantine_seconds=0.0)


@mutant("GC-006", f"{COLLECTOR}._collect_out_of_service")
def a_node_out_of_service_is_waited_for(_: Any) -> Any:
    """The taint out-of-service means nothing."""
    return lambda *_: None


# GC-007: without a node.


@mutant("GC-007", f"{SIMULATOR}.api.deletion:grace_period", f"{NODES}.podgc:is_stranded")
def who_has_no_node_waits_for_a_kubelet(original: Any) -> Any:
    """A Pod without a node is given its grace period, and nobody collects it."""
    if original.__name__ == "is_stranded":
        return lambda _: False

    def grace_period(pod: Any, requested: Any) -> Any:
        if pod["spec"].get("nodeName"):
            return original(pod, requested)
        return original({**pod, "spec": {**pod["spec"], "nodeName": "none"}}, requested)

    return grace_period


# GC-008: many lost nodes.


@mutant("GC-008", f"{NODES}.zones:is_all_lost")
def all_nodes_can_be_lost(_: Any) -> Any:
    """Pods are evicted even where no node is left."""
    return lambda *_: False


@mutant("GC-008", f"{NODES}.zones:taint_interval")
def nodes_are_tainted_at_once(_: Any) -> Any:
    """There is no pace at which nodes are tainted."""
    return lambda *_: 0.0


@mutant("GC-008", f"{NODES}.zones:state_of")
def a_zone_is_never_disrupted_in_part(original: Any) -> Any:
    """A zone most of which is lost is treated like any other."""
    return lambda nodes, settings: original(nodes, settings).replace("PartialDisruption", "Normal")
