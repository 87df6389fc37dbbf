"""How many replicas one metric asks for: usage over target, and what unmeasured Pods count as.

After ``pkg/controller/podautoscaler.ReplicaCalculator``. Amounts are milli-units, ages are seconds
before now. Nothing here is clamped: ``hpa_limits`` does that.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, TypeAlias

from spec_model.profiles import V1_36, Profile
from spec_model.rules import Decision
from spec_model.values import frozen

NO_PODS: Final = "no_pods"
NO_METRICS: Final = "no_metrics"
MISSING_REQUEST: Final = "missing_request"
ZERO_REQUESTS: Final = "zero_requests"

Tolerance: TypeAlias = tuple[float, float]
"""How far usage/target may lie below and above 1 before anything is scaled."""

Measure: TypeAlias = tuple[int, int]
"""What a Pod uses, or is taken to use, and what it requests."""


@frozen
class PodSample:
    """One Pod of the scaled target and what the metrics API says of it.

    ``ready`` and ``last_transition_age`` are of the Ready condition, None where there is none;
    ``usage`` is None where there is no sample, ``request`` where some container declares none.
    """

    phase: str = "Running"
    ready: bool | None = True
    start_age: float | None = 3600.0
    last_transition_age: float | None = 3500.0
    request: int | None = 1000
    usage: int | None = None
    window: float = 60.0
    sample_age: float = 15.0
    deleting: bool = False


@frozen
class Proposal:
    """What one metric asks for; ``replicas`` is None where it could not be computed, and why."""

    replicas: int | None
    utilization: int | None = None
    refusal: str = ""


def sample_of(pod: Mapping[str, Any]) -> PodSample:
    """A Pod as the vectors of ``hpa.utilization_replicas`` write it."""
    return PodSample(
        phase=pod["phase"],
        ready=pod["ready"],
        start_age=pod["start_age_s"],
        last_transition_age=pod["last_transition_age_s"],
        request=pod["request_milli"],
        usage=pod["usage_milli"],
        window=pod["window_s"],
        sample_age=pod["sample_age_s"],
        deleting=pod["deleting"],
    )


def utilization(measures: Iterable[Measure]) -> Decision[int]:
    """Usage as a whole percentage of requests, over all Pods together (HPA-002).

    The division truncates: 559m of 1000m is 55. The requests must not sum up to nothing.
    """
    return Decision(_percent(measures), "HPA-002")


def _percent(measures: Iterable[Measure]) -> int:
    used = requested = 0
    for usage, request in measures:
        used += usage
        requested += request
    return 100 * used // requested


def within_tolerance(ratio: float, tolerance: Tolerance, profile: Profile = V1_36) -> bool:
    """Whether usage/target is near enough to 1 to be left alone (HPA-004).

    ``documented`` compares the distance from 1, so that floating point lets 1.1 scale and 0.9 not.
    """
    below, above = tolerance
    if profile.hpa.tolerance_by_distance:
        return abs(1.0 - ratio) <= (above if ratio > 1.0 else below)
    return 1.0 - below <= ratio <= 1.0 + above


def replicas_by_ratio(
    current: int,
    measures: Sequence[Measure],
    target: int,
    profile: Profile = V1_36,
    tolerance: Tolerance | None = None,
) -> Decision[int]:
    """The replicas that a utilization target in percent asks for when every Pod counts.

    HPA-004 keeps the current count inside the tolerance; HPA-003 is the formula outside it.
    """
    ratio = _percent(measures) / target
    return Decision(
        *_plain(ratio, current, measures, target, profile, tolerance or _usual(profile))
    )


def _plain(
    ratio: float,
    current: int,
    measures: Sequence[Measure],
    target: int,
    profile: Profile,
    tolerance: Tolerance,
) -> tuple[int, str]:
    """The replicas, and the rule, where every Pod counts."""
    if within_tolerance(ratio, tolerance, profile):
        return current, "HPA-004"
    return _wanted(ratio, measures, target, profile), "HPA-003"


def replicas_for_utilization(
    pods: Sequence[PodSample],
    current: int,
    target: int,
    resource: str = "cpu",
    profile: Profile = V1_36,
    tolerance: Tolerance | None = None,
) -> Decision[Proposal]:
    """The replicas that a utilization target (percent of requests) asks for.

    Refused without Pods or usable samples (HPA-013), and where a request is missing or all are zero
    (HPA-014). Pods without a sample count as hungry or idle, against the direction of the change
    (HPA-011); Pods that are not ready count as idle on the way up only (HPA-012). After
    ``GetResourceReplicas``.
    """
    measured, missing, unready = _grouped(pods, resource, profile)
    if not pods:
        return Decision(Proposal(None, refusal=NO_PODS), "HPA-013")
    if None in [pod.request for pod in pods]:
        return Decision(Proposal(None, refusal=MISSING_REQUEST), "HPA-014")
    if not measured:
        return Decision(Proposal(None, refusal=NO_METRICS), "HPA-013")
    measures = [(pod.usage or 0, pod.request or 0) for pod in measured]
    if not sum([request for _, request in measures]):
        return Decision(Proposal(None, refusal=ZERO_REQUESTS), "HPA-014")
    lacking, waiting = ([pod.request or 0 for pod in group] for group in (missing, unready))
    tolerance = tolerance or _usual(profile)
    return replicas_for_measures(measures, lacking, waiting, current, target, profile, tolerance)


def replicas_for_measures(
    measures: list[Measure],
    missing: Sequence[int],
    unready: Sequence[int],
    current: int,
    target: int,
    profile: Profile,
    tolerance: Tolerance,
) -> Decision[Proposal]:
    """The same of what was measured, and of the requests of Pods without a sample or not ready."""
    used = _percent(measures)
    ratio = used / target
    if not missing and not (unready and ratio > 1.0):
        replicas, because = _plain(ratio, current, measures, target, profile, tolerance)
        return Decision(Proposal(replicas, used), because)
    hungry = max(100, target)
    if ratio < 1.0:
        measures = measures + [(request * hungry // 100, request) for request in missing]
    elif ratio > 1.0:
        measures = measures + [(0, request) for request in (*missing, *unready)]
    again = _percent(measures) / target
    wanted = _wanted(again, measures, target, profile)
    rule = "HPA-011" if missing else "HPA-012"
    if _is_turned(current, wanted, ratio, again):
        return Decision(Proposal(current, used), rule)
    if wanted != current and within_tolerance(again, tolerance, profile):
        return Decision(Proposal(current, used), rule if ratio == 1.0 else "HPA-004")
    return Decision(Proposal(wanted, used), rule)


def replicas_for_average_value(
    pods: Sequence[PodSample],
    current: int,
    target: int,
    resource: str | None = "cpu",
    profile: Profile = V1_36,
    tolerance: Tolerance | None = None,
) -> Decision[Proposal]:
    """The replicas that a mean usage per Pod (milli-units) asks for; no request is needed (HPA-016).

    Pods without a sample count as using the target on the way down and nothing otherwise (HPA-011).
    ``resource`` is None for a metric that is no resource. ``utilization`` of the answer is the mean.
    After ``GetRawResourceReplicas``.
    """
    measured, missing, unready = _grouped(pods, resource, profile)
    if not measured:
        return Decision(Proposal(None, refusal=NO_METRICS if pods else NO_PODS), "HPA-013")
    usages = [pod.usage or 0 for pod in measured]
    mean = sum(usages) // len(usages)
    ratio = mean / target
    tolerance = tolerance or _usual(profile)
    if not missing and not (unready and ratio > 1.0):
        if within_tolerance(ratio, tolerance, profile):
            return Decision(Proposal(current, mean), "HPA-004")
        return Decision(Proposal(math.ceil(ratio * len(usages)), mean), "HPA-016")
    usages += [target if ratio < 1.0 else 0] * len(missing)
    if ratio > 1.0:
        usages += [0] * len(unready)
    again = (sum(usages) // len(usages)) / target
    wanted = math.ceil(again * len(usages))
    rule = "HPA-011" if missing else "HPA-012"
    if _is_turned(current, wanted, ratio, again):
        return Decision(Proposal(current, mean), rule)
    if wanted != current and within_tolerance(again, tolerance, profile):
        return Decision(Proposal(current, mean), rule if ratio == 1.0 else "HPA-004")
    return Decision(Proposal(wanted, mean), rule)


def _usual(profile: Profile) -> Tolerance:
    return profile.hpa.tolerance, profile.hpa.tolerance


def _wanted(ratio: float, measures: Sequence[Measure], target: int, profile: Profile) -> int:
    """HPA-003: the formula of the profile, over the measures that stand for a Pod each."""
    if not profile.hpa.documented_formula:
        return math.ceil(ratio * len(measures))
    # floor(SUM(U_i) / target) + 1 in exact fractions: a sum of rounded ones could miss an integer.
    numerator, denominator = 0, 1
    for usage, request in measures:
        if request:
            numerator = numerator * request + 100 * usage * denominator
            denominator *= request
    return numerator // (denominator * target) + 1


def _is_turned(current: int, wanted: int, ratio: float, again: float) -> bool:
    """Whether what unmeasured Pods are taken to use has turned the change round (HPA-011)."""
    return (
        (ratio < 1.0 < again)
        or (again < 1.0 < ratio)
        or (again < 1.0 and wanted > current)
        or (again > 1.0 and wanted < current)
    )


def _grouped(
    pods: Sequence[PodSample], resource: str | None, profile: Profile
) -> tuple[list[PodSample], list[PodSample], list[PodSample]]:
    """The Pods that are measured, that lack a sample, and that are set aside as not ready.

    Deleted and failed ones are left out altogether (HPA-013).
    """
    measured: list[PodSample] = []
    missing: list[PodSample] = []
    unready: list[PodSample] = []
    for pod in pods:
        if pod.deleting or pod.phase == "Failed":
            continue
        if pod.phase == "Pending":
            unready.append(pod)
        elif pod.usage is None:
            missing.append(pod)
        elif resource == "cpu" and is_set_aside(pod, profile):
            unready.append(pod)
        else:
            measured.append(pod)
    return measured, missing, unready


def is_set_aside(pod: PodSample, profile: Profile = V1_36) -> bool:
    """Whether a Pod's CPU sample is not to be trusted: it starts, or it never was ready (HPA-012)."""
    if pod.ready is None or pod.start_age is None or pod.last_transition_age is None:
        return True
    if pod.start_age < profile.hpa.cpu_initialization:
        return not pod.ready or pod.sample_age > pod.last_transition_age - pod.window
    became_unready = pod.start_age - pod.last_transition_age
    return not pod.ready and became_unready < profile.hpa.initial_readiness_delay
