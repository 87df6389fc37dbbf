"""Pods and the Pods of templates: what makes the API refuse them.

After ``pkg/apis/core/validation.ValidatePodSpec``. Manifests are taken as they were sent, without
the defaults of the API.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from typing import Final, TypeAlias

from spec_model.events import Manifest
from spec_model.pod.termination import GRACE
from spec_model.profiles import Profile
from spec_model.validation.affinity import node_affinity_faults
from spec_model.validation.common import (
    DUPLICATE,
    FORBIDDEN,
    INVALID,
    LARGEST_INT32,
    NOT_SUPPORTED,
    REQUIRED,
    TOO_LONG,
    Fault,
    Faults,
    is_label,
    metadata_faults,
)
from spec_model.validation.probes import lifecycle_faults, probe_faults
from spec_model.validation.resources import container_resource_faults, pod_resource_faults
from spec_model.validation.volume import mount_faults, pod_volume_faults

POLICIES: Final = ("Always", "OnFailure", "Never")
ACTIONS: Final = ("Restart", "RestartAllContainers")
MOST_RULES: Final = 20
MOST_EXIT_CODES: Final = 255

Member: TypeAlias = tuple[str, Manifest]
"""A container and the path at which it stands."""


def pod_faults(pod: Manifest, profile: Profile) -> Faults:
    """What is wrong with a Pod that is to be created."""
    spec = pod.get("spec") or {}
    yield from metadata_faults(pod, profile)
    if (spec.get("restartPolicy") or "Always") not in POLICIES:
        message = "must be Always, OnFailure or Never"
        yield Fault("spec.restartPolicy", NOT_SUPPORTED, "RESTART-001", message)
    for path, container in chain(*members(spec, "spec")):
        image = container.get("image") or ""
        if image != image.strip():
            message = "must not have leading or trailing whitespace"
            yield Fault(f"{path}.image", INVALID, "VALIDATION-001", message)
    yield from pod_spec_faults(spec, "spec", profile)


def pod_spec_faults(spec: Manifest, path: str, profile: Profile) -> Faults:
    """What is wrong with the spec of a Pod or of a template, but for the template's own rules."""
    apps, inits = members(spec, path)
    if not apps:
        yield Fault(f"{path}.containers", REQUIRED, "VALIDATION-001", "must have a container")
    yield from _name_faults([*apps, *inits])
    yield from _deadline_faults(spec, path)
    grace = spec.get("terminationGracePeriodSeconds")
    for at, container in apps:
        yield from _container_faults(container, at, profile)
        yield from _hook_faults(container, GRACE if grace is None else grace, at, profile)
    for at, container in inits:
        yield from _container_faults(container, at, profile)
        if container.get("restartPolicy") == "Always":
            yield from _hook_faults(container, GRACE if grace is None else grace, at, profile)
        else:
            yield from _init_faults(container, at, profile)
    yield from _host_port_faults(spec, apps, inits, profile)
    yield from _process_namespace_faults(spec, path)
    yield from pod_volume_faults(spec, path)
    yield from mount_faults(spec, [*apps, *inits], profile)
    yield from pod_resource_faults(spec, f"{path}.resources", profile)
    affinity = (spec.get("affinity") or {}).get("nodeAffinity")
    if affinity:
        yield from node_affinity_faults(affinity, f"{path}.affinity.nodeAffinity")


def members(spec: Manifest, path: str) -> tuple[list[Member], list[Member]]:
    """The app containers of a spec, and its init containers with the sidecars, with their paths."""
    apps = enumerate(spec.get("containers") or ())
    inits = enumerate(spec.get("initContainers") or ())
    return (
        [(f"{path}.containers[{index}]", container) for index, container in apps],
        [(f"{path}.initContainers[{index}]", container) for index, container in inits],
    )


def _name_faults(containers: list[Member]) -> Faults:
    """VALIDATION-001 wants a name, INIT-007 its form, and that no other container has it."""
    taken: set[str] = set()
    for path, container in containers:
        name, at = container.get("name") or "", f"{path}.name"
        if not name:
            yield Fault(at, REQUIRED, "VALIDATION-001", "must have a name")
        elif not is_label(name):
            yield Fault(at, INVALID, "INIT-007", "must be a DNS-1123 label")
        if name and name in taken:
            yield Fault(at, DUPLICATE, "INIT-007", f"{name} is the name of another container")
        taken.add(name)


def _deadline_faults(spec: Manifest, path: str) -> Faults:
    deadline = spec.get("activeDeadlineSeconds")
    if deadline is not None and not 1 <= deadline <= LARGEST_INT32:
        at, message = f"{path}.activeDeadlineSeconds", f"must be between 1 and {LARGEST_INT32}"
        yield Fault(at, INVALID, "PHASE-012", message)


def _container_faults(container: Manifest, path: str, profile: Profile) -> Faults:
    """What any container must have."""
    if not container.get("image"):
        yield Fault(f"{path}.image", REQUIRED, "VALIDATION-001", "must have an image")
    if profile.container_restart_policy:
        yield from _restart_faults(container, path)
    yield from container_resource_faults(
        container.get("resources") or {}, f"{path}.resources", profile
    )


def _hook_faults(container: Manifest, grace: int, path: str, profile: Profile) -> Faults:
    """What a container that goes on running may be watched and stopped by."""
    yield from probe_faults(container, path, profile)
    yield from lifecycle_faults(container, grace, path, profile)


def _init_faults(container: Manifest, path: str, profile: Profile) -> Faults:
    """INIT-006: a container that runs to its end is not probed."""
    for field in profile.init_container_forbids:
        if container.get(field) is not None:
            message = "may not be set for init containers without restartPolicy=Always"
            yield Fault(f"{path}.{field}", FORBIDDEN, "INIT-006", message)


def _restart_faults(container: Manifest, path: str) -> Faults:
    """RESTART-007: a policy of the container's own, and rules that stand on one."""
    policy, rules = container.get("restartPolicy"), container.get("restartPolicyRules") or ()
    if policy is None and rules:
        message = "must be set where there are rules"
        yield Fault(f"{path}.restartPolicy", REQUIRED, "RESTART-007", message)
    elif policy is not None and policy not in POLICIES:
        message = "must be Always, OnFailure or Never"
        yield Fault(f"{path}.restartPolicy", NOT_SUPPORTED, "RESTART-007", message)
    if len(rules) > MOST_RULES:
        message = f"must have at most {MOST_RULES} rules"
        yield Fault(f"{path}.restartPolicyRules", TOO_LONG, "RESTART-007", message)
    for index, rule in enumerate(rules):
        yield from _restart_rule_faults(rule, f"{path}.restartPolicyRules[{index}]")


def _restart_rule_faults(rule: Manifest, path: str) -> Faults:
    if rule.get("action") not in ACTIONS:
        message = "must be Restart or RestartAllContainers"
        yield Fault(f"{path}.action", NOT_SUPPORTED, "RESTART-007", message)
    codes = rule.get("exitCodes")
    if codes is None:
        yield Fault(f"{path}.exitCodes", REQUIRED, "RESTART-007", "must be specified")
        return
    if codes.get("operator") not in ("In", "NotIn"):
        at = f"{path}.exitCodes.operator"
        yield Fault(at, NOT_SUPPORTED, "RESTART-007", "must be In or NotIn")
    if len(codes.get("values") or ()) > MOST_EXIT_CODES:
        message = f"must have at most {MOST_EXIT_CODES} values"
        yield Fault(f"{path}.exitCodes.values", TOO_LONG, "RESTART-007", message)


def _host_port_faults(
    spec: Manifest, apps: list[Member], inits: list[Member], profile: Profile
) -> Faults:
    """NETWORK-004: a host port is a port, on the host's network the container's, and free."""
    on_host = bool(spec.get("hostNetwork"))
    for path, port in _ports(apps + inits):
        number = host_port(port, on_host, profile)
        if not 0 <= number <= 65535:
            yield Fault(f"{path}.hostPort", INVALID, "NETWORK-004", "must be a port number")
        elif on_host and number != (port.get("containerPort") or 0):
            message = "must match containerPort where hostNetwork is true"
            yield Fault(f"{path}.hostPort", INVALID, "NETWORK-004", message)
    # Init containers run one by one, so only what one of them has twice is in its own way.
    for group in (apps, *([init] for init in inits)):
        taken: set[tuple[str, str, int]] = set()
        for path, port in _ports(group):
            number = host_port(port, on_host, profile)
            key = (port.get("protocol") or "TCP", port.get("hostIP") or "", number)
            if number and key in taken:
                yield Fault(f"{path}.hostPort", DUPLICATE, "NETWORK-004", "is taken in this Pod")
            taken.add(key)


def host_port(port: Manifest, on_host: bool, profile: Profile) -> int:
    """The host port after defaulting; 0 is none (NETWORK-004)."""
    given = port.get("hostPort") or 0
    if not given and (on_host or profile.host_port_defaults):
        return port.get("containerPort") or 0
    return int(given)


def _ports(containers: list[Member]) -> Iterator[Member]:
    for path, container in containers:
        for index, port in enumerate(container.get("ports") or ()):
            yield f"{path}.ports[{index}]", port


def _process_namespace_faults(spec: Manifest, path: str) -> Faults:
    if spec.get("shareProcessNamespace") and spec.get("hostPID"):
        # The API blames the field of its internal type.
        at = f"{path}.securityContext.shareProcessNamespace"
        yield Fault(at, INVALID, "NETWORK-002", "excludes hostPID")
