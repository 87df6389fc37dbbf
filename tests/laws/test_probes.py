"""PROBE: what a probed container may show, what must be seen of it, and what Events may tell."""

from __future__ import annotations

from typing import Any

import pytest

from spec_model.events import Accepted, Event, Observation
from tests.laws.crashes import event
from tests.laws.probing import EXEC, READY, Probed, answered, broken, failing, killed, unhealthy
from tests.laws.traces import Judged, done, judged, seen, terminated, time_at

# -- PROBE-001, PROBE-004 --------------------------------------------------------------------------


def test_an_untried_readiness_probe_is_no_success() -> None:
    c = Probed(readiness={"initialDelaySeconds": 20})
    assert judged(*c.begins(ready=False)).held("PROBE-001")
    assert broken(judged(*c.begins(ready=True))) == {"PROBE-001"}


def test_an_untried_startup_probe_has_not_started() -> None:
    c = Probed(startup={"initialDelaySeconds": 20})
    assert judged(*c.begins(started=False)).held("PROBE-001")
    assert broken(judged(*c.begins(started=True))) == {"PROBE-001"}


def test_a_missing_readiness_probe_is_a_success() -> None:
    c = Probed(liveness={})
    assert judged(*c.begins(ready=True)).held("PROBE-001")
    assert broken(judged(*c.begins(ready=False))) == {"PROBE-001"}


def test_a_judge_that_comes_late_does_not_ask() -> None:
    c = Probed(readiness={"initialDelaySeconds": 2000})
    assert not broken(judged(seen(900, c.at(900, True).object, "ADDED")))


@pytest.mark.parametrize(("at", "blamed"), [(19.5, set()), (25, set()), (12, {"PROBE-004"})])
def test_nobody_is_ready_before_the_initial_delay(at: float, blamed: set[str]) -> None:
    c = Probed(readiness={"initialDelaySeconds": 20})
    judgement = judged(*c.begins(), c.at(at, True), until=at)
    assert broken(judgement) == blamed
    assert "PROBE-004" in judgement.exercised


def test_no_event_tells_of_a_probe_before_the_initial_delay() -> None:
    c = Probed(liveness={"initialDelaySeconds": 20})
    early = [*c.begins(True), answered(0, "liveness", 1), unhealthy(9)]
    assert broken(judged(*early, until=9)) == {"PROBE-004"}


# -- PROBE-005, PROBE-006 --------------------------------------------------------------------------


def test_a_container_is_ready_within_a_period_of_its_start() -> None:
    c = Probed(readiness={})
    assert judged(*c.begins(), c.at(12, True)).held("PROBE-005")
    assert broken(judged(*c.begins(), until=60)) == {"PROBE-005"}
    assert broken(judged(*c.begins(), c.at(60, True))) == {"PROBE-005"}


def test_of_a_recording_nobody_knows_what_is_answered() -> None:
    c = Probed(readiness={})
    assert not broken(judged(*c.begins()[1:], until=600))


def test_liveness_probes_do_not_come_twice_a_period() -> None:
    c = Probed(liveness={})
    start = [*c.begins(True), answered(0, "liveness", 1)]
    assert judged(*start, *failing(10, 20), until=20).held("PROBE-005")
    assert broken(judged(*start, *failing(10, 15), until=15)) == {"PROBE-005"}


def readiness_lost(at: float, **probe: Any) -> list[Event]:
    """A target that was well for 100 s, and then not; and when the container is shown not ready."""
    c = Probed(readiness=probe)
    start = [*c.begins(), c.at(10, True), answered(100, "readiness", 1)]
    heard = [unhealthy(each, "Readiness") for each in (104, 114, 124) if each <= at]
    return [*start, *heard, c.at(at, False)]


@pytest.mark.parametrize(
    ("at", "blamed"), [(124, set()), (135, set()), (104.5, {"PROBE-003", "PROBE-006"})]
)
def test_a_failure_is_detected_in_its_window(at: float, blamed: set[str]) -> None:
    assert broken(judged(*readiness_lost(at), until=at)) == blamed


def test_a_failure_that_is_detected_late() -> None:
    assert broken(judged(*readiness_lost(190))) == {"PROBE-006"}


def test_a_new_answer_makes_the_window_pointless() -> None:
    c = Probed(readiness={})
    trace = [*c.begins(), c.at(10, True), answered(100, "readiness", 1)]
    assert not broken(judged(*trace, answered(110, "readiness", 0), until=600))


def test_an_answer_that_was_bad_shortly_before_may_count() -> None:
    c = Probed(readiness={"failureThreshold": 1})
    trace = [*c.begins(), c.at(10, True), answered(100, "readiness", 0)]
    trace += [answered(101, "readiness", 1), c.at(101.5, False)]
    assert "PROBE-006" not in broken(judged(*trace, until=101.5))


@pytest.mark.parametrize("verb", ["restart-kubelet", "stop-node"])
def test_a_kubelet_that_is_upset_owes_nothing(verb: str) -> None:
    c = Probed(readiness={})
    assert not broken(judged(*c.begins(), done(1, verb, Accepted(), node="node-1"), until=600))


# -- PROBE-007 to PROBE-010 ------------------------------------------------------------------------


def test_a_command_that_fails_makes_nobody_ready() -> None:
    c = Probed(readiness={})
    trace = [*c.begins(), answered(0, "readiness", 1), c.at(30, True)]
    assert broken(judged(*trace, until=30)) == {"PROBE-007"}


def test_a_failure_that_nobody_noticed_was_misread() -> None:
    c = Probed(readiness={**EXEC})
    trace = [*c.begins(), c.at(10, True), unhealthy(50, "Readiness"), answered(100, "readiness", 2)]
    assert broken(judged(*trace, until=600)) == {"PROBE-007"}


def test_an_unknown_result_kills_nobody() -> None:
    c = Probed(liveness={})
    trace = [*c.begins(True), answered(50, "liveness", "error"), killed(100)]
    assert broken(judged(*trace, until=100)) == {"PROBE-010"}


def test_an_unknown_result_that_changes_nothing() -> None:
    c = Probed(readiness={})
    trace = [*c.begins(), c.at(10, True), answered(50, "readiness", "error")]
    assert judged(*trace, answered(150, "readiness", 0), until=151).held("PROBE-010")


# -- PROBE-011 -------------------------------------------------------------------------------------


def liveness_lost(text: str = ", will be restarted", **more: Any) -> tuple[Probed, list[Event]]:
    c = Probed(liveness={}, **more)
    start = [*c.begins(True), answered(100, "liveness", 1), *failing(105, 115, 125)]
    return c, [*start, killed(125, text=text)]


def test_a_liveness_failure_kills_and_restarts() -> None:
    c, trace = liveness_lost()
    judgement = judged(*trace, c.again(126, True))
    assert judgement.held("PROBE-011")
    assert not broken(judgement)


def test_who_is_killed_ends_within_the_grace_period() -> None:
    _, trace = liveness_lost()
    assert "PROBE-011" in broken(judged(*trace, until=125 + 30 + 2 + 6))


def test_the_event_says_what_follows() -> None:
    c, trace = liveness_lost("")
    assert broken(judged(*trace, c.again(126, True), until=127)) == {"PROBE-011"}
    c, trace = liveness_lost("", policy="Never")
    assert not broken(judged(*trace, c.at(126, False, terminated(143, finished=126)), until=127))


def test_under_never_nobody_comes_back() -> None:
    c, trace = liveness_lost("", policy="Never")
    assert "PROBE-011" in broken(judged(*trace, c.again(126, True), until=127))


def test_too_few_failures_kill_nobody() -> None:
    c = Probed(liveness={})
    trace = [*c.begins(True), answered(100, "liveness", 1), *failing(105), killed(105)]
    assert broken(judged(*trace, until=105)) == {"PROBE-003", "PROBE-006"}


def test_documented_one_timeout_is_enough() -> None:
    c = Probed(liveness={})
    trace = [*c.begins(True), answered(100, "liveness", "timeout"), *failing(106), killed(106)]
    assert not broken(judged(*trace, c.again(107, True), profile="documented", until=107))
    assert "PROBE-010" in broken(judged(*trace, until=106))


# -- PROBE-012 -------------------------------------------------------------------------------------


def test_the_pod_of_a_container_that_is_not_ready_is_not_ready() -> None:
    trace = readiness_lost(125)
    last = trace[-1]
    assert isinstance(last, Observation)
    assert judged(*trace, until=125).held("PROBE-012")
    wrong = {**last.object["status"], "conditions": [READY]}
    lying = Observation(125, "MODIFIED", {**last.object, "status": wrong})
    assert broken(judged(*trace[:-1], lying, until=125)) == {"PROBE-012"}


def test_a_readiness_failure_kills_nobody() -> None:
    trace = readiness_lost(125)
    c = Probed(readiness={})
    assert broken(judged(*trace, c.again(127), until=128)) == {"PROBE-012"}


def test_who_exits_by_itself_is_no_matter_of_readiness() -> None:
    given = {"namespace": "default", "pod": "a", "container": "c", "exitCode": 1}
    trace = [*readiness_lost(125), done(126, "exit", Accepted(), **given)]
    c = Probed(readiness={})
    assert not broken(judged(*trace, c.again(127), until=128))


# -- PROBE-014 -------------------------------------------------------------------------------------


def test_who_has_not_started_is_not_ready() -> None:
    c = Probed(startup={})
    trace = [*c.begins(started=False), answered(0, "startup", 1)]
    assert broken(judged(*trace, c.at(5, True, started=False), until=5)) == {"PROBE-014"}


def test_no_other_probe_comes_before_the_startup_probe_has_succeeded() -> None:
    c = Probed(startup={"failureThreshold": 30}, liveness={})
    trace = [*c.begins(started=False), answered(0, "startup", 1), answered(0, "liveness", 1)]
    assert broken(judged(*trace, unhealthy(20), until=20)) == {"PROBE-014"}


def test_a_startup_probe_is_over_once_it_has_succeeded() -> None:
    c = Probed(startup={})
    trace = [*c.begins(started=False), c.at(10, True), answered(50, "startup", 1)]
    assert broken(judged(*trace, unhealthy(60, "Startup"), until=60)) == {"PROBE-014"}


def test_a_container_that_never_starts_is_killed_in_time() -> None:
    c = Probed(startup={})
    trace = [*c.begins(started=False), answered(0, "startup", 1)]
    heard = failing(10, 20, 30, kind="Startup")
    in_time = [*heard, killed(30, "startup"), c.again(31)]
    assert judged(*trace, *in_time, until=32).held("PROBE-014")
    assert broken(judged(*trace, *heard, until=60)) == {"PROBE-014"}


def test_documented_there_are_no_startup_probes() -> None:
    c = Probed(startup={"initialDelaySeconds": 50})
    assert "PROBE-014" not in judged(*c.begins(started=True), profile="documented").exercised


# -- PROBE-016, PROBE-017 --------------------------------------------------------------------------


def test_failures_of_the_run_before_may_count() -> None:
    c = Probed(liveness={})
    trace = [*c.begins(True), answered(100, "liveness", 1), *failing(105, 115)]
    given = {"namespace": "default", "pod": "a", "container": "c", "exitCode": 1}
    trace += [done(116, "exit", Accepted(), **given), c.again(116, True)]
    trace += [*failing(125), killed(125)]
    judgement = judged(*trace, until=125)
    assert judgement.held("PROBE-016")
    assert not broken(judgement)
    documented = judged(*trace, until=125, profile="documented")
    assert broken(documented) == {"PROBE-003", "PROBE-006"}


def test_a_pod_that_is_deleted_is_not_asked_whether_it_lives() -> None:
    c = Probed(liveness={})
    going = {"deletionTimestamp": time_at(130), "deletionGracePeriodSeconds": 30}
    trace = [*c.begins(True), c.at(100, True, metadata=going), answered(100, "liveness", 1)]
    assert not broken(judged(*trace, unhealthy(101), until=101))
    assert broken(judged(*trace, unhealthy(115), until=115)) == {"PROBE-017"}


def test_a_pod_that_is_deleted_is_asked_whether_it_is_ready() -> None:
    c = Probed(readiness={"periodSeconds": 1})
    going = {"deletionTimestamp": time_at(130), "deletionGracePeriodSeconds": 30}
    trace = [*c.begins(), c.at(5, True), c.at(100, True, metadata=going)]
    trace.append(answered(100, "readiness", 1))
    heard = failing(101, 102, 103, kind="Readiness")
    assert judged(*trace, *heard, c.at(103, False, metadata=going)).held("PROBE-017")
    assert broken(judged(*trace, until=120)) == {"PROBE-017"}


def test_who_has_to_wait_under_on_failure_is_left_to_its_exit_code() -> None:
    """The kubelet restarts in the sync that kills; who waits then has only exited with 0."""
    back_off = "Back-off restarting failed container c in pod a"

    def trace(*waits: Event) -> Judged:
        c, start = liveness_lost(policy="OnFailure")
        ended = c.at(126, False, terminated(0, finished=126))
        return judged(*start, *waits, ended, until=900)

    about = {"fieldPath": "spec.containers{c}"}
    assert not broken(trace(event(126, "BackOff", back_off, "Warning", **about)))
    assert "PROBE-011" in broken(trace())


# -- where time is real ------------------------------------------------------------------------------

LATE = "probe failed: command timed out: context deadline exceeded"


def test_a_program_takes_a_while_from_the_start_of_its_container() -> None:
    """Its first probe may come before it listens; later there is no such excuse."""
    c = Probed(readiness={"periodSeconds": 1})
    early = [*c.begins(), unhealthy(2, "Readiness"), c.at(3, True)]
    assert not broken(judged(*early, clock="real"))
    late = [*c.begins(), c.at(3, True), unhealthy(90, "Readiness")]
    assert broken(judged(*late, clock="real")) == {"PROBE-007"}


def test_a_loaded_engine_is_too_late_for_a_target_that_answers_well() -> None:
    c = Probed(readiness={"periodSeconds": 1})
    start = [*c.begins(), c.at(3, True)]
    too_late = [*start, unhealthy(90, "Readiness", LATE), c.at(91, False), c.at(92, True)]
    assert not broken(judged(*too_late, clock="real"))
    assert broken(judged(*start, c.at(91, False), clock="real")) == {"PROBE-007"}


def test_a_probe_that_comes_when_all_is_over_cannot_be_made() -> None:
    c = Probed(readiness={"periodSeconds": 1})
    gone = unhealthy(90, "Readiness", "probe errored: no running task found")
    assert not broken(judged(*c.begins(), c.at(3, True), gone, clock="real"))
    assert broken(judged(*c.begins(), c.at(3, True), gone)) == {"PROBE-007"}


def test_a_run_that_had_started_may_seem_not_to_have() -> None:
    """A kubelet hears late that the startup probe had no result yet, and says so for a moment."""
    c = Probed(startup={}, readiness={})
    start = [*c.begins(started=False), c.at(12, False)]
    assert not broken(judged(*start, c.at(13, True, started=False), c.at(14, True), clock="real"))
    early = [*c.begins(started=False), c.at(12, True, started=False)]
    assert "PROBE-014" in broken(judged(*early, clock="real"))


def test_a_new_run_may_seem_to_have_started_like_the_one_before() -> None:
    """For a moment a kubelet says of a new run what held of the one before."""
    c = Probed(startup={"initialDelaySeconds": 20})
    start = [*c.begins(started=False), c.at(30, True)]
    again = c.again(40, True)
    assert not broken(judged(*start, again, clock="real"))
    assert "PROBE-001" in broken(judged(*start, again))


@pytest.mark.parametrize(
    ("verb", "blamed"), [("restart-kubelet", set()), ("set-image", {"PROBE-005"})]
)
def test_another_kubelet_asks_when_it_comes_to_it(verb: str, blamed: set[str]) -> None:
    given = {"node": "node-1"} if "kubelet" in verb else {"image": "x", "outcome": "missing"}
    c = Probed(liveness={"failureThreshold": 9})
    trace = [
        *c.begins(True),
        answered(100, "liveness", 1),
        unhealthy(105),
        done(106, verb, **given),
    ]
    assert broken(judged(*trace, unhealthy(108), until=108)) == blamed
