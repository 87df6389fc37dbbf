"""Whether a manifest has the shape that its kind must have, before any rule can look at it.

A Kubernetes API server refuses a string where a list belongs while it decodes; so do we, by name.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import cache
from typing import Any, Final, TypeAlias

from spec_model.events import Manifest

Shape: TypeAlias = "type | tuple[type, ...] | dict[str, Shape] | list[Shape]"

QUANTITIES: Final[Shape] = {"*": (str, int, float)}


class Time:
    """Stands for a timestamp of the API, such as 2024-05-01T10:00:00Z."""


SECRET_VOLUME: Final[Shape] = {
    "secretName": str,
    "items": [{"key": str, "path": str}],
    "optional": bool,
}
RESOURCES: Final[Shape] = {"requests": QUANTITIES, "limits": QUANTITIES}
CONFIG_VOLUME: Final[Shape] = {"name": str, "items": [{"key": str, "path": str}], "optional": bool}
VOLUME: Final[Shape] = {
    "name": str,
    "configMap": CONFIG_VOLUME,
    "secret": SECRET_VOLUME,
    "emptyDir": {"medium": str, "sizeLimit": (str, int, float)},
    "hostPath": {"path": str, "type": str},
    "persistentVolumeClaim": {"claimName": str},
}
KEY: Final[Shape] = {"name": str, "key": str, "optional": bool}
SOURCE: Final[Shape] = {"configMapKeyRef": KEY, "secretKeyRef": KEY}
HANDLER: Final[Shape] = {"sleep": {"seconds": int}}
PROBE: Final[Shape] = dict.fromkeys(
    (
        *("initialDelaySeconds", "timeoutSeconds", "periodSeconds", "successThreshold"),
        *("failureThreshold", "terminationGracePeriodSeconds"),
    ),
    int,
)
CONTAINER: Final[Shape] = {
    "name": str,
    "image": str,
    "restartPolicy": str,
    "resources": RESOURCES,
    "env": [{"name": str, "valueFrom": SOURCE}],
    "envFrom": [{"configMapRef": KEY, "secretRef": KEY}],
    "volumeMounts": [{"name": str, "mountPath": str, "subPath": str}],
    "ports": [{"containerPort": int, "hostPort": int, "protocol": str, "hostIP": str}],
    "lifecycle": {"preStop": HANDLER, "postStart": HANDLER},
    "livenessProbe": PROBE,
    "readinessProbe": PROBE,
    "startupProbe": PROBE,
}
ENDED: Final[Shape] = {"exitCode": int, "reason": str, "startedAt": Time, "finishedAt": Time}
STATE: Final[Shape] = {
    "waiting": {"reason": str},
    "running": {"startedAt": Time},
    "terminated": ENDED,
}
STATUS: Final[Shape] = {"name": str, "state": STATE, "lastState": STATE, "restartCount": int}
REQUIREMENTS: Final[Shape] = [{"key": str, "operator": str, "values": [str]}]
TERM: Final[Shape] = {"matchExpressions": REQUIREMENTS, "matchFields": REQUIREMENTS}
SELECTOR: Final[Shape] = {"nodeSelectorTerms": [TERM]}
NODE_AFFINITY: Final[Shape] = {
    "requiredDuringSchedulingIgnoredDuringExecution": SELECTOR,
    "requiredDuringSchedulingRequiredDuringExecution": SELECTOR,
    "preferredDuringSchedulingIgnoredDuringExecution": [{"weight": int, "preference": TERM}],
}
TAINT: Final[dict[str, Shape]] = {"key": str, "value": str, "effect": str}
POD_SPEC: Final[Shape] = {
    "restartPolicy": str,
    "affinity": {"nodeAffinity": NODE_AFFINITY},
    "tolerations": [{**TAINT, "operator": str}],
    "priority": int,
    "containers": [CONTAINER],
    "initContainers": [CONTAINER],
    "nodeName": str,
    "nodeSelector": {"*": str},
    "activeDeadlineSeconds": int,
    "overhead": QUANTITIES,
    "resources": RESOURCES,
    "volumes": [VOLUME],
    "terminationGracePeriodSeconds": int,
    "readinessGates": [{"conditionType": str}],
}
METADATA: Final[Shape] = {
    "name": str,
    "namespace": str,
    "labels": {"*": str},
    "annotations": {"*": str},
    "finalizers": [str],
    "creationTimestamp": Time,
    "deletionTimestamp": Time,
    "deletionGracePeriodSeconds": int,
    "ownerReferences": [{"kind": str, "name": str, "controller": bool}],
}
TEMPLATE: Final[Shape] = {"metadata": METADATA, "spec": POD_SPEC}
WORKLOAD: Final[Shape] = {"replicas": int, "selector": {}, "template": TEMPLATE}
VOLUME_SPEC: Final[Shape] = {"capacity": QUANTITIES, "accessModes": [str], "storageClassName": str}
CLAIM_SPEC: Final[Shape] = {"resources": RESOURCES, "accessModes": [str], "storageClassName": str}
SCALER_SPEC: Final[Shape] = {
    "scaleTargetRef": {"kind": str, "name": str},
    "minReplicas": int,
    "maxReplicas": int,
    "metrics": [{"type": str}],
}

SPECS: Final[Mapping[str, Shape]] = {
    "Pod": POD_SPEC,
    "Node": {"taints": [TAINT], "unschedulable": bool},
    "PersistentVolume": VOLUME_SPEC,
    "PersistentVolumeClaim": CLAIM_SPEC,
    "HorizontalPodAutoscaler": SCALER_SPEC,
    "Service": {"selector": {"*": str}, "publishNotReadyAddresses": bool},
    **dict.fromkeys(
        ("ReplicationController", "ReplicaSet", "Deployment", "DaemonSet", "StatefulSet", "Job"),
        WORKLOAD,
    ),
}
CONDITIONS: Final[Shape] = [{"type": str, "status": str, "reason": str, "message": str}]
POD_STATUS: Final[Shape] = {
    "phase": str,
    "reason": str,
    "containerStatuses": [STATUS],
    "initContainerStatuses": [STATUS],
    "conditions": CONDITIONS,
    "podIP": str,
    "startTime": Time,
}
NODE_STATUS: Final[Shape] = {
    "allocatable": QUANTITIES,
    "capacity": QUANTITIES,
    "conditions": CONDITIONS,
}


SCALER_STATUS: Final[Shape] = {
    "currentReplicas": int,
    "currentCPUUtilizationPercentage": int,
    "lastScaleTime": str,
    "currentMetrics": [
        {
            "type": str,
            "resource": {
                "name": str,
                "current": {"averageUtilization": int, "averageValue": (str, int, float)},
            },
        }
    ],
    "conditions": [{"type": str, "lastTransitionTime": str}],
}
STATUSES: Final[Mapping[str, Shape]] = {
    "Pod": POD_STATUS,
    "Node": NODE_STATUS,
    "HorizontalPodAutoscaler": SCALER_STATUS,
}
BESIDE_SPEC: Final[Mapping[str, dict[str, Shape]]] = {
    "ConfigMap": {"data": {"*": str}, "binaryData": {"*": str}, "immutable": bool},
    "Secret": {"data": {"*": str}, "stringData": {"*": str}},
    "EndpointSlice": {"endpoints": [{"addresses": [str], "conditions": {"*": bool}}]},
    "PodMetrics": {
        "timestamp": str,
        "window": str,
        "containers": [{"name": str, "usage": QUANTITIES}],
    },
}
"""By kind, the fields of an object that are neither its spec nor its status."""


def misshapen(manifest: Manifest) -> str | None:
    """The first field that is not of its type, and what it must be; None where all are.

    >>> misshapen({"kind": "Pod", "spec": {"containers": {"name": "c"}}})
    'spec.containers: must be a list, is an object'
    """
    wrong = _complaint(manifest, _whole(manifest.get("kind", "")))
    return None if wrong is None else f"{wrong[0].removeprefix('.')}: {wrong[1]}"


@cache
def _whole(kind: str) -> Shape:
    return {
        "metadata": METADATA,
        "spec": SPECS.get(kind, {}),
        "status": STATUSES.get(kind, {}),
        **BESIDE_SPEC.get(kind, {}),
    }


Complaint: TypeAlias = tuple[str, str]
"""The path to a field below the value looked at, and what is wrong with it."""


def _complaint(value: Any, shape: Shape) -> Complaint | None:
    if value is None:
        return None
    if isinstance(shape, dict):
        return _of_object(value, shape)
    if isinstance(shape, list):
        return _of_list(value, shape[0])
    if shape is Time:
        return _of_time(value)
    if _is(value, shape):
        return None
    wanted = shape if isinstance(shape, tuple) else (shape,)
    return "", f"must be {' or '.join(WORDS[each] for each in wanted)}, is {_word(value)}"


def _of_list(value: Any, shape: Shape) -> Complaint | None:
    if not isinstance(value, list):
        return "", f"must be a list, is {_word(value)}"
    for index, part in enumerate(value):
        if part is None:
            return f"[{index}]", "must not be empty"
        if (wrong := _complaint(part, shape)) is not None:
            return f"[{index}]{wrong[0]}", wrong[1]
    return None


def _of_object(value: Any, shape: dict[str, Shape]) -> Complaint | None:
    if not isinstance(value, (dict, Mapping)):
        return "", f"must be an object, is {_word(value)}"
    others = shape.get("*")
    for key, part in value.items():
        inner = shape.get(key, others)
        if inner is None or part.__class__ is inner:  # as most are
            continue
        if (wrong := _complaint(part, inner)) is not None:
            return f".{key}{wrong[0]}", wrong[1]
    return None


def _of_time(value: Any) -> Complaint | None:
    try:
        datetime.fromisoformat(value)
    except (TypeError, ValueError):
        said = _word(value) if not isinstance(value, str) else repr(value)
        return "", f"must be a time such as '2024-05-01T10:00:00Z', is {said}"
    return None


def _is(value: Any, wanted: type | tuple[type, ...]) -> bool:
    return isinstance(value, wanted) and not (isinstance(value, bool) and wanted is not bool)


WORDS: Final[Mapping[type, str]] = {
    str: "a string",
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    list: "a list",
    dict: "an object",
    datetime: "a time without quotes",
}


def _word(value: Any) -> str:
    return WORDS.get(type(value), type(value).__name__)
