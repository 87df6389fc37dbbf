"""Examinations: the same seed draws the same, nothing seen is lost, and violations are made short."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from types import ModuleType

import pytest
from attrs import evolve
from hypothesis import strategies as st

from conformance.adapter import Adapter, AdapterError, Implementation
from conformance.adapters.simulator import SimulatorAdapter
from conformance.examine import BUDGETS, Draw, Examination, Target, examine
from conformance.machines import SUBJECTS, examine_machine, tape
from conformance.session import Session
from conformance.witness import LIMIT, Witnesses, results
from reports.events import AdapterFailed, RuleExercised, ViolationFound
from spec_model.events import Act, Observation
from strategies.manifests import container, pod
from tests.conformance.miniatures import (
    BreaksDown,
    LiesOnce,
    SaysThatFailureIsSuccess,
    ShowsWhatIsNoJson,
    TurnsEveryPhaseRound,
)

RULE = "PHASE-007"


def target(adapter: Adapter, seed: int = 0, tolerated: frozenset[str] = frozenset()) -> Target:
    implementation = adapter.describe()
    return Target(adapter, implementation, "v1.36", BUDGETS["quick"], seed, tolerated)


def fails(run: Session, draw: Draw) -> None:
    """Much happens; in the middle of it a container fails under Never."""
    run.create(pod("b", containers=[container("c")]))
    run.advance(draw(st.integers(1, 300)))
    limited = container("c", limits={"memory": "64Mi"})
    run.create(pod("a", containers=[limited], policy="Never", hostname="h"))
    run.exit("b", "c", 0)
    run.advance(3)
    run.exit("a", "c", draw(st.integers(1, 255)))
    run.advance(60)


def examined(adapter: Adapter, seed: int = 0) -> Examination:
    return examine(target(adapter, seed), fails, name="fails", rules=[RULE])


def violation(adapter: Adapter) -> ViolationFound:
    found = results(target(adapter), examined(adapter), "test", RULE)
    return next(each for each in found if isinstance(each, ViolationFound) and each.rule == RULE)


def test_a_violation_is_shown_by_what_is_needed_and_no_more() -> None:
    create, leave = violation(SaysThatFailureIsSuccess()).operations
    assert create == (
        'create Pod a with {"restartPolicy":"Never","containers":[{"name":"c","image":"app:1"}]}'
    )
    assert leave.startswith("container c of Pod a exits with ")


def test_a_violation_ends_its_trace() -> None:
    found = violation(SaysThatFailureIsSuccess())
    assert found.step == len(found.trace) - 1
    assert found.trace[-1]["object"]["status"]["phase"] == "Succeeded"


def test_a_broken_rule_stops_its_examination() -> None:
    assert len(examined(SaysThatFailureIsSuccess()).examples) == 1


def test_a_rule_that_is_known_to_fail_does_not_stop_it() -> None:
    known = target(SaysThatFailureIsSuccess(), tolerated=frozenset({RULE}))
    assert len(examine(known, fails, name="fails", rules=[RULE]).examples) == 8


def test_what_does_not_happen_again_is_told_as_it_was_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(LiesOnce, "lied", False)
    found = violation(LiesOnce())
    assert "not deterministic" in found.seen
    assert found.trace[found.step]["object"]["status"]["phase"] == "Succeeded"


def test_what_is_no_json_does_not_hide_a_violation() -> None:
    assert violation(ShowsWhatIsNoJson()).trace[-1]["object"]["raw"] == "b'?'"


def test_an_engine_that_breaks_down_loses_nothing_that_was_seen() -> None:
    adapter = BreaksDown("observe")
    found = results(target(adapter), examined(adapter), "test", RULE)
    assert [each for each in found if isinstance(each, AdapterFailed)] == [
        AdapterFailed("test", "observe: RuntimeError: out of order")
    ]
    assert any(isinstance(each, RuleExercised) for each in found)


def test_an_engine_that_breaks_down_ends_a_state_machine() -> None:
    examination = examine_machine(target(BreaksDown("advance")), SUBJECTS["lifecycle"])
    assert list(map(str, examination.failures)) == ["advance: RuntimeError: out of order"]


def test_shrinking_all_that_a_test_has_found_is_bounded() -> None:
    adapter = TurnsEveryPhaseRound()
    wanted = target(adapter)
    scenario = tape(SUBJECTS["lifecycle"], 30)
    found = examine(wanted, scenario, name="all", examples=20).violations
    witnesses = Witnesses(wanted)
    for each in found.values():
        witnesses.shrink(each)
    assert len(found) > 2
    assert 0 <= witnesses.left < LIMIT


def test_the_same_seed_draws_the_same_whatever_is_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    scenario = tape(SUBJECTS["lifecycle"], 30)
    one = examine(target(SimulatorAdapter()), scenario, name="tape", aim=True)
    monkeypatch.setitem(sys.modules, "something_else", ModuleType("something_else"))
    two = examine(target(SimulatorAdapter()), scenario, name="tape", aim=True)
    assert (one.exercised, one.edges) == (two.exercised, two.edges)


def test_another_seed_draws_something_else() -> None:
    scenario = tape(SUBJECTS["lifecycle"], 30)
    one = examine(target(SimulatorAdapter(), seed=1), scenario, name="tape")
    two = examine(target(SimulatorAdapter(), seed=2), scenario, name="tape")
    assert one.edges != two.edges


def test_a_violation_keeps_the_session_up_to_what_showed_it() -> None:
    events = examined(SaysThatFailureIsSuccess()).violations[RULE].events
    assert [e.stimulus.verb for e in events if isinstance(e, Act)][-1] == "exit"


class ClaimsLittle(SimulatorAdapter):
    def describe(self) -> Implementation:
        return evolve(super().describe(), capabilities=frozenset({"api", "kubelet"}))


def asks_for_more(run: Session, draw: Draw) -> None:
    """A container exits, which not every engine lets the tester choose."""
    run.create(pod())
    run.exit("a", "c", draw(st.sampled_from([0, 1])))


def test_a_scenario_goes_as_far_as_the_claims_of_the_engine_reach() -> None:
    examination = examine(target(ClaimsLittle()), asks_for_more, name="asks")
    assert examination.exercised["PHASE-002"]
    assert not examination.failures


def needs_what_was_refused(run: Session, draw: Draw) -> None:
    """A Pod without containers is refused, and then looked at."""
    run.create(pod(containers=[], policy=draw(st.just("Always"))))
    run.need("Pod", "a")


def test_a_scenario_ends_where_an_object_is_missing() -> None:
    examination = examine(target(SimulatorAdapter()), needs_what_was_refused, name="needs")
    assert examination.exercised["VALIDATION-001"]
    assert not examination.failures


class IsNotThereAgain(SaysThatFailureIsSuccess):
    """It breaks down at every reset after its first lie has been told."""

    def reset(self) -> None:
        if getattr(self, "told", False):
            raise AdapterError("gone")
        super().reset()

    def observe(self) -> Sequence[Observation]:
        seen = super().observe()
        phases = [(each.object.get("status") or {}).get("phase") for each in seen]
        self.told = getattr(self, "told", False) or "Succeeded" in phases
        return seen


def test_what_was_found_is_told_though_the_engine_never_comes_back() -> None:
    found = violation(IsNotThereAgain())
    assert "not seen again" in found.seen
    assert found.trace
