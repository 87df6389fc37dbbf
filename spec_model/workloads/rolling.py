"""The next sizes of a Deployment's ReplicaSets: one step of a rolling update, and proportional scaling.

After ``pkg/controller/deployment/rolling.go``, ``scale`` in ``sync.go``, and ``NewRSNewReplicas`` and
``GetReplicaSetProportion`` in ``util/deployment_util.go``.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from attrs import frozen

from spec_model.rules import Decision
from spec_model.workloads.deployment import RECREATE, ROLLING, Plan, Sized

Sizes = Mapping[str, int]
"""How many replicas each ReplicaSet has, or is to have, by its name."""

NEW: Final = "new"
OLD: Final = "old"
NONE: Final = "none"


@frozen
class Step:
    """What one sync does: it sizes the new ReplicaSet, or old ones, or nothing."""

    which: str
    sizes: Sizes


def new_size(plan: Plan, size: int, others: int) -> Decision[int]:
    """What the new ReplicaSet is to have next, where the old ones have ``others`` together.

    Raises:
        ValueError: ``unsupported_strategy``.
    """
    if plan.strategy == RECREATE:
        return Decision(plan.replicas, "DEPLOY-011")
    if plan.strategy != ROLLING:
        raise ValueError("unsupported_strategy")
    room = plan.most - (size + others)
    grown = size if room <= 0 else size + min(room, plan.replicas - size)
    return Decision(grown, "DEPLOY-005")


def step(plan: Plan, new: Sized, old: Sequence[Sized]) -> Decision[Step]:
    """What one sync of a rolling update does: up before down (DEPLOY-005)."""
    sizes = {each.name: each.size for each in (*old, new)}
    others = sum(each.size for each in old)
    wanted = plan.replicas if new.size > plan.replicas else new_size(plan, new.size, others).value
    if wanted != new.size:
        return Decision(Step(NEW, {**sizes, new.name: wanted}), "DEPLOY-005")
    shrunk = {**sizes, **_shrunk(plan, new, old)}
    return Decision(Step(OLD if shrunk != sizes else NONE, shrunk), "DEPLOY-005")


def spare(plan: Plan, new: Sized, others: int) -> int:
    """How many old Pods may go at all: so many more are asked for than must be there."""
    return new.size + others - plan.least - (new.size - new.available)


def _shrunk(plan: Plan, new: Sized, old: Sequence[Sized]) -> dict[str, int]:
    """Old ReplicaSets after a step: first without what is unavailable, then without what is too much."""
    sizes = {each.name: each.size for each in old}
    left = spare(plan, new, sum(sizes.values()))
    if left <= 0 or any(0 < each.size < each.available for each in old):
        return sizes  # or one that has just been scaled down still counts Pods that it gives up
    for each in sorted(old, key=_oldest_first):
        gone = max(min(left, each.size - each.available), 0)
        sizes[each.name] -= gone
        left -= gone
    too_many = new.available + sum(each.available for each in old) - plan.least
    for each in sorted(old, key=_oldest_first):
        gone = min(max(too_many, 0), sizes[each.name])
        sizes[each.name] -= gone
        too_many -= gone
    return sizes


def _oldest_first(each: Sized) -> tuple[str, str]:
    return each.created, each.name


# -- Scaling in the middle of a rollout --------------------------------------------------------------


def proportional(plan: Plan, new: Sized | None, old: Sequence[Sized]) -> Decision[Sizes]:
    """What every ReplicaSet is to have after the Deployment's replicas changed (DEPLOY-012)."""
    sets = [*old, *([] if new is None else [new])]
    sizes = {each.name: each.size for each in sets}
    active = [each for each in sets if each.size > 0]
    if len(active) <= 1:
        only = active[0] if active else new or max(old, key=_oldest_first, default=None)
        sizes |= {} if only is None else {only.name: plan.replicas}
    elif new is not None and is_saturated(plan, new):
        sizes |= {each.name: 0 for each in old}
    elif plan.strategy == ROLLING:
        sizes |= _spread(plan, active)
    return Decision(sizes, "DEPLOY-012")


def is_saturated(plan: Plan, new: Sized) -> bool:
    """The new ReplicaSet wants, has and was meant to have all that there is to be."""
    return new.size == new.desired == new.available == plan.replicas


def _spread(plan: Plan, active: Iterable[Sized]) -> dict[str, int]:
    sizes = {each.name: each.size for each in active}
    change = (plan.most if plan.replicas else 0) - sum(sizes.values())
    if change == 0:
        return sizes
    ordered = sorted(active, key=_oldest_first, reverse=change > 0)
    ordered.sort(key=lambda each: each.size, reverse=True)
    spread = 0
    for each in ordered:
        part = share(plan, each, change, spread).value
        sizes[each.name] += part
        spread += part
    largest = ordered[0].name
    sizes[largest] = max(sizes[largest] + change - spread, 0)
    return sizes


def share(plan: Plan, each: Sized, change: int, spread: int) -> Decision[int]:
    """What of a change falls to one ReplicaSet, where ``spread`` of it have fallen to others."""
    left = change - spread
    if each.size == 0 or change == 0 or left == 0:
        return Decision(0, "DEPLOY-012")
    part = _part(plan, each)
    return Decision(min(part, left) if change > 0 else max(part, left), "DEPLOY-012")


def _part(plan: Plan, each: Sized) -> int:
    """By how much it changes if it keeps its part of the whole."""
    if plan.replicas == 0:
        return -each.size
    before = each.most if each.most and each.most > 0 else plan.shown
    if not before:
        return 0
    after = each.size * plan.most / before
    return int(math.copysign(math.floor(abs(after) + 0.5), after)) - each.size
