"""The laws of HPA, on traces made by hand: two Pods that request 100m each, target 50 %."""

from __future__ import annotations

from typing import Any

import pytest

from spec_model.events import Act, Cause, Event, Observation, Rejected
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


PODS_MORE: list[Event] = [seen(16, ready_pod(name), "ADDED") for name in ("r", "s")]
"""Two more of its Pods, of whom the metrics API says nothing."""

# -- the count -----------------------------------------------------------------------------------


def test_usage_above_the_target_scales_up() -> None:
    trace = judged(*begin(), syncs(15, status(2, 4, 80, scaled=15)))
    assert {"HPA-001", "HPA-002", "HPA-003", "HPA-005"} <= set(trace.exercised)
    assert not trace.broken


def test_another_count_than_the_formula_s_is_a_breach() -> None:
    assert judged(*begin(), syncs(15, status(2, 3, 80, scaled=15))).broken == {"HPA-003"}


def test_the_documented_formula_adds_one() -> None:
    events = [*begin(amount="100m"), syncs(30, status(2, 5, 100, scaled=30))]
    assert judged(*events, profile="documented").held("HPA-008")
    assert judged(
        *begin(), syncs(30, status(2, 3, 80, scaled=30)), profile="documented"
    ).broken == {"HPA-003"}


@pytest.mark.parametrize("amount", ["45m", "55m"])
def test_within_the_tolerance_nothing_is_scaled(amount: str) -> None:
    used = int(amount[:-1])
    assert judged(*begin(amount=amount), syncs(15, status(2, 2, used))).held("HPA-004")
    scaled = syncs(15, status(2, 3, used, scaled=15))
    assert judged(*begin(amount=amount), scaled).broken == {"HPA-004"}


def test_outside_the_tolerance_the_count_may_stay() -> None:
    assert judged(*begin(amount="44m"), syncs(15, status(2, 2, 44))).held("HPA-003")


def test_maximum_and_its_reason() -> None:
    limited = status(2, 3, 80, scaled=15, limit="TooManyReplicas")
    trace = judged(*begin(maximum=3), syncs(15, limited, maximum=3))
    assert trace.held("HPA-005")
    assert "HPA-003" not in trace.exercised
    beyond = syncs(15, status(2, 4, 80, scaled=15), maximum=3)
    assert judged(*begin(maximum=3), beyond).broken == {"HPA-005"}
    silent = syncs(15, status(2, 3, 80, scaled=15), maximum=3)
    assert judged(*begin(maximum=3), silent).broken == {"HPA-005"}


def test_a_cut_is_told() -> None:
    hidden = status(2, 3, 80, scaled=15, limit="TooManyReplicas")
    hidden["conditions"][2]["status"] = "False"
    assert judged(*begin(maximum=3), syncs(15, hidden, maximum=3)).broken == {"HPA-005"}


def test_a_count_outside_the_bounds_goes_to_the_bound() -> None:
    events = begin(replicas=2, minimum=3)
    assert judged(*events, syncs(15, status(2, 3, scaled=15), minimum=3)).held("HPA-006")
    stays = syncs(15, status(2, 2, 80), minimum=3)
    assert "HPA-006" in judged(*events, stays).broken


def test_zero_replicas_switch_it_off() -> None:
    off = status(0, 0, active="ScalingDisabled")
    trace = judged(*begin(replicas=0), syncs(15, off))
    assert trace.held("HPA-007")
    assert "HPA-007" in judged(*begin(replicas=0), syncs(15, status(0, 1, scaled=15))).broken


def test_growth_at_most_doubles() -> None:
    limited = status(2, 4, 300, scaled=15, limit="ScaleUpLimit")
    assert judged(*begin(amount="300m"), syncs(15, limited)).held("HPA-008")
    at_once = syncs(15, status(2, 10, 300, scaled=15))
    assert "HPA-008" in judged(*begin(amount="300m"), at_once).broken
    held_back = syncs(15, status(2, 3, 300, scaled=15, limit="ScaleUpLimit"))
    assert judged(*begin(amount="300m"), held_back).broken == {"HPA-008"}


def test_a_pod_without_a_sample_counts_against_the_change() -> None:
    events = [*begin(), *uses(1, None, "q")]
    assert judged(*events, syncs(15, status(2, 2, 80))).held("HPA-011")
    assert judged(*events, syncs(15, status(2, 4, 80, scaled=15))).broken == {"HPA-011"}


def test_a_pending_pod_counts_as_idle_on_the_way_up() -> None:
    events = [*begin(), seen(1, ready_pod("r", phase="Pending"), "ADDED"), *uses(2, "80m", "r")]
    assert judged(*events, syncs(15, status(3, 3, 80))).held("HPA-012")
    assert judged(*events, syncs(15, status(3, 5, 80, scaled=15))).broken == {"HPA-012"}


def test_a_pending_pod_does_not_count_on_the_way_down() -> None:
    pending = seen(1, ready_pod("r", phase="Pending"), "ADDED")
    held = status(3, 3, 44, able="ScaleDownStabilized")
    events = [*begin(amount="44m"), pending, *uses(2, "40m", "r")]
    assert judged(*events, syncs(15, held)).held("HPA-009")
    counted = status(3, 3, 42, able="ScaleDownStabilized", mean="42m")
    assert judged(*events, syncs(15, counted)).broken == {"HPA-002"}


def test_a_young_pod_may_count_or_not() -> None:
    young = ready_pod("r")
    young["status"]["startTime"] = time_at(1)
    young["status"]["conditions"][0]["lastTransitionTime"] = time_at(1)
    events = [*begin(), seen(1, young, "ADDED"), *uses(2, "80m", "r")]
    for desired in (3, 5):
        scaled = None if desired == 3 else 15.0
        assert not judged(*events, syncs(15, status(3, desired, 80, scaled=scaled))).broken
    assert judged(*events, syncs(15, status(3, 4, 80, scaled=15))).broken


def test_ending_pods_make_no_difference() -> None:
    ending = ready_pod("r", deletionTimestamp=time_at(1))
    events = [*begin(), seen(1, ending, "ADDED"), *uses(2, "0", "r")]
    assert judged(*events, syncs(15, status(2, 4, 80, scaled=15))).held("HPA-013")
    counted = syncs(15, status(2, 4, 53, scaled=15, mean="53m"))
    assert "HPA-002" in judged(*events, counted).broken
    assert judged(*events, syncs(15, status(2, 2, 80))).broken == {"HPA-013"}


def test_without_samples_nothing_is_scaled() -> None:
    events = begin(amount=None)
    failed = status(2, 0, active="FailedGetResourceMetric")
    assert judged(*events, syncs(15, failed)).held("HPA-013")
    assert "HPA-013" in judged(*events, syncs(15, status(2, 1, 0, scaled=15))).broken
    assert judged(*events, syncs(15, status(2, 2, 0))).broken == {"HPA-013"}


def test_a_metric_that_serves_is_not_refused() -> None:
    for message, rule in (("missing request for cpu", "HPA-014"), ("no metrics", "HPA-013")):
        failed = status(2, 0, active="FailedGetResourceMetric")
        failed["conditions"][1]["message"] = message
        assert rule in judged(*begin(), syncs(15, failed)).broken


def test_a_missing_request_makes_the_metric_useless() -> None:
    bare = seen(1, ready_pod("r", request={}), "ADDED")
    events = [*begin(), bare, *uses(2, "80m", "r")]
    failed = status(3, 0, active="FailedGetResourceMetric")
    assert judged(*events, syncs(15, failed)).held("HPA-014")
    assert "HPA-014" in judged(*events, syncs(15, status(3, 5, 80, scaled=15))).broken


def test_of_two_metrics_the_larger_proposal() -> None:
    memory = {"name": "memory", "target": {"type": "Utilization", "averageUtilization": 50}}
    cpu = {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 50}}
    both = [{"type": "Resource", "resource": each} for each in (cpu, memory)]
    trace = judged(*begin(metrics=both), syncs(15, status(2, 4, 80, scaled=15), metrics=both))
    assert "HPA-014" in trace.exercised or "HPA-015" in trace.exercised
    idle = [*begin(amount="10m", metrics=both)]
    shrunk = syncs(15, status(2, 1, 10, scaled=15), metrics=both)
    assert "HPA-015" in judged(*idle, shrunk).broken


def test_an_absolute_target_needs_no_request() -> None:
    target = {"type": "AverageValue", "averageValue": "40m"}
    metrics = [{"type": "Resource", "resource": {"name": "cpu", "target": target}}]
    said = status(2, 4, 80, scaled=15)
    del said["currentMetrics"][0]["resource"]["current"]["averageUtilization"]
    assert judged(*begin(metrics=metrics), syncs(15, said, metrics=metrics)).held("HPA-016")
    wrong = {**said, "desiredReplicas": 3}
    assert judged(*begin(metrics=metrics), syncs(15, wrong, metrics=metrics)).broken == {"HPA-016"}


def test_without_the_metrics_api_nothing_is_scaled() -> None:
    events = [*begin(), done(1, "set-metrics", available=False)]
    failed = status(2, 0, active="FailedGetResourceMetric")
    assert judged(*events, syncs(15, failed)).held("HPA-020")
    assert "HPA-020" in judged(*events, syncs(15, status(2, 1, 0, scaled=15))).broken


# -- behavior --------------------------------------------------------------------------------------


def test_an_empty_behavior_lets_four_more_pods_come() -> None:
    events = begin(amount="400m", behavior={})
    grown = status(2, 6, 400, scaled=15, limit="ScaleUpLimit")
    assert not judged(*events, syncs(15, grown, behavior={})).broken
    one_policy = {
        "scaleUp": {"policies": [{"type": "Pods", "value": 1, "periodSeconds": 60}]},
    }
    events = begin(amount="400m", behavior=one_policy)
    one = syncs(15, status(2, 3, 400, scaled=15, limit="ScaleUpLimit"), behavior=one_policy)
    assert judged(*events, one).held("HPA-019")
    two = syncs(15, status(2, 4, 400, scaled=15, limit="ScaleUpLimit"), behavior=one_policy)
    assert judged(*events, two).broken == {"HPA-019"}


def test_a_disabled_direction() -> None:
    disabled = {"scaleUp": {"selectPolicy": "Disabled"}}
    still = syncs(15, status(2, 2, 80, limit="ScaleUpLimit"), behavior=disabled)
    assert judged(*begin(behavior=disabled), still).held("HPA-019")


# -- what is shown ---------------------------------------------------------------------------------


def test_the_utilization_is_truncated() -> None:
    events = [*begin(), *uses(1, "81m", "q")]  # 161m of 200m: 80.5 %
    shown = syncs(15, status(2, 4, 80, scaled=15))
    rounded = syncs(15, status(2, 4, 81, scaled=15))
    assert judged(*events, shown).held("HPA-002")
    assert judged(*events, rounded).broken == {"HPA-002"}


def test_in_a_recording_the_two_figures_must_agree() -> None:
    events = [event for event in begin() if not isinstance(event, Act)]
    assert judged(*events, syncs(15, status(2, 4, 80, scaled=15))).held("HPA-002")
    odd = syncs(15, status(2, 4, 80, scaled=15, mean="40m"))
    assert judged(*events, odd).broken == {"HPA-002"}


def test_in_a_recording_the_count_must_fit_what_the_status_says() -> None:
    events = [event for event in begin() if not isinstance(event, Act)]
    assert judged(*events, syncs(15, status(2, 4, 80, scaled=15))).held("HPA-003")
    assert not judged(*events, syncs(15, status(2, 2, 80))).broken  # one may not be ready
    assert judged(*events, syncs(15, status(2, 3, 80, scaled=15))).broken == {"HPA-003"}


# -- time ------------------------------------------------------------------------------------------


def test_syncs_too_near_each_other() -> None:
    first = syncs(15, status(2, 4, 80, scaled=15))
    second = syncs(20, status(4, 4, 80, scaled=15))
    assert "HPA-001" in judged(*begin(), first, second).broken


def test_a_watch_that_tells_late_is_no_breach() -> None:
    first = syncs(29, status(2, 4, 80, scaled=15))
    second = syncs(31, status(4, 4, 80, scaled=15))
    assert "HPA-001" not in judged(*begin(), first, second, clock="real").broken


def test_rescales_too_near_each_other_by_api_time() -> None:
    first = syncs(15, status(2, 4, 80, scaled=15))
    second = syncs(24, status(4, 7, 80, scaled=24))
    assert "HPA-001" in judged(*begin(), first, second, clock="real").broken


def test_a_first_sync_that_comes_late() -> None:
    assert judged(*begin(), syncs(60, status(2, 4, 80, scaled=60))).broken == {"HPA-001"}


def test_samples_of_the_sync_before_are_old() -> None:
    events = [*begin(amount="50m"), syncs(15, status(2, 2, 50)), *uses(16, "80m"), *uses(31, "90m")]
    assert "HPA-001" in judged(*events, syncs(45, status(2, 4, 80, scaled=45))).broken
    assert not judged(*events, syncs(45, status(2, 4, 90, scaled=45))).broken


def test_an_autoscaler_that_stops_looking() -> None:
    events = [*begin(amount="50m"), syncs(15, status(2, 2, 50)), *uses(40, "90m")]
    assert not judged(*events, looks(50)).broken
    assert judged(*events, looks(61)).broken == {"HPA-001"}


def test_one_that_looks_and_does_nothing() -> None:
    events = [*begin(amount="50m"), syncs(15, status(2, 2, 50)), *uses(20, "90m")]
    assert "HPA-003" in judged(*events, syncs(30, status(2, 2, 90)), looks(60)).broken


def test_shrinking_waits_300_seconds() -> None:
    events = begin(amount="10m")
    held = syncs(15, status(2, 2, 10, able="ScaleDownStabilized"))
    assert judged(*events, held).held("HPA-009")
    assert judged(*events, syncs(15, status(2, 1, 10, scaled=15))).broken == {"HPA-009"}


def test_a_count_that_is_held_says_why() -> None:
    silent = syncs(15, status(2, 2, 10))
    assert judged(*begin(amount="10m"), silent).broken == {"HPA-009"}


def test_shrinking_does_not_wait_longer() -> None:
    held = syncs(15, status(2, 2, 10, able="ScaleDownStabilized"))
    events = [*begin(amount="10m"), held]
    late = syncs(330, status(2, 1, 10, scaled=330))
    assert not judged(*events, looks(300), late).broken
    assert judged(*events, looks(350)).broken == {"HPA-009"}


def test_at_the_edge_of_the_window_both_are_lawful() -> None:
    held = syncs(15, status(2, 2, 10, able="ScaleDownStabilized"))
    edge = syncs(315, status(2, 1, 10, scaled=315))
    assert not judged(*begin(amount="10m"), held, edge).broken


def test_a_late_judge_does_not_know_the_window() -> None:
    old = seen(0, scaler(status(2, 2, 50), created=-500), "ADDED")
    events = [*begin(amount="10m")[:-1], old]
    assert not judged(*events, syncs(15, status(2, 1, 10, scaled=15))).broken
    assert not judged(*events, syncs(15, status(2, 2, 10)), looks(60)).broken


def test_the_first_count_may_be_read_late() -> None:
    old = seen(0, scaler(UNREAD, created=-500), "ADDED")
    found = syncs(15, status(4, 0, active="FailedGetResourceMetric"))
    kept = syncs(300, status(2, 4, 50, scaled=300))  # by hand to 2, and back to what it found first
    before = begin(replicas=4, amount=None)[:-1]
    assert not judged(*before, old, found, *uses(20, "50m"), kept).broken


def test_a_spec_and_a_status_that_are_seen_as_one() -> None:
    both = syncs(15, status(2, 4, 80, scaled=15), maximum=3)
    assert not judged(*begin(), both).broken


def test_what_a_watch_skipped_is_not_missed() -> None:
    skipped = [seen(15, deployment(4, generation=2)), *PODS_MORE]
    later = syncs(30, status(4, 4, 80, scaled=15))
    assert not judged(*begin(), *skipped, later, clock="real").broken


def test_growth_soon_after_a_rescale() -> None:
    first = syncs(15, status(2, 4, 80, scaled=15))
    more = [
        seen(15, deployment(4, generation=2)),
        first,
        seen(16, ready_pod("r"), "ADDED"),
        seen(16, ready_pod("s"), "ADDED"),
        *uses(17, "80m", "r", "s"),
    ]
    again = [seen(75, deployment(7, generation=3)), syncs(75, status(4, 7, 80, scaled=75))]
    assert judged(*begin(), *more, *again).held("HPA-010")
    documented = judged(*begin(), *more, *again, profile="documented")
    assert "HPA-010" in documented.broken
    idle = [syncs(30, status(4, 4, 80, scaled=15)), looks(60)]
    assert judged(*begin(), *more, *idle).broken == {"HPA-010"}


def test_the_documented_cooldown_ends_after_its_last_second() -> None:
    first = syncs(30, status(2, 5, 100, scaled=30))
    pods = [seen(31, ready_pod(name), "ADDED") for name in "rst"]
    events = [*begin(amount="100m"), first, *pods, *uses(32, "100m", "r", "s", "t")]
    limited = {"able": "BackoffUpscale", "limit": "TooManyReplicas"}
    held = syncs(210, status(5, 5, 100, scaled=30, **limited))
    assert judged(*events, held, profile="documented").held("HPA-010")
    early = syncs(210, status(5, 10, 100, scaled=210, limit="TooManyReplicas"))
    assert "HPA-010" in judged(*events, early, profile="documented").broken


# -- the target ------------------------------------------------------------------------------------


def test_a_target_that_comes_later() -> None:
    early: list[Event] = [done(0, "create", object=scaler()), seen(0, scaler(), "ADDED")]
    assert judged(*early, syncs(15, UNREAD)).held("HPA-017")
    assert "HPA-017" in judged(*early, syncs(15, status(2, 4, 80, scaled=15))).broken
    there = [*early, syncs(15, UNREAD), seen(20, deployment(2), "ADDED")]
    assert "HPA-017" in judged(*there, looks(60)).broken


def test_a_judge_that_does_not_watch_the_target_is_silent() -> None:
    assert not judged(seen(0, scaler(), "ADDED"), syncs(15, status(2, 4, 80, scaled=15))).broken


def test_a_daemon_set_is_never_scaled() -> None:
    new = seen(0, scaler(kind="DaemonSet"), "ADDED")
    assert judged(new, syncs(15, UNREAD, kind="DaemonSet")).held("HPA-017")
    read = syncs(15, status(2, 4, 80, scaled=15), kind="DaemonSet")
    assert "HPA-017" in judged(new, read).broken


def test_only_the_count_is_written() -> None:
    grown = syncs(15, status(2, 4, 80, scaled=15))
    alone = seen(15, deployment(4, generation=2))
    assert not judged(*begin(), alone, grown).broken
    more = seen(15, deployment(4, generation=2, image="app:2"))
    assert judged(*begin(), more, grown).broken == {"HPA-017"}
    skipped = seen(15, deployment(4, generation=3, image="app:2"))
    assert not judged(*begin(), skipped, grown).broken


def test_another_count_than_it_says() -> None:
    grown = syncs(15, status(2, 4, 80, scaled=15))
    assert judged(*begin(), seen(15, deployment(5, generation=2)), grown).broken == {"HPA-005"}


def test_an_api_that_wants_the_target_first() -> None:
    refused = Rejected(
        422, "Invalid", "", (Cause("spec.scaleTargetRef.name", "FieldValueNotFound"),)
    )
    refusal = done(0, "create", refused, object=autoscaler("a", "a"))
    assert "HPA-017" in judged(refusal, profile="documented").exercised


def rescale_event(size: int, why: str, at: float = 15) -> Event:
    """The Event that tells of a rescale."""
    about = {"kind": "HorizontalPodAutoscaler", "namespace": "default", "name": "a", "uid": "uid-h"}
    return seen(
        at,
        {
            "kind": "Event",
            "metadata": {"name": f"e{size}", "namespace": "default", "uid": "uid-e"},
            "involvedObject": about,
            "reason": "SuccessfulRescale",
            "message": f"New size: {size}; reason: {why}",
            "lastTimestamp": time_at(15),
        },
        "ADDED",
    )


def test_an_event_names_the_bound() -> None:
    above = "Current number of replicas above Spec.MaxReplicas"
    assert judged(*begin(), rescale_event(10, above)).held("HPA-006")
    assert judged(*begin(), rescale_event(9, above)).broken == {"HPA-006"}
    assert judged(*begin(), rescale_event(11, "All metrics below target")).broken == {"HPA-005"}


def test_an_event_that_is_told_again_is_not_judged() -> None:
    assert not judged(*begin(), rescale_event(11, "All metrics below target", at=60)).broken
