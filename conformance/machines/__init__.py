"""Machines: a subject's operations, drawn at random for as long as the budget lasts.

Two faces of the same operations. ``tape`` draws a whole sequence as one value: fast, it is what runs
search with. ``state_machine`` is a Hypothesis ``RuleBasedStateMachine`` with a rule for each kind of
operation: slower, and the place to start for people who extend the suite.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

import hypothesis
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test

from conformance.examine import (
    Draw,
    Examination,
    Scenario,
    Target,
    drawing,
    drawn,
    seed_of,
)
from conformance.session import Session
from spec_model.events import Stimulus
from strategies.operations import Kind, Operation, Subject, operations, tapes
from strategies.operations.batch import BATCH
from strategies.operations.contents import CONFIGS, CONTENTS
from strategies.operations.daemons import DAEMONS
from strategies.operations.endings import ENDINGS
from strategies.operations.nodes import FLEET, NODES
from strategies.operations.pods import PODS, TIME
from strategies.operations.replicas import REPLICAS
from strategies.operations.rollouts import ROLLOUTS
from strategies.operations.scaling import SCALING
from strategies.operations.scheduling import SCHEDULING
from strategies.operations.statics import STATICS
from strategies.operations.storage import STORAGE
from strategies.operations.volumes import VOLUMES

SUBJECTS: Final[Mapping[str, Subject]] = {
    subject.name: subject
    for subject in (
        Subject("lifecycle", PODS, ENDINGS, CONFIGS, STATICS, NODES, TIME, targets=("a",)),
        Subject("fleet", PODS, NODES, FLEET, ENDINGS, TIME),
        Subject("statics", STATICS, NODES, TIME),
        Subject("storage", VOLUMES, STORAGE, NODES, TIME),
        Subject("autoscaling", SCALING, TIME),
        Subject("contents", CONFIGS, CONTENTS, PODS, TIME),
        Subject("rollouts", ROLLOUTS, NODES, TIME),
        Subject("batch", BATCH, TIME),
        Subject("daemons", DAEMONS, NODES, TIME),
        Subject("scheduling", SCHEDULING, PODS, TIME),
        Subject("replicas", REPLICAS, NODES, TIME),
        Subject(
            "cluster",
            *(PODS, NODES, FLEET, ENDINGS, STATICS, VOLUMES, SCALING, CONFIGS, CONTENTS),
            *(STORAGE, SCHEDULING, REPLICAS, ROLLOUTS, BATCH, DAEMONS, TIME),
        ),
    )
}
"""What is examined by drawn sequences.

*lifecycle* does everything to one Pod: probes, hooks, stops, images, ConfigMaps, a static file, faults of
its node, deletes with any grace. *fleet* has several Pods and nodes that come, go and fail.
"""


def tape(subject: Subject, length: int) -> Scenario:
    """A scenario that draws a whole sequence of the subject's operations as one value."""

    def scenario(run: Session, draw: Draw) -> None:
        kinds = subject.possible(run.implementation.capabilities)
        for operation in operations(draw(tapes(length)), kinds, subject.targets):
            take(run, operation)

    scenario.__name__ = f"{subject.name} machine"
    return scenario


def take(run: Session, operation: Operation) -> None:
    """Does an operation, where the judged world allows it."""
    action = operation.stimulus(run.world)
    if action is not None:
        run.apply(action)


def wander(
    run: Session, subject: Subject, source: random.Random, targets: Sequence[str] = ()
) -> Iterator[Stimulus]:
    """Operations without end, each possible in the world as it is by then; nobody draws or shrinks.

    A walk of thousands of steps sees what short sequences never do: memories that have grown old.
    """
    kinds = subject.possible(run.implementation.capabilities)
    wheel = [kind for kind in kinds for _ in range(kind.weight)]
    while True:
        name = source.choice(targets or subject.targets)
        wish = Operation(source.choice(wheel), name, source.randrange(256))
        action = wish.stimulus(run.world)
        if action is not None:
            yield action


def state_machine(
    subject: Subject, target: Target, examination: Examination
) -> type[RuleBasedStateMachine]:
    """The same operations as a RuleBasedStateMachine; what its sessions show goes to ``examination``."""

    class Machine(RuleBasedStateMachine):
        def __init__(self) -> None:
            super().__init__()
            with examination.guarded():
                self.run = target.session()

        def take(self, operation: Operation) -> None:
            with examination.guarded():
                take(self.run, operation)

        def teardown(self) -> None:
            try:
                if not examination.failures:
                    with examination.guarded():
                        self.run.settle()
            finally:
                examination.collect(self.run)

    rules = {
        kind.name.replace("-", "_"): _rule(kind, subject.targets)
        for kind in subject.possible(target.implementation.capabilities)
    }
    return type(f"{subject.name.title()}Machine", (Machine,), rules)


def _rule(kind: Kind, targets: Sequence[str]) -> Any:
    def step(self: Any, name: str, choice: int) -> None:
        self.take(Operation(kind, name, choice))

    step.__name__ = kind.name.replace("-", "_")
    step.__doc__ = kind.decode.__doc__
    decorate: Callable[[Any], Any] = rule(name=st.sampled_from(targets), choice=st.integers(0, 255))
    return decorate(step)


def examine_machine(target: Target, subject: Subject) -> Examination:
    """Runs a subject's RuleBasedStateMachine for a fifth of the sequences that the budget allows."""
    examination = Examination()
    made = state_machine(subject, target, examination)
    budget = target.budget
    seeded = hypothesis.seed(seed_of(target, f"{subject.name} state machine"))
    settings = drawing(max(budget.sequences // 5, 1), steps=budget.operations)
    with drawn():
        run_state_machine_as_test(seeded(made), settings=settings)
    return examination
