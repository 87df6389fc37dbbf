"""HPA: what the status of an autoscaler shows of its metrics, against what was measured."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from spec_model.law import Verdict, expect, law
from spec_model.laws.hpa_guesses import shown_utilization
from spec_model.laws.hpa_inputs import milli_of, usage_before
from spec_model.laws.hpa_memory import Memory, Sync, status_of
from spec_model.laws.hpa_outcomes import bounds
from spec_model.laws.hpa_readings import Measure, metrics_of, readings, request_of
from spec_model.laws.hpa_targets import AUTOSCALER, selected_pods, target_of
from spec_model.objects import EMPTY
from spec_model.workloads.hpa_limits import outside_bounds
from spec_model.world import Breach, Held, Seen


@law("HPA-002", "HPA-001", "HPA-016", on=AUTOSCALER)
def the_status_shows_what_was_measured(seen: Seen) -> Verdict:
    """currentMetrics: the utilization is usage over requests, the value the mean; both truncated."""
    memory: Memory = seen.notes["autoscaler"]
    sync = memory.sync
    if sync is None or not sync.active or sync.case is None:
        return None
    if seen.now.get("apiVersion") == "autoscaling/v1":
        return None  # it has no currentMetrics
    if seen.world.notes.get("usage") is None:
        return _shown_agree(seen)
    found, current = sync.case.readings, sync.case.current
    bound = outside_bounds(current, *bounds(seen.now["spec"]))
    if found is None or bound.value is not None or not current:
        return None
    if any(reading.wanted.value is None for reading in found):
        return None
    shown = shown_metrics(status_of(seen.now))
    if any(fits(reading.shown, shown) for reading in found):
        return (Held("HPA-002"), *_new_requests(seen))
    expected = " or ".join(sorted({_text(reading.shown) for reading in found}))
    return Breach(expected, _text(shown), rule=_blamed_for_metrics(seen, sync, shown))


def shown_metrics(status: Mapping[str, Any]) -> list[Measure]:
    """By metric the utilization and the mean, in thousandths, that a status shows."""
    found = []
    for metric in status.get("currentMetrics") or ():
        current = (metric.get("resource") or EMPTY).get("current") or EMPTY
        mean = current.get("averageValue")
        found.append((current.get("averageUtilization"), None if mean is None else milli_of(mean)))
    return found


def fits(measured: Sequence[Measure | None], shown: Sequence[Measure]) -> bool:
    """Whether just what was measured is shown; of a metric that failed anything may be."""
    return len(measured) == len(shown) and all(
        real is None or said == real for real, said in zip(measured, shown, strict=True)
    )


def _text(shown: Sequence[Measure | None]) -> str:
    return "; ".join(
        "anything" if each is None else f"averageUtilization {each[0]}, averageValue {each[1]}m"
        for each in shown
    )


def _new_requests(seen: Seen) -> Iterable[Held]:
    """A utilization that is right although requests have changed: it scales with them (HPA-016)."""
    memory: Memory = seen.notes["autoscaler"]
    if len(memory.requests) > 1 and _is_relative(seen):
        yield Held("HPA-016")


def _is_relative(seen: Seen) -> bool:
    metrics = metrics_of(seen.now)
    return metrics is not None and metrics[0].utilization is not None


def _blamed_for_metrics(seen: Seen, sync: Sync, shown: Sequence[Measure]) -> str:
    """HPA-001 where it is what the sync before had to show, HPA-016 where it is of other requests."""
    memory: Memory = seen.notes["autoscaler"]
    if _is_of_the_sync_before(seen, sync, shown):
        return "HPA-001"
    used, mean = shown[0] if shown else (None, None)
    if used is None or mean is None or len(memory.requests) < 2:
        return "HPA-002"
    now = {reading.requests for reading in (sync.case.readings if sync.case else None) or ()}
    old = memory.requests - now
    is_old = any(used == 100 * mean // request for request in old if request)
    return "HPA-016" if is_old else "HPA-002"


def _is_of_the_sync_before(seen: Seen, sync: Sync, shown: Sequence[Measure]) -> bool:
    usages = usage_before(seen.world.notes["usage"], seen.at - seen.profile.hpa.sync_period)
    if not usages or sync.current is None:
        return False
    found = readings(seen.world, seen.now, sync.current, seen.at, usages)
    return any(fits(reading.shown, shown) for reading in found or ())


def _shown_agree(seen: Seen) -> Verdict:
    """Where usage is unknown: the two figures are of the same usage, truncated one after the other."""
    target = target_of(seen.world, seen.now)
    used, shown = shown_utilization(status_of(seen.now)), shown_metrics(status_of(seen.now))
    metrics = metrics_of(seen.now)
    if target is None or used is None or not shown or shown[0][1] is None or not metrics:
        return None
    requests = {
        request_of(known.view, metrics[0].resource, seen.profile)
        for known in selected_pods(seen.world, target)
    }
    request = requests.pop() if len(requests) == 1 else None
    if not request:
        return None
    mean = shown[0][1]
    low, high = 100 * mean // request, 100 * (mean + 1) // request
    return expect(low <= used <= high, f"averageUtilization {low} to {high}", used)
