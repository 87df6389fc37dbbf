"""HPA: when autoscalers decide, and where they have come to rest.

An autoscaler that leaves things as they are says nothing. So where nothing that it looks at has
changed for longer than a sync period, what there is must be what one more sync would leave.
"""

from __future__ import annotations

from typing import Final

from spec_model.law import Verdict, expect, law
from spec_model.laws.hpa import all_hold, judged
from spec_model.laws.hpa_inputs import last_touched
from spec_model.laws.hpa_memory import (
    Memory,
    conditions_of,
    extended,
    is_scale_unread,
    status_of,
)
from spec_model.laws.hpa_outcomes import Case, ages, outcomes
from spec_model.laws.hpa_readings import Reading, readings
from spec_model.laws.hpa_scale import Scaled
from spec_model.laws.hpa_shown import fits, shown_metrics
from spec_model.laws.hpa_targets import AUTOSCALER, autoscalers, name_of, target_of
from spec_model.objects import seconds
from spec_model.world import Breach, Done, Known, Seen
from spec_model.world import Outcome as Said

PUNCTUAL: Final = 1e-6
"""Seconds by which a virtual clock may be off a period."""

SLACK: Final = 2.0
"""Seconds by which two API times of syncs may be nearer than a period: truncation, and slow syncs."""


@law("HPA-001", on=AUTOSCALER)
def syncs_are_a_period_apart(seen: Seen) -> Verdict:
    """Never more often than once in a period: by the clock where it is virtual, else by API times."""
    memory: Memory = seen.notes["autoscaler"]
    if memory.sync is None:
        return None
    period = seen.profile.hpa.sync_period
    if memory.first_sync == seen.at and memory.fresh:
        return _first_in_time(memory, seen, period)
    if seen.world.setting.clock == "virtual":
        gap, slack = memory.gap, PUNCTUAL
    elif memory.stamp is not None and memory.stamp_before is not None:
        gap, slack = memory.stamp - memory.stamp_before, SLACK
    else:
        return None
    if gap is None:
        return None
    return expect(
        gap >= period - slack, f"syncs at least {period:g} s apart", f"one after {gap:g} s"
    )


def _first_in_time(memory: Memory, seen: Seen, period: float) -> Verdict:
    late = seen.at - memory.since
    return expect(
        late <= period + seen.tolerance.lateness,
        f"a first sync within {period:g} s",
        f"after {late:g} s",
    )


@law(
    "HPA-001", "HPA-003", "HPA-004", "HPA-005", "HPA-006", "HPA-007", "HPA-008", "HPA-009", "HPA-010",
    "HPA-011", "HPA-012", "HPA-013", "HPA-014", "HPA-015", "HPA-016", "HPA-017", "HPA-019", "HPA-020",
    on="advance",
)  # fmt: skip
def at_rest_nothing_is_left_to_do(done: Done) -> Verdict:
    """Where nothing has changed for longer than a period, one more sync would change nothing."""
    if not done.world.notes.get("autoscalers"):
        return None
    found: list[Said] = []
    for _, known in autoscalers(done.world):
        found += _at_rest(known, done)
    return tuple(found)


def _at_rest(known: Known, done: Done) -> list[Said]:
    world, memory = done.world, known.notes["autoscaler"]
    target = target_of(world, known.manifest)
    if target is None or memory.last_sync is None or "scaled" not in target.notes:
        return []
    scaled: Scaled = target.notes["scaled"]
    period, lateness = world.profile.hpa.sync_period, world.setting.tolerance.lateness
    changed = max(
        scaled.at,
        memory.spec_since,
        last_touched(world, name_of(known.manifest)),
    )
    begin = done.at - period - lateness
    if changed > begin:
        return []
    return _settled(known, scaled.replicas, memory, done, (begin, done.at), changed)


def _settled(
    known: Known,
    replicas: int,
    memory: Memory,
    done: Done,
    span: tuple[float, float],
    changed: float,
) -> list[Said]:
    world, conditions = done.world, conditions_of(known.manifest)
    if is_scale_unread(conditions):
        return [_unread(known)]
    found = _readings(known, replicas, done, span)
    if found is None:
        return []
    stale = memory.last_sync is not None and memory.last_sync < changed
    measures = replicas > 0  # of none that run, nothing is measured
    if stale and measures and not _is_up_to_date(known, found):
        seen = "the status shows what was measured before"
        return [Breach(f"a sync since {changed:g} s", seen, rule="HPA-001")]
    case = Case(
        spec=known.manifest["spec"],
        current=replicas,
        readings=found,
        history=extended(memory, world, known.manifest, done.at),
        rescales=memory.rescales,
        steady_behavior=memory.steady_behavior,
        start=span[0],
        end=span[1],
        since_scale=_since_scale(known, done, span),
        setting=world.setting,
    )
    lawful = outcomes(case)
    if not lawful or not all_hold(lawful, world.profile.name):
        return []
    verdict = judged(case, lawful, replicas, conditions)
    return [] if verdict is None else [verdict]


def _unread(known: Known) -> Breach:
    reference = known.manifest["spec"]["scaleTargetRef"]
    return Breach(
        f"AbleToScale=True, for there is a {reference['kind']} {reference['name']}",
        "AbleToScale=False, reason FailedGetScale",
        rule="HPA-017",
    )


def _readings(
    known: Known, replicas: int, done: Done, span: tuple[float, float]
) -> tuple[Reading, ...] | None:
    """What a sync may have made of it at either end of the time; None where it cannot be known."""
    found = dict[Reading, None]()
    for moment in span:
        more = readings(done.world, known.manifest, replicas, moment)
        if more is None:
            return None
        found |= dict.fromkeys(more)
    return tuple(found)


def _is_up_to_date(known: Known, found: tuple[Reading, ...]) -> bool:
    """Whether the status may be what one of the readings shows."""
    shown = shown_metrics(status_of(known.manifest))
    return any(reading.wanted.value is None or fits(reading.shown, shown) for reading in found)


def _since_scale(known: Known, done: Done, span: tuple[float, float]) -> tuple[float, ...]:
    scaled = seconds(status_of(known.manifest).get("lastScaleTime"))
    epoch = done.world.setting.epoch
    return ages((epoch + span[0], epoch + span[1]), scaled, done.world.setting)
