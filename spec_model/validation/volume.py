"""Volumes of Pods and their mounts, PersistentVolumes and PersistentVolumeClaims.

After ``ValidateVolumeMounts``, ``ValidatePersistentVolume`` and ``ValidatePersistentVolumeClaim`` of
``pkg/apis/core/validation``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from spec_model.events import Manifest
from spec_model.profiles import Profile
from spec_model.validation.affinity import node_selector_faults
from spec_model.validation.common import (
    FORBIDDEN,
    INVALID,
    NOT_FOUND,
    NOT_SUPPORTED,
    REQUIRED,
    Fault,
    Faults,
    milli_of,
)

ACCESS_MODES: Final = ("ReadWriteOnce", "ReadOnlyMany", "ReadWriteMany")
ONCE_PER_POD: Final = "ReadWriteOncePod"
RECLAIM_POLICIES: Final = ("Retain", "Delete", "Recycle")
VOLUME_MODES: Final = ("Filesystem", "Block")
HOST_PATH_TYPES: Final = (
    *("", "DirectoryOrCreate", "Directory", "FileOrCreate", "File"),
    *("Socket", "CharDevice", "BlockDevice"),
)


def pod_volume_faults(spec: Manifest, path: str) -> Faults:
    """What is wrong with the host paths among the volumes of a Pod (VOLUME-007)."""
    for index, volume in enumerate(spec.get("volumes") or ()):
        if volume.get("hostPath") is not None:
            yield from host_path_faults(volume["hostPath"], f"{path}.volumes[{index}].hostPath")


def mount_faults(
    spec: Manifest, containers: Sequence[tuple[str, Manifest]], profile: Profile
) -> Faults:
    """Mounts name a volume of the Pod and have a path of their own (VOLUME-002)."""
    volumes = {volume.get("name") for volume in spec.get("volumes") or ()}
    for path, container in containers:
        devices = {device.get("name") for device in container.get("volumeDevices") or ()}
        taken: set[str] = set()
        for index, mount in enumerate(container.get("volumeMounts") or ()):
            at = f"{path}.volumeMounts[{index}]"
            name, where = mount.get("name") or "", mount.get("mountPath") or ""
            if not name:
                yield Fault(f"{at}.name", REQUIRED, "VOLUME-002", "must be given")
            elif name not in volumes:
                yield Fault(f"{at}.name", NOT_FOUND, "VOLUME-002", f"no volume {name}")
            elif name in devices:
                yield Fault(f"{at}.name", INVALID, "VOLUME-002", "is a device of the container")
            if not where:
                yield Fault(f"{at}.mountPath", REQUIRED, "VOLUME-002", "must be given")
            elif where in taken:
                yield Fault(f"{at}.mountPath", INVALID, "VOLUME-002", "must be unique")
            elif not is_mount_path(where, profile):
                message = f"must be absolute and shorter than {profile.mount_path_below}"
                yield Fault(f"{at}.mountPath", INVALID, "VOLUME-003", message)
            taken.add(where)


def is_mount_path(path: str, profile: Profile) -> bool:
    """Whether a path may be mounted at: any today, only short absolute ones as documented."""
    below = profile.mount_path_below
    return below is None or (path.startswith("/") and len(path) < below)


def host_path_faults(source: Manifest, path: str) -> Faults:
    """What is wrong with a ``hostPath`` source (VOLUME-007)."""
    where = source.get("path") or ""
    if not where:
        yield Fault(f"{path}.path", REQUIRED, "VOLUME-007", "must be given")
        return
    if ".." in where.split("/"):
        yield Fault(f"{path}.path", INVALID, "VOLUME-007", "must not contain '..'")
    if (source.get("type") or "") not in HOST_PATH_TYPES:
        yield Fault(f"{path}.type", NOT_SUPPORTED, "VOLUME-007", "no type of a host path")


def persistent_volume_faults(volume: Manifest, profile: Profile) -> Faults:
    """What is wrong with a PersistentVolume that is to be created."""
    spec = volume.get("spec") or {}
    yield from _access_mode_faults(spec, profile)
    yield from _capacity_faults(spec.get("capacity") or {}, profile)
    yield from _volume_mode_faults(spec)
    yield from _reclaim_faults(spec)
    if spec.get("hostPath") is not None:
        yield from host_path_faults(spec["hostPath"], "spec.hostPath")
    selector = (spec.get("nodeAffinity") or {}).get("required")
    if selector is not None:
        yield from node_selector_faults(selector, "spec.nodeAffinity.required")


def claim_faults(claim: Manifest, profile: Profile) -> Faults:
    """What is wrong with a PersistentVolumeClaim that is to be created."""
    spec = claim.get("spec") or {}
    yield from _access_mode_faults(spec, profile)
    yield from _volume_mode_faults(spec)
    requests = (spec.get("resources") or {}).get("requests") or {}
    if "storage" not in requests:
        yield Fault("spec.resources[storage]", REQUIRED, "PV-001", "must be given")
    else:
        yield from _storage_faults(requests["storage"], "spec.resources[storage]", profile)


def _access_mode_faults(spec: Manifest, profile: Profile) -> Faults:
    """PV-012: at least one mode, only known ones, and ReadWriteOncePod alone."""
    modes = spec.get("accessModes") or ()
    known = (*ACCESS_MODES, ONCE_PER_POD) if profile.read_write_once_pod else ACCESS_MODES
    if not modes:
        yield Fault("spec.accessModes", REQUIRED, "PV-012", "must have an access mode")
    if any(mode not in known for mode in modes):
        message = f"must be among {', '.join(known)}"
        yield Fault("spec.accessModes", NOT_SUPPORTED, "PV-012", message)
    if ONCE_PER_POD in modes and len(modes) > 1:
        message = "ReadWriteOncePod may not be combined with other modes"
        yield Fault("spec.accessModes", FORBIDDEN, "PV-012", message)


def _capacity_faults(capacity: Manifest, profile: Profile) -> Faults:
    """PV-001 compares the storage of a volume, so that it must be given, and nothing else with it."""
    if not capacity:
        yield Fault("spec.capacity", REQUIRED, "PV-001", "must be given")
    if set(capacity) != {"storage"}:
        yield Fault("spec.capacity", NOT_SUPPORTED, "PV-001", "must be storage alone")
    for name, amount in capacity.items():
        yield from _storage_faults(amount, f"spec.capacity[{name}]", profile)


def _storage_faults(amount: str, path: str, profile: Profile) -> Faults:
    value = milli_of(amount, profile)
    if value is None:
        yield Fault(path, INVALID, "RESOURCE-002", "must be a quantity")
    elif value <= 0:
        yield Fault(path, INVALID, "PV-001", "must be greater than zero")


def _volume_mode_faults(spec: Manifest) -> Faults:
    if spec.get("volumeMode") not in (None, *VOLUME_MODES):
        yield Fault("spec.volumeMode", NOT_SUPPORTED, "PV-001", "must be Filesystem or Block")


def _reclaim_faults(spec: Manifest) -> Faults:
    """PV-008: the three policies, and the root of a host is not recycled."""
    at, policy = "spec.persistentVolumeReclaimPolicy", spec.get("persistentVolumeReclaimPolicy")
    if policy and policy not in RECLAIM_POLICIES:
        yield Fault(at, NOT_SUPPORTED, "PV-008", "must be Retain, Delete or Recycle")
    where = (spec.get("hostPath") or {}).get("path") or ""
    if policy == "Recycle" and where and not where.strip("/"):
        yield Fault(at, FORBIDDEN, "PV-008", "may not be Recycle for a host path of /")
