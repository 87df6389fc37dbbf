"""Static Pods and their mirrors: STATIC-001 to 004 and 006 to 008."""

from __future__ import annotations

from typing import Any

import pytest

from conformance.adapters.simulator.errors import ApiError
from tests.simulator.node_driver import Cluster, container, pod

WEB = "web-node1"


class Node(Cluster):
    """A cluster with a directory on its first node."""

    def put(self, manifest: Any, file: str = "web.yaml") -> None:
        self.statics.write(file, manifest)
        self.settle()

    def take(self, file: str = "web.yaml") -> None:
        self.statics.remove(file)
        self.settle()

    @property
    def statics(self) -> Any:
        return self.engine.kubelets["node1"].statics

    def uid(self) -> str:
        return str(self.pod(WEB)["metadata"]["uid"])

    def stops(self, seconds: float | None) -> None:
        names = {"namespace": "default", "pod": WEB, "container": "c"}
        self.engine.manners.set_stop({**names, "seconds": seconds, "exitCode": 0})


def node(*given: Any, profile: str = "v1.36", **spec: Any) -> Node:
    cluster = Node(profile)
    cluster.put(pod("web", *given, **spec))
    return cluster


def test_a_file_runs_on_its_node_under_its_full_name() -> None:
    cluster = node()
    mirror = cluster.pod(WEB)
    annotations = mirror["metadata"]["annotations"]
    assert cluster.phase(WEB) == "Running"
    assert mirror["spec"]["nodeName"] == "node1"
    assert {"operator": "Exists", "effect": "NoExecute"} in mirror["spec"]["tolerations"]
    assert annotations["kubernetes.io/config.source"] == "file"
    assert annotations["kubernetes.io/config.mirror"] == annotations["kubernetes.io/config.hash"]
    assert annotations["kubernetes.io/config.seen"] == "2024-05-01T00:00:00Z"


def test_a_mirror_belongs_to_its_node() -> None:
    cluster = node()
    (owner,) = cluster.pod(WEB)["metadata"]["ownerReferences"]
    assert (owner["kind"], owner["name"], owner["controller"]) == ("Node", "node1", True)
    assert owner["uid"] == cluster.store.get("Node", None, "node1")["metadata"]["uid"]


@pytest.mark.parametrize("file", [".web.yaml", "sub/web.yaml"])
def test_some_files_are_none_of_its_business(file: str) -> None:
    cluster = Node()
    cluster.put(pod("web"), file)
    assert cluster.pod(WEB) is None


@pytest.mark.parametrize("grace", [None, 0, 10])
def test_deleting_the_mirror_does_not_stop_the_containers(grace: float | None) -> None:
    cluster = node()
    cluster.advance(5)
    uid, before = cluster.uid(), cluster.status(pod=WEB)
    cluster.delete(WEB, grace=grace)
    assert cluster.uid() != uid
    assert cluster.status(pod=WEB) == before
    born = [each for each in cluster.history(WEB) if each["type"] == "ADDED"][-1]
    assert born["status"]["phase"] == "Pending"


def test_taking_the_file_away_ends_the_pod_in_its_own_time() -> None:
    cluster = node()
    cluster.stops(8)
    cluster.take()
    assert cluster.seconds_until(lambda: cluster.pod(WEB) is None) == 8
    assert cluster.history(WEB)[-1]["status"]["phase"] == "Running"


def test_another_manifest_starts_when_the_old_pod_has_ended() -> None:
    cluster = node()
    uid = cluster.uid()
    cluster.stops(8)
    cluster.put(pod("web", container(image="app:2")))
    assert cluster.uid() == uid
    assert cluster.seconds_until(lambda: cluster.uid() != uid) == 8
    assert cluster.status(pod=WEB)["image"] == "app:2"
    assert cluster.restarts(pod=WEB) == 0


def test_the_same_manifest_changes_nothing() -> None:
    cluster = node()
    uid = cluster.uid()
    cluster.put(pod("web"))
    assert cluster.uid() == uid


@pytest.mark.parametrize(("profile", "restarts"), [("v1.36", 0), ("documented", 1)])
def test_its_restart_policy_holds_but_for_the_document(profile: str, restarts: int) -> None:
    cluster = node(profile=profile, restartPolicy="Never")
    cluster.exit("c", 1, WEB)
    cluster.advance(60)
    assert cluster.restarts(pod=WEB) == restarts
    assert cluster.phase(WEB) == ("Running" if restarts else "Failed")


@pytest.mark.parametrize(
    "spec",
    [
        {"serviceAccountName": "a"},
        {"volumes": [{"name": "v", "configMap": {"name": "c"}}]},
        {"volumes": [{"name": "v", "persistentVolumeClaim": {"claimName": "c"}}]},
        {"containers": [container(envFrom=[{"configMapRef": {"name": "c"}}])]},
    ],
)
def test_it_may_not_refer_to_the_api(spec: dict[str, Any]) -> None:
    cluster = Node()
    manifest = pod("web")
    manifest["spec"].update(spec)
    cluster.put(manifest)
    assert cluster.pod(WEB) is None


def test_it_may_use_what_its_node_has() -> None:
    volumes = [{"name": "v", "emptyDir": {}}, {"name": "w", "hostPath": {"path": "/tmp"}}]
    assert node(volumes=volumes).phase(WEB) == "Running"


def test_a_kubelet_that_restarts_leaves_it_alone() -> None:
    cluster = node()
    before = (cluster.uid(), cluster.status(pod=WEB))
    cluster.engine.kubelets["node1"].restart()
    cluster.settle()
    assert (cluster.uid(), cluster.status(pod=WEB)) == before


def test_it_comes_back_with_its_node() -> None:
    cluster = node()
    kubelet = cluster.engine.kubelets["node1"]
    kubelet.stop()
    cluster.advance(400)
    kubelet.start()
    cluster.advance(10)
    assert (cluster.phase(WEB), cluster.state(pod=WEB)) == ("Running", "running")


def test_without_inotify_a_scan_finds_it_within_20_seconds() -> None:
    cluster = Node(jitter=True)
    cluster.put(pod("web"))
    assert cluster.pod(WEB) is None
    assert cluster.seconds_until(lambda: cluster.pod(WEB) is not None) <= 20


def test_a_file_that_is_not_there_cannot_be_removed() -> None:
    with pytest.raises(ApiError):
        Node().take()


@pytest.mark.parametrize(
    "manifest", [{}, "text", {"kind": "Node"}, pod(""), pod("web", {"name": ""})]
)
def test_what_is_no_pod_is_not_run(manifest: Any) -> None:
    cluster = Node()
    cluster.put(manifest)
    assert not [each for each in cluster.seen if each["kind"] == "Pod"]
