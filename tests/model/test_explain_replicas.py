"""How many replicas an autoscaler is said to want, of what lies beside it or of its own status."""

from __future__ import annotations

from typing import Any

import pytest

from spec_model.explain import explain
from spec_model.profiles import DOCUMENTED, V1_36, Profile
from strategies.manifests import Manifest, autoscaler, container, pod, replica_set

READY = "2024-05-01T10:00:05Z"
NOW = "2024-05-01T11:00:00Z"
ASKED = container(requests={"cpu": "200m"})


def said(*manifests: Manifest, profile: Profile = V1_36) -> dict[str, tuple[str, str]]:
    found = explain(manifests[0], manifests, profile=profile)
    return {each.about: (each.says, each.rule) for each in found}


def runs(name: str, **more: Any) -> Manifest:
    condition = {"type": "Ready", "status": "True", "lastTransitionTime": READY}
    status = {"phase": "Running", "startTime": READY, "conditions": [condition], **more}
    made = pod(name, [ASKED], metadata={"labels": {"app": "a"}})
    return {**made, "status": status}


def uses(name: str, cpu: str) -> Manifest:
    return {
        "kind": "PodMetrics",
        "metadata": {"name": name, "namespace": "default"},
        "timestamp": NOW,
        "window": "30s",
        "containers": [{"name": "c", "usage": {"cpu": cpu, "memory": "1Mi"}}],
    }


def beside(*levels: str, **scaler: Any) -> list[Manifest]:
    """An autoscaler, its Deployment, and a Pod for each amount of CPU."""
    target = replica_set("a", len(levels), pod(containers=[ASKED]), "Deployment")
    names = [f"p{index}" for index in range(len(levels))]
    shown = [each for name, level in zip(names, levels, strict=True) for each in _with(name, level)]
    return [autoscaler("a", "a", **scaler), target, *shown]


def _with(name: str, level: str) -> list[Manifest]:
    return [runs(name), *([uses(name, level)] if level else [])]


def from_status(current: int, percent: int, **status: Any) -> Manifest:
    held = {"name": "cpu", "current": {"averageUtilization": percent}}
    metrics = [{"type": "Resource", "resource": held}]
    shown = {"currentReplicas": current, "currentMetrics": metrics, **status}
    return {**autoscaler("a", "a"), "status": shown}


def test_usage_over_target_makes_the_count() -> None:
    found = said(*beside("200m", "100m"))
    assert found["replicas now"] == ("2", "HPA-006")
    assert found["metric cpu, target 50 %"] == ("3 replicas, for it is at 75 %", "HPA-003")
    assert found["replicas wanted"] == ("3", "HPA-003")


def test_within_the_tolerance_nothing_changes() -> None:
    assert said(*beside("105m", "100m"))["replicas wanted"] == ("2", "HPA-004")


def test_a_limit_is_named() -> None:
    assert said(*beside("800m", "800m"))["replicas wanted"] == (
        "4: 16, but ScaleUpLimit",
        "HPA-008",
    )
    found = said(*beside("800m", "800m"), profile=DOCUMENTED)
    assert found["replicas wanted"] == ("10: 17, but TooManyReplicas", "HPA-005")


def test_a_behavior_is_named() -> None:
    held = {"scaleUp": {"policies": [{"type": "Pods", "value": 1, "periodSeconds": 60}]}}
    found = said(*beside("800m", "800m", behavior=held))
    assert found["replicas wanted"] == ("3: 16, but ScaleUpLimit", "HPA-019")


def test_shrinking_waits() -> None:
    found = said(*beside("10m", "10m", "10m"))
    assert found["replicas wanted"] == ("1", "HPA-003")
    assert found["shrinks"] == ("once nothing higher was recommended for 300 s", "HPA-009")


def test_a_pod_without_a_sample_is_taken_for_idle_on_the_way_up() -> None:
    assert said(*beside("400m", ""))["replicas wanted"] == ("4", "HPA-011")


def test_without_a_sample_nothing_changes() -> None:
    found = said(*beside("", ""))
    assert "no sample" in found["metric cpu, target 50 %"][0]
    assert found["replicas wanted"] == ("2: no metric can be used", "HPA-013")


def test_a_young_pod_is_set_aside() -> None:
    young = runs("p1", startTime="2024-05-01T10:59:00Z")
    young["status"]["conditions"][0] |= {"status": "False", "lastTransitionTime": NOW}
    first = beside("400m")
    first[1]["spec"]["replicas"] = 2
    assert said(*first, young, uses("p1", "400m"))["replicas wanted"][1] == "HPA-012"


def test_its_own_status_will_do() -> None:
    assert said(from_status(3, 100))["replicas wanted"] == ("6", "HPA-003")
    assert said(from_status(3, 50))["replicas wanted"] == ("3", "HPA-004")


def test_the_status_of_the_first_version_will_do() -> None:
    first = autoscaler("a", "a", utilization=None, targetCPUUtilizationPercentage=50)
    status = {"currentReplicas": 2, "currentCPUUtilizationPercentage": 100}
    found = said({**first, "apiVersion": "autoscaling/v1", "status": status})
    assert found["replicas wanted"] == ("4", "HPA-003")


@pytest.mark.parametrize(("current", "wanted"), [(0, "0: it is"), (12, "10: out of bounds")])
def test_a_count_that_is_not_measured(current: int, wanted: str) -> None:
    assert said(from_status(current, 100))["replicas wanted"][0].startswith(wanted)


def test_documented_a_change_must_be_some_time_ago() -> None:
    scaled = from_status(
        3,
        100,
        lastScaleTime="2024-05-01T10:59:00Z",
        conditions=[{"type": "AbleToScale", "lastTransitionTime": NOW}],
    )
    assert said(scaled, profile=DOCUMENTED)["replicas wanted"][1] == "HPA-010"
    assert said(scaled)["replicas wanted"] == ("6", "HPA-003")


def test_what_is_not_given_is_asked_for() -> None:
    assert "give Deployment a" in said(autoscaler("a", "a"))["replicas wanted"][0]


def test_metrics_that_are_no_resources_are_not_known() -> None:
    queue = {
        "type": "External",
        "external": {
            "metric": {"name": "q"},
            "target": {"type": "AverageValue", "averageValue": "30"},
        },
    }
    asked = autoscaler("a", "a", utilization=None, metrics=[queue])
    found = said({**asked, "status": {"currentReplicas": 2, "currentMetrics": []}})
    assert found["replicas wanted"][0].startswith("not known")


def test_a_fault_beside_it_is_named() -> None:
    broken = beside("100m")
    broken[2]["spec"]["containers"] = []
    assert said(*broken)["replicas wanted"][0] == "not known: Pod p0 is at fault"


def test_an_amount_that_is_none_is_a_fault() -> None:
    found = explain(beside("much")[0], beside("much"))
    assert [each.rule for each in found if each.fault] == ["RESOURCE-002"]
