"""The decisions about a Job: how many Pods it wants, when it retries, and when it is over.

After ``pkg/controller/job/job_controller.go`` (manageJob), ``backoff_utils.go`` and
``pod_failure_policy.go``. ``job_sync.py`` puts them together.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from attrs import frozen

from spec_model.events import Manifest
from spec_model.objects import EMPTY, seconds
from spec_model.profiles import V1_36, Profile
from spec_model.rules import Decision
from spec_model.workloads.job_pods import restarts_of

UNLIMITED: Final = 2**31 - 1


# -- How many (JOB-003, 004, 005) ---------------------------------------------------------------------


def type_rule(spec: Manifest) -> str:
    """The rule of a Job's type: one Pod, so many completions, a work queue, or Indexed."""
    completions, parallelism = spec.get("completions"), parallelism_of(spec)
    if completions is None and spec.get("parallelism") is not None:
        return "JOB-005"
    if spec.get("completionMode") == "Indexed":
        return "JOB-012"
    return "JOB-003" if completions in (None, 1) and parallelism == 1 else "JOB-004"


def parallelism_of(spec: Manifest) -> int:
    """spec.parallelism, 1 where it is not given."""
    given = spec.get("parallelism")
    return 1 if given is None else int(given)


def completions_of(spec: Manifest) -> int | None:
    """spec.completions; None for a work queue."""
    given = spec.get("completions")
    if given is None:
        return 1 if spec.get("parallelism") is None else None
    return int(given)


def wanted_active(spec: Manifest, active: int, succeeded: int) -> Decision[int]:
    """How many Pods a Job wants to be active, with so many active now and so many successes."""
    completions, parallelism = completions_of(spec), parallelism_of(spec)
    if completions is None:
        return Decision(active if succeeded else parallelism, "JOB-005")
    return Decision(max(min(parallelism, completions - succeeded), 0), type_rule(spec))


def is_complete(spec: Manifest, active: int, succeeded: int) -> Decision[bool]:
    """Whether a Job has all the successes that it needs, and nobody works any more."""
    completions = completions_of(spec)
    enough = succeeded > 0 if completions is None else succeeded >= completions
    return Decision(enough and not active, type_rule(spec))


# -- Retries (JOB-009) ---------------------------------------------------------------------------------


@frozen
class Failures:
    """Consecutive failures since the last success, and when the last Pod of them was over."""

    count: int = 0
    last: float | None = None


def failures_after(
    before: Failures, succeeded: Iterable[float], failed: Iterable[float]
) -> Decision[Failures]:
    """The failures, after Pods that finished at these times were counted.

    A failure at the time of the last success, or before it, is forgotten with it.
    """
    success = max(succeeded, default=None)
    later = [moment for moment in failed if success is None or moment > success]
    known = before if success is None else Failures()
    if not later:
        return Decision(known, "JOB-009")
    return Decision(Failures(known.count + len(later), max(later)), "JOB-009")


def delay(failures: int, base: float, cap: float) -> float:
    """How long after so many consecutive failures nobody is created: base, doubling up to the cap."""
    if not failures:
        return 0.0
    grown = base
    for _ in range(failures - 1):
        grown *= 2
        if grown >= cap:
            return cap
    return grown


def remaining_delay(failures: Failures, now: float, profile: Profile = V1_36) -> Decision[float]:
    """Seconds until a failed Pod may be replaced; 0 is now."""
    if not failures.count or failures.last is None:
        return Decision(0.0, "JOB-009")
    wait = delay(failures.count, profile.job.backoff_base, profile.job.backoff_cap)
    return Decision(max(wait - (now - failures.last), 0.0), "JOB-009")


# -- Giving up (JOB-008, JOB-010) ----------------------------------------------------------------------


def backoff_limit(spec: Manifest, profile: Profile = V1_36) -> int | None:
    """How many failures a Job endures; None: any number."""
    given = spec.get("backoffLimit")
    if given is not None:
        return int(given)
    return UNLIMITED if spec.get("backoffLimitPerIndex") is not None else profile.job.backoff_limit


def exceeds_limit(
    spec: Manifest, failed: int, pods: Iterable[Manifest], profile: Profile = V1_36
) -> Decision[bool]:
    """Whether a Job has failed too often: more failed Pods than the limit, or as many restarts.

    With a limit of 0 the first restart is one too many. Note the ``>`` for Pods and ``>=`` for restarts.
    """
    limit = backoff_limit(spec, profile)
    if limit is None:
        return Decision(False, "JOB-008")
    if failed > limit:
        return Decision(True, "JOB-008")
    template = (spec.get("template") or EMPTY).get("spec") or EMPTY
    if template.get("restartPolicy") != "OnFailure":
        return Decision(False, "JOB-008")
    return Decision(restarts_of(pods) >= max(limit, 1), "JOB-008")


def deadline_of(spec: Manifest, status: Manifest) -> Decision[float | None]:
    """When a Job has run for too long, in seconds since 1970; None: never, as it stands."""
    limit, started = spec.get("activeDeadlineSeconds"), seconds(status.get("startTime"))
    if limit is None or started is None or spec.get("suspend"):
        return Decision(None, "JOB-010")
    return Decision(started + limit, "JOB-010")


# -- podFailurePolicy ----------------------------------------------------------------------------------


@frozen
class Verdict:
    """What a podFailurePolicy makes of a failed Pod; ``action`` is None where no rule matches."""

    action: str | None
    counts: bool = True

    @property
    def fails_job(self) -> bool:
        """Whether the Job is given up at once."""
        return self.action == "FailJob"


def failure_verdict(policy: Manifest | None, pod: Manifest) -> Decision[Verdict]:
    """The action of the first rule that matches a failed Pod; it counts unless that is Ignore."""
    status = pod.get("status") or EMPTY
    for rule in (policy or EMPTY).get("rules") or ():
        if _matches(rule, status):
            return Decision(Verdict(rule["action"], rule["action"] != "Ignore"), "JOB-008")
    return Decision(Verdict(None), "JOB-008")


def _matches(rule: Manifest, status: Manifest) -> bool:
    codes = rule.get("onExitCodes")
    if codes is not None:
        return any(_is_listed(codes, code) for code in _exit_codes(status, codes))
    patterns: Sequence[Mapping[str, Any]] = rule.get("onPodConditions") or ()
    return any(
        condition.get("type") == pattern["type"]
        and condition.get("status") == (pattern.get("status") or "True")
        for condition in status.get("conditions") or ()
        for pattern in patterns
    )


def _exit_codes(status: Manifest, codes: Manifest) -> Iterable[int]:
    """The exit codes other than 0 of the containers that a rule speaks of."""
    named = codes.get("containerName")
    for group in ("containerStatuses", "initContainerStatuses"):
        for container in status.get(group) or ():
            ended = (container.get("state") or EMPTY).get("terminated")
            if ended and named in (None, container["name"]) and ended.get("exitCode"):
                yield ended["exitCode"]


def _is_listed(codes: Manifest, code: int) -> bool:
    return (code in (codes.get("values") or ())) is (codes.get("operator") == "In")
