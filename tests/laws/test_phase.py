"""The laws of PHASE and TRANS, on traces made by hand."""

from __future__ import annotations

from typing import Any

import pytest

from tests.laws.traces import done, judged, pod, running, seen, status, terminated, time_at, waiting


def one(at: float, phase: str, state: dict[str, Any], **more: Any) -> Any:
    return seen(at, pod(phase, [status(state=state)], **more))


def test_a_fifth_phase_is_not_known() -> None:
    assert judged(one(1, "Lost", running())).broken == {"PHASE-001", "PHASE-004"}


def test_documented_knows_the_phase_unknown() -> None:
    assert "PHASE-001" not in judged(one(1, "Unknown", running()), profile="documented").broken


def test_a_terminal_phase_absorbs() -> None:
    trace = judged(
        one(1, "Succeeded", terminated(0), policy="Never"),
        one(2, "Failed", terminated(0), policy="Never"),
    )
    assert "PHASE-008" in trace.broken


def ended_by_somebody(clock: str) -> Any:
    """A status write says that a Pod has ended whose container runs; its kubelet says otherwise."""
    whom = {"namespace": "default", "pod": "a"}
    return judged(
        one(1, "Running", running()),
        done(2, "write-status", **whom, status={"phase": "Failed"}),
        one(3, "Failed", running()),
        one(4, "Running", running()),
        clock=clock,
    )


def test_a_real_kubelet_has_the_last_word() -> None:
    assert "PHASE-008" not in ended_by_somebody("real").broken


def test_on_a_virtual_clock_somebody_elses_word_is_final_too() -> None:
    assert "PHASE-008" in ended_by_somebody("virtual").broken


def test_another_pod_of_the_same_name_starts_anew() -> None:
    trace = judged(
        one(1, "Succeeded", terminated(0), policy="Never"),
        one(2, "Running", running(), uid="uid-b", created=2.0, policy="Never"),
    )
    assert not trace.broken


def test_a_pod_that_runs_is_running() -> None:
    assert judged(one(1, "Running", running())).held("PHASE-004")


def test_pending_while_it_runs_is_blamed_on_running() -> None:
    assert judged(one(1, "Pending", running())).broken == {"PHASE-004"}


def test_a_container_that_never_started_keeps_the_pod_pending() -> None:
    statuses = [status("c", running()), status("d", waiting("ErrImagePull"))]
    assert judged(seen(1, pod("Pending", statuses, containers=("c", "d")))).held("PHASE-005")
    assert judged(seen(1, pod("Running", statuses, containers=("c", "d")))).broken == {"PHASE-005"}


def test_a_terminal_phase_may_be_written_a_moment_late() -> None:
    trace = judged(
        one(1, "Running", terminated(0), policy="Never"),
        one(2, "Succeeded", terminated(0), policy="Never"),
    )
    assert trace.held("PHASE-006")


def test_a_terminal_phase_that_never_comes_is_a_breach() -> None:
    assert judged(one(1, "Running", terminated(0), policy="Never"), until=60).broken == {
        "PHASE-006"
    }


def test_nothing_runs_in_a_terminal_phase() -> None:
    statuses = [status("c", running()), status("d", terminated(1))]
    trace = judged(seen(1, pod("Failed", statuses, containers=("c", "d"), policy="Never")))
    assert "PHASE-010" in trace.broken


def test_a_created_pod_answers_pending() -> None:
    from spec_model.events import Accepted

    answer = Accepted(pod("Pending"))
    assert judged(done(0, "create", answer, object=pod())).held("PHASE-002")


def test_a_client_is_not_believed() -> None:
    from spec_model.events import Accepted

    answer = Accepted(pod("Running"))
    assert "PHASE-002" in judged(done(0, "create", answer, object=pod())).broken


@pytest.mark.parametrize(
    ("policy", "phase"), [("Always", "Running"), ("OnFailure", "Succeeded"), ("Never", "Succeeded")]
)
def test_row_1_of_the_table(policy: str, phase: str) -> None:
    trace = judged(
        one(1, "Running", running(), policy=policy), one(2, phase, terminated(0), policy=policy)
    )
    assert trace.held("TRANS-001")


def test_row_1_broken() -> None:
    trace = judged(
        one(1, "Running", running(), policy="Never"),
        one(2, "Failed", terminated(0), policy="Never"),
    )
    assert {"TRANS-001", "PHASE-006"} <= trace.broken


def test_row_5_differs_by_profile() -> None:
    two = {"containers": ("c", "d"), "policy": "Never"}
    before = seen(1, pod("Running", [status("c", running()), status("d", running())], **two))
    oom = [status("c", terminated(137, reason="OOMKilled")), status("d", running())]
    assert judged(before, seen(2, pod("Running", oom, **two))).held("TRANS-005")
    before = seen(1, pod("Running", [status("c", running()), status("d", running())], **two))
    failed = judged(before, seen(2, pod("Failed", oom, **two)), profile="documented")
    assert failed.held("TRANS-005")


def two_containers(*ends: Any, phase: str = "Running") -> Any:
    """A Pod of policy Never: its first observation, the first container's failure, and another end."""
    two: dict[str, Any] = {"containers": ("c", "d"), "policy": "Never"}
    first, second = status("c", terminated(1)), status("d", running())
    return [
        seen(1, pod("Running", [status("c", running()), second], **two)),
        seen(2, pod("Running", [first, second], **two)),
        *ends,
        seen(3, pod(phase, [first, status("d", terminated(0))], **two)),
    ]


def test_a_failure_does_not_end_the_sibling() -> None:
    assert "TRANS-004" in judged(*two_containers(phase="Failed")).broken


def test_a_sibling_that_is_told_to_end_ends() -> None:
    told = done(2, "exit", namespace="default", pod="a", container="d", exitCode=0)
    assert judged(*two_containers(told, phase="Failed")).held("TRANS-004")


def test_on_a_real_clock_containers_may_end_by_themselves() -> None:
    assert judged(*two_containers(phase="Failed"), clock="real").held("TRANS-004")


@pytest.mark.parametrize(("finished", "broken"), [(5.0, True), (3.0, False)])
def test_a_deadline_that_ended_a_pod_is_its_reason(finished: float, broken: bool) -> None:
    more = {"policy": "Never", "spec": {"activeDeadlineSeconds": 5}}
    start = {"startTime": time_at(0)}
    end = terminated(137, finished=finished)
    trace = judged(one(0, "Running", running(), more=start, **more), one(5, "Failed", end, **more))
    assert ("PHASE-012" in trace.broken) is broken


def test_a_deadline_that_passes_unheeded_is_a_breach() -> None:
    spec = {"activeDeadlineSeconds": 5, "terminationGracePeriodSeconds": 1}
    start = {"startTime": time_at(0)}
    assert judged(one(0, "Running", running(), spec=spec, more=start), until=60).broken == {
        "PHASE-012"
    }


def test_a_deadline_that_strikes_early_is_a_breach() -> None:
    spec = {"activeDeadlineSeconds": 30}
    before = one(0, "Running", running(), spec=spec, more={"startTime": time_at(0)})
    more = {"startTime": time_at(0), "reason": "DeadlineExceeded"}
    trace = judged(before, one(10, "Failed", terminated(137), spec=spec, more=more))
    assert trace.broken == {"PHASE-012"}


def test_a_rejected_pod_has_a_reason() -> None:
    more = {
        "reason": "OutOfcpu",
        "message": "Pod was rejected: Node didn't have enough resource: cpu",
    }
    assert judged(seen(1, pod("Failed", more=more))).held("PHASE-013")
    assert judged(seen(1, pod("Failed", more={**more, "reason": ""}))).broken == {"PHASE-013"}


@pytest.mark.parametrize(
    ("phase", "message"),
    [("Pending", "Pod was rejected: no cpu"), ("Failed", "Node didn't have enough cpu")],
)
def test_a_rejected_pod_is_failed_and_says_so(phase: str, message: str) -> None:
    more = {"reason": "OutOfcpu", "message": message}
    assert "PHASE-013" in judged(seen(1, pod(phase, more=more))).broken


def test_a_rejected_pod_may_be_given_a_lost_container_when_it_is_deleted() -> None:
    """Seen of a kubelet 1.36.2: Pods with finalizers, deleted by force."""
    more = {"reason": "NodeAffinity", "message": "Pod was rejected: Predicate NodeAffinity failed"}
    lost = {"terminated": {"exitCode": 137, "reason": "ContainerStatusUnknown"}}
    shown = pod("Failed", [status(state=lost)], more=more)
    assert "PHASE-013" not in judged(seen(1, shown)).broken
    ended = pod("Failed", [status(state=terminated(137))], more=more)
    assert "PHASE-013" in judged(seen(1, ended)).broken


@pytest.mark.parametrize(("phase", "broken"), [("Failed", False), ("Succeeded", True)])
def test_the_mark_of_a_delete_may_come_before_the_last_phase(phase: str, broken: bool) -> None:
    """Seen of a kubelet 1.36.2: it first says that the container has ended, then the phase."""
    marked = {"deletionTimestamp": time_at(3), "deletionGracePeriodSeconds": 0}
    held_back = one(2, "Running", terminated(1), policy="Never")
    on_its_way = one(3, "Running", terminated(1), policy="Never", metadata=marked)
    end = one(4, phase, terminated(1), policy="Never", metadata=marked)
    trace = judged(held_back, on_its_way, end, clock="real")
    assert any(rule.startswith("PHASE") for rule in trace.broken) is broken


def test_a_gracefully_deleted_pod_ends_first() -> None:
    deleted = {"deletionTimestamp": time_at(31), "deletionGracePeriodSeconds": 30}
    before = one(1, "Running", running(), metadata=deleted)
    gone = seen(2, pod("Running", [status(state=running())], metadata=deleted), "DELETED")
    asked = done(1, "delete", kind="Pod", namespace="default", name="a")
    assert "PHASE-011" in judged(before, asked, gone).broken


def test_a_force_deleted_pod_just_goes() -> None:
    deleted = {"deletionTimestamp": time_at(31), "deletionGracePeriodSeconds": 0}
    before = one(1, "Running", running(), metadata=deleted)
    gone = seen(2, pod("Running", [status(state=running())], metadata=deleted), "DELETED")
    asked = done(1, "delete", kind="Pod", namespace="default", name="a", gracePeriodSeconds=0)
    assert not judged(before, asked, gone).broken


def test_without_the_stimuli_nobody_is_blamed_for_a_pod_that_just_went() -> None:
    before = one(1, "Running", running())
    assert not judged(before, seen(2, pod("Running", [status(state=running())]), "DELETED")).broken
