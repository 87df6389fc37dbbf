"""Faults of one constant: an engine whose author remembered a number wrongly."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from attrs import evolve

from conformance.mutants import SIMULATOR

SETTINGS: Final = f"{SIMULATOR}.adapter:SETTINGS"
"""The target of such a mutant: the simulator's profiles by name."""


def turned(profiles: Mapping[str, Any], **switches: Any) -> Mapping[str, Any]:
    """The same profiles with these switches turned in every one of them."""
    return {name: evolve(profile, **switches) for name, profile in profiles.items()}
