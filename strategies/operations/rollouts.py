"""Operations on Deployments in every state of a rollout, and on what is beside them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from spec_model.events import Manifest, Stimulus, stimulus
from spec_model.objects import Pod
from spec_model.world import World
from strategies.operations import Subject, pick
from strategies.rollouts import NEVER_READY, deployment, new_image, rolled, stuck

ROLLOUTS: Final = Subject("rollouts")
NEEDS: Final = ("workloads",)

SHAPES: Final[tuple[Callable[[str], dict[str, Any]], ...]] = (
    lambda name: deployment(name, 3, grace=2),
    lambda name: deployment(name, 2, surge=1, unavailable=0, grace=1),
    lambda name: deployment(name, 3, surge=0, unavailable=1, minReadySeconds=4),
    lambda name: deployment(name, 2, strategy={"type": "Recreate"}, grace=5),
    lambda name: deployment(name, 4, surge="50%", unavailable="25%", revisionHistoryLimit=1),
    lambda name: deployment(name, 2, progressDeadlineSeconds=20, revisionHistoryLimit=0),
    lambda name: deployment(name, 0),
    lambda name: deployment(name, 2, paused=True),
)
"""Deployments worth starting from, the plain ones first."""

TEMPLATES: Final[tuple[Manifest, ...]] = (
    new_image("app:2"),
    stuck("app:9"),
    new_image("app:1"),
    new_image("app:3"),
    stuck("app:8"),
)
SETTINGS: Final[tuple[Manifest, ...]] = (
    {"strategy": {"type": "Recreate", "rollingUpdate": None}},
    {"strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 2}}},
    {"strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 0, "maxSurge": 1}}},
    {"minReadySeconds": 3},
    {"minReadySeconds": 0},
    {"revisionHistoryLimit": 1},
    {"progressDeadlineSeconds": 15},
    {"strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 0, "maxUnavailable": 0}}},
)
"""What may be edited of a Deployment beside its template; the last is refused."""


def _patched(world: World, name: str, patch: Manifest, kind: str = "Deployment") -> Stimulus | None:
    if world.view(kind, "default", name) is None:
        return None
    return stimulus("patch", kind=kind, namespace="default", name=name, patch=patch)


def _children(world: World, name: str) -> list[Any]:
    """The ReplicaSets of a Deployment, by their names."""
    return [
        known.view
        for known in world.of_kind("ReplicaSet")
        if known.view["metadata"]["name"].startswith(f"{name}-")
    ]


def _pods(world: World, name: str) -> list[Pod]:
    """The Pods of its ReplicaSets."""
    owners = {each["metadata"]["uid"] for each in _children(world, name)}
    return [
        known.view
        for known in world.of_kind("Pod")
        for reference in known.manifest["metadata"].get("ownerReferences") or ()
        if reference.get("uid") in owners
    ]


@ROLLOUTS.operation(weight=6, needs=NEEDS)
def create_rollout(world: World, target: str, choice: int) -> Stimulus | None:
    """A Deployment."""
    if world.view("Deployment", "default", target) is not None:
        return None
    return stimulus("create", object=pick(SHAPES, choice)(target))


@ROLLOUTS.operation(weight=12, needs=NEEDS)
def template_changes(world: World, target: str, choice: int) -> Stimulus | None:
    """Another image, a hopeless one, or one that there was before."""
    return _patched(world, target, pick(TEMPLATES, choice))


@ROLLOUTS.operation(weight=6, needs=NEEDS)
def replicas_change(world: World, target: str, choice: int) -> Stimulus | None:
    """More, fewer, none."""
    return _patched(world, target, {"spec": {"replicas": pick((3, 1, 5, 0, 2), choice)}})


@ROLLOUTS.operation(weight=3, needs=NEEDS)
def settings_change(world: World, target: str, choice: int) -> Stimulus | None:
    """Another strategy, other fence posts, deadlines and histories."""
    return _patched(world, target, {"spec": pick(SETTINGS, choice)})


@ROLLOUTS.operation(weight=4, needs=NEEDS)
def rollout_pauses(world: World, target: str, _: int) -> Stimulus | None:
    """It is paused, or goes on."""
    found = world.view("Deployment", "default", target)
    if found is None:
        return None
    return _patched(world, target, {"spec": {"paused": not found["spec"].get("paused")}})


@ROLLOUTS.operation(weight=4, needs=[*NEEDS, "kubectl-rollout"])
def rollout_is_undone(world: World, target: str, choice: int) -> Stimulus | None:
    """Back to the one before, or to a revision."""
    if world.view("Deployment", "default", target) is None:
        return None
    revision = pick((0, 0, 1, 2, 3), choice)
    given = {"toRevision": revision} if revision else {}
    return stimulus("rollout-undo", namespace="default", name=target, **given)


@ROLLOUTS.operation(weight=1, needs=NEEDS)
def rollback_is_asked_for(world: World, target: str, choice: int) -> Stimulus | None:
    """By the annotation of the old API."""
    noted = {"deprecated.deployment.rollback.to": str(pick((0, 1, 7), choice))}
    return _patched(world, target, {"metadata": {"annotations": noted}})


@ROLLOUTS.operation(weight=6, needs=[*NEEDS, "probes"])
def readiness_turns(world: World, target: str, choice: int) -> Stimulus | None:
    """One of its Pods gets ready, or no longer is, where it has a probe."""
    probed = [
        pod.key[2]
        for pod in _pods(world, target)
        if "readinessProbe" in pod.spec.containers[0].manifest
    ]
    if not probed:
        return None
    where = {"namespace": "default", "pod": pick(probed, choice), "container": "c"}
    return stimulus("set-probe", **where, probe="readiness", answer=pick((0, 0, 1), choice // 8))


@ROLLOUTS.operation(weight=3, needs=[*NEEDS, "container-exit"])
def rollout_pod_fails(world: World, target: str, choice: int) -> Stimulus | None:
    """A container of one of its Pods ends."""
    running = [
        pod.key[2]
        for pod in _pods(world, target)
        if any(each.state == "running" for each in pod.statuses.values())
        and pod.deletion_timestamp is None
    ]
    if not running:
        return None
    name = pick(running, choice)
    return stimulus("exit", namespace="default", pod=name, container="c", exitCode=1)


@ROLLOUTS.operation(weight=2, needs=NEEDS)
def rollout_pod_goes(world: World, target: str, choice: int) -> Stimulus | None:
    """Somebody deletes one of its Pods."""
    pods = _pods(world, target)
    if not pods:
        return None
    name = pick(pods, choice).key[2]
    return stimulus("delete", kind="Pod", namespace="default", name=name)


@ROLLOUTS.operation(weight=2, needs=NEEDS)
def replica_set_is_edited(world: World, target: str, choice: int) -> Stimulus | None:
    """Somebody scales one of its ReplicaSets, or deletes it."""
    children = _children(world, target)
    if not children:
        return None
    name = pick(children, choice)["metadata"]["name"]
    if choice % 4 == 3:
        return stimulus("delete", kind="ReplicaSet", namespace="default", name=name)
    patch = {"spec": {"replicas": pick((0, 1, 3), choice // 4)}}
    return _patched(world, name, patch, "ReplicaSet")


@ROLLOUTS.operation(weight=1, needs=NEEDS)
def an_old_copy_is_written(world: World, target: str, choice: int) -> Stimulus | None:
    """Somebody writes a Deployment as it was before: a conflict, or a change that is lost."""
    found = world.view("Deployment", "default", target)
    if found is None:
        return None
    version = "1" if choice % 2 else found["metadata"]["resourceVersion"]
    metadata = {**found["metadata"], "resourceVersion": version}
    spec = {**found["spec"], "replicas": choice % 4}
    return stimulus("replace", object={**found, "metadata": metadata, "spec": spec})


@ROLLOUTS.operation(weight=1, needs=NEEDS)
def delete_rollout(world: World, target: str, _: int) -> Stimulus | None:
    """It goes, and all that is its own."""
    if world.view("Deployment", "default", target) is None:
        return None
    return stimulus("delete", kind="Deployment", namespace="default", name=target)


OF_CONTROLLERS: Final = (*NEEDS, "kubectl-rolling-update")


@ROLLOUTS.operation(weight=2, needs=OF_CONTROLLERS)
def create_controller(world: World, target: str, choice: int) -> Stimulus | None:
    """A ReplicationController, all by itself."""
    if len(world.of_kind("ReplicationController")) > 1 or world.view(
        "ReplicationController", "default", f"old-{target}"
    ):
        return None
    made = rolled(f"old-{target}", 1 + choice % 3)
    for labels in (made["spec"]["selector"], made["spec"]["template"]["metadata"]["labels"]):
        labels["app"] = f"rolled-{target}"
    return stimulus("create", object=made)


@ROLLOUTS.operation(weight=3, needs=OF_CONTROLLERS)
def controller_is_replaced(world: World, target: str, choice: int) -> Stimulus | None:
    """By another, by one of another image, or the other way round."""
    if world.view("ReplicationController", "default", f"old-{target}") is None:
        return None
    given: dict[str, Any] = {"namespace": "default", "name": f"old-{target}"}
    if choice % 4 == 3:
        return stimulus("rolling-update", **given, newName=f"new-{target}", rollback=True)
    if choice % 4 == 2:
        return stimulus("rolling-update", **given, image=f"app:{2 + choice % 3}")
    never = NEVER_READY if choice % 16 == 5 else {}
    made = rolled(f"new-{target}", 1 + choice // 4 % 3, "app:2", "2", **never)
    for labels in (made["spec"]["selector"], made["spec"]["template"]["metadata"]["labels"]):
        labels["app"] = f"rolled-{target}"
    return stimulus("rolling-update", **given, object=made)
