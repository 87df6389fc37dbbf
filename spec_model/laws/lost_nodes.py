"""GC-004 and GC-006: how a lost node shows, and what becomes of the Pods it had."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from attrs import evolve

from spec_model.events import Manifest, Rejected
from spec_model.law import Verdict, expect, held, law, note
from spec_model.laws import node_collection, node_loss
from spec_model.laws.acts import is_driven
from spec_model.laws.deletion import in_time
from spec_model.laws.flocks import deleted_by_tester
from spec_model.objects import EMPTY, Pod
from spec_model.pod.node_loss import (
    COLLECTION,
    OUT_OF_SERVICE,
    QUARANTINE,
    counts_as_lost,
)
from spec_model.pod.termination import OVER
from spec_model.pod.tolerations import NO_EXECUTE, UNREACHABLE
from spec_model.world import VOID, Breach, Done, Held, Obligation, Outcome, Seen, Void, World

LOST: Final = "GC-004"
PHASE: Final = "GC-006"
UNKNOWN: Final = "NodeStatusUnknown"
BY_COLLECTOR: Final = "DeletionByPodGC"
COMES_BACK: Final = frozenset({"start-node", "delete", "patch", "replace"})


# -- GC-004: it is noticed ---------------------------------------------------------------------------


@note("told lost", on="Event NodeNotReady*")
def told_lost(before: Mapping[str, float] | None, seen: Seen) -> Mapping[str, float]:
    """By kind and name, when an Event last told that a node, or the node of a Pod, is not ready."""
    about = seen.manifest.get("involvedObject") or EMPTY
    return {**(before or EMPTY), f"{about.get('kind')} {about.get('name')}": seen.at}


@law(LOST, on="stop-node")
def a_silent_node_becomes_unknown(done: Done) -> Verdict:
    """Owed by the node, and by its Pods, which are no longer ready then."""
    name = done.arguments["node"]
    node = done.world.view("Node", "", name)
    if isinstance(done.response, Rejected) or node is None or node_loss.ready(node) != "True":
        return None
    if name in node_loss.stopped_nodes(done.world):
        return None
    return tuple(_owed_by_a_loss(done, name))


def _owed_by_a_loss(done: Done, name: str) -> Iterator[Obligation]:
    window = counts_as_lost(done.profile).value
    due = done.at + window.not_after + done.world.setting.tolerance.lateness
    what = f"Ready=Unknown, reason {UNKNOWN}, {window.not_after:g} s after node {name} stopped"

    def settled(seen: Seen) -> Breach | Void | None:
        if seen.type == "DELETED":
            return VOID
        early = seen.at - done.at < window.not_before - seen.tolerance.truncation
        if not early or node_loss.ready(seen.now) != "Unknown":
            return None
        return Breach(f"not before {window.not_before:g} s", f"after {seen.at - done.at:g} s")

    yield Obligation(
        what=what,
        settled=settled,
        not_after=due,
        disturbed_by=COMES_BACK,
        rule=LOST,
        on=("Node", "", name),
        overdue=lambda world: _shows_its_loss(world, name, done.at),
    )
    for pod in node_loss.pods_of(done.world, name):
        if (pod.conditions.get("Ready") or EMPTY).get("status") == "True":
            yield _unready(pod, due)


def _shows_its_loss(world: World, name: str, began: float) -> Held | Breach | Void | None:
    node = world.view("Node", "", name)
    if node is None:
        return VOID
    ready = condition(node, "Ready")
    if ready.get("status") != "Unknown":
        return None
    if ready.get("reason") != UNKNOWN:
        return Breach(f"reason {UNKNOWN}", f"reason {ready.get('reason')}", rule=LOST)
    if not _is_told(world, f"Node {name}", began):
        return Breach(f"an Event NodeNotReady of node {name}", "none", rule=LOST)
    if world.profile.lost_pod_phase is None and not _has_taint(node, UNREACHABLE, "NoSchedule"):
        return Breach(f"the taint {UNREACHABLE}:NoSchedule", "none", rule=LOST)
    return held(LOST)


def _is_told(world: World, about: str, since: float) -> bool:
    """On a real clock Events may be dropped, and where none are shown none is missed."""
    told: Mapping[str, float] = world.notes.get("told lost") or EMPTY
    is_blind = world.setting.clock == "real" or "shows-events" not in world.notes
    return is_blind or told.get(about, -1.0) >= since


def _has_taint(node: Manifest, key: str, effect: str) -> bool:
    return any(
        each.get("key") == key and each.get("effect") == effect
        for each in (node.get("spec") or EMPTY).get("taints") or ()
    )


def condition(manifest: Manifest, type_: str) -> Manifest:
    """A condition of an object; empty where it has none of that type."""
    for each in (manifest.get("status") or EMPTY).get("conditions") or ():
        if each.get("type") == type_:
            found: Manifest = each
            return found
    return EMPTY


def _unready(pod: Pod, due: float) -> Obligation:
    def settled(seen: Seen) -> Held | Void | None:
        if seen.type == "DELETED" or seen.now.deletion_timestamp is not None:
            return VOID
        ready = (seen.now.conditions.get("Ready") or EMPTY).get("status")
        return held(LOST) if ready == "False" else None

    what = "Ready=False, for its node is lost"
    return Obligation(
        what=what,
        settled=in_time(what, due, settled),
        not_after=due,
        disturbed_by=COMES_BACK,
        rule=LOST,
        on=pod.key,
    )


# -- GC-006: the phase -------------------------------------------------------------------------------


@law(PHASE, on="stop-node")
def documented_a_lost_pod_fails(done: Done) -> Verdict:
    """Under the source document's profile, and nowhere else."""
    if done.profile.lost_pod_phase is None:
        return None
    verdict = node_loss.a_node_that_stops_is_lost(done)
    owed = verdict if isinstance(verdict, tuple) else ()
    return tuple(
        evolve(each, rule=PHASE)
        for each in owed
        if isinstance(each, Obligation) and each.on is not None and each.on[0] == "Pod"
    )


@law(PHASE, on="Pod", when="stirred")
def the_phase_is_kept(seen: Seen) -> Verdict:
    """While the Node object exists nobody touches the phase of a Pod that it lost."""
    verdict = node_loss.the_phase_stays_while_the_node_is_lost(seen)
    if isinstance(verdict, Breach):
        return evolve(verdict, rule=PHASE)
    return held(PHASE) if isinstance(verdict, Held) else None


@law(PHASE, on="delete Node")
def orphans_are_collected(done: Done) -> Verdict:
    """The Pods of a node that is gone become Failed and are removed."""
    verdict = node_collection.pods_of_a_node_that_is_gone_are_collected(done)
    owed = verdict if isinstance(verdict, tuple) else ()
    return tuple(evolve(each, rule=PHASE) for each in owed if isinstance(each, Obligation)) or None


@note("gone nodes", on="Node*")
def gone_nodes(before: Mapping[str, float] | None, seen: Seen) -> Mapping[str, float]:
    """When a Node was deleted, by its name; one that is made again is there."""
    known, name = before or EMPTY, seen.manifest["metadata"]["name"]
    if seen.type == "DELETED":
        return {**known, name: seen.at}
    return {each: at for each, at in known.items() if each != name} if name in known else known


@law(PHASE, on="Pod", when="over")
def an_orphan_is_failed_by_the_collector(seen: Seen) -> Verdict:
    """Not before its Node has been absent for 40 s, and with a condition that says who did it."""
    before: Pod | None = seen.before
    gone: Mapping[str, float] = seen.world.notes.get("gone nodes") or EMPTY
    since = gone.get(seen.now.spec.node_name)
    if before is None or since is None or seen.profile.lost_pod_phase is not None:
        return None
    if before.phase in OVER or seen.now.phase != "Failed" or not is_driven(seen.world):
        return None
    name = "/".join(seen.now.key[1:])
    if deleted_by_tester(seen.world, seen.now.uid) or name in (
        seen.world.notes.get("tampered") or ()
    ):
        return None
    reason = (seen.now.conditions.get("DisruptionTarget") or EMPTY).get("reason")
    if reason != BY_COLLECTOR:
        return Breach(f"condition DisruptionTarget, reason {BY_COLLECTOR}", f"reason {reason}")
    waited = seen.at - since
    enough = waited >= QUARANTINE - seen.tolerance.truncation
    return expect(enough, f"not before its Node was absent {QUARANTINE:g} s", f"after {waited:g} s")


# -- GC-006: nodes out of service --------------------------------------------------------------------


@law(PHASE, on="Node")
def a_node_out_of_service_gives_its_pods_up(seen: Seen) -> Verdict:
    """Terminating Pods of a node that is not ready and was declared out of service are removed."""
    if seen.type == "DELETED" or seen.profile.lost_pod_phase is not None:
        return None
    if not _is_out_of_service(seen.manifest):
        return None
    if seen.before is not None and _is_out_of_service(seen.before):
        return None
    name = seen.manifest["metadata"]["name"]
    owed: list[Outcome] = [
        _given_up(seen, pod, name)
        for pod in node_loss.pods_of(seen.world, name)
        if pod.deletion_timestamp is not None
    ]
    return tuple(owed) or None


@law(PHASE, on="Pod", when="marked")
def who_goes_on_a_node_out_of_service_is_removed(seen: Seen) -> Verdict:
    """The same for one that is deleted later."""
    pod: Pod = seen.now
    if seen.before is None or seen.type == "DELETED" or pod.deletion_timestamp is None:
        return None
    if seen.before.deletion_timestamp is not None or seen.profile.lost_pod_phase is not None:
        return None
    node = seen.world.view("Node", "", pod.spec.node_name)
    if node is None or not _is_out_of_service(node):
        return None
    return _given_up(seen, pod, pod.spec.node_name)


def _is_out_of_service(node: Manifest) -> bool:
    is_marked = any(_has_taint(node, OUT_OF_SERVICE, effect) for effect in EFFECTS)
    return is_marked and node_loss.ready(node) in ("False", "Unknown")


EFFECTS: Final = (NO_EXECUTE, "NoSchedule")


def _given_up(seen: Seen, pod: Pod, node: str) -> Obligation:
    def settled(later: Seen) -> Held | Breach | Void | None:
        if later.type == "DELETED":
            failed = later.now.phase in OVER
            return expect(failed, "phase Failed before it goes", later.now.phase, rule=PHASE)
        return VOID if later.manifest["metadata"].get("finalizers") else None

    def overdue(world: World) -> Void | None:
        found = world.view("Node", "", node)
        return VOID if found is None or not _is_out_of_service(found) else None

    what = "Failed and removed, for its node is out of service"
    due = seen.at + COLLECTION + seen.tolerance.lateness
    return Obligation(
        what=what,
        settled=in_time(what, due, settled),
        not_after=due,
        disturbed_by=COMES_BACK,
        rule=PHASE,
        on=pod.key,
        overdue=overdue,
    )
