"""The laws of nodes that are short of memory, and of who is put out, on traces made by hand."""

from __future__ import annotations

from typing import Any

from spec_model.events import Accepted, Observation
from tests.laws.scheduling import Placed, judged, manifest, node, on
from tests.laws.traces import done, running, seen, status, terminated, time_at

MIB = 1024 * 1024
LOW = "The node was low on resource: memory. "
HAS = {"cpu": "4", "memory": "1000Mi", "pods": "9"}
TARGET = {"type": "DisruptionTarget", "status": "True", "reason": "TerminationByKubelet"}


def short(at: float, value: str = "True", since: float | None = None) -> Observation:
    """The node says whether it is short of memory."""
    told = {
        "type": "MemoryPressure",
        "status": value,
        "lastTransitionTime": time_at(at if since is None else since),
    }
    return node(at=at, type="MODIFIED", has=HAS, conditions=[told])


def plenty(at: float = 0) -> Observation:
    return short(at, "False")


def asking(memory: str | None) -> dict[str, Any]:
    resources = {"resources": {"requests": {"memory": memory}}} if memory else {}
    return {"containers": [{"name": "c", "image": "app:1", **resources}]}


def runs(name: str, memory: str | None = None, at: float = 1, **spec: Any) -> Observation:
    """A Pod whose container runs on the node."""
    shown = {"containerStatuses": [status("c", running(at), containerID=f"cri://{name}")]}
    return on("n0", name, at, "ADDED", phase="Running", status=shown, **asking(memory), **spec)


def evicted(
    name: str, memory: str | None = None, at: float = 12, *, target: bool = True, **spec: Any
) -> Observation:
    """A Pod that was put out."""
    end = terminated(137, started=1, finished=at)
    shown: dict[str, Any] = {
        "reason": "Evicted",
        "message": LOW,
        "containerStatuses": [status("c", end, containerID=f"cri://{name}")],
    }
    if target:
        shown["conditions"] = [TARGET]
    return on("n0", name, at, phase="Failed", status=shown, **asking(memory), **spec)


def holds(name: str, size: int, at: float = 2) -> Any:
    given = {"namespace": "default", "pod": name, "container": "c"}
    return done(at, "allocate", Accepted(), **given, bytes=size * MIB)


# -- EVICT-001 -----------------------------------------------------------------------------------------


def filled(left: int, *later: Any, until: float = 60) -> Placed:
    return judged(plenty(), runs("a"), holds("a", 1000 - left), *later, until=until)


def test_below_the_threshold_a_node_says_so() -> None:
    assert filled(99, short(10)).held("EVICT-001")
    assert filled(99).broken == {"EVICT-001"}
    assert not filled(99, until=12).broken
    assert "EVICT-001" not in filled(100).exercised
    assert filled(150, short(10)).broken == {"EVICT-001"}


def test_somebody_may_have_ended_before_it_looked() -> None:
    gone = done(5, "exit", namespace="default", pod="a", container="c", exitCode=0)
    assert not filled(50, gone).broken


def test_what_nobody_told_it_may_hold_is_not_known_on_a_real_clock() -> None:
    events = plenty(), runs("a"), holds("a", 850), short(10)
    assert not judged(*events, clock="real", until=200).broken


def told_for(seconds: float, *before: Any) -> Placed:
    return judged(short(5), *before, short(5 + seconds, "False"), until=400)


def test_a_pressure_is_told_for_five_minutes() -> None:
    assert told_for(300).held("EVICT-001")
    assert told_for(30).broken == {"EVICT-001"}
    assert not told_for(30, done(20, "restart-kubelet", node="n0")).broken


def arrives(*later: Observation, memory: str | None = None, **spec: Any) -> Placed:
    new = {"creationTimestamp": time_at(20)}
    first = on("n0", "p", 20, "ADDED", metadata=new, **asking(memory), **spec)
    return judged(short(5), first, *later, until=90)


def started(memory: str | None = None) -> Observation:
    shown = {"containerStatuses": [status("c", running(21), containerID="cri://p")]}
    return on("n0", "p", 21, phase="Running", status=shown, **asking(memory))


def turned(memory: str | None = None, reason: str = "Evicted") -> Observation:
    return on("n0", "p", 21, phase="Failed", status={"reason": reason}, **asking(memory))


def test_a_short_node_turns_away_who_asks_for_nothing() -> None:
    assert arrives(turned()).held("EVICT-001")
    assert arrives(started()).broken == {"EVICT-001"}
    assert arrives().broken == {"EVICT-001"}


def test_and_nobody_else() -> None:
    assert arrives(started("10Mi"), memory="10Mi").held("EVICT-001")
    assert arrives(turned("10Mi"), memory="10Mi").broken == {"EVICT-001"}
    assert not arrives(turned("10Mi", "OutOfmemory"), memory="10Mi").broken
    assert not arrives(started(), priority=2_000_001_000).broken


# -- EVICT-002 and 003 ---------------------------------------------------------------------------------


def crowded(dead: str, profile: str = "v1.36", **more: Any) -> Placed:
    """Two Pods fill the node: a asks for nothing, b is farther above its request."""
    pods = {"a": None, "b": "100Mi"}
    events = [plenty(), *(runs(name, memory) for name, memory in pods.items())]
    events += [holds("a", 300), holds("b", 650), done(3, "advance", seconds=20), short(10)]
    return judged(*events, evicted(dead, pods[dead], **more), profile=profile, until=60)


def test_the_largest_excess_goes_first_and_as_documented_the_lowest_class() -> None:
    assert crowded("b").held("EVICT-002")
    assert crowded("a").broken == {"EVICT-002"}
    assert crowded("a", "documented").held("EVICT-002")
    assert crowded("b", "documented").broken == {"EVICT-002"}


def test_it_is_not_judged_by_what_has_just_changed() -> None:
    pods = runs("a"), runs("b", "100Mi")
    told = holds("a", 300), holds("b", 650), done(3, "advance", seconds=8)
    changed = holds("a", 200, at=11)
    assert not judged(plenty(), *pods, *told, short(10), changed, evicted("a"), until=60).broken


def test_whoever_is_put_out_says_why() -> None:
    assert crowded("b").held("EVICT-003")
    assert crowded("b", target=False).broken == {"EVICT-003"}
    assert not crowded("a", "documented", target=False).broken
    assert "EVICT-003" in crowded("b", priority=2_000_000_000).broken


def test_one_goes_after_the_other() -> None:
    pods = [runs(name) for name in "abc"]
    told = [holds(name, 320) for name in "abc"]
    before = [plenty(), *pods, *told, done(3, "advance", seconds=60), short(10)]
    assert "EVICT-003" in judged(*before, evicted("a"), evicted("b"), until=90).broken
    assert not judged(*before, evicted("a"), evicted("b", at=22), until=90).broken
    mended = done(10, "set-runtime", Accepted(), node="n0", part="runtime", works=True)
    together = judged(*before, mended, evicted("a"), evicted("b"), until=90)
    assert "EVICT-003" not in together.broken


def test_who_was_put_out_stays_out() -> None:
    before = plenty(), runs("a"), holds("a", 950), short(10), evicted("a")
    again = {"containerStatuses": [status("c", running(30), restarts=1, containerID="cri://2")]}
    back = on("n0", "a", 30, phase="Running", status=again, **asking(None))
    assert "EVICT-003" in judged(*before, back, until=90).broken
    made = done(0, "create", Accepted(), object=manifest("a"))
    gone = Observation(40, "DELETED", before[-1].object)
    assert "EVICT-003" in judged(made, *before, gone, until=90).broken


def test_who_is_told_to_be_put_out_has_failed_soon() -> None:
    about = {"kind": "Pod", "namespace": "default", "name": "a", "uid": "uid-a"}
    event = {
        "kind": "Event",
        "metadata": {"name": "a.1", "namespace": "default", "uid": "e"},
        "involvedObject": about,
        "reason": "Evicted",
        "message": LOW,
        "lastTimestamp": time_at(10),
    }
    before = plenty(), runs("a"), holds("a", 950), short(10), seen(10, event, "ADDED")
    assert judged(*before, evicted("a"), until=60).held("EVICT-003")
    assert judged(*before, until=60).broken == {"EVICT-003"}
    down = done(3, "set-runtime", Accepted(), node="n0", part="runtime", works=False)
    assert "EVICT-003" not in judged(*before[:3], down, *before[3:], until=60).broken
