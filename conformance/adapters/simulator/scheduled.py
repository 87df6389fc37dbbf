"""What a Pod says of its way to a node: PodScheduled, and what the documented profile has for it.

Decides CONDITION-002 and, for ``Unschedulable``, CONDITION-001. In the source document PodScheduled is
True while a Pod is being scheduled, and Unschedulable is a condition of its own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from conformance.adapters.simulator import meta
from conformance.adapters.simulator.settings import Settings

Conditions = Sequence[Mapping[str, Any]]

GATED = {
    "type": "PodScheduled",
    "status": "False",
    "reason": "SchedulingGated",
    "message": "Scheduling is blocked due to non-empty scheduling gates",
}


def created(pod: Mapping[str, Any], settings: Settings) -> list[Mapping[str, Any]]:
    """The conditions of a new Pod: one that its gates hold back says so."""
    if settings.scheduled_while_scheduling or not pod["spec"].get("schedulingGates"):
        return []
    return [{**GATED, "lastProbeTime": None, "lastTransitionTime": None}]


def begun(old: Conditions, settings: Settings, now: str) -> Conditions:
    """When the scheduler looks at a Pod for the first time; upstream nothing is said by then."""
    if not settings.scheduled_while_scheduling or any(
        each["type"] == "PodScheduled" for each in old
    ):
        return old
    return meta.with_condition(old, condition("PodScheduled", True), now)


def refused(old: Conditions, message: str, settings: Settings, now: str) -> Conditions:
    """No node will do."""
    type_ = "Unschedulable" if settings.scheduled_while_scheduling else "PodScheduled"
    made = condition(type_, type_ == "Unschedulable", reason="Unschedulable", message=message)
    return meta.with_condition(old, made, now)


def bound(old: Conditions, now: str) -> Conditions:
    """A node was found."""
    conditions = meta.with_condition(old, condition("PodScheduled", True), now)
    if any(each["type"] == "Unschedulable" for each in old):
        conditions = meta.with_condition(conditions, condition("Unschedulable", False), now)
    return conditions


def condition(type_: str, holds: bool, **more: str) -> dict[str, Any]:
    """A condition without its transition time."""
    return {"type": type_, "status": "True" if holds else "False", "lastProbeTime": None, **more}
