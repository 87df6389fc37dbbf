"""Nodes that fall silent or vanish, and what becomes of their Pods (IDENTITY-003, IDENTITY-004)."""

from __future__ import annotations

from typing import Any

import pytest

from conformance.adapters.simulator import meta
from tests.simulator.control_plane import ControlPlane, workload

TOLERATIONS = [
    {"key": key, "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300}
    for key in ("node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable")
]


def pod(**spec: Any) -> dict[str, Any]:
    return {
        "containers": [{"name": "c", "image": "i"}],
        "terminationGracePeriodSeconds": 30,
        "tolerations": TOLERATIONS,
        **spec,
    }


def running(profile: str = "v1.36", **spec: Any) -> ControlPlane:
    """A Pod on node1."""
    plane = ControlPlane(profile)
    plane.create("Pod", "p", spec=pod(**spec))
    assert plane.get("Pod", "p")["spec"]["nodeName"] == "node1"
    return plane


def stop(plane: ControlPlane, node: str = "node1") -> None:
    plane.kubelets[node].running = False
    plane.settle()


def ready(plane: ControlPlane, kind: str, name: str) -> str:
    found = meta.condition_of(plane.get(kind, name), "Ready")
    assert found is not None
    return str(found["status"])


def effects(plane: ControlPlane, node: str = "node1") -> list[tuple[str, str]]:
    taints = (plane.get("Node", node).get("spec") or {}).get("taints") or []
    return [(taint["key"].split("/")[1], taint["effect"]) for taint in taints]


@pytest.mark.parametrize(("profile", "grace"), [("v1.36", 50), ("documented", 40)])
def test_silence_is_noticed_after_the_grace_period(profile: str, grace: int) -> None:
    plane = running(profile)
    stop(plane)
    plane.advance(grace)
    assert ready(plane, "Node", "node1") == "True"
    plane.advance(5)
    assert ready(plane, "Node", "node1") == "Unknown"
    assert ready(plane, "Pod", "p") == "False"
    assert effects(plane) == [("unreachable", "NoSchedule"), ("unreachable", "NoExecute")]


def test_a_short_silence_does_not_matter() -> None:
    plane = running()
    stop(plane)
    plane.advance(30)
    plane.kubelets["node1"].running = True
    plane.advance(300)
    assert ready(plane, "Node", "node1") == "True"


def test_pods_are_deleted_when_their_toleration_is_over() -> None:
    plane = running()
    stop(plane)
    plane.advance(354)
    assert not meta.is_deleting(plane.get("Pod", "p"))
    plane.advance(1)
    found = plane.get("Pod", "p")
    assert meta.is_deleting(found)
    assert found["status"]["phase"] == "Running"
    disruption = meta.condition_of(found, "DisruptionTarget")
    assert disruption is not None
    assert disruption["reason"] == "DeletionByTaintManager"


def test_the_pod_stays_terminating_for_ever() -> None:
    plane = running()
    stop(plane)
    plane.advance(5000)
    assert plane.get("Pod", "p")["status"]["phase"] == "Running"


def test_documented_pods_of_a_lost_node_fail() -> None:
    plane = running("documented")
    stop(plane)
    plane.store.drain()
    plane.advance(345)
    phases = [
        seen.object["status"]["phase"]
        for seen in plane.store.drain()
        if seen.object["kind"] == "Pod"
    ]
    assert phases[-1] == "Failed"


def test_a_returning_node_cancels_the_eviction() -> None:
    plane = running()
    stop(plane)
    plane.advance(200)
    plane.kubelets["node1"].running = True
    plane.set_ready("node1", "True")
    assert effects(plane) == []
    plane.advance(600)
    assert not meta.is_deleting(plane.get("Pod", "p"))


def test_owned_pods_are_replaced_at_deletion() -> None:
    plane = ControlPlane()
    spec = workload(1)
    spec["template"]["spec"] = pod()
    plane.create("ReplicaSet", "r", spec=spec)
    stop(plane)
    plane.advance(354)
    assert len(plane.pods()) == 1
    plane.advance(1)
    assert [one["spec"]["nodeName"] for one in plane.pods()] == ["node1", "node2"]


def test_without_any_living_node_nobody_is_evicted() -> None:
    plane = running()
    stop(plane)
    stop(plane, "node2")
    plane.advance(1000)
    assert not meta.is_deleting(plane.get("Pod", "p"))
    assert effects(plane) == [("unreachable", "NoSchedule")]


@pytest.mark.parametrize("seconds", [0, 7])
def test_a_taint_by_hand_respects_toleration_seconds(seconds: int) -> None:
    tolerations = [
        {"key": "k", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": seconds}
    ]
    plane = running(tolerations=tolerations, terminationGracePeriodSeconds=0)
    taint = {"key": "k", "effect": "NoExecute"}
    plane.change("Node", "node1", "spec", "taints", value=[taint])
    plane.advance(seconds)
    assert plane.get("Pod", "p") is None


def test_pods_of_a_deleted_node_are_collected_after_the_quarantine() -> None:
    plane = running()
    plane.kubelets.pop("node1")
    plane.store.drain()
    plane.delete("Node", "node1")
    plane.advance(59)
    assert plane.get("Pod", "p")["status"]["phase"] == "Running"
    plane.advance(21)
    assert plane.get("Pod", "p") is None
    last = [seen.object for seen in plane.store.drain() if seen.object["kind"] == "Pod"][-1]
    assert last["status"]["phase"] == "Failed"


def test_out_of_service_lets_terminating_pods_go() -> None:
    plane = running()
    stop(plane)
    plane.advance(400)
    taints = [*plane.get("Node", "node1")["spec"]["taints"]]
    taints.append({"key": "node.kubernetes.io/out-of-service", "effect": "NoExecute"})
    plane.change("Node", "node1", "spec", "taints", value=taints)
    plane.advance(20)
    assert plane.get("Pod", "p") is None
