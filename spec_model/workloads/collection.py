"""Which Pods that have ended are collected, and in which order (GC-002, GC-003).

After ``gcTerminated`` and ``byEvictionAndCreationTimestamp`` of ``pkg/controller/podgc``.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from spec_model.objects import Pod
from spec_model.pod.termination import OVER
from spec_model.rules import Decision

THRESHOLD: Final = 12500
"""So many Pods that have ended are kept, unless a flag says otherwise."""
PERIOD: Final = 20.0
"""Seconds from one look of the collector to the next."""


def has_ended(pod: Pod) -> bool:
    """Whether it counts as terminated."""
    return pod.phase in OVER


def excess(ended: int, threshold: int) -> Decision[int]:
    """How many of so many that have ended are collected; none where the threshold disables it."""
    return Decision(max(ended - threshold, 0) if threshold > 0 else 0, "GC-002")


def collection_order(ended: Iterable[Pod]) -> Decision[list[Pod]]:
    """Pods that have ended, those that are collected first in front."""
    return Decision(sorted(ended, key=_precedence), "GC-003")


def _precedence(pod: Pod) -> tuple[bool, str, str]:
    evicted = pod.phase == "Failed" and pod.reason == "Evicted"
    created = pod.manifest["metadata"].get("creationTimestamp") or ""
    return not evicted, str(created), pod.key[2]
