"""Requests and limits of containers and of whole Pods (RESOURCE-002, RESOURCE-003).

After ``pkg/apis/core/validation.ValidateResourceRequirements`` and ``validatePodResources``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from spec_model.events import Manifest
from spec_model.profiles import Profile
from spec_model.quantity import Amount, milli
from spec_model.resources.requests import COMPUTE, container_requests, is_pod_level, pod_level
from spec_model.validation.common import (
    FORBIDDEN,
    INVALID,
    NOT_SUPPORTED,
    REQUIRED,
    Fault,
    Faults,
    is_qualified,
    milli_of,
)

RULE: Final = "RESOURCE-003"
UNREADABLE: Final = "RESOURCE-002"
NATIVE: Final = frozenset({"cpu", "memory", "ephemeral-storage"})
"""Container resources that may be overcommitted: a request may be lower than its limit."""


def container_resource_faults(resources: Manifest, path: str, profile: Profile) -> Faults:
    """What is wrong with ``resources`` of one container."""
    limits, requests = resources.get("limits") or {}, resources.get("requests") or {}
    for field, listed in (("limits", limits), ("requests", {**limits, **requests})):
        for name, amount in listed.items():
            yield from _name_faults(name, f"{path}.{field}[{name}]", profile)
            yield from _amount_faults(name, amount, f"{path}.{field}[{name}]", profile)
    yield from _balance_faults(limits, requests, path, profile)
    if any(map(is_huge_page, {**limits, **requests})) and not any(
        name in COMPUTE for name in {**limits, **requests}
    ):
        yield Fault(path, FORBIDDEN, RULE, "HugePages require cpu or memory")


def pod_resource_faults(spec: Manifest, path: str, profile: Profile) -> Faults:
    """What is wrong with ``spec.resources``, by itself and against the containers."""
    resources = spec.get("resources")
    if not resources or not profile.pod_level_resources:
        return
    given = {field: resources.get(field) or {} for field in ("limits", "requests")}
    for field, listed in given.items():
        for name, amount in listed.items():
            at = f"{path}.{field}[{name}]"
            if not is_pod_level(name):
                yield Fault(at, NOT_SUPPORTED, RULE, "no resource of a whole Pod")
            yield from _amount_faults(name, amount, at, profile)
    if _all_readable(spec, profile):
        yield from _pod_balance_faults(spec, given["limits"], path, profile)


def _pod_balance_faults(spec: Manifest, limits: Manifest, path: str, profile: Profile) -> Faults:
    """Requests within limits, and what containers ask for within what the Pod asks for."""
    asked, _ = pod_level(spec, profile) or ({}, {})
    requests = {name: f"{milli(amount)}m" for name, amount in asked.items()}
    yield from _balance_faults(limits, requests, path, profile)
    inside = container_requests(spec, profile)
    for name, amount in asked.items():
        if inside.get(name, 0) > amount:
            at = f"{path}.requests[{name}]"
            yield Fault(at, INVALID, RULE, "must not be less than what the containers request")
    for index, container in enumerate(spec.get("containers") or ()):
        for name, amount in _listed(container, "limits").items():
            bound = milli_of(limits[name], profile) if name in limits else None
            if bound is not None and (milli_of(amount, profile) or 0) > bound:
                at = f"{path}.containers[{index}][{name}].limits"
                yield Fault(at, INVALID, RULE, "must be less than or equal to the Pod's limit")


def _balance_faults(limits: Manifest, requests: Manifest, path: str, profile: Profile) -> Faults:
    """A request is at most its limit; what cannot be overcommitted has both, and equal."""
    for name, amount in requests.items():
        request = milli_of(amount, profile)
        limit = milli_of(limits[name], profile) if name in limits else None
        if request is None or not is_judged(name, profile):
            continue
        if name not in limits and not is_overcommitted(name):
            yield Fault(f"{path}.limits", REQUIRED, RULE, f"a limit of {name} must be set")
        elif limit is not None and request != limit and not is_overcommitted(name):
            message = f"must be equal to {name} limit of {limits[name]}"
            yield Fault(f"{path}.requests", INVALID, RULE, message)
        elif limit is not None and request > limit:
            message = f"must be less than or equal to {name} limit of {limits[name]}"
            yield Fault(f"{path}.requests", INVALID, RULE, message)


def _name_faults(name: str, path: str, profile: Profile) -> Faults:
    if not is_judged(name, profile):
        return
    if not is_qualified(name) or not (name in NATIVE or is_huge_page(name) or "/" in name):
        yield Fault(path, INVALID, RULE, "must be a standard resource or a qualified name")


def _amount_faults(name: str, amount: Amount, path: str, profile: Profile) -> Faults:
    value = milli_of(amount, profile)
    if value is None:
        yield Fault(path, INVALID, UNREADABLE, "must be a quantity")
    elif not is_judged(name, profile):
        return
    elif value < 0:
        yield Fault(path, INVALID, RULE, "must be greater than or equal to 0")
    elif is_extended(name) and value % 1000:
        yield Fault(path, INVALID, RULE, "must be an integer")


def is_judged(name: str, profile: Profile) -> bool:
    """Whether the profile speaks of that resource: ``documented`` knows cpu and memory alone."""
    return profile.pod_level_resources or name in COMPUTE


def is_extended(name: str) -> bool:
    """Whether a resource is counted in whole devices, as ``example.com/gpu``."""
    return "/" in name and "kubernetes.io/" not in name and not name.startswith("requests.")


def is_huge_page(name: str) -> bool:
    """Whether a resource is huge pages of some size."""
    return name.startswith("hugepages-")


def is_overcommitted(name: str) -> bool:
    """Whether a request of that resource may be lower than its limit."""
    return not is_huge_page(name) and ("/" not in name or "kubernetes.io/" in name)


def _listed(container: Manifest, field: str) -> Mapping[str, Any]:
    return (container.get("resources") or {}).get(field) or {}


def _all_readable(spec: Manifest, profile: Profile) -> bool:
    owners = [spec, *(spec.get("containers") or ()), *(spec.get("initContainers") or ())]
    return all(
        milli_of(amount, profile) is not None
        for owner in owners
        for field in ("limits", "requests")
        for amount in _listed(owner, field).values()
    )
