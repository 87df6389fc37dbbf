"""Raw watches: their types of event, the life of an object in one, and what selectors make of it.

WATCH-001 to 003. A stimulus ``watch`` is answered with everything that is delivered until now, a ``list``
with what there is and at which version; one without selectors tells what one with selectors must show.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, TypeAlias

from attrs import frozen

from spec_model.events import Accepted, Manifest
from spec_model.law import Verdict, expect, law, note
from spec_model.selectors import Test, selector
from spec_model.world import Breach, Done, Held, Outcome

TYPES: Final = "WATCH-001"
ORDER: Final = "WATCH-002"
SELECTED: Final = "WATCH-003"

CHANGES: Final = ("ADDED", "MODIFIED", "DELETED")
OF_A_BOOKMARK: Final = {"kind", "apiVersion", "metadata"}
"""What a bookmark may have at the top, and in its metadata beside the version nothing of an object."""

WatchEvent: TypeAlias = Mapping[str, Any]
Story: TypeAlias = Sequence[tuple[str, str, int]]
"""Type, UID and version of each event."""


@frozen
class Listed:
    """What there was of a kind at a version."""

    version: str
    items: tuple[Manifest, ...]


@frozen
class Watched:
    """Everything that happened to a kind after a version."""

    since: str
    events: tuple[WatchEvent, ...]


def events_of(done: Done) -> tuple[WatchEvent, ...] | None:
    """What a watch delivered; None where there was none."""
    value = done.response.value if isinstance(done.response, Accepted) else None
    return tuple(value["events"]) if isinstance(value, Mapping) and "events" in value else None


def version_of(manifest: Manifest) -> int:
    """The resourceVersion as a number; -1 where it is none."""
    text = (manifest.get("metadata") or {}).get("resourceVersion", "")
    return int(text) if text.isdecimal() else -1


def uid_of(manifest: Manifest) -> str:
    """metadata.uid."""
    return str((manifest.get("metadata") or {}).get("uid", ""))


def _is_selected(done: Done) -> bool:
    return bool(done.arguments.get("labelSelector") or done.arguments.get("fieldSelector"))


def _subject(done: Done) -> tuple[str, str]:
    return done.arguments["kind"], done.arguments["namespace"] or ""


# -- What is remembered -----------------------------------------------------------------------------


@note("listed", on="list")
def listed(
    before: Mapping[tuple[str, str], Listed] | None, done: Done
) -> Mapping[tuple[str, str], Listed]:
    """The last list without selectors, by kind and namespace."""
    known = before or {}
    value = done.response.value if isinstance(done.response, Accepted) else None
    if not isinstance(value, Mapping) or _is_selected(done):
        return known
    return {**known, _subject(done): Listed(value["resourceVersion"], tuple(value["items"]))}


@note("watched", on="watch")
def watched(
    before: Mapping[tuple[str, str], Watched] | None, done: Done
) -> Mapping[tuple[str, str], Watched]:
    """The last watch without selectors, by kind and namespace."""
    known, events = before or {}, events_of(done)
    if events is None or _is_selected(done) or any(each["type"] == "ERROR" for each in events):
        return known
    return {**known, _subject(done): Watched(done.arguments.get("resourceVersion") or "", events)}


# -- WATCH-001 --------------------------------------------------------------------------------------


@law(TYPES, on="watch")
def there_are_five_types(done: Done) -> Verdict:
    """ERROR is a Status and the last event, BOOKMARK a version and only if asked for."""
    events = events_of(done)
    if not events:
        return None
    known = (*CHANGES, "ERROR", *(["BOOKMARK"] if done.profile.bookmarks else []))
    return tuple(_typed(each, index, len(events), known, done) for index, each in enumerate(events))


def _typed(
    event: WatchEvent, index: int, count: int, known: Sequence[str], done: Done
) -> Held | Breach:
    type_, manifest = event["type"], event["object"]
    if type_ not in known:
        return Breach(f"one of {', '.join(known)}", str(type_))
    if type_ == "ERROR":
        last = index == count - 1
        is_status = manifest.get("kind") == "Status" and isinstance(manifest.get("code"), int)
        if not done.profile.bookmarks:
            return expect(last, "nothing after ERROR", f"{count - 1 - index} more events")
        what = "ERROR with a Status that has a code, and the end of the watch"
        seen = f"ERROR with a {manifest.get('kind')}, event {index + 1} of {count}"
        return expect(last and is_status, what, seen)
    if type_ == "BOOKMARK":
        asked = bool(done.arguments.get("allowWatchBookmarks"))
        more = [part for part in manifest if part not in OF_A_BOOKMARK and _says(manifest[part])]
        bare = not more and not uid_of(manifest)
        told = version_of(manifest) >= 0
        what = "BOOKMARK with a resourceVersion and nothing else, if asked for"
        seen = f"BOOKMARK with {', '.join(manifest)}{'' if asked else ', not asked for'}"
        return expect(asked and bare and told, what, seen)
    return expect(bool(uid_of(manifest)), f"{type_} with an object", f"{type_} with none")


def _says(value: object) -> bool:
    """Whether there is anything in it: a real API server sends the empty ``spec`` of a kind along."""
    return any(map(_says, value.values())) if isinstance(value, Mapping) else bool(value)


# -- WATCH-002 --------------------------------------------------------------------------------------


@law(ORDER, on="watch")
def an_object_is_added_modified_deleted(done: Done) -> Verdict:
    """Of each object ADDED, MODIFIED and DELETED in that order, its versions growing."""
    events = events_of(done)
    if events is None or _is_selected(done):
        return None
    known = {uid_of(each) for each in _known_before(done)}
    is_known = bool(known) or _list_at(done) is not None
    last: dict[str, WatchEvent] = {}
    verdicts: list[Outcome] = []
    for event in events:
        if event["type"] in CHANGES:
            uid = uid_of(event["object"])
            verdicts.append(_follows(last.get(uid), event, uid in known if is_known else None))
            last[uid] = event
    if not any(event["type"] == "ERROR" for event in events):
        verdicts.extend(_complete(done, events))
    return tuple(verdicts) or None


def _list_at(done: Done) -> Listed | None:
    """The list at the version from which was watched."""
    lists: Mapping[tuple[str, str], Listed] = done.world.notes.get("listed") or {}
    found = lists.get(_subject(done))
    version = done.arguments.get("resourceVersion") or ""
    return found if found is not None and found.version == version else None


def _known_before(done: Done) -> Sequence[Manifest]:
    found = _list_at(done)
    return () if found is None else found.items


def _follows(last: WatchEvent | None, event: WatchEvent, existed: bool | None) -> Held | Breach:
    """Whether an event may come after the last one of its object; ``existed``: when the watch began."""
    name, type_ = event["object"]["metadata"]["name"], event["type"]
    seen = f"{type_} of {name}"
    if last is None:
        if existed is None:
            return Held(ORDER)
        return expect(
            (type_ != "ADDED") is existed, f"{name} {'known' if existed else 'new'}", seen
        )
    if last["type"] == "DELETED" or type_ == "ADDED":
        return Breach(f"nothing of {name} after {last['type']} but its next change", seen)
    if version_of(event["object"]) <= version_of(last["object"]):
        what = f"a version of {name} above {version_of(last['object'])}"
        return Breach(what, str(version_of(event["object"])))
    if type_ == "DELETED":
        same = _content(event["object"]) == _content(last["object"])
        return expect(same, f"DELETED with the last state of {name}", "another state")
    return Held(ORDER)


def _content(manifest: Manifest) -> Manifest:
    metadata = {
        key: value
        for key, value in manifest["metadata"].items()
        if key not in ("resourceVersion", "managedFields")
    }
    return {**manifest, "metadata": metadata}


def _complete(done: Done, events: Sequence[WatchEvent]) -> Iterator[Outcome]:
    """What the other watch has shown by now is there, too."""
    since = done.arguments.get("resourceVersion") or ""
    if done.world.setting.clock == "real" or not since.isdecimal() or since == "0":
        return
    kind, namespace = _subject(done)
    delivered = {version_of(each["object"]) for each in events}
    for known in done.world.of_kind(kind):
        version = version_of(known.manifest)
        own = known.manifest["metadata"].get("namespace") or ""
        if version > int(since) and (not namespace or own == namespace):
            name = known.manifest["metadata"]["name"]
            what = f"version {version} of {name}, or ERROR"
            yield expect(version in delivered, what, "not delivered")


# -- WATCH-003 --------------------------------------------------------------------------------------


@law(SELECTED, on="watch")
def selectors_decide_what_an_event_is(done: Done) -> Verdict:
    """By whether the old and the new object match: ADDED, MODIFIED, DELETED, or nothing."""
    events = events_of(done)
    if events is None or not _is_selected(done) or any(each["type"] == "ERROR" for each in events):
        return None
    given = done.arguments
    matches = selector(
        given.get("labelSelector") or "", given.get("fieldSelector") or "", given["namespace"] or ""
    )
    shown = [
        (each["type"], uid_of(each["object"]), version_of(each["object"]))
        for each in events
        if each["type"] in CHANGES
    ]
    wanted = _wanted(done, matches)
    if wanted is None:
        return tuple(_matching(events, matches)) or None
    story, until = wanted
    seen = [each for each in shown if each[2] <= until]
    return expect(list(story) == seen, _told(story), _told(seen))


def _matching(events: Sequence[WatchEvent], matches: Test) -> Iterator[Outcome]:
    """What can be said where it is not known what happened: what is there matches."""
    for event in events:
        if event["type"] in ("ADDED", "MODIFIED"):
            name = event["object"]["metadata"]["name"]
            what = f"{event['type']} of what is selected"
            yield expect(matches(event["object"]), what, f"{event['type']} of {name}")


def _wanted(done: Done, matches: Test) -> tuple[Story, int] | None:
    """What must be delivered, and up to which version that is known; None where it is not."""
    start, lists = done.arguments.get("resourceVersion") or "", _list_at(done)
    watches: Mapping[tuple[str, str], Watched] = done.world.notes.get("watched") or {}
    whole = watches.get(_subject(done))
    if lists is None or whole is None or whole.since != start:
        return None
    old = {uid_of(each): each for each in lists.items}
    story, until = [], 0
    for event in whole.events:
        manifest, uid = event["object"], uid_of(event["object"])
        if event["type"] not in CHANGES:
            continue
        until = version_of(manifest)
        gone = event["type"] == "DELETED"
        type_ = change(uid in old and matches(old[uid]), not gone and matches(manifest))
        if type_ is not None:
            story.append((type_, uid, until))
        if gone:
            old.pop(uid, None)
        else:
            old[uid] = manifest
    return story, until


def change(before: bool, now: bool) -> str | None:
    """The type of an event by whether the object matched before and matches now (WATCH-003).

    >>> change(False, True), change(True, True), change(True, False), change(False, False)
    ('ADDED', 'MODIFIED', 'DELETED', None)
    """
    if now:
        return "MODIFIED" if before else "ADDED"
    return "DELETED" if before else None


def _told(story: Story) -> str:
    return ", ".join(f"{type_} {version}" for type_, _, version in story) or "nothing"
