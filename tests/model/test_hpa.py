"""HPA-002 to HPA-019: what metrics ask for, and how far and how soon the autoscaler may go."""

import pytest

from spec_model.functions import FUNCTIONS
from spec_model.profiles import DOCUMENTED, V1_36
from spec_model.rules import Decision
from spec_model.workloads.hpa import highest_proposal, may_scale
from spec_model.workloads.hpa_limits import (
    Limited,
    Past,
    behavior_of,
    cooled_down,
    limited,
    limited_by_behavior,
    outside_bounds,
    stabilized,
    stabilized_by_behavior,
    up_limit,
)
from spec_model.workloads.hpa_metrics import (
    PodSample,
    Proposal,
    replicas_by_ratio,
    replicas_for_average_value,
    replicas_for_utilization,
    utilization,
    within_tolerance,
)

PENDING = PodSample(phase="Pending")
UNSAMPLED = PodSample()


def using(*usages: int) -> list[PodSample]:
    return [PodSample(usage=usage) for usage in usages]


@pytest.mark.parametrize(
    ("pods", "current", "target", "replicas", "because"),
    [
        (using(900, 900, 900), 3, 50, 6, "HPA-003"),
        (using(1000, 1000, 1000), 3, 50, 6, "HPA-003"),
        (using(550, 550, 550, 550), 4, 50, 4, "HPA-004"),
        (using(559, 559, 559, 559), 4, 50, 4, "HPA-004"),
        (using(560, 560, 560, 560), 4, 50, 5, "HPA-003"),
        (using(440, 440, 440, 440), 4, 50, 4, "HPA-003"),
        (using(*[440] * 10), 10, 50, 9, "HPA-003"),
        (using(0, 0, 0, 0), 4, 50, 0, "HPA-003"),
        ([*using(1200, 1200), PENDING, PENDING], 4, 50, 5, "HPA-012"),
        ([*using(2000, 2000), PENDING, PENDING], 4, 50, 8, "HPA-012"),
        ([*using(800, 800, 800), UNSAMPLED], 4, 50, 5, "HPA-011"),
        ([*using(600, 600, 600), UNSAMPLED], 4, 50, 4, "HPA-011"),
        ([*using(100, 100, 100), UNSAMPLED], 4, 50, 3, "HPA-011"),
        ([*using(*[100] * 9), UNSAMPLED], 10, 50, 4, "HPA-011"),
        ([*using(*[100] * 9), UNSAMPLED], 10, 150, 2, "HPA-011"),
        ([*using(100, 100, 100), PENDING, PENDING, PENDING], 6, 50, 1, "HPA-003"),
        (
            [*using(900, 900, 900), PodSample(phase="Failed", usage=1), PodSample(deleting=True)],
            5,
            50,
            6,
            "HPA-003",
        ),
    ],
)
def test_the_vectors_of_the_catalogue(
    pods: list[PodSample], current: int, target: int, replicas: int, because: str
) -> None:
    decision = replicas_for_utilization(pods, current, target)
    assert (decision.value.replicas, decision.because) == (replicas, because)


@pytest.mark.parametrize(
    ("pods", "refusal", "because"),
    [
        ([], "no_pods", "HPA-013"),
        ([PENDING], "no_metrics", "HPA-013"),
        ([*using(1), PodSample(request=None)], "missing_request", "HPA-014"),
        ([PodSample(request=0, usage=1)], "zero_requests", "HPA-014"),
    ],
)
def test_a_metric_that_cannot_be_computed_proposes_nothing(
    pods: list[PodSample], refusal: str, because: str
) -> None:
    assert replicas_for_utilization(pods, 2, 50) == Decision(
        Proposal(None, refusal=refusal), because
    )


def test_utilization_is_of_all_pods_together_and_truncated() -> None:
    assert utilization([(559, 1000)]) == Decision(55, "HPA-002")
    assert utilization([(100, 100), (0, 900)]).value == 10


def test_the_documented_formula_is_one_higher_where_the_target_divides_the_sum() -> None:
    full = [(1000, 1000)] * 3
    assert replicas_by_ratio(3, full, 50, DOCUMENTED) == Decision(7, "HPA-003")
    assert replicas_by_ratio(3, [(900, 1000)] * 3, 50, DOCUMENTED).value == 6
    thirds = [(1, 3)] * 3  # 33.3… % each: the sum is 100 exactly
    assert replicas_by_ratio(2, thirds, 10, DOCUMENTED).value == 11


def test_only_the_documented_distance_lets_a_ratio_of_1_1_scale() -> None:
    assert within_tolerance(55 / 50, (0.1, 0.1), V1_36)
    assert not within_tolerance(55 / 50, (0.1, 0.1), DOCUMENTED)
    assert within_tolerance(45 / 50, (0.1, 0.1), DOCUMENTED)


def test_the_tolerance_may_differ_by_direction() -> None:
    assert replicas_by_ratio(2, [(650, 1000)] * 2, 50, tolerance=(0.0, 0.5)).because == "HPA-004"
    assert replicas_by_ratio(4, [(490, 1000)] * 4, 50, tolerance=(0.0, 0.5)).because == "HPA-003"


@pytest.mark.parametrize(
    ("pod", "set_aside"),
    [
        (PodSample(usage=900), False),
        (PodSample(usage=900, ready=None, last_transition_age=None), True),
        (PodSample(usage=900, start_age=None), True),
        (PodSample(usage=900, start_age=299, last_transition_age=200, ready=False), True),
        (PodSample(usage=900, start_age=299, last_transition_age=75), False),
        (PodSample(usage=900, start_age=299, last_transition_age=74), True),
        (PodSample(usage=900, start_age=300, last_transition_age=60), False),
        (PodSample(usage=900, start_age=300, last_transition_age=271, ready=False), True),
        (PodSample(usage=900, start_age=300, last_transition_age=270, ready=False), False),
    ],
)
def test_a_pod_that_starts_or_never_was_ready_is_set_aside(pod: PodSample, set_aside: bool) -> None:
    decision = replicas_for_utilization([pod, *using(900)], 2, 50)
    assert decision.because == ("HPA-012" if set_aside else "HPA-003")
    assert replicas_for_utilization([pod, *using(900)], 2, 50, "memory").because == "HPA-003"


def test_an_average_value_needs_no_request() -> None:
    pods = [PodSample(usage=150, request=None), PodSample(usage=151, request=None)]
    assert replicas_for_average_value(pods, 2, 100) == Decision(Proposal(3, 150), "HPA-016")
    assert replicas_for_average_value(pods, 2, 140).because == "HPA-004"


def test_a_missing_sample_counts_as_the_target_on_the_way_down_and_as_nothing_up() -> None:
    down = replicas_for_average_value([*using(10, 10), UNSAMPLED], 3, 100)
    assert down == Decision(Proposal(2, 10), "HPA-011")
    up = replicas_for_average_value([*using(200, 200), UNSAMPLED], 3, 100)
    assert up == Decision(Proposal(4, 200), "HPA-011")
    pending = replicas_for_average_value([*using(200, 200), PENDING, PENDING], 4, 100, None)
    assert pending == Decision(Proposal(4, 200), "HPA-012")
    assert replicas_for_average_value([], 2, 100).value.refusal == "no_pods"
    assert replicas_for_average_value([PENDING], 2, 100).value.refusal == "no_metrics"


@pytest.mark.parametrize(
    ("proposals", "wanted"),
    [([3, 7], 7), ([3, None], 5), ([8, None], 8), ([3, 2], 3), ([None], 5), ([], 5)],
)
def test_the_highest_metric_wins_and_a_failed_one_forbids_shrinking(
    proposals: list[int | None], wanted: int
) -> None:
    assert highest_proposal(5, proposals) == Decision(wanted, "HPA-015")
    asked = {"current": 5, "proposals": proposals}
    assert FUNCTIONS["hpa.max_of_metrics"](asked, V1_36).value == wanted


@pytest.mark.parametrize(
    ("current", "desired", "minimum", "maximum", "replicas", "reason", "because"),
    [
        (1, 100, 1, 10, 4, "ScaleUpLimit", "HPA-008"),
        (1, 4, 1, 10, 4, "DesiredWithinRange", "HPA-005"),
        (3, 100, 1, 10, 6, "ScaleUpLimit", "HPA-008"),
        (3, 100, 1, 5, 5, "TooManyReplicas", "HPA-005"),
        (4, 0, 1, 10, 1, "TooFewReplicas", "HPA-005"),
        (4, 0, 2, 10, 2, "TooFewReplicas", "HPA-005"),
    ],
)
def test_one_decision_goes_to_the_bounds_and_no_further_than_twice(
    current: int, desired: int, minimum: int, maximum: int, replicas: int, reason: str, because: str
) -> None:
    assert limited(current, desired, minimum, maximum) == Decision(
        Limited(replicas, reason), because
    )


def test_as_documented_growth_is_not_limited() -> None:
    assert limited(1, 100, 1, 10, DOCUMENTED).value == Limited(10, "TooManyReplicas")


@pytest.mark.parametrize(("current", "limit"), [(1, 5), (2, 6), (3, 7), (4, 8), (5, 10), (10, 20)])
def test_an_empty_behavior_has_other_limits_than_none(current: int, limit: int) -> None:
    assert up_limit(current, behavior_of({}).up, (), ()) == limit


@pytest.mark.parametrize(
    ("current", "up", "down"),
    [(1, 2, 0), (5, 6, 4), (9, 10, 8), (10, 11, 9), (11, 13, 9), (19, 21, 17)],
)
def test_percent_policies_round_against_the_direction(current: int, up: int, down: int) -> None:
    policy = {"policies": [{"type": "Percent", "value": 10, "periodSeconds": 60}]}
    behavior = behavior_of({"scaleUp": policy, "scaleDown": policy})
    assert limited_by_behavior(current, 100, 0, 200, behavior).value.replicas == up
    assert limited_by_behavior(current, 0, 0, 200, behavior).value.replicas == down


def test_what_was_scaled_within_the_period_counts_against_the_limit() -> None:
    policy = {"policies": [{"type": "Pods", "value": 4, "periodSeconds": 60}]}
    behavior = behavior_of({"scaleUp": policy})
    recent, past = [Past(59, 3)], [Past(60, 3)]
    assert limited_by_behavior(10, 50, 1, 99, behavior, recent).value.replicas == 11
    assert limited_by_behavior(10, 50, 1, 99, behavior, past).value.replicas == 14
    forbidden = behavior_of({"scaleUp": {"selectPolicy": "Disabled"}})
    assert limited_by_behavior(10, 50, 1, 99, forbidden) == Decision(
        Limited(10, "ScaleUpLimit"), "HPA-019"
    )


def test_a_count_outside_the_bounds_is_brought_back_unless_it_is_zero() -> None:
    assert outside_bounds(12, 1, 10) == Decision(10, "HPA-006")
    assert outside_bounds(1, 2, 10) == Decision(2, "HPA-006")
    assert outside_bounds(5, 2, 10) == Decision(None, "HPA-006")
    assert outside_bounds(0, 2, 10) == Decision(None, "HPA-007")


def test_a_recent_higher_recommendation_holds_the_count() -> None:
    past = [Past(300, 8), Past(301, 20)]
    assert stabilized(3, past) == Decision(8, "HPA-009")
    assert stabilized(9, past).value == 9
    assert stabilized(3, past, profile=DOCUMENTED) == Decision(3, "HPA-010")


def test_windows_of_both_directions_hold_the_count_between_them() -> None:
    behavior = behavior_of({"scaleUp": {"stabilizationWindowSeconds": 60}})
    assert stabilized_by_behavior(5, 9, [Past(59, 6)], behavior) == Decision(6, "HPA-019")
    assert stabilized_by_behavior(5, 9, [Past(60, 6)], behavior).value == 9
    assert stabilized_by_behavior(5, 2, [Past(299, 4)], behavior).value == 4


@pytest.mark.parametrize(
    ("desired", "since", "wanted"),
    [(9, 180, 5), (9, 180.5, 9), (2, 300, 5), (2, 301, 2), (9, None, 9), (2, None, 2)],
)
def test_as_documented_a_rescale_forbids_the_next_for_a_while(
    desired: int, since: float | None, wanted: int
) -> None:
    assert cooled_down(5, desired, since, DOCUMENTED) == Decision(wanted, "HPA-010")
    assert cooled_down(5, desired, since, V1_36).value == desired


def test_as_documented_three_kinds_may_be_scaled() -> None:
    assert may_scale("Deployment", DOCUMENTED) == Decision(True, "HPA-017")
    assert not may_scale("StatefulSet", DOCUMENTED).value
    assert may_scale("StatefulSet").value
    assert not may_scale("DaemonSet").value
