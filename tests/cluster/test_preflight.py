"""What is found out before anything is created."""

from __future__ import annotations

import pytest
import yaml
from attrs import evolve
from click.testing import CliRunner

from conformance.adapters.cluster import preflight, rights
from conformance.adapters.cluster.client import Api
from conformance.adapters.cluster.options import Options, options
from conformance.commands.cluster import command
from tests.cluster.fake_api import Store

NODE = "/api/v1/nodes/n"


def ready(store: Store, status: str = "True") -> None:
    """A node is there."""
    store.write(NODE, {"status": {"conditions": [{"type": "Ready", "status": status}]}})


def test_a_ready_node_has_a_kubelet(server: tuple[Store, Api]) -> None:
    store, api = server
    ready(store)
    assert "kubelet" in preflight.look(api, Options()).capabilities


@pytest.mark.parametrize("status", ["False", "Unknown"])
def test_another_node_has_none(server: tuple[Store, Api], status: str) -> None:
    store, api = server
    ready(store, status)
    assert "kubelet" not in preflight.look(api, Options()).capabilities


def test_a_class_without_a_provisioner_provisions_nothing(server: tuple[Store, Api]) -> None:
    store, api = server
    ready(store)
    where = "/apis/storage.k8s.io/v1/storageclasses/local"
    store.write(where, {"provisioner": "kubernetes.io/no-provisioner"})
    assert "provisioner" not in preflight.look(api, Options()).capabilities


def test_another_version_is_judged_by_the_nearest_profile(server: tuple[Store, Api]) -> None:
    _, api = server
    found = preflight.look(api, Options())
    assert found.is_of_profile
    assert not evolve(found, version="v1.35.1").is_of_profile


def test_looking_creates_nothing(server: tuple[Store, Api]) -> None:
    store, api = server
    ready(store)
    preflight.look(api, Options(), ask_for_rights=True)
    kinds = {path for method, path in store.requests if method != "GET"}
    assert kinds == {"/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"}


def test_a_missing_right_is_named(server: tuple[Store, Api]) -> None:
    store, api = server
    store.denied.add(("pods", "create"))
    found = preflight.look(api, Options(), ask_for_rights=True)
    assert {(right.named, verb) for right, verb in found.blocking} >= {("pods", "create")}


def test_a_right_that_can_be_spared_costs_its_capability(server: tuple[Store, Api]) -> None:
    store, api = server
    ready(store)
    store.denied.add(("pods", "patch"))  # pods/status is asked for as a subresource of pods
    found = preflight.look(api, Options(), ask_for_rights=True)
    assert "status-write" not in found.capabilities


def test_every_capability_is_claimed_or_explained(server: tuple[Store, Api]) -> None:
    _, api = server
    found = preflight.look(api, Options())
    named = {name for name, _ in found.unsupported}
    assert not named & found.capabilities
    assert all(why for _, why in found.unsupported)


def test_the_manifest_grants_what_is_asked_for() -> None:
    printed = CliRunner().invoke(command, ["rbac"]).output
    (role,) = [each for each in yaml.safe_load_all(printed) if each["kind"] == "ClusterRole"]
    granted = {
        (rule["apiGroups"][0], rule["resources"][0], verb)
        for rule in role["rules"]
        for verb in rule["verbs"]
    }
    asked = {(right.group, right.resource, verb) for right in rights.RIGHTS for verb in right.verbs}
    assert granted == asked


def test_no_right_is_for_everything() -> None:
    words = [
        word for right in rights.RIGHTS for word in (right.group, right.resource, *right.verbs)
    ]
    assert "*" not in words


def test_a_recording_only_reads() -> None:
    assert {verb for right in rights.RECORDING for verb in right.verbs} == {"list", "watch"}


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"kubelet": "fake"}, "kubelet"),
        ({"parallel": 0}, "parallel"),
        ({"pods": "many"}, "pods"),
        ({"namespace": "No Name"}, "namespace"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_a_bad_option_is_named(given: dict[str, object], named: str) -> None:
    with pytest.raises(ValueError, match=f"option {named}"):
        options("", **given)
