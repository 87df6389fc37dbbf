"""What an example would cost and show on a real clock, found out on the embedded simulator.

The choices that Hypothesis made are kept, so that the same example can be run on the real engine: a
scenario draws from them as it did, and where the world makes it draw otherwise, as close as it gets.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from random import Random
from typing import Any, Final

import hypothesis
from attrs import evolve, frozen
from hypothesis import strategies as st
from hypothesis.control import BuildContext
from hypothesis.internal.conjecture.data import ConjectureData

from conformance.adapter import AdapterError, Implementation
from conformance.adapters.simulator import SimulatorAdapter
from conformance.examine import Draw, Scenario, Target, drawing, drawn, seed_of
from conformance.session import Session
from spec_model.events import Act

CHOICES: Final = 100_000
"""How many choices an example may make; more than any does."""


@frozen
class Forecast:
    """One example of a scenario, before it is run.

    Attributes:
        choices: what Hypothesis chose.
        seconds: that it takes until everything owed has come.
        wait: seconds of its longest single wait.
        exercised: the rules that it meets.
        verbs: what it does; nothing where it only asks for functions.
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


def forecasts(target: Target, scenario: Scenario, name: str, examples: int) -> list[Forecast]:
    """What so many examples of a scenario would come to, in the order in which they were drawn."""
    foreseen: list[Forecast] = []
    simulated = stand_in(target)

    @hypothesis.seed(seed_of(target, name))
    @drawing(examples)
    @hypothesis.given(st.data())
    def run(data: st.DataObject) -> None:
        session = simulated.session()
        try:
            scenario(session, data.draw)
            session.settle()
        except AdapterError:
            return  # what the simulator does not serve cannot be foretold
        foreseen.append(
            Forecast(
                choices=tuple(data.conjecture_data.choices),
                seconds=session.now,
                wait=longest_wait(session),
                exercised=frozenset(session.exercised),
                verbs=frozenset(
                    event.stimulus.verb for event in session.events if isinstance(event, Act)
                ),
            )
        )

    with drawn():
        run()
    return foreseen


def longest_wait(session: Session) -> float:
    """Seconds of the longest time that a scenario let pass at once."""
    return max(
        (
            float(event.stimulus.arguments["seconds"])
            for event in session.events
            if isinstance(event, Act) and event.stimulus.verb == "advance"
        ),
        default=0.0,
    )


@contextmanager
def drawing_again(choices: tuple[Any, ...], seed: int) -> Iterator[Draw]:
    """Draws as an example did; may be used by several threads at once, each with its own."""
    data = ConjectureData(prefix=choices, random=Random(seed), max_choices=CHOICES)
    with BuildContext(data, wrapped_test=drawing_again):
        yield data.draw
