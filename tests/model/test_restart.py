"""RESTART and INIT-003/-004/-005/-011: whether an exited container starts again."""

from typing import Any

import pytest

from spec_model.pod.restart import restarts_all, should_restart
from spec_model.profiles import DOCUMENTED, V1_36, Profile
from spec_model.rules import Decision
from tests.model.pods import Told, app, init, pod, sidecar


def decide(
    told: Told,
    exit_code: int,
    policy: str = "Always",
    deleting: bool = False,
    profile: Profile = V1_36,
) -> Decision[bool]:
    spec = pod(told, policy=policy).spec
    container = (*spec.containers, *spec.init_containers)[0]
    return should_restart(spec, container, exit_code, deleting, profile)


def rule(action: str, operator: str, *codes: int) -> dict[str, Any]:
    return {"action": action, "exitCodes": {"operator": operator, "values": list(codes)}}


@pytest.mark.parametrize(
    ("policy", "after_success", "after_failure"),
    [("Always", True, True), ("OnFailure", False, True), ("Never", False, False), ("", True, True)],
)
def test_the_policy_decides(policy: str, after_success: bool, after_failure: bool) -> None:
    assert decide(app("a"), 0, policy) == Decision(after_success, "RESTART-002")
    assert decide(app("a"), 1, policy) == Decision(after_failure, "RESTART-002")


def test_nothing_restarts_in_a_pod_that_is_being_deleted() -> None:
    assert decide(sidecar("s"), 1, deleting=True) == Decision(False, "RESTART-005")


def test_a_sidecar_restarts_after_every_exit() -> None:
    assert decide(sidecar("s"), 0, "Never") == Decision(True, "INIT-011")


def test_an_init_container_that_succeeded_is_done() -> None:
    assert decide(init("i"), 0, "Always") == Decision(False, "INIT-005")


def test_an_init_container_that_failed_is_retried_unless_the_policy_is_never() -> None:
    assert decide(init("i"), 1, "OnFailure") == Decision(True, "INIT-003")
    assert decide(init("i"), 1, "Never") == Decision(False, "INIT-004")


def test_the_containers_own_policy_overrides_that_of_the_pod() -> None:
    assert decide(app("a", restartPolicy="Never"), 1) == Decision(False, "RESTART-007")


def test_documented_knows_no_policy_of_a_container() -> None:
    told = app("a", restartPolicy="Never")
    assert decide(told, 1, profile=DOCUMENTED) == Decision(True, "RESTART-002")


@pytest.mark.parametrize(
    ("rules", "exit_code", "restarts"),
    [
        ([rule("Restart", "In", 42)], 42, True),
        ([rule("Restart", "In", 42)], 1, False),
        ([rule("Restart", "NotIn", 42)], 1, True),
        ([rule("Restart", "NotIn", 42)], 42, False),
        ([rule("Restart", "Like", 42)], 42, False),
        ([rule("RestartAllContainers", "In", 42)], 42, True),
    ],
)
def test_rules_come_before_the_containers_policy(
    rules: list[dict[str, Any]], exit_code: int, restarts: bool
) -> None:
    told = app("a", restartPolicy="Never", restartPolicyRules=rules)
    assert decide(told, exit_code) == Decision(restarts, "RESTART-007")


def test_rules_without_a_policy_of_the_container_do_nothing() -> None:
    told = app("a", restartPolicyRules=[rule("Restart", "In", 42)])
    assert decide(told, 42, "Never") == Decision(False, "RESTART-002")


def test_the_first_matching_rule_decides_whether_siblings_restart() -> None:
    one, every = rule("Restart", "In", 42), rule("RestartAllContainers", "NotIn", 0)
    told = app("a", restartPolicy="Never", restartPolicyRules=[one, every])
    container = pod(told).spec.containers[0]
    assert restarts_all(container, 7) == Decision(True, "RESTART-007")
    assert restarts_all(container, 42) == Decision(False, "RESTART-003")
    assert restarts_all(container, 7, deleting=True) == Decision(False, "RESTART-005")
    assert restarts_all(container, 7, profile=DOCUMENTED) == Decision(False, "RESTART-003")
