"""``kubelaws functions`` and ``kubelaws run --functions-only``, whole: what is said, and exit codes."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

from conformance.functions import State, state_of
from conformance.recorded import has_vectors
from reports.events import RunStarted, ViolationFound
from spec_model.rules import registry
from spec_model.schemas import descriptions
from tests.conformance.processes import ENVIRONMENT, ROOT, kubelaws, stream

EXAMPLE = "python:examples.functions_only:"
ONLY = ("run", "--functions-only", "--budget", "quick")
MINE = """
from conformance.adapter import Implementation
from conformance.adapters.functions import FunctionsAdapter
from examples.functions_only import FUNCTIONS

def claiming(name):
    return FunctionsAdapter("mine", "1", {**FUNCTIONS, name: lambda asked: "?"})

def typo(): return claiming("pod.qosclass")
def recorded(): return claiming("job.backoff")

def idle():
    return FunctionsAdapter("mine", "1", {})

def crash(asked):
    raise KeyError("metadata")

def crashing():
    return FunctionsAdapter("mine", "1", {**FUNCTIONS, "hpa.limits": crash})
"""


def run(directory: Path, target: str, *words: object) -> subprocess.CompletedProcess[str]:
    (directory / "mine.py").write_text(MINE)
    name = f"python:mine:{target}" if f"def {target}(" in MINE else EXAMPLE + target
    return kubelaws(directory, *ONLY, "--adapter", name, *words)


def verdicts(directory: Path) -> dict[str, Any]:
    """By rule, its entry in the JSON report."""
    report = json.loads((directory / "report" / "report.json").read_text())
    return {rule["id"]: rule for rule in report["runs"][0]["rules"]}


# -- run ------------------------------------------------------------------------------------------


def test_the_example_passes_what_its_functions_show(tmp_path: Path) -> None:
    result = run(tmp_path, "library")
    assert (result.returncode, result.stderr) == (0, "")
    found = verdicts(tmp_path)
    assert set(found) == {"HPA-005", "HPA-008", "HPA-015", "RESOURCE-001", "QOS-001"}
    assert {rule["verdict"] for rule in found.values()} == {"passed"}
    assert {rule["why"] for rule in found.values()} == {"judged by functions alone"}


def test_the_example_passes_under_the_other_profile_only_what_it_was_written_for(
    tmp_path: Path,
) -> None:
    assert run(tmp_path, "library", "--profile", "documented").returncode == 1
    broken = {rule for rule, entry in verdicts(tmp_path).items() if entry["violations"]}
    assert broken == {"HPA-005"}


def test_a_plain_run_says_what_no_function_shows(tmp_path: Path) -> None:
    words = ("run", "--budget", "quick", "--adapter", EXAMPLE + "library")
    assert kubelaws(tmp_path, *words).returncode == 0
    found = verdicts(tmp_path)
    assert len(found) == sum("v1.36" in rule.profiles for rule in registry().values())
    assert found["QOS-001"]["verdict"] == "passed"
    assert found["BACKOFF-001"]["verdict"] == "unsupported"
    assert found["BACKOFF-001"]["why"] == "no function that the adapter serves shows it"
    assert {rule["verdict"] for rule in found.values()} == {"passed", "unsupported"}


def test_mistakes_are_shown_as_input_expected_and_got(tmp_path: Path) -> None:
    result = run(tmp_path, "first_version")
    assert result.returncode == 1
    told = " ".join(result.stdout.replace("│", " ").split())
    assert 'Input {"text": "1m"} Expected {"value": 1, "milli_value": 1}, by RESOURCE-001' in told
    assert 'Got {"value": 0, "milli_value": 1}' in told
    assert "of the wrong shape: {'replicas': 0} is not of type 'integer'" in told
    broken = {each.rule for each in stream(tmp_path) if isinstance(each, ViolationFound)}
    assert broken == {"RESOURCE-001", "QOS-001", "HPA-015"}


def test_a_mistake_is_replayed_and_is_mended_in_the_next_version(tmp_path: Path) -> None:
    run(tmp_path, "first_version")
    path = tmp_path / "report" / "violations" / "v1.36" / "QOS-001.jsonl"
    again = kubelaws(tmp_path, "replay", path)
    assert again.returncode == 1
    assert "QOS-001" in again.stdout
    assert kubelaws(tmp_path, "replay", path, "--adapter", EXAMPLE + "library").returncode == 0


def test_a_recorded_answer_is_replayed_too(tmp_path: Path) -> None:
    assert run(tmp_path, "recorded").returncode == 1
    path = tmp_path / "report" / "violations" / "v1.36" / "JOB-009.jsonl"
    again = kubelaws(tmp_path, "replay", path)
    assert again.returncode == 1
    assert "JOB-009" in again.stdout


def test_an_engine_that_claims_what_does_not_exist(tmp_path: Path) -> None:
    result = run(tmp_path, "typo")
    assert result.returncode == 2
    assert result.stderr == (
        "kubelaws: adapter python:mine:typo: describe: functions: no function 'pod.qosclass'; "
        "did you mean pod.qos_class or pod.phase?; kubelaws functions lists them\n"
    )


def test_an_engine_without_functions_cannot_be_asked(tmp_path: Path) -> None:
    for name in ("python:mine:idle", "python:examples.tiny_engine:TinyEngine"):
        (tmp_path / "mine.py").write_text(MINE)
        result = kubelaws(tmp_path, *ONLY, "--adapter", name)
        assert result.returncode == 2
        assert result.stderr == (
            f"kubelaws: --functions-only: adapter {name} serves no function; "
            "kubelaws functions lists them\n"
        )


def test_a_rule_that_no_function_shows(tmp_path: Path) -> None:
    result = run(tmp_path, "library", "--rule", "BACKOFF-001")
    assert result.returncode == 2
    assert "no function that the adapter serves shows a rule of BACKOFF-001" in result.stderr


def test_one_rule_of_a_library(tmp_path: Path) -> None:
    assert run(tmp_path, "library", "--rule", "QOS-001").returncode == 0
    assert set(verdicts(tmp_path)) == {"QOS-001"}


def test_a_function_that_breaks_down_is_an_error_and_the_others_are_judged(tmp_path: Path) -> None:
    result = run(tmp_path, "crashing")
    assert result.returncode == 2
    assert "evaluate hpa.limits of {" in " ".join(result.stdout.split())
    found = verdicts(tmp_path)
    assert found["QOS-001"]["verdict"] == "passed"
    assert found["HPA-008"]["verdict"] == "unexercised"


def test_a_whole_engine_is_looked_at_as_a_library(tmp_path: Path) -> None:
    result = kubelaws(tmp_path, *ONLY, "--area", "SCHED", "--area", "QOS")
    assert result.returncode == 0, result.stdout
    assert {rule: entry["verdict"] for rule, entry in verdicts(tmp_path).items()} == {
        "SCHED-001": "passed",
        "SCHED-004": "passed",
        "SCHED-005": "passed",
        "QOS-001": "passed",
    }
    (started,) = (each for each in stream(tmp_path) if isinstance(each, RunStarted))
    assert started.functions_only


def test_two_workers_say_the_same(tmp_path: Path) -> None:
    assert run(tmp_path, "library", "--jobs", 2).returncode == 0
    assert len(verdicts(tmp_path)) == 5


def test_the_same_as_plain_pytest(tmp_path: Path) -> None:
    words = ["--pyargs", "conformance.suite", "--functions-only", "--budget", "quick", "-q"]
    result = subprocess.run(
        [sys.executable, "-m", "pytest", *words, "--adapter", EXAMPLE + "library", "-p",
         "no:cacheprovider"],
        cwd=tmp_path, env=ENVIRONMENT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert result.returncode == 0, result.stdout
    assert "test_drawn_questions" not in result.stdout
    assert "7 passed" in result.stdout


# -- functions ------------------------------------------------------------------------------------


def test_the_functions_are_listed(tmp_path: Path) -> None:
    result = kubelaws(tmp_path, "functions")
    assert result.returncode == 0
    assert all(name in result.stdout for name in descriptions())
    states = [state_of(name) for name in descriptions()]
    counts = ", ".join(f"{states.count(state)} {state}" for state in State)
    assert f"{len(states)} functions: {counts}" in result.stdout


def test_one_function_is_shown_with_its_schemas(tmp_path: Path) -> None:
    told = kubelaws(tmp_path, "functions", "hpa.limits").stdout
    for text in ("HPA-008", "200 answers of Kubernetes", '"desired"', "ScaleUpLimit", "documented"):
        assert text in told


def test_the_schemas_are_published_as_json(tmp_path: Path) -> None:
    (known,) = json.loads(kubelaws(tmp_path, "functions", "--format", "json").stdout)[:1]
    assert known["name"] == "configmap.from_sources"
    one = json.loads(kubelaws(tmp_path, "functions", "pod.qos_class", "--format", "json").stdout)
    assert one["state"] == "checked"
    assert one["rules"] == {"v1.36": ["QOS-001"], "documented": ["QOS-001"]}
    assert one["result"]["enum"] == ["Guaranteed", "Burstable", "BestEffort"]


def test_the_functions_as_markdown(tmp_path: Path) -> None:
    told = kubelaws(tmp_path, "functions", "--format", "markdown").stdout
    assert told.strip() in (ROOT / "docs" / "functions.md").read_text("utf-8")
    assert (
        "### cpu.weight"
        in kubelaws(tmp_path, "functions", "cpu.weight", "--format", "markdown").stdout
    )


@pytest.mark.parametrize("name", ["qos", "pod.qosclass"])
def test_a_function_that_does_not_exist(tmp_path: Path, name: str) -> None:
    result = kubelaws(tmp_path, "functions", name)
    assert result.returncode == 2
    assert result.stderr.startswith(f"kubelaws: no function {name!r}; did you mean pod.qos_class")


# -- the package ----------------------------------------------------------------------------------


def test_the_wheel_has_schemas_and_vectors(tmp_path: Path) -> None:
    words = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(words, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    names = set(zipfile.ZipFile(wheel).namelist())
    assert {f"spec_model/schemas/{name}.json" for name in descriptions()} <= names
    recorded = {name for name in descriptions() if has_vectors(name)}
    assert {f"conformance/vectors/{name}.jsonl" for name in recorded} <= names
    assert "conformance/vectors/README.md" in names
