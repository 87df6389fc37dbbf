"""An examination as result events: each violation with the shortest trace found that shows it.

Sequences are shrunk by leaving out operations and doing the rest again, which costs time on a broken
engine; so what one test may spend on it is bounded, and what its own rule needs comes first.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import partial
from typing import Any, Final

from attrs import evolve

from conformance import trace
from conformance.adapter import AdapterError
from conformance.describe import sentence
from conformance.examine import Examination, Target, Violation
from conformance.session import Session, Shown, replay, steps_of
from conformance.shrink import BUDGET, Step, shrink
from reports.events import AdapterFailed, EdgeTaken, ResultEvent, RuleExercised, ViolationFound
from spec_model.rules import registry
from spec_model.world import Finding

LIMIT: Final = 2 * BUDGET
"""Executions that shrinking all the violations of one test may cost."""

QUESTIONS: Final = 400
"""How often a function may be asked to make one question simple: it costs far less than a cluster."""

BREAKDOWNS: Final = 3
"""So often may an engine break down meanwhile; each may cost a deadline and a fresh process."""


def results(
    target: Target, examination: Examination, test: str, rule: str | None = None
) -> list[ResultEvent]:
    """What one test has to say; the violation of ``rule``, its own, is shrunk first."""
    witnesses = Witnesses(target)
    if target.functions_only:
        witnesses = Witnesses(target, QUESTIONS * len(examination.violations), QUESTIONS)
    violations = sorted(
        examination.violations.values(), key=lambda found: found.finding.rule != rule
    )
    return [
        *(
            RuleExercised(name, count, test)
            for name, count in sorted(examination.exercised.items())
        ),
        *(EdgeTaken(*edge, count, test) for edge, count in sorted(examination.edges.items())),
        *(violation_found(target, witnesses, violation, test) for violation in violations),
        *(AdapterFailed(test, str(failure)) for failure in examination.failures),
    ]


class Witnesses:
    """Runs sequences again to see whether they still break a rule, as long as that may cost."""

    def __init__(self, target: Target, limit: int = LIMIT, budget: int = BUDGET) -> None:
        self.target = target
        self.left = limit
        self.budget = budget
        self.breakdowns = 0
        self.shortest: list[tuple[list[Step], frozenset[str]]] = []

    def shrink(self, violation: Violation) -> list[Step]:
        """A short sequence that breaks the same rule; the steps of the violation where none is left."""
        rule = violation.finding.rule
        known = [steps for steps, broken in self.shortest if rule in broken]
        steps = min([*known, self._alone(violation), steps_of(violation.events)], key=len)
        shows = partial(self._shows, finding=violation.finding)
        return shrink(steps, shows, min(self.budget, self.left))

    def _alone(self, violation: Violation) -> list[Step]:
        """A wrong answer to a question is wrong by itself, if it is given again."""
        alone = steps_of(violation.events[-1:])
        if _sort(violation.finding) and self._shows(alone, violation.finding):
            return alone
        return steps_of(violation.events)

    def _shows(self, steps: Sequence[Step], finding: Finding) -> bool:
        self.left -= 1
        session = self.again(steps)
        shown = first_shown(session, finding.rule) if session else None
        return shown is not None and _sort(shown.finding) == _sort(finding)

    def again(self, steps: Sequence[Step]) -> Session | None:
        """A fresh session in which the same was done; cut short, or None, where the engine breaks down."""
        if self.breakdowns >= BREAKDOWNS:
            return None
        session = None
        try:
            session = self.target.session()
            replay(session, steps)
        except AdapterError:
            self.breakdowns += 1
        return session

    def remember(self, steps: list[Step], session: Session) -> None:
        """A sequence that is short already, and every rule that it breaks."""
        self.shortest.append((steps, frozenset(shown.finding.rule for shown in session.shown)))


def _sort(finding: Finding) -> tuple[str, bool] | None:
    """Of an answer: whose it is, and whether it should have been a refusal; else nothing matters."""
    if not finding.subject.startswith(FUNCTION):
        return None
    return finding.subject, finding.expected.startswith("refused: ")


FUNCTION: Final = "function "
"""How the subject of a finding about an answer begins."""


def violation_found(
    target: Target, witnesses: Witnesses, violation: Violation, test: str
) -> ViolationFound:
    """The violation with the shortest sequence that shows it; as it was first seen if none does."""
    steps = witnesses.shrink(violation)
    session = witnesses.again(steps)
    shown = first_shown(session, violation.finding.rule) if session else None
    if session is None or shown is None:
        return told(target, violation, test, seen=ONCE)
    witnesses.remember(steps, session)
    shortest = Violation(
        shown.finding, tuple(session.events[: shown.step + 1]), session.world.setting
    )
    return told(target, shortest, test)


ONCE: Final = " (not seen again when the same was done again: the engine is not deterministic)"


def told(target: Target, violation: Violation, test: str, *, seen: str = "") -> ViolationFound:
    """The violation as a result event, as it is; ``seen`` is added to what was seen."""
    finding, events, setting = violation.finding, violation.events, violation.setting
    rule = registry()[finding.rule]
    header = trace.header_of(
        target.implementation,
        target.profile,
        adapter=target.spec,
        seed=target.seed,
        tool=target.tool,
        rule=rule.id,
    )
    header = evolve(header, epoch=setting.epoch, lateness=setting.lateness)
    return ViolationFound(
        rule=rule.id,
        test=test,
        subject=finding.subject,
        expected=finding.expected,
        seen=finding.seen + seen,
        because=finding.because or rule.sentence_in(target.profile),
        at=finding.at,
        operations=tuple(map(sentence, steps_of(events))),
        trace=tuple(map(_plain, trace.lines_of(header, events))),
        step=len(events),
        implementation=rule.implementation,
    )


def _plain(line: dict[str, Any]) -> dict[str, Any]:
    """The line as JSON keeps it: what an engine in this process hands over may hold anything."""
    plain: dict[str, Any] = json.loads(json.dumps(line, default=str, skipkeys=True))
    return plain


def first_shown(session: Session, rule: str) -> Shown | None:
    """The first finding of a session that blames the rule."""
    return next((shown for shown in session.shown if shown.finding.rule == rule), None)
