"""What a Job says of itself: counts, conditions, and the two steps of its end.

Source: JOB-004, 010, 012, 013; ``pkg/controller/job/job_controller.go``
(trackJobStatusAndRemoveFinalizers, enactJobFinished).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from conformance.adapters.simulator import meta
from conformance.adapters.simulator.controllers.workloads import job_pods
from conformance.adapters.simulator.controllers.workloads.job_plan import (
    COMPLETE,
    FAILED,
    INTERIM,
    Outcome,
    Plan,
    Tally,
)
from conformance.adapters.simulator.meta import Object

Status = dict[str, Any]

MESSAGES: Final[Mapping[str, str]] = {
    "CompletionsReached": "Reached expected number of succeeded pods",
    "BackoffLimitExceeded": "Job has reached the specified backoff limit",
    "DeadlineExceeded": "Job was active longer than specified deadline",
    "PodFailurePolicy": "A failed Pod matched FailJob rule of the podFailurePolicy",
}


def is_finished(job: Object) -> bool:
    """Complete or Failed."""
    return meta.is_true(job, COMPLETE) or meta.is_true(job, FAILED)


def finished_at(job: Object) -> float:
    """When a finished Job turned so, in seconds since 1970."""
    name = COMPLETE if meta.is_true(job, COMPLETE) else FAILED
    condition = meta.condition_of(job, name) or {}
    return meta.parse_time(condition["lastTransitionTime"])


def newly_failed(tally: Tally, made: Plan) -> list[Object]:
    """Pods to be counted as failed: all that had not ended, when the Job has failed."""
    found = [pod for pod in tally.new_failures() if tally.counts(pod)]
    if made.outcome is not None and made.outcome.condition == FAILED:
        found += [
            pod
            for pod in tally.fresh
            if job_pods.phase(pod) not in {"Succeeded", "Failed"}
            and not job_pods.failed(pod, tally.spec, tally.settings)
            and tally.has_place(pod)
            and tally.counts(pod)
        ]
    return found


def announced(tally: Tally, made: Plan, now: str) -> Status:
    """The first write of an end, and of Pods that are about to be counted."""
    status = started(tally, now)
    if made.outcome is not None and tally.settings.job_two_steps:
        status["conditions"] = with_outcome(
            status.get("conditions") or (), made.outcome, INTERIM[made.outcome.condition], now
        )
    uncounted = {
        "succeeded": [] if tally.indexed else list(map(meta.uid_of, tally.new_successes())),
        "failed": list(map(meta.uid_of, newly_failed(tally, made))),
    }
    status["uncountedTerminatedPods"] = {name: uids for name, uids in uncounted.items() if uids}
    return status


def counted(tally: Tally, made: Plan, now: str) -> Status:
    """The counts, once the Pods have been let go."""
    status = announced(tally, made, now)
    status["uncountedTerminatedPods"] = {}
    failed = int(status.get("failed") or 0) + len(newly_failed(tally, made))
    if tally.indexed:
        status["completedIndexes"] = job_pods.format_indexes(tally.done_indexes())
    counts = {"succeeded": tally.succeeded(), "failed": failed, "active": made.active}
    for name, count in counts.items():
        status[name] = count
        if not count:
            del status[name]
    doomed = set(map(meta.uid_of, made.doomed))
    status["ready"] = sum(
        meta.is_true(pod, "Ready") for pod in tally.working() if meta.uid_of(pod) not in doomed
    )
    if tally.settings.job_tracks_pods:
        status["terminating"] = tally.going() + len(doomed)
    return suspended(tally, made, status, now)


def started(tally: Tally, now: str) -> Status:
    """The status, with a start time unless the Job is suspended (JOB-010)."""
    status = {"conditions": [], **tally.status}
    if not status.get("startTime") and not tally.spec.get("suspend"):
        status["startTime"] = now
    return status


def suspended(tally: Tally, made: Plan, status: Status, now: str) -> Status:
    """The condition Suspended; who is resumed starts anew (JOB-010)."""
    if made.outcome is not None or meta.is_deleting(tally.job):
        return status
    was = meta.is_true(tally.job, "Suspended")
    if tally.spec.get("suspend"):
        said = condition("Suspended", "True", "JobSuspended", "Job suspended")
        status = rested(status)
    elif was:
        said = condition("Suspended", "False", "JobResumed", "Job resumed")
        status["startTime"] = resumed_at(status, now)
    else:
        return status
    return {**status, "conditions": meta.with_condition(status["conditions"], said, now)}


def rested(status: Status) -> Status:
    """A suspended Job has not started: no deadline runs (JOB-010)."""
    return {name: value for name, value in status.items() if name != "startTime"}


def resumed_at(_: Status, now: str) -> str:
    """When a resumed Job has started: now."""
    return now


def concluded(status: Status, made: Plan, tally: Tally, now: str) -> Status:
    """The last condition, when nobody is left that could still be counted (JOB-013)."""
    if made.outcome is None or not may_conclude(tally, made):
        return status
    conditions = with_outcome(status["conditions"], made.outcome, made.outcome.condition, now)
    done = {"completionTime": now} if made.outcome.condition == COMPLETE else {}
    return {**status, **done, "conditions": conditions}


def may_conclude(tally: Tally, made: Plan) -> bool:
    """Nobody is terminating any more; documented, nobody waits for that."""
    return not tally.settings.job_two_steps or not (made.doomed or tally.going())


def with_outcome(
    conditions: Sequence[Mapping[str, Any]], outcome: Outcome, name: str, now: str
) -> list[Mapping[str, Any]]:
    """The conditions with one more of the outcome; one that is there stays as it is."""
    if any(one["type"] == name for one in conditions):
        return list(conditions)
    said = condition(name, "True", outcome.reason, MESSAGES.get(outcome.reason, ""))
    return meta.with_condition(conditions, {**said, "lastProbeTime": now}, now)


def condition(name: str, status: str, reason: str, message: str) -> Object:
    """A condition without its times."""
    return {"type": name, "status": status, "reason": reason, "message": message}
