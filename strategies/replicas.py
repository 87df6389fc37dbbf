"""Replicated Pods: what controls them, what is wrong with it, and who of them goes first."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, Final, Protocol

from hypothesis import strategies as st

from spec_model.workloads.ownership import controller_of
from spec_model.world import World
from strategies.manifests import Manifest, container, pod, replica_set
from strategies.once import among, once
from strategies.probes import probe, probed

COST: Final = "controller.kubernetes.io/pod-deletion-cost"

kinds: Final = st.sampled_from(["ReplicaSet", "ReplicationController"])

REDIS_SLAVE: Final = replica_set(
    "redis-slave",
    2,
    pod(containers=[container("slave", "kubeguide/guestbook-redis-slave:latest")]),
    "ReplicationController",
)
"""What the source document scales by hand."""


class Watching(Protocol):
    """Whoever has a judged world."""

    world: World


def owned(run: Watching, owner: str = "") -> list[str]:
    """The names of the Pods that exist and have a controller, of that name where one is given."""
    return [
        known.view.key[2]
        for known in run.world.of_kind("Pod")
        if (name := controller_of(known.manifest).get("name")) and owner in ("", name)
    ]


def labelled(name: str, *, metadata: Manifest | None = None, **labels: str) -> Manifest:
    """A Pod with labels, which nobody owns."""
    return pod(name, metadata={"labels": labels, **(metadata or {})})


def selector_of(kind: str, labels: Manifest) -> Manifest:
    """The selector that wants these labels."""
    return labels if kind == "ReplicationController" else {"matchLabels": labels}


def probed_template() -> Manifest:
    """A Pod whose readiness can be chosen."""
    return pod(containers=[probed("c", readiness=probe(period=5, failure=1))])


def quota(pods: int) -> Manifest:
    """A ResourceQuota of so many Pods."""
    return {
        "apiVersion": "v1",
        "kind": "ResourceQuota",
        "metadata": {"name": "q", "namespace": "default"},
        "spec": {"hard": {"pods": str(pods)}},
    }


def unfit(kind: str) -> Manifest:
    """A workload that wants fewer Pods than none."""
    return replica_set("unfit", -1, kind=kind)


# -- What the API must refuse ------------------------------------------------------------------------


def of_kind(kind: str, **spec: Any) -> Manifest:
    """A workload of that kind; None takes a field of its spec away."""
    made = replica_set("r", 1, kind=kind)
    if kind == "DaemonSet":
        del made["spec"]["replicas"]
    elif kind == "StatefulSet":
        made["spec"]["serviceName"] = "r"
    changed = {**made["spec"], **spec}
    made["spec"] = {field: value for field, value in changed.items() if value is not None}
    return made


def with_deadlines() -> Iterator[Manifest]:
    """Workloads whose Pods would come to an end by themselves."""
    for kind in ("ReplicationController", "ReplicaSet", "Deployment", "DaemonSet", "StatefulSet"):
        made = of_kind(kind)
        made["spec"]["template"]["spec"] = {
            **made["spec"]["template"]["spec"],
            "activeDeadlineSeconds": 30,
        }
        yield made


def with_wrong_selectors() -> Iterator[Manifest]:
    """Workloads without a selector, with an empty one, or with one that matches something else."""
    other = {"app": "other"}
    for kind in ("ReplicationController", "ReplicaSet", "Deployment", "DaemonSet", "StatefulSet"):
        yield of_kind(kind, selector=selector_of(kind, other))
        if kind != "ReplicationController":
            yield of_kind(kind, selector={})
    for kind in ("ReplicaSet", "Deployment"):
        yield of_kind(kind, selector=None)
        exists = {"key": "tier", "operator": "Exists"}
        yield of_kind(kind, selector={"matchExpressions": [exists]})
    yield of_kind("ReplicationController", selector=None, template={"spec": pod()["spec"]})


# -- Who goes first ----------------------------------------------------------------------------------

NOW: Final = 1_715_557_600
AGES: Final = (0, 1, 40, 60, 1000, 1050, 100_000)


def _time(age: int) -> str:
    return datetime.fromtimestamp(NOW - age, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@once
@st.composite
def _candidates(draw: st.DrawFn, index: int) -> Manifest:
    """One Pod of any state."""
    annotations = draw(st.sampled_from([{}, {}, {COST: "-3"}, {COST: "10"}, {COST: "+1"}]))
    conditions = draw(st.sampled_from([[], ["True"], ["True"], ["False"]]))
    restarts = draw(among(0, 0, 1, 4))
    return {
        "metadata": {
            "name": f"p{index}",
            "uid": f"uid-{9 - index}",
            "creationTimestamp": _time(draw(among(*AGES))),
            "annotations": annotations,
        },
        "spec": {"nodeName": draw(among("n1", "n1", "n2", "")), "containers": []},
        "status": {
            "phase": draw(among("Running", "Running", "Pending", "Unknown")),
            "conditions": [
                {
                    "type": "Ready",
                    "status": status,
                    "lastTransitionTime": _time(draw(among(*AGES))),
                }
                for status in conditions
            ],
            "containerStatuses": [{"name": "c", "restartCount": restarts}],
        },
    }


@once
@st.composite
def _twins(draw: st.DrawFn) -> tuple[Manifest, Manifest]:
    """Two Pods that differ in nothing but their restarts, or their ages."""
    one = draw(_candidates(0))
    differ = draw(among("restarts", "ages"))
    restarts = draw(among((0, 2), (3, 1))) if differ == "restarts" else (1, 1)
    ages = draw(among((40, 60), (1000, 1050), (60, 1), (0, 100_000)))
    names = {"name": "p1", "uid": "uid-8"}
    return (
        _varied(one, {}, restarts[0], ages[0]),
        _varied(one, names, restarts[1], ages[1] if differ == "ages" else ages[0]),
    )


def _varied(pod: Manifest, names: Manifest, restarts: int, age: int) -> Manifest:
    metadata = {**pod["metadata"], **names, "creationTimestamp": _time(age)}
    statuses = [{"name": "c", "restartCount": restarts}]
    return {**pod, "metadata": metadata, "status": {**pod["status"], "containerStatuses": statuses}}


@once
def deletion_questions() -> st.SearchStrategy[dict[str, Any]]:
    """Arguments of ``replicaset.deletion_order``: two Pods, so that the order is one whatever the sort."""
    pairs = st.tuples(_candidates(0), _candidates(1)) | _twins()
    return pairs.map(lambda pods: {"now": _time(0), "pods": list(pods)})
