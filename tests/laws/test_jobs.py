"""Jobs judged: traces that keep to the law, and such as break one rule."""

from __future__ import annotations

from typing import Any

import pytest

from spec_model.events import Event
from tests.laws.batch import TRACKING, job, marks, node, worker
from tests.laws.traces import done, judged, pod, seen, time_at

QUEUE: dict[str, Any] = {"completions": None, "parallelism": 2}
TWO: dict[str, Any] = {"completions": 2, "parallelism": 2}


def begun(spec: dict[str, Any] | None = None) -> list[Event]:
    """A Job that the judge sees from its beginning."""
    return [
        done(0, "advance", seconds=0),
        seen(0, node(), "ADDED"),
        seen(0, job(spec=spec or {}), "ADDED"),
    ]


def created(at: float, name: str, **more: Any) -> Event:
    return seen(at, worker(name, "Pending", created=at, **more), "ADDED")


def failed(at: float, name: str, **more: Any) -> Event:
    return seen(at, worker(name, "Failed", ended=at, **more))


def succeeded(at: float, name: str, **more: Any) -> Event:
    return seen(at, worker(name, "Succeeded", ended=at, **more))


# -- How many --------------------------------------------------------------------------------------


def test_a_job_that_gets_no_pod_is_late() -> None:
    assert judged(*begun(), until=20).broken == {"JOB-003"}
    assert judged(*begun(), created(1, "j-1"), seen(1, job(status={"active": 1})), until=20).held(
        "JOB-003"
    )


def test_a_job_that_was_there_before_owes_nothing() -> None:
    old = job(creationTimestamp=time_at(-100))
    assert not judged(done(0, "advance", seconds=0), seen(0, old, "ADDED"), until=60).broken


def test_a_pod_that_the_api_refuses_is_not_owed() -> None:
    refused = {
        "kind": "Event",
        "metadata": {"name": "e", "namespace": "default", "uid": "e"},
        "involvedObject": {"kind": "Job", "name": "j", "uid": "uid-j"},
        "reason": "FailedCreate",
    }
    assert not judged(*begun(), seen(1, refused, "ADDED"), until=20).broken


def test_more_pods_than_completions_are_too_many() -> None:
    spec: dict[str, Any] = {"completions": 2, "parallelism": 3}
    three = [created(0, f"j-{number}") for number in range(3)]
    assert judged(*begun(spec), *three, until=20).broken == {"JOB-004"}
    assert not judged(*begun(spec), *three[:2], seen(0, job(spec=spec)), until=20).broken


def test_a_job_with_its_successes_is_complete() -> None:
    trace = [*begun(), created(0, "j-1"), succeeded(5, "j-1")]
    assert judged(*trace, until=20).broken == {"JOB-003"}
    shown: dict[str, Any] = {"succeeded": 1}
    end = seen(5, job("SuccessCriteriaMet", "Complete", since=5, status=shown))
    assert judged(*trace, end, until=20).held("JOB-003")


def test_a_complete_job_says_that_enough_have_succeeded() -> None:
    trace = [*begun(TWO), created(0, "j-1"), created(0, "j-2"), succeeded(5, "j-1")]
    end = job("SuccessCriteriaMet", "Complete", since=5, spec=TWO, status={"succeeded": 1})
    assert "JOB-004" in judged(*trace, seen(5, end), until=6).broken


def test_a_success_is_a_pod_of_its_own() -> None:
    trace = [*begun(TWO), created(0, "j-1"), created(0, "j-2"), succeeded(5, "j-1")]
    end = job("SuccessCriteriaMet", "Complete", since=5, spec=TWO, status={"succeeded": 2})
    assert "JOB-007" in judged(*trace, seen(5, end), until=20).broken
    second = succeeded(5, "j-2")
    assert judged(*trace, second, seen(5, end), until=20).held("JOB-007")


# -- Work queues -----------------------------------------------------------------------------------


def queue_after_a_success() -> list[Event]:
    return [*begun(QUEUE), created(0, "j-1"), created(0, "j-2"), succeeded(5, "j-1", tracked=False)]


def test_a_work_queue_gets_no_pod_after_its_first_success() -> None:
    trace = queue_after_a_success()
    assert "JOB-005" in judged(*trace, created(30, "j-3")).broken
    assert "JOB-005" not in judged(*trace, created(6, "j-3")).broken


def test_a_work_queue_leaves_the_rest_alone() -> None:
    trace = queue_after_a_success()
    ended = failed(20, "j-2")
    assert judged(*trace, ended, until=21).held("JOB-006")
    marked = seen(20, worker("j-2", **marks(20, 30)))
    assert "JOB-006" in judged(*trace, marked, until=35).broken
    asked = done(20, "delete", kind="Pod", namespace="default", name="j-2")
    assert "JOB-006" not in judged(*trace, asked, marked, until=35).broken
    over = seen(21, job("FailureTarget", since=20, reason="BackoffLimitExceeded", spec=QUEUE))
    assert "JOB-006" not in judged(*trace, marked, over, until=35).broken


# -- Failures --------------------------------------------------------------------------------------


def test_one_failure_too_many_is_the_end() -> None:
    trace = [*begun({"backoffLimit": 0}), created(0, "j-1"), failed(5, "j-1")]
    assert "JOB-008" in judged(*trace, until=20).broken
    why: dict[str, Any] = {"reason": "BackoffLimitExceeded", "spec": {"backoffLimit": 0}}
    end = job("FailureTarget", "Failed", since=5, **why)
    assert judged(*trace, seen(5, end), until=20).held("JOB-008")


def test_a_failure_that_is_ignored_is_not_the_end() -> None:
    rule = {"action": "Ignore", "onExitCodes": {"operator": "In", "values": [1]}}
    spec: dict[str, Any] = {"backoffLimit": 0, "podFailurePolicy": {"rules": [rule]}}
    trace = [*begun(spec), created(0, "j-1"), failed(5, "j-1")]
    assert "JOB-008" not in judged(*trace, until=14).broken


def test_documented_there_is_no_limit() -> None:
    spec: dict[str, Any] = {"backoffLimit": None}
    trace = [*begun(spec)]
    at = 0.0
    for number, wait in enumerate((10, 20, 40, 80, 160, 320, 360, 360)):
        trace += [created(at, f"j-{number}"), failed(at + 1, f"j-{number}")]
        at += 1 + wait
    assert not judged(*trace, profile="documented").broken
    end = job("Failed", since=at, reason="BackoffLimitExceeded", spec=spec)
    assert "JOB-008" in judged(*trace, seen(at, end), profile="documented").broken


def test_giving_up_within_the_limit_is_too_soon() -> None:
    trace = [*begun({"backoffLimit": 1}), created(0, "j-1"), failed(5, "j-1")]
    why: dict[str, Any] = {"reason": "BackoffLimitExceeded", "spec": {"backoffLimit": 1}}
    assert "JOB-008" in judged(*trace, seen(5, job("FailureTarget", **why))).broken


@pytest.mark.parametrize(("wait", "broken"), [(3, True), (8, True), (10, False), (14, False)])
def test_a_failed_pod_is_replaced_after_ten_seconds(wait: float, broken: bool) -> None:
    trace = [*begun(), created(0, "j-1"), failed(5, "j-1"), created(5 + wait, "j-2")]
    assert ("JOB-009" in judged(*trace).broken) is broken


@pytest.mark.parametrize(("wait", "broken"), [(10, True), (20, False)])
def test_the_delay_doubles(wait: float, broken: bool) -> None:
    first = [*begun(), created(0, "j-1"), failed(5, "j-1"), created(15, "j-2")]
    trace = [*first, failed(20, "j-2"), created(20 + wait, "j-3")]
    assert ("JOB-009" in judged(*trace).broken) is broken


def test_a_success_ends_the_row_of_failures() -> None:
    trace = [*begun(TWO), created(0, "j-1"), created(0, "j-2")]
    trace += [failed(5, "j-1"), succeeded(6, "j-2"), created(7, "j-3")]
    assert "JOB-009" not in judged(*trace).broken


def test_who_did_not_notice_a_failure_yet_may_go_on() -> None:
    spec: dict[str, Any] = {"completions": 3, "parallelism": 2}
    trace = [*begun(spec), created(0, "j-1"), created(0, "j-2")]
    trace += [succeeded(5, "j-1"), failed(5, "j-2"), created(5, "j-3")]
    assert "JOB-009" not in judged(*trace).broken


def test_a_job_that_never_retries_is_late() -> None:
    trace = [*begun(), created(0, "j-1"), failed(5, "j-1"), seen(5, job(status={"failed": 1}))]
    assert judged(*trace, until=60).broken == {"JOB-009"}


def deleted(at: float, name: str) -> list[Event]:
    """The tester deletes a Pod, which then takes a minute to go."""
    return [
        done(at, "delete", kind="Pod", namespace="default", name=name),
        seen(at, worker(name, **marks(at, 60))),
    ]


def test_a_deleted_pod_counts_at_once() -> None:
    trace = [*begun(), created(0, "j-1"), *deleted(5, "j-1")]
    assert "JOB-011" in judged(*trace, seen(6, job()), until=14).broken
    told = seen(6, job(status={"failed": 1}))
    assert "JOB-011" not in judged(*trace, told, until=14).broken


def test_who_is_going_is_replaced_only_by_the_usual_policy() -> None:
    strict: dict[str, Any] = {"podReplacementPolicy": "Failed"}
    trace = [*begun(strict), created(0, "j-1"), *deleted(5, "j-1"), created(17, "j-2")]
    assert "JOB-011" in judged(*trace, until=18).broken
    usual = [*begun(), created(0, "j-1"), *deleted(5, "j-1"), seen(5, job(status={"failed": 1}))]
    usual += [created(17, "j-2"), seen(17, job(status={"failed": 1, "active": 1}))]
    assert not judged(*usual, until=18).broken & {"JOB-003", "JOB-009", "JOB-011"}


# -- Deadlines -------------------------------------------------------------------------------------


def test_a_job_fails_at_its_deadline() -> None:
    spec: dict[str, Any] = {"activeDeadlineSeconds": 30}
    trace = [*begun(spec), created(0, "j-1")]
    assert "JOB-010" in judged(*trace, until=60).broken
    end = job("FailureTarget", since=30, reason="DeadlineExceeded", spec=spec)
    assert judged(*trace, seen(30, end), until=31).held("JOB-010")


def test_a_deadline_comes_in_time() -> None:
    spec: dict[str, Any] = {"activeDeadlineSeconds": 30}
    early = job("FailureTarget", since=20, reason="DeadlineExceeded", spec=spec)
    assert "JOB-010" in judged(*begun(spec), created(0, "j-1"), seen(20, early), until=21).broken


def test_a_suspended_job_has_no_deadline_and_no_pods() -> None:
    spec: dict[str, Any] = {"activeDeadlineSeconds": 30, "suspend": True}
    assert not judged(*begun(spec), until=90).broken
    assert judged(*begun(spec), created(0, "j-1"), until=90).broken == {"JOB-010"}


@pytest.mark.parametrize(("started", "broken"), [(50, False), (0, True)])
def test_a_resumed_job_starts_anew(started: float, broken: bool) -> None:
    trace = begun()
    rested = seen(10, job("Suspended", since=10, spec={"suspend": True}))
    said = {"type": "Suspended", "status": "False", "lastTransitionTime": time_at(50)}
    shown: dict[str, Any] = {"startTime": time_at(started), "conditions": [said]}
    resumed = seen(50, job(spec={"suspend": False}, status=shown))
    assert ("JOB-010" in judged(*trace, rested, resumed, until=51).broken) is broken


# -- Indexes ---------------------------------------------------------------------------------------

INDEXED: dict[str, Any] = {"completions": 3, "parallelism": 1, "completionMode": "Indexed"}


def indexed(at: float, index: int, hostname: str | None = None) -> Event:
    env = [{"name": "JOB_COMPLETION_INDEX"}]
    spec: dict[str, Any] = {
        "hostname": hostname or f"j-{index}",
        "containers": [{"name": "c", "image": "app:1", "env": env}],
    }
    name = f"j-{index}-x"
    return seen(at, worker(name, "Pending", created=at, index=index, spec=spec), "ADDED")


def test_the_lowest_index_comes_first_and_says_so() -> None:
    assert judged(*begun(INDEXED), indexed(0, 0)).held("JOB-012")
    assert "JOB-012" in judged(*begun(INDEXED), indexed(0, 1)).broken
    assert "JOB-012" in judged(*begun(INDEXED), indexed(0, 0, "other")).broken


def test_of_those_that_are_created_together_any_may_come_first() -> None:
    spec: dict[str, Any] = {**INDEXED, "parallelism": 2}
    assert judged(*begun(spec), indexed(0, 1), indexed(0, 0)).held("JOB-012")


@pytest.mark.parametrize(
    ("text", "succeeded", "broken"), [("0-2", 3, False), ("0,1,2", 3, True), ("0-2", 2, True)]
)
def test_completed_indexes_are_intervals(text: str, succeeded: int, broken: bool) -> None:
    shown: dict[str, Any] = {"completedIndexes": text, "succeeded": succeeded}
    old = job(spec=INDEXED, creationTimestamp=time_at(-100))
    new = job(spec=INDEXED, status=shown, creationTimestamp=time_at(-100))
    trace: list[Event] = [seen(0, old, "ADDED"), seen(1, new)]
    assert ("JOB-012" in judged(*trace).broken) is broken


def test_fewer_completions_forget_the_indexes_above() -> None:
    wide: dict[str, Any] = {**INDEXED, "parallelism": 3}
    fewer: dict[str, Any] = {**wide, "completions": 2, "parallelism": 2}
    known: dict[str, Any] = {"completedIndexes": "0", "succeeded": 1, "active": 1}
    pods = [indexed(0, index) for index in range(3)]
    ends = [succeeded(5, f"j-{index}-x", index=index) for index in (0, 2)]
    before = job(spec=wide, status={"completedIndexes": "0,2", "succeeded": 2, "active": 1})
    after = job(spec=fewer, status=known, generation=2)
    trace = [*begun(wide), *pods, *ends, seen(5, before), seen(9, after)]
    assert not judged(*trace, until=60).broken
    again = job(spec=wide, status=known, generation=3)
    anew = seen(20, worker("j-y", "Pending", created=20, index=2), "ADDED")
    findings = judged(*trace, seen(20, again), anew, until=20).findings
    assert not [each for each in findings if "lowest free" in each.expected]


@pytest.mark.parametrize(("limit", "lawful"), [(20, True), (90, False)])
def test_a_deadline_ends_the_rest_of_a_work_queue(limit: int, lawful: bool) -> None:
    spec: dict[str, Any] = {**QUEUE, "activeDeadlineSeconds": limit}
    before = [*begun(spec), created(0, "j-1"), created(0, "j-2")]
    over = succeeded(5, "j-1", tracked=False)
    trace = judged(*before, over, seen(20, worker("j-2", **marks(20, 30))), until=60)
    assert ("JOB-006" not in trace.broken) is lawful


# -- The end ---------------------------------------------------------------------------------------


def test_the_interim_condition_comes_first() -> None:
    trace = [*begun(), created(0, "j-1"), succeeded(5, "j-1", tracked=False)]
    shown: dict[str, Any] = {"succeeded": 1}
    at_once = seen(5, job("Complete", since=5, status=shown))
    assert judged(*trace, at_once, until=6).broken == {"JOB-013"}
    both = seen(5, job("SuccessCriteriaMet", "Complete", since=5, status=shown))
    assert judged(*trace, both, until=6).held("JOB-013")


def test_documented_there_is_just_one_step() -> None:
    trace = [*begun(), created(0, "j-1", tracked=False), succeeded(5, "j-1", tracked=False)]
    end = seen(5, job("Complete", since=5, status={"succeeded": 1}))
    assert judged(*trace, end, profile="documented", until=6).held("JOB-013")
    two = seen(5, job("SuccessCriteriaMet", since=5, status={"succeeded": 1}))
    assert "JOB-013" in judged(*trace, two, profile="documented", until=6).broken


def test_what_is_over_stays_over() -> None:
    trace = begun()
    end = seen(5, job("SuccessCriteriaMet", "Complete", since=5, status={"succeeded": 1}))
    again = seen(6, job(status={"succeeded": 1}))
    assert "JOB-013" in judged(*trace, end, again, until=7).broken


def test_who_terminates_is_waited_for() -> None:
    shown: dict[str, Any] = {"failed": 1, "terminating": 1}
    why: dict[str, Any] = {
        "reason": "BackoffLimitExceeded",
        "status": shown,
        "creationTimestamp": time_at(-9),
    }
    trace: list[Event] = [seen(0, job(creationTimestamp=time_at(-9)), "ADDED")]
    assert "JOB-013" in judged(*trace, seen(5, job("FailureTarget", "Failed", **why))).broken


def test_pods_are_tracked() -> None:
    assert judged(*begun(), created(0, "j-1", tracked=False), until=1).broken == {"JOB-013"}
    assert TRACKING in worker()["metadata"]["finalizers"]


def test_pods_of_a_finished_job_are_kept() -> None:
    trace = [*begun(), created(0, "j-1"), succeeded(5, "j-1", tracked=False)]
    trace += [seen(5, job("SuccessCriteriaMet", "Complete", since=5, status={"succeeded": 1}))]
    gone = worker("j-1", "Succeeded", ended=5, tracked=False, **marks(9, 0))
    assert judged(*trace, seen(9, gone, "DELETED"), until=10).broken == {"JOB-013"}
    asked = done(9, "delete", kind="Pod", namespace="default", name="j-1")
    assert not judged(*trace, asked, seen(9, gone, "DELETED"), until=10).broken


@pytest.mark.parametrize(("at", "broken"), [(15, True), (25, False), (None, True)])
def test_a_finished_job_lives_as_long_as_it_says(at: float | None, broken: bool) -> None:
    spec: dict[str, Any] = {"ttlSecondsAfterFinished": 20}
    end: dict[str, Any] = {"since": 5, "spec": spec, "status": {"succeeded": 1}}
    trace = [*begun(spec), created(0, "j-1"), succeeded(5, "j-1", tracked=False)]
    trace.append(seen(5, job("SuccessCriteriaMet", "Complete", **end)))
    if at is not None:
        going: dict[str, Any] = {
            "deletionTimestamp": time_at(at),
            "finalizers": ["foregroundDeletion"],
        }
        trace.append(seen(at, job("SuccessCriteriaMet", "Complete", **end, **going)))
    assert ("JOB-013" in judged(*trace, until=40).broken) is broken


# -- What must not be blamed -----------------------------------------------------------------------


def test_pods_that_a_job_drops_count_for_nothing() -> None:
    """Scaled down, a Job takes the finalizer off a Pod before it deletes it."""
    wide = job(spec=TWO)
    narrow: dict[str, Any] = {**TWO, "parallelism": 1}
    trace: list[Event] = [
        done(0, "advance", seconds=0),
        seen(0, wide, "ADDED"),
        created(0, "j-1"),
        created(0, "j-2"),
        seen(5, job(spec=narrow, generation=2)),
        seen(5, worker("j-2", tracked=False)),
        seen(5, worker("j-2", tracked=False, **marks(5, 30))),
        seen(6, worker("j-2", "Succeeded", ended=6, tracked=False, **marks(5, 30)), "DELETED"),
        seen(6, job(spec=narrow, generation=2, status={"active": 1})),
    ]
    assert not judged(*trace, until=30).broken


def test_pods_of_nobody_are_no_business_of_a_job() -> None:
    assert not judged(seen(0, pod("Failed"), "ADDED"), until=30).broken & {"JOB-009", "JOB-008"}


@pytest.mark.parametrize("told", [True, False])
def test_more_successes_than_were_wanted_are_told(told: bool) -> None:
    event = {
        "kind": "Event",
        "metadata": {"name": "e", "namespace": "default", "uid": "e"},
        "involvedObject": {"kind": "Job", "name": "j", "uid": "uid-j"},
        "reason": "TooManySucceededPods" if told else "Completed",
    }
    trace = [*begun(), created(0, "j-1"), created(0, "j-2")]
    trace += [succeeded(5, name, tracked=False) for name in ("j-1", "j-2")]
    trace.append(seen(5, event, "ADDED"))
    trace.append(seen(5, job("SuccessCriteriaMet", "Complete", since=5, status={"succeeded": 2})))
    broken = judged(*trace, until=20).broken
    assert ("JOB-004" in broken) is not told
