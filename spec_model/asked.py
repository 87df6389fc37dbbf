"""What the law says of an answer of one of an engine's pure functions."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from spec_model import schemas
from spec_model.events import Evaluated
from spec_model.functions import FUNCTIONS, Legal, same_result
from spec_model.parts import Parts
from spec_model.profiles import Profile
from spec_model.rules import Decision, registry
from spec_model.world import Breach, Held


def judged_answer(
    event: Evaluated, profile: Profile
) -> Held | Breach | tuple[Held | Breach, ...] | None:
    """Whether the answer is right, and the rule by which.

    None where the model does not decide it, or by a rule that the profile does not have. An answer of
    the wrong shape is a wrong answer; of a refusal the word does not matter.
    """
    function = FUNCTIONS.get(event.function)
    if function is None:
        return None
    try:
        decision = function(event.arguments, profile)
    except ValueError as refusal:
        rule, right = FUNCTIONS.rule_of_refusal(event.function), event.error is not None
        expected = f"refused: {refusal}"
    else:
        rule, right = decision.because, event.error is None and _is_right(event, decision)
        expected = "" if right else told(decision.value)
        if isinstance(decision.value, Parts) and isinstance(event.result, Mapping):
            return tuple(_part(event.result, *part) for part in decision.value.items())
    if profile.name not in registry()[rule].profiles:
        return None
    return Held(rule) if right else Breach(expected, told_answer(event), rule=rule)


def _part(result: Mapping[str, Any], name: str, decision: Decision[Any]) -> Held | Breach:
    """The verdict on one part of an answer, which blames the rule of that part alone."""
    seen = result.get(name)
    if same_result(seen, decision.value):
        return Held(decision.because)
    return Breach(f"{name} {told(decision.value)}", f"{name} {told(seen)}", rule=decision.because)


def _is_right(event: Evaluated, decision: Decision[Any]) -> bool:
    if isinstance(decision.value, Legal) and misshapen(event) is not None:
        return False
    return same_result(event.result, decision.value)


def misshapen(event: Evaluated) -> str | None:
    """Where an answer does not fit the schema of its function, and why; None where it does."""
    return next(schemas.misfits(event.function, "result", _as_json(event.result)), None)


def _as_json(value: Any) -> Any:
    """The value as JSON has it: a Python engine may answer with a tuple for a list."""
    return json.loads(json.dumps(value, default=repr, skipkeys=True))


def told_answer(event: Evaluated) -> str:
    """An answer as a person reads it; where its shape is wrong, with the path of the first misfit."""
    if event.error is not None:
        return f"refused: {event.error}"
    complaint = misshapen(event)
    return told(event.result) + (f" (of the wrong shape: {complaint})" if complaint else "")


def told(value: Any) -> str:
    """What was decided, or answered, as a person reads it: JSON, but for what is legal as a set."""
    if isinstance(value, Legal):
        return str(value)
    if isinstance(value, Parts):
        value = value.plain
    return json.dumps(_whole(value), ensure_ascii=False, default=repr, skipkeys=True)


def _whole(value: Any) -> Any:
    """The value with 10 for 10.0, as answers are compared."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, Mapping):
        return {key: _whole(part) for key, part in value.items()}
    return [_whole(part) for part in value] if isinstance(value, (list, tuple)) else value
