"""CPU of containers: what their cgroups say, and how a busy node is divided.

Decides RESOURCE-005, 006, 007, 009 (upstream cm/helpers_linux.go, kuberuntime_container_linux.go).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, Final

from conformance.adapters.simulator import quantity
from conformance.adapters.simulator.settings import Settings

LARGEST_WEIGHT: Final = 10_000


def shares(request_milli: int, settings: Settings) -> int:
    """cpu.shares of a CPU request; the least there is for none (RESOURCE-007)."""
    low, high = settings.cpu_shares_range
    return max(low, min(request_milli * 1024 // 1000, high))


def weight(shares_: int, mapping: str) -> int:
    """cpu.weight of cpu.shares: linear as for Pods, or quadratic as newer runtimes do (RESOURCE-007).

    Raises:
        ValueError: ``unknown_map``.
    """
    bounded = max(2, min(shares_, 262_144))
    if mapping == "linear":
        return 1 + (bounded - 2) * (LARGEST_WEIGHT - 1) // 262_142
    if mapping == "quadratic":
        power = math.log2(bounded)
        exponent = (power**2 + 125 * power) / 612 - 7 / 34
        return min(LARGEST_WEIGHT, math.ceil(10**exponent))
    raise ValueError("unknown_map")


def quota(limit_milli: int, settings: Settings) -> int:
    """Microseconds of CPU in each period under a limit (RESOURCE-006)."""
    period = settings.cpu_period_microseconds
    return max(limit_milli * period // 1000, settings.cpu_minimal_quota_microseconds)


def divide(capacity: float, wishes: Sequence[Mapping[str, Any]], settings: Settings) -> list[float]:
    """Milli-CPU that each container gets: its share by weight, what one leaves goes to the others.

    Each wish has ``request_milli``, ``limit_milli`` (or None) and ``demand_milli`` (RESOURCE-005, 007).
    """
    weights = [shares(wish["request_milli"], settings) for wish in wishes]
    wanted = [capped(wish) for wish in wishes]
    got = [0.0] * len(wishes)
    hungry = {index for index, demand in enumerate(wanted) if demand > 0}
    while hungry and capacity > 0:
        total = sum(weights[index] for index in hungry)
        offer = {index: capacity * weights[index] / total for index in hungry}
        full = {index for index in hungry if wanted[index] <= offer[index]}
        for index in full or hungry:
            got[index] = min(wanted[index], offer[index])
            capacity -= got[index]
        hungry = hungry - full if full else set()
    return got


def capped(wish: Mapping[str, Any]) -> float:
    """What a container can use at most: its demand, or its limit (RESOURCE-006)."""
    limit = wish.get("limit_milli")
    demand = float(wish["demand_milli"])
    return demand if limit is None else min(demand, float(limit))


def limit_of(container: Mapping[str, Any], resource: str) -> Any:
    """A limit of the container, as it is written, or None; a limit of 0 is none."""
    limits = (container.get("resources") or {}).get("limits")
    limit = limits.get(resource) if limits else None
    return None if limit is None or quantity.nano(limit) == 0 else limit


def request_of(container: Mapping[str, Any], resource: str) -> Any:
    """A request of the container; its limit stands in for one that is missing (RESOURCE-004)."""
    requests = (container.get("resources") or {}).get("requests") or {}
    return requests[resource] if resource in requests else limit_of(container, resource)


def wish_of(container: Mapping[str, Any], demand_milli: int) -> dict[str, Any]:
    """What ``divide`` needs to know of a container that wants so much."""
    limit = limit_of(container, "cpu")
    return {
        "request_milli": quantity.milli(request_of(container, "cpu")),
        "limit_milli": None if limit is None else quantity.milli(limit),
        "demand_milli": demand_milli,
    }


def files(container: Mapping[str, Any], settings: Settings) -> dict[str, Any]:
    """The cgroup files a process in the container can read (RESOURCE-006, 007, 009)."""
    cpu, memory = limit_of(container, "cpu"), limit_of(container, "memory")
    by_limit = settings.cpu_shares_from_limit and cpu is not None
    counted = cpu if by_limit else request_of(container, "cpu")
    own_shares = shares(quantity.milli(counted), settings)
    budget = "max" if cpu is None else str(quota(quantity.milli(cpu), settings))
    return {
        "cpu.max": f"{budget} {settings.cpu_period_microseconds}",
        "cpu.shares": own_shares,
        "cpu.weight": weight(own_shares, settings.cpu_weight_map),
        "memory.max": "max" if memory is None else str(quantity.value(memory)),
    }
