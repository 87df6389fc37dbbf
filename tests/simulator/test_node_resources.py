"""CPU and memory on a node: RESOURCE-005 to 009, OOM."""

from __future__ import annotations

import pytest

from conformance.adapters.simulator.kubelet import oom
from conformance.adapters.simulator.settings import DOCUMENTED, V1_36
from tests.simulator.node_driver import Cluster, Object, container, pod, resources

MEBI, GIBI = 2**20, 2**30


def on_one_node(**pods: Object) -> Cluster:
    """One Pod with one container ``c`` of these resources for each name, all on one node."""
    cluster = Cluster(nodes=1)
    for name, held in pods.items():
        cluster.create(pod(name, container(resources=held)))
    return cluster


def test_a_container_over_its_limit_is_killed_and_restarted() -> None:
    cluster = on_one_node(p=resources(memory=("64Mi", "64Mi")))
    uid = cluster.pod()["metadata"]["uid"]
    cluster.allocate(64 * MEBI)
    assert cluster.restarts() == 0
    cluster.allocate(64 * MEBI + 1)
    ended = cluster.status()["lastState"]["terminated"]
    assert (ended["reason"], ended["exitCode"]) == ("OOMKilled", 137)
    assert (cluster.restarts(), cluster.pod()["metadata"]["uid"]) == (1, uid)


def test_a_killed_container_waits_like_any_other() -> None:
    cluster = on_one_node(p=resources(memory=("64Mi", "64Mi")))
    cluster.allocate(GIBI)
    cluster.allocate(GIBI)
    assert cluster.state() == "CrashLoopBackOff"


def test_the_neighbours_of_a_killed_container_live() -> None:
    cluster = Cluster()
    limited = container("a", resources=resources(memory=("64Mi", "64Mi")))
    cluster.create(pod("p", limited, container("b")))
    cluster.allocate(GIBI, "a")
    assert (cluster.restarts("a"), cluster.restarts("b")) == (1, 0)


def test_a_full_node_kills_besteffort_first() -> None:
    cluster = on_one_node(
        guaranteed=resources(cpu=("1", "1"), memory=("4Gi", "4Gi")),
        burstable=resources(memory="4Gi"),
        besteffort={},
    )
    cluster.allocate(4 * GIBI, pod="burstable")
    cluster.allocate(MEBI, pod="besteffort")
    cluster.allocate(4 * GIBI, pod="guaranteed")
    assert [cluster.restarts(pod=name) for name in ("guaranteed", "burstable", "besteffort")] == [
        0,
        0,
        1,
    ]


def test_a_full_node_kills_the_guaranteed_last() -> None:
    cluster = on_one_node(
        guaranteed=resources(cpu=("1", "1"), memory=("4Gi", "4Gi")), besteffort={}
    )
    cluster.allocate(4 * GIBI, pod="guaranteed")
    cluster.allocate(5 * GIBI, pod="besteffort")
    assert (cluster.restarts(pod="guaranteed"), cluster.restarts(pod="besteffort")) == (0, 1)


def processes(**of: tuple[int, int]) -> list[Object]:
    return [
        {"name": name, "oom_score_adj": adj, "rss_bytes": rss} for name, (adj, rss) in of.items()
    ]


@pytest.mark.parametrize(("settings", "dies"), [(V1_36, "b"), (DOCUMENTED, "a")])
def test_who_dies_of_two_that_use_too_much(settings: object, dies: str) -> None:
    node = 10_000 * MEBI
    both = processes(a=(990, 200 * MEBI), b=(900, 1210 * MEBI))
    assert oom.victim(node, both, settings) == dies  # type: ignore[arg-type]


def test_nobody_dies_who_must_not() -> None:
    assert oom.victim(GIBI, processes(kubelet=(-1000, GIBI)), V1_36) is None


@pytest.mark.parametrize(
    ("held", "adj"),
    [
        ({}, 1000),
        (resources(memory="1Gi"), 875),
        (resources(cpu=("1", "1"), memory=("1Gi", "1Gi")), -997),
    ],
)
def test_the_score_in_a_container(held: Object, adj: int) -> None:
    assert on_one_node(p=held).inspect()["oom_score_adj"] == adj


def test_the_cgroup_shows_the_limits_and_proc_the_node() -> None:
    cluster = on_one_node(p=resources(cpu=("200m", "500m"), memory=("64Mi", "128Mi")))
    seen = cluster.inspect()
    assert seen["cgroup"] == {
        "cpu.max": "50000 100000",
        "cpu.shares": 204,
        "cpu.weight": 8,
        "memory.max": str(128 * MEBI),
    }
    assert seen["proc"] == {"MemTotal": 8 * GIBI, "cpus": 4}


def test_nothing_is_limited_without_limits() -> None:
    seen = on_one_node(p={}).inspect()["cgroup"]
    assert (seen["cpu.max"], seen["memory.max"]) == ("max 100000", "max")


def burn(cluster: Cluster, pod: str, milli: int) -> None:
    cluster.kubelet(pod).burn("default", pod, "c", milli)


def test_an_idle_node_gives_more_than_was_asked_for() -> None:
    cluster = on_one_node(p=resources(cpu="100m"))
    burn(cluster, "p", 3000)
    assert cluster.inspect()["usage"]["cpu_milli"] == 3000


def test_a_limit_throttles_and_does_not_kill() -> None:
    cluster = on_one_node(p=resources(cpu=("100m", "500m")))
    burn(cluster, "p", 3000)
    usage = cluster.inspect()["usage"]
    assert (usage["cpu_milli"], usage["throttled"]) == (500, True)
    assert cluster.restarts() == 0


def test_a_busy_node_is_shared_by_requests() -> None:
    cluster = on_one_node(a=resources(cpu="200m"), b=resources(cpu="500m"))
    for name in ("a", "b"):
        burn(cluster, name, 4000)
    shares = [cluster.inspect(pod=name)["usage"]["cpu_milli"] for name in ("a", "b")]
    assert shares == pytest.approx([4000 * 204 / 716, 4000 * 512 / 716])
