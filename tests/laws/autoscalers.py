"""Traces of an autoscaler, made by hand: two Pods that request 100m each, target 50 %."""

from __future__ import annotations

from typing import Any

from spec_model.events import Act, Event, Observation
from strategies.manifests import autoscaler
from tests.laws.traces import Judged, done, pod, seen, time_at

Made = dict[str, Any]


class OfAutoscalers(Judged):
    """What the judge says, of the rules of this area alone."""

    @property
    def broken(self) -> set[str]:
        return {rule for rule in super().broken if rule.startswith("HPA-")}


def judged(*events: Event, profile: str = "v1.36", clock: str = "virtual") -> OfAutoscalers:
    """Judges a trace from an empty world; versions follow the order of the events."""
    in_order = [
        seen(event.at, dict(event.object), event.type) if isinstance(event, Observation) else event
        for event in events
    ]
    return OfAutoscalers(in_order, profile, clock, None)


def deployment(replicas: int, *, generation: int = 1, image: str = "app:1") -> Made:
    """What is scaled."""
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "a", "namespace": "default", "uid": "uid-d", "generation": generation},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": {"app": "a"}},
            "template": {"spec": {"containers": [{"name": "c", "image": image}]}},
        },
    }


def ready_pod(name: str, *, ready: str = "True", phase: str = "Running", **more: Any) -> Made:
    """One of its Pods, Ready for an hour."""
    conditions = [{"type": "Ready", "status": ready, "lastTransitionTime": time_at(-3500)}]
    request = more.pop("request", {"requests": {"cpu": "100m"}})
    return pod(
        phase,
        name=name,
        uid=f"uid-{name}",
        metadata={"labels": {"app": "a"}, **more},
        spec={"containers": [{"name": "c", "image": "app:1", "resources": request}]},
        more={"startTime": time_at(-3600), "conditions": conditions},
    )


def scaler(status: Made | None = None, *, created: float = 0.0, **spec: Any) -> Made:
    """The autoscaler, 1 to 10 replicas unless said otherwise."""
    made = autoscaler("a", "a", **spec)
    metadata = {**made["metadata"], "uid": "uid-h", "creationTimestamp": time_at(created)}
    return {**made, "metadata": metadata, "status": status or {"desiredReplicas": 0}}


def condition(kind: str, status: str, reason: str) -> Made:
    """A condition of the autoscaler."""
    return {"type": kind, "status": status, "reason": reason, "lastTransitionTime": time_at(1)}


def status(
    current: int,
    desired: int,
    used: int | None = None,
    *,
    scaled: float | None = None,
    limit: str = "DesiredWithinRange",
    able: str = "ReadyForNewScale",
    active: str = "ValidMetricFound",
    mean: str | None = None,
) -> Made:
    """What a sync writes; ``used`` is the utilization, of Pods that request 100m."""
    shown = {"averageUtilization": used, "averageValue": mean or f"{used}m"}
    metric = {"type": "Resource", "resource": {"name": "cpu", "current": shown}}
    return {
        "currentReplicas": current,
        "desiredReplicas": desired,
        "currentMetrics": [metric] if used is not None else [{"type": ""}],
        "conditions": [
            condition("AbleToScale", "True", able),
            condition("ScalingActive", str(active == "ValidMetricFound"), active),
            condition("ScalingLimited", str(limit != "DesiredWithinRange"), limit),
        ],
        **({} if scaled is None else {"lastScaleTime": time_at(scaled)}),
    }


def uses(at: float, amount: str | None, *names: str) -> list[Act]:
    """The tester chooses what Pods use."""
    usage = None if amount is None else {"cpu": amount}
    return [
        done(at, "set-usage", namespace="default", pod=name, usage=usage)
        for name in names or ("p", "q")
    ]


def begin(replicas: int = 2, amount: str | None = "80m", **spec: Any) -> list[Event]:
    """A Deployment with two Pods that use so much, and a new autoscaler."""
    return [
        seen(0, deployment(replicas), "ADDED"),
        seen(0, ready_pod("p"), "ADDED"),
        seen(0, ready_pod("q"), "ADDED"),
        *uses(0, amount),
        seen(0, scaler(**spec), "ADDED"),
    ]


def syncs(at: float, said: Made, **spec: Any) -> Event:
    """A sync writes this status."""
    return seen(at, scaler(said, **spec))


def looks(at: float) -> Act:
    """The tester lets time pass; the judge looks at what is at rest."""
    return done(at, "advance", seconds=0)


UNREAD: Made = {
    "desiredReplicas": 0,
    "conditions": [condition("AbleToScale", "False", "FailedGetScale")],
}


MORE_PODS: list[Event] = [seen(16, ready_pod(name), "ADDED") for name in ("r", "s")]
"""Two more of its Pods, of whom the metrics API says nothing."""
