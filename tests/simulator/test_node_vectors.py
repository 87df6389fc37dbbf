"""The pure functions of the node agree with Kubernetes 1.36.2 on every recorded line."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from conformance.adapters.simulator import predicates
from conformance.adapters.simulator.kubelet import backoff, cgroups, conditions, oom, phase, restart
from conformance.adapters.simulator.settings import V1_36

VECTORS = Path(__file__).parents[2] / "conformance" / "vectors"

FUNCTIONS: dict[str, Callable[[dict[str, Any]], Any]] = {
    "pod.phase": lambda given: phase.pod_phase(given, V1_36),
    "pod.conditions": conditions.pod_conditions,
    "container.should_restart": restart.restart_of,
    "restart.backoff": lambda given: backoff.delays_of_runs(given, V1_36),
    "container.oom_score_adj": lambda given: oom.container_score_adj(given, V1_36),
    "scheduler.fits": lambda given: predicates.fits(given, V1_36),
    "node_selector.matches": lambda given: predicates.node_selector_matches(given, V1_36),
}


@pytest.mark.parametrize("function", FUNCTIONS)
def test_agrees_with_the_recorded_vectors(function: str) -> None:
    for line in (VECTORS / f"{function}.jsonl").read_text().splitlines():
        vector = json.loads(line)
        assert FUNCTIONS[function](vector["arguments"]) == vector["result"], vector["id"]


@pytest.mark.parametrize(
    ("request_milli", "shares", "linear", "quadratic"),
    [
        (0, 2, 1, 1),
        (1, 2, 1, 1),
        (10, 10, 1, 4),
        (100, 102, 4, 17),
        (200, 204, 8, 29),
        (250, 256, 10, 35),
        (500, 512, 20, 59),
        (1000, 1024, 39, 100),
        (2000, 2048, 79, 174),
        (256_000, 262_144, 10_000, 10_000),
    ],
)
def test_shares_and_weights(request_milli: int, shares: int, linear: int, quadratic: int) -> None:
    assert cgroups.shares(request_milli, V1_36) == shares
    assert cgroups.weight(shares, "linear") == linear
    assert cgroups.weight(shares, "quadratic") == quadratic


@pytest.mark.parametrize(
    ("limit_milli", "quota"), [(1, 1000), (2, 1000), (10, 1000), (100, 10_000), (1000, 100_000)]
)
def test_quota(limit_milli: int, quota: int) -> None:
    assert cgroups.quota(limit_milli, V1_36) == quota


def test_an_unknown_weight_map_is_refused() -> None:
    with pytest.raises(ValueError, match="unknown_map"):
        cgroups.weight(2, "cubic")


def wish(request: int, demand: int = 10_000, limit: int | None = None) -> dict[str, Any]:
    return {"request_milli": request, "limit_milli": limit, "demand_milli": demand}


def test_a_busy_node_is_divided_by_shares() -> None:
    got = cgroups.divide(1000, [wish(200), wish(500)], V1_36)
    assert got == pytest.approx([1000 * 204 / 716, 1000 * 512 / 716])


def test_what_one_leaves_goes_to_the_others() -> None:
    got = cgroups.divide(1000, [wish(500, demand=100), wish(100), wish(100)], V1_36)
    assert got == pytest.approx([100, 450, 450])


def test_a_limit_caps_a_share() -> None:
    assert cgroups.divide(1000, [wish(100, limit=250), wish(100)], V1_36) == [250, 750]


def test_an_idle_node_gives_all_that_is_wanted() -> None:
    assert cgroups.divide(4000, [wish(0, demand=3000), wish(0, demand=0)], V1_36) == [3000, 0]
