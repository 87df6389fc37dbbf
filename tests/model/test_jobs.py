"""What the model decides of Jobs."""

from __future__ import annotations

from typing import Any

import pytest

from spec_model.profiles import DOCUMENTED, V1_36
from spec_model.workloads import job_pods, jobs
from spec_model.workloads.job_sync import synced, true_conditions
from spec_model.workloads.jobs import Failures


@pytest.mark.parametrize(
    ("spec", "active", "succeeded", "wanted"),
    [
        ({}, 0, 0, (1, "JOB-003")),
        ({}, 0, 1, (0, "JOB-003")),
        ({"completions": 5, "parallelism": 2}, 2, 0, (2, "JOB-004")),
        ({"completions": 5, "parallelism": 2}, 1, 4, (1, "JOB-004")),
        ({"completions": 5, "parallelism": 2}, 0, 6, (0, "JOB-004")),
        ({"parallelism": 3}, 0, 0, (3, "JOB-005")),
        ({"parallelism": 3}, 2, 1, (2, "JOB-005")),
        ({"completions": 2, "completionMode": "Indexed"}, 0, 0, (1, "JOB-012")),
    ],
)
def test_so_many_pods_are_wanted(
    spec: dict[str, Any], active: int, succeeded: int, wanted: tuple[int, str]
) -> None:
    decision = jobs.wanted_active(spec, active, succeeded)
    assert (decision.value, decision.because) == wanted


@pytest.mark.parametrize(
    ("failures", "today", "documented"),
    [(0, 0, 0), (1, 10, 10), (2, 20, 20), (6, 320, 320), (7, 600, 360), (20, 600, 360)],
)
def test_the_delay_doubles_up_to_a_cap(failures: int, today: float, documented: float) -> None:
    for profile, delay in ((V1_36, today), (DOCUMENTED, documented)):
        known = Failures(failures, 0.0)
        assert jobs.remaining_delay(known, 0.0, profile).value == delay


def test_a_failure_before_the_last_success_is_forgotten() -> None:
    after = jobs.failures_after(Failures(3, 1.0), [10.0], [4.0, 10.0, 12.0]).value
    assert after == Failures(1, 12.0)


@pytest.mark.parametrize(
    ("limit", "failed", "restarts", "over"),
    [(2, 2, 0, False), (2, 3, 0, True), (2, 0, 1, False), (2, 0, 2, True), (0, 0, 1, True)],
)
def test_pods_must_be_more_than_the_limit_and_restarts_as_many(
    limit: int, failed: int, restarts: int, over: bool
) -> None:
    spec = {"backoffLimit": limit, "template": {"spec": {"restartPolicy": "OnFailure"}}}
    status = {"phase": "Running", "containerStatuses": [{"name": "c", "restartCount": restarts}]}
    pods = [{"metadata": {}, "status": status}]
    assert jobs.exceeds_limit(spec, failed, pods).value is over


def test_documented_failures_have_no_limit() -> None:
    assert jobs.backoff_limit({}, V1_36) == 6
    assert jobs.backoff_limit({}, DOCUMENTED) is None
    assert jobs.backoff_limit({"backoffLimitPerIndex": 1}, V1_36) == 2**31 - 1


def test_a_suspended_job_has_no_deadline() -> None:
    status = {"startTime": "1970-01-01T00:01:00Z"}
    spec = {"activeDeadlineSeconds": 30}
    assert jobs.deadline_of(spec, status).value == 90.0
    assert jobs.deadline_of({**spec, "suspend": True}, status).value is None


@pytest.mark.parametrize(
    ("indexes", "text"), [([], ""), ([0], "0"), ([1, 0], "0,1"), ([4, 0, 1, 2], "0-2,4")]
)
def test_intervals_and_back(indexes: list[int], text: str) -> None:
    assert job_pods.intervals(indexes) == text
    assert sorted(job_pods.indexes_in(text)) == sorted(indexes)


def failed_pod() -> dict[str, Any]:
    end = {"terminated": {"exitCode": 1, "finishedAt": "1970-01-01T00:00:10Z"}}
    status = {"phase": "Failed", "containerStatuses": [{"name": "c", "state": end}]}
    return {"metadata": {"name": "p"}, "status": status}


def test_an_end_comes_in_two_steps_today_and_in_one_as_documented() -> None:
    spec = {"backoffLimit": 0, "parallelism": 2, "completions": 2, "template": {"spec": {}}}
    alive = {"metadata": {"name": "q"}, "status": {"phase": "Running"}}
    for profile, conditions in ((V1_36, ["FailureTarget"]), (DOCUMENTED, ["Failed"])):
        made = synced(spec, {}, [failed_pod(), alive], 20.0, profile)
        assert true_conditions({}, made, spec, profile) == conditions
        assert made.deleted.value == 1


def test_a_policy_may_ignore_a_failure_or_end_it_all() -> None:
    def policy(action: str) -> dict[str, Any]:
        codes = {"operator": "In", "values": [1]}
        return {"rules": [{"action": action, "onExitCodes": codes}]}

    assert not jobs.failure_verdict(policy("Ignore"), failed_pod()).value.counts
    assert jobs.failure_verdict(policy("FailJob"), failed_pod()).value.fails_job
    assert jobs.failure_verdict({"rules": []}, failed_pod()).value.action is None
