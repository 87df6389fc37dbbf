"""ConfigMaps: their keys, their size, and when they are frozen (CONFIGMAP-005).

After ``ValidateConfigMap`` and ``ValidateConfigMapUpdate`` of ``pkg/apis/core/validation``.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from typing import Any, Final

from spec_model.events import Manifest
from spec_model.profiles import Profile
from spec_model.validation.common import (
    FORBIDDEN,
    INVALID,
    TOO_LONG,
    Fault,
    Faults,
    metadata_faults,
)

RULE: Final = "CONFIGMAP-005"
LARGEST: Final = 1_048_576
"""Bytes that the values may have together."""

LONGEST_KEY: Final = 253
WHOLE: Final = "[]"
"""How the API names the whole object among the causes of a 422."""

KEY: Final = re.compile(r"[-._a-zA-Z0-9]+")
BAGS: Final = ("data", "binaryData")


def is_key(key: str) -> bool:
    """Whether a key can stand in a ConfigMap, and so be the name of a file.

    >>> [is_key(key) for key in ("a.b-c_D", "", ".", "..", "..a", ".a", "a/b")]
    [True, False, False, False, False, True, False]
    """
    return (
        len(key) <= LONGEST_KEY
        and KEY.fullmatch(key) is not None
        and key != "."
        and not key.startswith("..")
    )


def config_map_faults(config_map: Manifest, profile: Profile) -> Faults:
    """What is wrong with a ConfigMap that is to be created."""
    yield from metadata_faults(config_map, profile)
    for bag in BAGS:
        for key in config_map.get(bag) or {}:
            if not is_key(key):
                yield Fault(f"{bag}[{key}]", INVALID, RULE, "is no key of a ConfigMap")
    for key in (config_map.get("data") or {}).keys() & (config_map.get("binaryData") or {}).keys():
        yield Fault(f"data[{key}]", INVALID, RULE, "stands in binaryData, too")
    if size(config_map) > LARGEST:
        yield Fault(WHOLE, TOO_LONG, RULE, f"may not have more than {LARGEST} bytes of values")


def size(config_map: Mapping[str, Any]) -> int:
    """The bytes of all values together; what is no base64 counts for nothing."""
    texts = (config_map.get("data") or {}).values()
    blobs = (config_map.get("binaryData") or {}).values()
    return sum(len(text.encode()) for text in texts) + sum(map(_length, blobs))


def _length(blob: str) -> int:
    try:
        return len(base64.b64decode(blob, validate=True))
    except binascii.Error:
        return 0


def config_map_update_faults(old: Manifest, new: Manifest) -> Faults:
    """What of an immutable ConfigMap a change would touch."""
    if not old.get("immutable"):
        return
    if not new.get("immutable"):
        yield Fault("immutable", FORBIDDEN, RULE, "stays true once it is")
    for bag in BAGS:
        if (new.get(bag) or {}) != (old.get(bag) or {}):
            yield Fault(bag, FORBIDDEN, RULE, "is frozen by immutable=true")
