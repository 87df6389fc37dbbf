"""A run touches its own and nothing else, and leaves nothing behind."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from conformance.adapter import AdapterError
from conformance.adapters.cluster import leftovers
from conformance.adapters.cluster.client import Api
from conformance.adapters.cluster.isolation import Territory
from conformance.adapters.cluster.mapping import RUN_LABEL
from conformance.adapters.cluster.options import Options
from tests.cluster.fake_api import Store

NAMESPACES = "/api/v1/namespaces"
VOLUMES = "/api/v1/persistentvolumes"
RUN = "abc123"


def namespace(store: Store, name: str, run: str | None) -> None:
    """Puts a namespace there."""
    labels = {RUN_LABEL: run} if run else {}
    store.write(f"{NAMESPACES}/{name}", {"metadata": {"name": name, "labels": labels}})


def lease(store: Store, name: str, ago: float) -> None:
    """Gives a run's sign of life, so many seconds ago."""
    when = (datetime.now(UTC) - timedelta(seconds=ago)).isoformat()
    at = f"/apis/coordination.k8s.io/v1/namespaces/{name}/leases/kubelaws"
    store.write(at, {"metadata": {}, "spec": {"renewTime": when}})


def test_a_run_has_a_namespace_for_each_scenario(server: tuple[Store, Api]) -> None:
    store, api = server
    territory = Territory(api, Options())
    names = {territory.settle(), territory.settle()}
    territory.end()
    assert names == {f"{territory.root}-1", f"{territory.root}-2"}
    assert all(f"{NAMESPACES}/{name}" not in store.objects for name in names)


def test_every_namespace_is_limited(server: tuple[Store, Api]) -> None:
    store, api = server
    territory = Territory(api, Options(pods=7))
    name = territory.settle()
    quota = store.objects[f"{NAMESPACES}/{name}/resourcequotas/kubelaws"]
    territory.end()
    assert quota["spec"]["hard"] == {"count/pods": "7"}


def test_puppets_get_no_token(server: tuple[Store, Api]) -> None:
    store, api = server
    territory = Territory(api, Options())
    name = territory.settle()
    account = store.objects[f"{NAMESPACES}/{name}/serviceaccounts/default"]
    territory.end()
    assert account["automountServiceAccountToken"] is False


def test_nothing_is_created_before_the_first_scenario(server: tuple[Store, Api]) -> None:
    store, api = server
    Territory(api, Options()).end()
    assert store.requests == []


def test_in_the_end_nothing_is_left(server: tuple[Store, Api]) -> None:
    store, api = server
    namespace(store, "default", None)
    before = set(store.objects)
    territory = Territory(api, Options())
    home = territory.settle()
    store.write(f"{VOLUMES}/{home}-v", {"metadata": {"labels": territory.labels}})
    territory.end()
    assert set(store.objects) == before


def test_other_peoples_objects_stay(server: tuple[Store, Api]) -> None:
    store, api = server
    namespace(store, "kube-system", None)
    namespace(store, "kubelaws-abc123", None)  # named like one of ours, but not labelled
    namespace(store, "copied", RUN)  # labelled, but not named like one
    namespace(store, "kubelaws-abc123-1", RUN)
    leftovers.remove(api, RUN, patience=5)
    left = {at for at in store.objects if at.count("/") == 4}
    assert left == {f"{NAMESPACES}/{name}" for name in ("kube-system", "kubelaws-abc123", "copied")}


def test_another_runs_objects_stay(server: tuple[Store, Api]) -> None:
    store, api = server
    namespace(store, "kubelaws-abc123", RUN)
    namespace(store, "kubelaws-def456", "def456")
    leftovers.remove(api, RUN, patience=5)
    assert f"{NAMESPACES}/kubelaws-def456" in store.objects


def test_what_keeps_a_namespace_from_going_is_released(server: tuple[Store, Api]) -> None:
    store, api = server
    namespace(store, "kubelaws-abc123-1", RUN)
    at = f"{NAMESPACES}/kubelaws-abc123-1/pods/a"
    store.write(at, {"metadata": {"labels": {RUN_LABEL: RUN}, "finalizers": ["example.com/hold"]}})
    leftovers.release(api, "kubelaws-abc123-1", f"{RUN_LABEL}={RUN}")
    assert "finalizers" not in store.objects[at]["metadata"]


@pytest.mark.parametrize("force", [False, True])
def test_what_kubernetes_protects_is_waited_for(server: tuple[Store, Api], force: bool) -> None:
    store, api = server
    protection = "kubernetes.io/pvc-protection"
    namespace(store, "kubelaws-abc123-1", RUN)
    at = f"{NAMESPACES}/kubelaws-abc123-1/persistentvolumeclaims/c"
    store.write(at, {"metadata": {"labels": {RUN_LABEL: RUN}, "finalizers": [protection]}})
    leftovers.release(api, "kubelaws-abc123-1", f"{RUN_LABEL}={RUN}", force=force)
    kept = store.objects[at]["metadata"].get("finalizers")
    assert kept == (None if force else [protection])


def test_pods_on_a_dead_node_are_not_waited_for(server: tuple[Store, Api]) -> None:
    store, api = server
    namespace(store, "kubelaws-abc123-1", RUN)
    at = f"{NAMESPACES}/kubelaws-abc123-1/pods/a"
    store.write(at, {"metadata": {"labels": {RUN_LABEL: RUN}}})
    selector = f"{RUN_LABEL}={RUN}"
    leftovers.release(api, "kubelaws-abc123-1", selector)
    assert at in store.objects
    leftovers.release(api, "kubelaws-abc123-1", selector, force=True)
    assert at not in store.objects


@pytest.mark.parametrize(("ago", "alive"), [(5, True), (300, False)])
def test_a_run_that_crashed_is_told_from_one_that_goes_on(
    server: tuple[Store, Api], ago: float, alive: bool
) -> None:
    store, api = server
    namespace(store, "kubelaws-abc123", RUN)
    lease(store, "kubelaws-abc123", ago)
    (found,) = leftovers.find(api)
    assert (found.run, found.alive) == (RUN, alive)


def test_what_has_ended_does_not_begin_again(server: tuple[Store, Api]) -> None:
    store, api = server
    territory = Territory(api, Options())
    territory.begin()
    territory.end()
    with pytest.raises(AdapterError, match="has ended"):
        territory.settle()
    assert not [at for at in store.objects if territory.run in at]


def test_what_does_not_go_is_named(server: tuple[Store, Api]) -> None:
    store, api = server
    territory = Territory(api, Options())
    territory.begin()
    store.remove = lambda _: None  # type: ignore[method-assign]
    with pytest.raises(AdapterError, match=f"clean --run {territory.run}"):
        _end_impatiently(territory)


def _end_impatiently(territory: Territory) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("conformance.adapters.cluster.isolation.GONE_PATIENCE", 0.0)
        territory.end()


def test_files_on_nodes_are_removed_by_the_hook(server: tuple[Store, Api], tmp_path: Path) -> None:
    store, api = server
    namespace(store, f"kubelaws-{RUN}", RUN)
    store.write("/api/v1/nodes/n", {"kind": "Node"})
    for name in (f"kubelaws-{RUN}-1.web.yaml", "kubelaws-ffffff-1.web.yaml"):
        (tmp_path / name).write_text("x", encoding="utf-8")
    (found,) = leftovers.find(api)
    leftovers.clear_nodes(api, found, "env NODE={node} /bin/sh -c", str(tmp_path))
    assert [each.name for each in tmp_path.iterdir()] == ["kubelaws-ffffff-1.web.yaml"]


def test_a_scenario_may_have_more_than_one_namespace(server: tuple[Store, Api]) -> None:
    store, api = server
    territory = Territory(api, Options())
    name = territory.settle()
    for _ in range(2):
        territory.extend(f"{name}-other")
    assert f"{NAMESPACES}/{name}-other" in store.objects
    territory.leave(name)
    assert f"{NAMESPACES}/{name}-other" not in store.objects
    territory.end()
