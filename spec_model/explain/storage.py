"""What follows from a PersistentVolume."""

from __future__ import annotations

from spec_model.events import Manifest
from spec_model.explain.statement import Others, Statement, Statements
from spec_model.profiles import Profile
from spec_model.storage.lifecycle import reclaim_policy


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
