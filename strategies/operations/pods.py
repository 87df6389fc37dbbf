"""Operations on Pods and their containers, and on time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from spec_model.events import Stimulus, stimulus
from spec_model.objects import ContainerStatus, Pod
from spec_model.world import World
from strategies.manifests import container, pod, sidecar
from strategies.operations import Subject, pick
from strategies.probes import probe, probed
from strategies.statuses import GATE

PODS: Final = Subject("pods")
TIME: Final = Subject("time")

MIB: Final = 1024 * 1024
LIMITED: Final[dict[str, Any]] = {"requests": {"memory": "32Mi"}, "limits": {"memory": "64Mi"}}
ALWAYS: Final = {"restartPolicy": "Always"}
SIDECAR: Final = sidecar("s")
HOOKED: Final[dict[str, Any]] = {"lifecycle": {"preStop": {"sleep": {"seconds": 12}}}}
STARTED: Final[dict[str, Any]] = {"postStart": {"exec": {"command": ["true"]}}}

SHAPES: Final[tuple[Callable[[str], dict[str, Any]], ...]] = (
    lambda name: pod(name),
    lambda name: pod(name, [container("c"), container("d")], policy="OnFailure"),
    lambda name: pod(name, [container("c"), container("d")], policy="Never"),
    lambda name: pod(name, [container("c", **LIMITED), container("d", **LIMITED)], policy="Never"),
    lambda name: pod(name, init=[container("i"), container("j")]),
    lambda name: pod(name, init=[container("i")], policy="Never"),
    lambda name: pod(name, [container("c", **LIMITED)]),
    lambda name: pod(name, init=[container("i"), SIDECAR], policy="OnFailure"),
    lambda name: pod(name, [container("c"), container("d", "other:1")]),
    lambda name: pod(name, activeDeadlineSeconds=30, policy="Never"),
    lambda name: pod(name, [container("c", requests={"cpu": "3"})]),
    lambda name: pod(name, [container("c", limits={"cpu": "1", "memory": "128Mi"})]),
    lambda name: pod(name, [probed("c", liveness=probe(failure=1), readiness=probe("http"))]),
    lambda name: pod(
        name, [probed("c", liveness=probe(period=5, failure=2)), container("d")], policy="OnFailure"
    ),
    lambda name: pod(name, [probed("c", startup=probe("tcp"), liveness=probe()), container("d")]),
    lambda name: pod(name, [probed("c", readiness=probe(delay=5, success=2))], policy="Never"),
    lambda name: pod(name, [probed("c", liveness=probe(delay=3))], policy="Never"),
    lambda name: pod(name, init=[{**probed("s", startup=probe(failure=9)), **ALWAYS}]),
    lambda name: pod(name, init=[{**probed("s", liveness=probe(), readiness=probe()), **ALWAYS}]),
    lambda name: pod(name, [{**probed("c", liveness=probe(), readiness=probe()), **HOOKED}]),
    lambda name: pod(name, readinessGates=[{"conditionType": GATE}]),
    lambda name: pod(name, [container("c", lifecycle=STARTED), container("d")], policy="OnFailure"),
    lambda name: pod(name, [container("c", "other:1", imagePullPolicy="Always")]),
    lambda name: pod(name, [container("c", "other:1", imagePullPolicy="Never")]),
)
"""Pods worth starting from, the plain ones first."""

ANSWERS: Final[dict[str, tuple[int | str, ...]]] = {
    "exec": (1, 0, "timeout", 0, "error", 2),
    "httpGet": (500, 200, "timeout", 302, "error", 400),
    "tcpSocket": ("refused", "open", "timeout", "open", "error"),
}
"""What the targets of their probes may answer, by handler."""


def _existing(world: World, name: str) -> Pod | None:
    found: Pod | None = world.view("Pod", "default", name)
    return found


def _running(world: World, name: str) -> list[ContainerStatus]:
    found = _existing(world, name)
    if found is None or found.deletion_timestamp is not None:
        return []
    return [status for status in found.statuses.values() if status.state == "running"]


@PODS.operation(weight=8)
def create_pod(world: World, target: str, choice: int) -> Stimulus | None:
    """A new Pod, where there is none of that name; rarely even where there is one."""
    if _existing(world, target) is not None and choice < 240:
        return None
    return stimulus("create", object=pick(SHAPES, choice)(target))


@PODS.operation(weight=12, needs=["container-exit"])
def container_exits(world: World, target: str, choice: int) -> Stimulus | None:
    """One of the running containers ends, well or badly."""
    found = _running(world, target)
    if not found:
        return None
    code = pick((1, 0, 137), choice // 4)
    name = pick(found, choice).name
    return stimulus("exit", namespace="default", pod=target, container=name, exitCode=code)


@PODS.operation(weight=3, needs=["memory"])
def container_allocates(world: World, target: str, choice: int) -> Stimulus | None:
    """One of the running containers allocates, below or above its limit."""
    found = _running(world, target)
    if not found:
        return None
    size = pick((65 * MIB, 64 * MIB, MIB), choice // 4)
    name = pick(found, choice).name
    return stimulus("allocate", namespace="default", pod=target, container=name, bytes=size)


@PODS.operation(weight=8, needs=["probes"])
def probe_is_answered(world: World, target: str, choice: int) -> Stimulus | None:
    """The target of a probe answers otherwise: badly, well, late, or not at all."""
    found = _existing(world, target)
    if found is None:
        return None
    listed = (*found.spec.init_containers, *found.spec.containers)
    probes = [(each.name, probe) for each in listed for probe in each.probes.values()]
    if not probes:
        return None
    name, asked = pick(probes, choice)
    said = pick(ANSWERS[asked.handler], choice // 4)
    given = {"container": name, "probe": asked.kind, "answer": said}
    return stimulus("set-probe", namespace="default", pod=target, **given)


@PODS.operation(weight=3)
def delete_pod(world: World, target: str, choice: int) -> Stimulus | None:
    """A Pod is asked to end, now and then at once."""
    if _existing(world, target) is None:
        return None
    grace: dict[str, Any] = pick(
        ({}, {}, {"gracePeriodSeconds": 1}, {"gracePeriodSeconds": 0}), choice
    )
    return stimulus("delete", kind="Pod", namespace="default", name=target, **grace)


@PODS.operation(weight=2)
def change_image(world: World, target: str, choice: int) -> Stimulus | None:
    """A container or an init container gets another image."""
    found = _existing(world, target)
    if found is None:
        return None
    group = "initContainers" if choice % 4 == 3 and found.spec.init_containers else "containers"
    containers = [dict(each) for each in found.spec.manifest[group]]
    containers[0]["image"] = pick(("app:2", "app:1", "app:3"), choice)
    patch = {"spec": {group: containers}}
    return stimulus("patch", kind="Pod", namespace="default", name=target, patch=patch)


@PODS.operation(weight=1)
def move_pod(world: World, target: str, choice: int) -> Stimulus | None:
    """Somebody binds a Pod, mostly one that is bound already."""
    if _existing(world, target) is None:
        return None
    nodes = [known.view["metadata"]["name"] for known in world.of_kind("Node")]
    if not nodes:
        return None
    return stimulus("bind", namespace="default", pod=target, node=pick(nodes, choice))


@PODS.operation(weight=2, needs=["images"])
def image_changes(_: World, __: str, choice: int) -> Stimulus | None:
    """An image can no longer be had, or can again."""
    image = pick(("other:1", "app:2", "app:1"), choice)
    outcome = pick(("missing", "pullable", "present", "unavailable", "uncreatable"), choice // 3)
    return stimulus("set-image", image=image, outcome=outcome)


@PODS.operation(weight=1, needs=["hooks"])
def hook_changes(_: World, target: str, choice: int) -> Stimulus | None:
    """The hook after the start of a container fails from now on, or no longer does."""
    where = {"namespace": "default", "pod": target, "container": "c", "hook": "postStart"}
    seconds = pick((0, 4), choice // 2)
    return stimulus("set-hook", **where, seconds=seconds, fails=choice % 2 == 0)


@PODS.operation(weight=2, needs=["sandbox-loss"])
def sandbox_is_lost(world: World, target: str, _: int) -> Stimulus | None:
    """The pause container dies."""
    if not _running(world, target):
        return None
    return stimulus("lose-sandbox", namespace="default", pod=target)


@PODS.operation(weight=1, needs=["status-write"])
def readiness_gate_turns(world: World, target: str, choice: int) -> Stimulus | None:
    """Somebody opens or closes the readiness gate of a Pod."""
    found = _existing(world, target)
    if found is None or not found.spec.manifest.get("readinessGates"):
        return None
    kept = [each for type_, each in found.conditions.items() if type_ != GATE]
    gate = {"type": GATE, "status": pick(("True", "False"), choice)}
    status = {"conditions": [*kept, gate]}
    return stimulus("write-status", namespace="default", pod=target, status=status)


PAUSES: Final = (1, 10, 20, 2, 40, 15, 80, 9, 160, 30, 300, 11, 301, 5, 600, 601)
"""Seconds, those of the back-off and their neighbours among them."""


@TIME.operation(weight=10)
def time_passes(_: World, __: str, choice: int) -> Stimulus | None:
    """A while goes by."""
    return stimulus("advance", seconds=pick(PAUSES, choice))
