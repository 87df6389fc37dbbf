"""The condition Progressing: what it says, since when, and when it has to be looked at again.

Source: DEPLOY-010, DEPLOY-013; ``pkg/controller/deployment/progress.go`` and ``checkPausedConditions``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from attrs import frozen

from conformance.adapters.simulator import meta
from conformance.adapters.simulator.controllers.workloads import rollout
from conformance.adapters.simulator.meta import Object

NO_DEADLINE: Final = 2**31 - 1

AVAILABLE: Final = "NewReplicaSetAvailable"
UPDATED: Final = "ReplicaSetUpdated"
CREATED: Final = "NewReplicaSetCreated"
FOUND: Final = "FoundNewReplicaSet"
TIMED_OUT: Final = "ProgressDeadlineExceeded"
PAUSED: Final = "DeploymentPaused"
RESUMED: Final = "DeploymentResumed"
NOT_CREATED: Final = "ReplicaSetCreateError"

STATUS: Final[Mapping[str, str]] = {
    TIMED_OUT: "False",
    NOT_CREATED: "False",
    PAUSED: "Unknown",
    RESUMED: "Unknown",
}
"""What the condition says for these reasons; for all others it is True."""

TEXT: Final[Mapping[str, str]] = {
    AVAILABLE: "{} has successfully progressed.",
    UPDATED: "{} is progressing.",
    TIMED_OUT: "{} has timed out progressing.",
    PAUSED: "Deployment is paused",
    RESUMED: "Deployment is resumed",
    CREATED: "Created new replica set {}",
    FOUND: "Found new replica set {}",
    NOT_CREATED: "Failed to create new replica set {}",
}

Conditions = Sequence[Mapping[str, Any]]


@frozen
class Moment:
    """Now, as the API writes it and in seconds since 1970."""

    text: str
    seconds: float


def deadline_of(deployment: Object) -> int | None:
    """Seconds without progress that are too many; None where nobody counts them."""
    given = deployment["spec"].get("progressDeadlineSeconds")
    return None if given is None or given == NO_DEADLINE else int(given)


def current(deployment: Object) -> Mapping[str, Any]:
    """The condition as it stands, empty where there is none."""
    return meta.condition_of(deployment, "Progressing") or {}


def saying(reason: str, subject: str = "") -> Mapping[str, Any]:
    """The condition for that reason."""
    return {
        "type": "Progressing",
        "status": STATUS.get(reason, "True"),
        "reason": reason,
        "message": TEXT[reason].format(subject),
    }


def pause_reason(deployment: Object) -> str | None:
    """What a pause, or its end, makes of the condition; None where it stays (DEPLOY-010).

    A rollout that was given up keeps saying so.
    """
    reason = current(deployment).get("reason")
    if deadline_of(deployment) is None or reason == TIMED_OUT:
        return None
    if deployment["spec"].get("paused"):
        return None if reason == PAUSED else PAUSED
    return RESUMED if reason == PAUSED else None


def reason_now(deployment: Object, counts: Mapping[str, int], moment: Moment) -> str | None:
    """What the condition is to say after these counts; None where it stays as it is (DEPLOY-013)."""
    reason = current(deployment).get("reason")
    if counts["replicas"] == counts["updatedReplicas"] and reason == AVAILABLE:
        return None  # a rollout that was complete is not begun again by scaling
    if is_complete(deployment, counts):
        return AVAILABLE
    if has_progressed(deployment.get("status") or {}, counts):
        return UPDATED
    return TIMED_OUT if is_overdue(deployment, moment) else None


def is_complete(deployment: Object, counts: Mapping[str, int]) -> bool:
    """Everything there is, is new and available (DEPLOY-014)."""
    wanted = rollout.replicas_of(deployment)
    whole = ("replicas", "updatedReplicas", "availableReplicas")
    return all(counts[count] == wanted for count in whole)


def has_progressed(before: Mapping[str, Any], counts: Mapping[str, int]) -> bool:
    """New Pods came, became ready or available, or old ones went."""

    def old(of: Mapping[str, Any]) -> int:
        return int(of.get("replicas") or 0) - int(of.get("updatedReplicas") or 0)

    grown = ("updatedReplicas", "readyReplicas", "availableReplicas")
    return old(counts) < old(before) or any(
        counts[count] > int(before.get(count) or 0) for count in grown
    )


def is_overdue(deployment: Object, moment: Moment) -> bool:
    """Nothing has happened for longer than the deadline."""
    deadline, condition = deadline_of(deployment), current(deployment)
    if deadline is None or not condition or condition["reason"] == AVAILABLE:
        return False
    since = meta.parse_time(condition["lastUpdateTime"])
    return condition["reason"] == TIMED_OUT or since + deadline < moment.seconds


def next_look(deployment: Object) -> float | None:
    """Seconds since 1970 at which the deadline will have passed; None where nothing is waited for."""
    deadline, condition = deadline_of(deployment), current(deployment)
    if deadline is None or condition.get("reason") in {None, AVAILABLE, TIMED_OUT, PAUSED}:
        return None
    return meta.parse_time(condition["lastUpdateTime"]) + deadline + 1


def with_reason(conditions: Conditions, reason: str, subject: str, moment: Moment) -> list[Any]:
    """The conditions with this one in; said again, only a sign of progress moves lastUpdateTime."""
    said = saying(reason, subject)
    before = next((one for one in conditions if one["type"] == "Progressing"), None)
    if before is not None and reason != UPDATED:
        same = all(before.get(field) == said[field] for field in ("status", "reason"))
        if same:
            return list(conditions)
    return list(
        meta.with_condition(conditions, {**said, "lastUpdateTime": moment.text}, moment.text)
    )
