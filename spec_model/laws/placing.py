"""What is known of the room on nodes, of the Pods that wait for one, and of the scheduler itself."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any, Final, TypeAlias

from spec_model.events import Manifest, Rejected
from spec_model.law import note
from spec_model.laws.node_loss import ready, stopped_nodes
from spec_model.objects import EMPTY, Pod, PodSpec
from spec_model.pod.termination import OVER
from spec_model.pod.tolerations import NO_EXECUTE
from spec_model.profiles import Profile
from spec_model.quantity import NANO, QuantityError
from spec_model.resources.requests import Amounts
from spec_model.scheduling.affinity import preferences
from spec_model.scheduling.fit import (
    ONE,
    PODS,
    allocatable,
    lacking,
    request_of,
    take,
)
from spec_model.scheduling.node_selector import admits, is_parsable, labels_of
from spec_model.scheduling.taints import turned_away
from spec_model.world import Done, Key, Known, Seen, World

Waiting: TypeAlias = Mapping[Key, None]
Mistake: TypeAlias = Callable[[World, Pod, Amounts, Manifest], bool]
Relevant: TypeAlias = tuple[tuple[Any, ...], float]

NOBODY: Final[Waiting] = {}
DEFAULT: Final = "default-scheduler"
PLENTY: Final = 10**9 * NANO
WAITING: Final = "waiting for a node"
STOPPED: Final = "scheduler stopped"
REPELLING: Final = "repelling"
ASKING: Final = ("containers", "initContainers", "resources", "overhead")
"""The fields of a spec by which a Pod asks for something of its node."""


# -- what is remembered ------------------------------------------------------------------------------


@note("request", on="Pod", when=("new", "edited"))
def request_noted(before: tuple[PodSpec, Amounts] | None, seen: Seen) -> tuple[PodSpec, Amounts]:
    """What a Pod takes of its node, worked out once for each spec."""
    spec = seen.now.spec
    if before is not None and all(
        before[0].manifest.get(field) == spec.manifest.get(field) for field in ASKING
    ):
        return before
    return spec, request_in(spec.manifest, seen.profile)


def request_seen(seen: Seen) -> Amounts:
    """What the observed Pod takes of its node."""
    noted: tuple[PodSpec, Amounts] = seen.notes["request"]
    return noted[1]


def request_in(spec: Manifest, profile: Profile) -> Amounts:
    """What a spec takes of a node; what cannot be read (RESOURCE-002) takes nothing but its place."""
    try:
        return request_of(spec, profile)
    except QuantityError:
        return dict(ONE)


@note("relevant", on="Node")
def relevant_noted(before: Relevant | None, seen: Seen) -> Relevant:
    """What scheduling looks at of a Node, and since when it is so, in seconds."""
    now = relevant(seen.now)
    if before is not None and before[0] == now:
        return before
    return now, -math.inf if before is None and not seen.fresh else seen.at


@note(WAITING, on="Pod*", when="unplaced")
def waiting_noted(before: Waiting | None, seen: Seen) -> Waiting:
    """The Pods that have no node yet and are not on their way out."""
    known, key = before or NOBODY, seen.now.key
    waits = seen.type != "DELETED" and waits_for_a_node(seen.now)
    if waits == (key in known):
        return known
    if waits:
        return {**known, key: None}
    return {other: None for other in known if other != key} or NOBODY


def waits_for_a_node(pod: Pod) -> bool:
    """Whether a Pod still has to be scheduled."""
    return not pod.spec.node_name and pod.deletion_timestamp is None and pod.phase == "Pending"


def waiting(world: World) -> Waiting:
    """The Pods that wait for a node."""
    found: Waiting = world.notes.get(WAITING) or NOBODY
    return found


@note(STOPPED, on="stop-scheduler")
def scheduler_stopped(before: float | None, done: Done) -> float | None:
    """Since when nobody schedules, in seconds."""
    if isinstance(done.response, Rejected) or before is not None:
        return before
    return done.at


@note(STOPPED, on="start-scheduler")
def scheduler_started(before: float | None, done: Done) -> float | None:
    """Somebody schedules again."""
    return before if isinstance(done.response, Rejected) else None


def stopped_since(world: World) -> float | None:
    """Since when nobody schedules; None while somebody does."""
    found: float | None = world.notes.get(STOPPED)
    return found


# -- room --------------------------------------------------------------------------------------------


def pods_on(world: World, node: str, but: Collection[Key] = ()) -> list[Known]:
    """The Pods that are bound to a node but for some, those that have ended included."""
    return [
        known
        for key, known in world.objects.items()
        if key[0] == "Pod" and known.view.spec.node_name == node and key not in but
    ]


def holds_room(pod: Pod) -> bool:
    """Whether a Pod still holds what it requests: until it has ended, also while it ends (SCHED-007)."""
    return pod.phase not in OVER


def requested(known: Known) -> Amounts:
    """What a Pod takes of its node."""
    noted: tuple[PodSpec, Amounts] = known.notes["request"]
    return noted[1]


def room(node: Manifest, profile: Profile) -> Amounts | None:
    """What a node has to give; None where it does not say. It takes any number of Pods unless it says so."""
    try:
        given = allocatable(node, profile)
    except QuantityError:
        return None
    return {PODS: PLENTY, **given} if given else None


def free_on(
    world: World, node: Manifest, but: Collection[Key] = (), *, held: Any = holds_room
) -> Amounts | None:
    """What is free on a node but for some Pods; None where it does not say what it has to give."""
    others = pods_on(world, node["metadata"]["name"], but)
    return left_by(others, node, world.profile, held=held)


def left_by(
    others: Iterable[Known], node: Manifest, profile: Profile, *, held: Any = holds_room
) -> Amounts | None:
    """What Pods leave of a node; None where it does not say what it has to give."""
    free = room(node, profile)
    if free is not None:
        for known in others:
            if held(known.view):
                take(free, requested(known))
    return free


# -- feasible nodes ----------------------------------------------------------------------------------


def nodes(world: World) -> list[Manifest]:
    """All Nodes, as they were last seen."""
    return [known.manifest for known in world.of_kind("Node")]


def is_feasible(
    world: World, pod: Pod, request: Amounts, node: Manifest, but: Collection[Key] = ()
) -> bool:
    """Whether nothing that is known of a node keeps the Pod from it; one that may be lost is not counted."""
    spec = pod.spec.manifest
    name = node["metadata"]["name"]
    if ready(node) not in ("True", "") or name in stopped_nodes(world):
        return False
    if turned_away(spec, node).value is not None or not admits(spec, node, world.profile).value:
        return False
    free = free_on(world, node, {pod.key, *but})
    return free is not None and not lacking(request, free)


def relevant(node: Manifest) -> tuple[Any, ...]:
    """All of a node that scheduling looks at."""
    spec, status = node.get("spec") or EMPTY, node.get("status") or EMPTY
    return (
        labels_of(node),
        spec.get("taints") or (),
        bool(spec.get("unschedulable")),
        status.get("allocatable"),
        ready(node),
    )


def is_up_to_the_node(world: World, pod: Pod) -> bool:
    """Whether nothing but selectors, taints and room can keep a Pod from a node.

    Claims, ports of the host, gates, spreading, affinity to other Pods and theirs to it, and other
    schedulers have a say of their own. Over preferences that cannot be parsed a real scheduler trips
    (1.36.2: PodScheduled=False, reason SchedulerError).
    """
    spec = pod.spec.manifest
    if not all(is_parsable(each["preference"]) for each in preferences(spec)):
        return False
    if spec.get("schedulerName", DEFAULT) != DEFAULT or any(map(spec.get, OWN_SAY)):
        return False
    if any(set(volume) & CLAIMS for volume in spec.get("volumes") or ()):
        return False
    if any(port.get("hostPort") for each in pod.spec.containers for port in _ports(each.manifest)):
        return False
    if (spec.get("affinity") or EMPTY).keys() & {"podAffinity", "podAntiAffinity"}:
        return False
    return not world.notes.get(REPELLING)


@note(REPELLING, on="Pod*", when=("new", "edited", "gone"))
def repelling_noted(before: frozenset[Key] | None, seen: Seen) -> frozenset[Key]:
    """The Pods that would have others kept away from them."""
    known, key = before or frozenset(), seen.now.key
    repels = "podAntiAffinity" in (seen.now.spec.manifest.get("affinity") or EMPTY)
    if (repels and seen.type != "DELETED") == (key in known):
        return known
    return known ^ {key}


OWN_SAY: Final = ("schedulingGates", "topologySpreadConstraints", "resourceClaims", "hostNetwork")
CLAIMS: Final = frozenset({"persistentVolumeClaim", "ephemeral"})


def _ports(container: Manifest) -> Any:
    return container.get("ports") or ()


def is_safe(world: World, pod: Pod) -> bool:
    """Whether nothing is known of a Pod's node that drives Pods away, or has them collected."""
    node: Manifest | None = world.view("Node", "", pod.spec.node_name)
    if (
        node is None
        or ready(node) not in ("True", "")
        or pod.spec.node_name in stopped_nodes(world)
    ):
        return False
    taints = (node.get("spec") or EMPTY).get("taints") or ()
    return not any(taint.get("effect") == NO_EXECUTE for taint in taints)


def is_known(world: World, request: Amounts) -> bool:
    """Whether it is known what is free: all Pods are on a virtual clock; else it must not matter."""
    return world.setting.clock == "virtual" or not any(
        amount for resource, amount in request.items() if resource != PODS
    )


def is_bound_by_hand(seen: Seen) -> bool:
    """Whether the tester bound a Pod of this name."""
    by_hand: frozenset[Key] = seen.world.notes.get("bound by hand") or frozenset()
    return seen.now.key in by_hand
