"""Engines in processes of their own, and whether they are gone."""

from __future__ import annotations

import os
import shlex
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
FAULTY = Path(__file__).parent / "faulty.py"


def faulty(fault: str, when: str, directory: Path) -> str:
    """The command of the engine with this fault; ``PYTHONPATH`` has to lead to the project."""
    return shlex.join([sys.executable, str(FAULTY), fault, when, str(directory)])


def started(directory: Path) -> list[int]:
    """The ids of the processes that were started."""
    return [int(path.name) for path in directory.iterdir() if path.name.isdigit()]


def alive(directory: Path, patience: float = 5.0) -> list[int]:
    """Those that still run, or are zombies, after a moment."""
    until = time.monotonic() + patience
    while (left := [*filter(_is_alive, started(directory))]) and time.monotonic() < until:
        time.sleep(0.01)
    return left


def _is_alive(pid: int) -> bool:
    """A zombie counts where it is ours to be waited for; whose parent is gone is init's."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return False
    return not (state[0] == "Z" and int(state[1]) != os.getpid())
