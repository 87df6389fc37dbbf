"""Operations as data: what a tester may do next, by stable names, decoded against the judged world.

An operation is a kind, a target and a choice. Its kind decodes it into a stimulus, or into nothing
where the world does not allow it; the choice is a number that the kind reads in its own way. Names
mean the same wherever they stand in a sequence, so a sequence shrinks by leaving operations out.

A whole sequence is drawn as one value, a tape of bytes: that costs a fraction of drawing it step by
step. The head of the tape selects a *swarm*, the kinds that this sequence uses at all, since a
sequence that does few things often gets further than one that does everything a little.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Final, TypeAlias, TypeVar

from attrs import frozen
from hypothesis import strategies as st

from spec_model.events import CAPABILITIES, Stimulus
from spec_model.world import World

TARGETS: Final = ("a", "b", "c")
"""The names that operations give to what they make."""

HEAD: Final = 8
"""Bytes of a tape that select the swarm."""

CELL: Final = 3
"""Bytes of a tape that make one operation: kind, target, choice."""

T = TypeVar("T")
Decode: TypeAlias = Callable[[World, str, int], "Stimulus | None"]


@frozen
class Kind:
    """One kind of operation: how likely it is drawn, what it needs, and what it comes to."""

    name: str
    decode: Decode
    weight: int
    capabilities: frozenset[str]


@frozen
class Operation:
    """One thing that a sequence wants to do."""

    kind: Kind
    target: str
    choice: int

    def stimulus(self, world: World) -> Stimulus | None:
        """What it comes to in this world; None where it is not possible now."""
        return self.kind.decode(world, self.target, self.choice)


class Subject:
    """The kinds of operations that make a subject's sequences, and the names that they may give."""

    def __init__(self, name: str, *parts: Subject, targets: Sequence[str] = TARGETS) -> None:
        self.name = name
        self.targets = targets
        self.kinds: list[Kind] = [kind for part in parts for kind in part.kinds]

    def operation(
        self, *, weight: int = 4, needs: Sequence[str] = ()
    ) -> Callable[[Decode], Decode]:
        """Registers the decorated function as a kind of operation of this name."""
        unknown = set(needs) - set(CAPABILITIES)
        assert not unknown, unknown

        def register(decode: Decode) -> Decode:
            name = decode.__name__.strip("_").replace("_", "-")
            self.kinds.append(Kind(name, decode, weight, frozenset(needs)))
            return decode

        return register

    def possible(self, capabilities: frozenset[str]) -> list[Kind]:
        """The kinds that an adapter with these capabilities can be asked for."""
        return [kind for kind in self.kinds if kind.capabilities <= capabilities]


def tapes(length: int) -> st.SearchStrategy[bytes]:
    """Tapes for sequences of that many operations."""
    size = HEAD + CELL * length
    return st.binary(min_size=size, max_size=size)


def operations(
    tape: bytes, kinds: Sequence[Kind], targets: Sequence[str] = TARGETS
) -> Iterator[Operation]:
    """The sequence that a tape means with these kinds and targets."""
    swarm = _swarm(tape[:HEAD], kinds)
    wheel = [kind for kind in swarm for _ in range(kind.weight)]
    if not wheel:
        return
    for start in range(HEAD, len(tape) - CELL + 1, CELL):
        spin, target, choice = tape[start : start + CELL]
        yield Operation(wheel[spin * len(wheel) // 256], targets[target % len(targets)], choice)


def _swarm(head: bytes, kinds: Sequence[Kind]) -> Sequence[Kind]:
    """Every kind where the first byte is even, else those whose bit is set; never none."""
    if not head or head[0] % 2 == 0:
        return kinds
    mask = int.from_bytes(head, "big") >> 1
    return [kind for index, kind in enumerate(kinds) if mask >> (index % 56) & 1] or kinds


def pick(choices: Sequence[T], choice: int) -> T:
    """One of the choices; the first ones are those of small numbers.

    >>> pick("abc", 0), pick("abc", 4)
    ('a', 'b')
    """
    return choices[choice % len(choices)]
