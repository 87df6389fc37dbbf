"""Why containers wait in the simulator: their images, and the hook after their start."""

from __future__ import annotations

from typing import Any

import pytest

from tests.simulator.node_driver import Cluster, container, pod

HOOK = {"postStart": {"exec": {"command": ["false"]}}}


def state(cluster: Cluster) -> dict[str, Any]:
    found = cluster.store.read("Pod", "default", "p")["status"]["containerStatuses"][0]
    return dict(found["state"])


def reason_of(outcome: str, profile: str = "v1.36", node: str = "node1", **fields: Any) -> str:
    """Why a container of an image with that outcome waits, on that node."""
    cluster = Cluster(profile)
    cluster.engine.images["app:1"] = outcome
    cluster.create(pod("p", container(**fields), nodeName=node))
    return str(state(cluster)["waiting"]["reason"])


@pytest.mark.parametrize(
    ("outcome", "reason"),
    [
        ("missing", "ErrImagePull"),
        ("invalid", "InvalidImageName"),
        ("unreadable", "ImageInspectError"),
        ("uncreatable", "CreateContainerError"),
        ("unavailable", "ErrImagePull"),
    ],
)
def test_every_outcome_of_an_image_has_its_reason(outcome: str, reason: str) -> None:
    assert reason_of(outcome) == reason


def test_cri_o_tells_an_unreachable_registry_apart() -> None:
    assert reason_of("unavailable", node="node2") == "RegistryUnavailable"
    assert reason_of("unsigned", node="node2") == "SignatureValidationFailed"


def test_as_documented_every_unreachable_registry_is_the_same() -> None:
    assert reason_of("unavailable", "documented") == "RegistryUnavailable"


def test_never_does_not_pull() -> None:
    assert reason_of("pullable", imagePullPolicy="Never") == "ErrImageNeverPull"


def test_an_image_that_was_pulled_survives_its_registry() -> None:
    cluster = Cluster()
    cluster.create(pod("p", container()))
    cluster.engine.images["app:1"] = "unavailable"
    cluster.exit()
    assert "running" in state(cluster)


@pytest.mark.parametrize("profile", ["v1.36", "documented"])
def test_a_failed_hook_stops_the_container(profile: str) -> None:
    cluster = Cluster(profile)
    chosen = {"namespace": "default", "pod": "p", "container": "c", "hook": "postStart"}
    cluster.engine.manners.set_hook({**chosen, "seconds": 0, "fails": True})
    cluster.create(pod("p", container(lifecycle=HOOK)))
    waits = [
        each["status"]["containerStatuses"][0]["state"]["waiting"]["reason"]
        for each in cluster.seen
        if each["kind"] == "Pod"
        and "waiting" in (each["status"].get("containerStatuses") or [{"state": {}}])[0]["state"]
    ]
    assert "PostStartHookError" in waits
    assert waits[-1] == "CrashLoopBackOff"
