"""SCHED-002, -003 and -007: Pods that wait for a node, and what they are owed.

Wherever a node is feasible for a Pod that waits, the Pod must be bound to one before long: at once
when it is new, and after the scheduler's back-off where a change has made the node feasible.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Final

from spec_model.events import Manifest
from spec_model.law import Verdict, expect, law
from spec_model.laws import placing
from spec_model.laws.identity import bare_pods
from spec_model.laws.phase import kubelet_owned
from spec_model.laws.placing import (
    free_on,
    is_feasible,
    is_known,
    is_up_to_the_node,
    nodes,
    request_seen,
    waiting,
    waits_for_a_node,
)
from spec_model.laws.scheduled import after_all, limits_left
from spec_model.objects import Pod
from spec_model.pod.conditions import unschedulable
from spec_model.quantity import QuantityError
from spec_model.resources.requests import Amounts
from spec_model.scheduling.affinity import preferences, preferred_score
from spec_model.scheduling.fit import apps_alone, lacking, limits_of
from spec_model.scheduling.node_selector import EVICTING, admits, node_affinity, required_terms
from spec_model.world import (
    HELD,
    VOID,
    Breach,
    Held,
    Key,
    Obligation,
    Seen,
    Void,
    World,
)

BACK_OFF: Final = 11.0
"""Seconds after which a scheduler has looked again at a Pod that something has changed for."""

BEGINS: Final = re.compile(r"0/(\d+) nodes are available|no nodes available")
OWED: Final = "a node, for "
UNSETTLING: Final = frozenset({"stop-scheduler"})


# -- told that there is none -------------------------------------------------------------------------


@law("SCHED-002", on="Pod", when="unplaced")
def a_pod_that_fits_nowhere_waits_and_says_why(seen: Seen) -> Verdict:
    """Pending and without a node, Unschedulable, how many nodes there are; neither failed nor deleted."""
    pod: Pod = seen.now
    if pod.spec.node_name or not kubelet_owned(seen):
        return None
    before = None if seen.before is None else unschedulable(seen.before)
    if before is not None and goes_unasked(seen):
        return Breach("it waits until it fits", "it was deleted")
    if before is not None and pod.phase != "Pending":
        return Breach("phase Pending while it fits nowhere", f"phase {pod.phase}")
    said = unschedulable(pod)
    if said is None or said == before:
        return None
    count = len(nodes(seen.world))
    if not count or not is_up_to_the_node(seen.world, pod):
        return None  # there is another thing to be told
    found = BEGINS.match(said)
    is_right = found is not None and (
        seen.world.setting.clock == "real" or int(found[1] or 0) == count
    )
    return expect(is_right, f"a message that begins 0/{count} nodes are available", said)


def goes_unasked(seen: Seen) -> bool:
    """Whether a Pod is deleted now that the tester had made, and that nobody has asked to go."""
    made = bare_pods(seen.world.notes).get(seen.now.key)
    if made is None or made.asked or made.uid not in ("", seen.now.uid):
        return False
    if seen.profile.evicting_affinity and EVICTING in node_affinity(seen.now.spec.manifest):
        return False  # as documented, its node may have ceased to match
    begins = seen.before is None or seen.before.deletion_timestamp is None
    return begins and (seen.type == "DELETED" or seen.now.deletion_timestamp is not None)


# -- owed a node -------------------------------------------------------------------------------------


@law("SCHED-003", "SCHED-002", on="Pod", when="unplaced")
def a_pod_that_waits_is_owed_a_node(seen: Seen) -> Verdict:
    """A new Pod, and one that says it fits nowhere though it does; or word that it fits nowhere."""
    pod: Pod = seen.now
    if not waits_for_a_node(pod) or placing.stopped_since(seen.world) is not None:
        return None
    said, is_new = unschedulable(pod), seen.before is None or seen.before.spec is not pod.spec
    if not is_new and (seen.before is None or said == unschedulable(seen.before)):
        return None
    request = request_seen(seen)
    if not is_up_to_the_node(seen.world, pod) or not is_known(seen.world, request):
        return None
    if any(is_feasible(seen.world, pod, request, node) for node in nodes(seen.world)):
        if not is_new and _is_owed_already(seen.world, pod.key):
            return None
        return owed_a_node(seen.world, seen.at, pod, request, "for it is feasible", "SCHED-003")
    return _owes_word(seen, pod, request) if said is None else None


def _is_owed_already(world: World, key: Key) -> bool:
    known = world.objects.get(key)
    return known is not None and any(owed.what.startswith(OWED) for _, owed in known.obligations)


@law("SCHED-002", on="Node")
def a_node_that_becomes_feasible_is_used(seen: Seen) -> Verdict:
    """A node is added, labelled, freed of a taint, or given more to allocate."""
    waits = waiting(seen.world)
    if not waits or seen.type == "DELETED" or placing.stopped_since(seen.world) is not None:
        return None
    before = None if seen.before is None else seen.before
    if before is not None and placing.relevant(before) == placing.relevant(seen.now):
        return None
    return tuple(
        owed_a_node(seen.world, seen.at, pod, request, "for its node has changed", _rule_of(pod))
        for pod, request in waiting_pods(seen.world)
        if is_feasible(seen.world, pod, request, seen.now)
        and (before is None or not is_feasible(seen.world, pod, request, before))
    )


def _rule_of(pod: Pod) -> str:
    """What is shown by the binding of a Pod that waited: only one that was refused has waited for it."""
    return "SCHED-003" if unschedulable(pod) is None else "SCHED-002"


@law("SCHED-007", on="Pod", when=("over", "gone"))
def what_a_pod_held_is_given_to_those_who_wait(seen: Seen) -> Verdict:
    """A Pod that has ended, or is gone, makes room for one that was refused."""
    waits, before, pod = waiting(seen.world), seen.before, seen.now
    if not waits or before is None or not pod.spec.node_name:
        return None
    released = placing.holds_room(before) and (
        seen.type == "DELETED" or not placing.holds_room(pod)
    )
    node = seen.world.view("Node", "", pod.spec.node_name)
    if not released or node is None or placing.stopped_since(seen.world) is not None:
        return None
    return tuple(
        owed_a_node(seen.world, seen.at, other, request, f"for {pod.key[2]} has ended", "SCHED-007")
        for other, request in waiting_pods(seen.world)
        if unschedulable(other) is not None
        and is_feasible(seen.world, other, request, node, {pod.key})
        and not is_feasible(seen.world, other, request, node)
    )


def waiting_pods(world: World) -> Iterator[tuple[Pod, Amounts]]:
    """The Pods that wait, and that nothing but the nodes can keep waiting, with their requests."""
    for key in waiting(world):
        known = world.objects.get(key)
        if known is None:
            continue
        request = placing.requested(known)
        if is_up_to_the_node(world, known.view) and is_known(world, request):
            yield known.view, request


def owed_a_node(
    world: World, at: float, pod: Pod, request: Amounts, why: str, rule: str
) -> Obligation:
    """A node, unless none is feasible any longer by then, or something newer is owed."""
    not_after = at + BACK_OFF + world.setting.tolerance.lateness

    def overdue(by_then: World) -> Held | Breach | Void | None:
        known = by_then.objects.get(pod.key)
        if known is None or placing.stopped_since(by_then) is not None:
            return VOID
        if any(
            owed.not_after > not_after and owed.what.startswith(OWED)
            for _, owed in known.obligations
        ):
            return VOID
        feasible = [node for node in nodes(by_then) if is_feasible(by_then, pod, request, node)]
        if not feasible or not is_up_to_the_node(by_then, pod):
            return VOID
        names = " or ".join(node["metadata"]["name"] for node in feasible)
        blamed = _mistaken(by_then, known.view, request, feasible) if rule == "SCHED-003" else rule
        told = unschedulable(known.view)
        shown = "not bound" if told is None else f"not bound: {told}"
        return Breach(f"bound to {names}, {why}", shown, rule=blamed)

    def settled(later: Seen) -> Held | Void | None:
        if later.now.spec.node_name and not placing.is_bound_by_hand(later):
            return HELD
        return None if waits_for_a_node(later.now) and later.type != "DELETED" else VOID

    what = f"{OWED}{pod.key[2]}: {why}"
    return Obligation(what, settled, not_after, UNSETTLING, rule=rule, on=pod.key, overdue=overdue)


def _owes_word(seen: Seen, pod: Pod, request: Amounts) -> Obligation:
    """A Pod that fits nowhere says so."""

    def settled(later: Seen) -> Held | Void | None:
        if unschedulable(later.now) is not None:
            return HELD
        return None if waits_for_a_node(later.now) and later.type != "DELETED" else VOID

    def overdue(world: World) -> Held | Breach | Void | None:
        if any(is_feasible(world, pod, request, node) for node in nodes(world)):
            return VOID
        return None

    return Obligation(
        what="word that the Pod is Unschedulable, for no node is feasible",
        settled=settled,
        not_after=seen.at + BACK_OFF + seen.tolerance.lateness,
        disturbed_by=UNSETTLING,
        rule="SCHED-002",
        overdue=overdue,
    )


# -- who is to blame ---------------------------------------------------------------------------------


def _mistaken(world: World, pod: Pod, request: Amounts, feasible: Collection[Manifest]) -> str:
    """The rule by whose mistake none of the feasible nodes would be."""
    spec = pod.spec.manifest
    return next(
        (
            rule
            for rule, refuses in MISTAKES.items()
            if all(refuses(world, pod, request, node) for node in feasible)
        ),
        admits(spec, next(iter(feasible)), world.profile).because
        if spec.get("nodeSelector") or required_terms(spec, world.profile)
        else "SCHED-003",
    )


def _by_limits(world: World, pod: Pod, _: Amounts, node: Manifest) -> bool:
    try:
        limits = limits_of(pod.spec.manifest, world.profile)
    except QuantityError:
        return False
    return bool(lacking(limits, limits_left(world, node, pod)))


def _by_those_that_have_ended(world: World, pod: Pod, request: Amounts, node: Manifest) -> bool:
    free = free_on(world, node, {pod.key}) or {}
    there = placing.pods_on(world, node["metadata"]["name"])
    return bool(lacking(request, after_all(there, free)))


def _by_containers(world: World, pod: Pod, request: Amounts, node: Manifest) -> bool:
    """Another sum than the effective request: that of all containers, or of the app containers alone."""
    spec, profile = pod.spec.manifest, world.profile
    every = {"containers": [*(spec.get("initContainers") or ()), *spec["containers"]]}
    free = free_on(world, node, {pod.key}) or {}
    sums = [apps_alone(every, profile), apps_alone(spec, profile)]
    return any(each != request and lacking(each, free) for each in sums)


def _by_preference(_: World, pod: Pod, __: Amounts, node: Manifest) -> bool:
    spec = pod.spec.manifest
    try:
        return bool(preferences(spec)) and not preferred_score(spec, node).value
    except ValueError:
        return False


def _by_the_last_bit(world: World, pod: Pod, request: Amounts, node: Manifest) -> bool:
    """What fits exactly, or is not asked for at all."""
    free = free_on(world, node, {pod.key}) or {}
    return any(
        amount == free.get(resource) or (not amount and free.get(resource, 0) < 0)
        for resource, amount in {"cpu": 0, "memory": 0, **request}.items()
    )


MISTAKES: Final[Mapping[str, placing.Mistake]] = {
    "SCHED-006": _by_limits,
    "SCHED-007": _by_those_that_have_ended,
    "SCHED-005": _by_containers,
    "AFFINITY-004": _by_preference,
    "SCHED-004": _by_the_last_bit,
}
"""By rule, whether a node would be refused by somebody who does not keep it."""
