"""HPA: what one sync of an autoscaler decides, and what it says of it.

A sync is judged where the status shows it. What it may have known, and to which counts that may
lawfully lead, stands in the modules beside this one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from spec_model.law import Verdict, expect, law
from spec_model.laws.hpa_guesses import FAILED, rule_of_failure
from spec_model.laws.hpa_memory import (
    Memory,
    Sync,
    conditions_of,
    status_of,
)
from spec_model.laws.hpa_outcomes import Case, Outcome, blamed, bounds, outcomes
from spec_model.laws.hpa_readings import metrics_of
from spec_model.laws.hpa_targets import AUTOSCALER
from spec_model.objects import EMPTY
from spec_model.rules import registry
from spec_model.workloads.hpa_limits import WITHIN, outside_bounds
from spec_model.world import Breach, Held, Seen

DECIDING: Final = (
    "HPA-003", "HPA-004", "HPA-005", "HPA-006", "HPA-007", "HPA-008", "HPA-009", "HPA-010",
    "HPA-011", "HPA-012", "HPA-013", "HPA-014", "HPA-015", "HPA-016", "HPA-019", "HPA-020",
)  # fmt: skip


@law(*DECIDING, on=AUTOSCALER)
def a_sync_leads_to_a_lawful_count(seen: Seen) -> Verdict:
    """The replicas that a sync leaves are those that the rules make of what it knew."""
    sync = sync_of(seen)
    if sync is None or sync.case is None:
        return None
    lawful = outcomes(sync.case)
    if not lawful or not all_hold(lawful, seen.profile.name):
        return None
    conditions = conditions_of(seen.now)
    verdict = judged(sync.case, lawful, sync.result, conditions, asked=sync.active)
    if verdict == Held("HPA-009") and sync.active and not sync.rescaled:
        reason = (conditions.get("AbleToScale") or EMPTY).get("reason")
        return expect(reason == STABILIZED, STABILIZED, reason, rule="HPA-009")
    return verdict


STABILIZED: Final = "ScaleDownStabilized"
"""The reason by which AbleToScale says that a lower count was wanted and has to wait (HPA-009)."""


def sync_of(seen: Seen) -> Sync | None:
    """The sync that an observation shows, or None."""
    memory: Memory = seen.notes["autoscaler"]
    return memory.sync


def all_hold(lawful: Iterable[Outcome], profile: str) -> bool:
    """Whether the profile has all the rules that decided; where one is silent nothing is judged."""
    return all(profile in registry()[outcome.because].profiles for outcome in lawful)


def judged(
    case: Case,
    lawful: Sequence[Outcome],
    result: int,
    conditions: Mapping[str, Any],
    asked: bool | None = None,
) -> Held | Breach | None:
    """Whether a count is among the lawful ones; if just one rule leads to it, that one has held.

    With ``asked`` the reason that the condition ScalingLimited gives must be one that leads there.
    """
    hit = [outcome for outcome in lawful if outcome.allows(result)]
    if not hit:
        rule = blamed(case, lawful, result, conditions)
        expected = " or ".join(sorted({str(outcome) for outcome in lawful}))
        return Breach(f"{expected} replicas, from {case.current}", f"{result} replicas", rule=rule)
    if asked and (wrong := _limit_is_told(conditions, hit)) is not None:
        return wrong
    rules = {outcome.because for outcome in hit}
    return Held(rules.pop()) if len(rules) == 1 and hit[0].up_to is None else None


def _limit_is_told(conditions: Mapping[str, Any], hit: Sequence[Outcome]) -> Breach | None:
    """ScalingLimited is True where the count was cut, and says by which limit; None if it is right."""
    limit = conditions.get("ScalingLimited") or EMPTY
    said = (limit.get("status"), limit.get("reason", ""))
    told = {(str(outcome.reason != WITHIN), outcome.reason) for outcome in hit if outcome.reason}
    if not limit or len(told) < len({outcome.reason for outcome in hit}) or said in told:
        return None
    expected = " or ".join(f"{status}, reason {reason}" for status, reason in sorted(told))
    rule = hit[0].because if hit[0].because in LIMITING else "HPA-005"
    seen = f"ScalingLimited={said[0]}, reason {said[1]}"
    return Breach(f"ScalingLimited={expected}", seen, rule=rule)


LIMITING: Final = ("HPA-005", "HPA-008", "HPA-019")


@law("HPA-013", "HPA-014", "HPA-015", "HPA-016", "HPA-020", on=AUTOSCALER)
def it_says_whether_metrics_serve(seen: Seen) -> Verdict:
    """ScalingActive=False, reason FailedGetResourceMetric where no metric can be used, and only there."""
    sync = sync_of(seen)
    if sync is None or sync.case is None or not sync.case.readings or sync.active is None:
        return None
    if seen.world.notes.get("usage") is None and "metrics" not in seen.world.notes:
        return None  # all that is known of it is what it says
    bound = outside_bounds(sync.case.current, *bounds(seen.now["spec"]))
    if bound.value is not None or bound.because == "HPA-007":
        return None
    active = conditions_of(seen.now)["ScalingActive"]
    said = (active.get("status"), active.get("reason"))
    seen_as = f"ScalingActive={said[0]}, reason {said[1]}"
    if all(reading.wanted.value is None for reading in sync.case.readings):
        expected = "ScalingActive=False, reason FailedGetResourceMetric"
        rule = sync.case.readings[0].wanted.because
        return expect(said == ("False", FAILED), expected, seen_as, rule=rule)
    if said[1] == FAILED and all(None not in reading.shown for reading in sync.case.readings):
        return Breach("ScalingActive=True", seen_as, rule=_rule_of_refusal(seen))
    return None


def _rule_of_refusal(seen: Seen) -> str:
    """Whose rule it breaks to say that there is no metric where there is one: by its own words."""
    rule, metrics = rule_of_failure(status_of(seen.now)), metrics_of(seen.now)
    absolute = metrics is not None and any(metric.utilization is None for metric in metrics)
    return "HPA-016" if rule == "HPA-014" and absolute else rule


@law("HPA-007", on=AUTOSCALER)
def zero_replicas_are_said_to_switch_it_off(seen: Seen) -> Verdict:
    """With zero replicas: ScalingActive=False, reason ScalingDisabled."""
    sync = sync_of(seen)
    if sync is None or sync.current != 0 or sync.rescaled or sync.active is None:
        return None
    reason = conditions_of(seen.now)["ScalingActive"].get("reason")
    return expect(
        not sync.active and reason == "ScalingDisabled",
        "ScalingActive=False, reason ScalingDisabled",
        f"ScalingActive={sync.active}, reason {reason}",
    )


@law("HPA-005", on=AUTOSCALER)
def a_rescale_stays_within_the_bounds(seen: Seen) -> Verdict:
    """After every rescale minReplicas <= replicas <= maxReplicas."""
    sync = sync_of(seen)
    if sync is None or not sync.rescaled or sync.current is None:
        return None
    minimum, maximum = bounds(seen.now["spec"])
    return expect(
        minimum <= sync.result <= maximum, f"{minimum} to {maximum} replicas", sync.result
    )


@law("HPA-010", on=AUTOSCALER)
def growth_is_not_delayed(seen: Seen) -> Verdict:
    """A scale-up soon after another rescale is lawful; where it must not be, the outcome says so."""
    sync, memory = sync_of(seen), seen.notes["autoscaler"]
    if sync is None or not sync.rescaled or sync.current is None or memory.scaled_before is None:
        return None
    since, forbidden = seen.wall - memory.scaled_before, seen.profile.hpa.upscale_forbidden
    bound = outside_bounds(sync.current, *bounds(seen.now["spec"]))
    if sync.result <= sync.current or bound.value is not None or since > SOON:
        return None
    if forbidden and seen.now["spec"].get("behavior") is not None:
        return None  # the source document does not know it
    slack = 0.0 if seen.world.setting.clock == "virtual" else seen.tolerance.truncation
    return expect(
        forbidden == 0 or since > forbidden - slack,
        f"no scale-up within {forbidden:g} s of the last rescale",
        f"a scale-up after {since:g} s",
    )


SOON: Final = 300.0
"""Seconds after a rescale within which the source document held back one direction or the other."""
