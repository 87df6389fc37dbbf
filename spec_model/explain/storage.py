"""What follows from a PersistentVolume, and which volumes a claim may be bound to."""

from __future__ import annotations

from spec_model.events import Manifest
from spec_model.explain.statement import Others, Statement, Statements
from spec_model.profiles import Profile
from spec_model.storage.lifecycle import reclaim_policy
from spec_model.storage.matching import legal_matches


def volume(manifest: Manifest, _: Others, __: Profile, ___: int) -> Statements:
    policy = reclaim_policy(manifest)
    fates = {
        "Retain": "stays, phase Released, until an administrator frees it",
        "Delete": "is deleted with what backs it",
        "Recycle": "is scrubbed and Available again",
    }
    rules = {"Retain": "PV-006", "Delete": "PV-007", "Recycle": "PV-008"}
    yield Statement("reclaim policy", policy.value, policy.because)
    yield Statement("when its claim is deleted", fates[policy.value], rules[policy.value])


def claim(manifest: Manifest, others: Others, profile: Profile, _: int) -> Statements:
    volumes = [each for each in others if each.get("kind") == "PersistentVolume"]
    if not volumes:
        yield Statement("binding", "Pending while no volume matches", "PV-005")
        return
    available = [
        {**each, "status": each.get("status") or {"phase": "Available"}} for each in volumes
    ]
    legal = legal_matches(manifest, available, profile=profile)
    says = " or ".join(sorted(legal.value)) or "none of the volumes given: Pending"
    yield Statement("volume to be bound", says, legal.because)
