"""The laws of BACKOFF, on traces made by hand."""

from __future__ import annotations

from typing import Any

import pytest

from spec_model.events import Observation
from tests.laws.crashes import LADDER, Crashing, blamed, says
from tests.laws.traces import (
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
