"""The events of a whole invocation, while it happens: shown, kept on disk line by line, held for the end."""

from __future__ import annotations

import io
import os
import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from importlib.resources import files
from pathlib import Path
from types import FrameType
from typing import Any, Final
from unittest.mock import patch

import pytest
from rich.console import Console

from conformance.saved import replayable
from reports.events import ResultEvent, RunFinished, RunStarted
from reports.ndjson import StreamWriter
from reports.progress import Progress

LOG: Final = "pytest.log"
"""What pytest, and an engine in this process, said while the suite ran."""

NO_RUN: Final = (pytest.ExitCode.USAGE_ERROR, pytest.ExitCode.INTERNAL_ERROR)


class SuiteError(Exception):
    """The suite could not be run at all; the message is what pytest said last."""


class Stream:
    """Takes events one by one; a context manager.

    The end of a run is held back until its mutants are tried, for their rows belong to the run.
    """

    def __init__(self, directory: Path, console: Console) -> None:
        self.directory = directory
        self.events: list[ResultEvent] = []
        self.profile = ""
        self._writer = StreamWriter(directory / "stream.ndjson")
        self._progress = Progress(console)
        self._open = False
        self._end: RunFinished | None = None

    def __enter__(self) -> Stream:
        self._progress.__enter__()
        return self

    def __exit__(self, *error: Any) -> None:
        self._progress.__exit__(*error)
        self._writer.close()

    def take(self, event: ResultEvent) -> None:
        """Takes one event; the end of a run waits for ``finish``."""
        if isinstance(event, RunFinished):
            self._end = event
            return
        if isinstance(event, RunStarted):
            self._open, self.profile = True, event.profile
        self._pass_on(replayable(event, self.directory, self.profile))

    def finish(self, *, interrupted: bool) -> None:
        """Ends the run that is going on, if one is."""
        if self._open:
            end = self._end or RunFinished(0.0, interrupted=True)
            self._pass_on(RunFinished(end.seconds, interrupted or end.interrupted, end.error))
        self._open, self._end = False, None

    def _pass_on(self, event: ResultEvent) -> None:
        self.events.append(event)
        self._writer.feed(event)
        self._progress.feed(event)


class Listener:
    """The pytest plugin that hands the events of a run over."""

    def __init__(self, stream: Stream) -> None:
        self.stream = stream
        self.asked_to_stop = False
        self.interrupted = False

    def pytest_kubelaws_event(self, event: ResultEvent) -> None:
        """One event, once."""
        self.stream.take(event)

    def pytest_runtest_logstart(self) -> None:
        """A test begins, unless it should not: an interrupt that fell into a callback of Python's is lost."""
        if self.asked_to_stop:
            raise KeyboardInterrupt

    def pytest_keyboard_interrupt(self) -> None:
        """Ctrl-C; the exit code does not tell, a suite that cannot be imported has the same."""
        self.interrupted = True

    @contextmanager
    def hearing_interrupts(self) -> Iterator[None]:
        """Ctrl-C is not forgotten while this lasts."""

        def heard(number: int, frame: FrameType | None) -> None:
            self.asked_to_stop = True
            signal.default_int_handler(number, frame)

        before = signal.signal(signal.SIGINT, heard)
        try:
            yield
        finally:
            signal.signal(signal.SIGINT, before)


def run_suite(stream: Stream, options: Sequence[str]) -> bool:
    """Runs the suite in this process; False where it was interrupted.

    Raises:
        SuiteError: it could not be run.
    """
    ini = files("conformance.suite").joinpath("pytest.ini")
    # Capture by file descriptor would swallow the progress; what others add to the options, change the run.
    fixed = ["-c", str(ini), "--pyargs", "conformance.suite", "-q", "--capture=sys"]
    # Scenarios assert nothing; to rewrite what they import costs every worker a second and more.
    fixed += ["-p", "no:cacheprovider", "--assert=plain"]
    # Nor are all objects of every process looked through at its end for errors that nobody can catch.
    fixed += ["-p", "no:unraisableexception"]
    said, listener = io.StringIO(), Listener(stream)
    quiet = patch.dict(os.environ, PYTEST_ADDOPTS="")
    with redirect_stdout(said), redirect_stderr(said), quiet, listener.hearing_interrupts():
        code = pytest.main([*fixed, *options], plugins=[listener])
    (stream.directory / LOG).write_text(said.getvalue(), encoding="utf-8")
    if code in NO_RUN or (code == pytest.ExitCode.INTERRUPTED and not listener.interrupted):
        raise SuiteError(_last_error(said.getvalue()))
    return not listener.interrupted


def _last_error(said: str) -> str:
    lines = [line for line in said.splitlines() if line.strip()]
    errors = [line.removeprefix("ERROR").lstrip(": ") for line in lines if line.startswith("ERROR")]
    return (errors or lines or ["it said nothing"])[-1]
