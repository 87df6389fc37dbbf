"""What the API server lets a client change: Pods, claims and volumes, workloads."""

from __future__ import annotations

import pytest

from conformance.adapters.simulator import client, meta
from conformance.adapters.simulator.store import Store
from tests.simulator.api_server import (
    Manifest,
    changed,
    claim,
    container,
    fields,
    make_store,
    pod,
    refusal,
    volume,
    workload,
)


@pytest.fixture
def store() -> Store:
    return make_store()


# Changes of a Pod.


@pytest.mark.parametrize(
    "patch",
    [
        {"containers": [container(image="app:2")]},
        {"activeDeadlineSeconds": 100},
        {"tolerations": [{"key": "x", "operator": "Exists"}]},
    ],
)
def test_these_fields_of_a_pod_may_change(store: Store, patch: Manifest) -> None:
    made = store.create(pod())
    if "containers" in patch:
        patch = {"containers": [{**made["spec"]["containers"][0], "image": "app:2"}]}
    written = changed(store, made, {"spec": patch})
    assert written["metadata"]["generation"] == 2


@pytest.mark.parametrize(
    "patch",
    [
        {"restartPolicy": "Never"},
        {"nodeName": "n"},
        {"terminationGracePeriodSeconds": 1},
        {"nodeSelector": {"a": "b"}},
        {"containers": [container("d")]},
        {"containers": [container(), container("d")]},
        {"initContainers": [container("d")]},
    ],
)
def test_no_other_field_of_a_pod_may_change(store: Store, patch: Manifest) -> None:
    made = store.create(pod())
    assert refusal(changed, store, made, {"spec": patch}).code == 422


@pytest.mark.parametrize(
    ("seconds", "legal"), [(50, True), (100, True), (200, False), (None, False)]
)
def test_a_deadline_only_comes_nearer(store: Store, seconds: int | None, legal: bool) -> None:
    made = store.create(pod(activeDeadlineSeconds=100))
    patch = {"spec": {"activeDeadlineSeconds": seconds}}
    if legal:
        changed(store, made, patch)
    else:
        assert fields(refusal(changed, store, made, patch)) == ["spec.activeDeadlineSeconds"]


def test_labels_may_change_without_a_new_generation(store: Store) -> None:
    made = store.create(pod())
    written = changed(store, made, {"metadata": {"labels": {"a": "b"}}})
    assert written["metadata"]["generation"] == 1


def test_a_pod_is_bound_once(store: Store) -> None:
    store.create(pod())
    store.bind("default", "a", "n1")
    error = refusal(store.bind, "default", "a", "n2")
    assert error.code == 409
    assert "already assigned" in error.message


def test_binding_writes_the_condition_too(store: Store) -> None:
    store.create(pod())
    bound = store.bind("default", "a", "n1")
    assert meta.is_true(bound, "PodScheduled")


def test_a_pod_that_goes_is_not_bound(store: Store) -> None:
    store.create(pod() | {"metadata": {"name": "a", "finalizers": ["x.io/f"]}})
    store.delete("Pod", "default", "a")
    assert refusal(store.bind, "default", "a", "n1").code == 409


# Status.


def terminated(code: int) -> Manifest:
    return {"containerStatuses": [{"name": "c", "state": {"terminated": {"exitCode": code}}}]}


RUNNING = {"containerStatuses": [{"name": "c", "state": {"running": {}}}]}


@pytest.mark.parametrize(
    ("policy", "code", "legal"),
    [
        ("Always", 0, True),
        ("Always", 1, True),
        ("OnFailure", 0, False),
        ("OnFailure", 1, True),
        ("Never", 0, False),
        ("Never", 1, False),
    ],
)
def test_what_stopped_for_good_stays_stopped(
    store: Store, policy: str, code: int, legal: bool
) -> None:
    store.create(pod(restartPolicy=policy))
    client.write_status(store, "default", "a", terminated(code))
    if legal:
        client.write_status(store, "default", "a", RUNNING)
    else:
        error = refusal(client.write_status, store, "default", "a", RUNNING)
        assert fields(error) == ["status.containerStatuses[0].state"]


def test_the_class_of_a_pod_is_for_life(store: Store) -> None:
    store.create(pod())
    error = refusal(client.write_status, store, "default", "a", {"qosClass": "Guaranteed"})
    assert fields(error) == ["status.qosClass"]


def test_a_resize_may_not_change_the_class(store: Store) -> None:
    made = store.create(pod("a", container(resources={"requests": {"cpu": "1"}})))
    resized = {**made["spec"]["containers"][0], "resources": {}}
    patch = {"spec": {"containers": [resized]}}
    error = refusal(client.patch, store, "Pod", "default", "a", patch, "resize")
    assert fields(error) == ["status.qosClass"]


def test_a_resize_within_the_class_is_free(store: Store) -> None:
    made = store.create(pod("a", container(resources={"requests": {"cpu": "1"}})))
    resized = {**made["spec"]["containers"][0], "resources": {"requests": {"cpu": "2"}}}
    written = client.patch(
        store, "Pod", "default", "a", {"spec": {"containers": [resized]}}, "resize"
    )
    assert written["spec"]["containers"][0]["resources"]["requests"] == {"cpu": "2"}


# Storage.


def test_a_claim_does_not_change(store: Store) -> None:
    made = store.create(claim())
    patch = {"spec": {"accessModes": ["ReadWriteMany"]}}
    assert fields(refusal(changed, store, made, patch)) == ["spec"]


def test_an_unbound_claim_does_not_grow(store: Store) -> None:
    made = store.create(claim())
    patch = {"spec": {"resources": {"requests": {"storage": "2Gi"}}}}
    assert refusal(changed, store, made, patch).code == 422


@pytest.mark.parametrize(("size", "legal"), [("2Gi", True), ("500Mi", False)])
def test_a_bound_claim_only_grows(store: Store, size: str, legal: bool) -> None:
    made = store.create(claim())
    store.update_status(meta.with_status(made, phase="Bound"))
    patch = {"spec": {"resources": {"requests": {"storage": size}}}}
    if legal:
        changed(store, made, patch)
    else:
        assert refusal(changed, store, made, patch).code == 422


def test_a_claim_gets_its_volume_once(store: Store) -> None:
    made = store.create(claim())
    changed(store, made, {"spec": {"volumeName": "v"}})
    assert refusal(changed, store, made, {"spec": {"volumeName": "w"}}).code == 422


def test_the_source_of_a_volume_does_not_change(store: Store) -> None:
    made = store.create(volume())
    error = refusal(changed, store, made, {"spec": {"hostPath": {"path": "/other"}}})
    assert fields(error) == ["spec.persistentvolumesource"]


def test_the_root_of_a_node_is_not_recycled(store: Store) -> None:
    manifest = volume(hostPath={"path": "/"}, persistentVolumeReclaimPolicy="Recycle")
    assert fields(refusal(store.create, manifest)) == ["spec.persistentVolumeReclaimPolicy"]


@pytest.mark.parametrize(("profile", "legal"), [("v1.36", True), ("documented", False)])
def test_read_write_once_pod_is_new(profile: str, legal: bool) -> None:
    store, manifest = make_store(profile), volume(accessModes=["ReadWriteOncePod"])
    if legal:
        store.create(manifest)
    else:
        assert fields(refusal(store.create, manifest)) == ["spec.accessModes"]


# Selectors and scale.


@pytest.mark.parametrize(("profile", "legal"), [("v1.36", False), ("documented", True)])
def test_the_selector_of_a_deployment(profile: str, legal: bool) -> None:
    store = make_store(profile)
    made = store.create(workload("Deployment"))
    labels = {"app": "web", "new": "x"}
    patch = {
        "spec": {
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}},
        }
    }
    if legal:
        changed(store, made, patch)
    else:
        assert fields(refusal(changed, store, made, patch)) == ["spec.selector"]


def test_scale_writes_only_the_replicas(store: Store) -> None:
    store.create(workload("ReplicaSet"))
    written = client.patch(
        store, "ReplicaSet", "default", "w", {"spec": {"replicas": 3, "x": 1}}, "scale"
    )
    assert (written["spec"]["replicas"], "x" in written["spec"]) == (3, False)


def test_scale_is_never_negative(store: Store) -> None:
    store.create(workload("ReplicaSet"))
    patch = {"spec": {"replicas": -1}}
    error = refusal(client.patch, store, "ReplicaSet", "default", "w", patch, "scale")
    assert fields(error) == ["spec.replicas"]
