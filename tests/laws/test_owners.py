"""REPLICA-003, -004 and -006: whose Pods they are, how they are made, and who goes first."""

from __future__ import annotations

from typing import Any

import pytest

from tests.laws.replicated import BEGIN, added, deletes, member, play, told, workload
from tests.laws.traces import seen

ONE = {"replicas": 1, "readyReplicas": 1, "availableReplicas": 1}


# -- REPLICA-006 -------------------------------------------------------------------------------------


def test_an_orphan_is_adopted() -> None:
    before = BEGIN, added(0, workload(1, **ONE)), added(1, member("a", owner=None))
    assert "REPLICA-006" in play(*before, until=20).broken
    assert play(*before, seen(2, member("a")), until=20).held("REPLICA-006")


def test_a_new_workload_adopts_who_is_there() -> None:
    trace = play(BEGIN, added(0, member("a", owner=None)), added(1, workload(1)), until=20)
    assert "REPLICA-006" in trace.broken


@pytest.mark.parametrize(
    "pod",
    [
        member("a", owner=None, labels={"app": "other"}),
        member("a", "Succeeded", owner=None, ready=None),
        member("a", owner=None, going=0),
        member("a", owner="other", kind="Job"),
    ],
)
def test_others_are_left_alone(pod: dict[str, Any]) -> None:
    trace = play(BEGIN, added(0, workload(0)), added(0, pod), until=20)
    assert "REPLICA-006" not in trace.broken


def test_who_does_not_match_must_not_be_adopted() -> None:
    other = {"app": "other"}
    before = BEGIN, added(0, workload(0)), added(0, member("a", owner=None, labels=other))
    trace = play(*before, seen(1, member("a", labels=other)), until=3)
    assert "REPLICA-006" in trace.broken


def test_nobody_is_taken_from_another() -> None:
    other = workload(1, name="other", **ONE)
    before = BEGIN, added(0, workload(0)), added(0, other), added(0, member("a", owner="other"))
    trace = play(*before, seen(1, member("a")), until=3)
    assert "REPLICA-006" in trace.broken


def test_who_no_longer_matches_is_released() -> None:
    other = {"app": "other"}
    before = BEGIN, added(0, workload(1, **ONE)), added(0, member("a"))
    left = seen(5, member("a", labels=other))
    assert "REPLICA-006" in play(*before, left, until=20).broken
    released = seen(6, member("a", owner=None, labels=other))
    assert play(*before, left, released, until=20).held("REPLICA-006")


def test_who_is_released_runs_on() -> None:
    before = BEGIN, added(0, workload(1, **ONE)), added(0, member("a"))
    left = seen(5, member("a", labels={"app": "other"}))
    killed = seen(6, member("a", labels={"app": "other"}, going=6))
    trace = play(*before, left, killed)
    assert "REPLICA-006" in trace.broken


def test_the_tester_may_delete_who_leaves() -> None:
    before = BEGIN, added(0, workload(1, **ONE)), added(0, member("a"))
    left = seen(5, member("a", labels={"app": "other"}))
    killed = deletes(6, "Pod", "a"), seen(6, member("a", labels={"app": "other"}, going=6))
    trace = play(*before, left, *killed)
    assert "REPLICA-006" not in trace.broken


# -- REPLICA-004 -------------------------------------------------------------------------------------


TWO = {"replicas": 2, "readyReplicas": 2, "availableReplicas": 2}


def scale_down(*pods: dict[str, Any], victim: str, known: bool = True) -> Any:
    """Two Pods, of which one goes when the number becomes 1."""
    dying = next(pod for pod in pods if pod["metadata"]["name"] == victim)
    marks = {"deletionTimestamp": "2024-05-01T10:01:30Z", "deletionGracePeriodSeconds": 30}
    return play(
        *([BEGIN] if known else []),
        added(0, workload(2, **TWO)),
        *[added(0, pod) for pod in pods],
        seen(60, workload(1, generation=2, **TWO)),
        seen(60, {**dying, "metadata": {**dying["metadata"], **marks}}),
        until=70,
    )


CHEAP = {"controller.kubernetes.io/pod-deletion-cost": "-5"}


@pytest.mark.parametrize(
    "first",
    [
        member("b", ready=None),
        member("b", annotations=CHEAP),
        member("b", ready=None, phase="Pending", node=""),
        member("b", ready=None, restarts=3),
    ],
)
def test_the_right_one_goes_first(first: dict[str, Any]) -> None:
    assert scale_down(member("a"), first, victim="b").held("REPLICA-004")
    assert "REPLICA-004" in scale_down(member("a"), first, victim="a").broken


def test_of_equals_any_may_go() -> None:
    for victim in "ab":
        assert "REPLICA-004" not in scale_down(member("a"), member("b"), victim=victim).broken


def test_a_judge_that_only_watches_blames_nobody() -> None:
    trace = scale_down(member("a"), member("b", ready=None), victim="a", known=False)
    assert "REPLICA-004" not in trace.broken


def test_what_has_just_changed_is_not_compared() -> None:
    trace = play(
        BEGIN,
        added(0, workload(2, **TWO)),
        *[added(0, member(name)) for name in "ab"],
        seen(59, member("b", ready=None)),
        seen(60, workload(1, generation=2, **TWO)),
        seen(60, member("a", going=60)),
        until=62,
    )
    assert "REPLICA-004" not in trace.broken


def test_who_has_come_since_the_last_time_crowds_a_node_too() -> None:
    z: dict[str, Any] = {"node": "node-3", "ready": None}
    there = [member("z", **z), member("a"), *[member(name, node="node-2") for name in "bc"]]
    trace = play(
        BEGIN,
        added(0, workload(4)),
        *[added(0, pod) for pod in there],
        seen(60, workload(3, generation=2)),
        seen(60, member("z", going=60, **z)),
        seen(62, workload(5, generation=3)),
        *[added(62, member(name, created=62)) for name in "de"],
        seen(64, workload(2, generation=4)),
        *[seen(64, member(name, going=64, created=62)) for name in "de"],
        seen(64, member("a", going=64)),
        until=70,
    )
    assert "REPLICA-004" not in trace.broken


# -- REPLICA-003 -------------------------------------------------------------------------------------

FAILING = [{"type": "ReplicaFailure", "status": "True", "reason": "FailedCreate"}]


def failures(count: int, *, at: float = 0) -> list[Any]:
    """So many failures in a row."""
    return [told(at, "FailedCreate", workload(9), f"no {index}") for index in range(count)]


def failing(*told_of: Any, shown: bool = True, **more: Any) -> Any:
    """A workload of nine Pods of which this is told, and which says that it fails."""
    first, last = added(0, workload(9)), seen(0, workload(9, conditions=FAILING))
    return play(BEGIN, first, *told_of, *([last] if shown else []), **more)


def test_one_failure_ends_a_sync() -> None:
    assert failing(*failures(1), until=10).held("REPLICA-003")


def test_all_at_once_is_no_slow_start() -> None:
    assert "REPLICA-003" in failing(*failures(9), until=10).broken


def test_a_batch_of_two_may_fail_twice() -> None:
    made = told(0, "SuccessfulCreate", workload(9), "Created pod: a")
    assert failing(made, *failures(2), until=10).held("REPLICA-003")


def test_on_a_real_clock_events_tell_too_little() -> None:
    assert "REPLICA-003" not in failing(*failures(9), clock="real", until=10).broken


def test_a_failure_shows_in_the_status() -> None:
    assert "REPLICA-003" in failing(*failures(1), shown=False, until=20).broken


def test_what_failed_is_tried_again() -> None:
    assert "REPLICA-003" in failing(*failures(1), until=1100).broken
    before = BEGIN, added(0, workload(9)), *failures(1), seen(0, workload(9, conditions=FAILING))
    again = told(600, "SuccessfulCreate", workload(9), "Created pod: a")
    assert play(*before, again, until=1100).held("REPLICA-003")


@pytest.mark.parametrize(("counts", "breaks"), [((500, 501), False), ((501, 501), True)])
def test_a_sync_has_an_end(counts: tuple[int, int], breaks: bool) -> None:
    trace = play(
        BEGIN,
        added(0, workload(501)),
        *[seen(0, workload(501, replicas=count)) for count in counts],
        until=0,
    )
    assert ("REPLICA-003" in trace.broken) is breaks
