"""Fields that the API does not know: dropped with a warning, or refused (VOLUME-004).

The API server has a schema of every field; here only the volumes of Pods and of templates are looked at.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from conformance.adapters.simulator import errors
from conformance.adapters.simulator.api.volumes import SOURCES
from conformance.adapters.simulator.meta import Object


def without(manifest: Object, *, strict: bool = False) -> Object:
    """The manifest, which is a private copy, without the fields of volumes that nobody knows.

    Raises:
        ApiError: 400, there are some, and the client wants to be told.
    """
    for path, volume in _volumes(manifest):
        for field in [each for each in volume if each != "name" and each not in SOURCES]:
            if strict:
                why = f'strict decoding error: unknown field "{path}.{field}"'
                raise errors.bad_request(
                    f'{manifest["kind"]} in version "v1" cannot be handled: {why}'
                )
            del volume[field]
    return manifest


def _volumes(manifest: Object) -> Iterator[tuple[str, Object]]:
    spec: Any = manifest.get("spec") or {}
    template: Any = (spec.get("template") or {}).get("spec") or {}
    for path, each in (("spec", spec), ("spec.template.spec", template)):
        for index, volume in enumerate(each.get("volumes") or ()):
            if isinstance(volume, dict):
                yield f"{path}.volumes[{index}]", volume
