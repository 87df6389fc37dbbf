"""What a hollow kubelet says of its Pods."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from conformance.adapters.cluster import preflight, rest
from conformance.adapters.cluster.adapter import ClusterAdapter
from conformance.adapters.cluster.client import Api
from conformance.adapters.cluster.cluster import Cluster
from conformance.adapters.cluster.hollow.admission import refusal
from conformance.adapters.cluster.hollow.pods import Played, play
from conformance.adapters.cluster.options import Options
from spec_model.events import Accepted, Rejected, stimulus
from strategies.manifests import Manifest, container, node, pod
from tests.cluster.fake_api import Store

NOW = 1_714_557_600.0


def status(manifest: Manifest, played: Played | None = None, now: float = NOW) -> dict[str, Any]:
    """What is said of a Pod."""
    said = play(manifest, played or Played(NOW), now)
    assert said is not None
    return said


def state(said: dict[str, Any], group: str = "containerStatuses") -> list[str]:
    """The states of the containers."""
    return [next(iter(each["state"])) for each in said[group]]


def test_a_pod_runs_at_once() -> None:
    said = status(pod())
    ready = {each["type"]: each["status"] for each in said["conditions"]}["Ready"]
    assert (said["phase"], state(said), ready) == ("Running", ["running"], "True")


def test_init_containers_have_succeeded_and_sidecars_run() -> None:
    said = status(pod(init=[container("i"), container("s", restartPolicy="Always")]))
    assert state(said, "initContainerStatuses") == ["terminated", "running"]


def test_another_image_starts_the_container_again() -> None:
    played = Played(NOW)
    before = status(pod(), played)["containerStatuses"][0]
    after = status(pod(containers=[container(image="app:2")]), played)["containerStatuses"][0]
    assert after["restartCount"] == before["restartCount"] + 1
    assert after["containerID"] != before["containerID"]
    assert after["lastState"]["terminated"]["containerID"] == before["containerID"]


def test_a_deadline_fails_the_pod() -> None:
    said = status(pod(activeDeadlineSeconds=5), Played(NOW), NOW + 5)
    assert (said["phase"], said["reason"]) == ("Failed", "DeadlineExceeded")


def test_before_its_deadline_it_runs() -> None:
    assert status(pod(activeDeadlineSeconds=5), Played(NOW), NOW + 4)["phase"] == "Running"


def test_a_deleted_pod_ends_before_it_goes() -> None:
    played = Played(NOW)
    status(pod(), played)
    said = status(pod(metadata={"deletionTimestamp": "2024-05-01T10:00:30Z"}), played)
    assert (said["phase"], state(said), played.over) == ("Failed", ["terminated"], True)


def test_of_a_pod_that_has_ended_nothing_more_is_said() -> None:
    assert play({**pod(), "status": {"phase": "Succeeded"}}, Played(NOW), NOW) is None


def test_the_schedulers_condition_stays() -> None:
    scheduled = {"type": "PodScheduled", "status": "True"}
    said = status({**pod(), "status": {"conditions": [scheduled]}})
    assert scheduled in said["conditions"]


@pytest.mark.parametrize(
    ("manifest", "reason"),
    [
        (pod(containers=[container(requests={"cpu": "3"})]), "OutOfcpu"),
        (pod(containers=[container(requests={"memory": "1Gi"})]), "OutOfmemory"),
        (pod(nodeSelector={"disk": "fast"}), "NodeAffinity"),
    ],
)
def test_what_does_not_fit_is_rejected(manifest: Manifest, reason: str) -> None:
    small = node("small", cpu="2", memory="512Mi")
    found = refusal(manifest, small, [])
    assert found is not None
    assert found[0] == reason


def test_what_others_use_counts() -> None:
    half = pod(containers=[container(requests={"cpu": "1500m"})])
    small = node("small", cpu="2")
    assert refusal(half, small, []) is None
    assert refusal(half, small, [half]) is not None


@pytest.fixture
def adapter(server: tuple[Store, Api]) -> Iterator[ClusterAdapter]:
    """A hollow adapter, reset."""
    _, api = server
    options = Options(kubelet="hollow")
    made = ClusterAdapter(Cluster(api, options), preflight.look(api, options))
    made.reset()
    yield made
    made.close()


def test_a_scenario_begins_with_two_ready_nodes(adapter: ClusterAdapter) -> None:
    last = {each.object["metadata"]["name"]: each.object for each in adapter.observe()}
    assert {name: _is_ready(each) for name, each in last.items()} == {
        "node-1": True,
        "node-2": True,
    }


def _is_ready(manifest: Any) -> bool:
    conditions = (manifest.get("status") or {}).get("conditions") or ()
    return any(each["type"] == "Ready" and each["status"] == "True" for each in conditions)


def test_a_pod_that_was_bound_runs(adapter: ClusterAdapter) -> None:
    adapter.apply(stimulus("create", object=pod(nodeName="node-1")))
    phases = [
        (each.object.get("status") or {}).get("phase")
        for each in adapter.observe()
        if each.object["kind"] == "Pod"
    ]
    assert phases[-1] == "Running"


def test_a_stopped_node_says_nothing(
    adapter: ClusterAdapter, server: tuple[Store, Api], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rest, "LIMIT", 2.0)
    store, _ = server
    adapter.apply(stimulus("stop-node", node="node-1"))
    store.requests.clear()
    adapter.apply(stimulus("create", object=pod(nodeName="node-1")))
    said = [path for _, path in store.requests if "/pods/a" in path]
    assert said == []


def test_a_node_that_is_not_there_cannot_be_stopped(adapter: ClusterAdapter) -> None:
    answer = adapter.apply(stimulus("stop-node", node="none"))
    assert isinstance(answer, Rejected)
    assert isinstance(adapter.apply(stimulus("start-node", node="node-1")), Accepted)
