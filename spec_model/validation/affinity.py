"""The shape of node selectors in Pods and volumes (AFFINITY-007).

After ``pkg/apis/core/validation.ValidateNodeSelector``.
"""

from __future__ import annotations

from typing import Final

from spec_model.events import Manifest
from spec_model.validation.common import FORBIDDEN, INVALID, REQUIRED, Fault, Faults

RULE: Final = "AFFINITY-007"
NODE_FIELDS: Final = ("metadata.name",)


def node_affinity_faults(affinity: Manifest, path: str) -> Faults:
    """What is wrong with ``nodeAffinity`` of a Pod."""
    required = affinity.get("requiredDuringSchedulingIgnoredDuringExecution")
    if required is not None:
        at = f"{path}.requiredDuringSchedulingIgnoredDuringExecution"
        yield from node_selector_faults(required, at)
    preferred = affinity.get("preferredDuringSchedulingIgnoredDuringExecution") or ()
    for index, weighed in enumerate(preferred):
        at = f"{path}.preferredDuringSchedulingIgnoredDuringExecution[{index}]"
        if not 1 <= (weighed.get("weight") or 0) <= 100:
            yield Fault(f"{at}.weight", INVALID, RULE, "must be in the range 1-100")
        yield from _term_faults(weighed.get("preference") or {}, f"{at}.preference")


def node_selector_faults(selector: Manifest, path: str) -> Faults:
    """What is wrong with a required node selector: it has terms, and each term its shape."""
    terms = selector.get("nodeSelectorTerms") or ()
    if not terms:
        message = "must have at least one node selector term"
        yield Fault(f"{path}.nodeSelectorTerms", REQUIRED, RULE, message)
    for index, term in enumerate(terms):
        yield from _term_faults(term, f"{path}.nodeSelectorTerms[{index}]")


def _term_faults(term: Manifest, path: str) -> Faults:
    for index, requirement in enumerate(term.get("matchExpressions") or ()):
        yield from _expression_faults(requirement, f"{path}.matchExpressions[{index}]")
    for index, requirement in enumerate(term.get("matchFields") or ()):
        yield from _field_faults(requirement, f"{path}.matchFields[{index}]")


def _expression_faults(requirement: Manifest, path: str) -> Faults:
    count = len(requirement.get("values") or ())
    match requirement.get("operator"):
        case "In" | "NotIn":
            if count == 0:
                yield Fault(f"{path}.values", REQUIRED, RULE, "must be specified")
        case "Exists" | "DoesNotExist":
            if count:
                yield Fault(f"{path}.values", FORBIDDEN, RULE, "may not be specified")
        case "Gt" | "Lt":
            if count != 1:
                yield Fault(f"{path}.values", REQUIRED, RULE, "must be a single value")
        case _:
            yield Fault(f"{path}.operator", INVALID, RULE, "not a valid selector operator")


def _field_faults(requirement: Manifest, path: str) -> Faults:
    if requirement.get("operator") not in ("In", "NotIn"):
        yield Fault(f"{path}.operator", INVALID, RULE, "must be In or NotIn")
    elif len(requirement.get("values") or ()) != 1:
        yield Fault(f"{path}.values", REQUIRED, RULE, "must be only one value")
    if requirement.get("key") not in NODE_FIELDS:
        yield Fault(f"{path}.key", INVALID, RULE, "not a valid field selector key")
