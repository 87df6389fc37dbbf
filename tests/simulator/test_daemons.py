"""The simulator's DaemonSets."""

from __future__ import annotations

from typing import Any

import pytest

from conformance.adapters.simulator import meta
from strategies.manifests import container, daemon_set, node, pod
from tests.simulator.owners import Cluster

PROFILES = ("v1.36", "documented")
IMAGE_2 = {"spec": {"template": {"spec": {"containers": [{"name": "c", "image": "app:2"}]}}}}


def rolling(**amounts: Any) -> dict[str, Any]:
    return {"updateStrategy": {"type": "RollingUpdate", "rollingUpdate": amounts}}


def places(cluster: Cluster) -> list[str]:
    return sorted(one["spec"].get("nodeName") or "" for one in cluster.pods())


def images(cluster: Cluster) -> list[str]:
    return sorted(one["spec"]["containers"][0]["image"] for one in cluster.pods())


@pytest.mark.parametrize("profile", PROFILES)
def test_every_node_has_one(profile: str) -> None:
    cluster = Cluster(profile)
    cluster.create(daemon_set("d"))
    assert places(cluster) == ["node1", "node2"]
    cluster.create(node("node3"))
    assert places(cluster) == ["node1", "node2", "node3"]
    cluster.delete("Node", "node3")
    cluster.advance(80)
    assert places(cluster) == ["node1", "node2"]


@pytest.mark.parametrize("profile", PROFILES)
def test_a_node_that_is_no_longer_fit_loses_it(profile: str) -> None:
    cluster = Cluster(profile)
    cluster.patch("Node", "node1", {"metadata": {"labels": {"disk": "ssd"}}})
    cluster.create(daemon_set("d", pod(nodeSelector={"disk": "ssd"})))
    assert places(cluster) == ["node1"]
    cluster.patch("Node", "node1", {"metadata": {"labels": {"disk": None}}})
    assert places(cluster) == []


@pytest.mark.parametrize(("effect", "stays"), [("NoSchedule", True), ("NoExecute", False)])
def test_a_taint_keeps_off_or_drives_away(effect: str, stays: bool) -> None:
    cluster = Cluster()
    cluster.create(daemon_set("d"))
    taint = {"key": "t", "value": "x", "effect": effect}
    cluster.patch("Node", "node1", {"spec": {"taints": [taint]}})
    assert ("node1" in places(cluster)) is stays
    assert cluster.get("DaemonSet", "d")["status"]["numberMisscheduled"] == int(stays)


@pytest.mark.parametrize("profile", PROFILES)
def test_a_cordoned_node_has_one_too(profile: str) -> None:
    cluster = Cluster(profile)
    cluster.patch("Node", "node1", {"spec": {"unschedulable": True}})
    cluster.create(daemon_set("d"))
    assert places(cluster) == ["node1", "node2"]


def test_who_does_not_fit_is_pending_today_and_failed_as_documented() -> None:
    for profile, phase in (("v1.36", "Pending"), ("documented", "Failed")):
        cluster = Cluster(profile, nodes=1)
        cluster.create(daemon_set("d", pod(containers=[container(requests={"cpu": "9"})])))
        (one,) = cluster.store.list("Pod")
        assert one["status"]["phase"] == phase


@pytest.mark.parametrize("profile", PROFILES)
def test_daemons_outlive_the_loss_of_their_node(profile: str) -> None:
    cluster = Cluster(profile)
    cluster.create(daemon_set("d"))
    cluster.do("stop-node", node="node1")
    cluster.advance(600)
    assert places(cluster) == ["node1", "node2"]


def test_failed_daemons_are_replaced_ever_later() -> None:
    cluster = Cluster(nodes=1)
    cluster.create(daemon_set("d"))

    def fails() -> str:
        (name,) = cluster.names()
        given = {"namespace": "default", "pod": name, "status": {"phase": "Failed"}}
        cluster.do("write-status", **given)
        return name

    assert fails() not in cluster.names()
    second = fails()
    assert second in cluster.names()
    cluster.advance(1)
    assert second not in cluster.names()
    assert "FailedDaemonPod" in cluster.reasons("d")


@pytest.mark.parametrize(("kind", "image"), [("OnDelete", "app:1"), ("RollingUpdate", "app:2")])
def test_only_a_rolling_update_replaces_by_itself(kind: str, image: str) -> None:
    cluster = Cluster()
    cluster.create(daemon_set("d", updateStrategy={"type": kind}))
    cluster.patch("DaemonSet", "d", IMAGE_2)
    cluster.advance(60)
    assert images(cluster) == [image, image]
    cluster.delete("Pod", cluster.names()[0])
    cluster.advance(5)
    assert "app:2" in images(cluster)


@pytest.mark.parametrize(("amount", "gone"), [("40%", 2), (1, 1)])
def test_an_update_that_gets_stuck_has_spent_its_budget(amount: Any, gone: int) -> None:
    cluster = Cluster(nodes=3)
    cluster.create(daemon_set("d", **rolling(maxUnavailable=amount)))
    never = {"exec": {"command": ["false"]}, "periodSeconds": 1}
    bad = {"name": "c", "image": "app:2", "readinessProbe": never}
    cluster.patch("DaemonSet", "d", {"spec": {"template": {"spec": {"containers": [bad]}}}})
    cluster.advance(60)
    assert images(cluster).count("app:2") == gone


def test_where_one_has_just_failed_one_is_missing() -> None:
    cluster = Cluster(nodes=2)
    cluster.create(daemon_set("d", **rolling(maxUnavailable=1)))
    cluster.do("set-image", image="app:2", outcome="missing")
    cluster.patch("DaemonSet", "d", IMAGE_2)
    cluster.advance(60)
    (stuck,) = (one for one in cluster.pods() if one["spec"]["containers"][0]["image"] == "app:2")
    given = {"namespace": "default", "pod": meta.name_of(stuck), "status": {"phase": "Failed"}}
    cluster.do("write-status", **given)
    cluster.advance(5)
    assert images(cluster) == ["app:1", "app:2"]


def test_a_surge_has_two_for_a_while() -> None:
    cluster = Cluster(nodes=2)
    cluster.create(daemon_set("d", **rolling(maxUnavailable=0, maxSurge=1)))
    never = {"exec": {"command": ["false"]}, "periodSeconds": 1}
    bad = {"name": "c", "image": "app:2", "readinessProbe": never}
    cluster.patch("DaemonSet", "d", {"spec": {"template": {"spec": {"containers": [bad]}}}})
    cluster.advance(60)
    assert images(cluster) == ["app:1", "app:1", "app:2"]


def test_of_two_on_a_node_the_oldest_stays() -> None:
    cluster = Cluster()
    cluster.create(daemon_set("d"))
    cluster.advance(5)
    before = cluster.names()
    labels: dict[str, Any] = {"metadata": {"labels": {"daemon": "d"}}}
    cluster.create(pod("stray", nodeName="node1", **labels))
    assert cluster.names() == before


def test_who_no_longer_has_the_label_is_let_go() -> None:
    cluster = Cluster(nodes=1)
    cluster.create(daemon_set("d"))
    (name,) = cluster.names()
    cluster.patch("Pod", name, {"metadata": {"labels": {"daemon": None}}})
    assert len(cluster.names()) == 2
    assert meta.controller_of(cluster.get("Pod", name)) is None
