"""What the cluster itself can do with a released volume, and how long that may take.

After ``findDeletablePlugin`` and ``recycleVolumeOperation`` of the persistent volume controller and
the plugins for ``hostPath`` and ``nfs``. Volumes are plain manifests.
"""

from __future__ import annotations

from typing import Final

from spec_model.events import Manifest
from spec_model.profiles import V1_36, Profile
from spec_model.quantity import whole
from spec_model.rules import Decision
from spec_model.storage.lifecycle import PROVISIONED_BY, RECYCLABLE, Reclaim, reclaim_policy
from spec_model.storage.matching import capacity

IN_TREE: Final = "kubernetes.io/"
DELETABLE: Final = "/tmp/"
GIBIBYTE: Final = 1 << 30

NO_RECYCLER: Final = "No recycler plugin found for the volume!"


def outcome(volume: Manifest) -> Decision[Reclaim]:
    """How the reclaim of a released volume ends where nothing goes wrong on the way.

    ``NOT_DONE`` is a volume that is kept, or waits for a deleter outside of the cluster; ``ERROR``
    one that no plugin can delete (PV-007) or recycle (PV-008).
    """
    policy = reclaim_policy(volume).value
    spec = volume.get("spec") or {}
    if policy == "Retain":
        return Decision(Reclaim.NOT_DONE, "PV-006")
    if policy == "Recycle":
        can = any(source in spec for source in RECYCLABLE)
        return Decision(Reclaim.DONE if can else Reclaim.ERROR, "PV-008")
    provisioner = (volume["metadata"].get("annotations") or {}).get(PROVISIONED_BY) or IN_TREE
    if not provisioner.startswith(IN_TREE) or "csi" in spec:
        return Decision(Reclaim.NOT_DONE, "PV-007")
    path = (spec.get("hostPath") or {}).get("path") or ""
    if DELETABLE in path and not path.startswith(DELETABLE):
        return Decision(Reclaim.NOT_DONE, "PV-007")  # upstream's pattern is not anchored
    return Decision(Reclaim.DONE if path.startswith(DELETABLE) else Reclaim.ERROR, "PV-007")


def recycling_deadline(volume: Manifest, profile: Profile = V1_36) -> Decision[float]:
    """Seconds that the Pod which scrubs a volume may take: 30 for each GiB, and a least (PV-008)."""
    least = 300 if "nfs" in (volume.get("spec") or {}) else 60
    gibibytes = whole(capacity(volume, profile)) // GIBIBYTE
    return Decision(float(max(least, 30 * gibibytes)), "PV-008")
