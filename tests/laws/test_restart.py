"""The laws of RESTART, on traces made by hand."""

from __future__ import annotations

from typing import Any

import pytest

from spec_model.events import Event, Observation, Rejected
from tests.laws.traces import (
    Judged,
    done,
    judged,
    pod,
    running,
    seen,
    status,
    terminated,
    time_at,
    waiting,
)

ID = "cri://{}"


def run_of(
    at: float,
    number: int = 0,
    *,
    name: str = "c",
    code: int = 1,
    ended: float | None = None,
    **more: Any,
) -> dict[str, Any]:
    """The status of a container in its run of that number; the run before ended with ``code``."""
    before = finished(number - 1, at - 1, code, name) if number else None
    state = running(at) if ended is None else finished(number, ended, code, name, at)
    own = {"containerID": ID.format(f"{name}-{number}")}
    return status(name, state, last=before, restarts=number, **{**own, **more})


def finished(
    number: int, at: float, code: int = 1, name: str = "c", started: float | None = None
) -> dict[str, Any]:
    ended = terminated(code, started=at if started is None else started, finished=at)
    ended["terminated"]["containerID"] = ID.format(f"{name}-{number}")
    return ended


def observed(
    at: float, *statuses: dict[str, Any], phase: str = "Running", **more: Any
) -> Observation:
    names = [each["name"] for each in statuses]
    manifest = pod(phase, statuses, containers=names, **more)
    return seen(at, manifest, "ADDED" if at == 0 else "MODIFIED")


def exits(name: str = "c", at: float = 1.0) -> Event:
    given = {"namespace": "default", "pod": "a", "container": name, "exitCode": 1}
    return done(at, "exit", **given)


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
    probed = {"containers": [{"name": "c", "image": "app:1", "livenessProbe": {}}]}
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


# -- RESTART-003: the others stay --------------------------------------------------------------------


def test_the_others_run_on() -> None:
    trace = judged(
        observed(0, run_of(0), run_of(0, name="d")),
        exits("c"),
        observed(1, run_of(0, ended=1), run_of(0, name="d")),
        observed(2, run_of(2, 1), run_of(0, name="d")),
    )
    assert trace.held("RESTART-003")


def test_a_sibling_that_nobody_touched_is_not_restarted() -> None:
    apart = (
        observed(0, run_of(0), run_of(0, name="d")),
        exits("c"),
        observed(1, run_of(0, ended=1), run_of(0, name="d", ended=1)),
        observed(2, run_of(2, 1), run_of(2, 1, name="d")),
    )
    assert "RESTART-003" in judged(*apart).broken
    assert "RESTART-003" not in judged(apart[0], exits("c"), exits("d"), *apart[2:]).broken


def test_left_to_themselves_containers_may_exit_together() -> None:
    trace = judged(
        observed(0, run_of(0), run_of(0, name="d")),
        observed(2, run_of(2, 1), run_of(2, 1, name="d")),
    )
    assert "RESTART-003" not in trace.broken


def test_the_address_may_not_change_at_the_very_restart() -> None:
    ended = observed(1, run_of(0, ended=1), run_of(0, name="d"), more={"podIP": "10.0.0.1"})
    again = observed(2, run_of(2, 1), run_of(0, name="d"), more={"podIP": "10.0.0.2"})
    assert "RESTART-003" in judged(ended, again).broken


def test_the_address_stays_while_one_runs_on() -> None:
    one = {"more": {"podIP": "10.0.0.1"}}
    other = {"more": {"podIP": "10.0.0.2"}}
    trace = judged(
        observed(0, run_of(0), run_of(0, name="d"), **one),
        observed(2, run_of(2, 1), run_of(0, name="d"), **other),
    )
    assert "RESTART-003" in trace.broken


def test_with_the_sandbox_all_restart_and_the_address_changes() -> None:
    trace = judged(
        observed(0, run_of(0), run_of(0, name="d"), more={"podIP": "10.0.0.1"}),
        exits("c", 0.5),
        done(1, "lose-sandbox", namespace="default", pod="a"),
        observed(2, run_of(2, 1), run_of(2, 1, name="d"), more={"podIP": "10.0.0.2"}),
    )
    assert "RESTART-003" not in trace.broken


def test_the_first_rule_that_matches_decides_for_the_others() -> None:
    rules = [{"action": "Restart"}, {"action": "RestartAllContainers"}]
    codes = {"exitCodes": {"operator": "In", "values": [42]}}
    own = {"restartPolicy": "Never", "restartPolicyRules": [{**rule, **codes} for rule in rules]}
    apps = [{"name": "c", "image": "app:1", **own}, {"name": "d", "image": "app:1"}]
    more = {"spec": {"containers": apps}, "policy": "Never"}
    still = run_of(0, name="d")
    before = observed(0, run_of(0), still, **more), exits("c", 4)
    ended = observed(5, run_of(0, code=42, ended=5), still, **more)
    after = observed(6, run_of(6, 1, code=42), run_of(6, 1, name="d"), **more)
    assert "RESTART-007" in judged(*before, ended, after).broken


# -- RESTART-004: what a restart leaves behind -------------------------------------------------------


def restarted(after: dict[str, Any]) -> Judged:
    return judged(
        observed(0, run_of(0)), observed(5, run_of(0, ended=5)), observed(6, after), until=6
    )


def test_a_restart_counts_one_and_keeps_the_last_run() -> None:
    assert restarted(run_of(6, 1)).held("RESTART-004")


@pytest.mark.parametrize(
    "after",
    [
        pytest.param(run_of(6, 2) | {"lastState": finished(0, 5)}, id="it counted two"),
        pytest.param(run_of(6, 1, containerID=ID.format("c-0")), id="the same ID"),
        pytest.param(run_of(6, 1) | {"lastState": {}}, id="nothing kept"),
        pytest.param(run_of(6, 1) | {"lastState": finished(7, 5)}, id="another run kept"),
        pytest.param(run_of(6, 1) | {"lastState": finished(0, 5, 2)}, id="another exit code kept"),
        pytest.param(run_of(3, 1) | {"lastState": finished(0, 5)}, id="started before the end"),
        pytest.param(
            run_of(6, 1) | {"restartCount": 0, "containerID": ID.format("c-9")}, id="not counted"
        ),
    ],
)
def test_what_a_restart_leaves_behind(after: dict[str, Any]) -> None:
    assert "RESTART-004" in restarted(after).broken


def test_the_count_never_falls() -> None:
    trace = judged(observed(0, run_of(0, 3)), observed(1, run_of(0, 2)))
    assert trace.broken == {"RESTART-004"}


def test_runs_may_be_skipped() -> None:
    trace = judged(observed(0, run_of(0)), observed(60, run_of(60, 4)))
    assert "RESTART-004" not in trace.broken


def test_a_container_that_waits_shows_the_run_it_has_just_ended() -> None:
    waits = status(
        "c",
        waiting("CrashLoopBackOff"),
        last=finished(1, 7),
        restarts=1,
        containerID=ID.format("c-1"),
    )
    trace = judged(
        observed(0, run_of(0)),
        observed(6, run_of(6, 1)),
        observed(8, waits),
        observed(20, run_of(20, 2) | {"lastState": finished(1, 7)}),
    )
    assert trace.held("RESTART-004")


def test_a_run_that_failed_to_start_began_never() -> None:
    state = finished(1, 6, 128)
    state["terminated"]["startedAt"] = "1970-01-01T00:00:00Z"
    failed = run_of(6, 1) | {"state": state}
    assert "RESTART-004" not in restarted(failed).broken


def test_a_run_whose_end_was_not_seen_says_nothing() -> None:
    lost = finished(0, 5)
    lost["terminated"].update(reason="ContainerStatusUnknown", containerID="")
    assert "RESTART-004" not in restarted(run_of(6, 1) | {"lastState": lost}).exercised


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


# -- RESTART-008: another image -----------------------------------------------------------------------


def images(first: str, second: str = "app:1") -> dict[str, Any]:
    return {"containers": [{"name": "c", "image": first}, {"name": "d", "image": second}]}


def with_images(
    at: float, c: dict[str, Any], d: dict[str, Any], image: str, **more: Any
) -> Observation:
    return observed(at, c, d, spec=images(image), **more)


BEFORE = with_images(0, run_of(0), run_of(0, name="d"), "app:1", policy="Never")
CHANGED = with_images(1, run_of(0), run_of(0, name="d"), "app:2", policy="Never")


def test_another_image_restarts_under_any_policy() -> None:
    new = run_of(3, 1, image="app:2", code=137)
    after = with_images(3, new, run_of(0, name="d"), "app:2", policy="Never")
    trace = judged(BEFORE, CHANGED, after)
    assert trace.held("RESTART-008")
    assert "RESTART-002" not in trace.broken


def test_an_image_that_changes_nothing_is_a_breach() -> None:
    assert judged(BEFORE, CHANGED, until=120).broken == {"RESTART-008"}


def test_the_old_image_once_more_is_a_breach() -> None:
    after = with_images(3, run_of(3, 1), run_of(0, name="d"), "app:2", policy="Never")
    assert "RESTART-008" in judged(BEFORE, CHANGED, after).broken


def test_a_runtime_may_call_an_image_by_another_of_its_names() -> None:
    both = {"imageID": "sha256:1"}
    before = with_images(0, run_of(0, **both), run_of(0, name="d"), "app:1", policy="Never")
    changed = with_images(1, run_of(0, **both), run_of(0, name="d"), "app:2", policy="Never")
    after = with_images(3, run_of(3, 1, **both), run_of(0, name="d"), "app:2", policy="Never")
    assert judged(before, changed, after, clock="real").held("RESTART-008")


def test_the_others_keep_running_their_own_image() -> None:
    after = with_images(
        3, run_of(3, 1, image="app:2"), run_of(3, 1, name="d"), "app:2", policy="Never"
    )
    assert "RESTART-008" in judged(BEFORE, CHANGED, after).broken


def test_a_container_that_has_ended_is_not_brought_back_by_an_image() -> None:
    before = with_images(0, run_of(0, ended=0), run_of(0, name="d"), "app:1", policy="Never")
    after = with_images(1, run_of(0, ended=0), run_of(0, name="d"), "app:2", policy="Never")
    assert "RESTART-008" not in judged(before, after, until=120).exercised


def test_a_new_image_that_cannot_be_had_is_nobodys_fault() -> None:
    stuck = status("c", waiting("ErrImagePull"), last=finished(0, 2), restarts=0)
    after = with_images(3, stuck, run_of(0, name="d"), "app:2", policy="Never")
    assert "RESTART-008" not in judged(BEFORE, CHANGED, after, until=120).broken


def test_an_image_that_is_known_to_be_missing_starts_nothing() -> None:
    gone = done(0.5, "set-image", image="app:2", outcome="missing")
    assert "RESTART-008" not in judged(BEFORE, gone, CHANGED, until=120).exercised


def test_an_image_that_it_had_before_may_be_backing_off() -> None:
    before = with_images(0, run_of(0), run_of(0, name="d"), "app:1", policy="Never")
    other = with_images(1, run_of(0), run_of(0, name="d"), "app:2", policy="Never")
    new = run_of(2, 1, image="app:2")
    started = with_images(2, new, run_of(0, name="d"), "app:2", policy="Never")
    back = with_images(3, new, run_of(0, name="d"), "app:1", policy="Never")
    assert judged(before, other, started, back, until=120).held("RESTART-008")


def test_without_a_kubelet_an_image_starts_nothing() -> None:
    stop = done(0.5, "stop-node", node="node-1")
    assert "RESTART-008" not in judged(BEFORE, stop, CHANGED, until=120).exercised


# -- RESTART-009: in the order of the spec --------------------------------------------------------------


def test_containers_start_in_order() -> None:
    in_order = observed(3, run_of(1), run_of(2, name="d"))
    reverse = observed(3, run_of(2), run_of(1, name="d"))
    same = observed(3, run_of(2), run_of(2, name="d"))
    assert judged(in_order).held("RESTART-009")
    assert judged(same).held("RESTART-009")
    assert judged(reverse).broken == {"RESTART-009"}
    assert judged(reverse, profile="documented").held("RESTART-009")


def test_one_that_cannot_start_holds_up_nobody() -> None:
    names = {"c": waiting("ErrImagePull"), "d": waiting()}
    before = observed(1, status("c"), status("d"), phase="Pending")
    failed = observed(2, *(status(*each) for each in names.items()), phase="Pending")
    assert "RESTART-009" in judged(before, failed, until=60).broken
    started = observed(3, status("c", names["c"]), run_of(3, name="d"), phase="Pending")
    assert judged(before, failed, started, until=60).held("RESTART-009")


def test_first_starts_are_judged_once() -> None:
    both = run_of(1), run_of(2, name="d")
    assert judged(observed(3, *both), observed(4, *both)).exercised.count("RESTART-009") == 1


def test_a_rejected_exit_told_nobody() -> None:
    refused = done(
        1,
        "exit",
        Rejected(409, "Conflict"),
        namespace="default",
        pod="a",
        container="c",
        exitCode=1,
    )
    trace = judged(
        observed(0, run_of(0), run_of(0, name="d")),
        refused,
        observed(2, run_of(0), run_of(2, 1, name="d")),
    )
    assert "RESTART-003" not in trace.broken
