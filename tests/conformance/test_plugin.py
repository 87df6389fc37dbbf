"""The suite as plain pytest: selection, workers, third-party projects."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from reports.events import ResultEvent, RuleExercised, RunFinished, RunStarted, TestFinished
from reports.ndjson import read

ROOT = Path(__file__).parent.parent.parent

PLACE, SHARED = "test_stories.py", "test_the_http_example"
FIRST, OTHER = "PROBE-008", "PROBE-011"
"""A scenario that examines two rules."""


def suite(directory: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Runs the suite on the simulator in a process of its own, from an empty directory."""
    command = [sys.executable, "-m", "pytest", "--pyargs", "conformance.suite", "--budget", "quick"]
    options = ["--kubelaws-report", "report", "-p", "no:cacheprovider", "-q", *words]
    return subprocess.run(
        command + options,
        cwd=directory,
        env={"PATH": "", "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )


def stream(directory: Path) -> list[ResultEvent]:
    return list(read(directory / "report" / "stream.ndjson"))


def counts(directory: Path) -> Counter[tuple[str, str]]:
    found: Counter[tuple[str, str]] = Counter()
    for event in stream(directory):
        if isinstance(event, RuleExercised):
            found[event.test.rpartition("/")[2], event.rule] += event.count
    return found


def test_workers_lose_nothing_and_count_nothing_twice(tmp_path: Path) -> None:
    alone, shared = tmp_path / "alone", tmp_path / "shared"
    for directory in (alone, shared):
        directory.mkdir()
    assert suite(alone, "--area", "TRANS").returncode == 0
    assert suite(shared, "--area", "TRANS", "-n", "2").returncode == 0
    assert counts(alone) == counts(shared)
    assert counts(alone)


def test_a_scenario_of_several_rules_is_told_of_by_their_first_test(tmp_path: Path) -> None:
    alone, shared, second = (tmp_path / name for name in ("alone", "shared", "second"))
    for directory, words in ((alone, ()), (shared, ("-n", "2")), (second, ("--rule", OTHER))):
        directory.mkdir()
        assert "passed" in suite(directory, "-k", f"{SHARED} and not source", *words).stdout
    assert {test for test, _ in counts(alone)} == {f"{PLACE}::{SHARED}[{FIRST}]"}
    assert counts(alone) == counts(shared)
    assert {test for test, _ in counts(second)} == {f"{PLACE}::{SHARED}[{OTHER}]"}


def test_a_stream_has_one_start_and_one_end(tmp_path: Path) -> None:
    suite(tmp_path, "--rule", "TRANS-001", "-n", "2")
    events = stream(tmp_path)
    assert isinstance(events[0], RunStarted)
    assert isinstance(events[-1], RunFinished)
    assert sum(isinstance(event, (RunStarted, RunFinished)) for event in events) == 2


def test_a_rule_selects_its_tests(tmp_path: Path) -> None:
    suite(tmp_path, "--rule", "TRANS-001")
    finished = [event.test for event in stream(tmp_path) if isinstance(event, TestFinished)]
    assert [test.rpartition("::")[2] for test in finished] == [
        "test_one_container_exits_0[TRANS-001]"
    ]


def test_k_selects_as_everywhere(tmp_path: Path) -> None:
    assert "1 passed" in suite(tmp_path, "-k", "TRANS-001 and exits").stdout


def test_an_unknown_adapter_is_a_usage_error(tmp_path: Path) -> None:
    result = suite(tmp_path, "--adapter", "simulater")
    assert "did you mean simulator" in result.stdout + result.stderr
    assert result.returncode not in (0, 1)


def test_an_unknown_rule_is_a_usage_error(tmp_path: Path) -> None:
    result = suite(tmp_path, "--rule", "TRANS-999")
    assert "no rule 'TRANS-999'" in result.stdout + result.stderr
    assert result.returncode == pytest.ExitCode.USAGE_ERROR


def test_other_peoples_tests_collect_the_suite(tmp_path: Path) -> None:
    (tmp_path / "test_ours.py").write_text("from conformance.suite.test_trans import *\n")
    command = [sys.executable, "-m", "pytest", "--rule", "TRANS-001", "-q"]
    result = subprocess.run(
        [*command, "-p", "no:cacheprovider"],
        cwd=tmp_path,
        env={"PATH": "", "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "1 passed" in result.stdout
