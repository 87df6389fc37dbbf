"""How late an engine may be on a real clock: what it is by design, and what this run measured."""

from __future__ import annotations

from typing import Final

from attrs import evolve

from conformance.session import Session, Shown
from spec_model import judge
from spec_model.world import World

BY_DESIGN: Final = 16.0
"""Seconds: kubelets look at a Pod that backs off every 10 to 15 s, and list containers once a second."""

FACTOR: Final = 3.0
"""How much later than the worst that was measured something may be: what was measured is a sample."""


def lateness(lag: float) -> float:
    """Seconds that an action may come late, where the worst that was measured is ``lag``."""
    return BY_DESIGN + FACTOR * lag


def judged_again(session: Session, allowed: float) -> Session:
    """The session, judged by the lag that was measured while it went on.

    A loaded engine gets later while a scenario runs; what was blamed by the first measure and is not
    by the last is no violation.
    """
    setting = session.world.setting
    if not session.shown or setting.lateness is None or allowed <= setting.lateness:
        return session
    allowing = evolve(setting, lateness=allowed)
    blamed: set[tuple[str, str]] = set()
    world = World(allowing)
    for event in session.events:
        world = judge.step(world, event)
        blamed |= {(each.rule, each.subject) for each in world.findings}
    world = judge.settle(world, session.now)
    blamed |= {(each.rule, each.subject) for each in world.findings}
    session.shown = [each for each in session.shown if _key(each) in blamed]
    return session


def _key(shown: Shown) -> tuple[str, str]:
    return shown.finding.rule, shown.finding.subject
