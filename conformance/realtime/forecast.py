"""What an example would cost and show on a real clock, found out on the embedded simulator.

The choices that Hypothesis made are kept, so that the same example can be run on the real engine: a
scenario draws from them as it did, and where the world makes it draw otherwise, as close as it gets.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from random import Random
from typing import Any, Final

from attrs import evolve, frozen
from hypothesis.control import BuildContext
from hypothesis.errors import StopTest
from hypothesis.internal.conjecture.data import ConjectureData

from conformance.adapter import Implementation, NotClaimedError
from conformance.adapters.simulator import SimulatorAdapter
from conformance.examine import Draw, Scenario, Target, drawn, seed_of
from conformance.realtime.budget import Patience
from conformance.session import LOOK, AbsentError, Debts, Session
from spec_model import judge
from spec_model.events import Act

CHOICES: Final = 100_000
"""How many choices an example may make; more than any does."""

IN_FULL: Final = 2
"""Examples that are tried to their end even where they take too long: they tell by how much."""

SPREAD: Final = 0.1
"""Two looks at something that is waited for are apart this part of the time gone by, once it is long."""


@frozen
class Forecast:
    """One example of a scenario, before it is run.

    Attributes:
        choices: what Hypothesis chose.
        seconds: that it takes until everything owed has come.
        wait: seconds of its longest single wait.
        exercised: the rules that it meets.
        verbs: what it does besides waiting; nothing where it only asks for functions.
    """

    choices: tuple[Any, ...]
    seconds: float
    wait: float
    exercised: frozenset[str]
    verbs: frozenset[str] = frozenset({"create"})


def stand_in(target: Target) -> Target:
    """The simulator, no more able than the engine, for the same run."""
    engine = SimulatorAdapter(profile=target.profile)
    own = engine.describe()
    shared = own.capabilities & target.implementation.capabilities
    implementation: Implementation = evolve(
        own, capabilities=shared, functions=target.implementation.functions & own.functions
    )
    return evolve(target, adapter=engine, implementation=implementation)


class TooLongError(Exception):
    """The example that is being tried takes more than the budget has patience for."""


class Rehearsal(Session):
    """A session on the simulator that waits as one on a real clock does: no longer than it must.

    Attributes:
        longest: seconds of the longest time that was let pass at once.
        patience: where it is set, what takes more is given up.
    """

    longest = 0.0
    patience: Patience | None = None

    def advance(self, seconds: float) -> None:
        """Lets time pass."""
        self._waits(seconds)
        super().advance(seconds)

    def wait_until(self, holds: Callable[[], bool], pieces: Sequence[float]) -> bool:
        """Lets time pass until something holds, and not until the end of a piece."""
        began, end = self.now, self.now + sum(pieces)
        while not holds() and self.now < end:
            self._looks(began, end)
        return holds()

    def settle(self, limit: float = 3600.0) -> None:
        """Waits until nothing is owed any more."""
        began, end, told = self.now, self.now + limit, Debts(set)
        while self._owes(end, told):
            self._looks(began, end + LOOK)
        self._note(judge.settle(self.world, self.now))

    def _looks(self, began: float, end: float) -> None:
        """Waits for the next look, of a wait that goes on from ``began`` to ``end``."""
        gone = self.now - began
        seconds = min(max(LOOK, gone * SPREAD), end - self.now)
        self._waits(gone + seconds)
        super().advance(seconds)

    def _waits(self, seconds: float) -> None:
        self.longest = max(self.longest, seconds)
        given = self.patience
        if given is not None and (self.longest > given.wait or self.now > given.whole):
            raise TooLongError


def forecasts(
    target: Target,
    scenario: Scenario,
    name: str,
    examples: int,
    *,
    patience: Patience | None = None,
    enough: Callable[[Sequence[Forecast]], bool] = lambda _: False,
) -> list[Forecast]:
    """What at the most so many examples of a scenario would come to, in the order in which they were drawn.

    Where there is a ``patience``, what takes longer is not looked at to its end and left out, but for
    the first ``IN_FULL``. No more are drawn once there are ``enough``.
    """
    foreseen: list[Forecast] = []
    simulated = stand_in(target)
    known: set[tuple[Any, ...]] = set()
    with drawn():
        for number in range(examples):
            rehearsal = Rehearsal(simulated.adapter, simulated.implementation, simulated.profile)
            rehearsal.patience = patience if number >= IN_FULL else None
            data = _source((), seed_of(target, f"{name} {number}"))
            with suppress(TooLongError, StopTest), BuildContext(data, wrapped_test=forecasts):
                with suppress(NotClaimedError, AbsentError):  # it goes as far as the engine does
                    scenario(rehearsal, data.draw)
                rehearsal.settle()
                if data.choices not in known:
                    foreseen.append(_foretold(rehearsal, data.choices))
            known.add(data.choices)
            if not data.choices or enough(foreseen):
                break
    return foreseen


def _foretold(rehearsal: Rehearsal, choices: tuple[Any, ...]) -> Forecast:
    verbs = {event.stimulus.verb for event in rehearsal.events if isinstance(event, Act)}
    return Forecast(
        choices=choices,
        seconds=rehearsal.now,
        wait=rehearsal.longest,
        exercised=frozenset(rehearsal.exercised),
        verbs=frozenset(verbs - {"advance"}),
    )


@contextmanager
def drawing_again(choices: tuple[Any, ...], seed: int) -> Iterator[Draw]:
    """Draws as an example did; may be used by several threads at once, each with its own."""
    data = _source(choices, seed)
    with BuildContext(data, wrapped_test=drawing_again):
        yield data.draw


def _source(choices: tuple[Any, ...], seed: int) -> ConjectureData:
    """Where draws come from: from these choices first, then from the seed."""
    return ConjectureData(prefix=choices, random=Random(seed), max_choices=CHOICES)
