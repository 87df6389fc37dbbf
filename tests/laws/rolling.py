"""Deployments and their ReplicaSets as a watch shows them, for traces made by hand."""

from __future__ import annotations

from typing import Any

from tests.laws import traces
from tests.laws.traces import Judged, done, time_at

POSTS = {"maxSurge": 1, "maxUnavailable": 0}
ROLLING = {"type": "RollingUpdate", "rollingUpdate": POSTS}
RECREATE = {"type": "Recreate"}
WRITTEN = done(0, "create", object={"kind": "ConfigMap", "metadata": {"name": "x"}})
"""Somebody's write is in the trace: whoever else writes is then not a person."""


def seen(at: float, manifest: dict[str, Any], type: str = "MODIFIED") -> tuple[Any, ...]:
    """What a watch shows; it gets its version when the whole trace is put together."""
    return at, manifest, type


def judged(*events: Any, **given: Any) -> Judged:
    """What the judge says of a trace, each object of it newer than the one before."""
    whole = [traces.seen(*event) if isinstance(event, tuple) else event for event in events]
    return traces.judged(*whole, **given)


def deployment(
    image: str = "app:1",
    wanted: int = 3,
    *,
    generation: int = 1,
    observed: int | None = None,
    revision: str = "1",
    strategy: dict[str, Any] | None = None,
    conditions: tuple[tuple[str, str, str, float], ...] = (),
    annotations: dict[str, str] | None = None,
    spec: dict[str, Any] | None = None,
    **status: Any,
) -> dict[str, Any]:
    """A Deployment ``d``; conditions as type, status, reason and lastUpdateTime."""
    listed = [
        {"type": type_, "status": said, "reason": reason, "lastUpdateTime": time_at(at)}
        for type_, said, reason, at in conditions
    ]
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {
            "name": "d",
            "namespace": "default",
            "uid": "uid-d",
            "generation": generation,
            "creationTimestamp": time_at(0),
            "annotations": {"deployment.kubernetes.io/revision": revision, **(annotations or {})},
        },
        "spec": {
            "replicas": wanted,
            "selector": {"matchLabels": {"app": "d"}},
            "strategy": strategy or ROLLING,
            "revisionHistoryLimit": 1,
            "progressDeadlineSeconds": 60,
            "template": template(image),
            **(spec or {}),
        },
        "status": {
            "observedGeneration": generation if observed is None else observed,
            "conditions": listed,
            **status,
        },
    }


def template(image: str, **labels: str) -> dict[str, Any]:
    """What Pods are made of."""
    containers = [{"name": "c", "image": image}]
    return {"metadata": {"labels": {"app": "d", **labels}}, "spec": {"containers": containers}}


def replica_set(
    number: int,
    size: int,
    available: int | None = None,
    *,
    desired: int = 3,
    most: int | None = None,
    revision: int | None = None,
    image: str | None = None,
    made: float | None = None,
    history: str = "",
) -> dict[str, Any]:
    """The ReplicaSet of the image ``app:NUMBER``; all of it available unless said otherwise."""
    shown = size if available is None else available
    noted = {
        "deployment.kubernetes.io/desired-replicas": str(desired),
        "deployment.kubernetes.io/max-replicas": str(desired + 1 if most is None else most),
        "deployment.kubernetes.io/revision": str(number if revision is None else revision),
    }
    if history:
        noted["deployment.kubernetes.io/revision-history"] = history
    labels = {"pod-template-hash": f"h{number}"}
    owner = {"kind": "Deployment", "name": "d", "uid": "uid-d", "controller": True}
    return {
        "apiVersion": "apps/v1",
        "kind": "ReplicaSet",
        "metadata": {
            "name": f"d-h{number}",
            "namespace": "default",
            "uid": f"uid-{number}",
            "generation": 1,
            "creationTimestamp": time_at(number if made is None else made),
            "labels": {"app": "d", **labels},
            "annotations": noted,
            "ownerReferences": [owner],
        },
        "spec": {
            "replicas": size,
            "selector": {"matchLabels": {"app": "d", **labels}},
            "template": template(image or f"app:{number}", **labels),
        },
        "status": {"replicas": shown, "availableReplicas": shown},
    }


def rolling(image: str = "app:2", **given: Any) -> list[Any]:
    """A Deployment of three, all of the first template, that has just got another one."""
    whole = {"replicas": 3, "updatedReplicas": 3, "availableReplicas": 3}
    return [
        WRITTEN,
        seen(0, deployment(**{**given, **whole}), "ADDED"),
        seen(1, replica_set(1, 3), "ADDED"),
        seen(20, deployment(image, generation=2, **{**given, **whole, "updatedReplicas": 0})),
    ]
