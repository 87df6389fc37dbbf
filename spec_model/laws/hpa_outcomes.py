"""HPA: to which replica counts a sync may lawfully lead, given what it may have wanted.

What was wanted goes the way of the controller: outside the bounds first, then stabilization, speed
limits and bounds, and the cooldown of the source document. Where something was not seen, every value
that it could have had is tried.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import combinations_with_replacement, product
from typing import Any, Final

from spec_model.events import Manifest
from spec_model.laws.hpa_readings import Reading
from spec_model.objects import EMPTY
from spec_model.profiles import Profile
from spec_model.values import frozen
from spec_model.workloads.hpa_limits import (
    Behavior,
    Limited,
    Past,
    behavior_of,
    cooled_down,
    limited,
    limited_by_behavior,
    outside_bounds,
    stabilized,
    stabilized_by_behavior,
)
from spec_model.world import Setting

ENDLESS: Final = 10**9
"""More replicas than anybody asks for."""


@frozen
class Recommended:
    """What one sync recommended, and the unseen syncs after it.

    Attributes:
        since: when the sync was seen.
        sure: the latest time at which it was certainly recommended; -inf for never.
        until: the latest time at which it may have been.
        values: what may have been recommended; None where it is not known.
    """

    since: float
    sure: float
    until: float
    values: frozenset[int] | None


@frozen
class Rescaled:
    """A change of the replica count that the autoscaler made; None where it was not seen how much."""

    at: float
    change: int | None


@frozen
class Case:
    """One sync to be judged: between ``start`` and ``end`` it found ``current`` replicas.

    ``since_scale`` are the seconds since the last rescaling, as it may have reckoned; none where it
    never scaled.
    """

    spec: Manifest
    current: int
    readings: tuple[Reading, ...] | None
    history: tuple[Recommended, ...]
    rescales: tuple[Rescaled, ...]
    steady_behavior: bool
    start: float
    end: float
    since_scale: tuple[float, ...]
    setting: Setting

    @property
    def behaves(self) -> bool:
        """Whether there is a ``spec.behavior``; an empty one is one (HPA-008)."""
        return self.spec.get("behavior") is not None


@frozen
class Outcome:
    """A lawful replica count, or where older recommendations are unknown any up to ``up_to``."""

    replicas: int
    because: str
    reason: str = ""  # of the condition ScalingLimited; empty where it says nothing
    up_to: int | None = None

    def allows(self, replicas: int) -> bool:
        """Whether the count is lawful."""
        if self.up_to is None:
            return replicas == self.replicas
        return self.replicas <= replicas <= self.up_to

    def __str__(self) -> str:
        return str(self.replicas) if self.up_to is None else f"{self.replicas} to {self.up_to}"


@frozen
class Wanted:
    """A count on its way through the controller, and the rule that set it last."""

    replicas: int
    because: str
    reason: str = ""


def outcomes(case: Case) -> tuple[Outcome, ...]:
    """Every lawful outcome; empty where nothing can be said."""
    minimum, maximum = bounds(case.spec)
    bound = outside_bounds(case.current, minimum, maximum)
    if bound.because == "HPA-007":
        return (Outcome(0, "HPA-007"),)
    if bound.value is not None:
        held = (Outcome(case.current, "HPA-010"),) if _may_cool(case) else ()
        return (Outcome(bound.value, bound.because), *held)
    if case.behaves:
        return tuple(dict.fromkeys(_with_behavior(case, behavior_of(case.spec["behavior"]))))
    return tuple(dict.fromkeys(_without_behavior(case)))


def bounds(spec: Manifest) -> tuple[int, int]:
    """minReplicas, 1 where it is not given, and maxReplicas."""
    minimum = spec.get("minReplicas")
    return 1 if minimum is None else minimum, spec["maxReplicas"]


def _may_cool(case: Case) -> bool:
    """Whether the cooldown of the source document may hold back even a count outside the bounds."""
    longest = max(
        case.setting.profile.hpa.upscale_forbidden, case.setting.profile.hpa.downscale_forbidden
    )
    return any(since <= longest for since in case.since_scale)


def _without_behavior(case: Case) -> Iterator[Outcome]:
    window = case.setting.profile.hpa.downscale_stabilization
    sure, maybe, known = _pasts(case, window)
    guesses = [sure, *([*sure, past] for past in maybe)]
    followed: set[Wanted] = set()  # what is wanted differs more than what is left of it
    for wanted in _wanted(case):
        if wanted is None:
            yield from _anything(case)
        elif wanted.replicas < 0:
            yield Outcome(case.current, wanted.because)
        else:
            for guess in guesses:
                count = stabilized(wanted.replicas, guess, window, case.setting.profile)
                stable = _next(wanted, count.value, count.because)
                if stable not in followed:
                    followed.add(stable)
                    yield from _limited(case, stable, known)


def _limited(case: Case, wanted: Wanted, known: bool) -> Iterator[Outcome]:
    """The outcome of a stabilized count; with unknown recommendations it may have been any higher."""
    most = None if known else _bounded(case, Wanted(ENDLESS, "HPA-009")).replicas
    for low in _cooled(case, _bounded(case, wanted)):
        if most is None:
            yield Outcome(low.replicas, low.because, low.reason)
        else:
            yield Outcome(low.replicas, low.because, "", max(most, low.replicas))


def _bounded(case: Case, wanted: Wanted) -> Wanted:
    profile = case.setting.profile
    count = limited(case.current, wanted.replicas, *bounds(case.spec), profile)
    shown = _shown(wanted, count.value, count.because)
    if not profile.hpa.scale_up_limit:
        slowly = limited(case.current, wanted.replicas, *bounds(case.spec))
        if slowly.value != count.value:  # all at once, which is what the profile asks for
            return Wanted(shown.replicas, "HPA-008", shown.reason)
    return shown


def _cooled(case: Case, wanted: Wanted) -> Iterator[Wanted]:
    """What the cooldown leaves of it, for each reckoning of the time since the last rescaling."""
    for since in case.since_scale or (None,):
        count = cooled_down(case.current, wanted.replicas, since, case.setting.profile)
        yield _next(wanted, count.value, count.because)


def _anything(case: Case) -> Iterator[Outcome]:
    """Nothing is known of what was wanted: the bounds and the speed limit hold all the same."""
    low = _bounded(case, Wanted(0, "HPA-005"))
    high = _bounded(case, Wanted(ENDLESS, "HPA-005"))
    yield Outcome(min(low.replicas, case.current), high.because, "", high.replicas)


def _with_behavior(case: Case, behavior: Behavior) -> Iterator[Outcome]:
    profile, pasts = case.setting.profile, _rescales(case, behavior)
    sure, maybe, known = _pasts(case, _window(behavior, profile), behavior.up.window or 0.0)
    if not known or not case.steady_behavior:
        return
    for wanted in _wanted(case):
        if wanted is None:
            return
        if wanted.replicas < 0:
            yield Outcome(case.current, wanted.because)
            continue
        for guess in [(), *combinations_with_replacement(maybe, 2)]:
            count = stabilized_by_behavior(
                case.current, wanted.replicas, [*sure, *guess], behavior, None, profile
            )
            stable = _next(wanted, count.value, count.because)
            for changes in pasts:
                yield _by_policies(case, stable, behavior, changes)


def _by_policies(
    case: Case, wanted: Wanted, behavior: Behavior, changes: Sequence[Past]
) -> Outcome:
    count = limited_by_behavior(
        case.current,
        wanted.replicas,
        *bounds(case.spec),
        behavior,
        [past for past in changes if past.replicas > 0],
        [Past(past.age, -past.replicas) for past in changes if past.replicas < 0],
    )
    shown = _shown(wanted, count.value, count.because)
    return Outcome(shown.replicas, shown.because, shown.reason)


def _rescales(case: Case, behavior: Behavior) -> list[tuple[Past, ...]]:
    """The rescalings of the past, in every way in which they may lie in the periods of policies."""
    periods = {policy.period for rules in (behavior.up, behavior.down) for policy in rules.policies}
    slack, ways = slack_of(case.setting), list[list[Past]]()
    for each in case.rescales:
        low, high = case.start - each.at - slack, case.end - each.at + slack
        if low >= max(periods):
            continue
        if each.change is None:
            return []
        is_sure = not any(low < period <= high for period in periods)
        ways.append([Past(age, each.change) for age in ((low,) if is_sure else (low, high))])
    return list(product(*ways)) if sum(len(way) > 1 for way in ways) <= MOST_DOUBTS else []


MOST_DOUBTS: Final = 4
"""More rescalings than these at the edge of a period make too many ways."""


def _window(behavior: Behavior, profile: Profile) -> float:
    window = behavior.down.window
    return profile.hpa.downscale_stabilization if window is None else window


def _next(wanted: Wanted, replicas: int, rule: str) -> Wanted:
    """The count after one more step; the step's rule is the reason where it changed anything."""
    because = wanted.because if replicas == wanted.replicas else rule
    return Wanted(replicas, because, wanted.reason)


def _shown(wanted: Wanted, count: Limited, rule: str) -> Wanted:
    after = _next(wanted, count.replicas, rule)
    return Wanted(after.replicas, after.because, count.reason)


REFUSED: Final = -1
"""The count of a metric that could not be used: nothing is scaled."""


def _wanted(case: Case) -> Iterable[Wanted | None]:
    if case.readings is None:
        return (None,)
    found: dict[Wanted | None, None] = {}
    for reading in case.readings:
        count = REFUSED if reading.wanted.value is None else reading.wanted.value
        found[Wanted(count, reading.wanted.because)] = None
    return found


def slack_of(setting: Setting) -> float:
    """Seconds by which the time between two things that were seen may be wrong."""
    return 0.0 if setting.clock == "virtual" else 2 * setting.tolerance.truncation


def _pasts(case: Case, *windows: float) -> tuple[list[Past], list[Past], bool]:
    """What was certainly recommended within the windows, what may have been, and if all is known.

    On a real cluster the controller may have been restarted, and know of the current count only.
    """
    longest, shortest = max(windows), min(filter(None, windows), default=0.0)
    slack, real = slack_of(case.setting), case.setting.clock == "real"
    sure, maybe, known = list[Past](), dict[tuple[int, ...], Past](), True
    for each in case.history:
        youngest = max(case.start - each.until - slack, 0.0)
        oldest = case.end - each.sure + slack
        if longest == 0 or youngest > longest or each.values == frozenset():
            continue
        if each.values is None:
            known = False
            continue
        if oldest < longest and not (case.behaves and (real or len(each.values) > 1)):
            least = min(each.values)
            sure.append(Past(oldest, min(least, case.current) if real else least))
        if real or len(each.values) > 1 or oldest >= shortest:
            for value in each.values:  # one for all those that lie within the same windows
                maybe[value, *(youngest < window for window in windows)] = Past(youngest, value)
    if real:
        maybe[case.current, 0] = Past(0.0, case.current)
    return sure, list(maybe.values()), known


# -- whom to blame -----------------------------------------------------------------------------

EXCUSES: Final[Mapping[str, tuple[str, str]]] = {
    "ScaleUpLimit": ("HPA-008", "HPA-019"),
    "ScaleDownLimit": ("HPA-019", "HPA-019"),
    "TooManyReplicas": ("HPA-005", "HPA-005"),
    "TooFewReplicas": ("HPA-005", "HPA-005"),
    "ScaleDownStabilized": ("HPA-009", "HPA-019"),
    "ScaleUpStabilized": ("HPA-019", "HPA-019"),
    "BackoffBoth": ("HPA-010", "HPA-010"),
    "BackoffUpscale": ("HPA-010", "HPA-010"),
    "BackoffDownscale": ("HPA-010", "HPA-010"),
}
"""By the reason that an autoscaler gives for a count, the rule that it claims to follow: without and
with ``spec.behavior``."""

RECENT: Final = 600.0
"""Seconds after a rescaling within which a count that does not grow is one that is held back."""


def blamed(case: Case, lawful: Sequence[Outcome], seen: int, conditions: Mapping[str, Any]) -> str:
    """The rule that an unlawful count breaks: that by which the count was decided.

    But where the count was held back and need not be, it is the rule of the limit that the
    autoscaler names, or of the cooldown where it is not long since it scaled.
    """
    nearest = min(lawful, key=lambda outcome: abs(outcome.replicas - seen))
    if all(_is_short(case.current, seen, outcome.replicas) for outcome in lawful):
        for condition in ("AbleToScale", "ScalingLimited"):
            reason = (conditions.get(condition) or EMPTY).get("reason", "")
            if reason in EXCUSES:
                return EXCUSES[reason][case.behaves]
        grows = nearest.replicas > case.current
        if seen == case.current and grows and any(since < RECENT for since in case.since_scale):
            return "HPA-010"
    return nearest.because


def _is_short(current: int, seen: int, lawful: int) -> bool:
    """Whether a count went the lawful way, or none, and not far enough."""
    return current <= seen < lawful or lawful < seen <= current


def ages(wall: Iterable[float], scaled: float | None, setting: Setting) -> tuple[float, ...]:
    """The seconds since the last rescaling, as a sync at these times may have reckoned."""
    if scaled is None:
        return ()
    slack = slack_of(setting)
    found = {max(moment - scaled + each, 0.0) for moment in wall for each in (-slack, slack)}
    return tuple(sorted(found)) if not math.isinf(scaled) else ()
