"""Which Pods of a ReplicaSet or ReplicationController go first when there are too many (REPLICA-004).

After ``ActivePodsWithRanks.Less`` of ``pkg/controller/controller_utils.go``. Times are compared by the
power of two of the age in nanoseconds, equal ones by UID: what comes of that is no order of all Pods, so
two are compared with each other.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cmp_to_key
from typing import Any, Final, TypeAlias

from spec_model import objects
from spec_model.objects import EMPTY, Pod
from spec_model.profiles import Profile
from spec_model.rules import Decision
from spec_model.workloads.ownership import is_active, ready_since

RULE: Final = "REPLICA-004"
COST: Final = "controller.kubernetes.io/pod-deletion-cost"
INTEGER: Final = re.compile(r"0|-?[1-9][0-9]*", re.ASCII)
NANO: Final = 10**9

PHASES: Final[Mapping[str, int]] = {"Pending": 0, "Unknown": 1, "Running": 2}

Crowd: TypeAlias = Mapping[str, int]
"""By node, how many active Pods of the same kin it has."""

Younger: TypeAlias = Callable[[float | None, float | None], int | None]
"""Which of two times is later: negative for the first, 0 where neither is, None where it is not certain."""


def deletion_order(pods: Sequence[Pod], kin: Iterable[Pod], now: float) -> Decision[list[Pod]]:
    """The Pods, those first that are deleted first; ``kin`` are all that share their nodes' crowd.

    ``now`` is in seconds since 1970.
    """
    crowd = crowd_of(kin)

    def compare(one: Pod, other: Pod) -> int:
        return precedence(one, other, crowd, _exactly(now)) or 0

    return Decision(sorted(pods, key=cmp_to_key(compare)), RULE)


def crowd_of(kin: Iterable[Pod]) -> Crowd:
    """How many active Pods each node has."""
    return Counter(pod.spec.node_name for pod in kin if is_active(pod))


def precedence(one: Pod, other: Pod, crowd: Crowd, younger: Younger) -> int | None:
    """Negative where the first Pod goes before the other; None where that cannot be told."""
    for difference in _differences(one, other, crowd, younger):
        if difference != 0:
            return difference
    return 0


def _differences(one: Pod, other: Pod, crowd: Crowd, younger: Younger) -> Iterator[int | None]:
    for key in (_assigned, _phase, _ready, cost):
        yield key(one) - key(other)
    yield crowd.get(other.spec.node_name, 0) - crowd.get(one.spec.node_name, 0)
    if _ready(one) and _ready(other):
        yield _by_age(ready_since(one), ready_since(other), one, other, younger)
    yield restarts(other, "app") - restarts(one, "app")
    yield restarts(other, "sidecar") - restarts(one, "sidecar")
    created = [pod.manifest["metadata"].get("creationTimestamp") for pod in (one, other)]
    yield _by_age(created[0], created[1], one, other, younger)


def _assigned(pod: Pod) -> int:
    return 1 if pod.spec.node_name else 0


def _phase(pod: Pod) -> int:
    return PHASES.get(pod.phase, 0)


def _ready(pod: Pod) -> int:
    return 0 if ready_since(pod) is None else 1


def cost(pod: Pod) -> int:
    """What the user says that the loss of the Pod costs; 0 where that is no 32-bit integer."""
    annotations = pod.manifest["metadata"].get("annotations") or EMPTY
    given = str(annotations.get(COST, "0"))
    return int(given) if INTEGER.fullmatch(given) and -(2**31) <= int(given) < 2**31 else 0


def restarts(pod: Pod, kind: str) -> int:
    """The most restarts that any container of that kind has had."""
    counts = (
        status.restart_count for name, status in pod.statuses.items() if _kind(pod, name) == kind
    )
    return max(counts, default=0)


def _kind(pod: Pod, name: str) -> str:
    container = pod.spec.container(name)
    return "app" if container is None else container.kind


def _by_age(
    since: str | None, other_since: str | None, one: Pod, other: Pod, younger: Younger
) -> int | None:
    if since == other_since:
        return 0
    difference = younger(objects.seconds(since), objects.seconds(other_since))
    if difference != 0:
        return difference
    return -1 if one.uid < other.uid else 1


def magnitude(age: float) -> int:
    """floor(log2) of an age in seconds, counted in nanoseconds; -1 for none.

    >>> magnitude(1.0), magnitude(0.0)
    (29, -1)
    """
    nanoseconds = round(age * NANO)
    return nanoseconds.bit_length() - 1 if nanoseconds > 0 else -1


def _exactly(now: float) -> Younger:
    """Ages at one moment; who has no time has just begun."""

    def younger(since: float | None, other: float | None) -> int:
        if since is None or other is None:
            return (since is not None) - (other is not None)
        return magnitude(now - since) - magnitude(now - other)

    return younger


def within(earliest: float, latest: float, truncation: float) -> Younger:
    """Ages at some moment between these, by times cut to whole seconds: certain, or None."""

    def younger(since: float | None, other: float | None) -> int | None:
        if since is None or other is None:
            return None
        one = _magnitudes(since, earliest, latest, truncation)
        two = _magnitudes(other, earliest, latest, truncation)
        if one[1] < two[0]:
            return -1
        return 1 if two[1] < one[0] else None

    return younger


def _magnitudes(since: float, earliest: float, latest: float, cut: float) -> tuple[int, int]:
    return magnitude(earliest - since - cut), magnitude(latest - since)


def _deletion_order(arguments: Mapping[str, Any], _: Profile) -> Decision[list[str]]:
    pods = [objects.pod(manifest) for manifest in arguments["pods"]]
    now = objects.seconds(arguments["now"]) or 0.0
    decision = deletion_order(pods, pods, now)
    return Decision([pod.key[2] for pod in decision.value], decision.because)


FUNCTIONS: Final = {"replicaset.deletion_order": _deletion_order}
