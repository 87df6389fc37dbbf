"""Who goes first, who is collected first, how long one stays, and which step a set calls for."""

from __future__ import annotations

from typing import Any

import pytest

from spec_model.objects import pod as viewed
from spec_model.pod import disruption, tolerations
from spec_model.profiles import DOCUMENTED
from spec_model.workloads import collection, ownership, stateful, victims
from spec_model.workloads.stateful import Members, Step
from tests.laws.stateful_places import place


def test_a_magnitude_is_a_power_of_two() -> None:
    assert victims.magnitude(30) < victims.magnitude(40) == victims.magnitude(60)


@pytest.mark.parametrize(("text", "cost"), [("7", 7), ("-7", -7), ("+7", 0), ("07", 0), ("x", 0)])
def test_a_cost_is_an_integer(text: str, cost: int) -> None:
    annotations = {victims.COST: text}
    assert victims.cost(viewed({"metadata": {"annotations": annotations}})) == cost


def test_ages_are_certain_only_if_no_moment_matters() -> None:
    younger = victims.within(100.0, 105.0, 1.0)
    assert younger(99.0, 10.0) == -1
    assert younger(10.0, 99.0) == 1
    assert younger(35.0, 40.0) is None
    assert younger(None, 30.0) is None


def test_the_excess_is_collected() -> None:
    assert [collection.excess(5, kept).value for kept in (3, 5, 9, 0, -1)] == [2, 0, 0, 0, 0]


@pytest.mark.parametrize(
    ("selector", "holds"),
    [
        ({"matchLabels": {"a": "1"}}, True),
        ({"matchLabels": {"a": "2"}}, False),
        ({}, False),
        ({"matchExpressions": [{"key": "a", "operator": "In", "values": ["1", "2"]}]}, True),
        ({"matchExpressions": [{"key": "b", "operator": "NotIn", "values": ["1"]}]}, True),
        ({"matchExpressions": [{"key": "b", "operator": "Exists"}]}, False),
        ({"matchExpressions": [{"key": "b", "operator": "DoesNotExist"}]}, True),
    ],
)
def test_whom_a_selector_means(selector: dict[str, Any], holds: bool) -> None:
    workload = {"kind": "ReplicaSet", "spec": {"selector": selector}}
    assert ownership.selects(workload, {"a": "1"}) is holds


def test_an_old_selector_is_a_plain_map() -> None:
    workload = {"kind": "ReplicationController", "spec": {"selector": {"a": "1"}}}
    assert ownership.selects(workload, {"a": "1", "b": "2"})
    assert not ownership.selects({**workload, "spec": {}}, {"a": "1"})


# -- Nodes -------------------------------------------------------------------------------------------

TAINT = {"key": "k", "value": "v", "effect": "NoExecute"}


@pytest.mark.parametrize(
    ("toleration", "wait"),
    [
        ({"key": "k", "operator": "Exists"}, None),
        ({"key": "k", "operator": "Exists", "tolerationSeconds": 5}, 5.0),
        ({"key": "k", "operator": "Exists", "tolerationSeconds": -5}, 0.0),
        ({"key": "k", "value": "v"}, None),
        ({"key": "k", "value": "w"}, 0.0),
        ({"key": "k", "operator": "Exists", "effect": "NoSchedule"}, 0.0),
        ({"operator": "Exists"}, None),
    ],
)
def test_how_long_a_pod_stays(toleration: dict[str, Any], wait: float | None) -> None:
    assert tolerations.stays({"tolerations": [toleration]}, [TAINT]).value == wait


def test_the_shortest_toleration_counts() -> None:
    other = {**TAINT, "key": "l"}
    listed = [
        {"key": key, "operator": "Exists", "tolerationSeconds": wait}
        for key, wait in (("k", 9), ("l", 4))
    ]
    assert tolerations.stays({"tolerations": listed}, [TAINT, other]).value == 4.0


@pytest.mark.parametrize(
    ("lost", "nodes", "pace"),
    [(1, 4, 10.0), (2, 2, 10.0), (3, 4, None), (3, 6, 10.0), (33, 60, 100.0), (60, 60, 10.0)],
)
def test_the_pace_of_a_zone(lost: int, nodes: int, pace: float | None) -> None:
    assert disruption.interval(lost, nodes).value == pace


def test_all_is_lost_when_every_zone_is() -> None:
    assert disruption.is_all_lost([(1, 1), (3, 3)]).value
    assert not disruption.is_all_lost([(1, 1), (2, 3)]).value
    assert not disruption.is_all_lost([]).value


# -- StatefulSets ------------------------------------------------------------------------------------


def owed(spec: dict[str, Any], *pods: Any, update: str = "r1") -> Step | None:
    there = {int(each.key[2].rpartition("-")[2]): each for each in pods}
    return stateful.owed(spec, Members(there, update, stateful.is_healthy)).value


@pytest.mark.parametrize(
    ("spec", "pods", "step"),
    [
        ({"replicas": 2}, [], Step("create", 0)),
        ({"replicas": 2}, [place(0)], Step("create", 1)),
        ({"replicas": 2}, [place(0, ready=False)], None),
        (
            {"replicas": 2, "podManagementPolicy": "Parallel"},
            [place(0, ready=False)],
            Step("create", 1),
        ),
        ({"replicas": 1}, [place(0), place(1), place(2)], Step("delete", 2)),
        ({"replicas": 1}, [place(0), place(1), place(2, going=True)], None),
        ({"replicas": 1}, [place(0), place(1, ready=False), place(2)], None),
        ({"replicas": 1}, [place(0, phase="Failed")], Step("delete", 0)),
        ({"replicas": 2}, [place(0, "r0"), place(1, "r0")], Step("delete", 1)),
        ({"replicas": 2}, [place(0, "r0"), place(1)], Step("delete", 0)),
        ({"replicas": 2}, [place(0, "r0"), place(1, ready=False)], None),
        (
            {"replicas": 2, "updateStrategy": {"rollingUpdate": {"partition": 1}}},
            [place(0, "r0"), place(1)],
            None,
        ),
        ({"replicas": 1, "updateStrategy": {"type": "OnDelete"}}, [place(0, "r0")], None),
    ],
)
def test_the_next_step(spec: dict[str, Any], pods: list[Any], step: Step | None) -> None:
    assert owed(spec, *pods) == step


def test_the_strategy_where_none_is_named() -> None:
    assert stateful.strategy({}).value == "RollingUpdate"
    assert stateful.strategy({}, DOCUMENTED).value == "OnDelete"
