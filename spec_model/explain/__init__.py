"""What the law makes of a manifest, statement by statement, each with the rule that says so.

Several objects may be explained together: a claim is then matched with the volumes beside it, a Pod
with its claims, an autoscaler with its target, the Pods of that and their PodMetrics.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, Final

from spec_model.events import Manifest
from spec_model.explain import autoscaling, claims, jobs, pods, rollouts, storage
from spec_model.explain.statement import GIB, Others, Statement, Statements
from spec_model.profiles import V1_36, Profile
from spec_model.validation import validate
from spec_model.validation.defaults import defaults

__all__ = ["Statement", "explain"]


def explain(
    manifest: Manifest,
    others: Others = (),
    *,
    profile: Profile = V1_36,
    node_memory_bytes: int = 8 * GIB,
) -> tuple[Statement, ...]:
    """Everything the law says of a manifest: its faults; without any, what follows from it.

    ``others`` are objects that exist beside it; ``node_memory_bytes`` is the memory capacity of the
    node on which a Pod would run.
    """
    faults = tuple(
        Statement(fault.field, fault.message, fault.rule, fault=True)
        for fault in validate(manifest, profile)
    )
    if faults:
        return faults
    consequences = KINDS.get(manifest.get("kind", ""))
    filled = tuple(
        Statement(f"default {each.field}", _short(each.value), each.rule)
        for each in defaults(manifest, profile)
        if each.value is not None
    )
    if consequences is None:
        return filled
    there = [each for each in others if (each.get("metadata") or {}).get("name")]
    return filled + tuple(consequences(manifest, there, profile, node_memory_bytes))


def _short(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))


KINDS: Final[Mapping[str, Callable[[Manifest, Others, Profile, int], Statements]]] = {
    "Pod": pods.statements,
    "Job": jobs.statements,
    "PersistentVolume": storage.volume,
    "PersistentVolumeClaim": claims.of_claim,
    "HorizontalPodAutoscaler": autoscaling.statements,
    "Deployment": rollouts.statements,
}
