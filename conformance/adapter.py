"""The Adapter protocol: what an engine must answer to be driven and judged."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal, Protocol

from attrs import field, frozen

from spec_model.events import CAPABILITIES, Observation, Response, Stimulus


class AdapterError(Exception):
    """The engine, or what connects it, failed to serve what it claims: an error, never a verdict."""


class NotClaimedError(AdapterError):
    """What is to be done needs a capability that the engine does not claim, so it is not asked."""


class FunctionNotServedError(AdapterError):
    """The engine does not compute this function; its rules are unsupported by function."""


def _names(claimed: Iterable[str]) -> frozenset[str]:
    return frozenset(claimed)


def _known(_: object, __: object, claimed: frozenset[str]) -> None:
    if unknown := claimed - set(CAPABILITIES):
        raise ValueError(f"unknown capabilities: {', '.join(sorted(unknown))}")


@frozen
class Implementation:
    """Who the engine is and what it claims to serve.

    Attributes:
        clock: ``virtual`` (advance is exact) or ``real`` (the runner waits).
        capabilities: names from ``spec_model.events.CAPABILITIES``; ``api`` included.
        functions: names of the pure functions that ``evaluate`` serves.
        profile: the profile it wants to be judged under.
        epoch: the wall-clock time, in seconds since 1970, of ``at = 0`` after a reset.
    """

    name: str
    version: str
    language: str = "python"
    homepage: str = ""
    clock: Literal["virtual", "real"] = "virtual"
    capabilities: frozenset[str] = field(
        default=frozenset({"api"}), converter=_names, validator=_known
    )
    functions: frozenset[str] = field(default=frozenset(), converter=_names)
    profile: str = "v1.36"
    epoch: float = 0.0


class Adapter(Protocol):
    """What connects an engine. Every value is JSON-able, so a process can mirror it one to one.

    On a virtual clock ``apply`` returns when the engine has come to rest at this instant; ``advance``
    fires every timer on the way in order.
    """

    def describe(self) -> Implementation:
        """Who the engine is and what it claims to serve."""

    def reset(self) -> None:
        """A fresh, empty cluster: no objects but its Nodes, time back at 0."""

    def apply(self, stimulus: Stimulus, /) -> Response:
        """Do it; the accepted object, or why it was refused.

        Raises:
            AdapterError: the engine claims the capability and did not serve it.
        """

    def observe(self) -> Sequence[Observation]:
        """Everything the engine's watch showed since the last call, in order."""

    def evaluate(self, function: str, arguments: Mapping[str, Any], /) -> Any:
        """A pure function of the engine, by the name and schema that ``kubelaws functions`` shows.

        It may be called before the first ``reset``, and must not change what the engine holds.

        Raises:
            FunctionNotServedError: the engine does not compute it.
            ValueError: the function's own refusal; its text is one of its ``errors``.
        """

    def close(self) -> None:
        """Give back what was taken; the adapter is not used afterwards."""


class SideBySide(Adapter, Protocol):
    """An adapter on a real clock that lets several scenarios run at the same time.

    Attributes:
        parallel: how many may.
        time_limit: seconds that a whole run may take.
        exclusive: verbs that disturb whatever runs beside, so that it has to wait.
        lag: seconds that the engine was late at the most, as far as it was measured in this run.
    """

    @property
    def parallel(self) -> int: ...

    @property
    def time_limit(self) -> float: ...

    @property
    def exclusive(self) -> frozenset[str]: ...

    @property
    def lag(self) -> float: ...

    def another(self) -> Adapter:
        """An adapter for one more scenario, beside this one and apart from it; closed by its user."""


def side_by_side(adapter: Adapter) -> SideBySide | None:
    """The adapter, if it can run several scenarios at the same time."""
    return adapter if hasattr(adapter, "another") else None  # type: ignore[return-value]
