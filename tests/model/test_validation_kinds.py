"""What is refused of templates, volumes, claims and autoscalers, and by which rule."""

from typing import Any

import pytest

from spec_model.profiles import DOCUMENTED
from tests.model.faults import told

C = {"name": "c", "image": "i"}


def a_workload(kind: str, policy: str | None, **spec: Any) -> dict[str, Any]:
    template = {"containers": [C], **({} if policy is None else {"restartPolicy": policy})}
    labels = {"app": "a"}
    selector: Any = labels if kind == "ReplicationController" else {"matchLabels": labels}
    made = {"metadata": {"labels": labels}, "spec": {**template, **spec}}
    return {"kind": kind, "spec": {"selector": selector, "template": made}}


@pytest.mark.parametrize(
    "kind", ["ReplicationController", "ReplicaSet", "Deployment", "DaemonSet", "StatefulSet"]
)
def test_pods_that_are_kept_running_restart_always(kind: str) -> None:
    at = "spec.template.spec.restartPolicy"
    assert told(a_workload(kind, "Always")) == told(a_workload(kind, None)) == []
    assert told(a_workload(kind, "Never")) == [(at, "NotSupported", "RESTART-006")]
    assert told(a_workload(kind, None, activeDeadlineSeconds=9)) == [
        ("spec.template.spec.activeDeadlineSeconds", "Forbidden", "REPLICA-001")
    ]


def test_pods_of_a_job_do_not() -> None:
    at = "spec.template.spec.restartPolicy"
    assert told(a_workload("Job", "OnFailure")) == told(a_workload("Job", "Never")) == []
    for policy in ("Always", None):
        assert told(a_workload("Job", policy)) == [(at, "Required", "RESTART-006")]
    assert told(a_workload("Job", "x")) == [(at, "NotSupported", "JOB-001")]
    strict = a_workload("Job", "OnFailure")
    strict["spec"]["podFailurePolicy"] = {"rules": []}
    assert told(strict) == [(at, "Invalid", "JOB-001")]


def test_a_template_has_the_faults_of_its_pod() -> None:
    faulty = a_workload("Deployment", None, initContainers=[{**C, "lifecycle": {}}])
    assert told(faulty) == [
        ("spec.template.spec.initContainers[0].name", "Duplicate", "INIT-007"),
        ("spec.template.spec.initContainers[0].lifecycle", "Forbidden", "INIT-006"),
    ]


def a_volume(**spec: Any) -> dict[str, Any]:
    usual = {"accessModes": ["ReadWriteOnce"], "capacity": {"storage": "1Gi"}}
    return {"kind": "PersistentVolume", "spec": {**usual, **spec}}


@pytest.mark.parametrize(
    ("spec", "faults"),
    [
        ({}, []),
        ({"accessModes": []}, [("spec.accessModes", "Required", "PV-012")]),
        ({"accessModes": ["RWO"]}, [("spec.accessModes", "NotSupported", "PV-012")]),
        (
            {"accessModes": ["ReadWriteOncePod", "ReadWriteOnce"]},
            [("spec.accessModes", "Forbidden", "PV-012")],
        ),
        ({"capacity": {"storage": "0"}}, [("spec.capacity[storage]", "Invalid", "PV-001")]),
        ({"capacity": {"storage": "1K"}}, [("spec.capacity[storage]", "Invalid", "RESOURCE-002")]),
        ({"volumeMode": "Disk"}, [("spec.volumeMode", "NotSupported", "PV-001")]),
        (
            {"persistentVolumeReclaimPolicy": "Recycle", "hostPath": {"path": "/"}},
            [("spec.persistentVolumeReclaimPolicy", "Forbidden", "PV-008")],
        ),
        ({"hostPath": {}}, [("spec.hostPath.path", "Required", "VOLUME-007")]),
    ],
)
def test_a_faulty_volume(spec: dict[str, Any], faults: list[tuple[str, str, str]]) -> None:
    assert told(a_volume(**spec)) == faults


def test_a_faulty_claim() -> None:
    claim = {"kind": "PersistentVolumeClaim", "spec": {"accessModes": ["ReadWriteOncePod"]}}
    assert told(claim) == [("spec.resources[storage]", "Required", "PV-001")]
    assert ("spec.accessModes", "NotSupported", "PV-012") in told(claim, DOCUMENTED)


def an_autoscaler(kind: str = "Deployment", **spec: Any) -> dict[str, Any]:
    target = {"kind": kind, "name": "web"}
    named = {"scaleTargetRef": target, "maxReplicas": 3, **spec}
    return {"kind": "HorizontalPodAutoscaler", "spec": named}


def a_metric(**target: Any) -> dict[str, Any]:
    return {"type": "Resource", "resource": {"name": "cpu", "target": target}}


BOTH = {"type": "Utilization", "averageUtilization": 50, "averageValue": "1"}
MEAN = {"type": "AverageValue", "averageValue": "1"}


@pytest.mark.parametrize(
    ("spec", "faults"),
    [
        ({}, []),
        ({"minReplicas": 4}, [("spec.maxReplicas", "Invalid", "HPA-018")]),
        ({"maxReplicas": 0}, [("spec.maxReplicas", "Required", "HPA-018")]),
        (
            {"minReplicas": 0},
            [
                ("spec.minReplicas", "Invalid", "HPA-018"),
                ("spec.metrics", "Forbidden", "HPA-018"),
            ],
        ),
        (
            {"metrics": [a_metric(**BOTH)]},
            [("spec.metrics[0].resource.target.averageValue", "Forbidden", "HPA-016")],
        ),
        ({"metrics": [a_metric(**MEAN)]}, []),
        (
            {"behavior": {"scaleUp": {"stabilizationWindowSeconds": 3601}}},
            [("spec.behavior.scaleUp.stabilizationWindowSeconds", "Invalid", "HPA-018")],
        ),
        (
            {"behavior": {"scaleDown": {"selectPolicy": "Least", "policies": []}}},
            [
                ("spec.behavior.scaleDown.selectPolicy", "NotSupported", "HPA-019"),
                ("spec.behavior.scaleDown.policies", "Required", "HPA-019"),
            ],
        ),
        (
            {"behavior": {"scaleDown": {"tolerance": "-0.1"}}},
            [("spec.behavior.scaleDown.tolerance", "Invalid", "HPA-004")],
        ),
    ],
)
def test_a_faulty_autoscaler(spec: dict[str, Any], faults: list[tuple[str, str, str]]) -> None:
    assert told(an_autoscaler(**spec)) == faults


def test_as_documented_targets_are_of_three_kinds_and_relative() -> None:
    assert [rule for _, _, rule in told(an_autoscaler("StatefulSet"), DOCUMENTED)] == ["HPA-017"]
    assert told(an_autoscaler(behavior={"scaleUp": {"policies": []}}), DOCUMENTED) == []
    absolute = an_autoscaler(metrics=[a_metric(**MEAN)])
    assert [rule for _, _, rule in told(absolute, DOCUMENTED)] == ["HPA-016"]
