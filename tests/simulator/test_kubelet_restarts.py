"""Phases and restarts as a watch shows them: PHASE, TRANS, RESTART."""

from __future__ import annotations

import pytest

from tests.simulator.node_driver import Cluster, container, pod, resources

MEBI = 2**20
POLICIES = ("Always", "OnFailure", "Never")


def running(*containers: dict, profile: str = "v1.36", **spec: object) -> Cluster:  # type: ignore[type-arg]
    cluster = Cluster(profile)
    cluster.create(pod("p", *containers, **spec))
    assert cluster.phase() == "Running"
    return cluster


# PHASE and TRANS.


def test_a_pod_is_pending_until_its_container_runs() -> None:
    assert running().phases() == ["Pending", "Running"]


@pytest.mark.parametrize(
    ("policy", "after_success", "after_failure"),
    [
        ("Always", "Running", "Running"),
        ("OnFailure", "Succeeded", "Running"),
        ("Never", "Succeeded", "Failed"),
    ],
)
def test_one_container_exits(policy: str, after_success: str, after_failure: str) -> None:
    for code, phase in ((0, after_success), (1, after_failure)):
        cluster = running(restartPolicy=policy)
        cluster.exit(code=code)
        assert cluster.phase() == phase


@pytest.mark.parametrize("policy", POLICIES)
def test_the_pod_runs_while_one_of_two_containers_does(policy: str) -> None:
    cluster = running(container("a"), container("b"), restartPolicy=policy)
    cluster.exit("a", 1)
    assert cluster.phase() == "Running"
    assert cluster.restarts("b") == 0


def test_a_container_that_never_started_keeps_the_pod_pending() -> None:
    cluster = Cluster()
    cluster.set_image("bad:1", "missing")
    cluster.create(pod("p", container("a"), container("b", "bad:1")))
    assert cluster.state("a") == "running"
    assert cluster.phase() == "Pending"


@pytest.mark.parametrize(("profile", "phase"), [("v1.36", "Running"), ("documented", "Failed")])
def test_one_of_two_containers_is_killed_for_memory_under_never(profile: str, phase: str) -> None:
    limited = container("a", resources=resources(memory=("64Mi", "64Mi")))
    cluster = running(limited, container("b"), profile=profile, restartPolicy="Never")
    cluster.allocate(65 * MEBI, "a")
    assert cluster.state("a") == "OOMKilled"
    assert cluster.phase() == phase


def test_a_terminal_phase_is_never_shown_beside_a_running_container() -> None:
    limited = container("a", resources=resources(memory=("64Mi", "64Mi")))
    cluster = running(limited, container("b"), profile="documented", restartPolicy="Never")
    cluster.allocate(65 * MEBI, "a")
    for seen in cluster.history():
        if seen["status"]["phase"] == "Failed":
            assert not any(
                "running" in each["state"] for each in seen["status"]["containerStatuses"]
            )


@pytest.mark.parametrize(("policy", "phase"), [("Always", "Succeeded"), ("Never", "Succeeded")])
def test_a_deleted_pod_ends_before_it_goes(policy: str, phase: str) -> None:
    cluster = running(restartPolicy=policy)
    cluster.delete()
    last, gone = cluster.history()[-2:]
    assert (last["status"]["phase"], gone["type"]) == (phase, "DELETED")
    assert gone["status"]["phase"] == phase
    assert cluster.pod() is None


def test_a_deleted_pod_whose_container_has_failed_is_failed() -> None:
    cluster = running(container("a"), container("b"), restartPolicy="Never")
    cluster.exit("a", 1)
    cluster.delete()
    assert cluster.history()[-1]["status"]["phase"] == "Failed"


def test_a_deleted_pod_that_never_started_is_failed() -> None:
    cluster = Cluster()
    cluster.set_image("bad:1", "missing")
    cluster.create(pod("p", container("c", "bad:1")))
    cluster.delete()
    assert cluster.phases() == ["Pending", "Failed"]


def test_a_finalizer_keeps_the_ended_pod() -> None:
    cluster = Cluster()
    held = pod()
    held["metadata"]["finalizers"] = ["example.com/hold"]
    cluster.create(held)
    cluster.delete()
    assert cluster.phase() == "Succeeded"
    cluster.store.finalize("Pod", "default", "p", "example.com/hold")
    assert cluster.pod() is None


def test_a_force_deleted_pod_goes_at_once() -> None:
    cluster = running()
    cluster.delete(grace=0)
    assert cluster.pod() is None
    cluster.create(pod())
    assert cluster.phase() == "Running"


def test_the_deadline_fails_the_pod() -> None:
    cluster = running(activeDeadlineSeconds=7)
    cluster.advance(6)
    assert cluster.phase() == "Running"
    cluster.advance(1)
    assert (cluster.phase(), cluster.pod()["status"]["reason"]) == ("Failed", "DeadlineExceeded")


def test_the_time_of_initialization_counts_for_the_deadline() -> None:
    cluster = Cluster()
    cluster.create(pod("p", inits=(container("i"),), activeDeadlineSeconds=5))
    cluster.advance(5)
    assert cluster.phase() == "Failed"


def test_a_pod_that_does_not_fit_its_node_is_rejected() -> None:
    cluster = Cluster()
    huge = container("c", resources=resources(cpu="64"))
    cluster.create(pod("p", huge, nodeName="node1"))
    status = cluster.pod()["status"]
    assert (status["phase"], status["reason"]) == ("Failed", "OutOfcpu")
    assert status["message"].startswith("Pod was rejected: ")
    assert "containerStatuses" not in status


def test_a_pod_on_a_node_it_does_not_select_is_rejected() -> None:
    cluster = Cluster()
    cluster.create(pod("p", nodeName="node1", nodeSelector={"disk": "ssd"}))
    assert cluster.pod()["status"]["reason"] == "NodeAffinity"


# RESTART.


def test_a_restart_shows_the_run_before() -> None:
    cluster = running()
    first = cluster.status()["containerID"]
    cluster.exit(code=3)
    status = cluster.status()
    assert (status["restartCount"], status["state"].keys()) == (1, {"running"})
    assert status["lastState"]["terminated"]["exitCode"] == 3
    assert status["lastState"]["terminated"]["containerID"] == first != status["containerID"]


def test_the_state_between_exit_and_restart_is_shown() -> None:
    cluster = running()
    cluster.exit()
    states = [
        next(iter(seen["status"]["containerStatuses"][0]["state"]))
        for seen in cluster.history()[-2:]
    ]
    assert states == ["terminated", "running"]


def test_a_rule_restarts_one_exit_code_only() -> None:
    rules = [{"action": "Restart", "exitCodes": {"operator": "In", "values": [42]}}]
    cluster = running(
        container("c", restartPolicy="Never", restartPolicyRules=rules), restartPolicy="Never"
    )
    cluster.exit(code=42)
    assert cluster.restarts() == 1
    cluster.exit(code=41)
    assert cluster.phase() == "Failed"


def test_a_rule_restarts_all_containers() -> None:
    rules = [{"action": "RestartAllContainers", "exitCodes": {"operator": "In", "values": [88]}}]
    cluster = Cluster()
    source = container("a", restartPolicy="Never", restartPolicyRules=rules)
    cluster.create(pod("p", source, container("b"), inits=(container("i"),), restartPolicy="Never"))
    cluster.exit("i", 0)
    before = cluster.pod()
    cluster.exit("a", 88)
    assert cluster.state("i") == "running"
    assert cluster.phase() == "Pending"
    cluster.exit("i", 0)
    assert [cluster.restarts(name) for name in "iab"] == [1, 1, 1]
    assert cluster.phase() == "Running"
    assert cluster.pod()["status"]["podIP"] == before["status"]["podIP"]
    shown = [
        each["status"]
        for seen in cluster.history()
        for each in seen["status"].get("conditions", ())
        if each["type"] == "AllContainersRestarting"
    ]
    assert shown[0] == "True"
    assert shown[-1] == "False"


def test_a_new_image_restarts_its_container_whatever_the_policy() -> None:
    cluster = running(container("a"), container("b"), restartPolicy="Never")

    def edit(mine: dict) -> None:  # type: ignore[type-arg]
        mine["spec"]["containers"][0]["image"] = "app:2"

    cluster.change("Pod", "p", edit)
    assert (cluster.restarts("a"), cluster.restarts("b")) == (1, 0)
    assert cluster.status("a")["image"] == "app:2"
    assert "Killing" in cluster.events()
