"""What becomes of a file in the static Pod directory of a kubelet.

Source document section 4; upstream ``pkg/kubelet/config/common.go`` and ``file.go``,
``podutil.HasAPIObjectReference``.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from spec_model.events import Manifest
from spec_model.objects import EMPTY
from spec_model.profiles import Profile
from spec_model.rules import Decision
from spec_model.validation import validate

MIRROR: Final = "kubernetes.io/config.mirror"
HASH: Final = "kubernetes.io/config.hash"
ANNOTATIONS: Final = (MIRROR, HASH, "kubernetes.io/config.source", "kubernetes.io/config.seen")

RESCAN: Final = 20.0
"""Seconds after which a change of the directory is found at the latest."""

RUNS: Final = "runs"
IGNORED: Final = "ignored"
REFUSED: Final = "refused"
INVALID: Final = "invalid"
UNKNOWN: Final = "unknown"


def fate(manifest: Any, file: str, profile: Profile) -> Decision[str]:
    """What a kubelet does with a file: runs it, ignores it, or refuses it; or it is no valid Pod.

    Unknown where the source document does not speak of what the Pod refers to.
    """
    if not file or file.startswith(".") or "/" in file:
        return Decision(IGNORED, "STATIC-002")
    if not isinstance(manifest, dict) or manifest.get("kind") != "Pod":
        return Decision(INVALID, "STATIC-001")
    metadata = {"namespace": "default", **(manifest.get("metadata") or EMPTY)}
    if not metadata.get("name") or any(validate({**manifest, "metadata": metadata}, profile)):
        return Decision(INVALID, "STATIC-001")
    if next(references(manifest["spec"], profile), None) is not None:
        return Decision(REFUSED, "STATIC-007")
    if next(_all_references(manifest["spec"]), None) is not None:
        return Decision(UNKNOWN, "STATIC-007")
    return Decision(RUNS, "STATIC-001")


def full_name(manifest: Manifest, node: str) -> tuple[str, str, str]:
    """Kind, namespace and name of the mirror Pod."""
    metadata = manifest["metadata"]
    name = f"{metadata['name']}-{node.lower()}"
    return "Pod", metadata.get("namespace") or "default", name


def is_mirror(pod: Manifest) -> bool:
    """Whether a Pod of the API only stands for a static one."""
    return MIRROR in ((pod.get("metadata") or EMPTY).get("annotations") or EMPTY)


def references(spec: Manifest, profile: Profile) -> Iterator[str]:
    """The API objects that a Pod refers to and a static one must not; documented, ConfigMaps alone."""
    for kind in _all_references(spec):
        if not profile.static_pods_forbid_config_maps_only or kind == "ConfigMap":
            yield kind


def _all_references(spec: Manifest) -> Iterator[str]:
    if spec.get("serviceAccountName"):
        yield "ServiceAccount"
    if spec.get("imagePullSecrets"):
        yield "Secret"
    if spec.get("resourceClaims"):
        yield "ResourceClaim"
    for volume in spec.get("volumes") or ():
        yield from _of_volume(volume)
    for container in (*(spec.get("initContainers") or ()), *(spec.get("containers") or ())):
        yield from _of_environment(container)


BY_SOURCE: Final = {
    "configMap": "ConfigMap",
    "secret": "Secret",
    "persistentVolumeClaim": "PersistentVolumeClaim",
    "ephemeral": "PersistentVolumeClaim",
    "csi": "CSIDriver",
    "serviceAccountToken": "ServiceAccount",
    "clusterTrustBundle": "ClusterTrustBundle",
    "podCertificate": "PodCertificate",
    "glusterfs": "Endpoints",
    "azureFile": "Secret",
}
"""What stands behind the sources of volumes and of projections that come from the API."""


def _of_volume(volume: Manifest) -> Iterator[str]:
    sources = [volume, *((volume.get("projected") or EMPTY).get("sources") or ())]
    for source in sources:
        yield from (kind for key, kind in BY_SOURCE.items() if source.get(key) is not None)


def _of_environment(container: Manifest) -> Iterator[str]:
    kinds = {"configMapRef": "ConfigMap", "secretRef": "Secret"}
    for source in container.get("envFrom") or ():
        yield from (kind for key, kind in kinds.items() if source.get(key))
    keys = {"configMapKeyRef": "ConfigMap", "secretKeyRef": "Secret"}
    for variable in container.get("env") or ():
        source = variable.get("valueFrom") or EMPTY
        yield from (kind for key, kind in keys.items() if source.get(key))
