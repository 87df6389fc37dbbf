"""GC-004 to -006 and -008: lost nodes, tainted nodes, and the Pods on them."""

from __future__ import annotations

from typing import Any

import pytest

from spec_model.events import Accepted, Act
from tests.laws.replicated import BEGIN, TOLERATIONS, added, deletes, gone, play, told
from tests.laws.traces import done, pod, seen, time_at

UNREACHABLE = "node.kubernetes.io/unreachable"
BY_TAINT = {"type": "DisruptionTarget", "status": "True", "reason": "DeletionByTaintManager"}


def node(
    ready: str = "True",
    *taints: tuple[str, str],
    name: str = "node-1",
    reason: str = "NodeStatusUnknown",
    zone: str = "",
) -> dict[str, Any]:
    """A Node that says so of itself, with these taints, by key and effect."""
    labels = {"topology.kubernetes.io/zone": zone} if zone else {}
    return {
        "kind": "Node",
        "metadata": {"name": name, "uid": name, "labels": labels},
        "spec": {"taints": [{"key": key, "effect": effect} for key, effect in taints]},
        "status": {"conditions": [{"type": "Ready", "status": ready, "reason": reason}]},
    }


def on_it(
    phase: str = "Running",
    *,
    tolerations: Any = TOLERATIONS,
    going: float | None = None,
    **more: Any,
) -> dict[str, Any]:
    """The Pod ``a`` of that node."""
    marks = {} if going is None else {"deletionTimestamp": time_at(going + 30)}
    grace = {} if going is None else {"deletionGracePeriodSeconds": 30}
    conditions = [*more.pop("conditions", ())]
    return pod(
        phase,
        spec={"tolerations": tolerations},
        metadata={**marks, **grace},
        more={"conditions": [{"type": "PodScheduled", "status": "True"}, *conditions]},
    )


def stops(at: float = 10, name: str = "node-1") -> Act:
    """The tester stops a node."""
    return done(at, "stop-node", Accepted(), node=name)


# -- GC-004 ------------------------------------------------------------------------------------------

SCHEDULABLE = (UNREACHABLE, "NoSchedule")
OTHER = added(0, node(name="node-2"))
LOST = node("Unknown", SCHEDULABLE)


def lost(*after: Any, **more: Any) -> Any:
    """A node stops at 10 s, and this is seen."""
    return play(BEGIN, added(0, node()), OTHER, stops(), *after, **more)


def test_a_silent_node_is_unknown() -> None:
    tells = told(60, "NodeNotReady", node())
    assert lost(tells, seen(60, LOST), until=80).held("GC-004")


@pytest.mark.parametrize(
    ("at", "shown"),
    [
        (60, node("Unknown")),
        (60, node("Unknown", SCHEDULABLE, reason="NodeLost")),
        (60, node("True")),
        (30, LOST),
        (90, LOST),
    ],
)
def test_how_a_loss_is_mistaken(at: float, shown: dict[str, Any]) -> None:
    assert "GC-004" in lost(told(at, "NodeNotReady", node()), seen(at, shown), until=100).broken


def test_a_node_that_comes_back_is_not_lost() -> None:
    back = done(20, "start-node", Accepted(), node="node-1")
    assert "GC-004" not in lost(back, until=100).broken


# -- GC-005 ------------------------------------------------------------------------------------------


def created(stored: list[dict[str, Any]], sent: Any = ()) -> Act:
    """The tester creates a Pod, and this is stored."""
    manifest = pod(spec={"tolerations": list(sent)})
    answer = pod(spec={"tolerations": stored})
    return done(0, "create", Accepted(answer), object=manifest)


def test_tolerations_are_added() -> None:
    assert play(created(TOLERATIONS)).held("GC-005")
    assert "GC-005" in play(created(TOLERATIONS[:1])).broken
    assert "GC-005" in play(created([])).broken


def test_who_tolerates_all_needs_none() -> None:
    everything = [{"operator": "Exists"}]
    assert "GC-005" not in play(created(everything, everything)).broken


BROKEN = ("broken", "NoExecute")


def tainted(tolerations: Any, *after: Any, until: float = 100) -> Any:
    """The node of a Pod is tainted at 10 s."""
    there = added(0, node()), added(0, on_it(tolerations=tolerations))
    return play(BEGIN, *there, seen(10, node("True", BROKEN)), *after, until=until)


def evicted(at: float, tolerations: Any) -> Any:
    """The Pod is deleted for the taint."""
    return seen(at, on_it(tolerations=tolerations, going=at, conditions=[BY_TAINT]))


FOR_20 = [{"key": "broken", "operator": "Exists", "tolerationSeconds": 20}]
FOR_EVER = [{"key": "broken", "operator": "Exists"}]


@pytest.mark.parametrize(
    ("tolerations", "at", "breaks"),
    [
        (TOLERATIONS, 10, False),
        (TOLERATIONS, 60, True),
        (FOR_20, 30, False),
        (FOR_20, 15, True),
        (FOR_20, 60, True),
        (FOR_EVER, 60, True),
    ],
)
def test_pods_leave_when_their_time_is_over(tolerations: Any, at: float, breaks: bool) -> None:
    assert ("GC-005" in tainted(tolerations, evicted(at, tolerations)).broken) is breaks


def test_who_stays_for_ever_stays() -> None:
    assert "GC-005" not in tainted(FOR_EVER, until=1000).broken


def test_a_taint_that_goes_cancels_it() -> None:
    cleared = seen(20, node())
    assert "GC-005" not in tainted(FOR_20, cleared).broken
    assert "GC-005" in tainted(FOR_20, cleared, evicted(30, FOR_20)).broken


@pytest.mark.parametrize(("other", "breaks"), [("False", False), ("True", True)])
def test_documented_the_time_begins_when_another_node_is_ready(other: str, breaks: bool) -> None:
    there = added(0, node()), added(0, node(other, name="node-2")), added(0, on_it())
    shown = seen(10, node("Unknown")), seen(50, node("True", name="node-2"))
    trace = play(BEGIN, *there, *shown, until=330, profile="documented")
    assert ("GC-005" in trace.broken) is breaks


# -- GC-006 ------------------------------------------------------------------------------------------


def test_an_orphan_says_who_failed_it() -> None:
    by = {"type": "DisruptionTarget", "status": "True", "reason": "DeletionByPodGC"}
    before = BEGIN, added(0, node()), added(0, on_it()), deletes(5, "Node", "node-1")
    failed = on_it("Failed", conditions=[by])
    assert play(*before, gone(5, node()), seen(60, failed)).held("GC-006")


@pytest.mark.parametrize(("at", "reason"), [(20, "DeletionByPodGC"), (60, "Other")])
def test_an_orphan_that_is_failed_otherwise(at: float, reason: str) -> None:
    by = {"type": "DisruptionTarget", "status": "True", "reason": reason}
    before = BEGIN, added(0, node()), added(0, on_it()), deletes(5, "Node", "node-1")
    trace = play(*before, gone(5, node()), seen(at, on_it("Failed", conditions=[by])))
    assert "GC-006" in trace.broken


def test_a_node_out_of_service_gives_its_pods_up() -> None:
    out = ("node.kubernetes.io/out-of-service", "NoExecute")
    before = BEGIN, added(0, node("Unknown")), added(0, on_it(going=0))
    marked = seen(5, node("Unknown", out))
    assert "GC-006" in play(*before, marked, until=60).broken
    removed = gone(20, on_it("Failed", going=0))
    assert play(*before, marked, removed, until=60).held("GC-006")


# -- GC-008 ------------------------------------------------------------------------------------------

MARK = (UNREACHABLE, "NoExecute")


def nodes(*ready: str) -> list[Any]:
    """Nodes that are there from the beginning."""
    return [added(0, node(each, name=f"n{index}")) for index, each in enumerate(ready)]


@pytest.mark.parametrize(("second", "breaks"), [(70, False), (62, True)])
def test_nodes_are_tainted_one_after_another(second: float, breaks: bool) -> None:
    marks = [
        seen(at, node("Unknown", MARK, name=name)) for at, name in ((60, "n0"), (second, "n1"))
    ]
    trace = play(*nodes("Unknown", "Unknown", "True", "True"), *marks)
    assert ("GC-008" in trace.broken) is breaks
    assert "GC-008" in trace.exercised


def test_where_most_are_lost_none_is_tainted() -> None:
    there = nodes("Unknown", "Unknown", "Unknown", "True")
    assert "GC-008" in play(*there, seen(60, node("Unknown", MARK, name="n0"))).broken


def test_where_all_are_lost_taints_are_taken_away() -> None:
    there = [added(0, node("Unknown", MARK, name="n0")), added(0, node(name="n1"))]
    last = seen(60, node("Unknown", name="n1"))
    assert "GC-008" in play(*there, last, until=100).broken
    assert play(*there, last, seen(62, node("Unknown", name="n0")), until=100).held("GC-008")


def test_nodes_that_begin_are_not_all_lost() -> None:
    there = nodes("", "")
    ready = [seen(0, node("True", name=name)) for name in ("n0", "n1")]
    lost = seen(0, node("False", MARK, name="n0"))
    assert not play(*there, *ready, lost, until=100).broken
