"""One sync of a Job: what the controller creates, deletes and says, seeing these Pods at this moment.

After ``syncJob`` and ``trackJobStatusAndRemoveFinalizers`` of ``pkg/controller/job/job_controller.go``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from attrs import frozen

from spec_model.events import Manifest
from spec_model.pod.termination import OVER
from spec_model.profiles import V1_36, Profile
from spec_model.rules import Decision
from spec_model.workloads import job_pods, jobs
from spec_model.workloads.jobs import Failures


@frozen
class Finish:
    """Why a Job is over: as Complete or Failed, by which reason, and by which rule."""

    condition: str
    reason: str
    because: str

    @property
    def interim(self) -> str:
        """The condition that says so before the Pods are gone (JOB-013)."""
        return "SuccessCriteriaMet" if self.condition == "Complete" else "FailureTarget"


@frozen
class Synced:
    """What one sync comes to; a part is the value and the rule that decided it."""

    finish: Finish | None
    over: bool
    active: Decision[int]
    succeeded: Decision[int]
    failed: Decision[int]
    created: Decision[int]
    deleted: Decision[int]


@frozen
class Counted:
    """A Job and its Pods, counted."""

    spec: Manifest
    status: Manifest
    pods: Sequence[Manifest]
    active: Sequence[Manifest]
    succeeded: int
    failed: int
    indexes: frozenset[int]  # that have succeeded


def counted(
    spec: Manifest, status: Manifest, pods: Sequence[Manifest], profile: Profile
) -> Counted:
    """The Job with what its Pods add to its status, none of them counted before."""
    indexes = _succeeded_indexes(spec, status, pods) if _indexed(spec, profile) else frozenset()
    succeeded = (status.get("succeeded") or 0) + sum(
        job_pods.phase_of(pod) == "Succeeded" for pod in pods
    )
    failed = (status.get("failed") or 0) + sum(
        job_pods.has_failed(pod, spec, profile) and _counts(spec, pod, profile) for pod in pods
    )
    return Counted(
        spec,
        status,
        pods,
        [pod for pod in pods if job_pods.is_active(pod)],
        len(indexes) if _indexed(spec, profile) else succeeded,
        failed,
        indexes,
    )


def synced(
    spec: Manifest, status: Manifest, pods: Sequence[Manifest], now: float, profile: Profile = V1_36
) -> Synced:
    """What one sync does.

    Args:
        spec: of the Job, its defaults filled in.
        status: of the Job, before.
        pods: the Job's own, none of them counted in its status yet.
        now: seconds since 1970.
        profile: what differs is the limit, the delay, the steps of its end and who has failed.
    """
    job = counted(spec, status, pods, profile)
    finish = given_up(job, now, profile)
    if finish is not None:
        return _ended(job, finish, profile)
    active, created, deleted = _managed(job, now, profile)
    complete = jobs.is_complete(spec, active.value, job.succeeded)
    if complete.value:
        finish = Finish("Complete", "CompletionsReached", complete.because)
    return Synced(
        finish,
        finish is not None and _is_over(job, deleted.value, profile),
        active,
        Decision(job.succeeded, jobs.type_rule(spec)),
        Decision(job.failed, "JOB-011" if profile.job.counts_deleted else "JOB-008"),
        created,
        deleted,
    )


def given_up(job: Counted, now: float, profile: Profile) -> Finish | None:
    """Why a Job fails, if it does: by its policy, its limit or its deadline, in that order."""
    if _condition(job.status, "SuccessCriteriaMet") is not None:
        return Finish("Complete", "CompletionsReached", jobs.type_rule(job.spec))
    known = _condition(job.status, "FailureTarget")
    if known is not None:
        return Finish("Failed", known.get("reason", ""), "JOB-013")
    policy = job.spec.get("podFailurePolicy")
    if policy is not None and any(
        jobs.failure_verdict(policy, pod).value.fails_job
        for pod in job.pods
        if job_pods.has_failed(pod, job.spec, profile)
    ):
        return Finish("Failed", "PodFailurePolicy", "JOB-008")
    limit = jobs.exceeds_limit(job.spec, job.failed, job.pods, profile)
    if limit.value:
        return Finish("Failed", "BackoffLimitExceeded", limit.because)
    deadline = jobs.deadline_of(job.spec, job.status)
    if deadline.value is not None and now >= deadline.value:
        return Finish("Failed", "DeadlineExceeded", deadline.because)
    return None


def _ended(job: Counted, finish: Finish, profile: Profile) -> Synced:
    """A Job that is over deletes who is active; if it failed, they have failed with it."""
    active, none = len(job.active), Decision(0, finish.because)
    failed = job.failed
    if finish.condition == "Failed":
        failed += sum(
            _counts(job.spec, pod, profile)
            for pod in job.pods
            if job_pods.phase_of(pod) not in OVER
            and not job_pods.has_failed(pod, job.spec, profile)
        )
    return Synced(
        finish,
        _is_over(job, active, profile),
        none,
        Decision(job.succeeded, jobs.type_rule(job.spec)),
        Decision(failed, finish.because),
        none,
        Decision(active, finish.because),
    )


def _is_over(job: Counted, deleted: int, profile: Profile) -> bool:
    """Whether the last condition can be written already: nobody is terminating (JOB-013)."""
    if not profile.job.two_steps:
        return True
    return not deleted and not any(map(job_pods.is_terminating, job.pods))


def _managed(
    job: Counted, now: float, profile: Profile
) -> tuple[Decision[int], Decision[int], Decision[int]]:
    """Who is active afterwards, how many are created, and how many deleted."""
    active, none = len(job.active), Decision(0, jobs.type_rule(job.spec))
    if job.spec.get("suspend"):
        return Decision(0, "JOB-010"), none, Decision(active, "JOB-010")
    wanted = jobs.wanted_active(job.spec, active, job.succeeded)
    deleted = max(active - wanted.value, _misplaced(job, profile))
    if deleted:
        return Decision(active - deleted, wanted.because), none, Decision(deleted, wanted.because)
    lacking = wanted.value - active - _held_up(job)
    if lacking <= 0:
        return Decision(active, wanted.because), none, none
    if _waits(job, now, profile):
        return Decision(0, "JOB-009"), Decision(0, "JOB-009"), none
    created = Decision(len(_new_indexes(job, lacking, profile)), wanted.because)
    return Decision(active + created.value, wanted.because), created, none


def _held_up(job: Counted) -> int:
    """Pods whose places are taken until they have really failed (JOB-011)."""
    if not job_pods.replaces_failed_only(job.spec):
        return 0
    return sum(map(job_pods.is_terminating, job.pods))


def _waits(job: Counted, now: float, profile: Profile) -> bool:
    """Whether the delay after failures is not over; with a limit for each index there is none."""
    if job.spec.get("backoffLimitPerIndex") is not None:
        return False
    counted = [pod for pod in job.pods if _is_counted_index(job.spec, pod, profile)]
    good = [pod for pod in counted if job_pods.phase_of(pod) == "Succeeded"]
    bad = [pod for pod in counted if job_pods.has_failed(pod, job.spec, profile)]
    ends = (map(job_pods.finished_at, pods) for pods in (good, bad))
    failures = jobs.failures_after(Failures(), *ends).value
    return jobs.remaining_delay(failures, now, profile).value > 0


def _new_indexes(job: Counted, lacking: int, profile: Profile) -> Sequence[int]:
    completions = jobs.completions_of(job.spec)
    if not _indexed(job.spec, profile) or completions is None:
        return range(lacking)
    taken = {index for pod in job.active if (index := job_pods.index_of(pod)) is not None}
    return job_pods.missing_indexes(lacking, completions, frozenset(taken | job.indexes))


def _misplaced(job: Counted, profile: Profile) -> int:
    """Active Pods of an Indexed Job whose index is none, or is another's already."""
    if not _indexed(job.spec, profile):
        return 0
    indexes = [job_pods.index_of(pod) for pod in job.active]
    rightful = {index for index in indexes if index is not None and _is_index(job.spec, index)}
    return len(indexes) - len(rightful)


# -- Indexes -------------------------------------------------------------------------------------------


def _indexed(spec: Manifest, profile: Profile) -> bool:
    return job_pods.is_indexed(spec, profile)


def _is_index(spec: Manifest, index: int | None) -> bool:
    return index is not None and index < (jobs.completions_of(spec) or 0)


def _is_counted_index(spec: Manifest, pod: Manifest, profile: Profile) -> bool:
    return not _indexed(spec, profile) or _is_index(spec, job_pods.index_of(pod))


def _counts(spec: Manifest, pod: Manifest, profile: Profile) -> bool:
    """Whether the failure of a Pod is counted."""
    policy = spec.get("podFailurePolicy")
    return _is_counted_index(spec, pod, profile) and (
        policy is None or jobs.failure_verdict(policy, pod).value.counts
    )


def _succeeded_indexes(
    spec: Manifest, status: Manifest, pods: Sequence[Manifest]
) -> frozenset[int]:
    new = {job_pods.index_of(pod) for pod in pods if job_pods.phase_of(pod) == "Succeeded"}
    known = job_pods.indexes_in(status.get("completedIndexes") or "")
    return frozenset(
        index for index in {*known, *new} if index is not None and _is_index(spec, index)
    )


def _condition(status: Manifest, type_: str) -> Manifest | None:
    for condition in status.get("conditions") or ():
        if condition.get("type") == type_ and condition.get("status") == "True":
            found: Mapping[str, Any] = condition
            return found
    return None


def true_conditions(
    status: Manifest, done: Synced, spec: Manifest, profile: Profile = V1_36
) -> list[str]:
    """The types of the conditions that are True afterwards, in the order they came (JOB-013)."""
    true = [each["type"] for each in status.get("conditions") or () if each["status"] == "True"]
    if done.finish is not None:
        new = [done.finish.interim] if profile.job.two_steps else []
        new += [done.finish.condition] if done.over else []
    else:
        new = ["Suspended"] if spec.get("suspend") else []
        true = [each for each in true if each != "Suspended" or spec.get("suspend")]
    return true + [each for each in new if each not in true]
