"""Selectors of labels, as objects have them, and as clients write them to narrow a watch (WATCH-003)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any, Final, TypeAlias

from spec_model.events import Manifest
from spec_model.objects import EMPTY

Test: TypeAlias = Callable[[Manifest], bool]

REQUIREMENTS: Final = re.compile(r",(?![^()]*\))")
REQUIREMENT: Final = re.compile(
    r"(?P<absent>!)?(?P<key>[^\s=!,()]+)\s*"
    r"(?:(?P<operator>==|=|!=|in|notin)\s*(?:\((?P<values>[^)]*)\)|(?P<value>[^\s()]*)))?"
)

INTEGER: Final = re.compile(r"[+-]?[0-9]+")
INT64: Final = range(-(2**63), 2**63)

ON_LABELS: Final = ("In", "NotIn", "Exists", "DoesNotExist")
"""The operators of a LabelSelector; those of nodes may compare, too."""


def selects(selector: Manifest, labels: Mapping[str, str]) -> bool:
    """Whether a LabelSelector matches labels: all of matchLabels and of matchExpressions; empty: any."""
    return has_all(labels, selector.get("matchLabels") or EMPTY) and all(
        each["operator"] in ON_LABELS and holds(each, labels)
        for each in selector.get("matchExpressions") or ()
    )


def has_all(labels: Mapping[str, str], wanted: Mapping[str, str]) -> bool:
    """Whether labels have every key that is wanted, with that value."""
    return wanted.items() <= labels.items()


def holds(requirement: Manifest, labels: Mapping[str, str]) -> bool:
    """Whether one requirement, known to be well-formed, holds of these labels (AFFINITY-001)."""
    value = labels.get(requirement.get("key") or "")
    operands: Sequence[str] = requirement.get("values") or ()
    match requirement["operator"]:
        case "In":
            return value is not None and value in operands
        case "NotIn":
            return value is None or value not in operands
        case "Exists":
            return value is not None
        case "DoesNotExist":
            return value is None
        case operator:
            return value is not None and _compares(operator, value, operands[0])


def _compares(operator: str, value: str, operand: str) -> bool:
    label, bound = integer(value), integer(operand)
    if label is None or bound is None:
        return False
    return label > bound if operator == "Gt" else label < bound


def integer(text: str) -> int | None:
    """A base-10 int64; None where the text is none.

    >>> integer("5"), integer("5.0"), integer("9223372036854775808")
    (5, None, None)
    """
    if INTEGER.fullmatch(text) is None:
        return None
    number = int(text)
    return number if number in INT64 else None


@cache
def selector(labels: str, fields: str, namespace: str) -> Test:
    """Whether an object is of what is selected; empty texts select everything.

    >>> chosen = selector("app in (a,b),!old", "", "")
    >>> chosen({"metadata": {"labels": {"app": "a"}}}), chosen({"metadata": {}})
    (True, False)

    Raises:
        ValueError: a requirement cannot be read.
    """
    tests = [_test(part, _label) for part in _parts(labels)]
    tests += [_test(part, _field) for part in _parts(fields)]

    def matches(manifest: Manifest) -> bool:
        own = (manifest.get("metadata") or {}).get("namespace") or ""
        return (not namespace or own == namespace) and all(test(manifest) for test in tests)

    return matches


def _parts(text: str) -> list[str]:
    return [part.strip() for part in REQUIREMENTS.split(text) if part.strip()]


def _test(part: str, read: Callable[[Manifest, str], str | None]) -> Test:
    found = REQUIREMENT.fullmatch(part)
    if found is None:
        raise ValueError(f"no requirement of a selector: {part!r}")
    key, operator = found["key"], found["operator"]
    if operator is None:
        return lambda manifest: (read(manifest, key) is None) is bool(found["absent"])
    listed = found["values"] if found["values"] is not None else found["value"]
    values = {value.strip() for value in listed.split(",")}
    return lambda manifest: (read(manifest, key) in values) is (operator in ("=", "==", "in"))


def _label(manifest: Manifest, key: str) -> str | None:
    labels: Mapping[str, str] = (manifest.get("metadata") or {}).get("labels") or {}
    return labels.get(key)


def _field(manifest: Manifest, path: str) -> str:
    found: Any = manifest
    for step in path.split("."):
        found = found.get(step) if isinstance(found, Mapping) else None
    return "" if found is None else str(found)
