"""DAEMON-001, -002, -007: which nodes have a daemon Pod, which have none, and of which template.

What a controller must do it owes; what it must not do is judged when a Pod comes or is told to go.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final, TypeAlias

from attrs import frozen

from spec_model.events import Manifest
from spec_model.law import Verdict, expect, held, law, note
from spec_model.laws.job_counts import REFUSED
from spec_model.laws.owned import asked_for_by_others, is_newly_marked, owned_pods, owner_of
from spec_model.objects import EMPTY, Pod
from spec_model.pod.termination import OVER
from spec_model.workloads import daemons as decide
from spec_model.workloads.daemons import Fit
from spec_model.world import VOID, Breach, Held, Key, Known, Obligation, Seen, Void, World

NODES: Final = "nodes changed"

Changes: TypeAlias = Mapping[str, tuple[float, Manifest]]
"""By the name of a node, when its labels or taints changed last, and how it was before that."""


def slack(world: World) -> float:
    """How long a controller may take, and by how much whole seconds may be off."""
    tolerance = world.setting.tolerance
    return tolerance.lateness + tolerance.truncation


@note(NODES, on="Node*")
def nodes_changed(before: Changes | None, seen: Seen) -> Changes:
    """When each node became what it is, as far as daemons are concerned."""
    known, name = before or EMPTY, seen.manifest["metadata"]["name"]
    if seen.type == "DELETED":
        return {each: at for each, at in known.items() if each != name}
    if seen.before is not None and _traits(seen.before) == _traits(seen.now):
        return known
    return {**known, name: (seen.at, seen.before or seen.now)}


def _traits(node: Manifest) -> tuple[Any, Any]:
    return node["metadata"].get("labels"), (node.get("spec") or EMPTY).get("taints")


@note("DaemonSet changed", on="DaemonSet")
def daemon_set_changed(before: float | None, seen: Seen) -> float:
    """When the spec of a DaemonSet changed last."""
    if before is None or seen.before is None:
        return seen.at
    same = (seen.before.get("spec") or EMPTY) == (seen.now.get("spec") or EMPTY)
    return before if same else seen.at


@frozen
class Place:
    """A node, how fit it is, and the Pods that are there or meant for it, oldest first."""

    node: str
    fit: Fit
    was: Fit  # before the node changed
    changed: float
    pods: tuple[Pod, ...]

    @property
    def running(self) -> list[Pod]:
        """Pods that are neither over nor going."""
        return [
            pod for pod in self.pods if pod.deletion_timestamp is None and pod.phase not in OVER
        ]

    @property
    def taken(self) -> bool:
        """Whether some Pod is still there, be it on its way out."""
        return any(pod.deletion_timestamp is None or pod.phase not in OVER for pod in self.pods)


def places(world: World, known: Known, *, also: Pod | None = None, but: str = "") -> list[Place]:
    """Every node of the world as a DaemonSet sees it; ``also`` is a Pod as it is seen just now."""
    pods: dict[str, list[Pod]] = {}
    for each in owned_pods(world, known.uid):
        if each.uid not in (but, "" if also is None else also.uid):
            pods.setdefault(decide.place_of(each.view.spec.manifest), []).append(each.view)
    if also is not None:
        pods.setdefault(decide.place_of(also.spec.manifest), []).append(also)
    changes: Changes = world.notes.get(NODES) or EMPTY
    found = []
    for node in world.of_kind("Node"):
        name = node.manifest["metadata"]["name"]
        there = sorted(pods.get(name, ()), key=lambda pod: decide.age_order(pod.manifest))
        fit = decide.node_fit(known.manifest, node.manifest).value
        at, before = changes.get(name, (0.0, node.manifest))
        was = fit if before is node.manifest else decide.node_fit(known.manifest, before).value
        found.append(Place(name, fit, was, at, tuple(there)))
    return found


def place_of(world: World, known: Known, node: str, also: Pod | None = None) -> Place | None:
    """One of them."""
    return next((each for each in places(world, known, also=also) if each.node == node), None)


# -- What is owed (DAEMON-001, DAEMON-002) -----------------------------------------------------------


@law("DAEMON-001", "DAEMON-002", on="DaemonSet")
def a_daemon_set_fills_its_nodes(seen: Seen) -> Verdict:
    """Whenever something is seen of it."""
    if seen.type == "DELETED" or _is_marked(seen.manifest):
        return None
    metadata = seen.manifest["metadata"]
    known = Known(seen.now, seen.manifest, metadata.get("uid", ""), seen.at, seen.notes)
    return tuple(_owed(seen.world, seen.at, known))


@law("DAEMON-001", "DAEMON-002", on="Node")
def a_node_that_changes_changes_what_runs_on_it(seen: Seen) -> Verdict:
    """A new node, another label, another taint; and a node that is gone."""
    if (
        seen.before is not None
        and seen.type != "DELETED"
        and _traits(seen.before) == _traits(seen.now)
    ):
        return None
    sets = seen.world.of_kind("DaemonSet")
    return tuple(_to_look_again(seen, known) for known in sets if not _is_marked(known.manifest))


def _to_look_again(seen: Seen, known: Known) -> Obligation:
    """A node is judged when it is known how it is: soon after it changed."""
    return _in_order(seen.world, seen.at, known, seen.manifest["metadata"]["name"])


@law("DAEMON-001", "DAEMON-002", on="Pod", when="of a DaemonSet")
def a_pod_that_goes_leaves_a_node_to_fill(seen: Seen) -> Verdict:
    """A daemon Pod that is gone, or one too many, makes its DaemonSet act."""
    if seen.before is not None and seen.type != "DELETED":
        return None
    known = owner_of(seen, "DaemonSet")
    if known is None or _is_marked(known.manifest):
        return None
    node = decide.place_of(seen.now.spec.manifest)
    return _in_order(seen.world, seen.at, known, node)


def _owed(world: World, at: float, known: Known) -> Iterator[Held | Obligation]:
    before = world.objects.get(_key(known))
    owed = [] if before is None else [each for _, each in before.obligations]
    for place in places(world, known):
        wrong = _wrong(place, known)
        if wrong is None:
            if place.running:
                yield held(_rule(known, world, place.node))
        else:
            new = _in_order(world, at, known, place.node)
            if not any(each.what == new.what and each.not_after >= new.not_after for each in owed):
                yield new


def _key(known: Known) -> Key:
    metadata = known.manifest["metadata"]
    return "DaemonSet", metadata.get("namespace") or "", metadata["name"]


def _in_order(world: World, at: float, known: Known, node: str) -> Obligation:
    """The node has what it must have within the time that a controller may take."""
    key = _key(known)
    uid, due = known.uid, at + slack(world)

    def overdue(later: World) -> Held | Breach | Void:
        now = later.objects.get(key)
        if now is None or now.uid != uid or uid in (later.notes.get(REFUSED) or ()):
            return VOID
        place = place_of(later, now, node)
        if place is None or _is_marked(now.manifest):
            return VOID
        wrong = _wrong(place, now)
        if wrong is None:
            return held(_rule(now, later, node))
        if _is_fresh_news(place, now, due, slack(later)):
            return VOID  # owed anew since then
        return Breach(f"{wrong[0]} on node {node}", wrong[1], rule=_rule(now, later, node))

    return Obligation(
        what=f"what DaemonSet {key[2]} wants on node {node}",
        settled=lambda seen: VOID if seen.type == "DELETED" else None,
        not_after=due,
        on=key,
        overdue=overdue,
    )


def _is_fresh_news(place: Place, known: Known, due: float, late: float) -> bool:
    changed = max(place.changed, known.notes.get("DaemonSet changed") or 0.0)
    return due - changed < late


def _wrong(place: Place, known: Known) -> tuple[str, str] | None:
    """What is wrong with a node: what is wanted there, and what is."""
    if place.fit.runs and not place.taken:
        return "a daemon Pod", "none"
    running = len(place.running)
    if not place.fit.stays and running:
        return "no daemon Pod", f"{running}"
    if place.fit.runs and running > 1 and not _surges(known.manifest):
        return "one daemon Pod", f"{running}"
    return None


def _surges(manifest: Manifest) -> bool:
    return decide.is_rolling(manifest) and bool(decide.update_budget(manifest, 100).value.surge)


def _rule(known: Known, world: World, node: str) -> str:
    """DAEMON-002 where something about the node decides whether it is eligible."""
    template = decide.template_of(known.manifest)
    found = world.view("Node", "", node) or EMPTY
    spec = found.get("spec") or EMPTY
    choosy = any(template.get(each) for each in ("nodeSelector", "affinity", "nodeName"))
    odd = bool(spec.get("taints") or spec.get("unschedulable"))
    return "DAEMON-002" if choosy or odd else "DAEMON-001"


def _is_marked(manifest: Manifest) -> bool:
    return bool(manifest["metadata"].get("deletionTimestamp"))


# -- What comes, and what goes -----------------------------------------------------------------------


@law("DAEMON-002", on="Pod", when="of a DaemonSet")
def a_pod_comes_to_an_eligible_node(seen: Seen) -> Verdict:
    """Nobody is put on a node that is not eligible, unless it was until just now."""
    if not seen.fresh or seen.before is not None:
        return None
    known = owner_of(seen, "DaemonSet")
    if known is None:
        return None
    name = decide.place_of(seen.now.spec.manifest)
    place = place_of(seen.world, known, name)
    if place is None or (
        _is_fresh_news(place, known, seen.at, slack(seen.world)) and not place.fit.runs
    ):
        return None
    return expect(place.fit.runs, "Pods on eligible nodes only", f"one on node {name}")


@law("DAEMON-001", on="Pod", when="of a DaemonSet")
def one_pod_at_a_time_on_a_node(seen: Seen) -> Verdict:
    """A new one comes when the old one is gone, but where an update may put it beside the old one."""
    if not seen.fresh or seen.before is not None:
        return None
    known = owner_of(seen, "DaemonSet")
    if known is None or _surges(known.manifest):
        return None
    pod: Pod = seen.now
    place = place_of(seen.world, known, decide.place_of(pod.spec.manifest))
    if place is None or not place.taken:
        return None if place is None else held("DAEMON-001")
    old = any(not decide.is_of_template(each.manifest, known.manifest) for each in place.pods)
    rule = "DAEMON-008" if old and decide.is_rolling(known.manifest) else "DAEMON-001"
    return Breach("a new daemon Pod when the old one is gone", "one beside another", rule=rule)


@law("DAEMON-001", "DAEMON-002", "DAEMON-007", on="Pod", when="of a DaemonSet")
def who_belongs_there_is_left_alone(seen: Seen) -> Verdict:
    """A Pod that may stay is not deleted: not for its template either."""
    if not is_newly_marked(seen) or seen.before.phase in OVER:
        return None
    known = owner_of(seen, "DaemonSet")
    if known is None or asked_for_by_others(seen):
        return None
    pod: Pod = seen.before
    place = place_of(seen.world, known, decide.place_of(pod.spec.manifest))
    if place is None or not place.fit.stays:
        return None
    if not place.was.stays and seen.at - place.changed < slack(seen.world):
        return None  # it may not be known yet that it may stay
    others = [each for each in place.running if each.uid != pod.uid]
    if others:
        return _is_the_younger(pod, others, known)
    current = decide.is_of_template(pod.manifest, known.manifest)
    if decide.is_rolling(known.manifest) and not current:
        return None
    rule = "DAEMON-007" if not current else "DAEMON-001" if place.fit.runs else "DAEMON-002"
    why = "its template is not the current one" if not current else "it is the only one there"
    return Breach(f"Pod {pod.key[2]} is left alone", "deleted", because=why, rule=rule)


def _is_the_younger(pod: Pod, others: list[Pod], known: Known) -> Verdict:
    """Of several Pods on a node the oldest is kept, unless an update is under way."""
    if decide.is_rolling(known.manifest):
        return None
    kept = min(others, key=lambda each: decide.age_order(each.manifest))
    mine, oldest = (decide.age_order(each.manifest)[:2] for each in (pod, kept))
    return expect(
        mine >= oldest, "the oldest of several is kept", f"Pod {pod.key[2]} goes", rule="DAEMON-001"
    )


# -- Templates (DAEMON-007) --------------------------------------------------------------------------


@law("DAEMON-007", on="Pod", when="of a DaemonSet")
def a_new_pod_is_of_the_current_template(seen: Seen) -> Verdict:
    """Who is created after a change of the template is made of the new one."""
    if not seen.fresh or seen.before is not None:
        return None
    known = owner_of(seen, "DaemonSet")
    if known is None or seen.at - (known.notes.get("DaemonSet changed") or 0.0) < slack(seen.world):
        return None
    holds = decide.is_of_template(seen.manifest, known.manifest)
    return expect(holds, "a Pod of the current template", "one of another")


@law("DAEMON-007", on="DaemonSet")
def who_is_of_the_current_template_is_counted(seen: Seen) -> Verdict:
    """updatedNumberScheduled: the Pods whose hash is that of the current template."""
    if seen.type == "DELETED" or _is_marked(seen.manifest) or not _has_observed(seen.manifest):
        return None
    metadata = seen.manifest["metadata"]
    key = ("DaemonSet", metadata.get("namespace") or "", metadata["name"])
    known = Known(seen.now, seen.manifest, metadata.get("uid", ""), seen.at, seen.notes)
    if _updated(seen.world, known) == _told(seen.manifest):
        return held("DAEMON-007") if _told(seen.manifest) else None
    due = seen.at + slack(seen.world)

    def overdue(world: World) -> Held | Breach | Void:
        now = world.objects.get(key)
        if now is None or now.uid != known.uid or not _has_observed(now.manifest):
            return VOID
        count, told = _updated(world, now), _told(now.manifest)
        if count == told or _is_moving(world, now, due):
            return VOID
        return Breach(f"updatedNumberScheduled {count}", f"{told}")

    return Obligation(
        what="updatedNumberScheduled counts the Pods of the current template",
        not_after=due,
        overdue=overdue,
    )


def _told(manifest: Manifest) -> int:
    return int((manifest.get("status") or EMPTY).get("updatedNumberScheduled") or 0)


def _has_observed(manifest: Manifest) -> bool:
    status = manifest.get("status") or EMPTY
    return bool(status.get("observedGeneration") == manifest["metadata"].get("generation"))


def _is_moving(world: World, known: Known, due: float) -> bool:
    """Whether something has just changed of which the status may not tell yet."""
    news = [known.notes.get("DaemonSet changed") or 0.0]
    news += [place.changed for place in places(world, known)]
    news += [each.since for each in owned_pods(world, known.uid)]
    return due - max(news) < slack(world)


def _updated(world: World, known: Known) -> int:
    """How many eligible nodes have as their oldest Pod one of the current template."""
    count = 0
    for place in places(world, known):
        there = [
            pod for pod in place.pods if pod.deletion_timestamp is None or pod.phase not in OVER
        ]
        if place.fit.runs and there:
            count += decide.is_of_template(there[0].manifest, known.manifest)
    return count
