"""The suite's own runs against a real 1.36.2 cluster, as recordings: nothing in them breaks a rule."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import pytest
from click.testing import CliRunner

from conformance.cli import main

AREAS = {
    "b": ("PHASE", "TRANS", "RESTART", "BACKOFF", "INIT", "PV", "HPA", "QOS"),
    "c": ("PROBE", "TERM", "NETWORK", "CONFIGMAP", "CONDITION", "REASON", "WATCH", "BACKOFF"),
    "d": ("REPLICA", "JOB", "DEPLOY", "STATEFUL", "SCHED", "GC", "STATIC", "DAEMON", "INIT", "PV"),
}
"""By recording, areas whose rules must be exercised in it."""


@cache
def judged(recording: str) -> dict[str, dict[str, int]]:
    """What ``check`` says of it."""
    trace = Path(__file__).parent / f"cluster-1.36.2-{recording}.jsonl.gz"
    done = CliRunner().invoke(main, ["check", str(trace), "--format", "json"])
    outcome: dict[str, dict[str, int]] = json.loads(done.output)
    return outcome


@pytest.mark.parametrize("recording", AREAS)
def test_no_rule_is_broken(recording: str) -> None:
    assert judged(recording)["violations"] == {}


@pytest.mark.parametrize(
    ("recording", "area"), [(name, area) for name, areas in AREAS.items() for area in areas]
)
def test_the_area_is_exercised(recording: str, area: str) -> None:
    assert [rule for rule in judged(recording)["exercised"] if rule.startswith(f"{area}-")]
