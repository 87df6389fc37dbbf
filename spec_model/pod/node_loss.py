"""What becomes of the Pods of a node that is lost, and when (IDENTITY-004).

After ``pkg/controller/nodelifecycle``, ``pkg/controller/tainteviction.getMinTolerationTime`` and
``pkg/controller/podgc``. Seconds; windows are counted from when the node was last heard of.
"""

from __future__ import annotations

from typing import Final

from attrs import frozen

from spec_model.events import Manifest
from spec_model.pod.tolerations import NO_EXECUTE, UNREACHABLE, stays
from spec_model.profiles import V1_36, Profile
from spec_model.rules import Decision
from spec_model.scheduling.taints import tolerates

LOSS: Final[Manifest] = {"key": UNREACHABLE, "effect": NO_EXECUTE}
"""The taint that an unreachable node gets."""
OUT_OF_SERVICE: Final = "node.kubernetes.io/out-of-service"

HEARTBEAT: Final = 10.0
"""A kubelet renews its lease so often: so old the last sign of life may be when it stops."""
MONITOR: Final = 5.0
"""The node controller looks so often."""
TAINTING: Final = 10.0
"""Taints are given to one node of a zone after another, one in so many seconds."""
QUARANTINE: Final = 40.0
"""So long a node must be known to be absent before its Pods are orphans."""
COLLECTION: Final = 20.0
"""The collector of Pods looks so often."""


@frozen
class Window:
    """When something may happen at the earliest, and must have happened."""

    not_before: float
    not_after: float


def counts_as_lost(profile: Profile = V1_36) -> Decision[Window]:
    """When a node that has stopped is shown as lost, counted from the stop."""
    grace = profile.node_monitor_grace
    return Decision(Window(grace - HEARTBEAT, grace + MONITOR), "IDENTITY-004")


def given_up(spec: Manifest, profile: Profile = V1_36) -> Decision[Window | None]:
    """When a Pod of a node that has stopped is given up, counted from the stop; None: never.

    Given up is a Pod that is deleted through the API once it no longer tolerates the taint
    ``unreachable``; as documented, one whose phase becomes Failed 300 s after the node was lost.
    """
    lost = counts_as_lost(profile).value
    if profile.lost_pod_phase is not None:
        wait: float | None = profile.not_ready_eviction
    else:
        wait = tolerated(spec)
    if wait is None:
        return Decision(None, "IDENTITY-004")
    last = lost.not_after + TAINTING + wait
    return Decision(Window(lost.not_before + wait, last), "IDENTITY-004")


def evicts(unready: int, nodes: int) -> bool:
    """Whether Pods of unready nodes are evicted at all: not where (nearly) all nodes are unready.

    Then the fault is taken to be elsewhere (``ComputeZoneState``): all of them, or more than two
    that are 55 % of a cluster of no more than 50 nodes. Zones are not told apart here.
    """
    return unready < nodes and not (unready > 2 and unready >= 0.55 * nodes)


def tolerated(spec: Manifest) -> float | None:
    """Seconds for which a Pod stays on an unreachable node; None: for ever."""
    return stays(spec, [LOSS]).value


def tolerates_loss(toleration: Manifest) -> bool:
    """Whether a toleration matches the taint that an unreachable node gets."""
    return tolerates(toleration, LOSS)


def collected() -> Decision[Window]:
    """When a Pod is removed whose node no longer exists and whose kubelet is gone, from then on."""
    return Decision(Window(QUARANTINE, QUARANTINE + 2 * COLLECTION), "IDENTITY-004")
