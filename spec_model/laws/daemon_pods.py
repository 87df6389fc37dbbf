"""DAEMON-003, -004, -005: what a daemon Pod is made with, and what becomes of one that has ended."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, TypeAlias

from attrs import frozen

from spec_model.law import Verdict, expect, held, law, note
from spec_model.laws.owned import asked_for_by_others, is_newly_marked, owner_of
from spec_model.objects import EMPTY, Pod
from spec_model.workloads import daemons as decide
from spec_model.workloads.ownership import controller_of
from spec_model.world import HELD, VOID, Breach, Held, Obligation, Seen, Void, World

LOST: Final = ("node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable")
BY_TAINT: Final = "DeletionByTaintManager"
EVENTS: Final = {"Failed": "FailedDaemonPod", "Succeeded": "SucceededDaemonPod"}


@law("DAEMON-003", on="Pod", when="of a DaemonSet")
def a_daemon_pod_tolerates_trouble(seen: Seen) -> Verdict:
    """Its tolerations have those that the controller adds, for ever and whatever their value."""
    if not seen.fresh or seen.before is not None:
        return None
    known = owner_of(seen, "DaemonSet")
    if known is None:
        return None
    has = {
        (each.get("key"), each.get("effect"))
        for each in seen.manifest["spec"].get("tolerations") or ()
        if each.get("operator") == "Exists" and each.get("tolerationSeconds") is None
    }
    wanted = decide.added_tolerations(decide.template_of(known.manifest)).value
    lacks = [f"{key}:{effect}" for key, effect in wanted if (key, effect) not in has]
    told = "tolerations of a troubled node"
    return expect(not lacks, told, f"none of {', '.join(lacks)}")


@law("DAEMON-003", on="Pod", when="of a DaemonSet")
def a_daemon_pod_outlives_the_loss_of_its_node(seen: Seen) -> Verdict:
    """It is neither evicted nor failed because its node does not answer."""
    if seen.before is None or controller_of(seen.manifest).get("kind") != "DaemonSet":
        return None
    node = seen.world.view("Node", "", seen.now.spec.node_name)
    if node is None:
        return None
    if seen.now.reason == "NodeLost" and seen.before.reason != "NodeLost":
        return Breach("it stays while its node is lost", f"phase {seen.now.phase}, NodeLost")
    target = seen.now.conditions.get("DisruptionTarget") or EMPTY
    if target.get("reason") != BY_TAINT or "DisruptionTarget" in seen.before.conditions:
        return None
    taints = [
        taint["key"]
        for taint in (node.get("spec") or EMPTY).get("taints") or ()
        if taint.get("effect") == "NoExecute"
    ]
    lost_only = bool(taints) and all(key in LOST for key in taints)
    return (
        expect(not lost_only, "it stays while its node is lost", "evicted") if lost_only else None
    )


@law("DAEMON-003", on="Node")
def daemons_stay_on_a_lost_node(seen: Seen) -> Verdict:
    """Five minutes after a node was lost its daemon Pods are still there."""
    if seen.before is None or seen.type == "DELETED" or not _is_lost(seen.now):
        return None
    if _is_lost(seen.before):
        return None
    name = seen.manifest["metadata"]["name"]
    here = {
        known.uid
        for known in seen.world.of_kind("Pod")
        if known.view.spec.node_name == name
        and known.view.deletion_timestamp is None
        and controller_of(known.manifest).get("kind") == "DaemonSet"
    }
    if not here:
        return None

    def overdue(world: World) -> Held | Void:
        still = world.uids_of("Pod")
        return held("DAEMON-003") if here <= still else VOID

    return Obligation(
        what=f"daemon Pods stay on node {name}",
        settled=lambda later: None if _is_lost(later.now) else VOID,
        not_after=seen.at + 320.0,
        overdue=overdue,
    )


def _is_lost(node: Mapping[str, object]) -> bool:
    status: Mapping[str, object] = node.get("status") or EMPTY  # type: ignore[assignment]
    conditions: list[Mapping[str, str]] = status.get("conditions") or []  # type: ignore[assignment]
    return any(
        each.get("type") == "Ready" and each.get("status") == "Unknown" for each in conditions
    )


# -- How it comes to its node (DAEMON-004) ------------------------------------------------------------


@law("DAEMON-004", on="Pod", when="of a DaemonSet")
def a_daemon_pod_is_made_for_a_node(seen: Seen) -> Verdict:
    """Pinned by its affinity and bound by the scheduler; documented bound by its controller."""
    if not seen.fresh or seen.before is not None or owner_of(seen, "DaemonSet") is None:
        return None
    pod: Pod = seen.now
    if seen.profile.daemon.binds:
        return expect(bool(pod.spec.node_name), "nodeName set by the controller", "none")
    pinned = decide.pinned_to(pod.spec.manifest)
    if pinned is None:
        return Breach("affinity to one node by metadata.name", "none")
    shown = f"nodeName {pod.spec.node_name}"
    return expect(pod.spec.node_name in ("", pinned), f"bound to {pinned} by the scheduler", shown)


@law("DAEMON-004", on="Pod", when="of a DaemonSet")
def a_daemon_pod_is_bound_where_it_belongs(seen: Seen) -> Verdict:
    """The scheduler binds it to the node that it is pinned to, and to no other."""
    if seen.before is None or seen.before.spec.node_name or not seen.now.spec.node_name:
        return None
    if controller_of(seen.manifest).get("kind") != "DaemonSet" or seen.profile.daemon.binds:
        return None
    pinned = decide.pinned_to(seen.before.spec.manifest)
    if pinned is None:
        return None
    return expect(seen.now.spec.node_name == pinned, f"node {pinned}", seen.now.spec.node_name)


# -- How it ends (DAEMON-005) -------------------------------------------------------------------------


@frozen
class Cleared:
    """Failed Pods of a node that were deleted one after the other, and when the last one was.

    Attributes:
        count: those that nobody but their DaemonSet can have deleted.
        at: when the last of these was.
        most: these, and those of which nobody knows who deleted them.
    """

    count: int
    at: float
    most: int


Clearings: TypeAlias = Mapping[tuple[str, str], Cleared]
"""By UID of the DaemonSet and name of the node."""


def _clearings(world: World) -> Clearings:
    found: Clearings = world.notes.get("failed daemons cleared") or {}
    return found


def _is_cleared(seen: Seen) -> bool:
    """Whether a Pod that has ended is deleted by its DaemonSet, and for no other reason."""
    if not is_newly_marked(seen) or seen.before.phase not in EVENTS:
        return False
    known = owner_of(seen, "DaemonSet")
    if known is None or asked_for_by_others(seen):
        return False
    node = seen.world.view("Node", "", seen.before.spec.node_name)
    stays = node is not None and decide.node_fit(known.manifest, node).value.stays
    return stays and decide.is_of_template(seen.manifest, known.manifest)


@note("failed daemons cleared", on="Pod*", when="of a DaemonSet")
def failed_daemons_cleared(before: Clearings | None, seen: Seen) -> Clearings:
    """Folds in a failed Pod that its DaemonSet deletes, or may have deleted."""
    known = before or {}
    if not is_newly_marked(seen) or seen.before.phase != "Failed":
        return known
    owner = controller_of(seen.manifest)
    if owner.get("kind") != "DaemonSet":
        return known
    place = owner["uid"], seen.before.spec.node_name
    last = known.get(place) or Cleared(0, seen.at, 0)
    if not _is_cleared(seen):
        return {**known, place: Cleared(last.count, last.at, last.most + 1)}
    forgotten = seen.at - last.at > 2 * seen.profile.daemon.failure_cap
    most = 1 if forgotten and last.most == last.count else last.most + 1
    return {**known, place: Cleared(1 if forgotten else last.count + 1, seen.at, most)}


@law("DAEMON-005", on="Pod", when="of a DaemonSet")
def who_fails_again_and_again_is_deleted_later(seen: Seen) -> Verdict:
    """Between two failed Pods of a node that are deleted 1 s pass, then 2 s, 4 s, up to 15 min."""
    if not _is_cleared(seen) or seen.before.phase != "Failed":
        return None
    place = controller_of(seen.manifest)["uid"], seen.before.spec.node_name
    last, cap = _clearings(seen.world).get(place), seen.profile.daemon.failure_cap
    if last is None or seen.at - last.at > 2 * cap:
        return held("DAEMON-005")
    wait = decide.failure_delay(last.count, seen.profile).value
    exact = seen.world.setting.clock == "virtual"
    slack = 0.01 if exact else seen.tolerance.truncation
    waited = seen.at - last.at
    return expect(waited >= wait - slack, f"{wait:g} s after the one before", f"{waited:g} s")


@law("DAEMON-005", on="Pod", when="of a DaemonSet")
def a_daemon_pod_that_has_ended_makes_room(seen: Seen) -> Verdict:
    """It is deleted, a failed one after the delay, and the Event says why."""
    pod: Pod = seen.now
    if seen.type == "DELETED" or pod.phase not in EVENTS or pod.deletion_timestamp is not None:
        return None
    if seen.before is None or seen.before.phase in EVENTS:
        return None
    known = owner_of(seen, "DaemonSet")
    node = seen.world.view("Node", "", pod.spec.node_name)
    if known is None or known.manifest["metadata"].get("deletionTimestamp") or node is None:
        return None
    if not decide.node_fit(known.manifest, node).value.runs:
        return None
    late = seen.tolerance.lateness + seen.tolerance.truncation
    return Obligation(
        what=f"Pod {pod.key[2]} that has {pod.phase.lower()} is deleted",
        settled=lambda later: (
            HELD if later.now.deletion_timestamp or later.type == "DELETED" else None
        ),
        not_after=seen.at + _longest_wait(seen, known.uid) + late,
        disturbed_by=frozenset({"stop-node", "patch", "replace", "delete"}),
    )


def _longest_wait(seen: Seen, uid: str) -> float:
    if seen.now.phase == "Succeeded":
        return 0.0
    last = _clearings(seen.world).get((uid, seen.now.spec.node_name))
    return 0.0 if last is None else decide.failure_delay(last.most, seen.profile).value


@law("DAEMON-005", on="Pod", when="of a DaemonSet")
def why_it_was_deleted_is_told(seen: Seen) -> Verdict:
    """FailedDaemonPod or SucceededDaemonPod, before or soon after the Pod goes."""
    if not _is_cleared(seen):
        return None
    known = owner_of(seen, "DaemonSet")
    if known is None or "shows-events" not in seen.world.notes:
        return None
    reason, name = EVENTS[seen.before.phase], seen.now.key[2]
    metadata = known.manifest["metadata"]
    key = ("DaemonSet", metadata.get("namespace") or "", metadata["name"])

    def overdue(world: World) -> Held | Breach | Void:
        told: frozenset[tuple[str, str]] = world.notes.get("told of daemons") or frozenset()
        if (reason, name) in told:
            return held("DAEMON-005")
        if world.setting.clock == "real":
            return VOID  # a cluster drops Events
        return Breach(f"Event {reason} about Pod {name}", "none")

    return Obligation(
        what=f"Event {reason} about Pod {name}",
        not_after=seen.at + seen.tolerance.lateness,
        on=key,
        overdue=overdue,
    )


@note("told of daemons", on="Event FailedDaemonPod*")
@note("told of daemons", on="Event SucceededDaemonPod*")
def told_of_daemons(
    before: frozenset[tuple[str, str]] | None, seen: Seen
) -> frozenset[tuple[str, str]]:
    """Reason and Pod of what was told last."""
    message = seen.manifest.get("message", "")
    words = (word.strip(",.\"'").rpartition("/")[2] for word in message.split())
    known = before or frozenset()
    kept = known if len(known) < 256 else frozenset()
    return kept | {(seen.manifest.get("reason", ""), word) for word in words if "-" in word}
