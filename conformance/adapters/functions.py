"""A library that computes some functions, as an adapter: a table of them, and nothing that runs Pods."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from conformance.adapter import AdapterError, FunctionNotServedError, Implementation
from spec_model.events import Observation, Response, Stimulus

Function: TypeAlias = Callable[[Mapping[str, Any]], Any]
"""Arguments in, answer out, by the schemas of ``kubelaws functions``; a refusal is a ValueError."""


class FunctionsAdapter:
    """Serves a table of functions by their names.

        def engine() -> FunctionsAdapter:
            return FunctionsAdapter("mine", "1.0", {"pod.qos_class": lambda asked: qos(asked["pod"])})

    Args:
        about: what else the implementation says of itself, such as ``homepage`` or ``profile``.
    """

    def __init__(
        self, name: str, version: str, functions: Mapping[str, Function], **about: Any
    ) -> None:
        self.functions = functions
        self.implementation = Implementation(
            name, version, capabilities=(), functions=functions, **about
        )

    def describe(self) -> Implementation:
        """Functions and no capability, not even the API."""
        return self.implementation

    def reset(self) -> None:
        """Functions remember nothing."""

    def apply(self, stimulus: Stimulus, /) -> Response:
        """There is nothing to do anything to.

        Raises:
            AdapterError: always.
        """
        raise AdapterError(f"{stimulus.verb}: an adapter of functions only")

    def observe(self) -> list[Observation]:
        """There is nothing to see."""
        return []

    def evaluate(self, function: str, arguments: Mapping[str, Any], /) -> Any:
        """The answer of one of the functions.

        Raises:
            FunctionNotServedError: the table has no function of that name.
            ValueError: the function's own refusal.
        """
        if function not in self.functions:
            raise FunctionNotServedError(function)
        return self.functions[function](arguments)

    def close(self) -> None:
        """Nothing was taken."""
