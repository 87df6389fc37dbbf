"""The taints that tell of a lost node, and the tolerations that decide who may stay how long.

Source: GC-004, GC-005; ``pkg/controller/nodelifecycle``, ``pkg/controller/tainteviction``.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from conformance.adapters.simulator import meta, predicates
from conformance.adapters.simulator.meta import Object

Taint = Mapping[str, Any]

NOT_READY: Final = "node.kubernetes.io/not-ready"
UNREACHABLE: Final = "node.kubernetes.io/unreachable"
MEMORY_PRESSURE: Final = "node.kubernetes.io/memory-pressure"
OUT_OF_SERVICE: Final = "node.kubernetes.io/out-of-service"
LOST: Final = (NOT_READY, UNREACHABLE)
_BY_READY: Final[Mapping[str, str]] = {"False": NOT_READY, "Unknown": UNREACHABLE}


def taints_of(node: Object) -> Sequence[Taint]:
    """spec.taints."""
    return (node.get("spec") or {}).get("taints") or ()


def ready_status(node: Object) -> str:
    """status of the node's Ready condition; a node that never said anything counts as ready."""
    ready = meta.condition_of(node, "Ready")
    return "True" if ready is None else str(ready["status"])


def key_for(node: Object) -> str | None:
    """The key of the taint that the node's Ready condition calls for (GC-004)."""
    return _BY_READY.get(ready_status(node))


def with_lost_taint(taints: Iterable[Taint], key: str | None, effect: str, now: str) -> list[Taint]:
    """The taints with this one as the only one about readiness of its effect; None: with none."""
    kept: list[Taint] = []
    present = False
    for taint in taints:
        if taint["key"] not in LOST or taint["effect"] != effect:
            kept.append(taint)
        elif taint["key"] == key:
            kept.append(taint)
            present = True
    if key is not None and not present:
        kept.append({"key": key, "effect": effect, "timeAdded": now})
    return kept


def with_pressure_taint(taints: Iterable[Taint], short: bool, now: str) -> list[Taint]:
    """The taints with the one that tells of memory pressure, or without it (EVICT-001)."""
    kept = list(taints)
    others = [taint for taint in kept if taint["key"] != MEMORY_PRESSURE]
    if short == (len(others) < len(kept)):
        return kept
    made = {"key": MEMORY_PRESSURE, "effect": "NoSchedule", "timeAdded": now}
    return [*others, made] if short else others


def executing(node: Object) -> list[Taint]:
    """The taints that drive Pods away."""
    return [taint for taint in taints_of(node) if taint["effect"] == "NoExecute"]


def seconds_tolerated(pod: Object, taints: Sequence[Taint]) -> float:
    """How long the Pod may stay under these taints: 0 at once, infinity for ever (GC-005)."""
    tolerations = pod["spec"].get("tolerations") or ()
    used = []
    for taint in taints:
        covering = [one for one in tolerations if predicates.tolerates(one, taint)]
        if not covering:
            return 0.0
        used.append(covering[0])
    limits = [one["tolerationSeconds"] for one in used if one.get("tolerationSeconds") is not None]
    return max(float(min(limits)), 0.0) if limits else math.inf
