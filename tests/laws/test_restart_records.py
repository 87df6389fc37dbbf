"""The laws of what a restart leaves behind and alone: RESTART-003, -004, -008 and -009."""

from __future__ import annotations

from typing import Any

import pytest

from spec_model.events import Observation, Rejected
from tests.laws.runs import ID, exits, finished, observed, run_of
from tests.laws.traces import (
    Judged,
    done,
    judged,
    status,
    waiting,
)

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


def test_a_container_that_is_given_up_shows_its_last_run_again() -> None:
    """Its Pod is deleted while it waits: a kubelet shows the same run as state and lastState."""
    last, entry = finished(1, 7), {"restarts": 1, "containerID": ID.format("c-1")}
    start = [observed(0, run_of(0)), observed(6, run_of(6, 1))]
    waits = observed(8, status("c", waiting("CrashLoopBackOff"), last=last, **entry))
    over = observed(9, status("c", last, last=last, **entry))
    assert "RESTART-004" not in judged(*start, waits, over).broken
    assert "RESTART-004" in judged(*start, over).broken


def test_a_run_that_failed_to_start_began_never() -> None:
    state = finished(1, 6, 128)
    state["terminated"]["startedAt"] = "1970-01-01T00:00:00Z"
    failed = run_of(6, 1) | {"state": state}
    assert "RESTART-004" not in restarted(failed).broken


def test_a_run_whose_end_was_not_seen_says_nothing() -> None:
    lost = finished(0, 5)
    lost["terminated"].update(reason="ContainerStatusUnknown", containerID="")
    assert "RESTART-004" not in restarted(run_of(6, 1) | {"lastState": lost}).exercised


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


def test_a_pod_with_a_deadline_may_end_first() -> None:
    def limited(at: float, image: str) -> Observation:
        spec = {**images(image), "activeDeadlineSeconds": 30}
        return observed(at, run_of(0), run_of(0, name="d"), spec=spec, policy="Never")

    assert "RESTART-008" not in judged(limited(0, "app:1"), limited(1, "app:2"), until=120).broken


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


@pytest.mark.parametrize(("profile", "breaks"), [("documented", False), ("v1.36", True)])
def test_documented_the_image_of_a_sidecar_may_end_the_pod(profile: str, breaks: bool) -> None:
    def with_sidecar(at: float, image: str) -> Observation:
        sidecar = {"name": "s", "image": image, "restartPolicy": "Always"}
        more = {"init": [sidecar], "init_statuses": [run_of(0, name="s")], "policy": "Never"}
        return observed(at, run_of(0), **more)

    trace = judged(with_sidecar(0, "app:1"), with_sidecar(1, "app:2"), profile=profile, until=120)
    assert ("RESTART-008" in trace.broken) is breaks


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
