"""The engines of ``examples/node``: one passes what it claims, the other is told its faults."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from reports.events import ViolationFound
from reports.folding import fold
from reports.verdicts import Verdict
from tests.conformance.processes import ENVIRONMENT, command, stream
from tests.process.engines import ROOT

NODE = shutil.which("node")
pytestmark = pytest.mark.skipif(NODE is None, reason="node is not installed")
AREAS = ("PHASE", "TRANS", "RESTART", "BACKOFF", "IDENTITY", "VALIDATION", "QOS")


def run(directory: Path, engine: str, areas: Sequence[str]) -> subprocess.CompletedProcess[str]:
    """A run against an engine of the examples."""
    path = ROOT / "examples" / "node" / engine
    words = [word for area in areas for word in ("--area", area)]
    return subprocess.run(
        command(
            "run", "--validate", "--budget", "quick", *words, "--adapter", f"process:node {path}"
        ),
        cwd=directory,
        env={**ENVIRONMENT, "PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_engine_passes_what_it_claims(tmp_path: Path) -> None:
    result = run(tmp_path, "engine.js", AREAS)
    assert result.returncode == 0, result.stdout + result.stderr
    (summary,) = fold(stream(tmp_path))
    passed = {each.rule.id for each in summary.results if each.verdict is Verdict.PASSED}
    assert {"PHASE-007", "PHASE-012", "TRANS-006", "RESTART-002", "BACKOFF-001"} <= passed
    assert {"BACKOFF-003", "RESTART-005", "IDENTITY-001", "VALIDATION-001"} <= passed


def test_the_hasty_engine_is_told_its_faults(tmp_path: Path) -> None:
    result = run(tmp_path, "hasty_engine.js", ("PHASE", "RESTART", "BACKOFF"))
    assert result.returncode == 1, result.stdout + result.stderr
    broken = {each.rule for each in stream(tmp_path) if isinstance(each, ViolationFound)}
    assert {"PHASE-007", "RESTART-002", "BACKOFF-001"} <= broken
    page = (tmp_path / "report" / "report.html").read_text()
    assert "node-hasty" in page
