"""What a Job's controller would do now: a plan, from the Job and its Pods alone.

Source: JOB-003..006, 008..013; ``pkg/controller/job/job_controller.go`` (syncJob, manageJob).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from attrs import define, field, frozen

from conformance.adapters.simulator import meta
from conformance.adapters.simulator.controllers.workloads import job_failures, job_pods, victims
from conformance.adapters.simulator.controllers.workloads.job_failures import Record
from conformance.adapters.simulator.meta import Object
from conformance.adapters.simulator.settings import Settings

Manifest = Mapping[str, Any]

COMPLETE: Final = "Complete"
FAILED: Final = "Failed"
INTERIM: Final[Mapping[str, str]] = {COMPLETE: "SuccessCriteriaMet", FAILED: "FailureTarget"}


@frozen
class Outcome:
    """How a Job ends, and why."""

    condition: str
    reason: str


@frozen
class Tally:
    """A Job, and its Pods sorted out. ``fresh`` are the Pods that no status has counted yet."""

    job: Object
    pods: Sequence[Object]
    fresh: Sequence[Object]
    settings: Settings

    @property
    def spec(self) -> Manifest:
        """The Job's spec."""
        spec: Manifest = self.job["spec"]
        return spec

    @property
    def status(self) -> Manifest:
        """The Job's status."""
        return self.job.get("status") or {}

    @property
    def indexed(self) -> bool:
        """Each index has to succeed."""
        return self.settings.job_knows_indexes and self.spec.get("completionMode") == "Indexed"

    def has_place(self, pod: Manifest) -> bool:
        """A Pod without a rightful index counts for nothing in an Indexed Job."""
        return not self.indexed or 0 <= job_pods.index(pod) < (self.spec.get("completions") or 0)

    def working(self) -> list[Object]:
        """Pods that are active."""
        return [pod for pod in self.pods if job_pods.is_working(pod)]

    def going(self) -> int:
        """How many Pods are terminating."""
        return sum(map(job_pods.is_going, self.pods))

    def new_successes(self) -> list[Object]:
        """Uncounted Pods that succeeded."""
        return [
            pod for pod in self.fresh if job_pods.phase(pod) == "Succeeded" and self.has_place(pod)
        ]

    def new_failures(self) -> list[Object]:
        """Uncounted Pods that failed, those that a policy ignores among them."""
        return [
            pod
            for pod in self.fresh
            if job_pods.failed(pod, self.spec, self.settings) and self.has_place(pod)
        ]

    def counts(self, pod: Manifest) -> bool:
        """Whether a failure is one that counts."""
        return job_failures.is_counted(self.spec.get("podFailurePolicy"), pod)

    def done_indexes(self) -> set[int]:
        """The indexes that have succeeded."""
        known = job_pods.parse_indexes(self.status.get("completedIndexes") or "")
        known |= {job_pods.index(pod) for pod in self.new_successes()}
        return {one for one in known if one < (self.spec.get("completions") or 0)}

    def succeeded(self) -> int:
        """All successes so far."""
        if self.indexed:
            return len(self.done_indexes())
        return int(self.status.get("succeeded") or 0) + len(self.new_successes())

    def failures(self) -> int:
        """All failures so far that count."""
        fresh = sum(map(self.counts, self.new_failures()))
        return int(self.status.get("failed") or 0) + fresh


@define
class Plan:
    """What is to be done; ``active`` is what the status will say."""

    active: int
    record: Record
    doomed: list[Object] = field(factory=list)
    forgotten: bool = False  # the doomed are not counted as failures
    places: list[int | None] = field(factory=list)  # a new Pod for each
    outcome: Outcome | None = None
    look_again: float | None = None  # seconds from now


def plan(tally: Tally, record: Record, now: float) -> Plan:
    """One sync; ``record`` is of the failures before, ``now`` in seconds since 1970."""
    ends = [
        [job_pods.end_of(pod) for pod in pods]
        for pods in (tally.new_successes(), tally.new_failures())
    ]
    made = Plan(len(tally.working()), job_failures.after(record, *ends))
    made.outcome = ending(tally, now)
    if made.outcome is not None:
        made.doomed, made.active = tally.working(), 0
        return made
    if not meta.is_deleting(tally.job):
        manage(tally, made, now)
    if is_complete(tally, made):
        made.outcome = Outcome(COMPLETE, "CompletionsReached")
    else:
        made.look_again = sooner(made.look_again, until_deadline(tally, now))
    return made


def sooner(one: float | None, other: float | None) -> float | None:
    """The lesser of two times, where there are two."""
    given = [each for each in (one, other) if each is not None]
    return min(given) if given else None


# Ending.


def ending(tally: Tally, now: float) -> Outcome | None:
    """Whether it was decided before that the Job ends, or has to be now."""
    for condition, interim in INTERIM.items():
        if meta.is_true(tally.job, interim):
            reason = meta.condition_of(tally.job, interim) or {}
            return Outcome(condition, reason.get("reason", ""))
    policy = tally.spec.get("podFailurePolicy")
    for pod in tally.pods:
        if job_failures.action_for(policy, pod) == "FailJob" and job_pods.failed(
            pod, tally.spec, tally.settings
        ):
            return Outcome(FAILED, "PodFailurePolicy")
    if over_limit(tally):
        return Outcome(FAILED, "BackoffLimitExceeded")
    if until_deadline(tally, now) == 0:
        return Outcome(FAILED, "DeadlineExceeded")
    return None


def over_limit(tally: Tally) -> bool:
    """JOB-008: too many failed Pods, or too many restarts in those that run."""
    limit = tally.spec.get("backoffLimit")
    if limit is None:
        return False
    return tally.failures() > limit or too_many_restarts(tally, limit)


def too_many_restarts(tally: Tally, limit: int) -> bool:
    """JOB-008: restarts reach the limit, where containers are started again in their Pod."""
    if tally.spec["template"]["spec"].get("restartPolicy") != "OnFailure":
        return False
    count = job_pods.restarts(tally.pods)
    return count > 0 if limit == 0 else count >= limit


def until_deadline(tally: Tally, now: float) -> float | None:
    """Seconds until activeDeadlineSeconds are over (JOB-010); None where that does not come."""
    limit, start = tally.spec.get("activeDeadlineSeconds"), tally.status.get("startTime")
    if limit is None or start is None or tally.spec.get("suspend"):
        return None
    return max(meta.parse_time(start) + float(limit) - now, 0.0)


def is_complete(tally: Tally, made: Plan) -> bool:
    """Enough successes, and nobody works (JOB-003, 004, 005)."""
    if made.active or made.places:
        return False
    completions = tally.spec.get("completions")
    succeeded = tally.succeeded()
    return succeeded > 0 if completions is None else succeeded >= completions


# Managing.


def manage(tally: Tally, made: Plan, now: float) -> None:
    """Fewer Pods, or more, or none of both."""
    working = tally.working()
    if tally.spec.get("suspend"):
        doom(made, working, working)
        return
    wanted = wanted_active(tally.spec, len(working), tally.succeeded())
    victims_ = superfluous(tally, working, len(working) - wanted, now)
    if victims_:
        doom(made, victims_, working)
        return
    held = tally.going() if job_pods.waits_for_failure(tally.spec) else 0
    lacking = wanted - len(working) - held
    if lacking <= 0:
        return
    wait = job_failures.still_to_wait(made.record, now, *tally.settings.job_backoff_seconds)
    if wait > 0 and tally.spec.get("backoffLimitPerIndex") is None:
        made.active, made.look_again = 0, wait
        return
    made.places = list(next_places(tally, working, lacking))
    made.active += len(made.places)


def wanted_active(spec: Manifest, active: int, succeeded: int) -> int:
    """How many Pods should be working (JOB-003, 004, 005)."""
    if spec.get("completions") is None:
        return active if succeeded else int(spec["parallelism"])
    return max(min(int(spec["parallelism"]), int(spec["completions"]) - succeeded), 0)


def doom(made: Plan, pods: Sequence[Object], working: Sequence[Object]) -> None:
    """These have to go, and that is no failure of theirs."""
    made.doomed, made.forgotten = list(pods), True
    made.active = len(working) - len(pods)


def superfluous(tally: Tally, working: Sequence[Object], surplus: int, now: float) -> list[Object]:
    """Working Pods that are too many: first those without a rightful place."""
    ordered = victims.victims_first(working, working, now)
    misplaced = [pod for pod in ordered if not is_rightful(pod, ordered, tally)]
    rest = [pod for pod in ordered if pod not in misplaced]
    return misplaced + rest[: max(surplus - len(misplaced), 0)]


def is_rightful(pod: Object, ordered: Sequence[Object], tally: Tally) -> bool:
    """Of several with one index the last victim keeps it."""
    if not tally.indexed:
        return True
    same = [one for one in ordered if job_pods.index(one) == job_pods.index(pod)]
    return tally.has_place(pod) and same[-1] is pod


def next_places(tally: Tally, working: Sequence[Object], lacking: int) -> Sequence[int | None]:
    """A place for each new Pod: none, or the lowest indexes that are free (JOB-012)."""
    if not tally.indexed:
        return [None] * lacking
    taken = tally.done_indexes() | {job_pods.index(pod) for pod in working}
    free = [one for one in range(tally.spec["completions"]) if one not in taken]
    return free[:lacking]
