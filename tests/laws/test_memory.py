"""The laws of who is killed for memory, and for CPU nobody, on traces made by hand."""

from __future__ import annotations

from typing import Any

from spec_model.events import Observation
from strategies.manifests import container
from tests.laws.nodes import (
    GIB,
    GUARANTEED,
    LIMITED,
    MIB,
    ONE_GIB,
    burns,
    holds,
    killed,
    node,
    on_node,
    runs,
)
from tests.laws.traces import Judged, judged, seen

# -- memory --------------------------------------------------------------------------------------------------


def after(at: float, *statuses: dict[str, Any], of: Observation) -> Observation:
    manifest = {**of.object, "status": {**of.object["status"], "containerStatuses": list(statuses)}}
    return seen(at, manifest)


def overrun(*later: dict[str, Any], until: float = 60, size: int = 65 * MIB) -> Judged:
    first = on_node(LIMITED)
    observed = [after(5, *later, of=first)] if later else []
    return judged(node(), first, holds(size), *observed, until=until)


def test_above_its_limit_a_container_is_killed() -> None:
    assert overrun(killed("c", "a")).held("RESOURCE-008")
    assert "RESOURCE-008" in overrun().broken
    assert "RESOURCE-008" not in overrun(until=5).broken
    assert "RESOURCE-008" in overrun(killed("c", "a", "Error", 1)).broken


def test_a_restart_may_be_seen_before_the_end() -> None:
    restarted = runs("c", "a", 1, last=killed("c", "a")["state"])
    assert overrun(restarted).held("RESOURCE-008")


def test_at_its_limit_it_lives() -> None:
    assert "RESOURCE-008" not in overrun(size=64 * MIB).exercised
    assert "RESOURCE-008" in overrun(killed("c", "a"), size=64 * MIB).broken
    assert "OOM-004" in overrun(killed("c", "a"), size=63 * MIB).broken


def test_who_runs_beside_it_runs_on() -> None:
    first = on_node(LIMITED, container("d"))
    beside = {"c": killed("c", "a"), "d": runs("d", "a")}
    assert judged(node(), first, holds(65 * MIB), after(5, *beside.values(), of=first)).held(
        "RESOURCE-008"
    )
    beside["d"] = killed("d", "a", "Error")
    together = judged(node(), first, holds(65 * MIB), after(5, *beside.values(), of=first))
    assert "RESOURCE-008" in together.broken


def test_its_pod_stays() -> None:
    first = on_node(LIMITED)
    gone = Observation(5, "DELETED", first.object)
    assert "RESOURCE-008" in judged(node(), first, holds(65 * MIB), gone).broken


def test_without_a_limit_a_request_kills_nobody() -> None:
    first = on_node(ONE_GIB)
    events = node(), first, holds(2 * GIB), after(5, killed("c", "a"), of=first)
    assert "RESOURCE-005" in judged(*events).broken


def neighbours(dead: str, clock: str = "virtual") -> Judged:
    first, other = (
        on_node(GUARANTEED, qos="Guaranteed"),
        on_node(container(), name="b", qos="BestEffort"),
    )
    end = after(5, killed("c", dead), of=first if dead == "a" else other)
    return judged(node(), first, other, holds(2 * GIB), end, clock=clock)


def test_a_breach_kills_inside_its_own_cgroup() -> None:
    assert neighbours("a").held("OOM-004")
    assert "OOM-004" in neighbours("b").broken


def test_on_a_real_clock_the_same_is_seen_but_nobody_is_blamed() -> None:
    assert neighbours("a", "real").held("OOM-004")
    assert "OOM-004" not in neighbours("b", "real").exercised


def test_in_a_recording_whoever_is_killed_had_a_cause_that_was_not_seen() -> None:
    first = on_node(container(), qos="BestEffort")
    end = after(5, killed("c", "a"), of=first)
    assert "OOM-004" not in judged(node(), first, end, clock="real").broken


def full(dead: str | None, a: int, b: int, *, of: tuple[Any, Any], **more: Any) -> Judged:
    """Two Pods fill a node of 8 Gi; ``dead`` of them dies."""
    first, other = on_node(of[0][0], qos=of[0][1]), on_node(of[1][0], name="b", qos=of[1][1])
    told = holds(a * MIB), holds(b * MIB, name="b")
    end = after(5, killed("c", dead), of=first if dead == "a" else other) if dead else None
    return judged(node(), first, other, *told, *([end] if end else []), until=60, **more)


BEST, BURST = (container(), "BestEffort"), (ONE_GIB, "Burstable")
LITTLE = container(requests={"memory": "100Mi"}), "Burstable"
MUCH = container(requests={"memory": "1000Mi"}), "Burstable"


def test_on_a_full_node_the_highest_score_dies() -> None:
    assert full("a", 5000, 4000, of=(BEST, BURST)).held("OOM-002")
    assert "OOM-002" in full("b", 5000, 4000, of=(BEST, BURST)).broken
    assert "OOM-002" in full(None, 5000, 4000, of=(BEST, BURST)).broken


def test_within_a_class_the_largest_excess_dies_and_in_the_source_the_largest_ratio() -> None:
    assert full("b", 4000, 5000, of=(LITTLE, MUCH)).held("OOM-003")
    assert "OOM-003" in full("a", 4000, 5000, of=(LITTLE, MUCH)).broken
    assert full("a", 4000, 5000, of=(LITTLE, MUCH), profile="documented").held("OOM-003")


def test_of_equals_any_may_die() -> None:
    for dead in ("a", "b"):
        assert full(dead, 4500, 4500, of=(BEST, BEST)).held("OOM-003")


def test_a_node_with_room_kills_nobody() -> None:
    assert "OOM-004" in full("a", 2000, 2000, of=(BEST, BEST)).broken


def test_memory_of_a_run_before_is_free_again() -> None:
    first, other = (
        on_node(container(), qos="BestEffort"),
        on_node(container(), name="b", qos="BestEffort"),
    )
    again = after(6, runs("c", "a", 1, last=killed("c", "a")["state"]), of=first)
    held = holds(5000 * MIB), holds(4000 * MIB, name="b")
    events = node(), first, other, *held, after(5, killed("c", "a"), of=first), again
    assert "OOM-004" in judged(*events, after(7, killed("c", "b"), of=other)).broken


def burned(code: int, of: dict[str, Any], reason: str = "Error") -> Judged:
    first = on_node(of)
    return judged(node(), first, burns(4000), after(5, killed("c", "a", reason, code), of=first))


def test_nobody_is_killed_for_cpu() -> None:
    assert "RESOURCE-006" in burned(137, LIMITED).broken
    assert "QOS-003" in burned(137, container(requests={"cpu": "1"})).broken
    assert "OOM-004" in burned(137, LIMITED, "OOMKilled").broken
    assert not burned(0, LIMITED).broken & {"RESOURCE-006", "QOS-003"}
