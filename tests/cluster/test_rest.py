"""When nothing is on its way any more."""

from __future__ import annotations

from typing import Any

import pytest

from conformance.adapters.cluster.rest import on_its_way
from tests.laws.traces import pod, running, status, terminated, waiting


def unbound(**status: Any) -> dict[str, Any]:
    """A Pod without a node."""
    made = pod("Pending", more=status)
    del made["spec"]["nodeName"]
    return made


INIT = [{"name": "i", "image": "app:1"}]
UNSCHEDULABLE = {"conditions": [{"type": "PodScheduled", "status": "False"}]}

MOVING = {
    "not scheduled yet": unbound(),
    "without statuses": pod("Pending"),
    "creating": pod("Pending", [status(state=waiting())]),
    "one of two runs": pod(
        "Pending", [status(state=running()), status("d", waiting())], containers="cd"
    ),
    "first init container creating": pod(
        "Pending",
        [status(state=waiting("PodInitializing"))],
        init=INIT,
        init_statuses=[status("i", waiting())],
    ),
}

RESTING = {
    "running": pod("Running", [status(state=running())]),
    "crashed": pod("Running", [status(state=terminated(1))]),
    "backing off": pod("Running", [status(state=waiting("CrashLoopBackOff"), restarts=2)]),
    "image missing": pod("Pending", [status(state=waiting("ImagePullBackOff"))]),
    "ended": pod("Succeeded", [status(state=terminated(0))]),
    "rejected": pod("Failed"),
    "unschedulable": unbound(**UNSCHEDULABLE),
    "being deleted": pod(
        "Running", [status(state=running())], metadata={"deletionTimestamp": "2024-05-01T10:00:00Z"}
    ),
    "init container runs": pod(
        "Pending",
        [status(state=waiting("PodInitializing"))],
        init=INIT,
        init_statuses=[status("i", running())],
    ),
}


@pytest.mark.parametrize("manifest", MOVING.values(), ids=MOVING)
def test_it_is_on_its_way(manifest: dict[str, Any]) -> None:
    assert on_its_way([manifest])


@pytest.mark.parametrize("manifest", RESTING.values(), ids=RESTING)
def test_it_rests(manifest: dict[str, Any]) -> None:
    assert not on_its_way([manifest])


def workload(generation: int, observed: int, replicas: int) -> dict[str, Any]:
    """A Deployment of two."""
    return {
        "kind": "Deployment",
        "metadata": {"name": "d", "generation": generation},
        "spec": {"replicas": 2},
        "status": {"observedGeneration": observed, "replicas": replicas},
    }


@pytest.mark.parametrize(
    ("manifest", "moves"),
    [(workload(2, 1, 2), True), (workload(1, 1, 1), True), (workload(1, 1, 2), False)],
)
def test_a_workload_rests_when_its_controller_has_done_its_part(
    manifest: dict[str, Any], moves: bool
) -> None:
    assert on_its_way([manifest]) is moves
