"""Operations on the static Pod directories of nodes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from spec_model.events import Stimulus, stimulus
from spec_model.laws.manifests import files_of
from spec_model.world import World
from strategies.manifests import container, pod
from strategies.operations import Subject, pick

STATICS: Final = Subject("statics")
NEEDS: Final = ("static-pods",)
NODES: Final = ("node1", "node2")

FAILS: Final[dict[str, Any]] = {"exec": {"command": ["false"]}, "periodSeconds": 3}

CONFIGURED: Final[dict[str, Any]] = {"volumes": [{"name": "v", "configMap": {"name": "m"}}]}

SHAPES: Final[tuple[Callable[[str], dict[str, Any]], ...]] = (
    lambda name: pod(name),
    lambda name: pod(name, [container(image="app:2")]),
    lambda name: pod(name, policy="Never"),
    lambda name: pod(name, [container("c"), container("d")], policy="OnFailure"),
    lambda name: pod(name, terminationGracePeriodSeconds=5),
    lambda name: pod(name, init=[container("i")]),
    lambda name: pod(name, **CONFIGURED),
    lambda name: pod(name, [container(image="")]),
    lambda name: pod(name, [container(livenessProbe=FAILS)], terminationGracePeriodSeconds=2),
    lambda name: pod(name, [container(readinessProbe=FAILS)]),
)


def _file(target: str, choice: int) -> str:
    return f".{target}.yaml" if choice > 245 else f"{target}.yaml"


def _named(world: World, choice: int) -> str:
    """A node by name: those of the simulator, or of an engine that has none of them its own."""
    own = tuple(sorted(known.view["metadata"]["name"] for known in world.of_kind("Node")))
    names: tuple[str, ...] = NODES if not own or set(NODES) & set(own) else own
    return str(pick(names, choice // 128))


def _node(world: World, choice: int) -> str | None:
    node = _named(world, choice)
    return node if world.view("Node", "", node) is not None else None


@STATICS.operation(weight=4, needs=NEEDS)
def write_manifest(world: World, target: str, choice: int) -> Stimulus | None:
    """A file appears in the directory of a node, or says something else."""
    node = _node(world, choice)
    if node is None:
        return None
    manifest = pick(SHAPES, choice)(target)
    return stimulus("write-manifest", node=node, file=_file(target, choice), manifest=manifest)


@STATICS.operation(weight=2, needs=NEEDS)
def remove_manifest(world: World, target: str, choice: int) -> Stimulus | None:
    """A file goes."""
    node, file = _node(world, choice), _file(target, choice)
    found = None if node is None else files_of(world).get((node, file))
    if found is None or found.manifest is None:
        return None
    return stimulus("remove-manifest", node=node, file=file)


def _mirror(world: World, target: str, choice: int) -> str:
    return f"{target}-{_named(world, choice).lower()}"


@STATICS.operation(weight=3, needs=NEEDS)
def delete_mirror(world: World, target: str, choice: int) -> Stimulus | None:
    """Somebody tries to get rid of a static Pod through the API."""
    name = _mirror(world, target, choice)
    if world.view("Pod", "default", name) is None:
        return None
    grace: dict[str, Any] = pick(({}, {"gracePeriodSeconds": 0}, {"gracePeriodSeconds": 9}), choice)
    return stimulus("delete", kind="Pod", namespace="default", name=name, **grace)


@STATICS.operation(weight=5, needs=[*NEEDS, "container-exit"])
def static_container_exits(world: World, target: str, choice: int) -> Stimulus | None:
    """A container of a static Pod ends by itself."""
    name = _mirror(world, target, choice)
    found = world.view("Pod", "default", name)
    running = [] if found is None else [each for each in found.statuses.values() if each.started_at]
    if not running:
        return None
    who, code = pick(running, choice).name, pick((1, 0), choice // 4)
    return stimulus("exit", namespace="default", pod=name, container=who, exitCode=code)


@STATICS.operation(weight=2, needs=[*NEEDS, "stop-signals"])
def static_container_takes_term(world: World, target: str, choice: int) -> Stimulus | None:
    """From now on a container of a static Pod takes its time to end, or does not end."""
    seconds = pick((8, None, 0), choice)
    names = {"namespace": "default", "pod": _mirror(world, target, choice), "container": "c"}
    return stimulus("set-stop", **names, seconds=seconds, exitCode=0)
