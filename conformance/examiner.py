"""What a test of the suite holds in its hand: it examines a scenario and reports what came of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

import pytest
from attrs import evolve

from conformance import recorded
from conformance.adapter import side_by_side
from conformance.examine import Draw, Examination, Scenario, Target, examine
from conformance.functions import is_functions_only, why_unchecked
from conformance.machines import examine_machine, tape
from conformance.plugin import PROPERTY, rules_of
from conformance.realtime.suite import name_of, patience_of, schedule_of, told_of
from conformance.session import Session
from conformance.witness import results
from reports.events import AdapterFailed, ResultEvent, RuleLeftOut, ViolationFound, to_data
from spec_model.rules import Rule, registry
from strategies.operations import Subject
from strategies.questions import questions

QUESTIONS_AN_EXAMPLE: Final = 8
"""How often a function is asked in one example: a question costs next to nothing."""

BESIDE_OTHERS: Final = 2
"""The same where the focused properties ask the same function."""


EXAMINED: Final = pytest.StashKey[dict[Scenario, Examination]]()
"""What scenarios of several rules have shown in this process."""


class Examiner:
    """Examines scenarios on behalf of one test."""

    def __init__(self, target: Target, item: pytest.Item) -> None:
        self.target = target
        self.item = item

    def rule(self, identifier: str, scenario: Scenario, rules: Sequence[str] = ()) -> None:
        """Examines one rule: skips where it cannot be seen, fails where it is broken.

        A scenario of several ``rules`` is examined once for all of them; their first test tells of it.
        """
        self._need(registry()[identifier])
        if self._is_real:
            self._in_real_time(name_of(scenario), identifier)
            return
        asked = [each for each in rules if self._is_asked(each, scenario)] or [identifier]
        examination = self._examined(scenario, rules or asked, asked)
        is_first = identifier == asked[0]
        self._report(examination if is_first else examination.of(identifier), identifier)
        if not examination.exercised[identifier]:
            pytest.skip(f"{identifier} was not exercised: its condition was never met")

    def _examined(
        self, scenario: Scenario, rules: Sequence[str], asked: Sequence[str]
    ) -> Examination:
        """What the scenario shows, whichever of its rules asks for it first in this process."""
        known = self.item.config.stash.setdefault(EXAMINED, {})
        if scenario not in known:
            name = f"{rules[0]} {scenario.__name__}"
            known[scenario] = examine(self.target, scenario, name=name, rules=asked)
        return known[scenario]

    def _is_asked(self, rule: str, scenario: Scenario) -> bool:
        """Whether a test of this run, in this process or another, examines the rule by the scenario."""
        selected = any(
            getattr(getattr(item, "obj", None), "scenario", None) is scenario
            and rule in rules_of(item)
            for item in self.item.session.items
        )
        return selected and not self._why_unseen(registry()[rule])

    def sequences(self, subject: Subject) -> None:
        """Examines a subject by whole drawn sequences: every rule that they meet is judged."""
        self._need_kinds(subject)
        if self._is_real:
            self._in_real_time(f"{subject.name} machine")
            return
        budget = self.target.budget
        scenario = tape(subject, budget.operations)
        name, examples = scenario.__name__, budget.sequences
        self._report(examine(self.target, scenario, name=name, examples=examples, aim=True))

    def state_machine(self, subject: Subject) -> None:
        """Examines a subject by its RuleBasedStateMachine."""
        self._need_kinds(subject)
        if self._is_real:
            pytest.skip(
                "on a real clock the drawn sequences are enough: the operations are the same"
            )
        self._report(examine_machine(self.target, subject))

    def drawn_questions(self, function: str) -> None:
        """Examines a function by drawn questions, which the model judges."""
        self._need_function(function)
        profile, alone = self.target.profile, self._is_asked_alone()

        def ask(run: Session, draw: Draw) -> None:
            for _ in range(QUESTIONS_AN_EXAMPLE if alone else BESIDE_OTHERS):
                run.evaluate(function, draw(questions(function, profile)))

        self._ask(ask, f"drawn {function}")

    def recorded_questions(self, function: str) -> None:
        """Examines a function by the recorded questions; the model judges, or else the recorded answers."""
        self._need_function(function)
        if why := why_unchecked(function, self.target):
            pytest.skip(why)

        def ask(run: Session, _: Draw) -> None:
            for vector in sorted(recorded.vectors(function), key=recorded.size):
                run.evaluate(function, vector.arguments)

        self._ask(ask, f"recorded {function}", examples=1)

    def _ask(self, scenario: Scenario, name: str, examples: int | None = None) -> None:
        asking = evolve(self.target, functions_only=True)
        self._report(examine(asking, scenario, name=name, examples=examples), target=asking)

    def _is_asked_alone(self) -> bool:
        return self.target.functions_only or is_functions_only(self.target.implementation)

    def _need_function(self, function: str) -> None:
        if function not in self.target.implementation.functions:
            pytest.skip(f"the adapter does not serve the function {function}")

    @property
    def _is_real(self) -> bool:
        """Whether scenarios are planned, and run side by side."""
        real = self.target.implementation.clock == "real"
        return real and side_by_side(self.target.adapter) is not None

    def _in_real_time(self, task: str, rule: str = "") -> None:
        """Reports what a scenario, which ran beside others, has shown of one rule; or of all, for none."""
        schedule = schedule_of(self.item.session, self.target, patience_of(self.target.patience))
        outcome = schedule.outcome(task)
        reason = schedule.plan.left_out.get((task, rule), "")
        if outcome is not None:
            self._send(list(told_of(self.target, outcome, self.item.nodeid, rule)))
            reason = outcome.left_out or reason
        if outcome is None or (rule and not outcome.examination.exercised[rule]):
            self._leave_out(rule or task, reason or "its condition was never met")

    def _leave_out(self, rule: str, reason: str) -> None:
        if rule in registry():
            self._send([RuleLeftOut(rule, reason, self.item.nodeid)])
        pytest.skip(f"{rule} was not exercised: {reason}")

    def _need_kinds(self, subject: Subject) -> None:
        self._need_api()
        if not subject.possible(self.target.implementation.capabilities):
            pytest.skip(f"the adapter serves no operation of the subject {subject.name}")

    def _need_api(self) -> None:
        if "api" not in self.target.implementation.capabilities:
            pytest.skip("the adapter serves functions only")

    def _need(self, entry: Rule) -> None:
        self._need_api()
        if why := self._why_unseen(entry):
            pytest.skip(why)

    def _why_unseen(self, entry: Rule) -> str:
        if self.target.profile not in entry.profiles:
            return f"{entry.id} does not hold under the profile {self.target.profile}"
        missing = set(entry.capabilities) - self.target.implementation.capabilities
        return f"{entry.id} needs the capability {', '.join(sorted(missing))}" if missing else ""

    def _report(
        self, examination: Examination, rule: str | None = None, target: Target | None = None
    ) -> None:
        """Sends what was found on its way; fails where that is a reason to."""
        self._send(results(target or self.target, examination, self.item.nodeid, rule))

    def _send(self, found: list[ResultEvent]) -> None:
        self.item.user_properties.extend((PROPERTY, to_data(event)) for event in found)
        if failures := list(self._failures(found)):
            pytest.fail("\n\n".join(failures), pytrace=False)

    def _failures(self, found: Iterable[ResultEvent]) -> Iterator[str]:
        for event in found:
            if isinstance(event, AdapterFailed):
                yield f"the adapter failed: {event.message}"
            elif isinstance(event, ViolationFound) and not self._excused(event):
                yield as_text(event)

    def _excused(self, event: ViolationFound) -> bool:
        return event.implementation or event.rule in self.target.tolerated


def as_text(violation: ViolationFound) -> str:
    """A violation as pytest shows it."""
    rule = registry()[violation.rule]
    steps = "\n".join(
        f"    {number}. {line}" for number, line in enumerate(violation.operations, 1)
    )
    return (
        f"{rule.id} {rule.title}\n  {violation.because}\n"
        f"  {violation.subject}, at {violation.at:g} s\n"
        f"  expected: {violation.expected}\n  seen:     {violation.seen}\n"
        f"  operations:\n{steps}"
    )
