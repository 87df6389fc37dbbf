"""Operations on DaemonSets, and on the nodes that they choose."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from spec_model.events import Stimulus, stimulus
from spec_model.world import World
from strategies.manifests import container, daemon_set, node, pod
from strategies.operations import Subject, pick
from strategies.operations.batch import pods_of
from strategies.probes import probe, probed

DAEMONS: Final = Subject("daemons")
NEEDS: Final = ("daemonsets", "nodes")

TOLERANT: Final[dict[str, Any]] = {
    "tolerations": [{"key": "example.com/t", "operator": "Exists", "effect": "NoSchedule"}]
}


def rolling(**amounts: Any) -> dict[str, Any]:
    """The update strategy RollingUpdate, with these amounts."""
    strategy: dict[str, Any] = {"type": "RollingUpdate"}
    return {"updateStrategy": {**strategy, **({"rollingUpdate": amounts} if amounts else {})}}


SURGE: Final = rolling(maxUnavailable=0, maxSurge=1)

SHAPES: Final[tuple[Callable[[str], dict[str, Any]], ...]] = (
    lambda name: daemon_set(name),
    lambda name: daemon_set(name, **rolling()),
    lambda name: daemon_set(name, updateStrategy={"type": "OnDelete"}),
    lambda name: daemon_set(name, pod(nodeSelector={"disk": "ssd"}), **rolling()),
    lambda name: daemon_set(name, pod(**TOLERANT), **rolling(maxUnavailable="50%")),
    lambda name: daemon_set(name, pod(containers=[probed("c", readiness=probe())]), **SURGE),
    lambda name: daemon_set(name, pod(containers=[probed("c", readiness=probe())]), **rolling()),
    lambda name: daemon_set(name, pod(containers=[container(requests={"cpu": "3"})])),
    lambda name: daemon_set(name, minReadySeconds=6, **rolling()),
    lambda name: daemon_set(name, pod(hostNetwork=True)),
)
"""DaemonSets worth starting from, the plain ones first."""


@DAEMONS.operation(weight=6, needs=NEEDS)
def create_daemons(world: World, target: str, choice: int) -> Stimulus | None:
    """A new DaemonSet, where there is none of that name."""
    if world.view("DaemonSet", "default", target) is not None:
        return None
    return stimulus("create", object=pick(SHAPES, choice)(target))


@DAEMONS.operation(weight=5, needs=NEEDS)
def change_daemons(world: World, target: str, choice: int) -> Stimulus | None:
    """Another image, another selector, another way of updating."""
    if world.view("DaemonSet", "default", target) is None:
        return None
    image = pick(("app:2", "app:1", "app:3"), choice)
    changes: tuple[dict[str, Any], ...] = (
        {"template": {"spec": {"containers": [{"name": "c", "image": image}]}}},
        {"template": {"spec": {"nodeSelector": {"disk": "ssd"}}}},
        {"template": {"spec": {"nodeSelector": None}}},
        {"updateStrategy": {"type": "OnDelete", "rollingUpdate": None}},
        rolling(),
    )
    patch = {"spec": pick(changes, choice // 2)}
    return stimulus("patch", kind="DaemonSet", namespace="default", name=target, patch=patch)


@DAEMONS.operation(weight=2, needs=NEEDS)
def daemon_is_deleted(world: World, target: str, choice: int) -> Stimulus | None:
    """Somebody deletes one of its Pods."""
    found = pods_of(world, "DaemonSet", target)
    if not found:
        return None
    name = pick(found, choice).key[2]
    return stimulus("delete", kind="Pod", namespace="default", name=name)


@DAEMONS.operation(weight=2, needs=[*NEEDS, "status-write"])
def daemon_ends(world: World, target: str, choice: int) -> Stimulus | None:
    """One of its Pods is Failed, or has succeeded."""
    found = [
        each
        for each in pods_of(world, "DaemonSet", target)
        if each.deletion_timestamp is None and each.phase in ("Pending", "Running")
    ]
    if not found:
        return None
    status = {"phase": pick(("Failed", "Failed", "Succeeded"), choice // 4)}
    name = pick(found, choice).key[2]
    return stimulus("write-status", namespace="default", pod=name, status=status)


@DAEMONS.operation(weight=2, needs=[*NEEDS, "probes"])
def daemon_is_not_ready(world: World, target: str, choice: int) -> Stimulus | None:
    """The readiness probe of one of its Pods fails, or succeeds again."""
    found = [
        each
        for each in pods_of(world, "DaemonSet", target)
        if each.spec.containers[0].probes.get("readiness") is not None
    ]
    if not found:
        return None
    where = {"namespace": "default", "pod": pick(found, choice).key[2], "container": "c"}
    return stimulus("set-probe", **where, probe="readiness", answer=pick((1, 0), choice // 4))


@DAEMONS.operation(weight=1, needs=NEEDS)
def delete_daemons(world: World, target: str, _: int) -> Stimulus | None:
    """It is no longer wanted."""
    if world.view("DaemonSet", "default", target) is None:
        return None
    return stimulus("delete", kind="DaemonSet", namespace="default", name=target)


@DAEMONS.operation(weight=2, needs=NEEDS)
def node_comes_or_goes(world: World, target: str, _: int) -> Stimulus | None:
    """One more node, or the one that was more is gone."""
    name = f"node-{target}"
    if world.view("Node", "", name) is None:
        return stimulus("create", object=node(name, cpu="2"))
    return stimulus("delete", kind="Node", namespace="", name=name)


@DAEMONS.operation(weight=4, needs=NEEDS)
def node_changes(world: World, _: str, choice: int) -> Stimulus | None:
    """Its labels, its taints, or whether it is cordoned."""
    nodes = [known.view for known in world.of_kind("Node")]
    if not nodes:
        return None
    found = pick(nodes, choice)
    kept = [
        each
        for each in (found.get("spec") or {}).get("taints") or ()
        if each["key"].startswith("node.kubernetes.io/")
    ]
    taint = {"key": "example.com/t", "value": "x", "effect": "NoSchedule"}
    changes: tuple[dict[str, Any], ...] = (
        {"metadata": {"labels": {"disk": "ssd"}}},
        {"metadata": {"labels": {"disk": "hdd"}}},
        {"spec": {"unschedulable": True}},
        {"spec": {"unschedulable": None}},
        {"spec": {"taints": [*kept, taint]}},
        {"spec": {"taints": [*kept, {**taint, "effect": "NoExecute"}]}},
        {"spec": {"taints": kept or None}},
    )
    patch = pick(changes, choice // 4)
    name = found["metadata"]["name"]
    return stimulus("patch", kind="Node", namespace="", name=name, patch=patch)
