"""Whether a manifest decodes: the types of its fields, by name.

The API server knows the type of every field by its schema. Here a field is known by its name alone,
which the kinds that are served use in one sense only; names with several senses are left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from conformance.adapters.simulator import errors

_TEXTS: Final = (
    "accessMode", "apiVersion", "concurrencyPolicy", "dnsPolicy", "effect", "generateName", "hostIP",
    "hostname", "image", "imagePullPolicy", "kind", "mountPath", "name", "namespace", "nodeName",
    "operator", "persistentVolumeReclaimPolicy", "phase", "preemptionPolicy", "priorityClassName",
    "protocol", "provisioner", "qosClass", "reason", "reclaimPolicy", "resourceVersion",
    "restartPolicy", "runtimeClassName", "schedulerName", "scheme", "selectPolicy", "serviceAccount",
    "serviceAccountName", "storageClassName", "subPath", "subPathExpr", "subdomain",
    "terminationMessagePath", "terminationMessagePolicy", "topologyKey", "type",
    "volumeBindingMode", "volumeMode", "volumeName", "whenUnsatisfiable",
)  # fmt: skip

_NUMBERS: Final = (
    "activeDeadlineSeconds", "averageUtilization", "backoffLimit", "completions", "containerPort",
    "exitCode", "failureThreshold", "fsGroup", "hostPort", "initialDelaySeconds", "maxReplicas",
    "maxSkew", "minDomains", "minReadySeconds", "minReplicas", "parallelism", "partition",
    "periodSeconds", "progressDeadlineSeconds", "replicas", "restartCount", "revisionHistoryLimit",
    "runAsGroup", "runAsUser", "seconds", "stabilizationWindowSeconds", "successThreshold",
    "targetCPUUtilizationPercentage", "terminationGracePeriodSeconds", "timeoutSeconds",
    "tolerationSeconds", "weight",
)  # fmt: skip

_FLAGS: Final = (
    "allowPrivilegeEscalation", "allowVolumeExpansion", "enableServiceLinks", "hostIPC",
    "hostNetwork", "hostPID", "hostUsers", "immutable", "optional", "paused", "privileged",
    "publishNotReadyAddresses", "readOnly", "shareProcessNamespace", "suspend", "unschedulable",
)  # fmt: skip

_LISTS: Final = (
    "accessModes", "conditions", "containerStatuses", "containers", "env", "envFrom", "finalizers",
    "hostAliases", "initContainerStatuses", "initContainers", "items", "matchExpressions", "matchFields",
    "metrics", "mountOptions", "nodeSelectorTerms", "ownerReferences", "policies", "ports",
    "readinessGates", "resizePolicy", "restartPolicyRules", "schedulingGates", "supplementalGroups",
    "taints", "tolerations", "topologySpreadConstraints", "values", "volumeDevices", "volumeMounts",
    "volumes",
)  # fmt: skip

_TEXT_MAPS: Final = ("annotations", "binaryData", "data", "labels", "matchLabels", "nodeSelector")

_AMOUNTS: Final = ("allocatable", "capacity", "limits", "overhead", "requests")

_MAPS: Final = (
    "affinity", "behavior", "claimRef", "configMap", "configMapKeyRef", "configMapRef",
    "csi", "dataSource", "dataSourceRef", "emptyDir",
    "exitCodes", "hostPath", "lifecycle", "livenessProbe", "local", "metadata", "metric", "nfs",
    "nodeAffinity", "persistentVolumeClaim", "podAffinity", "podAntiAffinity", "readinessProbe",
    "resources", "rollingUpdate", "scaleDown", "scaleTargetRef", "scaleUp", "secret",
    "securityContext", "selector", "spec", "startupProbe", "state", "status", "strategy", "target",
    "template", "updateStrategy", "valueFrom",
)  # fmt: skip

_TYPES: Final[Mapping[str, type]] = {
    **dict.fromkeys(_TEXTS, str),
    **dict.fromkeys(_NUMBERS, int),
    **dict.fromkeys(_FLAGS, bool),
    **dict.fromkeys(_LISTS, list),
    **dict.fromkeys((*_MAPS, *_TEXT_MAPS, *_AMOUNTS), dict),
}

_LEAVES: Final = {name: type_ for name, type_ in _TYPES.items() if type_ in (str, int, bool)}

_ONLY_TEXTS: Final = frozenset({str})

_SPOKEN: Final = frozenset({"status"})
"""Fields that are text in a condition and a map in an object."""


def check(manifest: Any, stored: Any = None) -> None:
    """Nothing, if every field has its type; what is the very same as in a stored one has it.

    Raises:
        ApiError: 400, the first one that has not.
    """
    if isinstance(manifest, dict):
        known = stored if isinstance(stored, dict) else _NOTHING
        for field, value in manifest.items():
            if value is None or type(value) is _LEAVES.get(field):
                continue
            if value is not (before := known.get(field)):
                _check_field(field, value, before)
    elif isinstance(manifest, list):
        for item in manifest:
            if isinstance(item, (dict, list)):
                check(item)


_NOTHING: Final[Mapping[str, Any]] = {}


def _check_field(field: str, value: Any, before: Any) -> None:
    expected = _TYPES.get(field)
    if not (expected is None or type(value) is expected or _fits(field, value, expected)):
        why = f"json: cannot unmarshal {type(value).__name__} into field {field}"
        raise errors.bad_request(f"the object provided cannot be decoded: {why}")
    if field in _TEXT_MAPS:
        if not _ONLY_TEXTS.issuperset(map(type, value.values())):
            raise errors.bad_request(f"the object provided cannot be decoded: {field} holds texts")
    elif expected in (dict, list, None) and field not in _AMOUNTS:
        check(value, before)


def _fits(field: str, value: Any, expected: type) -> bool:
    if expected is int:
        return isinstance(value, int) and not isinstance(value, bool)
    return isinstance(value, expected) or (field in _SPOKEN and isinstance(value, str))
