"""Requests and limits: names, amounts, and how they fit together (RESOURCE-003)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from conformance.adapters.simulator import quantity, resources
from conformance.adapters.simulator.api import names
from conformance.adapters.simulator.api.fields import Problems
from conformance.adapters.simulator.settings import Settings

_RESIZE_POLICIES: Final = frozenset({"NotRequired", "RestartContainer"})
_RESIZABLE: Final = frozenset({"cpu", "memory"})
_STANDARD: Final = frozenset({"cpu", "memory", "ephemeral-storage"})


def validate_container_resources(
    held: Mapping[str, Any], path: str, problems: Problems, settings: Settings
) -> None:
    """The resources of one container."""
    limits, requests = held.get("limits") or {}, held.get("requests") or {}
    for name, text in limits.items():
        _validate_entry(name, text, f"{path}.limits[{name}]", problems, settings)
    for name, text in requests.items():
        _validate_entry(name, text, f"{path}.requests[{name}]", problems, settings)
        validate_request(name, text, limits.get(name), path, problems)
    asked = {*limits, *requests}
    if any(name.startswith("hugepages-") for name in asked) and not asked & {"cpu", "memory"}:
        problems.forbidden(path, "HugePages require cpu or memory")


def validate_request(name: str, request: Any, limit: Any, path: str, problems: Problems) -> None:
    """A request is at most its limit, and exactly it where the resource is not overcommitted."""
    if limit is None:
        if not is_overcommitted(name):
            problems.required(
                f"{path}.limits", "Limit must be set for non overcommitable resources"
            )
        return
    asked, allowed = quantity.nano(request), quantity.nano(limit)
    if not is_overcommitted(name) and asked != allowed:
        problems.invalid(f"{path}.requests", request, f"must be equal to {name} limit of {limit}")
    elif asked > allowed:
        why = f"must be less than or equal to {name} limit of {limit}"
        problems.invalid(f"{path}.requests", request, why)


def validate_pod_resources(spec: Mapping[str, Any], problems: Problems, settings: Settings) -> None:
    """The resources of the Pod as a whole (PodLevelResources, since 1.34)."""
    held, path = spec.get("resources") or {}, "spec.resources"
    validate_container_resources(held, path, problems, settings)
    for side in ("limits", "requests"):
        for name in held.get(side) or {}:
            if not resources.is_pod_level(name):
                problems.unsupported(
                    f"{path}.{side}[{name}]", name, ("cpu", "hugepages-", "memory")
                )
    _validate_consistency(spec, held, path, problems)


def _validate_consistency(
    spec: Mapping[str, Any], held: Mapping[str, Any], path: str, problems: Problems
) -> None:
    """The Pod asks for at least what its containers do; no container is allowed more than it."""
    needed = resources.aggregate_requests(spec)
    for name, text in (held.get("requests") or {}).items():
        if needed.get(name, 0) > quantity.milli(text):
            why = "must be greater than or equal to aggregate container requests"
            problems.invalid(f"{path}.requests[{name}]", text, why)
    limits = held.get("limits") or {}
    for index, container in enumerate(spec.get("containers") or ()):
        for name, text in ((container.get("resources") or {}).get("limits") or {}).items():
            if name in limits and quantity.nano(text) > quantity.nano(limits[name]):
                field = f"{path}.containers[{index}][{name}].limits"
                problems.invalid(field, text, "must be less than or equal to pod limits")


def validate_resize_policy(
    policies: list[Mapping[str, Any]], path: str, restart_policy: str, problems: Problems
) -> None:
    """One policy a resource; a Pod that never restarts cannot ask for a restart."""
    seen = set()
    for index, policy in enumerate(policies):
        name = policy.get("resourceName")
        if name in seen:
            problems.duplicate(f"{path}[{index}]", name)
        seen.add(name)
        problems.one_of(path, name, _RESIZABLE)
        problems.one_of(path, policy.get("restartPolicy"), _RESIZE_POLICIES)
        if restart_policy == "Never" and policy.get("restartPolicy") != "NotRequired":
            why = "must be 'NotRequired' when `restartPolicy` is 'Never'"
            problems.invalid(path, policy.get("restartPolicy"), why)


def is_overcommitted(resource: str) -> bool:
    """Native resources may be promised beyond what is there, huge pages not."""
    return is_native(resource) and not resource.startswith("hugepages-")


def is_native(resource: str) -> bool:
    """Of Kubernetes itself: without a domain, or with one of its own."""
    return "/" not in resource or "kubernetes.io/" in resource


def is_extended(resource: str) -> bool:
    """A resource that somebody else advertises on nodes."""
    return (
        not is_native(resource)
        and not resource.startswith("requests.")
        and names.is_qualified_name(f"requests.{resource}")
    )


def _validate_entry(
    name: str, text: Any, path: str, problems: Problems, settings: Settings
) -> None:
    if not _is_container_resource(name, settings):
        problems.invalid(path, name, "must be a standard resource for containers")
    amount = quantity.nano(text)
    if amount < 0:
        problems.invalid(path, text, "must be greater than or equal to 0")
    if is_extended(name) and amount % quantity.NANO:
        problems.invalid(path, text, "must be an integer")


def _is_container_resource(name: str, settings: Settings) -> bool:
    """The types of resources a container can ask for: documented, only CPU and memory."""
    if settings.container_resources is not None:
        return name in settings.container_resources
    if "/" in name:
        return names.is_qualified_name(name) and (is_native(name) or is_extended(name))
    return name in _STANDARD or name.startswith("hugepages-")
