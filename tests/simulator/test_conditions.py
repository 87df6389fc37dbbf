"""What Pods of the simulator say of themselves, in both profiles."""

from __future__ import annotations

from typing import Any

import pytest

from tests.simulator.node_driver import Cluster, pod

LATER = {"PodReadyToStartContainers", "ContainersReady", "DisruptionTarget"}
NO_NODE: Any = {"nodeSelector": {"disk": "fast"}}


def conditions(cluster: Cluster) -> dict[str, dict[str, Any]]:
    found = cluster.store.read("Pod", "default", "p")["status"].get("conditions") or ()
    return {each["type"]: each for each in found}


def test_a_running_pod_has_the_conditions_of_its_profile() -> None:
    now, then = Cluster(), Cluster("documented")
    for cluster in (now, then):
        cluster.create(pod())
    assert set(conditions(now)) - set(conditions(then)) == LATER - {"DisruptionTarget"}
    assert set(conditions(then)) == {"PodScheduled", "Initialized", "Ready"}


def test_a_pod_without_a_node_is_not_scheduled() -> None:
    cluster = Cluster()
    cluster.create(pod(**NO_NODE))
    scheduled = conditions(cluster)["PodScheduled"]
    assert (scheduled["status"], scheduled["reason"]) == ("False", "Unschedulable")


def test_as_documented_it_is_being_scheduled_and_unschedulable() -> None:
    cluster = Cluster("documented")
    cluster.create(pod(**NO_NODE))
    said = {type_: each["status"] for type_, each in conditions(cluster).items()}
    assert said == {"PodScheduled": "True", "Unschedulable": "True"}


def test_a_pod_that_is_held_back_says_so() -> None:
    cluster = Cluster()
    cluster.create(pod(schedulingGates=[{"name": "example.com/wait"}]))
    assert conditions(cluster)["PodScheduled"]["reason"] == "SchedulingGated"


@pytest.mark.parametrize(("profile", "known"), [("v1.36", False), ("documented", True)])
def test_the_binding_tells_the_address_as_documented(profile: str, known: bool) -> None:
    cluster = Cluster(profile)
    cluster.create(pod())
    bindings = [
        each for each in cluster.seen if each["kind"] == "Pod" and each["spec"].get("nodeName")
    ]
    assert ("hostIP" in bindings[0]["status"]) is known
