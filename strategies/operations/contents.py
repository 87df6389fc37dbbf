"""Operations on what Pods share and see: ConfigMaps, volumes, ports, Services, and raw watches."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from spec_model.events import Stimulus, stimulus
from spec_model.objects import Pod
from spec_model.world import World
from strategies.manifests import config_map, container, from_key, mount, pod, service
from strategies.operations import Subject, pick

CONFIGS: Final = Subject("configs")
CONTENTS: Final = Subject("contents")
DATA: Final[list[dict[str, Any]]] = [{"name": "data", "emptyDir": {}}]
OF_CONFIG: Final[list[dict[str, Any]]] = [{"name": "cfg", "configMap": {"name": "cfg"}}]
SHARED: Final = [
    container("c", volumeMounts=[mount("data", "/c")]),
    container("d", volumeMounts=[mount("data", "/d")]),
]


def _optional(name: str) -> dict[str, Any]:
    source = {"name": "cfg", "optional": True}
    mounts = [mount("cfg", "/cfg"), mount("data", "/data")]
    env = [from_key("K", "cfg", "k", optional=True)]
    volumes = [*DATA, {"name": "cfg", "configMap": source}]
    return pod(name, [container(env=env, volumeMounts=mounts)], volumes=volumes)


def _port(number: int) -> dict[str, Any]:
    return {"containerPort": 80, "hostPort": number}


SHAPES: Final[tuple[Callable[[str], dict[str, Any]], ...]] = (
    lambda name: pod(name, [container(env=[from_key("K", "cfg", "k")])]),
    lambda name: pod(name, [container(volumeMounts=[mount("cfg", "/cfg")])], volumes=OF_CONFIG),
    lambda name: pod(name, SHARED, volumes=DATA, metadata={"labels": {"app": "x"}}),
    _optional,
    lambda name: pod(
        name, [container(volumeMounts=[mount("cfg", "/one", "k")])], volumes=OF_CONFIG
    ),
    lambda name: pod(name, [container(ports=[_port(8080)])], policy="Never"),
    lambda name: pod(name, SHARED, volumes=DATA, hostNetwork=True, shareProcessNamespace=True),
    lambda name: pod(
        name,
        SHARED,
        init=[container("i", volumeMounts=[mount("data", "/i")], env=[from_key("K", "cfg", "k")])],
        volumes=DATA,
        policy="OnFailure",
    ),
)
"""Pods that refer to ConfigMaps, share volumes, or want ports of their host."""


def _running(world: World, name: str) -> list[str]:
    found: Pod | None = world.view("Pod", "default", name)
    if found is None or found.deletion_timestamp is not None:
        return []
    return [each.name for each in found.statuses.values() if each.state == "running"]


@CONFIGS.operation(weight=8)
def create_referring_pod(world: World, target: str, choice: int) -> Stimulus | None:
    """A Pod that refers to something, or shares something."""
    if world.view("Pod", "default", target) is not None:
        return None
    return stimulus("create", object=pick(SHAPES, choice)(target))


@CONFIGS.operation(weight=6)
def config_map_changes(world: World, _: str, choice: int) -> Stimulus | None:
    """The ConfigMap is created, or its keys change."""
    data = pick(({"k": "1"}, {"k": "2", "l": "x"}, {"l": "y"}, {"k": "größe"}), choice)
    if world.view("ConfigMap", "default", "cfg") is None:
        return stimulus("create", object=config_map("cfg", data))
    patch = {"data": {"k": None, "l": None, **data}}
    return stimulus("patch", kind="ConfigMap", namespace="default", name="cfg", patch=patch)


@CONFIGS.operation(weight=2)
def config_map_goes(world: World, _: str, __: int) -> Stimulus | None:
    """The ConfigMap is deleted."""
    if world.view("ConfigMap", "default", "cfg") is None:
        return None
    return stimulus("delete", kind="ConfigMap", namespace="default", name="cfg")


@CONFIGS.operation(weight=8, needs=["inspect"])
def look_inside(world: World, target: str, choice: int) -> Stimulus | None:
    """Somebody looks into a running container."""
    found = _running(world, target)
    if not found:
        return None
    name = pick(found, choice)
    return stimulus("inspect", namespace="default", pod=target, container=name)


@CONTENTS.operation(weight=4, needs=["file-write"])
def file_is_written(world: World, target: str, choice: int) -> Stimulus | None:
    """A container writes a file, into a volume or beside one."""
    found = _running(world, target)
    if not found:
        return None
    path = pick(("/c/x", "/d/x", "/d/deep/y", "/cfg/k", "/data/z", "/i/x", "/tmp/x"), choice // 3)
    place = {"namespace": "default", "pod": target, "container": pick(found, choice)}
    return stimulus("write-file", **place, path=path, content=pick(("1", "2", ""), choice))


@CONTENTS.operation(weight=3, needs=["networking"])
def port_is_bound(world: World, target: str, choice: int) -> Stimulus | None:
    """A container binds a port."""
    found = _running(world, target)
    if not found:
        return None
    place = {"namespace": "default", "pod": target, "container": pick(found, choice)}
    return stimulus("listen", **place, port=pick((80, 81), choice // 3))


@CONTENTS.operation(weight=3, needs=["networking"])
def container_connects(world: World, target: str, choice: int) -> Stimulus | None:
    """A container connects, to its own Pod or to another one."""
    found = _running(world, target)
    if not found:
        return None
    addresses = [known.view.pod_ip for known in world.of_kind("Pod") if known.view.pod_ip]
    host = pick(("localhost", *addresses), choice // 3)
    place = {"namespace": "default", "pod": target, "container": pick(found, choice)}
    return stimulus("connect", **place, host=host, port=pick((80, 81), choice // 5))


@CONTENTS.operation(weight=2, needs=["networking"])
def service_comes_and_goes(world: World, target: str, choice: int) -> Stimulus | None:
    """A Service of the labelled Pods."""
    if world.view("Service", "default", target) is None:
        return stimulus("create", object=service(target, {"app": "x"}))
    if choice % 2:
        return None
    return stimulus("delete", kind="Service", namespace="default", name=target)


@CONTENTS.operation(weight=2)
def label_changes(world: World, target: str, choice: int) -> Stimulus | None:
    """A Pod gets a label, or loses it."""
    if world.view("Pod", "default", target) is None:
        return None
    patch = {"metadata": {"labels": {"app": pick(("x", "y", None), choice)}}}
    return stimulus("patch", kind="Pod", namespace="default", name=target, patch=patch)


@CONTENTS.operation(weight=2, needs=["watch-stream"])
def pods_are_listed(_: World, __: str, ___: int) -> Stimulus | None:
    """Somebody lists the Pods, to watch them from there."""
    return stimulus("list", kind="Pod", namespace="default")


SELECTORS: Final[tuple[dict[str, Any], ...]] = (
    {},
    {"labelSelector": "app=x"},
    {"fieldSelector": "status.phase=Running"},
    {"allowWatchBookmarks": True},
    {"labelSelector": "app notin (x,z)"},
    {"fieldSelector": "status.phase!=Pending", "labelSelector": "app"},
)


@CONTENTS.operation(weight=4, needs=["watch-stream"])
def pods_are_watched(world: World, _: str, choice: int) -> Stimulus | None:
    """Somebody watches the Pods from the last list on, or from now."""
    lists = world.notes.get("listed") or {}
    found = lists.get(("Pod", "default"))
    given = dict(pick(SELECTORS, choice))
    if found is not None and choice % 16 != 15:
        given["resourceVersion"] = found.version
    return stimulus("watch", kind="Pod", namespace="default", **given)
