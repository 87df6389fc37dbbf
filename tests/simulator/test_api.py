"""What the API server does to a write: defaults and validation."""

from __future__ import annotations

from typing import Any

import pytest

from conformance.adapters.simulator.store import Store
from tests.simulator.api_server import (
    Manifest,
    claim,
    container,
    fields,
    make_store,
    pod,
    refusal,
    storage_class,
    volume,
    workload,
)


@pytest.fixture
def store() -> Store:
    return make_store()


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
