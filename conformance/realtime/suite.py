"""The pytest side: the tests of a suite as tasks, and the schedule that all of them share."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, Final

import pytest

from conformance.adapter import side_by_side
from conformance.examine import Target
from conformance.machines import SUBJECTS, tape
from conformance.realtime.budget import PATIENCE, Patience
from conformance.realtime.plan import Task, plan
from conformance.realtime.schedule import Move, Outcome, Schedule
from conformance.session import unsupported
from reports.events import (
    AdapterFailed,
    EdgeTaken,
    ResultEvent,
    RuleExercised,
    ScenarioForeseen,
    ScenarioMoved,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from conformance.examine import Scenario

SCHEDULE: Final = pytest.StashKey[Schedule]()
SEQUENCES: Final = "test_sequences"
"""The test that runs drawn sequences; the state machines draw the same operations again."""


def schedule_of(session: pytest.Session, target: Target, patience: Patience) -> Schedule:
    """The schedule of this run, made and begun when the first test asks for it."""
    if SCHEDULE not in session.config.stash:
        adapter = side_by_side(target.adapter)
        assert adapter is not None
        tasks = tasks_of(session.items, target, patience)
        made = plan(target, tasks, patience, told=_planner(session.config))
        schedule = Schedule(
            target, adapter, made, whole=patience.whole, told=_teller(session.config)
        )
        session.config.stash[SCHEDULE] = schedule
        schedule.start()
    return session.config.stash[SCHEDULE]


def told_of(target: Target, outcome: Outcome, test: str, rule: str) -> Iterator[ResultEvent]:
    """What an outcome says of one rule, so that the tests of a scenario together say everything once.

    The first test that asks tells the rest: rules that were met by the way, and what failed.
    """
    first = not outcome.told
    outcome.told.add(rule)
    found = outcome.examination
    for identifier, count in sorted(found.exercised.items()):
        if identifier == rule or (first and identifier not in outcome.rules):
            yield RuleExercised(identifier, count, test)
    for confirmed in outcome.confirmed:
        broken = confirmed.violation.finding.rule
        if broken == rule or (first and broken not in outcome.rules):
            yield confirmed.event(target, test)
    if first:
        for edge, count in sorted(found.edges.items()):
            yield EdgeTaken(*edge, count, test)
        for failure in found.failures:
            yield AdapterFailed(test, str(failure))


def untold(config: pytest.Config, target: Target) -> Iterator[ResultEvent]:
    """Ends the schedule, and says what scenarios have shown that no test has told of."""
    stop(config)
    schedule = config.stash.get(SCHEDULE, None)
    for task, outcome in () if schedule is None else schedule.outcomes():
        for rule in outcome.rules or ("",):
            if rule not in outcome.told:
                yield from told_of(target, outcome, task, rule)


def stop(config: pytest.Config) -> None:
    """Ends the schedule, if one was begun."""
    schedule = config.stash.get(SCHEDULE, None)
    if schedule is not None:
        schedule.stop()


def patience_of(budget: str) -> Patience:
    """How long a budget waits on a real clock."""
    return PATIENCE.get(budget, PATIENCE["full"])


def tasks_of(items: Iterable[pytest.Item], target: Target, patience: Patience) -> list[Task]:
    """One task a scenario, for all the rules whose tests were selected and that can be seen."""
    impossible = unsupported(target.implementation.capabilities)
    rules: dict[Scenario, list[str]] = {}
    tasks: list[Task] = []
    for item in items:
        given = _parameters(item)
        scenario = getattr(getattr(item, "obj", None), "scenario", None)
        if scenario is not None and given.get("rule") not in impossible:
            rules.setdefault(scenario, []).append(given["rule"])
        elif "subject" in given and getattr(item, "originalname", "") == SEQUENCES:
            tasks += _sequences(given["subject"], target, patience)
    tasks += [Task(name_of(each), each, tuple(ids)) for each, ids in rules.items()]
    return tasks


def _sequences(subject: str, target: Target, patience: Patience) -> Iterator[Task]:
    if SUBJECTS[subject].possible(target.implementation.capabilities):
        scenario = tape(SUBJECTS[subject], patience.operations)
        yield Task(scenario.__name__, scenario)


def name_of(scenario: Callable[..., Any]) -> str:
    """What a scenario is called in a plan; the same name may stand in two modules."""
    return f"{scenario.__module__.rpartition('.')[2]}.{scenario.__name__}"


def _parameters(item: pytest.Item) -> dict[str, Any]:
    callspec = getattr(item, "callspec", None)
    return dict(callspec.params) if callspec is not None else {}


def _planner(config: pytest.Config) -> Callable[[str, int, int], None]:
    def tell(task: str, number: int, of: int) -> None:
        config.hook.pytest_kubelaws_event(event=ScenarioForeseen(task, number, of))

    return tell


def _teller(config: pytest.Config) -> Callable[[Move], None]:
    def tell(move: Move) -> None:
        config.hook.pytest_kubelaws_event(
            event=ScenarioMoved(move.task, move.state, move.foreseen, move.seconds, move.lag)
        )

    return tell
