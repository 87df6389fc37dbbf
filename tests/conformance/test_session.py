"""A session: an engine that breaks down, or says what makes no sense, is named in one line."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from attrs import evolve

from conformance.adapter import Adapter, AdapterError
from conformance.adapters.simulator import SimulatorAdapter
from conformance.session import AbsentError, JudgeError, Session
from spec_model.events import Observation
from tests.conformance.miniatures import (
    GARBAGE,
    AnswersGarbage,
    BreaksDown,
    ServesLessThanItClaims,
    ShowsGarbage,
)

POD = {
    "apiVersion": "v1",
    "kind": "Pod",
    "metadata": {"name": "a", "namespace": "default"},
    "spec": {"containers": [{"name": "c", "image": "app:1"}], "restartPolicy": "Never"},
}


def run(adapter: Adapter) -> None:
    session = Session(adapter, adapter.describe(), "v1.36")
    session.create(POD)
    session.exit("a", "c", 1)
    session.evaluate("pod.qos_class", {"pod": POD})
    session.advance(1)


@pytest.mark.parametrize("call", ["reset", "create", "exit", "observe", "evaluate", "advance"])
def test_what_an_engine_throws_names_the_call_in_one_line(call: str) -> None:
    with pytest.raises(AdapterError) as caught:
        run(BreaksDown(call))
    assert str(caught.value).startswith(call)
    assert str(caught.value).endswith("RuntimeError: out of order")


@pytest.mark.parametrize("what", [what for what in GARBAGE if what != "spec"])
def test_what_is_no_observation_is_refused(what: str) -> None:
    with pytest.raises(AdapterError, match=r"^observe: "):
        run(ShowsGarbage(what))


def test_what_the_judge_cannot_read_names_the_object() -> None:
    with pytest.raises(JudgeError, match=r"^Pod a cannot be judged: .*\.py:\d+\)$"):
        run(ShowsGarbage("spec"))


def test_what_is_no_response_is_refused() -> None:
    with pytest.raises(AdapterError, match=r"^create: answered {'accepted': True}"):
        run(AnswersGarbage())


def test_a_function_that_is_claimed_must_be_served() -> None:
    adapter = ServesLessThanItClaims()
    session = Session(adapter, adapter.describe(), "v1.36")
    with pytest.raises(AdapterError, match=r"claims pod\.future and does not serve it"):
        session.evaluate("pod.future", {})


def test_what_is_not_claimed_is_not_asked() -> None:
    adapter = BreaksDown("evaluate")
    session = Session(adapter, adapter.describe(), "v1.36")
    session.evaluate("pod.future", {})
    assert "Evaluated" not in {type(event).__name__ for event in session.events}


class ShowsLate(SimulatorAdapter):
    """An engine whose watch shows what there is only some looks later."""

    looks = 3

    def observe(self) -> Sequence[Observation]:
        """Nothing, at the first looks."""
        self.looks -= 1
        return super().observe() if self.looks < 0 else []


def real_session(adapter: Adapter) -> tuple[Session, list[float]]:
    """A session on a clock that is called real, and how long it sleeps."""
    slept: list[float] = []
    real = evolve(adapter.describe(), clock="real")
    return Session(adapter, real, "v1.36", sleep=slept.append), slept


def test_on_a_real_clock_what_is_needed_is_waited_for() -> None:
    session, slept = real_session(ShowsLate("v1.36"))
    session.create(POD)
    assert session.view("Pod", "a") is None
    assert session.need("Pod", "a").key == ("Pod", "default", "a")
    assert slept


def test_what_is_there_is_not_waited_for() -> None:
    session, slept = real_session(SimulatorAdapter("v1.36"))
    session.create(POD)
    session.need("Pod", "a")
    assert not slept


def test_on_a_virtual_clock_what_is_not_there_is_absent_at_once() -> None:
    adapter = SimulatorAdapter("v1.36")
    session = Session(adapter, adapter.describe(), "v1.36")
    with pytest.raises(AbsentError, match="there is no Pod a"):
        session.need("Pod", "a")
    assert session.now == 0
