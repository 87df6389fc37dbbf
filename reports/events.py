"""The result stream: what a run says while it happens. Every writer reads this and nothing else.

A stream holds one run or several, one after another (one a profile); what stands between a
``RunStarted`` and its ``RunFinished`` belongs to that run. A run without its end is incomplete.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, TypeAlias

import cattrs
from attrs import frozen
from cattrs.strategies import configure_tagged_union

FORMAT = 1
"""Version of the stream and of the JSON report; raised when a reader would have to change."""


@frozen
class KnownFailure:
    """A violation that its owner knows of: why, where it is tracked, until when (ISO date)."""

    rule: str
    reason: str
    issue: str
    expires: str


@frozen
class RunStarted:
    """A run begins.

    Attributes:
        implementation: name, version, language, homepage, clock of the engine.
        capabilities: what the adapter claims to serve.
        rules: ids of the selected rules that hold under the profile and are built.
        planned: ids of the selected rules that hold under the profile and are not built yet.
        functions: the pure functions that the adapter claims to serve.
        unchecked: those of them of which no answer is judged yet.
        functions_only: nothing but functions was looked at.
    """

    implementation: Mapping[str, str]
    capabilities: tuple[str, ...]
    profile: str
    adapter: str
    budget: str
    seed: int
    tool: str
    started: str
    rules: tuple[str, ...]
    planned: tuple[str, ...]
    tests: int = 0
    known_failures: tuple[KnownFailure, ...] = ()
    functions: tuple[str, ...] = ()
    unchecked: tuple[str, ...] = ()
    functions_only: bool = False
    format: int = FORMAT


@frozen
class TestStarted:
    """A test of the suite begins (for progress; under several workers they interleave)."""

    __test__ = False  # not a test, whatever its name makes pytest think
    test: str


@frozen
class TestFinished:
    """A test of the suite has ended: ``passed``, ``failed``, ``skipped`` or ``error``."""

    __test__ = False
    test: str
    outcome: str
    seconds: float
    reason: str = ""


@frozen
class ScenarioForeseen:
    """What a scenario would take on a real clock is being found out (for progress).

    Attributes:
        number: of this scenario, from 1.
        of: how many there are.
    """

    scenario: str
    number: int
    of: int


@frozen
class ScenarioMoved:
    """A scenario that runs beside others on a real clock has gone on (for progress).

    Attributes:
        state: ``running``, ``confirming``, ``done`` or ``left out``.
        foreseen: seconds that it is expected to take.
        seconds: that it has taken, once it is done; with its confirmation, if it needed one.
        lag: seconds that the engine was late at the most, as far as the run has measured it.
    """

    scenario: str
    state: str
    foreseen: float
    seconds: float = 0.0
    lag: float = 0.0


@frozen
class RuleExercised:
    """A rule's condition was met and checked so many times in a test."""

    rule: str
    count: int
    test: str


@frozen
class RuleLeftOut:
    """A test could not examine a rule, for a reason that a person wants to know."""

    rule: str
    reason: str
    test: str


@frozen
class EdgeTaken:
    """A transition of a lifecycle graph was seen so many times in a test."""

    lifecycle: str
    source: str
    target: str
    count: int
    test: str


@frozen
class ViolationFound:
    """A rule was broken; with the shortest sequence that shows it.

    Attributes:
        subject: what it was about, as ``Pod default/a container c``.
        because: why that was expected, one sentence.
        at: seconds on the trace's clock at which it was seen.
        operations: the shortest operation sequence, one readable line each.
        trace: the whole trace of that sequence, header first, as JSON-able lines.
        step: index into ``trace`` of the event that showed it.
        replay: the command that runs it again.
        implementation: the rule is an accident of implementation: reported, not failed.
    """

    rule: str
    test: str
    subject: str
    expected: str
    seen: str
    because: str
    at: float
    operations: tuple[str, ...]
    trace: tuple[Mapping[str, Any], ...]
    step: int
    replay: str = ""
    implementation: bool = False


@frozen
class AdapterFailed:
    """The engine claimed something and did not serve it, or broke down: an error, not a verdict."""

    test: str
    message: str


@frozen
class MutantTried:
    """The suite ran against the simulator with one named fault: a row of the kill table.

    ``error`` says what broke where the mutant could not be tried.
    """

    mutant: str
    fault: str
    rule: str
    killed: bool
    blamed: tuple[str, ...]
    test: str
    seconds: float
    error: str = ""


@frozen
class RunFinished:
    """A run has ended; ``interrupted`` where it was cut short (Ctrl-C) but kept what it had."""

    seconds: float
    interrupted: bool = False
    error: str = ""


ResultEvent: TypeAlias = (
    RunStarted
    | TestStarted
    | TestFinished
    | ScenarioForeseen
    | ScenarioMoved
    | RuleExercised
    | RuleLeftOut
    | EdgeTaken
    | ViolationFound
    | AdapterFailed
    | MutantTried
    | RunFinished
)


def _converter() -> cattrs.Converter:
    converter = cattrs.Converter()
    configure_tagged_union(ResultEvent, converter, tag_name="event")
    return converter


_CONVERTER = _converter()


def to_data(event: ResultEvent) -> dict[str, Any]:
    """A result event as JSON-able data, its class named under ``event``."""
    data: dict[str, Any] = _CONVERTER.unstructure(event, unstructure_as=ResultEvent)
    return data


def from_data(data: Mapping[str, Any]) -> ResultEvent:
    """The result event that ``to_data`` wrote."""
    event: ResultEvent = _CONVERTER.structure(data, ResultEvent)  # type: ignore[arg-type]
    return event


def from_lines(lines: Iterable[Mapping[str, Any]]) -> Iterator[ResultEvent]:
    """The stream that an NDJSON file holds."""
    return (from_data(line) for line in lines)
