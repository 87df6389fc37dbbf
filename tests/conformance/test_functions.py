"""Engines of functions only: what is asked of them, how they are judged, and how a mistake is shown."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from attrs import evolve

from conformance import recorded
from conformance.adapter import AdapterError, FunctionNotServedError, Implementation
from conformance.adapters.functions import FunctionsAdapter
from conformance.adapters.simulator import SimulatorAdapter
from conformance.examine import BUDGETS, Draw, Target, examine
from conformance.functions import (
    State,
    is_functions_only,
    refuse_unknown,
    rules_by_function,
    state_of,
    unchecked,
)
from conformance.session import Session
from conformance.witness import results
from reports.counterexample import counterexample
from reports.events import ViolationFound
from spec_model.events import Evaluated, stimulus
from spec_model.functions import FUNCTIONS
from spec_model.schemas import descriptions
from strategies.manifests import container, pod
from strategies.questions import questions

Answer = Callable[[Mapping[str, Any]], Any]


def engine(**functions: Answer) -> FunctionsAdapter:
    """An engine of functions, ``_`` for the dot in their names."""
    named = {name.replace("_", ".", 1): answer for name, answer in functions.items()}
    return FunctionsAdapter("tiny", "1", named)


def session(adapter: Any, profile: str = "v1.36") -> Session:
    return Session(adapter, adapter.describe(), profile)


def asked(adapter: Any, function: str, arguments: Mapping[str, Any]) -> Session:
    """A session in which one question was asked."""
    run = session(adapter)
    run.evaluate(function, arguments)
    return run


def the_simulator(function: str) -> Answer:
    """A function as the embedded engine computes it."""
    return lambda arguments: SimulatorAdapter().evaluate(function, arguments)


LIMITS = {"current": 4, "desired": 20, "min": 1, "max": 50}


# -- the adapter ----------------------------------------------------------------------------------


def test_a_table_of_functions_is_an_adapter() -> None:
    adapter = engine(hpa_limits=lambda given: given["desired"])
    assert adapter.evaluate("hpa.limits", LIMITS) == 20
    assert is_functions_only(adapter.describe())


def test_it_serves_no_other_function() -> None:
    with pytest.raises(FunctionNotServedError):
        engine().evaluate("hpa.limits", LIMITS)


def test_nothing_can_be_done_to_it() -> None:
    with pytest.raises(AdapterError, match="functions only"):
        engine().apply(stimulus("advance", seconds=1))


def test_it_is_asked_without_a_cluster(monkeypatch: pytest.MonkeyPatch) -> None:
    def break_down(_: FunctionsAdapter) -> None:
        raise RuntimeError

    monkeypatch.setattr(FunctionsAdapter, "reset", break_down)
    monkeypatch.setattr(FunctionsAdapter, "observe", break_down)
    assert asked(engine(hpa_limits=lambda _: 7), "hpa.limits", LIMITS).shown


# -- how answers are judged -----------------------------------------------------------------------


def test_a_function_shows_a_rule_that_needs_what_the_engine_lacks() -> None:
    run = asked(engine(hpa_limits=the_simulator("hpa.limits")), "hpa.limits", LIMITS)
    assert run.exercised == {"HPA-008": 1}
    assert not run.shown


def test_an_answer_of_the_wrong_shape_is_a_wrong_answer() -> None:
    (shown,) = asked(engine(hpa_limits=lambda _: {"replicas": "8"}), "hpa.limits", LIMITS).shown
    assert shown.finding.rule == "HPA-008"
    assert "of the wrong shape: replicas: '8' is not of type 'integer'" in shown.finding.seen


@pytest.mark.parametrize("fields", [7, "spec", [7], {"a": 1}, None])
def test_an_answer_of_the_wrong_shape_never_breaks_the_judge(fields: Any) -> None:
    adapter = engine(pod_validate=lambda _: {"valid": True, "fields": fields})
    (shown,) = asked(adapter, "pod.validate", {"pod": pod()}).shown
    assert "of the wrong shape" in shown.finding.seen


@pytest.mark.parametrize("answer", [[], {}, ["v"], 7])
def test_a_volume_is_named_by_a_text(answer: Any) -> None:
    claim = {"metadata": {"name": "c"}, "spec": {"accessModes": ["ReadWriteOnce"]}}
    claim["spec"]["resources"] = {"requests": {"storage": "1Gi"}}  # type: ignore[index]
    arguments = {"claim": claim, "volumes": [], "delay_binding": False}
    assert asked(engine(pv_best_match=lambda _: answer), "pv.best_match", arguments).shown


def test_a_refusal_where_an_answer_is_due_is_a_wrong_answer() -> None:
    def refuse(_: Mapping[str, Any]) -> Any:
        raise ValueError("format")

    (shown,) = asked(engine(quantity_parse=refuse), "quantity.parse", {"text": "1Gi"}).shown
    assert shown.finding.seen == "refused: format"


def test_an_answer_where_a_refusal_is_due_is_a_wrong_answer() -> None:
    adapter = engine(quantity_parse=lambda _: {"nano": "1", "canonical": "1n"})
    (shown,) = asked(adapter, "quantity.parse", {"text": "1K"}).shown
    assert shown.finding.expected == "refused: suffix"


def test_a_function_that_breaks_down_is_named_with_its_question() -> None:
    adapter = engine(hpa_limits=lambda given: given["maximum"])
    with pytest.raises(AdapterError, match=r'evaluate hpa.limits of .*"desired":20.*KeyError'):
        asked(adapter, "hpa.limits", LIMITS)


def test_a_rule_that_a_profile_has_not_is_not_judged_under_it() -> None:
    runs = [{"run_seconds": 1}] * 3
    arguments = {"base_seconds": 2, "cap_seconds": 2, "housekeeping": False, "runs": runs}
    adapter = engine(restart_backoff=lambda _: {"delays_seconds": [9, 9, 9]})
    run = session(adapter, "documented")
    run.evaluate("restart.backoff", arguments)
    assert not run.shown
    assert asked(adapter, "restart.backoff", arguments).shown


# -- recorded answers -----------------------------------------------------------------------------


def recorded_run(function: str, answer: Answer, profile: str = "v1.36") -> Session:
    adapter = FunctionsAdapter("tiny", "1", {function: answer})
    run = session(adapter, profile)
    for vector in recorded.vectors(function):
        run.evaluate(function, vector.arguments)
    return run


def by_heart(function: str) -> Answer:
    """The answers that were recorded."""
    known = {str(vector.arguments): vector.result for vector in recorded.vectors(function)}
    return lambda arguments: known[str(arguments)]


@pytest.mark.parametrize("function", ["job.backoff"])
def test_recorded_answers_judge_what_the_model_does_not_decide(function: str) -> None:
    run = recorded_run(function, by_heart(function))
    assert not run.shown
    rules = descriptions()[function].rules["v1.36"]
    assert run.exercised == dict.fromkeys(rules, 200)


@pytest.fixture
def undecided(monkeypatch: pytest.MonkeyPatch) -> str:
    """A function that the model does not decide, and of which one rule states the whole."""
    name = "job.backoff"
    known = {**descriptions(), name: evolve(descriptions()[name], recorded_blame="JOB-009")}
    monkeypatch.delitem(FUNCTIONS, name)
    monkeypatch.setattr(recorded, "descriptions", lambda: known)
    return name


@pytest.mark.usefixtures("undecided")
def test_a_wrong_answer_says_whose_is_right() -> None:
    run = recorded_run("job.backoff", lambda _: {"remaining_seconds": 0})
    finding = run.shown[0].finding
    assert finding.rule == "JOB-009"
    assert finding.because.startswith("Kubernetes 1.36.2 itself answered so (job.backoff/")


def test_the_part_that_is_wrong_is_blamed() -> None:
    def never_ready(given: Mapping[str, Any]) -> Any:
        right: dict[str, Any] = the_simulator("pod.conditions")(given)
        return {**right, "Ready": {"status": "False", "reason": "Never"}}

    run = recorded_run("pod.conditions", never_ready)
    assert {shown.finding.rule for shown in run.shown} == {"CONDITION-004"}


@pytest.mark.usefixtures("undecided")
def test_recorded_answers_hold_under_one_profile() -> None:
    run = recorded_run("job.backoff", lambda _: {"remaining_seconds": 0}, "documented")
    assert not run.shown
    assert not run.exercised


@pytest.mark.usefixtures("undecided")
def test_what_was_not_recorded_is_not_judged() -> None:
    event = Evaluated(0.0, "job.backoff", {"failures": 77}, {"remaining_seconds": 0})
    assert recorded.compared(event, "v1.36") == ((), None)


@pytest.mark.parametrize("function", [name for name in FUNCTIONS if recorded.has_vectors(name)])
def test_the_model_agrees_with_what_it_is_not_compared_with(function: str) -> None:
    assert not recorded.compares(function, "v1.36")


# -- which functions there are --------------------------------------------------------------------


@pytest.fixture
def planned(monkeypatch: pytest.MonkeyPatch) -> None:
    """``job.sync`` is one that the model does not decide, and of which no rule states the whole."""
    monkeypatch.delitem(FUNCTIONS, "job.sync")


@pytest.mark.parametrize(
    ("function", "state"),
    [
        ("pod.phase", State.CHECKED),
        ("cpu.weight", State.CHECKED),
        ("scheduler.fits", State.CHECKED),
        ("job.backoff", State.RECORDED),
        ("job.sync", State.PLANNED),
        ("configmap.validate", State.CHECKED),
    ],
)
@pytest.mark.usefixtures("planned", "undecided")
def test_by_what_a_function_is_judged(function: str, state: State) -> None:
    assert state_of(function) is state


def test_an_unknown_function_is_refused_with_the_nearest() -> None:
    claimed = Implementation("mine", "1", functions={"pod.qosclass"})
    with pytest.raises(ValueError, match=r"no function 'pod.qosclass'; did you mean pod.qos_class"):
        refuse_unknown(claimed)


@pytest.mark.usefixtures("planned", "undecided")
def test_what_is_not_checked_yet_is_listed() -> None:
    claimed = Implementation("mine", "1", functions={"job.sync", "job.backoff", "pod.phase"})
    assert unchecked(claimed, "v1.36") == ("job.sync",)
    assert unchecked(claimed, "documented") == ("job.backoff", "job.sync")


@pytest.mark.usefixtures("planned", "undecided")
def test_the_rules_that_functions_show() -> None:
    claimed = Implementation("mine", "1", functions={"job.sync", "scheduler.fits", "hpa.limits"})
    assert rules_by_function(claimed, "v1.36") == {"SCHED-004", "HPA-005", "HPA-008"}
    assert rules_by_function(claimed, "documented") == {"SCHED-004", "HPA-005"}


# -- how a mistake is shown -----------------------------------------------------------------------


def violations(function: str, answer: Answer) -> dict[str, ViolationFound]:
    """By rule, what drawn questions bring to light."""
    adapter = FunctionsAdapter("tiny", "1", {function: answer})
    target = Target(adapter, adapter.describe(), "v1.36", BUDGETS["quick"], functions_only=True)

    def ask(run: Session, draw: Draw) -> None:
        for _ in range(8):
            run.evaluate(function, draw(questions(function, "v1.36")))

    found = results(target, examine(target, ask, name=function), "test")
    return {each.rule: each for each in found if isinstance(each, ViolationFound)}


def shown(function: str, answer: Answer, rule: str) -> Any:
    """The arguments by which a mistake is shown, and what was expected and got."""
    violation = violations(function, answer)[rule]
    found = counterexample(violation)
    assert found is not None
    return json.loads(found.input), found.expected, found.got


def never_more_than_160(given: Mapping[str, Any]) -> Any:
    delays = the_simulator("restart.backoff")(given)["delays_seconds"]
    return {"delays_seconds": [min(delay, 160) for delay in delays]}


def test_a_cap_that_is_too_low_is_shown_by_seven_quick_runs() -> None:
    arguments, expected, got = shown("restart.backoff", never_more_than_160, "BACKOFF-001")
    assert arguments["runs"] == [{"run_seconds": 0}] * 7
    assert expected == '{"delays_seconds": [0, 10, 20, 40, 80, 160, 300]}'
    assert got == '{"delays_seconds": [0, 10, 20, 40, 80, 160, 160]}'


def without_init_containers(given: Mapping[str, Any]) -> Any:
    spec = {**given["pod"]["spec"], "initContainers": []}
    return the_simulator("pod.qos_class")({"pod": {**given["pod"], "spec": spec}})


def test_a_class_that_forgets_init_containers_is_shown_by_one() -> None:
    arguments, _, _ = shown("pod.qos_class", without_init_containers, "QOS-001")
    spec = arguments["pod"]["spec"]
    assert len(spec["initContainers"]) == 1
    assert len(spec["containers"]) == 1
    assert "resources" in {**spec["initContainers"][0], **spec["containers"][0]}
    assert set(arguments["pod"]) == {"spec"}


def test_a_limit_that_is_off_by_one_is_shown_with_small_numbers() -> None:
    def one_more(given: Mapping[str, Any]) -> Any:
        right = the_simulator("hpa.limits")(given)
        more = right["reason"] == "ScaleUpLimit"
        return {**right, "replicas": right["replicas"] + more}

    arguments, expected, _ = shown("hpa.limits", one_more, "HPA-008")
    assert arguments == {"current": 0, "desired": 5, "min": 0, "max": 5}
    assert expected == '{"replicas": 4, "reason": "ScaleUpLimit"}'


def test_a_wrong_answer_stays_one_to_the_same_sort_of_question() -> None:
    def forgets_binary(given: Mapping[str, Any]) -> Any:
        right = the_simulator("quantity.parse")(given)
        return {**right, "nano": "0"} if given["text"].endswith("Gi") else right

    arguments, expected, _ = shown("quantity.parse", forgets_binary, "RESOURCE-002")
    assert arguments == {"text": "1Gi"}
    assert not expected.startswith("refused")


def test_a_mistake_in_a_cluster_is_shown_by_its_question_alone() -> None:
    class Wrong(SimulatorAdapter):
        def evaluate(self, function: str, arguments: Mapping[str, Any], /) -> Any:
            return "Best" if function == "pod.qos_class" else super().evaluate(function, arguments)

    def live(run: Session, draw: Draw) -> None:
        run.create(pod(containers=[container("c")]))
        run.advance(5)
        run.evaluate("pod.qos_class", draw(questions("pod.qos_class", "v1.36")))

    adapter = Wrong()
    target = Target(adapter, adapter.describe(), "v1.36", BUDGETS["quick"])
    found = results(
        target, examine(target, live, name="live", rules=["QOS-001"]), "test", "QOS-001"
    )
    (violation,) = (each for each in found if isinstance(each, ViolationFound))
    assert len(violation.operations) == 1
    assert violation.operations[0].startswith("evaluate pod.qos_class of ")


def test_only_functions_are_looked_at_where_that_is_wanted() -> None:
    adapter = SimulatorAdapter()
    target = Target(adapter, adapter.describe(), "v1.36", BUDGETS["quick"])
    assert target.session().events
    assert not evolve(target, functions_only=True).session().events
