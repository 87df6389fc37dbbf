"""Who controls a Pod, whom a selector means, and which Pods count (REPLICA-002, REPLICA-006).

After ``pkg/controller/controller_ref_manager.go`` and ``IsPodActive``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from spec_model import selectors
from spec_model.events import Manifest
from spec_model.objects import EMPTY, Pod
from spec_model.pod.termination import OVER

REPLICATED: Final = ("ReplicaSet", "ReplicationController")
"""Kinds that keep so many Pods, each as good as any other."""


def is_active(pod: Pod) -> bool:
    """Whether a Pod counts: it has not ended, and nobody has asked it to."""
    return pod.deletion_timestamp is None and pod.phase not in OVER


def controller_of(manifest: Manifest) -> Manifest:
    """The owner reference of an object's controller; empty where it has none."""
    for reference in manifest["metadata"].get("ownerReferences") or ():
        if reference.get("controller"):
            found: Manifest = reference
            return found
    return EMPTY


def labels_of(manifest: Manifest) -> Mapping[str, str]:
    """metadata.labels."""
    found: Mapping[str, str] = manifest["metadata"].get("labels") or EMPTY
    return found


def selects(workload: Manifest, labels: Mapping[str, str]) -> bool:
    """Whether the selector of a workload matches labels; one that is empty or absent matches none."""
    selector = (workload.get("spec") or EMPTY).get("selector") or EMPTY
    if workload.get("kind") == "ReplicationController":
        return bool(selector) and selectors.has_all(labels, selector)
    if not selector.get("matchLabels") and not selector.get("matchExpressions"):
        return False
    return selectors.selects(selector, labels)


def ready_since(pod: Pod) -> str | None:
    """Since when a Pod is Ready, as the API writes it; None where it is not, empty where not told."""
    ready = pod.conditions.get("Ready") or EMPTY
    return str(ready.get("lastTransitionTime") or "") if ready.get("status") == "True" else None
