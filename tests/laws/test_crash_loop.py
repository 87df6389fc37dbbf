"""BACKOFF-006: what a container says that waits for its restart, on traces made by hand."""

from __future__ import annotations

from typing import Any

from spec_model.events import Observation
from tests.laws.crashes import LADDER, Crashing, blamed, event, says
from tests.laws.traces import (
    Judged,
    judged,
    pod,
    seen,
    status,
    terminated,
    waiting,
)


def test_a_waiting_container_says_how_long() -> None:
    c = Crashing()
    trace = [c.runs(), *c.climbs(0), c.ends()]
    assert judged(*trace, c.waits("10s")).held("BACKOFF-006")
    assert blamed(judged(*trace, c.waits("20s"))) == {"BACKOFF-006"}
    assert blamed(judged(*trace, c.shows(says("10s", container="d")))) == {"BACKOFF-006"}
    assert blamed(judged(*trace, c.shows(waiting("CrashLoopBackOff")))) == {"BACKOFF-006"}


def test_a_wait_above_the_cap_is_the_wrong_wait_not_the_wrong_word() -> None:
    c = Crashing()
    assert blamed(judged(c.runs(), c.ends(), c.runs(), c.ends(), c.waits("5m20s"))) == {
        "BACKOFF-001"
    }


def test_the_first_restart_has_nothing_to_say() -> None:
    c = Crashing()
    assert "BACKOFF-006" in judged(c.runs(), c.ends(), c.waits("10s")).broken


def test_a_long_wait_is_shown() -> None:
    c = Crashing()
    trace = [c.runs(), *c.climbs(*LADDER[:5]), c.ends()]
    assert blamed(judged(*trace, until=c.at + 100)) == {"BACKOFF-006"}
    assert not blamed(judged(*trace, until=c.at + 90))


def test_an_init_container_waits_while_the_pod_is_pending() -> None:
    def trace(phase: str) -> Any:
        entry = status("i", says("10s", "i"), last=terminated(1), restarts=1)
        waits = [status("c", waiting("PodInitializing"))]
        init = [{"name": "i", "image": "app:1"}]
        return judged(seen(30, pod(phase, waits, init=init, init_statuses=[entry])))

    assert trace("Pending").held("BACKOFF-006")
    assert "BACKOFF-006" in trace("Running").broken


def test_the_event_is_a_warning() -> None:
    said = "Back-off restarting failed container c in pod a_default(uid-a)"
    assert judged(event(1, "BackOff", said, "Warning")).held("BACKOFF-006")
    assert blamed(judged(event(1, "BackOff", said, "Normal"))) == {"BACKOFF-006"}
    assert not blamed(judged(event(1, "BackOff", 'Back-off pulling image "app:1"')))


def test_a_wait_has_its_event() -> None:
    said = "Back-off restarting failed container c in pod a_default(uid-a)"

    def trace(*events: Observation, clock: str = "virtual") -> Judged:
        c = Crashing()
        begun = [c.runs(), *c.climbs(0), c.ends(), c.waits("10s")]
        return judged(*begun, *events, c.starts(10), clock=clock)

    assert trace(event(2, "BackOff", said, "Warning")).held("BACKOFF-006")
    assert blamed(trace(event(2, "Started", "Started container c"))) == {"BACKOFF-006"}
    assert not blamed(trace(event(2, "Started", "Started container c"), clock="real"))
    assert not blamed(trace())
