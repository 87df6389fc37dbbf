"""What becomes of a volume whose claim is gone (PV-006, PV-007, PV-008).

Source: ``persistentvolume/pv_controller.go`` (reclaimVolume); ``volume/hostpath/host_path.go``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from attrs import frozen

from conformance.adapters.simulator import meta
from conformance.adapters.simulator.controllers.volumes import matching
from conformance.adapters.simulator.settings import Settings

Manifest = Mapping[str, Any]

PROVISIONED_BY: Final = "pv.kubernetes.io/provisioned-by"

_NOT_A_SOURCE: Final = frozenset(
    {
        "accessModes",
        "capacity",
        "claimRef",
        "mountOptions",
        "nodeAffinity",
        "persistentVolumeReclaimPolicy",
        "storageClassName",
        "volumeAttributesClassName",
        "volumeMode",
    }
)


@frozen
class Outcome:
    """What to do with the volume: ``keep``, ``delete``, ``recycle`` or ``fail``, and why."""

    action: str
    reason: str = ""
    message: str = ""


KEEP: Final = Outcome("keep")


def source_of(volume: Manifest) -> str:
    """The kind of storage behind the volume: ``hostPath``, ``nfs``, ``csi``, …"""
    return next((field for field in volume["spec"] if field not in _NOT_A_SOURCE), "")


def outcome(volume: Manifest, settings: Settings) -> Outcome:
    """What the reclaim policy does to a released volume."""
    policy = volume["spec"].get("persistentVolumeReclaimPolicy") or "Retain"
    decide = POLICIES.get(policy)
    if decide is None:
        message = "Volume has an unrecognized reclaim policy"
        return Outcome("fail", "VolumeUnknownReclaimPolicy", message)
    return decide(volume, settings)


def retain(volume: Manifest, settings: Settings) -> Outcome:  # noqa: ARG001 - always the same
    """The volume and its data stay for an administrator (PV-006)."""
    return KEEP


def delete(volume: Manifest, settings: Settings) -> Outcome:
    """The storage and the volume go, where something can delete them (PV-007)."""
    if matching.annotation(volume, PROVISIONED_BY):
        return Outcome("delete")
    source = source_of(volume)
    if source == "csi":
        return KEEP  # an external deleter may act; there is none here for what it did not make
    if source != "hostPath":
        return Outcome(
            "fail",
            "VolumeFailedDelete",
            f'error getting deleter volume plugin for volume "{meta.name_of(volume)}": '
            "no deletable volume plugin matched",
        )
    path = volume["spec"]["hostPath"]["path"]
    prefix = settings.deleted_host_path_prefix
    if path.startswith(prefix) and len(path) > len(prefix):
        return Outcome("delete")
    message = f"host_path deleter only supports {prefix}.+ but received provided {path}"
    return Outcome("fail", "VolumeFailedDelete", message)


def recycle(volume: Manifest, settings: Settings) -> Outcome:
    """The volume is scrubbed and comes back, where a plugin can do so (PV-008)."""
    if source_of(volume) in settings.recycled_sources:
        return Outcome("recycle")
    message = "No recycler plugin found for the volume!"
    return Outcome("fail", "VolumeFailedRecycle", message)


POLICIES: Final[Mapping[str, Callable[[Manifest, Settings], Outcome]]] = {
    "Retain": lambda volume, settings: retain(volume, settings),
    "Delete": lambda volume, settings: delete(volume, settings),
    "Recycle": lambda volume, settings: recycle(volume, settings),
}
