"""The tutorial, word for word: its commands are run, its changes are made, and it ends green."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conformance.processes import MAIN
from tests.process.engines import ROOT

TUTORIAL = ROOT / "docs" / "tutorial.md"
BLOCK = re.compile(r"^```(console|diff)\n(.*?)^```", re.MULTILINE | re.DOTALL)
needs_node = pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed")


def commands(block: str) -> Iterator[tuple[str, list[str]]]:
    """Each command of a block, and what the tutorial shows of its output."""
    for part in block.split("$ ")[1:]:
        command, *shown = part.splitlines()
        yield command, shown


def squeezed(text: str) -> str:
    return " ".join(text.split())


def shows(output: str, shown: list[str]) -> None:
    """The output has these lines in this order; ``…`` stands for anything."""
    pattern = ".*".join(re.escape(squeezed(part)) for part in "\n".join(shown).split("…"))
    assert re.search(pattern, squeezed(output)), f"not shown: {shown}\n{output}"


def changed(text: str, diff: str) -> str:
    """The text with a change made to it, in the one place where it fits."""
    lines = [line for line in diff.splitlines() if line]
    old = "\n".join(line[1:] for line in lines if line[0] in " -")
    new = "\n".join(line[1:] for line in diff.splitlines() if line[:1] != "-")
    assert text.count(old) == 1, old
    return text.replace(old, new)


@needs_node
def test_the_tutorial_ends_green(tmp_path: Path) -> None:
    program = tmp_path / "bin" / "kubelaws"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -c "{MAIN}" "$@"\n')
    program.chmod(0o755)
    path = f"{program.parent}:{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path, "PYTHONPATH": str(ROOT)}
    where, output = tmp_path, ""
    for language, block in BLOCK.findall(TUTORIAL.read_text("utf-8")):
        if language == "diff":
            engine = where / "engine.js"
            engine.write_text(changed(engine.read_text(), block))
            continue
        for command, shown in commands(block):
            if command.startswith("cd "):
                where /= command.removeprefix("cd ")
                continue
            done = subprocess.run(
                ["bash", "-c", command],
                cwd=where,
                env=environment,
                capture_output=True,
                text=True,
                check=False,
            )
            output = done.stdout + done.stderr
            shows(output, shown)
    assert "conforms" in output
