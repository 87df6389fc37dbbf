"""Making volumes for claims that no volume matches (PV-009, PV-010, PV-011)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from conformance.adapters.simulator import meta
from conformance.adapters.simulator.controllers.volumes import matching
from conformance.adapters.simulator.controllers.volumes.reclaim import PROVISIONED_BY
from conformance.adapters.simulator.meta import Object
from conformance.adapters.simulator.settings import Settings

Manifest = Mapping[str, Any]

IS_DEFAULT_CLASS: Final = "storageclass.kubernetes.io/is-default-class"
PROVISIONER: Final = "volume.kubernetes.io/storage-provisioner"
_HOSTNAME: Final = "kubernetes.io/hostname"


def has_class(claim: Manifest) -> bool:
    """The claim says something about its class, be it that it wants none ("")."""
    named = claim["spec"].get("storageClassName")
    return named is not None or matching.annotation(claim, matching.CLASS_ANNOTATION) is not None


def default_class(classes: Iterable[Object]) -> Object | None:
    """The default class: of several the newest, then the first by name (GetDefaultClass)."""
    defaults = [one for one in classes if matching.annotation(one, IS_DEFAULT_CLASS) == "true"]
    if not defaults:
        return None
    newest = max(one["metadata"]["creationTimestamp"] for one in defaults)
    candidates = [one for one in defaults if one["metadata"]["creationTimestamp"] == newest]
    return min(candidates, key=meta.name_of)


def waits_for_consumer(storage_class: Manifest | None) -> bool:
    """Whether claims of this class wait until a Pod that uses them is scheduled (PV-011)."""
    return (storage_class or {}).get("volumeBindingMode") == "WaitForFirstConsumer"


def refusal(claim: Manifest, storage_class: Manifest | None, settings: Settings) -> str | None:
    """Why no volume can be made for the claim; None when it can."""
    if storage_class is None:
        name = matching.storage_class_of(claim)
        return f'storageclass.storage.k8s.io "{name}" not found'
    if storage_class["provisioner"] in settings.unprovisionable:
        return f"no volume plugin matched name: {storage_class['provisioner']}"
    if claim["spec"].get("selector"):
        return "claim Selector is not supported"
    return None


def volume_for(claim: Manifest, storage_class: Manifest, node: Manifest | None) -> Object:
    """The volume for exactly this claim, reachable from the node of its first consumer."""
    name = f"pvc-{meta.uid_of(claim)}"
    provisioner = storage_class["provisioner"]
    spec: Object = {
        "capacity": {"storage": claim["spec"]["resources"]["requests"]["storage"]},
        "accessModes": list(claim["spec"]["accessModes"]),
        "claimRef": reference_to(claim),
        "persistentVolumeReclaimPolicy": reclaim_policy_of(storage_class),
        "storageClassName": meta.name_of(storage_class),
        "volumeMode": claim["spec"].get("volumeMode") or "Filesystem",
        "csi": {"driver": provisioner, "volumeHandle": name},
    }
    if storage_class.get("mountOptions"):
        spec["mountOptions"] = list(storage_class["mountOptions"])
    if node is not None and _HOSTNAME in meta.labels_of(node):
        spec["nodeAffinity"] = {"required": _only(meta.labels_of(node)[_HOSTNAME])}
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": {"name": name, "annotations": {PROVISIONED_BY: provisioner}},
        "spec": spec,
    }


def reclaim_policy_of(storage_class: Manifest) -> str:
    """The reclaim policy of the volumes that are made for this class (PV-009)."""
    return storage_class.get("reclaimPolicy") or "Delete"


def reference_to(claim: Manifest) -> Object:
    """spec.claimRef of the volume that is the claim's."""
    return {
        "kind": "PersistentVolumeClaim",
        "apiVersion": "v1",
        "namespace": meta.namespace_of(claim),
        "name": meta.name_of(claim),
        "uid": meta.uid_of(claim),
        "resourceVersion": claim["metadata"]["resourceVersion"],
    }


def _only(host: str) -> Object:
    requirement = {"key": _HOSTNAME, "operator": "In", "values": [host]}
    return {"nodeSelectorTerms": [{"matchExpressions": [requirement]}]}
