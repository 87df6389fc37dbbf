"""How CPU is shared out: shares, quotas, weights, and the division between containers that want it.

RESOURCE-005 to -007, after ``pkg/kubelet/cm.MilliCPUToShares``, ``MilliCPUToQuota`` and
``pkg/kubelet/cm.cpuSharesToCPUWeight``; the quadratic map after ``opencontainers/cgroups``. CPU is
in milli: thousandths of a core.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final, Literal

from attrs import frozen

from spec_model.events import Manifest
from spec_model.objects import EMPTY
from spec_model.profiles import V1_36, Profile
from spec_model.quantity import milli, stored
from spec_model.resources.requests import requests_of
from spec_model.rules import Decision

LEAST_SHARES: Final = 2
MOST_SHARES: Final = 262_144
PERIOD_MICROSECONDS: Final = 100_000
LEAST_QUOTA_MICROSECONDS: Final = 1_000
MOST_WEIGHT: Final = 10_000


@frozen
class Demand:
    """A container that wants CPU: its request, its limit (None: none), and what it would use."""

    request_milli: int
    limit_milli: int | None
    demand_milli: float


def shares(request_milli: int) -> Decision[int]:
    """``cpu.shares`` of a container (RESOURCE-007): 1024 a core, between 2 and 262144."""
    wanted = request_milli * 1024 // 1000
    return Decision(min(max(wanted, LEAST_SHARES), MOST_SHARES), "RESOURCE-007")


def quota(limit_milli: int) -> Decision[int]:
    """Microseconds of CPU in every 100 ms that a limit allows, at least 1000 (RESOURCE-006)."""
    wanted = limit_milli * PERIOD_MICROSECONDS // 1000
    return Decision(max(wanted, LEAST_QUOTA_MICROSECONDS), "RESOURCE-006")


def container_shares(container: Manifest, profile: Profile = V1_36) -> Decision[int]:
    """``cpu.shares`` of a container's manifest: by its request, for which its limit stands in.

    ``documented`` takes the limit where there is one (VALIDATION-003).

    Raises:
        QuantityError: for a malformed amount.
    """
    limits = (container.get("resources") or EMPTY).get("limits") or EMPTY
    if profile.cpu_shares_from_limits and "cpu" in limits:
        limited = milli(stored(limits["cpu"], profile))
        return Decision(shares(limited).value, "VALIDATION-003")
    return shares(milli(requests_of(container, profile).get("cpu", 0)))


def container_quota(container: Manifest, profile: Profile = V1_36) -> Decision[int | None]:
    """The quota of a container's manifest, in microseconds every 100 ms; None without a limit.

    Raises:
        QuantityError: for a malformed amount.
    """
    limits = (container.get("resources") or EMPTY).get("limits") or EMPTY
    limit = milli(stored(limits.get("cpu", "0"), profile))
    return Decision(quota(limit).value if limit else None, "RESOURCE-006")


def weight(cpu_shares: int, conversion: Literal["linear", "quadratic"]) -> Decision[int]:
    """``cpu.weight`` on cgroup v2 for shares, 1 to 10000 (RESOURCE-007).

    Cgroups of Pods and of classes are converted ``linear``; those of containers are, too, or
    ``quadratic`` by newer runtimes.

    Raises:
        ValueError: ``map``, where there is no such conversion.
    """
    match conversion:
        case "linear":
            return Decision(_linear(cpu_shares), "RESOURCE-007")
        case "quadratic":
            return Decision(_quadratic(cpu_shares), "RESOURCE-007")
    raise ValueError("map")


def division(capacity_milli: float, containers: Sequence[Demand]) -> Decision[tuple[float, ...]]:
    """What each container gets, in milli: proportional to shares, what one leaves to the others.

    No container gets more than it wants or than its limit. Where there is enough for all, they get
    just that (RESOURCE-005, or RESOURCE-006 where a limit holds one back); else the weighted
    max-min division (RESOURCE-007).
    """
    caps = [_cap(container) for container in containers]
    if sum(caps) <= capacity_milli:
        is_limited = any(
            cap < container.demand_milli for cap, container in zip(caps, containers, strict=True)
        )
        return Decision(tuple(caps), "RESOURCE-006" if is_limited else "RESOURCE-005")
    weights = [shares(container.request_milli).value for container in containers]
    return Decision(tuple(_max_min(float(capacity_milli), weights, caps)), "RESOURCE-007")


def divisions(
    capacity_milli: float, containers: Sequence[Demand]
) -> Decision[tuple[tuple[float, ...], ...]]:
    """What containers of one Pod may get: by shares, or by the weights of either conversion.

    The first is that of cgroup v1 and of the source document, as ``division`` has it.
    """
    by_shares = division(capacity_milli, containers)
    if by_shares.because != "RESOURCE-007":
        return Decision((by_shares.value,), by_shares.because)
    caps = [_cap(container) for container in containers]
    parts = [shares(container.request_milli).value for container in containers]
    by_weight = (
        tuple(_max_min(float(capacity_milli), [convert(part) for part in parts], caps))
        for convert in (_linear, _quadratic)
    )
    return Decision((by_shares.value, *by_weight), "RESOURCE-007")


def _cap(container: Demand) -> float:
    if container.limit_milli is None:
        return float(container.demand_milli)
    return float(min(container.demand_milli, container.limit_milli))


def _max_min(capacity: float, weights: Sequence[int], caps: Sequence[float]) -> list[float]:
    """Fills all alike by weight; whoever is full drops out, first the one with the least need."""
    given = [0.0] * len(caps)
    rest = sum(weights)
    for index in sorted(range(len(caps)), key=lambda each: caps[each] / weights[each]):
        given[index] = min(caps[index], capacity * weights[index] / rest)
        capacity -= given[index]
        rest -= weights[index]
    return given


def _linear(cpu_shares: int) -> int:
    return 1 + (cpu_shares - LEAST_SHARES) * (MOST_WEIGHT - 1) // (MOST_SHARES - LEAST_SHARES)


def _quadratic(cpu_shares: int) -> int:
    """The curve through the least, the default (1024 is 100) and the most of both scales."""
    if cpu_shares <= LEAST_SHARES:
        return 1
    if cpu_shares >= MOST_SHARES:
        return MOST_WEIGHT
    power = math.log2(cpu_shares)
    return math.ceil(10 ** ((power * power + 125 * power) / 612 - 7 / 34))
