"""Fields that the API does not know: dropped with a warning, or refused (VOLUME-004).

The API server has a schema of every field; here the volumes and the node affinity of Pods and of
templates are looked at (AFFINITY-005).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from conformance.adapters.simulator import errors
from conformance.adapters.simulator.api.volumes import SOURCES
from conformance.adapters.simulator.meta import Object
from conformance.adapters.simulator.predicates import EVICTING
from conformance.adapters.simulator.settings import V1_36, Settings

VOLUME_FIELDS: Final = frozenset({"name", *SOURCES})
AFFINITIES: Final = frozenset(
    {
        "requiredDuringSchedulingIgnoredDuringExecution",
        "preferredDuringSchedulingIgnoredDuringExecution",
    }
)


_HOLDING: Final = frozenset({"affinity", "template", "volumes"})
"""The fields of a spec that are looked into."""


def without(manifest: Object, *, strict: bool = False, settings: Settings = V1_36) -> Object:
    """The manifest, which is a private copy, without the fields that nobody knows.

    Raises:
        ApiError: 400, there are some, and the client wants to be told.
    """
    if _HOLDING.isdisjoint(manifest.get("spec") or ()):
        return manifest
    for path, holder, known in _holders(manifest, settings):
        for field in [each for each in holder if each not in known]:
            if strict:
                why = f'strict decoding error: unknown field "{path}.{field}"'
                raise errors.bad_request(
                    f'{manifest["kind"]} in version "v1" cannot be handled: {why}'
                )
            del holder[field]
    return manifest


def _holders(
    manifest: Object, settings: Settings
) -> Iterator[tuple[str, Object, frozenset[str] | set[str]]]:
    """Objects inside the manifest of which all fields are known, with their paths."""
    spec: Any = manifest["spec"]
    template: Any = (spec.get("template") or {}).get("spec") or {}
    affinities = AFFINITIES | {EVICTING} if settings.affinity_evicts else AFFINITIES
    for path, each in (("spec", spec), ("spec.template.spec", template)):
        for index, volume in enumerate(each.get("volumes") or ()):
            if isinstance(volume, dict):
                yield f"{path}.volumes[{index}]", volume, VOLUME_FIELDS
        affinity = (each.get("affinity") or {}).get("nodeAffinity")
        if isinstance(affinity, dict):
            yield f"{path}.affinity.nodeAffinity", affinity, affinities
