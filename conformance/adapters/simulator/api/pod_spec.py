"""The spec of a Pod, also inside a template (k8s core validation.ValidatePodSpec)."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from typing import Any, Final

from conformance.adapters.simulator.api import (
    containers,
    names,
    resource_lists,
    scheduling,
    security,
    volumes,
)
from conformance.adapters.simulator.api.fields import Problems
from conformance.adapters.simulator.settings import Settings

RESTART_POLICIES: Final = frozenset({"Always", "OnFailure", "Never"})
LARGEST_DEADLINE: Final = 2**31 - 1
_DNS_POLICIES: Final = frozenset({"ClusterFirstWithHostNet", "ClusterFirst", "Default", "None"})
_PREEMPTION: Final = frozenset({"PreemptLowerPriority", "Never"})
_SYSTEMS: Final = frozenset({"linux", "windows"})
_MOST_NAMESERVERS: Final = 3
_MOST_SEARCHES: Final = 32


def validate_spec(spec: Mapping[str, Any], problems: Problems, settings: Settings) -> None:
    """Everything that a Pod and a template have in common, with paths that begin at ``spec``."""
    listed = spec.get("volumes")
    usable = volumes.validate_volumes(listed, "spec.volumes", problems) if listed else {}
    around = containers.surroundings(spec, usable, settings)
    regular = spec.get("containers") or ()
    containers.validate_containers(regular, around, "spec.containers", problems)
    if initial := spec.get("initContainers"):
        containers.validate_init_containers(
            initial, regular, around, "spec.initContainers", problems
        )
    validate_restart_policy(spec.get("restartPolicy"), "spec.restartPolicy", problems)
    validate_deadline(spec.get("activeDeadlineSeconds"), problems)
    _validate_names(spec, problems)
    security.validate_pod_security(spec, problems)
    for field, judge in _OPTIONAL.items():
        if spec.get(field):
            judge(spec, problems)
    if spec.get("resources") is not None:
        resource_lists.validate_pod_resources(spec, problems, settings)
    if spec.get("overhead"):
        limits = {"limits": spec["overhead"]}
        resource_lists.validate_container_resources(limits, "spec.overhead", problems, settings)


def validate_restart_policy(policy: Any, path: str, problems: Problems) -> None:
    """RESTART-001: one of three words, in this very spelling."""
    problems.one_of(path, policy, RESTART_POLICIES)


def validate_deadline(seconds: Any, problems: Problems) -> None:
    """PHASE-012: absent, or 1 to 2147483647."""
    if seconds is not None and not 1 <= seconds <= LARGEST_DEADLINE:
        problems.invalid("spec.activeDeadlineSeconds", seconds, "must be between 1 and 2147483647")


def _validate_names(spec: Mapping[str, Any], problems: Problems) -> None:
    """Fields that hold names of other things."""
    for field, is_name in _NAMES.items():
        value = spec.get(field)
        if value is not None and (value or field == "runtimeClassName") and not is_name(value):
            problems.invalid(f"spec.{field}", value)
    policy = spec.get("dnsPolicy")
    problems.one_of("spec.dnsPolicy", policy, _DNS_POLICIES)
    if policy == "None" and not (spec.get("dnsConfig") or {}).get("nameservers"):
        problems.required("spec.dnsConfig.nameservers", "must be provided for `dnsPolicy` None")
    preemption = spec.get("preemptionPolicy")
    problems.one_of("spec.preemptionPolicy", preemption, _PREEMPTION, required=False)


_NAMES: Final = {
    "serviceAccountName": names.is_subdomain,
    "nodeName": names.is_subdomain,
    "hostname": names.is_label,
    "subdomain": names.is_label,
    "priorityClassName": names.is_subdomain,
    "runtimeClassName": names.is_subdomain,
}


def _validate_host_network(spec: Mapping[str, Any], problems: Problems) -> None:
    """On the host's network a port is the host's port."""
    for group in ("containers", "initContainers"):
        for index, container in enumerate(spec.get(group) or ()):
            for number, port in enumerate(container.get("ports") or ()):
                if port.get("hostPort") and port["hostPort"] != port.get("containerPort"):
                    path = f"spec.{group}[{index}].ports[{number}].hostPort"
                    problems.invalid(path, port["hostPort"], "must match `containerPort`")


def _validate_dns_config(spec: Mapping[str, Any], problems: Problems) -> None:
    config, path = spec["dnsConfig"], "spec.dnsConfig"
    servers, searches = config.get("nameservers") or (), config.get("searches") or ()
    if len(servers) > _MOST_NAMESERVERS:
        problems.invalid(f"{path}.nameservers", servers, "must not have more than 3 nameservers")
    for index, server in enumerate(servers):
        if not _is_address(server):
            problems.invalid(f"{path}.nameservers[{index}]", server, "must be a valid IP address")
    if len(searches) > _MOST_SEARCHES:
        problems.invalid(f"{path}.searches", searches, "must not have more than 32 search paths")
    for index, option in enumerate(config.get("options") or ()):
        if not option.get("name"):
            problems.required(f"{path}.options[{index}]", "must not be empty")


def _validate_host_aliases(spec: Mapping[str, Any], problems: Problems) -> None:
    for index, alias in enumerate(spec["hostAliases"]):
        path = f"spec.hostAliases[{index}]"
        if not _is_address(alias.get("ip") or ""):
            problems.invalid(f"{path}.ip", alias.get("ip"), "must be a valid IP address")
        for number, hostname in enumerate(alias.get("hostnames") or ()):
            if not names.is_subdomain(hostname):
                problems.invalid(f"{path}.hostnames[{number}]", hostname)


def _validate_readiness_gates(spec: Mapping[str, Any], problems: Problems) -> None:
    for index, gate in enumerate(spec["readinessGates"]):
        kind = gate.get("conditionType") or ""
        if not names.is_qualified_name(kind):
            problems.invalid(f"spec.readinessGates[{index}].conditionType", kind)


def _validate_system(spec: Mapping[str, Any], problems: Problems) -> None:
    name = spec["os"].get("name")
    if not name:
        problems.required("spec.os.name", "cannot be empty")
    elif name not in _SYSTEMS:
        problems.unsupported("spec.os", name, _SYSTEMS)


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


_OPTIONAL: Final = {
    "nodeSelector": lambda spec, problems: names.validate_labels(
        spec["nodeSelector"], "spec.nodeSelector", problems
    ),
    "affinity": lambda spec, problems: scheduling.validate_affinity(
        spec["affinity"], "spec.affinity", problems
    ),
    "tolerations": lambda spec, problems: scheduling.validate_tolerations(
        spec["tolerations"], "spec.tolerations", problems
    ),
    "topologySpreadConstraints": lambda spec, problems: scheduling.validate_topology_spread(
        spec["topologySpreadConstraints"], "spec.topologySpreadConstraints", problems
    ),
    "schedulingGates": lambda spec, problems: scheduling.validate_gates(
        spec["schedulingGates"], "spec.schedulingGates", problems
    ),
    "hostNetwork": _validate_host_network,
    "dnsConfig": _validate_dns_config,
    "hostAliases": _validate_host_aliases,
    "readinessGates": _validate_readiness_gates,
    "os": _validate_system,
}
