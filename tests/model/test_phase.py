"""PHASE, TRANS and INIT-003/-004: what phase the containers of a Pod mean, and why."""

import pytest

from spec_model.objects import Pod
from spec_model.pod.phase import final_phase, phase_of_manifest, pod_phase
from spec_model.profiles import DOCUMENTED
from spec_model.rules import Decision
from tests.model.pods import app, init, pod, sidecar

RUNNING = app("a", "running")


@pytest.mark.parametrize(
    ("containers", "expected"),
    [
        ((app("a", None),), Decision("Pending", "PHASE-003")),
        ((app("a", "unknown"),), Decision("Pending", "PHASE-003")),
        ((app("a", "waiting"),), Decision("Pending", "PHASE-003")),
        ((RUNNING, app("b", "waiting")), Decision("Pending", "PHASE-005")),
        ((RUNNING, app("b", "after exit 1")), Decision("Running", "PHASE-004")),
        ((RUNNING,), Decision("Running", "PHASE-004")),
        ((app("a", "exit 0"),), Decision("Running", "PHASE-006")),
        ((app("a", "exit 1"),), Decision("Running", "PHASE-004")),
        ((init("i", "running"), app("a", "waiting")), Decision("Pending", "PHASE-003")),
        ((init("i", "exit 1"), app("a", "waiting")), Decision("Pending", "INIT-003")),
        ((init("i", "exit 0"), RUNNING), Decision("Running", "PHASE-004")),
        ((sidecar("s", "starting"), app("a", "waiting")), Decision("Pending", "INIT-002")),
        ((sidecar("s", "starting"), RUNNING), Decision("Running", "PHASE-004")),
        ((sidecar("s", "running"), app("a", "waiting")), Decision("Pending", "PHASE-003")),
        ((), Decision("Pending", "PHASE-003")),
    ],
)
def test_the_phase_under_always(containers: tuple, expected: Decision[str]) -> None:
    assert pod_phase(pod(*containers)) == expected


@pytest.mark.parametrize(
    ("containers", "expected"),
    [
        ((app("a", "exit 0"),), Decision("Succeeded", "PHASE-006")),
        ((app("a", "exit 1"),), Decision("Failed", "PHASE-007")),
        ((app("a", "exit 0"), app("b", "exit 1")), Decision("Failed", "PHASE-007")),
        ((app("a", "exit 0"), RUNNING), Decision("Running", "PHASE-004")),
        ((app("a", "exit 0 OOMKilled"),), Decision("Succeeded", "PHASE-009")),
        ((app("a", "exit 137 OOMKilled"),), Decision("Failed", "PHASE-009")),
        ((app("a", "exit 1 Completed"),), Decision("Failed", "PHASE-009")),
        ((app("a", "after exit 0"),), Decision("Failed", "PHASE-007")),
        ((init("i", "exit 1"), app("a", "waiting")), Decision("Failed", "INIT-004")),
        ((sidecar("s", "running"), app("a", "exit 0")), Decision("Running", "PHASE-004")),
        ((sidecar("s", "exit 1"), app("a", "exit 0")), Decision("Succeeded", "PHASE-006")),
    ],
)
def test_the_phase_under_never(containers: tuple, expected: Decision[str]) -> None:
    assert pod_phase(pod(*containers, policy="Never")) == expected


def test_on_failure_retries_failures_and_keeps_successes() -> None:
    one_failed = pod(app("a", "exit 0"), app("b", "exit 1"), policy="OnFailure")
    all_done = pod(app("a", "exit 0"), app("b", "exit 0"), policy="OnFailure")
    assert pod_phase(one_failed) == Decision("Running", "PHASE-004")
    assert pod_phase(all_done) == Decision("Succeeded", "PHASE-006")


def one_of_two_is_oom_killed(policy: str) -> Pod:
    return pod(app("a", "exit 137 OOMKilled"), app("b", "running"), policy=policy)


def test_an_oom_kill_beside_a_running_container_fails_a_never_pod_only_as_documented() -> None:
    never = one_of_two_is_oom_killed("Never")
    assert pod_phase(never) == Decision("Running", "TRANS-005")
    assert pod_phase(never, profile=DOCUMENTED) == Decision("Failed", "TRANS-005")


def test_an_oom_kill_beside_a_running_container_leaves_other_pods_running() -> None:
    on_failure = one_of_two_is_oom_killed("OnFailure")
    assert pod_phase(on_failure, profile=DOCUMENTED).value == "Running"


def test_a_terminating_pod_is_finished_whatever_its_policy() -> None:
    assert pod_phase(pod(app("a", "exit 0")), terminating=True).value == "Succeeded"
    assert pod_phase(pod(app("a", "exit 1")), terminating=True).value == "Failed"


def test_a_terminating_static_pod_is_not_finished() -> None:
    static = pod(app("a", "exit 0"), annotations={"kubernetes.io/config.source": "file"})
    assert pod_phase(static, terminating=True).value == "Running"


@pytest.mark.parametrize(
    ("state", "expected"),
    [("exit 0", "Succeeded"), ("exit 1", "Failed"), ("waiting", "Failed"), (None, "Failed")],
)
def test_a_deleted_pod_ends_succeeded_only_if_all_exited_0(state: str, expected: str) -> None:
    assert final_phase(pod(app("a", state))) == Decision(expected, "PHASE-011")


def test_a_container_may_restart_though_its_pod_never_does() -> None:
    stubborn = pod(app("a", "exit 1", restartPolicy="Always"), policy="Never")
    assert pod_phase(stubborn).value == "Running"
    assert pod_phase(stubborn, profile=DOCUMENTED).value == "Failed"


def test_siblings_of_a_container_that_restarts_the_whole_pod_are_not_finished() -> None:
    ended = pod(app("a", "exit 137 RestartingAllContainers"), policy="Never")
    assert pod_phase(ended).value == "Running"


def test_a_plain_manifest_has_a_phase_too() -> None:
    assert phase_of_manifest(pod(RUNNING).manifest) == Decision("Running", "PHASE-004")
