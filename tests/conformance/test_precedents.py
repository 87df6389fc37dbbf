"""What the judge has said of the same events before need not be judged again, and nothing else is spared."""

from __future__ import annotations

import random
from itertools import islice
from types import MappingProxyType
from typing import Any

import pytest

from conformance import precedents as module
from conformance.adapters.simulator import SimulatorAdapter
from conformance.examine import BUDGETS, Target
from conformance.machines import SUBJECTS, wander
from conformance.precedents import Precedents, mark_of
from conformance.session import Session
from spec_model.events import Accepted, Act, Event, Observation, stimulus
from spec_model.profiles import V1_36
from spec_model.world import Setting, World

BEGUN = World(Setting(V1_36))


class Judge:
    """Says of each event only when it was, and counts how often it is asked."""

    def __init__(self) -> None:
        self.asked = 0

    def __call__(self, world: World, event: Event) -> World:
        self.asked += 1
        return World(world.setting, getattr(event, "at", 0.0))


def shown(at: float = 1.0, **spec: Any) -> Observation:
    return Observation(at, "ADDED", {"kind": "Pod", "metadata": {"name": "a"}, "spec": spec})


def judge_twice(first: Event, second: Event) -> int:
    """How often the judge is asked when one comes first in a session, and the other in the next."""
    judge, kept = Judge(), Precedents()
    for event in (first, second):
        kept.after(kept.begin(BEGUN), event, judge)
    return judge.asked


def test_the_same_observation_is_judged_once() -> None:
    assert judge_twice(shown(replicas=1), shown(replicas=1)) == 1


def test_texts_that_are_equal_are_the_same() -> None:
    one, other = ("".join(["no", "de"]) for _ in range(2))
    assert one is not other
    assert judge_twice(shown(nodeName=one), shown(nodeName=other)) == 1


@pytest.mark.parametrize("other", [True, 1.0, "1", 2, None])
def test_a_value_of_another_type_is_another(other: object) -> None:
    assert judge_twice(shown(replicas=1), shown(replicas=other)) == 2


def test_the_same_at_another_time_is_another() -> None:
    assert judge_twice(shown(1.0), shown(2.0)) == 2


def test_the_same_with_another_response_is_another() -> None:
    asked = stimulus("create", object={"kind": "Pod"})
    first, second = Act(1.0, asked, Accepted({"a": 1})), Act(1.0, asked, Accepted({"a": 2}))
    assert judge_twice(first, second) == 2


def test_what_comes_after_another_event_is_judged_again() -> None:
    judge, kept = Judge(), Precedents()
    for first in (shown(1.0), shown(1.5)):
        kept.after(kept.after(kept.begin(BEGUN), first, judge), shown(2.0), judge)
    assert judge.asked == 4


ODD = Observation(1.0, "ADDED", MappingProxyType({"kind": "Pod", "metadata": {"name": "a"}}))
"""An observation of an adapter with mappings of its own."""


def test_what_is_no_plain_data_has_no_mark() -> None:
    assert mark_of(ODD) is None


def test_what_has_no_mark_is_judged_each_time() -> None:
    assert judge_twice(ODD, ODD) == 2


def test_no_more_are_kept_than_may_be(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "KEPT", 2)
    judge, kept = Judge(), Precedents()
    place = kept.begin(BEGUN)
    for at in range(5):
        place = kept.after(place, shown(float(at)), judge)
    assert not kept.begin(BEGUN).following


def test_another_setting_has_no_precedents() -> None:
    judge, kept = Judge(), Precedents()
    kept.after(kept.begin(BEGUN), shown(), judge)
    kept.after(kept.begin(World(Setting(V1_36, epoch=5.0))), shown(), judge)
    assert judge.asked == 2


def walked(session: Session) -> Session:
    for action in islice(wander(session, SUBJECTS["lifecycle"], random.Random(3)), 60):
        session.apply(action)
    session.settle()
    return session


def test_a_session_with_precedents_says_what_one_without_says() -> None:
    adapter = SimulatorAdapter()
    target = Target(adapter, adapter.describe(), "v1.36", BUDGETS["quick"])
    first, again = walked(target.session()), walked(target.session())
    alone = walked(Session(adapter, adapter.describe(), "v1.36"))
    assert first.exercised == again.exercised == alone.exercised
    assert first.edges == again.edges == alone.edges
