"""Long random walks on the embedded simulator: many steps and no false alarm."""

from __future__ import annotations

import random
from itertools import islice

import pytest

from conformance.adapters.simulator import SimulatorAdapter
from conformance.machines import SUBJECTS, wander
from conformance.session import Session

STEPS = 400


@pytest.mark.parametrize(
    ("profile", "jitter"), [("v1.36", False), ("v1.36", True), ("documented", True)]
)
@pytest.mark.parametrize("subject", SUBJECTS)
def test_a_long_walk_finds_nothing(subject: str, profile: str, jitter: bool) -> None:
    engine = SimulatorAdapter(profile, jitter=jitter)
    session = Session(engine, engine.describe(), profile)
    for action in islice(wander(session, SUBJECTS[subject], random.Random(12)), STEPS):
        session.apply(action)
    session.settle()
    assert not session.shown
    assert len(session.exercised) > 10
