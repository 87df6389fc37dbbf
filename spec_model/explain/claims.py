"""Why a Pod waits for its claims, and what becomes of a claim with Pods, volumes and classes beside it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from spec_model.events import Manifest
from spec_model.explain.statement import Others, Statement, Statements
from spec_model.objects import EMPTY
from spec_model.profiles import Profile
from spec_model.storage.lifecycle import (
    blocks_scheduling,
    claims_of,
    class_of_claim,
    is_kept_from_pod,
    is_provisioned,
    waits_for_consumer,
)
from spec_model.storage.matching import capacity, legal_matches, matches, requested, storage_class

CLAIM, VOLUME, CLASS = "PersistentVolumeClaim", "PersistentVolume", "StorageClass"

WRONG: Final[Mapping[str, str]] = {
    "PV-003": "is another claim's",
    "PV-004": "was released, and is never bound again as it is",
    "PV-012": "lacks an access mode",
}
"""By the rule that keeps a volume from a claim, what is wrong with it."""


def _kind(kind: str, others: Others) -> list[Manifest]:
    return [each for each in others if each.get("kind") == kind]


def _namespace(manifest: Manifest) -> str:
    return (manifest.get("metadata") or EMPTY).get("namespace") or "default"


def _name(manifest: Manifest) -> str:
    return (manifest.get("metadata") or EMPTY).get("name") or ""


def _named(manifest: Manifest) -> Manifest:
    """The same in the namespace that it comes to, so that objects beside it may name it."""
    metadata = manifest.get("metadata") or EMPTY
    return {**manifest, "metadata": {**metadata, "namespace": _namespace(manifest)}}


# -- A Pod ------------------------------------------------------------------------------------------


def of_pod(pod: Manifest, others: Others, profile: Profile) -> Statements:
    """For each claim of a Pod, whether it keeps the Pod from being scheduled, and why."""
    beside = {
        _name(each): _named(each)
        for each in _kind(CLAIM, others)
        if _namespace(each) == _namespace(pod)
    }
    for name in sorted(claims_of(pod)):
        claim, about = beside.get(name), f"claim {name}"
        if claim is None:
            says = "is not among what is given: while there is none, the Pod is not scheduled"
            yield Statement(about, says, blocks_scheduling(None).because)
            continue
        classes = _kind(CLASS, others)
        own = _class(claim, classes)
        users = [each for each in _users(claim, others) if _name(each) != _name(pod)]
        kept = is_kept_from_pod(claim, users, profile)
        blocked = blocks_scheduling(claim, own)
        if kept.value:
            names = ", ".join(map(_name, users))
            yield Statement(about, f"is for one Pod alone, and in use by {names}", kept.because)
        elif blocked.value:
            yield Statement(about, f"keeps it unscheduled: {_why(claim)}", blocked.because)
            yield from _binding(claim, others, profile, about)
        elif (claim.get("spec") or EMPTY).get("volumeName"):
            says = f"is bound to {claim['spec']['volumeName']}: the Pod does not wait for it"
            yield Statement(about, says, blocked.because)
        else:
            says = "is bound where the Pod goes: the Pod does not wait for it"
            yield Statement(about, says, waits_for_consumer(own, has_consumer=False).because)


def keep_waiting(pod: Manifest, others: Others) -> bool:
    """Whether a claim keeps a Pod from being scheduled."""
    beside = {
        _name(each): each for each in _kind(CLAIM, others) if _namespace(each) == _namespace(pod)
    }
    classes = _kind(CLASS, others)
    found = (beside.get(name) for name in claims_of(pod))
    return any(
        claim is None or blocks_scheduling(_named(claim), _class(claim, classes)).value
        for claim in found
    )


def _why(claim: Manifest) -> str:
    if claim["metadata"].get("deletionTimestamp"):
        return "it is being deleted"
    if (claim.get("status") or EMPTY).get("phase") == "Lost":
        return "its volume is gone"
    return "it is not bound, and its class binds at once"


def _users(claim: Manifest, others: Others) -> list[Manifest]:
    return [
        each
        for each in _kind("Pod", others)
        if _namespace(each) == _namespace(claim) and _name(claim) in claims_of(each)
    ]


def _class(claim: Manifest, classes: list[Manifest]) -> Manifest | None:
    name = class_of_claim(claim, classes).value
    return next((each for each in classes if name and _name(each) == name), None)


# -- A claim ----------------------------------------------------------------------------------------


def of_claim(manifest: Manifest, others: Others, profile: Profile, _: int) -> Statements:
    """What a claim is bound to or waits for, and who keeps it from being deleted."""
    claim = _named(manifest)
    bound_to = (claim.get("spec") or EMPTY).get("volumeName")
    if bound_to and (claim.get("status") or EMPTY).get("phase") == "Bound":
        yield Statement("binding", f"bound to {bound_to}, for good", "PV-003")
    else:
        yield from _binding(claim, others, profile)
    users = _users(claim, others)
    if users:
        placed = [each for each in users if (each.get("spec") or EMPTY).get("nodeName")]
        yield Statement("used by", ", ".join(map(_name, users)), "PV-005")
        says = "stays until they are gone" if placed else "goes at once: none of them is scheduled"
        yield Statement("deleted now", says, "PV-012")


def _binding(claim: Manifest, others: Others, profile: Profile, about: str = "claim") -> Statements:
    """Which volume an unbound claim gets, or why none."""
    volumes = [
        {**each, "status": each.get("status") or {"phase": "Available"}}
        for each in _kind(VOLUME, others)
    ]
    classes = _kind(CLASS, others)
    own, consumers = _class(claim, classes), _users(claim, others)
    prefix = "" if about == "claim" else f"{about}, "
    waits = waits_for_consumer(own, bool(consumers))
    if waits.value:
        yield Statement(f"{prefix}binding", "waits for a first Pod that uses it", waits.because)
        return
    legal = legal_matches(claim, volumes, profile=profile)
    if legal.value:
        says = " or ".join(sorted(legal.value))
        yield Statement(f"{prefix}volume to be bound", says, legal.because)
        return
    made = is_provisioned(claim, own, has_match=False, has_consumer=bool(consumers))
    if made.value and own is not None:
        says = f"one is made by {own.get('provisioner')}"
        yield Statement(f"{prefix}volume to be bound", says, made.because)
        return
    if not volumes:
        yield Statement(f"{prefix}binding", "Pending while no volume matches", "PV-005")
        return
    says = "none of the volumes given: Pending"
    yield Statement(f"{prefix}volume to be bound", says, legal.because)
    for each in volumes:
        wrong = matches(claim, each, profile=profile)
        if not wrong.value:
            says = WRONG.get(wrong.because) or _unfit(claim, each, profile)
            yield Statement(f"{prefix}volume {_name(each)}", says, wrong.because)


def _unfit(claim: Manifest, volume: Manifest, profile: Profile) -> str:
    """What a volume lacks to satisfy a claim (PV-001)."""
    phase = volume["status"].get("phase") or "Pending"
    if capacity(volume, profile) < requested(claim, profile):
        return "is too small"
    if storage_class(volume) != storage_class(claim):
        return f"is of the class {storage_class(volume) or 'without a name'}"
    return f"is {phase}" if phase != "Available" else "has another mode, or not the labels"
