"""A Pod's volume claims, as the scheduler sees them: PV-005, PV-011, PV-012.

Upstream: the scheduler's volumebinding and volumerestrictions plugins.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from conformance.adapters.simulator import meta, predicates
from conformance.adapters.simulator.controllers.volumes import matching, provisioning
from conformance.adapters.simulator.meta import Object
from conformance.adapters.simulator.store import Store

UNBOUND: Final = "pod has unbound immediate PersistentVolumeClaims"
IN_USE: Final = (
    "node(s) unavailable due to PersistentVolumeClaim with ReadWriteOncePod access mode "
    "already in-use by another pod"
)
VOLUME_ELSEWHERE: Final = "node(s) had volume node affinity conflict"
NO_VOLUME: Final = "node(s) didn't find available persistent volumes to bind"

Manifest = Mapping[str, Any]


def claim_names(pod: Manifest) -> list[str]:
    """The claims a Pod mounts."""
    return [
        volume["persistentVolumeClaim"]["claimName"]
        for volume in pod["spec"].get("volumes") or ()
        if volume.get("persistentVolumeClaim")
    ]


def is_bound(claim: Manifest) -> bool:
    """The claim has its volume, and both sides say so."""
    return (
        bool(claim["spec"].get("volumeName"))
        and matching.annotation(claim, matching.BIND_COMPLETED) is not None
    )


def waits_for_pod(claim: Manifest, store: Store) -> bool:
    """Is the claim of a class that binds with its first consumer (PV-011)?"""
    storage_class = store.get("StorageClass", None, matching.storage_class_of(claim))
    return provisioning.waits_for_consumer(storage_class)


def pod_problem(pod: Manifest, store: Store) -> str | None:
    """Why the Pod has to wait whatever the node: a claim is missing, going, unbound, or in use."""
    namespace = meta.namespace_of(pod)
    for name in claim_names(pod):
        claim = store.get("PersistentVolumeClaim", namespace, name)
        if claim is None:
            return f'persistentvolumeclaim "{name}" not found'
        if meta.is_deleting(claim):
            return f'persistentvolumeclaim "{name}" is being deleted'
        if (claim.get("status") or {}).get("phase") == "Lost":
            return f'persistentvolumeclaim "{name}" bound to non-existent persistentvolume'
        if not is_bound(claim) and not waits_for_pod(claim, store):
            return UNBOUND
        if is_exclusive(claim) and is_used_by_other(pod, name, store):
            return IN_USE
    return None


def is_exclusive(claim: Manifest) -> bool:
    """One Pod at a time in the whole cluster (PV-012)."""
    return "ReadWriteOncePod" in (claim["spec"].get("accessModes") or ())


def is_used_by_other(pod: Manifest, name: str, store: Store) -> bool:
    """Does another scheduled Pod that has not ended mount the claim?"""
    return any(
        meta.uid_of(other) != meta.uid_of(pod)
        and meta.namespace_of(other) == meta.namespace_of(pod)
        and other["spec"].get("nodeName")
        and predicates.holds_resources(other)
        and name in claim_names(other)
        for other in store.list("Pod")
    )


def node_problems(pod: Manifest, node: Manifest, store: Store) -> list[str]:
    """Why the Pod's volumes keep it off this node; empty when they do not (PV-011)."""
    for name in claim_names(pod):
        claim = store.get("PersistentVolumeClaim", meta.namespace_of(pod), name)
        if claim is None:
            continue
        if is_bound(claim):
            volume = store.get("PersistentVolume", None, claim["spec"]["volumeName"])
            if volume is not None and not matching.is_reachable(volume, node):
                return [VOLUME_ELSEWHERE]
        elif not can_be_bound(claim, node, store):
            return [NO_VOLUME]
    return []


def can_be_bound(claim: Manifest, node: Manifest, store: Store) -> bool:
    """Is there a volume for the claim that the node reaches, or can one be made?"""
    selected = matching.annotation(claim, matching.SELECTED_NODE)
    if selected is not None and selected != meta.name_of(node):
        return False
    if matching.best_match(claim, store.list("PersistentVolume"), True, node) is not None:
        return True
    storage_class = store.get("StorageClass", None, matching.storage_class_of(claim))
    return provisioning.refusal(claim, storage_class, store.settings) is None


def select_node(pod: Manifest, node: Manifest, store: Store) -> bool:
    """Tell the binder where the Pod goes; True while claims still wait for their volumes."""
    waiting = False
    for name in claim_names(pod):
        claim: Object | None = store.get("PersistentVolumeClaim", meta.namespace_of(pod), name)
        if claim is None or is_bound(claim):
            continue
        waiting = True
        path = ("metadata", "annotations", matching.SELECTED_NODE)
        store.update(meta.with_path(claim, path, meta.name_of(node)))
    return waiting
