"""The simplest question that is still answered wrongly."""

from __future__ import annotations

from typing import Any

import pytest

from conformance.counterexample import is_question, simplest
from conformance.recorded import has_vectors, vectors
from conformance.shrink import shrink
from spec_model.events import Evaluated
from spec_model.schemas import descriptions
from strategies.manifests import container, pod
from strategies.questions import QUESTIONS
from tests.model.test_schemas import drawn


@pytest.mark.parametrize(
    ("value", "needed", "expected"),
    [
        ([1, 2, 3, 4, 5, 6, 7, 8], lambda found: 7 in found, [7]),
        ({"a": 1, "b": {"c": 2, "d": 3}}, lambda found: "c" in found.get("b", {}), {"b": {"c": 0}}),
        ({"n": 1000}, lambda found: found.get("n", 0) > 41, {"n": 42}),
        ({"n": -7}, lambda found: found.get("n", 0) != 0, {"n": 1}),
        ({"text": "64.50Gi"}, lambda found: "Gi" in found.get("text", ""), {"text": "0Gi"}),
        ({"name": "a-long-name"}, lambda found: "name" in found, {"name": "a-long-name"}),
        ({"flag": True}, lambda found: "flag" in found, {"flag": True}),
        ([[1, 2], [3, [4]]], lambda found: "4" in str(found), [[[4]]]),
    ],
)
def test_what_is_not_needed_is_left_out(value: Any, needed: Any, expected: Any) -> None:
    assert simplest(value, needed) == expected


def test_nothing_is_tried_twice() -> None:
    tried: list[str] = []

    def fails(candidate: Any) -> bool:
        tried.append(repr(candidate))
        return False

    simplest({"a": [1, 2, 3], "b": "text"}, fails)
    assert len(tried) == len(set(tried))


def test_the_original_is_left_as_it_was() -> None:
    value = {"a": [3, {"b": 9}]}
    simplest(value, bool)
    assert value == {"a": [3, {"b": 9}]}


def test_a_question_costs_no_more_than_its_budget() -> None:
    calls = 0

    def fails(_: Any) -> bool:
        nonlocal calls
        calls += 1
        return calls % 7 == 1

    asked = {"pod": pod(containers=[container(name, requests={"cpu": "1"}) for name in "cdefgh"])}
    shrink([Evaluated(0.0, "pod.qos_class", asked)], fails, budget=60)
    assert calls == 60


def test_what_is_tried_is_always_a_question() -> None:
    def fails(steps: Any) -> bool:
        (step,) = steps
        assert is_question(step.function, step.arguments), step.arguments
        return True

    asked = {"current": 3, "desired": 9, "min": 2, "max": 7}
    (found,) = shrink([Evaluated(0.0, "hpa.limits", asked)], fails)
    assert found.arguments == {"current": 0, "desired": 0, "min": 0, "max": 1}


def test_of_a_recorded_answer_only_the_recorded_question_is_asked() -> None:
    asked = {"pod": {}, "node": {}, "bound_pods": [1, 2]}
    step = Evaluated(0.0, "scheduler.fits", asked)
    assert shrink([step], bool) == [step]


@pytest.mark.parametrize("function", [name for name in descriptions() if has_vectors(name)])
def test_every_recorded_question_is_one(function: str) -> None:
    assert all(is_question(function, vector.arguments) for vector in vectors(function))


@pytest.mark.parametrize("function", QUESTIONS)
def test_every_drawn_question_is_one(function: str) -> None:
    assert all(is_question(function, asked) for asked in drawn(function, "v1.36"))


RESTART = {"pod": pod(containers=[container("c")]), "container": "c", "exit_code": 1}
RUNNING = {"containerStatuses": [{"name": "c", "state": {"running": {}}}]}
SAMPLE = {"age_s": 300, "replicas": 1}
PROCESS = {"name": "a", "oom_score_adj": 0, "rss_bytes": 1}


@pytest.mark.parametrize(
    ("function", "arguments"),
    [
        ("container.should_restart", {**RESTART, "container": "d"}),
        ("container.should_restart", {**RESTART, "exit_code": 256}),
        ("pod.qos_class", {"pod": pod(containers=[container("c"), container("c")])}),
        ("pod.qos_class", {"pod": pod(containers=[])}),
        (
            "pod.phase",
            {"pod": {**pod(), "status": RUNNING}, "terminating": False, "initialized": False},
        ),
        ("hpa.limits", {"current": 1, "desired": 1, "min": 3, "max": 2}),
        (
            "hpa.stabilize",
            {
                "current": 1,
                "desired": 1,
                "behavior": None,
                "recommendations": [SAMPLE],
                "downscale_window_s": 300,
            },
        ),
        ("oom.victim", {"node_memory_bytes": 9, "processes": [PROCESS, {**PROCESS, "name": "b"}]}),
        ("quantity.round", {"text": "-1"}),
        ("quantity.round", {"text": "1E3E"}),
        (
            "restart.backoff",
            {"base_seconds": 9, "cap_seconds": 8, "runs": [], "housekeeping": True},
        ),
        ("pod.validate", {"pod": pod(containers=[container(requests={"cpu": "1x"})])}),
    ],
)
def test_what_nobody_may_be_asked(function: str, arguments: Any) -> None:
    assert not is_question(function, arguments)
