"""Objects that make Pods from a template: their defaults, validation and legal changes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, ClassVar, Final

from conformance.adapters.simulator import errors, meta
from conformance.adapters.simulator.api import names, pod_defaults, pod_spec
from conformance.adapters.simulator.api.fields import Problems
from conformance.adapters.simulator.api.strategy import Strategy
from conformance.adapters.simulator.meta import Object
from conformance.adapters.simulator.settings import Settings

_PERCENT: Final = re.compile(r"[0-9]+%", re.ASCII)
_COUNTS: Final = ("replicas", "minReadySeconds", "revisionHistoryLimit")
_STRATEGIES: Final = frozenset({"Recreate", "RollingUpdate"})
_UPDATE_STRATEGIES: Final = frozenset({"OnDelete", "RollingUpdate"})
_MANAGEMENT: Final = frozenset({"OrderedReady", "Parallel"})
_UNCHANGING_STATEFUL: Final = (
    *("selector", "serviceName", "podManagementPolicy"),
    "volumeClaimTemplates",
)


class WorkloadStrategy(Strategy):
    """What all of them have in common: a template, a selector, counts that are not negative."""

    allowed_restart_policies: ClassVar[frozenset[str]] = frozenset({"Always"})  # RESTART-006
    selector_mutable: ClassVar[bool] = False

    def default(self, manifest: Object, settings: Settings) -> None:
        spec = manifest["spec"] = manifest.get("spec") or {}
        if "replicas" in self.defaults and spec.get("replicas") is None:
            spec["replicas"] = self.defaults["replicas"]
        for field, value in self.defaults.items():
            if spec.get(field) is None:
                spec[field] = value
        template = spec["template"] = spec.get("template") or {}
        template["metadata"] = template.get("metadata") or {}
        template["spec"] = template.get("spec") or {}
        pod_defaults.default_spec(template["spec"], settings)

    defaults: ClassVar[Mapping[str, Any]] = {"replicas": 1}

    def prepare(self, manifest: Object, settings: Settings) -> None:
        manifest["status"] = {"replicas": 0}

    def validate(self, manifest: Object, problems: Problems, settings: Settings) -> None:
        spec = manifest["spec"]
        for field in _COUNTS:
            if (spec.get(field) or 0) < 0:
                problems.invalid(f"spec.{field}", spec[field], "must not be negative")
        self.validate_selector(spec, problems)
        self.validate_template(spec, problems, settings)

    def validate_selector(self, spec: Mapping[str, Any], problems: Problems) -> None:
        """REPLICA-005: there is one, it is not empty, and it selects what the template makes."""
        selector, labels = spec.get("selector"), _template_labels(spec)
        if selector is None:
            problems.required("spec.selector")
            return
        before = len(problems)
        names.validate_selector(selector, "spec.selector", problems)
        if len(problems) > before:
            problems.invalid("spec.selector", selector, "invalid label selector")
        elif not selector.get("matchLabels") and not selector.get("matchExpressions"):
            problems.invalid("spec.selector", selector, "empty selector is invalid")
        elif not meta.selects(selector, labels):
            problems.invalid("spec.template.metadata.labels", dict(labels), _MISMATCH)

    def validate_template(
        self, spec: Mapping[str, Any], problems: Problems, settings: Settings
    ) -> None:
        """A template is judged like a Pod, and by what its owner demands (RESTART-006)."""
        template, under = spec["template"], Problems()
        names.validate_labels(_template_labels(spec), "labels", under)
        annotations = template["metadata"].get("annotations")
        names.validate_annotations(annotations, "annotations", under)
        pod_spec.validate_spec(template["spec"], under, settings)
        self.validate_restart_policy(template["spec"], under)
        if template["spec"].get("ephemeralContainers"):
            under.forbidden("spec.ephemeralContainers", "not allowed in a pod template")
        problems.extend_under("spec.template", under)

    def validate_restart_policy(self, template: Mapping[str, Any], problems: Problems) -> None:
        """RESTART-006, REPLICA-001: always restarted, without a deadline."""
        policy = template.get("restartPolicy")
        if not self.may_restart(str(policy)):
            problems.unsupported("spec.restartPolicy", policy, self.allowed_restart_policies)
        if template.get("activeDeadlineSeconds") is not None:
            problems.forbidden("spec.activeDeadlineSeconds", f"not supported in a {self.kind}")

    def may_restart(self, policy: str) -> bool:
        """RESTART-006: whether templates of this kind may have this policy."""
        return policy in self.allowed_restart_policies

    def validate_update(
        self, new: Object, old: Object, problems: Problems, settings: Settings
    ) -> None:
        if not self.may_change_selector(settings):
            problems.unchanged(
                "spec.selector", new["spec"].get("selector"), old["spec"]["selector"]
            )

    def may_change_selector(self, settings: Settings) -> bool:
        """REPLICA-005: selectors are fixed in apps/v1."""
        return self.selector_mutable


_MISMATCH: Final = "`selector` does not match template `labels`"


class ReplicaSetStrategy(WorkloadStrategy):
    """So many Pods."""

    kind = "ReplicaSet"


class ReplicationControllerStrategy(WorkloadStrategy):
    """So many Pods, with a plain map as selector."""

    kind = "ReplicationController"
    selector_mutable = True

    def default(self, manifest: Object, settings: Settings) -> None:
        super().default(manifest, settings)
        spec, metadata = manifest["spec"], manifest["metadata"]
        labels = _template_labels(spec)
        if labels and not spec.get("selector"):
            spec["selector"] = dict(labels)
        if labels and not metadata.get("labels"):
            manifest["metadata"] = {**metadata, "labels": dict(labels)}

    def validate_selector(self, spec: Mapping[str, Any], problems: Problems) -> None:
        selector = spec.get("selector")
        if not selector:
            problems.required("spec.selector")
        elif not meta.selects_map(selector, _template_labels(spec)):
            labels = dict(_template_labels(spec))
            problems.invalid("spec.template.metadata.labels", labels, _MISMATCH)


class DeploymentStrategy(WorkloadStrategy):
    """ReplicaSets that follow each other."""

    kind = "Deployment"

    def default(self, manifest: Object, settings: Settings) -> None:
        """DEPLOY-001: what is filled in depends on the version of the API."""
        given = settings.deployment_apis.get(manifest["apiVersion"])
        if given is None:
            raise errors.unknown_kind(f"{manifest['apiVersion']}, Deployment")
        super().default(manifest, settings)
        spec = manifest["spec"]
        for field, value in (
            ("revisionHistoryLimit", given.revision_history_limit),
            ("progressDeadlineSeconds", given.progress_deadline_seconds),
        ):
            if spec.get(field) is None:
                spec[field] = value
        if given.selector_from_labels and not spec.get("selector") and _template_labels(spec):
            spec["selector"] = {"matchLabels": dict(_template_labels(spec))}
        strategy = spec["strategy"] = spec.get("strategy") or {}
        strategy["type"] = strategy.get("type") or "RollingUpdate"
        if strategy["type"] == "RollingUpdate":
            rolling = strategy.get("rollingUpdate") or {}
            usual = {"maxSurge": given.max_surge, "maxUnavailable": given.max_unavailable}
            given_posts = {key: value for key, value in rolling.items() if value is not None}
            rolling = {**usual, **given_posts}
            strategy["rollingUpdate"] = rolling

    def prepare(self, manifest: Object, settings: Settings) -> None:
        manifest["status"] = {}

    def validate(self, manifest: Object, problems: Problems, settings: Settings) -> None:
        super().validate(manifest, problems, settings)
        spec = manifest["spec"]
        _validate_rolling_update(spec["strategy"], problems)
        deadline, ready = spec["progressDeadlineSeconds"], spec.get("minReadySeconds") or 0
        if deadline < 0:
            problems.invalid("spec.progressDeadlineSeconds", deadline, "must not be negative")
        if deadline <= ready:
            why = "must be greater than minReadySeconds"
            problems.invalid("spec.progressDeadlineSeconds", deadline, why)

    def may_change_selector(self, settings: Settings) -> bool:
        return settings.deployment_selector_mutable


class StatefulSetStrategy(WorkloadStrategy):
    """Pods with an identity."""

    kind = "StatefulSet"
    defaults: ClassVar[Mapping[str, Any]] = {
        "replicas": 1,
        "revisionHistoryLimit": 10,
        "podManagementPolicy": "OrderedReady",
    }

    def default(self, manifest: Object, settings: Settings) -> None:
        super().default(manifest, settings)
        update = manifest["spec"]["updateStrategy"] = manifest["spec"].get("updateStrategy") or {}
        update["type"] = update.get("type") or settings.stateful_set_update_strategy
        if update["type"] == "RollingUpdate":
            update["rollingUpdate"] = {"partition": 0, **(update.get("rollingUpdate") or {})}

    def validate(self, manifest: Object, problems: Problems, settings: Settings) -> None:
        super().validate(manifest, problems, settings)
        spec = manifest["spec"]
        kind = spec["updateStrategy"]["type"]
        problems.one_of("spec.updateStrategy.type", kind, _UPDATE_STRATEGIES)
        problems.one_of("spec.podManagementPolicy", spec["podManagementPolicy"], _MANAGEMENT)

    def validate_update(
        self, new: Object, old: Object, problems: Problems, settings: Settings
    ) -> None:
        changed = [
            field
            for field in _UNCHANGING_STATEFUL
            if new["spec"].get(field) != old["spec"].get(field)
        ]
        if changed:
            problems.forbidden("spec", f"updates may not change {', '.join(changed)}")


def _template_labels(spec: Mapping[str, Any]) -> Mapping[str, str]:
    return ((spec.get("template") or {}).get("metadata") or {}).get("labels") or {}


def _validate_rolling_update(strategy: Mapping[str, Any], problems: Problems) -> None:
    """DEPLOY-015: numbers or percentages, at most all, not both nothing."""
    kind, path = strategy["type"], "spec.strategy"
    problems.one_of(f"{path}.type", kind, _STRATEGIES)
    rolling = strategy.get("rollingUpdate") or {}
    if kind != "RollingUpdate":
        if rolling:
            problems.forbidden(f"{path}.rollingUpdate", "may not be specified for 'Recreate'")
        return
    for field in ("maxSurge", "maxUnavailable"):
        if not is_count_or_percent(rolling[field]):
            problems.invalid(f"{path}.rollingUpdate.{field}", rolling[field], "not a percentage")
    if _is_nothing(rolling["maxUnavailable"]) and _is_nothing(rolling["maxSurge"]):
        why = "may not be 0 when `maxSurge` is 0"
        problems.invalid(f"{path}.rollingUpdate.maxUnavailable", rolling["maxUnavailable"], why)
    if is_over_hundred(rolling["maxUnavailable"]):
        problems.invalid(
            f"{path}.rollingUpdate.maxUnavailable", rolling["maxUnavailable"], "> 100%"
        )


def is_count_or_percent(value: Any) -> bool:
    """A number that is not negative, or whole percents."""
    if isinstance(value, str):
        return _PERCENT.fullmatch(value) is not None
    return isinstance(value, int) and value >= 0


def is_over_hundred(value: Any) -> bool:
    """More than all."""
    return isinstance(value, str) and is_count_or_percent(value) and int(value[:-1]) > 100


def _is_nothing(value: Any) -> bool:
    """Zero, or no number at all, as upstream reads one that it has refused already."""
    if isinstance(value, str):
        return not is_count_or_percent(value) or int(value[:-1]) == 0
    return bool(value == 0)
