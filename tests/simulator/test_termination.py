"""How Pods end on their node: TERM-004 to 007, 009, 011, 013, 014."""

from __future__ import annotations

from typing import Any

import pytest

from conformance.adapters.simulator.errors import ApiError
from tests.simulator.node_driver import Cluster, container, pod, sidecar

HOLD = ["example.com/hold"]
EXEC = {"preStop": {"exec": {"command": ["true"]}}}


def running(*containers: Any, profile: str = "v1.36", held: bool = True, **spec: Any) -> Cluster:
    """A Pod that a finalizer keeps in sight."""
    cluster = Cluster(profile)
    made = pod("p", *containers, **spec)
    if held:
        made["metadata"]["finalizers"] = HOLD
    cluster.create(made)
    return cluster


def stops(cluster: Cluster, seconds: float | None, name: str = "c", code: int | None = 7) -> None:
    given = {"namespace": "default", "pod": "p", "container": name, "seconds": seconds}
    cluster.engine.manners.set_stop({**given, "exitCode": code})


def hooks(cluster: Cluster, seconds: float | None, name: str = "c", **more: Any) -> None:
    given = {"namespace": "default", "pod": "p", "container": name, "seconds": seconds}
    cluster.engine.manners.set_hook({**given, "hook": "preStop", **more})


def time_to_end(cluster: Cluster, name: str = "c") -> float:
    return cluster.seconds_until(lambda: "terminated" in cluster.status(name)["state"])


def code(cluster: Cluster, name: str = "c") -> int:
    return int(cluster.status(name)["state"]["terminated"]["exitCode"])


@pytest.mark.parametrize("grace", [30, 5, 2])
def test_who_ignores_term_is_killed_when_the_grace_period_is_over(grace: int) -> None:
    cluster = running()
    stops(cluster, None)
    cluster.delete(grace=grace)
    assert (time_to_end(cluster), code(cluster)) == (grace, 137)
    assert cluster.status()["state"]["terminated"]["reason"] == "Error"


def test_there_are_two_seconds_at_least() -> None:
    cluster = running()
    stops(cluster, None)
    cluster.delete(grace=1)
    assert (time_to_end(cluster), code(cluster)) == (2, 137)


def test_who_takes_its_time_is_given_it() -> None:
    cluster = running()
    stops(cluster, 8)
    cluster.delete()
    assert (time_to_end(cluster), code(cluster)) == (8, 7)


def test_who_has_no_handler_dies_of_term() -> None:
    cluster = running()
    stops(cluster, 0, code=None)
    cluster.delete()
    assert (time_to_end(cluster), code(cluster)) == (0, 143)


def test_the_hook_comes_first_and_shares_the_grace_period() -> None:
    cluster = running(container(lifecycle=EXEC))
    hooks(cluster, 4)
    stops(cluster, 3)
    cluster.delete()
    assert (time_to_end(cluster), code(cluster)) == (7, 7)


def test_what_the_hook_took_is_not_given_again() -> None:
    cluster = running(container(lifecycle=EXEC))
    hooks(cluster, 4)
    stops(cluster, None)
    cluster.delete(grace=10)
    assert (time_to_end(cluster), code(cluster)) == (10, 137)


def test_a_hook_that_overruns_gets_two_more_seconds() -> None:
    cluster = running(container(lifecycle=EXEC))
    hooks(cluster, None)
    stops(cluster, 1)
    cluster.delete(grace=10)
    assert (time_to_end(cluster), code(cluster)) == (11, 7)
    stops(cluster, None)


def test_sleep_says_itself_how_long_it_takes() -> None:
    cluster = running(container(lifecycle={"preStop": {"sleep": {"seconds": 5}}}))
    cluster.delete()
    assert time_to_end(cluster) == 5


def test_a_failed_hook_is_told_and_changes_nothing() -> None:
    cluster = running(container(lifecycle=EXEC))
    hooks(cluster, 2, fails=True)
    cluster.delete()
    assert time_to_end(cluster) == 2
    assert "FailedPreStopHook" in cluster.events()


def test_app_containers_stop_side_by_side() -> None:
    cluster = running(container("c"), container("d"))
    stops(cluster, 5, "c")
    stops(cluster, 5, "d")
    cluster.delete()
    assert (time_to_end(cluster, "c"), time_to_end(cluster, "d")) == (5, 0)


def test_sidecars_are_stopped_last_and_in_reverse() -> None:
    cluster = running(inits=(sidecar("s1"), sidecar("s2")))
    for name, seconds in (("s1", 1), ("s2", 2), ("c", 3)):
        stops(cluster, seconds, name)
    cluster.delete()
    assert [time_to_end(cluster, name) for name in ("c", "s2", "s1")] == [3, 2, 1]


def test_sidecars_wait_no_longer_than_the_grace_period() -> None:
    cluster = running(inits=(sidecar("s"),))
    stops(cluster, None, "c")
    stops(cluster, 1, "s")
    cluster.delete(grace=5)
    assert (time_to_end(cluster, "c"), code(cluster, "c")) == (5, 137)
    assert (time_to_end(cluster, "s"), code(cluster, "s")) == (1, 7)


def test_a_second_delete_shortens_it() -> None:
    cluster = running()
    stops(cluster, None)
    cluster.delete()
    cluster.advance(5)
    cluster.delete(grace=10)
    assert cluster.pod()["metadata"]["deletionGracePeriodSeconds"] == 10
    assert time_to_end(cluster) == 10


def test_a_second_delete_does_not_lengthen_it() -> None:
    cluster = running()
    stops(cluster, None)
    cluster.delete(grace=10)
    cluster.advance(5)
    cluster.delete(grace=20)
    assert cluster.pod()["metadata"]["deletionGracePeriodSeconds"] == 10
    assert time_to_end(cluster) == 5


def test_an_end_in_the_past_becomes_now_and_one_second() -> None:
    cluster = running()
    stops(cluster, None)
    cluster.delete()
    cluster.advance(20)
    cluster.delete(grace=10)
    metadata = cluster.pod()["metadata"]
    assert metadata["deletionGracePeriodSeconds"] == 1
    assert metadata["deletionTimestamp"] == cluster.engine.clock.timestamp()
    assert time_to_end(cluster) == 2


def test_a_kubelet_that_restarts_grants_it_all_again() -> None:
    cluster = running(container(lifecycle=EXEC))
    hooks(cluster, 4)
    stops(cluster, None)
    cluster.delete(grace=10)
    cluster.advance(8)
    cluster.kubelet().restart()
    cluster.settle()
    assert (time_to_end(cluster), code(cluster)) == (10, 137)


def test_a_process_that_is_ending_does_not_start_over() -> None:
    cluster = running()
    stops(cluster, 6)
    cluster.delete(grace=10)
    cluster.advance(4)
    cluster.kubelet().restart()
    cluster.settle()
    assert (time_to_end(cluster), code(cluster)) == (2, 7)


@pytest.mark.parametrize(("profile", "status"), [("v1.36", "True"), ("documented", "False")])
def test_a_deletion_makes_a_pod_unready_only_in_the_document(profile: str, status: str) -> None:
    cluster = running(profile=profile)
    stops(cluster, 6)
    cluster.delete()
    assert cluster.condition("Ready")["status"] == status


def test_the_pod_goes_when_its_containers_have_ended() -> None:
    cluster = running(held=False)
    stops(cluster, 6)
    cluster.delete()
    assert cluster.seconds_until(lambda: cluster.pod() is None) == 6
    assert cluster.history()[-1]["status"]["phase"] == "Failed"


def test_a_forced_pod_goes_at_once_and_its_containers_soon() -> None:
    cluster = running(held=False)
    stops(cluster, None)
    kubelet = cluster.kubelet()
    old = kubelet.worker_of("default", "p")
    cluster.delete(grace=0)
    assert cluster.pod() is None
    cluster.create(pod("p", nodeName=kubelet.name))
    assert cluster.state() == "running"
    cluster.advance(1)
    assert any(old.runtime.running())
    cluster.advance(1)
    assert not any(old.runtime.running())
    assert old not in list(kubelet.workers())
    assert cluster.state() == "running"


def test_a_new_image_is_started_when_the_old_one_has_ended() -> None:
    cluster = running()
    stops(cluster, 6)
    cluster.change("Pod", "p", lambda mine: mine["spec"]["containers"][0].update(image="app:2"))
    cluster.advance(5)
    assert cluster.restarts() == 0
    cluster.advance(1)
    assert (cluster.restarts(), cluster.status()["image"]) == (1, "app:2")


@pytest.mark.parametrize(
    "given",
    [{"seconds": -1}, {"seconds": "x"}, {"seconds": 3}, {"seconds": 0, "exitCode": 300}],
)
def test_no_such_behaviour(given: dict[str, Any]) -> None:
    names = {"namespace": "default", "pod": "p", "container": "c"}
    with pytest.raises(ApiError):
        Cluster().engine.manners.set_stop({**names, **given})


@pytest.mark.parametrize(
    "given", [{"hook": "onStop", "seconds": 1}, {"hook": "preStop", "seconds": True}]
)
def test_no_such_hook(given: dict[str, Any]) -> None:
    names = {"namespace": "default", "pod": "p", "container": "c"}
    with pytest.raises(ApiError):
        Cluster().engine.manners.set_hook({**names, **given})
