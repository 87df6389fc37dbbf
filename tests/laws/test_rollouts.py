"""The laws of DEPLOY, on traces made by hand."""

from __future__ import annotations

import pytest

from spec_model.events import Accepted, Rejected
from tests.laws import traces
from tests.laws.rolling import RECREATE, deployment, judged, replica_set, rolling, seen
from tests.laws.traces import done, pod

# -- sizes -------------------------------------------------------------------------------------------


def test_a_step_up_then_a_step_down() -> None:
    steps = [
        seen(20, replica_set(2, 1, 0, made=20), "ADDED"),
        seen(22, replica_set(2, 1)),
        seen(22, replica_set(1, 2, 3)),
    ]
    outcome = judged(*rolling(), *steps, until=23)
    assert not {rule for rule in outcome.broken if rule.startswith("DEPLOY")}
    assert {"DEPLOY-002", "DEPLOY-003", "DEPLOY-004", "DEPLOY-006", "DEPLOY-007"} <= set(
        outcome.exercised
    )


def test_more_replicas_than_there_may_be() -> None:
    made = seen(20, replica_set(2, 2, 0, made=20), "ADDED")
    assert "DEPLOY-003" in judged(*rolling(), made, until=21).broken


def test_an_old_one_that_shrinks_before_the_new_is_available() -> None:
    steps = [
        seen(20, replica_set(2, 1, 0, made=20), "ADDED"),
        seen(21, replica_set(1, 2, 3)),
    ]
    assert "DEPLOY-004" in judged(*rolling(), *steps, until=22).broken


def test_availability_that_was_lost_just_now_may_not_be_known() -> None:
    steps = [
        seen(20, replica_set(2, 1, 0, made=20), "ADDED"),
        seen(22, replica_set(2, 1)),
        seen(23, replica_set(2, 1, 0)),
        seen(23, replica_set(1, 2, 3)),
    ]
    assert "DEPLOY-004" not in judged(*rolling(), *steps, until=24).broken


def test_unavailable_old_pods_may_go_at_once() -> None:
    before = [*rolling(), seen(20, replica_set(1, 3, 1))]
    steps = [
        seen(20, replica_set(2, 1, 0, made=20), "ADDED"),
        seen(22, replica_set(2, 1)),
        seen(22, replica_set(1, 2, 1)),
    ]
    outcome = judged(*before, *steps, until=23)
    assert not {rule for rule in outcome.broken if rule.startswith("DEPLOY")}


def test_an_old_one_that_grows() -> None:
    steps = [
        seen(20, replica_set(2, 1, 0, made=20), "ADDED"),
        seen(22, replica_set(2, 1)),
        seen(22, replica_set(1, 2, 3)),
        seen(23, replica_set(1, 3, 2)),
    ]
    assert "DEPLOY-005" in judged(*rolling(), *steps, until=24).broken


def test_what_somebody_scales_by_hand_is_not_the_controllers() -> None:
    edited = replica_set(1, 9, 3)
    edited["metadata"]["resourceVersion"] = "1000000"
    act = done(21, "patch", Accepted(edited), kind="ReplicaSet", namespace="default",
               name="d-h1", patch={})  # fmt: skip
    shown = traces.seen(21, edited)
    shown.object["metadata"]["resourceVersion"] = "1000000"  # type: ignore[index]
    assert "DEPLOY-003" not in judged(*rolling(), act, shown, until=22).broken


def test_a_real_watch_may_show_a_deployment_late() -> None:
    late = [
        seen(30, replica_set(1, 6, 3, most=7)),
        seen(31, deployment("app:1", 6, generation=3, observed=2)),
    ]
    before = rolling("app:1")
    assert "DEPLOY-003" not in judged(*before, *late, clock="real", until=60).broken


def test_a_step_that_never_comes() -> None:
    stuck = [
        seen(20, replica_set(2, 1, 0, made=20), "ADDED"),
        seen(21, deployment("app:2", generation=2, revision="2")),
        seen(22, replica_set(2, 1)),
    ]
    assert judged(*rolling(), *stuck, until=40).broken >= {"DEPLOY-005"}


def test_a_rollover_starts_with_what_is_left() -> None:
    steps = [
        seen(20, replica_set(2, 1, 0, made=20), "ADDED"),
        seen(30, deployment("app:3", generation=3, observed=2)),
    ]
    full = judged(*rolling(), *steps, seen(30, replica_set(3, 0, 0, made=30), "ADDED"), until=31)
    over = judged(*rolling(), *steps, seen(30, replica_set(3, 1, 0, made=30), "ADDED"), until=31)
    assert full.held("DEPLOY-015")
    assert "DEPLOY-015" in over.broken


@pytest.mark.parametrize(("size", "right"), [(7, True), (6, False)])
def test_scaling_in_proportion(size: int, right: bool) -> None:
    events = [
        *rolling(),
        seen(20, replica_set(2, 1, 0, made=20), "ADDED"),
        seen(40, deployment("app:2", 8, generation=3, observed=2)),
        seen(40, replica_set(1, size, 3, desired=8)),
    ]
    assert ("DEPLOY-012" in judged(*events, until=41).broken) is not right


def test_the_maximum_is_noted() -> None:
    made = seen(20, replica_set(2, 1, 0, made=20, most=3), "ADDED")
    assert "DEPLOY-002" in judged(*rolling(), made, until=21).broken


def test_a_recreate_waits_for_the_last_old_pod() -> None:
    owner = {"kind": "ReplicaSet", "name": "d-h1", "uid": "uid-1", "controller": True}
    ending = pod("Running", metadata={"ownerReferences": [owner]})
    before = [*rolling(strategy=RECREATE), seen(20, replica_set(1, 0, 0, most=3))]
    made = seen(25, replica_set(2, 3, 0, made=25, most=3), "ADDED")
    assert "DEPLOY-011" in judged(*before, seen(20, ending, "ADDED"), made, until=26).broken
    gone = [seen(20, ending, "ADDED"), seen(24, ending, "DELETED")]
    assert judged(*before, *gone, made, until=26).held("DEPLOY-011")


# -- ReplicaSets, revisions, history -----------------------------------------------------------------


def test_a_second_replica_set_of_a_template() -> None:
    twin = replica_set(2, 0, 0, made=20, image="app:1")
    events = [*rolling("app:1"), seen(20, twin, "ADDED")]
    assert "DEPLOY-006" in judged(*events, until=21).broken


def test_a_name_without_the_hash() -> None:
    made = replica_set(2, 1, 0, made=20)
    made["metadata"]["name"] = "d-2"
    assert "DEPLOY-006" in judged(*rolling(), seen(20, made, "ADDED"), until=21).broken


def test_a_template_without_a_replica_set() -> None:
    assert "DEPLOY-006" in judged(*rolling(), until=40).broken


def test_a_revision_is_skipped_or_repeated() -> None:
    for revision in (1, 3):
        made = seen(20, replica_set(2, 1, 0, made=20, revision=revision), "ADDED")
        assert "DEPLOY-007" in judged(*rolling(), made, until=21).broken


@pytest.mark.parametrize(("history", "right"), [("1", True), ("", False), ("2", False)])
def test_an_old_number_goes_into_the_history(history: str, right: bool) -> None:
    again = [
        seen(20, replica_set(2, 1, 0, made=20), "ADDED"),
        seen(30, deployment("app:1", generation=3, observed=2, revision="2")),
        seen(30, replica_set(1, 3, revision=3, history=history)),
    ]
    outcome = judged(*rolling(), *again, until=31)
    assert ("DEPLOY-008" in outcome.broken) is not right


def test_history_within_its_limit_is_kept() -> None:
    old = [seen(20, replica_set(2, 3, made=20), "ADDED"), seen(21, replica_set(1, 0, 0))]
    gone = seen(30, replica_set(1, 0, 0), "DELETED")
    assert "DEPLOY-009" in judged(*rolling(), *old, gone, until=31).broken


def test_history_beyond_its_limit_may_go() -> None:
    old = [
        seen(20, replica_set(2, 0, 0, made=20), "ADDED"),
        seen(21, replica_set(1, 0, 0)),
        seen(22, deployment("app:3", generation=3)),
        seen(22, replica_set(3, 3, made=22), "ADDED"),
    ]
    gone = seen(30, replica_set(1, 0, 0), "DELETED")
    assert "DEPLOY-009" not in judged(*rolling(), *old, gone, until=31).broken


# -- what it says of itself --------------------------------------------------------------------------


@pytest.mark.parametrize(("available", "said", "right"), [(3, "True", True), (2, "True", False)])
def test_available(available: int, said: str, right: bool) -> None:
    shown = deployment(
        conditions=(("Available", said, "x", 1.0),), availableReplicas=available, replicas=3
    )
    assert ("DEPLOY-014" in judged(seen(0, shown, "ADDED"), until=1).broken) is not right


def test_complete_while_old_ones_are_left() -> None:
    done_ = ("Progressing", "True", "NewReplicaSetAvailable", 21.0)
    counts = {"replicas": 3, "updatedReplicas": 3, "availableReplicas": 3}
    claims = seen(21, deployment("app:2", generation=2, conditions=(done_,), **counts))
    made = seen(20, replica_set(2, 1, made=20), "ADDED")
    assert "DEPLOY-014" in judged(*rolling(), made, claims, until=22).broken


def test_a_pause_that_is_not_told() -> None:
    on = ("Progressing", "True", "ReplicaSetUpdated", 0.0)
    off = ("Progressing", "Unknown", "DeploymentPaused", 30.0)
    for said, right in ((on, False), (off, True)):
        shown = deployment(generation=3, spec={"paused": True}, conditions=(said,))
        outcome = judged(*rolling("app:1"), seen(30, shown), until=31)
        assert ("DEPLOY-010" in outcome.broken) is not right


def test_a_replica_set_of_a_paused_deployment() -> None:
    paused = deployment("app:2", generation=3, spec={"paused": True})
    made = seen(40, replica_set(2, 1, 0, made=40), "ADDED")
    events = [*rolling(), seen(30, paused), made]
    assert "DEPLOY-010" in judged(*events, until=41).broken


def progress(reason: str, since: float, status: str = "True") -> tuple[str, str, str, float]:
    return ("Progressing", status, reason, since)


def test_a_deadline_that_passes_in_silence() -> None:
    going = deployment("app:2", generation=2, conditions=(progress("ReplicaSetUpdated", 20),))
    events = [*rolling(), seen(20, going)]
    assert "DEPLOY-013" in judged(*events, until=100).broken
    assert "DEPLOY-013" not in judged(*events, until=70).broken


@pytest.mark.parametrize(("at", "right"), [(81, True), (60, False)])
def test_a_rollout_is_given_up_at_its_deadline(at: float, right: bool) -> None:
    going = deployment("app:2", generation=2, conditions=(progress("ReplicaSetUpdated", 20),))
    given_up = progress("ProgressDeadlineExceeded", at, "False")
    later = deployment("app:2", generation=2, conditions=(given_up,))
    outcome = judged(*rolling(), seen(20, going), seen(at, later), until=at)
    assert ("DEPLOY-013" in outcome.broken) is not right


def test_a_controller_that_rolls_back_by_itself() -> None:
    given_up = (progress("ProgressDeadlineExceeded", 81, "False"),)
    events = [
        *rolling(),
        done(20, "patch", kind="Deployment", namespace="default", name="d", patch={}),
        seen(81, deployment("app:2", generation=2, conditions=given_up)),
        seen(90, deployment("app:1", generation=3, conditions=given_up)),
    ]
    assert "DEPLOY-013" in judged(*events, until=91).broken


# -- undo --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("revision", "image", "right"),
    [(0, "app:1", True), (0, "app:2", False), (1, "app:1", True), (9, "app:1", False)],
)
def test_an_undo(revision: int, image: str, right: bool) -> None:
    made = seen(20, replica_set(2, 1, 0, made=20), "ADDED")
    given = {"toRevision": revision} if revision else {}
    stored = Accepted(deployment(image, generation=3))
    act = done(22, "rollout-undo", stored, namespace="default", name="d", **given)
    assert ("DEPLOY-008" in judged(*rolling(), made, act, until=22).broken) is not right


def test_an_undo_of_nothing_is_refused() -> None:
    no = Rejected(400, "BadRequest", "no rollout history found")
    act = done(22, "rollout-undo", no, namespace="default", name="d")
    assert judged(*rolling("app:1"), act, until=22).held("DEPLOY-008")
