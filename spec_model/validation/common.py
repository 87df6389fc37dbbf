"""Faults, and what a name or an amount must look like."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, Final, TypeAlias

from attrs import frozen

from spec_model.events import Manifest
from spec_model.profiles import Profile
from spec_model.quantity import Amount, QuantityError, milli, nano_of
from spec_model.rules import PROFILES, rule

REQUIRED: Final = "FieldValueRequired"
INVALID: Final = "FieldValueInvalid"
DUPLICATE: Final = "FieldValueDuplicate"
NOT_SUPPORTED: Final = "FieldValueNotSupported"
FORBIDDEN: Final = "FieldValueForbidden"
NOT_FOUND: Final = "FieldValueNotFound"
TOO_LONG: Final = "FieldValueTooLong"

LARGEST_INT32: Final = 2**31 - 1

LABEL: Final = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")
SUBDOMAIN: Final = re.compile(rf"{LABEL.pattern}(\.{LABEL.pattern})*")
PORT_NAME: Final = re.compile(r"(?=.*[a-z])(?!.*--)[a-z0-9]([-a-z0-9]*[a-z0-9])?")
QUALIFIED: Final = re.compile(r"[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?")

NAMING: Final = "VALIDATION-001"
"""The rule that wants a Pod named."""


@frozen
class Fault:
    """One field because of which a write is refused, and the rule that refuses it.

    ``field`` and ``type`` are written as the API writes the causes of its 422.
    """

    field: str
    type: str
    rule: str
    message: str


Faults: TypeAlias = Iterator[Fault]


def holds_in(profile: Profile, identifier: str) -> bool:
    """Whether a rule holds in a profile; in one that is not of the catalogue, all do."""
    return _holds(identifier, profile.name)


@cache
def _holds(identifier: str, profile: str) -> bool:
    return profile not in PROFILES or profile in rule(identifier).profiles


def is_label(name: str) -> bool:
    """Whether a name is a DNS-1123 label: at most 63 of a-z, 0-9 and inner dashes."""
    return len(name) <= 63 and LABEL.fullmatch(name) is not None


def is_subdomain(name: str) -> bool:
    """Whether a name is a DNS-1123 subdomain: at most 253 characters, labels joined by dots."""
    return len(name) <= 253 and SUBDOMAIN.fullmatch(name) is not None


def is_port_name(name: str) -> bool:
    """Whether a name is an IANA service name: at most 15 characters, a letter among them."""
    return len(name) <= 15 and PORT_NAME.fullmatch(name) is not None


def is_qualified(name: str) -> bool:
    """Whether a name is ``name`` or ``prefix/name``, the prefix a subdomain (labels, resources)."""
    prefix, slash, rest = name.rpartition("/")
    return (
        len(rest) <= 63
        and QUALIFIED.fullmatch(rest) is not None
        and (is_subdomain(prefix) if slash else True)
    )


def milli_of(amount: Amount, profile: Profile) -> int | None:
    """An amount in milli-units rounded up, as the API stores it; None where it is no quantity."""
    try:
        return milli(nano_of(amount, profile))
    except QuantityError:
        return None


def metadata_faults(manifest: Manifest, profile: Profile) -> Faults:
    """What the name of an object lacks; its namespace is filled in from the request."""
    metadata: Mapping[str, Any] = manifest.get("metadata") or {}
    name, prefix = metadata.get("name") or "", metadata.get("generateName") or ""
    if prefix and not is_subdomain(_without_trailing_dash(prefix)):
        yield Fault(
            "metadata.generateName", INVALID, NAMING, "must be the start of a DNS subdomain"
        )
    if not name and not prefix:
        yield Fault("metadata.name", REQUIRED, NAMING, "name or generateName is required")
    elif not is_subdomain(name or generated_name(prefix)):
        yield Fault("metadata.name", INVALID, NAMING, "must be a DNS-1123 subdomain")
    namespace = metadata.get("namespace") or ""
    if namespace and not is_label(namespace):
        yield Fault("metadata.namespace", INVALID, NAMING, "must be a DNS-1123 label")
    if not namespace and profile.namespace_required:
        yield Fault("metadata.namespace", REQUIRED, NAMING, "namespace is required")


def generated_name(prefix: str) -> str:
    """A name as the API makes it of a prefix: at most 58 characters of it and five of its own."""
    return f"{prefix[:58]}00000"


def _without_trailing_dash(prefix: str) -> str:
    return f"{prefix[:-2]}a" if len(prefix) > 1 and prefix.endswith("-") else prefix
