"""``kubelaws run``, whole: verdicts, exit codes, what is left on disk, Ctrl-C."""

from __future__ import annotations

import os
import signal
import subprocess
from collections import Counter
from pathlib import Path

import pytest
from attrs import evolve

from reports.events import (
    ResultEvent,
    RunFinished,
    RunStarted,
    TestFinished,
    TestStarted,
    ViolationFound,
)
from tests.conformance.miniatures import HERE
from tests.conformance.processes import ENVIRONMENT, command, kubelaws, stream

LIAR = HERE + "SaysThatFailureIsSuccess"
QUICK = ("run", "--budget", "quick")
ONE = (*QUICK, "--rule", "PHASE-007")


def known(directory: Path, *rules: str, expires: str = "2999-01-01") -> tuple[str, ...]:
    """Options that name a file in which the rules are known failures."""
    entry = f'reason = "we lie"\nissue = "#7"\nexpires = {expires}\n'
    (directory / "known.toml").write_text("\n".join(f"[{rule}]\n{entry}" for rule in rules))
    return ("--known-failures", "known.toml")


def test_an_engine_that_conforms(tmp_path: Path) -> None:
    result = kubelaws(tmp_path, *ONE)
    assert (result.returncode, result.stderr) == (0, "")
    assert "conforms; 1 of 1 rules passed" in result.stdout


def test_a_violation_is_replayed_as_the_report_says(tmp_path: Path) -> None:
    assert kubelaws(tmp_path, *ONE, "--adapter", LIAR, "--report", "a b/report").returncode == 1
    (path,) = tmp_path.glob("a b/report/violations/v1.36/PHASE-007.jsonl")
    text = (tmp_path / "a b" / "report" / "report.json").read_text()
    assert "kubelaws replay 'a b/report/violations/v1.36/PHASE-007.jsonl'" in text
    again = kubelaws(tmp_path, "replay", path)
    assert again.returncode == 1
    assert "PHASE-007" in again.stdout
    mended = kubelaws(tmp_path, "replay", path, "--adapter", "simulator")
    assert (mended.returncode, mended.stderr) == (0, "")


def test_what_is_mended_leaves_no_trace_behind(tmp_path: Path) -> None:
    kubelaws(tmp_path, *ONE, "--adapter", LIAR)
    kubelaws(tmp_path, *ONE)
    assert not [path for path in tmp_path.glob("report/violations/**/*") if path.is_file()]


def test_a_violation_is_told_while_the_run_goes_on(tmp_path: Path) -> None:
    output = kubelaws(tmp_path, *ONE, "--adapter", LIAR).stdout
    assert output.startswith("✗ PHASE-007 Pod default/a: expected phase Failed, saw phase Succ")


def test_an_engine_that_breaks_down_is_an_error_and_the_other_tests_go_on(tmp_path: Path) -> None:
    options = ("--rule", "TRANS-001", "--rule", "TRANS-002", "--adapter")
    result = kubelaws(tmp_path, *QUICK, *options, HERE + "BreaksDown?when=observe")
    assert result.returncode == 2
    assert "observe: RuntimeError: out of order" in " ".join(result.stdout.split())
    ends = {each.outcome for each in stream(tmp_path) if isinstance(each, TestFinished)}
    assert ends == {"passed", "failed"}


@pytest.mark.parametrize("name", ["DescribesItselfAsText", "BreaksDown?when=describe"])
def test_an_engine_that_cannot_say_what_it_is(tmp_path: Path, name: str) -> None:
    result = kubelaws(tmp_path, *ONE, "--adapter", HERE + name)
    assert result.returncode == 2
    assert result.stderr.startswith(f"kubelaws: adapter {HERE}{name}: describe: ")
    assert result.stderr.count("\n") == 1


def test_an_engine_that_does_not_close_is_judged_all_the_same(tmp_path: Path) -> None:
    result = kubelaws(tmp_path, *ONE, "--adapter", HERE + "BreaksDown?when=close")
    assert result.returncode == 0
    assert "close: RuntimeError: out of order" in result.stderr


def test_an_engine_that_takes_its_worker_along_is_an_error(tmp_path: Path) -> None:
    result = kubelaws(tmp_path, *ONE, "--jobs", 2, "--adapter", HERE + "TakesTheProcessAlong")
    assert result.returncode == 2
    assert "crashed" in " ".join(result.stdout.split())


def test_an_engine_is_found_where_it_lies(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text("from examples.tiny_engine import TinyEngine as Engine\n")
    result = kubelaws(tmp_path, *ONE, "--adapter", "python:mine:Engine", "--jobs", "2")
    assert "No module" not in result.stderr
    assert any(isinstance(each, RunFinished) for each in stream(tmp_path))


def test_a_known_failure_does_not_fail_the_run(tmp_path: Path) -> None:
    # a tolerated rule does not end its property, so all that the engine breaks comes to light
    kubelaws(tmp_path, *ONE, "--adapter", LIAR, *known(tmp_path, "PHASE-007"))
    broken = {each.rule for each in stream(tmp_path) if isinstance(each, ViolationFound)}
    options = known(tmp_path, *broken)
    assert kubelaws(tmp_path, *ONE, "--adapter", LIAR, *options).returncode == 0


@pytest.mark.parametrize(
    ("adapter", "expires", "complaint"),
    [
        ("simulator", "2999-01-01", "now passes: remove its entry"),
        (LIAR, "2020-01-01", "expired on 2020-01-01"),
    ],
)
def test_a_known_failure_that_should_go_is_an_error(
    tmp_path: Path, adapter: str, expires: str, complaint: str
) -> None:
    options = known(tmp_path, "PHASE-007", expires=expires)
    result = kubelaws(tmp_path, *ONE, "--adapter", adapter, *options)
    assert result.returncode == 2
    assert complaint in " ".join(result.stdout.split())


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (("--report", "file"), "'file' is a file"),
        (("--report", "file/under"), "Not a directory"),
        (("--budget", "huge"), "'huge' is not one of"),
        (("--jobs", "0"), "0 is not in the range"),
        (("--known-failures", "known.toml"), "no rule 'PHASE-999'"),
        (("--adapter", "simulator?profile=v0"), "unknown profile 'v0'"),
    ],
)
def test_bad_input_is_refused_before_anything_runs(
    tmp_path: Path, words: tuple[str, ...], complaint: str
) -> None:
    (tmp_path / "file").touch()
    known(tmp_path, "PHASE-999")
    result = kubelaws(tmp_path, *ONE, *words)
    assert result.returncode == 2
    assert complaint in result.stderr
    assert "Traceback" not in result.stderr


def test_the_same_run_under_both_profiles(tmp_path: Path) -> None:
    kubelaws(tmp_path, *ONE, "--profile", "documented", "--profile", "v1.36")
    started = [each.profile for each in stream(tmp_path) if isinstance(each, RunStarted)]
    assert started == ["documented", "v1.36"]


def timeless(directory: Path) -> Counter[str]:
    """The events of a run without their times and in no order."""
    return Counter(map(repr, map(_timeless, stream(directory))))


def _timeless(event: ResultEvent) -> ResultEvent:
    if isinstance(event, RunStarted):
        return evolve(event, started="")
    if isinstance(event, (TestFinished, RunFinished)):
        return evolve(event, seconds=0.0)
    return event


def test_two_workers_say_what_one_says(tmp_path: Path) -> None:
    alone, shared = tmp_path / "alone", tmp_path / "shared"
    for directory, jobs in ((alone, 1), (shared, 2)):
        directory.mkdir()
        kubelaws(directory, *QUICK, "--adapter", LIAR, "--area", "PHASE", "--jobs", jobs)
    assert timeless(alone) == timeless(shared)
    assert any(isinstance(each, ViolationFound) for each in stream(alone))


def test_every_test_ends_once(tmp_path: Path) -> None:
    kubelaws(tmp_path, *QUICK, "--area", "TRANS", "--adapter", LIAR)
    events = stream(tmp_path)
    began = [each.test for each in events if isinstance(each, TestStarted)]
    assert began == [each.test for each in events if isinstance(each, TestFinished)]


@pytest.mark.parametrize(
    ("words", "awaited"),
    [
        (("--jobs", "1"), '"TestFinished"'),
        (("--jobs", "2"), '"TestFinished"'),
        (("--rule", "PHASE-007", "--mutants"), '"RuleExercised"'),
    ],
)
def test_ctrl_c_keeps_what_is_known(tmp_path: Path, words: tuple[str, ...], awaited: str) -> None:
    slow = (*QUICK, "--area", "TRANS", "--adapter", HERE + "TakesItsTime", *words)
    with subprocess.Popen(
        command(*slow),
        cwd=tmp_path,
        env=ENVIRONMENT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        _await(tmp_path / "report" / "stream.ndjson", awaited, process)
        os.killpg(process.pid, signal.SIGINT)
        output, errors = process.communicate(timeout=60)
    assert process.returncode == 2, output
    assert errors == ""
    assert "incomplete (interrupted)" in output
    end = stream(tmp_path)[-1]
    assert isinstance(end, RunFinished)
    assert end.interrupted
    assert (tmp_path / "report" / "report.html").exists()


def _await(path: Path, word: str, process: subprocess.Popen[str]) -> None:
    """Waits until a file has a word in it, or the one who writes it is gone."""
    while process.poll() is None and not (path.exists() and word in path.read_text()):
        pass
