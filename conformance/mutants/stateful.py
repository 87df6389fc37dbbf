"""STATEFUL: controllers that mistake names, order, or the way to another revision."""

from __future__ import annotations

from typing import Any, Final

from conformance.adapters.simulator import meta
from conformance.adapters.simulator.controllers.workloads import identities
from conformance.adapters.simulator.controllers.workloads.stateful import (
    StatefulSetController,
    Sync,
)
from conformance.mutants import SIMULATOR, mutant
from conformance.mutants.settings import SETTINGS, turned

WORKLOADS: Final = f"{SIMULATOR}.controllers.workloads"
CONTROLLER: Final = f"{WORKLOADS}.stateful:StatefulSetController"
IDENTITIES: Final = f"{WORKLOADS}.identities"


# STATEFUL-001: identity.


@mutant("STATEFUL-001", f"{IDENTITIES}:start_of")
def ordinals_begin_with_one(original: Any) -> Any:
    """The first ordinal is one too high."""
    return lambda workload: original(workload) + 1


@mutant("STATEFUL-001", f"{IDENTITIES}:claim_name")
def all_pods_share_a_claim(_: Any) -> Any:
    """The claim has the name of the set, without an ordinal."""
    return lambda workload, template, _: f"{meta.name_of(template)}-{meta.name_of(workload)}"


@mutant("STATEFUL-001", f"{CONTROLLER}._delete")
def claims_go_with_their_pods(original: Any) -> Any:
    """When a Pod is scaled away its claims are deleted."""

    def delete(controller: StatefulSetController, sync: Sync, pod: Any) -> None:
        original(controller, sync, pod)
        ordinal = identities.ordinal_of(sync.workload, pod)
        for claim in identities.claims_for(sync.workload, ordinal or 0):
            controller.store.delete(*meta.key_of(claim))

    return delete


@mutant("STATEFUL-001", f"{CONTROLLER}._notice_pod")
def nobody_looks_after_the_pods(_: Any) -> Any:
    """A Pod that is lost is not made again."""
    return lambda *_: None


# STATEFUL-002: order.


@mutant("STATEFUL-002", f"{CONTROLLER}.holds_up")
def nobody_is_waited_for(_: Any) -> Any:
    """The next Pod is made before the one before it is ready."""
    return lambda *_: False


@mutant("STATEFUL-002", f"{CONTROLLER}.is_available")
def whoever_runs_is_ready(_: Any) -> Any:
    """A Pod that runs is taken to be ready."""
    return lambda _, __, pod: (pod.get("status") or {}).get("phase") == "Running"


@mutant("STATEFUL-002", f"{CONTROLLER}.victims")
def the_first_goes_first(original: Any) -> Any:
    """Scaling down deletes the lowest ordinal of those that are too many."""
    return lambda controller, sync: original(controller, sync)[::-1]


@mutant("STATEFUL-002", f"{CONTROLLER}._shrink")
def all_go_at_once(original: Any) -> Any:
    """Scaling down does not wait for one Pod to end before the next."""
    return lambda controller, sync: original(
        controller, Sync(sync.workload, sync.pods, sync.revisions, in_order=False)
    )


@mutant("STATEFUL-002", f"{WORKLOADS}.stateful:has_ended")
def who_has_ended_is_left_there(_: Any) -> Any:
    """A Pod that has failed is not made again."""
    return lambda _: False


@mutant("STATEFUL-002", f"{CONTROLLER}._fill")
def an_update_does_not_wait_for_the_broken(original: Any) -> Any:
    """A Pod that is not ready does not hold up the new template."""

    def fill(controller: StatefulSetController, sync: Sync) -> bool:
        waits: bool = original(controller, sync)
        whole = sync.pods.keys() >= set(identities.ordinals_of(sync.workload))
        return waits and not whole

    return fill


# STATEFUL-003: updates.


@mutant("STATEFUL-003", f"{CONTROLLER}.order_of_update")
def an_update_begins_at_the_start(original: Any) -> Any:
    """A rolling update goes from the lowest ordinal up."""
    return lambda controller, sync: reversed([*original(controller, sync)])


@mutant("STATEFUL-003", f"{WORKLOADS}.stateful:partition_of")
def there_is_no_partition(_: Any) -> Any:
    """The partition is taken to be 0."""
    return lambda workload: identities.start_of(workload)


@mutant("STATEFUL-003", f"{CONTROLLER}._step")
def on_delete_is_rolling(original: Any) -> Any:
    """The strategy OnDelete deletes Pods, too."""

    def step(controller: StatefulSetController, sync: Sync) -> None:
        path = ("spec", "updateStrategy", "type")
        workload = meta.with_path(sync.workload, path, "RollingUpdate")
        original(controller, Sync(workload, sync.pods, sync.revisions, sync.in_order))

    return step


@mutant("STATEFUL-003", f"{CONTROLLER}.roll")
def nothing_is_rolled(_: Any) -> Any:
    """A rolling update deletes nothing."""
    return lambda *_: None


@mutant("STATEFUL-003", f"{CONTROLLER}.is_complete")
def an_update_has_no_end(_: Any) -> Any:
    """currentRevision stays what it was."""
    return lambda *_: False


@mutant("STATEFUL-003", f"{CONTROLLER}.is_complete")
def an_update_ends_when_it_begins(_: Any) -> Any:
    """currentRevision is the new one from the beginning."""
    return lambda *_: True


@mutant("STATEFUL-003", f"{CONTROLLER}.revision_for")
def below_the_partition_pods_are_new(_: Any) -> Any:
    """Every new Pod is of the new revision."""
    return lambda _, sync, __: sync.revisions.update


@mutant("STATEFUL-003", f"{WORKLOADS}.revisions:found", f"{WORKLOADS}.revisions:made")
def an_undo_is_a_new_revision(original: Any) -> Any:
    """A template that was there before is not found again."""
    if original.__name__ == "found":
        return lambda known, template: original(known[-1:], template)

    def made(workload: Any, template: Any, number: int) -> Any:
        revision = original(workload, template, number)
        return meta.with_path(revision, ("metadata", "name"), f"{meta.name_of(revision)}{number}")

    return made


@mutant("STATEFUL-003", SETTINGS, profile="documented")
def rolling_is_the_default(original: Any) -> Any:
    """The default strategy is RollingUpdate."""
    return turned(original, stateful_set_update_strategy="RollingUpdate")
