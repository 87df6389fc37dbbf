"""IDENTITY-004: what is seen of a node that is lost, and of the Pods that it takes along.

What must come is owed from the moment at which the tester stops the node. A judge that only watches
can still tell whether the Pods of a tainted node are deleted too early.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final, TypeAlias

from spec_model.events import Manifest, Rejected
from spec_model.law import Verdict, expect, law, note
from spec_model.laws.broken import is_whole
from spec_model.objects import EMPTY, Pod, is_static, seconds
from spec_model.pod.node_loss import (
    OUT_OF_SERVICE,
    TAINTING,
    Window,
    counts_as_lost,
    evicts,
    given_up,
    tolerated,
    tolerates_loss,
)
from spec_model.pod.termination import OVER
from spec_model.pod.tolerations import NO_EXECUTE, NOT_READY, UNREACHABLE, executing, stays
from spec_model.world import (
    HELD,
    VOID,
    Breach,
    Done,
    Held,
    Obligation,
    Outcome,
    Seen,
    Void,
    World,
)

RULE: Final = "IDENTITY-004"
BY_TAINT: Final = "DeletionByTaintManager"
UNSETTLING: Final = frozenset(
    {"start-node", "stop-node", "set-runtime", "delete", "patch", "replace"}
)

Settled: TypeAlias = Callable[[Seen], Held | Breach | Void | None]

Unready: TypeAlias = Mapping[str, Manifest]
"""By the name of a Node, its condition Ready where that is not True."""


@note("stopped", on="stop-node")
def stopped(before: Mapping[str, float] | None, done: Done) -> Mapping[str, float]:
    """Nodes that the tester has stopped, and when."""
    known = before or {}
    name = done.arguments["node"]
    if isinstance(done.response, Rejected) or name in stopped_nodes(done.world):
        return known
    return {**known, name: done.at}


@note("stopped", on="start-node")
def started(before: Mapping[str, float] | None, done: Done) -> Mapping[str, float]:
    """A node that is started again is no longer stopped."""
    return {name: at for name, at in (before or {}).items() if name != done.arguments["node"]}


@note("stopped", on="create Node")
def another_comes(before: Mapping[str, float] | None, done: Done) -> Mapping[str, float]:
    """A Node that is created is not the one that was stopped under its name."""
    known, made = before or {}, done.arguments["object"]
    name = (made.get("metadata") or EMPTY).get("name")
    if name not in known or isinstance(done.response, Rejected):
        return known
    return {each: at for each, at in known.items() if each != name}


@note("stopped", on="Node*")
def gone_with_its_node(
    before: Mapping[str, float] | None, seen: Seen
) -> Mapping[str, float] | None:
    """A Node that is deleted has no kubelet, as far as is known, until there is one of its name again."""
    name = seen.now["metadata"]["name"]
    if seen.type == "DELETED":
        return {name: seen.at, **(before or {})}
    if seen.before is None and before and name in before:
        return {other: at for other, at in before.items() if other != name}
    return before


def stopped_nodes(world: World) -> Mapping[str, float]:
    """Nodes that are stopped, and since when."""
    found: Mapping[str, float] | None = world.notes.get("stopped")
    if not found:
        return {}
    return {name: since for name, since in found.items() if _is_still_it(world, name, since)}


def _is_still_it(world: World, name: str, since: float) -> bool:
    """Whether there is no other Node of that name by now."""
    known = world.objects.get(("Node", "", name))
    return known is None or known.since <= since


@note("unready", on="Node*")
def nodes_that_are_not_ready(before: Unready | None, seen: Seen) -> Unready:
    """The Nodes that are known not to be ready, and what they say of that."""
    known, name = before or EMPTY, seen.manifest["metadata"]["name"]
    shown = EMPTY if seen.type == "DELETED" else condition_ready(seen.now)
    others = {each: said for each, said in known.items() if each != name}
    return others if shown.get("status") in (None, "True") else {**others, name: shown}


def unready(world: World, node: str) -> Manifest:
    """The condition Ready of a Node that is known not to be ready; empty of any other."""
    known: Unready = world.notes.get("unready") or EMPTY
    return known.get(node, EMPTY)


def is_served(seen: Seen) -> bool:
    """Whether a kubelet looks after a Pod as it should, as far as is known of its node."""
    name = seen.now.spec.node_name
    return is_attended(seen.world, name) and unready(seen.world, name).get("status") != "Unknown"


def is_attended(world: World, node: str) -> bool:
    """Whether a Node is known neither to be gone or stopped nor to have a broken part."""
    if node in (world.notes.get("gone nodes") or ()):
        return False
    return node not in stopped_nodes(world) and is_whole(world, node)


@law(RULE, on="stop-node")
def a_node_that_stops_is_lost(done: Done) -> Verdict:
    """Lost after 50 s, its Pods not ready then and given up 300 s later; documented 40 s, and Failed."""
    name = done.arguments["node"]
    node = done.world.view("Node", "", name)
    if isinstance(done.response, Rejected) or node is None or name in stopped_nodes(done.world):
        return None
    if ready(node) != "True":
        return None
    owed: list[Outcome] = [_shown_as_lost(done, name)]
    for pod in pods_of(done.world, name):
        owed.extend(_owed_by(pod, done))
    return tuple(owed)


@law(RULE, on="create Pod")
def a_pod_tolerates_a_lost_node_for_300_seconds(done: Done) -> Verdict:
    """A Pod that says nothing of unreachable nodes gets a toleration of 300 s."""
    sent = done.arguments["object"]
    stored = None if isinstance(done.response, Rejected) else done.response.value
    if done.profile.lost_pod_phase is not None:
        return None
    if not isinstance(stored, Mapping) or "spec" not in stored:
        return None
    if any(map(tolerates_loss, _tolerations(sent))):
        return None
    seen, wanted = tolerated(stored["spec"]), done.profile.not_ready_eviction
    shown = "none" if not seen else f"one of {seen:g} s"
    return expect(seen == wanted, f"a toleration of {wanted:g} s for lost nodes", shown)


def _tolerations(pod: Manifest) -> Sequence[Manifest]:
    found: Sequence[Manifest] = (pod.get("spec") or EMPTY).get("tolerations") or ()
    return found


def condition_ready(node: Manifest) -> Manifest:
    """A node's condition Ready; empty where it has none."""
    for condition in (node.get("status") or EMPTY).get("conditions") or ():
        if condition.get("type") == "Ready":
            found: Manifest = condition
            return found
    return EMPTY


def ready(node: Manifest) -> str:
    """The status of a node's condition Ready; empty where it has none."""
    found = condition_ready(node)
    return str(found.get("status")) if found else ""


def pods_of(world: World, node: str) -> Iterator[Pod]:
    """The Pods that run on a node and are not on their way out; static ones have no say in it."""
    for known in world.of_kind("Pod"):
        pod: Pod = known.view
        if pod.spec.node_name == node and pod.phase not in OVER and not is_static(pod.manifest):
            yield pod


def _shown_as_lost(done: Done, name: str) -> Obligation:
    window = _behind_others(counts_as_lost(done.profile).value, done.world)
    late = done.world.setting.tolerance.lateness
    tainted = done.profile.lost_pod_phase is None and _evicts(done.world, name)

    def settled(seen: Seen) -> Held | Breach | Void | None:
        if seen.type == "DELETED":
            return VOID
        if ready(seen.now) != "Unknown" or (tainted and _taint(seen.now) is None):
            return None
        return in_time(seen, done, window, f"node {name} stopped, and is lost")

    taint = " and the taint unreachable:NoExecute" if tainted else ""
    return Obligation(
        what=f"Ready=Unknown{taint} {window.not_after:g} s after node {name} stopped",
        settled=settled,
        not_after=done.at + window.not_after + late,
        disturbed_by=UNSETTLING,
        on=("Node", "", name),
    )


def _behind_others(window: Window, world: World) -> Window:
    """The window of a node that is tainted after those that have been stopped before it."""
    return Window(window.not_before, window.not_after + TAINTING * len(stopped_nodes(world)))


def _taint(node: Manifest) -> Manifest | None:
    for taint in (node.get("spec") or EMPTY).get("taints") or ():
        if taint.get("key") == UNREACHABLE and taint.get("effect") == NO_EXECUTE:
            found: Manifest = taint
            return found
    return None


def in_time(seen: Seen, done: Done, window: Window, what: str) -> Held | Breach:
    waited, tolerance = seen.at - done.at, seen.tolerance
    return expect(
        window.not_before - tolerance.truncation <= waited <= window.not_after + tolerance.lateness,
        f"{what} {window.not_before:g} s to {window.not_after:g} s after that",
        f"after {waited:g} s",
    )


def is_daemon(pod: Pod) -> bool:
    """A Pod of a DaemonSet, which outlives the loss of its node (DAEMON-003)."""
    owners = pod.manifest["metadata"].get("ownerReferences") or ()
    return any(each.get("controller") and each["kind"] == "DaemonSet" for each in owners)


def _owed_by(pod: Pod, done: Done) -> Iterator[Obligation]:
    late = done.world.setting.tolerance.lateness
    is_documented = done.profile.lost_pod_phase is not None
    if pod.deletion_timestamp is not None or (is_documented and is_daemon(pod)):
        return
    lost = counts_as_lost(done.profile).value
    if not is_documented and (pod.conditions.get("Ready") or EMPTY).get("status") == "True":
        yield Obligation(
            what=f"Ready=False {lost.not_after:g} s after its node stopped",
            settled=_not_ready,
            not_after=done.at + lost.not_after + late,
            disturbed_by=UNSETTLING,
            on=pod.key,
        )
    window = given_up(pod.spec.manifest, done.profile).value
    if window is None or not _evicts(done.world, pod.spec.node_name):
        return
    window = _behind_others(window, done.world)
    fate = f"phase {done.profile.lost_pod_phase}" if is_documented else "deletion through the API"
    yield Obligation(
        what=f"{fate} {window.not_after:g} s after its node stopped",
        settled=_failed(done, window) if is_documented else _deleted(done, window),
        not_after=done.at + window.not_after + late,
        disturbed_by=UNSETTLING,
        on=pod.key,
    )


def _evicts(world: World, name: str) -> bool:
    """Whether the Pods of a node that stops are evicted, by what is known of the others."""
    nodes = [known.view for known in world.of_kind("Node")]
    unready = [node for node in nodes if ready(node) != "True" or _is_going(world, node, name)]
    return evicts(len(unready), len(nodes))


def _is_going(world: World, node: Manifest, name: str) -> bool:
    """Whether a Node is that one, or will not be ready either."""
    this = node["metadata"]["name"]
    return this == name or not is_attended(world, this)


def _not_ready(seen: Seen) -> Held | Void | None:
    if seen.now.deletion_timestamp is not None or seen.type == "DELETED":
        return VOID
    return None if (seen.now.conditions.get("Ready") or EMPTY).get("status") == "True" else HELD


def _failed(done: Done, window: Window) -> Settled:
    def settled(seen: Seen) -> Held | Breach | Void | None:
        phase = done.profile.lost_pod_phase
        if seen.now.phase == phase:
            return in_time(seen, done, window, f"its node stopped, and it is {phase}")
        if seen.now.deletion_timestamp is not None and _has_owner(seen):
            return VOID  # its controller has deleted it
        gone = seen.type == "DELETED"
        return Breach(f"phase {phase}", f"gone in phase {seen.now.phase}") if gone else None

    return settled


def _has_owner(seen: Seen) -> bool:
    return bool(seen.manifest["metadata"].get("ownerReferences"))


def _deleted(done: Done, window: Window) -> Settled:
    def settled(seen: Seen) -> Held | Breach | Void | None:
        pod: Pod = seen.now
        if pod.deletion_timestamp is None and seen.type != "DELETED":
            return None
        target = pod.conditions.get("DisruptionTarget") or EMPTY
        if target.get("reason") != BY_TAINT:
            if _has_owner(seen):
                return VOID  # its controller has deleted it
            return Breach(f"condition DisruptionTarget, reason {BY_TAINT}", f"{dict(target)}")
        return in_time(seen, done, window, "its node stopped, and it is deleted")

    return settled


@law(RULE, on="Pod", when=("passed", "ending"))
def the_phase_stays_while_the_node_is_lost(seen: Seen) -> Verdict:
    """Nobody changes the phase of a Pod whose node is lost, but when the Node is gone or given up."""
    nodes = stopped_nodes(seen.world)
    if not nodes or seen.before is None or seen.profile.lost_pod_phase is not None:
        return None
    since = nodes.get(seen.now.spec.node_name)
    if since is None or seen.at - since <= seen.tolerance.truncation + seen.tolerance.lateness:
        return None
    node = seen.world.view("Node", "", seen.now.spec.node_name)
    if node is None or f"{seen.now.key[1]}/{seen.now.key[2]}" in seen.world.notes.get(
        "tampered", ()
    ):
        return None
    if any(
        taint.get("key") == OUT_OF_SERVICE for taint in node.get("spec", {}).get("taints") or ()
    ):
        return None
    before, now = seen.before.phase, seen.now.phase
    if before == now:
        return HELD if seen.now.deletion_timestamp is not None else None
    return Breach(f"phase {before} while its node is lost", f"phase {now}")


@note("driven away since", on="Node")
def tainted(before: float | None, seen: Seen) -> float | None:
    """Since when a Node has had a taint that drives its Pods away, whichever by now; 1970 at 0 s."""
    found = [
        taint for taint in (seen.now.get("spec") or EMPTY).get("taints") or () if _drives(taint)
    ]
    if before is not None and found:
        return before
    return max((seconds(taint.get("timeAdded")) or 0.0 for taint in found), default=None)


def _drives(taint: Manifest) -> bool:
    return taint.get("effect") == NO_EXECUTE and taint.get("key") in (NOT_READY, UNREACHABLE)


@law(RULE, on="Pod", when="marked")
def a_tainted_node_keeps_its_pods_as_long_as_they_tolerate(seen: Seen) -> Verdict:
    """A Pod deleted by the taint manager has stayed for its tolerationSeconds, by the taint's own time."""
    before, pod = seen.before, seen.now
    if before is None or pod.deletion_timestamp is None or before.deletion_timestamp is not None:
        return None
    if (pod.conditions.get("DisruptionTarget") or EMPTY).get("reason") != BY_TAINT:
        return None
    node = seen.world.objects.get(("Node", "", pod.spec.node_name))
    if node is None or _taint(node.view) is None:
        return None
    added = node.notes.get("driven away since")
    wait = stays(pod.spec.manifest, executing(node.view)).value
    if added is None or wait is None or seen.profile.lost_pod_phase is not None:
        return None
    grace = seen.manifest["metadata"].get("deletionGracePeriodSeconds") or 0
    stayed = pod.deletion_timestamp - grace - added
    what = f"deleted not before {wait:g} s after the taint"
    return expect(stayed >= wait - seen.tolerance.truncation, what, f"after {stayed:g} s")
