"""The whole adapter, on the fake API server: no kubelet there, so nothing runs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from conformance.adapter import AdapterError
from conformance.adapters.cluster import preflight
from conformance.adapters.cluster.adapter import ClusterAdapter
from conformance.adapters.cluster.client import Api
from conformance.adapters.cluster.cluster import Cluster
from conformance.adapters.cluster.options import Options
from spec_model.events import Accepted, Rejected, Response, stimulus
from strategies.manifests import Manifest, claim, container, node, pod, volume
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


# -- raw lists and watches -----------------------------------------------------------------------------


def test_a_list_shows_the_scenarios_own(adapter: ClusterAdapter) -> None:
    create(adapter, pod(**HELD))
    answer = adapter.apply(stimulus("list", kind="Pod", namespace="default"))
    assert isinstance(answer, Accepted)
    (item,) = answer.value["items"]
    assert (item["kind"], item["metadata"]["namespace"]) == ("Pod", "default")
    assert answer.value["resourceVersion"].isdecimal()


def test_a_raw_watch_delivers_what_has_happened(adapter: ClusterAdapter) -> None:
    create(adapter, pod(**HELD))
    watched = stimulus("watch", kind="Pod", namespace="default", resourceVersion="1")
    answer = adapter.apply(watched)
    assert isinstance(answer, Accepted)
    (event,) = answer.value["events"]
    assert (event["type"], event["object"]["metadata"]["namespace"]) == ("ADDED", "default")


def test_a_watch_from_what_is_forgotten_is_an_error_event(
    adapter: ClusterAdapter, server: tuple[Store, Api]
) -> None:
    server[0].forgotten = 5
    answer = adapter.apply(stimulus("watch", kind="Pod", namespace="default", resourceVersion="1"))
    assert isinstance(answer, Accepted)
    assert [each["type"] for each in answer.value["events"]] == ["ERROR"]


# -- what is said before there is a Pod ----------------------------------------------------------------


def test_what_was_said_of_a_name_holds_for_the_pod_that_gets_it(
    adapter: ClusterAdapter, server: tuple[Store, Api]
) -> None:
    whom = {"namespace": "default", "pod": "a", "container": "c"}
    said = adapter.apply(stimulus("set-stop", **whom, seconds=None))
    assert isinstance(said, Accepted)
    create(adapter, pod(**HELD))
    (stored,) = [each for path, each in server[0].objects.items() if path.endswith("/pods/a")]
    assert "stop never 143" in stored["spec"]["containers"][0]["command"]


def test_a_probe_that_cannot_be_answered_so_is_said_to_be_one(adapter: ClusterAdapter) -> None:
    asks = {"tcpSocket": {"port": 80}}
    create(adapter, pod(containers=[container(livenessProbe=asks)], **HELD))
    whom = {"namespace": "default", "pod": "a", "container": "c"}
    answer = adapter.apply(stimulus("set-probe", **whom, probe="liveness", answer="timeout"))
    assert isinstance(answer, Rejected)
    assert answer.code == 501


# -- static Pods ---------------------------------------------------------------------------------------


@pytest.fixture
def on_node(server: tuple[Store, Api], tmp_path: Path) -> Iterator[ClusterAdapter]:
    """An adapter with access to the node, whose directory of static Pods is here."""
    store, api = server
    store.write("/api/v1/nodes/n", {"kind": "Node", "status": {"conditions": []}})
    given = Options(hook="env NODE={node} /bin/sh -c", manifests=str(tmp_path))
    made = ClusterAdapter(Cluster(api, given), preflight.look(api, given))
    made.reset()
    yield made
    made.close()


def written(adapter: ClusterAdapter, file: str, manifest: Manifest) -> Response:
    """Writes a file of a static Pod."""
    return adapter.apply(stimulus("write-manifest", node="n", file=file, manifest=manifest))


def test_a_static_pod_is_one_of_the_scenario(on_node: ClusterAdapter, tmp_path: Path) -> None:
    written(on_node, "web.yaml", pod("web", metadata={"name": "web"}))
    (file,) = tmp_path.iterdir()
    stored = json.loads(file.read_text(encoding="utf-8"))
    assert file.name == f"{on_node.mapper.home}.web.yaml"
    assert stored["metadata"]["namespace"] == on_node.mapper.home


@pytest.mark.parametrize("file", [".web.yaml", "old/web.yaml", "web.yaml"])
def test_its_file_goes(on_node: ClusterAdapter, tmp_path: Path, file: str) -> None:
    written(on_node, file, pod("web"))
    on_node.apply(stimulus("remove-manifest", node="n", file=file))
    assert not [each for each in tmp_path.rglob("*") if each.is_file()]


def test_what_is_hidden_stays_hidden(on_node: ClusterAdapter, tmp_path: Path) -> None:
    written(on_node, ".web.yaml", pod("web"))
    (file,) = tmp_path.iterdir()
    assert file.name.startswith(".")


def test_files_go_with_their_scenario(on_node: ClusterAdapter, tmp_path: Path) -> None:
    (tmp_path / "etcd.yaml").write_text("somebody else's", encoding="utf-8")
    written(on_node, "web.yaml", pod("web"))
    on_node.close()
    assert [each.name for each in tmp_path.iterdir()] == ["etcd.yaml"]


@pytest.mark.parametrize(
    "spec", [{"hostNetwork": True}, {"volumes": [{"name": "v", "hostPath": {"path": "/tmp"}}]}]
)
def test_no_static_pod_reaches_into_its_node(
    on_node: ClusterAdapter, tmp_path: Path, spec: Manifest
) -> None:
    """No admission looks at it there."""
    answer = written(on_node, "web.yaml", pod("web", **spec))
    assert isinstance(answer, Rejected)
    assert not list(tmp_path.iterdir())
