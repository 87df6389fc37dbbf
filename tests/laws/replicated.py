"""Workloads and their Pods as a watch shows them, for traces made by hand."""

from __future__ import annotations

from typing import Any

from spec_model.events import Accepted, Act, Event, Observation
from tests.laws.traces import Judged, done, judged, pod, running, seen, status, time_at

LABELS = {"app": "web"}
TOLERATIONS = [
    {"key": f"node.kubernetes.io/{key}", "effect": "NoExecute", "tolerationSeconds": 300}
    for key in ("not-ready", "unreachable")
]
BEGIN: Act = done(0, "create", Accepted(), object={"kind": "ConfigMap", "metadata": {"name": "x"}})
"""From here on a tester acts, so that nobody else does."""


def workload(
    wanted: int = 1,
    /,
    *,
    kind: str = "ReplicaSet",
    name: str = "web",
    image: str = "app:1",
    generation: int = 1,
    metadata: dict[str, Any] | None = None,
    conditions: list[dict[str, Any]] | None = None,
    spec: dict[str, Any] | None = None,
    **counts: Any,
) -> dict[str, Any]:
    """A workload; ``counts`` go to its status."""
    plain = kind == "ReplicationController"
    return {
        "apiVersion": "v1" if plain else "apps/v1",
        "kind": kind,
        "metadata": {
            "name": name,
            "namespace": "default",
            "uid": f"uid-{name}",
            "generation": generation,
            "creationTimestamp": time_at(0),
            **(metadata or {}),
        },
        "spec": {
            "replicas": wanted,
            "selector": LABELS if plain else {"matchLabels": LABELS},
            "template": {
                "metadata": {"labels": LABELS},
                "spec": {"containers": [{"name": "c", "image": image}]},
            },
            **(spec or {}),
        },
        "status": {
            "replicas": 0,
            "observedGeneration": generation,
            **counts,
            **({"conditions": conditions} if conditions else {}),
        },
    }


def owned_by(name: str, kind: str = "ReplicaSet") -> dict[str, Any]:
    """The metadata of a Pod that a workload controls."""
    reference = {"kind": kind, "name": name, "uid": f"uid-{name}", "controller": True}
    return {"labels": LABELS, "ownerReferences": [reference]}


def member(
    name: str,
    phase: str = "Running",
    *,
    owner: str | None = "web",
    kind: str = "ReplicaSet",
    ready: float | None = 0.0,
    going: float | None = None,
    labels: dict[str, str] | None = None,
    created: float = 0.0,
    node: str = "node-1",
    restarts: int = 0,
    annotations: dict[str, str] | None = None,
    image: str = "app:1",
    uid: str = "",
    more: dict[str, Any] | None = None,
    spec: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """A Pod of a workload, Ready since then, or not."""
    metadata: dict[str, Any] = {"labels": LABELS} if owner is None else owned_by(owner, kind)
    if labels is not None:
        metadata = {**metadata, "labels": labels}
    if annotations:
        metadata = {**metadata, "annotations": annotations}
    if going is not None:
        metadata = {
            **metadata,
            "deletionTimestamp": time_at(going + 30),
            "deletionGracePeriodSeconds": 30,
        }
    is_ready = ready is not None and phase == "Running"
    since = {"lastTransitionTime": time_at(ready or 0.0)}
    told = {"PodScheduled": bool(node), "Initialized": phase != "Pending"}
    told |= {"ContainersReady": is_ready, "Ready": is_ready}
    conditions = [{"type": each, "status": str(holds), **since} for each, holds in told.items()]
    statuses = [status("c", running(created), restarts=restarts)] if phase == "Running" else []
    for each in statuses:
        each["ready"] = is_ready
    return pod(
        phase,
        statuses,
        name=name,
        uid=uid or f"uid-{name}",
        created=created,
        metadata=metadata,
        spec={
            "nodeName": node,
            "containers": [{"name": "c", "image": image}],
            "tolerations": TOLERATIONS,
            **(spec or {}),
        },
        more={"conditions": conditions, **(more or {})},
    )


def added(at: float, manifest: dict[str, Any]) -> Observation:
    """It comes into being."""
    return seen(at, manifest, "ADDED")


def gone(at: float, manifest: dict[str, Any]) -> Observation:
    """It is there no more."""
    return seen(at, manifest, "DELETED")


def told(at: float, reason: str, about: dict[str, Any], message: str = "") -> Observation:
    """An Event about an object."""
    metadata = about["metadata"]
    return seen(
        at,
        {
            "kind": "Event",
            "metadata": {"name": f"{metadata['name']}.{reason}.{at}", "namespace": "default"},
            "involvedObject": {
                "kind": about["kind"],
                "name": metadata["name"],
                "namespace": metadata.get("namespace", ""),
                "uid": metadata.get("uid", ""),
            },
            "reason": reason,
            "message": message,
            "count": 1,
            "firstTimestamp": time_at(at),
            "lastTimestamp": time_at(at),
        },
        "ADDED",
    )


def deletes(at: float, kind: str, name: str, **more: Any) -> Act:
    """The tester deletes an object."""
    return done(at, "delete", Accepted(), kind=kind, namespace="default", name=name, **more)


def play(*events: Event, **more: Any) -> Judged:
    """``judged``, with versions in the order of the events, whatever the order in which they were made."""
    return judged(
        *(
            seen(event.at, dict(event.object), event.type)
            if isinstance(event, Observation)
            else event
            for event in events
        ),
        **more,
    )
