"""SCHED-001, -003 to -007, AFFINITY-001, -002, -004 and -006: to which node a Pod was bound.

A rule is exercised where its mistake would have shown: SCHED-006 where the limits on a node add up
to more than it has, SCHED-005 where a Pod requests something else than its containers together.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final, TypeAlias

from spec_model.events import Manifest
from spec_model.law import Verdict, law, note
from spec_model.laws import placing
from spec_model.laws.acts import is_driven
from spec_model.laws.memory import in_use
from spec_model.laws.placing import (
    free_on,
    is_bound_by_hand,
    left_by,
    nodes,
    pods_on,
    request_seen,
    requested,
    room,
)
from spec_model.objects import EMPTY, Pod
from spec_model.quantity import NANO, QuantityError, milli, whole
from spec_model.resources.requests import Amounts
from spec_model.scheduling.affinity import normalized, preferences, preferred_score
from spec_model.scheduling.fit import ONE, PODS, apps_alone, lacking, limits_of, take
from spec_model.scheduling.node_selector import admits, required_terms
from spec_model.scheduling.taints import text, turned_away
from spec_model.workloads.ownership import controller_of
from spec_model.world import VOID, Breach, Held, Known, Obligation, Outcome, Seen, Void, World

TOLD: Final = 1000
"""So many Pods are remembered of which a scheduler has said that it bound them."""

Suits: TypeAlias = Callable[[Manifest], bool]
Holding: TypeAlias = Callable[[Pod], bool]


@note("told of schedulings", on="Event Scheduled*")
def told_of_schedulings(before: tuple[str, ...] | None, seen: Seen) -> tuple[str, ...]:
    """The UIDs of the Pods that a scheduler says to have bound, the newest last."""
    about = seen.manifest.get("involvedObject") or seen.manifest.get("regarding") or EMPTY
    return (*(before or ())[-TOLD:], str(about.get("uid", "")))


def _may_be_somebody_elses(world: World, uid: str) -> bool:
    """Whether people, who may bind what they like, are not known to have kept out of it."""
    return not is_driven(world) and uid not in (world.notes.get("told of schedulings") or ())


@law(
    *("SCHED-003", "SCHED-001", "SCHED-004", "SCHED-005", "SCHED-006", "SCHED-007"),
    *("AFFINITY-001", "AFFINITY-002", "AFFINITY-004", "AFFINITY-006"),
    on="Pod",
    when="bound",
)
def a_pod_is_bound_to_a_feasible_node(seen: Seen) -> Verdict:
    """Its selectors admit the node, no taint turns it away, there is room, and none is preferred more."""
    before, pod = seen.before, seen.now
    if before is None or before.spec.node_name or not pod.spec.node_name:
        return None
    if is_bound_by_hand(seen) or pod.spec.manifest.get("schedulerName") not in (
        None,
        placing.DEFAULT,
    ):
        return None
    known = seen.world.objects.get(("Node", "", pod.spec.node_name))
    if known is None:
        there = f"node {pod.spec.node_name}"
        known_ones = _is_virtual(seen.world) and nodes(seen.world)
        return Breach("a node that there is", there) if known_ones else None
    found = (
        *_admitted(seen, pod, known.manifest),
        *_let_in(seen, pod, known.manifest),
        *_with_room(seen, pod, known.manifest),
        *_preferred(seen, pod, known.manifest),
    )
    if all(isinstance(each, Held) for each in found) and len(nodes(seen.world)) > 1:
        return (*found, Held("SCHED-003"))
    return found


def _is_virtual(world: World) -> bool:
    return world.setting.clock == "virtual"


# -- selectors and taints ----------------------------------------------------------------------------


def _admitted(seen: Seen, pod: Pod, node: Manifest) -> Iterator[Outcome]:
    spec, profile = pod.spec.manifest, seen.profile
    if not spec.get("nodeSelector") and not required_terms(spec, profile):
        return
    decided = admits(spec, node, profile)
    if decided.value:
        yield Held(decided.because)
        return
    what = f"a node that its selectors admit, and {_name(node)} is not one"
    yield _unless_it_has_changed(
        seen, node, what, decided.because, lambda now: admits(spec, now, profile).value
    )


def _let_in(seen: Seen, pod: Pod, node: Manifest) -> Iterator[Outcome]:
    decided = turned_away(pod.spec.manifest, node)
    if decided.value is not None:
        what = f"a node without {text(decided.value)}, which it does not tolerate"
        spec = pod.spec.manifest
        yield _unless_it_has_changed(
            seen, node, what, decided.because, lambda now: turned_away(spec, now).value is None
        )


def _unless_it_has_changed(
    seen: Seen, node: Manifest, what: str, rule: str, suits: Suits
) -> Breach | Obligation:
    """A breach, unless on a real clock the watch of Nodes may still show that the node suits the Pod.

    What was seen of a node may also be too new: one that has just changed is not held against it.
    """
    if _is_virtual(seen.world):
        return Breach(what, f"bound to {_name(node)}", rule=rule)
    began, uid = seen.at, seen.now.uid

    def settled(later: Seen) -> Held | Void | None:
        if later.type == "DELETED" or suits(later.manifest):
            return VOID
        return None

    def overdue(world: World) -> Held | Breach | Void | None:
        known = world.objects.get(("Node", "", _name(node)))
        if known is None or known.notes["relevant"][1] > began - seen.tolerance.lateness:
            return VOID
        if _may_be_somebody_elses(world, uid):
            return VOID
        return Breach(what, f"bound to {_name(node)}", rule=rule)

    late = seen.at + seen.tolerance.lateness
    key = ("Node", "", _name(node))
    return Obligation(what, settled, late, rule=rule, on=key, overdue=overdue)


# -- room --------------------------------------------------------------------------------------------


def _with_room(seen: Seen, pod: Pod, node: Manifest) -> Iterator[Outcome]:
    others = pods_on(seen.world, _name(node), {pod.key})
    free = left_by(others, node, seen.profile, held=_surely_holds(seen))
    if free is None:
        return
    request = request_seen(seen)
    if not lacking(request, free):
        yield from (Held(rule) for rule in _tested(seen, pod, node, request, free, others))
        return
    yield Breach(
        f"a node with {said(request)} free",
        f"bound to {_name(node)}, which has {said(free)} free",
        rule=_mistaken(seen, pod, node, request),
    )


def _surely_holds(seen: Seen) -> Holding:
    """Which Pods the scheduler must have counted: on a real clock not those that just came by another way."""
    if _is_virtual(seen.world):
        return placing.holds_room

    def holds(pod: Pod) -> bool:
        known = seen.world.objects[pod.key]
        came = known.notes.get("came without a node")
        is_new = seen.at - known.since <= seen.tolerance.lateness
        return placing.holds_room(pod) and not (came is False and is_new)

    return holds


def _tested(
    seen: Seen, pod: Pod, node: Manifest, request: Amounts, free: Amounts, others: list[Known]
) -> Iterator[str]:
    """The rules about room that this binding has put to the test, ``others`` being on the node."""
    if any(amount for resource, amount in request.items() if resource != PODS):
        yield "SCHED-004"
    if request != apps_alone(pod.spec.manifest, seen.profile):
        yield "SCHED-005"
    limits = limits_of(pod.spec.manifest, seen.profile)
    if limits != ONE and lacking(limits, limits_left(seen.world, node, pod)):
        yield "SCHED-006"
    ending = any(known.view.deletion_timestamp is not None for known in others)
    if ending or lacking(request, after_all(others, free)):
        yield "SCHED-007"


def after_all(others: list[Known], free: Amounts) -> Amounts:
    """What would be free if Pods that have ended went on holding what they requested."""
    left = dict(free)
    for known in others:
        if not placing.holds_room(known.view):
            take(left, requested(known))
    return left


def limits_left(world: World, node: Manifest, pod: Pod) -> Amounts:
    """What would be free on a node if limits were what counts (SCHED-006)."""
    left = room(node, world.profile) or {}
    for known in pods_on(world, _name(node), {pod.key}):
        if placing.holds_room(known.view):
            take(left, _limits(known.view, world))
    return left


def _limits(pod: Pod, world: World) -> Amounts:
    try:
        return limits_of(pod.spec.manifest, world.profile)
    except QuantityError:
        return {}


def _mistaken(seen: Seen, pod: Pod, node: Manifest, request: Amounts) -> str:
    """The rule by whose mistake there would have been room."""
    world = seen.world
    staying = free_on(world, node, {pod.key}, held=_stays)
    if staying is not None and not lacking(request, staying):
        return "SCHED-007"
    free = free_on(world, node, {pod.key}) or {}
    if not lacking(apps_alone(pod.spec.manifest, seen.profile), free):
        return "SCHED-005"
    by_usage = _free_by_usage(world, node)
    if by_usage is not None and not lacking(request, by_usage):
        return "SCHED-007"
    return "SCHED-004"


def _stays(pod: Pod) -> bool:
    return placing.holds_room(pod) and pod.deletion_timestamp is None


def _free_by_usage(world: World, node: Manifest) -> Amounts | None:
    """What would be free if usage counted; None where nobody was told to use anything."""
    left, used = room(node, world.profile), 0
    for known in pods_on(world, _name(node)):
        _, namespace, name = known.view.key
        for container, status in known.view.statuses.items():
            used += in_use(world, (namespace, name, container), status.container_id)
    if left is None or not used:
        return None
    take(left, {"memory": used * NANO})
    return left


# -- preferences -------------------------------------------------------------------------------------


def _preferred(seen: Seen, pod: Pod, node: Manifest) -> Iterator[Outcome]:
    """Among nodes that are alike in all else, the one with the largest score (AFFINITY-004)."""
    spec = pod.spec.manifest
    if not preferences(spec) or not placing.is_up_to_the_node(seen.world, pod):
        return
    if controller_of(seen.manifest):
        return  # Pods of one owner are spread
    request = request_seen(seen)
    feasible = [
        each for each in nodes(seen.world) if placing.is_feasible(seen.world, pod, request, each)
    ]
    try:
        raw = [preferred_score(spec, each).value for each in feasible]
    except ValueError:
        return
    scores = dict(zip(map(_name, feasible), normalized(raw).value, strict=True))
    mine = scores.get(_name(node))
    if mine is None:
        return
    alike = [each for each in feasible if _is_alike(seen.world, each, node, pod)]
    best = max((scores[_name(each)] for each in alike), default=mine)
    if mine < best and _is_virtual(seen.world):  # of a real node there is more than is shown here
        better = next(_name(each) for each in alike if scores[_name(each)] == best)
        what = f"node {better}, whose preferred terms score {best}"
        yield Breach(what, f"node {_name(node)}, which scores {mine}", rule="AFFINITY-004")
    elif mine == best and (any(score < mine for score in scores.values()) or not best):
        yield Held("AFFINITY-004")


def _is_alike(world: World, one: Manifest, other: Manifest, pod: Pod) -> bool:
    """Whether two nodes differ in nothing that the scheduler scores but their labels."""
    return (
        room(one, world.profile) == room(other, world.profile)
        and free_on(world, one, {pod.key}) == free_on(world, other, {pod.key})
        and not _has_soft_taints(one)
        and not _has_soft_taints(other)
        and (one.get("status") or EMPTY).get("images")
        == (other.get("status") or EMPTY).get("images")
    )


def _has_soft_taints(node: Manifest) -> bool:
    taints = (node.get("spec") or EMPTY).get("taints") or ()
    return any(taint.get("effect") == "PreferNoSchedule" for taint in taints)


def _name(node: Manifest) -> str:
    return str(node["metadata"]["name"])


def said(amounts: Amounts) -> str:
    """Amounts as a person reads them: milli-CPU, and whole units of the rest."""
    told = [
        f"{name} {milli(nano)}m" if name == "cpu" else f"{name} {whole(nano)}"
        for name, nano in sorted(amounts.items())
        if nano < placing.PLENTY and (name != PODS or nano <= 0)
    ]
    return ", ".join(told) or "nothing but a place"
