"""JOB: Job controllers that miss deadlines, lose Pods or indexes, or do not come to an end."""

from __future__ import annotations

from typing import Any

from attrs import evolve

from conformance.adapters.simulator import meta
from conformance.adapters.simulator.controllers.workloads import job_pods, victims
from conformance.mutants import mutant
from conformance.mutants.job import CONTROLLER, PLAN, PODS, STATUS, TTL
from conformance.mutants.settings import SETTINGS, turned

# JOB-010: deadlines.


@mutant("JOB-010", f"{PLAN}:until_deadline")
def there_is_no_deadline(_: Any) -> Any:
    """A Job runs for as long as it likes."""
    return lambda *_: None


@mutant("JOB-010", f"{PLAN}:until_deadline")
def a_deadline_comes_early(original: Any) -> Any:
    """A Job fails ten seconds before its deadline."""

    def until_deadline(tally: Any, now: float) -> float | None:
        left: float | None = original(tally, now)
        return None if left is None else max(left - 10, 0.0)

    return until_deadline


@mutant("JOB-010", f"{STATUS}:rested")
def a_deadline_runs_on_in_rest(_: Any) -> Any:
    """A suspended Job keeps its startTime, and its deadline runs on."""
    return lambda status: status


@mutant("JOB-010", f"{STATUS}:resumed_at")
def a_resumed_job_has_started_before(_: Any) -> Any:
    """startTime of a resumed Job is ten seconds before that."""
    return lambda _, now: meta.format_time(meta.parse_time(now) - 10)


# JOB-011: deleted Pods.


@mutant("JOB-011", f"{PODS}:failed")
def who_is_deleted_has_not_failed(_: Any) -> Any:
    """A deleted Pod counts when its phase is Failed."""
    return lambda pod, *_: job_pods.phase(pod) == "Failed"


@mutant("JOB-011", f"{PLAN}:manage")
def who_is_going_holds_its_place(original: Any) -> Any:
    """A deleted Pod is replaced when it is gone, whatever the policy."""

    def manage(tally: Any, made: Any, now: float) -> None:
        if not tally.going():
            original(tally, made, now)

    return manage


@mutant("JOB-011", f"{PODS}:waits_for_failure")
def who_is_going_is_replaced_at_once(_: Any) -> Any:
    """podReplacementPolicy Failed is not heeded."""
    return lambda *_: False


# JOB-012: indexes.


@mutant("JOB-012", f"{PLAN}:next_places")
def the_highest_index_comes_first(original: Any) -> Any:
    """New Pods get the highest indexes that are free."""

    def next_places(tally: Any, working: Any, lacking: int) -> Any:
        if not tally.indexed:
            return original(tally, working, lacking)
        return original(tally, working, tally.spec["completions"])[::-1][:lacking]

    return next_places


@mutant("JOB-012", f"{PLAN}:Tally.done_indexes")
def a_finished_index_is_done_again(original: Any) -> Any:
    """Of the indexes that have succeeded the lowest is forgotten."""
    return lambda tally: set(sorted(original(tally))[1:])


@mutant("JOB-012", f"{PODS}:with_index")
def a_pod_does_not_know_its_index(_: Any) -> Any:
    """An Indexed Job's Pods have neither hostname nor variable."""
    return lambda spec, *_: spec


@mutant("JOB-012", f"{PODS}:format_indexes")
def indexes_are_listed_one_by_one(_: Any) -> Any:
    """completedIndexes has no ranges."""
    return lambda indexes: ",".join(map(str, sorted(indexes)))


# JOB-013: the end.


@mutant("JOB-013", f"{STATUS}:may_conclude")
def nobody_is_waited_for(_: Any) -> Any:
    """A Job is Complete or Failed while Pods of it terminate."""
    return lambda *_: True


@mutant("JOB-013", f"{STATUS}:announced")
def it_ends_in_one_step(original: Any) -> Any:
    """No interim condition comes before Complete or Failed."""

    def announced(tally: Any, made: Any, now: str) -> Any:
        return original(tally, evolve(made, outcome=None), now)

    return announced


@mutant("JOB-013", f"{CONTROLLER}._tell_end")
def it_takes_its_pods_along(original: Any) -> Any:
    """The Pods of a Job that is over are deleted."""

    def tell_end(controller: Any, tally: Any, made: Any) -> None:
        original(controller, tally, made)
        for pod in controller.owned.children(tally.job, "Pod"):
            if not victims.is_active(pod):
                controller.store.delete(*meta.key_of(pod))

    return tell_end


@mutant("JOB-013", f"{TTL}:seconds_to_live")
def it_lives_half_as_long(original: Any) -> Any:
    """A finished Job is deleted after half its time to live."""

    def seconds_to_live(job: Any) -> float | None:
        live: float | None = original(job)
        return None if live is None else live / 2

    return seconds_to_live


@mutant("JOB-013", f"{TTL}:FinishedJobCollector.reconcile")
def it_lives_for_ever(_: Any) -> Any:
    """ttlSecondsAfterFinished does not matter."""
    return lambda *_: None


@mutant("JOB-013", SETTINGS, profile="documented")
def documented_it_ends_in_two_steps(original: Any) -> Any:
    """An interim condition comes before Complete or Failed in the documented profile."""
    return turned(original, job_two_steps=True)
