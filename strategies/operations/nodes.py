"""Operations on kubelets and nodes: what fails of them, how they are configured, and who is there."""

from __future__ import annotations

from typing import Any, Final

from spec_model.events import RUNTIME_PARTS, Stimulus, stimulus
from spec_model.laws.node_loss import stopped_nodes
from spec_model.world import World
from strategies.manifests import node
from strategies.operations import Subject, pick

NODES: Final = Subject("nodes")
FLEET: Final = Subject("fleet")

SPARE: Final = "node3"
"""The node that comes and goes."""

CAPS: Final = ("30s", "300s", "2s", "301s")
"""Values of maxContainerRestartPeriod; with the last a kubelet does not start."""


@NODES.operation(weight=1, needs=["kubelet-restart"])
def kubelet_restarts(world: World, _: str, choice: int) -> Stimulus | None:
    """A kubelet forgets what it only remembered."""
    return _on_a_node(world, "restart-kubelet", choice)


@NODES.operation(weight=1, needs=["node-fault"])
def node_stops(world: World, _: str, choice: int) -> Stimulus | None:
    """A node is cut off."""
    return _on_a_node(world, "stop-node", choice)


@NODES.operation(weight=2, needs=["node-fault"])
def node_starts(world: World, _: str, choice: int) -> Stimulus | None:
    """A node comes back."""
    return _on_a_node(world, "start-node", choice)


@NODES.operation(weight=1, needs=["runtime-fault"])
def part_breaks(world: World, _: str, choice: int) -> Stimulus | None:
    """The runtime of a node, its network, or a step of starting containers does not work any more."""
    part = pick(tuple(RUNTIME_PARTS), choice // 2)
    return _on_a_node(world, "set-runtime", choice, part=part, works=False)


@NODES.operation(weight=2, needs=["runtime-fault"])
def part_is_mended(world: World, _: str, choice: int) -> Stimulus | None:
    """What was broken works again."""
    faults = [
        known for known in world.notes.get("faults") or () if world.view("Node", "", known[0])
    ]
    if not faults:
        return None
    node, part = pick(faults, choice)
    return stimulus("set-runtime", node=node, part=part, works=True)


def _on_a_node(world: World, verb: str, choice: int, **more: Any) -> Stimulus | None:
    nodes = [known.view["metadata"]["name"] for known in world.of_kind("Node")]
    return stimulus(verb, node=pick(nodes, choice), **more) if nodes else None


@FLEET.operation(weight=1, needs=["kubelet-config"])
def kubelet_is_configured(world: World, _: str, choice: int) -> Stimulus | None:
    """A kubelet gets another cap of its back-off."""
    cap = pick(CAPS, choice // 2)
    configuration = {"crashLoopBackOff": {"maxContainerRestartPeriod": cap}}
    return _on_a_node(world, "configure-kubelet", choice, configuration=configuration)


@FLEET.operation(weight=2, needs=["nodes"])
def node_comes_and_goes(world: World, _: str, choice: int) -> Stimulus | None:
    """A node joins; once it is stopped, its Node is deleted, with its Pods on it or without."""
    if world.view("Node", "", SPARE) is None:
        return stimulus("create", object=node(SPARE))
    if SPARE not in stopped_nodes(world):
        return stimulus("stop-node", node=SPARE) if choice % 4 == 0 else None
    return stimulus("delete", kind="Node", namespace="", name=SPARE)
