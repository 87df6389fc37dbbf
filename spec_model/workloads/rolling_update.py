"""The rolling update of ReplicationControllers by ``kubectl rolling-update``, of the source document.

After ``pkg/kubectl/rolling_updater.go`` and ``pkg/kubectl/cmd/rollingupdate.go`` until 1.17.
"""

from __future__ import annotations

from typing import Final

from spec_model.events import Manifest
from spec_model.rules import Decision

PERIOD: Final = 60.0
"""Seconds between a scaling up of NEW and the scaling down of OLD."""

POLL: Final = 3.0
"""Seconds between two looks at whether a controller has the size that was asked for."""

SURGE: Final = 1


def grown(desired: int, old: int, new: int) -> Decision[int]:
    """What NEW is scaled up to beside OLD: as far as one more than desired allows (ROLLOUT-001)."""
    room = desired - new if old == 0 else desired + SURGE - old - new
    return Decision(min(new + max(room, 0), max(desired, new)), "ROLLOUT-001")


def shrunk(desired: int, old: int, new: int, available: int) -> Decision[int]:
    """What OLD is scaled down to, where so many Pods of NEW are available (ROLLOUT-001)."""
    if new == available == desired:
        return Decision(0, "ROLLOUT-001")
    surplus = old + new - desired - (new - available)
    return Decision(max(old - max(surplus, 0), 0), "ROLLOUT-001")


def refusal(old: Manifest, new: Manifest) -> Decision[str | None]:
    """Why NEW cannot replace OLD; None where it can (ROLLOUT-003)."""
    name, theirs = old["metadata"]["name"], new.get("metadata") or {}
    namespace = old["metadata"].get("namespace") or ""
    why = None
    if theirs.get("name") == name:
        why = f"NEW must not have the name {name} of OLD"
    elif (theirs.get("namespace") or namespace) != namespace:
        why = f"NEW must be in the namespace {namespace} of OLD"
    elif not _share_a_key(old, new):
        why = "must specify a matching key with non-equal value in Selector"
    return Decision(why, "ROLLOUT-003")


def _share_a_key(old: Manifest, new: Manifest) -> bool:
    ours = (old.get("spec") or {}).get("selector") or {}
    theirs = (new.get("spec") or {}).get("selector") or {}
    return any(key in theirs and theirs[key] != value for key, value in ours.items())
