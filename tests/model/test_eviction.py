"""Who is put out of a node that runs short."""

from __future__ import annotations

from typing import Any

import pytest

from spec_model.profiles import DOCUMENTED, V1_36
from spec_model.resources.eviction import Tiers, Usage, is_exempt, is_turned_away, order


def usage(
    name: str, used: int | None, request: int = 0, priority: int = 0, qos: str = "Burstable"
) -> Usage:
    return Usage(name, priority, request, used, qos)


def ranked(*pods: Usage, signal: Any = "memory", profile: Any = V1_36) -> str:
    return str(order(pods, signal, profile).value)


def test_no_statistics_then_excess_then_priority_then_how_much() -> None:
    pods = (
        usage("within", 100, 100),
        usage("above", 300, 100),
        usage("far", 500, 100),
        usage("matters", 900, 100, priority=10),
        usage("unknown", None, 100, priority=99),
    )
    assert ranked(*pods) == "unknown, then far, then above, then matters, then within"


def test_the_class_does_not_count_but_as_documented_it_alone_does() -> None:
    best = usage("best", 10, 0, qos="BestEffort")
    burst = usage("burst", 500, 100)
    sure = usage("sure", 50, 100, qos="Guaranteed")
    assert ranked(sure, best, burst) == "burst, then best, then sure"
    assert ranked(sure, best, burst, profile=DOCUMENTED) == "best, then burst, then sure"


def test_process_numbers_rank_by_priority_and_count() -> None:
    pods = (usage("few", 5), usage("many", 50), usage("matters", 99, priority=1))
    assert ranked(*pods, signal="pid") == "many, then few, then matters"


def test_equals_may_come_in_any_order() -> None:
    tiers = order([usage("a", 5), usage("b", 5), usage("c", 9)], "memory").value
    assert tiers == Tiers((frozenset("c"), frozenset("ab")))
    assert tiers.allows(["c", "b", "a"])
    assert tiers.allows(["c", "a", "b"])
    assert not tiers.allows(["a", "c", "b"])
    assert not tiers.allows(["c", "a"])
    assert not tiers.allows("cab")


def test_there_are_three_signals() -> None:
    with pytest.raises(ValueError, match="signal"):
        order([], "cpu")  # type: ignore[arg-type]


def test_static_and_critical_pods_are_exempt() -> None:
    static = {"metadata": {"annotations": {"kubernetes.io/config.source": "file"}}}
    assert is_exempt(static).value
    assert is_exempt({"spec": {"priority": 2_000_000_000}}).value
    assert not is_exempt({"spec": {"priority": 1_999_999_999}}).value


TOLERANT = {
    "spec": {"tolerations": [{"key": "node.kubernetes.io/memory-pressure", "operator": "Exists"}]}
}


@pytest.mark.parametrize(
    ("pod", "quality", "pressures", "turned"),
    [
        ({}, "BestEffort", ["MemoryPressure"], True),
        ({}, "Burstable", ["MemoryPressure"], False),
        (TOLERANT, "BestEffort", ["MemoryPressure"], False),
        ({}, "Guaranteed", ["DiskPressure"], True),
        (TOLERANT, "Burstable", ["MemoryPressure", "DiskPressure"], True),
        ({}, "BestEffort", [], False),
    ],
)
def test_whom_a_kubelet_turns_away(
    pod: Any, quality: str, pressures: list[str], turned: bool
) -> None:
    assert is_turned_away(pod, quality, pressures, False).value is turned
    assert is_turned_away(pod, quality, pressures, True).value is False
