"""The simulator's Jobs; their pure functions against the recorded answers."""

from __future__ import annotations

from typing import Any

import pytest

from conformance import recorded
from conformance.adapters.simulator import functions, meta
from conformance.adapters.simulator.settings import V1_36
from strategies.jobs import failure_policies
from strategies.manifests import job, pod
from tests.simulator.owners import Cluster

PROFILES = ("v1.36", "documented")
SLOW = pod(policy="Never", terminationGracePeriodSeconds=60)


@pytest.mark.parametrize(
    "function", ["job.backoff", "job.backoff_record", "job.pod_failure_policy", "job.sync"]
)
def test_the_functions_answer_as_kubernetes_does(function: str) -> None:
    for vector in recorded.vectors(function):
        assert functions.evaluate(function, vector.arguments, V1_36) == vector.result, vector.id


@pytest.mark.parametrize("profile", PROFILES)
def test_one_pod_until_one_succeeds(profile: str) -> None:
    cluster = Cluster(profile)
    cluster.create(job("a"))
    (name,) = cluster.names("Running")
    cluster.exit(name, 1)
    assert not cluster.names("Running")
    cluster.advance(9)
    assert not cluster.names("Running")
    cluster.advance(2)
    (name,) = cluster.names("Running")
    cluster.exit(name, 0)
    assert cluster.true("Job", "a")[-1] == "Complete"
    cluster.advance(60)
    assert len(cluster.pods()) == 2


def test_the_end_has_two_steps_today_and_one_as_documented() -> None:
    for profile, conditions in (
        ("v1.36", ["SuccessCriteriaMet", "Complete"]),
        ("documented", ["Complete"]),
    ):
        cluster = Cluster(profile)
        cluster.create(job("a"))
        cluster.exit(cluster.names("Running")[0], 0)
        assert cluster.true("Job", "a") == conditions


def test_failed_waits_until_nobody_terminates() -> None:
    cluster = Cluster()
    cluster.create(job("a", SLOW, completions=2, parallelism=2, backoffLimit=0))
    first, second = cluster.names("Running")
    cluster.do("set-stop", namespace="default", pod=second, container="c", seconds=20, exitCode=0)
    cluster.exit(first, 1)
    assert cluster.true("Job", "a") == ["FailureTarget"]
    cluster.advance(25)
    assert cluster.true("Job", "a") == ["FailureTarget", "Failed"]
    assert cluster.get("Job", "a")["status"]["failed"] == 2


def test_a_limit_is_not_known_to_the_source_document() -> None:
    for profile, over in (("v1.36", True), ("documented", False)):
        cluster = Cluster(profile)
        cluster.create(job("a"))
        for _ in range(7):
            cluster.exit(cluster.names("Running")[0], 1)
            cluster.advance(601)
        assert ("Failed" in cluster.true("Job", "a")) is over


def test_restarts_in_a_pod_reach_the_limit() -> None:
    cluster = Cluster()
    cluster.create(job("a", pod(policy="OnFailure"), backoffLimit=2))
    (name,) = cluster.names("Running")
    cluster.exit(name, 1)
    cluster.advance(1)
    cluster.exit(name, 1)
    cluster.advance(30)
    assert "Failed" in cluster.true("Job", "a")


@pytest.mark.parametrize(("code", "over"), [(42, True), (1, False)])
def test_a_policy_may_fail_it_at_once(code: int, over: bool) -> None:
    cluster = Cluster()
    cluster.create(job("a", **failure_policies()[0]))
    cluster.exit(cluster.names("Running")[0], code)
    assert ("Failed" in cluster.true("Job", "a")) is over


@pytest.mark.parametrize(
    ("replacement", "at_once"), [("TerminatingOrFailed", True), ("Failed", False)]
)
def test_a_deleted_pod_is_replaced(replacement: str, at_once: bool) -> None:
    cluster = Cluster()
    cluster.create(job("a", SLOW, podReplacementPolicy=replacement))
    (name,) = cluster.names("Running")
    cluster.do("set-stop", namespace="default", pod=name, container="c", seconds=None)
    cluster.delete("Pod", name)
    cluster.advance(15)
    assert bool(cluster.names("Running")) is at_once


def test_a_deadline_fails_it_and_rests_while_it_is_suspended() -> None:
    cluster = Cluster()
    cluster.create(job("a", activeDeadlineSeconds=30))
    cluster.advance(20)
    cluster.patch("Job", "a", {"spec": {"suspend": True}})
    cluster.advance(100)
    assert not cluster.pods()
    cluster.patch("Job", "a", {"spec": {"suspend": False}})
    cluster.advance(29)
    assert "Failed" not in cluster.true("Job", "a")
    cluster.advance(2)
    assert "Failed" in cluster.true("Job", "a")


def test_indexes_are_told_and_counted() -> None:
    cluster = Cluster()
    cluster.create(job("a", completions=4, parallelism=4, completionMode="Indexed"))
    pods = cluster.pods("Running")
    assert [one["spec"]["hostname"] for one in pods] == ["a-0", "a-1", "a-2", "a-3"]
    for one in (pods[0], pods[1], pods[3]):
        cluster.exit(meta.name_of(one), 0)
    assert cluster.get("Job", "a")["status"]["completedIndexes"] == "0,1,3"


def test_a_work_queue_ends_with_its_last_pod() -> None:
    cluster = Cluster()
    cluster.create(job("a", parallelism=2))
    first, second = cluster.names("Running")
    cluster.exit(first, 0)
    cluster.advance(30)
    assert cluster.names("Running") == [second]
    cluster.exit(second, 1)
    assert "Complete" in cluster.true("Job", "a")


def test_too_many_successes_are_told() -> None:
    cluster = Cluster()
    cluster.create(job("a", completions=2, parallelism=2))
    first, second = cluster.names("Running")
    cluster.exit(first, 0)
    cluster.adapter.engine.store.update_status(
        meta.with_status(cluster.get("Job", "a"), succeeded=2)
    )
    cluster.exit(second, 0)
    assert "TooManySucceededPods" in cluster.reasons("a")


def test_a_finished_job_goes_after_its_pods() -> None:
    cluster = Cluster()
    cluster.create(job("a", ttlSecondsAfterFinished=10))
    cluster.exit(cluster.names("Running")[0], 0)
    cluster.advance(8)
    assert cluster.get("Job", "a") is not None
    cluster.advance(4)
    assert cluster.get("Job", "a") is None
    assert not cluster.store.list("Pod")


@pytest.mark.parametrize("profile", PROFILES)
def test_a_deleted_job_leaves_no_pod_behind(profile: str) -> None:
    cluster = Cluster(profile)
    cluster.create(job("a", completions=3, parallelism=3))
    cluster.exit(cluster.names("Running")[0], 0)
    cluster.delete("Job", "a")
    cluster.advance(60)
    assert not cluster.store.list("Pod")


def test_fewer_at_a_time_are_no_failures() -> None:
    cluster = Cluster()
    cluster.create(job("a", completions=5, parallelism=3))
    cluster.patch("Job", "a", {"spec": {"parallelism": 1}})
    assert len(cluster.names("Running")) == 1
    status: dict[str, Any] = cluster.get("Job", "a")["status"]
    assert "failed" not in status
