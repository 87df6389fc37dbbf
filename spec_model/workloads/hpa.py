"""The autoscaler's answers that are not about one metric, and its functions as engines are asked them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, TypeAlias

from spec_model.profiles import V1_36, Profile
from spec_model.rules import Decision
from spec_model.workloads.hpa_limits import (
    Limited,
    Past,
    behavior_of,
    limited,
    limited_by_behavior,
    stabilized,
    stabilized_by_behavior,
)
from spec_model.workloads.hpa_metrics import replicas_for_utilization, sample_of
from spec_model.workloads.hpa_reasons import attributed

Arguments: TypeAlias = Mapping[str, Any]


def highest_proposal(current: int, proposals: Sequence[int | None]) -> Decision[int]:
    """The most that any metric asks for; None is a metric that failed (HPA-015).

    With a failed metric the count may grow but not shrink; with none that worked it stays.
    """
    worked = [proposal for proposal in proposals if proposal is not None]
    if not worked:
        return Decision(current, "HPA-015")
    wanted = max(worked)
    if len(worked) < len(proposals):
        wanted = max(wanted, current)
    return Decision(wanted, "HPA-015")


def may_scale(kind: str, profile: Profile = V1_36) -> Decision[bool]:
    """Whether an autoscaler may have a target of this kind (HPA-017).

    ``documented`` names three kinds; today anything with a scale subresource, which a DaemonSet has
    not. Kinds that are not known here are taken to have one.
    """
    if profile.hpa.targets:
        return Decision(kind in profile.hpa.targets, "HPA-017")
    return Decision(kind not in WITHOUT_SCALE, "HPA-017")


WITHOUT_SCALE: Final = frozenset({"DaemonSet", "Job", "CronJob", "Pod"})
"""Workloads that cannot be scaled; other kinds may be custom resources with a scale subresource."""


def _utilization_replicas(arguments: Arguments, profile: Profile) -> Decision[Mapping[str, Any]]:
    current, target = arguments["current_replicas"], arguments["target_utilization"]
    decision = attributed(
        lambda pods, name: replicas_for_utilization(pods, current, target, name, profile),
        [sample_of(pod) for pod in arguments["pods"]],
        arguments["resource"],
        profile,
    )
    proposal = decision.value
    if proposal.refusal:
        raise ValueError(proposal.refusal)
    return Decision(
        {"replicas": proposal.replicas, "utilization": proposal.utilization}, decision.because
    )


def _limits(arguments: Arguments, profile: Profile) -> Decision[Mapping[str, Any]]:
    return _shown(
        limited(
            arguments["current"], arguments["desired"], arguments["min"], arguments["max"], profile
        )
    )


def _behavior_limits(arguments: Arguments, _profile: Profile) -> Decision[Mapping[str, Any]]:
    return _shown(
        limited_by_behavior(
            arguments["current"],
            arguments["desired"],
            arguments["min"],
            arguments["max"],
            behavior_of(arguments["behavior"]),
            [Past(event["age_s"], event["change"]) for event in arguments["scale_up_events"]],
            [Past(event["age_s"], event["change"]) for event in arguments["scale_down_events"]],
        )
    )


def _shown(decision: Decision[Limited]) -> Decision[Mapping[str, Any]]:
    return Decision(
        {"replicas": decision.value.replicas, "reason": decision.value.reason}, decision.because
    )


def _stabilize(arguments: Arguments, profile: Profile) -> Decision[int]:
    past = [Past(each["age_s"], each["replicas"]) for each in arguments["recommendations"]]
    window, behavior = arguments["downscale_window_s"], arguments["behavior"]
    if behavior is None:
        return stabilized(arguments["desired"], past, window, profile)
    return stabilized_by_behavior(
        arguments["current"], arguments["desired"], past, behavior_of(behavior), window, profile
    )


def _max_of_metrics(arguments: Arguments, _profile: Profile) -> Decision[int]:
    return highest_proposal(arguments["current"], arguments["proposals"])


FUNCTIONS: Final = {
    "hpa.utilization_replicas": _utilization_replicas,
    "hpa.limits": _limits,
    "hpa.behavior_limits": _behavior_limits,
    "hpa.stabilize": _stabilize,
    "hpa.max_of_metrics": _max_of_metrics,
}
"""By the names of the vectors: the arguments as plain data and a profile in, a decision out."""

REFUSALS: Final = {"hpa.utilization_replicas": "HPA-013"}
"""The rule by which a function refuses, where it does."""
