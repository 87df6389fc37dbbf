"""The volumes of a Pod, and where its containers mount them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from conformance.adapters.simulator import quantity
from conformance.adapters.simulator.api import environment, names
from conformance.adapters.simulator.api.fields import Problems

HOST_PATH_TYPES: Final = frozenset(
    {"", "DirectoryOrCreate", "Directory", "FileOrCreate", "File", "Socket", "CharDevice",
     "BlockDevice"}
)  # fmt: skip
_PROPAGATION: Final = frozenset({"None", "HostToContainer", "Bidirectional"})


SOURCES: Final = (
    "emptyDir", "hostPath", "gitRepo", "gcePersistentDisk", "awsElasticBlockStore", "secret", "nfs",
    "iscsi", "glusterfs", "persistentVolumeClaim", "rbd", "cinder", "cephfs", "flocker",
    "downwardAPI", "fc", "azureFile", "configMap", "vsphereVolume", "quobyte", "azureDisk",
    "storageos", "photonPersistentDisk", "portworxVolume", "scaleIO", "projected", "csi",
    "ephemeral", "image",
)  # fmt: skip
"""In upstream's order: of several the first one counts."""

_CLAIMS: Final = frozenset({"persistentVolumeClaim", "ephemeral"})


def validate_volumes(
    volumes: Sequence[Mapping[str, Any]], path: str, problems: Problems
) -> dict[str, str]:
    """Names that are DNS labels and stand only once; one source each.

    Returns the kind of source of every volume that can be mounted, by name.
    """
    usable: dict[str, str] = {}
    for index, volume in enumerate(volumes):
        at, name, before = f"{path}[{index}]", volume.get("name") or "", len(problems)
        kind = _validate_one_source(volume, at, problems)
        if not name:
            problems.required(f"{at}.name")
        elif not names.is_label(name):
            problems.invalid(f"{at}.name", name)
        elif name in usable:
            problems.duplicate(f"{at}.name", name)
        if len(problems) == before:
            usable[name] = kind
    return usable


def validate_mounts(
    container: Mapping[str, Any],
    volumes: Mapping[str, str],
    path: str,
    problems: Problems,
    limit: int | None = None,
) -> None:
    """Each mount names a volume of the Pod and has a path of its own in the container."""
    mounts, seen = container.get("volumeMounts") or (), set()
    devices = container.get("volumeDevices") or ()
    device_names = {device.get("name") for device in devices}
    device_paths = {device.get("devicePath") for device in devices}
    for index, mount in enumerate(mounts):
        at, name, where = f"{path}[{index}]", mount.get("name") or "", mount.get("mountPath") or ""
        _validate_used_name(name, name in device_names, volumes, at, problems)
        if not where:
            problems.required(f"{at}.mountPath")
        if where in seen or where in device_paths:
            problems.invalid(f"{at}.mountPath", where, "must be unique")
        if where and not is_mount_path(where, limit):
            problems.invalid(f"{at}.mountPath", where, "must be a short absolute path")
        seen.add(where)
        propagation = mount.get("mountPropagation")
        problems.one_of(f"{at}.mountPropagation", propagation, _PROPAGATION, required=False)
        _validate_sub_paths(mount, path, problems)


def is_mount_path(where: str, limit: int | None) -> bool:
    """Anything will do; documented, only an absolute path of fewer characters (VOLUME-003)."""
    return limit is None or (where.startswith("/") and len(where) < limit)


def validate_devices(
    container: Mapping[str, Any], volumes: Mapping[str, str], path: str, problems: Problems
) -> None:
    """Raw block devices: each a claim of the Pod, at a path of its own."""
    mounts = container.get("volumeMounts") or ()
    seen_names = {mount.get("name") for mount in mounts}
    seen_paths = {mount.get("mountPath") for mount in mounts}
    for index, device in enumerate(container["volumeDevices"]):
        at, name, where = f"{path}[{index}]", device.get("name") or "", device.get("devicePath")
        _validate_used_name(name, name in seen_names, volumes, at, problems)
        if volumes.get(name, "ephemeral") not in _CLAIMS:
            problems.invalid(f"{at}.name", name, "can only use a PersistentVolumeClaim")
        if not where:
            problems.required(f"{at}.devicePath")
        elif where in seen_paths:
            problems.invalid(f"{at}.devicePath", where, "must be unique")
        validate_no_backsteps(where or "", f"{at}.devicePath", problems)
        seen_names.add(name)
        seen_paths.add(where)


def _validate_used_name(
    name: str, taken: bool, volumes: Mapping[str, str], path: str, problems: Problems
) -> None:
    if not name:
        problems.required(f"{path}.name")
    elif taken:
        problems.invalid(f"{path}.name", name, "a volume is either mounted or a device, once")
    if name not in volumes:
        problems.not_found(f"{path}.name", name)


def validate_host_path(source: Mapping[str, Any], path: str, problems: Problems) -> None:
    """A path on the node, and what is expected to be there."""
    where = source.get("path") or ""
    if not where:
        problems.required(f"{path}.path")
        return
    validate_no_backsteps(where, f"{path}.path", problems)
    if source.get("type") is not None and source["type"] not in HOST_PATH_TYPES:
        problems.unsupported(f"{path}.type", source["type"], HOST_PATH_TYPES)


def validate_nfs(source: Mapping[str, Any], path: str, problems: Problems) -> None:
    """An NFS export."""
    if not source.get("server"):
        problems.required(f"{path}.server")
    where = source.get("path") or ""
    if not where:
        problems.required(f"{path}.path")
    if not where.startswith("/"):
        problems.invalid(f"{path}.path", where, "must be an absolute path")


def validate_no_backsteps(where: str, path: str, problems: Problems) -> None:
    """No step of the path leads upwards."""
    if ".." in where.split("/"):
        problems.invalid(path, where, "must not contain '..'")


def validate_descending(where: str, path: str, problems: Problems) -> None:
    """A relative path that stays below where it starts."""
    if where.startswith("/"):
        problems.invalid(path, where, "must be a relative path")
    validate_no_backsteps(where, path, problems)


def _validate_sub_paths(mount: Mapping[str, Any], path: str, problems: Problems) -> None:
    """Upstream reports these on the list, without the index of the mount."""
    if mount.get("subPath"):
        validate_descending(mount["subPath"], f"{path}.subPath", problems)
    if mount.get("subPathExpr"):
        if mount.get("subPath"):
            problems.invalid(f"{path}.subPathExpr", mount["subPathExpr"], "excludes subPath")
        validate_descending(mount["subPathExpr"], f"{path}.subPathExpr", problems)


def _validate_one_source(volume: Mapping[str, Any], path: str, problems: Problems) -> str:
    given = [kind for kind in SOURCES if volume.get(kind) is not None]
    if not given:
        problems.required(path, "must specify a volume type")
        return ""
    for extra in given[1:]:
        problems.forbidden(f"{path}.{extra}", "may not specify more than 1 volume type")
    _validate_source(given[0], volume[given[0]], f"{path}.{given[0]}", problems)
    return given[0]


def _validate_source(kind: str, source: Mapping[str, Any], path: str, problems: Problems) -> None:
    match kind:
        case "hostPath":
            validate_host_path(source, path, problems)
        case "nfs":
            validate_nfs(source, path, problems)
        case "emptyDir":
            _validate_empty_dir(source, path, problems)
        case "persistentVolumeClaim":
            _validate_named(source.get("claimName"), f"{path}.claimName", problems)
        case "secret":
            _validate_named(source.get("secretName"), f"{path}.secretName", problems)
            _validate_items(source.get("items") or (), path, problems)
        case "configMap":
            _validate_named(source.get("name"), f"{path}.name", problems)
            _validate_items(source.get("items") or (), path, problems)
        case "downwardAPI":
            for item in source.get("items") or ():
                _validate_downward_item(item, path, problems)


def _validate_empty_dir(source: Mapping[str, Any], path: str, problems: Problems) -> None:
    limit = source.get("sizeLimit")
    if limit is not None and (not quantity.is_quantity(limit) or quantity.nano(limit) < 0):
        problems.forbidden(f"{path}.sizeLimit", "SizeLimit field must be a valid resource quantity")


def _validate_named(name: str | None, path: str, problems: Problems) -> None:
    if not name:
        problems.required(path)


def _validate_items(items: Sequence[Mapping[str, Any]], path: str, problems: Problems) -> None:
    for index, item in enumerate(items):
        for field in ("key", "path"):
            if not item.get(field):
                problems.required(f"{path}.items[{index}].{field}")
        validate_descending(item.get("path") or "", f"{path}.items[{index}].path", problems)


def _validate_downward_item(item: Mapping[str, Any], path: str, problems: Problems) -> None:
    """Upstream reports these on the volume, without the index of the item."""
    if not item.get("path"):
        problems.required(f"{path}.path")
    validate_descending(item.get("path") or "", f"{path}.path", problems)
    if item.get("fieldRef") is not None:
        supported = environment.VOLUME_FIELDS
        environment.validate_field_reference(
            item["fieldRef"], supported, f"{path}.fieldRef", problems
        )
        if item.get("resourceFieldRef") is not None:
            problems.invalid(path, "resource", "excludes fieldRef")
    elif item.get("resourceFieldRef") is not None:
        environment.validate_resource_reference(
            item["resourceFieldRef"], f"{path}.resourceFieldRef", problems, in_volume=True
        )
    else:
        problems.required(path, "one of fieldRef and resourceFieldRef is required")
