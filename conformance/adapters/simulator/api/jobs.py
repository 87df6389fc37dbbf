"""Jobs: defaults, validation, the selector that is made for them, and what may change later."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Final

from conformance.adapters.simulator import meta
from conformance.adapters.simulator.api import names
from conformance.adapters.simulator.api.fields import Problems
from conformance.adapters.simulator.api.workloads import WorkloadStrategy
from conformance.adapters.simulator.meta import Object
from conformance.adapters.simulator.settings import Settings

UID_LABEL: Final = "batch.kubernetes.io/controller-uid"
NAME_LABEL: Final = "batch.kubernetes.io/job-name"
_OLD_LABELS: Final = {UID_LABEL: "controller-uid", NAME_LABEL: "job-name"}

_COUNTS: Final = (
    *("parallelism", "completions", "backoffLimit", "activeDeadlineSeconds"),
    "ttlSecondsAfterFinished",
)
_MODES: Final = frozenset({"NonIndexed", "Indexed"})
_REPLACEMENTS: Final = frozenset({"Failed", "TerminatingOrFailed"})
_ACTIONS: Final = frozenset({"FailJob", "FailIndex", "Ignore", "Count"})
_OPERATORS: Final = frozenset({"In", "NotIn"})
_LARGEST_INDEXED: Final = 100_000
_UNCHANGING: Final = ("selector", "completionMode", "template", "podFailurePolicy")
_MAXIMAL: Final = 2**31 - 1


class JobStrategy(WorkloadStrategy):
    """Pods that run to their end."""

    kind = "Job"
    allowed_restart_policies = frozenset({"OnFailure", "Never"})
    defaults: ClassVar[Mapping[str, Any]] = {}

    def default(self, manifest: Object, settings: Settings) -> None:
        super().default(manifest, settings)
        spec = manifest["spec"]
        self.default_counts(spec)
        limit = settings.job_backoff_limit
        if spec.get("backoffLimitPerIndex") is not None:
            limit = _MAXIMAL
        if spec.get("backoffLimit") is None and limit is not None:
            spec["backoffLimit"] = limit
        if settings.job_knows_indexes:
            self.default_modes(spec)

    def default_counts(self, spec: Object) -> None:
        """JOB-002: one Pod unless something is said; parallelism alone makes a work queue."""
        if spec.get("completions") is None and spec.get("parallelism") is None:
            spec["completions"] = 1
        if spec.get("parallelism") is None:
            spec["parallelism"] = 1

    def default_modes(self, spec: Object) -> None:
        """JOB-002: what came with later releases."""
        policy = "Failed" if spec.get("podFailurePolicy") is not None else "TerminatingOrFailed"
        usual = {"completionMode": "NonIndexed", "suspend": False, "podReplacementPolicy": policy}
        for field, value in usual.items():
            if spec.get(field) is None:
                spec[field] = value

    def prepare(self, manifest: Object, settings: Settings) -> None:
        manifest["status"] = {}

    def identify(self, manifest: Object) -> Object:
        """A Job's Pods carry its uid, and that is its selector unless it has one of its own."""
        spec = manifest["spec"]
        if spec.get("manualSelector"):
            return manifest
        marks = {UID_LABEL: meta.uid_of(manifest), NAME_LABEL: meta.name_of(manifest)}
        marks |= {_OLD_LABELS[label]: value for label, value in marks.items()}
        labels = {**meta.labels_of(spec["template"]), **marks}
        selector = {"matchLabels": {UID_LABEL: meta.uid_of(manifest)}}
        marked = meta.with_path(manifest, ("spec", "template", "metadata", "labels"), labels)
        return meta.with_path(marked, ("spec", "selector"), selector)

    def validate(self, manifest: Object, problems: Problems, settings: Settings) -> None:
        super().validate(manifest, problems, settings)
        spec = manifest["spec"]
        for field in _COUNTS:
            if (spec.get(field) or 0) < 0:
                problems.invalid(f"spec.{field}", spec[field], "must not be negative")
        if settings.job_knows_indexes:
            problems.one_of("spec.completionMode", spec["completionMode"], _MODES)
            replacement = spec["podReplacementPolicy"]
            problems.one_of("spec.podReplacementPolicy", replacement, _REPLACEMENTS)
            _validate_indexes(spec, problems)
            _validate_failure_policy(spec, problems)

    def validate_selector(self, spec: Mapping[str, Any], problems: Problems) -> None:
        """A Job's selector is made for it; one of its own is judged only by its form."""
        names.validate_selector(spec.get("selector"), "spec.selector", problems)

    def validate_restart_policy(self, template: Mapping[str, Any], problems: Problems) -> None:
        """JOB-001, RESTART-006: OnFailure or Never, said explicitly: unsaid is Always, and refused."""
        policy = template.get("restartPolicy")
        if not self.may_restart(str(policy)):
            if policy == "Always":
                problems.required("spec.restartPolicy", 'valid values: "OnFailure", "Never"')
            else:
                problems.unsupported("spec.restartPolicy", policy, self.allowed_restart_policies)

    def validate_update(
        self, new: Object, old: Object, problems: Problems, settings: Settings
    ) -> None:
        for field in _UNCHANGING:
            problems.unchanged(f"spec.{field}", new["spec"].get(field), old["spec"].get(field))
        if not self.may_change_completions(new["spec"], old["spec"]):
            problems.unchanged(
                "spec.completions", new["spec"].get("completions"), old["spec"].get("completions")
            )

    def may_change_completions(self, new: Mapping[str, Any], old: Mapping[str, Any]) -> bool:
        """JOB-002: an Indexed Job may grow and shrink, together with its parallelism."""
        return old.get("completionMode") == "Indexed" and (
            new.get("completions") == new.get("parallelism")
        )


def _validate_indexes(spec: Mapping[str, Any], problems: Problems) -> None:
    """JOB-012: indexes are counted."""
    if spec["completionMode"] != "Indexed":
        return
    if spec.get("completions") is None:
        problems.required("spec.completions", "when completion mode is Indexed")
    if spec["parallelism"] > _LARGEST_INDEXED:
        problems.invalid("spec.parallelism", spec["parallelism"], "too many for an Indexed Job")


def _validate_failure_policy(spec: Mapping[str, Any], problems: Problems) -> None:
    policy = spec.get("podFailurePolicy")
    if policy is None:
        return
    at = "spec.template.spec.restartPolicy"
    if not allows_failure_policy(spec["template"]["spec"].get("restartPolicy")):
        problems.invalid(at, spec["template"]["spec"].get("restartPolicy"), "only Never is allowed")
    for index, rule in enumerate(policy.get("rules") or ()):
        path = f"spec.podFailurePolicy.rules[{index}]"
        problems.one_of(f"{path}.action", rule.get("action"), _ACTIONS)
        codes, patterns = rule.get("onExitCodes"), rule.get("onPodConditions")
        if (codes is None) == (not patterns):
            problems.invalid(path, rule, "exactly one of onExitCodes and onPodConditions")
        if codes is not None:
            _validate_exit_codes(codes, f"{path}.onExitCodes", problems)


def allows_failure_policy(policy: str | None) -> bool:
    """JOB-001: with a podFailurePolicy, containers are not started again in their Pod."""
    return policy == "Never"


def _validate_exit_codes(codes: Mapping[str, Any], path: str, problems: Problems) -> None:
    problems.one_of(f"{path}.operator", codes.get("operator"), _OPERATORS)
    values = codes.get("values") or []
    if not 0 < len(values) <= 255 or values != sorted(set(values)):
        problems.invalid(f"{path}.values", values, "must be ordered, without duplicates")
    if codes.get("operator") == "In" and 0 in values:
        problems.invalid(f"{path}.values", 0, "must not be 0 for the In operator")
