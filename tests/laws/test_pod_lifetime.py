"""GC-001 to -003 and -007: who stays, and who is collected."""

from __future__ import annotations

from typing import Any

import pytest

from spec_model.events import Accepted, Act
from tests.laws.replicated import BEGIN, TOLERATIONS, added, deletes, gone, owned_by, play
from tests.laws.traces import done, pod, seen, time_at


def bare(name: str, phase: str = "Failed", *, reason: str = "", **more: Any) -> dict[str, Any]:
    """A Pod that nobody owns, and that has ended unless said otherwise."""
    status = {"reason": reason} if reason else {}
    spec = {"tolerations": TOLERATIONS, "nodeName": more.pop("node", "")}
    return pod(phase, name=name, uid=f"uid-{name}", spec=spec, more=status, **more)


def keeps(threshold: int, at: float = 0) -> Act:
    """The tester sets the threshold."""
    flags = {"terminated-pod-gc-threshold": threshold}
    return done(at, "configure-controllers", Accepted(), flags=flags)


def expires(seconds: int) -> Act:
    """The tester sets the age."""
    return done(
        0, "configure-controllers", Accepted(), flags={"terminated-pod-gc-seconds": seconds}
    )


def test_who_has_ended_is_still_there() -> None:
    later = done(100, "advance", Accepted(), seconds=1)
    assert play(BEGIN, added(0, bare("a")), later).held("GC-001")


def test_who_has_ended_is_cleared_away() -> None:
    assert "GC-001" in play(BEGIN, added(0, bare("a")), gone(100, bare("a"))).broken


def test_a_running_pod_does_not_just_go() -> None:
    node = added(0, {"kind": "Node", "metadata": {"name": "node-1", "uid": "n"}, "status": {}})
    there = added(0, bare("a", "Running", node="node-1"))
    trace = play(BEGIN, node, there, gone(100, bare("a", "Running", node="node-1")))
    assert "GC-001" in trace.broken


@pytest.mark.parametrize("known", [True, False])
def test_who_is_deleted_may_go(known: bool) -> None:
    there = added(0, bare("a"))
    asked = (BEGIN, there, deletes(100, "Pod", "a")) if known else (there,)
    trace = play(*asked, gone(100, bare("a")))
    assert trace.held("GC-001")


def test_who_has_an_owner_may_be_deleted_by_it() -> None:
    mine = bare("a", metadata=owned_by("web"))
    assert "GC-001" not in play(BEGIN, added(0, mine), gone(100, mine)).broken


# -- By count ----------------------------------------------------------------------------------------


def test_those_beyond_the_threshold_are_collected() -> None:
    before = BEGIN, keeps(1), added(1, bare("a")), added(2, bare("b"))
    assert "GC-002" in play(*before, until=60).broken
    assert play(*before, gone(20, bare("a")), until=60).held("GC-002")


def test_no_more_are_collected_than_must_be() -> None:
    before = BEGIN, keeps(1), added(1, bare("a")), added(2, bare("b"))
    both = gone(20, bare("a")), gone(20, bare("b"))
    assert "GC-002" in play(*before, *both).broken


@pytest.mark.parametrize("threshold", [0, -1])
def test_no_threshold_no_collection(threshold: int) -> None:
    before = BEGIN, keeps(threshold), added(1, bare("a"))
    assert "GC-002" not in play(*before, until=60).broken
    assert "GC-002" in play(*before, gone(20, bare("a"))).broken


def test_a_new_threshold_holds_for_those_that_are_there() -> None:
    trace = play(BEGIN, added(1, bare("a")), added(2, bare("b")), keeps(1, at=5), until=60)
    assert "GC-002" in trace.broken


# -- In which order ----------------------------------------------------------------------------------


def collected(first: dict[str, Any], *others: dict[str, Any]) -> Any:
    """One of these is collected, the others stay."""
    there = [added(0, each) for each in (first, *others)]
    return play(BEGIN, keeps(len(others)), *there, gone(20, first), until=20)


def made(name: str, created: float = 0, reason: str = "") -> dict[str, Any]:
    """One that has ended, of that age."""
    return bare(name, reason=reason, metadata={"creationTimestamp": time_at(created)})


@pytest.mark.parametrize(
    ("first", "other"),
    [
        (made("b", reason="Evicted"), made("a")),
        (made("b"), made("a", created=5)),
        (made("a"), made("b")),
        (made("b", created=5, reason="Evicted"), made("a", reason="Error")),
    ],
)
def test_who_is_collected_first(first: dict[str, Any], other: dict[str, Any]) -> None:
    assert collected(first, other).held("GC-003")
    assert "GC-003" in collected(other, first).broken


# -- As documented, by age ---------------------------------------------------------------------------


@pytest.mark.parametrize(("at", "breaks"), [(70, False), (30, True)])
def test_documented_who_has_ended_expires(at: float, breaks: bool) -> None:
    trace = play(BEGIN, expires(60), added(0, bare("a")), gone(at, bare("a")), profile="documented")
    assert ("GC-002" in trace.broken) is breaks
    assert "GC-002" in trace.exercised


def test_documented_who_has_ended_does_not_stay() -> None:
    trace = play(BEGIN, expires(60), added(0, bare("a")), until=100, profile="documented")
    assert "GC-002" in trace.broken


def test_documented_an_age_that_nobody_knows() -> None:
    trace = play(BEGIN, added(0, bare("a")), gone(9, bare("a")), profile="documented")
    assert not {"GC-001", "GC-002"} & trace.broken


# -- Without a node ----------------------------------------------------------------------------------

MARKS = {"deletionTimestamp": time_at(5), "deletionGracePeriodSeconds": 30}


def test_who_has_no_node_is_removed() -> None:
    before = BEGIN, added(0, bare("a", "Pending")), deletes(5, "Pod", "a")
    marked = bare("a", "Pending", metadata=MARKS)
    going = seen(5, marked)
    assert "GC-007" in play(*before, going, until=60).broken
    assert play(*before, going, gone(20, marked), until=60).held("GC-007")


def test_who_is_held_may_stay() -> None:
    held = bare("a", "Pending", metadata={**MARKS, "finalizers": ["example.com/hold"]})
    trace = play(BEGIN, added(0, bare("a", "Pending")), seen(5, held), until=60)
    assert "GC-007" not in trace.broken
