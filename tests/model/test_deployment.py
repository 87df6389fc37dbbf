"""Rollouts in the model: fence posts, steps, proportions, undo, and what comes next."""

from __future__ import annotations

from typing import Any

import pytest

from spec_model.explain import explain
from spec_model.profiles import DOCUMENTED, V1_36
from spec_model.validation import defaults, validate, validate_update
from spec_model.workloads import rolling, rolling_update
from spec_model.workloads.deployment import Fenceposts, Plan, Sized, fenceposts
from spec_model.workloads.next_step import next_step, situation_of
from spec_model.workloads.undo import target
from strategies.rollouts import FLAWED, OLD_APIS, SOUND
from strategies.rollouts import deployment as made
from tests.laws.rolling import RECREATE, deployment, replica_set


@pytest.mark.parametrize(
    ("replicas", "posts"), [(1, (1, 0)), (2, (1, 0)), (3, (1, 0)), (4, (1, 1)), (10, (3, 2))]
)
def test_fence_posts_of_a_quarter(replicas: int, posts: tuple[int, int]) -> None:
    assert fenceposts(replicas, "25%", "25%").value == Fenceposts(*posts)


def test_fence_posts_are_never_both_nothing() -> None:
    assert fenceposts(10, 0, "1%").value == Fenceposts(0, 1)


def test_ten_to_fifteen() -> None:
    plan = Plan(15, "RollingUpdate", Fenceposts(3, 2))
    old = Sized("old", 8, 8, "1", desired=10, most=13)
    new = Sized("new", 5, 0, "2", desired=10, most=13)
    assert rolling.proportional(plan, new, [old]).value == {"old": 11, "new": 7}


def test_who_has_just_been_scaled_down_is_not_counted_on() -> None:
    plan = Plan(2, "RollingUpdate", Fenceposts(1, 1))
    old, new = Sized("old", 2, available=4), Sized("new", 1)
    assert rolling.step(plan, new, [old]).value.which == rolling.NONE


@pytest.mark.parametrize(("old", "new", "size"), [(2, 0, 1), (2, 1, 1), (1, 1, 2), (0, 1, 2)])
def test_a_rolling_update_grows_as_far_as_one_more(old: int, new: int, size: int) -> None:
    assert rolling_update.grown(2, old, new).value == size


@pytest.mark.parametrize(("available", "size"), [(0, 2), (1, 1)])
def test_a_rolling_update_shrinks_by_what_is_ready(available: int, size: int) -> None:
    assert rolling_update.shrunk(2, 2, 1, available).value == size


# -- the API -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("rule", "manifest"), FLAWED)
def test_what_is_refused(rule: str, manifest: dict[str, Any]) -> None:
    assert {fault.rule for fault in validate(manifest)} == {rule}


@pytest.mark.parametrize("manifest", SOUND)
def test_what_is_taken(manifest: dict[str, Any]) -> None:
    assert not validate(manifest)


@pytest.mark.parametrize(
    ("api", "limit"), [(OLD_APIS[0], 2), (OLD_APIS[1], 2**31 - 1), ("apps/v1", 10)]
)
def test_defaults_depend_on_the_version_of_the_api(api: str, limit: int) -> None:
    filled = {each.field: each.value for each in defaults(made(api=api), DOCUMENTED)}
    assert filled["spec.revisionHistoryLimit"] == limit


def test_a_selector_is_fixed_today() -> None:
    other = {"matchLabels": {"app": "b"}}
    new = made(selector=other)
    assert "DEPLOY-015" in {fault.rule for fault in validate_update(made(), new, V1_36)}
    assert "DEPLOY-015" not in {fault.rule for fault in validate_update(made(), new, DOCUMENTED)}


# -- undo --------------------------------------------------------------------------------------------


def test_an_undo_goes_to_the_second_highest() -> None:
    assert target({1: "a", 4: "b", 3: "c"}, 0, paused=False).value == "c"


@pytest.mark.parametrize(
    ("revisions", "wanted", "paused", "why"),
    [({1}, 0, False, "no_history"), ({1, 2}, 7, False, "no_such"), ({1, 2}, 1, True, "paused")],
)
def test_an_undo_is_refused(revisions: set[int], wanted: int, paused: bool, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        target(dict.fromkeys(revisions, ""), wanted, paused=paused)


# -- what comes next ---------------------------------------------------------------------------------

COUNTS = {"replicas": 3, "updatedReplicas": 3, "availableReplicas": 3}


def following(whole: dict[str, Any], new: Any, *old: Any, runs: bool = False) -> tuple[str, str]:
    decision = next_step(situation_of(whole, new, old, runs))
    return ("", "") if decision is None else (decision.value, decision.because)


def test_up_comes_before_down() -> None:
    whole = deployment("app:2", revision="2", replicas=3)
    says, rule = following(whole, replica_set(2, 1), replica_set(1, 2))
    assert (says, rule) == ("scale d-h2 from 1 to 2", "DEPLOY-005")


def test_what_is_complete_has_nothing_to_do() -> None:
    progress = ("Progressing", "True", "NewReplicaSetAvailable", 0.0)
    assert following(deployment(conditions=(progress,), **COUNTS), replica_set(1, 3)) == ("", "")


def test_a_recreate_waits() -> None:
    whole = deployment("app:2", strategy=RECREATE)
    assert following(whole, None, replica_set(1, 3))[0] == "scale d-h1 to 0"
    gone = replica_set(1, 0, 0)
    assert following(whole, None, gone)[1] == "DEPLOY-011"
    assert following(whole, None, gone, runs=True) == ("", "")


def test_explain_tells_what_is_next() -> None:
    whole = deployment("app:2", revision="2", **COUNTS)
    said = explain(whole, [replica_set(1, 2), replica_set(2, 1, 0)])
    told = {each.about: (each.says, each.rule) for each in said}
    assert told["fence posts"] == ("1 too many, 0 unavailable", "DEPLOY-002")
    assert told["next"][1] == "DEPLOY-005"
    assert told["an undo"] == ("restores revision 1 as revision 3", "DEPLOY-008")


def test_explain_tells_of_a_rollout_that_was_given_up() -> None:
    given_up = ("Progressing", "False", "ProgressDeadlineExceeded", 0.0)
    said = explain(deployment(conditions=(given_up,)), [replica_set(1, 3)])
    assert "DEPLOY-013" in {each.rule for each in said}
