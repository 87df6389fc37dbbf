"""How far and how fast the autoscaler may go: bounds, speed limits, policies, windows.

Source: HPA-005, 008..010, 019; ``podautoscaler/horizontal.go``. Ages are in seconds before now.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from attrs import frozen

from conformance.adapters.simulator.settings import Settings


class Change(NamedTuple):
    """A rescale of the past: how long ago, by how many replicas (always positive)."""

    age: float
    replicas: int


class Recommendation(NamedTuple):
    """A recommendation of the past, before any stabilization."""

    age: float
    replicas: int


@frozen
class Limited:
    """Replicas within their limits, and the reason that conditions show."""

    replicas: int
    reason: str


MESSAGES: Final[Mapping[str, str]] = {
    "DesiredWithinRange": "the desired count is within the acceptable range",
    "TooFewReplicas": "the desired replica count is less than the minimum replica count",
    "TooManyReplicas": "the desired replica count is more than the maximum replica count",
    "ScaleUpLimit": "the desired replica count is increasing faster than the maximum scale rate",
    "ScaleDownLimit": "the desired replica count is decreasing faster than the maximum scale rate",
}

DEFAULT_RULES: Final[Mapping[str, Mapping[str, Any]]] = {
    "scaleUp": {
        "stabilizationWindowSeconds": 0,
        "selectPolicy": "Max",
        "policies": [
            {"type": "Pods", "value": 4, "periodSeconds": 15},
            {"type": "Percent", "value": 100, "periodSeconds": 15},
        ],
    },
    "scaleDown": {
        "selectPolicy": "Max",
        "policies": [{"type": "Percent", "value": 100, "periodSeconds": 15}],
    },
}
"""What a rule has where ``spec.behavior`` leaves it out (``apis/autoscaling/v2/defaults.go``)."""


def rules_of(behavior: Mapping[str, Any], direction: str) -> Mapping[str, Any]:
    """The rules for ``scaleUp`` or ``scaleDown``, defaulted."""
    given = behavior.get(direction) or {}
    return {**DEFAULT_RULES[direction], **{k: v for k, v in given.items() if v is not None}}


# Bounds, and the speed limit of an HPA without spec.behavior.


def scale_up_limit(current: int, settings: Settings) -> int | None:
    """The most replicas one decision may reach; None: no limit (HPA-008)."""
    if settings.hpa_scale_up_limit is None:
        return None
    factor, floor = settings.hpa_scale_up_limit
    return int(max(factor * current, floor))


def clamp(current: int, desired: int, minimum: int, maximum: int, settings: Settings) -> Limited:
    """Within the bounds, and not above the speed limit (HPA-005, HPA-008)."""
    limit = scale_up_limit(current, settings)
    slow = limit is not None and maximum > limit
    ceiling = limit if limit is not None and slow else maximum
    if desired < minimum:
        return Limited(minimum, "TooFewReplicas")
    if desired > ceiling:
        return Limited(ceiling, "ScaleUpLimit" if slow else "TooManyReplicas")
    return Limited(desired, "DesiredWithinRange")


# Policies of spec.behavior (HPA-019).


def changed_within(period: float, changes: Sequence[Change]) -> int:
    """By how many replicas the last ``period`` seconds changed the target."""
    return sum(change.replicas for change in changes if change.age < period)


def policy_up(policy: Mapping[str, Any], base: int) -> int:
    """How high one policy lets a target go that had ``base`` replicas when its period began."""
    if policy["type"] == "Pods":
        return base + int(policy["value"])
    return math.ceil(base * (1 + int(policy["value"]) / 100))


def policy_down(policy: Mapping[str, Any], base: int) -> int:
    """How low one policy lets a target go that had ``base`` replicas when its period began."""
    if policy["type"] == "Pods":
        return base - int(policy["value"])
    return int(base * (1 - int(policy["value"]) / 100))


def limit_up(
    current: int, rules: Mapping[str, Any], ups: Sequence[Change], downs: Sequence[Change]
) -> int:
    """The most replicas that the policies allow now; never below the current count."""
    if rules["selectPolicy"] == "Disabled":
        return current
    select = min if rules["selectPolicy"] == "Min" else max
    allowed = select(
        policy_up(policy, _base(current, policy, ups, downs)) for policy in rules["policies"]
    )
    return max(allowed, current)


def limit_down(
    current: int, rules: Mapping[str, Any], ups: Sequence[Change], downs: Sequence[Change]
) -> int:
    """The fewest replicas that the policies allow now; never above the current count."""
    if rules["selectPolicy"] == "Disabled":
        return current
    select = max if rules["selectPolicy"] == "Min" else min
    allowed = select(
        policy_down(policy, _base(current, policy, ups, downs)) for policy in rules["policies"]
    )
    return min(allowed, current)


def _base(
    current: int, policy: Mapping[str, Any], ups: Sequence[Change], downs: Sequence[Change]
) -> int:
    period = policy["periodSeconds"]
    return current - changed_within(period, ups) + changed_within(period, downs)


def limit_by_behavior(
    current: int,
    desired: int,
    minimum: int,
    maximum: int,
    behavior: Mapping[str, Any],
    ups: Sequence[Change],
    downs: Sequence[Change],
) -> Limited:
    """Within the bounds and the policies of spec.behavior (HPA-005, HPA-019)."""
    if desired > current:
        allowed = limit_up(current, rules_of(behavior, "scaleUp"), ups, downs)
        slow = maximum > allowed
        ceiling = min(maximum, allowed)
        if desired > ceiling:
            return Limited(ceiling, "ScaleUpLimit" if slow else "TooManyReplicas")
    elif desired < current:
        allowed = limit_down(current, rules_of(behavior, "scaleDown"), ups, downs)
        slow = minimum < allowed
        floor = max(minimum, allowed)
        if desired < floor:
            return Limited(floor, "ScaleDownLimit" if slow else "TooFewReplicas")
    return Limited(desired, "DesiredWithinRange")


# Windows: what was recommended lately holds a change back.


def stabilize(desired: int, recent: Sequence[Recommendation], window: float | None) -> int:
    """The highest recommendation of the window, this one included (HPA-009); None: no window."""
    if window is None:
        return desired
    return max([desired, *(past.replicas for past in recent if past.age <= window)])


def stabilize_by_behavior(
    current: int,
    desired: int,
    behavior: Mapping[str, Any],
    recent: Sequence[Recommendation],
    default_down_window: float | None,
) -> int:
    """The current count, moved no further than all recommendations of each window agree on."""
    up_window = rules_of(behavior, "scaleUp")["stabilizationWindowSeconds"]
    down_window = rules_of(behavior, "scaleDown").get("stabilizationWindowSeconds")
    if down_window is None:
        down_window = default_down_window or 0
    lowest = min([desired, *(past.replicas for past in recent if past.age < up_window)])
    highest = max([desired, *(past.replicas for past in recent if past.age < down_window)])
    return min(max(current, lowest), highest)


def is_forbidden(
    current: int, desired: int, since_last_scale: float | None, settings: Settings
) -> bool:
    """Whether the last rescale is too recent for another one (HPA-010, documented only)."""
    if since_last_scale is None or desired == current:
        return False
    window = forbidden_window(desired > current, settings)
    return window > 0 and since_last_scale <= window


def forbidden_window(up: bool, settings: Settings) -> float:
    """Seconds after a rescale in which none in this direction may follow; 0: no such window."""
    if up:
        return settings.hpa_upscale_forbidden_seconds
    return settings.hpa_downscale_forbidden_seconds
