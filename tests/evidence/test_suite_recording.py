"""The suite's own run against a real 1.36.2 cluster, as a recording: nothing in it breaks a rule."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from conformance.cli import main

TRACE = Path(__file__).parent / "cluster-1.36.2-b.jsonl.gz"


@pytest.fixture(scope="module")
def judged() -> dict[str, dict[str, int]]:
    """What ``check`` says of it."""
    done = CliRunner().invoke(main, ["check", str(TRACE), "--format", "json"])
    outcome: dict[str, dict[str, int]] = json.loads(done.output)
    return outcome


def test_no_rule_is_broken(judged: dict[str, dict[str, int]]) -> None:
    assert judged["violations"] == {}


@pytest.mark.parametrize(
    "area", ["PHASE", "TRANS", "RESTART", "BACKOFF", "INIT", "PV", "HPA", "QOS"]
)
def test_the_area_is_exercised(judged: dict[str, dict[str, int]], area: str) -> None:
    assert [rule for rule in judged["exercised"] if rule.startswith(f"{area}-")]
