"""Operations on how Pods end: grace periods, hooks, and what containers do when asked to end."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from spec_model.events import Stimulus, stimulus
from spec_model.world import World
from strategies.manifests import container, pod
from strategies.operations import Subject, pick

ENDINGS: Final = Subject("endings")

HOOKED: Final[dict[str, Any]] = {"lifecycle": {"preStop": {"exec": {"command": ["true"]}}}}
ASLEEP: Final[dict[str, Any]] = {"lifecycle": {"preStop": {"sleep": {"seconds": 3}}}}
HELD: Final[dict[str, Any]] = {"finalizers": ["example.com/hold"]}

SHAPES: Final[tuple[Callable[[str], dict[str, Any]], ...]] = (
    lambda name: pod(name, metadata=HELD),
    lambda name: pod(name, [container(**HOOKED)], metadata=HELD, terminationGracePeriodSeconds=10),
    lambda name: pod(name, [container("c", **HOOKED), container("d")], policy="OnFailure"),
    lambda name: pod(name, [container("c", **ASLEEP), container("d")], policy="Never"),
    lambda name: pod(name, init=[container("s", restartPolicy="Always", **HOOKED)]),
    lambda name: pod(
        name, init=[container(each, restartPolicy="Always") for each in ("s", "t")], policy="Never"
    ),
    lambda name: pod(name, terminationGracePeriodSeconds=0),
    lambda name: pod(name, terminationGracePeriodSeconds=-1),
)
MANNERS: Final[tuple[dict[str, Any], ...]] = (
    {"seconds": None},
    {"seconds": 5, "exitCode": 3},
    {"seconds": 0},
    {"seconds": 1, "exitCode": 0},
    {"seconds": 12, "exitCode": 1},
    {"seconds": 0, "exitCode": 0},
)
DURATIONS: Final = (None, 4, 0, 1.5, 9, 31)


@ENDINGS.operation(weight=4)
def create_pod_that_ends_slowly(world: World, target: str, choice: int) -> Stimulus | None:
    """A Pod with hooks, sidecars, a finalizer or an unusual grace period."""
    if world.view("Pod", "default", target) is not None:
        return None
    return stimulus("create", object=pick(SHAPES, choice)(target))


@ENDINGS.operation(weight=4, needs=["stop-signals"])
def container_takes_term(_: World, target: str, choice: int) -> Stimulus | None:
    """From now on a container ignores SIGTERM, takes its time, or does not know what to do with it."""
    name = pick("cds", choice)
    manner = pick(MANNERS, choice // 3)
    return stimulus("set-stop", namespace="default", pod=target, container=name, **manner)


@ENDINGS.operation(weight=2, needs=["hooks"])
def hook_takes_time(_: World, target: str, choice: int) -> Stimulus | None:
    """From now on a preStop hook takes a while, or for ever."""
    return stimulus(
        "set-hook",
        namespace="default",
        pod=target,
        container=pick("cs", choice),
        hook="preStop",
        seconds=pick(DURATIONS, choice // 2),
    )


@ENDINGS.operation(weight=2)
def delete_again(world: World, target: str, choice: int) -> Stimulus | None:
    """A Pod that is ending is deleted once more."""
    found = world.view("Pod", "default", target)
    if found is None or found.deletion_timestamp is None:
        return None
    grace = pick((3, 20, 0, 1, 60), choice)
    return stimulus(
        "delete", kind="Pod", namespace="default", name=target, gracePeriodSeconds=grace
    )


@ENDINGS.operation(weight=2)
def let_go(world: World, target: str, _: int) -> Stimulus | None:
    """Whoever held a Pod by a finalizer lets it go."""
    found = world.view("Pod", "default", target)
    if found is None or not found.manifest["metadata"].get("finalizers"):
        return None
    patch = {"metadata": {"finalizers": None}}
    return stimulus("patch", kind="Pod", namespace="default", name=target, patch=patch)
