"""ConfigMaps, and Pods that refer to them, for traces made by hand."""

from __future__ import annotations

from typing import Any

from spec_model.events import Observation
from strategies.manifests import config_map, container, from_key, mount
from tests.laws.traces import pod, running, seen, status, time_at, waiting

VOLUMES: list[dict[str, Any]] = [{"name": "cfg", "configMap": {"name": "cfg"}}]


def cfg(at: float, type: str = "MODIFIED", born: float | None = None, **data: str) -> Observation:
    """The ConfigMap cfg; ADDED it is new."""
    created = at if born is None and type == "ADDED" else born or 0
    metadata = {"uid": "cfg", "creationTimestamp": time_at(created)}
    return seen(at, config_map(data=data, metadata=metadata), type)


def needs_key(**more: Any) -> dict[str, Any]:
    """A container with a variable from the key k."""
    return container(env=[from_key("K", "cfg", "k", **more)])


def mounts_it(sub_path: str | None = None) -> dict[str, Any]:
    """A container that shows the ConfigMap at /c."""
    return container(volumeMounts=[mount("cfg", "/c", sub_path)])


def runs(at: float, of: dict[str, Any], since: float, number: int = 0, **more: Any) -> Observation:
    """The Pod with this container, which runs since then."""
    shown = status("c", running(since), restarts=number, containerID=f"cri://c-{number}")
    spec = {"containers": [of], "volumes": VOLUMES if "volumeMounts" in of else []}
    manifest = pod("Running", [shown], spec=spec, more={"startTime": time_at(0)}, **more)
    return seen(at, manifest, "ADDED" if number == 0 else "MODIFIED")


def waits(
    at: float, of: dict[str, Any], reason: str, message: str = "", type: str = "MODIFIED"
) -> Observation:
    """The Pod with this container, which waits."""
    spec = {"containers": [of], "volumes": VOLUMES if "volumeMounts" in of else []}
    shown = status("c", waiting(reason, message))
    return seen(at, pod("Pending", [shown], spec=spec, more={"startTime": time_at(0)}), type)
