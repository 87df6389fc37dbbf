"""Which examples are run on a real clock, and why others are not."""

from __future__ import annotations

from hypothesis import strategies as st

from conformance.adapters.simulator import SimulatorAdapter
from conformance.examine import BUDGETS, Draw, Target
from conformance.realtime.budget import PATIENCE, Patience
from conformance.realtime.forecast import IN_FULL, Forecast, drawing_again, forecasts, stand_in
from conformance.realtime.plan import Task, choose, plan, why_not
from conformance.session import Session
from strategies.manifests import pod

SOME = Patience(wait=30, whole=90, examples=1, operations=5)


def target(*without: str) -> Target:
    """The simulator, less able."""
    engine = SimulatorAdapter()
    own = engine.describe()
    kept = own.capabilities - set(without)
    from attrs import evolve

    return Target(engine, evolve(own, capabilities=kept), "v1.36", BUDGETS["quick"])


def foreseen(seconds: float, *rules: str, wait: float = 1) -> Forecast:
    """A forecast."""
    return Forecast((seconds,), seconds, wait, frozenset(rules))


def crashing(run: Session, draw: Draw) -> None:
    """A container fails, after some time."""
    run.create(pod(policy="Never"))
    run.advance(draw(st.sampled_from([1, 2, 500])))
    run.exit("a", "c", draw(st.sampled_from([1, 2])))


def test_one_example_may_serve_several_rules() -> None:
    both, one = foreseen(9, "A", "B"), foreseen(5, "A")
    assert choose([one, both], ["A", "B"], SOME) == [both]


def test_every_rule_is_met_if_it_can_be() -> None:
    first, second = foreseen(9, "A"), foreseen(5, "B")
    assert set(choose([first, second], ["A", "B"], SOME)) == {first, second}


def test_a_hasty_budget_takes_the_shorter() -> None:
    short, long = foreseen(5, "A"), foreseen(80, "A")
    assert choose([long, short], ["A"], SOME) == [short]


def test_a_patient_budget_takes_the_longer() -> None:
    short, long = foreseen(5, "A"), foreseen(80, "A")
    assert choose([long, short], ["A"], PATIENCE["standard"]) == [long]


def test_what_waits_too_long_is_left_out() -> None:
    assert choose([foreseen(60, "A", wait=31)], ["A"], SOME) == []


def test_it_is_said_how_long_it_would_have_waited() -> None:
    reason = why_not([foreseen(61, "A", wait=60)], "A", SOME)
    assert "61 s" in reason
    assert "60 s at once" in reason


def test_functions_that_nobody_serves_are_named_as_the_reason() -> None:
    asking = Forecast((1,), 0.0, 0.0, frozenset(), frozenset())
    assert "functions" in why_not([asking], "A", SOME)


def test_the_longest_is_first() -> None:
    tasks = [Task("a", crashing, ("PHASE-006",)), Task("b", crashing)]
    made = plan(target(), tasks, PATIENCE["full"])
    seconds = [job.seconds for job in made.jobs]
    assert seconds == sorted(seconds, reverse=True)
    assert len(seconds) >= 2


def test_a_forecast_counts_virtual_seconds() -> None:
    assert {each.wait for each in forecasts(target(), crashing, "x", 30)} == {1, 2, 500}


def test_what_comes_soon_is_not_waited_for_to_the_end() -> None:
    def waiting(run: Session, _: Draw) -> None:
        run.create(pod(policy="Never"))
        run.wait_until(lambda: run.view("Pod", "a").phase == "Running", [60.0])

    (foretold,) = forecasts(target(), waiting, "x", 5)
    assert foretold.seconds < 30


def test_what_comes_again_and_again_is_not_waited_for_for_ever() -> None:
    def pulling(run: Session, _: Draw) -> None:
        run.do("set-image", image="app:1", outcome="missing")
        run.create(pod())

    (foretold,) = forecasts(target(), pulling, "x", 5)
    assert foretold.seconds < 1500


def test_a_scenario_goes_as_far_as_the_engine_does() -> None:
    def lost(run: Session, _: Draw) -> None:
        run.create(pod(policy="Never"))
        run.exit("a", "c", 0)
        run.need("Pod", "nobody")

    (foretold,) = forecasts(target(), lost, "x", 5)
    assert "PHASE-006" in foretold.exercised


def test_waiting_alone_does_nothing() -> None:
    def idle(run: Session, _: Draw) -> None:
        run.advance(5)

    (foretold,) = forecasts(target(), idle, "x", 5)
    assert not foretold.verbs


def test_what_takes_too_long_is_left_out_but_for_the_first() -> None:
    """The first tell by how much."""
    patience = Patience(wait=1, whole=90, examples=1, operations=5)
    short = [each.wait for each in forecasts(target(), crashing, "x", 30, patience=patience)]
    assert set(short[IN_FULL:]) == {1}


def test_no_more_are_drawn_than_it_takes() -> None:
    some = forecasts(target(), crashing, "x", 30, enough=lambda foreseen: len(foreseen) == 2)
    assert len(some) == 2


def test_whoever_waits_for_the_plan_is_told_how_far_it_is() -> None:
    said: list[tuple[str, int, int]] = []
    tasks = [Task("a", crashing, ("PHASE-006",)), Task("b", crashing)]
    plan(target(), tasks, SOME, told=lambda *how_far: said.append(how_far))
    assert said == [("a", 1, 2), ("b", 2, 2)]


def test_the_same_seed_foresees_the_same() -> None:
    first, second = (forecasts(target(), crashing, "x", 5) for _ in range(2))
    assert first == second


def test_the_stand_in_is_no_more_able_than_the_engine() -> None:
    assert "memory" not in stand_in(target("memory")).implementation.capabilities


def test_an_example_is_drawn_again_as_it_was() -> None:
    for each in forecasts(target(), crashing, "x", 10):
        session = target().session()
        with drawing_again(each.choices, 0) as draw:
            crashing(session, draw)
        session.settle()
        assert (session.now, frozenset(session.exercised)) == (each.seconds, each.exercised)
