"""The simulator's nodes with a broken part: what stands still, what is said, and what goes on after."""

from __future__ import annotations

from typing import Any

import pytest

from conformance.adapters.simulator import SimulatorAdapter
from spec_model.events import Accepted, Rejected, stimulus
from strategies.manifests import container, pod


class Node:
    """A cluster of one node whose parts are broken and mended."""

    def __init__(self, profile: str = "v1.36") -> None:
        self.adapter = SimulatorAdapter(profile, nodes=1)
        self.store = self.adapter.engine.store

    def do(self, verb: str, **given: Any) -> Any:
        return self.adapter.apply(stimulus(verb, **given))

    def part(self, part: str, works: bool) -> Any:
        return self.do("set-runtime", node="node1", part=part, works=works)

    def pod(self, name: str = "a") -> Any:
        return self.store.get("Pod", "default", name)

    def ready(self) -> tuple[str, str]:
        node = self.store.get("Node", None, "node1")
        found = next(each for each in node["status"]["conditions"] if each["type"] == "Ready")
        return found["status"], found["message"]

    def state(self, name: str = "a") -> Any:
        return self.pod(name)["status"]["containerStatuses"][0]["state"]

    def events(self, reason: str) -> list[Any]:
        return [each for each in self.store.list("Event") if each["reason"] == reason]


def test_a_runtime_is_missed_for_30_seconds_before_it_is_down() -> None:
    cluster = Node()
    cluster.part("runtime", False)
    cluster.do("advance", seconds=29)
    assert cluster.ready()[0] == "True"
    cluster.do("advance", seconds=1)
    assert cluster.ready() == ("False", "container runtime is down")
    cluster.part("runtime", True)
    assert cluster.ready()[0] == "True"


def test_a_network_is_missed_at_once() -> None:
    cluster = Node()
    cluster.part("network", False)
    assert "NetworkPluginNotReady" in cluster.ready()[1]


def test_without_a_runtime_processes_live_on_and_nobody_sees_them_end() -> None:
    cluster = Node()
    cluster.do("create", object=pod(nodeName="node1"))
    cluster.part("runtime", False)
    cluster.do("exit", namespace="default", pod="a", container="c", exitCode=1)
    assert "running" in cluster.state()
    cluster.part("runtime", True)
    assert cluster.pod()["status"]["containerStatuses"][0]["restartCount"] == 1


def test_a_stop_that_was_cut_off_begins_anew() -> None:
    cluster = Node()
    stop = {"namespace": "default", "pod": "a", "container": "c", "seconds": None}
    cluster.do("set-stop", **stop)
    cluster.do("create", object=pod(nodeName="node1", terminationGracePeriodSeconds=10))
    cluster.do("delete", kind="Pod", namespace="default", name="a")
    cluster.do("advance", seconds=5)
    cluster.part("runtime", False)
    cluster.do("advance", seconds=60)
    assert cluster.pod() is not None
    cluster.part("runtime", True)
    cluster.do("advance", seconds=9)
    assert cluster.pod() is not None
    cluster.do("advance", seconds=1)
    assert cluster.pod() is None


def test_a_pod_without_a_network_is_told_every_second_and_starts_by_itself() -> None:
    cluster = Node()
    cluster.part("network", False)
    cluster.do("create", object=pod(nodeName="node1"))
    cluster.do("advance", seconds=10)
    (told,) = cluster.events("NetworkNotReady")
    assert (told["count"], told["type"]) == (11, "Warning")
    assert cluster.pod()["status"]["phase"] == "Pending"
    cluster.part("network", True)
    assert cluster.pod()["status"]["phase"] == "Running"


def test_who_has_a_network_of_the_host_starts_without_one() -> None:
    cluster = Node()
    cluster.part("network", False)
    cluster.do("create", object=pod(nodeName="node1", hostNetwork=True))
    assert cluster.pod()["status"]["phase"] == "Running"


@pytest.mark.parametrize(
    ("part", "word"), [("runtime", "DockerDaemonNotReady"), ("network", "NetworkPluginNotReady")]
)
def test_as_documented_the_pod_blames_its_node(part: str, word: str) -> None:
    cluster = Node("documented")
    cluster.part(part, False)
    cluster.do("create", object=pod(nodeName="node1"))
    assert cluster.state()["waiting"]["reason"] == word
    cluster.part(part, True)
    assert "running" in cluster.state()


@pytest.mark.parametrize(
    ("profile", "part", "word"),
    [
        ("v1.36", "pre-create", "PreCreateHookError"),
        ("v1.36", "pre-start", "PreStartHookError"),
        ("documented", "pre-create", "CreateContainerError"),
        ("documented", "pre-start", "m.internalLifecycle.PreStartContainer"),
    ],
)
def test_a_step_that_fails_has_its_word_and_counts_no_restart(
    profile: str, part: str, word: str
) -> None:
    cluster = Node(profile)
    cluster.part(part, False)
    cluster.do("create", object=pod(nodeName="node1"))
    cluster.do("advance", seconds=25)
    assert cluster.state()["waiting"]["reason"] == word
    assert cluster.pod()["status"]["containerStatuses"][0]["restartCount"] == 0


def test_a_start_that_fails_is_a_run_that_ended() -> None:
    cluster = Node()
    cluster.part("start", False)
    cluster.do("create", object=pod(containers=[container()], policy="Never", nodeName="node1"))
    ended = cluster.state()["terminated"]
    assert (ended["exitCode"], ended["reason"]) == (128, "StartError")
    assert cluster.pod()["status"]["phase"] == "Failed"


def test_a_start_that_fails_is_tried_again_with_back_off() -> None:
    cluster = Node()
    cluster.part("start", False)
    cluster.do("create", object=pod(nodeName="node1"))
    assert cluster.state()["waiting"]["reason"] == "CrashLoopBackOff"
    words = {
        status["state"]["waiting"]["reason"]
        for seen in cluster.adapter.observe()
        if seen.object["kind"] == "Pod"
        for status in seen.object["status"].get("containerStatuses") or ()
        if "waiting" in status["state"]
    }
    assert "RunContainerError" in words


def test_a_new_kubelet_says_what_is_still_broken() -> None:
    cluster = Node()
    cluster.part("network", False)
    cluster.do("stop-node", node="node1")
    cluster.do("advance", seconds=60)
    cluster.do("start-node", node="node1")
    assert cluster.ready()[0] == "False"


def test_there_is_no_such_part() -> None:
    answer = Node().part("disk", False)
    assert isinstance(answer, Rejected)
    assert (answer.code, answer.message) == (
        400,
        "part: 'disk' is none of runtime, network, pre-create, pre-start, start",
    )


def test_what_works_can_be_mended() -> None:
    assert isinstance(Node().part("start", True), Accepted)
