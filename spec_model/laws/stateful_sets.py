"""STATEFUL-002: in which order the Pods of a StatefulSet come and go; and what is remembered of sets."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Final, TypeAlias

from attrs import frozen

from spec_model.events import Manifest
from spec_model.law import Verdict, expect, law, note
from spec_model.laws.acts import is_driven
from spec_model.laws.flocks import (
    deleted_by_tester,
    flock_of,
    is_going,
    owner_of,
    owner_uid,
    pods_of,
    shows_pods,
    went_by_others,
)
from spec_model.laws.node_loss import is_served
from spec_model.laws.slow_start import LONGEST_WAIT
from spec_model.objects import EMPTY, Pod, seconds
from spec_model.workloads import stateful
from spec_model.workloads.ownership import (
    controller_of,
    is_active,
    labels_of,
    ready_since,
    selects,
)
from spec_model.workloads.stateful import Members, is_healthy, ordinal
from spec_model.world import (
    VOID,
    Breach,
    Held,
    Key,
    Known,
    Obligation,
    Seen,
    Void,
    World,
)

IDENTITY: Final = "STATEFUL-001"
ORDER: Final = "STATEFUL-002"
UPDATE: Final = "STATEFUL-003"
KIND: Final = "StatefulSet"

Overdue: TypeAlias = Callable[[World], Held | Breach | Void | None]
Health: TypeAlias = Mapping[str, Mapping[int, float]]
"""By UID of a set and ordinal, when its Pod ceased to be healthy; infinite while it is."""


# -- What is remembered ------------------------------------------------------------------------------


@frozen
class Wish:
    """What a set asks for, since when; what it asked for before that."""

    spec: Manifest
    since: float
    before: Manifest


@note("wish", on=KIND)
def wish(before: Wish | None, seen: Seen) -> Wish:
    """Folds in a set."""
    spec = seen.manifest["spec"]
    if before is None:
        return Wish(spec, seen.at, spec)
    return before if before.spec == spec else Wish(spec, seen.at, before.spec)


@note("health", on="Pod*", when="of a StatefulSet")
def health(before: Health | None, seen: Seen) -> Health:
    """Folds in a Pod of a set, where it becomes healthy or ceases to be."""
    known: Health = before or {}
    uid = owner_uid(seen.now)
    if not uid or controller_of(seen.manifest)["kind"] != KIND:
        return known
    was = seen.before is not None and is_healthy(seen.before)
    now = seen.type != "DELETED" and is_healthy(seen.now)
    place = ordinal(controller_of(seen.manifest)["name"], seen.now.key[2])
    if place is None or (was == now and place in known.get(uid, {})):
        return known
    when = math.inf if now else seen.at if was else -math.inf
    return {**known, uid: {**known.get(uid, {}), place: when}}


def healthy_until(world: World, uid: str, place: int) -> float:
    """Until when the Pod of an ordinal was healthy; infinite where it is, negative where it never was."""
    known: Health = world.notes.get("health") or {}
    return known.get(uid, {}).get(place, -math.inf)


def members(world: World, workload: Known, at: float) -> Members:
    """The Pods of a set as they are seen; ``at`` in seconds of the trace decides who is available."""
    manifest = workload.manifest
    name, minimum = manifest["metadata"]["name"], manifest["spec"].get("minReadySeconds") or 0
    wall = world.setting.epoch + at
    pods = {
        place: pod
        for pod in pods_of(world, workload.uid)
        if (place := ordinal(name, pod.key[2])) is not None
        and selects(manifest, labels_of(pod.manifest))  # of others a set does not know
    }
    update = str((manifest.get("status") or EMPTY).get("updateRevision") or "")

    def is_available(pod: Pod) -> bool:
        since = seconds(ready_since(pod))
        return is_healthy(pod) and (not minimum or (since is not None and since + minimum <= wall))

    return Members(pods, update, is_available)


def set_of_new(seen: Seen) -> Known | None:
    """The set that has just made the Pod; None where it is not new, or of something else."""
    if seen.before is not None or not seen.fresh:
        return None
    owner = owner_of(seen.world, seen.now)
    return owner if owner is not None and owner.manifest["kind"] == KIND else None


# -- STATEFUL-002: order -----------------------------------------------------------------------------


@law(ORDER, on="Pod", when="new")
def one_comes_after_the_other(seen: Seen) -> Verdict:
    """In order, a Pod is made only when all before it are healthy, and available."""
    owner = set_of_new(seen)
    if owner is None or not stateful.is_ordered(owner.manifest["spec"]):
        return None
    place = ordinal(owner.manifest["metadata"]["name"], seen.now.key[2])
    first = stateful.ordinals(owner.manifest["spec"]).value.start
    if place is None or place <= first:
        return None
    asked: Wish = owner.notes["wish"]
    if asked.before != asked.spec and seen.at - asked.since <= seen.tolerance.lateness:
        return None
    lagging = [each for each in range(first, place) if not _was_ready(seen, owner, each)]
    what = f"ordinals {first} to {place - 1} healthy before {place} is made"
    return expect(not lagging, what, f"{', '.join(map(str, lagging))} not")


def _was_ready(seen: Seen, owner: Known, place: int) -> bool:
    """Whether the Pod of an ordinal is available, or was until just now."""
    until = healthy_until(seen.world, owner.uid, place)
    if until < math.inf:
        return until >= seen.at - seen.tolerance.lateness
    minimum = owner.manifest["spec"].get("minReadySeconds") or 0
    name = f"{owner.manifest['metadata']['name']}-{place}"
    pod: Pod | None = seen.world.view("Pod", seen.now.key[1], name)
    since = None if pod is None else seconds(ready_since(pod))
    return since is None or seen.wall - since >= minimum - seen.tolerance.truncation


@law(ORDER, on="Pod", when="of a StatefulSet")
def the_last_goes_first(seen: Seen) -> Verdict:
    """One that is too many goes when nothing is left behind it, and those before it are healthy."""
    pod: Pod | None = seen.before
    if pod is None or not went_by_controller(seen):
        return None
    owner = owner_of(seen.world, pod)
    place = member_of(owner, pod)
    if owner is None or place is None or stateful.has_ended(pod):
        return None
    asked: Wish = owner.notes["wish"]
    if place in stateful.ordinals(asked.spec).value or not stateful.is_ordered(asked.spec):
        return None
    there = members(seen.world, owner, seen.at).pods
    behind = [each for each in there if each > place]
    if behind:
        return Breach(f"{max(behind)} gone before {place} is deleted", f"{place} is deleted")
    lagging = [
        each
        for each in stateful.ordinals(asked.spec).value  # of those that go too, none is waited for
        if healthy_until(seen.world, owner.uid, each) < seen.at - seen.tolerance.lateness
    ]
    what = f"all that stay healthy when {place} is deleted"
    return expect(not lagging, what, f"{', '.join(map(str, lagging))} not")


def went_by_controller(seen: Seen) -> bool:
    """Whether a Pod is being deleted from now on, and by nobody but its controller."""
    before: Pod = seen.before
    if before.deletion_timestamp is not None or not is_driven(seen.world):
        return False
    if seen.type != "DELETED" and seen.now.deletion_timestamp is None:
        return False
    if deleted_by_tester(seen.world, before.uid) or went_by_others(seen):
        return False
    return is_served(seen)


def member_of(owner: Known | None, pod: Pod) -> int | None:
    """The ordinal of a Pod of a set that is not being deleted."""
    if owner is None or owner.manifest["kind"] != KIND or is_going(owner.manifest):
        return None
    return ordinal(owner.manifest["metadata"]["name"], pod.key[2])


# -- What is owed ------------------------------------------------------------------------------------


def judged_later(
    seen: Seen,
    key: Key,
    uid: str,
    rule: str,
    what: str,
    decide: Callable[[World, Known], Held | Breach | Void],
) -> Obligation:
    """Decided when all can have been seen, for kinds are watched apart; of no use if the set is another."""

    def overdue(world: World) -> Held | Breach | Void:
        known = world.objects.get(key)
        return VOID if known is None or known.uid != uid else decide(world, known)

    return Obligation(
        what=what,
        not_after=seen.at + seen.tolerance.lateness,
        rule=rule,
        on=key,
        overdue=overdue,
    )


@law(IDENTITY, ORDER, UPDATE, on=KIND)
def a_set_takes_its_steps(seen: Seen) -> Verdict:
    """Owed by a set that asks for something else."""
    if seen.type == "DELETED" or is_going(seen.manifest) or seen.notes["wish"].since != seen.at:
        return None
    metadata = seen.manifest["metadata"]
    key = (KIND, metadata.get("namespace") or "", metadata["name"])
    return _takes_a_step(seen, key, metadata["uid"], seen.at)


@law(IDENTITY, ORDER, UPDATE, on="Pod", when="of a StatefulSet")
def a_set_takes_its_steps_when_a_pod_changes(seen: Seen) -> Verdict:
    """Owed by the set of a Pod that comes, goes, or changes in health."""
    before = seen.before
    pod: Pod = seen.now
    is_same = (
        before is not None
        and seen.type != "DELETED"
        and is_healthy(before) == is_healthy(pod)
        and is_active(before) == is_active(pod)
        and before.phase == pod.phase
    )
    owner = None if is_same else owner_of(seen.world, pod)
    if owner is None or is_going(owner.manifest):
        return None
    key = (KIND, pod.key[1], owner.manifest["metadata"]["name"])
    owed = [_takes_a_step(seen, key, owner.uid, seen.at)]
    minimum = owner.manifest["spec"].get("minReadySeconds") or 0
    if minimum and is_healthy(pod):
        owed.append(_takes_a_step(seen, key, owner.uid, seen.at + minimum + 1))
    return tuple(owed)


def _takes_a_step(seen: Seen, key: Key, uid: str, since: float) -> Obligation:
    due = since + seen.tolerance.lateness

    def overdue(world: World) -> Held | Breach | Void | None:
        known = world.objects.get(key)
        if known is None or known.uid != uid or is_going(known.manifest):
            return VOID
        if flock_of(world, uid).stirred > seen.at or known.notes["wish"].since > seen.at:
            return VOID
        if not shows_pods(world, key[1]) or not _is_observed(known.manifest):
            return VOID
        if not all(selects(known.manifest, labels_of(pod.manifest)) for pod in pods_of(world, uid)):
            return VOID  # one that goes, and is let go, may count until it is gone
        there = members(world, known, due - seen.tolerance.lateness - seen.tolerance.truncation)
        decision = stateful.owed(known.manifest["spec"], there, world.profile)
        step = decision.value
        if step is not None:
            name = f"{key[2]}-{step.ordinal}"
            if step.verb == "create" and _cannot_be_made(world, ("Pod", key[1], name), uid):
                return VOID
            what = f"{step.verb} {name}"
            return Breach(what, "nothing happens", rule=decision.because)
        return _revisions_settled(known, there, world)

    return Obligation(
        what=f"StatefulSet {key[2]} takes its next step",
        not_after=due,
        rule=IDENTITY,
        on=key,
        overdue=overdue,
    )


@note("failing sets", on="Event FailedCreate*")
def failing_sets(before: Mapping[str, float] | None, seen: Seen) -> Mapping[str, float]:
    """By UID, when a set last said that it could not make a Pod."""
    about = seen.manifest.get("involvedObject") or EMPTY
    known: Mapping[str, float] = before or {}
    return {**known, about["uid"]: seen.at} if about.get("kind") == KIND else known


def _cannot_be_made(world: World, pod: Key, uid: str) -> bool:
    """Whether the name is taken by a Pod of somebody else, or the set has failed and tries again later."""
    failing: Mapping[str, float] = world.notes.get("failing sets") or {}
    return pod in world.objects or world.at - failing.get(uid, -LONGEST_WAIT) < LONGEST_WAIT


def _is_observed(workload: Manifest) -> bool:
    observed = (workload.get("status") or EMPTY).get("observedGeneration")
    return bool(observed == workload["metadata"].get("generation", observed))


def _revisions_settled(known: Known, there: Members, world: World) -> Held | Breach | Void:
    """When an update has come to its end, the current revision is the new one."""
    if not stateful.is_complete(known.manifest["spec"], there, world.profile).value:
        return VOID
    status = known.manifest.get("status") or EMPTY
    shown, wanted = status.get("currentRevision"), status.get("updateRevision")
    what = f"currentRevision {wanted}, for all are updated"
    return expect(shown == wanted, what, f"currentRevision {shown}", rule=UPDATE)
