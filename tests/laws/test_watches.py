"""The laws of watches and of how Pods come to life, on traces made by hand."""

from __future__ import annotations

from typing import Any

import pytest

from spec_model.events import Accepted, Act, Observation
from strategies.manifests import pod as sent_pod
from tests.laws.nodes import runs
from tests.laws.traces import Judged, done, judged, pod, seen, status, time_at, waiting


def shown(version: int, type: str = "MODIFIED", name: str = "a", **labels: str) -> dict[str, Any]:
    metadata = {"name": name, "uid": f"uid-{name}", "resourceVersion": str(version)}
    metadata["namespace"] = "default"
    return {"type": type, "object": {"kind": "Pod", "metadata": {**metadata, "labels": labels}}}


def watch(*events: dict[str, Any], since: str = "1", **given: Any) -> Act:
    where = {"kind": "Pod", "namespace": "default", "resourceVersion": since}
    return done(5, "watch", Accepted({"events": [*events]}), **where, **given)


def listing(*items: dict[str, Any], version: str = "1") -> Act:
    value = {"resourceVersion": version, "items": [each["object"] for each in items]}
    return done(4, "list", Accepted(value), kind="Pod", namespace="default")


BOOKMARK = {"type": "BOOKMARK", "object": {"kind": "Pod", "metadata": {"resourceVersion": "9"}}}
ERROR = {"type": "ERROR", "object": {"kind": "Status", "code": 410, "reason": "Expired"}}


# -- WATCH-001 -------------------------------------------------------------------------------------


def test_bookmarks_come_if_asked_for() -> None:
    assert judged(watch(BOOKMARK, allowWatchBookmarks=True)).held("WATCH-001")
    assert judged(watch(BOOKMARK)).broken == {"WATCH-001"}
    assert judged(watch(BOOKMARK, allowWatchBookmarks=True), profile="documented").broken == {
        "WATCH-001"
    }


def test_a_bookmark_carries_a_version_alone() -> None:
    full = {**BOOKMARK, "object": {**BOOKMARK["object"], "spec": {"nodeName": "n"}}}
    assert judged(watch(full, allowWatchBookmarks=True)).broken == {"WATCH-001"}


def test_empty_parts_of_a_bookmark_say_nothing() -> None:
    empty = {"spec": {"containers": None}, "status": {}}
    typed = {**BOOKMARK, "object": {**BOOKMARK["object"], **empty}}
    assert judged(watch(typed, allowWatchBookmarks=True)).held("WATCH-001")


def test_an_error_is_a_status_and_the_end() -> None:
    assert judged(watch(ERROR)).held("WATCH-001")
    assert "WATCH-001" in judged(watch(ERROR, shown(3, "ADDED"))).broken
    failed = {"type": "ERROR", "object": {"kind": "Pod", "status": {"phase": "Failed"}}}
    assert judged(watch(failed)).broken == {"WATCH-001"}
    assert judged(watch(failed), profile="documented").held("WATCH-001")


def test_there_is_no_sixth_type() -> None:
    assert "WATCH-001" in judged(watch({**shown(3), "type": "UPDATED"})).broken


# -- WATCH-002 -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "events",
    [
        (shown(2, "ADDED"), shown(3), shown(4, "DELETED")),
        (shown(2), shown(3)),
        (shown(2, "DELETED"),),
        (shown(2, "ADDED"), shown(3, "ADDED", "b"), shown(4)),
    ],
)
def test_lawful_lives(events: tuple[dict[str, Any], ...]) -> None:
    assert judged(watch(*events)).held("WATCH-002")


@pytest.mark.parametrize(
    "events",
    [
        (shown(2, "ADDED"), shown(3, "ADDED")),
        (shown(2, "DELETED"), shown(3)),
        (shown(3), shown(3)),
        (shown(3), shown(2)),
        (shown(2, "ADDED"), shown(3, a="b"), shown(4, "DELETED")),
    ],
)
def test_unlawful_lives(events: tuple[dict[str, Any], ...]) -> None:
    assert judged(watch(*events)).broken == {"WATCH-002"}


def test_what_is_known_is_not_added() -> None:
    assert judged(listing(shown(1)), watch(shown(2))).held("WATCH-002")
    assert judged(listing(shown(1)), watch(shown(2, "ADDED"))).broken == {"WATCH-002"}
    assert judged(listing(shown(1, name="b")), watch(shown(2))).broken == {"WATCH-002"}


def test_nothing_is_left_out() -> None:
    known = Observation(1, "ADDED", {**pod("Pending"), "metadata": shown(7)["object"]["metadata"]})
    assert "WATCH-002" in judged(known, watch(shown(6))).broken
    assert judged(known, watch(shown(7))).held("WATCH-002")
    assert "WATCH-002" not in judged(known, watch(ERROR)).broken


def versioned(at: float, version: int, type: str = "MODIFIED", uid: str = "uid-a") -> Observation:
    manifest = pod("Pending", [status()], uid=uid, metadata={"resourceVersion": str(version)})
    return Observation(at, type, manifest)


def test_a_change_is_newer_than_what_was_seen() -> None:
    assert judged(versioned(0, 5, "ADDED"), versioned(1, 5)).broken == {"WATCH-002"}
    assert not judged(versioned(0, 5, "ADDED"), versioned(1, 5, "ADDED")).findings  # listed again


def test_a_deletion_has_a_version_and_is_the_end() -> None:
    gone = versioned(0, 5, "ADDED"), versioned(1, 6, "DELETED")
    assert judged(*gone).held("WATCH-002")
    assert judged(versioned(0, 5, "ADDED"), versioned(1, 5, "DELETED")).broken == {"WATCH-002"}
    assert "WATCH-002" in judged(*gone, versioned(2, 7)).broken
    assert "WATCH-002" not in judged(*gone, versioned(2, 4, "ADDED")).broken  # an old listing


# -- WATCH-003 -------------------------------------------------------------------------------------

WHOLE = watch(
    shown(2, "ADDED", t="x"), shown(3, t="y"), shown(4, t="x"), shown(5, "DELETED", t="x")
)


@pytest.mark.parametrize(
    ("selector", "story"),
    [
        ("t=x", [("ADDED", 2), ("DELETED", 3), ("ADDED", 4), ("DELETED", 5)]),
        ("t!=x", [("ADDED", 3), ("DELETED", 4)]),
        ("t in (x,y)", [("ADDED", 2), ("MODIFIED", 3), ("MODIFIED", 4), ("DELETED", 5)]),
        ("!t", []),
    ],
)
def test_old_and_new_decide(selector: str, story: list[tuple[str, int]]) -> None:
    labels = {2: "x", 3: "y", 4: "x", 5: "x"}
    events = [shown(version, type, t=labels[version]) for type, version in story]
    lawful = watch(*events, labelSelector=selector)
    assert judged(listing(), WHOLE, lawful).held("WATCH-003")
    other = watch(*events, shown(6, "ADDED"), labelSelector=selector)
    assert judged(listing(), WHOLE, other).held("WATCH-003")  # later than what is known
    wrong = watch(*events, shown(3), labelSelector=selector)
    assert judged(listing(), WHOLE, wrong).broken == {"WATCH-003"}


def test_without_the_whole_only_what_is_there_is_judged() -> None:
    assert judged(watch(shown(2, "ADDED", t="x"), labelSelector="t=x")).held("WATCH-003")
    assert judged(watch(shown(2, "ADDED", t="y"), labelSelector="t=x")).broken == {"WATCH-003"}


# -- WATCH-004 -------------------------------------------------------------------------------------

RULE = "WATCH-004"


def created(answered: str, observed: int, node: str = "", clock: str = "virtual") -> Judged:
    stored = pod("Pending", spec={"nodeName": node}, metadata={"resourceVersion": answered})
    first = pod("Pending", spec={"nodeName": ""}, metadata={"resourceVersion": str(observed)})
    act = done(0, "create", Accepted(stored), object=sent_pod())
    return judged(act, Observation(0, "ADDED", first), clock=clock)


def test_the_watch_begins_with_what_was_answered() -> None:
    assert created("5", 5).held(RULE)
    assert RULE in created("5", 6).broken
    assert RULE not in created("5", 6, clock="real").broken
    assert RULE in created("5", 4, clock="real").broken
    assert RULE in created("5", 5, node="node-1").broken


def step(at: float, type: str = "MODIFIED", state: Any = None, **more: Any) -> Observation:
    node, scheduled = more.pop("node", "node-1"), more.pop("scheduled", "True")
    conditions = [{"type": "PodScheduled", "status": scheduled}]
    shown = [status("c", state or waiting(), containerID="cri://a-c-0")]
    more = {"conditions": conditions, **more}
    return seen(at, pod("Pending", shown, spec={"nodeName": node}, more=more), type)


def test_binding_is_one_write() -> None:
    new = step(0, "ADDED", node="", scheduled="False")
    assert judged(new, step(0), profile="documented").held(RULE)
    assert RULE in judged(new, step(0, scheduled="False"), profile="documented").broken


def test_the_start_time_stands() -> None:
    started = step(1, startTime=time_at(1), hostIP="10.0.0.1")
    assert judged(step(0, "ADDED"), started).held(RULE)
    assert RULE in judged(step(0, "ADDED"), step(1, startTime=time_at(1))).broken
    assert RULE in judged(started, step(2, startTime=time_at(2), hostIP="10.0.0.1")).broken


def test_an_address_comes_before_running() -> None:
    running = runs("c", "a")["state"]
    whole = {"startTime": time_at(0), "hostIP": "10.0.0.1"}
    assert judged(step(1, state=running, podIP="10.1.0.1", **whole)).held(RULE)
    assert RULE in judged(step(1, state=running, podIP="", **whole)).broken


def event(at: float, reason: str, when: float | None = None) -> Observation:
    about = {"kind": "Pod", "namespace": "default", "name": "a", "uid": "uid-a"}
    metadata = {"name": f"a.{reason}", "namespace": "default", "uid": reason}
    manifest = {"kind": "Event", "metadata": metadata, "involvedObject": about, "reason": reason}
    return seen(at, {**manifest, "firstTimestamp": time_at(at if when is None else when)}, "ADDED")


def started(*events: Observation, clock: str = "virtual") -> Judged:
    running = runs("c", "a")["state"]
    whole = {"startTime": time_at(0), "hostIP": "10.0.0.1", "podIP": "10.1.0.1"}
    new = step(0, "ADDED", node="", scheduled="False")
    return judged(
        new, *events, step(1, state=running, **whole), step(90, state=running, **whole), clock=clock
    )


def test_the_events_of_a_start_are_told_in_order() -> None:
    told = [event(1, reason) for reason in ("Scheduled", "Pulling", "Created", "Started")]
    assert started(*told).held(RULE)
    assert RULE in started(*told[:-1]).broken
    assert RULE not in started().broken  # nobody watches Events
    late = event(1, "Created", when=9)
    assert RULE in started(told[0], told[1], late, told[3]).broken


def test_a_real_cluster_drops_events() -> None:
    told = [event(1, reason) for reason in ("Scheduled", "Started")]
    assert RULE not in started(*told, clock="real").broken
    out_of_order = [event(1, "Scheduled"), event(1, "Started"), event(1, "Created", when=9)]
    assert RULE in started(*out_of_order, clock="real").broken
