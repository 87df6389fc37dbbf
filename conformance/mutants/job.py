"""JOB: Job controllers that miscount, do not wait, do not give up, or do not come to an end."""

from __future__ import annotations

from typing import Any, Final

from conformance.adapters.simulator.controllers.workloads import job_pods
from conformance.adapters.simulator.controllers.workloads.job_plan import FAILED
from conformance.mutants import SIMULATOR, mutant
from conformance.mutants.settings import SETTINGS, turned

API: Final = f"{SIMULATOR}.api.jobs"
WORKLOADS: Final = f"{SIMULATOR}.controllers.workloads"
PLAN: Final = f"{WORKLOADS}.job_plan"
PODS: Final = f"{WORKLOADS}.job_pods"
FAILURES: Final = f"{WORKLOADS}.job_failures"
STATUS: Final = f"{WORKLOADS}.job_status"
CONTROLLER: Final = f"{WORKLOADS}.jobs:JobController"
TTL: Final = f"{WORKLOADS}.ttl"

# JOB-001 and 002: the API.


@mutant("JOB-001", f"{API}:JobStrategy.allowed_restart_policies")
def a_job_starts_nothing_again(original: Any) -> Any:
    """The template of a Job may not have the policy OnFailure."""
    return original - {"OnFailure"}


@mutant("JOB-001", f"{API}:JobStrategy.allowed_restart_policies", profile="documented")
def a_documented_job_starts_nothing_again(original: Any) -> Any:
    """The same, as documented."""
    return original - {"OnFailure"}


@mutant("JOB-001", f"{API}:allows_failure_policy")
def a_failure_policy_goes_with_any_restart_policy(_: Any) -> Any:
    """Containers may be started again beside a podFailurePolicy."""
    return lambda *_: True


@mutant("JOB-002", f"{API}:JobStrategy.default_counts")
def completions_is_always_one(original: Any) -> Any:
    """A work queue gets completions 1."""

    def default_counts(strategy: Any, spec: Any) -> None:
        original(strategy, spec)
        spec["completions"] = 1 if spec.get("completions") is None else spec["completions"]

    return default_counts


@mutant("JOB-002", f"{API}:JobStrategy.default_modes")
def modes_are_not_filled_in(_: Any) -> Any:
    """completionMode, suspend and podReplacementPolicy are NonIndexed, true and Failed."""

    def default_modes(_: Any, spec: Any) -> None:
        usual = {"completionMode": "NonIndexed", "suspend": True, "podReplacementPolicy": "Failed"}
        for field, value in usual.items():
            spec.setdefault(field, value)

    return default_modes


@mutant("JOB-002", f"{API}:JobStrategy.may_change_completions")
def completions_may_change(_: Any) -> Any:
    """A Job may be given other completions."""
    return lambda *_: True


@mutant("JOB-002", f"{API}:_COUNTS", profile="documented")
def numbers_may_be_negative(_: Any) -> Any:
    """Nobody looks whether the numbers of a Job are negative."""
    return ()


@mutant("JOB-002", SETTINGS, profile="documented")
def documented_there_is_a_limit(original: Any) -> Any:
    """backoffLimit has a default in the documented profile."""
    return turned(original, job_backoff_limit=6)


# JOB-003 to 007: how many.


@mutant("JOB-003", f"{PLAN}:is_complete")
def one_success_is_not_enough(original: Any) -> Any:
    """A Job of one Pod does not end with it."""
    return lambda tally, made: tally.spec.get("completions") != 1 and original(tally, made)


@mutant("JOB-003", f"{PLAN}:manage")
def nobody_is_started(original: Any) -> Any:
    """A Job of one Pod never gets it."""

    def manage(tally: Any, made: Any, now: float) -> None:
        if tally.spec.get("completions") != 1:
            original(tally, made, now)

    return manage


@mutant("JOB-004", f"{PLAN}:wanted_active")
def as_many_as_may_be(original: Any) -> Any:
    """As many Pods as parallelism says, whatever has succeeded."""

    def wanted(spec: Any, active: int, succeeded: int) -> int:
        if spec.get("completions") in (None, 1) or succeeded >= spec["completions"]:
            return int(original(spec, active, succeeded))
        return int(spec["parallelism"])

    return wanted


@mutant("JOB-004", f"{PLAN}:superfluous")
def nobody_is_too_many(_: Any) -> Any:
    """A Job whose parallelism is lowered keeps its Pods."""
    return lambda *_: []


@mutant("JOB-004", f"{PLAN}:is_complete", profile="documented")
def enough_is_never_enough(original: Any) -> Any:
    """A Job with completions above 1 does not end with them."""
    return lambda tally, made: (tally.spec.get("completions") or 0) <= 1 and original(tally, made)


@mutant("JOB-005", f"{PLAN}:wanted_active")
def a_queue_is_kept_full(original: Any) -> Any:
    """A work queue gets a new Pod for each that ends, after a success too."""

    def wanted(spec: Any, active: int, succeeded: int) -> int:
        if spec.get("completions") is None and active:
            return int(spec["parallelism"])
        return int(original(spec, active, succeeded))

    return wanted


@mutant("JOB-005", f"{PLAN}:is_complete")
def a_queue_never_ends(original: Any) -> Any:
    """A work queue is never Complete."""
    return lambda tally, made: tally.spec.get("completions") is not None and original(tally, made)


@mutant("JOB-006", f"{PLAN}:wanted_active")
def a_success_ends_the_others(original: Any) -> Any:
    """With the first success of a work queue the other Pods are deleted."""

    def wanted(spec: Any, active: int, succeeded: int) -> int:
        return (
            0
            if succeeded and spec.get("completions") is None
            else original(spec, active, succeeded)
        )

    return wanted


@mutant("JOB-007", f"{PLAN}:Tally.succeeded")
def a_success_counts_twice(original: Any) -> Any:
    """Every Pod that has succeeded is counted as two."""
    return lambda tally: original(tally) + len(tally.new_successes())


@mutant("JOB-007", f"{PLAN}:Tally.succeeded", profile="documented")
def a_documented_success_counts_twice(original: Any) -> Any:
    """The same, as documented."""
    return lambda tally: original(tally) + len(tally.new_successes())


# JOB-008 and 009: failures.


@mutant("JOB-008", f"{PLAN}:over_limit")
def it_never_gives_up(_: Any) -> Any:
    """backoffLimit does not matter."""
    return lambda *_: False


@mutant("JOB-008", f"{PLAN}:over_limit")
def it_gives_up_too_soon(original: Any) -> Any:
    """A Job fails when as many Pods have failed as backoffLimit says."""

    def over_limit(tally: Any) -> bool:
        failures = tally.failures()
        return bool(original(tally) or (failures and failures >= tally.spec.get("backoffLimit", 6)))

    return over_limit


@mutant("JOB-008", f"{PLAN}:too_many_restarts")
def restarts_do_not_count(_: Any) -> Any:
    """A container may be started again in its Pod for ever."""
    return lambda *_: False


@mutant("JOB-008", f"{PLAN}:too_many_restarts")
def one_restart_more_is_allowed(_: Any) -> Any:
    """Restarts must be more than the limit, as Pods must."""
    return lambda tally, limit: job_pods.restarts(tally.pods) > limit


@mutant("JOB-008", f"{PLAN}:plan")
def the_others_stay_when_it_fails(original: Any) -> Any:
    """A Job that fails leaves its Pods alone."""

    def plan(*given: Any) -> Any:
        made = original(*given)
        if made.outcome is not None and made.outcome.condition == FAILED:
            made.doomed = []
        return made

    return plan


@mutant("JOB-008", f"{FAILURES}:is_counted")
def what_is_ignored_is_counted(_: Any) -> Any:
    """A failure counts even if the podFailurePolicy has it ignored."""
    return lambda *_: True


@mutant("JOB-008", f"{PLAN}:over_limit", profile="documented")
def documented_it_gives_up(original: Any) -> Any:
    """A documented Job gives up after six failures, limit or not."""
    return lambda tally: tally.failures() > 6 or original(tally)


@mutant("JOB-009", f"{FAILURES}:pause")
def the_delay_of_a_job_does_not_grow(_: Any) -> Any:
    """Every replacement waits 10 s."""
    return lambda failures, first, _: first if failures else 0.0


@mutant("JOB-009", f"{FAILURES}:pause")
def a_job_does_not_wait(_: Any) -> Any:
    """A failed Pod is replaced at once."""
    return lambda *_: 0.0


@mutant("JOB-009", f"{FAILURES}:after")
def a_success_is_forgotten(original: Any) -> Any:
    """The delay goes on growing after a success."""

    def after(record: Any, successes: Any, failures: Any) -> Any:
        return original(record, (), [*failures, *successes])

    return after


@mutant("JOB-009", SETTINGS)
def the_delay_is_capped_at_six_minutes(original: Any) -> Any:
    """As the documentation has it."""
    return turned(original, job_backoff_seconds=(10.0, 360.0))


@mutant("JOB-009", SETTINGS, profile="documented")
def the_delay_is_capped_at_ten_minutes(original: Any) -> Any:
    """As the code has it."""
    return turned(original, job_backoff_seconds=(10.0, 600.0))
