"""GC-005: Pods leave a node that is tainted, or as documented lost, when their time is over."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final, TypeAlias

from spec_model.events import Manifest, Rejected
from spec_model.law import Verdict, expect, held, law, note
from spec_model.laws.acts import is_driven
from spec_model.laws.flocks import deleted_by_tester
from spec_model.laws.node_loss import is_daemon, pods_of, ready
from spec_model.objects import EMPTY, Pod, is_static
from spec_model.pod.termination import OVER
from spec_model.pod.tolerations import LOST, NO_EXECUTE, executing, stays, untold
from spec_model.world import VOID, Breach, Done, Held, Known, Obligation, Outcome, Seen, Void, World

RULE: Final = "GC-005"
BY_TAINT: Final = "DeletionByTaintManager"
TOLD: Final = "TaintManagerEviction"

Tainted: TypeAlias = Mapping[tuple[str, str], float]
"""By key and value of a NoExecute taint, since when the node has it."""


@note("taints", on="Node")
def tainted(before: Tainted | None, seen: Seen) -> Tainted:
    """Folds in the NoExecute taints of a node; one that takes another's place goes on where that was."""
    known, taints = before or {}, executing(seen.manifest)
    names = [(str(each.get("key")), str(each.get("value") or "")) for each in taints]
    replaces = known and not any(name in known for name in names)
    began = min(known.values()) if replaces else seen.at
    return {name: known.get(name, began) for name in names}


@note("cleared", on="Node")
def cleared(before: float | None, seen: Seen) -> float | None:
    """When a node last lost a NoExecute taint."""
    if seen.before is None or len(executing(seen.before)) <= len(executing(seen.manifest)):
        return before
    return seen.at


@law(RULE, on="create Pod")
def a_pod_is_made_to_tolerate_lost_nodes(done: Done) -> Verdict:
    """For 300 s, where it says nothing of them itself."""
    sent = done.arguments["object"]
    stored = None if isinstance(done.response, Rejected) else done.response.value
    if not isinstance(stored, Mapping) or "spec" not in stored:
        return None
    if done.profile.lost_pod_phase is not None:
        return None
    given = (sent.get("spec") or EMPTY).get("tolerations") or ()
    added = stored["spec"].get("tolerations") or ()
    wait = done.profile.not_ready_eviction
    return tuple(_is_added(added, key, wait) for key in untold(given).value) or None


def _is_added(tolerations: Sequence[Manifest], key: str, wait: float) -> Outcome:
    for each in tolerations:
        if each.get("key") == key and each.get("effect") == NO_EXECUTE:
            seconds = each.get("tolerationSeconds")
            return expect(seconds == wait, f"{key} tolerated for {wait:g} s", f"{seconds}")
    return Breach(f"{key}:{NO_EXECUTE} tolerated for {wait:g} s", "not tolerated")


@law(RULE, on="Pod", when="new")
def a_pod_says_something_of_lost_nodes(seen: Seen) -> Verdict:
    """Whoever made it: it tolerates them for ever, or for some time."""
    if seen.before is not None or not seen.fresh or seen.profile.lost_pod_phase is not None:
        return None
    if is_static(seen.manifest):
        return None
    missing = untold(seen.now.spec.manifest.get("tolerations") or ()).value
    if not missing:
        return held(RULE)
    if not is_driven(seen.world) or not seen.manifest["metadata"].get("ownerReferences"):
        return None  # what the tester makes is judged by the answer
    return Breach("tolerations of lost nodes", f"nothing of {', '.join(missing)}")


# -- What is owed ------------------------------------------------------------------------------------


@law(RULE, on="Node")
def who_does_not_tolerate_it_goes(seen: Seen) -> Verdict:
    """Owed by the Pods of a node that is tainted, or documented lost, from when that is seen."""
    if seen.type == "DELETED":
        return None
    if seen.profile.lost_pod_phase is not None:
        return _documented(seen)
    before = () if seen.before is None else executing(seen.before)
    taints = executing(seen.manifest)
    if len(taints) <= len(before):
        return None
    return tuple(_owed_by_all(seen, taints)) or None


def _owed_by_all(seen: Seen, taints: list[Manifest]) -> Iterator[Obligation]:
    since: Tainted = seen.notes["taints"]
    for pod in pods_of(seen.world, seen.manifest["metadata"]["name"]):
        wait = stays(pod.spec.manifest, taints).value
        if wait is not None and pod.deletion_timestamp is None:
            began = min(since.values()) if len(since) == 1 else seen.at
            yield _leaves(seen, pod, max(began + wait, seen.at))


@law(RULE, on="Pod", when="bound")
@law(RULE, on="Pod", when="new")
def who_comes_to_a_tainted_node_goes(seen: Seen) -> Verdict:
    """Owed by a Pod that is bound to a node that is tainted already."""
    pod: Pod = seen.now
    if not pod.spec.node_name or seen.type == "DELETED" or seen.profile.lost_pod_phase is not None:
        return None
    if seen.before is not None and seen.before.spec.node_name:
        return None
    if seen.before is None and not seen.fresh:
        return None
    node = seen.world.view("Node", "", pod.spec.node_name)
    taints = [] if node is None else executing(node)
    if not taints or is_static(seen.manifest) or pod.deletion_timestamp is not None:
        return None
    wait = stays(pod.spec.manifest, taints).value
    return None if wait is None else _leaves(seen, pod, seen.at + wait)


def _leaves(seen: Seen, pod: Pod, end: float) -> Obligation:
    key, node = pod.key, pod.spec.node_name

    def settled(later: Seen) -> Held | Void | None:
        now: Pod = later.now
        if later.type != "DELETED" and now.deletion_timestamp is None:
            return VOID if now.phase in OVER else None
        target = (now.conditions.get("DisruptionTarget") or EMPTY).get("reason")
        return held(RULE) if target == BY_TAINT else VOID

    def overdue(world: World) -> Void | None:
        """Pointless where the taint has gone, or the Pod has come to tolerate it."""
        found, there = world.view("Node", "", node), world.view(*key)
        if found is None or there is None or there.deletion_timestamp is not None:
            return VOID
        wait = stays(there.spec.manifest, executing(found)).value
        known = world.objects["Node", "", node].notes.get("cleared")
        has_changed = known is not None and known >= seen.at
        return VOID if wait is None or not executing(found) or has_changed else None

    what = f"deleted by the taint manager at {end:g} s, for it tolerates node {node} no longer"
    due = end + seen.tolerance.lateness
    return Obligation(
        what=what,
        settled=lambda later: settled(later) if later.at <= due else _late(later, overdue, what),
        not_after=due,
        disturbed_by=frozenset({"replace"}),
        rule=RULE,
        on=key,
        overdue=overdue,
    )


def _late(seen: Seen, overdue: Callable[[World], Void | None], what: str) -> Breach | Void:
    """What is seen of it only after it was due came too late, unless it was pointless by then."""
    return overdue(seen.world) or Breach(what, f"not seen before {seen.at:g} s", rule=RULE)


def _documented(seen: Seen) -> Verdict:
    """300 s after the node was found lost; not where all are."""
    was = "" if seen.before is None else ready(seen.before)
    if was != "True" or ready(seen.manifest) == "True":
        return None
    name = seen.manifest["metadata"]["name"]
    end = seen.at + seen.profile.not_ready_eviction
    return tuple(
        _given_up(seen, pod, name, end)
        for pod in pods_of(seen.world, name)
        if pod.deletion_timestamp is None and not is_daemon(pod)
    )


def _given_up(seen: Seen, pod: Pod, node: str, end: float) -> Obligation:
    def settled(later: Seen) -> Held | Breach | Void | None:
        now: Pod = later.now
        if later.type != "DELETED" and now.deletion_timestamp is None:
            return None
        if deleted_by_tester(later.world, pod.uid) or not is_driven(later.world):
            return VOID
        if now.manifest["metadata"].get("ownerReferences"):
            return VOID
        found = later.world.view("Node", "", node)
        if found is None or ready(found) == "True" or _drives_others(found):
            return VOID
        what = f"deleted {seen.profile.not_ready_eviction:g} s after its node was lost"
        late = later.at >= end - seen.tolerance.truncation
        return expect(late, what, f"deleted {later.at - seen.at:g} s after that", rule=RULE)

    def overdue(world: World) -> Void | None:
        found = world.view("Node", "", node)
        nodes = [known.view for known in world.of_kind("Node")]
        is_back = found is None or ready(found) == "True"
        crowded = sum(ready(each) != "True" for each in nodes) > 1
        changed = world.notes.get("readiness changed")
        was_crowded = changed is not None and changed > seen.at  # and so the time began anew
        return VOID if is_back or crowded or was_crowded else None

    what, due = f"deleted at {end:g} s, for its node is lost", end + seen.tolerance.lateness
    return Obligation(
        what=what,
        settled=lambda later: settled(later) if later.at <= due else _late(later, overdue, what),
        not_after=due,
        disturbed_by=frozenset({"start-node", "stop-node", "replace", "patch"}),
        rule=RULE,
        on=pod.key,
        overdue=overdue,
    )


def _drives_others(node: Manifest) -> bool:
    return any(each.get("key") not in LOST for each in executing(node))


# -- What may be done --------------------------------------------------------------------------------


@note("told evicted", on=f"Event {TOLD}*")
def told_evicted(before: Mapping[str, float] | None, seen: Seen) -> Mapping[str, float]:
    """By the UID of a Pod, when its eviction was told."""
    about = seen.manifest.get("involvedObject") or EMPTY
    recent = {uid: at for uid, at in (before or EMPTY).items() if seen.at - at < 600}
    return {**recent, str(about.get("uid")): seen.at}


@law(RULE, on="Pod", when="marked")
def nobody_is_driven_away_early(seen: Seen) -> Verdict:
    """Who is deleted for a taint has stayed as long as it tolerates it; an Event tells of it."""
    before, pod = seen.before, seen.now
    if before is None or before.deletion_timestamp is not None or pod.deletion_timestamp is None:
        return None
    if (pod.conditions.get("DisruptionTarget") or EMPTY).get("reason") != BY_TAINT:
        return None
    node = seen.world.objects.get(("Node", "", pod.spec.node_name))
    if node is None or seen.profile.lost_pod_phase is not None:
        return None
    owed: list[Outcome] = list(_in_its_time(seen, pod, node))
    if seen.world.setting.clock == "virtual" and "shows-events" in seen.world.notes:
        owed.append(_is_told(seen, pod.uid))
    return tuple(owed)


def _in_its_time(seen: Seen, pod: Pod, node: Known) -> Iterator[Outcome]:
    cleared_at = node.notes.get("cleared")
    if cleared_at is not None and seen.at - cleared_at <= seen.tolerance.lateness:
        return  # its taints have just changed
    taints, since = executing(node.manifest), node.notes["taints"]
    if not taints:
        yield Breach("no deletion, for the taint has gone", "deleted for a taint")
        return
    wait = stays(pod.spec.manifest, taints).value
    if wait is None:
        yield Breach("it stays for ever, for it tolerates every taint", "deleted for a taint")
        return
    stayed = seen.at - min(since.values())
    what = f"deleted not before {wait:g} s after the taint"
    yield expect(stayed >= wait - seen.tolerance.truncation, what, f"after {stayed:g} s")


def _is_told(seen: Seen, uid: str) -> Obligation:
    def overdue(world: World) -> Held | None:
        told: Mapping[str, float] = world.notes.get("told evicted") or EMPTY
        return held(RULE) if told.get(uid, -1.0) >= seen.at - seen.tolerance.lateness else None

    return Obligation(
        what=f"an Event {TOLD}",
        settled=lambda later: overdue(later.world) or (VOID if later.type == "DELETED" else None),
        not_after=seen.at + seen.tolerance.lateness,
        rule=RULE,
        overdue=overdue,
    )
