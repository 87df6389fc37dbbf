"""What becomes of claims and volumes: their phases, binding, reclaim, provisioning and protection.

After ``pkg/controller/volume/persistentvolume/pv_controller.go``. Objects are plain manifests; an
object that does not exist is None. A decision says where the object settles when nothing else moves.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from typing import Any, Final

from spec_model.events import Manifest
from spec_model.profiles import V1_36, Profile
from spec_model.rules import Decision
from spec_model.storage.matching import CLASS_ANNOTATION, is_prebound, satisfies

GONE: Final = "Deleted"
"""Where a volume is that no longer exists; the name of that state in its lifecycle."""

BIND_COMPLETED: Final = "pv.kubernetes.io/bind-completed"
PROVISIONED_BY: Final = "pv.kubernetes.io/provisioned-by"
DEFAULT_CLASS: Final = "storageclass.kubernetes.io/is-default-class"

RECYCLABLE: Final = ("hostPath", "nfs")
"""Volume sources whose plugin has a recycler (PV-008)."""

ONCE_PER_POD: Final = "ReadWriteOncePod"


class Reclaim(StrEnum):
    """How far the reclaim of a released volume has come."""

    NOT_DONE = "not done"  # nobody tried yet: the deleter is external, or Pods still use the volume
    DONE = "done"
    ERROR = "error"  # no plugin can do it, or it failed


def claim_phase(
    claim: Manifest, volume: Manifest | None, profile: Profile = V1_36
) -> Decision[str]:
    """The phase of a claim, given the volume that its ``spec.volumeName`` names (PV-005).

    Pending without a volume or with one that does not do (PV-001), Bound with one, Lost once its
    volume is gone or belongs to another.
    """
    bound_before = BIND_COMPLETED in _annotations(claim) or _phase(claim) in ("Bound", "Lost")
    if not _spec(claim).get("volumeName"):
        return Decision("Lost" if bound_before else "Pending", "PV-005")
    if volume is None:
        return Decision("Lost" if bound_before else "Pending", "PV-005")
    reference = _spec(volume).get("claimRef")
    if reference is None and not bound_before and not satisfies(claim, volume, profile):
        return Decision("Pending", "PV-001")
    if reference is None or is_prebound(volume, claim):
        return Decision("Bound", "PV-005")
    return Decision("Lost" if bound_before else "Pending", "PV-003")


def volume_phase(
    volume: Manifest, claim: Manifest | None, reclaim: Reclaim = Reclaim.NOT_DONE
) -> Decision[str]:
    """The phase of a volume, given the claim of the name in its claimRef and the state of its reclaim.

    Available until a claim's UID stands in its claimRef, Bound while that claim exists, and then what
    its reclaim policy makes of it; ``GONE`` where it is deleted.
    """
    reference = _spec(volume).get("claimRef")
    if not reference or not reference.get("uid"):
        return Decision("Available", "PV-004")
    if claim is None or claim["metadata"].get("uid") != reference["uid"]:
        return reclaimed(volume, reclaim)
    if _spec(claim).get("volumeName") == volume["metadata"]["name"]:
        return Decision("Bound", "PV-003")
    if _spec(claim).get("volumeName"):  # the claim went to another volume: this one is let go again
        if PROVISIONED_BY in _annotations(volume) and reclaim_policy(volume).value == "Delete":
            return reclaimed(volume, reclaim)
        return Decision("Available", "PV-003")
    return Decision(_phase(volume) or "Pending", "PV-004")


def reclaimed(volume: Manifest, reclaim: Reclaim = Reclaim.NOT_DONE) -> Decision[str]:
    """What a volume is after its claim was deleted, by its reclaim policy.

    Retain keeps it Released (PV-006), Delete removes it (PV-007), Recycle makes it Available (PV-008);
    either of the two ends in Failed where it cannot be done, and stays there while it is retried.
    """
    policy = reclaim_policy(volume).value
    if policy == "Retain":
        return Decision("Released", "PV-006")
    rule = RULE_OF_POLICY[policy]
    if policy == "Recycle" and not any(source in _spec(volume) for source in RECYCLABLE):
        return Decision("Failed", rule)
    if reclaim is Reclaim.DONE:
        return Decision(DONE_AS[policy], rule)
    if reclaim is Reclaim.ERROR or _phase(volume) == "Failed":
        return Decision("Failed", rule)
    return Decision("Released", rule)


RULE_OF_POLICY: Final = {"Retain": "PV-006", "Delete": "PV-007", "Recycle": "PV-008"}
DONE_AS: Final = {"Delete": GONE, "Recycle": "Available"}


def legal_after_release(volume: Manifest) -> Decision[frozenset[str]]:
    """Every phase in which a volume may be seen once its claim is deleted, however far reclaim came."""
    policy = reclaim_policy(volume).value
    return Decision(
        frozenset({"Released"} | {reclaimed(volume, each).value for each in Reclaim}),
        RULE_OF_POLICY[policy],
    )


def reclaim_policy(volume: Manifest, storage_class: Manifest | None = None) -> Decision[str]:
    """The reclaim policy of a volume: its own, else by how it came to be (PV-009).

    A volume created by hand is retained; one that was provisioned follows its storage class, and that
    deletes by default.
    """
    given = _spec(volume).get("persistentVolumeReclaimPolicy")
    if given:
        return Decision(given, "PV-009")
    if storage_class is None and PROVISIONED_BY not in _annotations(volume):
        return Decision("Retain", "PV-009")
    return Decision((storage_class or {}).get("reclaimPolicy") or "Delete", "PV-009")


def binding_mode(storage_class: Manifest | None) -> Decision[str]:
    """Whether a class binds ``Immediate`` (the default, PV-009) or ``WaitForFirstConsumer``."""
    given = (storage_class or {}).get("volumeBindingMode")
    return Decision(given or "Immediate", "PV-011" if given else "PV-009")


def waits_for_consumer(storage_class: Manifest | None, has_consumer: bool) -> Decision[bool]:
    """Whether a claim stays Pending because no Pod that uses it is being scheduled yet (PV-011)."""
    delayed = binding_mode(storage_class).value == "WaitForFirstConsumer"
    return Decision(delayed and not has_consumer, "PV-011")


def class_of_claim(claim: Manifest, storage_classes: Iterable[Manifest]) -> Decision[str]:
    """The name of the class a claim comes to have: its own, else the newest default one (PV-010).

    An empty name is a claim that nothing is provisioned for.
    """
    spec = _spec(claim)
    if CLASS_ANNOTATION in _annotations(claim):
        return Decision(str(_annotations(claim)[CLASS_ANNOTATION]), "PV-010")
    if spec.get("storageClassName") is not None:
        return Decision(spec["storageClassName"], "PV-010")
    defaults = [each for each in storage_classes if _annotations(each).get(DEFAULT_CLASS) == "true"]
    newest = max(defaults, key=_age_rank, default=None)
    return Decision("" if newest is None else newest["metadata"]["name"], "PV-010")


def _age_rank(storage_class: Manifest) -> tuple[str, list[int]]:
    """Newer is greater; of one second, the name that comes first in the alphabet is."""
    metadata = storage_class["metadata"]
    return metadata.get("creationTimestamp") or "", [-ord(each) for each in metadata["name"]]


def is_provisioned(
    claim: Manifest, storage_class: Manifest | None, has_match: bool, has_consumer: bool = False
) -> Decision[bool]:
    """Whether a volume is made for a claim: it is Pending, has a class, and nothing fits it (PV-010).

    Under WaitForFirstConsumer not before a Pod that uses it is being scheduled (PV-011).
    """
    if storage_class is None or has_match or _spec(claim).get("volumeName"):
        return Decision(False, "PV-010")
    if waits_for_consumer(storage_class, has_consumer).value:
        return Decision(False, "PV-011")
    return Decision(True, "PV-010")


def provisioned_name(claim: Manifest) -> Decision[str]:
    """The name of an in-tree volume that is provisioned for a claim (PV-010)."""
    return Decision(f"pvc-{claim['metadata']['uid']}", "PV-010")


def is_bound_pair(claim: Manifest, volume: Manifest) -> Decision[bool]:
    """Whether claim and volume point at each other, the volume with the claim's UID (PV-003)."""
    reference = _spec(volume).get("claimRef") or {}
    metadata = claim["metadata"]
    return Decision(
        _spec(claim).get("volumeName") == volume["metadata"]["name"]
        and reference.get("uid") == metadata.get("uid")
        and reference.get("name") == metadata.get("name")
        and reference.get("namespace") == metadata.get("namespace"),
        "PV-003",
    )


def claim_capacity(volume: Manifest) -> Decision[Mapping[str, Any]]:
    """``status.capacity`` of a claim: all that its volume has, be it more than was asked (PV-002)."""
    return Decision(_spec(volume).get("capacity") or {}, "PV-002")


def claim_is_protected(claim: Manifest, pods: Iterable[Manifest]) -> Decision[bool]:
    """Whether a deleted claim stays, because a scheduled Pod uses it, ended or not (PV-012)."""
    name, namespace = claim["metadata"]["name"], claim["metadata"].get("namespace")
    return Decision(
        any(
            pod["metadata"].get("namespace") == namespace
            and bool(_spec(pod).get("nodeName"))
            and name in claims_of(pod)
            for pod in pods
        ),
        "PV-012",
    )


def volume_is_protected(volume: Manifest) -> Decision[bool]:
    """Whether a deleted volume stays, because it is bound to a claim (PV-012)."""
    return Decision(_phase(volume) == "Bound", "PV-012")


def is_kept_from_pod(
    claim: Manifest, users: Sequence[Manifest], profile: Profile = V1_36
) -> Decision[bool]:
    """Whether a further Pod stays unschedulable, because another Pod already uses a claim (PV-012).

    Only for the mode ReadWriteOncePod, which ``documented`` does not know. ``users`` are the other
    Pods that use the claim.
    """
    exclusive = (
        profile.read_write_once_pod
        and _spec(claim).get("accessModes") == [ONCE_PER_POD]
        and any(
            _spec(pod).get("nodeName") and _phase(pod) not in ("Succeeded", "Failed")
            for pod in users
        )
    )
    return Decision(bool(exclusive), "PV-012")


def blocks_scheduling(
    claim: Manifest | None, storage_class: Manifest | None = None
) -> Decision[bool]:
    """Whether a Pod that uses a claim cannot be scheduled: it is missing, or not bound at once (PV-005)."""
    if claim is None or claim["metadata"].get("deletionTimestamp"):
        return Decision(True, "PV-005")
    unbound = not _spec(claim).get("volumeName") or _phase(claim) != "Bound"
    immediate = binding_mode(storage_class).value == "Immediate"
    return Decision(_phase(claim) == "Lost" or (unbound and immediate), "PV-005")


def claims_of(pod: Manifest) -> frozenset[str]:
    """The names of the claims that a Pod uses."""
    return frozenset(
        volume["persistentVolumeClaim"]["claimName"]
        for volume in _spec(pod).get("volumes") or ()
        if (volume.get("persistentVolumeClaim") or {}).get("claimName")
    )


def _spec(owner: Manifest) -> Manifest:
    return owner.get("spec") or {}


def _phase(owner: Manifest) -> str:
    return (owner.get("status") or {}).get("phase") or ""


def _annotations(owner: Manifest) -> Mapping[str, Any]:
    return owner["metadata"].get("annotations") or {}
