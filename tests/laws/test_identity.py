"""The laws of IDENTITY, on traces made by hand."""

from __future__ import annotations

from typing import Any

from spec_model.events import Accepted, Act, Observation, Rejected, Response
from strategies.manifests import pod as manifest
from tests.laws.traces import Judged, done, judged, pod, running, seen, status, time_at

TAKEN = Rejected(409, "AlreadyExists")
CONFLICT = Rejected(409, "Conflict")
UP = [status(state=running())]


def created(at: float = 0, response: Response | None = None, uid: str = "uid-a") -> Act:
    stored = pod("Pending", uid=uid)
    return done(at, "create", Accepted(stored) if response is None else response, object=manifest())


def shown(at: float, type: str = "MODIFIED", **more: Any) -> Observation:
    return seen(at, pod(statuses=UP, **{"created": at, **more}), type)


# -- IDENTITY-001 ------------------------------------------------------------------------------------


def test_a_name_is_taken() -> None:
    assert judged(shown(0, "ADDED"), created(1, TAKEN)).held("IDENTITY-001")
    assert "IDENTITY-001" in judged(shown(0, "ADDED"), created(1, uid="uid-b")).broken


def test_a_name_is_taken_by_a_pod_that_is_going() -> None:
    going = {"deletionTimestamp": time_at(31), "deletionGracePeriodSeconds": 30}
    before = shown(1, metadata=going)
    assert judged(before, created(2, TAKEN)).held("IDENTITY-001")
    again = judged(before, created(2, uid="uid-b"), clock="real")
    assert "IDENTITY-001" not in again.broken  # it may have gone, and the watch lags


def test_a_name_is_free_once_its_pod_is_gone() -> None:
    before = shown(0, "ADDED"), shown(1, "DELETED")
    trace = judged(*before, created(2, uid="uid-b"), shown(2, "ADDED", uid="uid-b"))
    assert trace.held("IDENTITY-001")


def test_a_uid_is_never_used_again() -> None:
    before = shown(0, "ADDED"), shown(1, "DELETED")
    assert "IDENTITY-001" in judged(*before, shown(2, "ADDED")).broken


def test_a_uid_is_constant() -> None:
    before = seen(0, pod(statuses=UP), "ADDED")
    changed = judged(before, seen(1, pod(statuses=UP, uid="uid-b"), "MODIFIED"))
    assert "IDENTITY-001" in changed.broken


def test_a_recreation_whose_end_was_skipped_is_another_pod() -> None:
    trace = judged(shown(0, "ADDED"), shown(9, "ADDED", uid="uid-b"))
    assert "IDENTITY-001" not in trace.broken


def test_two_pods_have_two_uids() -> None:
    trace = judged(shown(0, "ADDED"), shown(1, "ADDED", name="b"))
    assert "IDENTITY-001" in trace.broken


def test_a_pod_refused_for_its_form_says_nothing_of_its_name() -> None:
    assert (
        "IDENTITY-001"
        not in judged(shown(0, "ADDED"), created(1, Rejected(422, "Invalid"))).exercised
    )


# -- IDENTITY-002 ------------------------------------------------------------------------------------


def bound(response: Response, **more: Any) -> Judged:
    bind = done(1, "bind", response, namespace="default", pod="a", node="node-2")
    return judged(shown(0, "ADDED", **more), bind)


def test_a_bound_pod_is_not_bound_again() -> None:
    assert bound(CONFLICT).held("IDENTITY-002")
    assert bound(Accepted()).broken == {"IDENTITY-002", "SCHED-008"}  # both rules speak of it
    assert bound(Rejected(422, "Invalid")).broken == {"IDENTITY-002"}
    assert "IDENTITY-002" not in bound(Rejected(403, "Forbidden")).exercised


def test_a_pod_that_is_going_is_not_bound() -> None:
    going = {"deletionTimestamp": time_at(31), "deletionGracePeriodSeconds": 30}
    assert "IDENTITY-002" in bound(Accepted(), spec={"nodeName": ""}, metadata=going).broken


def test_a_pod_without_a_node_may_be_bound() -> None:
    assert "IDENTITY-002" not in bound(Accepted(), spec={"nodeName": ""}).exercised


def test_a_pod_never_moves() -> None:
    first = shown(0, "ADDED")
    assert "IDENTITY-002" in judged(first, shown(1, spec={"nodeName": "node-2"})).broken
    first = shown(0, "ADDED")
    assert judged(first, shown(1, "DELETED")).held("IDENTITY-002")


# -- IDENTITY-003 ------------------------------------------------------------------------------------


def gone() -> list[Act | Observation]:
    asked = done(1, "delete", kind="Pod", namespace="default", name="a")
    return [created(), shown(0, "ADDED"), asked, shown(2, "DELETED")]


def test_a_bare_pod_stays_gone() -> None:
    assert judged(*gone(), done(30, "advance", seconds=1)).held("IDENTITY-003")
    assert "IDENTITY-003" not in judged(*gone(), done(3, "advance", seconds=1)).exercised


def test_nobody_brings_a_bare_pod_back() -> None:
    assert "IDENTITY-003" in judged(*gone(), shown(9, "ADDED", uid="uid-b")).broken


def test_the_tester_may_bring_it_back() -> None:
    again = created(9, uid="uid-b")
    assert "IDENTITY-003" not in judged(*gone(), again, shown(9, "ADDED", uid="uid-b")).broken


def test_the_end_of_the_first_may_be_seen_after_the_second_was_made() -> None:
    last = gone()[-1]
    trace = judged(*gone()[:-1], created(2, uid="uid-b"), last, shown(3, "ADDED", uid="uid-b"))
    assert "IDENTITY-003" not in trace.broken


def test_who_made_a_pod_of_a_recording_is_not_known() -> None:
    trace = judged(shown(0, "ADDED"), shown(1, "DELETED"), shown(2, "ADDED", uid="uid-b"))
    assert "IDENTITY-003" not in trace.exercised


def test_a_pod_that_cannot_be_placed_waits() -> None:
    condition = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable"}
    lonely = {"spec": {"nodeName": ""}, "more": {"conditions": [condition]}}
    before = [created(), seen(0, pod("Pending", **lonely), "ADDED")]
    assert judged(*before, done(60, "advance", seconds=1)).held("IDENTITY-003")
    vanished = seen(9, pod("Pending", **lonely), "DELETED")
    assert "IDENTITY-003" in judged(*before, vanished).broken
