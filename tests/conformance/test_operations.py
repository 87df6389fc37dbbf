"""Operations: tapes become sequences of stable names, decoded against the judged world."""

from __future__ import annotations

import pytest
from hypothesis import given

from conformance.machines import SUBJECTS
from spec_model.events import CAPABILITIES, check_stimulus
from spec_model.world import World
from strategies.operations import HEAD, TARGETS, operations, tapes

EVERYTHING = frozenset(CAPABILITIES)


@pytest.mark.parametrize("name", SUBJECTS)
def test_every_operation_decodes_in_an_empty_world(name: str) -> None:
    for kind in SUBJECTS[name].kinds:
        for target in TARGETS:
            for choice in range(0, 256, 5):
                action = kind.decode(World(), target, choice)
                if action is not None:
                    check_stimulus(action)


@given(tapes(20))
def test_a_tape_means_the_same_every_time(tape: bytes) -> None:
    kinds = SUBJECTS["cluster"].possible(EVERYTHING)
    assert list(operations(tape, kinds)) == list(operations(tape, kinds))


def test_an_even_head_uses_every_kind() -> None:
    kinds = SUBJECTS["lifecycle"].possible(EVERYTHING)
    tape = bytes(HEAD) + b"".join(bytes([spin, 0, 0]) for spin in range(256))
    assert {each.kind for each in operations(tape, kinds)} == set(kinds)


def test_a_swarm_uses_some_kinds() -> None:
    kinds = SUBJECTS["lifecycle"].possible(EVERYTHING)
    tape = bytes([1, 0, 0, 0, 0, 0, 0, 7]) + b"".join(bytes([spin, 0, 0]) for spin in range(256))
    assert {each.kind for each in operations(tape, kinds)} < set(kinds)


def test_what_an_adapter_cannot_do_is_not_drawn() -> None:
    kinds = SUBJECTS["lifecycle"].possible(frozenset({"api"}))
    assert "container-exits" not in {kind.name for kind in kinds}


def test_no_kinds_no_operations() -> None:
    assert not list(operations(bytes(80), []))
