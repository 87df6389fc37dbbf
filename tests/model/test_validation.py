"""What is refused on creation, by which rule, and which rule owns a field."""

from typing import Any

import pytest

from spec_model.functions import FUNCTIONS
from spec_model.profiles import DOCUMENTED, V1_36
from spec_model.rules import registry
from spec_model.validation import rule_of_field, speaks_of, validate
from tests.model.faults import told

C = {"name": "c", "image": "i"}
IN_NAMESPACE = {"name": "p", "namespace": "ns"}
PORT = {"httpGet": {"port": 80}}


def a_pod(*containers: dict[str, Any], **spec: Any) -> dict[str, Any]:
    named = {"containers": list(containers) or [C], **spec}
    return {"kind": "Pod", "metadata": dict(IN_NAMESPACE), "spec": named}


def one(**fields: Any) -> dict[str, Any]:
    return a_pod({**C, **fields})


def init(**fields: Any) -> dict[str, Any]:
    return a_pod(initContainers=[{"name": "i", "image": "i", **fields}])


def asking(requests: dict[str, str], limits: dict[str, str]) -> dict[str, Any]:
    return one(resources={"requests": requests, "limits": limits})


RULES = {"action": "Restart", "exitCodes": {"operator": "In", "values": [1]}}
TWO_PORTS = [{"containerPort": 1, "hostPort": 9}, {"containerPort": 2, "hostPort": 9}]
AFFINITY = "requiredDuringSchedulingIgnoredDuringExecution"


def required(*terms: dict[str, Any]) -> dict[str, Any]:
    return a_pod(affinity={"nodeAffinity": {AFFINITY: {"nodeSelectorTerms": list(terms)}}})


FAULTS = [
    ({"kind": "Pod"}, "metadata.name", "Required", "VALIDATION-001"),
    ({"kind": "Pod"}, "spec.containers", "Required", "VALIDATION-001"),
    (a_pod({"name": "c"}), "spec.containers[0].image", "Required", "VALIDATION-001"),
    (one(image=" i"), "spec.containers[0].image", "Invalid", "VALIDATION-001"),
    (a_pod({"image": "i"}), "spec.containers[0].name", "Required", "VALIDATION-001"),
    (one(name="C"), "spec.containers[0].name", "Invalid", "INIT-007"),
    (one(name="c" * 64), "spec.containers[0].name", "Invalid", "INIT-007"),
    (a_pod(C, C), "spec.containers[1].name", "Duplicate", "INIT-007"),
    (init(name="c"), "spec.initContainers[0].name", "Duplicate", "INIT-007"),
    (a_pod(restartPolicy="Nerver"), "spec.restartPolicy", "NotSupported", "RESTART-001"),
    (a_pod(activeDeadlineSeconds=0), "spec.activeDeadlineSeconds", "Invalid", "PHASE-012"),
    (a_pod(activeDeadlineSeconds=2**31), "spec.activeDeadlineSeconds", "Invalid", "PHASE-012"),
    (one(restartPolicy="x"), "spec.containers[0].restartPolicy", "NotSupported", "RESTART-007"),
    (
        one(restartPolicyRules=[RULES]),
        "spec.containers[0].restartPolicy",
        "Required",
        "RESTART-007",
    ),
    (
        one(restartPolicy="Never", restartPolicyRules=[RULES] * 21),
        "spec.containers[0].restartPolicyRules",
        "TooLong",
        "RESTART-007",
    ),
    (
        one(restartPolicy="Never", restartPolicyRules=[{"action": "Restart"}]),
        "spec.containers[0].restartPolicyRules[0].exitCodes",
        "Required",
        "RESTART-007",
    ),
    (init(lifecycle={}), "spec.initContainers[0].lifecycle", "Forbidden", "INIT-006"),
    (init(readinessProbe=PORT), "spec.initContainers[0].readinessProbe", "Forbidden", "INIT-006"),
    (
        asking({"cpu": "2"}, {"cpu": "1"}),
        "spec.containers[0].resources.requests",
        "Invalid",
        "RESOURCE-003",
    ),
    (
        asking({"cpu": "-1"}, {}),
        "spec.containers[0].resources.requests[cpu]",
        "Invalid",
        "RESOURCE-003",
    ),
    (
        asking({"memory": "1mi"}, {}),
        "spec.containers[0].resources.requests[memory]",
        "Invalid",
        "RESOURCE-002",
    ),
    (
        asking({"example.com/gpu": "1"}, {"example.com/gpu": "2"}),
        "spec.containers[0].resources.requests",
        "Invalid",
        "RESOURCE-003",
    ),
    (
        asking({"example.com/gpu": "1"}, {}),
        "spec.containers[0].resources.limits",
        "Required",
        "RESOURCE-003",
    ),
    (
        one(livenessProbe={**PORT, "periodSeconds": -1}),
        "spec.containers[0].livenessProbe.periodSeconds",
        "Invalid",
        "PROBE-002",
    ),
    (
        one(startupProbe={**PORT, "successThreshold": 2}),
        "spec.containers[0].startupProbe.successThreshold",
        "Invalid",
        "PROBE-002",
    ),
    (one(livenessProbe={}), "spec.containers[0].livenessProbe", "Required", "PROBE-015"),
    (
        one(livenessProbe={**PORT, "exec": {"command": ["x"]}}),
        "spec.containers[0].livenessProbe.httpGet",
        "Forbidden",
        "PROBE-015",
    ),
    (
        one(livenessProbe={"tcpSocket": {"port": 65536}}),
        "spec.containers[0].livenessProbe.tcpSocket.port",
        "Invalid",
        "PROBE-015",
    ),
    (
        one(livenessProbe={"httpGet": {"port": "a-name-of-16-chr"}}),
        "spec.containers[0].livenessProbe.httpGet.port",
        "Invalid",
        "PROBE-015",
    ),
    (
        one(livenessProbe={"httpGet": {"port": 80, "scheme": "http"}}),
        "spec.containers[0].livenessProbe.httpGet.scheme",
        "NotSupported",
        "PROBE-015",
    ),
    (
        one(lifecycle={"preStop": {"sleep": {"seconds": 31}}}),
        "spec.containers[0].lifecycle.preStop.sleep",
        "Invalid",
        "TERM-005",
    ),
    (
        a_pod(hostPID=True, shareProcessNamespace=True),
        "spec.securityContext.shareProcessNamespace",
        "Invalid",
        "NETWORK-002",
    ),
    (one(ports=TWO_PORTS), "spec.containers[0].ports[1].hostPort", "Duplicate", "NETWORK-004"),
    (
        a_pod({**C, "ports": TWO_PORTS[:1]}, hostNetwork=True),
        "spec.containers[0].ports[0].hostPort",
        "Invalid",
        "NETWORK-004",
    ),
    (
        one(volumeMounts=[{"name": "v", "mountPath": "/v"}]),
        "spec.containers[0].volumeMounts[0].name",
        "NotFound",
        "VOLUME-002",
    ),
    (
        a_pod(volumes=[{"name": "v", "hostPath": {"path": "/a/../b"}}]),
        "spec.volumes[0].hostPath.path",
        "Invalid",
        "VOLUME-007",
    ),
    (
        required(),
        f"spec.affinity.nodeAffinity.{AFFINITY}.nodeSelectorTerms",
        "Required",
        "AFFINITY-007",
    ),
    (
        required({"matchExpressions": [{"key": "k", "operator": "Gt", "values": ["1", "2"]}]}),
        f"spec.affinity.nodeAffinity.{AFFINITY}.nodeSelectorTerms[0].matchExpressions[0].values",
        "Required",
        "AFFINITY-007",
    ),
]


@pytest.mark.parametrize(("manifest", "field", "why", "rule"), FAULTS)
def test_a_faulty_pod_is_refused_by_the_rule_that_speaks_of_it(
    manifest: dict[str, Any], field: str, why: str, rule: str
) -> None:
    assert (field, why, rule) in told(manifest)
    assert rule in registry()
    assert rule in speaks_of(manifest)
    if rule != "RESOURCE-002":  # a quantity that cannot be read is refused wherever one stands
        assert rule_of_field("Pod", field, f"FieldValue{why}") == rule


VALID = [
    a_pod(),
    a_pod(activeDeadlineSeconds=2**31 - 1, restartPolicy="Never"),
    asking({"cpu": "999.5m"}, {"cpu": "1"}),
    asking({"cpu": "0.1m", "memory": "1e3"}, {"memory": "1k"}),
    one(livenessProbe={**PORT, "periodSeconds": 0, "timeoutSeconds": 99}),
    one(livenessProbe={"tcpSocket": {"port": 65535}}),
    one(volumeMounts=[]),
    one(lifecycle={"preStop": {"sleep": {"seconds": 30}}}),
    init(restartPolicy="Always", readinessProbe=PORT, lifecycle={"preStop": {"sleep": {}}}),
    one(restartPolicy="Never", restartPolicyRules=[RULES] * 20),
    a_pod({**C, "ports": TWO_PORTS[:1]}, {**C, "name": "d", "ports": [{"containerPort": 1}]}),
    {**a_pod(), "metadata": {"generateName": "web-", "namespace": "ns"}},
]


@pytest.mark.parametrize("manifest", VALID)
def test_a_pod_without_fault_is_not_refused(manifest: dict[str, Any]) -> None:
    assert told(manifest) == []


def mounting(path: str) -> dict[str, Any]:
    mounts = [{"name": "v", "mountPath": path}]
    return a_pod({**C, "volumeMounts": mounts}, volumes=[{"name": "v"}])


@pytest.mark.parametrize(
    ("manifest", "upstream", "documented"),
    [
        ({**a_pod(), "metadata": {"name": "p"}}, [], ["VALIDATION-001"]),
        (init(livenessProbe=PORT), ["INIT-006"], []),
        (one(livenessProbe={"httpGet": {"port": 65526}}), [], ["PROBE-015"]),
        (asking({"memory": "1K"}, {}), ["RESOURCE-002"], []),
        (asking({"example.com/gpu": "1"}, {}), ["RESOURCE-003"], []),
        (one(restartPolicyRules=[RULES]), ["RESTART-007"], []),
        (mounting("data"), [], ["VOLUME-003"]),
        (mounting("/" + "d" * 511), [], ["VOLUME-003"]),
        (mounting("/" + "d" * 510), [], []),
        (
            a_pod(
                {**C, "ports": [{"containerPort": 80}]},
                {**C, "name": "d", "ports": [{"containerPort": 80}]},
            ),
            [],
            ["NETWORK-004"],
        ),
    ],
)
def test_the_source_document_refuses_other_pods(
    manifest: dict[str, Any], upstream: list[str], documented: list[str]
) -> None:
    assert [rule for _, _, rule in told(manifest)] == upstream
    assert [rule for _, _, rule in told(manifest, DOCUMENTED)] == documented


def test_a_pod_as_a_whole_bounds_its_containers() -> None:
    container = {**C, "resources": {"requests": {"memory": "2Gi"}, "limits": {"memory": "4Gi"}}}
    assert told(a_pod(container, resources={"requests": {"memory": "1Gi"}})) == [
        ("spec.resources.requests[memory]", "Invalid", "RESOURCE-003")
    ]
    assert told(a_pod(container, resources={"limits": {"memory": "3Gi"}})) == [
        ("spec.resources.containers[0][memory].limits", "Invalid", "RESOURCE-003")
    ]
    assert told(a_pod(resources={"limits": {"ephemeral-storage": "1"}})) == [
        ("spec.resources.limits[ephemeral-storage]", "NotSupported", "RESOURCE-003")
    ]


def test_other_kinds_and_fields_are_beyond_the_rules() -> None:
    assert validate({"kind": "Service", "spec": {}}) == ()
    assert speaks_of({"kind": "Service", "spec": {}}) == frozenset()
    assert rule_of_field("Service", "spec.ports") is None
    assert rule_of_field("Pod", "metadata.labels") is None


def test_a_field_of_two_rules_is_told_apart_by_its_cause() -> None:
    name, probe = "spec.containers[3].name", "spec.initContainers[0].livenessProbe"
    assert rule_of_field("Pod", name) == "INIT-007"
    assert rule_of_field("Pod", name, "FieldValueRequired") == "VALIDATION-001"
    assert rule_of_field("Pod", probe, "FieldValueForbidden") == "INIT-006"
    assert rule_of_field("Pod", probe, "FieldValueRequired") == "PROBE-015"
    at = "spec.template.spec.containers[0].image"
    assert rule_of_field("Job", at) == "VALIDATION-001"
    assert rule_of_field("Job", "spec.template.spec.restartPolicy") == "RESTART-006"


@pytest.mark.parametrize(
    ("manifest", "rules"),
    [
        (init(restartPolicy="Always"), {"INIT-011"}),
        (init(), {"INIT-006"}),
        (mounting("a:b"), {"VOLUME-002", "VOLUME-003"}),
        (asking({"cpu": "1"}, {"memory": "1"}), {"RESOURCE-001", "RESOURCE-002", "RESOURCE-003"}),
        (
            a_pod(
                {**C, "ports": [{"containerPort": 80}]},
                {**C, "name": "d", "ports": [{"containerPort": 80}]},
            ),
            {"NETWORK-003"},
        ),
    ],
)
def test_rules_speak_of_a_manifest_that_meets_their_condition(
    manifest: dict[str, Any], rules: set[str]
) -> None:
    always = {"VALIDATION-001", "INIT-007", "RESTART-001"}
    assert speaks_of(manifest) == always | rules


def test_a_rule_of_restarts_is_of_a_known_form() -> None:
    codes = {"operator": "Out", "values": list(range(256))}
    odd = one(restartPolicy="Never", restartPolicyRules=[{"action": "Stop", "exitCodes": codes}])
    at = "spec.containers[0].restartPolicyRules[0]"
    assert told(odd) == [
        (f"{at}.action", "NotSupported", "RESTART-007"),
        (f"{at}.exitCodes.operator", "NotSupported", "RESTART-007"),
        (f"{at}.exitCodes.values", "TooLong", "RESTART-007"),
    ]


def test_an_engine_may_refuse_more_than_rules_do_but_not_less_nor_otherwise() -> None:
    nameless = a_pod({"image": "i"})
    decision = FUNCTIONS["pod.validate"]({"pod": nameless}, V1_36)
    verdict, name = decision.value, "spec.containers[0].name"
    assert decision.because == "VALIDATION-001"
    assert str(verdict) == f"refused: {name}"
    assert verdict.allows({"valid": False, "fields": [name]})
    assert verdict.allows({"valid": False, "fields": ["metadata.labels", name]})
    assert not verdict.allows({"valid": True, "fields": []})
    assert not verdict.allows({"valid": True, "fields": [name]})
    assert not verdict.allows({"valid": False, "fields": [name, "spec.restartPolicy"]})
    assert not verdict.allows(None)
    assert str(FUNCTIONS["pod.validate"]({"pod": a_pod()}, V1_36).value) == "no rule refuses it"
