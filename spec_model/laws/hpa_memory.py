"""HPA: what the judge remembers of one autoscaler: its syncs, what they recommended, its rescalings.

An autoscaler writes its status only where something in it changed. So a sync is *seen* where the
status changed; those between two that were seen showed the same, and recommended the same unless
something that they look at changed in between.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any, Final

from attrs import evolve, field, frozen

from spec_model.events import Manifest
from spec_model.law import note
from spec_model.laws.hpa_guesses import guesses
from spec_model.laws.hpa_inputs import last_touched, touched
from spec_model.laws.hpa_outcomes import Case, Recommended, Rescaled, ages, bounds
from spec_model.laws.hpa_readings import Reading, readings
from spec_model.laws.hpa_targets import AUTOSCALER, name_of
from spec_model.objects import EMPTY, seconds
from spec_model.workloads.hpa_limits import outside_bounds
from spec_model.world import Seen, World

QUIET: Final = 5.0
"""Seconds for which nothing must have changed on a real cluster before it is known what a sync saw."""

LONGEST_MEMORY: Final = 3700.0
"""Seconds after which no stabilization window reaches a recommendation any more."""


@frozen
class Sync:
    """A sync that was seen.

    Attributes:
        current: how many replicas it found; None where it could not read them, or it cannot be judged.
        result: how many it left.
        rescaled: whether it changed them.
        case: what it may have known; None where its outcome cannot be judged.
        unknown: whether it may have recommended anything.
    """

    at: float
    current: int | None
    result: int
    rescaled: bool
    active: bool | None
    case: Case | None
    unknown: bool = False


@frozen
class Memory:
    """One autoscaler as far as it is known; ``sync`` is there only in the observation that shows it."""

    fresh: bool
    since: float
    spec_since: float
    steady_behavior: bool = True
    first_sync: float | None = None
    last_sync: float | None = None
    has_read: bool = False  # a sync was seen that could read the replica count
    stamp: float | None = None  # the API time of the last sync that wrote one
    stamp_before: float | None = None
    gap: float | None = None  # seconds between the last two syncs that were seen
    scaled_before: float | None = None  # lastScaleTime before the last sync that was seen
    restless: bool = False  # Pods that are not Ready make time itself change what is recommended
    history: tuple[Recommended, ...] = ()
    rescales: tuple[Rescaled, ...] = ()
    requests: frozenset[int] = field(factory=frozenset)  # what Pods requested at earlier syncs
    sync: Sync | None = None


def status_of(autoscaler: Manifest) -> Mapping[str, Any]:
    """The status; empty where there is none."""
    return autoscaler.get("status") or EMPTY


def conditions_of(autoscaler: Manifest) -> dict[str, Mapping[str, Any]]:
    """The conditions by type."""
    return {each["type"]: each for each in status_of(autoscaler).get("conditions") or ()}


def is_scale_unread(conditions: Mapping[str, Mapping[str, Any]]) -> bool:
    """Whether the autoscaler says that it cannot read how many replicas there are."""
    able = conditions.get("AbleToScale") or EMPTY
    return able.get("status") == "False" and able.get("reason") == "FailedGetScale"


def is_active(conditions: Mapping[str, Mapping[str, Any]]) -> bool | None:
    """Whether the autoscaler says that its metrics serve; None where it does not say."""
    active = conditions.get("ScalingActive")
    return None if active is None else active.get("status") == "True"


@note("autoscaler", on=AUTOSCALER)
def remembered(before: Memory | None, seen: Seen) -> Memory:
    """What is known of an autoscaler after this observation."""
    if before is None:
        return _begun(seen)
    spec_changed = seen.before["spec"] != seen.now["spec"]
    behaves = seen.before["spec"].get("behavior") == seen.now["spec"].get("behavior")
    known = evolve(
        before,
        spec_since=seen.at if spec_changed else before.spec_since,
        steady_behavior=before.steady_behavior and behaves,
        sync=None,
    )
    return _after_sync(known, seen, spec_changed) if _shows_a_sync(seen) else known


def _begun(seen: Seen) -> Memory:
    """A new autoscaler; of one that the judge meets late, everything before is unknown."""
    unknown = Recommended(-math.inf, -math.inf, seen.at, None)
    return Memory(
        seen.fresh,
        seen.at,
        seen.at,
        history=() if seen.fresh else (unknown,),
        rescales=() if seen.fresh else (Rescaled(seen.at, None),),
        stamp=None if seen.fresh else stamp_of(seen.now),
        last_sync=None if seen.fresh or not is_synced(seen.now) else seen.at,
    )


def is_synced(autoscaler: Manifest) -> bool:
    """Whether the controller has said anything of it."""
    status = status_of(autoscaler)
    return bool(
        status.get("conditions") or status.get("currentReplicas") or status.get("lastScaleTime")
    )


def _shows_a_sync(seen: Seen) -> bool:
    return (
        seen.type != "DELETED"
        and seen.before.get("status") != seen.now.get("status")
        and is_synced(seen.now)
    )


def stamp_of(autoscaler: Manifest) -> float | None:
    """The latest API time that a status speaks of, in seconds since 1970."""
    status = status_of(autoscaler)
    times = [each.get("lastTransitionTime") for each in status.get("conditions") or ()]
    times.append(status.get("lastScaleTime"))
    return max((when for when in map(seconds, times) if when is not None), default=None)


def _after_sync(known: Memory, seen: Seen, spec_changed: bool) -> Memory:
    sync = _sync(known, seen, spec_changed)
    found = (sync.case.readings if sync.case else None) or ()
    stamp = stamp_of(seen.now)
    is_newer = stamp is not None and (known.stamp is None or stamp > known.stamp)
    extended_now = extended(known, seen.world, seen.now, seen.at)
    forgotten = seen.at - LONGEST_MEMORY
    kept = (each for each in (*extended_now, *_added(known, sync)) if each.until >= forgotten)
    return evolve(
        known,
        first_sync=seen.at if known.first_sync is None else known.first_sync,
        last_sync=seen.at,
        has_read=known.has_read or sync.unknown or sync.current is not None,
        stamp=stamp if is_newer else known.stamp,
        stamp_before=known.stamp if is_newer else None,
        gap=None if known.first_sync is None else seen.at - (known.last_sync or 0.0),
        scaled_before=seconds(status_of(seen.before).get("lastScaleTime")),
        restless=any(reading.restless for reading in found),
        history=tuple(kept),
        rescales=(*known.rescales, *_rescaled(sync)),
        requests=known.requests.union(
            reading.requests for reading in found if reading.requests is not None
        ),
        sync=sync,
    )


def _rescaled(sync: Sync) -> Iterator[Rescaled]:
    """The change, of unknown size where the sync that made it was not seen itself."""
    if sync.rescaled:
        change = None if sync.current is None else sync.result - sync.current
        yield Rescaled(sync.at, change or None)


def _sync(known: Memory, seen: Seen, spec_changed: bool) -> Sync:
    """The sync that this observation shows; unjudged where the spec changed as one with the status."""
    status, conditions = status_of(seen.now), conditions_of(seen.now)
    scaled, scaled_before = status.get("lastScaleTime"), status_of(seen.before).get("lastScaleTime")
    rescaled = scaled is not None and scaled != scaled_before
    active = is_active(conditions)
    able = (conditions.get("AbleToScale") or EMPTY).get("reason")
    unknown = spec_changed or able == "FailedUpdateScale"
    if unknown or is_scale_unread(conditions):
        return Sync(seen.at, None, 0, rescaled, active, None, unknown)
    current = status.get("currentReplicas", 0)
    case = Case(
        spec=seen.now["spec"],
        current=current,
        readings=_readings(known, seen, current),
        history=(*extended(known, seen.world, seen.now, seen.at), *_first(known, seen.at, current)),
        rescales=known.rescales,
        steady_behavior=known.steady_behavior,
        start=seen.at,
        end=seen.at,
        since_scale=ages((seen.wall,), seconds(scaled_before), seen.world.setting),
        setting=seen.world.setting,
    )
    result = status.get("desiredReplicas", 0) if rescaled or active else current
    return Sync(seen.at, current, result, rescaled, active, case)


def _readings(known: Memory, seen: Seen, current: int) -> tuple[Reading, ...] | None:
    world = seen.world
    if world.notes.get("usage") is None:
        return guesses(world, seen.now, current)
    if world.setting.clock == "real":
        changed = max(last_touched(world, name_of(seen.now)), known.spec_since)
        if seen.at - changed < QUIET:
            return None
    return readings(world, seen.now, current, seen.at)


def extended(
    known: Memory, world: World, autoscaler: Manifest, at: float
) -> tuple[Recommended, ...]:
    """The history with the unseen syncs since the last one that was seen, up to another at ``at``."""
    if not known.history or known.last_sync is None:
        return known.history
    period, virtual = world.profile.hpa.sync_period, world.setting.clock == "virtual"
    latest = at - period if virtual else at
    if latest < known.last_sync + (period if virtual else 0.0):
        return known.history  # there was none
    last = known.history[-1]
    begin = known.last_sync if virtual else known.last_sync - QUIET
    if (
        known.restless
        or begin <= known.spec_since <= latest
        or touched(world, name_of(autoscaler), begin, latest)
    ):
        return (*known.history, Recommended(known.last_sync, -math.inf, latest, None))
    certain = at - period - world.setting.tolerance.lateness
    sure = max(last.sure, certain) if last.sure > -math.inf else last.sure
    return (*known.history[:-1], Recommended(last.since, sure, latest, last.values))


def _first(known: Memory, at: float, current: int) -> Iterator[Recommended]:
    """The count that an autoscaler finds first is its first recommendation (HPA-009).

    To a judge that comes late it may look like the first.
    """
    if not known.has_read:
        yield Recommended(at, at if known.fresh else -math.inf, at, frozenset({current}))


def _added(known: Memory, sync: Sync) -> Iterator[Recommended]:
    """What the sync itself adds to the history; beyond the bounds nothing is recommended."""
    if sync.current is None or sync.case is None:
        counts = None if sync.unknown else frozenset[int]()
        yield Recommended(sync.at, -math.inf, sync.at, counts)
        return
    yield from _first(known, sync.at, sync.current)
    found = sync.case.readings
    if outside_bounds(sync.current, *bounds(sync.case.spec)).value is not None or not sync.current:
        yield Recommended(sync.at, -math.inf, sync.at, frozenset())
    elif found is None:
        yield Recommended(sync.at, -math.inf, sync.at, None)
    else:
        counts = frozenset(each.wanted.value for each in found if each.wanted.value is not None)
        kept = bool(found) and all(each.remembered for each in found)
        yield Recommended(sync.at, sync.at if kept else -math.inf, sync.at, counts)
