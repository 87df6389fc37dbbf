"""The laws of BACKOFF, on traces made by hand."""

from __future__ import annotations

from typing import Any

import pytest

from spec_model.events import Event, Observation, Rejected
from tests.laws.crashes import LADDER, Crashing, blamed, event, says
from tests.laws.traces import (
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

# -- BACKOFF-001 -----------------------------------------------------------------------------------


def test_the_whole_ladder_holds() -> None:
    c = Crashing()
    trace = judged(c.runs(), *c.climbs(*LADDER))
    assert trace.held("BACKOFF-001")
    assert trace.exercised.count("BACKOFF-001") == len(LADDER)


@pytest.mark.parametrize("step", range(1, len(LADDER)))
def test_a_step_that_is_too_short(step: int) -> None:
    c = Crashing()
    waits = [*LADDER[:step], LADDER[step] / 2]
    assert blamed(judged(c.runs(), *c.climbs(*waits))) == {"BACKOFF-001"}


def test_a_first_restart_that_waits() -> None:
    c = Crashing()
    assert blamed(judged(c.runs(), *c.climbs(10))) == {"BACKOFF-001"}


def test_a_restart_that_never_comes() -> None:
    c = Crashing()
    trace = [c.runs(), *c.climbs(0), c.ends()]
    assert not blamed(judged(*trace, until=c.at + 19))
    assert blamed(judged(*trace, until=c.at + 60)) == {"BACKOFF-001"}


def test_nothing_is_owed_by_what_is_deleted() -> None:
    c = Crashing()
    trace = [c.runs(), *c.climbs(0), c.ends()]
    c.at += 5
    deleted = c.shows(says("10s"), metadata={"deletionTimestamp": time_at(c.at + 30)})
    assert not blamed(judged(*trace, deleted, until=c.at + 600))


def test_times_are_whole_seconds() -> None:
    c = Crashing(0.9)
    assert judged(c.runs(), *c.climbs(0, 9.2)).held("BACKOFF-001")


def test_a_real_clock_may_be_late() -> None:
    c = Crashing()
    late = [wait * 1.5 + 20 for wait in LADDER[:4]]
    assert judged(c.runs(), *c.climbs(*late), clock="real").held("BACKOFF-001")


def test_another_container_may_hold_the_kubelet_up() -> None:
    hook = {"postStart": {"exec": {"command": ["sleep", "60"]}}}
    other = {"name": "d", "image": "app:1", "lifecycle": hook}
    c = Crashing(spec={"containers": [{"name": "c", "image": "app:1"}, other]})
    assert not blamed(judged(c.runs(), *c.climbs(60, 90)))


def test_an_end_that_was_not_seen_is_read_from_the_last_state() -> None:
    c = Crashing()
    first = c.runs()
    c.ends()
    assert judged(first, c.starts(0)).held("BACKOFF-001")
    c.ends()
    assert judged(first, c.starts(30)).exercised.count("BACKOFF-001") == 0  # two runs at once


def test_skipped_runs_make_the_ladder_unknown() -> None:
    c = Crashing()
    trace = [c.runs(), *c.climbs(0)]
    for _ in range(2):
        c.ends()
        skipped = c.starts(30)
    trace.append(skipped)
    assert not blamed(judged(*trace, *c.climbs(2)))


def test_a_late_judge_knows_nothing_until_it_is_told() -> None:
    c = Crashing(100.0, restarts=5)
    quiet = [c.runs(), *c.climbs(33)]
    assert "BACKOFF-001" not in judged(*quiet).exercised
    told = [c.ends(), c.waits("40s"), c.starts(40)]
    assert judged(*quiet, *told).held("BACKOFF-002")
    assert judged(*quiet, *told, *c.climbs(80)).held("BACKOFF-001")
    again = Crashing(100.0, restarts=5)
    short = [again.runs(), again.ends(), again.waits("40s"), again.starts(40), *again.climbs(10)]
    assert blamed(judged(*short)) == {"BACKOFF-001"}


def test_a_container_that_was_recreated_is_not_the_same_run() -> None:
    c = Crashing()
    trace = [c.runs(), *c.climbs(0, 10)]
    c.since = c.at = c.at + 5
    assert not blamed(judged(*trace, c.runs(), *c.climbs(3)))


def test_a_failed_start_counts_without_a_run() -> None:
    c = Crashing()
    trace = [c.runs(), *c.climbs(0), c.ends(), c.shows(waiting("CreateContainerError"))]
    assert not blamed(judged(*trace, c.starts(90), *c.climbs(3)))


def test_a_failed_start_after_a_long_run() -> None:
    c = Crashing()
    trace = [c.runs(), c.ends(601), c.shows(waiting("ErrImagePull")), c.starts(60), *c.climbs(0)]
    assert not blamed(judged(*trace))


def test_documented_waits_from_the_first_restart_on() -> None:
    c = Crashing()
    trace = judged(c.runs(), *c.climbs(10, 20, 40, 80, 160, 300, 300), profile="documented")
    assert trace.held("BACKOFF-001")
    c = Crashing()
    assert blamed(judged(c.runs(), *c.climbs(0), profile="documented")) == {"BACKOFF-001"}


# -- BACKOFF-002 to -005 ---------------------------------------------------------------------------


def test_a_wait_that_was_announced_and_cut_is_not_the_wrong_delay() -> None:
    c = Crashing()
    trace = [c.runs(), *c.climbs(0), c.ends(), c.waits("10s"), c.starts(3)]
    assert blamed(judged(*trace)) == {"BACKOFF-002"}


def test_a_wait_that_was_announced_and_overrun() -> None:
    c = Crashing()
    trace = [c.runs(), *c.climbs(0), c.ends(), c.waits("10s"), c.starts(25)]
    assert "BACKOFF-002" in judged(*trace).broken


@pytest.mark.parametrize("profile", ["v1.36", "documented"])
def test_a_long_run_resets(profile: str) -> None:
    first = 0 if profile == "v1.36" else 10
    c = Crashing()
    trace = [c.runs(), *c.climbs(first, 2 * first or 10, 4 * first or 20)]
    reset = [c.ends(601), c.starts(first), *c.climbs(2 * first or 10)]
    assert judged(*trace, *reset, profile=profile).held("BACKOFF-003")


def test_a_long_run_that_resets_nothing() -> None:
    c = Crashing()
    trace = [c.runs(), *c.climbs(0, 10, 20), c.ends(601), c.starts(40)]
    assert blamed(judged(*trace)) == {"BACKOFF-003"}


def test_ten_minutes_sharp_are_left_alone() -> None:
    for wait in (0, 40):
        c = Crashing()
        trace = [c.runs(), *c.climbs(0, 10, 20), c.ends(600), c.starts(wait), *c.climbs(10)]
        assert not blamed(judged(*trace))


def test_success_backs_off_too() -> None:
    c = Crashing()
    assert judged(c.runs(), *c.climbs(0, 10, 20, code=0)).held("BACKOFF-004")
    c = Crashing()
    assert blamed(judged(c.runs(), *c.climbs(0, 0, code=0))) == {"BACKOFF-004"}


def test_documented_leaves_open_what_success_costs() -> None:
    for waits in ((0, 0, 0), (10, 20, 40)):
        c = Crashing()
        assert not blamed(judged(c.runs(), *c.climbs(*waits, code=0), profile="documented"))


def two(at: float, *each: tuple[dict[str, Any], int], last: Any = None) -> Observation:
    """A Pod of the containers ``c`` and ``d``: the state of each, and how often it was restarted."""
    statuses = [
        status(name, state, restarts=count, last=last if count else None)
        for name, (state, count) in zip("cd", each, strict=True)
    ]
    return seen(at, pod("Running", statuses, containers=("c", "d")))


@pytest.mark.parametrize(("wait", "broken"), [(0, set()), (20, {"BACKOFF-005"})])
def test_each_container_counts_for_itself(wait: float, broken: set[str]) -> None:
    ended = terminated(1, started=0, finished=5)
    trace = judged(
        two(0, (running(0), 0), (running(0), 0)),
        two(5, (ended, 0), (running(0), 0)),
        two(5, (running(5), 1), (running(0), 0), last=ended),
        two(5, (running(5), 1), (ended, 0), last=ended),
        two(5 + wait, (running(5), 1), (running(5 + wait), 1), last=ended),
    )
    assert blamed(trace) == broken
    assert "BACKOFF-005" in trace.exercised


def test_another_image_ends_the_wait() -> None:
    c = Crashing()
    trace = [c.runs(), *c.climbs(0, 10, 20), c.ends(), c.waits("40s")]
    c.at += 5
    other = {"containers": [{"name": "c", "image": "other:2"}]}
    c.more = {"spec": other}
    patched = c.waits("40s")
    assert judged(*trace, patched, c.starts(1), *c.climbs(10)).held("BACKOFF-005")
    c = Crashing()
    trace = [c.runs(), *c.climbs(0, 10, 20), c.ends(), c.waits("40s")]
    c.at += 5
    c.more = {"spec": other}
    assert blamed(judged(*trace, c.waits("40s"), c.starts(35))) == {"BACKOFF-005"}


def test_a_new_pod_starts_from_nothing() -> None:
    c = Crashing()
    trace = [c.runs(), *c.climbs(0, 10)]
    gone = Observation(c.at, "DELETED", c.runs().object)
    new = Crashing(c.at + 5, uid="uid-b", created=c.at + 5)
    assert judged(*trace, gone, new.runs(), *new.climbs(0)).held("BACKOFF-005")
    new = Crashing(c.at + 5, uid="uid-b", created=c.at + 5)
    assert "BACKOFF-005" in judged(*trace, gone, new.runs(), *new.climbs(20)).broken


# -- BACKOFF-007, -008 and -010 --------------------------------------------------------------------


def configured(period: str, response: Any = None) -> Any:
    """The tester configures a kubelet."""
    configuration = {"crashLoopBackOff": {"maxContainerRestartPeriod": period}}
    return done(0, "configure-kubelet", response, node="node-1", configuration=configuration)


def test_another_cap() -> None:
    c = Crashing(1.0, created=1.0)
    assert judged(configured("15s"), c.runs(), *c.climbs(0, 10, 15, 15)).held("BACKOFF-007")
    c = Crashing(1.0, created=1.0)
    trace = judged(configured("15s"), c.runs(), *c.climbs(0, 10, 40))
    assert blamed(trace) == {"BACKOFF-007"}


def test_a_cap_out_of_range() -> None:
    for period in ("301s", "999ms", "-10s", "soon"):
        assert judged(configured(period, Rejected(422, "Invalid"))).held("BACKOFF-007")
    assert "BACKOFF-007" not in judged(configured("1500ms")).exercised
    c = Crashing(10.0, created=10.0)
    assert blamed(judged(configured("301s"), c.runs())) == {"BACKOFF-007"}


def test_housekeeping_may_cut_a_wait() -> None:
    for wait, held in ((201, True), (290, True), (300, False), (60, False)):
        c = Crashing()
        trace = judged(c.runs(), *c.climbs(*LADDER), c.ends(400), c.starts(wait))
        assert trace.held("BACKOFF-008") is held
        assert blamed(trace) == (set() if held else {"BACKOFF-008"})


def test_housekeeping_need_not_cut_a_wait() -> None:
    c = Crashing()
    trace = [c.runs(), *c.climbs(0, 10, 20, 40, 80), c.ends(577)]
    whole = judged(*trace, done(c.at + 150, "advance", seconds=1), c.starts(160))
    assert blamed(whole) == {"BACKOFF-008"}
    assert "BACKOFF-002" in judged(*trace, done(c.at + 250, "advance", seconds=1)).broken


def test_after_a_cut_the_count_starts_again() -> None:
    c = Crashing()
    trace = [c.runs(), *c.climbs(*LADDER), c.ends(400), c.starts(201)]
    assert not blamed(judged(*trace, *c.climbs(10)))
    assert blamed(judged(*trace, *c.climbs(300))) == {"BACKOFF-001"}


def test_documented_keeps_the_wait_whole() -> None:
    c = Crashing()
    waits = (10, 20, 40, 80, 160, 300)
    trace = [c.runs(), *c.climbs(*waits), c.ends(400), c.starts(201)]
    assert blamed(judged(*trace, profile="documented")) == {"BACKOFF-001"}


def test_a_new_kubelet_remembers_nothing() -> None:
    c = Crashing()
    trace: list[Event] = [c.runs(), *c.climbs(0, 10, 20), c.ends(), c.waits("40s")]
    c.at += 5
    restarted = done(c.at, "restart-kubelet", node="node-1")
    assert judged(*trace, restarted, c.starts(1), *c.climbs(10)).held("BACKOFF-010")
    c = Crashing()
    trace = [c.runs(), *c.climbs(0, 10, 20), done(35, "restart-kubelet", node="node-1")]
    assert blamed(judged(*trace, *c.climbs(40))) == {"BACKOFF-010"}


def test_a_kubelet_that_says_that_it_has_started() -> None:
    c = Crashing()
    trace = [c.runs(), *c.climbs(0, 10, 20)]
    started = event(c.at, "Starting", "Starting kubelet.", kind="Node", name="node-1")
    assert judged(*trace, started, *c.climbs(0)).held("BACKOFF-010")


def test_an_event_of_long_ago_is_only_listed_again() -> None:
    c = Crashing()
    trace = [c.runs(), *c.climbs(0, 10, 20)]
    old = event(1, "Starting", "Starting kubelet.", kind="Node", name="node-1")
    listed = Observation(c.at, "ADDED", old.object)
    assert judged(*trace, listed, *c.climbs(40)).held("BACKOFF-001")


def test_the_kubelet_of_another_node_does_not_matter() -> None:
    c = Crashing()
    trace: list[Event] = [
        c.runs(),
        *c.climbs(0, 10, 20),
        done(35, "restart-kubelet", node="node-2"),
    ]
    assert judged(*trace, *c.climbs(40)).held("BACKOFF-001")


def test_after_a_lost_sandbox_nothing_is_known() -> None:
    c = Crashing()
    trace: list[Event] = [
        c.runs(),
        *c.climbs(0, 10),
        done(20, "lose-sandbox", namespace="default", pod="a"),
    ]
    assert not blamed(judged(*trace, *c.climbs(0, 2)))


def test_a_wait_that_a_lost_sandbox_has_overtaken() -> None:
    c = Crashing()
    trace: list[Event] = [c.runs(), *c.climbs(0), c.ends(), c.waits("10s")]
    trace += [done(4, "lose-sandbox", namespace="default", pod="a"), c.waits("10s")]
    assert not blamed(judged(*trace, c.starts(60), *c.climbs(0)))


# -- BACKOFF-009 -----------------------------------------------------------------------------------

PROBED: dict[str, Any] = {
    "spec": {"containers": [{"name": "c", "image": "app:1", "livenessProbe": {"periodSeconds": 1}}]}
}


def killed(c: Crashing, run: float) -> list[Observation]:
    """A container that its liveness probe ends."""
    said = "Container c failed liveness probe, will be restarted"
    return [event(c.at + run, "Killing", said, fieldPath="spec.containers{c}"), c.ends(run, 137)]


def kills(*waits: float, run: float = 4.0) -> list[Observation]:
    """A container that is killed again and again, with these waits between."""
    c = Crashing(**PROBED)
    trace = [c.runs()]
    for wait in waits:
        trace += [*killed(c, run), c.starts(wait)]
    return trace


def test_a_probe_kill_is_checked_against_the_exit_before() -> None:
    assert judged(*kills(0, 0, 10, 20, 40, 80, 160, 300, 0)).held("BACKOFF-009")
    assert blamed(judged(*kills(0, 10))) == {"BACKOFF-009"}


def test_who_ended_a_probed_container_may_be_unknown() -> None:
    c = Crashing(**PROBED)
    assert not blamed(judged(c.runs(), *c.climbs(0, 0, 0)))
