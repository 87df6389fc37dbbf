"""GC-001 to -003 and -007: a Pod stays until somebody deletes it, and what is collected all the same."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from spec_model.events import Rejected
from spec_model.law import Verdict, held, law, note
from spec_model.laws.acts import is_driven
from spec_model.laws.deletion import finalizers, in_time
from spec_model.laws.flocks import deleted_by_tester
from spec_model.laws.node_loss import stopped_nodes
from spec_model.objects import EMPTY, Pod, is_static
from spec_model.scheduling.node_selector import EVICTING, node_affinity
from spec_model.workloads.collection import (
    PERIOD,
    THRESHOLD,
    collection_order,
    excess,
    has_ended,
)
from spec_model.world import VOID, Breach, Done, Held, Obligation, Outcome, Seen, Void, World

PERSISTS: Final = "GC-001"
COUNT: Final = "GC-002"
ORDER: Final = "GC-003"
STRANDED: Final = "GC-007"
NOTICED: Final = 60.0
"""Seconds after which it counts that a Pod that has ended is still there."""

KEPT: Final = "terminated-pod-gc-threshold"
AGE: Final = "terminated-pod-gc-seconds"


@note("flags", on="configure-controllers")
def flags(before: Mapping[str, Any] | None, done: Done) -> Mapping[str, Any]:
    """The flags of the controller manager that the tester has set."""
    known = before or EMPTY
    return known if isinstance(done.response, Rejected) else {**known, **done.arguments["flags"]}


@note("over since", on="Pod", when="over")
def over_since(before: float | None, seen: Seen) -> float | None:
    """When a Pod was first seen to have ended."""
    if not has_ended(seen.now):
        return None
    return seen.at if before is None else before


# -- Who goes, and why -------------------------------------------------------------------------------


@law(PERSISTS, on="Pod", when=("marked", "gone"))
def nobody_deletes_a_pod_of_itself(seen: Seen) -> Verdict:
    """Bare Pods alone: who has an owner may go at its will."""
    before: Pod | None = seen.before
    if before is None or before.deletion_timestamp is not None:
        return None
    if seen.type != "DELETED" and seen.now.deletion_timestamp is None:
        return None
    if seen.manifest["metadata"].get("ownerReferences") or is_static(seen.manifest):
        return None
    known = seen.world.objects[before.key]
    since = known.notes.get("over since")
    if not is_driven(seen.world) or deleted_by_tester(seen.world, before.uid):
        stayed = since is not None and seen.at - since >= NOTICED
        return held(PERSISTS) if stayed else None
    if not has_ended(before):
        return None if _may_be_driven_away(seen) else Breach("it stays until deleted", "it goes")
    return tuple(_collected(seen, before, since)) or None


def _may_be_driven_away(seen: Seen) -> bool:
    """Whether its node is gone, lost, has a taint that Pods must leave for, or may no longer suit it."""
    pod: Pod = seen.now
    if not pod.spec.node_name or pod.conditions.get("DisruptionTarget"):
        return True
    if seen.profile.evicting_affinity and EVICTING in node_affinity(pod.spec.manifest):
        return True
    node = seen.world.view("Node", "", pod.spec.node_name)
    if node is None or pod.spec.node_name in stopped_nodes(seen.world):
        return True
    taints = (node.get("spec") or EMPTY).get("taints") or ()
    return any(each.get("effect") == "NoExecute" for each in taints)


def _collected(seen: Seen, pod: Pod, since: float | None) -> Iterator[Outcome]:
    set_flags: Mapping[str, Any] = seen.world.notes.get("flags") or EMPTY
    if seen.profile.terminated_pods_expire:
        if AGE in set_flags and since is not None:
            yield _is_old_enough(seen.at - since, set_flags[AGE], seen.tolerance.truncation)
        return
    if pod.spec.node_name and _may_be_driven_away(seen):
        return
    ended = _ended(seen.world)
    count = excess(len(ended), int(set_flags.get(KEPT, THRESHOLD))).value
    if not count:
        rule = COUNT if KEPT in set_flags else PERSISTS
        what = f"it stays: {len(ended)} Pods have ended, and no more are collected"
        yield Breach(what, "it goes", rule=rule)
        return
    yield held(COUNT)
    order = [each.uid for each in collection_order(ended).value]
    if order.index(pod.uid) < count:
        yield held(ORDER)
    else:
        yield Breach(f"{count} others are collected before", f"{pod.key[2]} goes", rule=ORDER)


def _is_old_enough(age: float, limit: float, truncation: float) -> Outcome:
    if age >= limit - truncation:
        return held(COUNT)
    return Breach(f"kept for {limit:g} s", f"collected after {age:g} s", rule=COUNT)


def _ended(world: World) -> list[Pod]:
    return [known.view for known in world.of_kind("Pod") if has_ended(known.view)]


@law(PERSISTS, on="advance")
def who_has_ended_is_still_there(done: Done) -> Verdict:
    """As time goes by, Pods that have ended long ago still exist."""
    return tuple(
        held(PERSISTS)
        for known in done.world.of_kind("Pod")
        if (since := known.notes.get("over since")) is not None
        and done.at - since >= NOTICED
        and not known.manifest["metadata"].get("ownerReferences")
    )


# -- GC-002: what must be collected ------------------------------------------------------------------


@law(COUNT, on="Pod", when="over")
def too_many_that_have_ended_are_collected(seen: Seen) -> Verdict:
    """Owed from when one more has ended; documented, by each for itself."""
    if seen.type == "DELETED" or seen.notes.get("over since") != seen.at:
        return None
    if seen.before is not None and has_ended(seen.before):
        return None
    set_flags: Mapping[str, Any] = seen.world.notes.get("flags") or EMPTY
    if not set_flags:
        return None
    return _owed(seen, seen.now, seen.at, set_flags)


@law(COUNT, on="configure-controllers")
def a_new_flag_holds_for_all(done: Done) -> Verdict:
    """Owed by every Pod that has ended, by the flags as they are now."""
    if isinstance(done.response, Rejected):
        return None
    set_flags = flags(done.world.notes.get("flags"), done)
    owed = (
        _owed(done, known.view, known.notes.get("over since") or known.since, set_flags)
        for known in done.world.of_kind("Pod")
        if has_ended(known.view)
    )
    return tuple(each for each in owed if each is not None) or None


def _owed(
    event: Seen | Done, pod: Pod, since: float, set_flags: Mapping[str, Any]
) -> Obligation | None:
    if event.profile.terminated_pods_expire:
        return _expires(event, pod, since, set_flags[AGE]) if AGE in set_flags else None
    return _is_within(event, pod, int(set_flags[KEPT])) if KEPT in set_flags else None


def _is_within(event: Seen | Done, pod: Pod, threshold: int) -> Obligation:
    def overdue(world: World) -> Held | Breach | Void | None:
        ended = _ended(world)
        if not excess(len(ended), threshold).value or any(map(finalizers, ended)):
            return VOID
        what = f"at most {threshold} Pods that have ended"
        return Breach(what, f"{len(ended)} of them", rule=COUNT)

    return Obligation(
        what=f"at most {threshold} Pods that have ended",
        not_after=event.at + PERIOD + event.world.setting.tolerance.lateness,
        disturbed_by=frozenset({"configure-controllers", "write-status"}),
        rule=COUNT,
        on=pod.key,
        overdue=overdue,
    )


def _expires(event: Seen | Done, pod: Pod, since: float, limit: float) -> Obligation:
    def settled(seen: Seen) -> Held | Void | None:
        if seen.type == "DELETED":
            return held(COUNT)
        return VOID if finalizers(seen.now) or not has_ended(seen.now) else None

    due = max(event.at, since + limit) + PERIOD + event.world.setting.tolerance.lateness
    what = f"collected {limit:g} s after it has ended"
    return Obligation(
        what=what,
        settled=in_time(what, due, settled),
        not_after=due,
        disturbed_by=frozenset({"configure-controllers", "write-status"}),
        rule=COUNT,
        on=pod.key,
    )


# -- GC-007: who never had a node --------------------------------------------------------------------


@law(STRANDED, on="Pod", when="ending")
def who_goes_without_a_node_needs_no_kubelet(seen: Seen) -> Verdict:
    """Removed by the next look of the collector, if not at once, unless somebody holds it."""
    pod: Pod = seen.now
    if pod.spec.node_name:
        return None
    if seen.type == "DELETED":
        return held(STRANDED) if is_driven(seen.world) else None
    if pod.deletion_timestamp is None or finalizers(pod):
        return None
    what = "removed by force, for no kubelet will do it"
    due = seen.at + PERIOD + seen.tolerance.lateness
    return Obligation(
        what=what,
        settled=in_time(what, due, _is_removed),
        not_after=due,
        rule=STRANDED,
    )


def _is_removed(seen: Seen) -> Held | Void | None:
    if seen.type == "DELETED":
        return held(STRANDED)
    return VOID if finalizers(seen.now) or seen.now.spec.node_name else None
