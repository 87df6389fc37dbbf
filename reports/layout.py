"""A layered layout for small directed graphs, left to right; enough for lifecycles.

The usual four steps (Sugiyama, Tagawa, Toda 1981): break cycles, layer by longest path, order each
layer by the barycentres of its neighbours, then give coordinates. An edge that spans several layers
passes through a waypoint in each, so that it does not run through a state.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Final, TypeAlias

from attrs import frozen

Edge: TypeAlias = tuple[str, str]
Slot: TypeAlias = str | tuple[str, str, int]
"""A state, or the waypoint of an edge in a layer."""

COLUMN_GAP: Final = 124.0
ROW: Final = 64.0
HALF_NODE: Final = 17.0
LETTER: Final = 8.0
LOOP: Final = 28.0
SWEEPS: Final = 8


@frozen
class Point:
    """A place in a drawing, in pixels, y downwards."""

    x: float
    y: float


@frozen
class Layout:
    """Where everything of a graph lies; all coordinates are zero or more.

    Attributes:
        nodes: the centre of each state.
        routes: the points an edge runs through, from border to border.
        labels: where an edge's label has its centre.
    """

    nodes: Mapping[str, Point]
    widths: Mapping[str, float]
    routes: Mapping[Edge, tuple[Point, ...]]
    labels: Mapping[Edge, Point]
    width: float
    height: float


def lay_out(nodes: Sequence[str], edges: Sequence[Edge]) -> Layout:
    """Lays out a graph of a few dozen states at most; states without a way in stand left."""
    proper = [edge for edge in edges if edge[0] != edge[1]]
    backward = _backward(nodes, proper)
    forward = [(b, a) if (a, b) in backward else (a, b) for a, b in proper]
    layer = _layers(nodes, forward)
    columns, links = _columns(nodes, proper, backward, layer)
    _untangle(columns, links)
    return _place(nodes, edges, columns, links, layer, backward)


def _backward(nodes: Sequence[str], edges: Sequence[Edge]) -> frozenset[Edge]:
    """The edges that lead back to a state still being walked, depth first from the entries."""
    out: dict[str, list[str]] = {node: [] for node in nodes}
    for source, target in edges:
        out[source].append(target)
    entered = {target for _, target in edges}
    found: set[Edge] = set()
    done: set[str] = set()

    def walk(node: str, path: frozenset[str]) -> None:
        done.add(node)
        for target in out[node]:
            if target in path:
                found.add((node, target))
            elif target not in done:
                walk(target, path | {target})

    for node in sorted(nodes, key=lambda node: node in entered):
        if node not in done:
            walk(node, frozenset({node}))
    return frozenset(found)


def _layers(nodes: Sequence[str], edges: Sequence[Edge]) -> Mapping[str, int]:
    """Each state one to the right of the last that leads to it (the longest way)."""
    layer = dict.fromkeys(nodes, 0)
    for _ in nodes:
        for source, target in edges:
            layer[target] = max(layer[target], layer[source] + 1)
    return layer


def _columns(
    nodes: Sequence[str], edges: Sequence[Edge], backward: frozenset[Edge], layer: Mapping[str, int]
) -> tuple[list[list[Slot]], list[tuple[Slot, Slot]]]:
    """The slots of each layer, and which slots of neighbouring layers are joined."""
    columns: list[list[Slot]] = [[] for _ in range(max(layer.values(), default=0) + 1)]
    for node in nodes:
        columns[layer[node]].append(node)
    links: list[tuple[Slot, Slot]] = []
    for edge in edges:
        left, right = reversed(edge) if edge in backward else edge
        previous: Slot = left
        for column in range(layer[left] + 1, layer[right]):
            waypoint = (*edge, column)
            columns[column].append(waypoint)
            links.append((previous, waypoint))
            previous = waypoint
        links.append((previous, right))
    return columns, links


def _untangle(columns: list[list[Slot]], links: Sequence[tuple[Slot, Slot]]) -> None:
    """Orders every column by where its neighbours stand, to and fro, and keeps the best order."""
    best, fewest = [list(column) for column in columns], _crossings(columns, links)
    for sweep in range(SWEEPS):
        rightwards = sweep % 2 == 0
        order = range(1, len(columns)) if rightwards else range(len(columns) - 2, -1, -1)
        for index in order:
            beside = columns[index - 1 if rightwards else index + 1]
            columns[index] = _by_barycentre(columns[index], beside, links)
        if (crossings := _crossings(columns, links)) < fewest:
            best, fewest = [list(column) for column in columns], crossings
    columns[:] = best


def _by_barycentre(
    column: list[Slot], beside: list[Slot], links: Sequence[tuple[Slot, Slot]]
) -> list[Slot]:
    rank = {slot: index for index, slot in enumerate(beside)}
    weight: dict[Slot, float] = {}
    for index, slot in enumerate(column):
        near = [
            rank[b if a == slot else a] for a, b in links if slot in (a, b) and _other(a, b, rank)
        ]
        weight[slot] = sum(near) / len(near) if near else float(index)
    return sorted(column, key=lambda slot: weight[slot])


def _other(left: Slot, right: Slot, rank: Mapping[Slot, int]) -> bool:
    return left in rank or right in rank


def _crossings(columns: Sequence[Sequence[Slot]], links: Sequence[tuple[Slot, Slot]]) -> int:
    place = {slot: (c, r) for c, column in enumerate(columns) for r, slot in enumerate(column)}
    ends = [(place[a], place[b]) for a, b in links]
    return sum(
        a[0] == c[0] and (a[1] - c[1]) * (b[1] - d[1]) < 0
        for index, (a, b) in enumerate(ends)
        for c, d in ends[:index]
    )


def _place(
    nodes: Sequence[str],
    edges: Sequence[Edge],
    columns: Sequence[Sequence[Slot]],
    links: Sequence[tuple[Slot, Slot]],
    layer: Mapping[str, int],
    backward: frozenset[Edge],
) -> Layout:
    widths = {node: LETTER * len(node) + 26 for node in nodes}
    rows = _rows(columns, links)
    slots: dict[Slot, Point] = {}
    left = 0.0
    for column in columns:
        broad = max((widths[slot] for slot in column if isinstance(slot, str)), default=40.0)
        slots |= {slot: Point(left + broad / 2, rows[slot]) for slot in column}
        left += broad + COLUMN_GAP
    down = _headroom(edges, slots)
    slots = {slot: Point(at.x, at.y + down) for slot, at in slots.items()}
    routes = {edge: _route(edge, slots, widths, layer, backward, set(edges)) for edge in edges}
    return Layout(
        nodes={node: slots[node] for node in nodes},
        widths=widths,
        routes=routes,
        labels=_labels(routes),
        width=max(left - COLUMN_GAP, 0.0),
        height=max((at.y + HALF_NODE for at in slots.values()), default=0.0),
    )


def _headroom(edges: Sequence[Edge], slots: Mapping[Slot, Point]) -> float:
    """How far all must move down so that nothing, loops included, sticks out above zero."""
    tops = [at.y - HALF_NODE for at in slots.values()]
    tops += [slots[a].y - HALF_NODE - LOOP for a, b in edges if a == b]
    return -min(tops, default=0.0)


def _rows(
    columns: Sequence[Sequence[Slot]], links: Sequence[tuple[Slot, Slot]]
) -> dict[Slot, float]:
    """How low each slot stands: near the mean of its neighbours, so that long edges run straight."""
    near: dict[Slot, list[Slot]] = {slot: [] for column in columns for slot in column}
    for left, right in links:
        near[left].append(right)
        near[right].append(left)
    rows: dict[Slot, float] = {}
    for column in columns:
        rows |= _stacked(column, dict.fromkeys(column, 0.0))
    for sweep in range(SWEEPS):
        for column in columns if sweep % 2 else reversed(columns):
            rows |= _stacked(column, {slot: _mean(slot, near[slot], rows) for slot in column})
    return rows


def _mean(slot: Slot, near: Sequence[Slot], rows: Mapping[Slot, float]) -> float:
    return sum(rows[other] for other in near) / len(near) if near else rows[slot]


def _stacked(column: Sequence[Slot], wanted: Mapping[Slot, float]) -> dict[Slot, float]:
    """The slots of a column in their order and apart, together as near to their wishes as can be."""
    rows: dict[Slot, float] = {}
    floor = -math.inf
    for above, slot in zip((None, *column), column, strict=False):
        if above is not None:
            floor = rows[above] + (_room(above) + _room(slot)) / 2
        rows[slot] = max(wanted[slot], floor)
    shift = sum(wanted[slot] - rows[slot] for slot in column) / max(len(column), 1)
    return {slot: row + shift for slot, row in rows.items()}


def _room(slot: Slot) -> float:
    return ROW if isinstance(slot, str) else ROW * 0.55


def _route(
    edge: Edge,
    slots: Mapping[Slot, Point],
    widths: Mapping[str, float],
    layer: Mapping[str, int],
    backward: frozenset[Edge],
    edges: set[Edge],
) -> tuple[Point, ...]:
    source, target = edge
    start, end = slots[source], slots[target]
    if source == target:
        return _loop(start)
    # Two states that lead to each other get two lines, one a little above the other.
    lane = (8.0 if edge in backward else -8.0) if (target, source) in edges else 0.0
    side = -1 if edge in backward else 1
    columns = range(layer[source] + side, layer[target], side)
    return (
        Point(start.x + side * widths[source] / 2, start.y + lane),
        *(slots[(source, target, column)] for column in columns),
        Point(end.x - side * widths[target] / 2, end.y + lane),
    )


def _loop(at: Point) -> tuple[Point, ...]:
    """From the top of a state back into it."""
    top = at.y - HALF_NODE
    return (
        Point(at.x + 14, top),
        Point(at.x + 30, top - LOOP),
        Point(at.x - 30, top - LOOP),
        Point(at.x - 14, top),
    )


def _labels(routes: Mapping[Edge, tuple[Point, ...]]) -> Mapping[Edge, Point]:
    """Half-way along each route; in lanes, one sits left of the middle and the other right."""
    labels = {}
    for (source, target), route in routes.items():
        if source == target:
            labels[source, target] = Point((route[0].x + route[3].x) / 2, route[1].y + 7)
            continue
        middle = len(route) // 2
        a, b = route[middle - 1], route[middle]
        part = 0.3 if (target, source) in routes else 0.5
        labels[source, target] = Point(a.x + (b.x - a.x) * part, a.y + (b.y - a.y) * _smooth(part))
    return labels


def _smooth(part: float) -> float:
    """How far down a curve is that leaves and arrives level."""
    return part * part * (3 - 2 * part)
