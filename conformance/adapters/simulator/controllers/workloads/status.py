"""What a Deployment says about itself (DEPLOY-014).

Source: ``pkg/controller/deployment/sync.go`` (calculateStatus).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from conformance.adapters.simulator import meta
from conformance.adapters.simulator.controllers.workloads import progress, rollout
from conformance.adapters.simulator.controllers.workloads.progress import Moment
from conformance.adapters.simulator.controllers.workloads.replica_sets import Rollout
from conformance.adapters.simulator.controllers.workloads.replicas import is_terminating
from conformance.adapters.simulator.meta import Object


def deployment_status(
    found: Rollout, pods: Sequence[Object], moment: Moment, *, rolling: bool
) -> Object:
    """The counts of all ReplicaSets, and the conditions; progress is looked at only in a rollout."""
    deployment, sets = found.deployment, found.everything
    counts = counts_of(sets, found.new)
    before = deployment.get("status") or {}
    conditions = list(before.get("conditions") or [])
    conditions = _updated(conditions, _available(deployment, counts), moment)
    if progress.deadline_of(deployment) is None:
        conditions = [one for one in conditions if one["type"] != "Progressing"]
    elif rolling:
        reason = progress.reason_now(deployment, counts, moment)
        if reason is not None:
            conditions = progress.with_reason(conditions, reason, subject_of(found), moment)
    return {
        "observedGeneration": deployment["metadata"].get("generation", 1),
        **{name: count for name, count in counts.items() if count},
        **({"collisionCount": before["collisionCount"]} if "collisionCount" in before else {}),
        "terminatingReplicas": sum(map(is_terminating, pods)),
        "conditions": _with_failures(conditions, sets, moment),
    }


def subject_of(found: Rollout) -> str:
    """Whose progress it is."""
    if found.new is None:
        return f'Deployment "{meta.name_of(found.deployment)}"'
    return f'ReplicaSet "{meta.name_of(found.new)}"'


def counts_of(sets: Sequence[Object], new: Object | None) -> dict[str, int]:
    """The numbers of the status, those that are 0 included."""
    available = _sum(sets, "availableReplicas")
    return {
        "replicas": _sum(sets, "replicas"),
        "updatedReplicas": _sum([new] if new is not None else [], "replicas"),
        "readyReplicas": _sum(sets, "readyReplicas"),
        "availableReplicas": available,
        "unavailableReplicas": max(sum(map(rollout.replicas_of, sets)) - available, 0),
    }


def _sum(sets: Sequence[Object], count: str) -> int:
    return sum(int((one.get("status") or {}).get(count) or 0) for one in sets)


def _available(deployment: Object, counts: Mapping[str, int]) -> Mapping[str, Any]:
    least = rollout.replicas_of(deployment) - rollout.tolerated_unavailable(deployment)
    enough = counts["availableReplicas"] >= least
    has = "has" if enough else "does not have"
    return {
        "type": "Available",
        "status": str(enough),
        "reason": "MinimumReplicasAvailable" if enough else "MinimumReplicasUnavailable",
        "message": f"Deployment {has} minimum availability.",
    }


def _with_failures(
    conditions: Sequence[Mapping[str, Any]], sets: Sequence[Object], moment: Moment
) -> list[Mapping[str, Any]]:
    """What keeps a ReplicaSet from making Pods is the Deployment's failure too."""
    failure = next(filter(None, (meta.condition_of(one, "ReplicaFailure") for one in sets)), None)
    if failure is None:
        return [one for one in conditions if one["type"] != "ReplicaFailure"]
    told = {field: failure.get(field) for field in ("type", "status", "reason", "message")}
    return _updated(conditions, told, moment)


def _updated(
    conditions: Sequence[Mapping[str, Any]], new: Mapping[str, Any], moment: Moment
) -> list[Mapping[str, Any]]:
    """With lastUpdateTime, which moves with any change of the condition."""
    old = next((one for one in conditions if one["type"] == new["type"]), None)
    same = old is not None and all(old.get(field) == value for field, value in new.items())
    at = old["lastUpdateTime"] if old is not None and same else moment.text
    return meta.with_condition(conditions, {**new, "lastUpdateTime": at}, moment.text)
