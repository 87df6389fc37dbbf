"""Nodes, Pods that wait for one and Pods that have one, for traces made by hand."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from spec_model.events import Event, Observation
from spec_model.resources.qos import qos_class
from tests.laws.traces import SCHEDULED, Judged, pod, seen, time_at

AREAS = ("SCHED-", "AFFINITY-", "EVICT-")


class Placed(Judged):
    """What the judge says of scheduling and eviction; that others speak of it, too, is left out."""

    @property
    def broken(self) -> set[str]:
        """The rules of these areas that are blamed."""
        return {rule for rule in super().broken if rule.startswith(AREAS)}


def judged(
    *events: Event, profile: str = "v1.36", clock: str = "virtual", until: float | None = None
) -> Placed:
    """Judges a trace whose observations come in the order of their versions."""
    return Placed(_versioned(events), profile, clock, until)


def _versioned(events: Iterable[Event]) -> Iterator[Event]:
    for version, event in enumerate(events, start=1):
        if isinstance(event, Observation):
            metadata = {**event.object["metadata"], "resourceVersion": str(version)}
            yield Observation(event.at, event.type, {**event.object, "metadata": metadata})
        else:
            yield event


SIZE = {"cpu": "2", "memory": "2Gi", "pods": "10"}


def node(
    name: str = "n0",
    at: float = 0,
    type: str = "ADDED",
    *,
    has: dict[str, str] | None = None,
    taints: list[dict[str, Any]] | None = None,
    conditions: list[dict[str, Any]] | None = None,
    **labels: str,
) -> Observation:
    """A Node that is ready."""
    size = SIZE if has is None else has
    ready = {"type": "Ready", "status": "True"}
    manifest = {
        "kind": "Node",
        "metadata": {"name": name, "uid": f"uid-{name}", "labels": labels},
        "spec": {"taints": taints or []},
        "status": {
            "allocatable": size,
            "capacity": size,
            "conditions": [ready, *(conditions or [])],
        },
    }
    return seen(at, manifest, type)


def manifest(
    name: str = "p",
    on: str = "",
    *,
    phase: str = "Pending",
    cpu: str | None = None,
    refused: str | None = None,
    metadata: dict[str, Any] | None = None,
    status: dict[str, Any] | None = None,
    **spec: Any,
) -> dict[str, Any]:
    """A Pod, on a node or ``refused`` with a message."""
    resources = {"resources": {"requests": {"cpu": cpu}}} if cpu is not None else {}
    told = [] if refused is None else [unschedulable(refused)]
    asked = {"containers": [{"name": "c", "image": "app:1", **resources}], **spec}
    return pod(
        phase,
        name=name,
        uid=f"uid-{name}",
        metadata=metadata,
        spec={"nodeName": on, **asked},
        more={
            "qosClass": qos_class(asked).value,
            "conditions": [SCHEDULED] if on else told,
            **(status or {}),
        },
    )


def unschedulable(message: str) -> dict[str, Any]:
    """The condition of a Pod that fits nowhere."""
    said = {"reason": "Unschedulable", "message": message}
    return {"type": "PodScheduled", "status": "False", **said}


def waits(name: str = "p", at: float = 1, **more: Any) -> Observation:
    """A Pod is new, and has no node."""
    created = {"creationTimestamp": time_at(at)}
    metadata = {**created, **more.pop("metadata", {})}
    return seen(at, manifest(name, metadata=metadata, **more), "ADDED")


def on(
    where: str, name: str = "p", at: float = 2, type: str = "MODIFIED", **more: Any
) -> Observation:
    """A Pod has a node."""
    return seen(at, manifest(name, where, **more), type)
