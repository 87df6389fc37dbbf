"""The shortest sequence that still shows a violation: delta debugging on the list of operations.

Operations name their objects, so leaving one out does not change what the others mean; what has
become pointless is refused by the engine and does no harm.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

from conformance.counterexample import is_question, simplest
from spec_model.events import Evaluated, Manifest, Stimulus
from spec_model.functions import FUNCTIONS
from spec_model.validation import validate

Step = Stimulus | Evaluated
BUDGET: Final = 150
"""Executions that shrinking one violation may cost."""


def shrink(
    steps: Sequence[Step], fails: Callable[[Sequence[Step]], bool], budget: int = BUDGET
) -> list[Step]:
    """A short list of steps for which ``fails`` still holds; ``fails`` is called ``budget`` times at most.

    First whole chunks of steps are left out, then parts of the manifests that they carry. Steps that
    do not fail when they are tried again are given back as they are.
    """
    attempts = _Attempts(fails, budget)
    if not attempts(steps):
        return list(steps)
    shortest = _without_chunks(list(steps), attempts)
    return _with_simpler_arguments(shortest, attempts)


class _Attempts:
    """Counts what shrinking costs; after the budget nothing fails any more."""

    def __init__(self, fails: Callable[[Sequence[Step]], bool], budget: int) -> None:
        self._fails = fails
        self._left = budget

    def __call__(self, steps: Sequence[Step]) -> bool:
        if self._left <= 0:
            return False
        self._left -= 1
        return self._fails(steps)


def _without_chunks(steps: list[Step], fails: Callable[[Sequence[Step]], bool]) -> list[Step]:
    size = max(len(steps) // 2, 1)
    while size:
        position = len(steps)
        removed = False
        while position > 0:
            start = max(position - size, 0)
            candidate = steps[:start] + steps[position:]
            if candidate and fails(candidate):
                steps, removed = candidate, True
            position = start
        if not removed or size > 1:
            size = min(size // 2, len(steps))
    return steps


def _with_simpler_arguments(
    steps: list[Step], fails: Callable[[Sequence[Step]], bool]
) -> list[Step]:
    for index in range(len(steps)):
        step = steps[index]
        if isinstance(step, Evaluated):
            steps = _with_simpler_question(steps, index, step, fails)
        else:
            steps = _with_simpler_stimulus(steps, index, step, fails)
    return steps


def _with_simpler_stimulus(
    steps: list[Step], index: int, action: Stimulus, fails: Callable[[Sequence[Step]], bool]
) -> list[Step]:
    progress = True
    while progress:
        progress = False
        for simpler in _simpler(action):
            candidate = [*steps[:index], simpler, *steps[index + 1 :]]
            if fails(candidate):
                steps, action, progress = candidate, simpler, True
                break
    return steps


def _with_simpler_question(
    steps: list[Step], index: int, asked: Evaluated, fails: Callable[[Sequence[Step]], bool]
) -> list[Step]:
    if asked.function not in FUNCTIONS:
        return steps  # nothing says what the answer to another question should be

    def with_question(arguments: Any) -> list[Step]:
        return [*steps[:index], Evaluated(asked.at, asked.function, arguments), *steps[index + 1 :]]

    def still_fails(arguments: Any) -> bool:
        return is_question(asked.function, arguments) and fails(with_question(arguments))

    return with_question(simplest(asked.arguments, still_fails))


def _simpler(step: Stimulus) -> Iterator[Stimulus]:
    for key in ("object", "patch"):
        for smaller in _smaller(step.arguments.get(key)):
            if key == "patch" or _faults(smaller) == _faults(step.arguments[key]):
                yield Stimulus(step.verb, {**step.arguments, key: smaller})


def _faults(manifest: Manifest) -> frozenset[str]:
    """The rules for which an object must be refused: a valid one stays valid, else it asks something else."""
    return frozenset(fault.rule for fault in validate(manifest))


KEPT: Final = frozenset(
    {"containers", "apiVersion", "kind", "name", "namespace", "image", "current", "min", "max"}
)
"""Keys whose absence would make another question of it."""


def _smaller(value: Any) -> Iterator[Any]:
    """Copies of a JSON value with one part left out, the largest parts first."""
    if isinstance(value, Mapping):
        for key in value:
            if key not in KEPT and key != "metadata" and key != "spec":
                yield {other: part for other, part in value.items() if other != key}
        for key, part in value.items():
            for smaller in _smaller(part):
                yield {**value, key: smaller}
    elif isinstance(value, list):
        for index in range(len(value)):
            yield value[:index] + value[index + 1 :]
        for index, part in enumerate(value):
            for smaller in _smaller(part):
                yield [*value[:index], smaller, *value[index + 1 :]]
