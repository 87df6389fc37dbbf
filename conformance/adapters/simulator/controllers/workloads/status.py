"""What a Deployment says about itself (DEPLOY-014).

Source: ``pkg/controller/deployment/sync.go`` (calculateStatus), ``progress.go``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from conformance.adapters.simulator import meta
from conformance.adapters.simulator.controllers.workloads import rollout
from conformance.adapters.simulator.controllers.workloads.replicas import is_terminating
from conformance.adapters.simulator.meta import Object


def deployment_status(
    deployment: Object,
    new: Object | None,
    old: Sequence[Object],
    pods: Sequence[Object],
    now: str,
) -> Object:
    """The counts of all ReplicaSets, and the conditions."""
    everything = [*old, *([new] if new is not None else [])]
    available = _sum(everything, "availableReplicas")
    counts = {
        "replicas": _sum(everything, "replicas"),
        "updatedReplicas": _sum([new] if new is not None else [], "replicas"),
        "readyReplicas": _sum(everything, "readyReplicas"),
        "availableReplicas": available,
        "unavailableReplicas": max(sum(map(rollout.replicas_of, everything)) - available, 0),
    }
    before = (deployment.get("status") or {}).get("conditions") or []
    conditions = _updated(before, _available(deployment, available), now)
    conditions = _updated(conditions, _progressing(deployment, new, counts), now)
    return {
        "observedGeneration": deployment["metadata"].get("generation", 1),
        **{name: count for name, count in counts.items() if count},
        "terminatingReplicas": sum(map(is_terminating, pods)),
        "conditions": conditions,
    }


def _sum(sets: Sequence[Object], count: str) -> int:
    return sum(int((one.get("status") or {}).get(count) or 0) for one in sets)


def _available(deployment: Object, available: int) -> Mapping[str, Any]:
    enough = available >= rollout.replicas_of(deployment) - rollout.tolerated_unavailable(
        deployment
    )
    has = "has" if enough else "does not have"
    return {
        "type": "Available",
        "status": str(enough),
        "reason": "MinimumReplicasAvailable" if enough else "MinimumReplicasUnavailable",
        "message": f"Deployment {has} minimum availability.",
    }


def _progressing(
    deployment: Object, new: Object | None, counts: Mapping[str, int]
) -> Mapping[str, Any]:
    name = f'ReplicaSet "{meta.name_of(new)}"' if new is not None else "Deployment"
    if deployment["spec"].get("paused"):
        return _progress("Unknown", "DeploymentPaused", "Deployment is paused")
    wanted = rollout.replicas_of(deployment)
    whole = ("replicas", "updatedReplicas", "availableReplicas")
    if all(counts[count] == wanted for count in whole):
        return _progress("True", "NewReplicaSetAvailable", f"{name} has successfully progressed.")
    return _progress("True", "ReplicaSetUpdated", f"{name} is progressing.")


def _progress(status: str, reason: str, message: str) -> Mapping[str, Any]:
    return {"type": "Progressing", "status": status, "reason": reason, "message": message}


def _updated(
    conditions: Sequence[Mapping[str, Any]], new: Mapping[str, Any], now: str
) -> list[Mapping[str, Any]]:
    """With lastUpdateTime, which moves with any change of the condition."""
    old = next((one for one in conditions if one["type"] == new["type"]), None)
    same = old is not None and all(old.get(field) == value for field, value in new.items())
    at = old["lastUpdateTime"] if old is not None and same else now
    return meta.with_condition(conditions, {**new, "lastUpdateTime": at}, now)
