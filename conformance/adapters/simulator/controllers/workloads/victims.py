"""Which Pods go first when there are too many (REPLICA-004).

Source: ``pkg/controller/controller_utils.go`` (ActivePodsWithRanks). It is not an order in the strict
sense: ages are compared in powers of two, and equal ones by uid, so this compares pair by pair.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cmp_to_key
from typing import Any, Final

from conformance.adapters.simulator import meta
from conformance.adapters.simulator.meta import Object

DELETION_COST: Final = "controller.kubernetes.io/pod-deletion-cost"
_COST: Final = re.compile(r"0|-[0-9]+|[1-9][0-9]*", re.ASCII)
_PHASES: Final = {"Pending": 0, "Unknown": 1, "Running": 2}


def victims_first(pods: Sequence[Object], related: Sequence[Object], now: float) -> list[Object]:
    """The Pods in the order in which they are given up; ``now`` in seconds since 1970."""
    crowd = Counter(node_of(pod) for pod in related if is_active(pod))

    def compare(one: Object, other: Object) -> int:
        return compare_pods(one, other, crowd, now)

    return sorted(pods, key=cmp_to_key(compare))


def deletion_order(given: Mapping[str, Any]) -> list[str]:
    """The names of Pods of one ReplicaSet in the order in which a scale-down deletes them."""
    now = meta.parse_time(given["now"])
    return [meta.name_of(pod) for pod in victims_first(given["pods"], given["pods"], now)]


def is_active(pod: Object) -> bool:
    """Neither ended nor going (REPLICA-002)."""
    phase = (pod.get("status") or {}).get("phase")
    return phase not in {"Succeeded", "Failed"} and not meta.is_deleting(pod)


def node_of(pod: Object) -> str:
    """The node the Pod is bound to, or ""."""
    return pod["spec"].get("nodeName") or ""


def compare_pods(one: Object, other: Object, crowd: Counter[str], now: float) -> int:
    """Negative when the first is to go before the other; the first difference wins."""
    for key in (
        lambda pod: node_of(pod) != "",
        lambda pod: _PHASES.get((pod.get("status") or {}).get("phase") or "", 0),
        lambda pod: meta.is_true(pod, "Ready"),
        deletion_cost,
        lambda pod: -crowd[node_of(pod)],
    ):
        difference = key(one) - key(other)
        if difference:
            return difference
    if meta.is_true(one, "Ready"):
        difference = compare_ages(one, other, _ready_since(one), _ready_since(other), now)
        if difference:
            return difference
    for most in (most_restarts(one, other, "containers"), most_restarts(one, other, "sidecars")):
        if most:
            return most
    created = [pod["metadata"].get("creationTimestamp") for pod in (one, other)]
    return compare_ages(one, other, created[0], created[1], now)


def deletion_cost(pod: Object) -> int:
    """What the user says it costs to give the Pod up; cheap ones go first."""
    given = (pod["metadata"].get("annotations") or {}).get(DELETION_COST, "0")
    return int(given) if _COST.fullmatch(given) and -(2**31) <= int(given) < 2**31 else 0


def compare_ages(
    one: Object, other: Object, since: str | None, other_since: str | None, now: float
) -> int:
    """The shorter time goes first, by powers of two; within the same one, the smaller uid."""
    if since == other_since:
        return 0
    if since is None or other_since is None:
        return -1 if since is None else 1
    difference = age_bucket(since, now) - age_bucket(other_since, now)
    if difference:
        return difference
    return -1 if meta.uid_of(one) < meta.uid_of(other) else 1


def age_bucket(since: str, now: float) -> int:
    """floor(log2(age in nanoseconds)); -1 for no age."""
    age = round((now - meta.parse_time(since)) * 1e9)
    return int(math.log2(age)) if age > 0 else -1


def most_restarts(one: Object, other: Object, which: str) -> int:
    """The one whose worst container restarted more often goes first."""
    return _worst(other, which) - _worst(one, which)


def _worst(pod: Object, which: str) -> int:
    status = pod.get("status") or {}
    if which == "containers":
        counted = status.get("containerStatuses") or ()
    else:
        sidecars = {
            container["name"]
            for container in pod["spec"].get("initContainers") or ()
            if container.get("restartPolicy") == "Always"
        }
        initial = status.get("initContainerStatuses") or ()
        counted = [one for one in initial if one["name"] in sidecars]
    return max((one.get("restartCount", 0) for one in counted), default=0)


def _ready_since(pod: Object) -> str | None:
    condition = meta.condition_of(pod, "Ready")
    return None if condition is None else condition.get("lastTransitionTime")
