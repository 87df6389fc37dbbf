"""Who dies when memory runs out: the adjustment of a container, the score of a process, the order.

OOM-001 to -003, after ``pkg/kubelet/qos.GetContainerOOMScoreAdjust`` and the kernel's
``oom_badness``.
"""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from typing import Final

from attrs import frozen

from spec_model.events import Manifest
from spec_model.objects import is_static
from spec_model.profiles import V1_36, Profile
from spec_model.quantity import whole
from spec_model.resources import qos
from spec_model.resources.requests import (
    container_requests,
    is_pod_level,
    pod_level,
    requests_of,
)
from spec_model.rules import Decision

NODE_CRITICAL: Final = "system-node-critical"
CRITICAL_PRIORITY: Final = 2_000_000_000

GROUPS: Final = ("containers", "initContainers")

UNKILLABLE: Final = -1000
"""The adjustment with which a process is never chosen."""


@frozen
class Process:
    """A process as the kernel's choice sees it."""

    name: str
    oom_score_adj: int
    rss_bytes: int


def score_adj(
    pod: Manifest, container: str, node_memory_bytes: int, profile: Profile = V1_36
) -> Decision[int]:
    """``oom_score_adj`` of a container's processes, -1000 to 1000 (OOM-001).

    Constant for Guaranteed and BestEffort; for Burstable the lower, the more of the node's memory
    capacity the container requests. A share of what the Pod requests beyond its containers counts
    with it, and a sidecar is protected at least as well as every app container.

    Raises:
        ValueError: ``no_container``, where the Pod has none of that name.
        QuantityError: for a malformed amount.
    """
    spec = pod["spec"]
    named = {each["name"]: each for group in GROUPS for each in spec.get(group) or ()}
    if container not in named:
        raise ValueError("no_container")
    constants = profile.oom
    if _is_node_critical(pod):
        return Decision(constants.guaranteed, "OOM-001")
    match qos.qos_class(spec, profile).value:
        case qos.GUARANTEED:
            adjustment = constants.guaranteed
        case qos.BEST_EFFORT:
            adjustment = constants.best_effort
        case _:
            adjustment = _burstable(spec, named[container], node_memory_bytes, profile)
    return Decision(adjustment, "OOM-001")


def score(process: Process, node_memory_bytes: int) -> Decision[int]:
    """The score of a process: thousandths of the node's memory in use, rounded, plus adjustment."""
    thousandths = (2000 * process.rss_bytes + node_memory_bytes) // (2 * node_memory_bytes)
    return Decision(thousandths + process.oom_score_adj, "OOM-002")


def victim_order(
    processes: Iterable[Process], node_memory_bytes: int, profile: Profile = V1_36
) -> Decision[tuple[str, ...]]:
    """The names of the processes in the order in which an ever fuller node kills them.

    The highest score first, to the byte; equals by size. Under ``documented`` the score picks the
    class, and inside it the process dies that uses most of its request (OOM-003); requests are
    those that the adjustments show. Blamed is OOM-003 where the first two are of one class, else
    OOM-002.
    """
    left = [process for process in processes if process.oom_score_adj > UNKILLABLE]
    left.sort(key=lambda each: _badness(each, node_memory_bytes), reverse=True)
    if profile.oom.ties_by_ratio:
        left = _by_ratio_inside_classes(left, profile)
    tiers = [_tier(process, profile) for process in left[:2]]
    because = "OOM-003" if len(set(tiers)) < len(tiers) else "OOM-002"
    return Decision(tuple(process.name for process in left), because)


def victim(
    processes: Iterable[Process], node_memory_bytes: int, profile: Profile = V1_36
) -> Decision[str | None]:
    """The name of the process that dies first; None where none can be killed."""
    order = victim_order(processes, node_memory_bytes, profile)
    return Decision(order.value[0] if order.value else None, order.because)


def _burstable(
    spec: Manifest, container: Manifest, node_memory_bytes: int, profile: Profile
) -> int:
    protected = _memory(container, profile)
    apps = spec.get("containers") or ()
    is_sidecar = container.get("restartPolicy") == "Always" and container not in apps
    if is_sidecar and apps:
        protected = max(protected, min(_memory(app, profile) for app in apps))
    protected += _unallocated_share(spec, profile)
    adjustment = 1000 - _truncated(1000 * protected, node_memory_bytes)
    if adjustment == profile.oom.best_effort:
        # Only this very value: a Pod that requests less than its containers, which the API refuses,
        # scores higher still.
        return profile.oom.burstable_ceiling
    return max(adjustment, profile.oom.burstable_floor)


def _is_node_critical(pod: Manifest) -> bool:
    """By class and priority, or by class alone if static (``types.IsNodeCriticalPod``)."""
    spec = pod["spec"]
    if spec.get("priorityClassName") != NODE_CRITICAL:
        return False
    return is_static(pod) or (spec.get("priority") or 0) >= CRITICAL_PRIORITY


def _memory(container: Manifest, profile: Profile) -> int:
    return whole(requests_of(container, profile).get("memory", 0))


def _unallocated_share(spec: Manifest, profile: Profile) -> int:
    """What each container is counted of the memory that the Pod requests beyond its containers."""
    requests, _ = pod_level(spec, profile) or ({}, {})
    if not requests.get("memory") or not any(map(is_pod_level, requests)):
        return 0
    inside = container_requests(spec, profile).get("memory", 0)
    beyond = whole(requests["memory"]) - whole(inside)
    sharers = len(spec.get("containers") or ()) + len(spec.get("initContainers") or ())
    return _truncated(beyond, sharers)


def _truncated(dividend: int, divisor: int) -> int:
    """Integer division towards zero, as Go divides."""
    return dividend // divisor if dividend >= 0 else -(-dividend // divisor)


def _badness(process: Process, node_memory_bytes: int) -> tuple[int, int]:
    """The kernel's score without rounding: for Burstable, the excess over the request."""
    badness = 1000 * process.rss_bytes + process.oom_score_adj * node_memory_bytes
    return badness, process.rss_bytes


def _by_ratio_inside_classes(ordered: Iterable[Process], profile: Profile) -> list[Process]:
    """The same classes at the same places, but inside Burstable the largest ratio first."""
    tiers = [(_tier(process, profile), process) for process in ordered]
    burstable = [process for tier, process in tiers if tier == qos.BURSTABLE]
    by_ratio = iter(sorted(burstable, key=_ratio, reverse=True))
    return [next(by_ratio) if tier == qos.BURSTABLE else process for tier, process in tiers]


def _ratio(process: Process) -> Fraction:
    """Usage over request, up to a factor; 1000 less the adjustment is the request."""
    return Fraction(process.rss_bytes, 1000 - process.oom_score_adj)


def _tier(process: Process, profile: Profile) -> str:
    """The class that an adjustment shows."""
    if process.oom_score_adj >= profile.oom.best_effort:
        return qos.BEST_EFFORT
    if process.oom_score_adj < profile.oom.burstable_floor:
        return qos.GUARANTEED
    return qos.BURSTABLE
