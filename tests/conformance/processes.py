"""``kubelaws`` in a process of its own, from an empty directory."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from reports.events import ResultEvent
from reports.ndjson import read

ROOT = Path(__file__).parent.parent.parent
MAIN = "from conformance.cli import main; main(prog_name='kubelaws')"
ENVIRONMENT = {"PATH": "", "PYTHONPATH": str(ROOT)}


def command(*words: object) -> list[str]:
    return [sys.executable, "-c", MAIN, *map(str, words)]


def kubelaws(directory: Path, *words: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(*words),
        cwd=directory,
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        check=False,
    )


def stream(directory: Path) -> list[ResultEvent]:
    return list(read(directory / "report" / "stream.ndjson"))
