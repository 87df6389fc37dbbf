"""What a Job does next, with the Pods that it has: will it retry, when, and when does it fail."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

from spec_model.events import Manifest
from spec_model.explain.statement import Others, Statement, Statements
from spec_model.objects import EMPTY
from spec_model.pod.termination import OVER
from spec_model.profiles import Profile
from spec_model.workloads import job_pods, jobs
from spec_model.workloads.job_sync import Finish, counted, given_up
from spec_model.workloads.jobs import Failures

TYPES: Final = {
    "JOB-003": "one Pod, until one succeeds",
    "JOB-004": "so many completions",
    "JOB-005": "a work queue",
    "JOB-012": "a success for each index",
}


def statements(job: Manifest, others: Others, profile: Profile, _: int) -> Statements:
    """What follows from a Job and those of the other objects that are its Pods."""
    spec, status = job["spec"], job.get("status") or EMPTY
    rule = jobs.type_rule(spec)
    yield Statement("type", TYPES[rule], rule)
    pods = [each for each in others if each.get("kind") == "Pod" and _is_its(each, job)]
    ended = next((each for each in ("Complete", "Failed") if _is_true(status, each)), None)
    if ended is not None:
        yield Statement("state", f"{ended}: nothing more is done", "JOB-013")
        return
    fresh = [pod for pod in pods if _is_uncounted(pod, profile)]
    tally = counted(spec, status, fresh, profile)
    active = [pod for pod in pods if job_pods.is_active(pod)]
    told = f"{len(active)} active, {tally.succeeded} succeeded, {tally.failed} failed"
    yield Statement("Pods", told, rule)
    over = given_up(tally, float("-inf"), profile)
    if over is not None:
        yield _ends(over)
        return
    yield from _goes_on(spec, pods, len(active), tally.succeeded, profile)
    yield from _limits(spec, status, tally.failed, profile)


def _ends(over: Finish) -> Statement:
    return Statement("next", f"{over.condition}: {over.reason}", over.because)


def _goes_on(
    spec: Manifest, pods: Sequence[Manifest], active: int, succeeded: int, profile: Profile
) -> Statements:
    if spec.get("suspend"):
        yield Statement("next", "nothing: it is suspended", "JOB-010")
        return
    complete = jobs.is_complete(spec, active, succeeded)
    if complete.value:
        yield Statement("next", "Complete: CompletionsReached", complete.because)
        return
    wanted = jobs.wanted_active(spec, active, succeeded)
    yield Statement("active Pods wanted", str(wanted.value), wanted.because)
    lacking = wanted.value - active
    if lacking <= 0:
        return
    retry = _retry_at(spec, pods, profile)
    at_once = "at once" if retry is None else f"not before {_clock(retry)}"
    rule = wanted.because if retry is None else "JOB-009"
    yield Statement("next", f"{lacking} more, {at_once}", rule)


def _retry_at(spec: Manifest, pods: Sequence[Manifest], profile: Profile) -> float | None:
    """When the delay after its failures is over, in seconds since 1970; None without failures."""
    good = [pod for pod in pods if job_pods.phase_of(pod) == "Succeeded"]
    bad = [pod for pod in pods if job_pods.has_failed(pod, spec, profile)]
    ends = (map(job_pods.finished_at, each) for each in (good, bad))
    failures = jobs.failures_after(Failures(), *ends).value
    if failures.last is None or spec.get("backoffLimitPerIndex") is not None:
        return None
    constants = profile.job
    return failures.last + jobs.delay(failures.count, constants.backoff_base, constants.backoff_cap)


def _limits(spec: Manifest, status: Manifest, failed: int, profile: Profile) -> Statements:
    limit = jobs.backoff_limit(spec, profile)
    if limit is None:
        yield Statement("fails", "never because of failures", "JOB-008")
    else:
        left = limit + 1 - failed
        yield Statement("fails", f"after {left} more failure{'s' if left != 1 else ''}", "JOB-008")
    deadline = jobs.deadline_of(spec, status).value
    if deadline is not None:
        yield Statement("deadline", f"fails at {_clock(deadline)}", "JOB-010")
    elif spec.get("activeDeadlineSeconds") is not None:
        told = f"fails {spec['activeDeadlineSeconds']} s after it starts"
        yield Statement("deadline", told, "JOB-010")


def _is_uncounted(pod: Manifest, profile: Profile) -> bool:
    """Whether a Pod is not in the Job's status yet; where nobody tracks, ended ones are taken to be."""
    if profile.job.counts_deleted:
        return job_pods.TRACKING in (pod["metadata"].get("finalizers") or ())
    return job_pods.phase_of(pod) not in OVER


def _is_its(pod: Manifest, job: Manifest) -> bool:
    metadata = pod.get("metadata") or EMPTY
    return any(
        each.get("controller")
        and each.get("kind") == "Job"
        and each.get("name") == job["metadata"].get("name")
        and each.get("uid") in (job["metadata"].get("uid"), None)
        for each in metadata.get("ownerReferences") or ()
    )


def _is_true(status: Manifest, type_: str) -> bool:
    return any(
        each.get("type") == type_ and each.get("status") == "True"
        for each in status.get("conditions") or ()
    )


def _clock(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
