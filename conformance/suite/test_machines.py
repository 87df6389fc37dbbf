"""Machines: drawn sequences of each subject's operations, and of the whole cluster's."""

from __future__ import annotations

from typing import Any

import pytest

from conformance.machines import SUBJECTS
from spec_model.rules import rules_of

AREAS = {
    "lifecycle": (
        *("PHASE", "TRANS", "RESTART", "BACKOFF", "INIT", "PROBE", "TERM"),
        *("STATIC", "CONFIGMAP", "CONDITION", "REASON"),
    ),
    "fleet": ("IDENTITY", "BACKOFF", "INIT", "TERM", "CONDITION", "REASON"),
    "statics": ("STATIC",),
    "storage": ("PV",),
    "autoscaling": ("HPA",),
    "rollouts": ("DEPLOY", "ROLLOUT"),
    "contents": ("CONFIGMAP", "VOLUME", "NETWORK", "WATCH"),
    "batch": ("JOB",),
    "daemons": ("DAEMON",),
    "scheduling": ("SCHED", "AFFINITY", "EVICT"),
    "replicas": ("REPLICA", "STATEFUL", "GC"),
    "cluster": (),
}


def _parameter(name: str) -> Any:
    rules = [rule.id for rule in rules_of(*AREAS[name])]
    return pytest.param(name, marks=[pytest.mark.machine, pytest.mark.rules(*rules)])


@pytest.mark.parametrize("subject", [_parameter(name) for name in SUBJECTS])
def test_sequences(subject: str, kubelaws: Any) -> None:
    """Whole sequences drawn as one value each."""
    kubelaws.sequences(SUBJECTS[subject])


@pytest.mark.parametrize("subject", [_parameter(name) for name in SUBJECTS])
def test_state_machine(subject: str, kubelaws: Any) -> None:
    """The same operations, as Hypothesis draws them step by step."""
    kubelaws.state_machine(SUBJECTS[subject])
