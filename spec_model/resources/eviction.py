"""Who is put out of a node that runs short of something, and when (EVICT-001 and -002).

After ``pkg/kubelet/eviction/helpers.go`` (rankMemoryPressure, rankPIDPressure, rankDiskPressureFunc)
and ``defaults_linux.go``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import groupby
from typing import Any, Final, Literal, TypeAlias

from attrs import frozen

from spec_model.events import Manifest
from spec_model.objects import EMPTY, is_static
from spec_model.profiles import V1_36, Profile
from spec_model.resources.oom import CRITICAL_PRIORITY
from spec_model.resources.qos import BEST_EFFORT, BURSTABLE, GUARANTEED
from spec_model.rules import Decision
from spec_model.scheduling.taints import tolerates

Signal: TypeAlias = Literal["memory", "disk", "pid"]

MEMORY_AVAILABLE: Final = 100 * 1024 * 1024
"""Bytes of memory below which a node is under MemoryPressure."""
CYCLE: Final = 10.0
"""Seconds between two looks at what a node has left."""
TRANSITION: Final = 300.0
"""Seconds for which a pressure is told after it was last observed."""
MEMORY_PRESSURE: Final = "MemoryPressure"
PRESSURES: Final = (MEMORY_PRESSURE, "DiskPressure", "PIDPressure")
TAINT: Final[Manifest] = {"key": "node.kubernetes.io/memory-pressure", "effect": "NoSchedule"}

CLASSES: Final = (BEST_EFFORT, BURSTABLE, GUARANTEED)


@frozen
class Usage:
    """A Pod as the ranking sees it: bytes, or processes; usage None where there are no statistics."""

    name: str
    priority: int
    request: int
    usage: int | None
    qos_class: str


@frozen
class Tiers:
    """An order of which some places are open: Pods of one tier may come in any order."""

    tiers: tuple[frozenset[str], ...]

    def allows(self, seen: object) -> bool:
        """Whether a list of names keeps to the order."""
        if not isinstance(seen, Sequence) or isinstance(seen, str):
            return False
        names = list(seen)
        if len(names) != sum(map(len, self.tiers)):
            return False
        for tier in self.tiers:
            if set(names[: len(tier)]) != tier:
                return False
            names = names[len(tier) :]
        return True

    @property
    def first(self) -> frozenset[str]:
        """Those of whom any may be the first."""
        return self.tiers[0] if self.tiers else frozenset()

    def __str__(self) -> str:
        return ", then ".join(" or ".join(sorted(tier)) for tier in self.tiers) or "nobody"


Key: TypeAlias = Callable[[Usage], tuple[Any, ...]]


def order(pods: Iterable[Usage], signal: Signal, profile: Profile = V1_36) -> Decision[Tiers]:
    """In which order Pods are put out of a node that is short of memory, disk or process numbers.

    By memory and disk those go first of which nothing is known, then those above their request, of
    these and of the others the ones of low priority, and then those that exceed their request the
    most. By process numbers priority counts, then how many. As documented, the QoS class alone.

    Raises:
        ValueError: ``signal``, where there is none of that name.
    """
    if signal not in KEYS:
        raise ValueError("signal")
    key = _by_class if profile.eviction_by_class else KEYS[signal]
    ranked = groupby(sorted(pods, key=key), key=key)
    tiers = tuple(frozenset(pod.name for pod in tier) for _, tier in ranked)
    return Decision(Tiers(tiers), "EVICT-002")


def _by_request(pod: Usage) -> tuple[Any, ...]:
    if pod.usage is None:
        return (0, 0, pod.priority, 0)
    return (1, pod.usage <= pod.request, pod.priority, pod.request - pod.usage)


def _by_processes(pod: Usage) -> tuple[Any, ...]:
    if pod.usage is None:
        return (0, pod.priority, 0)
    return (1, pod.priority, -pod.usage)


def _by_class(pod: Usage) -> tuple[Any, ...]:
    return (CLASSES.index(pod.qos_class),)


KEYS: Final[Mapping[str, Key]] = {
    "memory": _by_request,
    "disk": _by_request,
    "pid": _by_processes,
}


def is_exempt(pod: Manifest) -> Decision[bool]:
    """Whether a Pod is never put out: a static one, its mirror, or one that the node needs (EVICT-003)."""
    critical = ((pod.get("spec") or EMPTY).get("priority") or 0) >= CRITICAL_PRIORITY
    return Decision(critical or is_static(pod), "EVICT-003")


def is_turned_away(
    pod: Manifest, qos_class: str, pressures: Iterable[str], exempt: bool
) -> Decision[bool]:
    """Whether a kubelet takes no new Pod of that kind under these pressures (EVICT-001)."""
    under = set(pressures)
    if not under or exempt:
        return Decision(False, "EVICT-001")
    if under != {MEMORY_PRESSURE}:
        return Decision(True, "EVICT-001")
    tolerations = (pod.get("spec") or EMPTY).get("tolerations") or ()
    tolerated = any(tolerates(each, TAINT) for each in tolerations)
    return Decision(qos_class == BEST_EFFORT and not tolerated, "EVICT-001")
