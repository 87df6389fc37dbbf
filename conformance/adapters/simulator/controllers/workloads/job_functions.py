"""A Job controller's pure functions, as they are asked for from outside."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any, Final

from conformance.adapters.simulator import meta
from conformance.adapters.simulator.api import strategy_of
from conformance.adapters.simulator.controllers.workloads import (
    job_failures,
    job_plan,
    job_status,
)
from conformance.adapters.simulator.settings import Settings

Arguments = Mapping[str, Any]


def _backoff(given: Arguments, _: Settings) -> Any:
    record = job_failures.Record(given["failures"], 0.0)
    bounds = given["default_backoff_seconds"], given["max_backoff_seconds"]
    now = given["seconds_since_last_failure"]
    return {"remaining_seconds": math.ceil(job_failures.still_to_wait(record, now, *bounds))}


def _record(given: Arguments, _: Settings) -> Any:
    before = given["previous"] or {"failures": 0, "last_failure_s": 0}
    record = job_failures.after(
        job_failures.Record(before["failures"], before["last_failure_s"]),
        given["succeeded_finish_s"],
        given["failed_finish_s"],
    )
    last = record.last if record.failures else None
    return {"failures_after_last_success": record.failures, "last_failure_s": last}


def _policy(given: Arguments, _: Settings) -> Any:
    policy, pod = given["podFailurePolicy"], given["pod"]
    action = job_failures.action_for(policy, pod)
    return {
        "action": action,
        "counts_as_failure": job_failures.is_counted(policy, pod),
        "fails_job": action == "FailJob",
    }


def _sync(given: Arguments, settings: Settings) -> Any:
    """One sync with an empty memory: all Pods are the Job's, and none was counted before."""
    job = meta.plain_copy({"metadata": {"name": "job"}, **given["job"]})
    strategy_of("Job").default(job, settings)
    now = meta.parse_time(given["now"])
    pods = [
        {"spec": {}, **pod, "metadata": {"uid": pod["metadata"]["name"], **pod["metadata"]}}
        for pod in given["pods"]
    ]
    tally = job_plan.Tally(job, pods, pods, settings)
    made = job_plan.plan(tally, job_failures.Record(), now)
    status = job_status.counted(tally, made, meta.format_time(now))
    status = job_status.concluded(status, made, tally, meta.format_time(now))
    finished = [one for one in status["conditions"] if one["type"] in job_plan.INTERIM]
    return {
        "finished": finished[0]["type"] if finished else None,
        "reason": finished[0]["reason"] if finished else None,
        "true_conditions": [one["type"] for one in status["conditions"] if one["status"] == "True"],
        "active": made.active,
        "succeeded": status.get("succeeded", 0),
        "failed": status.get("failed", 0),
        "created": len(made.places),
        "deleted": len(made.doomed),
    }


FUNCTIONS: Final[Mapping[str, Callable[[Arguments, Settings], Any]]] = {
    "job.backoff": lambda given, settings: _backoff(given, settings),
    "job.backoff_record": lambda given, settings: _record(given, settings),
    "job.pod_failure_policy": lambda given, settings: _policy(given, settings),
    "job.sync": lambda given, settings: _sync(given, settings),
}
"""By their names; each looks its parts up through their modules, so that those can be replaced."""
