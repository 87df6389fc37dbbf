"""HPA: autoscalers that look at the wrong time, at the wrong target, or go too far or too fast."""

from __future__ import annotations

import math
from typing import Any, Final

from attrs import evolve

from conformance.adapters.simulator import meta
from conformance.adapters.simulator.controllers.hpa import limits, scale
from conformance.mutants import SIMULATOR, mutant
from conformance.mutants.settings import SETTINGS, turned

HPA: Final = f"{SIMULATOR}.controllers.hpa"
CONTROLLER: Final = f"{HPA}.controller:HorizontalPodAutoscalerController"
LIMITS: Final = f"{HPA}.limits"
SCALE: Final = f"{HPA}.scale"
API: Final = f"{SIMULATOR}.api.autoscaling"
WITHIN: Final = "DesiredWithinRange"


# HPA-001: once per period, with what is known then.


@mutant("HPA-001", SETTINGS)
def the_period_is_the_old_one(original: Any) -> Any:
    """Autoscalers are reconciled every 30 s."""
    return turned(original, hpa_sync_period_seconds=30.0)


@mutant("HPA-001", SETTINGS, profile="documented")
def the_period_is_the_new_one(original: Any) -> Any:
    """Autoscalers are reconciled every 15 s."""
    return turned(original, hpa_sync_period_seconds=15.0)


@mutant("HPA-001", f"{CONTROLLER}.notice")
def a_changed_autoscaler_is_due_at_once(original: Any) -> Any:
    """A change of an autoscaler's spec has it reconciled at once, beside its periods."""

    def notice(controller: Any, type: str, new: Any, old: Any) -> None:
        original(controller, type, new, old)
        mine = new["kind"] == "HorizontalPodAutoscaler"
        if mine and type == "MODIFIED" and new["spec"] != old["spec"]:
            controller.enqueue(meta.key_of(new))

    return notice


@mutant("HPA-001", f"{HPA}.metrics:usage_of")
def a_decision_uses_the_samples_of_the_last_one(original: Any) -> Any:
    """Samples are fetched after a decision, and used in the next one."""
    fetched: dict[Any, Any] = {}

    def usage_of(pod: Any, resource: str, container: Any, engine: Any) -> Any:
        key = (engine, meta.uid_of(pod), resource, container)
        now = original(pod, resource, container, engine)
        before = fetched.get(key, now)
        fetched[key] = now
        return before

    return usage_of


# HPA-005 to 007: bounds.


@mutant("HPA-005", f"{LIMITS}:clamp")
def nothing_is_not_too_few(original: Any) -> Any:
    """A desired count of 0 is not raised to minReplicas."""

    def clamp(current: int, desired: int, *given: Any) -> limits.Limited:
        return original(current, desired, *given) if desired else limits.Limited(0, WITHIN)

    return clamp


@mutant("HPA-005", f"{LIMITS}:limit_by_behavior")
def the_maximum_is_for_those_without_behavior(original: Any) -> Any:
    """With spec.behavior a count is not cut to maxReplicas."""
    return lambda current, desired, minimum, maximum, *given: original(
        current, desired, minimum, max(maximum, desired), *given
    )


@mutant("HPA-005", f"{CONTROLLER}._explain_limit")
def a_cut_is_not_told(original: Any) -> Any:
    """The condition ScalingLimited stays False when a count was cut to a bound."""
    return lambda controller, round_, _, limited: original(
        controller, round_, limited.replicas, limited
    )


@mutant("HPA-006", f"{CONTROLLER}._decide")
def too_many_are_left_to_the_metrics(original: Any) -> Any:
    """A count above maxReplicas is brought down only when metrics say so."""

    def decide(controller: Any, round_: Any) -> None:
        if round_.current > round_.bounds[1]:
            controller._follow_metrics(round_)
        else:
            original(controller, round_)

    return decide


@mutant("HPA-006", f"{CONTROLLER}._decide")
def too_few_are_raised_step_by_step(original: Any) -> Any:
    """A count below minReplicas is at most doubled (or goes to 4) at each sync."""

    def decide(controller: Any, round_: Any) -> None:
        minimum, _ = round_.bounds
        if 0 < round_.current < minimum:
            step = min(minimum, max(2 * round_.current, 4))
            controller._rescale(round_, step, "Current number of replicas below Spec.MinReplicas")
        else:
            original(controller, round_)

    return decide


@mutant("HPA-007", f"{CONTROLLER}.is_disabled")
def zero_is_below_the_minimum(_: Any) -> Any:
    """A target that was scaled to 0 is brought back to minReplicas."""
    return lambda *_: False


@mutant("HPA-007", f"{CONTROLLER}._set")
def a_disabled_autoscaler_seems_active(original: Any) -> Any:
    """The condition ScalingActive does not say that scaling is disabled."""

    def set_(
        controller: Any, round_: Any, type_: str, status: bool, reason: str, *why: Any
    ) -> None:
        disabled = reason == "ScalingDisabled"
        original(controller, round_, type_, status or disabled, reason, *why)

    return set_


# HPA-008 to 010: how fast.


@mutant("HPA-008", f"{LIMITS}:scale_up_limit")
def one_replica_only_doubles(original: Any) -> Any:
    """One decision goes to twice the current count at most, even where that is less than 4."""
    return lambda current, settings: original(current, settings) and 2 * current


@mutant("HPA-008", SETTINGS)
def a_decision_may_treble(original: Any) -> Any:
    """One decision may go to three times the current count."""
    return turned(original, hpa_scale_up_limit=(3.0, 4))


@mutant("HPA-008", SETTINGS, profile="documented")
def growth_is_limited(original: Any) -> Any:
    """One decision at most doubles the count (or goes to 4)."""
    return turned(original, hpa_scale_up_limit=(2.0, 4))


@mutant("HPA-009", SETTINGS)
def the_window_is_three_minutes(original: Any) -> Any:
    """Only the recommendations of the last 180 s count."""
    return turned(original, hpa_downscale_window_seconds=180.0)


@mutant("HPA-009", f"{HPA}.controller:History.recommendations")
def the_first_count_is_no_recommendation(original: Any) -> Any:
    """The replica count at the first sync is not among the recommendations."""
    return lambda history, now: original(history, now)[1:]


@mutant("HPA-009", f"{CONTROLLER}._normalize")
def what_was_held_back_is_recommended(original: Any) -> Any:
    """The stabilized count is remembered, not the recommendation, so that the window never ends."""

    def normalize(controller: Any, round_: Any, desired: int) -> Any:
        replicas = original(controller, round_, desired)
        round_.history.recommended[-1] = (controller.clock.now, replicas)
        return replicas

    return normalize


@mutant("HPA-010", SETTINGS)
def growth_waits_after_a_rescale(original: Any) -> Any:
    """Nothing is scaled up in the 180 s after a rescale."""
    return turned(original, hpa_upscale_forbidden_seconds=180.0)


@mutant("HPA-010", SETTINGS, profile="documented")
def shrinking_waits_as_long_as_growth(original: Any) -> Any:
    """Scaling down, too, waits 180 s after a rescale."""
    return turned(original, hpa_downscale_forbidden_seconds=180.0)


@mutant("HPA-010", f"{LIMITS}:forbidden_window", profile="documented")
def the_last_second_is_free(original: Any) -> Any:
    """A rescale may follow another after exactly 180 or 300 s."""
    return lambda *given: math.nextafter(original(*given), 0.0)


@mutant("HPA-010", f"{LIMITS}:is_forbidden", profile="documented")
def the_first_rescale_waits_too(original: Any) -> Any:
    """An autoscaler that never scaled is held back like one that has just scaled."""
    return lambda current, desired, since, settings: original(
        current, desired, since or 0.0, settings
    )


# HPA-017 and 018: what may be scaled, and what is valid.


@mutant("HPA-017", f"{SCALE}:is_scalable")
def stateful_sets_do_not_scale(original: Any) -> Any:
    """A StatefulSet is refused as a target."""
    return lambda group, kind, settings: kind != "StatefulSet" and original(group, kind, settings)


@mutant("HPA-017", f"{SCALE}:is_scalable")
def daemon_sets_scale(original: Any) -> Any:
    """A DaemonSet is accepted as a target."""
    return lambda group, kind, settings: kind == "DaemonSet" or original(group, kind, settings)


@mutant("HPA-017", f"{SCALE}:set_replicas")
def a_rescale_restarts_the_rollout(original: Any) -> Any:
    """The autoscaler annotates the template of its target with every rescale."""
    path = ("spec", "template", "metadata", "annotations", "autoscaling/rescaled")

    def set_replicas(found: Any, replicas: int, store: Any) -> None:
        marked = meta.with_path(found.target, path, str(replicas))
        original(evolve(found, target=marked), replicas, store)

    return set_replicas


@mutant("HPA-017", f"{SCALE}:scale_of")
def a_target_that_comes_later_is_not_seen(original: Any) -> Any:
    """An autoscaler whose target was missing once looks for it no more."""

    def scale_of(hpa: Any, *given: Any) -> Any:
        able = meta.condition_of(hpa, "AbleToScale")
        if able and able["reason"] == "FailedGetScale":
            raise scale.ScaleError(able["message"])
        return original(hpa, *given)

    return scale_of


@mutant("HPA-017", SETTINGS, profile="documented")
def a_fourth_kind_is_scaled(original: Any) -> Any:
    """A StatefulSet is accepted as a target."""
    return turned(original, hpa_target_kinds=None)


@mutant("HPA-018", SETTINGS)
def the_default_target_is_half(original: Any) -> Any:
    """Without any metric the target is 50 % of the CPU request."""
    return turned(original, hpa_default_cpu_utilization=50)


@mutant("HPA-018", SETTINGS)
def zero_replicas_are_a_minimum(original: Any) -> Any:
    """minReplicas may be 0."""
    return turned(original, hpa_min_replicas_floor=0)


@mutant("HPA-018", f"{API}:_validate_bounds")
def the_maximum_may_be_below_the_minimum(original: Any) -> Any:
    """maxReplicas is not compared with minReplicas."""
    return lambda spec, *given: original(
        {**spec, "minReplicas": min(spec["minReplicas"], 1)}, *given
    )


@mutant("HPA-018", f"{API}:LONGEST_WINDOW")
def the_longest_window_is_half_an_hour(_: Any) -> Any:
    """A stabilizationWindowSeconds above 1800 is refused."""
    return 1800


@mutant("HPA-018", f"{API}:LONGEST_PERIOD")
def the_longest_period_is_an_hour(_: Any) -> Any:
    """A policy's periodSeconds may be as many as 3600."""
    return 3600


# HPA-019: spec.behavior.


@mutant("HPA-019", f"{LIMITS}:policy_up")
def growth_is_rounded_down(original: Any) -> Any:
    """A percentage of growth is truncated: 50 % more than 1 is 1."""

    def policy_up(policy: Any, base: int) -> int:
        most: int = original(policy, base)
        return most if policy["type"] == "Pods" else base * (100 + policy["value"]) // 100

    return policy_up


@mutant("HPA-019", f"{LIMITS}:policy_down")
def shrinking_is_rounded_up(original: Any) -> Any:
    """A percentage of shrinking keeps the started replica: 50 % less than 3 is 2."""

    def policy_down(policy: Any, base: int) -> int:
        least: int = original(policy, base)
        return least if policy["type"] == "Pods" else math.ceil(base * (1 - policy["value"] / 100))

    return policy_down


@mutant("HPA-019", f"{LIMITS}:limit_down")
def the_smallest_change_is_the_smallest_count(original: Any) -> Any:
    """On the way down selectPolicy Min takes the smallest count, which is the largest change."""
    return lambda current, rules, *given: original(
        current, {**rules, "selectPolicy": rules["selectPolicy"].replace("Min", "Max")}, *given
    )


@mutant("HPA-019", f"{LIMITS}:limit_down")
def disabled_is_for_growth_only(original: Any) -> Any:
    """selectPolicy Disabled does not keep a target from shrinking."""
    return lambda current, rules, *given: original(
        current, {**rules, "selectPolicy": rules["selectPolicy"].replace("Disabled", "Max")}, *given
    )


@mutant("HPA-019", f"{LIMITS}:changed_within")
def a_period_includes_its_first_moment(original: Any) -> Any:
    """A change that is exactly periodSeconds old still counts."""
    return lambda period, changes: original(math.nextafter(period, math.inf), changes)


@mutant("HPA-019", f"{LIMITS}:_base")
def what_was_deleted_is_forgotten(original: Any) -> Any:
    """The count at the begin of a period is reckoned from what was added alone."""
    return lambda current, policy, ups, _: original(current, policy, ups, ())


@mutant("HPA-019", f"{LIMITS}:stabilize_by_behavior")
def growth_is_never_stabilized(original: Any) -> Any:
    """The stabilizationWindowSeconds of scaleUp are not read."""

    def stabilize(current: int, desired: int, behavior: Any, *given: Any) -> Any:
        at_once = meta.with_path(behavior, ("scaleUp", "stabilizationWindowSeconds"), 0)
        return original(current, desired, at_once, *given)

    return stabilize
