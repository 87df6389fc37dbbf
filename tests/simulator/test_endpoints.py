"""Services of the embedded engine: their endpoints follow readiness and deletion; and its raw watches."""

from __future__ import annotations

from typing import Any

import pytest

from conformance.adapters.simulator import watching
from conformance.adapters.simulator.errors import ApiError
from strategies.manifests import container, pod, service
from tests.simulator.node_driver import Cluster

GATED = pod("p", metadata={"labels": {"app": "x"}}, readinessGates=[{"conditionType": "a/ready"}])
LABELLED = pod("p", [container()], metadata={"labels": {"app": "x"}})


def cluster_of(manifest: dict[str, Any], profile: str = "v1.36", **spec: Any) -> Cluster:
    cluster = Cluster(profile)
    cluster.create(service("svc", {"app": "x"}, **spec))
    cluster.create(manifest)
    return cluster


def conditions(cluster: Cluster) -> list[dict[str, bool]]:
    (found,) = cluster.store.list("EndpointSlice")
    return [each["conditions"] for each in found["endpoints"]]


def addresses(cluster: Cluster) -> dict[str, list[str]]:
    (found,) = cluster.store.list("Endpoints")
    subset = found["subsets"][0] if found["subsets"] else {}
    return {key: [each["ip"] for each in subset[key]] for key in subset if key != "ports"}


def test_a_ready_pod_is_an_endpoint() -> None:
    cluster = cluster_of(LABELLED)
    assert conditions(cluster) == [{"ready": True, "serving": True, "terminating": False}]
    assert addresses(cluster) == {"addresses": [cluster.pod()["status"]["podIP"]]}


def test_one_that_is_not_ready_stays_with_its_conditions() -> None:
    cluster = cluster_of(GATED)
    assert conditions(cluster) == [{"ready": False, "serving": False, "terminating": False}]
    assert list(addresses(cluster)) == ["notReadyAddresses"]
    assert conditions(cluster_of(GATED, "documented")) == []


def test_a_service_may_not_mind() -> None:
    cluster = cluster_of(GATED, publishNotReadyAddresses=True)
    assert conditions(cluster)[0]["ready"]
    assert list(addresses(cluster)) == ["addresses"]


def test_one_that_is_deleted_terminates_and_goes() -> None:
    kept = {**LABELLED, "metadata": {**LABELLED["metadata"], "finalizers": ["a.b/c"]}}
    cluster = cluster_of(kept)
    cluster.store.delete("Pod", "default", "p")
    cluster.engine.controllers[-1].work()
    assert conditions(cluster) == [{"ready": False, "serving": True, "terminating": True}]
    assert addresses(cluster) == {}
    cluster.settle()
    assert conditions(cluster) == []


def test_labels_and_services_come_and_go() -> None:
    cluster = cluster_of(LABELLED)
    cluster.change("Pod", "p", lambda found: found["metadata"].update(labels={}))
    assert conditions(cluster) == []
    cluster.store.delete("Service", "default", "svc")
    cluster.settle()
    assert not cluster.store.list("EndpointSlice") + cluster.store.list("Endpoints")


def test_services_have_addresses_of_their_own() -> None:
    cluster = cluster_of(LABELLED)
    other = cluster.create(service("other", {"app": "y"}))
    assert (
        other["spec"]["clusterIP"]
        != cluster.store.read("Service", "default", "svc")["spec"]["clusterIP"]
    )
    headless = cluster.create(service("none", {"app": "y"}, clusterIP="None"))
    assert headless["spec"]["clusterIP"] == "None"
    with pytest.raises(ApiError, match="Required value"):
        cluster.create(service("bad", {}, ports=[]))


# -- raw watches -----------------------------------------------------------------------------------


def types(cluster: Cluster, **given: Any) -> list[str]:
    events: Any = watching.watch(cluster.store, "Pod", "default", **given)["events"]
    return [each["type"] for each in events]


def version(cluster: Cluster) -> str:
    return str(watching.list_objects(cluster.store, "Pod", "default")["resourceVersion"])


def test_a_watch_delivers_what_has_happened_since() -> None:
    cluster = cluster_of(LABELLED)
    before = version(cluster)
    cluster.change("Pod", "p", lambda found: found["metadata"].update(labels={"app": "y"}))
    cluster.delete(grace=0)
    assert types(cluster, resourceVersion=before)[0] == "MODIFIED"
    assert types(cluster, resourceVersion=before)[-1] == "DELETED"
    assert types(cluster, resourceVersion=before, labelSelector="app=x") == ["DELETED"]
    assert types(cluster, resourceVersion=before, labelSelector="app in (y,z)")[0] == "ADDED"
    assert types(cluster, resourceVersion=before, labelSelector="!app") == []


def test_a_watch_from_nothing_shows_what_there_is() -> None:
    cluster = cluster_of(LABELLED)
    assert types(cluster) == ["ADDED"]
    assert types(cluster, fieldSelector="status.phase=Pending") == []
    assert types(cluster, fieldSelector="status.phase!=Pending", allowWatchBookmarks=True) == [
        "ADDED",
        "BOOKMARK",
    ]


def test_a_watch_expires() -> None:
    cluster = cluster_of(LABELLED)
    before = version(cluster)
    cluster.advance(10)
    cluster.exit()
    cluster.advance(301)
    assert types(cluster, resourceVersion=before) == ["ERROR"]
    assert types(cluster, resourceVersion=version(cluster)) == []


@pytest.mark.parametrize(
    "given",
    [
        {"fieldSelector": "spec.hostname=a"},
        {"resourceVersion": "x"},
        {"fieldSelector": "status.phase"},
    ],
)
def test_what_a_watch_refuses(given: dict[str, str]) -> None:
    with pytest.raises(ApiError):
        types(cluster_of(LABELLED), **given)
