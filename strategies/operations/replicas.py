"""Operations on workloads that keep so many Pods, on their Pods, and on who belongs to whom."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from spec_model.events import Stimulus, stimulus
from spec_model.objects import Pod
from spec_model.workloads.ownership import controller_of
from spec_model.world import World
from strategies.manifests import Manifest, container, pod, replica_set
from strategies.operations import Subject, pick
from strategies.replicas import COST, labelled, probed_template
from strategies.stateful import ON_DELETE, rolling, stateful_set

REPLICAS: Final = Subject("replicas")
NEEDS: Final = ("workloads",)
OF_SETS: Final = ("statefulsets",)

KINDS: Final = ("ReplicaSet", "ReplicationController")
SETS: Final = "StatefulSet"
OWNERS: Final = (*KINDS, SETS)

TEMPLATES: Final[tuple[Callable[[], Manifest], ...]] = (
    lambda: pod(),
    probed_template,
    lambda: pod(containers=[container(requests={"cpu": "1500m"})]),
    lambda: pod(tolerations=[{"operator": "Exists", "tolerationSeconds": 20}]),
    lambda: pod(priorityClassName="none"),
)
STRATEGIES: Final = (None, rolling(), rolling(1), ON_DELETE)


def _workload(world: World, target: str, choice: int, kinds: tuple[str, ...] = OWNERS) -> Any:
    """One of the workloads of that name, as it was last seen."""
    found = [world.view(kind, "default", target) for kind in kinds]
    there = [each for each in found if each is not None]
    return pick(there, choice) if there else None


def _pods(world: World, target: str) -> list[Pod]:
    """The Pods that a workload of that name owns."""
    return [
        known.view
        for known in world.of_kind("Pod")
        if controller_of(known.manifest).get("name") == target
    ]


def _patch(workload: Any, spec: Manifest, **more: Any) -> Stimulus:
    where = {"kind": workload["kind"], "namespace": "default", "name": workload["metadata"]["name"]}
    return stimulus("patch", **where, patch={"spec": spec}, **more)


@REPLICAS.operation(weight=6, needs=NEEDS)
def create_replicas(world: World, target: str, choice: int) -> Stimulus | None:
    """A ReplicaSet or a ReplicationController; its Pods may already be there."""
    kind = pick(KINDS, choice)
    if world.view(kind, "default", target) is not None:
        return None
    made = replica_set(
        target, pick((2, 1, 3, 0), choice // 2), pick(TEMPLATES, choice // 8)(), kind
    )
    made["spec"]["minReadySeconds"] = pick((0, 0, 10), choice // 40)
    return stimulus("create", object=made)


@REPLICAS.operation(weight=6, needs=OF_SETS)
def create_set(world: World, target: str, choice: int) -> Stimulus | None:
    """A StatefulSet."""
    if world.view(SETS, "default", target) is not None:
        return None
    made = stateful_set(
        target,
        pick((2, 3, 1, 0), choice),
        pick(TEMPLATES[:4], choice // 4)(),
        updateStrategy=pick(STRATEGIES, choice // 16),
        podManagementPolicy=pick(("OrderedReady", "Parallel"), choice // 64),
    )
    return stimulus("create", object=made)


@REPLICAS.operation(weight=8, needs=NEEDS)
def scale(world: World, target: str, choice: int) -> Stimulus | None:
    """Somebody wants another number of Pods, by the subresource or by the spec."""
    found = _workload(world, target, choice)
    more = {"subresource": "scale"} if choice % 2 else {}
    return found and _patch(found, {"replicas": pick((1, 3, 0, 2, 4), choice // 3)}, **more)


@REPLICAS.operation(weight=4, needs=NEEDS)
def template_changes(world: World, target: str, choice: int) -> Stimulus | None:
    """The template of a workload is another one from now on, or again the one before."""
    found = _workload(world, target, choice)
    if found is None:
        return None
    kept = found["spec"]["template"]["spec"]["containers"]
    containers = [{**each, "image": pick(("app:2", "app:1"), choice // 3)} for each in kept]
    return _patch(found, {"template": {"spec": {"containers": containers}}})


@REPLICAS.operation(weight=2, needs=OF_SETS)
def partition_changes(world: World, target: str, choice: int) -> Stimulus | None:
    """An update goes further, or less far, or only where Pods are deleted."""
    found = _workload(world, target, choice, (SETS,))
    return found and _patch(found, {"updateStrategy": pick(STRATEGIES[1:], choice)})


@REPLICAS.operation(weight=2, needs=NEEDS)
def delete_workload(world: World, target: str, choice: int) -> Stimulus | None:
    """A workload is deleted, and its Pods go after it."""
    found = _workload(world, target, choice)
    where = {"namespace": "default", "name": target}
    return found and stimulus("delete", kind=found["kind"], **where)


@REPLICAS.operation(weight=3, needs=NEEDS)
def create_orphan(world: World, target: str, choice: int) -> Stimulus | None:
    """A Pod that a workload of that name would own."""
    name = f"{target}-{pick(('x', '0', '5'), choice)}"
    if world.view("Pod", "default", name) is not None:
        return None
    return stimulus("create", object=labelled(name, app=target))


@REPLICAS.operation(weight=4, needs=NEEDS)
def relabel_pod(world: World, target: str, choice: int) -> Stimulus | None:
    """A Pod of a workload gets the label of another one, or of none."""
    pods = _pods(world, target)
    if not pods:
        return None
    patch = {"metadata": {"labels": {"app": pick("abcd", choice // 4)}}}
    name = pick(pods, choice).key[2]
    return stimulus("patch", kind="Pod", namespace="default", name=name, patch=patch)


@REPLICAS.operation(weight=2, needs=NEEDS)
def cost_changes(world: World, target: str, choice: int) -> Stimulus | None:
    """A Pod becomes dear or cheap to lose."""
    pods = _pods(world, target)
    if not pods:
        return None
    patch = {"metadata": {"annotations": {COST: str(pick((-10, 10, 0), choice // 4))}}}
    name = pick(pods, choice).key[2]
    return stimulus("patch", kind="Pod", namespace="default", name=name, patch=patch)


@REPLICAS.operation(weight=6, needs=NEEDS)
def delete_replica(world: World, target: str, choice: int) -> Stimulus | None:
    """One of the Pods of a workload is deleted, now and then at once."""
    pods = _pods(world, target)
    if not pods:
        return None
    grace: dict[str, Any] = {"gracePeriodSeconds": 0} if choice % 5 == 4 else {}
    name = pick(pods, choice // 5).key[2]
    return stimulus("delete", kind="Pod", namespace="default", name=name, **grace)


@REPLICAS.operation(weight=3, needs=[*NEEDS, "container-exit"])
def replica_exits(world: World, target: str, choice: int) -> Stimulus | None:
    """A container of one of the Pods of a workload ends."""
    pods = [pod for pod in _pods(world, target) if pod.deletion_timestamp is None]
    running = [
        (pod.key[2], name)
        for pod in pods
        for name, status in pod.statuses.items()
        if status.state == "running"
    ]
    if not running:
        return None
    name, of = pick(running, choice)
    return stimulus("exit", namespace="default", pod=name, container=of, exitCode=choice % 2)


@REPLICAS.operation(weight=4, needs=[*NEEDS, "probes"])
def replica_answers(world: World, target: str, choice: int) -> Stimulus | None:
    """One of the Pods of a workload is ready from now on, or not."""
    pods = [pod for pod in _pods(world, target) if pod.spec.containers[0].probes]
    if not pods:
        return None
    given = {"container": "c", "probe": "readiness", "answer": choice % 2}
    return stimulus("set-probe", namespace="default", pod=pick(pods, choice // 2).key[2], **given)


@REPLICAS.operation(weight=3, needs=[*NEEDS, "stop-signals"])
def replica_takes_term(world: World, target: str, choice: int) -> Stimulus | None:
    """One of the Pods of a workload will take its time to end."""
    pods = _pods(world, target)
    if not pods:
        return None
    manner: dict[str, Any] = pick(({"seconds": 12, "exitCode": 0}, {"seconds": None}), choice // 8)
    where = {"namespace": "default", "pod": pick(pods, choice).key[2], "container": "c"}
    return stimulus("set-stop", **where, **manner)
