"""How badly a zone is hit, and how fast its nodes may be tainted then (GC-008).

Source: ``pkg/controller/nodelifecycle`` (ComputeZoneState, setLimiterInZone).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from conformance.adapters.simulator import meta
from conformance.adapters.simulator.controllers.nodes import taints
from conformance.adapters.simulator.meta import Object
from conformance.adapters.simulator.settings import Settings

NORMAL: Final = "Normal"
PARTIAL: Final = "PartialDisruption"
FULL: Final = "FullDisruption"
_ZONE: Final = "topology.kubernetes.io/zone"


def zone_of(node: Object) -> str:
    """The zone label, "" without one."""
    return meta.labels_of(node).get(_ZONE, "")


def state_of(nodes: Sequence[Object], settings: Settings) -> str:
    """The state of a zone with these nodes."""
    lost = sum(taints.ready_status(node) != "True" for node in nodes)
    if lost and lost == len(nodes):
        return FULL
    if lost > 2 and lost / len(nodes) >= settings.node_disrupted_fraction:
        return PARTIAL
    return NORMAL


def is_all_lost(nodes: Sequence[Object], settings: Settings) -> bool:
    """Every zone is fully disrupted: then nobody is evicted at all."""
    zones = {zone_of(node) for node in nodes}
    return bool(zones) and all(
        state_of([node for node in nodes if zone_of(node) == zone], settings) == FULL
        for zone in zones
    )


def taint_interval(nodes: Sequence[Object], settings: Settings) -> float | None:
    """Seconds between two NoExecute taints in a zone; None: none are given."""
    if state_of(nodes, settings) != PARTIAL:
        return settings.node_taint_interval_seconds
    if len(nodes) <= settings.node_disrupted_zone_size:
        return None
    return settings.node_taint_interval_disrupted_seconds
