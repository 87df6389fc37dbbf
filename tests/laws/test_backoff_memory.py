"""The laws of BACKOFF on what a kubelet remembers, is told, and forgets, on traces made by hand."""

from __future__ import annotations

from typing import Any

from spec_model.events import Event, Observation, Rejected
from tests.laws.crashes import LADDER, Crashing, blamed, event
from tests.laws.traces import (
    done,
    judged,
)

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


def test_a_real_kubelet_may_be_a_step_behind() -> None:
    """Seen of 1.36.2, with a liveness probe that timed out."""
    seen = kills(0, 0, 0, 10, 20, 40, 80)
    assert judged(*seen, clock="real").held("BACKOFF-009")
    assert "BACKOFF-009" in blamed(judged(*seen))


def test_a_kubelet_that_restarted_before_the_kill_knows_of_no_exit() -> None:
    c = Crashing(**PROBED)
    trace: list[Event] = [c.runs()]
    c.at += 50
    trace.append(done(c.at, "restart-kubelet", node="node-1"))
    c.at += 50
    for wait in (0, 0, 10, 20):
        trace += [*killed(c, 4.0), c.starts(wait)]
    assert not blamed(judged(*trace))


def test_a_run_of_more_than_ten_minutes_is_forgotten_before_its_kill() -> None:
    c = Crashing(**PROBED)
    trace: list[Event] = [c.runs()]
    for run, wait in ((4, 0), (4, 0), (700, 0), (4, 10)):
        trace += [*killed(c, run), c.starts(wait)]
    assert not blamed(judged(*trace))


def test_a_wait_after_a_kill_that_is_called_off() -> None:
    c = Crashing(**PROBED)
    trace: list[Event] = [c.runs()]
    for wait in (0, 0, 10, 20, 40):
        trace += [*killed(c, 4.0), c.starts(wait)]
    trace += killed(c, 4.0)
    spec = {"containers": [{**PROBED["spec"]["containers"][0], "image": "app:2"}]}
    told = "Back-off restarting failed container c in pod a_default(uid-a)"
    trace.append(event(c.at, "BackOff", told, "Warning", fieldPath="spec.containers{c}"))
    c.at += 70
    trace.append(c.waits("1m20s"))
    c.more = {"spec": spec}
    assert not blamed(judged(*trace, c.waits("1m20s"), c.starts(0)))


def test_who_ended_a_probed_container_may_be_unknown() -> None:
    c = Crashing(**PROBED)
    assert not blamed(judged(c.runs(), *c.climbs(0, 0, 0)))
