"""The autoscaler: its pure functions against the recorded ones, and its loop on a control plane."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from conformance.adapters.simulator.controllers.hpa import limits, proposal
from conformance.adapters.simulator.controllers.hpa.functions import FUNCTIONS
from conformance.adapters.simulator.settings import SETTINGS
from tests.simulator.control_plane import ControlPlane, workload

VECTORS = Path(__file__).parents[2] / "conformance" / "vectors"
RECORDED = sorted(name for name in FUNCTIONS if (VECTORS / f"{name}.jsonl").exists())
HALF = {"type": "Utilization", "averageUtilization": 50}
CPU = {"type": "Resource", "resource": {"name": "cpu", "target": HALF}}
HUNDRED = {"type": "AverageValue", "averageValue": "100M"}
MEMORY = {"type": "Resource", "resource": {"name": "memory", "target": HUNDRED}}
ONE_EACH = {"type": "AverageValue", "averageValue": "1"}
ONE = {"type": "Value", "value": "1"}
POD = {"apiVersion": "v1", "kind": "Pod", "name": "p"}


@pytest.mark.parametrize("function", RECORDED)
def test_function_agrees_with_kubernetes(function: str) -> None:
    for line in (VECTORS / f"{function}.jsonl").read_text().splitlines():
        vector = json.loads(line)
        try:
            answer = {"result": FUNCTIONS[function](vector["arguments"], SETTINGS["v1.36"])}
        except ValueError as error:
            answer = {"error": str(error)}
        assert answer.items() <= vector.items(), vector["id"]


def test_four_functions_are_recorded() -> None:
    assert len(RECORDED) == 4


# The loop.


def autoscaled(
    profile: str = "v1.36", replicas: int = 2, minimum: int = 1, maximum: int = 10, **spec: Any
) -> ControlPlane:
    plane = ControlPlane(profile)
    plane.create("Deployment", "d", spec=workload(replicas, requests={"cpu": "100m"}))
    reference = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "d"}
    bounds = {"minReplicas": minimum, "maxReplicas": maximum}
    spec = {"scaleTargetRef": reference, **bounds, "metrics": [CPU], **spec}
    plane.create("HorizontalPodAutoscaler", "h", spec=spec)
    return plane


def replicas(plane: ControlPlane) -> int:
    found: int = plane.get("Deployment", "d")["spec"]["replicas"]
    return found


def condition(plane: ControlPlane, type_: str) -> tuple[str, str]:
    conditions = plane.get("HorizontalPodAutoscaler", "h")["status"]["conditions"]
    return next((one["status"], one["reason"]) for one in conditions if one["type"] == type_)


def test_first_look_is_one_period_after_creation() -> None:
    plane = autoscaled()
    plane.use(cpu="100m")
    plane.advance(14.9)
    assert replicas(plane) == 2
    plane.advance(0.1)
    assert replicas(plane) == 4


def test_status_and_event_tell_of_the_rescale() -> None:
    plane = autoscaled()
    plane.use(cpu="80m")
    plane.advance(15)
    status = plane.get("HorizontalPodAutoscaler", "h")["status"]
    assert (status["currentReplicas"], status["desiredReplicas"]) == (2, 4)
    assert status["lastScaleTime"] == "2024-05-01T00:00:15Z"
    current = {"averageValue": "80m", "averageUtilization": 80}
    assert status["currentMetrics"] == [
        {"type": "Resource", "resource": {"name": "cpu", "current": current}}
    ]
    assert "SuccessfulRescale" in plane.reasons("HorizontalPodAutoscaler")
    assert condition(plane, "AbleToScale") == ("True", "SucceededRescale")
    assert condition(plane, "ScalingActive") == ("True", "ValidMetricFound")


def test_conditions_of_a_quiet_round() -> None:
    plane = autoscaled()
    plane.use(cpu="50m")
    plane.advance(15)
    assert condition(plane, "AbleToScale") == ("True", "ReadyForNewScale")
    assert condition(plane, "ScalingLimited") == ("False", "DesiredWithinRange")


def test_speed_limit() -> None:
    plane = autoscaled(replicas=1)
    plane.use(cpu="1")
    plane.advance(15)
    assert replicas(plane) == 4
    assert condition(plane, "ScalingLimited") == ("True", "ScaleUpLimit")


def test_documented_has_no_speed_limit_and_another_formula() -> None:
    plane = autoscaled("documented", replicas=3)
    plane.use(cpu="100m")
    plane.advance(30)
    assert replicas(plane) == 7


def test_scale_down_waits_for_the_window() -> None:
    plane = autoscaled(replicas=6)
    plane.use(cpu="10m")
    plane.advance(300)
    assert replicas(plane) == 6
    assert condition(plane, "AbleToScale") == ("True", "ScaleDownStabilized")
    plane.advance(30)
    assert replicas(plane) == 2


def test_documented_cooldown_forbids_both_directions() -> None:
    plane = autoscaled("documented", replicas=1)
    plane.use(cpu="80m")
    plane.advance(30)
    assert replicas(plane) == 2
    plane.use(cpu="200m")
    plane.advance(180)
    assert replicas(plane) == 2
    assert condition(plane, "AbleToScale") == ("False", "BackoffUpscale")
    plane.advance(30)
    assert replicas(plane) == 9


def test_bounds_are_restored_without_metrics() -> None:
    plane = autoscaled(replicas=12, maximum=10)
    plane.metrics_available = False
    plane.advance(15)
    assert replicas(plane) == 10


def test_zero_replicas_disable() -> None:
    plane = autoscaled(replicas=0)
    plane.advance(60)
    assert replicas(plane) == 0
    assert condition(plane, "ScalingActive") == ("False", "ScalingDisabled")


@pytest.mark.parametrize("available", [True, False])
def test_without_samples_nothing_is_scaled(available: bool) -> None:
    plane = autoscaled()
    plane.metrics_available = available
    plane.advance(15)
    assert condition(plane, "ScalingActive") == ("False", "FailedGetResourceMetric")
    told = plane.reasons("HorizontalPodAutoscaler")
    assert told == ["FailedGetResourceMetric", "FailedComputeMetricsReplicas"]


def test_missing_request_voids_utilization() -> None:
    plane = autoscaled()
    plane.change("Deployment", "d", "spec", "template", value=workload(2)["template"])
    plane.use(cpu="1")
    plane.advance(15)
    assert replicas(plane) == 2
    assert condition(plane, "ScalingActive") == ("False", "FailedGetResourceMetric")


def test_average_value_needs_no_request() -> None:
    plane = autoscaled(metrics=[MEMORY])
    plane.use(memory="200M")
    plane.advance(15)
    assert replicas(plane) == 4
    current = plane.get("HorizontalPodAutoscaler", "h")["status"]["currentMetrics"][0]
    assert current["resource"]["current"] == {"averageValue": "200M"}


def test_largest_metric_wins() -> None:
    plane = autoscaled(metrics=[CPU, MEMORY])
    plane.use(cpu="75m", memory="200M")
    plane.advance(15)
    assert replicas(plane) == 4


def test_a_failed_metric_forbids_scaling_down_only() -> None:
    plane = autoscaled(
        metrics=[CPU, MEMORY], behavior={"scaleDown": {"stabilizationWindowSeconds": 0}}
    )
    plane.use(cpu="10m")
    plane.advance(15)
    assert replicas(plane) == 2
    plane.use(cpu="100m")
    plane.advance(15)
    assert replicas(plane) == 4


@pytest.mark.parametrize(
    ("metric", "reason"),
    [
        (
            {"type": "Pods", "pods": {"metric": {"name": "m"}, "target": ONE_EACH}},
            "FailedGetPodsMetric",
        ),
        (
            {
                "type": "Object",
                "object": {"metric": {"name": "m"}, "target": ONE, "describedObject": POD},
            },
            "FailedGetObjectMetric",
        ),
        (
            {"type": "External", "external": {"metric": {"name": "m"}, "target": ONE}},
            "FailedGetExternalMetric",
        ),
    ],
)
def test_metrics_that_nobody_serves(metric: dict[str, Any], reason: str) -> None:
    plane = autoscaled(metrics=[metric])
    plane.use(cpu="1")
    plane.advance(15)
    assert condition(plane, "ScalingActive") == ("False", reason)


def test_pods_metric_with_an_injected_usage() -> None:
    plane = autoscaled(
        metrics=[{"type": "Pods", "pods": {"metric": {"name": "qps"}, "target": ONE_EACH}}]
    )
    plane.use(qps="2")
    plane.advance(15)
    assert replicas(plane) == 4


def test_container_resource() -> None:
    source = {"name": "cpu", "container": "c", "target": HALF}
    plane = autoscaled(metrics=[{"type": "ContainerResource", "containerResource": source}])
    plane.use(cpu="100m")
    plane.advance(15)
    assert replicas(plane) == 4


def test_target_may_come_later() -> None:
    plane = ControlPlane()
    reference = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "d"}
    spec = {"scaleTargetRef": reference, "maxReplicas": 3, "metrics": [CPU]}
    plane.create("HorizontalPodAutoscaler", "h", spec=spec)
    plane.advance(15)
    assert condition(plane, "AbleToScale") == ("False", "FailedGetScale")
    plane.create("Deployment", "d", spec=workload(5))
    plane.advance(15)
    assert replicas(plane) == 3


def test_daemon_sets_do_not_scale() -> None:
    plane = ControlPlane()
    reference = {"apiVersion": "apps/v1", "kind": "DaemonSet", "name": "d"}
    spec = {"scaleTargetRef": reference, "maxReplicas": 3, "metrics": [CPU]}
    plane.create("HorizontalPodAutoscaler", "h", spec=spec)
    plane.advance(15)
    assert plane.reasons("HorizontalPodAutoscaler") == ["FailedGetScale"]


def test_behavior_policies_pace_the_way_up() -> None:
    policies = [{"type": "Pods", "value": 1, "periodSeconds": 30}]
    plane = autoscaled(replicas=1, behavior={"scaleUp": {"policies": policies}})
    plane.use(cpu="200m")
    seen = []
    for _ in range(5):
        plane.advance(15)
        plane.use(cpu="200m")
        seen.append(replicas(plane))
    assert seen == [2, 2, 3, 3, 4]


def test_tolerance_of_one_direction() -> None:
    plane = autoscaled(replicas=4, behavior={"scaleUp": {"tolerance": "500m"}})
    plane.use(cpu="74m")
    plane.advance(15)
    assert replicas(plane) == 4


def test_two_autoscalers_of_one_target_block_each_other() -> None:
    plane = autoscaled()
    spec = plane.get("HorizontalPodAutoscaler", "h")["spec"]
    plane.create("HorizontalPodAutoscaler", "other", spec=spec)
    plane.use(cpu="50m")
    plane.advance(30)
    assert condition(plane, "ScalingActive") == ("False", "AmbiguousSelector")


# Decisions.


@pytest.mark.parametrize(
    ("current", "proposals", "expected"),
    [(3, [2, 5], 5), (3, [5, None], 5), (3, [2, None], None), (3, [None], None), (3, [2, 1], 2)],
)
def test_combination_of_metrics(
    current: int, proposals: list[int | None], expected: int | None
) -> None:
    assert proposal.combine(current, proposals) == expected


@pytest.mark.parametrize(
    ("profile", "used", "expected"), [("v1.36", 55, True), ("documented", 55, False)]
)
def test_upper_bound_of_the_tolerance(profile: str, used: int, expected: bool) -> None:
    tolerances = proposal.Tolerances(0.1, 0.1)
    assert proposal.is_within(used / 50, tolerances, SETTINGS[profile]) is expected


@pytest.mark.parametrize(
    ("current", "up", "down"), [(1, 5, 0), (2, 6, 0), (3, 7, 0), (5, 10, 0), (10, 20, 0)]
)
def test_limits_of_an_empty_behavior(current: int, up: int, down: int) -> None:
    assert limits.limit_up(current, limits.rules_of({}, "scaleUp"), (), ()) == up
    assert limits.limit_down(current, limits.rules_of({}, "scaleDown"), (), ()) == down
