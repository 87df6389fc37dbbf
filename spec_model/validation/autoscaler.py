"""HorizontalPodAutoscalers: bounds, targets, metrics and behavior (HPA-004, HPA-016 to HPA-019).

After ``pkg/apis/autoscaling/validation``. Manifests are of ``autoscaling/v2``, or of ``v1``, which
has bounds and a target alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from spec_model.events import Manifest
from spec_model.profiles import Profile
from spec_model.validation.common import (
    FORBIDDEN,
    INVALID,
    NOT_SUPPORTED,
    REQUIRED,
    Fault,
    Faults,
    milli_of,
)

SOURCES: Final = {
    "Object": "object",
    "External": "external",
    "Pods": "pods",
    "Resource": "resource",
    "ContainerResource": "containerResource",
}
"""By the type of a metric, the field that describes it; in the order in which they are looked at."""

TARGET_TYPES: Final = ("Utilization", "Value", "AverageValue")
POLICY_TYPES: Final = ("Pods", "Percent")
SELECT_POLICIES: Final = ("Max", "Min", "Disabled")

LONGEST_WINDOW: Final = 3600
LONGEST_PERIOD: Final = 1800


def autoscaler_faults(autoscaler: Manifest, profile: Profile) -> Faults:
    """What is wrong with a HorizontalPodAutoscaler that is to be created."""
    spec = autoscaler.get("spec") or {}
    yield from _bounds_faults(spec)
    yield from _target_faults(spec.get("scaleTargetRef") or {}, profile)
    metrics = spec.get("metrics") or ()
    for index, metric in enumerate(metrics):
        yield from _metric_faults(metric, f"spec.metrics[{index}]", profile)
    if spec.get("minReplicas") == 0 and not _may_rest(metrics):
        message = "must have an Object or External metric to scale to zero"
        yield Fault("spec.metrics", FORBIDDEN, "HPA-018", message)
    behavior = spec.get("behavior") or {}
    for direction in ("scaleUp", "scaleDown"):
        if behavior.get(direction) is not None:
            yield from _rules_faults(behavior[direction], f"spec.behavior.{direction}")


def _bounds_faults(spec: Manifest) -> Faults:
    """HPA-018: 1 <= minReplicas <= maxReplicas."""
    minimum, maximum = spec.get("minReplicas"), spec.get("maxReplicas") or 0
    if minimum is not None and minimum < 1:
        yield Fault("spec.minReplicas", INVALID, "HPA-018", "must be greater than or equal to 1")
    if maximum < 1:
        kind = INVALID if maximum else REQUIRED
        yield Fault("spec.maxReplicas", kind, "HPA-018", "must be greater than 0")
    if minimum is not None and maximum < minimum:
        message = "must be greater than or equal to minReplicas"
        yield Fault("spec.maxReplicas", INVALID, "HPA-018", message)


def _target_faults(reference: Manifest, profile: Profile) -> Faults:
    """HPA-017: the target is named; ``documented`` knows three kinds of it."""
    for field in ("kind", "name"):
        value, at = reference.get(field) or "", f"spec.scaleTargetRef.{field}"
        if not value:
            yield Fault(at, REQUIRED, "HPA-017", "must be given")
        elif not is_path_segment(value):
            yield Fault(at, INVALID, "HPA-017", "must not be a path")
    kind = reference.get("kind")
    if kind and profile.hpa.targets and kind not in profile.hpa.targets:
        message = f"must be {' or '.join(profile.hpa.targets)}"
        yield Fault("spec.scaleTargetRef.kind", NOT_SUPPORTED, "HPA-017", message)


def is_path_segment(name: str) -> bool:
    """Whether a name can stand in the path of a URL."""
    return name not in (".", "..") and "/" not in name and "%" not in name


def _metric_faults(metric: Manifest, path: str, profile: Profile) -> Faults:
    """HPA-016: a metric has one source, that of its type, and its source one target."""
    kind = metric.get("type") or ""
    if not kind:
        yield Fault(f"{path}.type", REQUIRED, "HPA-016", "must specify a metric source type")
    if kind not in SOURCES or (profile.hpa.only_relative_targets and kind != "Resource"):
        yield Fault(f"{path}.type", NOT_SUPPORTED, "HPA-016", "no type of a metric")
    wanted = SOURCES.get(kind)
    given = [field for field in SOURCES.values() if metric.get(field) is not None]
    if wanted and wanted not in given:
        message = "must populate information for the given metric source"
        yield Fault(f"{path}.{wanted}", REQUIRED, "HPA-016", message)
    if given:
        at = f"{path}.{given[0]}.target"
        yield from _metric_target_faults(
            given[0], metric[given[0]].get("target") or {}, at, profile
        )
    if len(given) != 1:
        for field in given:
            if field != wanted:
                message = "must populate the given metric source only"
                yield Fault(f"{path}.{field}", FORBIDDEN, "HPA-016", message)


def _metric_target_faults(source: str, target: Manifest, path: str, profile: Profile) -> Faults:
    kind = target.get("type") or ""
    if not kind:
        yield Fault(f"{path}.type", REQUIRED, "HPA-016", "must specify a target type")
    if kind not in TARGET_TYPES:
        message = "must be either Utilization, Value or AverageValue"
        yield Fault(f"{path}.type", INVALID, "HPA-016", message)
    for field in ("value", "averageValue"):
        if target.get(field) is not None and (milli_of(target[field], profile) or 0) <= 0:
            yield Fault(f"{path}.{field}", INVALID, "HPA-016", "must be positive")
    utilization = target.get("averageUtilization")
    if utilization is not None and utilization < 1:
        yield Fault(f"{path}.averageUtilization", INVALID, "HPA-016", "must be greater than 0")
    yield from _form_faults(source, target, path, profile)


def _form_faults(source: str, target: Manifest, path: str, profile: Profile) -> Faults:
    """Which of the forms of a target a source must have, and which it may not have together."""
    given = {
        field for field in ("value", "averageValue", "averageUtilization") if _has(target, field)
    }
    if source == "pods":
        if "averageValue" not in given:
            message = "must specify a positive target averageValue"
            yield Fault(f"{path}.averageValue", REQUIRED, "HPA-016", message)
        return
    first, second = FORMS[source]
    if not given & {first, second}:
        message = f"must set either {first} or {second}"
        yield Fault(f"{path}.{REQUIRED_FORM[source]}", REQUIRED, "HPA-016", message)
    if given >= {first, second} and source != "object":
        message = f"may not set both {first} and {second}"
        yield Fault(f"{path}.{FORBIDDEN_FORM[source]}", FORBIDDEN, "HPA-016", message)
    elif profile.hpa.only_relative_targets and "averageValue" in given:
        yield Fault(f"{path}.averageValue", FORBIDDEN, "HPA-016", "must be relative to requests")


RELATIVE_OR_MEAN: Final = ("averageUtilization", "averageValue")
WHOLE_OR_MEAN: Final = ("value", "averageValue")
FORMS: Final[Mapping[str, tuple[str, str]]] = {
    "resource": RELATIVE_OR_MEAN,
    "containerResource": RELATIVE_OR_MEAN,
    "object": WHOLE_OR_MEAN,
    "external": WHOLE_OR_MEAN,
}
REQUIRED_FORM: Final = {
    "resource": "averageUtilization",
    "containerResource": "averageUtilization",
    "object": "averageValue",
    "external": "averageValue",
}
FORBIDDEN_FORM: Final = {
    "resource": "averageValue",
    "containerResource": "averageValue",
    "external": "value",
}
"""Which field the API names where neither form is given, and where both are."""


def _has(target: Manifest, field: str) -> bool:
    return target.get(field) is not None


def _may_rest(metrics: Sequence[Manifest]) -> bool:
    return any(metric.get("type") in ("Object", "External") for metric in metrics)


def _rules_faults(rules: Manifest, path: str) -> Faults:
    """One direction of ``spec.behavior``: HPA-018 for the numbers, HPA-019 for the choices."""
    window = rules.get("stabilizationWindowSeconds")
    if window is not None and not 0 <= window <= LONGEST_WINDOW:
        at, message = f"{path}.stabilizationWindowSeconds", f"must be in 0..{LONGEST_WINDOW}"
        yield Fault(at, INVALID, "HPA-018", message)
    if rules.get("selectPolicy") not in (None, *SELECT_POLICIES):
        message = "must be Max, Min or Disabled"
        yield Fault(f"{path}.selectPolicy", NOT_SUPPORTED, "HPA-019", message)
    tolerance: Any = rules.get("tolerance")
    if tolerance is not None and str(tolerance).startswith("-"):
        yield Fault(f"{path}.tolerance", INVALID, "HPA-004", "must not be negative")
    policies = rules.get("policies")
    if policies is not None and not policies:
        yield Fault(f"{path}.policies", REQUIRED, "HPA-019", "must specify at least one policy")
    for index, policy in enumerate(policies or ()):
        yield from _policy_faults(policy, f"{path}.policies[{index}]")


def _policy_faults(policy: Manifest, path: str) -> Faults:
    if policy.get("type") not in POLICY_TYPES:
        yield Fault(f"{path}.type", NOT_SUPPORTED, "HPA-019", "must be Pods or Percent")
    if (policy.get("value") or 0) <= 0:
        yield Fault(f"{path}.value", INVALID, "HPA-018", "must be greater than zero")
    if not 1 <= (policy.get("periodSeconds") or 0) <= LONGEST_PERIOD:
        message = f"must be in 1..{LONGEST_PERIOD}"
        yield Fault(f"{path}.periodSeconds", INVALID, "HPA-018", message)
