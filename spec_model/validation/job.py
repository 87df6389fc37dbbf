"""Jobs: their numbers, their template, what is filled in, and what may not change (JOB-001, JOB-002).

After ``ValidateJob`` of ``pkg/apis/batch/validation`` and ``pkg/apis/batch/v1/defaults.go``.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from spec_model.events import Manifest
from spec_model.objects import EMPTY
from spec_model.profiles import Profile
from spec_model.validation.common import INVALID, NOT_SUPPORTED, REQUIRED, Fault, Faults
from spec_model.validation.pod import pod_spec_faults
from spec_model.validation.workload import TEMPLATE, template_of
from spec_model.workloads.jobs import UNLIMITED

COUNTS: Final = ("parallelism", "completions", "backoffLimit", "activeDeadlineSeconds")
"""Numbers of a Job that must not be negative."""

MOST_AT_ONCE: Final = 100_000
"""The parallelism that an Indexed Job may have at most."""


def job_faults(job: Manifest, profile: Profile) -> Faults:
    """What is wrong with a Job by itself."""
    spec = job.get("spec") or EMPTY
    for field in COUNTS:
        if (spec.get(field) or 0) < 0:
            message = "must be greater than or equal to 0"
            yield Fault(f"spec.{field}", INVALID, "JOB-002", message)
    if spec.get("completionMode") == "Indexed" and profile.job.indexed:
        yield from _index_faults(spec)
    yield from _policy_faults(spec, template_of(job))
    yield from pod_spec_faults(template_of(job), TEMPLATE, profile)


def _index_faults(spec: Manifest) -> Faults:
    """An Indexed Job has so many indexes as completions."""
    if spec.get("completions") is None and spec.get("parallelism") is not None:
        message = "when completion mode is Indexed"
        yield Fault("spec.completions", REQUIRED, "JOB-012", message)
    if (spec.get("parallelism") or 0) > MOST_AT_ONCE:
        message = f"must be less than or equal to {MOST_AT_ONCE} when completion mode is Indexed"
        yield Fault("spec.parallelism", INVALID, "JOB-002", message)


def _policy_faults(spec: Manifest, template: Manifest) -> Faults:
    at, policy = f"{TEMPLATE}.restartPolicy", template.get("restartPolicy") or "Always"
    if policy == "Always":
        yield Fault(at, REQUIRED, "RESTART-006", "must be OnFailure or Never")
    elif policy not in ("OnFailure", "Never"):
        yield Fault(at, NOT_SUPPORTED, "JOB-001", "must be OnFailure or Never")
    if spec.get("podFailurePolicy") is not None and policy != "Never":
        yield Fault(at, INVALID, "JOB-001", "must be Never where there is a podFailurePolicy")


def job_update_faults(old: Manifest, new: Manifest) -> Faults:
    """Completions stay as they are; of an Indexed Job they may change together with parallelism."""
    before, after = (each.get("spec") or EMPTY for each in (old, new))
    if before.get("completions") == after.get("completions"):
        return
    is_elastic = before.get("completionMode") == "Indexed"
    if is_elastic and after.get("completions") == after.get("parallelism"):
        return
    yield Fault("spec.completions", INVALID, "JOB-002", "field is immutable")


def job_defaults(job: Manifest, profile: Profile) -> Iterator[tuple[str, Any]]:
    """Fields of a Job that nobody gave, with what becomes of them (None: nothing)."""
    spec = job.get("spec") or EMPTY
    has_completions, has_parallelism = (
        spec.get(field) is not None for field in ("completions", "parallelism")
    )
    if not has_completions:
        yield "spec.completions", None if has_parallelism else 1
    if not has_parallelism:
        yield "spec.parallelism", 1
    if spec.get("backoffLimit") is None:
        per_index = spec.get("backoffLimitPerIndex") is not None
        yield "spec.backoffLimit", UNLIMITED if per_index else profile.job.backoff_limit
    if not profile.job.indexed:
        return
    if spec.get("completionMode") is None:
        yield "spec.completionMode", "NonIndexed"
    if spec.get("suspend") is None:
        yield "spec.suspend", False
    if spec.get("podReplacementPolicy") is None:
        policy = "Failed" if spec.get("podFailurePolicy") is not None else "TerminatingOrFailed"
        yield "spec.podReplacementPolicy", policy
