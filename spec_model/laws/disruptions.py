"""GC-008: where many nodes are lost, they are tainted slowly, or not at all."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from spec_model.events import Manifest
from spec_model.law import Verdict, expect, held, law, note
from spec_model.laws.node_loss import ready
from spec_model.objects import EMPTY
from spec_model.pod.disruption import interval, is_all_lost
from spec_model.pod.tolerations import LOST, executing
from spec_model.world import VOID, Breach, Held, Obligation, Outcome, Seen, Void, World

RULE: Final = "GC-008"
ZONE: Final = ("topology.kubernetes.io/region", "topology.kubernetes.io/zone")


def zone_of(node: Manifest) -> str:
    """Where a node stands, by its labels."""
    labels = node["metadata"].get("labels") or EMPTY
    return "/".join(labels.get(key, "") for key in ZONE)


def is_marked(node: Manifest) -> bool:
    """Whether it has the taint that drives Pods away from lost nodes."""
    return any(each.get("key") in LOST for each in executing(node))


@note("last tainted", on="Node*")
def last_tainted(before: Mapping[str, float] | None, seen: Seen) -> Mapping[str, float]:
    """By zone, when one of its nodes last got that taint."""
    known = before or EMPTY
    return {**known, zone_of(seen.manifest): seen.at} if _is_newly_marked(seen) else known


@note("readiness changed", on="Node*")
def readiness_changed(before: float | None, seen: Seen) -> float | None:
    """When a node last came, went, or became ready or unready."""
    is_same = seen.before is not None and seen.type != "DELETED"
    return before if is_same and ready(seen.before) == ready(seen.manifest) else seen.at


def _is_newly_marked(seen: Seen) -> bool:
    was = seen.before is None or is_marked(seen.before)
    return not was and seen.type != "DELETED" and is_marked(seen.manifest)


def _zones(world: World, now: Manifest | None = None) -> Mapping[str, tuple[int, int]]:
    """By zone, how many nodes it has lost, and how many it has."""
    counts: dict[str, tuple[int, int]] = {}
    for known in world.of_kind("Node"):
        node = known.manifest
        if now is not None and node["metadata"]["name"] == now["metadata"]["name"]:
            node = now
        lost, nodes = counts.get(zone_of(node), (0, 0))
        counts[zone_of(node)] = lost + (ready(node) != "True"), nodes + 1
    return counts


@law(RULE, on="Node")
def nodes_are_tainted_one_after_another(seen: Seen) -> Verdict:
    """At the pace of their zone; what was decided before the last loss was seen may still be done."""
    if not _is_newly_marked(seen):
        return None
    changed = seen.world.notes.get("readiness changed")
    zone, zones = zone_of(seen.manifest), _zones(seen.world, seen.manifest)
    last = (seen.world.notes.get("last tainted") or EMPTY).get(zone)
    pace = interval(*zones.get(zone, (0, 0))).value
    is_settled = changed is not None and seen.at - changed > seen.tolerance.lateness
    if is_settled and (pace is None or is_all_lost([*zones.values()]).value):
        return Breach("no taint NoExecute, for most nodes are lost", "it is given")
    if last is None:
        return None
    least = pace if pace is not None and is_settled else interval(0, 1).value
    wait = seen.at - last
    what = f"at least {least:g} s after the last one in its zone"
    return expect(wait >= (least or 0.0) - seen.tolerance.truncation, what, f"after {wait:g} s")


@law(RULE, on="Node")
def nobody_is_evicted_when_all_is_lost(seen: Seen) -> Verdict:
    """When the last node of the last zone is lost, the taints of all are taken away."""
    if seen.type == "DELETED" or ready(seen.manifest) == "True":
        return None
    if seen.before is not None and ready(seen.before) == ready(seen.manifest):
        return None
    if not is_all_lost([*_zones(seen.world, seen.manifest).values()]).value:
        return None
    return tuple(_unmarked(seen)) or None


def _unmarked(seen: Seen) -> Iterator[Outcome]:
    began = seen.at

    def no_marks(world: World) -> Held | Breach | Void | None:
        changed = world.notes.get("readiness changed")
        if changed is not None and changed > began:
            return VOID
        if not is_all_lost([*_zones(world).values()]).value:
            return VOID  # one became ready at that very instant
        marked = [
            known.manifest["metadata"]["name"]
            for known in world.of_kind("Node")
            if is_marked(known.manifest)
        ]
        what = "no taint NoExecute for lost nodes, for all are lost"
        return Breach(what, f"on {', '.join(marked)}", rule=RULE) if marked else held(RULE)

    yield Obligation(
        what="no taint NoExecute for lost nodes, for all are lost",
        not_after=seen.at + 2 * seen.tolerance.lateness,
        disturbed_by=frozenset({"start-node", "create", "delete", "patch", "replace"}),
        rule=RULE,
        overdue=no_marks,
    )
