"""DAEMON-008: what a rolling update of a DaemonSet may do at one time, and that it goes on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from attrs import frozen

from spec_model.law import Verdict, expect, law
from spec_model.laws.daemon_places import Place, place_of, places, slack
from spec_model.laws.owned import asked_for_by_others, is_newly_marked, owned_pods, owner_of
from spec_model.objects import EMPTY, Pod, seconds
from spec_model.pod.termination import OVER
from spec_model.workloads import daemons as decide
from spec_model.world import HELD, VOID, Breach, Held, Known, Obligation, Seen, Void, World

RULE: Final = "DAEMON-008"


@frozen
class Moment:
    """The time, in seconds since 1970, and how long a controller may not have noticed what happened."""

    now: float
    late: float


def is_old(pod: Pod, known: Known) -> bool:
    """Whether a Pod is of another template than the current one."""
    return not decide.is_of_template(pod.manifest, known.manifest)


def available(pod: Pod, known: Known, at: Moment, *, leniently: bool = False) -> bool:
    """Ready for minReadySeconds; leniently also who became unready only just now."""
    ready = pod.conditions.get("Ready") or EMPTY
    since = seconds(ready.get("lastTransitionTime"))
    if ready.get("status") != "True":
        just_now = since is not None and at.now - since < at.late
        return leniently and just_now and pod.phase == "Running" and _was_ready(pod)
    minimum = (known.manifest.get("spec") or EMPTY).get("minReadySeconds") or 0
    if not minimum or since is None:
        return True
    return at.now - since >= minimum - (at.late if leniently else 0.0)


def _moment(seen: Seen) -> Moment:
    return Moment(seen.wall, slack(seen.world))


def _was_ready(pod: Pod) -> bool:
    """Whether an unready Pod has been ready before: its condition is younger than its containers."""
    since = seconds((pod.conditions.get("Ready") or EMPTY).get("lastTransitionTime"))
    started = [each.started_at for each in pod.statuses.values() if each.started_at is not None]
    return since is not None and bool(started) and since > max(started) + 1.0


def _eligible(world: World, known: Known) -> list[Place]:
    return [place for place in places(world, known) if place.fit.runs]


# -- What it may do ----------------------------------------------------------------------------------


@law(RULE, on="Pod", when="of a DaemonSet")
def an_update_keeps_to_its_budget(seen: Seen) -> Verdict:
    """When it deletes an old Pod, no more nodes lack an available one than may be."""
    if not is_newly_marked(seen):
        return None
    known = owner_of(seen, "DaemonSet")
    if known is None or not decide.is_rolling(known.manifest) or asked_for_by_others(seen):
        return None
    pod: Pod = seen.before
    if pod.phase in OVER or not is_old(pod, known):
        return None
    eligible = _eligible(seen.world, known)
    here = next((place for place in eligible if pod in place.pods), None)
    if here is None:
        return None
    budget = decide.update_budget(known.manifest, len(eligible)).value
    if budget.surge:
        return _made_room(seen, known, pod, here)
    at = _moment(seen)
    if not available(pod, known, at):
        return HELD  # it is of no use, and costs nothing
    missing = [place.node for place in eligible if _lacks(place, known, at, pod)]
    told = f"at the most {budget.unavailable} nodes without an available Pod"
    return expect(len(missing) <= budget.unavailable, told, f"{len(missing)}: {', '.join(missing)}")


def _lacks(place: Place, known: Known, at: Moment, gone: Pod) -> bool:
    return not any(
        each.uid != gone.uid and available(each, known, at, leniently=True)
        for each in place.running
    )


def _made_room(seen: Seen, known: Known, old: Pod, here: Place) -> Held | Breach:
    """With a surge the old Pod goes only when the new one is available, or it is of no use itself."""
    new = [each for each in here.running if each.uid != old.uid and not is_old(each, known)]
    at = _moment(seen)
    holds = not available(old, known, at) or any(
        available(each, known, at, leniently=True) for each in new
    )
    told = "an available new Pod before the old one goes"
    return expect(holds, told, "none" if not new else "one that is not available")


@law(RULE, on="Pod", when="new")
def an_update_surges_no_further_than_it_may(seen: Seen) -> Verdict:
    """When it puts a new Pod beside an old one, no more nodes have two than may."""
    if not seen.fresh or seen.before is not None:
        return None
    known = owner_of(seen, "DaemonSet")
    if known is None or not decide.is_rolling(known.manifest):
        return None
    eligible = _eligible(seen.world, known)
    budget = decide.update_budget(known.manifest, len(eligible)).value
    if not budget.surge:
        return None
    here = place_of(seen.world, known, decide.place_of(seen.now.spec.manifest))
    if here is None or not any(is_old(each, known) for each in here.running):
        return None
    at = _moment(seen)
    doubled = [
        place.node for place in eligible if place.node == here.node or _has_both(place, known, at)
    ]
    told = f"two Pods on {budget.surge} nodes at the most"
    return (
        expect(len(doubled) <= budget.surge, told, f"on {', '.join(doubled)}")
        if available(here.running[0], known, at)
        else None
    )


def _has_both(place: Place, known: Known, at: Moment) -> bool:
    """Whether a node has an old Pod that is of use, and a new one beside it that is not available yet."""
    old = [each for each in place.running if is_old(each, known)]
    new = [each for each in place.running if not is_old(each, known)]
    return (
        bool(new)
        and any(available(each, known, at, leniently=True) for each in old)
        and (not any(available(each, known, at, leniently=True) for each in new))
    )


# -- That it goes on ---------------------------------------------------------------------------------


@law(RULE, on="DaemonSet")
def an_update_goes_on(seen: Seen) -> Verdict:
    """Old Pods that are of no use go at once, others as soon as the budget allows."""
    if seen.type == "DELETED" or not decide.is_rolling(seen.manifest):
        return None
    metadata = seen.manifest["metadata"]
    known = Known(seen.now, seen.manifest, metadata.get("uid", ""), seen.at, seen.notes)
    waiting = frozenset(pod.uid for pod in _due(seen.world, known, _moment(seen)))
    if not waiting or metadata.get("deletionTimestamp"):
        return None
    key = ("DaemonSet", metadata.get("namespace") or "", metadata["name"])
    due = seen.at + slack(seen.world)

    def overdue(world: World) -> Held | Breach | Void:
        now = world.objects.get(key)
        if now is None or now.uid != known.uid or not decide.is_rolling(now.manifest):
            return VOID
        moment = Moment(due + world.setting.epoch, slack(world))
        still = _due(world, now, moment)
        if {pod.uid for pod in still} != waiting or _is_news(now, still, moment, world):
            return VOID
        names = ", ".join(sorted(pod.key[2] for pod in still))
        return Breach("the next old Pod is replaced", f"{names} stay, though they may go")

    return Obligation(
        what=f"the update of DaemonSet {key[2]} goes on",
        settled=lambda later: _went_on(later, waiting),
        not_after=due,
        overdue=overdue,
    )


def _went_on(seen: Seen, waiting: frozenset[str]) -> Held | None:
    staying = {
        each.uid
        for each in seen.world.of_kind("Pod")
        if each.uid in waiting and each.view.deletion_timestamp is None
    }
    return HELD if staying != waiting else None


def _is_news(known: Known, pods: Sequence[Pod], at: Moment, world: World) -> bool:
    """Whether what makes them due is so young that a controller may not have acted."""
    moments = [(known.notes.get("DaemonSet changed") or 0.0) + world.setting.epoch]
    for place in places(world, known):
        for pod in place.pods:
            since = seconds((pod.conditions.get("Ready") or EMPTY).get("lastTransitionTime"))
            moments.append(since or 0.0)
    minimum = (known.manifest.get("spec") or EMPTY).get("minReadySeconds") or 0
    return bool(pods) and at.now - max(moments) < at.late + minimum


def _left_behind(world: World, known: Known) -> list[Pod]:
    """Pods on nodes that are not there."""
    return [
        each.view
        for each in owned_pods(world, known.uid)
        if world.view("Node", "", decide.place_of(each.view.spec.manifest)) is None
    ]


def _due(world: World, known: Known, at: Moment) -> list[Pod]:
    """Old Pods that an update may delete now: the useless ones, and others within the budget."""
    eligible = _eligible(world, known)
    budget = decide.update_budget(known.manifest, len(eligible)).value
    old = [
        place.running[0]
        for place in eligible
        if len(place.running) == 1 and is_old(place.running[0], known)
    ]
    if budget.surge:
        return []
    useless = [pod for pod in old if not available(pod, known, at, leniently=True)]
    missing = sum(
        not any(available(each, known, at) for each in place.running)
        for place in places(world, known)
        if place.fit.runs or place.taken
    )
    missing += len({pod.spec.node_name for pod in _left_behind(world, known)})
    return useless if useless or missing >= budget.unavailable else old
