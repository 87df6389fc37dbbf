"""DEPLOY: controllers that go too far, too fast, in the wrong order, or forget what they did."""

from __future__ import annotations

from typing import Any, Final

from attrs import evolve

from conformance.adapters.simulator import meta
from conformance.adapters.simulator.controllers.workloads import progress, replica_sets, rollout
from conformance.mutants import SIMULATOR, mutant
from conformance.mutants.settings import SETTINGS

WORKLOADS: Final = f"{SIMULATOR}.controllers.workloads"
CONTROLLER: Final = f"{WORKLOADS}.deployments:DeploymentController"
ROLLOUT: Final = f"{WORKLOADS}.rollout"
SETS: Final = f"{WORKLOADS}.replica_sets"
PROGRESS: Final = f"{WORKLOADS}.progress"
UNDO: Final = f"{WORKLOADS}.undo"
API: Final = f"{SIMULATOR}.api.workloads"


def _with_defaults(profiles: Any, **fields: Any) -> Any:
    return {
        name: evolve(
            each,
            deployment_apis={
                api: evolve(given, **fields) for api, given in each.deployment_apis.items()
            },
        )
        for name, each in profiles.items()
    }


# DEPLOY-001, 002: what is filled in, and the fence posts.


@mutant("DEPLOY-001", SETTINGS)
def one_by_one_by_default(original: Any) -> Any:
    """maxSurge is 1 where it is not given."""
    return _with_defaults(original, max_surge=1)


@mutant("DEPLOY-001", SETTINGS, profile="documented")
def all_versions_keep_ten(original: Any) -> Any:
    """Every version of the API keeps 10 revisions by default."""
    return _with_defaults(original, revision_history_limit=10)


@mutant("DEPLOY-002", f"{ROLLOUT}:share_of")
def surge_rounds_down(original: Any) -> Any:
    """25 % of 3 Pods are none too many."""
    return lambda value, replicas, _: original(value, replicas, int)


@mutant("DEPLOY-002", f"{SETS}:size_annotations")
def the_maximum_is_noted_without_the_surge(original: Any) -> Any:
    """max-replicas is the number of replicas."""

    def noted(deployment: Any) -> Any:
        wanted = str(rollout.replicas_of(deployment))
        return {**original(deployment), rollout.MAX_REPLICAS: wanted}

    return noted


# DEPLOY-003..005, 015: steps.


@mutant("DEPLOY-003", f"{ROLLOUT}:next_new_size")
def all_new_pods_at_once(_: Any) -> Any:
    """The new ReplicaSet gets all its replicas at once."""
    return lambda deployment, *_: rollout.replicas_of(deployment)


@mutant("DEPLOY-004", f"{ROLLOUT}:old_sizes")
def old_pods_go_as_new_ones_are_made(_: Any) -> Any:
    """Old ReplicaSets shrink by as many as the new one has, available or not."""

    def old_sizes(deployment: Any, new: Any, old: Any) -> Any:
        left = rollout.replicas_of(deployment) - rollout.replicas_of(new)
        sizes = {}
        for one in old:
            size = min(rollout.replicas_of(one), max(left, 0))
            left -= size
            if size != rollout.replicas_of(one):
                sizes[meta.name_of(one)] = size
        return sizes

    return old_sizes


@mutant("DEPLOY-004", f"{ROLLOUT}:available_of")
def ready_is_not_asked_for(_: Any) -> Any:
    """Every Pod that a ReplicaSet asks for counts as available."""
    return rollout.replicas_of


@mutant("DEPLOY-005", f"{ROLLOUT}:_shrink_unhealthy")
def healthy_pods_go_first(_: Any) -> Any:
    """Unavailable old Pods are not removed before available ones."""
    return lambda *_: None


@mutant("DEPLOY-005", f"{ROLLOUT}:old_sizes")
def old_replica_sets_stay(_: Any) -> Any:
    """Old ReplicaSets are never scaled down."""
    return lambda *_: {}


@mutant("DEPLOY-005", f"{ROLLOUT}:new_size")
def one_new_pod_a_step(original: Any) -> Any:
    """The new ReplicaSet grows by one replica, however much room there is."""

    def new_size(deployment: Any, new: Any, everything: Any) -> int:
        size: int = original(deployment, new, everything)
        return min(size, rollout.replicas_of(new) + 1)

    return new_size


@mutant("DEPLOY-015", f"{CONTROLLER}._create")
def a_rollover_gets_a_budget_of_its_own(original: Any) -> Any:
    """A new ReplicaSet starts as if the ones before the last had no replicas."""

    def create(controller: Any, found: Any) -> Any:
        busy = [one for one in found.old if rollout.replicas_of(one)]
        if len(busy) < 2:
            return original(controller, found)
        return original(controller, replica_sets.Rollout(found.deployment, None, busy[:1]))

    return create


@mutant("DEPLOY-015", f"{API}:_is_nothing")
def no_surge_and_nobody_unavailable(_: Any) -> Any:
    """maxSurge and maxUnavailable may both be 0."""
    return lambda *_: False


@mutant("DEPLOY-015", SETTINGS)
def selectors_may_change(original: Any) -> Any:
    """The selector of a Deployment can be edited."""
    return {name: evolve(each, deployment_selector_mutable=True) for name, each in original.items()}


@mutant("DEPLOY-015", f"{API}:is_over_hundred", profile="documented")
def more_than_all_may_be_unavailable(_: Any) -> Any:
    """maxUnavailable may be more than 100 %."""
    return lambda *_: False


# DEPLOY-006..009: ReplicaSets, revisions, history.


@mutant("DEPLOY-006", f"{SETS}:has_template")
def another_size_is_another_template(original: Any) -> Any:
    """A ReplicaSet made for another number of replicas is not reused."""

    def has_template(replica_set: Any, deployment: Any) -> bool:
        noted = replica_sets.annotations_of(replica_set).get(rollout.DESIRED_REPLICAS)
        same = noted in (None, str(rollout.replicas_of(deployment)))
        return same and original(replica_set, deployment)

    return has_template


@mutant("DEPLOY-006", f"{SETS}:replica_set_for")
def the_name_has_no_hash(original: Any) -> Any:
    """The name of a ReplicaSet ends in its revision."""

    def replica_set_for(deployment: Any, revision: int) -> Any:
        name = f"{meta.name_of(deployment)}-{revision}"
        return meta.with_path(original(deployment, revision), ("metadata", "name"), name)

    return replica_set_for


@mutant("DEPLOY-007", f"{SETS}:renewed")
def an_old_template_keeps_its_number(_: Any) -> Any:
    """A ReplicaSet that is new again keeps its revision."""
    return lambda _, new: new


@mutant("DEPLOY-007", f"{CONTROLLER}._revised")
def the_deployment_has_no_revision(_: Any) -> Any:
    """The revision is not copied to the Deployment."""
    return lambda _, deployment, *__: deployment


@mutant("DEPLOY-008", f"{UNDO}:target_of")
def an_undo_goes_to_the_first(original: Any) -> Any:
    """Without a revision the lowest one is restored."""

    def target_of(sets: Any, revision: int) -> Any:
        if revision:
            return original(sets, revision)
        ranked = sorted(sets, key=replica_sets.revision_of)
        return ranked[0] if len(ranked) > 1 else None

    return target_of


@mutant("DEPLOY-008", f"{UNDO}:target_of")
def an_unknown_revision_is_the_last(original: Any) -> Any:
    """A revision that there is not means the one before."""
    return lambda sets, revision: original(sets, revision) or original(sets, 0)


@mutant("DEPLOY-008", f"{SETS}:HISTORY", f"{SETS}:HISTORY")
def old_numbers_are_forgotten(_: Any) -> Any:
    """The annotation revision-history is not written."""
    return "deployment.kubernetes.io/other"


@mutant("DEPLOY-009", f"{CONTROLLER}._clean_up")
def what_is_old_is_deleted(original: Any) -> Any:
    """Old ReplicaSets are deleted as soon as they are empty."""

    def clean_up(controller: Any, found: Any) -> None:
        spec = {**found.deployment["spec"], "revisionHistoryLimit": 0}
        original(controller, evolve(found, deployment={**found.deployment, "spec": spec}))

    return clean_up


@mutant("DEPLOY-009", f"{CONTROLLER}._clean_up")
def history_grows_for_ever(_: Any) -> Any:
    """No old ReplicaSet is ever deleted."""
    return lambda *_: None


@mutant("DEPLOY-009", f"{CONTROLLER}._clean_up", profile="documented")
def the_newest_history_goes_first(_: Any) -> Any:
    """Of too many old ReplicaSets the newest are deleted."""

    def clean_up(controller: Any, found: Any) -> None:
        ranked = sorted(found.old, key=replica_sets.revision_of, reverse=True)
        surplus = len(ranked) - found.deployment["spec"]["revisionHistoryLimit"]
        if controller._is_complete(found):
            for one in ranked[: max(surplus, 0)]:
                controller.store.delete(*meta.key_of(one))

    return clean_up


# DEPLOY-010: pauses.


@mutant("DEPLOY-010", f"{PROGRESS}:pause_reason")
def a_pause_is_not_told(_: Any) -> Any:
    """Progressing says the same while a Deployment is paused."""
    return lambda *_: None


@mutant("DEPLOY-010", f"{PROGRESS}:STATUS")
def a_pause_is_progress(original: Any) -> Any:
    """Progressing is True while a Deployment is paused."""
    return {**original, progress.PAUSED: "True"}


@mutant("DEPLOY-010", f"{CONTROLLER}._with_revision")
def a_pause_does_not_hold_back_new_templates(original: Any) -> Any:
    """A paused Deployment makes a ReplicaSet for each template."""

    def with_revision(controller: Any, found: Any) -> Any:
        if found.new is None and found.deployment["spec"].get("paused"):
            return controller._with_new(found)
        return original(controller, found)

    return with_revision


# DEPLOY-011..014.


@mutant("DEPLOY-011", f"{CONTROLLER}._old_pods_run")
def ending_pods_are_not_waited_for(_: Any) -> Any:
    """What is new starts while what is old is still ending."""
    return lambda *_: False


@mutant("DEPLOY-011", f"{CONTROLLER}._recreate")
def a_recreate_rolls(_: Any) -> Any:
    """A Deployment is updated step by step whatever its strategy."""
    return lambda controller, found: controller._roll(found)


@mutant("DEPLOY-012", f"{ROLLOUT}:proportional_sizes")
def only_the_new_one_is_scaled(original: Any) -> Any:
    """A change of replicas in mid-rollout goes to the new ReplicaSet alone."""

    def sizes(deployment: Any, new: Any, old: Any) -> Any:
        if new is None:
            return original(deployment, new, old)
        others = {meta.name_of(one): rollout.replicas_of(one) for one in old}
        rest = rollout.replicas_of(deployment) - sum(others.values())
        return {**others, meta.name_of(new): max(rest, 0)}

    return sizes


@mutant("DEPLOY-012", f"{ROLLOUT}:fraction")
def shares_are_cut_off(original: Any) -> Any:
    """The share of a ReplicaSet is rounded down."""

    def fraction(deployment: Any, one: Any) -> int:
        return int(original(deployment, one)) - (1 if rollout.replicas_of(one) > 1 else 0)

    return fraction


@mutant("DEPLOY-013", f"{PROGRESS}:is_overdue")
def nobody_looks_at_the_deadline(_: Any) -> Any:
    """A rollout that is stuck is never given up."""
    return lambda *_: False


@mutant("DEPLOY-013", f"{PROGRESS}:deadline_of")
def the_deadline_comes_early(original: Any) -> Any:
    """A rollout is given up after half of its deadline."""

    def deadline_of(deployment: Any) -> Any:
        seconds = original(deployment)
        return None if seconds is None else seconds // 2

    return deadline_of


@mutant("DEPLOY-013", f"{PROGRESS}:reason_now")
def who_is_given_up_stays_so(original: Any) -> Any:
    """Later progress does not change that a rollout was given up."""

    def reason_now(deployment: Any, counts: Any, moment: Any) -> Any:
        if progress.current(deployment).get("reason") == progress.TIMED_OUT:
            return progress.TIMED_OUT
        return original(deployment, counts, moment)

    return reason_now


@mutant("DEPLOY-014", f"{ROLLOUT}:tolerated_unavailable")
def available_means_all(_: Any) -> Any:
    """Available is True only if every replica is."""
    return lambda *_: 0


@mutant("DEPLOY-014", f"{PROGRESS}:is_complete")
def updated_is_complete(_: Any) -> Any:
    """A rollout is complete as soon as every replica is new."""
    return lambda deployment, counts: counts["updatedReplicas"] == rollout.replicas_of(deployment)
