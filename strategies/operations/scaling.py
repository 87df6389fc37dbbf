"""Operations on what is scaled and on the autoscalers that scale it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from spec_model.events import Stimulus, stimulus
from spec_model.world import World
from strategies.manifests import autoscaler, container, pod, replica_set
from strategies.operations import Subject, pick

SCALING: Final = Subject("scaling")
NEEDS: Final = ("workloads", "autoscaler", "metrics")

SCALERS: Final[tuple[Callable[[str], dict[str, Any]], ...]] = (
    lambda name: autoscaler(name, name),
    lambda name: autoscaler(name, name, minimum=2, maximum=5, utilization=80),
    lambda name: autoscaler(name, name, behavior={"scaleDown": {"stabilizationWindowSeconds": 30}}),
    lambda name: autoscaler(name, name, minimum=None, utilization=None),
)
LEVELS: Final = ("100m", "50m", "45m", "55m", "0", "90m", "200m", "56m")
"""CPU in use, around the tolerance of a target of 50 % of 100m."""


@SCALING.operation(weight=5, needs=NEEDS)
def create_deployment(world: World, target: str, choice: int) -> Stimulus | None:
    """Something that can be scaled, of Pods that ask for 100m."""
    if world.view("Deployment", "default", target) is not None:
        return None
    template = pod(containers=[container(requests={"cpu": "100m"})])
    replicas = pick((1, 3, 4, 2, 0), choice)
    return stimulus("create", object=replica_set(target, replicas, template, "Deployment"))


@SCALING.operation(weight=5, needs=NEEDS)
def create_autoscaler(world: World, target: str, choice: int) -> Stimulus | None:
    """An autoscaler for it, which may come first."""
    if world.view("HorizontalPodAutoscaler", "default", target) is not None:
        return None
    return stimulus("create", object=pick(SCALERS, choice)(target))


@SCALING.operation(weight=10, needs=NEEDS)
def usage_changes(world: World, target: str, choice: int) -> Stimulus | None:
    """One of its Pods uses more or less, or has no sample."""
    pods = [
        known.view.key[2]
        for known in world.of_kind("Pod")
        if known.view.key[2].startswith(f"{target}-")
    ]
    if not pods:
        return None
    usage = None if choice > 245 else {"cpu": pick(LEVELS, choice // 4)}
    return stimulus("set-usage", namespace="default", pod=pick(pods, choice), usage=usage)


@SCALING.operation(weight=2, needs=NEEDS)
def scale_by_hand(world: World, target: str, choice: int) -> Stimulus | None:
    """Somebody scales it, to nothing too."""
    if world.view("Deployment", "default", target) is None:
        return None
    patch = {"spec": {"replicas": pick((2, 0, 12, 1), choice)}}
    return stimulus("patch", kind="Deployment", namespace="default", name=target, patch=patch)


@SCALING.operation(weight=1, needs=NEEDS)
def metrics_come_and_go(_: World, __: str, choice: int) -> Stimulus | None:
    """The metrics API is there or not."""
    return stimulus("set-metrics", available=choice % 3 != 0)


@SCALING.operation(weight=10, needs=NEEDS)
def sync_period_passes(_: World, __: str, choice: int) -> Stimulus | None:
    """One control loop or a stabilization window."""
    return stimulus("advance", seconds=pick((15, 30, 60, 180, 301), choice))
