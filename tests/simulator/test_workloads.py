"""Replica sets, deployments and their garbage; the arithmetic against the recorded functions."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from conformance.adapters.simulator import meta
from conformance.adapters.simulator.controllers.workloads import replicas, victims
from conformance.adapters.simulator.controllers.workloads.functions import FUNCTIONS
from conformance.adapters.simulator.settings import V1_36
from tests.simulator.control_plane import ControlPlane, template, workload

VECTORS = Path(__file__).parents[2] / "conformance" / "vectors"


ARITHMETIC: dict[str, Callable[[dict[str, Any]], Any]] = {
    **{name: lambda given, asked=asked: asked(given, V1_36) for name, asked in FUNCTIONS.items()},
    "replicaset.deletion_order": lambda given: [
        meta.name_of(pod)
        for pod in victims.victims_first(
            given["pods"], given["pods"], meta.parse_time(given["now"])
        )
    ],
}


@pytest.mark.parametrize("function", ARITHMETIC)
def test_function_agrees_with_kubernetes(function: str) -> None:
    for line in (VECTORS / f"{function}.jsonl").read_text().splitlines():
        vector = json.loads(line)
        try:
            answer = {"result": ARITHMETIC[function](vector["arguments"])}
        except ValueError as error:
            answer = {"error": str(error)}
        assert answer.items() <= vector.items(), vector["id"]


@pytest.fixture
def plane() -> ControlPlane:
    return ControlPlane()


def names(plane: ControlPlane) -> list[str]:
    return [meta.name_of(pod) for pod in plane.pods()]


def test_as_many_pods_as_wanted(plane: ControlPlane) -> None:
    plane.create("ReplicaSet", "r", spec=workload(3))
    assert len(plane.pods()) == 3
    assert plane.get("ReplicaSet", "r")["status"] == {
        "replicas": 3,
        "fullyLabeledReplicas": 3,
        "readyReplicas": 3,
        "availableReplicas": 3,
        "terminatingReplicas": 0,
        "observedGeneration": 1,
    }


def test_a_replication_controller_is_the_same(plane: ControlPlane) -> None:
    spec = {"replicas": 2, "selector": {"app": "a"}, "template": template()}
    plane.create("ReplicationController", "r", spec=spec)
    assert len(plane.pods()) == 2


def test_a_deleted_pod_is_replaced_by_another(plane: ControlPlane) -> None:
    plane.create("ReplicaSet", "r", spec=workload(1))
    (before,) = plane.pods()
    plane.delete("Pod", meta.name_of(before))
    (after,) = plane.pods()
    assert meta.uid_of(after) != meta.uid_of(before)


def test_a_failed_pod_is_replaced_and_stays(plane: ControlPlane) -> None:
    plane.create("ReplicaSet", "r", spec=workload(1))
    (pod,) = plane.pods()
    plane.store.update_status(meta.with_status(pod, phase="Failed"))
    plane.settle()
    assert len(plane.pods()) == 2


def test_scaling_down(plane: ControlPlane) -> None:
    plane.create("ReplicaSet", "r", spec=workload(4))
    plane.change("ReplicaSet", "r", "spec", "replicas", value=1)
    assert len(plane.pods()) == 1


def test_an_orphan_is_adopted(plane: ControlPlane) -> None:
    plane.create("Pod", "p", labels={"app": "a"}, spec=template()["spec"])
    plane.create("ReplicaSet", "r", spec=workload(1))
    assert names(plane) == ["p"]
    assert meta.controller_of(plane.get("Pod", "p")) is not None


def test_a_relabelled_pod_is_released_and_replaced(plane: ControlPlane) -> None:
    plane.create("ReplicaSet", "r", spec=workload(1))
    (name,) = names(plane)
    plane.change("Pod", name, "metadata", "labels", value={"app": "b"})
    assert len(plane.pods()) == 2
    assert meta.controller_of(plane.get("Pod", name)) is None


def test_min_ready_seconds_delay_availability(plane: ControlPlane) -> None:
    plane.create("ReplicaSet", "r", spec={**workload(1), "minReadySeconds": 10})
    assert "availableReplicas" not in plane.get("ReplicaSet", "r")["status"]
    plane.advance(10)
    assert plane.get("ReplicaSet", "r")["status"]["availableReplicas"] == 1


def test_a_bare_pod_is_not_recreated(plane: ControlPlane) -> None:
    plane.create("Pod", "p", spec=template()["spec"])
    plane.delete("Pod", "p")
    plane.advance(600)
    assert names(plane) == []


def test_slow_start() -> None:
    assert list(replicas.slow_start(10)) == [1, 2, 4, 3]


# Deployments.


def sets(plane: ControlPlane) -> list[int]:
    return [one["spec"]["replicas"] for one in plane.store.list("ReplicaSet")]


def test_deployment_makes_one_replica_set(plane: ControlPlane) -> None:
    plane.create("Deployment", "d", spec=workload(3))
    (made,) = plane.store.list("ReplicaSet")
    hashed = made["metadata"]["labels"]["pod-template-hash"]
    assert meta.name_of(made) == f"d-{hashed}"
    assert made["spec"]["selector"]["matchLabels"] == {"app": "a", "pod-template-hash": hashed}
    status = plane.get("Deployment", "d")["status"]
    assert (status["replicas"], status["availableReplicas"]) == (3, 3)


def test_rolling_update_stays_between_the_fence_posts(plane: ControlPlane) -> None:
    update = {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}}
    plane.create("Deployment", "d", spec={**workload(3), "strategy": update})
    plane.store.drain()
    plane.change("Deployment", "d", "spec", "template", value=template(requests={"cpu": "1m"}))
    sizes: dict[str, int] = {}
    for seen in plane.store.drain():
        if seen.object["kind"] == "ReplicaSet":
            sizes[meta.name_of(seen.object)] = seen.object["spec"]["replicas"]
            assert sum(sizes.values()) <= 4
    assert sorted(sets(plane)) == [0, 3]
    annotations = plane.get("Deployment", "d")["metadata"]["annotations"]
    assert annotations["deployment.kubernetes.io/revision"] == "2"


def test_recreate_never_mixes(plane: ControlPlane) -> None:
    plane.create("Deployment", "d", spec={**workload(2), "strategy": {"type": "Recreate"}})
    plane.store.drain()
    plane.change("Deployment", "d", "spec", "template", value=template(requests={"cpu": "1m"}))
    kinds = [(seen.type, seen.object["kind"]) for seen in plane.store.drain()]
    last_deleted = max(index for index, seen in enumerate(kinds) if seen == ("DELETED", "Pod"))
    first_added = min(index for index, seen in enumerate(kinds) if seen == ("ADDED", "Pod"))
    assert last_deleted < first_added


def test_scaling_needs_no_new_replica_set(plane: ControlPlane) -> None:
    plane.create("Deployment", "d", spec=workload(1))
    plane.change("Deployment", "d", "spec", "replicas", value=4)
    assert sets(plane) == [4]


def test_garbage_goes_after_its_owner(plane: ControlPlane) -> None:
    plane.create("Deployment", "d", spec=workload(2))
    plane.delete("Deployment", "d")
    assert plane.store.list("ReplicaSet") == []
    assert plane.pods() == []
