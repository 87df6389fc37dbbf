"""REPLICA-004: who goes when there are too many.

What a controller knew when it chose is not seen. Two Pods are compared only by what had been so for as
long as an engine may lag, and by ages only where no lag could make a difference.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Final, TypeAlias

from attrs import frozen

from spec_model.law import Verdict, held, law, note
from spec_model.laws.acts import is_driven
from spec_model.laws.flocks import (
    active_pods,
    deleted_by_tester,
    is_going,
    owner_of,
    owner_uid,
    went_by_others,
)
from spec_model.laws.node_loss import is_served
from spec_model.objects import EMPTY, Pod
from spec_model.pod.termination import OVER
from spec_model.workloads.ownership import REPLICATED, controller_of, is_active, ready_since
from spec_model.workloads.victims import cost, crowd_of, precedence, restarts, within
from spec_model.world import VOID, Breach, Held, Known, Obligation, Seen, Void, World

RULE: Final = "REPLICA-004"
Overdue: TypeAlias = Callable[[World], Held | Breach | Void | None]


@frozen
class Steady:
    """What decides when a Pod goes, and since when it has been so."""

    looks: tuple[object, ...]
    since: float


@note("steady", on="Pod", when="controlled")
def steady(before: Steady | None, seen: Seen) -> Steady:
    """Folds in an observation of a Pod that has a controller."""
    pod: Pod = seen.now
    if before is not None and _looks_alike(seen.before, pod):
        return before
    looks = (
        pod.spec.node_name,
        pod.phase,
        ready_since(pod),
        cost(pod),
        restarts(pod, "app"),
        restarts(pod, "sidecar"),
    )
    return before if before is not None and before.looks == looks else Steady(looks, seen.at)


def _looks_alike(was: Pod | None, now: Pod) -> bool:
    """Whether plainly nothing has changed: views share what has not."""
    return (
        was is not None
        and was.statuses is now.statuses
        and was.conditions is now.conditions
        and was.phase == now.phase
        and was.spec is now.spec
        and was.manifest["metadata"].get("annotations")
        == now.manifest["metadata"].get("annotations")
    )


@frozen
class Start:
    """The Pods that counted when the first of some that go together went, and when that was."""

    at: float
    active: tuple[Pod, ...]


@note("first to go", on="Pod*", when="stirred and controlled")
def first_to_go(before: Mapping[str, Start] | None, seen: Seen) -> Mapping[str, Start]:
    """By the UID of a workload."""
    known, pod = before or EMPTY, seen.before
    if pod is None or not is_active(pod) or (seen.type != "DELETED" and is_active(seen.now)):
        return known
    uid = owner_uid(pod)
    start = known.get(uid)
    if not uid or (start is not None and _goes_on(start, uid, seen)):
        return known
    kept = {each: old for each, old in known.items() if seen.at - old.at <= seen.tolerance.lateness}
    return {**kept, uid: Start(seen.at, tuple(active_pods(seen.world, uid)))}


def _goes_on(start: Start, uid: str, seen: Seen) -> bool:
    """Whether this one goes with those before it: soon after them, and nobody has come in between."""
    if seen.at - start.at > seen.tolerance.lateness:
        return False
    known = {pod.uid for pod in start.active}
    return all(pod.uid in known for pod in active_pods(seen.world, uid))


@law(RULE, on="Pod", when="stirred and controlled")
def the_right_one_goes(seen: Seen) -> Verdict:
    """Of the Pods that were there when one was deleted for being too many, none that stays was due."""
    pod: Pod | None = seen.before
    if pod is None or not is_active(pod) or (seen.type != "DELETED" and is_active(seen.now)):
        return None
    owner = owner_of(seen.world, pod)
    if owner is None or owner.manifest["kind"] not in REPLICATED or is_going(owner.manifest):
        return None
    wanted, active = owner.notes["asked"].replicas, active_pods(seen.world, owner.uid)
    if not 0 < wanted < len(active) or not _is_by_controller(seen):
        return None
    key = (owner.manifest["kind"], pod.key[1], owner.manifest["metadata"]["name"])
    return Obligation(
        what="the Pods that go first are those that are deleted",
        not_after=seen.at + seen.tolerance.lateness,
        rule=RULE,
        on=key,
        overdue=_none_was_due(seen, owner, pod, active),
    )


def _is_by_controller(seen: Seen) -> bool:
    if deleted_by_tester(seen.world, seen.now.uid):
        return False
    ended = seen.now.phase in OVER
    return not ended and is_served(seen) and not went_by_others(seen)


def _none_was_due(seen: Seen, owner: Known, victim: Pod, active: list[Pod]) -> Overdue:
    lateness = seen.tolerance.lateness
    settled = [pod for pod in active if _was_steady(seen, pod, lateness)]
    start: Start | None = (seen.world.notes.get("first to go") or EMPTY).get(owner.uid)
    is_near = start is not None and seen.at - start.at <= lateness
    gone = [pod for pod in start.active if pod not in active] if start and is_near else []
    kin = list(_kin(seen.world, owner, active))
    crowds = [crowd_of(kin), crowd_of([*kin, *gone])]
    younger = within(seen.wall - lateness, seen.wall, seen.tolerance.truncation)

    def overdue(world: World) -> Held | Breach | Void | None:
        if victim not in settled:
            return VOID
        compared = 0
        for pod in settled:
            now: Pod | None = world.view(*pod.key)
            if pod is victim or now is None or now.uid != pod.uid or not is_active(now):
                continue
            said = {precedence(victim, pod, crowd, younger) for crowd in crowds}
            signs = {None if each is None else each > 0 for each in said}
            if len(signs) > 1 or None in signs:
                continue
            if True in signs:
                if not is_driven(world):
                    return VOID  # somebody else may have deleted it
                return Breach(f"{pod.key[2]} deleted before {victim.key[2]}", f"{pod.key[2]} stays")
            compared += 1
        return held(RULE) if compared else VOID

    return overdue


def _was_steady(seen: Seen, pod: Pod, lateness: float) -> bool:
    known = seen.world.objects.get(pod.key)
    since = None if known is None else known.notes.get("steady")
    return since is not None and seen.at - since.since >= lateness


def _kin(world: World, owner: Known, active: list[Pod]) -> Iterator[Pod]:
    """The Pods that crowd nodes together: of all workloads of its kind with the same controller."""
    above = controller_of(owner.manifest)
    if not above:
        yield from active
        return
    for known in world.of_kind(owner.manifest["kind"]):
        if controller_of(known.manifest).get("uid") == above.get("uid"):
            yield from active_pods(world, known.uid)
