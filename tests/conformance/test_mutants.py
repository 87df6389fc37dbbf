"""The kill table: a fault that breaks the simulator is a row with nobody blamed."""

from __future__ import annotations

from typing import Any

import pytest

from conformance import mutants
from conformance.mutants import SIMULATOR, Mutant, table

SETTLE = f"{SIMULATOR}.engine:Engine.settle"


def broken(_: Any) -> Any:
    return None


def row(monkeypatch: pytest.MonkeyPatch, *targets: str) -> Any:
    made = Mutant("broken", "It is broken.", "PHASE-007", targets, broken, "v1.36")
    monkeypatch.setattr(table, "all_mutants", lambda: (made,))
    (found,) = table.try_all(rules=["PHASE-007"], budget="quick")
    return found


def test_a_fault_that_stops_the_simulator_blames_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    found = row(monkeypatch, SETTLE)
    assert (found.killed, found.blamed) == (False, ())
    assert "'NoneType' object is not callable" in found.error


def test_a_fault_that_cannot_be_put_in_is_a_row(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "nowhere" in row(monkeypatch, f"{SIMULATOR}.nowhere:nothing").error


def test_every_mutant_has_a_name_of_its_own() -> None:
    names = [(found.rule, found.name) for found in mutants.all_mutants()]
    assert len(names) == len(set(names))
