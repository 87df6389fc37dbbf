"""An adapter whose every answer is held against the schema of the process protocol, whatever it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from conformance import encoding
from conformance.adapter import Adapter, AdapterError, Implementation
from conformance.adapters.process import messages, schema
from spec_model.events import Observation, Response, Stimulus


class Validated:
    """The same adapter; counts the answers that fit, and those that do not."""

    def __init__(self, adapter: Adapter) -> None:
        self.adapter = adapter
        self.messages = 0
        self.misfits = 0

    def describe(self) -> Implementation:
        """Who the engine is."""
        said = self.adapter.describe()
        data = {"protocol": messages.VERSIONS[0], **encoding.implementation_to_data(said)}
        self._fits("describe.result", data)
        return said

    def reset(self) -> None:
        """A fresh, empty cluster."""
        self.adapter.reset()

    def apply(self, stimulus: Stimulus, /) -> Response:
        """Does it.

        Raises:
            AdapterError: the answer does not fit the schema.
        """
        response = self.adapter.apply(stimulus)
        self._fits("apply.result", encoding.response_to_data(response))
        return response

    def observe(self) -> Sequence[Observation]:
        """What was seen.

        Raises:
            AdapterError: it does not fit the schema.
        """
        seen = self.adapter.observe()
        self._fits("observe.result", {"observations": [*map(encoding.observation_to_data, seen)]})
        return seen

    def evaluate(self, function: str, arguments: Mapping[str, Any], /) -> Any:
        """The function's result."""
        return self.adapter.evaluate(function, arguments)

    def close(self) -> None:
        """Gives the engine back."""
        self.adapter.close()

    def _fits(self, name: str, data: Any) -> None:
        try:
            plain = messages.decode(messages.encode(data))
            schema.check(name, plain)
        except ValueError as error:
            self.misfits += 1
            raise AdapterError(f"does not fit the schema: {error}") from error
        self.messages += 1
