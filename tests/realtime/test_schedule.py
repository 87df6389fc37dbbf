"""Scenarios run side by side; what breaks a rule is done once more."""

from __future__ import annotations

import itertools
import subprocess
import sys
import threading
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pytest
from attrs import evolve

from conformance.examine import BUDGETS, Draw, Target
from conformance.realtime.confirm import Confirmed
from conformance.realtime.forecast import Forecast
from conformance.realtime.lateness import judged_again, lateness
from conformance.realtime.plan import Job, Plan, Task
from conformance.realtime.schedule import Move, Outcome, Schedule
from conformance.realtime.suite import SCHEDULE, told_of, untold
from conformance.session import Session
from reports.events import ResultEvent, RuleExercised
from spec_model.events import Observation
from strategies.manifests import pod
from tests.realtime.side_by_side import RealAdapter


def target_of(adapter: RealAdapter) -> Target:
    """What is examined."""
    return Target(adapter, adapter.describe(), "v1.36", BUDGETS["quick"])


def once(*tasks: Task, seconds: Sequence[float] = ()) -> Plan:
    """Every task, one job each, so many seconds long."""
    foreseen = [*seconds, *[1.0] * len(tasks)]
    jobs = [
        Job(task, Forecast((), each, 1, frozenset()))
        for task, each in zip(tasks, foreseen, strict=False)
    ]
    return Plan(tuple(sorted(jobs, key=lambda job: -job.seconds)))


def ran(adapter: RealAdapter, plan: Plan, moves: list[Move] | None = None) -> dict[str, Outcome]:
    """Runs a plan to its end."""
    told = (lambda _: None) if moves is None else moves.append
    schedule = Schedule(target_of(adapter), adapter, plan, whole=5.0, told=told)
    schedule.start()
    outcomes = {job.task.name: schedule.outcome(job.task.name) for job in plan.jobs}
    schedule.stop()
    return {name: outcome for name, outcome in outcomes.items() if outcome is not None}


def ending(run: Session, _: Draw) -> None:
    """A Pod ends well."""
    run.create(pod(policy="Never"))
    run.exit("a", "c", 0)


def test_what_a_scenario_meets_is_kept() -> None:
    outcomes = ran(RealAdapter(), once(Task("a", ending)))
    assert outcomes["a"].examination.exercised["PHASE-006"]


def test_so_many_run_side_by_side() -> None:
    both = threading.Barrier(2, timeout=60)

    def meeting(run: Session, draw: Draw) -> None:
        both.wait()
        ending(run, draw)

    adapter = RealAdapter(parallel=2)
    ran(adapter, once(*(Task(name, meeting) for name in "abcd")))
    assert (adapter.count.most, adapter.count.open) == (2, 0)


def test_the_longest_begins_first() -> None:
    moves: list[Move] = []
    tasks = [Task(name, ending) for name in "abc"]
    ran(RealAdapter(parallel=1), once(*tasks, seconds=(1, 3, 2)), moves)
    assert [move.task for move in moves if move.state == "running"] == ["b", "c", "a"]


def test_what_disturbs_others_runs_alone() -> None:
    alone: list[bool] = []
    adapter = RealAdapter(parallel=3)

    def disturbing(run: Session, draw: Draw) -> None:
        alone.append(adapter.count.open == 1)
        ending(run, draw)

    names = "abcd"
    stopping = Forecast((), 9.0, 1.0, frozenset(), frozenset({"stop-node"}))
    usual = once(*(Task(name, ending) for name in names)).jobs
    jobs = [*(Job(Task(f"x{name}", disturbing), stopping) for name in "12"), *usual]
    outcomes = ran(adapter, Plan(tuple(jobs)))
    assert alone == [True, True]
    assert len(outcomes) == 6


def test_a_rule_that_was_missed_gets_another_try() -> None:
    """The simulator met it in an example; on the engine the same example does something else."""
    tries = itertools.count()

    def moody(run: Session, draw: Draw) -> None:
        if next(tries):
            ending(run, draw)

    hopeful = Forecast((), 1.0, 1.0, frozenset({"PHASE-006"}))
    spare = Forecast((1,), 1.0, 1.0, frozenset({"PHASE-006"}))
    task = Task("a", moody, ("PHASE-006",))
    plan = Plan((Job(task, hopeful),), spares={"a": (spare,)})
    assert ran(RealAdapter(), plan)["a"].examination.exercised["PHASE-006"]


def test_what_the_time_limit_does_not_allow_is_left_out() -> None:
    outcomes = ran(RealAdapter(time_limit=2.0), once(Task("a", ending), seconds=(60,)))
    assert "time limit" in outcomes["a"].left_out
    assert not outcomes["a"].examination.exercised


def test_an_engine_that_fails_is_said_to() -> None:
    def asking(run: Session, _: Draw) -> None:
        run.do("burn", namespace="default", pod="none", container="c", milli=1)
        raise KeyError("surprise")

    outcomes = ran(RealAdapter(), once(Task("a", asking)))
    assert "KeyError" in str(outcomes["a"].examination.failures[0])


def test_ctrl_c_wakes_what_sleeps() -> None:
    asleep = threading.Event()

    def sleeping(run: Session, _: Draw) -> None:
        asleep.set()
        run.advance(100_000)

    adapter = RealAdapter()
    schedule = Schedule(target_of(adapter), adapter, once(Task("a", sleeping)), whole=5.0)
    schedule.start()
    assert asleep.wait(60)
    schedule.stop()
    assert adapter.count.open == 0


def test_ctrl_c_loses_nothing_that_was_shown(pytestconfig: pytest.Config) -> None:
    begun = threading.Event()

    def sleeping(run: Session, _: Draw) -> None:
        begun.set()
        run.advance(100_000)

    adapter = RealAdapter(parallel=2)
    tasks = once(Task("a", ending, ("PHASE-006", "PHASE-010")), Task("b", sleeping))
    schedule = Schedule(target_of(adapter), adapter, tasks, whole=5.0)
    schedule.start()
    outcome = schedule.outcome("a")
    assert outcome is not None
    assert begun.wait(60)
    assert "PHASE-006" in exercised(told_of(target_of(adapter), outcome, "test", "PHASE-006"))
    pytestconfig.stash[SCHEDULE] = schedule
    late = exercised(untold(pytestconfig, target_of(adapter)))
    del pytestconfig.stash[SCHEDULE]
    assert late == ["PHASE-010"]


def exercised(events: Iterable[ResultEvent]) -> list[str]:
    """The rules that were exercised."""
    return [event.rule for event in events if isinstance(event, RuleExercised)]


class Forgetful(RealAdapter):
    """Says that every Pod which has succeeded has failed; at first only, where ``once`` is set."""

    once = False
    lies = 0

    def observe(self) -> Sequence[Observation]:
        """What the simulator shows, but for the phase."""
        return [self._twisted(each) for each in super().observe()]

    def _twisted(self, seen: Observation) -> Observation:
        manifest: Mapping[str, Any] = seen.object
        if manifest["kind"] != "Pod" or manifest["status"]["phase"] != "Succeeded":
            return seen
        if self.once and type(self).lies:
            return seen
        type(self).lies += 1
        status = {**manifest["status"], "phase": "Failed"}
        return evolve(seen, object={**manifest, "status": status})


def broken(outcomes: Mapping[str, Outcome]) -> Confirmed:
    """The violation of the rule on Pods that succeed."""
    (found,) = [
        each for each in outcomes["a"].confirmed if each.violation.finding.rule == "PHASE-006"
    ]
    return found


def test_a_violation_is_seen_again() -> None:
    found = broken(ran(Forgetful(), once(Task("a", ending))))
    assert found.again


def test_a_violation_is_told_though_the_run_ends_before_it_is_seen_again() -> None:
    again = threading.Event()
    runs = itertools.count()

    def slower(run: Session, draw: Draw) -> None:
        if next(runs):
            again.set()
            run.advance(100_000)
        ending(run, draw)

    adapter = Forgetful()
    schedule = Schedule(target_of(adapter), adapter, once(Task("a", slower)), whole=5.0)
    schedule.start()
    assert again.wait(60)
    schedule.stop()
    found = broken(dict(schedule.outcomes()))
    assert "the run ended" in found.event(target_of(adapter), "test").seen


def test_it_is_shortened_by_doing_less() -> None:
    def rambling(run: Session, draw: Draw) -> None:
        run.create(pod("b"))
        ending(run, draw)

    found = broken(ran(Forgetful(), once(Task("a", rambling))))
    event = found.event(target_of(Forgetful()), "test")
    assert len(found.replayed) == len(event.operations) == 2


def test_what_is_not_seen_again_is_said_to_be_so() -> None:
    class Once(Forgetful):
        once = True
        lies = 0

    found = broken(ran(Once(), once(Task("a", ending))))
    assert "not seen again" in found.event(target_of(Once()), "test").seen


def test_lateness_grows_with_the_lag() -> None:
    assert lateness(10.0) > lateness(1.0) > lateness(0.0) > 0


def test_what_the_measured_lag_explains_is_no_violation() -> None:
    adapter = RealAdapter()
    session = Session(adapter, adapter.describe(), "v1.36", lateness=-1.0)
    session.create(pod())
    session.exit("a", "c", 1)
    session.exit("a", "c", 1)
    session.wait_until(lambda: bool(session.shown), [13.0])
    blamed = [each.finding.rule for each in session.shown]
    assert blamed
    assert not judged_again(session, 60.0).shown


def test_workers_of_xdist_are_refused() -> None:
    """Each of them would run everything."""
    spec = "python:tests.realtime.side_by_side:RealAdapter"
    command = [sys.executable, "-m", "pytest", "--pyargs", "conformance.suite", "-n", "2"]
    done = subprocess.run(
        [*command, "--adapter", spec], capture_output=True, text=True, check=False
    )
    assert done.returncode == pytest.ExitCode.USAGE_ERROR
    assert "side by side in one process" in done.stderr
