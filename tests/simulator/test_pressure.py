"""Nodes of the simulator that run short of memory, and its scheduler when it stops."""

from __future__ import annotations

from typing import Any

import pytest

from conformance.adapters.simulator import SimulatorAdapter
from spec_model.events import Accepted, Rejected, stimulus

MIB = 1024 * 1024


class Cluster:
    """The simulator, with one small node to put Pods on."""

    def __init__(self, profile: str = "v1.36") -> None:
        self.adapter = SimulatorAdapter(profile)
        size = {"cpu": "4", "memory": "1000Mi", "pods": "9"}
        node = {"apiVersion": "v1", "kind": "Node", "metadata": {"name": "small"}}
        self.do("create", object={**node, "status": {"capacity": size}})

    def do(self, verb: str, **arguments: Any) -> Any:
        response = self.adapter.apply(stimulus(verb, **arguments))
        assert isinstance(response, Accepted), response
        return response.value

    def pod(self, name: str, where: str = "small", memory: str | None = None, **spec: Any) -> None:
        container: dict[str, Any] = {"name": "c", "image": "app:1"}
        if memory is not None:
            container["resources"] = {"requests": {"memory": memory}}
        whole = {"containers": [container], "nodeName": where, **spec}
        metadata = {"name": name, "namespace": "default"}
        manifest = {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": whole}
        self.do("create", object=manifest)

    def holds(self, name: str, size: int) -> None:
        given = {"namespace": "default", "pod": name, "container": "c"}
        self.do("allocate", **given, bytes=size * MIB)

    def wait(self, seconds: float) -> None:
        self.do("advance", seconds=seconds)

    def status(self, name: str) -> Any:
        return self.adapter.engine.store.read("Pod", "default", name)["status"]

    @property
    def pressure(self) -> str:
        node = self.adapter.engine.store.read("Node", None, "small")
        conditions = {each["type"]: each["status"] for each in node["status"]["conditions"]}
        return conditions["MemoryPressure"]

    @property
    def taints(self) -> list[str]:
        node = self.adapter.engine.store.read("Node", None, "small")
        return [taint["key"] for taint in node["spec"].get("taints") or ()]


def test_pressure_is_seen_at_the_next_look_and_told_for_five_minutes() -> None:
    cluster = Cluster()
    cluster.pod("a", memory="990Mi")
    cluster.holds("a", 901)
    cluster.wait(9)
    assert cluster.pressure == "False"
    cluster.wait(1)
    assert cluster.pressure == "True"
    assert cluster.taints == ["node.kubernetes.io/memory-pressure"]
    cluster.wait(299)
    assert cluster.pressure == "True"
    cluster.wait(20)
    assert (cluster.pressure, cluster.taints) == ("False", [])


def test_with_exactly_the_threshold_there_is_none() -> None:
    cluster = Cluster()
    cluster.pod("a")
    cluster.holds("a", 900)
    cluster.wait(60)
    assert cluster.pressure == "False"


def test_one_is_put_out_and_is_failed_for_good() -> None:
    cluster = Cluster()
    for name, size in {"a": 400, "b": 550}.items():
        cluster.pod(name)
        cluster.holds(name, size)
    cluster.wait(13)
    status = cluster.status("b")
    assert (status["phase"], status["reason"]) == ("Failed", "Evicted")
    target = next(each for each in status["conditions"] if each["type"] == "DisruptionTarget")
    assert (target["status"], target["reason"]) == ("True", "TerminationByKubelet")
    cluster.wait(600)
    assert cluster.status("b")["phase"] == "Failed"
    assert cluster.status("a")["phase"] == "Running"


@pytest.mark.parametrize(("profile", "victim"), [("v1.36", "burstable"), ("documented", "best")])
def test_the_profiles_differ_in_who_goes(profile: str, victim: str) -> None:
    cluster = Cluster(profile)
    cluster.pod("best")
    cluster.pod("burstable", memory="100Mi")
    cluster.holds("best", 300)
    cluster.holds("burstable", 650)
    cluster.wait(13)
    gone = [name for name in ("best", "burstable") if cluster.status(name)["phase"] == "Failed"]
    assert gone == [victim]


def test_a_short_node_turns_away_who_asks_for_nothing() -> None:
    cluster = Cluster()
    cluster.pod("a", memory="10Mi", priorityClassName="system-node-critical")
    cluster.holds("a", 950)
    cluster.wait(10)
    cluster.pod("none")
    cluster.pod("some", memory="10Mi")
    tolerations = [{"key": "node.kubernetes.io/memory-pressure", "operator": "Exists"}]
    cluster.pod("tolerant", tolerations=tolerations)
    cluster.wait(1)
    assert cluster.status("none")["reason"] == "Evicted"
    assert cluster.status("a")["phase"] == "Running"
    assert {cluster.status(name)["phase"] for name in ("some", "tolerant")} == {"Running"}


def test_a_restarted_kubelet_begins_to_look_anew() -> None:
    cluster = Cluster()
    cluster.pod("a")
    cluster.holds("a", 950)
    cluster.wait(20)
    cluster.do("restart-kubelet", node="small")
    cluster.wait(11)
    assert cluster.pressure == "False"


def test_priorities_are_classes_by_name() -> None:
    cluster = Cluster()
    kind = {"apiVersion": "scheduling.k8s.io/v1", "kind": "PriorityClass"}
    cluster.do("create", object={**kind, "metadata": {"name": "high"}, "value": 7})
    cluster.pod("a", priorityClassName="high")
    assert cluster.adapter.engine.store.read("Pod", "default", "a")["spec"]["priority"] == 7
    reserved = {**kind, "metadata": {"name": "system-mine"}, "value": 2_000_000_000}
    refusal = cluster.adapter.apply(stimulus("create", object=reserved))
    assert isinstance(refusal, Rejected)
    assert {cause.field for cause in refusal.causes} == {"value", "metadata.name"}


def test_a_scheduler_that_stopped_takes_up_who_waits() -> None:
    cluster = Cluster()
    cluster.do("stop-scheduler")
    cluster.pod("a", where="")
    cluster.wait(600)
    store = cluster.adapter.engine.store
    assert not store.read("Pod", "default", "a")["spec"].get("nodeName")
    assert cluster.status("a")["phase"] == "Pending"
    cluster.do("start-scheduler")
    assert store.read("Pod", "default", "a")["spec"]["nodeName"]
