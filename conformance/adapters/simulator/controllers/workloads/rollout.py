"""The arithmetic of a rollout: fence posts, the next sizes of new and old ReplicaSets, proportions.

Source: DEPLOY-002..005, 012; ``pkg/controller/deployment/{rolling,sync}.go``,
``deployment/util/deployment_util.go``.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from attrs import frozen

from conformance.adapters.simulator import meta

Manifest = Mapping[str, Any]

DESIRED_REPLICAS: Final = "deployment.kubernetes.io/desired-replicas"
MAX_REPLICAS: Final = "deployment.kubernetes.io/max-replicas"
REVISION: Final = "deployment.kubernetes.io/revision"
_PERCENT: Final = re.compile(r"[+-]?[0-9]+%")


@frozen
class Fenceposts:
    """How many Pods a rollout may have too many, and how many may be unavailable."""

    surge: int
    unavailable: int


def fenceposts(replicas: int, surge: Any, unavailable: Any) -> Fenceposts:
    """Percentages of the replicas: surge rounded up, unavailable down; never both zero (DEPLOY-002).

    Raises:
        ValueError: ``invalid_value``, neither a number nor a percentage.
    """
    above, below = share_of(surge, replicas, math.ceil), share_of(unavailable, replicas, math.floor)
    return Fenceposts(above, 1 if above == 0 and below == 0 else below)


def share_of(value: Any, replicas: int, rounded: Any) -> int:
    """The number, or so many percent of the replicas; absent is 0."""
    if value is None or isinstance(value, int):
        return value or 0
    if not _PERCENT.fullmatch(str(value)):
        raise ValueError("invalid_value")
    return int(rounded(int(str(value)[:-1]) * replicas / 100))


def fenceposts_of(deployment: Manifest) -> Fenceposts:
    """The fence posts of a Deployment; a Recreate has none."""
    strategy = deployment["spec"].get("strategy") or {}
    if strategy.get("type") == "Recreate":
        return Fenceposts(0, 0)
    given = strategy.get("rollingUpdate") or {}
    return fenceposts(replicas_of(deployment), given.get("maxSurge"), given.get("maxUnavailable"))


def tolerated_unavailable(deployment: Manifest) -> int:
    """How many Pods may be unavailable: never more than there are to be."""
    return min(fenceposts_of(deployment).unavailable, replicas_of(deployment))


def replicas_of(workload: Manifest) -> int:
    """spec.replicas, 1 where it is absent."""
    replicas = workload["spec"].get("replicas")
    return 1 if replicas is None else int(replicas)


def available_of(replica_set: Manifest) -> int:
    """status.availableReplicas."""
    return int((replica_set.get("status") or {}).get("availableReplicas") or 0)


def next_new_size(deployment: Manifest, new: Manifest, everything: Sequence[Manifest]) -> int:
    """What a rolling update makes of the new ReplicaSet next (DEPLOY-005, first half)."""
    wanted = replicas_of(deployment)
    return wanted if replicas_of(new) > wanted else new_size(deployment, new, everything)


def new_size(deployment: Manifest, new: Manifest, everything: Sequence[Manifest]) -> int:
    """How large the new ReplicaSet may be beside the old ones (DEPLOY-003)."""
    wanted, size = replicas_of(deployment), replicas_of(new)
    if (deployment["spec"].get("strategy") or {}).get("type") == "Recreate":
        return wanted
    room = wanted + fenceposts_of(deployment).surge - sum(map(replicas_of, everything))
    return size if room <= 0 else size + min(room, wanted - size)


def old_sizes(
    deployment: Manifest, new: Manifest | None, old: Sequence[Manifest]
) -> dict[str, int]:
    """What old ReplicaSets are to have next, those that change (DEPLOY-004, DEPLOY-005)."""
    everything = [*old, *([new] if new is not None else [])]
    floor = replicas_of(deployment) - tolerated_unavailable(deployment)
    unavailable_new = replicas_of(new) - available_of(new) if new is not None else 0
    spare = sum(map(replicas_of, everything)) - floor - unavailable_new
    if spare <= 0 or any(0 < replicas_of(one) < available_of(one) for one in old):
        return {}  # or one has not caught up with its last size, and is not to be counted on
    ordered = sorted(old, key=_age_key)
    sizes = {meta.name_of(one): replicas_of(one) for one in ordered}
    _shrink_unhealthy(ordered, sizes, spare)
    _shrink_healthy(ordered, sizes, sum(map(available_of, everything)) - floor)
    return {
        meta.name_of(one): sizes[meta.name_of(one)]
        for one in old
        if sizes[meta.name_of(one)] != replicas_of(one)
    }


def _shrink_unhealthy(old: Sequence[Manifest], sizes: dict[str, int], spare: int) -> None:
    """First the Pods that are not available anyhow, oldest ReplicaSet first."""
    for one in old:
        name, available = meta.name_of(one), available_of(one)
        taken = min(spare, max(sizes[name] - available, 0))
        sizes[name] -= taken
        spare -= taken


def _shrink_healthy(old: Sequence[Manifest], sizes: dict[str, int], spare: int) -> None:
    """Then available ones, as far as enough are left."""
    for one in old:
        if spare <= 0:
            return
        name = meta.name_of(one)
        taken = min(sizes[name], spare)
        sizes[name] -= taken
        spare -= taken


def _age_key(replica_set: Manifest) -> tuple[str, str]:
    return replica_set["metadata"].get("creationTimestamp") or "", meta.name_of(replica_set)


# Scaling in the middle of a rollout (DEPLOY-012).


def proportional_sizes(
    deployment: Manifest, new: Manifest | None, old: Sequence[Manifest]
) -> dict[str, int]:
    """What every ReplicaSet is to have after spec.replicas of the Deployment changed."""
    everything: list[Manifest] = [*old, *([new] if new is not None else [])]
    sizes = {meta.name_of(one): replicas_of(one) for one in everything}
    wanted = replicas_of(deployment)
    active = [one for one in everything if replicas_of(one) > 0]
    if len(active) <= 1:
        only = active[0] if active else new or _latest(old)
        return sizes if only is None else {**sizes, meta.name_of(only): wanted}
    if new is not None and is_saturated(deployment, new):
        return {**sizes, **{meta.name_of(one): 0 for one in old}}
    if (deployment["spec"].get("strategy") or {}).get("type") == "Recreate":
        return sizes
    allowed = wanted + fenceposts_of(deployment).surge if wanted > 0 else 0
    return {**sizes, **_distributed(deployment, active, allowed)}


def _distributed(deployment: Manifest, active: Sequence[Manifest], allowed: int) -> dict[str, int]:
    to_add = allowed - sum(map(replicas_of, active))
    growing = to_add > 0
    ordered = sorted(active, key=_age_key, reverse=growing)
    ordered.sort(key=replicas_of, reverse=True)
    sizes, added = {}, 0
    for one in ordered:
        share = proportion(deployment, one, to_add, added) if to_add else 0
        sizes[meta.name_of(one)] = replicas_of(one) + share
        added += share
    largest = meta.name_of(ordered[0])
    sizes[largest] = max(sizes[largest] + to_add - added, 0)
    return sizes


def proportion(deployment: Manifest, one: Manifest, to_add: int, added: int) -> int:
    """One ReplicaSet's share of the change, no more than what is left of it."""
    if replicas_of(one) == 0 or to_add == 0 or to_add == added:
        return 0
    share, left = fraction(deployment, one), to_add - added
    return min(share, left) if to_add > 0 else max(share, left)


def fraction(deployment: Manifest, one: Manifest) -> int:
    """How its size changes if it keeps its part of the whole."""
    wanted, size = replicas_of(deployment), replicas_of(one)
    if wanted == 0:
        return -size
    before = _annotated(one, MAX_REPLICAS)
    if before is None or before <= 0:
        before = int((deployment.get("status") or {}).get("replicas") or 0)
    if before == 0:
        return 0
    after = size * (wanted + fenceposts_of(deployment).surge) / before
    return math.floor(abs(after) + 0.5) * (1 if after >= 0 else -1) - size


def is_saturated(deployment: Manifest, new: Manifest) -> bool:
    """The new ReplicaSet has, wants and shows all that the Deployment is to have."""
    wanted = replicas_of(deployment)
    return (
        replicas_of(new) == wanted
        and _annotated(new, DESIRED_REPLICAS) == wanted
        and available_of(new) == wanted
    )


def _latest(old: Sequence[Manifest]) -> Manifest | None:
    return max(old, key=_age_key) if old else None


def _annotated(one: Manifest, name: str) -> int | None:
    try:
        return int((one["metadata"].get("annotations") or {})[name])
    except (KeyError, ValueError):
        return None
