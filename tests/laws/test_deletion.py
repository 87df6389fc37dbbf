"""TERM-001, -002, -004, -009 to -011 and -013: what is seen of a delete, on traces made by hand."""

from __future__ import annotations

from typing import Any

import pytest

from spec_model.events import Accepted, Rejected
from tests.laws.ending import ASKED, deletes, ended, lives, marks, ready, shown, up
from tests.laws.traces import Judged, done, judged, pod, seen, status, time_at

HELD = {"finalizers": ["example.com/hold"]}


def deleted(grace: int | None, metadata: dict[str, Any], **more: Any) -> Judged:
    return judged(
        up(**more), deletes(grace=grace), shown(ASKED, lives(), metadata=metadata, **more)
    )


@pytest.mark.parametrize(
    ("asked", "spec", "granted", "lawful"),
    [
        (None, None, 30, True),
        (None, 5, 5, True),
        (None, 5, 30, False),
        (7, 5, 7, True),
        (7, 5, 5, False),
        (-1, 5, 1, True),
        (None, -4, 1, True),
    ],
)
def test_the_grace_period(asked: int | None, spec: int | None, granted: int, lawful: bool) -> None:
    own = {} if spec is None else {"spec": {"terminationGracePeriodSeconds": spec}}
    trace = deleted(asked, marks(granted), **own)
    assert trace.held("TERM-001") is lawful


def test_the_end_lies_ahead_and_the_generation_counts() -> None:
    assert deleted(None, marks()).held("TERM-002")
    assert "TERM-002" in deleted(None, marks(generation=1)).broken
    assert "TERM-002" in deleted(None, {**marks(), "deletionTimestamp": time_at(ASKED)}).broken


def test_a_delete_does_not_change_the_phase() -> None:
    trace = judged(up(), deletes(), shown(ASKED, lives(), phase="Failed", metadata=marks()))
    assert "TERM-002" in trace.broken


# -- TERM-004 ---------------------------------------------------------------------------------------


def again(second: int, metadata: dict[str, Any], at: float = 15) -> Judged:
    return judged(
        up(),
        deletes(),
        shown(ASKED, lives(), metadata=marks()),
        deletes(at, second),
        shown(at, lives(), metadata=metadata),
    )


def test_another_delete_shortens() -> None:
    assert again(10, marks(10)).held("TERM-004")
    assert "TERM-004" in again(10, marks(10, at=15)).broken


def test_another_delete_does_not_lengthen() -> None:
    assert "TERM-004" in again(60, marks(60)).broken
    assert "TERM-004" not in again(60, marks()).broken


def test_an_end_that_is_past_is_now_and_one_second() -> None:
    assert again(3, marks(1, at=29), at=30).held("TERM-004")
    assert "TERM-004" in again(3, marks(3), at=30).broken


def test_the_kubelets_own_last_delete_is_no_shortening() -> None:
    trace = judged(
        up(),
        deletes(),
        shown(ASKED, lives(), metadata=marks()),
        shown(40, ended(40, 137), phase="Failed", metadata=marks()),
        shown(41, ended(40, 137), phase="Failed", metadata=marks(0, at=41)),
    )
    assert trace.held("TERM-004")


# -- TERM-009 ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(("profile", "holds"), [("v1.36", True), ("documented", False)])
def test_readiness_while_it_ends(profile: str, holds: bool) -> None:
    def trace(is_ready: bool) -> Judged:
        return judged(
            up(more=ready()),
            deletes(),
            shown(ASKED, lives(), metadata=marks(), more=ready()),
            shown(ASKED, lives(), metadata=marks(), more=ready(is_ready)),
            profile=profile,
            until=30,
        )

    assert trace(holds).held("TERM-009")
    assert "TERM-009" in trace(not holds).broken


def test_a_pod_whose_container_has_ended_may_be_unready() -> None:
    over = {**ready(False), "containerStatuses": [ended(12, 0), lives("d")]}
    trace = judged(
        up("c", "d", more=ready()),
        deletes(),
        shown(ASKED, lives(), lives("d"), metadata=marks(), more=ready()),
        shown(12, ended(12, 0), lives("d"), metadata=marks(), more=over),
    )
    assert "TERM-009" not in trace.broken


# -- TERM-010 ---------------------------------------------------------------------------------------

OWNER = {"kind": "ReplicaSet", "name": "r", "uid": "uid-r", "controller": True}
OWNED = {"ownerReferences": [OWNER]}


def replaced(new: bool, at: float = 30) -> Judged:
    workload = {
        "apiVersion": "apps/v1",
        "kind": "ReplicaSet",
        "metadata": {"name": "r", "namespace": "default", "uid": "uid-r"},
        "spec": {"replicas": 1},
    }
    other = pod("Pending", [status("c")], name="b", uid="uid-b", created=ASKED, metadata=OWNED)
    return judged(
        seen(0, workload, "ADDED"),
        up(metadata=OWNED),
        deletes(),
        shown(ASKED, lives(), metadata={**OWNED, **marks()}),
        *([seen(ASKED, other, "ADDED")] if new else []),
        shown(at, ended(at, 0), metadata={**OWNED, **marks()}, phase="Succeeded"),
    )


def test_a_controller_replaces_who_is_being_deleted() -> None:
    assert replaced(True).held("TERM-010")
    assert "TERM-010" in replaced(False).broken
    assert "TERM-010" not in replaced(False, at=12).broken


# -- TERM-011 and -013: the end -----------------------------------------------------------------------


def gone(at: float, *statuses: dict[str, Any], **more: Any) -> Any:
    return shown(at, *statuses, type="DELETED", metadata=marks(0, at=at), **more)


def test_it_goes_when_its_containers_have_stopped() -> None:
    before = (up(), deletes(), shown(ASKED, lives(), metadata=marks()))
    assert "TERM-011" in judged(*before, gone(12, lives())).broken
    over = shown(12, ended(12, 0), phase="Succeeded", metadata=marks())
    assert judged(*before, over, gone(12, ended(12, 0), phase="Succeeded")).held("TERM-011")
    assert "TERM-011" in judged(*before, over, until=60).broken


def test_a_finalizer_keeps_it() -> None:
    before = (up(metadata=HELD), deletes(), shown(ASKED, lives(), metadata={**HELD, **marks()}))
    over = shown(12, ended(12, 0), phase="Succeeded", metadata={**HELD, **marks()})
    assert judged(*before, over, until=60).held("TERM-011")
    early = seen(
        13, pod("Succeeded", [ended(12, 0)], metadata={**HELD, **marks(0, at=13)}), "DELETED"
    )
    assert "TERM-011" in judged(*before, over, early).broken
    patch = {"metadata": {"finalizers": None}}
    let_go = done(13, "patch", kind="Pod", namespace="default", name="a", patch=patch)
    assert "TERM-011" not in judged(*before, over, let_go, early).broken


def test_by_force_it_goes_at_once() -> None:
    marked = shown(ASKED, lives(), metadata=marks(0))
    assert judged(up(), deletes(grace=0), marked, gone(ASKED, lives())).held("TERM-013")
    assert "TERM-013" in judged(up(), deletes(grace=0), marked, gone(13, lives())).broken
    assert "TERM-013" in judged(up(), deletes(grace=0), marked, until=60).broken


@pytest.mark.parametrize(("taken", "lawful"), [(False, True), (True, False)])
def test_its_name_is_free(taken: bool, lawful: bool) -> None:
    answer = Rejected(409, "AlreadyExists") if taken else Accepted(pod(uid="uid-b"))
    made = pod("Pending", [], uid="")
    trace = judged(
        up(),
        deletes(grace=0),
        shown(ASKED, lives(), metadata=marks(0)),
        gone(ASKED, lives()),
        done(ASKED, "create", answer, object=made),
    )
    assert ("TERM-013" in trace.broken) is not lawful


# -- TERM-008 ---------------------------------------------------------------------------------------


def piece(kind: str, *, there: bool = True, **conditions: bool) -> dict[str, Any]:
    """An EndpointSlice or Endpoints that list the Pod, or do not."""
    target = {"targetRef": {"kind": "Pod", "name": "a", "uid": "uid-a"}}
    listed = [{**target, "conditions": conditions}] if there else []
    body = (
        {"endpoints": listed} if kind == "EndpointSlice" else {"subsets": [{"addresses": listed}]}
    )
    metadata = {"name": "web", "namespace": "default", "uid": f"uid-{kind}"}
    return {"apiVersion": "v1", "kind": kind, "metadata": metadata, **body}


def served(kind: str, after: dict[str, Any], profile: str = "v1.36") -> Judged:
    return judged(
        up(),
        seen(1, piece(kind, ready=True), "ADDED"),
        deletes(),
        shown(ASKED, lives(), metadata=marks()),
        seen(ASKED, after),
        profile=profile,
        until=30,
    )


def test_an_endpoint_slice_says_that_it_is_terminating() -> None:
    good = piece("EndpointSlice", ready=False, terminating=True, serving=True)
    assert served("EndpointSlice", good).held("TERM-008")
    bad = piece("EndpointSlice", ready=True, terminating=True)
    assert "TERM-008" in served("EndpointSlice", bad).broken
    assert "TERM-008" in served("EndpointSlice", piece("EndpointSlice", ready=True)).broken
    assert "TERM-008" in served("EndpointSlice", piece("EndpointSlice", there=False)).broken


@pytest.mark.parametrize("kind", ["EndpointSlice", "Endpoints"])
def test_documented_it_is_listed_no_more(kind: str) -> None:
    assert served(kind, piece(kind, there=False), "documented").held("TERM-008")
    assert "TERM-008" in served(kind, piece(kind, ready=True), "documented").broken


def test_endpoints_drop_it() -> None:
    assert served("Endpoints", piece("Endpoints", there=False)).held("TERM-008")
    assert "TERM-008" in served("Endpoints", piece("Endpoints", ready=True)).broken
