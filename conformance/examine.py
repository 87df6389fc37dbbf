"""Hypothesis draws, a session drives and judges, and what came of it becomes result events.

A scenario is a function of a session and a ``draw``; it does things and asserts nothing, for the
judge watches all the time. An examination runs it as often as the budget says. What breaks a rule
is shrunk by leaving out operations, not by drawing again, so it costs a bounded number of runs.
"""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, suppress
from typing import Any, Final, Protocol, TypeAlias, TypeVar
from unittest.mock import patch

import hypothesis
from attrs import evolve, field, frozen
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.internal.cache import LRUCache
from hypothesis.internal.conjecture import providers
from hypothesis.internal.constants_ast import Constants

from conformance.adapter import Adapter, AdapterError, Implementation, NotClaimedError
from conformance.precedents import Precedents
from conformance.session import AbsentError, Session
from spec_model.events import Event
from spec_model.world import Finding, Setting

T = TypeVar("T")


class Draw(Protocol):
    """Draws a value from a strategy."""

    def __call__(self, strategy: st.SearchStrategy[T], /) -> T:
        """One value."""


Scenario: TypeAlias = Callable[[Session, Draw], None]


@frozen
class Budget:
    """How much a run may cost."""

    examples: int  # of a focused property
    sequences: int  # of a drawn run of a subject's operations
    operations: int  # in such a sequence


BUDGETS: Final[dict[str, Budget]] = {
    "quick": Budget(examples=8, sequences=20, operations=30),
    "standard": Budget(examples=25, sequences=60, operations=40),
    "deep": Budget(examples=250, sequences=1000, operations=80),
}
BUDGETS["full"] = BUDGETS["deep"]  # the word of a real clock, where waiting is what costs


@frozen
class Target:
    """What is examined, and how."""

    adapter: Adapter
    implementation: Implementation
    profile: str
    budget: Budget
    seed: int = 0
    tolerated: frozenset[str] = frozenset()  # known failures: recorded, never a reason to stop
    spec: str = "simulator"  # how a user selects the adapter
    patience: str = "standard"  # the budget's name: what it waits for on a real clock
    tool: str = ""
    functions_only: bool = False  # whatever else the engine serves is left alone
    precedents: Precedents = field(factory=Precedents, eq=False, repr=False)

    def session(self) -> Session:
        """A fresh cluster; none at all where only functions are asked."""
        served = self.implementation
        if self.functions_only:
            served = evolve(served, capabilities=frozenset())
        return Session(self.adapter, served, self.profile, precedents=self.precedents)


class _Enough(BaseException):
    """No more examples: the rule is broken, or the engine. Not an Exception, so Hypothesis lets it by."""


@frozen
class Violation:
    """The first session that broke a rule, up to the event that showed it."""

    finding: Finding
    events: tuple[Event, ...]
    setting: Setting = field(factory=Setting)  # under which it was judged


@frozen
class Examination:
    """Everything that came of running a scenario many times.

    Attributes:
        examples: how many events each example had.
        failures: what the engine failed to serve; there is no further example after the first.
    """

    exercised: Counter[str] = field(factory=Counter)
    edges: Counter[tuple[str, str, str]] = field(factory=Counter)
    violations: dict[str, Violation] = field(factory=dict)
    examples: list[int] = field(factory=list)
    failures: list[AdapterError] = field(factory=list)

    def of(self, rule: str) -> Examination:
        """What is to be told of one rule where all that was exercised is told already."""
        found = {rule: self.violations[rule]} if rule in self.violations else {}
        return evolve(self, exercised=Counter(), edges=Counter(), violations=found)

    def collect(self, session: Session) -> None:
        """Adds what a session has shown."""
        self.exercised.update(session.exercised)
        self.edges.update(session.edges)
        self.examples.append(len(session.events))
        for shown in session.shown:
            rule = shown.finding.rule
            if rule not in self.violations:
                events = tuple(session.events[: shown.step + 1])
                self.violations[rule] = Violation(shown.finding, events, session.world.setting)

    @contextmanager
    def guarded(self) -> Iterator[None]:
        """An engine that fails in here ends the examination; what was seen before is kept."""
        try:
            yield
        except AdapterError as error:
            self.failures.append(error)
            raise _Enough from error


def examine(
    target: Target,
    scenario: Scenario,
    *,
    name: str,
    rules: Collection[str] = (),
    examples: int | None = None,
    aim: bool = False,
) -> Examination:
    """Runs a scenario as often as the budget says; stops early when all ``rules`` are broken, or the engine.

    With ``aim`` Hypothesis steers towards sequences that exercise more rules.
    """
    examination = Examination()
    looked_for = frozenset(rules) - target.tolerated

    def example(draw: Draw) -> None:
        with examination.guarded():
            session = target.session()
            try:
                with suppress(NotClaimedError, AbsentError):  # it goes as far as the engine does
                    scenario(session, draw)
                session.settle()
            finally:
                examination.collect(session)
        if aim:
            hypothesis.target(float(len(session.exercised)), label="rules exercised")
        if looked_for and looked_for <= examination.violations.keys():
            raise _Enough

    @hypothesis.seed(seed_of(target, name))
    @drawing(examples or target.budget.examples, aim=aim)
    @hypothesis.given(st.data())
    def run(data: st.DataObject) -> None:  # short, for Hypothesis reads its source each time
        # data.draw would look at all of Python's random state before and after.
        example(data.conjecture_data.draw)

    with drawn():
        run()
    return examination


def seed_of(target: Target, name: str) -> int:
    """The seed of one examination: the user's, and different for every name."""
    return zlib.crc32(name.encode()) + target.seed


@contextmanager
def drawn() -> Iterator[None]:
    """Hypothesis draws in here until there is enough, and what it draws depends on the seed alone.

    Left alone it mixes in constants from the source of whatever modules are loaded, so that a worker
    of xdist, another directory or an edited comment drew something else.
    """
    cache: LRUCache[Any, Any] = LRUCache(1024)
    constants = patch.multiple(providers, _get_local_constants=Constants, CONSTANTS_CACHE=cache)
    with constants, suppress(_Enough):
        yield


def drawing(examples: int, *, aim: bool = False, steps: int = 50) -> settings:
    """How Hypothesis draws for us: it generates, and neither shrinks nor remembers."""
    return settings(
        max_examples=examples,
        stateful_step_count=steps,
        database=None,
        deadline=None,
        phases=(Phase.generate, Phase.target) if aim else (Phase.generate,),
        suppress_health_check=list(HealthCheck),
        print_blob=False,
    )
