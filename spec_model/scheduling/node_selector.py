"""Which nodes the selectors of a Pod admit: nodeSelector and required node affinity.

SCHED-001, AFFINITY-001, -002 and -006, after ``component-helpers/scheduling/corev1/nodeaffinity``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from spec_model.events import Manifest
from spec_model.objects import EMPTY
from spec_model.profiles import V1_36, Profile
from spec_model.rules import Decision
from spec_model.selectors import holds, integer
from spec_model.validation.common import is_qualified

REQUIRED: Final = "requiredDuringSchedulingIgnoredDuringExecution"
PREFERRED: Final = "preferredDuringSchedulingIgnoredDuringExecution"
EVICTING: Final = "requiredDuringSchedulingRequiredDuringExecution"
"""The third type, of which the source document alone knows (AFFINITY-005)."""

NODE_NAME: Final = "metadata.name"
LABEL_VALUE: Final = re.compile(r"([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?")


def admits(spec: Manifest, node: Manifest, profile: Profile = V1_36) -> Decision[bool]:
    """Whether the selectors of a Pod's spec admit a node; both must, where it has both.

    Blamed is AFFINITY-006 where there are both, SCHED-001 for nodeSelector alone or for none, and for
    affinity alone AFFINITY-001 where a single expression decides, else AFFINITY-002.
    """
    labels = labels_of(node)
    wanted: Mapping[str, str] = spec.get("nodeSelector") or EMPTY
    selected = all(labels.get(key) == value for key, value in wanted.items())
    required = required_terms(spec, profile)
    if not required:
        return Decision(selected, "SCHED-001")
    admitted = all(matches(terms, node) for terms in required)
    if wanted:
        return Decision(selected and admitted, "AFFINITY-006")
    return Decision(admitted, "AFFINITY-001" if _is_plain(required) else "AFFINITY-002")


def required_terms(spec: Manifest, profile: Profile = V1_36) -> list[Sequence[Manifest]]:
    """The nodeSelectorTerms of each type of required affinity that a spec has, one of each must match."""
    affinity = node_affinity(spec)
    types = (REQUIRED, EVICTING) if profile.evicting_affinity else (REQUIRED,)
    return [
        affinity[each].get("nodeSelectorTerms") or ()
        for each in types
        if affinity.get(each) is not None
    ]


def node_affinity(spec: Manifest) -> Manifest:
    """``affinity.nodeAffinity`` of a Pod's spec; empty where it has none."""
    found: Manifest = (spec.get("affinity") or EMPTY).get("nodeAffinity") or EMPTY
    return found


def matches(terms: Sequence[Manifest], node: Manifest) -> bool:
    """Whether one of the terms matches the node (AFFINITY-002)."""
    return any(term_matches(term, node) for term in terms)


def term_matches(term: Manifest, node: Manifest) -> bool:
    """Whether all of a term holds; an empty one holds for no node, nor does one that is malformed."""
    expressions = term.get("matchExpressions") or ()
    fields = term.get("matchFields") or ()
    if not (expressions or fields) or not is_parsable(term):
        return False
    labels, name = labels_of(node), str((node.get("metadata") or EMPTY).get("name") or "")
    return all(holds(each, labels) for each in expressions) and all(
        holds(each, {NODE_NAME: name}) for each in fields
    )


def is_parsable(term: Manifest) -> bool:
    """Whether a scheduler can make sense of a term; one that it cannot matches no node."""
    return all(map(_is_expression, term.get("matchExpressions") or ())) and all(
        map(_is_field, term.get("matchFields") or ())
    )


def _is_expression(requirement: Manifest) -> bool:
    operands: Sequence[Any] = requirement.get("values") or ()
    if not is_qualified(requirement.get("key") or ""):
        return False
    if not all(LABEL_VALUE.fullmatch(each) for each in operands):
        return False
    match requirement.get("operator"):
        case "In" | "NotIn":
            return bool(operands)
        case "Exists" | "DoesNotExist":
            return not operands
        case "Gt" | "Lt":
            return len(operands) == 1 and integer(operands[0]) is not None
    return False


def _is_field(requirement: Manifest) -> bool:
    """Of the key nothing is asked here: a field that a node does not have is one without a value."""
    operands = requirement.get("values") or ()
    return requirement.get("operator") in ("In", "NotIn") and len(operands) == 1


def _is_plain(required: Sequence[Sequence[Manifest]]) -> bool:
    """Whether a single expression on a label decides."""
    terms = [term for each in required for term in each]
    if len(terms) != 1 or terms[0].get("matchFields"):
        return False
    return len(terms[0].get("matchExpressions") or ()) == 1


def labels_of(manifest: Manifest) -> Mapping[str, str]:
    """The labels of an object."""
    found: Mapping[str, str] = (manifest.get("metadata") or EMPTY).get("labels") or EMPTY
    return found
