"""WATCH: servers whose watches skip, repeat or rename, and clusters that start Pods in another order."""

from __future__ import annotations

from typing import Any, Final

from attrs import evolve

from conformance.adapters.simulator import meta
from conformance.adapters.simulator.history import Write
from conformance.mutants import SIMULATOR, mutant
from conformance.mutants.settings import SETTINGS, turned

WATCHING: Final = f"{SIMULATOR}.watching"
STORE: Final = f"{SIMULATOR}.store:Store"
KUBELET: Final = f"{SIMULATOR}.kubelet"


# WATCH-001: types of event.


@mutant("WATCH-001", f"{WATCHING}:bookmark")
def bookmarks_carry_an_object(original: Any) -> Any:
    """A bookmark has a name and a status, as if it were an object."""

    def bookmark(kind: str, version: int) -> Any:
        event = original(kind, version)
        return {**event, "object": {**event["object"], "status": {"phase": "Running"}}}

    return bookmark


@mutant("WATCH-001", f"{WATCHING}:watch")
def bookmarks_come_unasked(original: Any) -> Any:
    """Bookmarks are sent to everybody."""
    return lambda store, **given: original(store, **{**given, "allowWatchBookmarks": True})


@mutant("WATCH-001", SETTINGS, profile="documented")
def there_is_a_fifth_type(original: Any) -> Any:
    """A watch may send BOOKMARK, which the source document does not know."""
    return turned(original, watch_bookmarks=True)


@mutant("WATCH-001", f"{WATCHING}:expired")
def an_error_shows_a_pod(original: Any) -> Any:
    """ERROR carries a Pod that has failed, as the source document understands it."""

    def expired(version: str, compacted: int) -> Any:
        pod = {"kind": "Pod", "metadata": {"name": "a", "uid": "x"}, "status": {"phase": "Failed"}}
        return {**original(version, compacted), "object": pod}

    return expired


@mutant("WATCH-001", f"{WATCHING}:_events")
def a_watch_goes_on_after_an_error(original: Any) -> Any:
    """After ERROR the watch shows what there is now."""

    def events(store: Any, kind: str, wanted: Any, version: str) -> Any:
        shown = original(store, kind, wanted, version)
        failed = bool(shown) and shown[-1]["type"] == "ERROR"
        return shown + original(store, kind, wanted, "") if failed else shown

    return events


# WATCH-002: the life of an object.


@mutant("WATCH-002", f"{WATCHING}:_events")
def everything_is_added(original: Any) -> Any:
    """A change that is delivered is always ADDED, unless the object goes."""

    def events(*given: Any) -> Any:
        return [
            {**event, "type": "ADDED"} if event["type"] == "MODIFIED" else event
            for event in original(*given)
        ]

    return events


@mutant("WATCH-002", f"{WATCHING}:_events")
def every_second_change_is_lost(original: Any) -> Any:
    """Of what happened only every second event is delivered."""
    return lambda *given: original(*given)[::2]


@mutant("WATCH-002", f"{SIMULATOR}.history:History.is_expired", profile="documented")
def a_watch_never_expires(_: Any) -> Any:
    """What is compacted is silently left out."""
    return lambda *_: False


@mutant("WATCH-002", f"{SIMULATOR}.watching:delivered")
def deleted_shows_the_first_state(original: Any) -> Any:
    """DELETED carries the object without its status."""

    def delivered(write: Write, matches: Any) -> Any:
        event = original(write, matches)
        if event is None or event["type"] != "DELETED":
            return event
        return {**event, "object": {**event["object"], "status": {}}}

    return delivered


@mutant("WATCH-002", f"{STORE}._drop")
def deletion_has_no_version(_: Any) -> Any:
    """DELETED carries the version of the last change."""

    def drop(store: Any, old: Any) -> Any:
        gone = store._write("DELETED", dict(old), old)
        gone["metadata"] = {
            **gone["metadata"],
            "resourceVersion": meta.metadata(old)["resourceVersion"],
        }
        return gone

    return drop


@mutant("WATCH-002", f"{STORE}.drain")
def the_watch_shows_a_deleted_pod_again(original: Any) -> Any:
    """A Pod is MODIFIED once more after it was DELETED."""

    def drain(store: Any) -> Any:
        seen = list(original(store))
        ghosts = [
            evolve(each, type="ADDED", object=_later(each.object, store.version + 1))
            for each in seen
            if each.type == "DELETED" and each.object["kind"] == "Pod"
        ]
        return seen + ghosts

    return drain


def _later(manifest: Any, version: int) -> Any:
    return meta.with_path(manifest, ("metadata", "resourceVersion"), str(version))


@mutant("WATCH-002", f"{STORE}.drain")
def the_watch_repeats_itself(original: Any) -> Any:
    """Every change is shown twice."""
    return lambda store: [each for each in original(store) for _ in range(2)]


# WATCH-003: selectors.


@mutant("WATCH-003", f"{WATCHING}:delivered")
def what_no_longer_matches_is_forgotten(original: Any) -> Any:
    """No DELETED comes for an object that is there and no longer matches."""

    def delivered(write: Write, matches: Any) -> Any:
        event = original(write, matches)
        left = event is not None and event["type"] == "DELETED" and write.type != "DELETED"
        return None if left else event

    return delivered


@mutant("WATCH-003", f"{WATCHING}:delivered")
def what_begins_to_match_is_modified(original: Any) -> Any:
    """An object that begins to match is MODIFIED, not ADDED."""

    def delivered(write: Write, matches: Any) -> Any:
        event = original(write, matches)
        if event is not None and event["type"] == "ADDED" and write.type == "MODIFIED":
            return {**event, "type": "MODIFIED"}
        return event

    return delivered


@mutant("WATCH-003", f"{WATCHING}:_field_test")
def field_selectors_are_overlooked(_: Any) -> Any:
    """Only labels select."""
    return lambda *_: lambda _: True


@mutant("WATCH-003", f"{WATCHING}:delivered", profile="documented")
def the_selector_is_applied_to_the_new_state_alone(_: Any) -> Any:
    """What matches now is delivered with the type of its write, and nothing else is."""

    def delivered(write: Write, matches: Any) -> Any:
        return {"type": write.type, "object": write.new} if matches(write.new) else None

    return delivered


# WATCH-004: how a Pod comes to life.


@mutant("WATCH-004", f"{STORE}.create")
def the_answer_is_older_than_the_write(original: Any) -> Any:
    """The 201 carries the version before the write."""

    def create(store: Any, manifest: Any, **given: Any) -> Any:
        before = store.version
        made = original(store, manifest, **given)
        return meta.with_path(made, ("metadata", "resourceVersion"), str(before))

    return create


@mutant("WATCH-004", f"{KUBELET}.status:pod_status")
def the_start_time_moves(original: Any) -> Any:
    """startTime is the time of the last report."""

    def pod_status(view: Any) -> Any:
        return original(evolve(view, start_time=view.now))

    return pod_status


@mutant("WATCH-004", f"{KUBELET}.status:pod_status", profile="documented")
def the_host_is_not_told(original: Any) -> Any:
    """There is a startTime, but no hostIP."""

    def pod_status(view: Any) -> Any:
        status, decided = original(view)
        return {**status, "hostIP": ""}, decided

    return pod_status


@mutant("WATCH-004", f"{KUBELET}.status:pod_status")
def the_address_comes_late(original: Any) -> Any:
    """podIP is shown from the second report of a running container on."""

    def pod_status(view: Any) -> Any:
        status, decided = original(view)
        old = (view.pod.get("status") or {}).get("phase")
        if old != "Running":
            status = {key: value for key, value in status.items() if not key.startswith("podIP")}
        return status, decided

    return pod_status


@mutant("WATCH-004", f"{STORE}.event")
def nobody_tells_that_it_started(original: Any) -> Any:
    """There is no Event Started."""

    def event(store: Any, about: Any, reason: str, *given: Any, **more: Any) -> None:
        if reason != "Started":
            original(store, about, reason, *given, **more)

    return event


@mutant("WATCH-004", f"{STORE}.event")
def started_is_told_before_created(original: Any) -> Any:
    """The Event Created has a time after that of Started."""

    def event(store: Any, about: Any, reason: str, *given: Any, **more: Any) -> None:
        clock, now = store.clock, store.clock.now
        clock.now = now + 5 if reason == "Created" else now
        try:
            original(store, about, reason, *given, **more)
        finally:
            clock.now = now

    return event
