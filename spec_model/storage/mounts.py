"""What a container mounts, and which of the files that it shows belong to which mount."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping
from typing import Any, Final

from attrs import frozen

from spec_model.events import Manifest

SOURCES: Final = frozenset(
    {
        *("emptyDir", "hostPath", "gitRepo", "gcePersistentDisk", "awsElasticBlockStore", "secret"),
        *("nfs", "iscsi", "glusterfs", "persistentVolumeClaim", "rbd", "flexVolume", "cinder"),
        *("cephfs", "flocker", "downwardAPI", "fc", "azureFile", "configMap", "vsphereVolume"),
        *("quobyte", "azureDisk", "photonPersistentDisk", "projected", "portworxVolume"),
        *("scaleIO", "storageos", "csi", "ephemeral", "image"),
    }
)
"""What a volume of a Pod may be made of; any other field is one that nobody knows (VOLUME-004)."""


def unknown_fields(spec: Manifest) -> Iterator[str]:
    """The fields of a Pod's volumes that nobody knows, by path below the spec (VOLUME-004).

    >>> [*unknown_fields({"volumes": [{"name": "v", "emptuDir": {}}]})]
    ['volumes[0].emptuDir']
    """
    for index, volume in enumerate(spec.get("volumes") or ()):
        for field in volume:
            if field != "name" and field not in SOURCES:
                yield f"volumes[{index}].{field}"


@frozen
class Mount:
    """A volume as a container sees it: absolute path, and what part of the volume."""

    volume: Manifest
    path: str
    sub_path: str
    read_only: bool


def mounts(spec: Manifest, container: Manifest) -> Iterator[Mount]:
    """The mounts of a container, those whose volume is of the Pod; a relative path begins at the root."""
    volumes = {volume.get("name"): volume for volume in spec.get("volumes") or ()}
    for mount in container.get("volumeMounts") or ():
        volume = volumes.get(mount.get("name"))
        if volume is not None and not mount.get("subPathExpr"):
            yield Mount(
                volume,
                absolute(mount.get("mountPath") or ""),
                (mount.get("subPath") or "").strip("/"),
                bool(mount.get("readOnly")),
            )


def absolute(path: str) -> str:
    """A path in a container, from its root.

    >>> absolute("a//b/")
    '/a/b'
    """
    return posixpath.normpath("/" + path.lstrip("/"))


def below(path: str, folder: str) -> str | None:
    """The rest of a path below a folder; None where it is not below it.

    >>> below("/logs/a/b", "/logs"), below("/logs", "/logs"), below("/log", "/logs")
    ('a/b', None, None)
    """
    start = folder.rstrip("/") + "/"
    return path[len(start) :] if path.startswith(start) and len(path) > len(start) else None


def over(spec: Manifest, container: Manifest, path: str) -> Mount | None:
    """The mount that a path of a container lies in: the deepest; None where none is above it."""
    where = absolute(path)
    above = [each for each in mounts(spec, container) if below(where, each.path) is not None]
    return max(above, key=lambda each: len(each.path), default=None)


def shown_in(
    mount: Mount, spec: Manifest, container: Manifest, files: Mapping[str, Any]
) -> Mapping[str, Any]:
    """What a container shows in a mount, by path in it; what is mounted deeper inside is not of it.

    Names that begin with ``..`` are how a kubelet swaps the versions of a volume.
    """
    deeper = [
        each.path
        for each in mounts(spec, container)
        if each.path != mount.path and below(each.path, mount.path) is not None
    ]
    return {
        inner: content
        for path, content in files.items()
        if (inner := below(path, mount.path)) is not None
        and not inner.startswith("..")
        and not any(path == each or below(path, each) is not None for each in deeper)
    }
