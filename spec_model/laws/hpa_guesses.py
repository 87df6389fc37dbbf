"""HPA: what a sync may have wanted where nobody knows what the Pods use, as in a recording.

The status then says by itself what the utilization of the measured Pods was. How many there were when
it looked, how many of them were measured, had no sample or were not ready, is not known: all is tried.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from spec_model.events import Manifest
from spec_model.laws.hpa_readings import Reading, metrics_of, tolerance_of
from spec_model.laws.hpa_targets import selected_pods, target_of
from spec_model.objects import EMPTY
from spec_model.rules import Decision
from spec_model.workloads.hpa_metrics import Measure, replicas_for_measures
from spec_model.world import World

MOST_PODS: Final = 20
"""More Pods than these make too many guesses."""

REQUEST: Final = 10_000
"""What a guessed Pod requests: fine enough that a whole percentage may be any that truncates to it."""


def guesses(world: World, autoscaler: Manifest, current: int) -> tuple[Reading, ...] | None:
    """Everything that a sync may have wanted that says this; None where it says too little."""
    status, metrics = autoscaler.get("status") or EMPTY, metrics_of(autoscaler)
    if rule := rule_of_failure(status):
        return (Reading(Decision(None, rule), remembered=False),)
    target = target_of(world, autoscaler)
    metric = metrics[0] if metrics is not None and len(metrics) == 1 else None
    if metric is None or metric.utilization is None or target is None:
        return None
    used = shown_utilization(status)
    pods = max(len(selected_pods(world, target)), current)
    if used is None or not 0 < pods <= MOST_PODS:
        return None
    tolerance = tolerance_of(autoscaler, world.profile)
    found: dict[tuple[int | None, str], None] = {}
    for measures, missing in _guessed(used, pods):
        wanted = replicas_for_measures(
            measures, missing, (), current, metric.utilization, world.profile, tolerance
        )
        found[wanted.value.replicas, wanted.because] = None
    return tuple(Reading(Decision(*each)) for each in found)


FAILURES: Final = {
    "missing request": "HPA-014",
    "unable to fetch metrics": "HPA-020",
    "unable to get metrics": "HPA-020",
}
"""By words of a message, the rule by which no metric can be used; by any others it is HPA-013."""


def rule_of_failure(status: Manifest) -> str:
    """Why an autoscaler says that it has no metrics; empty where it does not say so."""
    for condition in status.get("conditions") or ():
        if condition["type"] == "ScalingActive" and condition.get("reason") == FAILED:
            message = condition.get("message", "")
            found = (rule for words, rule in FAILURES.items() if words in message)
            return next(found, "HPA-013")
    return ""


FAILED: Final = "FailedGetResourceMetric"


def shown_utilization(status: Manifest) -> int | None:
    """The utilization of the first metric as a status shows it."""
    shown = (status.get("currentMetrics") or (EMPTY,))[0].get("resource") or EMPTY
    used: int | None = (shown.get("current") or EMPTY).get("averageUtilization")
    return used


def _guessed(used: int, pods: int) -> Iterator[tuple[list[Measure], list[int]]]:
    """All measured first, then fewer with others that have no sample, then fewer Pods altogether.

    Pods that are not ready need no guess: they count as those without a sample, or not at all.
    """
    for usage in (used * 100, used * 100 + 99):
        for total in range(pods, 0, -1):
            for measured in range(total, 0, -1):
                yield [(usage, REQUEST)] * measured, [REQUEST] * (total - measured)
