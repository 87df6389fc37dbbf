"""What Kubernetes 1.36.2 itself has answered: the vectors, and answers compared with them.

Where the model decides a function, a recorded line is one more question, and the model says which
rule a wrong answer breaks. Where it does not decide it yet, the recorded answer is the right one, and
the description of the function names the rule to blame, if one rule states the whole of it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from typing import Any, Final

from attrs import frozen

from spec_model.asked import told, told_answer
from spec_model.events import Evaluated
from spec_model.functions import FUNCTIONS, same_result
from spec_model.schemas import descriptions
from spec_model.world import Finding

PROFILE: Final = "v1.36"
"""The profile under which the vectors hold."""

VECTORS: Final = files("conformance").joinpath("vectors")
"""One file of JSON lines a function, and a README with their units and caveats."""


@frozen
class Vector:
    """One question and its answer; ``error`` is the word of a refusal, and then there is no result."""

    id: str
    arguments: Mapping[str, Any]
    result: Any = None
    error: str | None = None


def vectors(function: str) -> Iterator[Vector]:
    """What was recorded of a function, line by line; nothing where nothing was."""
    file = VECTORS.joinpath(f"{function}.jsonl")
    if not file.is_file():
        return
    with file.open(encoding="utf-8") as lines:
        for line in map(json.loads, lines):
            yield Vector(line["id"], line["arguments"], line.get("result"), line.get("error"))


def size(vector: Vector) -> int:
    """How much a person has to read of a question."""
    return len(_key(vector.arguments))


@cache
def has_vectors(function: str) -> bool:
    """Whether anything was recorded of a function."""
    return VECTORS.joinpath(f"{function}.jsonl").is_file()


def decides(function: str) -> bool:
    """Whether the model decides a function."""
    return function in FUNCTIONS


def compares(function: str, profile: str) -> bool:
    """Whether answers of a function that the model does not decide are compared with the recorded."""
    known = descriptions().get(function)
    return (
        known is not None
        and not decides(function)
        and bool(known.recorded_blame)
        and profile == PROFILE
    )


@cache
def _answers(function: str) -> Mapping[str, Vector]:
    return {_key(vector.arguments): vector for vector in vectors(function)}


def _key(arguments: Mapping[str, Any]) -> str:
    return json.dumps(arguments, sort_keys=True, default=str)


def compared(event: Evaluated, profile: str) -> tuple[tuple[str, ...], Finding | None]:
    """The rules that an answer was compared by, and what is wrong with it.

    None where there is nothing to compare: the model decides it, or the question was not recorded.
    """
    if not compares(event.function, profile):
        return (), None
    vector = _answers(event.function).get(_key(event.arguments))
    if vector is None:
        return (), None
    known = descriptions()[event.function]
    if _agrees(vector, event):
        return known.all_rules, None
    rule = known.recorded_blame
    expected = f"refused: {vector.error}" if vector.error else told(vector.result)
    because = f"Kubernetes 1.36.2 itself answered so ({vector.id})"
    got = told_answer(event)
    return (rule,), Finding(rule, f"function {event.function}", expected, got, because, event.at)


def _agrees(vector: Vector, event: Evaluated) -> bool:
    if vector.error is not None or event.error is not None:
        return vector.error is not None and event.error is not None
    return same_result(event.result, vector.result)
