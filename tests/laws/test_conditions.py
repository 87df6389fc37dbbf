"""The laws of CONDITION, on traces made by hand."""

from __future__ import annotations

from typing import Any

import pytest

from tests.laws.traces import done, judged, pod, running, seen, status, terminated, time_at, waiting

GATE = {"readinessGates": [{"conditionType": "example.com/serves"}]}
INIT: Any = {"init": [{"name": "i", "image": "app:1"}]}
UNBOUND = {"nodeName": ""}


def condition(type_: str, value: str = "True", at: float = 0, reason: str = "") -> dict[str, Any]:
    said = {"reason": reason} if reason else {}
    return {"type": type_, "status": value, "lastTransitionTime": time_at(at), **said}


def readiness(value: str, reason: str = "", at: float = 0) -> list[dict[str, Any]]:
    return [condition(type_, value, at, reason) for type_ in ("Ready", "ContainersReady")]


def one(at: float, *conditions: dict[str, Any], state: Any = None, **more: Any) -> Any:
    """A Pod of one container, which runs unless said otherwise, with these conditions."""
    shown = status(state=running() if state is None else state, **more.pop("container", {}))
    phase = more.pop("phase", "Running")
    status_more = {"conditions": list(conditions), **more.pop("more", {})}
    type_ = "ADDED" if at == 0 else "MODIFIED"
    return seen(at, pod(phase, [shown], more=status_more, **more), type_)


# CONDITION-001


def test_built_in_types_are_known() -> None:
    assert judged(one(1, condition("PodScheduled"))).held("CONDITION-001")


def test_unschedulable_is_a_type_as_documented_only() -> None:
    event = one(1, condition("Unschedulable", "False"))
    assert judged(event).broken == {"CONDITION-001"}
    assert judged(event, profile="documented").held("CONDITION-001")


def test_containers_ready_is_not_yet_documented() -> None:
    trace = judged(one(1, *readiness("True")), profile="documented")
    assert trace.broken == {"CONDITION-001"}


def test_a_condition_of_somebody_else_is_no_breach() -> None:
    assert judged(one(1, condition("example.com/anything"))).held("CONDITION-001")


def test_a_readiness_gate_may_be_called_anything() -> None:
    spec = {"readinessGates": [{"conditionType": "serves"}]}
    assert judged(one(1, condition("serves"), spec=spec)).held("CONDITION-001")


def test_a_condition_is_true_false_or_unknown() -> None:
    assert judged(one(1, condition("PodScheduled", "Maybe"))).broken == {"CONDITION-001"}


# CONDITION-002


def unbound(at: float, *conditions: dict[str, Any], **more: Any) -> Any:
    return seen(at, pod("Pending", spec=UNBOUND, more={"conditions": list(conditions), **more}))


def test_scheduled_comes_with_the_node() -> None:
    trace = judged(unbound(1), one(2, condition("PodScheduled", at=2)))
    assert trace.held("CONDITION-002")


def test_a_node_without_scheduled_is_a_breach() -> None:
    broken = judged(unbound(1), one(2)).broken
    assert broken == {"CONDITION-002"}


def test_a_pod_that_was_made_with_its_node_need_not_say_so() -> None:
    assert "CONDITION-002" not in judged(one(0)).exercised


def test_scheduled_without_a_node_is_a_breach() -> None:
    assert judged(unbound(1, condition("PodScheduled"))).broken == {"CONDITION-002"}


@pytest.mark.parametrize(
    ("reason", "broken"), [("Unschedulable", False), ("SchedulingGated", False), ("Waits", True)]
)
def test_a_pod_without_a_node_says_why(reason: str, broken: bool) -> None:
    trace = judged(unbound(1, condition("PodScheduled", "False", 1, reason)))
    assert trace.broken == ({"CONDITION-002"} if broken else set())


def test_as_documented_a_pod_is_scheduled_before_it_has_an_address() -> None:
    bound = one(2, condition("PodScheduled"), more={"hostIP": "192.168.0.1"})
    events = (unbound(1, condition("PodScheduled")), bound)
    assert judged(*events, profile="documented").held("CONDITION-002")


def test_as_documented_an_address_without_a_node_is_a_breach() -> None:
    trace = judged(unbound(1, hostIP="192.168.0.1"), profile="documented")
    assert trace.broken == {"CONDITION-002"}


# CONDITION-003


def init_pod(at: float, value: str, state: Any, **more: Any) -> Any:
    shown = status("i", state, ready="terminated" in state)
    waits = waiting("PodInitializing")
    reason = "" if value == "True" else "ContainersNotInitialized"
    initialized = condition("Initialized", value, 0, reason)
    return one(at, initialized, state=waits, phase="Pending", init_statuses=[shown], **INIT, **more)


def test_initialized_follows_its_init_container() -> None:
    assert judged(init_pod(0, "False", running())).held("CONDITION-003")
    assert judged(init_pod(2, "True", terminated(0))).held("CONDITION-003")


def test_an_init_container_that_is_done_initializes() -> None:
    assert "CONDITION-003" in judged(init_pod(2, "False", terminated(0))).broken


def test_initialized_before_its_time_is_a_breach() -> None:
    trace = judged(init_pod(0, "True", running()))
    assert "CONDITION-003" in trace.broken


def test_a_late_judge_takes_initialized_as_it_is() -> None:
    assert "CONDITION-003" not in judged(init_pod(60, "True", running())).broken


@pytest.mark.parametrize(("source", "breaks"), [("file", False), ("api", True)])
def test_a_static_pod_may_begin_anew_behind_its_mirror(source: str, breaks: bool) -> None:
    own = {"metadata": {"annotations": {"kubernetes.io/config.source": source}}}
    trace = judged(
        init_pod(2, "True", terminated(0), **own), init_pod(3, "False", running(), **own)
    )
    assert ("CONDITION-003" in trace.broken) is breaks


def test_without_init_containers_a_pod_is_initialized_at_once() -> None:
    waits = {"state": waiting(), "phase": "Pending"}
    assert judged(one(0, condition("Initialized"), **waits)).held("CONDITION-003")
    assert "CONDITION-003" in judged(one(0, condition("Initialized", "False"), **waits)).broken


def sidecar_pod(at: float, initialized: str, *, started: bool) -> Any:
    """A Pod whose only init container is a sidecar that runs."""
    entry = status("s", running(), started=started)
    sidecar = {"name": "s", "image": "app:1", "restartPolicy": "Always"}
    conditions = [condition("Initialized", initialized)]
    shown = pod(
        "Pending",
        [status()],
        init=[sidecar],
        init_statuses=[entry],
        more={"conditions": conditions},
    )
    return seen(at, shown, "ADDED" if at == 0 else "MODIFIED")


def test_a_kubelet_says_at_the_next_sync_that_a_sidecar_has_started() -> None:
    """Where time is real the status of the container comes first, and the condition must follow."""
    start = [sidecar_pod(0, "False", started=False), sidecar_pod(2, "False", started=True)]
    assert judged(*start, sidecar_pod(3, "True", started=True), clock="real").held("CONDITION-003")
    assert "CONDITION-003" in judged(*start, clock="real", until=100).broken
    assert "CONDITION-003" in judged(*start).broken


# CONDITION-004


def test_a_pod_is_ready_when_its_containers_are() -> None:
    assert judged(one(1, *readiness("True"))).held("CONDITION-004")
    assert judged(one(1, *readiness("False", "ContainersNotReady"))).broken == {"CONDITION-004"}


def test_a_container_that_does_not_serve_makes_the_pod_unready() -> None:
    unready = {"container": {"ready": False}}
    assert judged(one(1, *readiness("True"), **unready)).broken == {"CONDITION-004"}
    said = readiness("False", "ContainersNotReady")
    assert judged(one(1, *said, **unready)).held("CONDITION-004")


def test_a_closed_gate_keeps_a_pod_unready() -> None:
    ready = [condition("ContainersReady"), condition("Ready", "False", 0, "ReadinessGatesNotReady")]
    assert judged(one(1, *ready, spec=GATE)).held("CONDITION-004")
    assert judged(one(1, *readiness("True"), spec=GATE), until=20).broken == {"CONDITION-004"}


def test_a_gate_that_was_just_opened_is_noticed_a_moment_later() -> None:
    closed = [
        condition("ContainersReady"),
        condition("Ready", "False", 0, "ReadinessGatesNotReady"),
    ]
    gate = condition("example.com/serves", at=3)
    trace = judged(
        one(1, *closed, spec=GATE),
        one(3, *closed, gate, spec=GATE),
        one(4, condition("ContainersReady"), condition("Ready", at=4), gate, spec=GATE),
        until=60,
    )
    assert trace.held("CONDITION-004")


@pytest.mark.parametrize(("code", "reason"), [(0, "PodCompleted"), (1, "PodFailed")])
def test_a_pod_that_is_over_says_so(code: int, reason: str) -> None:
    phase = "Succeeded" if code == 0 else "Failed"
    over = {"state": terminated(code), "phase": phase, "policy": "Never"}
    assert judged(one(1, *readiness("False", reason), **over)).held("CONDITION-004")
    wrong = readiness("False", "ContainersNotReady")
    assert judged(one(1, *wrong, **over)).broken == {"CONDITION-004"}


def test_a_pod_may_say_that_it_failed_before_its_phase_does() -> None:
    trace = judged(
        one(1, *readiness("True")),
        one(5, *readiness("False", "PodFailed", 5)),
        one(9, *readiness("False", "PodFailed", 5), state=terminated(137), phase="Failed",
            more={"reason": "DeadlineExceeded"}),
        until=90,
    )  # fmt: skip
    assert trace.held("CONDITION-004")


def test_a_pod_that_says_it_failed_and_never_does_is_a_breach() -> None:
    trace = judged(one(1, *readiness("False", "PodFailed")), until=90)
    assert trace.broken == {"CONDITION-004"}


def test_a_lost_node_makes_its_pods_unready() -> None:
    node: dict[str, Any] = {
        "kind": "Node",
        "metadata": {"name": "node-1", "uid": "n"},
        "status": {"conditions": [condition("Ready", "Unknown")]},
    }
    said = [condition("Ready", "False", 1), condition("ContainersReady")]
    assert not judged(seen(0, node), one(1, *said), until=60).broken


# CONDITION-005


def started(at: float, ready: float, initialized: float = 0, **more: Any) -> Any:
    return one(
        at,
        condition("PodScheduled"),
        condition("Initialized", at=initialized),
        condition("PodReadyToStartContainers", at=1),
        *readiness("True", at=ready),
        **more,
    )


def not_ready(at: float) -> Any:
    said = (condition("PodScheduled"), condition("Initialized"))
    unready = readiness("False", "ContainersNotReady")
    return one(at, *said, *unready, state=waiting(), phase="Pending")


def test_conditions_come_true_in_order() -> None:
    assert judged(not_ready(1), started(3, ready=3)).held("CONDITION-005")


def test_ready_before_there_is_a_sandbox_is_a_breach() -> None:
    said = (condition("PodScheduled"), condition("Initialized"), *readiness("True", at=3))
    assert judged(not_ready(1), one(3, *said)).broken == {"CONDITION-005"}


def test_ready_before_initialized_is_a_breach() -> None:
    assert "CONDITION-005" in judged(not_ready(1), started(5, ready=3, initialized=4)).broken


def test_after_a_restart_the_order_is_not_asked_for() -> None:
    again = started(9, ready=3, initialized=4, container={"restarts": 1, "last": terminated(1)})
    assert "CONDITION-005" not in judged(not_ready(1), again).broken


# CONDITION-006


def scheduled(at: float, value: str, since: float, message: str = "") -> Any:
    said = {**condition("PodScheduled", value, since, "Unschedulable"), "message": message}
    return unbound(at, said)


def test_another_message_keeps_the_time() -> None:
    assert judged(scheduled(1, "False", 1), scheduled(9, "False", 1, "0/2")).held("CONDITION-006")


def test_another_message_with_another_time_is_a_breach() -> None:
    trace = judged(not_ready(1), one(9, condition("PodScheduled", at=9), phase="Pending",
                                     state=waiting()))  # fmt: skip
    assert trace.broken == {"CONDITION-006"}


@pytest.mark.parametrize(("clock", "since", "broken"), [
    ("real", 2, False), ("real", 9, True), ("virtual", 2, True),
])  # fmt: skip
def test_a_scheduler_that_has_not_seen_its_own_write_writes_anew(
    clock: str, since: float, broken: bool
) -> None:
    """As kube-scheduler 1.36.2 does when it tries again within a moment."""
    trace = judged(scheduled(1, "False", 1), scheduled(since, "False", since), clock=clock)
    assert ("CONDITION-006" in trace.broken) is broken


def test_another_status_has_another_time() -> None:
    unready = one(1, *readiness("False", "ContainersNotReady"), container={"ready": False})
    ready = one(9, *readiness("True", at=9))
    assert judged(unready, ready).held("CONDITION-006")


def test_another_status_with_an_old_time_is_a_breach() -> None:
    unready = one(1, *readiness("False", "ContainersNotReady"), container={"ready": False})
    between = one(6, *readiness("False", "ContainersNotReady"), container={"ready": False})
    ready = one(9, *readiness("True", at=2))
    assert "CONDITION-006" in judged(unready, between, ready).broken


def test_a_restart_between_two_looks_may_have_turned_it_twice() -> None:
    trace = judged(
        one(1, *readiness("True")),
        one(30, *readiness("True", at=20), container={"restarts": 1, "last": terminated(1)}),
    )
    assert "CONDITION-006" not in trace.broken


def test_a_time_that_is_missing_is_no_breach() -> None:
    gated = {"type": "PodScheduled", "status": "False", "reason": "SchedulingGated"}
    trace = judged(unbound(1, gated), unbound(5, {**gated, "lastTransitionTime": time_at(5)}))
    assert "CONDITION-006" not in trace.broken


# Whose word it is.


def write(conditions: list[dict[str, Any]]) -> Any:
    changes = {"namespace": "default", "pod": "a", "status": {"conditions": conditions}}
    return done(2, "write-status", **changes)


def test_what_a_tester_writes_is_nobodys_fault() -> None:
    true = one(1, *readiness("True"))
    lie = one(2, *readiness("False", "Whatever"))
    assert not judged(true, write(readiness("False", "Whatever")), lie).broken


def test_a_tester_who_turns_a_gate_leaves_the_rest_to_the_kubelet() -> None:
    said = readiness("True")
    true = one(1, *said)
    lie = one(4, *readiness("False", "ContainersNotReady", 4))
    trace = judged(true, write([*said, condition("example.com/serves")]), lie)
    assert trace.broken == {"CONDITION-004"}
