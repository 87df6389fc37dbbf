"""PV, second part: the phases of volumes and claims, and what becomes of a released volume."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeAlias

from spec_model.events import Manifest
from spec_model.law import Verdict, expect, law
from spec_model.laws.volume_world import (
    CLAIM,
    NOTHING,
    RESYNC,
    VOLUME,
    claim_of,
    elsewhere,
    key_of_claim,
    name_of,
    reference_of,
    uid_of,
    untouched,
    users_of,
    virtual,
    volume_name,
    volume_of,
    wrote,
)
from spec_model.lifecycles import LIFECYCLES, lawful, phase_of
from spec_model.storage.lifecycle import (
    GONE,
    RULE_OF_POLICY,
    Reclaim,
    claim_phase,
    is_bound_pair,
    legal_after_release,
    reclaim_policy,
    reclaimed,
)
from spec_model.storage.reclaim import NO_RECYCLER, outcome, recycling_deadline
from spec_model.world import HELD, VOID, Breach, Held, Obligation, Outcome, Seen, Void

RELEASED: Final = ("Released", "Failed")
TERMINAL_PODS: Final = ("Succeeded", "Failed")
SCRUBBING: Final = frozenset({"create", "set-image", "stop-node", "set-runtime"})
"""Stimuli that may keep a volume from being recycled."""


# -- volumes ------------------------------------------------------------------------------------


@law("PV-004", on=VOLUME)
def a_volume_goes_its_way(seen: Seen) -> Verdict:
    """Pending, Available, Bound, Released and then as its policy wants; never back by itself."""
    phase = phase_of(seen.now)
    if seen.before is None:
        return expect(phase in LIFECYCLES["PV"], "a phase of a volume", f"phase {phase}")
    before = phase_of(seen.before)
    if before == phase or seen.type == "DELETED":
        return None
    if before in RELEASED and phase in ("Bound", "Released"):
        return _not_back(seen, before, phase)
    return expect(lawful("PV", before, phase), f"what may follow {before}", f"phase {phase}")


def _not_back(seen: Seen, before: str, phase: str) -> Verdict:
    """Failed is sticky; and a released volume is bound again only by way of Available."""
    same = reference_of(seen.before).get("uid") == reference_of(seen.now).get("uid")
    if not same and (not untouched(seen) or reclaim_policy(seen.before).value == "Recycle"):
        return None  # the watch may have skipped Available
    return Breach(f"phase {before} until it is reclaimed", f"phase {phase}")


@law("PV-004", on=VOLUME)
def an_unclaimed_volume_is_available(seen: Seen) -> Verdict:
    """Without a claim's UID a volume is Available, at once or soon."""
    if reference_of(seen.now).get("uid") or seen.type == "DELETED":
        return None
    new = seen.fresh or (seen.before is not None and reference_of(seen.before).get("uid"))
    if not new or seen.now["metadata"].get("deletionTimestamp"):
        return None
    if phase_of(seen.now) == "Available":
        return _freed_by(seen)
    return Obligation(
        "phase Available, for no claim has the volume",
        settled=_available,
        not_after=seen.at + seen.tolerance.lateness,
        rule=_freed_by(seen).rule,
    )


def _freed_by(seen: Seen) -> Held:
    """An administrator who clears the claimRef of a retained volume makes it usable (PV-006)."""
    if seen.before is None or phase_of(seen.before) not in RELEASED:
        return Held("PV-004")
    return Held(RULE_OF_POLICY.get(reclaim_policy(seen.before).value, "PV-004"))


def _available(seen: Seen) -> Held | Void | None:
    if seen.now["metadata"].get("deletionTimestamp"):
        return VOID
    taken = reference_of(seen.now).get("uid")
    return HELD if taken or phase_of(seen.now) == "Available" else None


@law("PV-006", "PV-007", "PV-008", on=VOLUME)
def a_released_volume_follows_its_policy(seen: Seen) -> Verdict:
    """Retain: Released and claimRef stay. Recycle: no Pod uses it any more when it is free again."""
    if seen.before is None or phase_of(seen.before) not in RELEASED:
        return None
    policy = reclaim_policy(seen.before).value
    if policy != reclaim_policy(seen.now).value or policy not in RULE_OF_POLICY:
        return None
    if seen.type == "DELETED":
        return _vanished(seen)
    had = reference_of(seen.before).get("uid")
    if not had:
        return None
    if had != reference_of(seen.now).get("uid"):
        return _let_go(seen, policy)
    legal = legal_after_release(seen.now)
    phases = legal.value | {phase_of(seen.before)}
    phase = phase_of(seen.now)
    if phase == "Bound" or (phase == "Failed" and phase_of(seen.before) == "Failed"):
        return None  # PV-004 speaks of it
    if phase == "Available":
        phases -= {phase}  # its claimRef still holds the claim
    return expect(phase in phases, " or ".join(sorted(phases)), phase, rule=legal.because)


def _vanished(seen: Seen) -> Verdict:
    """A volume that nobody deleted goes only if its policy says so."""
    if not untouched(seen):
        return None
    legal = legal_after_release(seen.before)
    return expect(
        GONE in legal.value, "the volume stays", "the volume is deleted", rule=legal.because
    )


def _let_go(seen: Seen, policy: str) -> Verdict:
    if not untouched(seen):
        return None
    if policy != "Recycle":
        return Breach(
            "claimRef kept", f"claimRef {dict(reference_of(seen.now))}", rule=RULE_OF_POLICY[policy]
        )
    using = _pods_on(seen)
    if not virtual(seen):
        return None if using else Held("PV-008")
    return expect(
        not using, "no recycling while Pods use the volume", ", ".join(using), rule="PV-008"
    )


def _pods_on(seen: Seen) -> list[str]:
    """The Pods, not ended yet, that use the claim a volume was bound to."""
    reference = reference_of(seen.before)
    claim = {"metadata": {"name": reference.get("name"), "namespace": reference.get("namespace")}}
    return [
        name_of(pod) for pod in users_of(seen.world, claim) if phase_of(pod) not in TERMINAL_PODS
    ]


@law("PV-004", "PV-006", "PV-007", "PV-008", on=CLAIM)
def a_volume_without_its_claim_is_reclaimed(seen: Seen) -> Verdict:
    """Once the claim is deleted the volume is Released, and its policy is carried out."""
    if seen.type != "DELETED":
        return None
    volume = volume_of(seen.world, seen.now)
    if volume is None or reference_of(volume).get("uid") != uid_of(seen.now):
        return None
    if volume["metadata"].get("deletionTimestamp"):
        return None
    legal = legal_after_release(volume).value
    return (
        _due(
            seen,
            volume,
            f"{' or '.join(sorted(legal))}, for its claim is deleted",
            _one_of(legal, "PV-004"),
            seen.tolerance.lateness,
            "PV-004",
        ),
        *_end_of_reclaim(seen, volume),
    )


def _end_of_reclaim(seen: Seen, volume: Manifest) -> tuple[Outcome, ...]:
    how = outcome(volume)
    policy = reclaim_policy(volume).value
    waits = how.value is Reclaim.NOT_DONE and policy != "Retain"
    if waits or (policy == "Recycle" and users_of(seen.world, seen.now)):
        return ()
    end = reclaimed(volume, how.value).value
    within = RESYNC + seen.tolerance.lateness
    if end == "Available":
        within += recycling_deadline(volume, seen.profile).value
    says = NO_RECYCLER if policy == "Recycle" and seen.profile.name != "documented" else ""
    what = f"{end}, as its policy {policy} wants"
    return (
        _due(
            seen,
            volume,
            what,
            _ended_as(end, virtual(seen), says, how.because),
            within,
            how.because,
        ),
    )


Look: TypeAlias = Callable[[str, Manifest], Held | Breach | None]
"""Decides by the state a volume is in, ``GONE`` included, and its manifest."""


def _due(seen: Seen, volume: Manifest, what: str, look: Look, within: float, rule: str) -> Outcome:
    """What a volume has come to already, or still owes."""
    already = look(phase_of(volume), volume)
    if already is not None:
        return already

    def settled(later: Seen) -> Held | Breach | Void | None:
        if wrote(later, "spec", "finalizers", "deleted"):
            return VOID
        return look(GONE if later.type == "DELETED" else phase_of(later.now), later.now)

    return Obligation(
        f"volume {name_of(volume)} {what}",
        settled,
        not_after=seen.at + within,
        disturbed_by=SCRUBBING if rule == "PV-008" else frozenset(),
        rule=rule,
        on=(VOLUME, "", name_of(volume)),
    )


def _one_of(phases: frozenset[str], rule: str) -> Look:
    def look(phase: str, _: Manifest) -> Held | None:
        return Held(rule) if phase in phases else None

    return look


def _ended_as(end: str, surely: bool, says: str, rule: str) -> Look:
    """Decided by the end, or by another where there should be none; Failed says why."""

    def look(phase: str, volume: Manifest) -> Held | Breach | None:
        if phase == end:
            message = (volume.get("status") or NOTHING).get("message") or ""
            due = says if phase == "Failed" else ""
            return expect(due in message, f"message {due!r}", repr(message), rule=rule)
        if phase == "Failed":
            spoilt = not surely and end in (GONE, "Available")  # real disks may fail
            return Held(rule) if spoilt else Breach(end, phase, rule=rule)
        return Breach(end, phase, rule=rule) if phase == GONE and surely else None

    return look


# -- claims -------------------------------------------------------------------------------------


@law("PV-005", on=CLAIM)
def a_claim_goes_its_way(seen: Seen) -> Verdict:
    """Pending without a volume, Bound with one, Lost for good without it."""
    phase, named = phase_of(seen.now), volume_name(seen.now)
    if phase == "Bound" and not named:
        return Breach("phase Pending while it has no volume", "phase Bound")
    if seen.before is None:
        return expect(phase in LIFECYCLES["PVC"], "a phase of a claim", f"phase {phase}")
    before = phase_of(seen.before)
    if before == phase:
        return _soon_bound(seen) if phase == "Pending" and named else None
    if before == "Lost" and (not virtual(seen) or volume_of(seen.world, seen.now) is not None):
        return None  # a volume of the same name was made anew, and upstream takes it
    if not lawful("PVC", before, phase):
        return Breach(f"what may follow {before}", f"phase {phase}")
    return _rightly_lost(seen) if phase == "Lost" else HELD


def _soon_bound(seen: Seen) -> Obligation | None:
    """A claim with a volume that has it is Bound, if not in the same write."""
    volume = volume_of(seen.world, seen.now)
    if volume_name(seen.before) or volume is None or not is_bound_pair(seen.now, volume).value:
        return None
    due = claim_phase(seen.now, volume).value

    return Obligation(f"phase {due}", _comes_to(due), not_after=seen.at + seen.tolerance.lateness)


def _comes_to(phase: str) -> Callable[[Seen], Held | Void | None]:
    """A claim reaches the phase; nothing is owed by one that is deleted or Lost first."""

    def settled(seen: Seen) -> Held | Void | None:
        if phase_of(seen.now) == phase:
            return HELD
        return VOID if seen.type == "DELETED" or phase_of(seen.now) == "Lost" else None

    return settled


def _rightly_lost(seen: Seen) -> Verdict:
    volume = volume_of(seen.world, seen.now)
    if volume is None or claim_phase(seen.before, volume).value == "Lost":
        return HELD
    uid = uid_of(seen.now)

    def settled(later: Seen) -> Held | None:
        lost = later.type == "DELETED" or reference_of(later.now).get("uid") != uid
        return HELD if lost else None

    return elsewhere(
        seen,
        (VOLUME, "", name_of(volume)),
        f"volume {name_of(volume)} gone, for its claim is Lost",
        f"volume {name_of(volume)} with the claim in its claimRef",
        settled,
        "PV-005",
    )


@law("PV-005", on=VOLUME)
def a_claim_without_its_volume_is_lost(seen: Seen) -> Verdict:
    """A volume that goes, or goes to another claim, leaves its claim Lost."""
    if seen.before is None:
        return None
    had = reference_of(seen.before).get("uid")
    stolen = reference_of(seen.now).get("uid") not in (None, "", had)
    if not had or not (stolen or seen.type == "DELETED"):
        return None
    claim = claim_of(seen.world, seen.before)
    if claim is None or volume_name(claim) != name_of(seen.now) or phase_of(claim) != "Bound":
        return None
    due = claim_phase(claim, None if seen.type == "DELETED" else seen.now).value
    return Obligation(
        f"claim {name_of(claim)} {due}, for its volume is gone",
        settled=_comes_to(due),
        not_after=seen.at + RESYNC + seen.tolerance.lateness,
        disturbed_by=frozenset({"create"}),
        on=key_of_claim(claim),
    )
