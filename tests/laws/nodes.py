"""Nodes and Pods with resources, and what is done to them, for traces made by hand."""

from __future__ import annotations

from typing import Any

from spec_model.events import Accepted, Act, Observation
from strategies.manifests import container
from tests.laws.traces import Judged, done, judged, pod, running, seen, status, terminated

MIB = 1024 * 1024
GIB = 1024 * MIB

GUARANTEED = container(limits={"cpu": "1", "memory": "1Gi"}, requests={"cpu": "1", "memory": "1Gi"})
ONE_GIB = container(requests={"memory": "1Gi"})
LIMITED = container(
    requests={"cpu": "200m", "memory": "32Mi"}, limits={"cpu": "500m", "memory": "64Mi"}
)


def node(memory: str = "8Gi", cpu: str = "4") -> Observation:
    """A Node of that capacity."""
    capacity = {"memory": memory, "cpu": cpu}
    metadata = {"name": "node-1", "uid": "node-1"}
    manifest = {"kind": "Node", "metadata": metadata, "status": {"capacity": capacity}}
    return seen(0, manifest, "ADDED")


def on_node(
    *containers: dict[str, Any], name: str = "a", qos: str = "Burstable", at: float = 0, **more: Any
) -> Observation:
    """A Pod all of whose containers run."""
    statuses = [runs(each["name"], name) for each in containers]
    spec = {"containers": list(containers)}
    manifest = pod(
        "Running", statuses, name=name, uid=f"uid-{name}", spec=spec, more={"qosClass": qos, **more}
    )
    return seen(at, manifest, "ADDED")


def runs(name: str, pod_name: str, number: int = 0, **more: Any) -> dict[str, Any]:
    """The status of a container that runs."""
    own = f"cri://{pod_name}-{name}-{number}"
    return status(name, running(), restarts=number, containerID=own, **more)


def killed(name: str, pod_name: str, reason: str = "OOMKilled", code: int = 137) -> dict[str, Any]:
    """The status of a container whose first run was killed."""
    own = f"cri://{pod_name}-{name}-0"
    state = terminated(code, reason=reason)
    state["terminated"]["containerID"] = own
    return status(name, state, containerID=own)


def inside(shown: dict[str, Any], name: str = "a", of: str = "c", at: float = 5) -> Act:
    """What was seen inside a container."""
    return done(at, "inspect", Accepted(shown), namespace="default", pod=name, container=of)


def burns(milli: int, of: str = "c", name: str = "a") -> Act:
    """A container is told to want CPU."""
    return done(4, "burn", namespace="default", pod=name, container=of, milli=milli)


def holds(size: int, of: str = "c", name: str = "a", at: float = 4) -> Act:
    """A container is told to hold memory."""
    return done(at, "allocate", namespace="default", pod=name, container=of, bytes=size)


def looked(shown: dict[str, Any], *containers: dict[str, Any], **more: Any) -> Judged:
    """One look into the container ``c`` of a Pod."""
    before = node(), on_node(*(containers or (container(),)), qos=more.pop("qos", "Burstable"))
    return judged(*before, inside(shown), **more)
