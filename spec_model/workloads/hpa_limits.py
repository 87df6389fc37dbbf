"""How far and how soon the autoscaler may go: bounds, speed limits, stabilization, cooldown.

After ``pkg/controller/podautoscaler/horizontal.go``. Ages are seconds before now.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from spec_model.profiles import V1_36, Profile
from spec_model.rules import Decision
from spec_model.values import frozen

WITHIN: Final = "DesiredWithinRange"
TOO_FEW: Final = "TooFewReplicas"
TOO_MANY: Final = "TooManyReplicas"
SCALE_UP_LIMIT: Final = "ScaleUpLimit"
SCALE_DOWN_LIMIT: Final = "ScaleDownLimit"

SCALE_UP_FACTOR: Final = 2
SCALE_UP_MINIMUM: Final = 4
"""Without ``spec.behavior`` one decision goes at most to twice the current count, or to four."""


@frozen
class Limited:
    """A replica count after it was limited, and the reason of the condition ScalingLimited."""

    replicas: int
    reason: str


@frozen
class Policy:
    """One policy of ``spec.behavior``: how much may change in a period of so many seconds."""

    type: str  # Pods | Percent
    value: int
    period: float


@frozen
class ScalingRules:
    """One direction of ``spec.behavior``, defaulted; a window of None is the controller's own."""

    policies: tuple[Policy, ...]
    select: str = "Max"
    window: float | None = None


@frozen
class Behavior:
    """``spec.behavior``, defaulted."""

    up: ScalingRules
    down: ScalingRules


@frozen
class Past:
    """Something the controller remembers: a recommended count, or how many Pods a scaling changed."""

    age: float
    replicas: int


DEFAULT_UP: Final = ScalingRules((Policy("Pods", 4, 15), Policy("Percent", 100, 15)), window=0)
DEFAULT_DOWN: Final = ScalingRules((Policy("Percent", 100, 15),))


def behavior_of(manifest: Mapping[str, Any]) -> Behavior:
    """``spec.behavior`` with everything filled in that was not given (HPA-019)."""
    return Behavior(
        _rules(manifest.get("scaleUp"), DEFAULT_UP), _rules(manifest.get("scaleDown"), DEFAULT_DOWN)
    )


def _rules(given: Mapping[str, Any] | None, default: ScalingRules) -> ScalingRules:
    given = given or {}
    policies, window = given.get("policies"), given.get("stabilizationWindowSeconds")
    return ScalingRules(
        default.policies if policies is None else tuple(map(_policy, policies)),
        given.get("selectPolicy") or default.select,
        default.window if window is None else window,
    )


def _policy(manifest: Mapping[str, Any]) -> Policy:
    return Policy(manifest["type"], manifest["value"], manifest["periodSeconds"])


def outside_bounds(current: int, minimum: int, maximum: int) -> Decision[int | None]:
    """Where a count outside the bounds is set to without looking at metrics; None while it is inside.

    HPA-007: zero is suspended, not too few. HPA-006 otherwise.
    """
    if current == 0:
        return Decision(None, "HPA-007")
    bounded = min(max(current, minimum), maximum)
    return Decision(None if bounded == current else bounded, "HPA-006")


def limited(
    current: int, desired: int, minimum: int, maximum: int, profile: Profile = V1_36
) -> Decision[Limited]:
    """The count that one decision may set without ``spec.behavior``.

    HPA-005 clamps to the bounds, HPA-008 the speed of growth; ``documented`` has no speed limit.
    After ``convertDesiredReplicasWithRules``.
    """
    if desired < minimum:
        return Decision(Limited(minimum, TOO_FEW), "HPA-005")
    fastest = max(SCALE_UP_FACTOR * current, SCALE_UP_MINIMUM)
    if profile.hpa.scale_up_limit and fastest < maximum and desired > fastest:
        return Decision(Limited(fastest, SCALE_UP_LIMIT), "HPA-008")
    if desired > maximum:
        return Decision(Limited(maximum, TOO_MANY), "HPA-005")
    return Decision(Limited(desired, WITHIN), "HPA-005")


def limited_by_behavior(
    current: int,
    desired: int,
    minimum: int,
    maximum: int,
    behavior: Behavior,
    ups: Sequence[Past] = (),
    downs: Sequence[Past] = (),
) -> Decision[Limited]:
    """The count that one decision may set under ``spec.behavior``, after these past scalings.

    HPA-019 limits the speed, HPA-005 clamps to the bound of the direction gone. After
    ``convertDesiredReplicasWithBehaviorRate``.
    """
    if desired > current:
        fastest = max(current, up_limit(current, behavior.up, ups, downs))
        if fastest < maximum and desired > fastest:
            return Decision(Limited(fastest, SCALE_UP_LIMIT), "HPA-019")
        if desired > maximum:
            return Decision(Limited(maximum, TOO_MANY), "HPA-005")
    elif desired < current:
        fastest = min(current, down_limit(current, behavior.down, ups, downs))
        if fastest > minimum and desired < fastest:
            return Decision(Limited(fastest, SCALE_DOWN_LIMIT), "HPA-019")
        if desired < minimum:
            return Decision(Limited(minimum, TOO_FEW), "HPA-005")
    return Decision(Limited(desired, WITHIN), "HPA-005")


def up_limit(current: int, rules: ScalingRules, ups: Sequence[Past], downs: Sequence[Past]) -> int:
    """The highest count that the policies of ``scaleUp`` let one decision reach (HPA-019)."""
    return _policy_limit(current, rules, ups, downs, _grown, {"Max": max, "Min": min})


def down_limit(
    current: int, rules: ScalingRules, ups: Sequence[Past], downs: Sequence[Past]
) -> int:
    """The lowest count that the policies of ``scaleDown`` let one decision reach (HPA-019)."""
    return _policy_limit(current, rules, ups, downs, _shrunk, {"Max": min, "Min": max})


def _policy_limit(
    current: int,
    rules: ScalingRules,
    ups: Sequence[Past],
    downs: Sequence[Past],
    change: Callable[[Policy, int], int],
    choose: Mapping[str, Callable[[list[int]], int]],
) -> int:
    if rules.select == "Disabled":
        return current
    return choose[rules.select](
        [
            change(policy, current - _changed(ups, policy.period) + _changed(downs, policy.period))
            for policy in rules.policies
        ]
    )


def _changed(events: Sequence[Past], period: float) -> int:
    return sum(event.replicas for event in events if event.age < period)


def _grown(policy: Policy, base: int) -> int:
    if policy.type == "Pods":
        return base + policy.value
    return math.ceil(base * (1 + policy.value / 100))


def _shrunk(policy: Policy, base: int) -> int:
    if policy.type == "Pods":
        return base - policy.value
    return math.trunc(base * (1 - policy.value / 100))


def stabilized(
    desired: int,
    recommendations: Sequence[Past],
    window: float | None = None,
    profile: Profile = V1_36,
) -> Decision[int]:
    """The highest of what was recommended within the window and now: growth is never held (HPA-009).

    The window in seconds is the controller's own where None; ``documented`` knows none, but a time
    in which nothing is scaled (HPA-010). After ``stabilizeRecommendation``.
    """
    if not profile.hpa.downscale_stabilization:
        return Decision(desired, "HPA-010")
    window = profile.hpa.downscale_stabilization if window is None else window
    recent = [past.replicas for past in recommendations if past.age <= window] if window else []
    return Decision(max((desired, *recent)), "HPA-009")


def stabilized_by_behavior(
    current: int,
    desired: int,
    recommendations: Sequence[Past],
    behavior: Behavior,
    downscale_window: float | None = None,
    profile: Profile = V1_36,
) -> Decision[int]:
    """The count between the lowest recommendation of the way up and the highest of the way down.

    Moves the current count only as far as the windows of both directions agree (HPA-019). After
    ``stabilizeRecommendationWithBehaviors``.
    """
    if downscale_window is None:
        downscale_window = profile.hpa.downscale_stabilization
    up = behavior.up.window or 0
    down = downscale_window if behavior.down.window is None else behavior.down.window
    lowest = min((desired, *(past.replicas for past in recommendations if past.age < up)))
    highest = max((desired, *(past.replicas for past in recommendations if past.age < down)))
    return Decision(min(max(current, lowest), highest), "HPA-019")


def cooled_down(
    current: int, desired: int, since_last_scale: float | None, profile: Profile = V1_36
) -> Decision[int]:
    """The desired count, or the current one while it is too soon after the last scaling (HPA-010).

    ``since_last_scale`` in seconds, None for an autoscaler that never scaled. Only ``documented``
    forbids anything: growth for 180 s, shrinking for 300 s, the last second included.
    """
    growing = desired > current
    forbidden = profile.hpa.upscale_forbidden if growing else profile.hpa.downscale_forbidden
    too_soon = since_last_scale is not None and forbidden > 0 and since_last_scale <= forbidden
    return Decision(current if too_soon else desired, "HPA-010")
