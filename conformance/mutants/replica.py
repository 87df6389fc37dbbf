"""REPLICA: controllers that make too many, give up the wrong ones, or mistake whose Pods are whose."""

from __future__ import annotations

from typing import Any, Final

from conformance.adapters.simulator import meta
from conformance.adapters.simulator.controllers.workloads.replicas import ReplicaController
from conformance.mutants import SIMULATOR, mutant
from conformance.mutants.settings import SETTINGS, turned

WORKLOADS: Final = f"{SIMULATOR}.controllers.workloads"
CONTROLLER: Final = f"{WORKLOADS}.replicas:ReplicaController"
VICTIMS: Final = f"{WORKLOADS}.victims"
STRATEGY: Final = f"{SIMULATOR}.api.workloads:WorkloadStrategy"
CLIENT: Final = f"{SIMULATOR}.client"


# REPLICA-001 and 005: the API.


@mutant("REPLICA-001", f"{STRATEGY}.validate_restart_policy")
def templates_may_have_a_deadline(original: Any) -> Any:
    """activeDeadlineSeconds in a template is not refused."""

    def validate(strategy: Any, template: Any, problems: Any) -> None:
        kept = {key: value for key, value in template.items() if key != "activeDeadlineSeconds"}
        original(strategy, kept, problems)

    return validate


@mutant("REPLICA-005", f"{STRATEGY}.validate_selector")
def a_selector_need_not_match(_: Any) -> Any:
    """Selectors are not compared with the labels of the template."""
    return lambda *_: None


@mutant("REPLICA-005", f"{STRATEGY}.may_change_selector")
def selectors_can_be_rewritten(_: Any) -> Any:
    """An update may change the selector of a ReplicaSet or DaemonSet."""
    return lambda *_: True


@mutant(
    "REPLICA-005",
    f"{SIMULATOR}.api.workloads:DeploymentStrategy.may_change_selector",
    profile="documented",
)
def the_selector_of_a_deployment_is_fixed(_: Any) -> Any:
    """As documented it is only discouraged to change it."""
    return lambda *_: False


# REPLICA-002: the number.


@mutant("REPLICA-002", f"{CONTROLLER}.lacking")
def one_is_always_missing(original: Any) -> Any:
    """One Pod too few is taken to be enough."""
    return lambda controller, workload, active: (
        min(original(controller, workload, active - 1), 0)
        + (max(original(controller, workload, active) - 1, 0))
    )


@mutant("REPLICA-002", f"{VICTIMS}:is_active")
def a_failed_pod_still_counts(original: Any) -> Any:
    """Pods that have failed are not replaced."""
    return lambda pod: (
        original(pod)
        or ((pod.get("status") or {}).get("phase") == "Failed" and not meta.is_deleting(pod))
    )


@mutant("REPLICA-002", f"{CONTROLLER}._delete")
def too_many_are_tolerated(_: Any) -> Any:
    """Nothing is ever deleted."""
    return lambda *_: None


# REPLICA-003: batches.


@mutant("REPLICA-003", f"{WORKLOADS}.replicas:slow_start")
def all_are_made_in_one_batch(_: Any) -> Any:
    """Creation does not start slowly."""
    return lambda count: iter((count,))


@mutant("REPLICA-003", SETTINGS)
def a_sync_has_no_bound(original: Any) -> Any:
    """A sync makes up to 5000 Pods."""
    return turned(original, replica_burst=5000)


@mutant("REPLICA-003", f"{CONTROLLER}._conditions")
def a_failure_is_not_told(original: Any) -> Any:
    """The condition ReplicaFailure is never set."""
    return lambda controller, workload, _: original(controller, workload, None)


@mutant("REPLICA-003", f"{CONTROLLER}._retry_later")
def what_failed_is_not_tried_again(_: Any) -> Any:
    """After a failure the controller waits until something changes."""
    return lambda *_: None


# REPLICA-004: victims.


@mutant("REPLICA-004", f"{VICTIMS}:victims_first")
def the_oldest_goes_first(original: Any) -> Any:
    """The order of deletion is turned round."""
    return lambda pods, related, now: original(pods, related, now)[::-1]


@mutant("REPLICA-004", f"{VICTIMS}:deletion_cost")
def costs_are_not_read(_: Any) -> Any:
    """The annotation pod-deletion-cost means nothing."""
    return lambda _: 0


@mutant("REPLICA-004", f"{VICTIMS}:victims_first")
def crowds_do_not_matter(original: Any) -> Any:
    """How many Pods a node has is not looked at."""
    return lambda pods, _, now: original(pods, (), now)


@mutant("REPLICA-004", f"{VICTIMS}:most_restarts")
def restarts_do_not_matter(_: Any) -> Any:
    """Who has restarted most is not preferred."""
    return lambda *_: 0


@mutant("REPLICA-004", f"{VICTIMS}:compare_pods")
def unready_pods_are_kept(original: Any) -> Any:
    """A Pod that is not Ready is taken for a Ready one."""

    def as_ready(pod: Any) -> Any:
        now = pod["metadata"].get("creationTimestamp")
        ready = {"type": "Ready", "status": "True"}
        conditions = meta.with_condition(
            (pod.get("status") or {}).get("conditions") or (), ready, now
        )
        return meta.with_status(pod, conditions=conditions)

    return lambda one, other, *rest: original(as_ready(one), as_ready(other), *rest)


@mutant("REPLICA-004", f"{VICTIMS}:age_bucket")
def ages_are_compared_in_seconds(_: Any) -> Any:
    """Ages are not compared by their power of two."""
    return lambda since, now: round(now - meta.parse_time(since))


# REPLICA-006: ownership.


@mutant("REPLICA-006", f"{CONTROLLER}._claimed_pods")
def orphans_are_left_alone(_: Any) -> Any:
    """Pods that match and have no owner are not adopted."""

    def claimed(controller: ReplicaController, workload: Any) -> Any:
        return controller.owned.children(workload, "Pod")

    return claimed


@mutant("REPLICA-006", f"{CONTROLLER}.release")
def who_leaves_is_deleted(_: Any) -> Any:
    """A Pod that stops matching is deleted instead of released."""

    def release(controller: ReplicaController, _: Any, pod: Any) -> None:
        controller.store.delete(*meta.key_of(pod), uid=meta.uid_of(pod))

    return release


@mutant("REPLICA-006", f"{CONTROLLER}.release")
def nobody_is_released(_: Any) -> Any:
    """A Pod that stops matching stays owned."""
    return lambda *_: None


@mutant("REPLICA-006", f"{CONTROLLER}._claimed_pods")
def all_orphans_of_a_namespace_are_taken(_: Any) -> Any:
    """A Pod without a controller is adopted whatever its labels are."""

    def claimed(controller: ReplicaController, workload: Any) -> Any:
        orphans = controller.owned.orphan_pods(meta.namespace_of(workload))
        taken = [controller.adopt(workload, pod) for pod in orphans if not meta.is_deleting(pod)]
        return controller.owned.children(workload, "Pod") + taken

    return claimed


# REPLICA-007: the status.


@mutant("REPLICA-007", f"{CONTROLLER}.until_available")
def ready_is_available(original: Any) -> Any:
    """minReadySeconds is ignored."""
    return lambda controller, pod, _: original(controller, pod, 0)


@mutant("REPLICA-007", f"{CONTROLLER}.until_available")
def who_runs_is_ready(original: Any) -> Any:
    """Pods that run are counted as ready."""

    def until(controller: ReplicaController, pod: Any, minimum: float) -> Any:
        if (pod.get("status") or {}).get("phase") == "Running":
            return 0.0
        return original(controller, pod, minimum)

    return until


@mutant("REPLICA-007", f"{CONTROLLER}._manage")
def a_new_template_replaces_pods(original: Any) -> Any:
    """Pods that are not of the template are deleted."""

    def manage(controller: ReplicaController, workload: Any, active: Any) -> Any:
        wanted = [each["image"] for each in workload["spec"]["template"]["spec"]["containers"]]
        for pod in active:
            if [each["image"] for each in pod["spec"]["containers"]] != wanted:
                controller._delete(workload, pod)
        return original(controller, workload, active)

    return manage


@mutant("REPLICA-007", f"{WORKLOADS}.replicas:pod_from")
def pods_are_made_of_the_first_template(original: Any) -> Any:
    """A change of the template is not noticed."""
    first: dict[str, Any] = {}

    def pod_from(workload: Any) -> Any:
        template = first.setdefault(meta.uid_of(workload), workload["spec"]["template"])
        return original(meta.with_path(workload, ("spec", "template"), template))

    return pod_from


# REPLICA-008: scaling.


@mutant("REPLICA-008", f"{CLIENT}:_SUBRESOURCES")
def the_scale_has_a_ceiling(original: Any) -> Any:
    """A write of /scale above 2 becomes 2."""

    def scale(store: Any, merged: Any, old: Any) -> Any:
        wanted = min((merged.get("spec") or {}).get("replicas") or 0, 2)
        return original["scale"](store, {**merged, "spec": {"replicas": wanted}}, old)

    return {**original, "scale": scale}


@mutant("REPLICA-008", f"{STRATEGY}.validate")
def there_may_be_fewer_than_none(original: Any) -> Any:
    """A negative number of replicas is taken for 0."""

    def validate(strategy: Any, manifest: Any, problems: Any, settings: Any) -> None:
        spec = manifest["spec"]
        if (spec.get("replicas") or 0) < 0:
            spec["replicas"] = 0
        original(strategy, manifest, problems, settings)

    return validate


@mutant("REPLICA-008", f"{CONTROLLER}.reconcile")
def nothing_to_do_is_nothing_to_keep(original: Any) -> Any:
    """A workload that is scaled to 0 is deleted."""

    def reconcile(controller: ReplicaController, key: Any) -> None:
        original(controller, key)
        found = controller.store.get(*key)
        generation = (found or {"metadata": {}})["metadata"].get("generation", 0)
        if found is not None and not found["spec"].get("replicas") and generation > 1:
            controller.store.delete(*key)

    return reconcile
