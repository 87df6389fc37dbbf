"""The process adapter answers as the engine it drives would in this process."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from collections.abc import Iterator

import pytest
from attrs import evolve

from conformance.adapter import AdapterError, FunctionNotServedError, Implementation
from conformance.adapters.process import ProcessAdapter
from conformance.adapters.simulator import SimulatorAdapter
from spec_model.events import stimulus
from strategies.manifests import pod
from tests.conformance.miniatures import HERE
from tests.process.engines import ROOT

SERVE = "from conformance.commands.serve import command; command()"
STEPS = (
    stimulus("create", object=pod()),
    stimulus("create", object={"kind": "Pod"}),
    stimulus("exit", namespace="default", pod="a", container="c", exitCode=1),
    stimulus("advance", seconds=12.5),
    stimulus("inspect", namespace="default", pod="a", container="c"),
    stimulus("delete", kind="Pod", namespace="default", name="nobody"),
)


def served(target: str) -> str:
    return shlex.join([sys.executable, "-c", SERVE, target])


@pytest.fixture(scope="module")
def other() -> Iterator[ProcessAdapter]:
    os.environ["PYTHONPATH"] = str(ROOT)
    adapter = ProcessAdapter(served("simulator"), validate=True)
    yield adapter
    adapter.close()


def test_it_says_what_the_engine_says(other: ProcessAdapter) -> None:
    assert other.describe() == SimulatorAdapter().describe()


def test_it_does_and_shows_what_the_engine_does_and_shows(other: ProcessAdapter) -> None:
    here = SimulatorAdapter()
    for adapter in (here, other):
        adapter.reset()
    assert list(other.observe()) == list(here.observe())
    for step in STEPS:
        assert other.apply(step) == here.apply(step)
        assert list(other.observe()) == list(here.observe())


def test_what_is_not_looked_at_is_not_lost(other: ProcessAdapter) -> None:
    here = SimulatorAdapter()
    for adapter in (here, other):
        adapter.reset()
        for step in STEPS:
            adapter.apply(step)
    assert list(other.observe()) == list(here.observe())
    assert list(other.observe()) == []


def test_a_reset_forgets_what_was_not_looked_at(other: ProcessAdapter) -> None:
    other.reset()
    other.apply(STEPS[0])
    other.reset()
    assert "Pod" not in {each.object["kind"] for each in other.observe()}


def test_functions_are_served(other: ProcessAdapter) -> None:
    assert other.evaluate("cpu.shares", {"request_milli": 500}) == 512
    assert other.evaluate("quantity.round", {"text": "123456789Ti"})["milli_value"] > 2**64


def test_a_functions_refusal_is_its_own(other: ProcessAdapter) -> None:
    with pytest.raises(ValueError, match=r"^\w+$"):
        other.evaluate("quantity.parse", {"text": "x"})


def test_a_function_that_is_not_served(other: ProcessAdapter) -> None:
    with pytest.raises(FunctionNotServedError):
        other.evaluate("pod.future", {})


def test_what_the_schema_does_not_allow_is_not_asked(other: ProcessAdapter) -> None:
    other.reset()
    with pytest.raises(AdapterError, match=r"apply cannot be asked: apply.params \$.stimulus"):
        other.apply(stimulus("advance", seconds="soon"))


@pytest.mark.parametrize("profile", ["documented", "v1.36"])
def test_the_engine_runs_under_the_profile_it_is_asked_for(profile: str) -> None:
    adapter = ProcessAdapter(served("simulator"), profile=profile)
    try:
        assert adapter.describe().profile == profile
    finally:
        adapter.close()


class RealTime(SimulatorAdapter):
    def describe(self) -> Implementation:
        return evolve(super().describe(), clock="real")


def test_on_a_real_clock_nothing_is_fetched_ahead() -> None:
    adapter = ProcessAdapter(served("python:tests.process.test_adapter:RealTime"))
    try:
        adapter.reset()
        assert any(each.object["kind"] == "Node" for each in adapter.observe())
        assert adapter.apply(STEPS[0])
        assert any(each.object["kind"] == "Pod" for each in adapter.observe())
        assert not adapter.observe()
    finally:
        adapter.close()


def test_validation_names_the_path_that_is_wrong() -> None:
    adapter = ProcessAdapter(served(HERE + "ShowsGarbage?what=nameless"), validate=True)
    try:
        with pytest.raises(
            AdapterError, match=r"observations\[0\].object.metadata: 'name' is a req"
        ):
            adapter.reset()
    finally:
        adapter.close()


def test_the_engines_failure_is_told() -> None:
    adapter = ProcessAdapter(served(HERE + "BreaksDown?when=advance"))
    try:
        adapter.reset()
        with pytest.raises(
            AdapterError, match=r"apply was answered with error -32000: Runt.*out\s+of"
        ):
            adapter.apply(stimulus("advance", seconds=1))
    finally:
        adapter.close()


def test_what_an_engine_prints_does_not_get_between() -> None:
    code = (
        "from conformance.adapters.process.serve import private_output; import os; "
        "o = private_output(); print('hello', flush=True); os.write(1, b'there'); o.write(b'answer')"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, cwd=ROOT, check=True)
    assert (said.stdout, said.stderr) == (b"answer", b"hello\nthere")
