"""Usage that scenarios choose, served as the metrics API serves it."""

from __future__ import annotations

import json
import ssl
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest

from conformance.adapter import AdapterError
from conformance.adapters.cluster import adapter, metrics
from conformance.adapters.cluster.client import Api
from conformance.adapters.cluster.metrics import GROUP, Chosen, MetricsServer, selects
from strategies.manifests import container, pod
from tests.cluster.fake_api import Store

APISERVICE = "/apis/apiregistration.k8s.io/v1/apiservices/v1beta1.metrics.k8s.io"
AVAILABLE = {"type": "Available", "status": "True"}


def chosen() -> Chosen:
    """Two Pods of the namespace ``ours``, of the apps a and b."""
    pods = [
        pod(name, [container("c"), container("d")], metadata={"labels": {"app": name}})
        for name in "ab"
    ]
    return Chosen(lambda namespace: pods if namespace == "ours" else [])


def asked(source: Chosen, namespace: str = "ours", **query: str) -> list[dict[str, Any]]:
    """The samples."""
    code, body = source.answer(f"{GROUP}/namespaces/{namespace}/pods", query)
    assert code == 200
    items: list[dict[str, Any]] = body["items"]
    return items


def test_without_a_choice_there_is_no_sample() -> None:
    assert asked(chosen()) == []


def test_the_containers_use_together_what_was_chosen() -> None:
    source = chosen()
    source.choose("ours", "a", {"cpu": "100m"})
    (sample,) = asked(source)
    assert [each["usage"]["cpu"] for each in sample["containers"]] == ["100m", "0"]


def test_the_selector_selects() -> None:
    source = chosen()
    for name in "ab":
        source.choose("ours", name, {"cpu": "1"})
    names = [each["metadata"]["name"] for each in asked(source, labelSelector="app=b")]
    assert names == ["b"]


def test_a_choice_can_be_taken_back() -> None:
    source = chosen()
    source.choose("ours", "a", {"cpu": "1"})
    source.choose("ours", "a", None)
    assert asked(source) == []


def test_the_api_can_be_gone_for_one_scenario() -> None:
    source = chosen()
    source.set_available("ours", False)
    assert source.answer(f"{GROUP}/namespaces/ours/pods", {})[0] == 503
    assert asked(source, "theirs") == []


def test_nothing_else_is_served() -> None:
    assert chosen().answer("/api/v1/secrets", {})[0] == 404


@pytest.mark.parametrize(
    ("selector", "holds"),
    [
        ("", True), ("app=web", True), ("app==web", True), ("app=db", False), ("app!=db", True),
        ("app", True), ("!app", False), ("tier in (a,b),app=web", True), ("tier notin (a,b)", False),
    ],
)  # fmt: skip
def test_selectors(selector: str, holds: bool) -> None:
    assert selects(selector, {"app": "web", "tier": "b"}) is holds


@pytest.fixture
def server_of(server: tuple[Store, Api]) -> Iterator[tuple[Store, MetricsServer]]:
    """The metrics server, stopped in the end."""
    store, api = server
    made = MetricsServer(api, chosen())
    yield store, made
    made.stop()


def test_who_serves_it_already_is_left_alone(server_of: tuple[Store, MetricsServer]) -> None:
    store, made = server_of
    store.write(APISERVICE, {"kind": "APIService"})
    with pytest.raises(AdapterError, match="already"):
        made.start("ours", {}, "10.0.0.1")
    assert APISERVICE in store.objects


def test_a_run_does_not_begin_where_it_is_served_already(
    server: tuple[Store, Api], monkeypatch: pytest.MonkeyPatch
) -> None:
    store, api = server
    store.write(APISERVICE, {"kind": "APIService"})
    monkeypatch.setattr(adapter, "connect", lambda *_: api)
    with pytest.raises(AdapterError, match="run without metrics"):
        adapter.open_cluster(metrics=True)


def test_where_it_cannot_be_reached_it_is_said_and_undone(
    server_of: tuple[Store, MetricsServer], monkeypatch: pytest.MonkeyPatch
) -> None:
    store, made = server_of
    monkeypatch.setattr(metrics, "PATIENCE", 0.0)
    with pytest.raises(AdapterError, match="cannot reach"):
        made.start("ours", {}, "10.0.0.1")
    assert APISERVICE not in store.objects


def test_it_answers_over_tls(server_of: tuple[Store, MetricsServer]) -> None:
    store, made = server_of
    write = store.write

    def available(path: str, manifest: dict[str, Any], type: str = "") -> dict[str, Any]:
        status = {"status": {"conditions": [AVAILABLE]}} if path == APISERVICE else {}
        return write(path, {**manifest, **status}, type)

    store.write = available  # type: ignore[method-assign]
    write(f"{GROUP.rpartition('/')[0]}/v1beta1", {})  # what the aggregator would answer
    made.start("ours", {}, "10.0.0.1")
    slices = "/apis/discovery.k8s.io/v1/namespaces/ours/endpointslices/kubelaws-metrics"
    port = store.objects[slices]["ports"][0]["port"]
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    url = f"https://127.0.0.1:{port}{GROUP}"
    with urllib.request.urlopen(url, context=context) as answer:
        assert json.load(answer)["kind"] == "APIResourceList"
