"""What the API server does to a write: defaults, validation, legal changes, deletion."""

from __future__ import annotations

import random
from typing import Any

import pytest

from conformance.adapters.simulator import client, meta
from conformance.adapters.simulator.clock import Clock
from conformance.adapters.simulator.errors import ApiError
from conformance.adapters.simulator.settings import SETTINGS
from conformance.adapters.simulator.store import Store

Manifest = dict[str, Any]


def make_store(profile: str = "v1.36") -> Store:
    return Store(Clock(), random.Random(0), SETTINGS[profile])


@pytest.fixture
def store() -> Store:
    return make_store()


def container(name: str = "c", **fields: Any) -> Manifest:
    return {"name": name, "image": "app:1", **fields}


def pod(name: str = "a", *containers: Manifest, **spec: Any) -> Manifest:
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "namespace": "default"},
        "spec": {"containers": list(containers) or [container()], **spec},
    }


def workload(kind: str, policy: str | None = None, **spec: Any) -> Manifest:
    template_spec = {"containers": [container()]}
    if policy is not None:
        template_spec["restartPolicy"] = policy  # type: ignore[assignment]
    labels = {"app": "web"}
    selector: Any = labels if kind == "ReplicationController" else {"matchLabels": labels}
    template = {"metadata": {"labels": labels}, "spec": template_spec}
    return {
        "apiVersion": "apps/v1",
        "kind": kind,
        "metadata": {"name": "w", "namespace": "default"},
        "spec": {"template": template, **({} if kind == "Job" else {"selector": selector}), **spec},
    }


def claim(**spec: Any) -> Manifest:
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": "c"},
        "spec": {
            "accessModes": ["ReadWriteOnce"],
            "resources": {"requests": {"storage": "1Gi"}},
            **spec,
        },
    }


def volume(**spec: Any) -> Manifest:
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": {"name": "v"},
        "spec": {
            "capacity": {"storage": "1Gi"},
            "accessModes": ["ReadWriteOnce"],
            "hostPath": {"path": "/data"},
            **spec,
        },
    }


def storage_class(name: str, **fields: Any) -> Manifest:
    head = {"apiVersion": "storage.k8s.io/v1", "kind": "StorageClass", "provisioner": "x.io/p"}
    return {**head, "metadata": {"name": name}, **fields}


def changed(store: Store, manifest: Manifest, patch: Manifest) -> Manifest:
    kind, namespace, name = meta.key_of(manifest)
    return client.patch(store, kind, namespace, name, patch)


def refusal(call: Any, *arguments: Any, **options: Any) -> ApiError:
    with pytest.raises(ApiError) as caught:
        call(*arguments, **options)
    return caught.value


def fields(error: ApiError) -> list[str]:
    return [cause.field for cause in error.causes]


# Defaults.


def test_a_pod_gets_its_defaults(store: Store) -> None:
    spec = store.create(pod())["spec"]
    assert (spec["restartPolicy"], spec["terminationGracePeriodSeconds"]) == ("Always", 30)


@pytest.mark.parametrize(
    ("image", "policy"),
    [
        ("a", "Always"),
        ("a:latest", "Always"),
        ("a:1", "IfNotPresent"),
        ("r:5/a", "Always"),
        ("a@sha256:0", "IfNotPresent"),
        ("Bad Image!", "IfNotPresent"),
    ],
)
def test_the_pull_policy_follows_the_tag(store: Store, image: str, policy: str) -> None:
    created = store.create(pod("a", container(image=image)))
    assert created["spec"]["containers"][0]["imagePullPolicy"] == policy


def test_a_limit_becomes_the_request(store: Store) -> None:
    created = store.create(pod("a", container(resources={"limits": {"cpu": "1"}})))
    assert created["spec"]["containers"][0]["resources"]["requests"] == {"cpu": "1"}


def test_a_limit_in_a_template_does_not_become_the_request(store: Store) -> None:
    manifest = workload("ReplicaSet")
    manifest["spec"]["template"]["spec"]["containers"][0]["resources"] = {"limits": {"cpu": "1"}}
    held = store.create(manifest)["spec"]["template"]["spec"]["containers"][0]["resources"]
    assert "requests" not in held


def test_quantities_are_kept_canonical(store: Store) -> None:
    created = store.create(pod("a", container(resources={"requests": {"cpu": "0.5"}})))
    assert created["spec"]["containers"][0]["resources"]["requests"] == {"cpu": "500m"}


def test_upper_case_k_does_not_decode_today(store: Store) -> None:
    manifest = pod("a", container(resources={"requests": {"memory": "1K"}}))
    assert refusal(store.create, manifest).code == 400


def test_upper_case_k_is_documented() -> None:
    manifest = pod("a", container(resources={"requests": {"memory": "1K"}}))
    created = make_store("documented").create(manifest)
    assert created["spec"]["containers"][0]["resources"]["requests"] == {"memory": "1k"}


def test_a_client_cannot_choose_the_status(store: Store) -> None:
    created = store.create({**pod(), "status": {"phase": "Running"}})
    assert created["status"]["phase"] == "Pending"


def test_a_pod_stays_five_minutes_on_a_lost_node(store: Store) -> None:
    tolerations = store.create(pod())["spec"]["tolerations"]
    assert [one["tolerationSeconds"] for one in tolerations] == [300, 300]


@pytest.mark.parametrize(
    ("made", "field", "value"),
    [
        (volume(), "spec.persistentVolumeReclaimPolicy", "Retain"),
        (storage_class("x"), "reclaimPolicy", "Delete"),
        (storage_class("x"), "volumeBindingMode", "Immediate"),
    ],
)
def test_storage_defaults(store: Store, made: Manifest, field: str, value: str) -> None:
    found: Any = store.create(made)
    for step in field.split("."):
        found = found[step]
    assert found == value


def test_the_newest_default_class_is_injected(store: Store) -> None:
    default = {"storageclass.kubernetes.io/is-default-class": "true"}
    for name in ("old", "new"):
        manifest = storage_class(name)
        manifest["metadata"]["annotations"] = default
        store.create(manifest)
        store.clock.advance(1, lambda: None)
    assert store.create(claim())["spec"]["storageClassName"] == "new"


def test_an_empty_class_stays_empty(store: Store) -> None:
    manifest = storage_class("d")
    manifest["metadata"]["annotations"] = {"storageclass.kubernetes.io/is-default-class": "true"}
    store.create(manifest)
    assert store.create(claim(storageClassName=""))["spec"]["storageClassName"] == ""


def test_an_autoscaler_gets_its_defaults(store: Store) -> None:
    target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "w"}
    spec = store.create(
        {
            "apiVersion": "autoscaling/v2",
            "kind": "HorizontalPodAutoscaler",
            "metadata": {"name": "h"},
            "spec": {"maxReplicas": 3, "scaleTargetRef": target},
        }
    )["spec"]
    assert spec["minReplicas"] == 1
    assert spec["metrics"][0]["resource"]["target"]["averageUtilization"] == 80


# Templates.


@pytest.mark.parametrize(
    "kind", ["ReplicationController", "ReplicaSet", "Deployment", "DaemonSet", "StatefulSet"]
)
@pytest.mark.parametrize(
    ("policy", "legal"), [(None, True), ("Always", True), ("OnFailure", False), ("Never", False)]
)
def test_controllers_restart_always(
    store: Store, kind: str, policy: str | None, legal: bool
) -> None:
    manifest = workload(kind, policy)
    if legal:
        store.create(manifest)
    else:
        error = refusal(store.create, manifest)
        assert fields(error) == ["spec.template.spec.restartPolicy"]


@pytest.mark.parametrize(
    ("policy", "legal"), [(None, False), ("Always", False), ("OnFailure", True), ("Never", True)]
)
def test_jobs_do_not_restart_always(store: Store, policy: str | None, legal: bool) -> None:
    manifest = workload("Job", policy)
    if legal:
        store.create(manifest)
    else:
        error = refusal(store.create, manifest)
        assert fields(error) == ["spec.template.spec.restartPolicy"]


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
