"""STATEFUL-003: how the Pods of a StatefulSet come to another revision."""

from __future__ import annotations

from typing import Final, TypeAlias

from spec_model.events import Manifest
from spec_model.law import Verdict, expect, held, law, note
from spec_model.laws.flocks import is_going, owner_of
from spec_model.laws.stateful_sets import (
    KIND,
    ORDER,
    UPDATE,
    Wish,
    healthy_until,
    judged_later,
    member_of,
    members,
    went_by_controller,
)
from spec_model.objects import EMPTY, Pod
from spec_model.workloads import stateful
from spec_model.workloads.stateful import Members
from spec_model.world import VOID, Breach, Held, Key, Known, Obligation, Seen, Void, World

Templates: TypeAlias = tuple[tuple[Manifest, str], ...]
"""Templates that a set has had, and the names of their revisions."""

MOST: Final = 8


@note("revisions", on=KIND)
def revisions(before: Templates | None, seen: Seen) -> Templates:
    """Folds in the revision of a set, once its status is about its spec."""
    known, status = before or (), seen.manifest.get("status") or EMPTY
    name, template = status.get("updateRevision"), seen.manifest["spec"].get("template")
    if not name or status.get("observedGeneration") != seen.manifest["metadata"].get("generation"):
        return known
    if any(each == template for each, _ in known):
        return known
    return (*known[1 - MOST :], (template, name))


@law(UPDATE, on=KIND)
def an_undo_comes_back_to_the_same_revision(seen: Seen) -> Verdict:
    """A template that was there before has the revision that it had."""
    if seen.before is None or seen.type == "DELETED":
        return None
    now, before = (each.get("status") or EMPTY for each in (seen.manifest, seen.before))
    if now.get("updateRevision") == before.get("updateRevision"):
        return None
    if now.get("observedGeneration") != seen.manifest["metadata"].get("generation"):
        return None
    known: Templates = seen.world.objects[_key(seen.manifest)].notes.get("revisions") or ()
    named = [name for each, name in known if each == seen.manifest["spec"].get("template")]
    if not named:
        return None
    shown = now.get("updateRevision")
    return expect(shown == named[0], f"updateRevision {named[0]}, as before", f"{shown}")


def _key(manifest: Manifest) -> Key:
    metadata = manifest["metadata"]
    return KIND, metadata.get("namespace") or "", metadata["name"]


# -- Who is deleted ----------------------------------------------------------------------------------


@law(UPDATE, ORDER, on="Pod", when="of a StatefulSet")
def an_update_goes_from_the_end_to_the_partition(seen: Seen) -> Verdict:
    """Judged a little later: only then does the status show which revision is the new one."""
    pod: Pod | None = seen.before
    if pod is None or not went_by_controller(seen) or stateful.has_ended(pod):
        return None
    owner = owner_of(seen.world, pod)
    place = member_of(owner, pod)
    if owner is None or place is None or place not in _range(owner):
        return None
    asked: Wish = owner.notes["wish"]
    if place not in stateful.ordinals(asked.before).value:
        return None  # it was too many until just now
    there = members(seen.world, owner, seen.at)
    lagging = {
        each: healthy_until(seen.world, owner.uid, each) < seen.at - seen.tolerance.lateness
        for each in _range(owner)
    }
    return Obligation(
        what=f"{pod.key[2]} deleted in its turn",
        not_after=seen.at + seen.tolerance.lateness,
        rule=UPDATE,
        on=_key(owner.manifest),
        overdue=lambda world: _in_turn(world, owner, there, place, lagging),
    )


def _range(owner: Known) -> range:
    return stateful.ordinals(owner.manifest["spec"]).value


def _in_turn(
    world: World, then: Known, there: Members, place: int, lagging: dict[int, bool]
) -> Held | Breach | Void:
    known = world.objects.get(_key(then.manifest))
    if known is None or known.uid != then.uid or is_going(known.manifest):
        return VOID
    spec, name = known.manifest["spec"], f"{known.manifest['metadata']['name']}-{place}"
    if spec != then.manifest["spec"] or not _is_observed(known.manifest):
        return VOID
    update = (known.manifest.get("status") or EMPTY).get("updateRevision")
    kind = stateful.strategy(spec, world.profile).value
    if kind != "RollingUpdate":
        return Breach(f"{name} stays, by the strategy {kind}", "deleted", rule=UPDATE)
    if place < stateful.partition(spec):
        return Breach(f"{name} stays, for it is below the partition", "deleted", rule=UPDATE)
    if stateful.revision(there.pods[place]) == update:
        return Breach(f"{name} stays, for it is at the new revision", "deleted", rule=UPDATE)
    for each in range(place + 1, _range(known).stop):
        behind = there.pods.get(each)
        if behind is None or stateful.revision(behind) != update or lagging[each]:
            what = f"ordinal {each} updated and healthy before {name} is deleted"
            return Breach(what, "it is not", rule=UPDATE)
    blocked = [each for each, lags in lagging.items() if lags and each <= place]
    if blocked and stateful.is_ordered(spec):
        what = f"{name} waits, for ordinal {blocked[0]} is not healthy"
        return Breach(what, "deleted", rule=ORDER)
    return held(UPDATE)


def _is_observed(workload: Manifest) -> bool:
    status = workload.get("status") or EMPTY
    return bool(status.get("observedGeneration") == workload["metadata"].get("generation"))


# -- What is made ------------------------------------------------------------------------------------


@law(UPDATE, on="Pod", when="new")
def below_the_partition_pods_are_made_as_before(seen: Seen) -> Verdict:
    """A new Pod is of the new revision, or below the partition of the current one."""
    if seen.before is not None or not seen.fresh:
        return None
    owner = owner_of(seen.world, seen.now)
    place = member_of(owner, seen.now)
    if owner is None or place is None or place not in _range(owner):
        return None
    pod = seen.now
    as_before = _made_as_before(owner.manifest, place)

    def decide(world: World, known: Known) -> Held | Breach | Void:
        if not _is_observed(known.manifest):
            return VOID
        asked: Wish = known.notes["wish"]
        if asked.before != asked.spec and asked.since > seen.at - seen.tolerance.lateness:
            return VOID
        status = known.manifest.get("status") or EMPTY
        current, update = status.get("currentRevision", ""), status.get("updateRevision", "")
        wanted = stateful.revision_for(asked.spec, place, current, update, world.profile).value
        shown = stateful.revision(pod)
        if as_before and shown == as_before:
            return VOID
        what = f"{pod.key[2]} made of revision {wanted}"
        verdict = expect(shown == wanted, what, f"of {shown}", rule=UPDATE)
        return verdict if current != update or isinstance(verdict, Breach) else VOID

    what = f"{pod.key[2]} made of the right revision"
    return judged_later(seen, _key(owner.manifest), owner.uid, UPDATE, what, decide)


def _made_as_before(workload: Manifest, place: int) -> str:
    """The revision that a Pod may be made of though there is a newer one; empty where there is none.

    A strategy with nothing but its type has no partition: so many as are still current stay so.
    Source: ``newVersionedStatefulSetPod`` (``pkg/controller/statefulset/stateful_set_utils.go``).
    """
    if (workload["spec"].get("updateStrategy") or EMPTY).get("rollingUpdate") is not None:
        return ""
    status = workload.get("status") or EMPTY
    kept: int = status.get("currentReplicas", 0)
    is_kept = place < stateful.ordinals(workload["spec"]).value.start + kept
    return str(status.get("currentRevision", "")) if is_kept else ""


@law(UPDATE, on=KIND)
def the_current_revision_moves_when_all_are_updated(seen: Seen) -> Verdict:
    """No earlier: judged a little later, when the Pods are seen, too."""
    if seen.before is None or seen.type == "DELETED":
        return None
    now, before = (each.get("status") or EMPTY for each in (seen.manifest, seen.before))
    if not before.get("currentRevision") or now.get("currentRevision") == before["currentRevision"]:
        return None
    update, uid = now.get("currentRevision"), seen.manifest["metadata"]["uid"]

    def decide(world: World, known: Known) -> Held | Breach | Void:
        if known.notes["wish"].since > seen.at:
            return VOID
        pods = members(world, known, seen.at).pods
        old = [pod.key[2] for pod in pods.values() if stateful.revision(pod) != update]
        what = f"currentRevision {update} when all Pods are at it"
        return expect(not old, what, f"{', '.join(old)} not", rule=UPDATE)

    what = f"all Pods at revision {update}"
    return judged_later(seen, _key(seen.manifest), uid, UPDATE, what, decide)
