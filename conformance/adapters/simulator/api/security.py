"""Security contexts of Pods and containers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from conformance.adapters.simulator.api.fields import Problems

_LARGEST_ID: Final = 2**31 - 1
_SECCOMP: Final = frozenset({"Localhost", "RuntimeDefault", "Unconfined"})
_CHANGE_POLICIES: Final = frozenset({"OnRootMismatch", "Always"})
_GROUPS_POLICIES: Final = frozenset({"Merge", "Strict"})
_MOUNTS: Final = frozenset({"Default", "Unmasked"})


def validate_pod_security(spec: Mapping[str, Any], problems: Problems) -> None:
    """spec.securityContext, and the host's namespaces."""
    context, path = spec.get("securityContext"), "spec.securityContext"
    if context:
        _validate_identities(context, path, ("fsGroup", "runAsUser", "runAsGroup"), problems)
        for index, group in enumerate(context.get("supplementalGroups") or ()):
            _validate_identity(group, f"{path}.supplementalGroups[{index}]", problems)
    _validate_process_namespaces(spec, f"{path}.shareProcessNamespace", problems)
    if context:
        _validate_policies(context, path, problems)
        _validate_seccomp(context.get("seccompProfile"), f"{path}.seccompProfile", problems)
    if spec.get("hostUsers") is False:
        _validate_own_users(spec, problems)


def validate_container_security(
    context: Mapping[str, Any], host_users: bool, path: str, problems: Problems
) -> None:
    """securityContext of a container."""
    _validate_identities(context, path, ("runAsUser", "runAsGroup"), problems)
    mount = context.get("procMount")
    if mount is not None and mount not in _MOUNTS:
        problems.unsupported(f"{path}.procMount", mount, _MOUNTS)
    if mount == "Unmasked" and host_users:
        problems.invalid(f"{path}.procMount", mount, "`hostUsers` must be false")
    if context.get("allowPrivilegeEscalation") is False:
        _validate_no_escalation(context, path, problems)
    _validate_seccomp(context.get("seccompProfile"), f"{path}.seccompProfile", problems)


def _validate_policies(context: Mapping[str, Any], path: str, problems: Problems) -> None:
    for field, supported in (
        ("fsGroupChangePolicy", _CHANGE_POLICIES),
        ("supplementalGroupsPolicy", _GROUPS_POLICIES),
    ):
        if context.get(field) is not None and context[field] not in supported:
            problems.unsupported(f"{path}.{field}", context[field], supported)


def _validate_no_escalation(context: Mapping[str, Any], path: str, problems: Problems) -> None:
    added = (context.get("capabilities") or {}).get("add") or ()
    if context.get("privileged"):
        problems.invalid(path, False, "cannot be false while `privileged` is true")
    if "CAP_SYS_ADMIN" in added:
        problems.invalid(path, False, "cannot be false with CAP_SYS_ADMIN")


def _validate_own_users(spec: Mapping[str, Any], problems: Problems) -> None:
    """Without the host's users a Pod cannot have its other namespaces either."""
    for field, reported in (
        ("hostNetwork", "hostNetwork"), ("hostPID", "HostPID"), ("hostIPC", "HostIPC"),
    ):  # fmt: skip
        if spec.get(field):
            problems.forbidden(f"spec.{reported}", "when `hostUsers` is false")


def _validate_seccomp(profile: Mapping[str, Any] | None, path: str, problems: Problems) -> None:
    if profile is None:
        return
    problems.one_of(f"{path}.type", profile.get("type"), _SECCOMP)
    local = profile.get("localhostProfile")
    if profile.get("type") == "Localhost" and not local:
        problems.required(f"{path}.localhostProfile", "must be set when seccomp type is Localhost")
    elif profile.get("type") != "Localhost" and local is not None:
        problems.invalid(f"{path}.localhostProfile", local, "can only be set for Localhost")


def _validate_process_namespaces(spec: Mapping[str, Any], path: str, problems: Problems) -> None:
    """The PID namespace of the Pod, or that of the node (NETWORK-002)."""
    if spec.get("shareProcessNamespace") and spec.get("hostPID"):
        problems.invalid(path, True, "ShareProcessNamespace and HostPID cannot both be enabled")


def _validate_identities(
    context: Mapping[str, Any], path: str, fields: tuple[str, ...], problems: Problems
) -> None:
    for field in fields:
        if context.get(field) is not None:
            _validate_identity(context[field], f"{path}.{field}", problems)


def _validate_identity(number: int, path: str, problems: Problems) -> None:
    if not 0 <= number <= _LARGEST_ID:
        problems.invalid(path, number, "must be between 0 and 2147483647, inclusive")
