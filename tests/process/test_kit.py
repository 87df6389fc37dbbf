"""The adapter kit: places to start from that work, and a smoke test that misses nothing it tries."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve

from conformance.adapter import AdapterError, FunctionNotServedError, Implementation
from conformance.adapters.simulator import SimulatorAdapter
from conformance.kit.check import Step, areas, steps, worth_serving
from conformance.kit.new import LANGUAGES, BadNameError, write
from conformance.kit.probes import PROBES
from conformance.kit.questions import questions
from conformance.kit.templates.python.engine import Engine
from examples.functions_only import first_version
from spec_model.events import CAPABILITIES, VERBS, Accepted, Observation, Response, Stimulus
from spec_model.functions import FUNCTIONS
from spec_model.rules import PROFILES
from spec_model.schemas import descriptions, fits
from tests.conformance.processes import ENVIRONMENT, command, kubelaws
from tests.process.engines import ROOT

TOOLS = {"python": "sh", "javascript": "node", "go": "go"}


def taken(adapter: Any) -> dict[str, Step]:
    implementation = adapter.describe()
    return {step.name: step for step in steps(adapter, implementation, "v1.36")}


def failed(adapter: Any) -> set[str]:
    return {name for name, step in taken(adapter).items() if step.outcome == "failed"}


# -- places to start from --------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_new_engine_serves_what_it_claims_and_conforms(tmp_path: Path, language: str) -> None:
    if shutil.which(TOOLS[language]) is None:
        pytest.skip(f"{TOOLS[language]} is not installed")
    write("mine", language, tmp_path)
    known = LANGUAGES[language]
    home = {"HOME": str(tmp_path), "GOFLAGS": "-mod=mod", "GOTOOLCHAIN": "local"}
    environment = {**ENVIRONMENT, **home, "PATH": os.environ["PATH"]}
    where = tmp_path / "mine"

    def run(*words: str) -> str:
        done = subprocess.run(words, cwd=where, env=environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    if known.build:
        run(*known.build.split())
    said = json.loads(run(*command("adapter", "check", known.target, "--format", "json")))
    assert {step["outcome"] for step in said["steps"]} == {"ok"}
    assert said["steps"][0]["seen"].startswith("mine 0.1")
    assert "conforms" in run(
        *command("run", "--area", "TRANS", "--budget", "quick", "--adapter", known.target)
    )


def test_go_is_formatted_as_go_wants_it() -> None:
    gofmt = shutil.which("gofmt")
    if gofmt is None:
        pytest.skip("gofmt is not installed")
    templates = ROOT / "conformance" / "kit" / "templates" / "go"
    said = subprocess.run([gofmt, "-l", templates], capture_output=True, text=True, check=True)
    assert said.stdout == ""


def test_the_example_and_the_template_speak_alike() -> None:
    template = ROOT / "conformance" / "kit" / "templates" / "javascript" / "protocol.js"
    assert (ROOT / "examples" / "node" / "protocol.js").read_text() == template.read_text()


@pytest.mark.parametrize("name", ["", "My Engine", "../up", "a/b", "-x", "1a", "a--b"])
def test_a_bad_name_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(BadNameError, match="no name for an engine"):
        write(name, "go", tmp_path)
    assert not list(tmp_path.iterdir())


def test_what_is_there_is_not_written_over(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    with pytest.raises(BadNameError, match="is there already"):
        write("mine", "python", tmp_path)


# -- the smoke test --------------------------------------------------------------------------------


def test_the_simulator_serves_what_it_claims() -> None:
    assert failed(SimulatorAdapter()) == set()


class ClaimsEverything(Engine):
    def describe(self) -> Implementation:
        return evolve(super().describe(), capabilities=frozenset(CAPABILITIES))


def test_every_capability_that_is_claimed_and_not_served_is_found() -> None:
    assert failed(ClaimsEverything()) == set(PROBES) - {"kubelet", "container-exit"}


class AcceptsEverything(ClaimsEverything):
    """It says yes to everything, and does nothing of it."""

    def apply(self, stimulus: Stimulus, /) -> Response:
        response = super().apply(stimulus)
        return response if isinstance(response, Accepted) else Accepted(None)


WITHOUT_EFFECT = {"status-write", "cpu-load", "metrics", "sandbox-loss"}
"""Of these nothing has to be seen at once; the suite looks at what they lead to."""


def test_to_say_yes_is_not_to_serve() -> None:
    missed = set(PROBES) - failed(AcceptsEverything())
    assert missed <= {"kubelet", "container-exit"} | WITHOUT_EFFECT


def test_every_verb_has_a_capability_that_is_tried() -> None:
    assert {verb.capability for verb in VERBS.values()} <= {*PROBES, "api"}


class NeverForgets(Engine):
    def reset(self) -> None:
        if not hasattr(self, "pods"):
            super().reset()


class KeepsItsTime(Engine):
    def reset(self) -> None:
        now = getattr(self, "now", 0.0)
        super().reset()
        self.now = now


class StopsItsWatch(Engine):
    def time(self, after: float = 0) -> str:
        return "2024-01-01T00:00:00Z"


class ShowsBackwards(Engine):
    def observe(self) -> list[Observation]:
        return super().observe()[::-1]


class ShowsTheFuture(Engine):
    def observe(self) -> list[Observation]:
        return [evolve(each, at=each.at + 10) for each in super().observe()]


class ShowsNothing(Engine):
    def observe(self) -> list[Observation]:
        return []


class TakesTwins(Engine):
    def do_create(self, object: dict[str, Any], dryRun: bool = False) -> Any:  # noqa: N803
        self.pods.clear()
        return super().do_create(object, dryRun)


@pytest.mark.parametrize(
    ("engine", "step"),
    [
        (NeverForgets, "isolation"),
        (KeepsItsTime, "isolation"),
        (StopsItsWatch, "clock"),
        (ShowsTheFuture, "clock"),
        (ShowsNothing, "api"),
        (TakesTwins, "api"),
    ],
)
def test_what_every_engine_has_to_do_is_tried(engine: type[Engine], step: str) -> None:
    found = taken(engine())[step]
    assert found.outcome == "failed"
    assert found.advice


class ServesNoFunction(SimulatorAdapter):
    def evaluate(self, function: str, arguments: Mapping[str, Any], /) -> Any:
        raise FunctionNotServedError(function)


def test_a_function_that_is_claimed_and_not_served_is_found() -> None:
    assert "functions" in failed(ServesNoFunction())


class RefusesEverything(SimulatorAdapter):
    def evaluate(self, function: str, arguments: Mapping[str, Any], /) -> Any:
        raise ValueError("not_today")


class AnswersAnything(SimulatorAdapter):
    def evaluate(self, function: str, arguments: Mapping[str, Any], /) -> Any:
        return ["anything"]


class BreaksDown(SimulatorAdapter):
    def evaluate(self, function: str, arguments: Mapping[str, Any], /) -> Any:
        raise KeyError(function)


@pytest.mark.parametrize(
    ("engine", "seen"),
    [
        (RefusesEverything, "was refused: not_today"),
        (AnswersAnything, "was answered with"),
        (BreaksDown, "failed with KeyError"),
    ],
)
def test_a_function_has_to_answer_what_has_an_answer(engine: Any, seen: str) -> None:
    assert seen in taken(engine())["functions"].seen


def test_of_a_library_only_its_functions_are_tried() -> None:
    assert list(taken(first_version())) == ["handshake", "functions"]


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("function", descriptions())
def test_every_function_is_asked_what_fits_it(function: str, profile: str) -> None:
    asked = questions(function, profile)
    assert asked or (profile == "documented" and function not in FUNCTIONS)
    assert all(fits(function, "arguments", each) for each in asked)


class NeverResets(SimulatorAdapter):
    broken = False

    def reset(self) -> None:
        if self.broken:
            raise AdapterError("out of order")
        super().reset()


def test_without_a_reset_nothing_else_is_tried() -> None:
    adapter = NeverResets()
    adapter.broken = True
    assert list(taken(adapter)) == ["handshake", "reset"]


class ShowsWhatIsNoObject(Engine):
    def observe(self) -> list[Observation]:
        return [Observation(0.0, "ADDED", {"kind": "Node", "metadata": {"name": 7}})]


def test_a_message_that_does_not_fit_is_named_by_its_path() -> None:
    seen = taken(ShowsWhatIsNoObject())["reset"].seen
    assert "observe.result $.observations[0].object.metadata.name: 7 is not of type" in seen


def test_what_to_serve_next_is_what_shows_most_rules() -> None:
    claims = Engine().describe()
    worth = worth_serving(claims, "v1.36")
    assert worth is not None
    more = evolve(claims, capabilities=claims.capabilities | {worth[0]})
    assert areas(more, "v1.36").total() - areas(claims, "v1.36").total() == worth[1]


# -- the commands ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("target", "code"),
    [
        ("python:conformance.kit.templates.python.engine:Engine", 0),
        ("python:tests.process.test_kit:ClaimsEverything", 1),
        ("process:./nowhere", 2),
    ],
)
def test_the_exit_code_of_a_check(tmp_path: Path, target: str, code: int) -> None:
    result = kubelaws(tmp_path, "adapter", "check", target)
    assert result.returncode == code
    assert "Traceback" not in result.stderr


def test_the_schema_is_printed(tmp_path: Path) -> None:
    said = kubelaws(tmp_path, "adapter", "schema").stdout
    assert json.loads(said)["$id"] == "urn:kubelaws:protocol:1"


def test_a_new_engine_is_refused_in_one_line(tmp_path: Path) -> None:
    result = kubelaws(tmp_path, "adapter", "new", "Bad Name", "--language", "go")
    assert (result.returncode, result.stderr.count("\n")) == (2, 1)


def test_adapters_lists_what_is_built_in(tmp_path: Path) -> None:
    said = json.loads(kubelaws(tmp_path, "adapters", "--format", "json").stdout)
    assert [each["name"] for each in said[:3]] == ["simulator", "python", "process"]


def test_adapters_lists_what_is_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    info = tmp_path / "mine-2.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: mine\nVersion: 2.0\n")
    entry = "mine = tests.process.test_kit:ClaimsEverything"
    (info / "entry_points.txt").write_text(f"[kubelaws.adapters]\n{entry}\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    from conformance import targets

    assert targets.known()[-1].source == "mine 2.0"
    assert isinstance(targets.open_adapter("mine"), ClaimsEverything)
