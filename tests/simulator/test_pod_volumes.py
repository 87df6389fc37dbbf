"""What is in the volumes of Pods, how large they may grow, and what a host path must be."""

from __future__ import annotations

from typing import Any

import pytest

from conformance.adapters.simulator.errors import ApiError
from strategies.manifests import claim, volume
from tests.simulator.node_driver import Cluster, container, pod

LIMITED = {"limits": {"memory": "16Ki", "cpu": "1"}}
ON_NODE1 = {"kubernetes.io/hostname": "node1"}


def with_volume(name: str = "p", more: Any = None, **source: Any) -> dict[str, Any]:
    """A Pod of the first node that mounts one volume at /v."""
    made = container(volumeMounts=[{"name": "v", "mountPath": "/v"}], **(more or {}))
    volumes = [{"name": "v", **source}]
    return pod(name, made, volumes=volumes, nodeSelector=ON_NODE1, restartPolicy="Always")


def host_path(path: str, type_: str = "") -> dict[str, Any]:
    return {"path": path, **({"type": type_} if type_ else {})}


def write(cluster: Cluster, content: str, path: str = "/v/f", pod: str = "p") -> None:
    cluster.kubelet(pod).write_file("default", pod, "c", path, content)
    cluster.settle()


def files(cluster: Cluster, pod: str = "p") -> Any:
    return cluster.inspect(pod=pod)["files"]


def test_a_tmpfs_is_as_large_as_its_limit_the_pods_or_the_node() -> None:
    cluster = Cluster()
    sizes = []
    for index, (limit, more) in enumerate(
        [("8Ki", {}), ("8Ki", {"resources": LIMITED}), ("1Mi", {"resources": LIMITED}), (None, {})]
    ):
        source = {"medium": "Memory", **({"sizeLimit": limit} if limit else {})}
        cluster.create(with_volume(f"p{index}", more, emptyDir=source))
        cluster.advance(1)
        sizes.append(cluster.inspect(pod=f"p{index}")["mounts"]["/v"]["tmpfs"])
    assert sizes == [8192, 8192, 16384, 8 * 1024**3]


def test_a_full_tmpfs_takes_no_more() -> None:
    cluster = Cluster()
    cluster.create(with_volume(emptyDir={"medium": "Memory", "sizeLimit": "4Ki"}))
    cluster.advance(1)
    write(cluster, "x" * 4096)
    with pytest.raises(ApiError, match="no space left"):
        write(cluster, "x", "/v/g")
    write(cluster, "y" * 4096)


def test_what_is_kept_in_memory_counts_against_the_limit() -> None:
    cluster = Cluster()
    cluster.create(
        with_volume(more={"resources": LIMITED}, emptyDir={"medium": "Memory", "sizeLimit": "8Ki"})
    )
    cluster.advance(1)
    cluster.allocate(12 * 1024)
    write(cluster, "x" * 4096)
    assert cluster.inspect()["usage"]["memory_bytes"] == 16 * 1024
    write(cluster, "x" * 4097)
    assert cluster.pod()["status"]["containerStatuses"][0]["restartCount"] == 1


def test_too_much_in_memory_evicts_without_a_condition() -> None:
    cluster = Cluster()
    cluster.create(with_volume(emptyDir={"medium": "Memory", "sizeLimit": "10000"}))
    cluster.advance(1)
    write(cluster, "x" * 10001)
    cluster.advance(11)
    status = cluster.pod()["status"]
    assert status["message"] == 'Usage of EmptyDir volume "v" exceeds the limit "10k". '
    assert "DisruptionTarget" not in [each["type"] for each in status["conditions"]]


def test_too_much_on_disk_evicts_at_the_next_look() -> None:
    cluster = Cluster()
    cluster.create(with_volume(emptyDir={"sizeLimit": "8"}))
    cluster.advance(1)
    write(cluster, "x" * 8)
    cluster.advance(30)
    assert cluster.pod()["status"]["phase"] == "Running"
    write(cluster, "x" * 9)
    cluster.advance(11)
    status = cluster.pod()["status"]
    assert (status["phase"], status["reason"]) == ("Failed", "Evicted")
    assert status["message"] == 'Usage of EmptyDir volume "v" exceeds the limit "8". '


def test_who_tidies_up_in_time_stays() -> None:
    cluster = Cluster()
    cluster.create(with_volume(emptyDir={"sizeLimit": "8"}))
    cluster.advance(1)
    write(cluster, "x" * 9)
    write(cluster, "x")
    cluster.advance(11)
    assert cluster.pod()["status"]["phase"] == "Running"


def test_a_host_path_outlives_the_pod_and_is_shared() -> None:
    cluster = Cluster()
    cluster.create(with_volume(hostPath=host_path("/tmp/x")))
    cluster.advance(1)
    write(cluster, "1")
    cluster.delete(grace=1)
    cluster.advance(5)
    cluster.create(with_volume("q", hostPath=host_path("/tmp")))
    cluster.advance(1)
    assert files(cluster, "q") == {"/v/x/f": "1"}


def test_a_host_path_stays_on_its_node() -> None:
    cluster = Cluster(nodes=2)
    cluster.create(with_volume(hostPath=host_path("/tmp/x")))
    cluster.advance(1)
    write(cluster, "1")
    other = with_volume("q", hostPath=host_path("/tmp/x"))
    other["spec"]["nodeSelector"] = {"kubernetes.io/hostname": "node2"}
    cluster.create(other)
    cluster.advance(1)
    assert files(cluster, "q") == {}


@pytest.mark.parametrize(
    ("path", "type_", "starts"),
    [
        *(("/tmp/new", each, each == "") for each in ("", "Directory", "File", "Socket")),
        ("/tmp/new", "DirectoryOrCreate", True),
        ("/tmp/new", "FileOrCreate", True),
        ("/tmp/new/file", "FileOrCreate", False),
        ("/tmp", "Directory", True),
        ("/tmp", "FileOrCreate", False),
        ("/etc/hostname", "File", True),
        ("/etc/hostname", "DirectoryOrCreate", False),
        ("/dev/null", "CharDevice", True),
        ("/dev/null", "BlockDevice", False),
    ],
)
def test_the_type_of_a_host_path_is_checked(path: str, type_: str, starts: bool) -> None:
    cluster = Cluster()
    cluster.create(with_volume(hostPath=host_path(path, type_)))
    cluster.advance(1)
    assert cluster.state() == ("running" if starts else "ContainerCreating")
    assert ("FailedMount" in cluster.events()) is not starts


def test_what_is_made_has_the_documented_modes() -> None:
    cluster = Cluster()
    for name, type_ in (("p", "DirectoryOrCreate"), ("q", "FileOrCreate")):
        cluster.create(with_volume(name, hostPath=host_path(f"/tmp/{name}", type_)))
    cluster.advance(1)
    modes = [cluster.inspect(pod=name)["mounts"]["/v"]["mode"] for name in "pq"]
    assert modes == ["0755", "0644"]


def test_a_claim_shows_what_its_volume_is_made_of() -> None:
    cluster = Cluster(nodes=2)
    share: Any = {"nfs": {"server": "nfs.example.com", "path": "/data"}}
    cluster.create(volume("v", **share, persistentVolumeReclaimPolicy="Recycle"))
    cluster.create(claim("c"))
    cluster.advance(1)
    cluster.create(with_volume(persistentVolumeClaim={"claimName": "c"}))
    cluster.advance(1)
    write(cluster, "1")
    other = with_volume("q", **share)
    other["spec"]["nodeSelector"] = {"kubernetes.io/hostname": "node2"}
    cluster.create(other)
    cluster.advance(1)
    assert files(cluster, "q") == {"/v/f": "1"}
    cluster.delete(grace=1)
    cluster.store.delete("PersistentVolumeClaim", "default", "c")
    cluster.advance(20)
    assert files(cluster, "q") == {}
