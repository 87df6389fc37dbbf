"""Small engines with one fault each, named after it; ``HERE + name`` selects one as an adapter."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping, Sequence
from typing import Any

from attrs import evolve

from conformance.adapter import Implementation
from conformance.adapters.simulator import SimulatorAdapter
from spec_model.events import Observation, Response, Stimulus

HERE = "python:tests.conformance.miniatures:"


def with_phase(observation: Observation, phases: Mapping[str, str]) -> Observation:
    """The same observation, the phase of its Pod said otherwise."""
    manifest = observation.object
    phase = (manifest.get("status") or {}).get("phase")
    if manifest["kind"] != "Pod" or phase is None or phase not in phases:
        return observation
    return evolve(
        observation,
        object={**manifest, "status": {**manifest["status"], "phase": phases[phase]}},
    )


class SaysThatFailureIsSuccess(SimulatorAdapter):
    def observe(self) -> Sequence[Observation]:
        return [with_phase(each, {"Failed": "Succeeded"}) for each in super().observe()]


class TurnsEveryPhaseRound(SimulatorAdapter):
    """Nearly every rule about Pods is broken at the first look."""

    def observe(self) -> Sequence[Observation]:
        rounds = {
            "Pending": "Succeeded",
            "Running": "Failed",
            "Succeeded": "Running",
            "Failed": "?",
        }
        return [with_phase(each, rounds) for each in super().observe()]


class LiesOnce(SimulatorAdapter):
    """Not deterministic: the first failed Pod of the process has succeeded, and no other."""

    lied = False

    def observe(self) -> Sequence[Observation]:
        return [self.look(each) for each in super().observe()]

    def look(self, observation: Observation) -> Observation:
        seen = observation if LiesOnce.lied else with_phase(observation, {"Failed": "Succeeded"})
        LiesOnce.lied = LiesOnce.lied or seen is not observation
        return seen


class BreaksDown(SimulatorAdapter):
    """The call named by ``when`` throws; where a Pod is needed, only for Pods that failed."""

    def __init__(self, when: str, **options: Any) -> None:
        self.when = ""
        super().__init__(**options)
        self.when = when

    def describe(self) -> Implementation:
        self.throw("describe")
        return super().describe()

    def reset(self) -> None:
        self.throw("reset")
        super().reset()

    def apply(self, stimulus: Stimulus, /) -> Response:
        self.throw(stimulus.verb)
        return super().apply(stimulus)

    def observe(self) -> Sequence[Observation]:
        seen = super().observe()
        if any(with_phase(each, {"Failed": "?"}) is not each for each in seen):
            self.throw("observe")
        return seen

    def evaluate(self, function: str, arguments: Mapping[str, Any], /) -> Any:
        self.throw("evaluate")
        return super().evaluate(function, arguments)

    def close(self) -> None:
        self.throw("close")

    def throw(self, call: str) -> None:
        if call == self.when:
            raise RuntimeError("out of\norder")


GARBAGE: dict[str, Any] = {
    "none": None,
    "number": [7],
    "text": [Observation(0.0, "ADDED", "Pod")],  # type: ignore[arg-type]
    "nameless": [Observation(0.0, "ADDED", {"kind": "Pod", "metadata": {}})],
    "type": [Observation(0.0, "CHANGED", {"kind": "Pod", "metadata": {"name": "a"}})],
    "time": [Observation("now", "ADDED", {"kind": "Pod", "metadata": {"name": "a"}})],  # type: ignore[arg-type]
    "spec": [Observation(0.0, "ADDED", {"kind": "Pod", "metadata": {"name": "a"}, "spec": 7})],
}


class ShowsGarbage(SimulatorAdapter):
    def __init__(self, what: str, **options: Any) -> None:
        self.what = what
        super().__init__(**options)

    def observe(self) -> Any:
        return GARBAGE[self.what]


class AnswersGarbage(SimulatorAdapter):
    def apply(self, stimulus: Stimulus, /) -> Response:
        super().apply(stimulus)
        return {"accepted": True}  # type: ignore[return-value]


class ShowsWhatIsNoJson(SaysThatFailureIsSuccess):
    """Its objects hold what only Python knows, as a YAML parser makes of a time."""

    def observe(self) -> Sequence[Observation]:
        return [
            evolve(each, object={**each.object, "seen": {1}, "raw": b"?"})
            for each in super().observe()
        ]


class ServesLessThanItClaims(SimulatorAdapter):
    def describe(self) -> Implementation:
        return evolve(super().describe(), functions=frozenset({"pod.future"}))


class DescribesItselfAsText(SimulatorAdapter):
    def describe(self) -> Any:
        return "a fine engine"


class WantsAnUnknownProfile(SimulatorAdapter):
    def describe(self) -> Implementation:
        return evolve(super().describe(), profile="v0")


class TakesTheProcessAlong(SimulatorAdapter):
    def apply(self, stimulus: Stimulus, /) -> Response:
        os._exit(7)


class TakesItsTime(SimulatorAdapter):
    def apply(self, stimulus: Stimulus, /) -> Response:
        time.sleep(0.01)
        return super().apply(stimulus)
