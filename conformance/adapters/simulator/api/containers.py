"""Containers, init containers and sidecars (VALIDATION-001, RESTART-007)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from attrs import define

from conformance.adapters.simulator import resources
from conformance.adapters.simulator.api import (
    environment,
    names,
    probes,
    resource_lists,
    security,
    volumes,
)
from conformance.adapters.simulator.api.fields import Problems
from conformance.adapters.simulator.settings import Settings

_PULL_POLICIES: Final = frozenset({"Always", "IfNotPresent", "Never"})
_MESSAGE_POLICIES: Final = frozenset({"File", "FallbackToLogsOnError"})
_PROTOCOLS: Final = frozenset({"TCP", "UDP", "SCTP"})
_RESTART_POLICIES: Final = frozenset({"Always", "OnFailure", "Never"})
_RULE_ACTIONS: Final = frozenset({"Restart", "RestartAllContainers"})
_RULE_OPERATORS: Final = frozenset({"In", "NotIn"})
_MOST_RULES: Final = 20
_MOST_CODES: Final = 255


@define
class Surroundings:
    """What a container must know of its Pod to be judged; nobody changes it."""

    volumes: Mapping[str, str]
    restart_policy: str
    grace: int | None
    host_users: bool
    settings: Settings


def surroundings(
    spec: Mapping[str, Any], usable: Mapping[str, str], settings: Settings
) -> Surroundings:
    """The surroundings a spec gives its containers; ``usable`` are its volumes with their kinds."""
    grace = spec.get("terminationGracePeriodSeconds")
    return Surroundings(
        volumes=usable,
        restart_policy=spec.get("restartPolicy") or "",
        grace=grace if grace is not None and grace >= 0 else None,
        host_users=spec.get("hostUsers") is not False,
        settings=settings,
    )


def validate_containers(
    containers: Sequence[Mapping[str, Any]], around: Surroundings, path: str, problems: Problems
) -> None:
    """At least one; names unique; ports of the host not taken twice."""
    if not containers:
        problems.required(path)
        return
    seen: set[str] = set()
    for index, container in enumerate(containers):
        at = f"{path}[{index}]"
        _validate_container(container, around, at, problems)
        validate_unique(container, seen, at, problems)
        _validate_running(container, around, at, problems)
    _validate_host_ports(containers, path, problems)


def validate_init_containers(
    containers: Sequence[Mapping[str, Any]],
    regular: Sequence[Mapping[str, Any]],
    around: Surroundings,
    path: str,
    problems: Problems,
) -> None:
    """Names not used by any other container; probes and hooks only for sidecars."""
    seen = {container.get("name") or "" for container in regular}
    for index, container in enumerate(containers):
        at = f"{path}[{index}]"
        _validate_container(container, around, at, problems)
        validate_unique(container, seen, at, problems)
        _validate_host_ports([container], path, problems)
        if resources.is_sidecar(container):
            _validate_running(container, around, at, problems)
        else:
            forbid_running_fields(container, at, around.settings.init_forbids, problems)


def forbid_running_fields(
    container: Mapping[str, Any], path: str, fields: Sequence[str], problems: Problems
) -> None:
    """INIT-006: an init container that ends has no probes and no hooks."""
    for field in fields:
        if container.get(field) is not None:
            why = "may not be set for init containers without restartPolicy=Always"
            problems.forbidden(f"{path}.{field}", why)


def validate_image_spaces(
    containers: Sequence[Mapping[str, Any]], path: str, problems: Problems
) -> None:
    """Pods, not templates, refuse white space around an image."""
    for index, container in enumerate(containers):
        image = container.get("image") or ""
        if image != image.strip():
            why = "must not have leading or trailing whitespace"
            problems.invalid(f"{path}[{index}].image", image, why)


def _validate_container(
    container: Mapping[str, Any], around: Surroundings, path: str, problems: Problems
) -> None:
    """What holds for every kind of container."""
    name = container.get("name")
    if not name:
        problems.required(f"{path}.name")
    elif not names.is_label(name):
        problems.invalid(f"{path}.name", name)
    if not container.get("image"):
        problems.required(f"{path}.image")
    message_policy = container.get("terminationMessagePolicy")
    problems.one_of(f"{path}.terminationMessagePolicy", message_policy, _MESSAGE_POLICIES)
    problems.one_of(f"{path}.imagePullPolicy", container.get("imagePullPolicy"), _PULL_POLICIES)
    held = container.get("resources")
    if held:
        resource_lists.validate_container_resources(
            held, f"{path}.resources", problems, around.settings
        )
    _validate_optional(container, around, path, problems)
    if container.get("restartPolicy") is not None or container.get("restartPolicyRules"):
        validate_restart_rules(container, path, problems)


def _validate_optional(
    container: Mapping[str, Any], around: Surroundings, path: str, problems: Problems
) -> None:
    """The parts that most containers do not have."""
    if ports := container.get("ports"):
        _validate_ports(ports, f"{path}.ports", problems)
    if variables := container.get("env"):
        environment.validate_environment(variables, f"{path}.env", problems)
    if sources := container.get("envFrom"):
        environment.validate_environment_sources(sources, f"{path}.envFrom", problems)
    if container.get("volumeMounts"):
        limit = around.settings.mount_path_limit
        mounts = f"{path}.volumeMounts"
        volumes.validate_mounts(container, around.volumes, mounts, problems, limit)
    if container.get("volumeDevices"):
        volumes.validate_devices(container, around.volumes, f"{path}.volumeDevices", problems)
    if policies := container.get("resizePolicy"):
        resource_lists.validate_resize_policy(
            policies, f"{path}.resizePolicy", around.restart_policy, problems
        )
    if context := container.get("securityContext"):
        security.validate_container_security(
            context, around.host_users, f"{path}.securityContext", problems
        )


def _validate_running(
    container: Mapping[str, Any], around: Surroundings, path: str, problems: Problems
) -> None:
    """What only a container that keeps running can have."""
    probes.validate_probes(container, around.grace, path, problems, around.settings)
    if lifecycle := container.get("lifecycle"):
        probes.validate_lifecycle(lifecycle, around.grace, f"{path}.lifecycle", problems)


def validate_unique(
    container: Mapping[str, Any], seen: set[str], path: str, problems: Problems
) -> None:
    """INIT-007: no two containers of a Pod have the same name."""
    name = container.get("name") or ""
    if name and name in seen:
        problems.duplicate(f"{path}.name", name)
    seen.add(name)


def validate_restart_rules(container: Mapping[str, Any], path: str, problems: Problems) -> None:
    """RESTART-007: rules need a policy of the container itself, and have bounds."""
    policy, rules = container.get("restartPolicy"), container.get("restartPolicyRules") or ()
    if policy is not None and policy not in _RESTART_POLICIES:
        problems.unsupported(f"{path}.restartPolicy", policy, _RESTART_POLICIES)
    if rules and policy is None:
        problems.required(f"{path}.restartPolicy", "must be set when restart rules are used")
    if len(rules) > _MOST_RULES:
        problems.too_many(f"{path}.restartPolicyRules", len(rules), _MOST_RULES)
    for index, rule in enumerate(rules):
        _validate_restart_rule(rule, f"{path}.restartPolicyRules[{index}]", problems)


def _validate_restart_rule(rule: Mapping[str, Any], path: str, problems: Problems) -> None:
    problems.one_of(f"{path}.action", rule.get("action"), _RULE_ACTIONS)
    codes = rule.get("exitCodes")
    if codes is None:
        problems.required(f"{path}.exitCodes", "must be specified")
        return
    problems.one_of(f"{path}.exitCodes.operator", codes.get("operator"), _RULE_OPERATORS)
    values = codes.get("values") or ()
    if len(values) > _MOST_CODES:
        problems.too_many(f"{path}.exitCodes.values", len(values), _MOST_CODES)


def _validate_ports(ports: Sequence[Mapping[str, Any]], path: str, problems: Problems) -> None:
    seen = set()
    for index, port in enumerate(ports):
        at, name, number = f"{path}[{index}]", port.get("name"), port.get("containerPort")
        if name:
            if not names.is_port_name(name):
                problems.invalid(f"{at}.name", name)
            elif name in seen:
                problems.duplicate(f"{at}.name", name)
            seen.add(name)
        if not number:
            problems.required(f"{at}.containerPort")
        elif not probes.is_port_number(number):
            problems.invalid(f"{at}.containerPort", number)
        if port.get("hostPort") and not probes.is_port_number(port["hostPort"]):
            problems.invalid(f"{at}.hostPort", port["hostPort"])
        problems.one_of(f"{at}.protocol", port.get("protocol"), _PROTOCOLS)


def _validate_host_ports(
    containers: Sequence[Mapping[str, Any]], path: str, problems: Problems
) -> None:
    """A port of the host serves one port of the Pod; the later one is reported."""
    taken = set()
    for index, container in enumerate(containers):
        for number, port in enumerate(container.get("ports") or ()):
            if not port.get("hostPort"):
                continue
            claim = port.get("protocol"), port.get("hostIP") or "", port["hostPort"]
            if claim in taken:
                problems.duplicate(f"{path}[{index}].ports[{number}].hostPort", claim)
            taken.add(claim)
