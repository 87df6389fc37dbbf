"""What a kubelet makes of the files in its static Pod directory: STATIC-001, 002 and 007.

Upstream: pkg/kubelet/config/file.go and common.go, pkg/api/pod/util.go HasAPIObjectReference.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from conformance.adapters.simulator import api, meta
from conformance.adapters.simulator.errors import ApiError
from conformance.adapters.simulator.meta import Object
from conformance.adapters.simulator.settings import Settings

HASH: Final = "kubernetes.io/config.hash"
MIRROR: Final = "kubernetes.io/config.mirror"
SEEN: Final = "kubernetes.io/config.seen"
SOURCE: Final = "kubernetes.io/config.source"

STAYS: Final = {"operator": "Exists", "effect": "NoExecute"}
"""The toleration that keeps a static Pod on a node in trouble."""

FREE_VOLUMES: Final = frozenset(
    {"downwardAPI", "emptyDir", "hostPath", "image", "nfs", "iscsi", "fc", "gitRepo", "flexVolume"}
)
"""Sources of volumes for which nobody has to ask the API."""


def is_read(file: str) -> bool:
    """Files that begin with a dot, and those in subdirectories, are none of a kubelet's business."""
    return bool(file) and not file.startswith(".") and "/" not in file


def decode(private: Any, uid: str, node: str, now: str, settings: Settings) -> Object | None:
    """The static Pod that a file describes; None if the kubelet will not run it, now or later.

    What the file says is nobody else's, and becomes part of the Pod.
    """
    if not isinstance(private, dict) or private.get("kind") != "Pod":
        return None
    pod = {**private, "metadata": {"namespace": "default", **(private.get("metadata") or {})}}
    try:
        if not meta.name_of(pod) or api.creation_problems(api.strategy_of("Pod"), pod, settings):
            return None
    except ApiError:
        return None
    if next(references(pod["spec"]), None) is not None:
        return None
    return placed(pod, uid, node, now)


def fingerprint(manifest: Any, file: str, node: str) -> str:
    """The UID of a static Pod: of what the file says, of its name, and of the node."""
    text = _SORTED.encode([manifest, file, node])
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


_SORTED: Final = json.JSONEncoder(sort_keys=True)


def placed(pod: Object, uid: str, node: str, now: str) -> Object:
    """The Pod on its node, under its full name (STATIC-001)."""
    given, spec = pod["metadata"], pod["spec"]
    kept = {key: given[key] for key in ("namespace", "labels") if key in given}
    annotations = {**(given.get("annotations") or {}), HASH: uid, SOURCE: "file", SEEN: now}
    tolerations = [each for each in spec.get("tolerations") or () if each != STAYS]
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            **kept,
            "name": full_name(meta.name_of(pod), node),
            "uid": uid,
            "annotations": annotations,
        },
        "spec": {**spec, "nodeName": node, "tolerations": [*tolerations, dict(STAYS)]},
    }


def full_name(name: str, node: str) -> str:
    """What a static Pod of a node is called."""
    return f"{name}-{node.lower()}"


def mirror_of(pod: Object, node: Object) -> Object:
    """What stands for a static Pod in the API: owned by its node (STATIC-008)."""
    given = pod["metadata"]
    owner = {
        "apiVersion": "v1",
        "kind": "Node",
        "name": meta.name_of(node),
        "uid": meta.uid_of(node),
        "controller": True,
    }
    annotations = {**given["annotations"], MIRROR: given["annotations"][HASH]}
    metadata = {key: each for key, each in given.items() if key != "uid"}
    return {
        **pod,
        "metadata": {**metadata, "annotations": annotations, "ownerReferences": [owner]},
    }


def is_mirror(pod: Mapping[str, Any]) -> bool:
    """Does this Pod of the API only stand for another?"""
    return MIRROR in (meta.metadata(pod).get("annotations") or {})


# References to the API (STATIC-007).


def references(spec: Mapping[str, Any]) -> Iterator[str]:
    """What of the API a Pod refers to, which a static one must not."""
    for field in ("serviceAccountName", "serviceAccount", "resourceClaims", "imagePullSecrets"):
        if spec.get(field):
            yield field
    for volume in spec.get("volumes") or ():
        if not is_free(volume):
            yield f"volume {volume.get('name')}"
    for container in (*(spec.get("initContainers") or ()), *spec["containers"]):
        for source in container.get("envFrom") or ():
            yield from (key for key in ("configMapRef", "secretRef") if source.get(key))
        for variable in container.get("env") or ():
            source = variable.get("valueFrom") or {}
            yield from (key for key in ("configMapKeyRef", "secretKeyRef") if source.get(key))


def is_free(volume: Mapping[str, Any]) -> bool:
    """Can a volume be had without the API?"""
    kinds = [key for key, source in volume.items() if key != "name" and source is not None]
    if kinds == ["projected"]:
        listed = volume["projected"].get("sources") or ()
        return all(set(source) <= {"downwardAPI"} for source in listed)
    return FREE_VOLUMES.issuperset(kinds)
