"""REPLICA-002 and -007: the number of Pods, what the status says of it, and templates."""

from __future__ import annotations

import pytest

from spec_model.events import Accepted, Act, Rejected
from tests.laws.replicated import BEGIN, added, deletes, gone, member, play, workload
from tests.laws.traces import done, seen


def test_as_many_as_asked_for() -> None:
    trace = play(BEGIN, added(0, workload(1, replicas=1)), added(0, member("a")), until=20)
    assert trace.held("REPLICA-002")


def test_too_few() -> None:
    trace = play(BEGIN, added(0, workload(2, replicas=1)), added(0, member("a")), until=20)
    assert "REPLICA-002" in trace.broken


def test_too_many() -> None:
    pods = [added(0, member(name)) for name in "ab"]
    trace = play(BEGIN, added(0, workload(1, replicas=2)), *pods, until=20)
    assert "REPLICA-002" in trace.broken


def test_a_watch_that_shows_no_pods_proves_nothing() -> None:
    assert not play(added(0, workload(2)), until=20).broken


def test_who_is_lost_is_replaced() -> None:
    before = BEGIN, added(0, workload(1)), added(0, member("a"))
    lost = deletes(5, "Pod", "a"), seen(5, member("a", going=5))
    assert "REPLICA-002" in play(*before, *lost, until=20).broken
    replaced = added(6, member("b", created=6))
    assert play(*before, *lost, replaced, until=20).held("REPLICA-002")


def test_a_controller_may_lag() -> None:
    before = BEGIN, added(0, workload(1, replicas=1)), added(0, member("a", ready=None))
    later = seen(5, member("a", "Failed", ready=None)), added(9.5, member("b", ready=None))
    assert "REPLICA-002" not in play(*before, *later, until=30).broken


def test_who_cannot_make_pods_says_so() -> None:
    failing = [{"type": "ReplicaFailure", "status": "True", "reason": "FailedCreate"}]
    trace = play(BEGIN, added(0, workload(1, conditions=failing)), until=20)
    assert not trace.broken


def test_a_workload_that_goes_owes_nothing() -> None:
    going = workload(1, metadata={"deletionTimestamp": "2024-05-01T10:00:01Z"})
    assert not play(BEGIN, added(0, workload(1)), seen(1, going), until=20).broken


# -- The status --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("counts", "breaks"),
    [
        ({"replicas": 1, "readyReplicas": 1, "availableReplicas": 1}, False),
        ({"replicas": 1, "readyReplicas": 0, "availableReplicas": 0}, True),
        ({"replicas": 2, "readyReplicas": 1, "availableReplicas": 1}, True),
        ({"replicas": 1, "readyReplicas": 1, "availableReplicas": 0}, True),
    ],
)
def test_the_status_counts(counts: dict[str, int], breaks: bool) -> None:
    trace = play(BEGIN, added(0, workload(1, **counts)), added(0, member("a")), until=20)
    assert ("REPLICA-007" in trace.broken) is breaks
    assert "REPLICA-007" in trace.exercised


def test_the_status_may_come_late() -> None:
    counted = workload(1, replicas=1, readyReplicas=1, availableReplicas=1)
    trace = play(BEGIN, added(0, workload(1)), added(0, member("a")), seen(4, counted), until=20)
    assert not trace.broken


@pytest.mark.parametrize(("available", "breaks"), [(0, False), (1, True)])
def test_available_only_after_a_while(available: int, breaks: bool) -> None:
    shown = workload(
        1,
        spec={"minReadySeconds": 30},
        replicas=1,
        readyReplicas=1,
        availableReplicas=available,
    )
    trace = play(BEGIN, added(0, member("a")), added(0, shown), until=20)
    assert ("REPLICA-007" in trace.broken) is breaks


def test_available_in_the_end() -> None:
    shown = workload(1, spec={"minReadySeconds": 30}, replicas=1, readyReplicas=1)
    before = BEGIN, added(0, shown), added(0, member("a"))
    assert "REPLICA-007" in play(*before, until=60).broken
    counts = {"replicas": 1, "readyReplicas": 1, "availableReplicas": 1}
    after = seen(31, workload(1, spec={"minReadySeconds": 30}, **counts))
    assert play(*before, after, until=60).held("REPLICA-007")


# -- Templates ---------------------------------------------------------------------------------------

COUNTS = {"replicas": 1, "readyReplicas": 1, "availableReplicas": 1}
OLD = (BEGIN, added(0, workload(1, **COUNTS)), added(0, member("a")))
NEW = seen(10, workload(1, image="app:2", generation=2, **COUNTS))


def test_a_template_touches_nobody() -> None:
    assert play(*OLD, NEW, until=30).held("REPLICA-007")


def test_a_template_that_replaces_pods() -> None:
    replaced = gone(11, member("a", going=11)), added(11, member("b", image="app:2", created=11))
    assert "REPLICA-007" in play(*OLD, NEW, *replaced, until=30).broken


def test_a_template_that_changes_pods() -> None:
    changed = seen(11, member("a", image="app:2"))
    assert "REPLICA-007" in play(*OLD, NEW, changed, until=30).broken


@pytest.mark.parametrize(("image", "breaks"), [("app:2", False), ("app:1", True)])
def test_a_new_pod_is_of_the_new_template(image: str, breaks: bool) -> None:
    lost = deletes(20, "Pod", "a"), gone(20, member("a", going=20))
    made = added(20, member("b", image=image, created=20, ready=20))
    assert ("REPLICA-007" in play(*OLD, NEW, *lost, made, until=30).broken) is breaks


# -- Scaling -----------------------------------------------------------------------------------------


def scaled(wanted: int, stored: int | None, at: float = 5) -> Act:
    """A write of /scale, and what is stored then; None: it is refused."""
    response = (
        Rejected(422, "Invalid")
        if stored is None
        else Accepted(workload(stored, generation=2, **COUNTS))
    )
    return done(
        at,
        "patch",
        response,
        kind="ReplicaSet",
        namespace="default",
        name="web",
        patch={"spec": {"replicas": wanted}},
        subresource="scale",
    )


def test_a_scale_is_written_and_followed() -> None:
    after = seen(5, workload(2, generation=2, **COUNTS)), added(5, member("b", created=5))
    trace = play(*OLD, scaled(2, 2), *after, until=6)
    assert "REPLICA-008" in trace.exercised
    assert "REPLICA-008" not in trace.broken


def test_a_scale_that_is_cut() -> None:
    trace = play(*OLD, scaled(5, 2), until=6)
    assert trace.broken == {"REPLICA-008"}


def test_a_scale_that_is_not_followed() -> None:
    after = seen(5, workload(3, generation=2, **COUNTS))
    trace = play(*OLD, scaled(3, 3), after, until=20)
    assert trace.broken == {"REPLICA-002", "REPLICA-008"}


def test_a_negative_scale() -> None:
    assert play(*OLD, scaled(-1, None)).held("REPLICA-008")
    assert "REPLICA-008" in play(*OLD, scaled(-1, 0)).broken


def test_scaled_to_nothing_it_stays() -> None:
    after = seen(5, workload(0, generation=2)), gone(5, member("a", going=5))
    kept = play(*OLD, scaled(0, 0), *after, until=20)
    assert kept.held("REPLICA-008")
    lost = play(*OLD, scaled(0, 0), *after, gone(6, workload(0)), until=20)
    assert "REPLICA-008" in lost.broken


def test_what_a_deployment_scales_back_it_may_delete() -> None:
    owner = {"kind": "Deployment", "name": "d", "uid": "uid-d", "controller": True}
    back = workload(0, generation=3, metadata={"ownerReferences": [owner]})
    trace = play(*OLD, scaled(3, 3), seen(1, back), gone(1, back), until=20)
    assert "REPLICA-008" not in trace.broken
