"""The store and the clock: versions, names, deletion, the watch, and the order of timers."""

from __future__ import annotations

import random
from typing import Any

import pytest

from conformance.adapters.simulator import client, meta
from conformance.adapters.simulator.clock import Clock
from conformance.adapters.simulator.errors import ApiError
from conformance.adapters.simulator.settings import V1_36
from conformance.adapters.simulator.store import Store


@pytest.fixture
def store() -> Store:
    return Store(Clock(), random.Random(0), V1_36)


def pod(name: str = "a", **metadata: Any) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, **metadata},
        "spec": {"containers": [{"name": "c", "image": "app:1"}]},
    }


def types(store: Store) -> list[str]:
    return [seen.type for seen in store.drain()]


def code(call: Any, *arguments: Any, **options: Any) -> int:
    with pytest.raises(ApiError) as caught:
        call(*arguments, **options)
    return caught.value.code


def test_the_namespace_is_default_unless_given(store: Store) -> None:
    assert store.create(pod())["metadata"]["namespace"] == "default"


def test_a_taken_name_conflicts(store: Store) -> None:
    store.create(pod())
    assert code(store.create, pod()) == 409


def test_a_name_is_taken_while_its_object_goes(store: Store) -> None:
    store.create(pod())
    store.bind("default", "a", "n")
    store.delete("Pod", "default", "a")
    assert code(store.create, pod()) == 409


def test_a_recreated_object_has_another_uid(store: Store) -> None:
    first = store.create(pod())
    store.delete("Pod", "default", "a")
    assert meta.uid_of(store.create(pod())) != meta.uid_of(first)


def test_a_name_is_generated(store: Store) -> None:
    manifest = pod(generateName="web-")
    del manifest["metadata"]["name"]
    assert len(store.create(manifest)["metadata"]["name"]) == len("web-") + 5


def test_a_dry_run_stores_nothing(store: Store) -> None:
    assert store.create(pod(), dry_run=True)["metadata"]["uid"]
    assert store.list("Pod") == []
    assert types(store) == []


def test_a_stale_version_conflicts(store: Store) -> None:
    old = store.create(pod())
    client.patch(store, "Pod", "default", "a", {"metadata": {"labels": {"a": "b"}}})
    assert code(store.update, old) == 409


def test_an_update_without_a_change_is_silent(store: Store) -> None:
    made = store.create(pod())
    store.drain()
    assert store.update(made) is made
    assert types(store) == []


def test_an_update_leaves_the_status_alone(store: Store) -> None:
    made = store.create(pod())
    written = store.update(meta.with_status(made, phase="Failed"))
    assert written["status"]["phase"] == "Pending"


def test_an_unbound_pod_goes_at_once(store: Store) -> None:
    store.create(pod())
    store.delete("Pod", "default", "a")
    assert store.get("Pod", "default", "a") is None
    assert types(store) == ["ADDED", "MODIFIED", "DELETED"]


def test_a_bound_pod_gets_its_grace(store: Store) -> None:
    store.create(pod())
    store.bind("default", "a", "n")
    marked = store.delete("Pod", "default", "a")["metadata"]
    assert marked["deletionGracePeriodSeconds"] == 30
    assert marked["deletionTimestamp"] == "2024-05-01T00:00:30Z"
    assert marked["generation"] == 2


@pytest.mark.parametrize(("second", "kept"), [(5, 5), (60, 30), (None, 30)])
def test_grace_only_becomes_shorter(store: Store, second: int | None, kept: int) -> None:
    store.create(pod())
    store.bind("default", "a", "n")
    store.delete("Pod", "default", "a")
    marked = store.delete("Pod", "default", "a", second)["metadata"]
    assert marked["deletionGracePeriodSeconds"] == kept


def test_force_removes_at_once(store: Store) -> None:
    store.create(pod())
    store.bind("default", "a", "n")
    store.delete("Pod", "default", "a", 0)
    assert store.get("Pod", "default", "a") is None


def test_a_finalizer_holds_the_object(store: Store) -> None:
    store.create(pod(finalizers=["x.io/f"]))
    store.delete("Pod", "default", "a")
    assert store.read("Pod", "default", "a")["metadata"]["deletionTimestamp"]
    store.finalize("Pod", "default", "a", "x.io/f")
    assert store.get("Pod", "default", "a") is None


def test_no_finalizer_is_added_to_what_goes(store: Store) -> None:
    store.create(pod(finalizers=["x.io/f"]))
    store.delete("Pod", "default", "a")
    patch = {"metadata": {"finalizers": ["x.io/f", "x.io/g"]}}
    assert code(client.patch, store, "Pod", "default", "a", patch) == 422


def test_another_uid_is_a_conflict(store: Store) -> None:
    store.create(pod())
    assert code(store.delete, "Pod", "default", "a", uid="other") == 409


def test_removing_what_is_gone_is_fine(store: Store) -> None:
    store.remove("Pod", "default", "a")


def test_versions_grow_with_every_write(store: Store) -> None:
    store.create(pod("a"))
    store.create(pod("b"))
    store.delete("Pod", "default", "a")
    versions = [int(seen.object["metadata"]["resourceVersion"]) for seen in store.drain()]
    assert versions == sorted(set(versions))


def test_the_same_event_again_raises_its_count(store: Store) -> None:
    made = store.create(pod())
    store.event(made, "BackOff", "again")
    store.event(made, "BackOff", "again")
    assert [event["count"] for event in store.list("Event")] == [2]


def test_listeners_hear_the_old_object_too(store: Store) -> None:
    heard: list[tuple[str, bool]] = []
    store.subscribe(lambda type_, new, old: heard.append((type_, old is None)))  # noqa: ARG005
    store.create(pod())
    store.delete("Pod", "default", "a")
    assert heard == [("ADDED", True), ("MODIFIED", False), ("DELETED", False)]


def test_who_serves_a_kind_hears_of_others_once_there_is_one(store: Store) -> None:
    heard: list[str] = []
    kinds = frozenset({"Pod", "ConfigMap"})
    store.subscribe(
        lambda type_, new, old: heard.append(meta.name_of(new)),  # noqa: ARG005
        kinds,
        once=frozenset({"ConfigMap"}),
    )
    store.create(pod("before"))
    store.create({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "it"}})
    store.create(pod("after"))
    assert heard == ["it", "after"]


def test_a_patch_leaves_what_it_does_not_name_as_it_was(store: Store) -> None:
    made = store.create(pod())
    changed = client.patch(store, "Pod", "default", "a", {"metadata": {"labels": {"a": "b"}}})
    assert (changed["spec"], changed["status"]) == (made["spec"], made["status"])


def test_timers_fire_in_the_order_of_their_time_then_of_their_making() -> None:
    clock, fired = Clock(), []
    clock.after(2, lambda: fired.append("late"))
    clock.after(1, lambda: fired.append("first"))
    clock.after(1, lambda: fired.append("second"))
    clock.advance(5, lambda: None)
    assert fired == ["first", "second", "late"]


def test_the_engine_settles_after_every_instant() -> None:
    clock, settled = Clock(), []
    for second in (1, 1, 3):
        clock.after(second, lambda: None)
    clock.advance(5, lambda: settled.append(clock.now))
    assert settled == [1, 3]


def test_a_timer_set_on_the_way_fires_on_the_way() -> None:
    clock, fired = Clock(), []
    clock.after(1, lambda: clock.after(1, lambda: fired.append(clock.now)))
    clock.advance(5, lambda: None)
    assert fired == [2]


def test_a_cancelled_timer_stays_silent() -> None:
    clock, fired = Clock(), []
    clock.after(1, lambda: fired.append(1)).cancel()
    clock.advance(5, lambda: None)
    assert fired == []


def test_small_steps_add_up() -> None:
    clock = Clock()
    for _ in range(100):
        clock.advance(0.1, lambda: None)
    assert clock.now == 10


def test_timestamps_are_truncated() -> None:
    clock = Clock()
    clock.advance(1.9, lambda: None)
    assert clock.timestamp() == "2024-05-01T00:00:01Z"
