"""Operations on what a scheduler looks at: labels, taints and sizes of nodes, and Pods that are choosy."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from spec_model.events import Stimulus, stimulus
from spec_model.world import World
from strategies.manifests import container, node, pod, sidecar
from strategies.operations import Subject, pick
from strategies.scheduling import EVICTING, expression, preferred, required, sized, term

SCHEDULING: Final = Subject("scheduling")

MIB: Final = 1024 * 1024
SSD: Final = expression("disk", "In", "ssd")
FAST: Final = expression("gen", "Gt", "4")
TOLERANT: Final[dict[str, Any]] = {"tolerations": [{"key": "only", "operator": "Exists"}]}

SHAPES: Final[tuple[Callable[[str], dict[str, Any]], ...]] = (
    lambda name: sized(name, "1", nodeSelector={"disk": "ssd"}),
    lambda name: sized(name, "3"),
    lambda name: sized(name, affinity=required(term(SSD), term(FAST))),
    lambda name: sized(name, "1", affinity=preferred((10, term(SSD)), (90, term(FAST)))),
    lambda name: sized(name, "2", "1Gi", policy="Never"),
    lambda name: sized(name, nodeSelector={"disk": "ssd"}, affinity=required(term(FAST))),
    lambda name: sized(name, "1", **TOLERANT),
    lambda name: pod(name, [container("c", limits={"cpu": "3"}, requests={"cpu": "1"})]),
    lambda name: pod(name, init=[container("i", requests={"cpu": "3"}), sidecar("s")]),
    lambda name: pod(name, schedulerName="nobody"),
    lambda name: sized(name, affinity=required(term(SSD), kind=EVICTING)),
    lambda name: sized(name, "500m", "1Gi", terminationGracePeriodSeconds=20),
    lambda name: sized(name, affinity=required(term(expression("disk", "NotIn", "ssd")), {})),
    lambda name: pod(name, [container("c", limits={"cpu": "1", "memory": "2Gi"})]),
)
"""Pods that do not go anywhere."""

LABELS: Final[tuple[dict[str, str | None], ...]] = (
    {"disk": "ssd"},
    {"gen": "5"},
    {"disk": None},
    {"disk": "hdd", "gen": "4"},
    {"gen": "x"},
)
SIZES: Final = (
    {"cpu": "2", "memory": "4Gi", "pods": "4"},
    {"cpu": "4", "memory": "1Gi", "pods": "2"},
    {"cpu": "1", "memory": "2Gi", "pods": "110"},
)


def _nodes(world: World) -> list[str]:
    return [known.view["metadata"]["name"] for known in world.of_kind("Node")]


def _on_some_node(world: World, choice: int, patch: dict[str, Any]) -> Stimulus | None:
    names = _nodes(world)
    if not names:
        return None
    return stimulus("patch", kind="Node", namespace="", name=pick(names, choice), patch=patch)


@SCHEDULING.operation(weight=10, needs=["scheduler"])
def create_choosy_pod(world: World, target: str, choice: int) -> Stimulus | None:
    """A new Pod with selectors, affinity, requests or tolerations."""
    if world.view("Pod", "default", target) is not None:
        return None
    return stimulus("create", object=pick(SHAPES, choice)(target))


@SCHEDULING.operation(weight=6, needs=["nodes", "scheduler"])
def label_node(world: World, _: str, choice: int) -> Stimulus | None:
    """A node gets a label, or loses one."""
    patch = {"metadata": {"labels": pick(LABELS, choice // 3)}}
    return _on_some_node(world, choice, patch)


@SCHEDULING.operation(weight=2, needs=["nodes", "scheduler"])
def cordon_node(world: World, _: str, choice: int) -> Stimulus | None:
    """A node takes no new Pods from now on, or takes them again."""
    return _on_some_node(world, choice, {"spec": {"unschedulable": choice // 3 % 2 == 0 or None}})


@SCHEDULING.operation(weight=2, needs=["nodes", "scheduler"])
def taint_node(world: World, _: str, choice: int) -> Stimulus | None:
    """A node is tainted, or freed of the taint; those that tell of its state stay."""
    names = _nodes(world)
    if not names:
        return None
    name = pick(names, choice)
    taints = (world.view("Node", "", name).get("spec") or {}).get("taints") or ()
    kept = [taint for taint in taints if taint["key"] != "only"]
    if choice // 3 % 2 == 0:
        kept.append({"key": "only", "effect": "NoSchedule"})
    patch = {"spec": {"taints": kept or None}}
    return stimulus("patch", kind="Node", namespace="", name=name, patch=patch)


@SCHEDULING.operation(weight=2, needs=["nodes", "scheduler"])
def add_node(world: World, target: str, choice: int) -> Stimulus | None:
    """Another node, of some size."""
    name = f"extra-{target}"
    if world.view("Node", "", name) is not None:
        return None
    labels = {key: value for key, value in pick(LABELS, choice // 3).items() if value is not None}
    return stimulus("create", object=node(name, **pick(SIZES, choice), **labels))


@SCHEDULING.operation(weight=1, needs=["nodes", "scheduler"])
def remove_node(world: World, target: str, _: int) -> Stimulus | None:
    """A node that was added is taken away."""
    if world.view("Node", "", f"extra-{target}") is None:
        return None
    return stimulus("delete", kind="Node", namespace="", name=f"extra-{target}")


@SCHEDULING.operation(weight=2, needs=["scheduler"])
def bind_by_hand(world: World, target: str, choice: int) -> Stimulus | None:
    """Somebody else binds a Pod, before the scheduler or after it."""
    names = _nodes(world)
    if world.view("Pod", "default", target) is None or not names:
        return None
    return stimulus("bind", namespace="default", pod=target, node=pick(names, choice))


@SCHEDULING.operation(weight=1, needs=["scheduler-fault"])
def scheduler_stops(_: World, __: str, ___: int) -> Stimulus | None:
    """Nobody schedules for a while."""
    return stimulus("stop-scheduler")


@SCHEDULING.operation(weight=3, needs=["scheduler-fault"])
def scheduler_starts(_: World, __: str, ___: int) -> Stimulus | None:
    """Somebody schedules again."""
    return stimulus("start-scheduler")


@SCHEDULING.operation(weight=4, needs=["eviction", "memory"])
def container_fills_its_node(world: World, target: str, choice: int) -> Stimulus | None:
    """A container holds about as much as its node has, or lets go of it."""
    found = world.view("Pod", "default", target)
    if found is None or found.deletion_timestamp is not None:
        return None
    running = [name for name, status in found.statuses.items() if status.state == "running"]
    known = world.view("Node", "", found.spec.node_name)
    if not running or known is None:
        return None
    whole = {"8Gi": 8192, "4Gi": 4096, "2Gi": 2048, "1Gi": 1024}
    memory = whole.get((known.get("status") or {}).get("capacity", {}).get("memory", ""), 8192)
    size = pick((memory - 50, 0, memory // 2, memory - 150, memory // 3), choice // 3)
    where = {"namespace": "default", "pod": target, "container": pick(running, choice)}
    return stimulus("allocate", **where, bytes=size * MIB)
