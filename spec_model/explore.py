"""What can be proved: every reachable state of a lifecycle, and what holds in all of them.

``prove`` looks at a lifecycle graph; ``explore`` walks any transition system breadth first, so the
path it returns to a state that breaks an invariant is a shortest one.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping
from typing import Generic, TypeAlias, TypeVar

import networkx as nx
from attrs import frozen

from spec_model.lifecycles import BORN, DELETED, LIFECYCLES, TERMINAL, Graph

S = TypeVar("S", bound=Hashable)
Step: TypeAlias = tuple[str, S]
"""What happened, and the state after it."""

Invariant: TypeAlias = Callable[[S, S], str | None]
"""Looks at a state and its successor; says what is broken, or None."""


@frozen
class Proof:
    """A claim about a lifecycle graph; ``counterexample`` is empty where it holds."""

    claim: str
    counterexample: str = ""

    @property
    def holds(self) -> bool:
        """Whether the claim holds."""
        return not self.counterexample


@frozen
class Broken(Generic[S]):
    """A transition that breaks an invariant, and the shortest way there."""

    what: str
    path: tuple[str, ...]
    state: S


@frozen
class Explored(Generic[S]):
    """All that is reachable."""

    states: int
    transitions: int
    dead_ends: tuple[S, ...]
    broken: tuple[Broken[S], ...]


def prove(name: str) -> tuple[Proof, ...]:
    """What can be proved of a lifecycle by looking at its graph alone."""
    graph, terminal = LIFECYCLES[name], TERMINAL[name]
    return (
        Proof(
            "terminal states absorb: only the end of the object leaves them", _left(graph, terminal)
        ),
        Proof("every state is reachable", _unreachable(graph)),
        Proof("no dead end that is not terminal", _dead_end(graph, terminal)),
    )


def _left(graph: Graph, terminal: Iterable[str]) -> str:
    ways = (
        f"{state} → {after}"
        for state in terminal
        for after in graph.successors(state)
        if after not in (DELETED, state)
    )
    return next(ways, "")


def _unreachable(graph: Graph) -> str:
    start = first_state(graph)
    reachable = nx.descendants(graph, start) | {start}
    return next((state for state in graph if state not in reachable), "")


def _dead_end(graph: Graph, terminal: frozenset[str]) -> str:
    final = terminal | {DELETED}
    stuck = (state for state in graph if not graph.out_degree(state) and state not in final)
    return next(stuck, "")


def first_state(graph: Graph) -> str:
    """Where a lifecycle begins."""
    return BORN if BORN in graph else next(iter(graph))


def explore(
    start: Iterable[S],
    successors: Callable[[S], Iterable[Step[S]]],
    invariants: Iterable[Invariant[S]] = (),
) -> Explored[S]:
    """Walks everything that is reachable from ``start``, with the invariants on every transition."""
    checks = tuple(invariants)
    came_from: dict[S, tuple[S, str] | None] = dict.fromkeys(start)
    frontier = list(came_from)
    dead_ends: list[S] = []
    broken: list[Broken[S]] = []
    transitions = 0
    while frontier:
        reached: list[S] = []
        for state in frontier:
            moved = False
            for what, after in successors(state):
                moved = True
                transitions += 1
                for check in checks:
                    if (complaint := check(state, after)) is not None:
                        path = (*_path(came_from, state), what)
                        broken.append(Broken(complaint, path, after))
                if after not in came_from:
                    came_from[after] = (state, what)
                    reached.append(after)
            if not moved:
                dead_ends.append(state)
        frontier = reached
    return Explored(len(came_from), transitions, tuple(dead_ends), tuple(broken))


def _path(came_from: Mapping[S, tuple[S, str] | None], state: S) -> tuple[str, ...]:
    steps: list[str] = []
    origin = came_from[state]
    while origin is not None:
        before, what = origin
        steps.append(what)
        origin = came_from[before]
    return tuple(reversed(steps))
