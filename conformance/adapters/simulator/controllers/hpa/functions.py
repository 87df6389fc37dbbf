"""The autoscaler's pure functions by the names and schemas of the recorded vectors."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from conformance.adapters.simulator.controllers.hpa import limits, proposal
from conformance.adapters.simulator.settings import Settings

Arguments = Mapping[str, Any]


def utilization_replicas(arguments: Arguments, settings: Settings) -> dict[str, Any]:
    """``hpa.utilization_replicas``: replicas and utilization, before any limit.

    Raises:
        ValueError: ``no_pods``, ``no_metrics``, ``missing_request`` or ``zero_requests``.
    """
    pods = arguments["pods"]
    lacking = next((pod["name"] for pod in pods if pod["request_milli"] is None), None)
    target = proposal.UtilizationTarget(
        arguments["target_utilization"],
        {pod["name"]: pod["request_milli"] or 0 for pod in pods},
        settings.hpa_missing_utilization_floor,
        missing_request=lacking,
    )
    tolerances = proposal.Tolerances(settings.hpa_tolerance, settings.hpa_tolerance)
    found = proposal.propose(
        arguments["current_replicas"],
        [_sample(pod) for pod in pods],
        arguments["resource"],
        target,
        tolerances,
        0.0,
        settings,
    )
    return {"replicas": found.replicas, "utilization": found.utilization}


def _sample(pod: Arguments) -> proposal.PodSample:
    """A Pod of the vectors; its times are ages, so that now is 0."""
    ready, start = pod["ready"], pod["start_age_s"]
    return proposal.PodSample(
        name=pod["name"],
        phase=pod["phase"],
        deleting=pod["deleting"],
        ready=None if ready is None else str(ready),
        ready_since=-(pod["last_transition_age_s"] or 0),
        started_at=None if start is None else -start,
        usage=pod["usage_milli"],
        sampled_at=-pod["sample_age_s"],
        window=pod["window_s"],
    )


def clamp(arguments: Arguments, settings: Settings) -> dict[str, Any]:
    """``hpa.limits``: bounds and speed limit without spec.behavior."""
    limited = limits.clamp(
        arguments["current"], arguments["desired"], arguments["min"], arguments["max"], settings
    )
    return {"replicas": limited.replicas, "reason": limited.reason}


def behavior_limits(arguments: Arguments, settings: Settings) -> dict[str, Any]:  # noqa: ARG001
    """``hpa.behavior_limits``: bounds and policies of spec.behavior."""
    limited = limits.limit_by_behavior(
        arguments["current"],
        arguments["desired"],
        arguments["min"],
        arguments["max"],
        arguments["behavior"] or {},
        _changes(arguments["scale_up_events"]),
        _changes(arguments["scale_down_events"]),
    )
    return {"replicas": limited.replicas, "reason": limited.reason}


def _changes(events: Sequence[Arguments]) -> list[limits.Change]:
    return [limits.Change(event["age_s"], event["change"]) for event in events]


def stabilize(arguments: Arguments, settings: Settings) -> int:
    """``hpa.stabilize``: what past recommendations leave of this one."""
    window = arguments["downscale_window_s"]
    recent = [
        limits.Recommendation(past["age_s"], past["replicas"])
        for past in arguments["recommendations"]
    ]
    behavior = arguments["behavior"]
    if behavior is None:
        kept = None if settings.hpa_downscale_window_seconds is None else window
        return limits.stabilize(arguments["desired"], recent, kept)
    return limits.stabilize_by_behavior(
        arguments["current"], arguments["desired"], behavior, recent, window
    )


def max_of_metrics(arguments: Arguments, settings: Settings) -> int:  # noqa: ARG001
    """``hpa.max_of_metrics``: what several metrics agree on; the current count for "do nothing"."""
    combined = proposal.combine(arguments["current"], arguments["proposals"])
    return arguments["current"] if combined is None else combined


FUNCTIONS: Final[Mapping[str, Callable[[Arguments, Settings], Any]]] = {
    "hpa.utilization_replicas": utilization_replicas,
    "hpa.limits": clamp,
    "hpa.behavior_limits": behavior_limits,
    "hpa.stabilize": stabilize,
    "hpa.max_of_metrics": max_of_metrics,
}
