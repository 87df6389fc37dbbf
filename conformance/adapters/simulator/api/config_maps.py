"""ConfigMaps: their keys, their size, and when they are frozen (CONFIGMAP-005)."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import Any, Final

from conformance.adapters.simulator import errors
from conformance.adapters.simulator.api import names
from conformance.adapters.simulator.api.fields import Problems
from conformance.adapters.simulator.api.strategy import Strategy
from conformance.adapters.simulator.meta import Object
from conformance.adapters.simulator.settings import Settings

LARGEST: Final = 1024 * 1024
"""Bytes that all values together may have."""

_WHOLE: Final = "[]"
"""The path of what concerns the whole object, as the API server writes it."""

_BAGS: Final = ("data", "binaryData")


class ConfigMapStrategy(Strategy):
    """Values by key, text in ``data`` and anything else in ``binaryData``."""

    kind = "ConfigMap"
    counts_generations = False
    content = (*_BAGS, "immutable")

    def default(self, manifest: Object, settings: Settings) -> None:
        """Nothing is filled in; what is no base64 does not decode."""
        for key, value in (manifest.get("binaryData") or {}).items():
            try:
                base64.b64decode(value, validate=True)
            except binascii.Error as error:
                raise errors.bad_request(f"illegal base64 data in binaryData[{key}]") from error

    def validate(self, manifest: Object, problems: Problems, settings: Settings) -> None:
        for bag in _BAGS:
            for key in manifest.get(bag) or {}:
                validate_key(key, f"{bag}[{key}]", problems)
        validate_duplicates(manifest, problems)
        if size_of(manifest) > LARGEST:
            problems.too_long(_WHOLE, LARGEST)

    def validate_update(
        self, new: Object, old: Object, problems: Problems, settings: Settings
    ) -> None:
        if not old.get("immutable"):
            return
        if not new.get("immutable"):
            problems.forbidden("immutable", _FROZEN)
        for bag in _BAGS:
            if (new.get(bag) or {}) != (old.get(bag) or {}):
                problems.forbidden(bag, _FROZEN)


_FROZEN: Final = "field is immutable when `immutable` is set"


def validate_key(key: str, path: str, problems: Problems) -> None:
    """A key becomes the name of a file."""
    if not names.is_config_key(key):
        problems.invalid(path, key, "must consist of alphanumeric characters, '-', '_' or '.'")


def validate_duplicates(manifest: Mapping[str, Any], problems: Problems) -> None:
    """A key stands in one of the two only."""
    blobs = manifest.get("binaryData") or {}
    for key in manifest.get("data") or {}:
        if key in blobs:
            problems.invalid(f"data[{key}]", key, "duplicate of key present in binaryData")


def size_of(config_map: Mapping[str, Any]) -> int:
    """The bytes of all values."""
    texts = (config_map.get("data") or {}).values()
    blobs = (config_map.get("binaryData") or {}).values()
    return sum(map(len, map(str.encode, texts))) + sum(map(len, map(base64.b64decode, blobs)))
