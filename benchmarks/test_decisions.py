"""A decision: a call, warm."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from benchmarks.conftest import Report
from spec_model import objects
from spec_model.pod.phase import pod_phase
from spec_model.pod.restart import should_restart
from spec_model.resources.qos import qos_class
from spec_model.workloads.hpa_metrics import replicas_for_utilization, sample_of
from strategies.manifests import container, pod

RUNNING = {"running": {"startedAt": "2024-05-01T10:00:00Z"}}
MANIFEST = {
    **pod(containers=[container("c", limits={"cpu": "1", "memory": "1Gi"}), container("d")]),
    "status": {"containerStatuses": [{"name": name, "state": RUNNING} for name in "cd"]},
}
VIEW = objects.pod(MANIFEST)
SAMPLE = {"phase": "Running", "ready": True, "start_age_s": 900, "last_transition_age_s": 890}
PODS = [
    {**SAMPLE, "name": str(number), "request_milli": 1000, "usage_milli": 900, "window_s": 30}
    | {"sample_age_s": 5, "deleting": False}
    for number in range(3)
]
SAMPLES = [sample_of(pod) for pod in PODS]

DECISIONS: dict[str, Callable[[], Any]] = {
    "phase": lambda: pod_phase(VIEW),
    "QoS class": lambda: qos_class(MANIFEST["spec"]),
    "should restart": lambda: should_restart(VIEW.spec, VIEW.spec.containers[0], 1),
    "HPA replicas (3 Pods)": lambda: replicas_for_utilization(SAMPLES, 3, 50),
}


@pytest.mark.parametrize("name", DECISIONS)
def test_decision(benchmark: Any, report: Report, name: str) -> None:
    """A decision, warm."""
    decision = benchmark(DECISIONS[name])
    assert decision.because
    report(f"decision: {name}", f"{benchmark.stats.stats.median * 1e6:.1f} us", "<= 5 us")
