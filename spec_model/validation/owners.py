"""Which rule of the catalogue owns a field that the API blames.

A field of a 422 that no rule owns is beyond the catalogue: an engine may refuse it or not.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from typing import Final

from spec_model.validation.common import DUPLICATE, FORBIDDEN, INVALID, NOT_SUPPORTED, REQUIRED
from spec_model.validation.job import COUNTS as JOB_COUNTS
from spec_model.validation.probes import COUNTS, HANDLERS, HOOKS, PROBES
from spec_model.validation.selector import LABELS, SCALABLE
from spec_model.validation.workload import ALWAYS_KINDS, TEMPLATED

INDEX: Final = re.compile(r"\[[^]]*\]")
TEMPLATE: Final = "spec.template."
POLICY: Final = "spec.template.spec.restartPolicy"

_CONTAINER: Final[Mapping[str, str]] = {
    "name": "INIT-007",
    "image": "VALIDATION-001",
    "restartPolicy": "RESTART-007",
    "restartPolicyRules": "RESTART-007",
    "restartPolicyRules[*].action": "RESTART-007",
    "restartPolicyRules[*].exitCodes": "RESTART-007",
    "restartPolicyRules[*].exitCodes.operator": "RESTART-007",
    "restartPolicyRules[*].exitCodes.values": "RESTART-007",
    "resources": "RESOURCE-003",
    "resources.limits": "RESOURCE-003",
    "resources.limits[*]": "RESOURCE-003",
    "resources.requests": "RESOURCE-003",
    "resources.requests[*]": "RESOURCE-003",
    "ports[*].hostPort": "NETWORK-004",
    "volumeMounts[*].name": "VOLUME-002",
    "volumeMounts[*].mountPath": "VOLUME-002",
    **{f"{probe}.{count}": "PROBE-002" for probe in PROBES for count in COUNTS},
    **dict.fromkeys(PROBES, "PROBE-015"),
    **{f"{probe}.{handler}": "PROBE-015" for probe in PROBES for handler in HANDLERS},
    **{
        f"{probe}.{handler}.port": "PROBE-015"
        for probe in PROBES
        for handler in ("httpGet", "tcpSocket", "grpc")
    },
    **{f"{probe}.httpGet.scheme": "PROBE-015" for probe in PROBES},
    **{f"lifecycle.{hook}": "TERM-005" for hook in HOOKS},
    **{f"lifecycle.{hook}.{handler}": "TERM-005" for hook in HOOKS for handler in HANDLERS},
    **{
        f"lifecycle.{hook}.{handler}.port": "TERM-005"
        for hook in HOOKS
        for handler in ("httpGet", "tcpSocket")
    },
    **{f"lifecycle.{hook}.httpGet.scheme": "TERM-005" for hook in HOOKS},
}

_SELECTOR: Final[Mapping[str, str]] = {
    "nodeSelectorTerms": "AFFINITY-007",
    **{
        f"nodeSelectorTerms[*].{field}": "AFFINITY-007"
        for field in (
            *("matchExpressions[*].operator", "matchExpressions[*].values"),
            *("matchFields[*].key", "matchFields[*].operator", "matchFields[*].values"),
        )
    },
}

_AFFINITY: Final = "spec.affinity.nodeAffinity"
_PREFERRED: Final = f"{_AFFINITY}.preferredDuringSchedulingIgnoredDuringExecution[*]"

_POD: Final[Mapping[str, str]] = {
    "metadata.name": "VALIDATION-001",
    "metadata.generateName": "VALIDATION-001",
    "metadata.namespace": "VALIDATION-001",
    "spec.containers": "VALIDATION-001",
    "spec.restartPolicy": "RESTART-001",
    "spec.activeDeadlineSeconds": "PHASE-012",
    "spec.securityContext.shareProcessNamespace": "NETWORK-002",
    "spec.volumes[*]": "VOLUME-004",
    "spec.volumes[*].hostPath.path": "VOLUME-007",
    "spec.volumes[*].hostPath.type": "VOLUME-007",
    "spec.resources.limits": "RESOURCE-003",
    "spec.resources.limits[*]": "RESOURCE-003",
    "spec.resources.requests": "RESOURCE-003",
    "spec.resources.requests[*]": "RESOURCE-003",
    "spec.resources.containers[*][*].limits": "RESOURCE-003",
    **{f"spec.containers[*].{field}": rule for field, rule in _CONTAINER.items()},
    **{f"spec.initContainers[*].{field}": rule for field, rule in _CONTAINER.items()},
    "spec.initContainers[*].lifecycle": "INIT-006",
    **{
        f"{_AFFINITY}.requiredDuringSchedulingIgnoredDuringExecution.{field}": rule
        for field, rule in _SELECTOR.items()
    },
    f"{_PREFERRED}.weight": "AFFINITY-007",
    **{
        f"{_PREFERRED}.preference.{field.removeprefix('nodeSelectorTerms[*].')}": rule
        for field, rule in _SELECTOR.items()
        if "[*]." in field
    },
    "spec": "VALIDATION-002",
    "spec.tolerations": "VALIDATION-002",
    "spec.schedulingGates": "VALIDATION-002",
    "status.containerStatuses[*].state": "VALIDATION-004",
    "status.initContainerStatuses[*].state": "VALIDATION-004",
}

_HPA_TARGETS: Final = ("type", "value", "averageValue", "averageUtilization")
_HPA_SOURCES: Final = ("object", "external", "pods", "resource", "containerResource")

_FIELDS: Final[Mapping[str, Mapping[str, str]]] = {
    "Pod": _POD,
    "ConfigMap": {
        **{field: rule for field, rule in _POD.items() if field.startswith("metadata.")},
        **dict.fromkeys(
            ("[*]", "data", "data[*]", "binaryData", "binaryData[*]", "immutable"), "CONFIGMAP-005"
        ),
    },
    "PersistentVolume": {
        "spec.accessModes": "PV-012",
        "spec.capacity": "PV-001",
        "spec.capacity[*]": "PV-001",
        "spec.volumeMode": "PV-001",
        "spec.persistentVolumeReclaimPolicy": "PV-008",
        "spec.hostPath.path": "VOLUME-007",
        "spec.hostPath.type": "VOLUME-007",
        **{f"spec.nodeAffinity.required.{field}": rule for field, rule in _SELECTOR.items()},
    },
    "PersistentVolumeClaim": {
        "spec.accessModes": "PV-012",
        "spec.resources[*]": "PV-001",
        "spec.volumeMode": "PV-001",
        "spec.resources.requests.storage": "PV-003",
    },
    "HorizontalPodAutoscaler": {
        "spec.minReplicas": "HPA-018",
        "spec.maxReplicas": "HPA-018",
        "spec.metrics": "HPA-018",
        "spec.scaleTargetRef.kind": "HPA-017",
        "spec.scaleTargetRef.name": "HPA-017",
        "spec.metrics[*].type": "HPA-016",
        **{f"spec.metrics[*].{source}": "HPA-016" for source in _HPA_SOURCES},
        **{
            f"spec.metrics[*].{source}.target.{field}": "HPA-016"
            for source in _HPA_SOURCES
            for field in _HPA_TARGETS
        },
        **{
            f"spec.behavior.{direction}.{field}": rule
            for direction in ("scaleUp", "scaleDown")
            for field, rule in {
                "stabilizationWindowSeconds": "HPA-018",
                "policies[*].value": "HPA-018",
                "policies[*].periodSeconds": "HPA-018",
                "selectPolicy": "HPA-019",
                "policies": "HPA-019",
                "policies[*].type": "HPA-019",
                "tolerance": "HPA-004",
            }.items()
        },
    },
    **{kind: {POLICY: "RESTART-006"} for kind in TEMPLATED},
    "DaemonSet": {
        POLICY: "RESTART-006",
        "spec.updateStrategy.rollingUpdate.maxUnavailable": "DAEMON-008",
        "spec.updateStrategy.rollingUpdate.maxSurge": "DAEMON-008",
    },
    "Job": {POLICY: "RESTART-006", **{f"spec.{count}": "JOB-002" for count in JOB_COUNTS}},
    "Deployment": {
        POLICY: "RESTART-006",
        "spec.progressDeadlineSeconds": "DEPLOY-015",
        "spec.strategy.type": "DEPLOY-015",
        "spec.strategy.rollingUpdate": "DEPLOY-011",
        "spec.strategy.rollingUpdate.maxSurge": "DEPLOY-015",
        "spec.strategy.rollingUpdate.maxUnavailable": "DEPLOY-015",
    },
}
"""By kind and field, with ``[*]`` for any index or key."""

_OF_NUMBERS: Final[Mapping[str, Mapping[str, str]]] = {
    kind: {
        **dict.fromkeys(("spec.selector", LABELS), "REPLICA-005"),
        **({"spec.replicas": "REPLICA-008"} if kind in SCALABLE else {}),
    }
    for kind in ALWAYS_KINDS
}
"""By kind, whom a workload selects and how many it wants."""

_BY_TYPE: Final[Mapping[tuple[str, str], str]] = {
    ("spec.containers[*].name", REQUIRED): "VALIDATION-001",
    ("spec.initContainers[*].name", REQUIRED): "VALIDATION-001",
    **{
        (f"spec.{group}[*].ports[*].containerPort", DUPLICATE): "NETWORK-003"
        for group in ("containers", "initContainers")
    },
    **{(f"spec.initContainers[*].{probe}", FORBIDDEN): "INIT-006" for probe in PROBES},
    (POLICY, INVALID): "JOB-001",
    ("spec.completions", REQUIRED): "JOB-012",
    ("spec.template.spec.activeDeadlineSeconds", FORBIDDEN): "REPLICA-001",
}
"""Fields of which a second rule speaks: why the API blames them tells which."""


def rule_of_field(kind: str, field: str, type: str | None = None) -> str | None:
    """The rule that owns a field of an object of that kind; None where none does.

    ``field`` is written as in the causes of a 422. Where two rules speak of one field, the ``type`` of
    the cause decides, and without it the one that speaks of its form.

    >>> rule_of_field("Pod", "spec.containers[0].name")
    'INIT-007'
    >>> rule_of_field("Pod", "spec.containers[0].name", "FieldValueRequired")
    'VALIDATION-001'
    """
    return _owner(kind, INDEX.sub("[*]", field), type)


@cache
def _owner(kind: str, field: str, type: str | None) -> str | None:
    if (kind, field, type) == ("Job", POLICY, NOT_SUPPORTED):
        return "JOB-001"
    second = _BY_TYPE.get((field, type or ""))
    if second is not None:
        return second
    found = _FIELDS.get(kind, {}).get(field) or _OF_NUMBERS.get(kind, {}).get(field)
    if found is None and kind in TEMPLATED and field.startswith(f"{TEMPLATE}spec."):
        return _owner("Pod", field.removeprefix(TEMPLATE), type)
    return found
