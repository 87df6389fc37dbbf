"""The model's Jobs do as those of Kubernetes 1.36.2, and a recorded cluster keeps to the law."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from conformance.cli import main
from tests.evidence.vectors import CLUSTER, assert_agreement


@pytest.mark.parametrize(
    "function", ["job.backoff", "job.backoff_record", "job.pod_failure_policy", "job.sync"]
)
def test_the_model_agrees_with_kubernetes(function: str) -> None:
    assert_agreement(function)


@pytest.fixture(scope="module")
def judged() -> dict[str, dict[str, int]]:
    """What ``check`` says of a cluster with Jobs, good and bad, and a DaemonSet."""
    done = CliRunner().invoke(main, ["check", str(CLUSTER), "--format", "json"])
    outcome: dict[str, dict[str, int]] = json.loads(done.output)
    return outcome


@pytest.mark.parametrize(
    "rule",
    [
        *("JOB-003", "JOB-004", "JOB-007", "JOB-008", "JOB-009", "JOB-013"),
        *("DAEMON-001", "DAEMON-003", "DAEMON-004", "DAEMON-007"),
    ],
)
def test_a_real_cluster_shows_the_rule_and_keeps_it(
    judged: dict[str, dict[str, int]], rule: str
) -> None:
    assert judged["exercised"][rule] > 0
    assert rule not in judged["violations"]
