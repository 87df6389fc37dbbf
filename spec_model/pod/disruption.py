"""How badly a zone is hit, and how fast its nodes may be tainted then (GC-008).

After ``ComputeZoneState`` and ``setLimiterInZone`` of ``pkg/controller/nodelifecycle``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from spec_model.rules import Decision

NORMAL: Final = 10.0
"""Seconds between two taints in a zone."""
SLOW: Final = 100.0
"""The same in a large zone much of which is lost."""
LARGE: Final = 50
"""A zone of no more nodes gets no taints when much of it is lost."""
FRACTION: Final = 0.55


def is_partly_lost(lost: int, nodes: int) -> bool:
    """Whether a zone has more than two lost nodes that are 55 % of it or more, but not all."""
    return 2 < lost < nodes and lost >= FRACTION * nodes


def interval(lost: int, nodes: int) -> Decision[float | None]:
    """Seconds from one taint to the next in such a zone; None: there is no next."""
    if not is_partly_lost(lost, nodes):
        return Decision(NORMAL, "GC-008")
    return Decision(SLOW if nodes > LARGE else None, "GC-008")


def is_all_lost(zones: Sequence[tuple[int, int]]) -> Decision[bool]:
    """Whether every zone, by its lost and all nodes, has lost all of them: then nobody is evicted."""
    return Decision(bool(zones) and all(lost == nodes for lost, nodes in zones), "GC-008")
