"""What the API fills in, and what may not be changed of what exists."""

import copy
from typing import Any

import pytest

from spec_model.profiles import DOCUMENTED
from spec_model.validation import (
    Default,
    defaults,
    filled,
    unmet,
    validate_status,
    validate_update,
)
from spec_model.validation.defaults import at, pull_policy

C = {"name": "c", "image": "i"}


def a_pod(**spec: Any) -> dict[str, Any]:
    inits = [{"name": "i", "image": "i"}]
    return {
        "kind": "Pod",
        "metadata": {"name": "p", "namespace": "ns"},
        "spec": {"containers": [dict(C)], "initContainers": inits, "nodeName": "n", **spec},
    }


def test_a_pod_is_filled_in() -> None:
    container = {
        **C,
        "resources": {"limits": {"cpu": "1"}, "requests": {"memory": "1Gi"}},
        "livenessProbe": {"httpGet": {"port": 80}, "periodSeconds": 0, "timeoutSeconds": 5},
        "ports": [{"containerPort": 80}],
    }
    pod = {
        "kind": "Pod",
        "metadata": {"name": "p"},
        "spec": {"containers": [container], "volumes": [{"name": "v"}]},
    }
    made = {
        (each.field.removeprefix("spec.containers[0]."), each.rule): each.value
        for each in defaults(pod)
    }
    assert made == {
        ("metadata.namespace", "VALIDATION-001"): "default",
        ("metadata.generation", "PHASE-002"): 1,
        ("spec.restartPolicy", "RESTART-001"): "Always",
        ("spec.terminationGracePeriodSeconds", "TERM-001"): 30,
        ("imagePullPolicy", "REASON-004"): "Always",
        ("livenessProbe.periodSeconds", "PROBE-002"): 10,
        ("livenessProbe.successThreshold", "PROBE-002"): 1,
        ("livenessProbe.failureThreshold", "PROBE-002"): 3,
        ("livenessProbe.httpGet.path", "PROBE-015"): "/",
        ("livenessProbe.httpGet.scheme", "PROBE-015"): "HTTP",
        ("ports[0].hostPort", "NETWORK-004"): None,
        ("spec.volumes[0].emptyDir", "VOLUME-004"): {},
        ("resources.requests[cpu]", "RESOURCE-004"): "1",
        ("status.phase", "PHASE-002"): "Pending",
        ("status.qosClass", "QOS-001"): "Burstable",
    }
    stored = filled(pod)
    assert unmet(stored, defaults(pod)) == ()
    assert "emptyDir" not in pod["spec"]["volumes"][0]


def test_an_amount_may_be_written_otherwise_but_not_be_another() -> None:
    pod = {"kind": "Pod", "spec": {"containers": [{**C, "resources": {"limits": {"cpu": "0.5"}}}]}}
    stored = filled(pod)
    requests = stored["spec"]["containers"][0]["resources"]["requests"]
    requests["cpu"] = "500m"
    assert unmet(stored, defaults(pod)) == ()
    requests["cpu"] = "400m"
    wanted = Default("spec.containers[0].resources.requests[cpu]", "0.5", "RESOURCE-004")
    assert unmet(stored, defaults(pod)) == (wanted,)


def test_a_template_gets_no_requests() -> None:
    spec = {"containers": [{**C, "resources": {"limits": {"cpu": "1"}}}]}
    workload = {"kind": "Deployment", "spec": {"template": {"spec": spec}}}
    wanted = Default(
        "spec.template.spec.containers[0].resources.requests[cpu]", None, "RESOURCE-004"
    )
    assert wanted in defaults(workload)
    assert unmet(filled(workload), defaults(workload)) == ()


@pytest.mark.parametrize(
    ("network", "filled_in"),
    [({}, None), ({"hostNetwork": True}, 80)],
)
def test_a_host_port_is_filled_in_on_the_network_of_the_host(
    network: dict[str, Any], filled_in: int | None
) -> None:
    pod = {
        "kind": "Pod",
        "spec": {"containers": [{**C, "ports": [{"containerPort": 80}]}], **network},
    }
    at_port = "spec.containers[0].ports[0].hostPort"
    assert Default(at_port, filled_in, "NETWORK-004") in defaults(pod)
    assert Default(at_port, 80, "NETWORK-004") in defaults(pod, DOCUMENTED)


@pytest.mark.parametrize(
    ("image", "policy"),
    [
        ("nginx", "Always"),
        ("nginx:latest", "Always"),
        ("nginx:1.25", "IfNotPresent"),
        ("registry:5000/nginx", "Always"),
        ("nginx@sha256:0", "IfNotPresent"),
    ],
)
def test_the_tag_of_an_image_decides_how_it_is_pulled(image: str, policy: str) -> None:
    assert pull_policy(image) == policy


def test_volumes_claims_and_autoscalers_are_filled_in() -> None:
    assert defaults({"kind": "PersistentVolume", "spec": {}}) == (
        Default("spec.persistentVolumeReclaimPolicy", "Retain", "PV-009"),
        Default("spec.volumeMode", "Filesystem", "PV-001"),
        Default("status.phase", "Pending", "PV-004"),
    )
    assert defaults({"kind": "PersistentVolumeClaim", "spec": {"volumeMode": "Block"}}) == (
        Default("status.phase", "Pending", "PV-005"),
    )
    autoscaler = {"kind": "HorizontalPodAutoscaler", "spec": {"behavior": {"scaleUp": {}}}}
    made = {each.field: each.rule for each in defaults(autoscaler)}
    assert made == {
        "spec.minReplicas": "HPA-018",
        "spec.metrics": "HPA-018",
        "spec.behavior.scaleUp.policies": "HPA-019",
        "spec.behavior.scaleUp.selectPolicy": "HPA-019",
        "spec.behavior.scaleUp.stabilizationWindowSeconds": "HPA-010",
        "spec.behavior.scaleDown.policies": "HPA-019",
        "spec.behavior.scaleDown.selectPolicy": "HPA-019",
    }
    assert unmet(filled(autoscaler), defaults(autoscaler)) == ()
    old = {"kind": "HorizontalPodAutoscaler", "apiVersion": "autoscaling/v1", "spec": {}}
    assert Default("spec.targetCPUUtilizationPercentage", 80, "HPA-018") in defaults(old)


def test_a_path_that_leads_nowhere_has_no_value() -> None:
    assert at({"a": [1]}, "a[0].b") is None
    assert at({"a": [1]}, "a[3]") is None


def changed(pod: dict[str, Any], **spec: Any) -> dict[str, Any]:
    copied = copy.deepcopy(pod)
    copied["spec"].update(spec)
    return copied


GATED = {"schedulingGates": [{"name": "g"}], "nodeName": ""}
TOLERATES = {"key": "k", "operator": "Exists"}


@pytest.mark.parametrize(
    ("before", "change"),
    [
        ({}, {}),
        ({}, {"containers": [{"name": "c", "image": "other"}]}),
        ({}, {"initContainers": [{"name": "i", "image": "other"}]}),
        ({}, {"restartPolicy": "Always"}),  # what it was by default
        ({}, {"containers": [{**C, "args": [], "resources": {}}], "hostNetwork": False}),
        (
            {"containers": [{**C, "resources": {"requests": {"cpu": "1"}}}]},
            {"containers": [{**C, "resources": {"requests": {"cpu": "1000m"}}}]},
        ),
        ({}, {"activeDeadlineSeconds": 9}),
        ({"activeDeadlineSeconds": 9}, {"activeDeadlineSeconds": 8}),
        ({}, {"tolerations": [TOLERATES]}),
        ({"tolerations": [TOLERATES]}, {"tolerations": [{**TOLERATES, "tolerationSeconds": 9}]}),
        (GATED, {"schedulingGates": []}),
        (GATED, {"nodeSelector": {"a": "b"}}),
        ({"terminationGracePeriodSeconds": -5}, {"terminationGracePeriodSeconds": 1}),
    ],
)
def test_what_may_change_of_a_pod(before: dict[str, Any], change: dict[str, Any]) -> None:
    assert validate_update(a_pod(**before), changed(a_pod(**before), **change)) == ()


@pytest.mark.parametrize(
    ("before", "change", "field", "rule"),
    [
        ({}, {"containers": [C, {**C, "name": "d"}]}, "spec.containers", "VALIDATION-002"),
        ({}, {"initContainers": []}, "spec.initContainers", "VALIDATION-002"),
        ({}, {"containers": [{**C, "args": ["x"]}]}, "spec", "VALIDATION-002"),
        (
            {},
            {"containers": [{**C, "resources": {"limits": {"cpu": "1"}}}]},
            "spec",
            "VALIDATION-002",
        ),
        ({}, {"restartPolicy": "Never"}, "spec", "VALIDATION-002"),
        ({}, {"nodeSelector": {"a": "b"}}, "spec", "VALIDATION-002"),
        ({}, {"terminationGracePeriodSeconds": 1}, "spec", "VALIDATION-002"),
        ({}, {"nodeName": "other"}, "spec", "IDENTITY-002"),
        ({"nodeName": ""}, {"nodeName": "n"}, "spec", "VALIDATION-002"),
        ({}, {"initContainers": [{"name": "i", "image": "i", "args": ["x"]}]}, "spec", "INIT-008"),
        (
            {"activeDeadlineSeconds": 9},
            {"activeDeadlineSeconds": 10},
            "spec.activeDeadlineSeconds",
            "PHASE-012",
        ),
        (
            {"activeDeadlineSeconds": 9},
            {"activeDeadlineSeconds": None},
            "spec.activeDeadlineSeconds",
            "PHASE-012",
        ),
        ({"tolerations": [TOLERATES]}, {"tolerations": []}, "spec.tolerations", "VALIDATION-002"),
        ({}, {"schedulingGates": [{"name": "g"}]}, "spec.schedulingGates", "VALIDATION-002"),
    ],
)
def test_what_may_not_change_of_a_pod(
    before: dict[str, Any], change: dict[str, Any], field: str, rule: str
) -> None:
    faults = validate_update(a_pod(**before), changed(a_pod(**before), **change))
    assert [(fault.field, fault.rule) for fault in faults] == [(field, rule)]


def a_claim(storage: str, phase: str = "Bound", **spec: Any) -> dict[str, Any]:
    return {
        "kind": "PersistentVolumeClaim",
        "spec": {
            "accessModes": ["ReadWriteOnce"],
            "resources": {"requests": {"storage": storage}},
            **spec,
        },
        "status": {"phase": phase, "capacity": {"storage": "5Gi"}},
    }


@pytest.mark.parametrize(
    ("old", "new", "fields"),
    [
        (a_claim("5Gi"), a_claim("6Gi"), []),
        (a_claim("5Gi"), a_claim("5120Mi"), []),
        (a_claim("5Gi"), a_claim("4Gi"), ["spec.resources.requests.storage"]),
        (a_claim("9Gi"), a_claim("6Gi"), []),  # the growth to 9Gi has not happened yet
        (a_claim("5Gi", "Pending"), a_claim("6Gi", "Pending"), ["spec"]),
        (a_claim("5Gi", "Pending"), a_claim("5120Mi", "Pending"), []),
        (a_claim("5Gi"), a_claim("5Gi", volumeName="v"), []),
        (a_claim("5Gi", volumeName="v"), a_claim("5Gi", volumeName="w"), ["spec"]),
        (a_claim("5Gi"), a_claim("5Gi", storageClassName="x"), []),
        (
            a_claim("5Gi", storageClassName="x"),
            a_claim("5Gi", storageClassName="y"),
            ["spec"],
        ),
        (a_claim("5Gi"), a_claim("5Gi", accessModes=["ReadWriteMany"]), ["spec"]),
        (a_claim("5Gi"), a_claim("5Gi", volumeAttributesClassName="gold"), []),
    ],
)
def test_a_claim_may_grow_and_little_else(
    old: dict[str, Any], new: dict[str, Any], fields: list[str]
) -> None:
    faults = validate_update(old, new)
    assert [fault.field for fault in faults] == fields
    assert {fault.rule for fault in faults} <= {"PV-003"}


def with_state(pod: dict[str, Any], state: dict[str, Any]) -> dict[str, Any]:
    return {**pod, "status": {"containerStatuses": [{"name": "c", "state": state}]}}


def ended(code: int) -> dict[str, Any]:
    return {"terminated": {"exitCode": code}}


REVIVED = {"waiting": {"reason": "CrashLoopBackOff"}}


@pytest.mark.parametrize(
    ("policy", "code", "refused"),
    [
        ("Always", 0, False),
        ("Always", 1, False),
        ("OnFailure", 0, True),
        ("OnFailure", 1, False),
        ("Never", 0, True),
        ("Never", 1, True),
    ],
)
def test_what_has_ended_for_good_stays_so(policy: str, code: int, refused: bool) -> None:
    pod = a_pod(restartPolicy=policy)
    faults = validate_status(with_state(pod, ended(code)), with_state(pod, REVIVED))
    assert [(fault.field, fault.rule) for fault in faults] == (
        [("status.containerStatuses[0].state", "VALIDATION-004")] if refused else []
    )
    assert validate_status(with_state(pod, ended(code)), with_state(pod, ended(code))) == ()
    assert validate_status(with_state(pod, {"running": {}}), with_state(pod, REVIVED)) == ()


def test_a_container_with_a_policy_of_its_own_may_come_back() -> None:
    lively = {**C, "restartPolicy": "Always"}
    pod = a_pod(restartPolicy="Never", containers=[lively])
    assert validate_status(with_state(pod, ended(0)), with_state(pod, REVIVED)) == ()
    rule = {"action": "RestartAllContainers", "exitCodes": {"operator": "In", "values": [1]}}
    pod = a_pod(restartPolicy="Never")
    pod["spec"]["initContainers"][0]["restartPolicyRules"] = [rule]
    assert validate_status(with_state(pod, ended(0)), with_state(pod, REVIVED)) == ()
