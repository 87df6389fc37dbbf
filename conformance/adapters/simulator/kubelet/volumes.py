"""The volumes of one Pod on its node: what is in them, and how containers see it.

Decides VOLUME-001, VOLUME-005 to 007 and CONFIGMAP-002 to 004. An emptyDir lives as long as the Pod is on
the node, a host path as long as the node, a share of the network longer than all of them; the files of
a ConfigMap volume are those of one version, and are looked up again whenever the Pod is synced. A claim
is what its PersistentVolume is made of. Volumes of other kinds show no files.
"""

from __future__ import annotations

import math
import posixpath
from collections.abc import Iterator, Mapping, MutableMapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from attrs import frozen

from conformance.adapters.simulator import errors, predicates
from conformance.adapters.simulator.kubelet import disk, empty_dirs, references
from conformance.adapters.simulator.kubelet.references import Files, MissingError

if TYPE_CHECKING:
    from conformance.adapters.simulator.kubelet.worker import PodWorker

FIRST_RETRY: Final = 0.5
LONGEST_RETRY: Final = 122.0
"""Seconds between two attempts to mount what cannot be mounted (upstream exponentialbackoff)."""


@frozen
class Mount:
    """A volume as one container sees it."""

    volume: str
    path: str
    sub_path: str
    read_only: bool


class Volumes:
    """What is in the volumes of a Pod."""

    def __init__(self, worker: PodWorker, pod: Mapping[str, Any]) -> None:
        self.worker = worker
        listed: Sequence[Mapping[str, Any]] = pod["spec"].get("volumes") or ()
        self._configured = {
            each["name"]: each["configMap"] for each in listed if each.get("configMap") is not None
        }
        self._contents: dict[str, dict[str, bytes]] = {}
        self._sources = {each["name"]: each for each in listed}
        self.in_memory = [
            name for name, each in self._sources.items() if empty_dirs.is_in_memory(each)
        ]
        self._retry = FIRST_RETRY
        self._retry_at = -math.inf
        checked = (name for name, each in self._sources.items() if each.get("hostPath") is not None)
        self.config_maps = frozenset(source["name"] for source in self._configured.values())
        self._to_set_up = (*self._configured, *checked)
        self.mounted = not self._to_set_up

    # ConfigMaps.

    def refresh(self) -> None:
        """Show ConfigMaps as they are now, each in one step; keep what cannot be had (CONFIGMAP-002)."""
        if self.mounted and self._configured:
            for name in self._configured:
                try:
                    self._contents[name] = self._look_up(name)
                except MissingError:
                    continue

    def mount(self) -> bool:
        """Have every volume mounted, which comes before the sandbox; False: not yet (CONFIGMAP-003)."""
        if not self.mounted and self.worker.clock.now >= self._retry_at:
            self.mounted = all(map(self._set_up, self._to_set_up))
        if not self.mounted:
            self.worker.wake(self._retry_at)
        return self.mounted

    def _set_up(self, name: str) -> bool:
        try:
            if name in self._configured:
                self._contents[name] = self._look_up(name)
            else:
                source = self._sources[name]["hostPath"]
                disk.set_up(self.worker.kubelet.disk, source["path"], source.get("type") or "")
        except (MissingError, LookupError) as problem:
            self._try_later(name, str(problem))
            return False
        return True

    def _look_up(self, name: str) -> dict[str, bytes]:
        source = self._configured[name]
        return dict(references.projected(self.worker.kubelet.store, self.worker.pod, source))

    def _try_later(self, name: str, problem: str) -> None:
        message = f'MountVolume.SetUp failed for volume "{name}" : {problem}'
        self.worker.report("FailedMount", message, "Warning")
        self._retry_at = self.worker.clock.now + self._retry
        self._retry = min(self._retry * 2, LONGEST_RETRY)

    # What containers see.

    def mounts(self, container: Mapping[str, Any]) -> Iterator[Mount]:
        """What a container mounts; a relative path begins at the root (VOLUME-003)."""
        for mount in container.get("volumeMounts") or ():
            yield Mount(
                mount["name"],
                posixpath.normpath(posixpath.join("/", mount["mountPath"])),
                sub_path_of(mount, self._sources.get(mount["name"]) or {}, self.worker),
                bool(mount.get("readOnly")) or mount["name"] in self._configured,
            )

    def frozen(self, container: Mapping[str, Any]) -> dict[str, bytes | None]:
        """What a starting container mounts of ConfigMaps by sub-path: it stays as it is now."""
        if not self._configured:
            return {}
        return {
            mount.path: self._contents[mount.volume].get(mount.sub_path)
            for mount in self.mounts(container)
            if mount.sub_path and mount.volume in self._configured
        }

    def files(self, container: Mapping[str, Any], frozen: Mapping[str, bytes | None]) -> Files:
        """Every file below the mounts of a container, by its path in it."""
        shown: dict[str, bytes] = {}
        for mount in self.mounts(container):
            if mount.path in frozen:
                content = frozen[mount.path]
                if content is not None:
                    shown[mount.path] = content
                continue
            for path, content in self.contents(mount.volume).items():
                if inner := below(path, mount.sub_path):
                    shown[posixpath.join(mount.path, inner)] = content
                elif path == mount.sub_path:
                    shown[mount.path] = content
        return shown

    def write(self, container: Mapping[str, Any], path: str, content: bytes) -> tuple[str, str]:
        """A container writes a file; the volume that it lies in, and its path there.

        Raises:
            ApiError: 403 the volume is read-only, 409 no volume is mounted there, or it is full.
        """
        where = posixpath.normpath(posixpath.join("/", path))
        above = [mount for mount in self.mounts(container) if self._is_over(mount, where)]
        if not above:
            raise errors.conflict("Pod", self.worker.key[1], f"no volume is mounted above {where}")
        mount = max(above, key=lambda each: len(each.path))
        if mount.read_only:
            raise errors.forbidden("Pod", self.worker.key[1], f"{where}: read-only file system")
        inner = posixpath.join(mount.sub_path, below(where, mount.path))
        held = self.contents(mount.volume)
        if any(below(inner, name) or below(name, inner) for name in held if name != inner):
            raise errors.conflict("Pod", self.worker.key[1], f"{where}: not a directory")
        size = self.size_of(mount.volume)
        rest = sum(len(kept) for name, kept in held.items() if name != inner)
        if size is not None and rest + len(content) > size:
            raise errors.conflict("Pod", self.worker.key[1], f"{where}: no space left on device")
        held[inner] = content
        return mount.volume, inner

    def _is_over(self, mount: Mount, where: str) -> bool:
        if below(where, mount.path):
            return True
        return where == mount.path and mount.sub_path in self.contents(mount.volume)

    def contents(self, volume: str) -> MutableMapping[str, bytes]:
        """What is in a volume; an emptyDir is empty until somebody writes to it (VOLUME-001)."""
        source = self._source(volume)
        if source.get("hostPath") is not None:
            return disk.Folder(self.worker.kubelet.disk, source["hostPath"]["path"])
        if (share := disk.share_of(source)) is not None:
            return self.worker.kubelet.engine.shares.setdefault(share, {})
        return self._contents.setdefault(volume, {})

    def _source(self, volume: str) -> Mapping[str, Any]:
        """What a volume is made of: of a claim, what its PersistentVolume is made of."""
        source = self._sources.get(volume) or {}
        claim = source.get("persistentVolumeClaim")
        if claim is None:
            return source
        store, namespace = self.worker.kubelet.store, self.worker.key[0]
        found = store.get("PersistentVolumeClaim", namespace, claim["claimName"]) or {"spec": {}}
        bound = store.get("PersistentVolume", None, found["spec"].get("volumeName") or "")
        return source if bound is None else bound["spec"]

    # What they are like.

    def size_of(self, volume: str) -> int | None:
        """Bytes that a tmpfs has room for; None for any other volume (VOLUME-006)."""
        source = self._sources.get(volume) or {}
        if not empty_dirs.is_in_memory(source):
            return None
        allocatable = predicates.allocatable(self.worker.kubelet.node()).get("memory", 0) // 1000
        return empty_dirs.tmpfs_size(source, self.worker.pod["spec"], allocatable)

    def stat(self, container: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
        """What a container can tell of its mounts: the mode, and of a tmpfs the size in bytes."""
        return {
            mount.path: found
            for mount in self.mounts(container)
            if not mount.sub_path and (found := self._stat(mount.volume))
        }

    def _stat(self, volume: str) -> dict[str, Any]:
        source, host = self._source(volume), self.worker.kubelet.disk
        if source.get("hostPath") is not None:
            mode = host.modes.get(source["hostPath"]["path"])
            return {} if mode is None else {"mode": f"{mode:04o}"}
        if source.get("emptyDir") is None:
            return {}
        size = self.size_of(volume)
        return {"mode": "0777", **({} if size is None else {"tmpfs": size})}

    def power_off(self) -> None:
        """What was kept in memory is gone."""
        for name in self.in_memory:
            self._contents.pop(name, None)


def sub_path_of(mount: Mapping[str, Any], source: Mapping[str, Any], worker: PodWorker) -> str:
    """The part of a volume that is mounted; documented, a ConfigMap only whole (CONFIGMAP-004)."""
    if source.get("configMap") is not None and not worker.settings.config_map_sub_paths:
        return ""
    return posixpath.normpath(mount.get("subPath") or "").removeprefix(".").strip("/")


def below(path: str, folder: str) -> str:
    """The rest of a path that lies below a folder, or nothing.

    >>> below("/logs/a/b", "/logs"), below("/logs", "/logs"), below("/log", "/logs")
    ('a/b', '', '')
    """
    if folder in ("", "/"):
        return path.lstrip("/") if folder else path
    return path.removeprefix(folder + "/") if path.startswith(folder + "/") else ""
