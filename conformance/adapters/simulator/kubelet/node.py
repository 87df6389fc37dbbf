"""The Node object as its kubelet keeps it: size and conditions (GC-004 looks at Ready)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from conformance.adapters.simulator import meta

DEFAULT_SIZE: Final[Mapping[str, str]] = {"cpu": "4", "memory": "8Gi", "pods": "110"}

CONDITIONS: Final = (
    ("MemoryPressure", "False", "KubeletHasSufficientMemory"),
    ("DiskPressure", "False", "KubeletHasNoDiskPressure"),
    ("PIDPressure", "False", "KubeletHasSufficientPID"),
)


def ready(problem: str) -> meta.Object:
    """The condition Ready; a kubelet that has something against its node says what (REASON-002)."""
    if problem:
        return {"type": "Ready", "status": "False", "reason": "KubeletNotReady", "message": problem}
    message = "kubelet is posting ready status"
    return {"type": "Ready", "status": "True", "reason": "KubeletReady", "message": message}


def node_status(
    node: Mapping[str, Any], now: str, address: str, runtime: str, problem: str
) -> meta.Object:
    """The Node with the status that its kubelet gives it; a size that is given is kept."""
    old = node.get("status") or {}
    conditions = list(old.get("conditions") or ())
    for type_, status, reason in CONDITIONS:
        made = {"type": type_, "status": status, "reason": reason}
        conditions = meta.with_condition(conditions, made, now)
    conditions = meta.with_condition(conditions, ready(problem), now)
    capacity = old.get("capacity") or old.get("allocatable") or dict(DEFAULT_SIZE)
    allocatable = old.get("allocatable") or capacity
    return meta.with_status(
        node,
        capacity=capacity,
        allocatable=allocatable,
        conditions=conditions,
        addresses=[{"type": "InternalIP", "address": address}],
        nodeInfo={"containerRuntimeVersion": f"{runtime}://1.0"},
    )
