"""What a Job is said to do next, with the Pods that lie beside it."""

from __future__ import annotations

from typing import Any

import pytest

from spec_model.explain import explain
from spec_model.profiles import DOCUMENTED, V1_36, Profile
from strategies.manifests import Manifest, job, pod

STARTED = "2024-05-01T10:00:00Z"
ENDED = "2024-05-01T10:00:05Z"
OWNER = {"kind": "Job", "name": "j", "uid": "uid-j", "controller": True}
TRACKED = {"finalizers": ["batch.kubernetes.io/job-tracking"]}
ONE = {"completions": 1, "parallelism": 1}
SIX = {"completions": 6, "parallelism": 2}
QUEUE = {"parallelism": 3}
INDEXED = {**SIX, "completionMode": "Indexed"}


def work(status: dict[str, Any] | None = None, **spec: Any) -> Manifest:
    made = job("j", **spec)
    return {**made, "metadata": {**made["metadata"], "uid": "uid-j"}, "status": status or {}}


def worker(name: str, phase: str, owner: Manifest = OWNER, **metadata: Any) -> Manifest:
    ended = {"state": {"terminated": {"exitCode": 0, "finishedAt": ENDED}}}
    statuses = [{"name": "c", **ended}] if phase in ("Succeeded", "Failed") else []
    made = pod(name, policy="Never")
    metadata = {**made["metadata"], "ownerReferences": [owner], **TRACKED, **metadata}
    return {**made, "metadata": metadata, "status": {"phase": phase, "containerStatuses": statuses}}


def failed(count: int, **metadata: Any) -> list[Manifest]:
    return [worker(f"bad-{index}", "Failed", **metadata) for index in range(count)]


def condition(type_: str, status: str = "True", reason: str = "") -> dict[str, Any]:
    return {"conditions": [{"type": type_, "status": status, "reason": reason}]}


def said(*manifests: Manifest, profile: Profile = V1_36) -> dict[str, tuple[str, str]]:
    found = explain(manifests[0], manifests, profile=profile)
    return {each.about: (each.says, each.rule) for each in found}


@pytest.mark.parametrize(
    ("spec", "told"),
    [
        (ONE, ("one Pod, until one succeeds", "JOB-003")),
        (SIX, ("so many completions", "JOB-004")),
        (QUEUE, ("a work queue", "JOB-005")),
        (INDEXED, ("a success for each index", "JOB-012")),
    ],
)
def test_a_job_has_one_of_four_types(spec: dict[str, Any], told: tuple[str, str]) -> None:
    assert said(work(**spec))["type"] == told


@pytest.mark.parametrize("end", ["Complete", "Failed"])
def test_a_job_that_is_over_does_nothing_more(end: str) -> None:
    found = said(work(condition(end), **ONE))
    assert found["state"] == (f"{end}: nothing more is done", "JOB-013")
    assert "next" not in found


def test_a_condition_that_is_not_true_is_no_end() -> None:
    assert "state" not in said(work(condition("Complete", "False"), **ONE))


def test_its_pods_are_counted_on_top_of_its_status() -> None:
    shown = work({"succeeded": 2, "failed": 1}, **SIX)
    found = said(shown, worker("a", "Running"), worker("b", "Succeeded"), *failed(1))
    assert found["Pods"] == ("1 active, 3 succeeded, 2 failed", "JOB-004")


def test_who_has_been_counted_is_not_counted_again() -> None:
    found = said(work({"succeeded": 1}, **SIX), worker("a", "Succeeded", finalizers=[]))
    assert found["Pods"][0] == "0 active, 1 succeeded, 0 failed"


def test_where_nobody_tracks_the_status_counts_who_is_over() -> None:
    shown = work({"succeeded": 1}, **SIX)
    found = said(shown, worker("a", "Succeeded"), profile=DOCUMENTED)
    assert found["Pods"][0] == "0 active, 1 succeeded, 0 failed"


@pytest.mark.parametrize(
    "owner",
    [
        {**OWNER, "name": "other"},
        {**OWNER, "uid": "uid-before"},
        {**OWNER, "kind": "ReplicaSet"},
        {**OWNER, "controller": False},
    ],
)
def test_the_pods_of_others_do_not_count(owner: Manifest) -> None:
    found = said(work(**SIX), worker("a", "Running", owner))
    assert found["Pods"][0] == "0 active, 0 succeeded, 0 failed"


def test_who_lacks_is_started_at_once() -> None:
    found = said(work(**SIX), worker("a", "Running"))
    assert found["active Pods wanted"] == ("2", "JOB-004")
    assert found["next"] == ("1 more, at once", "JOB-004")


def test_with_all_its_pods_nothing_is_next() -> None:
    assert "next" not in said(work(**SIX), worker("a", "Running"), worker("b", "Pending"))


def test_no_more_are_wanted_than_successes_are_missing() -> None:
    assert said(work({"succeeded": 5}, **SIX))["active Pods wanted"] == ("1", "JOB-004")


@pytest.mark.parametrize(("failures", "clock"), [(1, "10:00:15"), (2, "10:00:25"), (3, "10:00:45")])
def test_a_retry_waits_longer_after_each_failure(failures: int, clock: str) -> None:
    found = said(work(**ONE), *failed(failures))
    assert found["next"] == (f"1 more, not before 2024-05-01T{clock}Z", "JOB-009")


@pytest.mark.parametrize(("profile", "clock"), [(V1_36, "10:10:05"), (DOCUMENTED, "10:06:05")])
def test_the_longest_delay_is_the_profiles(profile: Profile, clock: str) -> None:
    found = said(work(**ONE, backoffLimit=20), *failed(9), profile=profile)
    assert found["next"][0] == f"1 more, not before 2024-05-01T{clock}Z"


def test_a_suspended_job_does_nothing() -> None:
    found = said(work(**ONE, suspend=True))
    assert found["next"] == ("nothing: it is suspended", "JOB-010")


def test_enough_successes_make_it_complete() -> None:
    found = said(work(**ONE), worker("a", "Succeeded"))
    assert found["next"] == ("Complete: CompletionsReached", "JOB-003")


def test_a_work_queue_waits_for_the_rest_after_a_success() -> None:
    found = said(work(**QUEUE), worker("a", "Running"), worker("b", "Succeeded"))
    assert "next" not in found
    assert found["active Pods wanted"][0] == "1"


def test_more_failures_than_the_limit_end_it() -> None:
    found = said(work(**ONE, backoffLimit=1), *failed(2))
    assert found["next"] == ("Failed: BackoffLimitExceeded", "JOB-008")


def test_what_has_been_announced_comes() -> None:
    found = said(work(condition("FailureTarget", reason="DeadlineExceeded"), **ONE))
    assert found["next"] == ("Failed: DeadlineExceeded", "JOB-013")


@pytest.mark.parametrize(
    ("failures", "told"), [(0, "after 3 more failures"), (2, "after 1 more failure")]
)
def test_how_many_failures_are_left(failures: int, told: str) -> None:
    found = said(work({"failed": failures}, **ONE, backoffLimit=2))
    assert found["fails"] == (told, "JOB-008")


def test_the_limit_is_six_in_the_code_and_none_in_the_documentation() -> None:
    assert said(work(**ONE))["fails"][0] == "after 7 more failures"
    assert said(work(**ONE), profile=DOCUMENTED)["fails"][0] == "never because of failures"


def test_a_deadline_runs_from_the_start() -> None:
    shown = work({"startTime": STARTED}, **ONE, activeDeadlineSeconds=90)
    assert said(shown)["deadline"] == ("fails at 2024-05-01T10:01:30Z", "JOB-010")


def test_a_deadline_before_the_start_is_a_duration() -> None:
    found = said(work(**ONE, activeDeadlineSeconds=90))
    assert found["deadline"] == ("fails 90 s after it starts", "JOB-010")


def test_without_a_deadline_none_is_told() -> None:
    assert "deadline" not in said(work(**ONE))
