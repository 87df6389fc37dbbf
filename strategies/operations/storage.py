"""Operations on Pods that keep data, wherever that may be, and on classes of storage."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from spec_model.events import Stimulus, stimulus
from spec_model.world import World
from strategies.manifests import Manifest, container, mount, pod
from strategies.operations import Subject, pick
from strategies.volumes import PROVISIONER, storage_class

STORAGE: Final = Subject("stored data")

LIMITED: Final[Manifest] = {"limits": {"memory": "64Ki"}, "requests": {"memory": "16Ki"}}
SHARE: Final[Manifest] = {"nfs": {"server": "nfs.example.com", "path": "/data"}}


def _keeping(name: str, source: Manifest, more: Manifest | None = None, **spec: Any) -> Manifest:
    """Two containers that share a volume; the second sees a part of it."""
    own = more or {}
    apps = [
        container("c", volumeMounts=[mount("data", "/data")], **own),
        container("d", volumeMounts=[mount("data", "/part", "sub")], **own),
    ]
    return pod(name, apps, volumes=[{"name": "data", **source}], **spec)


def _on_host(name: str, path: str, type_: str = "", **spec: Any) -> Manifest:
    source = {"hostPath": {"path": path, **({"type": type_} if type_ else {})}}
    made = container("c", volumeMounts=[mount("data", "/data")])
    return pod(name, [made], volumes=[{"name": "data", **source}], **spec)


def _of_claims(name: str, *claims: str, **spec: Any) -> Manifest:
    volumes = [{"name": each, "persistentVolumeClaim": {"claimName": each}} for each in claims]
    mounts = [mount(each, f"/data{index or ''}") for index, each in enumerate(claims)]
    return pod(name, [container("c", volumeMounts=mounts)], volumes=volumes, **spec)


def _memory(limit: str | None = None) -> Manifest:
    return {"emptyDir": {"medium": "Memory", **({"sizeLimit": limit} if limit else {})}}


SHAPES: Final[tuple[Callable[[str], Manifest], ...]] = (
    lambda name: _keeping(name, {"emptyDir": {}}),
    lambda name: _keeping(name, {"emptyDir": {"sizeLimit": "4Ki"}}),
    lambda name: _keeping(name, _memory("8Ki"), policy="OnFailure"),
    lambda name: _keeping(name, {"emptyDir": {"sizeLimit": "4Ki"}}, policy="Never"),
    lambda name: _of_claims(name, "claim-a"),
    lambda name: _of_claims(name, "claim-b", policy="Never"),
    lambda name: _of_claims(name, "claim-a", "claim-c"),
)
"""Pods that keep data with themselves, or on what they claim."""

OUTSIDE: Final[tuple[Callable[[str], Manifest], ...]] = (
    lambda name: _on_host(name, "/tmp/x", "DirectoryOrCreate"),
    lambda name: _on_host(name, "/tmp/x", "Directory"),
    lambda name: _on_host(name, "/tmp/x"),
    lambda name: _on_host(name, "/tmp"),
    lambda name: _on_host(name, "/tmp/x/f", "File"),
    lambda name: _on_host(name, "/tmp/x/f", "FileOrCreate", policy="Never"),
    lambda name: _on_host(name, "/tmp/x/f", "Socket"),
    lambda name: _keeping(name, SHARE, policy="OnFailure"),
)
"""Pods that keep data on their node, or on a share."""

TIGHT: Final[tuple[Callable[[str], Manifest], ...]] = (
    lambda name: _keeping(name, _memory("8Ki"), LIMITED),
    lambda name: _keeping(name, _memory(), LIMITED, policy="OnFailure"),
)
"""Pods that keep files in memory, and have less of it than a real process needs."""

CLASSES: Final[tuple[Callable[[], Manifest], ...]] = (
    lambda: storage_class("fast", PROVISIONER),
    lambda: storage_class("local", mode="WaitForFirstConsumer"),
    lambda: storage_class("fast", PROVISIONER, mode="WaitForFirstConsumer", policy="Retain"),
    lambda: storage_class("fast", PROVISIONER, default=True),
)


def _running(world: World, name: str) -> list[str]:
    found = world.view("Pod", "default", name)
    if found is None or found.deletion_timestamp is not None:
        return []
    return [each.name for each in found.statuses.values() if each.state == "running"]


@STORAGE.operation(weight=10, needs=["file-write"])  # else there would be nothing to keep
def create_keeping_pod(world: World, target: str, choice: int) -> Stimulus | None:
    """A Pod that keeps data somewhere."""
    if world.view("Pod", "default", target) is not None:
        return None
    return stimulus("create", object=pick(SHAPES, choice)(target))


@STORAGE.operation(weight=10, needs=["file-write", "host-paths"])
def create_pod_that_keeps_elsewhere(world: World, target: str, choice: int) -> Stimulus | None:
    """A Pod that keeps data on its node, or on a share."""
    if world.view("Pod", "default", target) is not None:
        return None
    return stimulus("create", object=pick(OUTSIDE, choice)(target))


@STORAGE.operation(weight=3, needs=["file-write", "node-memory"])
def create_pod_that_keeps_in_memory(world: World, target: str, choice: int) -> Stimulus | None:
    """A Pod that keeps files in the little memory that it has."""
    if world.view("Pod", "default", target) is not None:
        return None
    return stimulus("create", object=pick(TIGHT, choice)(target))


@STORAGE.operation(weight=6, needs=["file-write"])
def data_is_written(world: World, target: str, choice: int) -> Stimulus | None:
    """A container writes a file, a small or a large one."""
    found = _running(world, target)
    if not found:
        return None
    name = pick(found, choice)
    folder = "/part" if name == "d" else pick(("/data", "/data/sub", "/data/x", "/data1"), choice)
    size = pick((1, 4096, 4097, 0, 3000), choice // 4)
    place = {"namespace": "default", "pod": target, "container": name}
    text = pick("xyz", choice) * size
    return stimulus("write-file", **place, path=f"{folder}/{pick('fg', choice // 3)}", content=text)


@STORAGE.operation(weight=6, needs=["inspect"])
def data_is_looked_at(world: World, target: str, choice: int) -> Stimulus | None:
    """Somebody looks what a container sees."""
    found = _running(world, target)
    if not found:
        return None
    return stimulus("inspect", namespace="default", pod=target, container=pick(found, choice))


@STORAGE.operation(weight=3, needs=["container-exit"])
def keeper_exits(world: World, target: str, choice: int) -> Stimulus | None:
    """A container ends, and may come back to its data."""
    found = _running(world, target)
    if not found:
        return None
    place = {"namespace": "default", "pod": target, "container": pick(found, choice)}
    return stimulus("exit", **place, exitCode=pick((1, 0), choice // 2))


@STORAGE.operation(weight=2, needs=["memory"])
def keeper_allocates(world: World, target: str, choice: int) -> Stimulus | None:
    """A container holds memory, beside what it keeps there as files."""
    found = _running(world, target)
    if not found:
        return None
    place = {"namespace": "default", "pod": target, "container": pick(found, choice)}
    return stimulus("allocate", **place, bytes=pick((60, 64, 1, 65), choice // 2) * 1024)


@STORAGE.operation(weight=3)
def keeper_goes(world: World, target: str, choice: int) -> Stimulus | None:
    """A Pod is deleted, and leaves behind what is not its own."""
    if world.view("Pod", "default", target) is None:
        return None
    given = {"kind": "Pod", "namespace": "default", "name": target}
    return stimulus("delete", **given, gracePeriodSeconds=pick((1, 0, 30), choice))


@STORAGE.operation(weight=2, needs=["volumes"])
def class_comes_and_goes(world: World, _: str, choice: int) -> Stimulus | None:
    """An administrator makes a class of storage, or takes one away."""
    made = pick(CLASSES, choice)()
    name = made["metadata"]["name"]
    if world.view("StorageClass", "", name) is None:
        return stimulus("create", object=made)
    if choice % 3:
        return None
    return stimulus("delete", kind="StorageClass", namespace="", name=name)
