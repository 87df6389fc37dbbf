"""The laws of who is restarted: RESTART-002, -005 and -007, on traces made by hand."""

from __future__ import annotations

from typing import Any

import pytest

from spec_model.events import Event
from tests.laws.runs import exits, finished, observed, run_of
from tests.laws.traces import (
    done,
    judged,
    pod,
    seen,
    status,
    time_at,
    waiting,
)

# -- RESTART-002, -007: who is started again ---------------------------------------------------------


@pytest.mark.parametrize(
    ("policy", "code", "restarts"),
    [
        ("Always", 0, True),
        ("Always", 1, True),
        ("OnFailure", 0, False),
        ("OnFailure", 1, True),
        ("Never", 0, False),
        ("Never", 137, False),
    ],
)
def test_policy_and_exit_code_decide(policy: str, code: int, restarts: bool) -> None:
    trace = judged(
        observed(0, run_of(0), policy=policy),
        observed(5, run_of(0, code=code, ended=5), policy=policy),
        observed(6, run_of(6, 1, code=code), policy=policy),
    )
    assert trace.held("RESTART-002") is restarts
    assert ("RESTART-002" in trace.broken) is not restarts


def down(policy: str, code: int) -> tuple[Event, Event]:
    """The container ends at 5 s."""
    ended = run_of(0, code=code, ended=5)
    return observed(0, run_of(0), policy=policy), observed(5, ended, policy=policy)


def test_who_must_come_back_and_never_does_is_a_breach() -> None:
    assert "RESTART-002" in judged(*down("Always", 0), until=400).broken
    assert "RESTART-002" not in judged(*down("Always", 0), until=9).broken


def test_who_stays_down_to_the_end_has_obeyed() -> None:
    before = down("Never", 1)
    assert "RESTART-002" not in judged(*before, until=400).exercised
    end = observed(6, run_of(0, code=1, ended=5), phase="Failed", policy="Never")
    assert judged(*before, end).held("RESTART-002")


def test_a_restart_whose_exit_was_skipped_is_judged_by_what_it_left() -> None:
    skipped = (observed(0, run_of(0), policy="Never"), observed(9, run_of(9, 1), policy="Never"))
    assert "RESTART-002" in judged(*skipped).broken


def test_a_late_judge_does_not_know_what_was_before() -> None:
    late = seen(100, pod(statuses=[run_of(99, 3)], policy="Never"))
    assert "RESTART-002" not in judged(late).exercised


@pytest.mark.parametrize("verb", ["delete", "patch", "set-image"])
def test_what_the_tester_does_may_keep_it_down(verb: str) -> None:
    given = {
        "delete": {"kind": "Pod", "namespace": "default", "name": "a"},
        "patch": {"kind": "Pod", "namespace": "default", "name": "a", "patch": {}},
        "set-image": {"image": "app:1", "outcome": "missing"},
    }
    trace = judged(*down("Always", 1), done(6, verb, **given[verb]), until=400)
    assert "RESTART-002" not in trace.broken


def test_an_image_that_cannot_be_had_keeps_it_down() -> None:
    before = down("Always", 1)
    stuck = status("c", waiting("ImagePullBackOff"), last=finished(0, 5), restarts=0)
    assert "RESTART-002" not in judged(*before, observed(7, stuck), until=400).broken


def test_the_end_of_the_pod_keeps_it_down() -> None:
    before = down("Always", 1)
    more = {"more": {"reason": "DeadlineExceeded"}}
    end = observed(7, run_of(0, code=1, ended=5), phase="Failed", **more)
    assert "RESTART-002" not in judged(*before, end, until=400).broken


def test_a_probe_may_bring_back_who_exited_0() -> None:
    probed = {
        "containers": [{"name": "c", "image": "app:1", "livenessProbe": {"periodSeconds": 1}}]
    }
    trace = judged(
        observed(0, run_of(0), policy="OnFailure", spec=probed),
        observed(9, run_of(9, 1, code=0), policy="OnFailure", spec=probed),
    )
    assert "RESTART-002" not in trace.broken


def test_a_lost_sandbox_may_bring_back_anybody() -> None:
    trace = judged(
        observed(0, run_of(0), policy="OnFailure"),
        done(1, "lose-sandbox", namespace="default", pod="a"),
        observed(2, run_of(2, 1, code=0), policy="OnFailure"),
    )
    assert "RESTART-002" not in trace.broken


OWN = {"containers": [{"name": "c", "image": "app:1", "restartPolicy": "Never"}]}


def test_a_containers_own_policy_goes_first() -> None:
    restarted = (
        observed(0, run_of(0), spec=OWN),
        observed(5, run_of(0, ended=5), spec=OWN),
        observed(6, run_of(6, 1), spec=OWN),
    )
    assert judged(*restarted).broken >= {"RESTART-007"}
    assert "RESTART-007" not in judged(*restarted, profile="documented").exercised


def with_rule(action: str) -> dict[str, Any]:
    rule = {"action": action, "exitCodes": {"operator": "In", "values": [42]}}
    own = {"restartPolicy": "Never", "restartPolicyRules": [rule]}
    return {"containers": [{"name": "c", "image": "app:1", **own}, {"name": "d", "image": "app:1"}]}


def test_a_rule_may_restart_one() -> None:
    spec = with_rule("Restart")
    before = observed(0, run_of(0), run_of(0, name="d"), spec=spec, policy="Never")
    still = run_of(0, name="d")
    ended = observed(5, run_of(0, code=42, ended=5), still, spec=spec, policy="Never")
    after = observed(6, run_of(6, 1, code=42), still, spec=spec, policy="Never")
    trace = judged(before, ended, after)
    assert trace.held("RESTART-007")


def test_a_rule_may_restart_all() -> None:
    spec = with_rule("RestartAllContainers")
    before = observed(0, run_of(0), run_of(0, name="d"), spec=spec, policy="Never")
    ended = observed(5, run_of(0, code=42, ended=5), run_of(0, name="d"), spec=spec, policy="Never")
    both = observed(6, run_of(6, 1, code=42), run_of(6, 1, name="d"), spec=spec, policy="Never")
    one = observed(6, run_of(6, 1, code=42), run_of(0, name="d"), spec=spec, policy="Never")
    assert judged(before, ended, both).held("RESTART-007")
    assert not judged(before, ended, both).broken & {"RESTART-002", "RESTART-003"}
    assert "RESTART-007" in judged(before, ended, one, until=400).broken


# -- RESTART-005: nothing starts in a Pod that is being deleted ---------------------------------------

DELETED = {"deletionTimestamp": time_at(40), "deletionGracePeriodSeconds": 30}


def test_a_start_after_the_deletion_is_a_breach() -> None:
    trace = judged(
        observed(0, run_of(0)),
        observed(10, run_of(0), metadata=DELETED),
        observed(25, run_of(25, 1), metadata=DELETED),
    )
    assert "RESTART-005" in trace.broken


def test_who_was_ended_for_the_deletion_does_not_come_back() -> None:
    before = observed(0, run_of(0)), observed(10, run_of(0), metadata=DELETED)
    back = (
        observed(10, run_of(0, ended=10), metadata=DELETED),
        observed(10, run_of(10, 1) | {"lastState": finished(0, 10)}, metadata=DELETED),
    )
    assert "RESTART-005" in judged(*before, *back).broken
    assert "RESTART-005" not in judged(*before, *back, clock="real").broken
    assert "RESTART-005" not in judged(*before, exits(at=10), *back).broken


def test_a_start_that_was_under_way_may_still_be_seen() -> None:
    trace = judged(
        observed(0, run_of(0, ended=9)),
        observed(10, run_of(0, ended=9), metadata=DELETED),
        observed(11, run_of(10, 1), metadata=DELETED),
    )
    assert "RESTART-005" not in trace.broken


def test_a_pod_that_went_without_a_start_has_obeyed() -> None:
    gone = seen(
        12,
        pod("Failed", [run_of(0, code=1, ended=11)], policy="Never", metadata=DELETED),
        "DELETED",
    )
    assert judged(observed(10, run_of(0), metadata=DELETED), gone).held("RESTART-005")
