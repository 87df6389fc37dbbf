"""The whole adapter, on the fake API server: no kubelet there, so nothing runs."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from conformance.adapter import AdapterError
from conformance.adapters.cluster import preflight
from conformance.adapters.cluster.adapter import ClusterAdapter
from conformance.adapters.cluster.client import Api
from conformance.adapters.cluster.cluster import Cluster
from conformance.adapters.cluster.options import Options
from spec_model.events import Accepted, Rejected, Response, stimulus
from strategies.manifests import Manifest, claim, node, pod, volume
from strategies.volumes import storage_class
from tests.cluster.fake_api import Store

HELD: Manifest = {"schedulingGates": [{"name": "example.com/hold"}]}
"""A Pod that nobody would schedule comes to rest at once."""


@pytest.fixture
def adapter(server: tuple[Store, Api]) -> Iterator[ClusterAdapter]:
    """An adapter that was reset; somebody else's class and node are there."""
    store, api = server
    store.write("/apis/storage.k8s.io/v1/storageclasses/standard", {"kind": "StorageClass"})
    store.write("/api/v1/nodes/n", {"kind": "Node", "status": {"conditions": []}})
    options = Options(image="busybox")
    made = ClusterAdapter(Cluster(api, options), preflight.look(api, options))
    made.reset()
    yield made
    made.close()


def create(adapter: ClusterAdapter, manifest: Manifest, **more: object) -> Response:
    """Creates an object."""
    return adapter.apply(stimulus("create", object=manifest, **more))


def test_the_answer_is_the_scenarios_object(adapter: ClusterAdapter) -> None:
    answer = create(adapter, pod(**HELD))
    assert isinstance(answer, Accepted)
    assert answer.value["metadata"]["namespace"] == "default"
    assert "command" not in answer.value["spec"]["containers"][0]


def test_so_is_what_is_observed(adapter: ClusterAdapter) -> None:
    create(adapter, pod(**HELD))
    (seen,) = [each for each in adapter.observe() if each.object["kind"] == "Pod"]
    assert (seen.type, seen.object["spec"]["containers"][0]["image"]) == ("ADDED", "app:1")


def test_others_nodes_and_classes_are_seen(adapter: ClusterAdapter) -> None:
    names = {each.object["metadata"]["name"] for each in adapter.observe()}
    assert names == {"n", "standard"}


def test_they_are_never_written(adapter: ClusterAdapter, server: tuple[Store, Api]) -> None:
    store, _ = server
    whom = {"kind": "Node", "namespace": "", "name": "n"}
    answers = [
        adapter.apply(stimulus("delete", **whom)),
        create(adapter, storage_class("standard")),
        adapter.apply(stimulus("replace", object=storage_class("standard"))),
    ]
    assert [answer.code for answer in answers if isinstance(answer, Rejected)] == [403] * 3
    assert not {path for method, path in store.requests if method in ("DELETE", "PUT")}


def test_no_node_is_made_up_beside_real_ones(adapter: ClusterAdapter) -> None:
    """It would draw everybody's Pods, and nobody would run them."""
    answer = create(adapter, node("small"))
    assert isinstance(answer, Rejected)
    assert answer.code == 403


def test_a_default_class_is_not_given_to_everybody(adapter: ClusterAdapter) -> None:
    assert isinstance(create(adapter, storage_class("fast", default=True)), Rejected)


@pytest.mark.parametrize(
    "manifest",
    [
        volume("v", persistentVolumeReclaimPolicy="Recycle"),
        volume("v", hostPath={"path": "/"}),
    ],
)
def test_nothing_of_a_host_is_put_in_danger(adapter: ClusterAdapter, manifest: Manifest) -> None:
    answer = create(adapter, manifest)
    assert isinstance(answer, Rejected)
    assert answer.code == 403


def test_a_patch_cannot_do_it_either(adapter: ClusterAdapter) -> None:
    create(adapter, volume("v"))
    patch = {"spec": {"persistentVolumeReclaimPolicy": "Recycle"}}
    whom = {"kind": "PersistentVolume", "namespace": "", "name": "v"}
    assert isinstance(adapter.apply(stimulus("patch", **whom, patch=patch)), Rejected)


def test_a_refusal_names_the_field(adapter: ClusterAdapter) -> None:
    nameless = pod()
    del nameless["metadata"]["name"]
    answer = create(adapter, nameless)
    assert isinstance(answer, Rejected)
    assert (answer.code, answer.reason) == (422, "Invalid")
    assert answer.causes[0].field == "metadata.name"


def test_without_its_rights_a_run_does_not_begin(server: tuple[Store, Api]) -> None:
    store, api = server
    store.denied |= {("pods", "create"), ("namespaces", "delete")}
    made = ClusterAdapter(Cluster(api, Options()), preflight.look(api, Options()))
    with pytest.raises(AdapterError, match="delete namespaces, create pods"):
        made.reset()
    made.close()
    assert not [path for path in store.objects if "kubelaws" in path]


def test_two_scenarios_do_not_see_each_other(adapter: ClusterAdapter) -> None:
    other = adapter.another()
    other.reset()
    create(adapter, volume("v"))
    create(other, claim("c"))
    kinds = {each.object["kind"] for each in other.observe()}
    other.close()
    assert "PersistentVolume" not in kinds


def test_the_same_name_may_be_used_side_by_side(adapter: ClusterAdapter) -> None:
    other = adapter.another()
    other.reset()
    answers = [create(each, volume("v")) for each in (adapter, other)]
    other.close()
    assert all(isinstance(answer, Accepted) for answer in answers)


def test_a_container_that_never_ran_does_not_exit(adapter: ClusterAdapter) -> None:
    create(adapter, pod(**HELD))
    whom = {"namespace": "default", "pod": "none", "container": "c"}
    answer = adapter.apply(stimulus("exit", **whom, exitCode=1))
    assert isinstance(answer, Rejected)
    assert answer.code == 404


def test_an_image_that_was_used_stays_as_it_is(adapter: ClusterAdapter) -> None:
    create(adapter, pod(**HELD))
    answer = adapter.apply(stimulus("set-image", image="app:1", outcome="missing"))
    assert isinstance(answer, Rejected)
    assert answer.code == 501


def test_closing_leaves_nothing(server: tuple[Store, Api], adapter: ClusterAdapter) -> None:
    store, _ = server
    create(adapter, volume("v"))
    create(adapter, pod(**HELD))
    adapter.close()
    left = {path for path in store.objects if "kubelaws" in path}
    assert left == set()
