"""A violation seen on a real engine: was it seen again, and is there a shorter way to show it?

The simulator is asked for the shorter way, because there it costs nothing. Where the simulator does
not break the rule, which is what one expects, the sequence is told as it was seen.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from attrs import evolve, frozen

from conformance.describe import sentence
from conformance.examine import Target, Violation
from conformance.realtime.forecast import stand_in
from conformance.session import steps_of
from conformance.shrink import BUDGET, Step, shrink
from conformance.witness import ONCE, Witnesses, first_shown, told
from reports.events import ViolationFound

AGAIN: Final = {True: "", False: ONCE, None: " (the run ended before the same was done again)"}
"""What is said of a violation by whether it was seen again."""


@frozen
class Confirmed:
    """A violation, and what more is known of it.

    Attributes:
        again: it was seen again when the same was done once more; None: it was not tried, for the run ends.
        shorter: fewer steps that break the same rule on the simulator; empty where it keeps the rule.
        replayed: fewer steps that broke it on the engine itself, where they were looked for in time.
    """

    violation: Violation
    again: bool | None
    shorter: tuple[Step, ...] = ()
    replayed: tuple[Step, ...] = ()

    def event(self, target: Target, test: str) -> ViolationFound:
        """As a result event."""
        if not self.shorter:
            event = told(target, self.violation, test, seen=AGAIN[self.again])
            fewer = tuple(map(sentence, self.replayed))
            return evolve(event, operations=fewer) if fewer else event
        simulated = stand_in(target)
        session = Witnesses(simulated).again(self.shorter)
        assert session is not None
        shown = first_shown(session, self.violation.finding.rule)
        assert shown is not None
        events = tuple(session.events[: shown.step + 1])
        shortest = Violation(shown.finding, events, session.world.setting)
        return told(simulated, shortest, test, seen=" (shortened on the simulator)")


def confirm(
    target: Target,
    violation: Violation,
    *,
    seen_again: bool,
    replayed: Callable[[Sequence[Step]], bool] = lambda _: False,
) -> Confirmed:
    """What is known of a violation after one more try, and a shorter way to show it.

    ``replayed`` says whether a sequence breaks the rule on the engine itself; it is asked where the
    simulator keeps the rule, and gives up by itself when its time is over.
    """
    witnesses, rule = Witnesses(stand_in(target)), violation.finding.rule
    steps = steps_of(violation.events)

    def fails(tried: Sequence[Step]) -> bool:
        session = witnesses.again(tried)
        return session is not None and first_shown(session, rule) is not None

    if not seen_again:
        return Confirmed(violation, again=False)
    if fails(steps):
        return Confirmed(violation, again=True, shorter=tuple(shrink(steps, fails, BUDGET)))
    shortest = shrink(steps, replayed, BUDGET)
    return Confirmed(violation, again=True, replayed=tuple(shortest) if shortest != steps else ())
