"""When a cluster has come to rest: nothing is on its way any more, and nothing was seen for a moment.

On a virtual clock an engine rests before it answers. A real one is waited for: only as long as
something is visibly on its way, and never longer than ``LIMIT``; what comes later is seen later.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

LIMIT: Final = 20.0
"""Seconds that a stimulus is waited for at the most."""

QUIET: Final = 0.8
"""Seconds without an event after which nothing more is expected at once; kubelets look once a second."""

PASSING: Final = frozenset({"", "ContainerCreating", "PodInitializing"})
"""Reasons for which a container waits but for a moment."""

Object = Mapping[str, Any]


def on_its_way(objects: Iterable[Object]) -> bool:
    """Whether something that was created is visibly unfinished."""
    return any(_MOVING[item["kind"]](item) for item in objects if item.get("kind") in _MOVING)


def _pod_moves(pod: Object) -> bool:
    spec, status = pod.get("spec") or {}, pod.get("status") or {}
    if status.get("phase") in ("Succeeded", "Failed"):
        return False
    if pod["metadata"].get("deletionTimestamp"):
        return False  # how long that takes is the scenario's business
    if not spec.get("nodeName"):
        return not _is_held_back(spec, status)
    apps = status.get("containerStatuses") or ()
    init = status.get("initContainerStatuses") or ()
    if not apps:
        return True
    if any(_has_begun(each) for each in apps):
        return any(_passes(each) for each in apps)
    return not any(_has_begun(each) or _is_stuck(each) for each in (*init, *apps))


def _is_held_back(spec: Object, status: Object) -> bool:
    if spec.get("schedulingGates"):
        return True
    return any(
        each.get("type") == "PodScheduled" and each.get("status") == "False"
        for each in status.get("conditions") or ()
    )


def _state(status: Object) -> tuple[str, str]:
    for name, state in (status.get("state") or {}).items():
        return name, (state or {}).get("reason") or ""
    return "waiting", ""


def _has_begun(status: Object) -> bool:
    return _state(status)[0] in ("running", "terminated") or bool(status.get("restartCount"))


def _passes(status: Object) -> bool:
    name, reason = _state(status)
    return name == "waiting" and reason in PASSING


def _is_stuck(status: Object) -> bool:
    name, reason = _state(status)
    return name == "waiting" and reason not in PASSING


def _workload_moves(item: Object) -> bool:
    """Whether its controller has not looked at it yet, or has Pods to make or to end."""
    status, generation = item.get("status") or {}, item["metadata"].get("generation") or 0
    if (status.get("observedGeneration") or 0) < generation:
        return True
    wanted = (item.get("spec") or {}).get("replicas")
    return wanted is not None and (status.get("replicas") or 0) != wanted


def _claim_moves(claim: Object) -> bool:
    return not (claim.get("status") or {}).get("phase")


_MOVING: Final = {
    "Pod": _pod_moves,
    "Deployment": _workload_moves,
    "ReplicaSet": _workload_moves,
    "ReplicationController": _workload_moves,
    "PersistentVolumeClaim": _claim_moves,
    "PersistentVolume": _claim_moves,
}
