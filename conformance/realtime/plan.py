"""Which examples are worth their time: of those that the budget allows, the fewest that meet every rule."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final

from attrs import field, frozen

from conformance.examine import Scenario, Target
from conformance.realtime.budget import Patience
from conformance.realtime.forecast import Forecast, forecasts

AT_LEAST: Final = 5
AT_MOST: Final = 16
"""Examples of each scenario that are looked at: as many as it takes to meet its rules."""


@frozen
class Task:
    """A scenario to be run for the sake of some rules; for whatever it meets where it names none."""

    name: str
    scenario: Scenario
    rules: tuple[str, ...] = ()


@frozen
class Job:
    """One example of a task, to be run once."""

    task: Task
    forecast: Forecast

    @property
    def seconds(self) -> float:
        """What it is expected to take."""
        return self.forecast.seconds


@frozen
class Plan:
    """What is run, and what is not.

    Attributes:
        left_out: by task and rule (``""`` where the task names none), why.
        spares: by task, further examples that the budget allows, for rules that stay unexercised.
    """

    jobs: tuple[Job, ...]
    left_out: Mapping[tuple[str, str], str] = field(factory=dict)
    spares: Mapping[str, tuple[Forecast, ...]] = field(factory=dict)

    @property
    def longest(self) -> float:
        """Seconds of the longest job."""
        return max((job.seconds for job in self.jobs), default=0.0)

    @property
    def total(self) -> float:
        """Seconds of all jobs together."""
        return sum(job.seconds for job in self.jobs)


def plan(
    target: Target,
    tasks: Sequence[Task],
    patience: Patience,
    *,
    told: Callable[[str, int, int], None] = lambda *_: None,
) -> Plan:
    """What to run of these tasks, the longest first.

    ``told`` is called before each task is looked at: with its name, its number, and how many there are.
    """
    jobs: list[Job] = []
    left_out: dict[tuple[str, str], str] = {}
    spares: dict[str, tuple[Forecast, ...]] = {}
    for number, task in enumerate(tasks, 1):
        told(task.name, number, len(tasks))
        foreseen, chosen = _foreseen(target, task, patience)
        jobs += [Job(task, each) for each in chosen]
        spares[task.name] = tuple(
            each for each in foreseen if each not in chosen and fits(each, patience)
        )
        met = _met(chosen)
        for rule in task.rules or ("",):
            if not chosen or (rule and rule not in met and len(met & set(task.rules))):
                left_out[task.name, rule] = why_not(foreseen, rule, patience)
    return Plan(tuple(sorted(jobs, key=lambda job: -job.seconds)), left_out, spares)


def _foreseen(
    target: Target, task: Task, patience: Patience
) -> tuple[list[Forecast], list[Forecast]]:
    """What was drawn of a task, and what of that is to be run."""
    wanted = frozenset(task.rules)

    def enough(foreseen: Sequence[Forecast]) -> bool:
        if len(foreseen) < AT_LEAST:
            return False
        if not any(each.verbs for each in foreseen):
            return True  # it asks for functions only, and a cluster serves none
        chosen = choose(foreseen, task.rules, patience)
        return bool(chosen) and wanted <= _met(chosen)

    foreseen = forecasts(
        target, task.scenario, task.name, AT_MOST, patience=patience, enough=enough
    )
    return foreseen, choose(foreseen, task.rules, patience)


def _met(chosen: Iterable[Forecast]) -> frozenset[str]:
    return frozenset().union(*(each.exercised for each in chosen))


def choose(
    foreseen: Sequence[Forecast], rules: Sequence[str], patience: Patience
) -> list[Forecast]:
    """The examples to run: each meets rules that the others do not, as long as there are such.

    Where the budget has patience the longer of two equals is taken, for it goes deeper.
    """
    left = [each for each in foreseen if fits(each, patience)]
    open_rules, chosen = set(rules), list[Forecast]()
    sign = 1 if patience.whole > 100 else -1
    while left:
        best = max(left, key=lambda each: (len(each.exercised & open_rules), sign * each.seconds))
        if rules and not best.exercised & open_rules and (chosen or not best.verbs):
            break  # nothing more to be gained; but what the simulator does not show, the engine may
        left.remove(best)
        chosen.append(best)
        open_rules -= best.exercised
        if len(chosen) >= patience.examples and not open_rules:
            break
    return chosen


def fits(forecast: Forecast, patience: Patience) -> bool:
    """Whether the budget has the patience for it."""
    return forecast.wait <= patience.wait and forecast.seconds <= patience.whole


def why_not(foreseen: Sequence[Forecast], rule: str, patience: Patience) -> str:
    """The reason for which no example is run."""
    met = [each for each in foreseen if not rule or rule in each.exercised]
    if foreseen and not any(each.verbs for each in foreseen):
        return "it only asks for functions, and this engine serves none"
    if not met:
        return f"none of {len(foreseen)} examples met its condition with what this engine can do"
    shortest = min(met, key=lambda each: (each.wait, each.seconds))
    return (
        f"its shortest example takes {shortest.seconds:.0f} s and waits {shortest.wait:.0f} s at once; "
        f"the budget allows {patience.whole:g} s and {patience.wait:g} s"
    )
