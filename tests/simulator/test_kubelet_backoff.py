"""Back-off of restarts and pulls as a watch shows it: BACKOFF, REASON."""

from __future__ import annotations

import pytest

from tests.simulator.node_driver import Cluster, container, pod, sidecar

MEBI = 2**20
POLICIES = ("Always", "OnFailure", "Never")


def running(*containers: dict, profile: str = "v1.36", **spec: object) -> Cluster:  # type: ignore[type-arg]
    cluster = Cluster(profile)
    cluster.create(pod("p", *containers, **spec))
    assert cluster.phase() == "Running"
    return cluster


def quick_waits(cluster: Cluster, count: int, code: int = 1, run: float = 0) -> list[float]:
    """The seconds between each exit and the restart, for runs of one length."""
    waits = []
    for _ in range(count):
        cluster.advance(run)
        before = cluster.restarts()
        cluster.exit(code=code)
        waits.append(cluster.seconds_until(lambda at=before: cluster.restarts() > at))
    return waits


# BACKOFF.


def test_the_waits_double_up_to_the_cap() -> None:
    assert quick_waits(running(), 9) == [0, 10, 20, 40, 80, 160, 300, 300, 300]


def test_the_documented_waits_begin_with_ten_seconds() -> None:
    waits = quick_waits(running(profile="documented"), 7)
    assert waits == [10, 20, 40, 80, 160, 300, 300]


def test_a_success_waits_like_a_failure() -> None:
    assert quick_waits(running(), 3, code=0) == [0, 10, 20]


def test_a_documented_success_does_not_wait() -> None:
    assert quick_waits(running(profile="documented"), 3, code=0) == [0, 0, 0]


def test_a_run_of_ten_minutes_is_not_long_enough() -> None:
    cluster = running(profile="documented")
    assert quick_waits(cluster, 1) + quick_waits(cluster, 1, run=600) == [10, 20]


def test_a_longer_run_resets_the_waits() -> None:
    cluster = running()
    quick_waits(cluster, 3)
    assert quick_waits(cluster, 1, run=601) + quick_waits(cluster, 2) == [0, 10, 20]


def test_housekeeping_cuts_a_long_wait() -> None:
    waits = quick_waits(running(), 9, run=400)
    assert waits == [0, 10, 20, 40, 80, 160, 202, 10, 20]


def test_waiting_says_how_long() -> None:
    cluster = running()
    quick_waits(cluster, 4)
    cluster.exit()
    assert cluster.state() == "CrashLoopBackOff"
    waiting = cluster.status()["state"]["waiting"]
    uid = cluster.pod()["metadata"]["uid"]
    assert (
        waiting["message"] == f"back-off 1m20s restarting failed container=c pod=p_default({uid})"
    )
    assert cluster.phase() == "Running"
    assert "BackOff" in cluster.events()


def test_containers_wait_by_themselves() -> None:
    cluster = running(container("a"), container("b"))
    cluster.exit("a")
    cluster.exit("a")
    cluster.exit("b")
    assert (cluster.state("a"), cluster.state("b")) == ("CrashLoopBackOff", "running")


def test_a_new_image_has_not_waited_yet() -> None:
    cluster = running()
    cluster.exit()
    cluster.exit()

    def edit(mine: dict) -> None:  # type: ignore[type-arg]
        mine["spec"]["containers"][0]["image"] = "app:2"

    cluster.change("Pod", "p", edit)
    assert cluster.state() == "running"


def test_a_restarted_kubelet_has_forgotten() -> None:
    cluster = running()
    quick_waits(cluster, 3)
    cluster.exit()
    assert cluster.state() == "CrashLoopBackOff"
    cluster.kubelet().restart()
    cluster.settle()
    assert cluster.state() == "running"
    assert quick_waits(cluster, 2) == [10, 20]


@pytest.mark.parametrize(
    ("configuration", "waits"),
    [
        ({"crashLoopBackOff": {"maxContainerRestartPeriod": "30s"}}, [0, 10, 20, 30, 30]),
        ({"crashLoopBackOff": {"maxContainerRestartPeriod": "2s"}}, [0, 2, 2]),
        (
            {"featureGates": {"ReduceDefaultCrashLoopBackOffDecay": True}},
            [0, 1, 2, 4, 8, 16, 32, 60, 60],
        ),
    ],
)
def test_the_cap_is_configured(configuration: dict, waits: list[float]) -> None:  # type: ignore[type-arg]
    cluster = running()
    cluster.kubelet().configure(configuration)
    assert quick_waits(cluster, len(waits)) == waits


@pytest.mark.parametrize("cap", ["301s", "0.5s", "soon"])
def test_a_cap_out_of_range_is_refused(cap: str) -> None:
    cluster = running()
    with pytest.raises(Exception, match="maxContainerRestartPeriod"):
        cluster.kubelet().configure({"crashLoopBackOff": {"maxContainerRestartPeriod": cap}})


def test_pulls_are_repeated_ever_later() -> None:
    cluster = Cluster()
    cluster.set_image("bad:1", "missing")
    cluster.create(pod("p", container("c", "bad:1")))
    cluster.advance(400)
    pulls = [
        at
        for at, seen in zip(cluster.times, cluster.seen, strict=True)
        if seen["kind"] == "Event" and seen["reason"] == "Pulling"
    ]
    assert pulls == [0, 10, 30, 70, 150, 310]


def test_the_reasons_of_a_failing_pull_alternate() -> None:
    cluster = Cluster()
    cluster.set_image("bad:1", "missing")
    cluster.create(pod("p", container("c", "bad:1")))
    assert cluster.state() == "ErrImagePull"
    cluster.advance(20)
    assert cluster.state() == "ImagePullBackOff"


def test_a_pull_succeeds_once_the_image_is_there() -> None:
    cluster = Cluster()
    cluster.set_image("bad:1", "missing")
    cluster.create(pod("p", container("c", "bad:1")))
    cluster.set_image("bad:1", "pullable")
    cluster.advance(10)
    assert cluster.state() == "running"


@pytest.mark.parametrize(
    ("outcome", "policy", "reason"),
    [
        ("invalid", "Always", "InvalidImageName"),
        ("pullable", "Never", "ErrImageNeverPull"),
        ("missing", "IfNotPresent", "ErrImagePull"),
    ],
)
def test_why_an_image_is_not_had(outcome: str, policy: str, reason: str) -> None:
    cluster = Cluster()
    cluster.set_image("app:1", outcome)
    cluster.create(pod("p", container("c", imagePullPolicy=policy)))
    assert cluster.state() == reason


@pytest.mark.parametrize("seed", range(5))
def test_with_jitter_a_restart_is_late_but_never_early(seed: int) -> None:
    cluster = Cluster(jitter=True, seed=seed)
    cluster.create(pod())
    for wait in (0, 10, 20, 40, 80):
        before = cluster.restarts()
        cluster.exit()
        waited = cluster.seconds_until(lambda at=before: cluster.restarts() > at)
        assert wait <= waited <= 1.5 * wait + 1


def test_sidecars_wait_too() -> None:
    cluster = Cluster()
    cluster.create(pod("p", inits=(sidecar(),)))
    cluster.exit("s")
    cluster.exit("s")
    assert cluster.state("s") == "CrashLoopBackOff"
    assert cluster.phase() == "Running"
