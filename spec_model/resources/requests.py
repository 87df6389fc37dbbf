"""What a Pod asks for: requests that stand for limits, and the effective request of the whole.

RESOURCE-004, INIT-010 and SCHED-005, after ``pkg/apis/core/v1.SetDefaults_Pod`` and
``component-helpers/resource.PodRequests``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, TypeAlias

from spec_model.events import Manifest
from spec_model.objects import EMPTY
from spec_model.profiles import V1_36, Profile
from spec_model.quantity import stored
from spec_model.rules import Decision

Amounts: TypeAlias = dict[str, int]
"""By resource, an amount in nano: 10^-9 of a core, of a byte."""

COMPUTE: Final[tuple[str, ...]] = ("cpu", "memory")
"""What may be overcommitted, what QoS looks at, and what a whole Pod may ask for."""


def effective_requests(spec: Manifest, profile: Profile = V1_36) -> Decision[Amounts]:
    """What is reserved for a Pod, by resource in nano; requests that are absent follow from limits.

    The most that is needed at one time: all app containers and sidecars together, or an init
    container together with the sidecars before it (INIT-010). What the Pod asks for as a whole
    stands instead, and its overhead comes on top (SCHED-005).

    Raises:
        QuantityError: for a malformed amount.
    """
    total, because = container_requests(spec, profile), "INIT-010"
    if (whole_pod := pod_level(spec, profile)) is not None:
        requests, _ = whole_pod
        asked = {name: amount for name, amount in requests.items() if is_pod_level(name)}
        if asked:
            total |= asked
            because = "SCHED-005"
    if overhead := spec.get("overhead"):
        _add(total, amounts(overhead, profile))
        because = "SCHED-005"
    return Decision(total, because)


def with_default_requests(pod: Manifest) -> Decision[Manifest]:
    """The Pod as the API stores it: where a container has a limit and no request, that request.

    For Pods alone, not for templates (RESOURCE-004, VALIDATION-003).
    """
    spec = dict(pod.get("spec") or EMPTY)
    for group in ("initContainers", "containers"):
        if group in spec:
            spec[group] = [_with_requests(container) for container in spec[group]]
    return Decision({**pod, "spec": spec}, "RESOURCE-004")


def default_requests(resources: Manifest) -> Decision[Manifest]:
    """The requests of one container: its own, and its limits for what it does not request."""
    limits, requests = resources.get("limits") or EMPTY, resources.get("requests") or EMPTY
    return Decision({**limits, **requests}, "RESOURCE-004")


def container_requests(spec: Manifest, profile: Profile = V1_36) -> Amounts:
    """The effective request of the containers alone, init containers and sidecars included."""
    total: Amounts = {}
    for container in spec.get("containers") or ():
        _add(total, requests_of(container, profile))
    sidecars: Amounts = {}
    during_init: Amounts = {}
    for container in spec.get("initContainers") or ():
        own = requests_of(container, profile)
        if container.get("restartPolicy") == "Always":
            _add(sidecars, own)
        else:
            _add(own, sidecars)
            _raise(during_init, own)
    _add(total, sidecars)
    _raise(total, during_init)
    return total


def requests_of(container: Manifest, profile: Profile = V1_36) -> Amounts:
    """What one container requests, its limits standing in."""
    return amounts(default_requests(container.get("resources") or EMPTY).value, profile)


def pod_level(spec: Manifest, profile: Profile = V1_36) -> tuple[Amounts, Amounts] | None:
    """Requests and limits of the Pod as a whole; None where it has no ``spec.resources``.

    Where there are limits, absent requests follow from the containers, else from those limits
    (``pkg/apis/core/v1.defaultPodRequests``).
    """
    resources = spec.get("resources")
    if resources is None or not profile.pod_level_resources:
        return None
    limits = amounts(resources.get("limits") or EMPTY, profile)
    requests = amounts(resources.get("requests") or EMPTY, profile)
    if limits:
        inside = container_requests(spec, profile)
        defaults = {name: inside[name] for name in COMPUTE if name in inside}
        bounds = {name: limit for name, limit in limits.items() if is_pod_level(name)}
        requests = {**bounds, **defaults, **requests}
    return requests, limits


def is_pod_level(resource: str) -> bool:
    """Whether a Pod may ask for that resource as a whole."""
    return resource in COMPUTE or resource.startswith("hugepages-")


def amounts(listed: Mapping[str, str | int | float], profile: Profile = V1_36) -> Amounts:
    """A resource list in nano, each entry rounded up to milli as the API stores it."""
    return {name: stored(amount, profile) for name, amount in listed.items()}


def _with_requests(container: Manifest) -> Manifest:
    resources = container.get("resources") or EMPTY
    if not resources.get("limits"):
        return container
    requests = default_requests(resources).value
    return {**container, "resources": {**resources, "requests": requests}}


def _add(total: Amounts, more: Mapping[str, int]) -> None:
    for name, amount in more.items():
        total[name] = total.get(name, 0) + amount


def _raise(total: Amounts, least: Mapping[str, int]) -> None:
    for name, amount in least.items():
        total[name] = max(total.get(name, 0), amount)
