"""A child process that is spoken to line by line: every wait has an end, and nothing is left behind.

One thread and no more: while an answer is awaited, the child's stderr is drained in the same loop,
so a child that floods it is never blocked and its last words are at hand when it dies.
"""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import time
import weakref
from collections.abc import Sequence
from contextlib import suppress
from typing import IO, Final

from conformance.adapters.process.messages import LONGEST, short

CHUNK: Final = 65536
TAIL: Final = 4096
"""Bytes of stderr that are remembered."""

LOGGED: Final = 1024 * 1024
"""Bytes of stderr that are passed through; a flood should not fill the tester's disk."""

PATIENCE: Final = 1.0
"""Seconds that a child gets to end by itself after its output has ended."""


class ChildError(Exception):
    """The child did not do what was asked: it says what it did instead."""


class Child:
    """A running process; ``ask`` speaks with it, ``finish`` and ``end`` end it and all that it started.

    Raises:
        OSError: the program cannot be run.
    """

    def __init__(self, command: Sequence[str]) -> None:
        self.process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            bufsize=0,
            start_new_session=True,  # a group of its own, so that all of it can be ended
        )
        self._stdin, self._stdout, self._stderr = map(_unblocked, _pipes(self.process))
        self._events = select.poll()
        for number in (self._stdout, self._stderr):
            self._events.register(number, select.POLLIN)
        self._unsent = memoryview(b"")
        self._read: list[bytes] = []
        self._size = 0
        self._tail = b""
        self._logged = 0
        self._open = True
        self.end = weakref.finalize(self, _end, self.process)

    def ask(self, line: bytes, seconds: float) -> bytes:
        """Sends a line, and returns the next one that comes back.

        Raises:
            ChildError: none came in that time, the child has ended, or the line does not end.
        """
        until = time.monotonic() + seconds
        self._unsent = memoryview(line)
        self._send()
        while (found := self._line()) is None:
            if not self._open:
                raise ChildError(self._how_it_ended())
            left = until - time.monotonic()
            if left <= 0:
                raise ChildError(f"did not answer within {seconds:g} s")
            self._wait(left)
        return found

    def last_words(self) -> str:
        """The end of its stderr, the latest lines in one."""
        until = time.monotonic() + PATIENCE  # a flood has no end
        while self.end.alive and self._log() and time.monotonic() < until:
            pass
        lines = [line.strip() for line in self._tail.decode(errors="replace").splitlines()]
        return " ⏎ ".join([short(line[-200:]) for line in lines if line][-5:])

    def finish(self, seconds: float) -> None:
        """Lets it end by itself: its input ends, and it has that long before it is made to."""
        if self.end.alive:
            _pipes(self.process)[0].close()
            _ended(self.process, seconds)
            self.last_words()
            self.end()

    # -- how it is done -------------------------------------------------------------------------

    def _wait(self, seconds: float) -> None:
        for number, _ in self._events.poll(seconds * 1000):
            if number == self._stdout:
                self._receive()
            elif number == self._stderr:
                self._log()
            else:
                self._send()

    def _send(self) -> None:
        try:
            while self._unsent:
                self._unsent = self._unsent[os.write(self._stdin, self._unsent) :]
        except BlockingIOError:
            self._events.register(self._stdin, select.POLLOUT)
            return
        except OSError:  # it reads no more; what it has answered before still counts
            self._unsent = memoryview(b"")
        self._forget(self._stdin)

    def _receive(self) -> None:
        chunk = _read(self._stdout)
        if chunk is None:
            return
        if not chunk:
            self._open = False
            self._forget(self._stdout)
            return
        self._read.append(chunk)
        self._size += len(chunk)
        if self._size > LONGEST and b"\n" not in chunk:
            raise ChildError(f"sent a message of more than {LONGEST >> 20} MiB")

    def _line(self) -> bytes | None:
        if not self._read or b"\n" not in self._read[-1]:
            return None
        line, _, rest = b"".join(self._read).partition(b"\n")
        self._read = [rest] if rest else []
        self._size = len(rest)
        return line

    def _log(self) -> bool:
        """Takes down what is there of its stderr; False where nothing is."""
        chunk = _read(self._stderr)
        if not chunk:
            if chunk is not None:
                self._forget(self._stderr)
            return False
        self._tail = (self._tail + chunk)[-TAIL:]
        if self._logged < LOGGED:
            self._logged += len(chunk)
            _pass_through(chunk)
            if self._logged >= LOGGED:
                _pass_through(b"\nkubelaws: the engine goes on logging; no more of it is shown\n")
        return True

    def _forget(self, number: int) -> None:
        try:
            self._events.unregister(number)
        except KeyError:
            return

    def _how_it_ended(self) -> str:
        code = _ended(self.process, PATIENCE)
        if code is None:
            return "closed its standard output before it answered"
        if code < 0:
            return f"was ended by {signal.Signals(-code).name} before it answered"
        return f"ended with exit code {code} before it answered"


def _pipes(process: subprocess.Popen[bytes]) -> tuple[IO[bytes], IO[bytes], IO[bytes]]:
    assert process.stdin is not None
    assert process.stdout is not None
    assert process.stderr is not None
    return process.stdin, process.stdout, process.stderr


def _unblocked(pipe: IO[bytes]) -> int:
    os.set_blocking(pipe.fileno(), False)
    return pipe.fileno()


def _read(number: int) -> bytes | None:
    """What is there; empty at the end, None where nothing has come yet."""
    try:
        return os.read(number, CHUNK)
    except BlockingIOError:
        return None


def _pass_through(chunk: bytes) -> None:
    try:
        sys.stderr.write(chunk.decode(errors="replace"))
    except (OSError, ValueError):
        return  # ours is closed; the engine's log has nowhere to go


def _ended(process: subprocess.Popen[bytes], seconds: float) -> int | None:
    """Its exit code, negative for a signal; None where it still runs after that time.

    It stays a zombie until it is waited for, so that its group is still its own.
    """
    until = time.monotonic() + seconds
    while True:
        if process.returncode is not None:
            return process.returncode
        found = os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        if found is not None:
            return found.si_status if found.si_code == os.CLD_EXITED else -found.si_status
        if time.monotonic() >= until:
            return None
        time.sleep(0.005)


def _end(process: subprocess.Popen[bytes]) -> None:
    """Ends the process and all that it started."""
    if process.returncode is None:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    for pipe in _pipes(process):
        pipe.close()
