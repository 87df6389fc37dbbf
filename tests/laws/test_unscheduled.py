"""The laws of Pods that wait for a node, on traces made by hand."""

from __future__ import annotations

from typing import Any

from spec_model.events import Accepted, Observation
from strategies.scheduling import expression, preferred, term
from tests.laws.scheduling import judged, manifest, node, on, waits
from tests.laws.traces import Judged, done, seen

SSD: dict[str, Any] = {"nodeSelector": {"disk": "ssd"}}
NONE = "0/1 nodes are available: 1 node(s) didn't match Pod's node affinity/selector."


def refused(at: float = 1.5, name: str = "p", message: str = NONE, **more: Any) -> Observation:
    return seen(at, manifest(name, refused=message, **more))


def test_who_fits_is_bound() -> None:
    assert judged(node(), waits(), on("n0"), until=60).held("SCHED-003")
    assert judged(node(), waits(), until=60).broken == {"SCHED-003"}
    assert not judged(node(), waits(), until=10).broken


def test_who_fits_nowhere_says_so() -> None:
    assert judged(node(), waits(**SSD), refused(**SSD), until=60).held("SCHED-002")
    assert judged(node(), waits(**SSD), until=60).broken == {"SCHED-002"}


def test_the_message_counts_the_nodes() -> None:
    wrong = refused(message="0/9 nodes are available", **SSD)
    assert judged(node(), waits(**SSD), wrong).broken == {"SCHED-002"}
    assert not judged(node(), waits(**SSD), wrong, clock="real").broken
    nothing = refused(message="no", **SSD)
    assert judged(node(), waits(**SSD), nothing, clock="real").broken == {"SCHED-002"}


def test_who_waits_is_neither_failed_nor_deleted() -> None:
    before = node(), waits(**SSD), refused(**SSD)
    failed = seen(5, manifest(phase="Failed", refused=NONE, **SSD))
    assert "SCHED-002" in judged(*before, failed).broken
    made = done(0.5, "create", Accepted(), object=manifest(**SSD))
    gone = Observation(5, "DELETED", refused(**SSD).object)
    assert "SCHED-002" in judged(made, *before, gone).broken
    asked = done(4, "delete", kind="Pod", namespace="default", name="p")
    assert not judged(made, *before, asked, gone).broken


def test_a_node_that_becomes_feasible_is_used() -> None:
    before = node(), waits(**SSD), refused(**SSD), node("n0", 5, "MODIFIED", disk="ssd")
    assert judged(*before, on("n0", at=6, **SSD), until=60).held("SCHED-002")
    assert judged(*before, until=60).broken == {"SCHED-002"}
    taken_back = node("n0", 8, "MODIFIED")
    assert not judged(*before, taken_back, until=60).broken


def test_a_node_that_may_be_lost_is_not_counted_on() -> None:
    lost = node("n0", 5, "MODIFIED", disk="ssd", conditions=[])
    broken = {
        **lost.object,
        "status": {**lost.object["status"], "conditions": [{"type": "Ready", "status": "Unknown"}]},
    }
    assert not judged(node(), waits(**SSD), refused(**SSD), seen(5, broken), until=60).broken


def release(*later: Observation, until: float = 60) -> Judged:
    full = on("n0", "other", 0.5, "ADDED", cpu="2", phase="Running")
    says = "0/1 nodes are available: 1 Insufficient cpu."
    before = node(), full, waits(cpu="1"), refused(message=says, cpu="1")
    return judged(*before, *later, until=until)


def test_what_an_ended_pod_held_is_given_on() -> None:
    ended = on("n0", "other", 5, cpu="2", phase="Succeeded")
    assert release(ended, on("n0", at=6, cpu="1")).held("SCHED-007")
    assert release(ended).broken == {"SCHED-007"}
    assert not release().broken


def test_who_is_refused_though_it_fits_is_owed_a_node() -> None:
    limits = {"limits": {"cpu": "9"}, "requests": {"cpu": "1"}}
    spec = {"containers": [{"name": "c", "image": "app:1", "resources": limits}]}
    says = refused(message="0/1 nodes are available: 1 Insufficient cpu.", **spec)
    assert judged(node(), waits(**spec), says, until=60).broken == {"SCHED-006"}
    exact = refused(message="0/1 nodes are available: 1 Insufficient cpu.", cpu="2")
    assert judged(node(), waits(cpu="2"), exact, until=60).broken == {"SCHED-004"}


def test_what_else_has_a_say_keeps_it_waiting() -> None:
    for spec in (
        {"schedulingGates": [{"name": "example.com/g"}]},
        {"schedulerName": "mine"},
        {"volumes": [{"name": "v", "persistentVolumeClaim": {"claimName": "c"}}]},
        {"affinity": {"podAntiAffinity": {}}},
        {"topologySpreadConstraints": [{"topologyKey": "zone"}]},
    ):
        assert not judged(node(), waits(**spec), until=60).broken, spec


def test_over_preferences_that_nobody_can_parse_a_scheduler_may_trip() -> None:
    odd = {"affinity": preferred((1, term(expression("gen", "Gt", "x"))))}
    assert not judged(node(), waits(**odd), until=60).broken
    assert not judged(node(), waits(**odd), clock="real", until=200).broken


def test_on_a_real_clock_unknown_pods_may_hold_the_room() -> None:
    assert not judged(node(), waits(cpu="1"), clock="real", until=200).broken
    assert judged(node(), waits(), clock="real", until=200).broken == {"SCHED-003"}


STOPPED = done(0.5, "stop-scheduler")


def test_without_a_scheduler_everybody_waits() -> None:
    assert not judged(node(), STOPPED, waits(), until=60).broken
    later = done(20, "advance", seconds=10)
    assert judged(node(), STOPPED, waits(), later, until=60).held("SCHED-010")
    failed = seen(5, manifest(phase="Failed"))
    assert "SCHED-010" in judged(node(), STOPPED, waits(), failed).broken


def test_who_waited_for_a_scheduler_is_scheduled() -> None:
    before = node(), STOPPED, waits(), done(30, "start-scheduler")
    assert judged(*before, on("n0", at=31), until=90).held("SCHED-010")
    assert judged(*before, until=90).broken == {"SCHED-010"}
    assert "SCHED-010" not in judged(*before, until=90, profile="documented").exercised


def test_nobody_goes_because_the_scheduler_does() -> None:
    made = done(0, "create", Accepted(), object=manifest())
    bound = on("n0", at=0.2, type="ADDED", phase="Running")
    gone = Observation(5, "DELETED", bound.object)
    assert "SCHED-010" in judged(node(), made, bound, STOPPED, gone).broken
    assert "SCHED-010" not in judged(node(), made, bound, gone).broken
