"""PV, third part: Pods that use claims: what holds a Pod back, and what a Pod holds on to."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from spec_model.events import Manifest
from spec_model.law import Verdict, law
from spec_model.laws.volume_world import (
    CLAIM,
    VOLUME,
    claim_of,
    elsewhere,
    gone,
    key_of_claim,
    knows_all_pods,
    mode_of,
    name_of,
    uid_of,
    users_of,
    virtual,
    volume_name,
    volume_of,
    wrote,
)
from spec_model.lifecycles import phase_of
from spec_model.objects import Pod
from spec_model.pod import conditions
from spec_model.storage.lifecycle import (
    ONCE_PER_POD,
    blocks_scheduling,
    claim_is_protected,
    claims_of,
    is_kept_from_pod,
    volume_is_protected,
)
from spec_model.storage.matching import is_reachable, storage_class
from spec_model.world import HELD, VOID, Breach, Held, Known, Obligation, Outcome, Seen, Void

UNBOUND: Final = "pod has unbound immediate PersistentVolumeClaims"
IN_USE: Final = "ReadWriteOncePod access mode already in-use by another pod"

CLAIM_FINALIZER: Final = "kubernetes.io/pvc-protection"
VOLUME_FINALIZER: Final = "kubernetes.io/pv-protection"
NEW_USERS: Final = frozenset({"create", "bind"})
"""Stimuli after which something may be in use again."""


# -- what holds a Pod back ----------------------------------------------------------------------


@law("PV-005", "PV-011", "PV-012", on="Pod", when="bound")
def a_pod_is_scheduled_when_its_claims_are(seen: Seen) -> Verdict:
    """Bound claims (PV-005), volumes that the node can reach (PV-011), none of them exclusive (PV-012)."""
    pod: Pod = seen.now
    if not pod.spec.node_name or seen.before is None or seen.before.spec.node_name:
        return None
    names = claims_of(pod.manifest)
    _, namespace, name = pod.key
    if not names or (namespace, name) in seen.world.notes.get("pv.bound_by_hand", ()):
        return None
    return tuple(
        outcome for each in sorted(names) for outcome in _scheduled_with(seen, pod, each, namespace)
    )


def _scheduled_with(seen: Seen, pod: Pod, name: str, namespace: str) -> Iterator[Outcome]:
    claim = seen.world.view(CLAIM, namespace, name)
    if claim is None:
        if virtual(seen):
            yield Breach("no node while its claim is missing", f"claim {name} is missing")
        return
    if mode_of(seen.world, claim) is None:
        return
    yield from _held_back(seen, claim)
    yield from _reachable(seen, pod, claim)
    yield from _exclusive(seen, pod, claim)


def _class_of(seen: Seen, claim: Manifest) -> Manifest | None:
    found: Manifest | None = seen.world.view("StorageClass", "", storage_class(claim))
    return found


def _held_back(seen: Seen, claim: Manifest) -> Iterator[Outcome]:
    blocked = blocks_scheduling(claim, _class_of(seen, claim))
    if not blocked.value:
        if mode_of(seen.world, claim) == "Immediate":
            yield Held(blocked.because)
    elif virtual(seen) or not (claim["metadata"].get("deletionTimestamp") or volume_name(claim)):
        yield elsewhere(
            seen,
            key_of_claim(claim),
            f"no node before claim {name_of(claim)} is bound",
            f"claim {name_of(claim)} is {phase_of(claim)}",
            _is_bound,
            blocked.because,
        )


def _is_bound(seen: Seen) -> Held | None:
    return HELD if seen.type == "DELETED" or phase_of(seen.now) != "Pending" else None


def _reachable(seen: Seen, pod: Pod, claim: Manifest) -> Iterator[Outcome]:
    """A volume that waited for the Pod is one that its node can reach."""
    if mode_of(seen.world, claim) != "WaitForFirstConsumer":
        return
    volume = volume_of(seen.world, claim)
    node: Known | None = seen.world.objects.get(("Node", "", pod.spec.node_name))
    if volume is None or node is None or not volume["spec"].get("nodeAffinity"):
        return
    if is_reachable(volume, node.manifest):
        yield Held("PV-011")
    elif virtual(seen):  # else the node's labels may have changed meanwhile
        there = f"volume {name_of(volume)} is not to be had on {pod.spec.node_name}"
        yield Breach("a node that the volume can be reached from", there, rule="PV-011")


def _exclusive(seen: Seen, pod: Pod, claim: Manifest) -> Iterator[Outcome]:
    """ReadWriteOncePod: no other Pod has the claim."""
    if claim["spec"].get("accessModes") != [ONCE_PER_POD]:
        return
    others = [user for user in users_of(seen.world, claim) if uid_of(user) != pod.uid]
    if not is_kept_from_pod(claim, others, seen.profile).value:
        if others:
            yield Held("PV-012")
        return
    holder = next(each for each in others if is_kept_from_pod(claim, [each], seen.profile).value)
    yield elsewhere(
        seen,
        ("Pod", pod.key[1], name_of(holder)),
        f"no node while Pod {name_of(holder)} has claim {name_of(claim)} for itself",
        f"node {pod.spec.node_name}",
        _let_go,
        "PV-012",
    )


def _let_go(seen: Seen) -> Held | None:
    ended = seen.type == "DELETED" or seen.now.phase in ("Succeeded", "Failed")
    return HELD if ended else None


@law("PV-005", "PV-012", on="Pod", when="unplaced")
def an_unschedulable_pod_says_why(seen: Seen) -> Verdict:
    """The condition PodScheduled names the unbound claim, or the one in use by another Pod."""
    pod: Pod = seen.now
    if pod.spec.node_name or seen.type == "DELETED":
        return None
    message = _why(pod)
    if not message or (seen.before is not None and message == _why(seen.before)):
        return None
    claims = [seen.world.objects.get((CLAIM, pod.key[1], name)) for name in claims_of(pod.manifest)]
    if not claims or not seen.world.of_kind("Node"):
        return None
    if ONCE_PER_POD in message:
        return _rightly_kept(seen, message, claims)
    if None in claims:
        return Held("PV-005") if virtual(seen) else None
    if "affinity" in pod.spec.manifest or not all(_is_old(seen, claim) for claim in claims):
        return None
    if not any(claim is not None and _is_unbound(seen, claim.manifest) for claim in claims):
        return None
    return _says(UNBOUND, message, "PV-005")


def _rightly_kept(seen: Seen, message: str, claims: list[Known | None]) -> Verdict:
    """Only a claim of the mode ReadWriteOncePod keeps a second Pod away, and the message says so."""
    if None in claims or not seen.profile.read_write_once_pod:
        return None
    modes = [known.manifest["spec"].get("accessModes") for known in claims if known is not None]
    if [ONCE_PER_POD] not in modes:
        return Breach(f"shared, for the access modes are {modes}", message, rule="PV-012")
    return _says(IN_USE, message, "PV-012")


def _why(pod: Pod) -> str:
    return conditions.unschedulable(pod) or ""


def _is_old(seen: Seen, claim: Known | None) -> bool:
    """Whether the scheduler must have known of a claim, and that nothing else is amiss with it."""
    if claim is None or phase_of(claim.manifest) == "Lost":
        return False
    metadata, spec = claim.manifest["metadata"], claim.manifest["spec"]
    if metadata.get("deletionTimestamp") or spec.get("accessModes") == [ONCE_PER_POD]:
        return False
    return virtual(seen) or seen.at - claim.since > seen.tolerance.lateness


def _is_unbound(seen: Seen, claim: Manifest) -> bool:
    return mode_of(seen.world, claim) == "Immediate" and not volume_name(claim)


def _says(due: str, message: str, rule: str) -> Outcome:
    if due in message:
        return Held(rule)
    return Breach(f"a message with {due!r}", message, rule=rule)


# -- what a Pod holds on to ---------------------------------------------------------------------


@law("PV-012", on=CLAIM)
def a_claim_in_use_is_protected(seen: Seen) -> Verdict:
    """A deleted claim stays, with its finalizer, until no scheduled Pod uses it; then it goes."""
    metadata = seen.now["metadata"]
    if not metadata.get("deletionTimestamp") and seen.type != "DELETED":
        return None
    if wrote(seen, "finalizers"):
        return None
    protected = claim_is_protected(seen.now, users_of(seen.world, seen.now)).value
    if seen.type == "DELETED":
        return _gone_too_soon(seen) if protected else None
    if seen.before is not None and seen.before["metadata"].get("deletionTimestamp"):
        return None
    if protected:
        return _kept(seen, CLAIM_FINALIZER)
    alone = _only(seen.now, CLAIM_FINALIZER) and knows_all_pods(seen)
    return _goes(seen, seen.now) if alone else None


def _gone_too_soon(seen: Seen) -> tuple[Outcome, ...]:
    return tuple(
        elsewhere(
            seen,
            ("Pod", user["metadata"].get("namespace") or "", name_of(user)),
            f"claim {name_of(seen.now)} kept while Pod {name_of(user)} uses it",
            "the claim is deleted",
            gone,
            "PV-012",
        )
        for user in users_of(seen.world, seen.now)
        if claim_is_protected(seen.now, [user]).value
    )


@law("PV-012", on="Pod", when="gone")
def a_claim_goes_with_its_last_user(seen: Seen) -> Verdict:
    """When the last Pod that uses a deleted claim is gone, so is the claim."""
    if seen.type != "DELETED" or not knows_all_pods(seen):
        return None
    namespace, owed = seen.now.key[1], []
    for name in sorted(claims_of(seen.now.manifest)):
        claim = seen.world.view(CLAIM, namespace, name)
        if claim is None or not claim["metadata"].get("deletionTimestamp"):
            continue
        others = [user for user in users_of(seen.world, claim) if uid_of(user) != seen.now.uid]
        if not claim_is_protected(claim, others).value and _only(claim, CLAIM_FINALIZER):
            owed.append(_goes(seen, claim))
    return tuple(owed) or None


def _kept(seen: Seen, finalizer: str) -> Outcome:
    found = seen.now["metadata"].get("finalizers") or ()
    if finalizer in found:
        return HELD
    return Breach(f"finalizer {finalizer}", f"finalizers {list(found)}", rule="PV-012")


def _only(manifest: Manifest, finalizer: str) -> bool:
    """Whether nobody else keeps an object that is deleted."""
    return set(manifest["metadata"].get("finalizers") or ()) <= {finalizer}


def _gone_unless_kept(seen: Seen) -> Held | Void | None:
    """Settles what must go, if it has not been bound yet, nor been given other finalizers."""
    bound = seen.now["kind"] == VOLUME and volume_is_protected(seen.now).value
    return VOID if bound or wrote(seen, "finalizers") else gone(seen)


def _goes(seen: Seen, claim: Manifest) -> Obligation:
    return Obligation(
        f"claim {name_of(claim)} gone, for it is deleted and no Pod uses it",
        settled=_gone_unless_kept,
        not_after=seen.at + seen.tolerance.lateness,
        disturbed_by=NEW_USERS,
        rule="PV-012",
        on=key_of_claim(claim),
    )


@law("PV-012", on=VOLUME)
def a_bound_volume_is_protected(seen: Seen) -> Verdict:
    """A deleted volume stays, with its finalizer, as long as it is bound; then it goes."""
    metadata = seen.now["metadata"]
    if not metadata.get("deletionTimestamp") and seen.type != "DELETED":
        return None
    if seen.before is None or wrote(seen, "finalizers"):
        return None
    protected = volume_is_protected(seen.now).value
    if seen.type != "DELETED":
        if seen.before["metadata"].get("deletionTimestamp"):
            return None
        return _kept(seen, VOLUME_FINALIZER) if protected else _soon_gone(seen)
    claim = claim_of(seen.world, seen.now)
    if not protected or claim is None:
        return None
    return elsewhere(
        seen,
        key_of_claim(claim),
        f"volume {name_of(seen.now)} kept while it is bound to claim {name_of(claim)}",
        "the volume is deleted",
        gone,
        "PV-012",
    )


def _soon_gone(seen: Seen) -> Obligation | None:
    if not _only(seen.now, VOLUME_FINALIZER):
        return None
    return Obligation(
        f"volume {name_of(seen.now)} gone, for it is deleted and not bound",
        settled=_gone_unless_kept,
        not_after=seen.at + seen.tolerance.lateness,
        disturbed_by=NEW_USERS,
    )
