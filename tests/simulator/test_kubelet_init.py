"""Initialization, sidecars, lost sandboxes and lost machines: INIT, NETWORK-005."""

from __future__ import annotations

import pytest

from conformance.adapters.simulator.errors import ApiError
from tests.simulator.node_driver import Cluster, container, pod, sidecar


def initializing(*inits: dict, profile: str = "v1.36", **spec: object) -> Cluster:  # type: ignore[type-arg]
    cluster = Cluster(profile)
    cluster.create(pod("p", inits=inits or (container("i1"), container("i2")), **spec))
    return cluster


def initialized(**options: object) -> Cluster:
    cluster = initializing(**options)  # type: ignore[arg-type]
    cluster.exit("i1", 0)
    cluster.exit("i2", 0)
    assert cluster.phase() == "Running"
    return cluster


def test_init_containers_run_one_at_a_time_in_order() -> None:
    cluster = initializing()
    assert [cluster.state(name) for name in ("i1", "i2", "c")] == [
        "running",
        "PodInitializing",
        "PodInitializing",
    ]
    cluster.exit("i1", 0)
    assert [cluster.state(name) for name in ("i1", "i2", "c")] == [
        "Completed",
        "running",
        "PodInitializing",
    ]


def test_the_pod_is_not_initialized_before_the_last_one_is_through() -> None:
    cluster = initializing()
    cluster.exit("i1", 0)
    condition = cluster.condition("Initialized")
    assert (condition["status"], condition["reason"]) == ("False", "ContainersNotInitialized")
    assert cluster.phase() == "Pending"
    cluster.exit("i2", 0)
    assert cluster.condition("Initialized")["status"] == "True"
    assert cluster.state("c") == "running"


@pytest.mark.parametrize("policy", ["Always", "OnFailure"])
def test_only_the_failed_init_container_runs_again(policy: str) -> None:
    cluster = initializing(restartPolicy=policy)
    cluster.exit("i1", 0)
    cluster.exit("i2", 1)
    assert [cluster.restarts(name) for name in ("i1", "i2")] == [0, 1]
    assert cluster.phase() == "Pending"
    cluster.exit("i2", 1)
    assert cluster.state("i2") == "CrashLoopBackOff"
    assert cluster.wait_for_restart("i2") == 10


def test_a_failed_init_container_fails_a_pod_that_never_restarts() -> None:
    cluster = initializing(restartPolicy="Never")
    cluster.exit("i1", 1)
    assert cluster.phase() == "Failed"
    assert [cluster.state(name) for name in ("i2", "c")] == ["PodInitializing", "PodInitializing"]


def test_a_finished_init_container_stays_so() -> None:
    cluster = initialized(restartPolicy="Always")
    cluster.exit("c", 1)
    assert cluster.restarts("c") == 1
    assert [cluster.restarts(name) for name in ("i1", "i2")] == [0, 0]


@pytest.mark.parametrize(("profile", "again"), [("v1.36", 0), ("documented", 1)])
def test_a_new_init_image(profile: str, again: int) -> None:
    cluster = initialized(profile=profile)

    def edit(mine: dict) -> None:  # type: ignore[type-arg]
        mine["spec"]["initContainers"][0]["image"] = "app:2"

    cluster.change("Pod", "p", edit)
    assert cluster.restarts("i1") == again
    assert cluster.state("c") == ("running" if not again else "Error")


# Sidecars.


def test_a_sidecar_starts_in_its_place_and_stays() -> None:
    cluster = initializing(container("i1"), sidecar(), container("i2"))
    cluster.exit("i1", 0)
    assert [cluster.state(name) for name in ("s", "i2")] == ["running", "running"]
    cluster.exit("i2", 0)
    assert [cluster.state(name) for name in ("s", "c")] == ["running", "running"]


@pytest.mark.parametrize("policy", ["Always", "OnFailure", "Never"])
@pytest.mark.parametrize("code", [0, 1])
def test_a_sidecar_restarts_whatever_the_policy(policy: str, code: int) -> None:
    cluster = initializing(sidecar(), restartPolicy=policy)
    cluster.exit("s", code)
    assert (cluster.restarts("s"), cluster.state("s")) == (1, "running")
    assert cluster.phase() == "Running"


def test_a_sidecar_restarts_while_a_later_init_container_runs() -> None:
    cluster = initializing(sidecar(), container("i2"))
    cluster.exit("s", 1)
    assert (cluster.restarts("s"), cluster.restarts("i2")) == (1, 0)
    assert cluster.state("i2") == "running"


def test_sidecars_do_not_keep_a_pod_from_its_end() -> None:
    cluster = initializing(sidecar("s1"), sidecar("s2"), restartPolicy="Never")
    cluster.exit("c", 0)
    assert cluster.phase() == "Succeeded"
    assert [cluster.state(name) for name in ("s1", "s2")] == ["Completed", "Completed"]


# Sandboxes.


def test_a_lost_sandbox_repeats_initialization() -> None:
    cluster = initialized()
    before = cluster.pod()
    cluster.lose_sandbox()
    assert [cluster.state(name) for name in ("i1", "i2")] == ["running", "PodInitializing"]
    assert "SandboxChanged" in cluster.events()
    cluster.exit("i1", 0)
    cluster.exit("i2", 0)
    assert [cluster.restarts(name) for name in ("i1", "i2", "c")] == [1, 1, 1]
    assert cluster.pod()["metadata"]["uid"] == before["metadata"]["uid"]
    assert cluster.pod()["spec"]["nodeName"] == before["spec"]["nodeName"]


def test_never_means_that_a_lost_sandbox_is_the_end() -> None:
    cluster = initialized(restartPolicy="Never")
    cluster.lose_sandbox()
    assert cluster.phase() == "Failed"
    assert [cluster.restarts(name) for name in ("i1", "i2", "c")] == [0, 0, 0]


def test_what_has_succeeded_is_not_repeated_in_a_new_sandbox() -> None:
    cluster = Cluster()
    cluster.create(pod("p", container("a"), container("b"), restartPolicy="OnFailure"))
    cluster.exit("a", 0)
    cluster.lose_sandbox()
    assert (cluster.restarts("a"), cluster.restarts("b")) == (0, 1)


def test_a_pod_without_a_sandbox_cannot_lose_it() -> None:
    cluster = Cluster()
    cluster.create(pod("p", restartPolicy="Never"))
    cluster.exit()
    with pytest.raises(ApiError) as refused:
        cluster.lose_sandbox()
    assert refused.value.code == 409


# Machines and kubelets.


def test_a_restarted_kubelet_touches_no_container() -> None:
    cluster = initialized()
    before = cluster.pod()["status"]
    cluster.kubelet().restart()
    cluster.settle()
    assert cluster.pod()["status"] == before


def test_a_stopped_node_says_nothing() -> None:
    cluster = initialized()
    before = cluster.pod()
    cluster.kubelet().stop()
    cluster.advance(30)
    assert cluster.pod() == before
    with pytest.raises(ApiError) as refused:
        cluster.exit("c", 0)
    assert refused.value.code == 409


def test_a_node_that_comes_back_starts_its_pods_again() -> None:
    cluster = initialized()
    kubelet = cluster.kubelet()
    kubelet.stop()
    cluster.advance(30)
    kubelet.start()
    cluster.settle()
    assert cluster.state("i1") == "running"
    cluster.exit("i1", 0)
    cluster.exit("i2", 0)
    assert (cluster.phase(), cluster.restarts("c")) == ("Running", 1)


def test_a_pod_deleted_meanwhile_ends_when_the_node_is_back() -> None:
    cluster = initialized()
    kubelet = cluster.kubelet()
    kubelet.stop()
    cluster.delete()
    cluster.advance(60)
    assert cluster.phase() == "Running"
    kubelet.start()
    cluster.settle()
    assert cluster.pod() is None
    assert cluster.history()[-1]["status"]["phase"] == "Failed"


def test_a_new_machine_of_the_same_name_goes_on_counting() -> None:
    cluster = Cluster()
    cluster.create(pod())
    cluster.exit("c", 1)
    node = cluster.pod()["spec"]["nodeName"]
    manifest = cluster.store.get("Node", None, node)
    assert manifest is not None
    cluster.store.delete("Node", None, node)
    cluster.store.create({**manifest, "metadata": {"name": node}})
    cluster.settle()
    assert (cluster.state(), cluster.restarts()) == ("running", 2)


@pytest.mark.parametrize(
    ("name", "where", "code"), [("nobody", "c", 404), ("p", "nothing", 404), ("p", "i1", 409)]
)
def test_an_exit_of_what_does_not_run_is_refused(name: str, where: str, code: int) -> None:
    cluster = initialized()
    with pytest.raises(ApiError) as refused:
        cluster.kubelet("p").exit("default", name, where, 0)
    assert refused.value.code == code


def test_a_status_that_someone_else_ended_is_obeyed() -> None:
    cluster = Cluster()
    cluster.create(pod())
    mine = cluster.pod()
    cluster.store.update_status({**mine, "status": {**mine["status"], "phase": "Failed"}})
    cluster.settle()
    assert cluster.phase() == "Failed"
    assert cluster.state() == "Completed"


def test_a_readiness_gate_opens() -> None:
    cluster = Cluster()
    cluster.create(pod("p", readinessGates=[{"conditionType": "example.com/open"}]))
    assert cluster.condition("Ready")["reason"] == "ReadinessGatesNotReady"
    mine = cluster.pod()
    gate = {"type": "example.com/open", "status": "True"}
    conditions = [*mine["status"]["conditions"], gate]
    cluster.store.update_status({**mine, "status": {**mine["status"], "conditions": conditions}})
    cluster.settle()
    assert cluster.condition("Ready")["status"] == "True"
