"""Whether what an engine showed is an observation at all, before anything is made of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from conformance.adapter import AdapterError
from spec_model.events import Observation

WATCHED: Final = ("ADDED", "MODIFIED", "DELETED")
MAP: Final = (dict, Mapping)
"""A mapping; most are dicts, and of those it is known at once."""


def well_formed(observation: Any) -> Observation:
    """The observation itself.

    Raises:
        AdapterError: saying in which way it is none.
    """
    manifest = getattr(observation, "object", None)
    if (
        isinstance(observation, Observation)
        and isinstance(manifest, MAP)
        and isinstance(manifest.get("kind"), str)
        and isinstance(metadata := manifest.get("metadata"), MAP)
        and isinstance(metadata.get("name"), str)
        and observation.type in WATCHED
        and isinstance(observation.at, (int, float))
    ):
        return observation
    raise AdapterError(_why_malformed(observation, manifest))


def _why_malformed(observation: Any, manifest: Any) -> str:
    if not isinstance(observation, Observation):
        return f"showed {observation!r}, not an Observation"
    if not (
        isinstance(manifest, Mapping)
        and isinstance(manifest.get("kind"), str)
        and isinstance(manifest.get("metadata"), Mapping)
        and isinstance(manifest["metadata"].get("name"), str)
    ):
        return f"showed {manifest!r}, not an object with a kind and metadata.name"
    if observation.type not in WATCHED:
        return f"showed an event of type {observation.type!r}, not {', '.join(WATCHED)}"
    return f"showed an event at {observation.at!r}, not at a number of seconds"
