"""Every way in which a process can fail: what is said of it, and that the next reset starts afresh."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from conformance.adapter import AdapterError
from conformance.adapters.process import ProcessAdapter
from conformance.adapters.process.adapter import ENOUGH
from conformance.adapters.process.child import LOGGED
from spec_model.events import Accepted, stimulus
from strategies.manifests import pod
from tests.process.engines import ROOT, alive, faulty, started

Open: TypeAlias = Callable[..., ProcessAdapter]
CREATE = stimulus("create", object=pod())
EXIT = stimulus("exit", namespace="default", pod="a", container="c", exitCode=1)


@pytest.fixture(autouse=True)
def _path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(ROOT))


@pytest.fixture
def broken(tmp_path: Path) -> Iterator[Open]:
    """Opens an engine whose fault strikes when a container is to exit; none is left in the end."""
    opened: list[ProcessAdapter] = []

    def make(fault: str, when: str = '"exit"', **options: Any) -> ProcessAdapter:
        command = faulty(fault, when, tmp_path)
        opened.append(ProcessAdapter(command, **{"deadline": 60.0, **options}))
        return opened[-1]

    yield make
    for adapter in opened:
        adapter.close()
    assert alive(tmp_path) == []


def complaint(adapter: ProcessAdapter, deadline: float = 60.0) -> str:
    """What is said when the fault strikes; the engine then has that long to answer."""
    adapter.describe()
    adapter.reset()
    adapter.apply(CREATE)
    assert adapter.observe()
    adapter.deadline = deadline
    with pytest.raises(AdapterError) as raised:
        adapter.apply(EXIT)
    return str(raised.value)


COMPLAINTS = {
    "crashes": "apply: the engine ended with exit code 3 before it answered; "
    "its stderr ended: panic: out of order ⏎ at engine.go:7",
    "is_killed": "apply: the engine was ended by SIGSEGV before it answered; "
    "it wrote nothing to stderr",
    "prints_garbage": "apply: the engine answered with what is no JSON (JSON is malformed: "
    "invalid character (byte 0)): 'Listening on port 8080'",
    "answers_out_of_order": "apply: the engine answered with the answer to request",
    "sends_50_mb": "apply: the engine sent a message of more than 32 MiB",
    "sends_50_mb_without_end": "apply: the engine sent a message of more than 32 MiB",
    "nests_deeply": "apply: the engine answered with a message nested more than 100 levels deep",
    "says_half": "apply: the engine ended with exit code 0 before it answered",
    "closes_early": "apply: the engine closed its standard output before it answered",
    "leaves_a_child": "apply: the engine ended with exit code 4 before it answered",
    "answers_nonsense": "apply: the engine answered with what is no result: apply.result "
    "$.rejected: 'reason' is a required property",
}


@pytest.mark.parametrize("fault", COMPLAINTS)
def test_a_failure_names_the_call_and_a_fresh_process_goes_on(broken: Open, fault: str) -> None:
    adapter = broken(fault)
    assert complaint(adapter).startswith(COMPLAINTS[fault])
    adapter.reset()
    assert isinstance(adapter.apply(CREATE), Accepted)


@pytest.mark.parametrize(
    ("fault", "words"),
    [("hangs", "waiting for a lock"), ("floods_stderr_and_hangs", "tick tick tick")],
)
def test_a_process_that_does_not_answer_is_ended(broken: Open, fault: str, words: str) -> None:
    said = complaint(broken(fault), deadline=1.0)
    assert said.startswith("apply: the engine did not answer within 1 s; its stderr ended: ")
    assert words in said


def test_a_process_that_reads_no_more_is_ended(broken: Open) -> None:
    adapter = broken("hangs")
    adapter.reset()
    adapter.deadline = 1.0
    huge = stimulus("create", object=pod(labels={"exit": "x" * 1_000_000}))
    adapter._child.process.send_signal(19)  # type: ignore[union-attr]  # SIGSTOP: it reads nothing
    with pytest.raises(AdapterError, match="apply: the engine did not answer within 1 s"):
        adapter.apply(huge)


def test_a_flood_on_stderr_hinders_nothing(
    broken: Open, capsys: pytest.CaptureFixture[str]
) -> None:
    adapter = broken("floods_stderr")
    adapter.reset()
    adapter.apply(CREATE)
    assert isinstance(adapter.apply(EXIT), Accepted)
    assert LOGGED <= len(capsys.readouterr().err) < LOGGED + 100_000


def test_what_it_writes_to_stderr_is_passed_through(
    broken: Open, capsys: pytest.CaptureFixture[str]
) -> None:
    complaint(broken("crashes"))
    assert "panic: out of order" in capsys.readouterr().err


def test_answers_of_a_batch_may_come_in_any_order(broken: Open) -> None:
    adapter = broken("turns_batches_round", '"apply"')
    adapter.reset()
    assert isinstance(adapter.apply(CREATE), Accepted)
    assert any(each.object["kind"] == "Pod" for each in adapter.observe())


def test_an_engine_need_not_take_batches(broken: Open) -> None:
    adapter = broken("takes_no_batches", '"describe"')
    adapter.reset()
    adapter.apply(CREATE)
    adapter.apply(EXIT)
    assert any(each.object["kind"] == "Pod" for each in adapter.observe())
    assert not adapter.observe()


def test_what_is_shown_of_its_stderr_moves_no_cursor(broken: Open) -> None:
    said = complaint(broken("moves_the_cursor"))
    assert "gone" in said
    assert said.isprintable()


def test_the_engines_own_error_does_not_end_the_process(broken: Open, tmp_path: Path) -> None:
    adapter = broken("answers_with_an_error")
    assert complaint(adapter) == "apply was answered with error -32000: no memory (heap)"
    adapter.reset()
    assert len(started(tmp_path)) == 1


def test_without_a_process_there_is_nothing_to_apply(broken: Open) -> None:
    adapter = broken("crashes")
    complaint(adapter)
    with pytest.raises(AdapterError, match=r"no process to apply: .* exit code 3 .* reset starts"):
        adapter.apply(EXIT)


def test_what_fails_at_every_start_is_given_up(broken: Open, tmp_path: Path) -> None:
    adapter = broken("crashes", '"reset"')
    for _ in range(ENOUGH):
        with pytest.raises(AdapterError, match="reset: the engine ended with exit code 3"):
            adapter.reset()
    with pytest.raises(AdapterError, match=f"given up, {ENOUGH} fresh processes in a row"):
        adapter.reset()
    assert len(started(tmp_path)) == ENOUGH


def test_another_version_of_the_protocol_is_refused(broken: Open) -> None:
    with pytest.raises(AdapterError, match="describe: the engine speaks protocol 99; spoken here"):
        broken("speaks_another_version", "describe").describe()


def test_without_a_handshake_there_is_no_process(broken: Open, tmp_path: Path) -> None:
    adapter = broken("answers_with_an_error", "describe")
    for _ in range(2):
        with pytest.raises(AdapterError, match="describe was answered with error -32000: no mem"):
            adapter.describe()
        assert alive(tmp_path, patience=0) == []
    assert len(started(tmp_path)) == 2


def test_a_process_that_does_not_end_by_itself_is_ended(broken: Open, tmp_path: Path) -> None:
    adapter = broken("outlives_its_input", '"close"')
    adapter.describe()
    adapter.close()
    assert alive(tmp_path, patience=0) == []


def test_a_forgotten_process_is_ended(tmp_path: Path) -> None:
    adapter = ProcessAdapter(faulty("hangs", "never", tmp_path))
    adapter.describe()
    del adapter
    assert alive(tmp_path) == []
