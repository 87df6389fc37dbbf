"""Operations on PersistentVolumes and the claims on them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from spec_model.events import Stimulus, stimulus
from spec_model.world import World
from strategies.manifests import claim, pod, volume
from strategies.operations import Subject, pick
from strategies.volumes import ROX, RWO, RWOP, RWX, only_on, without_class

VOLUMES: Final = Subject("volumes")

ISCSI: Final[dict[str, Any]] = {
    "hostPath": None,
    "iscsi": {"targetPortal": "10.0.0.1", "iqn": "iqn.2024-05.a:b", "lun": 0},
}
"""A source that nobody knows how to recycle."""

ELSEWHERE: Final[dict[str, Any]] = {"hostPath": {"path": "/var/lib/data"}}
"""A source that the host path deleter refuses: it only removes what lies under /tmp."""

SHARE: Final[dict[str, Any]] = {"nfs": {"server": "nfs.example.com", "path": "/volume"}}
"""A source that is on every node, and is recycled."""

VOLUME_SHAPES: Final[tuple[Callable[[str], dict[str, Any]], ...]] = (
    lambda name: volume(name),
    lambda name: volume(name, "5Gi", [RWO, ROX]),
    lambda name: volume(name, "10Gi", [RWO]),
    lambda name: volume(name, "2Gi", [RWX], persistentVolumeReclaimPolicy="Delete"),
    lambda name: volume(name, "1Gi", [RWO], persistentVolumeReclaimPolicy="Recycle"),
    lambda name: volume(name, "1Gi", [RWO], persistentVolumeReclaimPolicy="Delete"),
    lambda name: volume(name, "1Gi", [RWO], persistentVolumeReclaimPolicy="Recycle", **ISCSI),
    lambda name: volume(name, "1Gi", [RWO], persistentVolumeReclaimPolicy="Delete", **ELSEWHERE),
    lambda name: volume(name, "3Gi", [RWO, RWX], persistentVolumeReclaimPolicy="Recycle", **SHARE),
    lambda name: volume(name, "1Gi", [RWO], storageClassName="local"),
    lambda name: volume(
        name, "1Gi", [RWO], storageClassName="local", nodeAffinity=only_on("node1")
    ),
    lambda name: volume(name, "1Gi", [RWOP]),
    lambda name: volume(name, "1Gi", [RWO], claimRef={"namespace": "default", "name": "claim-a"}),
)
CLAIM_SHAPES: Final[tuple[Callable[[str], dict[str, Any]], ...]] = (
    lambda name: claim(name),
    lambda name: claim(name, "2Gi"),
    lambda name: claim(name, "1Gi", [ROX]),
    lambda name: claim(name, "1Gi", [RWX]),
    lambda name: claim(name, "6Gi", [RWO]),
    lambda name: claim(name, storageClassName="fast"),
    lambda name: claim(name, storageClassName="local"),
    lambda name: without_class(claim(name)),
    lambda name: claim(name, modes=[RWOP]),
    lambda name: claim(name, volumeName="volume-a"),
)


@VOLUMES.operation(weight=5, needs=["volumes"])
def create_volume(world: World, target: str, choice: int) -> Stimulus | None:
    """An administrator makes a volume."""
    name = f"volume-{target}"
    if world.view("PersistentVolume", "", name) is not None:
        return None
    return stimulus("create", object=pick(VOLUME_SHAPES, choice)(name))


@VOLUMES.operation(weight=5, needs=["volumes"])
def create_claim(world: World, target: str, choice: int) -> Stimulus | None:
    """A user asks for one."""
    name = f"claim-{target}"
    if world.view("PersistentVolumeClaim", "default", name) is not None:
        return None
    return stimulus("create", object=pick(CLAIM_SHAPES, choice)(name))


@VOLUMES.operation(weight=3, needs=["volumes"])
def delete_claim(world: World, target: str, _: int) -> Stimulus | None:
    """A user gives it back."""
    return _delete(world, "PersistentVolumeClaim", "default", f"claim-{target}")


@VOLUMES.operation(weight=2, needs=["volumes"])
def delete_volume(world: World, target: str, _: int) -> Stimulus | None:
    """An administrator takes it away, bound or not."""
    return _delete(world, "PersistentVolume", "", f"volume-{target}")


@VOLUMES.operation(weight=1, needs=["volumes"])
def volume_is_lost(world: World, target: str, _: int) -> Stimulus | None:
    """Somebody takes the protection off a volume that is about to go: its claim loses it."""
    name = f"volume-{target}"
    found = world.view("PersistentVolume", "", name)
    if found is None or not found["metadata"].get("deletionTimestamp"):
        return None
    patch = {"metadata": {"finalizers": None}}
    return stimulus("patch", kind="PersistentVolume", namespace="", name=name, patch=patch)


@VOLUMES.operation(weight=2, needs=["volumes"])
def clear_claim(world: World, target: str, _: int) -> Stimulus | None:
    """An administrator hands a released volume out again."""
    name = f"volume-{target}"
    found = world.view("PersistentVolume", "", name)
    if found is None or (found.get("status") or {}).get("phase") != "Released":
        return None
    patch = {"spec": {"claimRef": None}}
    return stimulus("patch", kind="PersistentVolume", namespace="", name=name, patch=patch)


@VOLUMES.operation(weight=3, needs=["volumes", "scheduler"])
def use_claim(world: World, target: str, _: int) -> Stimulus | None:
    """A Pod mounts the claim of the same name."""
    if world.view("Pod", "default", f"user-{target}") is not None:
        return None
    uses = [{"name": "data", "persistentVolumeClaim": {"claimName": f"claim-{target}"}}]
    return stimulus("create", object=pod(f"user-{target}", volumes=uses))


@VOLUMES.operation(weight=2, needs=["volumes", "scheduler"])
def stop_using_claim(world: World, target: str, _: int) -> Stimulus | None:
    """The Pod that mounts it goes."""
    return _delete(world, "Pod", "default", f"user-{target}")


def _delete(world: World, kind: str, namespace: str, name: str) -> Stimulus | None:
    if world.view(kind, namespace, name) is None:
        return None
    return stimulus("delete", kind=kind, namespace=namespace, name=name)
