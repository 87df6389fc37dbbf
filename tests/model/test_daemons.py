"""What the model decides of DaemonSets."""

from __future__ import annotations

from typing import Any

import pytest

from spec_model.workloads import daemons as decide
from tests.laws.batch import daemon, daemons, node

TOLERANT = {"tolerations": [{"key": "t", "operator": "Exists"}]}


@pytest.mark.parametrize(
    ("template", "found", "fit"),
    [
        ({}, node(), (True, True)),
        ({}, node("node-1", ("t", "NoSchedule")), (False, True)),
        ({}, node("node-1", ("t", "NoExecute")), (False, False)),
        ({}, node("node-1", ("t", "PreferNoSchedule")), (True, True)),
        (TOLERANT, node("node-1", ("t", "NoExecute")), (True, True)),
        ({}, node("node-1", ("node.kubernetes.io/unschedulable", "NoSchedule")), (True, True)),
        ({}, node("node-1", ("node.kubernetes.io/unreachable", "NoExecute")), (True, True)),
        (
            {},
            node("node-1", ("node.kubernetes.io/network-unavailable", "NoSchedule")),
            (False, True),
        ),
        (
            {"hostNetwork": True},
            node("node-1", ("node.kubernetes.io/network-unavailable", "NoSchedule")),
            (True, True),
        ),
        ({"nodeSelector": {"disk": "ssd"}}, node(), (False, False)),
        ({"nodeSelector": {"disk": "ssd"}}, node(disk="ssd"), (True, True)),
        ({"nodeName": "node-2"}, node(), (False, False)),
    ],
)
def test_which_nodes_are_fit(
    template: dict[str, Any], found: dict[str, Any], fit: tuple[bool, bool]
) -> None:
    decided = decide.node_fit(daemons(template=template), found).value
    assert (decided.runs, decided.stays) == fit


@pytest.mark.parametrize(
    ("rolling", "desired", "budget"),
    [
        ({}, 5, (1, 0)),
        ({"maxUnavailable": "30%"}, 3, (1, 0)),
        ({"maxUnavailable": "30%"}, 4, (2, 0)),
        ({"maxUnavailable": 0, "maxSurge": "10%"}, 5, (0, 1)),
        ({"maxUnavailable": "0%"}, 5, (1, 0)),
    ],
)
def test_the_budget_of_an_update_is_rounded_up(
    rolling: dict[str, Any], desired: int, budget: tuple[int, int]
) -> None:
    spec = {"updateStrategy": {"type": "RollingUpdate", "rollingUpdate": rolling}}
    decided = decide.update_budget(daemons(spec=spec), desired).value
    assert (decided.unavailable, decided.surge) == budget


@pytest.mark.parametrize(
    ("cleared", "delay"), [(0, 0), (1, 1), (2, 2), (3, 4), (10, 512), (11, 900), (99, 900)]
)
def test_failed_daemons_wait_ever_longer(cleared: int, delay: float) -> None:
    assert decide.failure_delay(cleared).value == delay


def test_a_pod_is_pinned_by_one_term_with_one_name() -> None:
    spec = daemon(on="node-7")["spec"]
    assert decide.pinned_to(spec) == "node-7"
    assert decide.pinned_to({}) is None


def test_what_a_template_no_longer_says_makes_a_pod_old() -> None:
    pod = daemon()
    assert decide.is_of_template(pod, daemons())
    assert not decide.is_of_template(pod, daemons("app:2"))
    probed = {"name": "c", "image": "app:1", "readinessProbe": {}}
    assert not decide.is_of_template(daemon(spec={"containers": [probed]}), daemons())
    assert not decide.is_of_template(daemon(spec={"nodeSelector": {"a": "b"}}), daemons())
    small = {"name": "c", "image": "app:1", "resources": {"requests": {"cpu": "1"}}}
    assert not decide.is_of_template(daemon(spec={"containers": [small]}), daemons())
