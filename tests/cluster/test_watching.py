"""Watches show everything once, in order, whatever happens to the connection."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from conformance.adapters.cluster.client import Api
from conformance.adapters.cluster.watching import Shown, WatchError, stop_all, watch_all
from tests.cluster.fake_api import Store

Wait = Callable[[Callable[[], bool]], None]
A = "/api/v1/namespaces/ours/pods/a"
B = "/api/v1/namespaces/ours/pods/b"


def manifest(**labels: str) -> dict[str, object]:
    """A Pod with these labels."""
    return {"kind": "Pod", "apiVersion": "v1", "metadata": {"labels": labels}}


def told(seen: list[Shown]) -> list[tuple[str, str]]:
    """What was shown, shortly."""
    return [(each.type, each.object["metadata"]["name"]) for each in seen]


def test_what_was_there_before_is_shown_first(server: tuple[Store, Api]) -> None:
    store, api = server
    store.write(A, manifest())
    seen: list[Shown] = []
    stop_all(watch_all(api, {"Pod": ""}, seen.append))
    assert told(seen) == [("ADDED", "a")]


def test_a_listed_object_says_what_it_is(server: tuple[Store, Api]) -> None:
    store, api = server
    store.write(A, manifest())
    seen: list[Shown] = []
    stop_all(watch_all(api, {"Pod": ""}, seen.append))
    assert (seen[0].object["kind"], seen[0].object["apiVersion"]) == ("Pod", "v1")


def test_changes_follow(server: tuple[Store, Api], eventually: Wait) -> None:
    store, api = server
    seen: list[Shown] = []
    watches = watch_all(api, {"Pod": ""}, seen.append)
    store.write(A, manifest())
    store.write(A, manifest(seen="again"))
    store.remove(A)
    eventually(lambda: len(seen) >= 3)
    stop_all(watches)
    assert told(seen) == [("ADDED", "a"), ("MODIFIED", "a"), ("DELETED", "a")]


def test_others_are_not_shown(server: tuple[Store, Api], eventually: Wait) -> None:
    store, api = server
    seen: list[Shown] = []
    watches = watch_all(api, {"Pod": "kubelaws/run=x"}, seen.append)
    store.write(A, manifest())
    store.write(B, manifest(**{"kubelaws/run": "x"}))
    eventually(lambda: bool(seen))
    stop_all(watches)
    assert told(seen) == [("ADDED", "b")]


def test_a_broken_watch_goes_on_where_it_was(server: tuple[Store, Api], eventually: Wait) -> None:
    store, api = server
    seen: list[Shown] = []
    watches = watch_all(api, {"Pod": ""}, seen.append)
    store.write(A, manifest())
    eventually(lambda: len(seen) == 1)
    store.drop_watches = 1
    store.write(B, manifest())
    store.write(A, manifest(seen="again"))
    eventually(lambda: len(seen) >= 3)
    stop_all(watches)
    assert told(seen) == [("ADDED", "a"), ("ADDED", "b"), ("MODIFIED", "a")]


def test_what_was_forgotten_is_listed_again(server: tuple[Store, Api], eventually: Wait) -> None:
    """Version 10**6 is forgotten, so the watch ends with 410; then the difference is told."""
    store, api = server
    store.write(A, manifest())
    seen: list[Shown] = []
    watches = watch_all(api, {"Pod": ""}, seen.append)
    eventually(lambda: len(seen) == 1)
    store.forgotten = store.version + 3
    store.drop_watches = 1
    with store.changed:  # the watch has not seen these: it is dropped before, and may not go on
        pass
    store.write(B, manifest())
    store.remove(A)
    store.write(B, manifest(seen="again"))
    eventually(lambda: watches[0].relists > 0)
    stop_all(watches)
    names = {}
    for each in seen:
        names[each.object["metadata"]["name"]] = each.type
    assert names["a"] == "DELETED"
    assert names["b"] in ("ADDED", "MODIFIED")


def test_a_kind_that_may_not_be_listed_is_an_error(server: tuple[Store, Api]) -> None:
    store, api = server
    store.denied.add(("pods", "list"))
    with pytest.raises(WatchError, match=r"pods.*403"):
        watch_all(api, {"Pod": ""}, lambda _: None)
