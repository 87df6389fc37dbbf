"""The disk of a node, and folders of it: what outlives the Pods that wrote it (VOLUME-007)."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterator, Mapping, MutableMapping
from typing import Any, Final

FOLDER, FILE = "Directory", "File"
SOCKET, CHARACTER, BLOCK = "Socket", "CharDevice", "BlockDevice"

OF_A_FRESH_NODE: Final[Mapping[str, str]] = {
    **dict.fromkeys(("/", "/data", "/dev", "/etc", "/run", "/srv", "/tmp", "/var"), FOLDER),
    "/dev/null": CHARACTER,
    "/dev/vda": BLOCK,
    "/etc/hostname": FILE,
    "/run/containerd.sock": SOCKET,
}
"""What is there before any Pod was."""

NAMES: Final[Mapping[str, str]] = {
    FOLDER: "a directory",
    FILE: "a file",
    SOCKET: "a socket file",
    CHARACTER: "a character device",
    BLOCK: "a block device",
}
"""How a kubelet names the types of host paths that have to exist."""


def share_of(source: Mapping[str, Any]) -> str | None:
    """The name of storage that is the same on every node; None for what is of a Pod or a node."""
    if source.get("nfs"):
        return f"{source['nfs']['server']}:{source['nfs']['path']}"
    if source.get("csi"):
        return f"{source['csi']['driver']}#{source['csi'].get('volumeHandle', '')}"
    return None


class Disk:
    """Files by path, and what else is at a path; a folder is there as soon as a file below it is."""

    def __init__(self, there: Mapping[str, str] = OF_A_FRESH_NODE) -> None:
        self.files: dict[str, bytes] = {}
        self.modes: dict[str, int] = {}
        self._kinds = dict(there)

    def kind_of(self, path: str) -> str | None:
        """What is at a path; None for nothing."""
        if path in self.files:
            return FILE
        if any(each.startswith(path + "/") for each in self.files):
            return FOLDER
        return self._kinds.get(path)

    def make_folder(self, path: str, mode: int = 0o755) -> None:
        """A folder, and those above it."""
        while path not in self._kinds:
            self._kinds[path], self.modes[path] = FOLDER, mode
            path = posixpath.dirname(path)

    def make_file(self, path: str, mode: int) -> None:
        """An empty file."""
        self.files[path], self.modes[path] = b"", mode

    def clear(self, path: str) -> None:
        """Nothing is left below a path."""
        for each in [*self.files]:
            if each.startswith(path.rstrip("/") + "/"):
                del self.files[each]


class Folder(MutableMapping[str, bytes]):
    """What lies below a path of a disk, by the rest of its path; "" is a file at the path itself."""

    def __init__(self, disk: Disk, path: str) -> None:
        self.disk = disk
        self.path = path.rstrip("/")

    def _of(self, inner: str) -> str:
        return f"{self.path}/{inner}" if inner else self.path

    def __getitem__(self, inner: str) -> bytes:
        return self.disk.files[self._of(inner)]

    def __setitem__(self, inner: str, content: bytes) -> None:
        self.disk.files[self._of(inner)] = content

    def __delitem__(self, inner: str) -> None:
        del self.disk.files[self._of(inner)]

    def __iter__(self) -> Iterator[str]:
        for path in self.disk.files:
            if path == self.path:
                yield ""
            elif path.startswith(self.path + "/"):
                yield path[len(self.path) + 1 :]

    def __len__(self) -> int:
        return sum(1 for _ in self)


def _any(disk: Disk, path: str) -> None:
    """No check is made; the runtime makes a folder where nothing is."""
    if disk.kind_of(path) is None:
        disk.make_folder(path)


def _folder_or_create(disk: Disk, path: str) -> None:
    if disk.kind_of(path) is None:
        disk.make_folder(path, 0o755)


def _file_or_create(disk: Disk, path: str) -> None:
    if disk.kind_of(path) is None:
        if disk.kind_of(posixpath.dirname(path)) != FOLDER:
            raise LookupError(f"open {path}: no such file or directory")
        disk.make_file(path, 0o644)


MADE: Final[Mapping[str, Callable[[Disk, str], None]]] = {
    "": _any,
    "DirectoryOrCreate": _folder_or_create,
    "FileOrCreate": _file_or_create,
}
"""By the type of a host path, what is made where nothing is."""


def set_up(disk: Disk, path: str, type_: str) -> None:
    """Make a host path ready to be mounted, or say why it cannot be (upstream host_path.go).

    Raises:
        LookupError: with the text that an Event FailedMount tells.
    """
    if type_ in MADE:
        MADE[type_](disk, path)
    wanted = type_.removesuffix("OrCreate")
    if wanted and disk.kind_of(path) != wanted:
        raise LookupError(f"hostPath type check failed: {path} is not {NAMES[wanted]}")
