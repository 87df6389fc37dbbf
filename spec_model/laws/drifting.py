"""AFFINITY-003 and -005: nodes that cease to match the Pods that run on them.

Whoever only had to match while he was scheduled stays. As documented, a third type of affinity puts
out who no longer matches; no release has it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final, TypeAlias

from spec_model.events import Accepted, Manifest, Rejected
from spec_model.law import Verdict, expect, law, note
from spec_model.laws.identity import NOTICED, bare_pods
from spec_model.laws.phase import kubelet_owned
from spec_model.laws.placing import holds_room, is_safe, pods_on
from spec_model.objects import EMPTY, Pod
from spec_model.scheduling.node_selector import (
    EVICTING,
    REQUIRED,
    admits,
    labels_of,
    matches,
    node_affinity,
)
from spec_model.world import HELD, VOID, Breach, Done, Held, Key, Obligation, Seen, Void, World

STAYS: Final = "AFFINITY-003"
LEAVES: Final = "AFFINITY-005"
NODE_AFFINITY: Final = "NodeAffinity"
UNSETTLING: Final = frozenset({"stop-node", "delete"})

Drifted: TypeAlias = Mapping[Key, tuple[str, float]]
"""Pods whose node has ceased to match them: their UIDs, and since when in seconds."""

NOBODY: Final[Drifted] = {}


# -- who stays ---------------------------------------------------------------------------------------


@note("drifted", on="Node*")
def drifted_noted(before: Drifted | None, seen: Seen) -> Drifted:
    """Running Pods whose node has just ceased to match what they required when they were scheduled."""
    known = before or NOBODY
    old = seen.before
    if old is None or seen.type == "DELETED" or labels_of(old) == labels_of(seen.now):
        return known
    pods = pods_on(seen.world, seen.now["metadata"]["name"])
    now = {
        each.view.key: known.get(each.view.key) or (each.uid, seen.at)
        for each in pods
        if _has_drifted(each.view, seen.now, seen.world)
    }
    here = {each.view.key for each in pods}
    there = {
        key: since for key, since in known.items() if key not in here and key in seen.world.objects
    }
    return {**there, **now} or NOBODY


def _has_drifted(pod: Pod, node: Manifest, world: World) -> bool:
    spec = pod.spec.manifest
    if node_affinity(spec).get(REQUIRED) is None or EVICTING in node_affinity(spec):
        return False
    running = holds_room(pod) and pod.deletion_timestamp is None
    return running and not admits(spec, node, world.profile).value


def _drifted(world: World) -> Drifted:
    found: Drifted | None = world.notes.get("drifted")
    return found or NOBODY


@law(STAYS, on="Pod", when=("marked", "gone", "explained"))
def nobody_is_put_out_of_a_node_that_has_changed(seen: Seen) -> Verdict:
    """Neither deleted, unless somebody asked for it, nor failed, unless the kubelet was restarted."""
    since = _drifted(seen.world).get(seen.now.key)
    if since is None or seen.before is None or since[0] != seen.now.uid:
        return None
    pod: Pod = seen.now
    made = bare_pods(seen.world.notes).get(pod.key)
    goes = seen.type == "DELETED" or pod.deletion_timestamp is not None
    if goes and seen.before.deletion_timestamp is None:
        unasked = made is not None and not made.asked and is_safe(seen.world, pod)
        return (
            Breach("it stays: it was matched when it was scheduled", "deleted") if unasked else None
        )
    if (
        pod.reason != NODE_AFFINITY
        or seen.before.reason == NODE_AFFINITY
        or not kubelet_owned(seen)
    ):
        return None
    upsets: Mapping[Key, tuple[str, float, int]] = seen.world.notes.get("upsets") or {}
    upset = upsets.get(("Node", "", pod.spec.node_name))
    if upset is not None and upset[1] >= since[1]:
        return HELD
    if seen.world.setting.clock == "real":
        return None
    return Breach("it stays while its kubelet runs", f"Failed, reason {NODE_AFFINITY}")


@law(STAYS, on="advance")
def who_no_longer_matches_is_still_there(done: Done) -> Verdict:
    """As time goes by, Pods whose nodes have ceased to match them run on."""
    return tuple(_still_there(done)) or None


def _still_there(done: Done) -> Iterator[Held]:
    for key, (uid, since) in _drifted(done.world).items():
        known = done.world.objects.get(key)
        if known is None or known.uid != uid or done.at - since < NOTICED:
            continue
        if holds_room(known.view) and known.view.deletion_timestamp is None:
            yield HELD


# -- who leaves, as documented -----------------------------------------------------------------------


@law(LEAVES, on="create Pod")
def nobody_knows_the_third_type(done: Done) -> Verdict:
    """A strict client is refused, any other finds the field dropped; as documented it is kept."""
    sent = done.arguments["object"]
    if EVICTING not in node_affinity(sent.get("spec") or EMPTY):
        return None
    refused = isinstance(done.response, Rejected)
    if done.profile.evicting_affinity:
        return _kept(done) if not refused else None
    if done.arguments.get("fieldValidation") == "Strict":
        return expect(refused, f"refused: unknown field {EVICTING}", "accepted")
    return _dropped(done)


def _stored(done: Done) -> Manifest | None:
    value = done.response.value if isinstance(done.response, Accepted) else None
    return value if isinstance(value, Mapping) and "spec" in value else None


def _kept(done: Done) -> Verdict:
    stored = _stored(done)
    if stored is None:
        return None
    return None if EVICTING in node_affinity(stored["spec"]) else Breach(EVICTING, "dropped")


def _dropped(done: Done) -> Verdict:
    stored = _stored(done)
    if stored is None:
        return None
    return expect(EVICTING not in node_affinity(stored["spec"]), f"{EVICTING} dropped", "stored")


@law(LEAVES, on="Node")
def who_must_match_while_it_runs_leaves(seen: Seen) -> Verdict:
    """As documented: when a node ceases to match, it is rid of the Pods of the third type."""
    if not seen.profile.evicting_affinity or seen.before is None or seen.type == "DELETED":
        return None
    if labels_of(seen.before) == labels_of(seen.now):
        return None
    return tuple(
        _owes_its_leave(seen, known.view)
        for known in pods_on(seen.world, seen.now["metadata"]["name"])
        if known.view.deletion_timestamp is None
        and holds_room(known.view)
        and not _stays_matched(known.view, seen.now)
    )


def _stays_matched(pod: Pod, node: Manifest) -> bool:
    required = node_affinity(pod.spec.manifest).get(EVICTING)
    return required is None or matches(required.get("nodeSelectorTerms") or (), node)


def _owes_its_leave(seen: Seen, pod: Pod) -> Obligation:
    name = seen.now["metadata"]["name"]

    def settled(later: Seen) -> Held | Void | None:
        if later.now.deletion_timestamp is not None or later.type == "DELETED":
            return HELD
        return None if holds_room(later.now) else VOID

    def overdue(world: World) -> Void | None:
        node = world.view("Node", "", name)
        return VOID if node is None or _stays_matched(pod, node) else None

    return Obligation(
        what=f"{pod.key[2]} is removed, for {name} no longer matches what it requires",
        settled=settled,
        not_after=seen.at + seen.tolerance.lateness,
        disturbed_by=UNSETTLING,
        rule=LEAVES,
        on=pod.key,
        overdue=overdue,
    )
