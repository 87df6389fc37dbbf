"""Operations on Jobs: made, scaled, suspended and deleted, while their Pods end well, badly, or by hand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from spec_model.events import Stimulus, stimulus
from spec_model.objects import Pod
from spec_model.world import World
from strategies.jobs import failure_policies
from strategies.manifests import container, job, pod
from strategies.operations import Subject, pick

BATCH: Final = Subject("batch")
NEEDS: Final = ("jobs", "kubelet")

INDEXED: Final[dict[str, Any]] = {"completionMode": "Indexed"}
SLOW: Final = pod(policy="Never", terminationGracePeriodSeconds=25)
AGAIN: Final = pod(policy="OnFailure")
TWO: Final = pod(containers=[container("c"), container("d")], policy="Never")

SHAPES: Final[tuple[Callable[[str], dict[str, Any]], ...]] = (
    lambda name: job(name),
    lambda name: job(name, completions=3, parallelism=2),
    lambda name: job(name, parallelism=2),
    lambda name: job(name, SLOW, completions=2, parallelism=2, backoffLimit=0),
    lambda name: job(name, AGAIN, backoffLimit=2),
    lambda name: job(name, AGAIN, completions=2, parallelism=2, backoffLimit=1),
    lambda name: job(name, completions=3, parallelism=2, **INDEXED),
    lambda name: job(name, SLOW, activeDeadlineSeconds=40, completions=2),
    lambda name: job(name, SLOW, completions=2, podReplacementPolicy="Failed"),
    lambda name: job(name, ttlSecondsAfterFinished=15),
    lambda name: job(name, suspend=True, completions=2),
    lambda name: job(name, backoffLimit=1, **failure_policies()[1]),
    lambda name: job(name, backoffLimit=1, **failure_policies()[0]),
    lambda name: job(name, TWO, parallelism=3, backoffLimit=3),
    lambda name: job(name, completions=2, parallelism=0),
)
"""Jobs worth starting from, the plain ones first."""


def pods_of(world: World, kind: str, name: str) -> list[Pod]:
    """The Pods that an object of that kind and name controls, oldest first."""
    return [
        known.view
        for known in world.of_kind("Pod")
        for reference in known.manifest["metadata"].get("ownerReferences") or ()
        if reference.get("controller") and (reference["kind"], reference["name"]) == (kind, name)
    ]


@BATCH.operation(weight=7, needs=NEEDS)
def create_job(world: World, target: str, choice: int) -> Stimulus | None:
    """A new Job, where there is none of that name."""
    if world.view("Job", "default", target) is not None:
        return None
    made = pick(SHAPES, choice)(target)
    if world.profile.name == "documented" and made["spec"].keys() & TODAY:
        made = job(target, completions=2, parallelism=2)
    return stimulus("create", object=made)


TODAY: Final = frozenset(
    {
        *("completionMode", "podReplacementPolicy", "podFailurePolicy"),
        *("suspend", "ttlSecondsAfterFinished"),
    }
)
"""Fields that the source document does not know."""


@BATCH.operation(weight=14, needs=[*NEEDS, "container-exit"])
def worker_exits(world: World, target: str, choice: int) -> Stimulus | None:
    """A container of one of its Pods ends, well or badly."""
    found = [
        (pod.key[2], status.name)
        for pod in pods_of(world, "Job", target)
        for status in pod.statuses.values()
        if status.state == "running" and pod.deletion_timestamp is None
    ]
    if not found:
        return None
    name, of = pick(found, choice)
    code = pick((0, 1, 0, 42), choice // 8)
    return stimulus("exit", namespace="default", pod=name, container=of, exitCode=code)


@BATCH.operation(weight=3, needs=NEEDS)
def worker_is_deleted(world: World, target: str, choice: int) -> Stimulus | None:
    """Somebody deletes one of its Pods, ended or not."""
    found = pods_of(world, "Job", target)
    if not found:
        return None
    grace: dict[str, Any] = pick(({}, {}, {"gracePeriodSeconds": 0}), choice // 4)
    name = pick(found, choice).key[2]
    return stimulus("delete", kind="Pod", namespace="default", name=name, **grace)


@BATCH.operation(weight=2, needs=[*NEEDS, "stop-signals"])
def worker_takes_its_time(world: World, target: str, choice: int) -> Stimulus | None:
    """From now on a Pod of it is slow to end."""
    found = pods_of(world, "Job", target)
    if not found:
        return None
    manners: tuple[dict[str, Any], ...] = ({"seconds": None}, {"seconds": 9, "exitCode": 0})
    manner = pick(manners, choice // 4)
    where = {"namespace": "default", "pod": pick(found, choice).key[2], "container": "c"}
    return stimulus("set-stop", **where, **manner)


@BATCH.operation(weight=3, needs=NEEDS)
def change_job(world: World, target: str, choice: int) -> Stimulus | None:
    """Another parallelism, another limit, a deadline; suspended or resumed."""
    if world.view("Job", "default", target) is None:
        return None
    changes: tuple[dict[str, Any], ...] = (
        {"parallelism": 0},
        {"parallelism": 3},
        {"parallelism": 1},
        {"backoffLimit": 1},
        {"activeDeadlineSeconds": 30},
        {"suspend": True},
        {"suspend": False},
        {"suspend": False},
        {"ttlSecondsAfterFinished": 5},
        {"completions": 2, "parallelism": 2},
    )
    change = pick(changes, choice)
    if world.profile.name == "documented" and change.keys() & TODAY:
        return None
    patch = {"spec": change}
    return stimulus("patch", kind="Job", namespace="default", name=target, patch=patch)


@BATCH.operation(weight=2, needs=NEEDS)
def delete_job(world: World, target: str, _: int) -> Stimulus | None:
    """It is no longer wanted."""
    if world.view("Job", "default", target) is None:
        return None
    return stimulus("delete", kind="Job", namespace="default", name=target)


@BATCH.operation(weight=4, needs=NEEDS)
def a_retry_becomes_due(_: World, __: str, choice: int) -> Stimulus | None:
    """As long passes as a Job waits after failures, or a little less."""
    return stimulus("advance", seconds=pick((12, 22, 8, 42, 17, 90), choice))
