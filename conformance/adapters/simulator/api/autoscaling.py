"""HorizontalPodAutoscalers (HPA-018), kept in the form of autoscaling/v2."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from conformance.adapters.simulator import quantity
from conformance.adapters.simulator.api import names, pod_defaults
from conformance.adapters.simulator.api.fields import Problems
from conformance.adapters.simulator.api.strategy import Strategy
from conformance.adapters.simulator.meta import Object
from conformance.adapters.simulator.settings import Settings

_METRICS: Final = {
    "Object": "object",
    "External": "external",
    "Pods": "pods",
    "Resource": "resource",
    "ContainerResource": "containerResource",
}
"""The types of metrics, in upstream's order, and the field each is described in."""

_TARGET_TYPES: Final = frozenset({"Utilization", "Value", "AverageValue"})
_POLICY_TYPES: Final = frozenset({"Pods", "Percent"})
_SELECTS: Final = frozenset({"Max", "Min", "Disabled"})
_SCALES_TO_ZERO: Final = frozenset({"Object", "External"})
LONGEST_WINDOW: Final = 3600
LONGEST_PERIOD: Final = 1800

DEFAULT_BEHAVIOR: Final[Mapping[str, Mapping[str, Any]]] = {
    "scaleUp": {
        "stabilizationWindowSeconds": 0,
        "selectPolicy": "Max",
        "policies": [
            {"type": "Pods", "value": 4, "periodSeconds": 15},
            {"type": "Percent", "value": 100, "periodSeconds": 15},
        ],
    },
    "scaleDown": {
        "selectPolicy": "Max",
        "policies": [{"type": "Percent", "value": 100, "periodSeconds": 15}],
    },
}


class HorizontalPodAutoscalerStrategy(Strategy):
    """What scales by itself."""

    kind = "HorizontalPodAutoscaler"
    counts_generations = False

    def default(self, manifest: Object, settings: Settings) -> None:
        spec = manifest["spec"] = manifest.get("spec") or {}
        if spec.get("minReplicas") is None:
            spec["minReplicas"] = settings.hpa_default_min_replicas
        _convert_from_v1(manifest, settings)
        if not spec.get("metrics"):
            spec["metrics"] = [utilization_metric(settings.hpa_default_cpu_utilization)]
        if spec.get("behavior") is not None:
            spec["behavior"] = default_behavior(spec["behavior"])
        _canonicalize(spec, settings)

    def prepare(self, manifest: Object, settings: Settings) -> None:
        manifest["status"] = {"desiredReplicas": 0, "currentMetrics": None}

    def validate(self, manifest: Object, problems: Problems, settings: Settings) -> None:
        spec = manifest["spec"]
        _validate_bounds(spec, problems, settings)
        target = spec.get("scaleTargetRef") or {}
        validate_reference(target, "spec.scaleTargetRef", problems)
        validate_target_version(target, "spec.scaleTargetRef", problems)
        _validate_metrics(spec, problems)
        if not settings.hpa_absolute_targets:
            forbid_absolute_targets(spec, problems)
        for direction in ("scaleUp", "scaleDown"):
            rules = (spec.get("behavior") or {}).get(direction)
            if rules is not None:
                validate_scaling_rules(rules, f"spec.behavior.{direction}", problems)


def _canonicalize(spec: Object, settings: Settings) -> None:
    """Quantities of targets and tolerances; what is none does not decode."""
    targets = [
        metric[field].get("target") or {}
        for metric in spec["metrics"]
        for field in _METRICS.values()
        if metric.get(field)
    ]
    for holder, fields in (
        *((target, ("value", "averageValue")) for target in targets),
        *((rules, ("tolerance",)) for rules in (spec.get("behavior") or {}).values()),
    ):
        for field in fields:
            if holder.get(field) is not None:
                holder[field] = pod_defaults.canonical(holder[field], settings)


def utilization_metric(percent: int) -> Object:
    """CPU at so many percent of its request."""
    target = {"type": "Utilization", "averageUtilization": percent}
    return {"type": "Resource", "resource": {"name": "cpu", "target": target}}


def default_behavior(behavior: Mapping[str, Any]) -> Object:
    """Both directions complete: what is given replaces the default field by field (HPA-019)."""
    return {
        direction: {**rules, **_without_none(behavior.get(direction) or {})}
        for direction, rules in DEFAULT_BEHAVIOR.items()
    }


def _without_none(rules: Mapping[str, Any]) -> Object:
    return {field: value for field, value in rules.items() if value is not None}


def _convert_from_v1(manifest: Object, settings: Settings) -> None:
    """autoscaling/v1 knows one metric: the utilization of CPU."""
    spec = manifest["spec"]
    percent = spec.pop("targetCPUUtilizationPercentage", None)
    if manifest.get("apiVersion") == "autoscaling/v1":
        manifest["apiVersion"] = "autoscaling/v2"
        percent = percent or settings.hpa_default_cpu_utilization
    if percent is not None and not spec.get("metrics"):
        spec["metrics"] = [utilization_metric(percent)]


def _validate_bounds(spec: Mapping[str, Any], problems: Problems, settings: Settings) -> None:
    """HPA-018: 1 <= minReplicas <= maxReplicas."""
    least, most = spec.get("minReplicas"), spec.get("maxReplicas") or 0
    floor = settings.hpa_min_replicas_floor
    if least is not None and least < floor:
        problems.invalid("spec.minReplicas", least, f"must be greater than or equal to {floor}")
    if most == 0:
        problems.required("spec.maxReplicas")
    if most < 1:
        problems.invalid("spec.maxReplicas", most, "must be greater than 0")
    if least is not None and most < least:
        why = "must be greater than or equal to `minReplicas`"
        problems.invalid("spec.maxReplicas", most, why)


def validate_reference(reference: Mapping[str, Any], path: str, problems: Problems) -> None:
    """A kind and a name that can stand in a URL."""
    for field in ("kind", "name"):
        value = reference.get(field)
        if not value:
            problems.required(f"{path}.{field}")
        elif not names.is_path_segment(value):
            problems.invalid(f"{path}.{field}", value)


def validate_target_version(target: Mapping[str, Any], path: str, problems: Problems) -> None:
    """Only a ReplicationController is of the group without a name."""
    version = target.get("apiVersion") or ""
    group, slash, _ = version.partition("/")
    if version.count("/") > 1:
        problems.invalid(f"{path}.apiVersion", version, "unexpected GroupVersion string")
    elif not (slash and group) and target.get("kind") not in {"ReplicationController", "", None}:
        problems.invalid(f"{path}.apiVersion", version, "must specify API group")


def _validate_metrics(spec: Mapping[str, Any], problems: Problems) -> None:
    metrics = spec.get("metrics") or ()
    for index, metric in enumerate(metrics):
        _validate_metric(metric, f"spec.metrics[{index}]", problems)
    kinds = {metric.get("type") for metric in metrics}
    if spec.get("minReplicas") == 0 and not kinds & _SCALES_TO_ZERO:
        why = "must specify at least one Object or External metric to support scaling to zero"
        problems.forbidden("spec.metrics", why)


def forbid_absolute_targets(spec: Mapping[str, Any], problems: Problems) -> None:
    """Documented: a target is relative to the request of a resource, the only form there is (HPA-016)."""
    for index, metric in enumerate(spec.get("metrics") or ()):
        path = f"spec.metrics[{index}]"
        if metric.get("type") != "Resource":
            problems.unsupported(f"{path}.type", metric.get("type"), ("Resource",))
        elif ((metric.get("resource") or {}).get("target") or {}).get("averageValue") is not None:
            problems.forbidden(
                f"{path}.resource.target.averageValue", "must be relative to requests"
            )


def _validate_metric(metric: Mapping[str, Any], path: str, problems: Problems) -> None:
    """One type, and only the field that describes it."""
    kind = metric.get("type") or ""
    if not kind:
        problems.required(f"{path}.type", "must specify a metric source type")
    if kind not in _METRICS:
        problems.unsupported(f"{path}.type", kind, _METRICS)
    given = [field for field in _METRICS.values() if metric.get(field) is not None]
    if given:
        _SOURCES[given[0]](metric[given[0]], f"{path}.{given[0]}", problems)
    expected = _METRICS.get(kind)
    if expected is not None and expected not in given:
        problems.required(f"{path}.{expected}", "must populate information for the given metric")
    if len(given) > 1:
        for field in given:
            if field != expected:
                why = "must populate information only for the given metric"
                problems.forbidden(f"{path}.{field}", why)


def _validate_resource(source: Mapping[str, Any], path: str, problems: Problems) -> None:
    """HPA-016: of a utilization and an average value exactly one."""
    if not source.get("name"):
        problems.required(f"{path}.name", "must specify a resource name")
    target = source.get("target") or {}
    _validate_target(target, f"{path}.target", problems)
    given = [target.get(field) is not None for field in ("averageUtilization", "averageValue")]
    if not any(given):
        why = "must set either a target raw value or a target utilization"
        problems.required(f"{path}.target.averageUtilization", why)
    elif all(given):
        why = "may not set both a target raw value and a target utilization"
        problems.forbidden(f"{path}.target.averageValue", why)


def _validate_container_resource(source: Mapping[str, Any], path: str, problems: Problems) -> None:
    container = source.get("container") or ""
    if not container:
        problems.required(f"{path}.container", "must specify a container")
    elif not names.is_label(container):
        problems.invalid(f"{path}.container", container)
    _validate_resource(source, path, problems)


def _validate_pods(source: Mapping[str, Any], path: str, problems: Problems) -> None:
    target = source.get("target") or {}
    _validate_metric_name(source, path, problems)
    _validate_target(target, f"{path}.target", problems)
    if not _is_positive(target.get("averageValue")):
        problems.required(f"{path}.target.averageValue", "must specify a positive target")


def _validate_external(source: Mapping[str, Any], path: str, problems: Problems) -> None:
    target = source.get("target") or {}
    _validate_metric_name(source, path, problems)
    _validate_value_target(target, f"{path}.target", problems)
    if target.get("value") is not None and target.get("averageValue") is not None:
        problems.forbidden(f"{path}.target.value", "may not set both a value and an average")


def _validate_object(source: Mapping[str, Any], path: str, problems: Problems) -> None:
    validate_reference(source.get("describedObject") or {}, f"{path}.describedObject", problems)
    _validate_metric_name(source, path, problems)
    _validate_value_target(source.get("target") or {}, f"{path}.target", problems)


_SOURCES: Final = {
    "object": _validate_object,
    "external": _validate_external,
    "pods": _validate_pods,
    "resource": _validate_resource,
    "containerResource": _validate_container_resource,
}


def _validate_value_target(target: Mapping[str, Any], path: str, problems: Problems) -> None:
    _validate_target(target, path, problems)
    if target.get("value") is None and target.get("averageValue") is None:
        problems.required(f"{path}.averageValue", "must set either a value or an average")


def _validate_metric_name(source: Mapping[str, Any], path: str, problems: Problems) -> None:
    name = (source.get("metric") or {}).get("name") or ""
    if not name:
        problems.required(f"{path}.metric.name", "must specify a metric name")
    elif not names.is_path_segment(name):
        problems.invalid(f"{path}.metric.name", name)


def _validate_target(target: Mapping[str, Any], path: str, problems: Problems) -> None:
    kind = target.get("type") or ""
    if not kind:
        problems.required(f"{path}.type", "must specify a metric target type")
    if kind not in _TARGET_TYPES:
        problems.invalid(f"{path}.type", kind, "must be either Utilization, Value or AverageValue")
    for field in ("value", "averageValue"):
        if target.get(field) is not None and not _is_positive(target[field]):
            problems.invalid(f"{path}.{field}", target[field], "must be positive")
    percent = target.get("averageUtilization")
    if percent is not None and percent < 1:
        problems.invalid(f"{path}.averageUtilization", percent, "must be greater than 0")


def _is_positive(value: Any) -> bool:
    return value is not None and quantity.is_quantity(value) and quantity.nano(value) > 0


def validate_scaling_rules(rules: Mapping[str, Any], path: str, problems: Problems) -> None:
    """HPA-018: a window of at most an hour; policies that do something in at most half an hour."""
    window = rules.get("stabilizationWindowSeconds")
    if window is not None and not 0 <= window <= LONGEST_WINDOW:
        problems.invalid(f"{path}.stabilizationWindowSeconds", window, "must be 0 to 3600")
    select = rules.get("selectPolicy")
    if select is not None and select not in _SELECTS:
        problems.unsupported(f"{path}.selectPolicy", select, _SELECTS)
    tolerance = rules.get("tolerance")
    if tolerance is not None and quantity.nano(tolerance) < 0:
        problems.invalid(f"{path}.tolerance", tolerance, "must be greater than or equal to 0")
    _validate_policies(rules.get("policies") or (), f"{path}.policies", problems)


def _validate_policies(
    policies: Sequence[Mapping[str, Any]], path: str, problems: Problems
) -> None:
    if not policies:
        problems.required(path, "must specify at least one Policy")
    for index, policy in enumerate(policies):
        at = f"{path}[{index}]"
        if policy.get("type") not in _POLICY_TYPES:
            problems.unsupported(f"{at}.type", policy.get("type"), _POLICY_TYPES)
        if (policy.get("value") or 0) <= 0:
            problems.invalid(f"{at}.value", policy.get("value"), "must be greater than zero")
        if not 0 < (policy.get("periodSeconds") or 0) <= LONGEST_PERIOD:
            problems.invalid(
                f"{at}.periodSeconds", policy.get("periodSeconds"), "must be 1 to 1800"
            )
