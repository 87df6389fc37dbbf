"""What ConfigMaps have been: the versions that a container may lawfully have got.

Notes only; the laws stand in ``config_maps`` and ``config_waiting``. A version that is None says that there
was no such ConfigMap.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from typing import Final, TypeAlias

from attrs import frozen

from spec_model.events import Manifest
from spec_model.law import note
from spec_model.world import Seen, World

KEPT: Final = 48
"""Versions of one ConfigMap that are remembered; what is older is not known."""

FORGOTTEN: Final = 3600.0
"""Seconds after which a ConfigMap that is gone is forgotten."""


@frozen
class Version:
    """A ConfigMap from a moment on; ``-inf`` where it was not seen to begin."""

    since: float
    manifest: Manifest | None


Versions: TypeAlias = tuple[Version, ...]
Histories: TypeAlias = Mapping[tuple[str, str], Versions]


@note("config maps", on="ConfigMap*")
def remember(before: Histories | None, seen: Seen) -> Histories:
    """Every version of a ConfigMap, by namespace and name."""
    known = before or {}
    metadata = seen.manifest["metadata"]
    key = (metadata.get("namespace") or "", metadata["name"])
    versions = known.get(key, ())
    now = None if seen.type == "DELETED" else seen.manifest
    if not versions:
        first = Version(-math.inf, None if seen.fresh else seen.manifest)
        versions = (first,)
    added = (*versions, Version(seen.at, now))[-KEPT:]
    kept = known if len(known) < KEPT else _without_forgotten(known, seen.at)
    return {**kept, key: added}


def _without_forgotten(known: Histories, now: float) -> Histories:
    return {
        key: versions
        for key, versions in known.items()
        if versions[-1].manifest is not None or now - versions[-1].since < FORGOTTEN
    }


def versions_of(world: World, namespace: str, name: str) -> Versions:
    """What is known of a ConfigMap; nothing where it was never seen."""
    histories: Histories | None = world.notes.get("config maps")
    return () if histories is None else histories.get((namespace, name), ())


def spans(versions: Iterable[Version]) -> Iterator[tuple[float, float, Manifest | None]]:
    """Every version with the times from and until which it stood."""
    listed = [*versions]
    ends = [*(version.since for version in listed[1:]), math.inf]
    for version, until in zip(listed, ends, strict=False):
        yield version.since, until, version.manifest


def during(versions: Versions, start: float, end: float) -> list[Manifest | None] | None:
    """The versions that stood at some time between two moments; None where that is not known."""
    if not versions or versions[0].since > start:
        return None
    return [
        manifest for since, until, manifest in spans(versions) if since <= end and until >= start
    ]
