"""PV, first part: which volume a claim gets, and that the two belong to each other for good."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from spec_model.events import Manifest
from spec_model.law import Verdict, expect, law
from spec_model.laws.acts import somebody_acts
from spec_model.laws.volume_world import (
    CLAIM,
    NOTHING,
    RESYNC,
    VOLUME,
    claim_of,
    elsewhere,
    gone,
    is_steady,
    key_of_claim,
    mode_of,
    name_of,
    quiet,
    reference_of,
    uid_of,
    untouched,
    users_of,
    virtual,
    volume_name,
    volume_of,
    wrote,
)
from spec_model.lifecycles import phase_of
from spec_model.quantity import nano_of
from spec_model.storage.lifecycle import claim_capacity, is_bound_pair, waits_for_consumer
from spec_model.storage.matching import is_prebound, legal_matches, matches, storage_class
from spec_model.world import HELD, VOID, Breach, Held, Obligation, Outcome, Seen, Void

# -- the choice ---------------------------------------------------------------------------------


@law("PV-001", "PV-002", "PV-003", "PV-004", "PV-011", "PV-012", on=VOLUME)
def a_claim_gets_a_volume_that_satisfies_it(seen: Seen) -> Verdict:
    """The volume fits the claim (PV-001), none fits better (PV-002), and its time has come (PV-011).

    Judged where the binder writes the claim into the volume, against the volumes it must have known.
    """
    claim = _newly_bound(seen)
    if claim is None or wrote(seen, "claimRef") or not _is_told(seen, claim):
        return None
    offered = _as_offered(seen, claim)
    asked = volume_name(claim) == name_of(seen.now)
    if asked and is_prebound(offered, claim):
        return None  # both sides were promised by hand: nothing is compared
    wanted = _without_selector(claim) if asked else claim
    fits = matches(wanted, offered, profile=seen.profile)
    if not fits.value:
        expected = f"a volume that satisfies {_request(claim)}"
        return Breach(expected, f"{name_of(offered)}: {_offer(offered)}", rule=fits.because)
    held: tuple[Outcome, ...] = (Held("PV-001"), Held("PV-012"))
    if asked:
        return held
    return held + _no_better_one(seen, claim, offered) + _its_time_had_come(seen, claim, offered)


def _is_told(seen: Seen, claim: Manifest) -> bool:
    """Whether it is known of which class the claim is: an unset one may have been filled in unseen."""
    return virtual(seen) or claim["spec"].get("storageClassName") is not None


def _newly_bound(seen: Seen) -> Manifest | None:
    """The claim whose UID has come into a volume's claimRef with this observation."""
    if seen.before is None or seen.type == "DELETED":
        return None
    uid = reference_of(seen.now).get("uid")
    if not uid or uid == reference_of(seen.before).get("uid"):
        return None
    return claim_of(seen.world, seen.now)


def _as_offered(seen: Seen, claim: Manifest) -> Manifest:
    """The volume as the binder found it: still without the claim, though perhaps promised to it.

    A watch that skips may show it Bound at once; only from Available may it have come there.
    """
    promised = is_prebound(seen.before, claim)
    spec = {**seen.now["spec"], "claimRef": reference_of(seen.before) if promised else None}
    phase = phase_of(seen.now)
    asked = volume_name(claim) == name_of(seen.now)
    return {
        **seen.now,
        "spec": spec,
        "status": {"phase": "Available" if phase == "Bound" or asked else phase},
    }


def _without_selector(claim: Manifest) -> Manifest:
    """A claim that names its volume is not asked for its selector."""
    return {**claim, "spec": {**claim["spec"], "selector": None}}


def _no_better_one(seen: Seen, claim: Manifest, chosen: Manifest) -> tuple[Outcome, ...]:
    """Fewest modes, then smallest, among those that were there and known at the time."""
    if mode_of(seen.world, claim) != "Immediate":
        return ()  # the scheduler chose, for a node that it has not told yet
    rivals = [
        known.manifest
        for known in seen.world.of_kind(VOLUME)
        if known.uid != uid_of(chosen) and is_steady(seen, known)
    ]
    if not legal_matches(claim, rivals, profile=seen.profile).value:
        return ()
    legal = legal_matches(claim, [*rivals, chosen], profile=seen.profile)
    best = " or ".join(sorted(legal.value))
    return (expect(name_of(chosen) in legal.value, best, name_of(chosen), rule="PV-002"),)


def _its_time_had_come(seen: Seen, claim: Manifest, chosen: Manifest) -> tuple[Outcome, ...]:
    """With WaitForFirstConsumer no volume before a Pod that uses the claim."""
    if is_prebound(chosen, claim):
        return ()
    known = seen.world.view("StorageClass", "", storage_class(chosen))
    if not waits_for_consumer(known, has_consumer=False).value:
        return ()
    used = bool(users_of(seen.world, claim))
    if not used and not quiet(seen):
        return ()
    return (expect(used, "no volume before a Pod uses the claim", "no such Pod", rule="PV-011"),)


def _request(claim: Manifest) -> str:
    spec = claim["spec"]
    size = _storage(spec.get("resources"), "requests")
    return f"{key_of_claim(claim)[2]}: {_traits(spec)}, {size}, selector {spec.get('selector')}"


def _offer(volume: Manifest) -> str:
    spec = volume["spec"]
    size = _storage(spec, "capacity")
    labels = volume["metadata"].get("labels") or {}
    return f"{_traits(spec)}, {size}, labels {labels}, phase {phase_of(volume)}"


def _traits(spec: Mapping[str, Any]) -> str:
    modes = "+".join(spec.get("accessModes") or ())
    mode = spec.get("volumeMode") or "Filesystem"
    return f"{modes} {mode}, class {spec.get('storageClassName') or 'none'}"


# -- that a choice is made ----------------------------------------------------------------------


@law("PV-011", on=CLAIM)
def an_immediate_claim_is_bound_at_once(seen: Seen) -> Verdict:
    """Immediate: a claim is bound as soon as a volume fits, whether or not a Pod uses it."""
    if not seen.fresh or volume_name(seen.now) or mode_of(seen.world, seen.now) != "Immediate":
        return None
    if not somebody_acts(seen.world) or _others_wait(seen):
        return None  # of two claims either may have it, and only a tester's come one by one
    free = [known.manifest for known in seen.world.of_kind(VOLUME) if is_steady(seen, known)]
    if not legal_matches(seen.now, free, profile=seen.profile).value:
        return None
    return _must_be_bound(seen, seen.now, seen.tolerance.lateness)


@law("PV-011", on=VOLUME)
def a_new_volume_finds_its_claim(seen: Seen) -> Verdict:
    """A volume that becomes Available is bound to the one claim that waits for such a one."""
    if seen.before is None or phase_of(seen.before) == "Available":
        return None
    if phase_of(seen.now) != "Available" or reference_of(seen.now) or not somebody_acts(seen.world):
        return None
    waiting = _waiting(seen)
    if len(waiting) != 1 or mode_of(seen.world, waiting[0]) != "Immediate":
        return None
    if not matches(waiting[0], seen.now, profile=seen.profile).value:
        return None
    return _must_be_bound(seen, waiting[0], RESYNC + seen.tolerance.lateness)


def _waiting(seen: Seen) -> list[Manifest]:
    """The claims that have no volume yet."""
    return [
        known.manifest
        for known in seen.world.of_kind(CLAIM)
        if not volume_name(known.view) and not known.view["metadata"].get("deletionTimestamp")
    ]


def _others_wait(seen: Seen) -> bool:
    return any(uid_of(claim) != uid_of(seen.now) for claim in _waiting(seen))


def _must_be_bound(seen: Seen, claim: Manifest, within: float) -> Obligation:
    return Obligation(
        f"claim {name_of(claim)} bound, for a volume fits and it need not wait for a Pod",
        settled=_has_a_volume,
        not_after=seen.at + within,
        disturbed_by=frozenset({"create", "delete", "patch", "replace"}),
        on=key_of_claim(claim),
    )


def _has_a_volume(seen: Seen) -> Held | Void | None:
    if seen.now["metadata"].get("deletionTimestamp"):
        return VOID
    return HELD if volume_name(seen.now) else None


# -- what the two have of each other ------------------------------------------------------------


@law("PV-003", "PV-002", on=CLAIM)
def claim_and_volume_point_at_each_other(seen: Seen) -> Verdict:
    """A claim becomes Bound when its volume already is, and has all that its volume has."""
    if phase_of(seen.now) != "Bound" or (
        seen.before is not None and phase_of(seen.before) == "Bound"
    ):
        return None
    volume = volume_of(seen.world, seen.now)
    if volume is None or seen.type == "DELETED":
        return None
    if not is_bound_pair(seen.now, volume).value:
        return _unrequited(seen, volume)
    if virtual(seen) and phase_of(volume) != "Bound":
        return Breach("the volume Bound before the claim", f"the volume {phase_of(volume)}")
    return HELD, _got_all(seen, volume)


def _unrequited(seen: Seen, volume: Manifest) -> Breach | Obligation:
    uid, found = uid_of(seen.now), reference_of(volume).get("uid") or "nothing"

    def settled(later: Seen) -> Held | None:
        return HELD if reference_of(later.now).get("uid") == uid else None

    return elsewhere(
        seen,
        (VOLUME, "", name_of(volume)),
        f"claimRef of volume {name_of(volume)} with the claim's UID {uid}",
        found,
        settled,
        "PV-003",
    )


def _got_all(seen: Seen, volume: Manifest) -> Outcome:
    decided = claim_capacity(volume)
    size = _storage(seen.now.get("status"), "capacity")
    whole = decided.value.get("storage", "0")
    same = nano_of(size, seen.profile) == nano_of(whole, seen.profile)
    return expect(same, f"status.capacity {whole}", f"{size}", rule=decided.because)


@law("PV-003", on=CLAIM)
def a_claim_keeps_its_volume(seen: Seen) -> Verdict:
    """spec.volumeName is written once."""
    if seen.before is None:
        return None
    had = volume_name(seen.before)
    if not had or had == volume_name(seen.now):
        return None
    return Breach(f"volume {had} for ever", f"volume {volume_name(seen.now) or 'none'}")


@law("PV-003", on=VOLUME)
def a_volume_keeps_its_claim(seen: Seen) -> Verdict:
    """A volume lets go of no claim that still exists and points at it."""
    if seen.before is None or seen.type == "DELETED":
        return None
    had = reference_of(seen.before).get("uid")
    if not had or had == reference_of(seen.now).get("uid") or not untouched(seen):
        return None
    claim = claim_of(seen.world, seen.before)
    if claim is None or volume_name(claim) != name_of(seen.now):
        return None
    return elsewhere(
        seen,
        key_of_claim(claim),
        f"claim {name_of(claim)}, which is bound to it, in claimRef",
        f"claimRef {dict(reference_of(seen.now)) or 'cleared'}",
        gone,
        "PV-003",
    )


def _storage(owner: Any, field: str) -> str:
    return str(((owner or NOTHING).get(field) or NOTHING).get("storage") or "0")
