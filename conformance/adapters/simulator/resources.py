"""What a Pod asks for: effective requests (SCHED-005) and quality of service (QOS-001).

Amounts are whole milli-units of their resource: defaulting rounds every entry up to that, so nothing
is lost. Functions take Pods as the store keeps them, after defaulting.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final, TypeAlias

from conformance.adapters.simulator import quantity

Amounts: TypeAlias = dict[str, int]

QOS_RESOURCES: Final = ("cpu", "memory")

GUARANTEED: Final = "Guaranteed"
BURSTABLE: Final = "Burstable"
BEST_EFFORT: Final = "BestEffort"


def amounts(listed: Mapping[str, Any] | None) -> Amounts:
    """A resource list in milli-units."""
    return {name: quantity.milli(text) for name, text in (listed or {}).items()}


def requests_of(container: Mapping[str, Any]) -> Amounts:
    """What one container requests."""
    return amounts((container.get("resources") or {}).get("requests"))


def limits_of(container: Mapping[str, Any]) -> Amounts:
    """What one container is limited to."""
    return amounts((container.get("resources") or {}).get("limits"))


def is_sidecar(init_container: Mapping[str, Any]) -> bool:
    """An init container that is restarted always runs beside the app containers."""
    return init_container.get("restartPolicy") == "Always"


def is_pod_level(resource: str) -> bool:
    """A resource that may be asked for by the Pod as a whole."""
    return resource in QOS_RESOURCES or resource.startswith("hugepages-")


def aggregate_requests(spec: Mapping[str, Any]) -> Amounts:
    """The larger of: all that run together, and the hungriest moment of the init sequence.

    Upstream: component-helpers/resource.AggregateContainerRequests.
    """
    together = total(map(requests_of, spec.get("containers") or ()))
    if not spec.get("initContainers"):
        return largest(together, {})
    sidecars: Amounts = {}
    hungriest: Amounts = {}
    for container in spec["initContainers"]:
        moment = total([sidecars, requests_of(container)])
        if is_sidecar(container):
            sidecars = moment
        hungriest = largest(hungriest, moment)
    return largest(total([together, sidecars]), hungriest)


def effective_requests(pod: Mapping[str, Any]) -> Amounts:
    """What the scheduler reserves for the Pod; its own requests replace those of its containers.

    Upstream: component-helpers/resource.PodRequests.
    """
    spec = pod.get("spec") or {}
    requests = aggregate_requests(spec)
    for name, amount in amounts((spec.get("resources") or {}).get("requests")).items():
        if is_pod_level(name):
            requests[name] = amount
    return total([requests, amounts(spec["overhead"])]) if spec.get("overhead") else requests


def cpu_and_memory(pod: Mapping[str, Any]) -> tuple[int, int]:
    """The effective requests as milli-cores and bytes."""
    effective = effective_requests(pod)
    return effective.get("cpu", 0), -(-effective.get("memory", 0) // 1000)


def qos_class(pod: Mapping[str, Any]) -> str:
    """Guaranteed, Burstable or BestEffort (QOS-001; upstream: qos.ComputePodQOS)."""
    holders = _qos_holders(pod.get("spec") or {})
    if not any(holder.get("resources") for holder in holders):
        return BEST_EFFORT
    requests = total(_counted(requests_of(holder)) for holder in holders)
    limits = total(_counted(limits_of(holder)) for holder in holders)
    if not requests and not limits:
        return BEST_EFFORT
    fully_limited = all(
        len(_counted(limits_of(holder))) == len(QOS_RESOURCES) for holder in holders
    )
    return GUARANTEED if fully_limited and requests == limits else BURSTABLE


def _qos_holders(spec: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Whose requests and limits decide: the Pod's own if it has any field for them."""
    if "resources" in spec:
        return [spec]
    return [*(spec.get("containers") or ()), *(spec.get("initContainers") or ())]


def _counted(held: Amounts) -> Amounts:
    """CPU and memory; a zero counts as nothing."""
    return {name: held[name] for name in QOS_RESOURCES if held.get(name)}


def total(lists: Iterable[Amounts]) -> Amounts:
    """The sum, resource by resource."""
    summed: Amounts = {}
    for held in lists:
        for name, amount in held.items():
            summed[name] = summed.get(name, 0) + amount
    return summed


def largest(one: Amounts, other: Amounts) -> Amounts:
    """The maximum, resource by resource."""
    return {name: max(one.get(name, 0), other.get(name, 0)) for name in {**one, **other}}
