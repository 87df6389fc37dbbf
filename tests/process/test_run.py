"""``kubelaws run`` against processes that fail: what it says, what it keeps, what it leaves behind."""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path

import pytest

from conformance import targets
from reports.events import RuleExercised, RunFinished, TestFinished
from tests.conformance.processes import ENVIRONMENT, command, kubelaws, stream
from tests.process.engines import alive, faulty, started

QUICK = ("run", "--budget", "quick")
BOTH = (*QUICK, "--rule", "TRANS-001", "--rule", "PHASE-002")


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (
            "crashes",
            "the engine ended with exit code 3 before it answered; its stderr ended: panic",
        ),
        ("prints_garbage", "what is no JSON"),
        ("sends_50_mb", "a message of more than 32 MiB"),
    ],
)
def test_the_run_goes_on_with_a_fresh_process(tmp_path: Path, fault: str, words: str) -> None:
    pids = tmp_path / "pids"
    pids.mkdir()
    adapter = "process?deadline=60:" + faulty(fault, '"exit"', pids)
    result = kubelaws(tmp_path, *BOTH, "--adapter", adapter)
    assert result.returncode == 2
    assert words in " ".join(result.stdout.split())
    ends = {each.test.rpartition("[")[2]: each for each in _ends(tmp_path)}
    assert ends["PHASE-002]"].outcome == "passed"
    assert any(each.rule == "PHASE-002" for each in _exercised(tmp_path))
    assert alive(pids) == []


def _ends(directory: Path) -> list[TestFinished]:
    return [each for each in stream(directory) if isinstance(each, TestFinished)]


def _exercised(directory: Path) -> list[RuleExercised]:
    return [each for each in stream(directory) if isinstance(each, RuleExercised)]


def test_a_process_that_serves_conforms_and_leaves_nothing_behind(tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    pids.mkdir()
    adapter = "process:" + faulty("crashes", "never", pids)
    result = kubelaws(tmp_path, *BOTH, "--jobs", "2", "--validate", "--adapter", adapter)
    assert (result.returncode, result.stderr) == (0, "")
    assert started(pids)
    assert alive(pids) == []


@pytest.mark.parametrize(
    ("adapter", "complaint"),
    [
        ("process:", "write process:PROGRAM ARGUMENTS"),
        ("process:./nowhere --flag", "./nowhere: No such file or directory"),
        ("process:'./half", "No closing quotation"),
        ("process?deadline=0:true", "deadline 0 is no number"),
        ("process?deadline=soon:true", "deadline 'soon' is no number"),
        ("process?colour=red:true", "colour"),
        ("process:true", "describe: the engine ended with exit code 0 before it answered"),
        ("process:echo hello", "what is no JSON"),
    ],
)
def test_what_cannot_be_spoken_to_is_one_line(adapter: str, complaint: str) -> None:
    with pytest.raises(targets.UnknownTargetError) as raised:
        targets.described(targets.open_adapter(adapter), adapter)
    assert complaint in str(raised.value)
    assert "\n" not in str(raised.value)


def test_what_cannot_be_spoken_to_ends_the_run_before_it_begins(tmp_path: Path) -> None:
    result = kubelaws(tmp_path, *BOTH, "--adapter", "process:./nowhere --flag")
    assert result.returncode == 2
    assert result.stderr == (
        "kubelaws: adapter process:./nowhere --flag: describe: AdapterError: "
        "./nowhere: No such file or directory\n"
    )


def test_validate_is_for_processes(tmp_path: Path) -> None:
    result = kubelaws(tmp_path, *BOTH, "--validate")
    assert result.returncode == 2
    assert "--validate is for process: targets" in result.stderr


def test_ctrl_c_leaves_no_process_behind(tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    pids.mkdir()
    adapter = "process:" + faulty("hangs", '"exit"', pids)
    with subprocess.Popen(
        command(*BOTH, "--adapter", adapter),
        cwd=tmp_path,
        env=ENVIRONMENT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        path = tmp_path / "report" / "stream.ndjson"
        while process.poll() is None and not (path.exists() and "TestStarted" in path.read_text()):
            pass
        os.killpg(process.pid, signal.SIGINT)
        output, _ = process.communicate(timeout=60)
    assert process.returncode == 2
    assert "incomplete (interrupted)" in output
    end = stream(tmp_path)[-1]
    assert isinstance(end, RunFinished)
    assert end.interrupted
    assert alive(pids) == []
