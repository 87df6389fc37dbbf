"""Whom a kubelet puts out of a node that runs short: EVICT-002, and who is spared (EVICT-003).

Upstream: kubelet/eviction/helpers.go; the documented order is that of the QoS classes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from conformance.adapters.simulator import meta, resources
from conformance.adapters.simulator.settings import Settings

SYSTEM_CRITICAL_PRIORITY: Final = 2_000_000_000
_CLASSES: Final = (resources.BEST_EFFORT, resources.BURSTABLE, resources.GUARANTEED)

Candidate = Mapping[str, Any]
"""name, priority, request, usage (None: no statistics) and qos_class of a Pod."""


def ranked(
    candidates: Sequence[Candidate], settings: Settings, signal: str = "memory"
) -> list[Candidate]:
    """The first one goes first (EVICT-002)."""
    if settings.eviction_by_class:
        return sorted(candidates, key=lambda each: _CLASSES.index(each["qos_class"]))
    return sorted(candidates, key=rank(signal))


def rank(signal: str) -> Callable[[Candidate], tuple[Any, ...]]:
    """What they are sorted by when this is short."""
    return RANKS[signal]


def by_request(candidate: Candidate) -> tuple[Any, ...]:
    """Without statistics, above the request, of low priority, far above the request."""
    usage = candidate["usage"]
    excess = 0 if usage is None else usage - candidate["request"]
    is_within = usage is not None and excess <= 0
    return usage is not None, is_within, candidate["priority"], -excess


def by_processes(candidate: Candidate) -> tuple[Any, ...]:
    """Without statistics, of low priority, with many processes."""
    usage = candidate["usage"]
    return usage is not None, candidate["priority"], -(usage or 0)


RANKS: Final[Mapping[str, Callable[[Candidate], tuple[Any, ...]]]] = {
    "memory": by_request,
    "disk": by_request,
    "pid": by_processes,
}


def order(arguments: Mapping[str, Any], settings: Settings) -> list[str]:
    """The names in the order in which they go (evaluate).

    Raises:
        ValueError: ``signal``, there is none of that name.
    """
    if arguments["signal"] not in RANKS:
        raise ValueError("signal")
    return [each["name"] for each in ranked(arguments["pods"], settings, arguments["signal"])]


def is_critical(pod: Mapping[str, Any]) -> bool:
    """A static Pod, or one that the cluster cannot do without: it is never put out (EVICT-003)."""
    annotations = meta.metadata(pod).get("annotations") or {}
    is_static = annotations.get("kubernetes.io/config.source", "api") != "api"
    return is_static or (pod["spec"].get("priority") or 0) >= SYSTEM_CRITICAL_PRIORITY


def candidate(name: str, pod: Mapping[str, Any], used_bytes: int) -> dict[str, Any]:
    """A Pod that uses so much memory."""
    return {
        "name": name,
        "priority": pod["spec"].get("priority") or 0,
        "request": resources.cpu_and_memory(pod)[1],
        "usage": used_bytes,
        "qos_class": (pod.get("status") or {}).get("qosClass") or resources.qos_class(pod),
    }
