"""IDENTITY: clusters that mistake one Pod for another, move Pods, or bring them back."""

from __future__ import annotations

import uuid
from typing import Any, Final

from conformance.adapters.simulator import meta
from conformance.adapters.simulator.controllers.nodes.eviction import TaintEvictionController
from conformance.adapters.simulator.controllers.nodes.podgc import PodGarbageCollector
from conformance.adapters.simulator.scheduler import Scheduler
from conformance.adapters.simulator.store import Store
from conformance.mutants import SIMULATOR, mutant
from conformance.mutants.settings import SETTINGS, turned

STORE: Final = f"{SIMULATOR}.store:Store"
NODES: Final = f"{SIMULATOR}.controllers.nodes"
API: Final = f"{SIMULATOR}.api"


# IDENTITY-001: the UID.


@mutant("IDENTITY-001", f"{STORE}._with_system_fields")
def a_uid_is_made_of_the_name(original: Any) -> Any:
    """The UID is derived from namespace and name, so that a Pod made again has it again."""

    def fields(store: Store, strategy: Any, admitted: Any) -> Any:
        made = original(store, strategy, admitted)
        uid = str(uuid.uuid5(uuid.NAMESPACE_URL, "/".join(meta.key_of(made))))
        return {**made, "metadata": {**made["metadata"], "uid": uid}}

    return fields


@mutant("IDENTITY-001", f"{STORE}.is_taken")
def a_name_is_free_once_its_pod_goes(original: Any) -> Any:
    """A Pod may be created while another of its name is Terminating."""

    def is_taken(store: Store, *key: str) -> Any:
        return original(store, *key) and not meta.is_deleting(store.get(*key) or {})

    return is_taken


@mutant("IDENTITY-001", f"{STORE}._check_preconditions", f"{STORE}._keep")
def a_replacement_is_another_pod(original: Any) -> Any:
    """A write of the whole Pod gives it another UID."""
    if original.__name__ == "_check_preconditions":
        return lambda *_: None

    def keep(store: Store, strategy: Any, new: Any, old: Any) -> Any:
        if strategy.kind == "Pod" and new["metadata"] != old["metadata"]:
            new = {**new, "metadata": {**new["metadata"], "uid": store._new_uid()}}
        return original(store, strategy, new, old)

    return keep


# IDENTITY-002: the node.


@mutant("IDENTITY-002", f"{API}.pods:binding_obstacle")
def a_bound_pod_can_be_bound(original: Any) -> Any:
    """A Pod that has a node is bound to another."""

    def obstacle(pod: Any) -> Any:
        return original({**pod, "spec": {**pod["spec"], "nodeName": ""}})

    return obstacle


@mutant("IDENTITY-002", f"{API}.pods:binding_obstacle")
def a_pod_that_goes_can_be_bound(original: Any) -> Any:
    """A Pod that is being deleted can still be bound."""
    return lambda pod: original({**pod, "metadata": {"name": meta.name_of(pod)}})


@mutant("IDENTITY-002", f"{API}.pod_changes:with_mutable_fields_of")
def the_node_can_be_rewritten(original: Any) -> Any:
    """An update may change spec.nodeName."""
    return lambda new, old: {**original(new, old), "nodeName": new.get("nodeName")}


# IDENTITY-003: bare Pods.


def without_node(pod: Any) -> Any:
    """What is created to have the same Pod on another node."""
    spec = {key: value for key, value in pod["spec"].items() if key != "nodeName"}
    metadata = {key: pod["metadata"][key] for key in ("name", "namespace")}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}


@mutant("IDENTITY-003", f"{NODES}.podgc:PodGarbageCollector.remove")
def a_collected_pod_comes_back(original: Any) -> Any:
    """A bare Pod whose node was deleted is made again, on another node."""

    def remove(collector: PodGarbageCollector, pod: Any, why: str | None) -> None:
        original(collector, pod, why)
        if meta.controller_of(pod) is None and why is not None:
            collector.store.create(without_node(pod))

    return remove


@mutant("IDENTITY-003", f"{SIMULATOR}.scheduler:Scheduler.refuse")
def what_cannot_be_placed_is_deleted(original: Any) -> Any:
    """The scheduler deletes a Pod for which there is no node."""

    def refuse(scheduler: Scheduler, pod: Any, message: str) -> None:
        original(scheduler, pod, message)
        scheduler.store.remove(*meta.key_of(pod))

    return refuse


# IDENTITY-004: a lost node.


@mutant("IDENTITY-004", SETTINGS)
def a_node_is_lost_after_half_a_minute(original: Any) -> Any:
    """A silent Node is marked after 30 s instead of 50 s."""
    return turned(original, node_monitor_grace_seconds=30.0)


@mutant("IDENTITY-004", SETTINGS, profile="documented")
def a_node_is_lost_after_two_minutes(original: Any) -> Any:
    """A silent Node is marked after 120 s instead of 40 s."""
    return turned(original, node_monitor_grace_seconds=120.0)


@mutant("IDENTITY-004", f"{API}.admission:EVICTION_SECONDS")
def pods_are_tolerant_for_five_hours(original: Any) -> Any:
    """The default toleration of a lost node is 300 minutes, not 300 s."""
    return 60 * original


@mutant("IDENTITY-004", f"{NODES}.taints:seconds_tolerated")
def tolerations_are_not_read(_: Any) -> Any:
    """Pods are evicted as soon as their node is tainted."""
    return lambda *_: 0.0


@mutant("IDENTITY-004", f"{NODES}.lifecycle:NodeLifecycleController._mark_not_ready")
def pods_of_a_lost_node_stay_ready(_: Any) -> Any:
    """The Pods of a lost node keep Ready=True."""
    return lambda *_: None


@mutant("IDENTITY-004", f"{NODES}.eviction:TaintEvictionController.evict")
def an_eviction_has_no_condition(_: Any) -> Any:
    """Evicted Pods are deleted without the condition DisruptionTarget."""

    def evict(controller: TaintEvictionController, pod: Any) -> None:
        controller.store.delete(*meta.key_of(pod), uid=meta.uid_of(pod))

    return evict


@mutant("IDENTITY-004", SETTINGS)
def a_lost_pod_has_failed(original: Any) -> Any:
    """Pods that are evicted from a lost node are Failed."""
    return turned(original, node_lost_pods_fail=True)


@mutant("IDENTITY-004", SETTINGS, profile="documented")
def a_lost_pod_has_not_failed(original: Any) -> Any:
    """Pods that are given up on a lost node keep their phase."""
    return turned(original, node_lost_pods_fail=False)


@mutant("IDENTITY-004", SETTINGS)
def an_absent_node_has_no_quarantine(original: Any) -> Any:
    """The Pods of a deleted Node are collected at the next look."""
    return turned(original, pod_gc_quarantine_seconds=0.0)
