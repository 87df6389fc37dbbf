"""Node selectors: which nodes a list of terms admits, for Pods and for volumes alike.

Decides AFFINITY-001, 002, 007 (upstream component-helpers/scheduling/corev1/nodeaffinity).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from conformance.adapters.simulator import meta
from conformance.adapters.simulator.api import names

Manifest = Mapping[str, Any]

INT64: Final = range(-(2**63), 2**63)


def matches(selector: Manifest, node: Manifest) -> bool:
    """One of the terms admits the node: terms are alternatives (AFFINITY-002)."""
    return any(term_matches(term, node) for term in selector.get("nodeSelectorTerms") or ())


def requirement_matches(requirement: Manifest, labels: Mapping[str, str]) -> bool:
    """One expression, known to be valid, on labels (AFFINITY-001)."""
    key, values = requirement.get("key", ""), requirement.get("values") or []
    match requirement.get("operator"):
        case "In":
            return key in labels and labels[key] in values
        case "NotIn":
            return labels.get(key) not in values
        case "Exists":
            return key in labels
        case "DoesNotExist":
            return key not in labels
        case "Gt" | "Lt" as operator:
            return compares(operator, labels.get(key), values[0])
        case _:
            return False


def compares(operator: str, label: str | None, bound: str) -> bool:
    """Gt and Lt compare whole numbers, strictly; a label that is none never matches (AFFINITY-001)."""
    number, limit = whole(label), whole(bound)
    if number is None or limit is None:
        return False
    return number > limit if operator == "Gt" else number < limit


def whole(text: str | None) -> int | None:
    """A base-10 int64, or None."""
    digits = (text or "").removeprefix("+").removeprefix("-") if text else ""
    if not (digits.isascii() and digits.isdigit()) or len(text or "") - len(digits) > 1:
        return None
    number = int(text or "")
    return number if number in INT64 else None


def is_valid(requirement: Manifest) -> bool:
    """Could the scheduler parse it? A term with one that it cannot is skipped (AFFINITY-002).

    Operands have to be label values, so a negative number is none.
    """
    values = requirement.get("values") or []
    if not all(map(names.is_label_value, values)):
        return False
    match requirement.get("operator"):
        case "In" | "NotIn":
            return bool(values)
        case "Exists" | "DoesNotExist":
            return not values
        case "Gt" | "Lt":
            return len(values) == 1 and whole(values[0]) is not None
        case _:
            return False


def field_matches(requirement: Manifest, name: str) -> bool:
    """One expression on fields: In or NotIn, one value; of any but metadata.name a node has none."""
    if not is_valid_field(requirement):
        return False
    value = name if requirement.get("key") == "metadata.name" else ""
    is_same: bool = value == requirement["values"][0]
    return is_same if requirement["operator"] == "In" else not is_same


def is_valid_field(requirement: Manifest) -> bool:
    """Could the scheduler parse it? What keys there may be is for the API to say (AFFINITY-007)."""
    values = requirement.get("values") or []
    return len(values) == 1 and requirement.get("operator") in ("In", "NotIn")


def is_valid_term(term: Manifest) -> bool:
    """Could the scheduler parse all of a term?"""
    return all(is_valid(each) for each in term.get("matchExpressions") or ()) and all(
        is_valid_field(each) for each in term.get("matchFields") or ()
    )


def term_matches(term: Manifest, node: Manifest) -> bool:
    """All expressions and fields of a term hold; an empty term matches no node (AFFINITY-002)."""
    expressions, fields = term.get("matchExpressions") or (), term.get("matchFields") or ()
    if not expressions and not fields:
        return False
    labels = meta.labels_of(node)
    return (
        all(is_valid(each) for each in expressions)
        and all(requirement_matches(each, labels) for each in expressions)
        and all(field_matches(each, meta.name_of(node)) for each in fields)
    )
