"""The descriptions of functions: their schemas fit what is asked and answered, their rules are the blamed."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

import hypothesis
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from jsonschema import Draft202012Validator

from conformance.recorded import VECTORS, has_vectors, vectors
from spec_model.asked import told
from spec_model.functions import FUNCTIONS, Legal, same_result
from spec_model.parts import Parts
from spec_model.profiles import PROFILES, Profile
from spec_model.rules import Decision, registry
from spec_model.schemas import (
    UnknownFunctionError,
    definitions,
    description,
    descriptions,
    fits,
    misfits,
)
from strategies.questions import QUESTIONS, questions

RECORDED = [name for name in descriptions() if has_vectors(name)]
VALIDATIONS = [name for name in QUESTIONS if name.endswith(".validate")]


@cache
def drawn(function: str, profile: str) -> list[dict[str, Any]]:
    """Some questions, always the same."""
    found: list[dict[str, Any]] = []

    @hypothesis.seed(1)
    @settings(
        max_examples=150,
        database=None,
        deadline=None,
        phases=(Phase.generate,),
        suppress_health_check=list(HealthCheck),
    )
    @given(questions(function, profile))
    def run(asked: dict[str, Any]) -> None:
        found.append(asked)

    run()
    return found


def asked_of(function: str, profile: str) -> Iterator[Any]:
    """Drawn questions, and the recorded ones."""
    yield from drawn(function, profile)
    yield from (vector.arguments for vector in vectors(function))


def decided(function: str, asked: Any, profile: Profile) -> Decision[Any]:
    """What the model says; of a refusal its word."""
    try:
        return FUNCTIONS[function](asked, profile)
    except ValueError as refusal:
        return Decision(f"refused: {refusal}", FUNCTIONS.rule_of_refusal(function))


def deciding(function: str, profile: str) -> set[str]:
    """The rules by which the model decides some questions; those that the profile has."""
    asked = asked_of(function, profile)
    decisions = [decided(function, each, PROFILES[profile]) for each in asked]
    parts = [
        part
        for each in decisions
        for part in (each.value.values() if isinstance(each.value, Parts) else [each])
    ]
    found = {part.because for part in parts}
    return {rule for rule in found if profile in registry()[rule].profiles}


def test_every_function_of_the_model_is_described() -> None:
    assert FUNCTIONS.keys() <= descriptions().keys()


def test_every_function_of_the_model_has_questions() -> None:
    assert FUNCTIONS.keys() == QUESTIONS.keys()


def test_every_vector_file_is_described() -> None:
    files = {each.name for each in VECTORS.iterdir() if each.name.endswith(".jsonl")}
    assert files == {f"{name}.jsonl" for name in RECORDED}
    assert len(files) == 39


@pytest.mark.parametrize("function", descriptions())
def test_schemas_are_schemas_and_complete_in_themselves(function: str) -> None:
    known = description(function)
    for schema in (known.arguments, known.result):
        Draft202012Validator.check_schema(schema)
        list(Draft202012Validator(schema).iter_errors({}))  # a reference into nothing raises


@pytest.mark.parametrize("function", RECORDED)
def test_schemas_fit_every_recorded_line(function: str) -> None:
    count = 0
    for vector in vectors(function):
        assert not list(misfits(function, "arguments", vector.arguments)), vector.id
        assert vector.error or not list(misfits(function, "result", vector.result)), vector.id
        count += 1
    assert count == 200


@pytest.mark.parametrize("function", RECORDED)
def test_every_recorded_refusal_is_named(function: str) -> None:
    refusals = {vector.error for vector in vectors(function) if vector.error is not None}
    assert refusals <= set(description(function).errors)


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("function", QUESTIONS)
def test_schemas_fit_every_drawn_question(function: str, profile: str) -> None:
    for asked in drawn(function, profile):
        assert not list(misfits(function, "arguments", asked)), asked


@pytest.mark.parametrize("function", QUESTIONS)
def test_the_answers_of_the_model_fit_their_schema(function: str) -> None:
    for asked in drawn(function, "v1.36"):
        value = decided(function, asked, PROFILES["v1.36"]).value
        if not isinstance(value, Legal) and not str(value).startswith("refused: "):
            plain = list(value) if isinstance(value, tuple) else value
            plain = plain.plain if isinstance(plain, Parts) else plain
            assert fits(function, "result", plain), (asked, told(value))


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("function", descriptions())
def test_a_function_shows_rules_that_hold(function: str, profile: str) -> None:
    for rule in description(function).rules[profile]:
        assert profile in registry()[rule].profiles


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("function", [each for each in QUESTIONS if each not in VALIDATIONS])
def test_the_rules_of_a_function_are_those_that_decide(function: str, profile: str) -> None:
    assert deciding(function, profile) == set(description(function).rules[profile])


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("function", VALIDATIONS)
def test_a_validation_is_blamed_on_no_rule_that_it_does_not_name(
    function: str, profile: str
) -> None:
    assert deciding(function, profile) <= set(description(function).rules[profile])


@pytest.mark.parametrize("function", QUESTIONS)
def test_a_function_says_so_if_its_answers_depend_on_the_profile(function: str) -> None:
    differs = any(
        not same_result(
            told(decided(function, asked, PROFILES["documented"]).value),
            told(decided(function, asked, PROFILES["v1.36"]).value),
        )
        for asked in asked_of(function, "v1.36")
    )
    assert differs is bool(description(function).differs)


def test_the_rule_of_a_recorded_answer_is_one_of_the_function() -> None:
    for known in descriptions().values():
        assert known.recorded_blame in ("", *known.rules["v1.36"]), known.name


def test_what_the_model_decides_needs_no_recorded_blame() -> None:
    assert not any(descriptions()[name].recorded_blame for name in FUNCTIONS)


def test_a_misfit_is_named_by_its_path() -> None:
    result = {"delays_seconds": [0, "10"]}
    (complaint,) = misfits("restart.backoff", "result", result)
    assert complaint == "delays_seconds.1: '10' is not of type 'integer'"


@pytest.mark.parametrize(("name", "near"), [("qos", "pod.qos_class"), ("pod.phaze", "pod.phase")])
def test_an_unknown_function_is_answered_with_the_nearest(name: str, near: str) -> None:
    with pytest.raises(UnknownFunctionError, match=f"did you mean {near}"):
        description(name)


def test_nothing_is_defined_in_vain() -> None:
    assert {"pod", "quantity", "verdict"} <= definitions().keys()
