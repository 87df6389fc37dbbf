"""HPA: what an autoscaler may have made of what it knew: its metrics, over the Pods of its target."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Final, TypeAlias

from attrs import frozen

from spec_model.events import Manifest
from spec_model.laws.hpa_inputs import Usages, milli_of
from spec_model.laws.hpa_targets import AUTOSCALER, selected_pods, target_of
from spec_model.objects import EMPTY, Pod, seconds
from spec_model.profiles import Profile
from spec_model.quantity import milli
from spec_model.resources.requests import requests_of
from spec_model.rules import Decision
from spec_model.workloads.hpa import highest_proposal
from spec_model.workloads.hpa_metrics import (
    PodSample,
    Proposal,
    Tolerance,
    replicas_for_average_value,
    replicas_for_utilization,
)
from spec_model.workloads.hpa_reasons import attributed
from spec_model.world import Known, World

LONGEST_WINDOW: Final = 60.0
"""No metrics API averages over more seconds; a Pod that is Ready for longer has a sample that counts."""


@frozen
class Metric:
    """One resource metric: percent of the request, or thousandths a Pod."""

    resource: str
    utilization: int | None
    average: int | None


def metrics_of(autoscaler: Manifest) -> tuple[Metric, ...] | None:
    """What an autoscaler looks at; None where something is among it that no tester chooses."""
    spec = autoscaler["spec"]
    if autoscaler.get("apiVersion") == "autoscaling/v1":
        return (Metric("cpu", spec.get("targetCPUUtilizationPercentage") or 80, None),)
    found = []
    for metric in spec.get("metrics") or (CPU_AT_80,):
        if metric.get("type") != "Resource":
            return None
        target = metric["resource"]["target"]
        average = target.get("averageValue")
        found.append(
            Metric(
                metric["resource"]["name"],
                target.get("averageUtilization"),
                None if average is None else milli_of(average),
            )
        )
    return tuple(found)


CPU_AT_80: Final[Manifest] = {
    "type": "Resource",
    "resource": {"name": "cpu", "target": {"averageUtilization": 80}},
}
"""What is looked at where nothing is said (HPA-018)."""


def tolerance_of(autoscaler: Manifest, profile: Profile) -> Tolerance:
    """How far below and above its target usage may lie; ``spec.behavior`` may say (HPA-004)."""
    behavior = autoscaler["spec"].get("behavior") or EMPTY
    below, above = (
        (behavior.get(direction) or EMPTY).get("tolerance")
        for direction in ("scaleDown", "scaleUp")
    )
    usual = profile.hpa.tolerance
    return (
        usual if below is None else milli_of(below) / 1000,
        usual if above is None else milli_of(above) / 1000,
    )


def request_of(pod: Pod, resource: str, profile: Profile) -> int | None:
    """What a Pod requests in thousandths; None where a container requests nothing (HPA-014)."""
    whole = (pod.spec.manifest.get("resources") or EMPTY).get("requests") or EMPTY
    if profile.pod_level_resources and resource in whole:
        return milli_of(whole[resource])
    asked = [
        requests_of(container.manifest, profile).get(resource)
        for container in pod.spec.containers + pod.spec.init_containers
        if container.kind != "init"
    ]
    return None if None in asked else sum(milli(each or 0) for each in asked)


Measure: TypeAlias = tuple[int | None, int | None]
"""The utilization in percent, None for a metric that is not relative, and the mean in thousandths."""


@frozen
class Reading:
    """What a sync may have made of what it knew.

    Attributes:
        wanted: what the metrics ask for together; None where none of them could be used.
        remembered: whether the autoscaler keeps it as a recommendation.
        shown: for each metric what the status must show; None for one that failed.
        requests: what a Pod requests of the first metric's resource, where all request the same.
        restless: whether time alone may change it, for Pods that run and are not ready.
    """

    wanted: Decision[int | None]
    remembered: bool = True
    shown: tuple[Measure | None, ...] = ()
    requests: int | None = None
    restless: bool = False


def readings(
    world: World,
    autoscaler: Manifest,
    current: int,
    at: float,
    usages: Usages | None = None,
) -> tuple[Reading, ...] | None:
    """Everything that a sync at this time may have made of it; None where it cannot be known.

    Several where it is not known whether the sample of a young Pod counted (HPA-012), and where Pods
    were made in the same instant. ``usages`` are those of now where they are not given.
    """
    profile, metrics = world.profile, metrics_of(autoscaler)
    if world.notes.get("metrics") is False and metrics is not None:
        return (Reading(Decision(None, "HPA-020"), remembered=False),)
    target, usage = target_of(world, autoscaler), usages or world.notes.get("usage")
    if metrics is None or usage is None or target is None or _is_shared(world, autoscaler):
        return None
    if not _is_known_to(profile, autoscaler, metrics):
        return None
    pods = selected_pods(world, target)
    if not all(_is_usage_known(world, known, usage) for known in pods):
        return None
    epoch, tolerance = world.setting.epoch, tolerance_of(autoscaler, profile)
    before = [known for known in pods if known.since < at]
    found: dict[Reading, None] = {}
    for group in (pods,) if len(before) == len(pods) else (pods, before):
        measured = [Measured(known, usage, epoch + at, epoch, profile) for known in group]
        for counted in _doubts(measured):
            found[_reading(metrics, measured, counted, current, profile, tolerance)] = None
    return tuple(found)


def _is_usage_known(world: World, known: Known, usage: Usages) -> bool:
    """Whether only the tester's word says what a Pod uses, and the judge was there to hear it."""
    pod: Pod = known.view
    name = (pod.key[1], pod.key[2])
    created = seconds(pod.manifest["metadata"].get("creationTimestamp"))
    early = created is None or world.setting.epoch + known.since - created > EARLY
    return name not in world.notes.get("burning", ()) and (name in usage or not early)


EARLY: Final = 5.0
"""Seconds after which a Pod that is seen for the first time was there before the judge."""


def _is_known_to(profile: Profile, autoscaler: Manifest, metrics: Sequence[Metric]) -> bool:
    """Whether the profile speaks of such an autoscaler: the source document knows relative targets."""
    if not profile.hpa.only_relative_targets:
        return True
    relative = all(metric.utilization is not None for metric in metrics)
    return relative and autoscaler["spec"].get("behavior") is None


def _is_shared(world: World, autoscaler: Manifest) -> bool:
    """Whether another autoscaler scales the same: then none of them does (AmbiguousSelector)."""
    reference = autoscaler["spec"].get("scaleTargetRef")
    namespace = autoscaler["metadata"].get("namespace")
    same = [
        known
        for known in world.of_kind(AUTOSCALER)
        if known.manifest["spec"].get("scaleTargetRef") == reference
        and known.manifest["metadata"].get("namespace") == namespace
    ]
    return len(same) > 1


class Measured:
    """A Pod at one moment as the autoscaler may see it."""

    def __init__(
        self, known: Known, usage: Usages, wall: float, epoch: float, profile: Profile
    ) -> None:
        pod: Pod = known.view
        chosen = usage.get((pod.key[1], pod.key[2]))
        self.pod, self.wall, self.profile = pod, wall, profile
        self.amounts = EMPTY if chosen is None else chosen.amounts or EMPTY
        ready = pod.conditions.get("Ready")
        self.ready = None if ready is None else ready.get("status") == "True"
        self.turned = None if ready is None else seconds(ready.get("lastTransitionTime"))
        self.chosen_at = wall if chosen is None else epoch + chosen.at
        self.requests: dict[str, int | None] = {}

    def request(self, resource: str) -> int | None:
        """What it requests in thousandths; looked up once."""
        if resource not in self.requests:
            self.requests[resource] = request_of(self.pod, resource, self.profile)
        return self.requests[resource]

    @property
    def since_ready(self) -> tuple[float, float]:
        """Seconds between Ready and now, and between Ready and when the usage was chosen."""
        turned = self.turned or 0.0
        return self.wall - turned, self.chosen_at - turned

    @property
    def is_doubtful(self) -> bool:
        """Whether its sample may be older than a window after it became Ready, or not (HPA-012)."""
        started = self.pod.start_time
        return (
            bool(self.amounts)
            and bool(self.ready)
            and started is not None
            and self.pod.phase != "Pending"
            and self.wall - started < self.profile.hpa.cpu_initialization
            and min(self.since_ready) < LONGEST_WINDOW
        )

    def sample(self, resource: str, counted: bool) -> PodSample:
        """What the decisions are given; a sample that does not count has an endless window."""
        started = self.pod.start_time
        return PodSample(
            phase=self.pod.phase,
            ready=self.ready,
            start_age=None if started is None else self.wall - started,
            last_transition_age=None if self.turned is None else self.wall - self.turned,
            request=self.request(resource),
            usage=self.amounts.get(resource),
            window=0.0 if counted else math.inf,
            sample_age=0.0,
            deleting=self.pod.deletion_timestamp is not None,
        )


def _doubts(measured: Sequence[Measured]) -> Iterable[frozenset[int]]:
    """The Pods, by index, whose samples may count: those that were Ready the longest first."""
    doubtful = [index for index, each in enumerate(measured) if each.is_doubtful]
    sure = frozenset(range(len(measured))) - frozenset(doubtful)
    found = {sure: None}
    for way in (0, 1) if doubtful else ():
        order = sorted(doubtful, key=lambda index: -measured[index].since_ready[way])
        for length in range(1, len(order) + 1):
            found[sure.union(order[:length])] = None
    return found


def _reading(
    metrics: Sequence[Metric],
    measured: Sequence[Measured],
    counted: frozenset[int],
    current: int,
    profile: Profile,
    tolerance: Tolerance,
) -> Reading:
    proposals: list[Decision[Proposal]] = []
    shown: list[Measure | None] = []
    for metric in metrics:
        samples = [
            each.sample(metric.resource, index in counted) for index, each in enumerate(measured)
        ]
        asked = proposal_of(metric, samples, current, profile, tolerance)
        mean = replicas_for_average_value(samples, current, 1, metric.resource, profile).value
        used = asked.value.utilization if metric.utilization is not None else None
        proposals.append(asked)
        shown.append(None if asked.value.refusal else (used, mean.utilization))
    requests = {each.request(metrics[0].resource) for each in measured}
    wanted, remembered = together(proposals, current)
    return Reading(
        wanted,
        remembered,
        tuple(shown),
        requests.pop() if len(requests) == 1 else None,
        any(each.ready is False and each.pod.phase == "Running" for each in measured),
    )


def proposal_of(
    metric: Metric,
    samples: Sequence[PodSample],
    current: int,
    profile: Profile,
    tolerance: Tolerance,
) -> Decision[Proposal]:
    """What one metric asks for, and whose rule that is."""

    def asked(pods: Sequence[PodSample], resource: str) -> Decision[Proposal]:
        if metric.utilization is None:
            target = metric.average or 1
            return replicas_for_average_value(pods, current, target, resource, profile, tolerance)
        target = metric.utilization
        return replicas_for_utilization(pods, current, target, resource, profile, tolerance)

    return attributed(asked, samples, metric.resource, profile)


def together(
    proposals: Sequence[Decision[Proposal]], current: int
) -> tuple[Decision[int | None], bool]:
    """What all metrics ask for, and whether it is remembered: not if failed ones forbid to shrink."""
    counts = [proposal.value.replicas for proposal in proposals]
    worked = [count for count in counts if count is not None]
    rule = proposals[0].because if len(proposals) == 1 else "HPA-015"
    if not worked:
        return Decision(None, rule), False
    wanted = highest_proposal(current, counts).value
    return Decision(wanted, rule), len(worked) == len(counts) or max(worked) >= current
