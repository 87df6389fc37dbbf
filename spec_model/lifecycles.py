"""Lifecycles: the phases and states of each kind as a directed graph, edges labelled with rules.

Observation is level-triggered, so a watch may skip states: a change between two *seen* states is
lawful if and only if the graph has a path. The graphs are MultiDiGraphs, because two rules may
give reasons for one transition.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any, Final, TypeAlias

import networkx as nx

Graph: TypeAlias = "nx.MultiDiGraph[str]"
Edge: TypeAlias = tuple[str, str, str]

BORN: Final = "∅"
"""Before the object exists."""
DELETED: Final = "Deleted"

PHASES: Final[tuple[Edge, ...]] = (
    (BORN, "Pending", "PHASE-002"),
    ("Pending", "Running", "PHASE-004"),
    ("Pending", "Succeeded", "PHASE-006"),
    ("Pending", "Failed", "INIT-004"),
    ("Pending", "Failed", "PHASE-007"),
    ("Pending", "Failed", "PHASE-012"),
    ("Pending", "Failed", "PHASE-013"),
    ("Running", "Pending", "INIT-009"),
    ("Running", "Succeeded", "PHASE-006"),
    ("Running", "Failed", "PHASE-007"),
    ("Running", "Failed", "PHASE-012"),
    ("Pending", DELETED, "PHASE-011"),
    ("Running", DELETED, "PHASE-011"),
    ("Succeeded", DELETED, "PHASE-011"),
    ("Failed", DELETED, "PHASE-011"),
)

CONTAINER: Final[tuple[Edge, ...]] = (
    ("Waiting", "Running", "PHASE-004"),
    ("Waiting", "Terminated", "PHASE-011"),
    ("Running", "Terminated", "PHASE-009"),
    ("Terminated", "Running", "RESTART-002"),
    ("Terminated", "CrashLoopBackOff", "BACKOFF-006"),
    ("CrashLoopBackOff", "Running", "BACKOFF-001"),
    ("CrashLoopBackOff", "Terminated", "RESTART-005"),
    ("Terminated", "Waiting", "INIT-009"),
    ("Running", "Waiting", "INIT-009"),
)

PV: Final[tuple[Edge, ...]] = (
    (BORN, "Pending", "PV-004"),
    ("Pending", "Available", "PV-004"),
    ("Pending", "Bound", "PV-010"),
    ("Available", "Bound", "PV-003"),
    ("Bound", "Released", "PV-004"),
    ("Released", "Available", "PV-008"),
    ("Released", "Available", "PV-006"),
    ("Released", "Failed", "PV-008"),
    ("Released", "Failed", "PV-007"),
    ("Released", DELETED, "PV-007"),
    ("Failed", "Available", "PV-008"),
    ("Pending", DELETED, "PV-004"),
    ("Available", DELETED, "PV-004"),
    ("Bound", DELETED, "PV-012"),
    ("Failed", DELETED, "PV-007"),
)

PVC: Final[tuple[Edge, ...]] = (
    (BORN, "Pending", "PV-005"),
    ("Pending", "Bound", "PV-005"),
    ("Bound", "Lost", "PV-005"),
    ("Pending", DELETED, "PV-012"),
    ("Bound", DELETED, "PV-012"),
    ("Lost", DELETED, "PV-012"),
)


def graph(edges: tuple[Edge, ...]) -> Graph:
    """The lifecycle that the edges make; each edge carries its ``rule``."""
    made: Graph = nx.MultiDiGraph()
    for source, target, rule in edges:
        made.add_edge(source, target, key=rule, rule=rule)
    return made


LIFECYCLES: Final[Mapping[str, Graph]] = {
    "PHASES": graph(PHASES),
    "CONTAINER": graph(CONTAINER),
    "PV": graph(PV),
    "PVC": graph(PVC),
}

TERMINAL: Final[Mapping[str, frozenset[str]]] = {
    "PHASES": frozenset({"Succeeded", "Failed"}),
    "CONTAINER": frozenset(),
    "PV": frozenset(),
    "PVC": frozenset({"Lost"}),
}
"""States that only the end of the object leaves."""


@cache
def _reachable(lifecycle: str, state: str) -> frozenset[str]:
    found = LIFECYCLES[lifecycle]
    return frozenset(nx.descendants(found, state)) | {state} if state in found else frozenset()


def lawful(lifecycle: str, before: str, now: str) -> bool:
    """Whether ``now`` may be seen after ``before``, whatever was skipped between.

    >>> lawful("PHASES", "Pending", "Succeeded"), lawful("PHASES", "Failed", "Running")
    (True, False)
    """
    return before == now or now in _reachable(lifecycle, before)


def container_state(status: Any) -> str:
    """The state of a container status in the graph CONTAINER; empty where it is unknown."""
    if status.state == "waiting":
        return "CrashLoopBackOff" if status.reason == "CrashLoopBackOff" else "Waiting"
    return STATES.get(status.state, "")


STATES: Final = {"running": "Running", "terminated": "Terminated"}


def edges_taken(kind: str, before: Any, now: Any, watch_type: str) -> Iterator[Edge]:
    """The edges of the lifecycle graphs that two successive views of an object have taken."""
    found = STEPS_OF.get(kind)
    if found is None:
        return
    for lifecycle, source, target in found(before, now, watch_type):
        if source != target and LIFECYCLES[lifecycle].has_edge(source, target):
            yield lifecycle, source, target


def _pod_steps(before: Any, now: Any, watch_type: str) -> Iterator[Edge]:
    source = BORN if before is None else before.phase
    if watch_type == "DELETED":
        yield "PHASES", source, now.phase
        yield "PHASES", now.phase, DELETED
        return
    yield "PHASES", source, now.phase
    if before is None:
        return
    for name, status in now.statuses.items():
        earlier = before.statuses.get(name)
        if earlier is not None and earlier is not status:
            yield "CONTAINER", container_state(earlier), container_state(status)


def _steps_by_phase(lifecycle: str) -> Callable[[Any, Any, str], Iterator[Edge]]:
    def steps(before: Any, now: Any, watch_type: str) -> Iterator[Edge]:
        source = BORN if before is None else phase_of(before)
        yield lifecycle, source, phase_of(now)
        if watch_type == "DELETED":
            yield lifecycle, phase_of(now), DELETED

    return steps


def phase_of(manifest: Mapping[str, Any]) -> str:
    """``status.phase`` of a manifest; ``Pending`` while it has none."""
    return (manifest.get("status") or {}).get("phase") or "Pending"


STEPS_OF: Final[Mapping[str, Callable[[Any, Any, str], Iterator[Edge]]]] = {
    "Pod": _pod_steps,
    "PersistentVolume": _steps_by_phase("PV"),
    "PersistentVolumeClaim": _steps_by_phase("PVC"),
}
