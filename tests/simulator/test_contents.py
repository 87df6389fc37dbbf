"""ConfigMaps, volumes and ports as the kubelet of the embedded engine gives them to containers."""

from __future__ import annotations

from typing import Any

import pytest

from conformance.adapters.simulator.errors import ApiError
from tests.simulator.node_driver import Cluster, container, pod

VOLUME = [{"name": "cfg", "configMap": {"name": "cfg"}}]


def config_map(**data: str) -> dict[str, Any]:
    metadata = {"name": "cfg", "namespace": "default"}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}


def shows(path: str = "/cfg", **more: Any) -> dict[str, Any]:
    return container(volumeMounts=[{"name": "cfg", "mountPath": path, **more}])


def needs_key() -> dict[str, Any]:
    reference = {"configMapKeyRef": {"name": "cfg", "key": "k"}}
    return container(env=[{"name": "K", "valueFrom": reference}])


def edit(cluster: Cluster, **data: str) -> None:
    cluster.change("ConfigMap", "cfg", lambda found: found.update(data=data))


def test_a_variable_is_made_at_the_start() -> None:
    cluster = Cluster()
    cluster.create(config_map(k="1"))
    cluster.create(pod("p", needs_key()))
    edit(cluster, k="2")
    cluster.advance(100)
    assert cluster.inspect()["env"] == {"K": "1"}
    cluster.exit()
    assert cluster.inspect()["env"] == {"K": "2"}


def test_files_follow_at_the_next_sync() -> None:
    cluster = Cluster()
    cluster.create(config_map(k="1"))
    cluster.create(pod("p", shows(), volumes=VOLUME))
    cluster.advance(10)
    edit(cluster, l="2")
    cluster.advance(49)
    assert cluster.inspect()["files"] == {"/cfg/k": "1"}
    cluster.advance(1)
    assert cluster.inspect()["files"] == {"/cfg/l": "2"}


def test_nothing_is_written_and_no_time_is_spent_while_nothing_changes() -> None:
    cluster = Cluster()
    cluster.create(config_map(k="1"))
    cluster.create(pod("p", shows(), volumes=VOLUME))
    before = len(cluster.seen)
    cluster.advance(3600)
    assert not [each for each in cluster.seen[before:] if each["kind"] == "Pod"]


def test_a_missing_config_map_holds_the_sandbox_back() -> None:
    cluster = Cluster()
    cluster.create(pod("p", shows(), volumes=VOLUME))
    cluster.advance(30)
    assert cluster.state() == "ContainerCreating"
    assert "podIP" not in cluster.pod()["status"]
    assert "FailedMount" in cluster.events()
    cluster.create(config_map(k="1"))
    cluster.advance(122)
    assert cluster.state() == "running"


def test_a_missing_variable_holds_the_container_back() -> None:
    cluster = Cluster()
    cluster.create(pod("p", needs_key()))
    assert cluster.state() == "CreateContainerConfigError"
    cluster.create(config_map(other="1"))
    cluster.advance(30)
    assert cluster.state() == "CreateContainerConfigError"
    edit(cluster, k="1")
    cluster.advance(10)
    assert cluster.state() == "running"


def test_the_source_wants_the_config_map_first() -> None:
    cluster = Cluster("documented")
    cluster.create(pod("p", needs_key()))
    cluster.create(config_map(k="1"))
    cluster.create(pod("q", needs_key()))
    cluster.advance(600)
    assert cluster.state() == "CreateContainerConfigError"
    assert cluster.state(pod="q") == "running"


def test_a_single_file_is_that_of_the_start() -> None:
    cluster = Cluster()
    cluster.create(config_map(k="1"))
    cluster.create(pod("p", shows("one", subPath="k"), volumes=VOLUME))
    edit(cluster, k="2")
    cluster.advance(100)
    assert cluster.inspect()["files"] == {"/one": "1"}
    cluster.exit()
    assert cluster.inspect()["files"] == {"/one": "2"}


def write(cluster: Cluster, path: str, of: str = "c") -> None:
    cluster.kubelet().write_file("default", "p", of, path, "1")


def test_a_config_map_volume_is_read_only() -> None:
    cluster = Cluster()
    cluster.create(config_map(k="1"))
    cluster.create(pod("p", shows(), volumes=VOLUME))
    with pytest.raises(ApiError, match="read-only"):
        write(cluster, "/cfg/new")
    with pytest.raises(ApiError, match="no volume"):
        write(cluster, "/elsewhere")


def shared(**source: Any) -> dict[str, Any]:
    both = [container(name, volumeMounts=[{"name": "v", "mountPath": f"/{name}"}]) for name in "cd"]
    return pod("p", *both, volumes=[{"name": "v", **source}])


def test_an_empty_dir_is_shared_and_outlives_containers_and_sandbox() -> None:
    cluster = Cluster()
    cluster.create(shared(emptyDir={}))
    write(cluster, "/c/x")
    assert cluster.inspect("d")["files"] == {"/d/x": "1"}
    cluster.exit("c")
    cluster.lose_sandbox()
    cluster.advance(60)
    assert cluster.inspect("c")["files"] == {"/c/x": "1"}
    cluster.delete(grace=0)
    cluster.create(shared(emptyDir={}))
    assert cluster.inspect("c")["files"] == {}


def test_a_host_path_outlives_the_pod() -> None:
    cluster = Cluster(nodes=1)
    cluster.create(shared(hostPath={"path": "/srv"}))
    write(cluster, "/c/x")
    cluster.delete(grace=0)
    cluster.create(shared(hostPath={"path": "/srv"}))
    assert cluster.inspect("d")["files"] == {"/d/x": "1"}


def listen(cluster: Cluster, of: str, pod_name: str = "p", port: int = 80) -> bool:
    bound: bool = cluster.kubelet(pod_name).listen("default", pod_name, of, port)["bound"]
    cluster.settle()
    return bound


def connect(cluster: Cluster, of: str, host: str, pod_name: str = "p") -> bool:
    found = cluster.kubelet(pod_name).connect("default", pod_name, of, host, 80)
    return bool(found["connected"])


def test_a_port_is_bound_once_in_a_pod_and_reached_by_all_of_it() -> None:
    cluster = Cluster(nodes=1)
    cluster.create(pod("p", container("c"), container("d")))
    cluster.create(pod("q"))
    assert listen(cluster, "c")
    assert listen(cluster, "c", "q")
    assert connect(cluster, "d", "localhost")
    assert connect(cluster, "c", cluster.pod()["status"]["podIP"], "q")
    assert not listen(cluster, "d")
    assert cluster.restarts("d") == 1


def test_pods_on_the_host_share_its_ports_and_its_address() -> None:
    cluster = Cluster(nodes=1)
    for name in "pq":
        cluster.create(pod(name, hostNetwork=True))
    assert listen(cluster, "c")
    assert not listen(cluster, "c", "q")
    assert cluster.pod()["status"]["podIP"] == cluster.pod()["status"]["hostIP"]


def test_a_pod_whose_port_of_the_host_is_taken_is_rejected_by_the_kubelet() -> None:
    cluster = Cluster(nodes=1)
    port = [{"containerPort": 80, "hostPort": 80}]
    for name in "pq":
        cluster.create(pod(name, container(ports=port), nodeName="node1"))
    assert cluster.pod("q")["status"]["reason"] == "NodePorts"


def test_a_node_has_addresses_that_none_had_before() -> None:
    cluster = Cluster(nodes=1)
    cluster.create(pod("p"))
    cluster.store.delete("Node", None, "node1")
    size = {"cpu": "4", "memory": "8Gi", "pods": "110"}
    status = {"capacity": size, "allocatable": size}
    cluster.create(
        {"apiVersion": "v1", "kind": "Node", "metadata": {"name": "x"}, "status": status}
    )
    cluster.create(pod("q", nodeName="x"))
    assert cluster.pod("q")["status"]["podIP"] != cluster.pod("p")["status"]["podIP"]
