"""What the API fills in when an object is created, and what it must leave alone.

After ``pkg/apis/core/v1/defaults.go``, ``pkg/apis/autoscaling/v2/defaults.go`` and the strategies of
``pkg/registry``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from itertools import chain
from typing import Any, Final, TypeAlias

from attrs import frozen

from spec_model.events import Manifest
from spec_model.pod.termination import GRACE
from spec_model.profiles import V1_36, Profile
from spec_model.resources.qos import qos_class
from spec_model.storage.mounts import SOURCES, unknown_fields
from spec_model.validation.common import LARGEST_INT32, holds_in, milli_of
from spec_model.validation.daemon import daemon_defaults
from spec_model.validation.deployment import missing
from spec_model.validation.job import job_defaults
from spec_model.validation.pod import Member, host_port, members
from spec_model.validation.probes import PROBES
from spec_model.validation.selector import template_labels
from spec_model.validation.workload import TEMPLATE, TEMPLATED
from spec_model.workloads.stateful import strategy


@frozen
class Default:
    """A field that nobody gave, what the API must make of it (None: nothing), and the rule."""

    field: str
    value: Any
    rule: str


Defaults: TypeAlias = Iterator[Default]

PROBE_DEFAULTS: Final = {
    "timeoutSeconds": 1,
    "periodSeconds": 10,
    "successThreshold": 1,
    "failureThreshold": 3,
}
CPU_AT_80: Final = {
    "type": "Resource",
    "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 80}},
}
GROWTH: Final = (
    {"type": "Pods", "value": 4, "periodSeconds": 15},
    {"type": "Percent", "value": 100, "periodSeconds": 15},
)
SHRINKAGE: Final = ({"type": "Percent", "value": 100, "periodSeconds": 15},)


def defaults(manifest: Manifest, profile: Profile = V1_36) -> tuple[Default, ...]:
    """Everything that the API must fill in when a valid object is created, in field order.

    Fields are written as in ``validate``. Only what a rule speaks of; what the API server adds besides
    (uid, creationTimestamp, service account, tolerations) is not here.
    """
    fill = KINDS.get(manifest.get("kind", ""))
    if fill is None:
        return ()
    return tuple(each for each in fill(manifest, profile) if holds_in(profile, each.rule))


def unmet(
    stored: Manifest, wanted: tuple[Default, ...], profile: Profile = V1_36
) -> tuple[Default, ...]:
    """Those defaults that a stored object has not got as they must be; amounts compare by value."""
    return tuple(
        each for each in wanted if not _is_met(at(stored, each.field), each.value, profile)
    )


def filled(manifest: Manifest, profile: Profile = V1_36) -> dict[str, Any]:
    """A copy of a manifest with its defaults filled in."""
    copied: dict[str, Any] = _copied(manifest)
    for default in defaults(manifest, profile):
        if default.value is not None:
            _put(copied, _steps(default.field), _copied(default.value))
    return copied


def _copied(value: Any) -> Any:
    """A copy of plain data; many times faster than one of anything."""
    if isinstance(value, (list, tuple)):
        return [_copied(item) for item in value]
    if value is None or isinstance(value, (str, int, float)):
        return value
    is_object = isinstance(value, (dict, Mapping))
    return {key: _copied(item) for key, item in value.items()} if is_object else value


def _is_met(seen: Any, wanted: Any, profile: Profile) -> bool:
    if seen == wanted or (wanted in (0, LARGEST_INT32) and seen is None):
        return True  # nothing, or no limit, may be left unsaid
    if not (isinstance(seen, str | int | float) and isinstance(wanted, str | int | float)):
        return False
    amount = milli_of(seen, profile)
    return amount is not None and amount == milli_of(wanted, profile)


def _pod_defaults(pod: Manifest, profile: Profile) -> Defaults:
    spec = pod.get("spec") or {}
    if not (pod.get("metadata") or {}).get("namespace") and not profile.namespace_required:
        yield Default("metadata.namespace", "default", "VALIDATION-001")
    yield Default("metadata.generation", 1, "PHASE-002")
    if not spec.get("restartPolicy"):
        yield Default("spec.restartPolicy", "Always", "RESTART-001")
    yield from _pod_spec_defaults(spec, "spec", profile)
    for path, container in chain(*members(spec, "spec")):
        yield from _missing_requests(container, path, default=True)
    yield Default("status.phase", "Pending", "PHASE-002")
    quality = qos_class(spec, profile)
    yield Default("status.qosClass", quality.value, quality.because)


def _pod_spec_defaults(spec: Manifest, path: str, profile: Profile) -> Defaults:
    """What is filled in of a Pod and of a template alike."""
    if spec.get("terminationGracePeriodSeconds") is None:
        yield Default(f"{path}.terminationGracePeriodSeconds", GRACE, "TERM-001")
    for at_container, container in chain(*members(spec, path)):
        if not container.get("imagePullPolicy"):
            policy = pull_policy(container.get("image") or "")
            yield Default(f"{at_container}.imagePullPolicy", policy, "REASON-004")
        yield from _probe_defaults(container, at_container)
        yield from _port_defaults((at_container, container), bool(spec.get("hostNetwork")), profile)
    for index, volume in enumerate(spec.get("volumes") or ()):
        if not any(volume[field] is not None for field in volume if field in SOURCES):
            yield Default(f"{path}.volumes[{index}].emptyDir", {}, "VOLUME-004")
    for field in unknown_fields(spec):  # nobody knows it, and it is dropped
        yield Default(f"{path}.{field}", None, "VOLUME-004")


def _probe_defaults(container: Manifest, path: str) -> Defaults:
    for kind in PROBES:
        probe = container.get(kind)
        if probe is None:
            continue
        for field, value in PROBE_DEFAULTS.items():
            if not probe.get(field):
                yield Default(f"{path}.{kind}.{field}", value, "PROBE-002")
        request = probe.get("httpGet")
        if request is not None:
            for field, usual in (("path", "/"), ("scheme", "HTTP")):
                if not request.get(field):
                    yield Default(f"{path}.{kind}.httpGet.{field}", usual, "PROBE-015")


def _port_defaults(member: Member, on_host: bool, profile: Profile) -> Defaults:
    path, container = member
    for index, port in enumerate(container.get("ports") or ()):
        if not port.get("hostPort"):
            number = host_port(port, on_host, profile) or None
            yield Default(f"{path}.ports[{index}].hostPort", number, "NETWORK-004")


def _missing_requests(container: Manifest, path: str, *, default: bool) -> Defaults:
    """RESOURCE-004: a limit without a request becomes the request, of a Pod but not of a template."""
    resources = container.get("resources") or {}
    requests = resources.get("requests") or {}
    for name, limit in (resources.get("limits") or {}).items():
        if name not in requests:
            at_request = f"{path}.resources.requests[{name}]"
            yield Default(at_request, limit if default else None, "RESOURCE-004")


def pull_policy(image: str) -> str:
    """The pull policy of an image for which none is given (REASON-004)."""
    if "@" in image:
        return "IfNotPresent"
    _, _, tag = image.rpartition("/")[2].partition(":")
    return "Always" if tag in ("", "latest") else "IfNotPresent"


def _volume_defaults(volume: Manifest, _profile: Profile) -> Defaults:
    spec = volume.get("spec") or {}
    if not spec.get("persistentVolumeReclaimPolicy"):
        yield Default("spec.persistentVolumeReclaimPolicy", "Retain", "PV-009")
    if spec.get("volumeMode") is None:
        yield Default("spec.volumeMode", "Filesystem", "PV-001")
    yield Default("status.phase", "Pending", "PV-004")


def _claim_defaults(claim: Manifest, _profile: Profile) -> Defaults:
    if (claim.get("spec") or {}).get("volumeMode") is None:
        yield Default("spec.volumeMode", "Filesystem", "PV-001")
    yield Default("status.phase", "Pending", "PV-005")


def _autoscaler_defaults(autoscaler: Manifest, _profile: Profile) -> Defaults:
    spec = autoscaler.get("spec") or {}
    if spec.get("minReplicas") is None:
        yield Default("spec.minReplicas", 1, "HPA-018")
    if autoscaler.get("apiVersion") == "autoscaling/v1":
        if spec.get("targetCPUUtilizationPercentage") is None:
            yield Default("spec.targetCPUUtilizationPercentage", 80, "HPA-018")
        return
    if not spec.get("metrics"):
        yield Default("spec.metrics", [CPU_AT_80], "HPA-018")
    behavior = spec.get("behavior")
    if behavior is not None:
        yield from _rules_defaults(behavior.get("scaleUp") or {}, "scaleUp", GROWTH)
        yield from _rules_defaults(behavior.get("scaleDown") or {}, "scaleDown", SHRINKAGE)


def _rules_defaults(
    rules: Manifest, direction: str, policies: tuple[Mapping[str, Any], ...]
) -> Defaults:
    path = f"spec.behavior.{direction}"
    if rules.get("policies") is None:
        yield Default(f"{path}.policies", list(policies), "HPA-019")
    if rules.get("selectPolicy") is None:
        yield Default(f"{path}.selectPolicy", "Max", "HPA-019")
    if direction == "scaleUp" and rules.get("stabilizationWindowSeconds") is None:
        yield Default(f"{path}.stabilizationWindowSeconds", 0, "HPA-010")


def _template_defaults(workload: Manifest, profile: Profile) -> Defaults:
    spec = ((workload.get("spec") or {}).get("template") or {}).get("spec") or {}
    if not spec.get("restartPolicy"):
        yield Default(f"{TEMPLATE}.restartPolicy", "Always", "RESTART-006")
    if workload.get("kind") == "ReplicationController":
        labels = template_labels(workload)
        if labels and not (workload.get("spec") or {}).get("selector"):
            yield Default("spec.selector", labels, "REPLICA-005")
    yield from _pod_spec_defaults(spec, TEMPLATE, profile)
    for path, container in chain(*members(spec, TEMPLATE)):
        yield from _missing_requests(container, path, default=False)


def _daemon_defaults(daemons: Manifest, profile: Profile) -> Defaults:
    yield from _template_defaults(daemons, profile)
    yield from (Default(*each, "DAEMON-006") for each in daemon_defaults(daemons, profile))


def _job_defaults(job: Manifest, profile: Profile) -> Defaults:
    yield from _template_defaults(job, profile)
    yield from (Default(*each, "JOB-002") for each in job_defaults(job, profile))


def _stateful_set_defaults(stateful_set: Manifest, profile: Profile) -> Defaults:
    spec = stateful_set.get("spec") or {}
    if not spec.get("podManagementPolicy"):
        yield Default("spec.podManagementPolicy", "OrderedReady", "STATEFUL-002")
    if not (spec.get("updateStrategy") or {}).get("type"):
        usual = strategy(spec, profile)
        yield Default("spec.updateStrategy.type", usual.value, usual.because)
    yield from _template_defaults(stateful_set, profile)


def _deployment_defaults(deployment: Manifest, profile: Profile) -> Defaults:
    for field, value in missing(deployment, profile).items():
        yield Default(field, value, "DEPLOY-001")
    yield from _template_defaults(deployment, profile)


KINDS: Final[Mapping[str, Callable[[Manifest, Profile], Defaults]]] = {
    "Pod": _pod_defaults,
    "PersistentVolume": _volume_defaults,
    "PersistentVolumeClaim": _claim_defaults,
    "HorizontalPodAutoscaler": _autoscaler_defaults,
    **dict.fromkeys(TEMPLATED, _template_defaults),
    "DaemonSet": _daemon_defaults,
    "Job": _job_defaults,
    "StatefulSet": _stateful_set_defaults,
    "Deployment": _deployment_defaults,
}

STEP: Final = re.compile(r"\[([^]]*)\]|([^.\[]+)")


def at(manifest: Any, field: str) -> Any:
    """The value at a field path of a manifest, None where there is none.

    >>> at({"spec": {"containers": [{"resources": {"limits": {"a.b/c": 1}}}]}},
    ...    "spec.containers[0].resources.limits[a.b/c]")
    1
    """
    for step in _steps(field):
        if isinstance(manifest, list):
            manifest = manifest[int(step)] if int(step) < len(manifest) else None
        elif isinstance(manifest, (dict, Mapping)):
            manifest = manifest.get(step)
        else:
            return None
    return manifest


@cache
def _steps(field: str) -> tuple[str, ...]:
    return tuple(key or name for key, name in STEP.findall(field))


def _put(manifest: Any, steps: tuple[str, ...], value: Any) -> None:
    for step in steps[:-1]:
        if isinstance(manifest, list):
            manifest = manifest[int(step)]
        else:
            if manifest.get(step) is None:
                manifest[step] = {}
            manifest = manifest[step]
    manifest[steps[-1]] = value
