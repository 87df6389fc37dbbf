"""PV, fourth part: storage classes, and the volumes that are made for a claim."""

from __future__ import annotations

from typing import Final

from spec_model.events import Accepted, Manifest, Rejected
from spec_model.law import Verdict, agree, expect, law
from spec_model.laws.acts import somebody_acts
from spec_model.laws.volume_world import (
    CLAIM,
    NOTHING,
    RESYNC,
    VOLUME,
    claim_of,
    key_of_claim,
    mode_of,
    name_of,
    quiet,
    reference_of,
    virtual,
    volume_name,
)
from spec_model.lifecycles import phase_of
from spec_model.storage.lifecycle import (
    DEFAULT_CLASS,
    PROVISIONED_BY,
    binding_mode,
    class_of_claim,
    is_provisioned,
    provisioned_name,
    reclaim_policy,
)
from spec_model.storage.matching import access_modes, capacity, requested, storage_class
from spec_model.storage.reclaim import IN_TREE
from spec_model.world import HELD, VOID, Breach, Done, Held, Obligation, Outcome, Seen, Void, World

BY_HAND: Final = "kubernetes.io/no-provisioner"
"""The provisioner of a class whose volumes an administrator makes."""

SELECTED_NODE: Final = "volume.kubernetes.io/selected-node"
"""Where the scheduler says for which node a claim that waited is to be provisioned."""

NO_VOLUME: Final = "no persistent volumes available for this claim and no storage class is set"

UNNAMED: Final[Manifest] = {"metadata": {}, "spec": {}}


# -- defaults -----------------------------------------------------------------------------------


@law("PV-009", on="create StorageClass")
def a_class_deletes_and_binds_at_once(done: Done) -> Verdict:
    """reclaimPolicy of a class defaults to Delete, volumeBindingMode to Immediate."""
    sent = done.arguments["object"]
    if not isinstance(done.response, Accepted):
        return None
    stored = done.response.value
    if not stored:
        return None
    mode = binding_mode(sent)
    return (
        agree(reclaim_policy(UNNAMED, sent), stored.get("reclaimPolicy"), "reclaimPolicy "),
        expect(
            stored.get("volumeBindingMode") == mode.value,
            f"volumeBindingMode {mode.value}",
            f"volumeBindingMode {stored.get('volumeBindingMode')}",
        ),
    )


@law("PV-010", on="create PersistentVolumeClaim")
def a_claim_without_a_class_gets_the_default(done: Done) -> Verdict:
    """The newest class that is marked as the default, at admission or later; class "" stays."""
    sent, response = done.arguments["object"], done.response
    if isinstance(response, Rejected) or not response.value:
        return None
    classes = _classes(done.world)
    if not any(map(_is_default, classes)) or not quiet(done):
        return None
    decided = class_of_claim(sent, classes).value
    stored = (response.value.get("spec") or NOTHING).get("storageClassName")
    if stored is None and storage_class(sent) != decided:
        return None  # it must come later
    return expect((stored or "") == decided, f"class {decided!r}", f"class {stored!r}")


@law("PV-010", on=CLAIM)
def a_claim_without_a_class_gets_it_later(seen: Seen) -> Verdict:
    """What was not given at admission is given soon."""
    classes = _classes(seen.world)
    if not seen.fresh or not _lacks_class(seen.now) or not any(map(_is_default, classes)):
        return None
    return _gets_a_class(seen, seen.now, class_of_claim(seen.now, classes).value)


def _gets_a_class(seen: Seen, claim: Manifest, name: str) -> Obligation:
    def settled(later: Seen) -> Held | Void | None:
        newer = class_of_claim(claim, _classes(later.world)).value
        if storage_class(later.now) in (name, newer):
            return HELD
        return VOID if volume_name(later.now) else None

    return Obligation(
        f"class {name}, the default, for claim {name_of(claim)}",
        settled,
        not_after=seen.at + RESYNC + seen.tolerance.lateness,
        disturbed_by=frozenset({"delete", "patch", "replace"}),
        on=key_of_claim(claim),
    )


@law("PV-010", on="StorageClass")
def a_late_default_class_is_given_out(seen: Seen) -> Verdict:
    """Claims that wait without a class get the default one when there is one."""
    if seen.type == "DELETED" or not somebody_acts(seen.world) or not _is_default(seen.now):
        return None
    if seen.before is not None and _is_default(seen.before):
        return None
    classes = [*_classes(seen.world), seen.now]
    waiting = [known.manifest for known in seen.world.of_kind(CLAIM)]
    return tuple(
        _gets_a_class(seen, claim, class_of_claim(claim, classes).value)
        for claim in waiting
        if _lacks_class(claim)
    )


def _classes(world: World) -> list[Manifest]:
    return [known.manifest for known in world.of_kind("StorageClass")]


def _is_default(storage: Manifest) -> bool:
    return (storage["metadata"].get("annotations") or NOTHING).get(DEFAULT_CLASS) == "true"


def _lacks_class(claim: Manifest) -> bool:
    """Whether nobody has said of which class a claim is, and it still matters."""
    unsaid = claim["spec"].get("storageClassName") is None and not storage_class(claim)
    return unsaid and not volume_name(claim)


# -- provisioning -------------------------------------------------------------------------------


@law("PV-010", on=CLAIM)
def a_claim_with_a_class_is_provisioned_for(seen: Seen) -> Verdict:
    """A claim that waits, of a class with a provisioner, comes to have a volume."""
    if volume_name(seen.now) or phase_of(seen.now) != "Pending" or not somebody_acts(seen.world):
        return None
    if seen.now["metadata"].get("deletionTimestamp") or seen.type == "DELETED":
        return None
    storage = seen.world.view("StorageClass", "", storage_class(seen.now))
    if storage is None or storage.get("provisioner") == BY_HAND:
        return None
    if seen.now["spec"].get("selector"):
        return None  # which provisioners do not serve
    due = _due(seen.now, storage)
    if not due or (seen.before is not None and _due(seen.before, storage)):
        return None

    def settled(later: Seen) -> Held | Void | None:
        if later.type == "DELETED" or later.now["metadata"].get("deletionTimestamp"):
            return VOID
        return HELD if phase_of(later.now) == "Bound" else None

    return Obligation(
        f"a volume provisioned for claim {name_of(seen.now)} and bound to it",
        settled,
        not_after=seen.at + RESYNC + seen.tolerance.lateness,
    )


def _due(claim: Manifest, storage: Manifest) -> bool:
    annotations = claim["metadata"].get("annotations") or NOTHING
    if storage_class(claim) != name_of(storage):
        return False
    return is_provisioned(claim, storage, False, has_consumer=SELECTED_NODE in annotations).value


@law("PV-010", "PV-009", "PV-011", on=VOLUME)
def a_provisioned_volume_is_for_its_claim(seen: Seen) -> Verdict:
    """It is made for exactly one claim, of that claim's class, as large and able as was asked."""
    annotations = seen.now["metadata"].get("annotations") or NOTHING
    if not seen.fresh or not annotations.get(PROVISIONED_BY):
        return None
    claim = claim_of(seen.world, seen.now)
    if claim is None:
        if not virtual(seen):
            return None
        return Breach("a volume for one claim that exists", f"claimRef {reference_of(seen.now)}")
    wrong = [what for what, right in _fitness(seen, claim).items() if not right]
    made = expect(not wrong, f"a volume for claim {name_of(claim)}", f"wrong: {', '.join(wrong)}")
    return made, *_as_its_class_wants(seen, claim)


def _fitness(seen: Seen, claim: Manifest) -> dict[str, bool]:
    volume = seen.now
    in_tree = volume["metadata"]["annotations"][PROVISIONED_BY].startswith(IN_TREE)
    return {
        "class": bool(storage_class(claim)) and storage_class(volume) == storage_class(claim),
        "capacity": capacity(volume, seen.profile) >= requested(claim, seen.profile),
        "accessModes": access_modes(volume) >= access_modes(claim),
        "name": not in_tree or name_of(volume) == provisioned_name(claim).value,
        "another volume": volume_name(claim) in ("", name_of(volume)),
    }


def _as_its_class_wants(seen: Seen, claim: Manifest) -> tuple[Outcome, ...]:
    """The reclaim policy is the class's; with WaitForFirstConsumer the scheduler asked for it."""
    storage = seen.world.view("StorageClass", "", storage_class(claim))
    if storage is None:
        return ()
    policy = seen.now["spec"].get("persistentVolumeReclaimPolicy")
    kept = agree(reclaim_policy(UNNAMED, storage), policy, "persistentVolumeReclaimPolicy ")
    if mode_of(seen.world, claim) != "WaitForFirstConsumer":
        return (kept,)
    selected = SELECTED_NODE in (claim["metadata"].get("annotations") or NOTHING)
    if not selected and not virtual(seen):
        return (kept,)
    waited = "no volume before a Pod with the claim is being scheduled"
    return kept, expect(selected, waited, "no node was selected", rule="PV-011")


# -- waiting ------------------------------------------------------------------------------------


@law("PV-010", "PV-011", on="Event FailedBinding")
@law("PV-010", "PV-011", on="Event WaitForFirstConsumer")
def a_claim_that_waits_says_why(seen: Seen) -> Verdict:
    """FailedBinding: no class and no volume. WaitForFirstConsumer: of a class that waits."""
    about = seen.now.get("involvedObject") or NOTHING
    if about.get("kind") != CLAIM or seen.type == "DELETED":
        return None
    reason = seen.now.get("reason")
    if reason == "FailedBinding" and seen.now.get("message") != NO_VOLUME:
        return None
    known = seen.world.objects.get((CLAIM, about.get("namespace") or "", about.get("name") or ""))
    if known is None or known.uid != about.get("uid"):
        return None
    return _rightly_said(seen, known.manifest, str(reason))


def _rightly_said(seen: Seen, claim: Manifest, reason: str) -> Verdict:
    mode = mode_of(seen.world, claim)
    if volume_name(claim) or mode is None:
        return None  # it was said before the claim got its volume
    if reason == "FailedBinding":
        named = storage_class(claim)
        if named and not virtual(seen):
            return None
        return expect(not named, "FailedBinding of a claim without a class", f"class {named}")
    return expect(mode == reason, f"{reason} of a class that waits", f"mode {mode}", rule="PV-011")
