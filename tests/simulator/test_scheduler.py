"""Where Pods go, and why they wait: SCHED, INIT-010, PV-005, PV-011, PV-012."""

from __future__ import annotations

from typing import Any

import pytest

from tests.simulator.node_driver import Cluster, Object, container, pod, resources


def node_of(cluster: Cluster, name: str = "p") -> str | None:
    return cluster.pod(name)["spec"].get("nodeName")


def asking(name: str, cpu: str, **spec: Any) -> Object:
    return pod(name, container(resources=resources(cpu=cpu)), **spec)


def label(cluster: Cluster, node: str, **labels: str) -> None:
    cluster.change(
        "Node", node, lambda mine: mine["metadata"].setdefault("labels", {}).update(labels)
    )


def test_binding_and_condition_are_one_write() -> None:
    cluster = Cluster()
    cluster.create(pod())
    bound = next(each for each in cluster.history() if each["spec"].get("nodeName"))
    assert bound["status"]["conditions"][0]["status"] == "True"
    assert bound["status"]["phase"] == "Pending"


def test_a_selector_waits_for_its_label() -> None:
    cluster = Cluster()
    cluster.create(pod("p", nodeSelector={"disk": "ssd"}))
    condition = cluster.condition("PodScheduled")
    assert (condition["status"], condition["reason"]) == ("False", "Unschedulable")
    assert condition["message"].startswith("0/2 nodes are available")
    assert "FailedScheduling" in cluster.events()
    label(cluster, "node2", disk="ssd")
    assert node_of(cluster) == "node2"
    assert cluster.phase() == "Running"


def test_requests_are_reserved_until_the_pod_has_ended() -> None:
    cluster = Cluster(nodes=1)
    cluster.create(asking("a", "3", restartPolicy="Never"))
    cluster.create(asking("b", "2"))
    assert node_of(cluster, "b") is None
    cluster.exit("c", 0, "a")
    assert node_of(cluster, "b") == "node1"


def test_what_fits_exactly_fits() -> None:
    cluster = Cluster(nodes=1)
    cluster.create(asking("p", "4"))
    assert node_of(cluster) == "node1"


def test_limits_do_not_matter() -> None:
    cluster = Cluster(nodes=1)
    for name in "ab":
        held = resources(cpu=("1", "4"))
        cluster.create(pod(name, container(resources=held)))
        assert node_of(cluster, name) == "node1"


@pytest.mark.parametrize(("cpu", "fits"), [("3", True), ("3001m", False)])
def test_init_containers_count_by_their_maximum(cpu: str, fits: bool) -> None:
    cluster = Cluster(nodes=1)
    cluster.create(asking("a", "1"))
    inits = tuple(container(name, resources=resources(cpu=cpu)) for name in ("i1", "i2"))
    cluster.create(pod("p", container(resources=resources(cpu="1")), inits=inits))
    assert (node_of(cluster) == "node1") is fits


def test_a_taint_keeps_away_who_does_not_tolerate_it() -> None:
    cluster = Cluster(nodes=1)
    taint = {"key": "a", "value": "b", "effect": "NoSchedule"}
    cluster.change("Node", "node1", lambda mine: mine.setdefault("spec", {}).update(taints=[taint]))
    cluster.create(pod("p"))
    tolerating = {"key": "a", "operator": "Equal", "value": "b", "effect": "NoSchedule"}
    cluster.create(pod("q", tolerations=[tolerating]))
    assert (node_of(cluster, "p"), node_of(cluster, "q")) == (None, "node1")


def test_the_preferred_node_is_taken() -> None:
    for seed in range(5):
        cluster = Cluster(nodes=3, seed=seed)
        label(cluster, "node2", disk="ssd")
        term = {"matchExpressions": [{"key": "disk", "operator": "In", "values": ["ssd"]}]}
        preferred = [{"weight": 1, "preference": term}]
        affinity = {"nodeAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": preferred}}
        cluster.create(pod("p", affinity=affinity))
        assert node_of(cluster) == "node2"


def test_equal_nodes_are_chosen_by_the_seed() -> None:
    chosen = set()
    for seed in range(12):
        cluster = Cluster(seed=seed)
        cluster.create(pod())
        chosen.add(node_of(cluster))
    assert chosen == {"node1", "node2"}


def test_an_unschedulable_pod_that_is_deleted_goes_at_once() -> None:
    cluster = Cluster()
    cluster.create(pod("p", nodeSelector={"disk": "ssd"}))
    cluster.delete()
    assert cluster.pod() is None


# Claims.


def volume(name: str, *modes: str, **spec: Any) -> Object:
    held = {"capacity": {"storage": "1Gi"}, "accessModes": list(modes), "hostPath": {"path": "/d"}}
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": {"name": name},
        "spec": {**held, **spec},
    }


def claim(name: str, mode: str = "ReadWriteOnce", **spec: Any) -> Object:
    asked = {"accessModes": [mode], "resources": {"requests": {"storage": "1Gi"}}, **spec}
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": name, "namespace": "default"},
        "spec": asked,
    }


def mounting(name: str, claim_name: str) -> Object:
    source = {"name": "v", "persistentVolumeClaim": {"claimName": claim_name}}
    return pod(name, volumes=[source])


def test_a_pod_waits_for_its_claim_and_for_its_volume() -> None:
    cluster = Cluster()
    cluster.create(mounting("p", "data"))
    assert 'persistentvolumeclaim "data" not found' in cluster.condition("PodScheduled")["message"]
    cluster.create(claim("data", storageClassName=""))
    message = cluster.condition("PodScheduled")["message"]
    assert "pod has unbound immediate PersistentVolumeClaims" in message
    cluster.create(volume("pv", "ReadWriteOnce"))
    assert cluster.phase() == "Running"


def test_an_exclusive_claim_serves_one_pod_at_a_time() -> None:
    cluster = Cluster()
    cluster.create(volume("pv", "ReadWriteOncePod"))
    cluster.create(claim("data", "ReadWriteOncePod", storageClassName=""))
    cluster.create(mounting("a", "data"))
    cluster.create(mounting("b", "data"))
    assert (cluster.phase("a"), node_of(cluster, "b")) == ("Running", None)
    assert "ReadWriteOncePod" in cluster.condition("PodScheduled", "b")["message"]
    cluster.delete("a")
    assert cluster.phase("b") == "Running"


def delayed(provisioner: str) -> Object:
    return {
        "apiVersion": "storage.k8s.io/v1",
        "kind": "StorageClass",
        "metadata": {"name": "late"},
        "provisioner": provisioner,
        "volumeBindingMode": "WaitForFirstConsumer",
    }


def test_a_late_claim_is_provisioned_where_its_consumer_goes() -> None:
    cluster = Cluster()
    cluster.create(delayed("disks.example.com"))
    cluster.create(claim("data", storageClassName="late"))
    assert (
        cluster.store.read("PersistentVolumeClaim", "default", "data")["status"]["phase"]
        == "Pending"
    )
    cluster.create(mounting("p", "data"))
    assert cluster.phase() == "Running"
    bound = cluster.store.read("PersistentVolumeClaim", "default", "data")
    assert bound["status"]["phase"] == "Bound"


def test_a_late_claim_takes_a_volume_its_node_reaches() -> None:
    cluster = Cluster()
    cluster.create(delayed("kubernetes.io/no-provisioner"))
    requirement = {"key": "kubernetes.io/hostname", "operator": "In", "values": ["node2"]}
    required = {"nodeSelectorTerms": [{"matchExpressions": [requirement]}]}
    cluster.create(
        volume("pv", "ReadWriteOnce", storageClassName="late", nodeAffinity={"required": required})
    )
    cluster.create(claim("data", storageClassName="late"))
    cluster.create(mounting("p", "data"))
    assert (cluster.phase(), node_of(cluster)) == ("Running", "node2")
