"""How many replicas one metric asks for: the formula, its tolerance, missing and unready Pods.

Everything is in milli-units (milli-cores, milli-bytes). Source: HPA-002..004, 011..014, 016;
``podautoscaler.ReplicaCalculator`` (GetResourceReplicas, calcPlainMetricReplicas, groupPods).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Protocol

from attrs import frozen

from conformance.adapters.simulator.settings import Settings


class MetricError(ValueError):
    """A metric that says nothing: the word for it, and the sentence that conditions show."""

    def __init__(self, word: str, sentence: str) -> None:
        super().__init__(word)
        self.sentence = sentence


@frozen
class PodSample:
    """What the autoscaler knows about one Pod.

    Attributes:
        ready: status of the Ready condition, None without one; ``ready_since`` its last transition.
        usage: None without a sample; ``sampled_at`` and ``window`` say what time it covers.
        times are seconds on any one axis.
    """

    name: str
    phase: str
    deleting: bool
    ready: str | None
    ready_since: float
    started_at: float | None
    usage: int | None
    sampled_at: float
    window: float


@frozen
class Tolerances:
    """How far the ratio may be from 1 without any scaling, downwards and upwards."""

    down: float
    up: float


@frozen
class Proposal:
    """The replicas one metric asks for, and the current value it saw."""

    replicas: int
    average_value: int
    utilization: int | None = None


@frozen
class Measured:
    """Usage against its target."""

    ratio: float
    average_value: int
    utilization: int | None = None


class Target(Protocol):
    """What usage is compared with."""

    def measure(self, usage: Mapping[str, int]) -> Measured:
        """The usage of these Pods against the target."""

    def assumed(self, pod: str) -> int:
        """What a Pod without a sample is taken to use when the metric would scale down."""

    def sum_over_target(self, usage: Mapping[str, int]) -> Fraction:
        """The sum of the Pods' usages in units of the target."""


@frozen
class UtilizationTarget:
    """A percentage of what the Pods request; ``missing_request`` says which container has none."""

    percent: int
    requests: Mapping[str, int]
    missing_floor: int
    missing_request: str | None = None

    def measure(self, usage: Mapping[str, int]) -> Measured:
        """Usage of all Pods by request of all Pods, in whole percent, truncated (HPA-002, HPA-014)."""
        if self.missing_request is not None:
            raise MetricError("missing_request", self.missing_request)
        requested = sum(self.requests[pod] for pod in usage)
        if requested == 0:
            raise MetricError("zero_requests", "no metrics returned matched known pods")
        used = sum(usage.values())
        utilization = utilization_of(used, requested)
        return Measured(utilization / self.percent, used // len(usage), utilization)

    def assumed(self, pod: str) -> int:
        """All of its request, or the target where that is more (HPA-011)."""
        return self.requests[pod] * max(self.missing_floor, self.percent) // 100

    def sum_over_target(self, usage: Mapping[str, int]) -> Fraction:
        """The sum of the Pods' own utilizations by the target; one without a request adds none."""
        shares = (Fraction(used, self.requests[pod] or 1) for pod, used in usage.items())
        return sum(shares, Fraction()) * 100 / self.percent


@frozen
class AverageTarget:
    """A fixed quantity for each Pod, whatever it requests (HPA-016)."""

    value: int

    def measure(self, usage: Mapping[str, int]) -> Measured:
        """Mean usage, truncated, by the target."""
        mean = sum(usage.values()) // len(usage)
        return Measured(mean / self.value, mean)

    def assumed(self, pod: str) -> int:
        """Exactly the target (HPA-011)."""
        return self.value

    def sum_over_target(self, usage: Mapping[str, int]) -> Fraction:
        """The sum of usages by the target."""
        return Fraction(sum(usage.values()), self.value)


def utilization_of(used: int, requested: int) -> int:
    """Percent of the request that is used, truncated (HPA-002)."""
    return used * 100 // requested


def group_of(pod: PodSample, resource: str, now: float, settings: Settings) -> str:
    """``ignored``, ``unready``, ``missing`` or ``ready`` (HPA-011, HPA-012, HPA-013)."""
    if is_ignored(pod):
        return "ignored"
    if pod.phase == "Pending":
        return "unready"
    if pod.usage is None:
        return "missing"
    if resource == "cpu" and is_unready_for_cpu(pod, now, settings):
        return "unready"
    return "ready"


def is_ignored(pod: PodSample) -> bool:
    """A Pod that is going or failed counts for nothing (HPA-013)."""
    return pod.deleting or pod.phase == "Failed"


def is_unready_for_cpu(pod: PodSample, now: float, settings: Settings) -> bool:
    """Whether its CPU sample may be start-up noise (HPA-012)."""
    if pod.ready is None or pod.started_at is None:
        return True
    if pod.started_at + settings.hpa_cpu_initialization_seconds > now:
        return pod.ready == "False" or pod.sampled_at < pod.ready_since + pod.window
    never_ready = pod.started_at + settings.hpa_initial_readiness_seconds > pod.ready_since
    return pod.ready == "False" and never_ready


def is_within(ratio: float, tolerances: Tolerances, settings: Settings) -> bool:
    """Near enough to the target to leave everything as it is, bounds included (HPA-004)."""
    if settings.hpa_tolerance_by_distance:
        return abs(1.0 - ratio) <= (tolerances.up if ratio > 1.0 else tolerances.down)
    return 1.0 - tolerances.down <= ratio <= 1.0 + tolerances.up


def wanted_replicas(
    target: Target, ratio: float, usage: Mapping[str, int], settings: Settings
) -> int:
    """The formula (HPA-003): of the considered Pods, or the documented sum over the target plus one."""
    if settings.hpa_sum_formula:
        return math.floor(target.sum_over_target(usage)) + 1
    return math.ceil(ratio * len(usage))


def propose(
    current: int,
    pods: Sequence[PodSample],
    resource: str,
    target: Target,
    tolerances: Tolerances,
    now: float,
    settings: Settings,
) -> Proposal:
    """The replicas these Pods ask for, before any limit.

    Raises:
        MetricError: ``no_pods``; ``no_metrics`` when no usable sample remains; and those of the target.
    """
    if not pods:
        raise MetricError("no_pods", "no pods returned by selector while calculating replica count")
    groups: dict[str, list[PodSample]] = {"ignored": [], "unready": [], "missing": [], "ready": []}
    for pod in pods:
        groups[group_of(pod, resource, now, settings)].append(pod)
    usage = {pod.name: pod.usage or 0 for pod in groups["ready"]}
    if not usage:
        raise MetricError(
            "no_metrics", "did not receive metrics for targeted pods (pods might be unready)"
        )
    seen = target.measure(usage)
    assumed = assumptions(seen.ratio, groups["missing"], groups["unready"], target)
    if not assumed:
        within = is_within(seen.ratio, tolerances, settings)
        replicas = current if within else wanted_replicas(target, seen.ratio, usage, settings)
    else:
        usage |= assumed
        replicas = _with_assumptions(current, seen.ratio, usage, target, tolerances, settings)
    return Proposal(replicas, seen.average_value, seen.utilization)


def assumptions(
    ratio: float, missing: Sequence[PodSample], unready: Sequence[PodSample], target: Target
) -> dict[str, int]:
    """What Pods without a usable sample are taken to use, so that they damp the change (HPA-011)."""
    if ratio > 1.0:
        return {pod.name: 0 for pod in (*missing, *unready)}
    if ratio < 1.0:
        return {pod.name: target.assumed(pod.name) for pod in missing}
    return {}


def _with_assumptions(
    current: int,
    seen_ratio: float,
    usage: Mapping[str, int],
    target: Target,
    tolerances: Tolerances,
    settings: Settings,
) -> int:
    """The same again with assumed samples: only further in the direction that the real ones gave."""
    ratio = target.measure(usage).ratio
    flipped = (seen_ratio < 1.0 < ratio) or (ratio < 1.0 < seen_ratio)
    if flipped or is_within(ratio, tolerances, settings):
        return current
    replicas = wanted_replicas(target, ratio, usage, settings)
    against = (ratio < 1.0 and replicas > current) or (ratio > 1.0 and replicas < current)
    return current if against else replicas


def combine(current: int, proposals: Sequence[int | None]) -> int | None:
    """Several metrics: the largest; None (do nothing) when all failed, or when some did and the
    rest would scale down (HPA-015; ``computeReplicasForMetrics``)."""
    valid = [proposal for proposal in proposals if proposal is not None]
    if not valid:
        return None
    largest = max(valid)
    return None if len(valid) < len(proposals) and largest < current else largest
