"""Exploration: proofs on the lifecycle graphs, and the whole state space of a Pod."""

from __future__ import annotations

import pytest

from spec_model.explore import explore, prove
from spec_model.lifecycles import LIFECYCLES, TERMINAL, graph, lawful
from spec_model.pod import transitions


@pytest.mark.parametrize("name", LIFECYCLES)
def test_what_can_be_proved_holds(name: str) -> None:
    assert [proof.counterexample for proof in prove(name)] == ["", "", ""]


def test_a_broken_graph_is_refuted(monkeypatch: pytest.MonkeyPatch) -> None:
    broken = graph((("A", "B", "X-001"), ("B", "A", "X-002"), ("C", "D", "X-003")))
    monkeypatch.setitem(LIFECYCLES, "BROKEN", broken)  # type: ignore[arg-type]
    monkeypatch.setitem(TERMINAL, "BROKEN", frozenset({"B"}))  # type: ignore[arg-type]
    assert [proof.counterexample for proof in prove("BROKEN")] == ["B → A", "C", "D"]


def test_skipped_states_are_lawful() -> None:
    assert lawful("PHASES", "Pending", "Failed")
    assert not lawful("PHASES", "Succeeded", "Running")


def test_the_whole_pod_keeps_its_invariants() -> None:
    start = [transitions.fresh(policy) for policy in ("Always", "OnFailure", "Never")]
    found = explore(start, transitions.successors, transitions.INVARIANTS)
    assert found.states > 5000
    assert found.broken == ()


def test_dead_ends_are_ends() -> None:
    start = [transitions.fresh(policy) for policy in ("Always", "OnFailure", "Never")]
    found = explore(start, transitions.successors)
    stuck = [pod for pod in found.dead_ends if pod.phase == "Running"]
    assert not stuck


def test_a_broken_invariant_comes_with_a_shortest_path() -> None:
    found = explore(
        [0],
        lambda state: [("up", state + 1), ("twice", state + 2)] if state < 9 else [],
        [lambda _, after: "seven" if after == 7 else None],
    )
    assert min(len(broken.path) for broken in found.broken) == 4
