"""Which functions of an engine are checked, by what, and which not yet."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Final

from conformance.adapter import Implementation
from conformance.recorded import PROFILE, compares, decides
from spec_model.schemas import UnknownFunctionError, description, descriptions

if TYPE_CHECKING:
    from conformance.examine import Target


class State(StrEnum):
    """By what the answers of a function are judged."""

    CHECKED = "checked"
    RECORDED = "recorded"
    PLANNED = "planned"


MEANINGS: Final = {
    State.CHECKED: "the model decides it, so any question can be asked",
    State.RECORDED: "only the recorded questions can be judged, by the recorded answers",
    State.PLANNED: "not checked yet",
}


def state_of(function: str) -> State:
    """By what the answers of a function are judged under ``v1.36``."""
    if decides(function):
        return State.CHECKED
    return State.RECORDED if compares(function, PROFILE) else State.PLANNED


def refuse_unknown(implementation: Implementation) -> None:
    """Looks at the functions that an engine claims.

    Raises:
        ValueError: naming one that does not exist, and the nearest that do.
    """
    for name in sorted(implementation.functions):
        try:
            description(name)
        except UnknownFunctionError as error:
            raise ValueError(f"functions: {error}; kubelaws functions lists them") from error


def is_functions_only(implementation: Implementation) -> bool:
    """Whether an engine serves functions and nothing else."""
    return bool(implementation.functions) and "api" not in implementation.capabilities


def why_unchecked(function: str, target: Target) -> str:
    """Why the recorded questions of a function are not asked; empty where they are."""
    if target.profile != PROFILE:
        return f"the recorded answers hold under {PROFILE} only"
    if decides(function):
        return ""
    if not compares(function, target.profile):
        return f"{function} is not checked yet"
    if not (target.functions_only or is_functions_only(target.implementation)):
        return (
            f"{function} is planned: its rule is not built, and its answers are not compared here"
        )
    return ""


def unchecked(implementation: Implementation, profile: str) -> tuple[str, ...]:
    """The functions that an engine claims and of which no answer is judged under a profile."""
    return tuple(
        name
        for name in sorted(implementation.functions)
        if not decides(name) and not compares(name, profile)
    )


def rules_by_function(implementation: Implementation, profile: str) -> frozenset[str]:
    """The rules of the profile that the functions of an engine can be blamed on."""
    checked = implementation.functions - set(unchecked(implementation, profile))
    return frozenset(rule for name in checked for rule in descriptions()[name].rules[profile])
