"""The laws of HPA about one sync: how many replicas it leaves, and what it shows."""

from __future__ import annotations

import pytest

from spec_model.events import Act
from tests.laws.autoscalers import (
    begin,
    judged,
    ready_pod,
    status,
    syncs,
    uses,
)
from tests.laws.traces import done, seen, time_at

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
