"""Which rules speak of a manifest: those that its acceptance, or its refusal, puts to the test."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, TypeAlias

from spec_model.events import Manifest
from spec_model.validation.probes import PROBES
from spec_model.validation.selector import SCALABLE
from spec_model.validation.workload import ALWAYS_KINDS, TEMPLATED

Condition: TypeAlias = Callable[[Manifest], object]

LONG_PATH: Final = 512
"""Mount paths from this length on are what VOLUME-003 is about."""


def containers(spec: Manifest) -> Iterator[Manifest]:
    """App containers, then init containers and sidecars."""
    yield from spec.get("containers") or ()
    yield from spec.get("initContainers") or ()


def always(_spec: Manifest) -> bool:
    """The condition of a rule that speaks of every object of its kind."""
    return True


def _any_container(*fields: str) -> Condition:
    return lambda spec: any(
        each.get(field) not in (None, []) for each in containers(spec) for field in fields
    )


def _init_with(policy: Callable[[Any], bool]) -> Condition:
    return lambda spec: any(
        policy(each.get("restartPolicy")) for each in spec.get("initContainers") or ()
    )


def _has_own_policy(spec: Manifest) -> bool:
    return any(
        each.get("restartPolicyRules") or each.get("restartPolicy") not in (None, "Always")
        for each in containers(spec)
    ) or any(each.get("restartPolicy") for each in spec.get("containers") or ())


def _resource_names(spec: Manifest) -> set[str]:
    owners = [spec, *containers(spec)]
    return {
        name
        for owner in owners
        for field in ("limits", "requests")
        for name in (owner.get("resources") or {}).get(field) or ()
    }


def _shares_a_port(spec: Manifest) -> bool:
    ports = Counter(
        port
        for container in spec.get("containers") or ()
        for port in {each.get("containerPort") for each in container.get("ports") or ()}
    )
    return any(count > 1 for count in ports.values())


def _uses_host_ports(spec: Manifest) -> bool:
    return bool(spec.get("hostNetwork")) or any(
        port.get("hostPort") for each in containers(spec) for port in each.get("ports") or ()
    )


def _mounts_oddly(spec: Manifest) -> bool:
    paths = [
        mount.get("mountPath") or ""
        for container in containers(spec)
        for mount in container.get("volumeMounts") or ()
    ]
    return any(not path.startswith("/") or ":" in path or len(path) >= LONG_PATH for path in paths)


POD_SPEC: Final[Mapping[str, Condition]] = {
    "VALIDATION-001": always,
    "INIT-007": always,
    "PHASE-012": lambda spec: spec.get("activeDeadlineSeconds") is not None,
    "RESTART-007": _has_own_policy,
    "INIT-006": _init_with(lambda policy: policy != "Always"),
    "INIT-011": _init_with(lambda policy: policy == "Always"),
    "PROBE-002": _any_container(*PROBES),
    "PROBE-015": _any_container(*PROBES),
    "TERM-005": _any_container("lifecycle"),
    "NETWORK-002": lambda spec: spec.get("shareProcessNamespace") or spec.get("hostPID"),
    "NETWORK-003": _shares_a_port,
    "NETWORK-004": _uses_host_ports,
    "VOLUME-002": _any_container("volumeMounts"),
    "VOLUME-003": _mounts_oddly,
    "VOLUME-007": lambda spec: any(
        each.get("hostPath") is not None for each in spec.get("volumes") or ()
    ),
    "RESOURCE-001": lambda spec: "cpu" in _resource_names(spec),
    "RESOURCE-002": lambda spec: "memory" in _resource_names(spec),
    "RESOURCE-003": _resource_names,
    "AFFINITY-007": lambda spec: (spec.get("affinity") or {}).get("nodeAffinity"),
}
"""By rule, the condition that the spec of a Pod or of a template meets."""

KINDS: Final[Mapping[str, Mapping[str, Condition]]] = {
    "Pod": {"RESTART-001": always, **POD_SPEC},
    "PersistentVolume": {
        "PV-001": always,
        "PV-012": always,
        "PV-008": lambda spec: spec.get("persistentVolumeReclaimPolicy"),
        "VOLUME-007": lambda spec: spec.get("hostPath") is not None,
        "AFFINITY-007": lambda spec: spec.get("nodeAffinity"),
    },
    "ConfigMap": {"CONFIGMAP-005": always},
    "PersistentVolumeClaim": {"PV-001": always, "PV-012": always},
    "HorizontalPodAutoscaler": {
        "HPA-017": always,
        "HPA-018": always,
        "HPA-016": lambda spec: spec.get("metrics"),
        "HPA-019": lambda spec: spec.get("behavior"),
        "HPA-004": lambda spec: any(
            (rules or {}).get("tolerance") is not None
            for rules in (spec.get("behavior") or {}).values()
        ),
    },
    **{kind: {"RESTART-006": always, "REPLICA-001": always} for kind in ALWAYS_KINDS},
    "Deployment": {
        "RESTART-006": always,
        "REPLICA-001": always,
        "DEPLOY-015": always,
        "DEPLOY-011": lambda spec: (spec.get("strategy") or {}).get("type") == "Recreate",
    },
    "DaemonSet": {
        **dict.fromkeys(("RESTART-006", "REPLICA-001", "DAEMON-006"), always),
        "DAEMON-008": lambda spec: (spec.get("updateStrategy") or {}).get("rollingUpdate"),
    },
    "Job": {
        **dict.fromkeys(("RESTART-006", "JOB-001", "JOB-002"), always),
        "JOB-012": lambda spec: spec.get("completionMode") == "Indexed",
    },
}


def speaks_of(manifest: Manifest) -> frozenset[str]:
    """The rules whose condition a manifest meets, so that creating it puts them to the test.

    Accepted or refused, an engine that treats the manifest as ``validate`` says has kept them.
    """
    kind, spec = manifest.get("kind", ""), manifest.get("spec") or {}
    met = {rule for rule, condition in KINDS.get(kind, {}).items() if condition(spec)}
    if kind in ALWAYS_KINDS:
        met.add("REPLICA-005")
    if kind in SCALABLE and (spec.get("replicas") or 0) < 0:
        met.add("REPLICA-008")
    if kind in TEMPLATED:
        inner = (spec.get("template") or {}).get("spec") or {}
        met |= {rule for rule, condition in POD_SPEC.items() if condition(inner)}
    return frozenset(met)
