"""REPLICA-006: matching orphans are adopted, and Pods that stop matching are released."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final, TypeAlias

from spec_model.events import Manifest
from spec_model.law import Verdict, expect, held, law
from spec_model.laws.acts import is_driven
from spec_model.laws.flocks import (
    deleted_by_tester,
    is_going,
    owner_of,
    pods_of,
    went_by_others,
)
from spec_model.laws.node_loss import is_served
from spec_model.objects import EMPTY, Pod
from spec_model.pod.termination import OVER
from spec_model.workloads.ownership import (
    REPLICATED,
    controller_of,
    is_active,
    labels_of,
    selects,
)
from spec_model.world import HELD, VOID, Breach, Held, Key, Obligation, Outcome, Seen, Void, World

RULE: Final = "REPLICA-006"
Overdue: TypeAlias = Callable[[World], Held | Breach | Void | None]


@law(RULE, on="Pod", when="placed")
def who_comes_under_a_controller_or_loses_it(seen: Seen) -> Verdict:
    """What is owed to a Pod whose labels or owners are new, and whether a new owner may have it."""
    before, pod = seen.before, seen.now
    if seen.type == "DELETED" or (before is not None and _is_placed_alike(before, pod)):
        return None
    if not is_active(pod):
        return None
    owner = controller_of(seen.manifest)
    was = EMPTY if before is None else controller_of(before.manifest)
    if not owner:
        return _to_be_adopted(seen)
    if owner.get("kind") not in REPLICATED:
        return None
    if before is not None and was.get("uid") != owner["uid"]:
        return _adopted(seen, was)
    if before is None and seen.fresh and any(_others(seen, owner["uid"])):
        return _left_to(seen, owner)
    return _to_be_released(seen)


def _others(seen: Seen, uid: str) -> Iterator[Manifest]:
    """The workloads that want a Pod, but for the one that has it."""
    return (each for each in _wanting(seen.world, seen.now) if each["metadata"]["uid"] != uid)


def _left_to(seen: Seen, owner: Manifest) -> Obligation:
    """A Pod that another workload's selector matches, too, stays with its own."""
    key = seen.now.key

    def overdue(world: World) -> Held | Void:
        known = world.objects.get(key)
        now = EMPTY if known is None else controller_of(known.manifest)
        return held(RULE) if now.get("uid") == owner["uid"] else VOID

    return Obligation(
        what=f"left to {owner['kind']} {owner['name']}, which controls it",
        not_after=seen.at + seen.tolerance.lateness,
        rule=RULE,
        overdue=overdue,
    )


def _is_placed_alike(before: Pod, pod: Pod) -> bool:
    was, now = before.manifest["metadata"], pod.manifest["metadata"]
    return all(was.get(field) == now.get(field) for field in ("labels", "ownerReferences"))


# -- Adoption ----------------------------------------------------------------------------------------


def _to_be_adopted(seen: Seen) -> Verdict:
    if seen.manifest["metadata"].get("ownerReferences"):
        return None
    if not any(_wanting(seen.world, seen.now)):
        return None
    return _adoption(seen, seen.now.key)


def _wanting(world: World, pod: Pod) -> Iterator[Manifest]:
    """The workloads that a Pod without owner belongs to."""
    for kind in REPLICATED:
        for known in world.of_kind(kind):
            if _wants(known.manifest, pod):
                yield known.manifest


def _wants(workload: Manifest, pod: Pod) -> bool:
    namespace = workload["metadata"].get("namespace") or ""
    return (
        namespace == pod.key[1]
        and not is_going(workload)
        and selects(workload, labels_of(pod.manifest))
    )


def _adoption(seen: Seen, key: Key) -> Obligation:
    def overdue(world: World) -> Held | Breach | Void | None:
        known = world.objects.get(key)
        pod: Pod | None = None if known is None else known.view
        if pod is None or not is_active(pod) or controller_of(pod.manifest):
            return VOID
        if pod.manifest["metadata"].get("ownerReferences"):
            return VOID
        workload = next(_wanting(world, pod), None)
        if workload is None:
            return VOID
        name = f"{workload['kind']} {workload['metadata']['name']}"
        return Breach(f"adopted by {name}, whose selector it matches", "no owner", rule=RULE)

    return Obligation(
        what="adopted by a workload whose selector it matches",
        not_after=seen.at + seen.tolerance.lateness,
        rule=RULE,
        on=key,
        overdue=overdue,
    )


@law(RULE, on="ReplicaSet")
@law(RULE, on="ReplicationController")
def a_new_selector_finds_its_pods(seen: Seen) -> Verdict:
    """A workload that is new, or selects anew, adopts who matches and releases who does not."""
    before = None if seen.before is None else seen.before["spec"].get("selector")
    if seen.type == "DELETED" or is_going(seen.manifest):
        return None
    if before == seen.manifest["spec"].get("selector"):
        return None
    return tuple(_found(seen)) or None


def _found(seen: Seen) -> Iterator[Outcome]:
    for known in seen.world.of_kind("Pod"):
        pod: Pod = known.view
        if not is_active(pod) or pod.manifest["metadata"].get("ownerReferences"):
            continue
        if _wants(seen.manifest, pod):
            yield _adoption(seen, pod.key)
    if seen.before is not None:
        for pod in pods_of(seen.world, seen.manifest["metadata"]["uid"]):
            if is_active(pod) and not selects(seen.manifest, labels_of(pod.manifest)):
                yield _release(seen, pod)


def _adopted(seen: Seen, was: Manifest) -> Verdict:
    """Only who matched, had no other controller and was not going may be adopted."""
    owner = owner_of(seen.world, seen.now)
    if owner is None or _is_edited(seen):
        return None
    pod, name = seen.now, f"{owner.manifest['kind']} {owner.manifest['metadata']['name']}"
    if was:
        return Breach(f"left to its controller {was.get('name')}", f"taken by {name}")
    if owner.manifest["kind"] == "ReplicationController" and not is_driven(seen.world):
        return None  # its selector may have changed without being shown yet
    matches = selects(owner.manifest, labels_of(pod.manifest))
    return expect(matches, f"adopted only if it matches the selector of {name}", "it does not")


def _is_edited(seen: Seen) -> bool:
    edited = seen.world.notes.get("edited-pods") or ()
    return not is_driven(seen.world) or "/".join(seen.now.key[1:]) in edited


# -- Release -----------------------------------------------------------------------------------------


def _to_be_released(seen: Seen) -> Verdict:
    owner = owner_of(seen.world, seen.now)
    if owner is None or is_going(owner.manifest):
        return None
    if selects(owner.manifest, labels_of(seen.manifest)):
        return None
    return _release(seen, seen.now)


def _release(seen: Seen, pod: Pod) -> Obligation:
    key, uid = pod.key, pod.uid
    reference = controller_of(pod.manifest)
    name = f"{reference['kind']} {reference['name']}"

    def settled(later: Seen) -> Held | Breach | Void | None:
        now: Pod = later.now
        if later.type != "DELETED" and is_active(now):
            return None
        by_controller = is_driven(later.world) and not deleted_by_tester(later.world, uid)
        if not _is_still_of(later, reference):
            return VOID
        if not by_controller or now.phase in OVER or not _is_left_alone(later):
            return VOID
        return Breach(f"released by {name}, and running on", "deleted", rule=RULE)

    def overdue(world: World) -> Held | Breach | Void | None:
        known = world.objects.get(key)
        now: Pod | None = None if known is None else known.view
        if now is None or not is_active(now):
            return VOID
        owner = owner_of(world, now)
        if owner is None or owner.uid != reference["uid"]:
            return HELD
        if is_going(owner.manifest) or selects(owner.manifest, labels_of(now.manifest)):
            return VOID
        return Breach(f"released by {name}, whose selector it does not match", "owned", rule=RULE)

    return Obligation(
        what=f"released by {name}, whose selector it does not match",
        settled=settled,
        not_after=seen.at + seen.tolerance.lateness,
        rule=RULE,
        on=key,
        overdue=overdue,
    )


def _is_still_of(seen: Seen, reference: Manifest) -> bool:
    """Whether nobody else owns it by now, and its owner stays."""
    now = controller_of(seen.manifest)
    if now and now.get("uid") != reference["uid"]:
        return False
    key = (reference["kind"], seen.now.key[1], reference["name"])
    owner = seen.world.objects.get(key)
    return owner is not None and owner.uid == reference["uid"] and not is_going(owner.manifest)


def _is_left_alone(seen: Seen) -> bool:
    """Whether nothing but its controller can have a say in its end."""
    return is_served(seen) and not went_by_others(seen)
