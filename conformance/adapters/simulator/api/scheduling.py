"""The parts of a Pod spec that speak to the scheduler."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from conformance.adapters.simulator.api import names
from conformance.adapters.simulator.api.fields import Problems

_REQUIRED: Final = "requiredDuringSchedulingIgnoredDuringExecution"
_EVICTING: Final = "requiredDuringSchedulingRequiredDuringExecution"
_PREFERRED: Final = "preferredDuringSchedulingIgnoredDuringExecution"
_EFFECTS: Final = frozenset({"NoSchedule", "PreferNoSchedule", "NoExecute"})
_WHEN_UNSATISFIABLE: Final = frozenset({"DoNotSchedule", "ScheduleAnyway"})
_INCLUSION: Final = frozenset({"Ignore", "Honor"})


def validate_affinity(affinity: Mapping[str, Any], path: str, problems: Problems) -> None:
    """Node affinity, and affinity to and from other Pods."""
    if affinity.get("nodeAffinity"):
        _validate_node_affinity(affinity["nodeAffinity"], f"{path}.nodeAffinity", problems)
    for field in ("podAffinity", "podAntiAffinity"):
        if affinity.get(field):
            _validate_pod_affinity(affinity[field], f"{path}.{field}", problems)


def validate_node_selector(selector: Mapping[str, Any], path: str, problems: Problems) -> None:
    """Terms of which one must match."""
    terms = selector.get("nodeSelectorTerms") or ()
    if not terms:
        why = "must have at least one node selector term"
        problems.required(f"{path}.nodeSelectorTerms", why)
    for index, term in enumerate(terms):
        validate_node_selector_term(term, f"{path}.nodeSelectorTerms[{index}]", problems)


def validate_node_selector_term(term: Mapping[str, Any], path: str, problems: Problems) -> None:
    """Requirements on labels and fields of a node, all of which must hold."""
    for index, requirement in enumerate(term.get("matchExpressions") or ()):
        _validate_expression(requirement, f"{path}.matchExpressions[{index}]", problems)
    for index, requirement in enumerate(term.get("matchFields") or ()):
        _validate_node_field(requirement, f"{path}.matchFields[{index}]", problems)


def _validate_expression(requirement: Mapping[str, Any], path: str, problems: Problems) -> None:
    operator, values = requirement.get("operator"), requirement.get("values") or ()
    match operator:
        case "In" | "NotIn":
            if not values:
                problems.required(f"{path}.values", "must be specified when `operator` is In")
        case "Exists" | "DoesNotExist":
            if values:
                problems.forbidden(f"{path}.values", "may not be specified for this operator")
        case "Gt" | "Lt":
            if len(values) != 1:
                problems.required(f"{path}.values", "must be specified single value")
        case _:
            problems.invalid(f"{path}.operator", operator, "not a valid selector operator")
    names.validate_label_key(requirement.get("key") or "", f"{path}.key", problems)
    for index, value in enumerate(values):
        if not names.is_label_value(value):
            problems.invalid(f"{path}.values[{index}]", value)


def _validate_node_field(requirement: Mapping[str, Any], path: str, problems: Problems) -> None:
    operator, values = requirement.get("operator"), requirement.get("values") or ()
    if operator not in {"In", "NotIn"}:
        problems.invalid(f"{path}.operator", operator, "not a valid selector operator")
    elif len(values) != 1:
        problems.required(f"{path}.values", "must be only one value for node field selector")
    if requirement.get("key") != "metadata.name":
        problems.invalid(f"{path}.key", requirement.get("key"), "not a valid field selector key")
        return
    for index, value in enumerate(values):
        if not names.is_subdomain(value):
            problems.invalid(f"{path}.values[{index}]", value)


def _validate_node_affinity(affinity: Mapping[str, Any], path: str, problems: Problems) -> None:
    for field in (_REQUIRED, _EVICTING):
        if affinity.get(field) is not None:
            validate_node_selector(affinity[field], f"{path}.{field}", problems)
    for index, term in enumerate(affinity.get(_PREFERRED) or ()):
        at = f"{path}.{_PREFERRED}[{index}]"
        _validate_weight(term.get("weight"), at, problems)
        validate_node_selector_term(term.get("preference") or {}, f"{at}.preference", problems)


def _validate_pod_affinity(affinity: Mapping[str, Any], path: str, problems: Problems) -> None:
    for index, term in enumerate(affinity.get(_REQUIRED) or ()):
        _validate_pod_affinity_term(term, f"{path}.{_REQUIRED}[{index}]", problems)
    for index, weighted in enumerate(affinity.get(_PREFERRED) or ()):
        at = f"{path}.{_PREFERRED}[{index}]"
        _validate_weight(weighted.get("weight"), at, problems)
        term = weighted.get("podAffinityTerm") or {}
        _validate_pod_affinity_term(term, f"{at}.podAffinityTerm", problems)


def _validate_pod_affinity_term(term: Mapping[str, Any], path: str, problems: Problems) -> None:
    for field in ("labelSelector", "namespaceSelector"):
        names.validate_selector(term.get(field), f"{path}.{field}", problems)
    for namespace in term.get("namespaces") or ():
        if not names.is_label(namespace):
            problems.invalid(f"{path}.namespace", namespace)
    key = term.get("topologyKey") or ""
    if not key:
        problems.required(f"{path}.topologyKey", "can not be empty")
    names.validate_label_key(key, f"{path}.topologyKey", problems)


def _validate_weight(weight: Any, path: str, problems: Problems) -> None:
    if not 1 <= (weight or 0) <= 100:
        problems.invalid(f"{path}.weight", weight, "must be in the range 1-100")


def validate_tolerations(
    tolerations: list[Mapping[str, Any]], path: str, problems: Problems
) -> None:
    """Which taints the Pod puts up with."""
    for index, toleration in enumerate(tolerations):
        _validate_toleration(toleration, f"{path}[{index}]", problems)


def _validate_toleration(toleration: Mapping[str, Any], path: str, problems: Problems) -> None:
    key, operator = toleration.get("key"), toleration.get("operator")
    value, effect = toleration.get("value") or "", toleration.get("effect")
    if key:
        names.validate_label_key(key, f"{path}.key", problems)
    elif operator != "Exists":
        problems.invalid(f"{path}.operator", operator, "must be Exists when `key` is empty")
    if toleration.get("tolerationSeconds") is not None and effect != "NoExecute":
        problems.invalid(f"{path}.effect", effect, "must be 'NoExecute' with `tolerationSeconds`")
    if operator in {"Equal", "", None}:
        if not names.is_label_value(value):
            problems.invalid(f"{path}.operator", value)
    elif operator != "Exists":
        problems.unsupported(f"{path}.operator", operator, ("Equal", "Exists"))
    elif value:
        problems.invalid(f"{path}.operator", value, "value must be empty for 'Exists'")
    problems.one_of(f"{path}.effect", effect, _EFFECTS, required=False)


def validate_topology_spread(
    constraints: list[Mapping[str, Any]], path: str, problems: Problems
) -> None:
    """How the Pod wants to be spread."""
    seen = set()
    for index, constraint in enumerate(constraints):
        at = f"{path}[{index}]"
        _validate_constraint(constraint, at, problems)
        pair = constraint.get("topologyKey"), constraint.get("whenUnsatisfiable")
        if pair in seen:
            problems.duplicate(f"{at}.{{topologyKey, whenUnsatisfiable}}", pair)
        seen.add(pair)


def _validate_constraint(constraint: Mapping[str, Any], path: str, problems: Problems) -> None:
    when = constraint.get("whenUnsatisfiable")
    if (constraint.get("maxSkew") or 0) <= 0:
        problems.invalid(f"{path}.maxSkew", constraint.get("maxSkew"), "must be greater than zero")
    if not constraint.get("topologyKey"):
        problems.required(f"{path}.topologyKey", "can not be empty")
    if when not in _WHEN_UNSATISFIABLE:
        problems.unsupported(f"{path}.whenUnsatisfiable", when, _WHEN_UNSATISFIABLE)
    domains = constraint.get("minDomains")
    if domains is not None and (domains <= 0 or when != "DoNotSchedule"):
        problems.invalid(f"{path}.minDomains", domains, "must be greater than zero")
    for field in ("nodeAffinityPolicy", "nodeTaintsPolicy"):
        problems.one_of(f"{path}.{field}", constraint.get(field), _INCLUSION, required=False)
    names.validate_selector(constraint.get("labelSelector"), f"{path}.labelSelector", problems)


def validate_gates(gates: list[Mapping[str, Any]], path: str, problems: Problems) -> None:
    """What keeps the Pod from being scheduled yet."""
    seen = set()
    for index, gate in enumerate(gates):
        name = gate.get("name") or ""
        if not names.is_qualified_name(name):
            problems.invalid(f"{path}[{index}]", name)
        if name in seen:
            problems.duplicate(f"{path}[{index}]", name)
        seen.add(name)
