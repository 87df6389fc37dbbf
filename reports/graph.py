"""Lifecycle graphs with what was seen of them: as Mermaid, as DOT and as SVG.

A graph is a networkx MultiDiGraph whose nodes are state names and whose edges may name a ``rule``.
Parallel edges (two reasons for one transition) are drawn as one, with all their rules.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from html import escape
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from attrs import frozen

from reports.layout import Layout, Point, lay_out

if TYPE_CHECKING:
    from networkx import MultiDiGraph

    Graph: TypeAlias = MultiDiGraph[str]

Taken: TypeAlias = Mapping[tuple[str, str], int]
"""How often each transition (source, target) was seen."""

NODE_HEIGHT: Final = 34
MARGIN: Final = 16


@frozen
class Transition:
    """All parallel edges between two states, and how often they were taken."""

    source: str
    target: str
    rules: tuple[str, ...]
    count: int


def transitions(graph: Graph, taken: Taken) -> tuple[Transition, ...]:
    """The distinct transitions of a graph in its own order, with their counts."""
    rules: dict[tuple[str, str], list[str]] = {}
    for source, target, data in graph.edges(data=True):
        found = rules.setdefault((source, target), [])
        if (rule := data.get("rule")) and rule not in found:
            found.append(rule)
    return tuple(
        Transition(source, target, tuple(found), taken.get((source, target), 0))
        for (source, target), found in rules.items()
    )


def coverage(graph: Graph, taken: Taken) -> tuple[int, int]:
    """How many transitions were taken, and how many there are."""
    edges = transitions(graph, taken)
    return sum(edge.count > 0 for edge in edges), len(edges)


def mermaid(graph: Graph, taken: Taken) -> str:
    """The graph as a Mermaid flowchart: taken edges solid with their count, others dashed."""
    names = {node: f"n{index}" for index, node in enumerate(graph.nodes)}
    lines = ["flowchart LR", *(f'    {names[n]}["{_quoted(n)}"]' for n in names)]
    for edge in transitions(graph, taken):
        arrow = "-->" if edge.count else "-.->"
        label = f'|"{_quoted(_label(edge))}"|' if _label(edge) else ""
        lines.append(f"    {names[edge.source]} {arrow}{label} {names[edge.target]}")
    return "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    return text.replace('"', "#quot;")


def dot(graph: Graph, taken: Taken, name: str = "lifecycle") -> str:
    """The graph in the language of Graphviz."""
    lines = [f"digraph {_dot(name)} {{", "  rankdir=LR;", "  node [shape=box, style=rounded];"]
    lines += [f"  {_dot(node)};" for node in graph.nodes]
    for edge in transitions(graph, taken):
        style = "solid" if edge.count else "dashed"
        lines.append(
            f"  {_dot(edge.source)} -> {_dot(edge.target)}"
            f" [label={_dot(_label(edge))}, style={style}];"
        )
    return "\n".join([*lines, "}"]) + "\n"


def _dot(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _label(edge: Transition) -> str:
    times = f"{edge.count}×" if edge.count else ""
    return " ".join(part for part in (", ".join(edge.rules), times) if part)


def svg(graph: Graph, taken: Taken, title: str = "lifecycle") -> str:
    """The graph as a drawing that stands alone or inside a page.

    Colours come from ``currentColor`` and from the classes ``state``, ``edge taken`` and
    ``edge untaken``, so that a page can restyle it; without a page it is legible too.
    """
    edges = transitions(graph, taken)
    layout = lay_out(list(graph.nodes), [(edge.source, edge.target) for edge in edges])
    width, height = layout.width + 2 * MARGIN, layout.height + 2 * MARGIN
    visited = {state for edge in edges if edge.count for state in (edge.source, edge.target)}
    mark = "arrow-" + re.sub(
        r"\W+", "-", title
    )  # ids are the page's: two drawings must not share one
    parts = [
        *_head(title, width, height, mark, coverage(graph, taken)),
        *(_edge(edge, layout, mark) for edge in edges),
        *(_state(name, layout, name in visited) for name in graph.nodes),
        *(_edge_label(edge, layout) for edge in edges),
        "</svg>",
    ]
    return "\n".join(parts)


def _head(
    title: str, width: float, height: float, mark: str, seen: tuple[int, int]
) -> Iterator[str]:
    box = f"{-MARGIN} {-MARGIN} {width:.0f} {height:.0f}"
    yield (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="lifecycle" role="img" viewBox="{box}" '
        f'width="{width:.0f}" height="{height:.0f}" font-family="system-ui, sans-serif" '
        'fill="none" stroke="currentColor">'
    )
    yield f"<title>{escape(title)}: {seen[0]} of {seen[1]} transitions seen</title>"
    for kind, opacity in (("taken", "1"), ("untaken", "0.55")):
        yield (
            f'<defs><marker id="{mark}-{kind}" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" '
            f'markerHeight="7" orient="auto"><path class="head {kind}" d="M0 0 8 4 0 8Z" '
            f'fill="currentColor" stroke="none" opacity="{opacity}"/></marker></defs>'
        )


def _state(name: str, layout: Layout, visited: bool) -> str:
    at, width = layout.nodes[name], layout.widths[name]
    corner = f'x="{at.x - width / 2:.1f}" y="{at.y - NODE_HEIGHT / 2:.1f}"'
    weight = "2" if visited else "1"
    kind = "visited" if visited else "unvisited"
    return (
        f'<g class="state {kind}"><rect {corner} '
        f'width="{width:.1f}" height="{NODE_HEIGHT}" rx="9" fill="none" stroke-width="{weight}"/>'
        f'<text x="{at.x:.1f}" y="{at.y + 4.5:.1f}" text-anchor="middle" font-size="13" '
        f'font-weight="600" fill="currentColor" stroke="none">{escape(name)}</text></g>'
    )


def _edge(edge: Transition, layout: Layout, mark: str) -> str:
    kind = "taken" if edge.count else "untaken"
    strokes: dict[str, Any] = {"taken": 'stroke-width="1.8"'}
    strokes["untaken"] = 'stroke-width="1.2" stroke-dasharray="5 4" opacity="0.55"'
    rules = f" ({', '.join(edge.rules)})" if edge.rules else ""
    seen = f"seen {edge.count} times" if edge.count else "never seen"
    return (
        f'<path class="edge {kind}" d="{_curve(layout.routes[edge.source, edge.target])}" '
        f'{strokes[kind]} marker-end="url(#{mark}-{kind})">'
        f"<title>{escape(f'{edge.source} → {edge.target}: {seen}{rules}')}</title></path>"
    )


def _curve(route: tuple[Point, ...]) -> str:
    """A route as a smooth path: four points are a loop, others bend half-way between columns."""
    first, *rest = route
    path = f"M{first.x:.1f} {first.y:.1f}"
    if len(route) == 4 and first.x > route[-1].x and first.y == route[-1].y:
        return path + " C" + " ".join(f"{p.x:.1f} {p.y:.1f}" for p in rest)
    for before, after in zip(route, rest, strict=False):
        middle = (before.x + after.x) / 2
        path += (
            f" C{middle:.1f} {before.y:.1f} {middle:.1f} {after.y:.1f} {after.x:.1f} {after.y:.1f}"
        )
    return path


def _edge_label(edge: Transition, layout: Layout) -> str:
    if not edge.count:
        return ""
    at = layout.labels[edge.source, edge.target]
    text = f"{edge.count}×"
    width = 7 * len(text) + 8
    return (
        f'<g class="count"><rect x="{at.x - width / 2:.1f}" y="{at.y - 9:.1f}" width="{width}" '
        'height="18" rx="9" fill="Canvas" stroke="none"/>'
        f'<text x="{at.x:.1f}" y="{at.y + 4:.1f}" text-anchor="middle" font-size="11.5" '
        f'fill="currentColor" stroke="none">{text}</text></g>'
    )
