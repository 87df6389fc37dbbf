"""Jobs and DaemonSets with their Pods and nodes, made by hand."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from tests.laws.traces import pod, status, terminated, time_at

TRACKING = "batch.kubernetes.io/job-tracking"
INDEX = "batch.kubernetes.io/job-completion-index"
TROUBLES = (
    *(("not-ready", "NoExecute"), ("unreachable", "NoExecute")),
    *(("disk-pressure", "NoSchedule"), ("memory-pressure", "NoSchedule")),
    *(("pid-pressure", "NoSchedule"), ("unschedulable", "NoSchedule")),
)


def job(
    *true: str, since: float = 0.0, reason: str = "CompletionsReached", **more: Any
) -> dict[str, Any]:
    """The Job ``j`` with these conditions; ``spec`` and ``status`` are laid over what is usual."""
    spec, shown = more.pop("spec", {}), more.pop("status", {})
    at = time_at(since)
    conditions = [
        {"type": each, "status": "True", "reason": reason, "lastTransitionTime": at}
        for each in true
    ]
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {
            "name": "j",
            "namespace": "default",
            "uid": "uid-j",
            "generation": 1,
            "creationTimestamp": time_at(0),
            **more,
        },
        "spec": {
            "completions": 1,
            "parallelism": 1,
            "backoffLimit": 6,
            "template": {"spec": {"restartPolicy": "Never"}},
            **spec,
        },
        "status": {
            "startTime": time_at(0),
            **({"conditions": conditions} if conditions else {}),
            **shown,
        },
    }


def owned(kind: str, name: str) -> dict[str, Any]:
    """The owner reference of a controller."""
    return {"kind": kind, "name": name, "uid": f"uid-{name}", "controller": True}


def worker(
    name: str = "j-1",
    phase: str = "Running",
    *,
    created: float = 0.0,
    ended: float | None = None,
    tracked: bool = True,
    index: int | None = None,
    spec: dict[str, Any] | None = None,
    **metadata: Any,
) -> dict[str, Any]:
    """A Pod of the Job ``j``; one that is over has ended then."""
    marks = {} if index is None else {INDEX: str(index)}
    code = 0 if phase == "Succeeded" else 1
    statuses = [] if ended is None else [status("c", terminated(code, finished=ended))]
    return pod(
        phase,
        statuses,
        name=name,
        uid=f"uid-{name}",
        policy="Never",
        created=created,
        metadata={
            "ownerReferences": [owned("Job", "j")],
            **({"finalizers": [TRACKING]} if tracked else {}),
            **({"annotations": marks, "labels": marks} if marks else {}),
            **metadata,
        },
        spec=spec,
    )


def marks(at: float, grace: int) -> dict[str, Any]:
    """What a delete with that grace period writes into the metadata of a Pod."""
    return {
        "deletionTimestamp": time_at(at + grace),
        "deletionGracePeriodSeconds": grace,
        "generation": 2,
    }


def node(name: str = "node-1", *taints: tuple[str, str], **labels: str) -> dict[str, Any]:
    """A Node with these taints, by key and effect."""
    listed = [{"key": key, "effect": effect} for key, effect in taints]
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {
            "name": name,
            "uid": f"uid-{name}",
            "labels": labels,
            "creationTimestamp": time_at(0),
        },
        "spec": {"taints": listed} if listed else {},
        "status": {"conditions": [{"type": "Ready", "status": "True"}]},
    }


def daemons(image: str = "app:1", **more: Any) -> dict[str, Any]:
    """The DaemonSet ``d``; ``spec``, ``status`` and ``template`` are laid over what is usual."""
    spec, shown, template = (more.pop(each, {}) for each in ("spec", "status", "template"))
    inner = {
        "restartPolicy": "Always",
        "containers": [{"name": "c", "image": image}],
        **template,
    }
    return {
        "apiVersion": "apps/v1",
        "kind": "DaemonSet",
        "metadata": {
            "name": "d",
            "namespace": "default",
            "uid": "uid-d",
            "generation": 1,
            "creationTimestamp": time_at(0),
            **more,
        },
        "spec": {
            "updateStrategy": {"type": "RollingUpdate"},
            "template": {"spec": inner},
            **spec,
        },
        "status": {"observedGeneration": 1, **shown},
    }


def pinned(name: str) -> dict[str, Any]:
    """The affinity that the controller gives a daemon Pod."""
    field = {"key": "metadata.name", "operator": "In", "values": [name]}
    terms = {"nodeSelectorTerms": [{"matchFields": [field]}]}
    return {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": terms}}


def daemon(
    name: str = "d-1",
    phase: str = "Running",
    *,
    on: str = "node-1",
    image: str = "app:1",
    ready: bool = True,
    bound: bool = True,
    created: float = 0.0,
    troubles: Iterable[tuple[str, str]] = TROUBLES,
    spec: dict[str, Any] | None = None,
    **metadata: Any,
) -> dict[str, Any]:
    """A Pod of the DaemonSet ``d`` for a node, ready since it was created."""
    tolerations = [
        {"key": f"node.kubernetes.io/{key}", "operator": "Exists", "effect": effect}
        for key, effect in troubles
    ]
    shown = {"type": "Ready", "status": str(ready), "lastTransitionTime": time_at(created)}
    return pod(
        phase,
        name=name,
        uid=f"uid-{name}",
        created=created,
        metadata={"ownerReferences": [owned("DaemonSet", "d")], **metadata},
        spec={
            "nodeName": on if bound else "",
            "containers": [{"name": "c", "image": image}],
            "affinity": pinned(on),
            "tolerations": tolerations,
            **(spec or {}),
        },
        more={"conditions": [{"type": "PodScheduled", "status": "True"}, shown]},
    )
