"""What laws remember has one owner: no two modules keep different things under one name."""

from __future__ import annotations

from spec_model import judge
from spec_model.law import NOTES

SHARED = {"stopped"}
"""Notes of which a module folds in more on purpose."""


def test_a_note_belongs_to_one_module() -> None:
    judge.load_laws()
    owners: dict[str, set[str]] = {}
    for notes in NOTES.values():
        for each in notes:
            owners.setdefault(each.name, set()).add(each.remember.__module__)
    assert {
        name: found for name, found in owners.items() if len(found) > 1 and name not in SHARED
    } == {}
