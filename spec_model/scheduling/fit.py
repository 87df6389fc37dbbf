"""Whether a node has room for a Pod (SCHED-004 to -007).

After ``pkg/scheduler/framework/plugins/noderesources.Fits``. Amounts are in nano by resource; a
node's ``pods`` count as one more resource, of which every Pod takes one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from spec_model.events import Manifest
from spec_model.objects import EMPTY
from spec_model.pod.termination import OVER
from spec_model.profiles import V1_36, Profile
from spec_model.quantity import NANO
from spec_model.resources.requests import Amounts, amounts, effective_requests
from spec_model.rules import Decision

RULE: Final = "SCHED-004"
PODS: Final = "pods"
TOO_MANY: Final = "Too many pods"
ONE: Final[Mapping[str, int]] = {PODS: NANO}


def fits(
    pod: Manifest, node: Manifest, bound: Iterable[Manifest], profile: Profile = V1_36
) -> Decision[Mapping[str, Any]]:
    """Whether a node has room for a Pod beside others: ``fits``, and the sorted ``reasons`` if not.

    Terminal Pods hold nothing (SCHED-007). A node that does not say how many Pods it takes takes none.

    Raises:
        QuantityError: for a malformed amount.
    """
    free = {PODS: 0, **allocatable(node, profile)}
    for other in bound:
        if (other.get("status") or EMPTY).get("phase") not in OVER:
            take(free, request_of(other.get("spec") or EMPTY, profile))
    reasons = lacking(request_of(pod.get("spec") or EMPTY, profile), free)
    return Decision({"fits": not reasons, "reasons": reasons}, RULE)


def request_of(spec: Manifest, profile: Profile = V1_36) -> Amounts:
    """What a Pod takes of its node, itself as one of its ``pods`` included."""
    return {**effective_requests(spec, profile).value, **ONE}


def limits_of(spec: Manifest, profile: Profile = V1_36) -> Amounts:
    """What the limits of a Pod's containers add up to, of which scheduling knows nothing (SCHED-006)."""
    total: Amounts = dict(ONE)
    for container in spec.get("containers") or ():
        limits = (container.get("resources") or EMPTY).get("limits") or EMPTY
        for resource, amount in amounts(limits, profile).items():
            total[resource] = total.get(resource, 0) + amount
    return total


def apps_alone(spec: Manifest, profile: Profile = V1_36) -> Amounts:
    """What the app containers of a Pod request, and nothing else of it."""
    kept = {"containers": spec.get("containers") or ()}
    return {**effective_requests(kept, profile).value, **ONE}


def allocatable(node: Manifest, profile: Profile = V1_36) -> Amounts:
    """What a node has to give."""
    return amounts((node.get("status") or EMPTY).get("allocatable") or EMPTY, profile)


def take(free: Amounts, request: Mapping[str, int]) -> None:
    """Takes a request off what is free, which may go below nothing."""
    for resource, amount in request.items():
        free[resource] = free.get(resource, 0) - amount


def lacking(request: Mapping[str, int], free: Mapping[str, int]) -> list[str]:
    """What a node lacks for a request, sorted; equality fits, and who asks for nothing lacks nothing."""
    return sorted(
        TOO_MANY if resource == PODS else f"Insufficient {resource}"
        for resource, amount in request.items()
        if amount > 0 and amount > free.get(resource, 0)
    )
