"""Lifecycle graphs, drawn."""

from __future__ import annotations

from xml.etree import ElementTree

import networkx as nx
import pytest

from reports.graph import coverage, dot, mermaid, svg, transitions
from reports.layout import lay_out
from tests.reports.streams import container

TAKEN = {("Waiting", "Running"): 412, ("Running", "Terminated"): 93}


def test_parallel_edges_are_one_transition_with_both_rules() -> None:
    found = {(edge.source, edge.target): edge.rules for edge in transitions(container(), {})}
    assert found["Waiting", "Terminated"] == ("PHASE-002", "PHASE-003")


def test_coverage_counts_transitions() -> None:
    assert coverage(container(), TAKEN) == (2, 6)


def test_mermaid_tells_taken_from_untaken() -> None:
    text = mermaid(container(), TAKEN)
    assert 'n0 -->|"PHASE-003 412×"| n1' in text
    assert 'n2 -.->|"BACKOFF-001"| n0' in text


def test_dot_tells_taken_from_untaken() -> None:
    text = dot(container(), TAKEN)
    assert '"Waiting" -> "Running" [label="PHASE-003 412×", style=solid];' in text
    assert '"Waiting" -> "Waiting" [label="", style=dashed];' in text


def test_names_cannot_break_out_of_dot() -> None:
    graph: nx.MultiDiGraph[str] = nx.MultiDiGraph()
    graph.add_node('a"b\\')
    assert '"a\\"b\\\\"' in dot(graph, {})


def test_svg_is_xml_and_draws_every_state() -> None:
    root = ElementTree.fromstring(svg(container(), TAKEN, 'a "title" & <more>'))
    texts = [element.text for element in root.iter("{http://www.w3.org/2000/svg}text")]
    assert {"Waiting", "Running", "Terminated", "412×", "93×"} == set(texts)


def test_svg_dashes_what_was_not_taken() -> None:
    root = ElementTree.fromstring(svg(container(), TAKEN))
    paths = [path for path in root.iter() if path.get("class") in ("edge taken", "edge untaken")]
    dashed = [path.get("stroke-dasharray") is not None for path in paths]
    assert dashed == [path.get("class") == "edge untaken" for path in paths]
    assert dashed.count(False) == 2


def test_two_drawings_share_no_id() -> None:
    assert 'id="arrow-a-taken"' in svg(container(), {}, "a")
    assert 'id="arrow-b-taken"' in svg(container(), {}, "b")


@pytest.mark.parametrize("seed", range(8))
def test_no_two_states_overlap_and_all_lies_inside(seed: int) -> None:
    random = nx.gnp_random_graph(14, 0.18, seed=seed, directed=True)
    nodes = [f"State{node}" for node in random.nodes]
    layout = lay_out(nodes, [(f"State{a}", f"State{b}") for a, b in random.edges])
    boxes = [(layout.nodes[n].x, layout.nodes[n].y, layout.widths[n]) for n in nodes]
    for index, (x, y, width) in enumerate(boxes):
        assert 0 <= x - width / 2 <= x + width / 2 <= layout.width
        assert 17 <= y <= layout.height - 17
        assert all(abs(x - a) >= (width + b) / 2 or abs(y - c) >= 34 for a, c, b in boxes[:index])


def test_a_chain_reads_left_to_right() -> None:
    layout = lay_out(["a", "b", "c"], [("a", "b"), ("b", "c"), ("c", "a")])
    assert layout.nodes["a"].x < layout.nodes["b"].x < layout.nodes["c"].x


def test_an_empty_graph_is_drawn() -> None:
    ElementTree.fromstring(svg(nx.MultiDiGraph(), {}))
