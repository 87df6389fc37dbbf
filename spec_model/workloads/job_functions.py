"""The functions of a Job controller, as engines are asked for them."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any, Final, TypeAlias

from attrs import evolve

from spec_model.objects import EMPTY, seconds
from spec_model.parts import Parts
from spec_model.profiles import Profile
from spec_model.rules import Decision
from spec_model.workloads import jobs
from spec_model.workloads.job_sync import Synced, synced, true_conditions
from spec_model.workloads.jobs import Failures, type_rule

Arguments: TypeAlias = Mapping[str, Any]


def _backoff(arguments: Arguments, profile: Profile) -> Decision[Mapping[str, int]]:
    """The base and the cap are given; how the delay grows is the rule's."""
    constants = evolve(
        profile.job,
        backoff_base=float(arguments["default_backoff_seconds"]),
        backoff_cap=float(arguments["max_backoff_seconds"]),
    )
    known = Failures(arguments["failures"], 0.0)
    waited = float(arguments["seconds_since_last_failure"])
    decision = jobs.remaining_delay(known, waited, evolve(profile, job=constants))
    return Decision({"remaining_seconds": math.ceil(decision.value)}, decision.because)


def _backoff_record(arguments: Arguments, _: Profile) -> Decision[Mapping[str, Any]]:
    given = arguments["previous"]
    before = Failures() if given is None else Failures(given["failures"], given["last_failure_s"])
    ends = arguments["succeeded_finish_s"], arguments["failed_finish_s"]
    decision = jobs.failures_after(before, *ends)
    told = {
        "failures_after_last_success": decision.value.count,
        "last_failure_s": decision.value.last,
    }
    return Decision(told, decision.because)


def _pod_failure_policy(arguments: Arguments, _: Profile) -> Decision[Mapping[str, Any]]:
    decision = jobs.failure_verdict(arguments["podFailurePolicy"], arguments["pod"])
    verdict = decision.value
    told = {
        "action": verdict.action,
        "counts_as_failure": verdict.counts,
        "fails_job": verdict.fails_job,
    }
    return Decision(told, decision.because)


def _sync(arguments: Arguments, profile: Profile) -> Decision[Parts]:
    spec, status = arguments["job"]["spec"], arguments["job"].get("status") or EMPTY
    now = seconds(arguments["now"])
    if now is None:
        raise ValueError("no_time")
    done = synced(spec, status, arguments["pods"], now, profile)
    true = true_conditions(status, done, spec, profile)
    rule = type_rule(spec) if done.finish is None else done.finish.because
    return Decision(
        Parts(
            {
                **_finished(done, rule),
                "true_conditions": Decision(true, rule if done.finish is None else "JOB-013"),
                "active": done.active,
                "succeeded": done.succeeded,
                "failed": done.failed,
                "created": done.created,
                "deleted": done.deleted,
            }
        ),
        rule,
    )


def _finished(done: Synced, rule: str) -> dict[str, Decision[Any]]:
    """The last condition; one that is still to come is kept back by the protocol of the end."""
    finish = done.finish
    if finish is None or not done.over:
        because = rule if finish is None else "JOB-013"
        return {"finished": Decision(None, because), "reason": Decision(None, because)}
    return {
        "finished": Decision(finish.condition, rule),
        "reason": Decision(finish.reason, rule),
    }


FUNCTIONS: Final[Mapping[str, Callable[[Arguments, Profile], Decision[Any]]]] = {
    "job.backoff": _backoff,
    "job.backoff_record": _backoff_record,
    "job.pod_failure_policy": _pod_failure_policy,
    "job.sync": _sync,
}
"""By the names of the vectors: the arguments as plain data and a profile in, a decision out."""

REFUSALS: Final = {"job.sync": "JOB-010"}
"""What they refuse, and by which rule: a moment that is none."""
