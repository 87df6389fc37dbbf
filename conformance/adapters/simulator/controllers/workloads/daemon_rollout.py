"""Which daemon Pods an update deletes, and on which nodes it puts a second one (DAEMON-008).

Source: ``pkg/controller/daemon/update.go`` (rollingUpdate).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from attrs import define, field, frozen

from conformance.adapters.simulator import meta
from conformance.adapters.simulator.controllers.workloads import daemon_pods
from conformance.adapters.simulator.meta import Object

Available = Callable[[Object], bool]


@frozen
class Budget:
    """How many nodes an update may leave without an available Pod, or give a second one."""

    surge: int
    unavailable: int


@define
class Step:
    """What an update does next."""

    doomed: list[Object] = field(factory=list)
    nodes: list[str] = field(factory=list)


def share(value: Any, desired: int) -> int:
    """A number, or so many percent of the nodes, rounded up."""
    if isinstance(value, str):
        return rounded(int(value[:-1]) * desired / 100)
    return int(value or 0)


def rounded(exact: float) -> int:
    """A part of a node is a node."""
    return math.ceil(exact)


def budget(daemons: Object, desired: int) -> Budget:
    """What the update strategy allows, with so many nodes that should run the daemon."""
    rolling = daemons["spec"]["updateStrategy"].get("rollingUpdate") or {}
    surge = share(rolling.get("maxSurge"), desired)
    unavailable = share(rolling.get("maxUnavailable"), desired)
    return Budget(surge, unavailable or (0 if surge else 1))


def allows_surge(daemons: Object) -> bool:
    """Whether two Pods may share a node while an update goes on."""
    update = daemons["spec"]["updateStrategy"]
    if update.get("type") != "RollingUpdate":
        return False
    return share((update.get("rollingUpdate") or {}).get("maxSurge"), 100) > 0


@frozen
class Pair:
    """The Pods on a node that stay: the current one and the old one, where there is just one."""

    new: Object | None
    old: Object | None
    odd: bool  # several of one kind: something else will clean up


def pair(pods: Sequence[Object], hash_: str) -> Pair:
    """The Pods of a node by their template; those that are going do not matter."""
    staying = [pod for pod in pods if not meta.is_deleting(pod)]
    new = [pod for pod in staying if daemon_pods.is_current(pod, hash_)]
    old = [pod for pod in staying if not daemon_pods.is_current(pod, hash_)]
    odd = len(new) > 1 or len(old) > 1
    return Pair(new[0] if new else None, old[0] if old else None, odd)


def next_step(
    daemons: Object,
    pods: Mapping[str, Sequence[Object]],
    hash_: str,
    desired: int,
    is_available: Available,
) -> Step:
    """The next step of an update; ``pods`` by node."""
    allowed = budget(daemons, desired)
    pairs = {node: pair(found, hash_) for node, found in pods.items()}
    if allowed.surge:
        return surge(pairs, allowed.surge, is_available)
    return Step(doomed=replaced(list(pairs.values()), allowed.unavailable, is_available))


def replaced(pairs: Sequence[Pair], unavailable: int, is_available: Available) -> list[Object]:
    """Old Pods that are of no use, and as many others as may be missing."""
    useless, useful, missing = [], [], 0
    for found in pairs:
        if found.odd or (found.new is None) == (found.old is None):
            missing += 1
        elif found.old is None:
            missing += not (found.new is not None and is_available(found.new))
        elif is_available(found.old):
            useful.append(found.old)
        else:
            useless.append(found.old)
            missing += 1
    return useless + useful[: max(unavailable - missing, 0)]


def surge(pairs: Mapping[str, Pair], most: int, is_available: Available) -> Step:
    """New Pods beside old ones; an old one goes when the new one is available, or it is of no use."""
    step, wanting, surging = Step(), list[str](), 0
    for node, found in pairs.items():
        if found.odd:
            surging += 1
        elif found.old is None:
            continue
        elif found.new is None:
            (wanting if is_available(found.old) else step.nodes).append(node)
        elif not is_available(found.old):
            step.doomed.append(found.old)
        else:
            surging += 1
            if is_available(found.new):
                step.doomed.append(found.old)
    step.nodes += wanting[: max(most - surging, 0)]
    return step
