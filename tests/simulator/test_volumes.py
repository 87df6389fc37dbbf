"""Persistent volumes: matching against the recorded functions, and the controllers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from conformance.adapters.simulator.controllers.volumes.functions import FUNCTIONS
from conformance.adapters.simulator.settings import SETTINGS
from tests.simulator.control_plane import ControlPlane

VECTORS = Path(__file__).parents[2] / "conformance" / "vectors"
VOLUME, CLAIM, CLASS = "PersistentVolume", "PersistentVolumeClaim", "StorageClass"


@pytest.mark.parametrize("function", sorted(FUNCTIONS))
def test_function_agrees_with_kubernetes(function: str) -> None:
    for line in (VECTORS / f"{function}.jsonl").read_text().splitlines():
        vector = json.loads(line)
        answer = FUNCTIONS[function](vector["arguments"], SETTINGS["v1.36"])
        assert answer == vector["result"], vector["id"]


def volume(size: str = "1Gi", **spec: Any) -> dict[str, Any]:
    source = {} if {"nfs", "csi"} & set(spec) else {"hostPath": {"path": "/srv/v"}}
    return {
        "capacity": {"storage": size},
        "accessModes": ["ReadWriteOnce"],
        "persistentVolumeReclaimPolicy": "Retain",
        **source,
        **spec,
    }


def claim(size: str = "1Gi", **spec: Any) -> dict[str, Any]:
    return {
        "accessModes": ["ReadWriteOnce"],
        "resources": {"requests": {"storage": size}},
        "storageClassName": "",
        **spec,
    }


def using(name: str, **spec: Any) -> dict[str, Any]:
    """A Pod that mounts the claim."""
    volumes = [{"name": "v", "persistentVolumeClaim": {"claimName": name}}]
    return {"containers": [{"name": "c", "image": "i"}], "volumes": volumes, **spec}


@pytest.fixture
def plane() -> ControlPlane:
    return ControlPlane()


def bound(plane: ControlPlane, **spec: Any) -> ControlPlane:
    plane.create(VOLUME, "v", spec=volume(**spec))
    plane.create(CLAIM, "c", spec=claim())
    return plane


def phase(plane: ControlPlane, kind: str, name: str) -> str:
    found: str = plane.get(kind, name)["status"]["phase"]
    return found


def test_new_volume_becomes_available(plane: ControlPlane) -> None:
    plane.create(VOLUME, "v", spec=volume())
    phases = [
        seen.object["status"]["phase"]
        for seen in plane.store.drain()
        if seen.object["kind"] == VOLUME and "status" in seen.object
    ]
    assert (phases[0], phases[-1]) == ("Pending", "Available")


def test_binding_points_both_ways(plane: ControlPlane) -> None:
    bound(plane, size="5Gi")
    claimed, given = plane.get(CLAIM, "c"), plane.get(VOLUME, "v")
    assert claimed["spec"]["volumeName"] == "v"
    assert given["spec"]["claimRef"]["uid"] == claimed["metadata"]["uid"]
    assert claimed["status"] == {
        "phase": "Bound",
        "accessModes": ["ReadWriteOnce"],
        "capacity": {"storage": "5Gi"},
    }
    assert phase(plane, VOLUME, "v") == "Bound"


def test_volume_side_is_written_first(plane: ControlPlane) -> None:
    bound(plane)
    seen = [one.object for one in plane.store.drain()]
    first_bound_volume = next(
        index
        for index, one in enumerate(seen)
        if one["kind"] == VOLUME and one.get("status", {}).get("phase") == "Bound"
    )
    first_named = next(
        index
        for index, one in enumerate(seen)
        if one["kind"] == CLAIM and one["spec"].get("volumeName")
    )
    assert first_bound_volume < first_named


def test_claim_waits_for_a_volume(plane: ControlPlane) -> None:
    plane.create(CLAIM, "c", spec=claim())
    assert phase(plane, CLAIM, "c") == "Pending"
    assert plane.reasons(CLAIM) == ["FailedBinding"]
    plane.create(VOLUME, "v", spec=volume())
    assert phase(plane, CLAIM, "c") == "Bound"


def test_fewest_modes_beat_the_smallest_size(plane: ControlPlane) -> None:
    modes = ["ReadWriteOnce", "ReadOnlyMany"]
    plane.create(VOLUME, "small", spec=volume("5Gi", accessModes=modes))
    plane.create(VOLUME, "large", spec=volume("100Gi"))
    plane.create(CLAIM, "c", spec=claim())
    assert plane.get(CLAIM, "c")["spec"]["volumeName"] == "large"


def test_a_named_volume_that_does_not_fit(plane: ControlPlane) -> None:
    plane.create(VOLUME, "v", spec=volume())
    plane.create(CLAIM, "c", spec=claim("2Gi", volumeName="v"))
    assert plane.reasons(CLAIM) == ["VolumeMismatch"]


def test_a_claim_without_its_volume_is_lost_for_good(plane: ControlPlane) -> None:
    bound(plane)
    plane.store.finalize(VOLUME, "", "v", "kubernetes.io/pv-protection")
    plane.store.delete(VOLUME, "", "v")
    plane.settle()
    assert phase(plane, CLAIM, "c") == "Lost"
    plane.create(VOLUME, "v", spec=volume())
    assert phase(plane, CLAIM, "c") == "Lost"


def test_retain_releases_and_keeps(plane: ControlPlane) -> None:
    bound(plane)
    plane.delete(CLAIM, "c")
    assert phase(plane, VOLUME, "v") == "Released"
    plane.create(CLAIM, "c", spec=claim())
    assert phase(plane, CLAIM, "c") == "Pending"
    plane.change(VOLUME, "v", "spec", "claimRef", value=None)
    assert phase(plane, CLAIM, "c") == "Bound"


def test_delete_removes_what_lies_under_tmp(plane: ControlPlane) -> None:
    bound(plane, persistentVolumeReclaimPolicy="Delete", hostPath={"path": "/tmp/v"})
    plane.delete(CLAIM, "c")
    assert plane.get(VOLUME, "v") is None


@pytest.mark.parametrize("spec", [{}, {"nfs": {"server": "s", "path": "/"}}])
def test_delete_without_a_deleter_fails(plane: ControlPlane, spec: dict[str, Any]) -> None:
    bound(plane, persistentVolumeReclaimPolicy="Delete", **spec)
    plane.delete(CLAIM, "c")
    assert phase(plane, VOLUME, "v") == "Failed"
    assert plane.reasons(VOLUME) == ["VolumeFailedDelete"]


def test_recycle_makes_it_available_again(plane: ControlPlane) -> None:
    bound(plane, persistentVolumeReclaimPolicy="Recycle")
    plane.delete(CLAIM, "c")
    assert phase(plane, VOLUME, "v") == "Available"
    assert "claimRef" not in plane.get(VOLUME, "v")["spec"]


def test_recycle_without_a_plugin_fails(plane: ControlPlane) -> None:
    csi = {"driver": "d", "volumeHandle": "h"}
    bound(plane, persistentVolumeReclaimPolicy="Recycle", csi=csi)
    plane.delete(CLAIM, "c")
    assert phase(plane, VOLUME, "v") == "Failed"


def test_dynamic_provisioning_and_reclaiming(plane: ControlPlane) -> None:
    plane.create(CLASS, "fast", provisioner="p", reclaimPolicy="Delete")
    plane.create(CLAIM, "c", spec=claim("3Gi", storageClassName="fast"))
    name = f"pvc-{plane.get(CLAIM, 'c')['metadata']['uid']}"
    assert plane.get(CLAIM, "c")["spec"]["volumeName"] == name
    assert plane.get(VOLUME, name)["spec"]["persistentVolumeReclaimPolicy"] == "Delete"
    plane.delete(CLAIM, "c")
    assert plane.get(VOLUME, name) is None


def test_default_class_comes_later(plane: ControlPlane) -> None:
    spec = claim()
    del spec["storageClassName"]
    plane.create(CLAIM, "c", spec=spec)
    assert phase(plane, CLAIM, "c") == "Pending"
    default = {"storageclass.kubernetes.io/is-default-class": "true"}
    plane.create(CLASS, "standard", provisioner="p", annotations=default)
    assert plane.get(CLAIM, "c")["spec"]["storageClassName"] == "standard"
    assert phase(plane, CLAIM, "c") == "Bound"


def test_unknown_class(plane: ControlPlane) -> None:
    plane.create(CLAIM, "c", spec=claim(storageClassName="none"))
    assert plane.reasons(CLAIM) == ["ProvisioningFailed"]


def test_first_consumer_decides_the_node(plane: ControlPlane) -> None:
    plane.create(CLASS, "late", provisioner="p", volumeBindingMode="WaitForFirstConsumer")
    plane.create(CLAIM, "c", spec=claim(storageClassName="late"))
    assert plane.reasons(CLAIM) == ["WaitForFirstConsumer"]
    selected = {"volume.kubernetes.io/selected-node": "node2"}
    plane.change(CLAIM, "c", "metadata", "annotations", value=selected)
    assert phase(plane, CLAIM, "c") == "Bound"
    made = plane.get(VOLUME, plane.get(CLAIM, "c")["spec"]["volumeName"])
    assert "node2" in json.dumps(made["spec"]["nodeAffinity"])


def test_used_claim_and_its_volume_stay_until_unused(plane: ControlPlane) -> None:
    bound(plane)
    plane.create("Pod", "p", spec=using("c"))
    plane.delete(CLAIM, "c")
    plane.delete(VOLUME, "v")
    assert plane.get(CLAIM, "c")["metadata"]["deletionTimestamp"]
    assert plane.get(VOLUME, "v")["metadata"]["deletionTimestamp"]
    plane.delete("Pod", "p")
    assert plane.get(CLAIM, "c") is None
    assert plane.get(VOLUME, "v") is None
