"""What lies in the static Pod directories of nodes, and which mirror Pods there have been."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, TypeAlias

from attrs import frozen

from spec_model.events import Rejected
from spec_model.law import note
from spec_model.laws.deletion import deletes_of
from spec_model.objects import EMPTY, Pod, is_static
from spec_model.pod.static import INVALID, RESCAN, RUNS, fate, full_name, is_mirror
from spec_model.pod.termination import GRACE, LEAST
from spec_model.world import Done, Key, Seen, World

Files: TypeAlias = Mapping[tuple[str, str], "File"]
"""By node and name of the file."""

CHANGES: Final = 8
"""So many changes of a file are remembered: more than fit into the end of one Pod."""


@frozen
class Change:
    """When a file changed, and what was known then of what containers do when they are stopped."""

    at: float
    manners: Mapping[Any, Any]


@frozen
class File:
    """A file in a static Pod directory: what it says, what it said before, and when it changed.

    The keys are those of the mirror Pods of the two; None where it says, or said, of none. ``effect``
    is when it has taken effect at the latest, but for the lateness of the engine.
    """

    manifest: Any  # None: it was removed
    before: Any
    at: float
    fate: str
    changes: tuple[Change, ...]
    key: Key | None
    key_before: Key | None
    effect: float


@note("files", on="write-manifest")
@note("files", on="remove-manifest")
def files(before: Files | None, done: Done) -> Files:
    """What lies in the static Pod directories."""
    known = before or {}
    if isinstance(done.response, Rejected):
        return known
    given = done.arguments
    name = (given["node"], given["file"])
    manifest, old = given.get("manifest"), known.get(name)
    if old is not None and old.manifest == manifest:
        return known
    was = None if old is None else old.manifest if old.fate == RUNS else old.before
    change = Change(done.at, done.world.notes.get("manners") or EMPTY)
    changes = (*(() if old is None else old.changes), change)[-CHANGES:]
    fate_ = INVALID if manifest is None else fate(manifest, given["file"], done.profile).value
    key, key_before = (_key_of(each, given["node"]) for each in (manifest, was))
    effect = done.at + RESCAN + _to_stop(was)
    return {**known, name: File(manifest, was, done.at, fate_, changes, key, key_before, effect)}


def _key_of(manifest: Any, node: str) -> Key | None:
    named = isinstance(manifest, dict) and (manifest.get("metadata") or EMPTY).get("name")
    return full_name(manifest, node) if named else None


def _to_stop(before: Any) -> float:
    """How long the Pod that ran from a file may take to end."""
    if before is None:
        return 0.0
    grace = (before.get("spec") or EMPTY).get("terminationGracePeriodSeconds", GRACE)
    return float(max(grace, 1)) + LEAST


@frozen
class Mirror:
    """The last that was seen of a mirror Pod: when, whether it is gone since, and by the tester."""

    pod: Pod
    at: float
    gone: bool = False
    deleted: bool = False


@note("mirror-before", on="Pod", when="new")
def mirror_before_this(before: Mirror | None, seen: Seen) -> Mirror | None:
    """What was last seen under the name of a mirror Pod when this one came."""
    if seen.before is not None or not is_mirror(seen.manifest):
        return before
    return mirror_before(seen)


@note("mirrors", on="Pod*", when="mirrored")
def mirrors(before: Mapping[Key, Mirror] | None, seen: Seen) -> Mapping[Key, Mirror]:
    """The mirror Pods, those that are gone too."""
    known = before or {}
    if not is_mirror(seen.manifest):
        return known
    deleted = seen.now.uid in deletes_of(seen.world)
    return {**known, seen.now.key: Mirror(seen.now, seen.at, seen.type == "DELETED", deleted)}


def mirror_before(seen: Seen) -> Mirror | None:
    """What was last seen under the name of a mirror Pod before this observation."""
    known: Mapping[Key, Mirror] = seen.world.notes.get("mirrors") or {}
    return known.get(seen.now.key)


def files_of(world: World) -> Files:
    """The files that the tester has written."""
    known: Files = world.notes.get("files") or {}
    return known


def files_by_mirror(world: World) -> Mapping[Key, File]:
    """By the full name of a static Pod, the file from which it comes, or came."""
    found: dict[Key, File] = {}
    for file in files_of(world).values():
        key = file.key_before if file.manifest is None else file.key
        if key is not None:
            found.setdefault(key, file)
    return found


def file_of(world: World, key: Key) -> File | None:
    """The file from which the static Pod of that full name comes, or came."""
    return files_by_mirror(world).get(key)


def is_ambiguous(known: Files, node: str, name: str) -> bool:
    """Whether another file of the node has, or had, a Pod of the same name."""
    mine = {known[node, name].key, known[node, name].key_before} - {None}
    others = (file for (where, other), file in known.items() if where == node and other != name)
    return any(mine & {file.key, file.key_before} for file in others) or len(mine) != 1


def has_one_life(seen: Seen) -> bool:
    """Whether a Pod is not static, or its only file was written once and says the same ever since.

    A file that says something else, and then the same again, starts a static Pod anew under one UID.
    """
    if not is_static(seen.manifest):
        return True
    for (node, name), file in files_of(seen.world).items():
        if file.key == seen.now.key:
            return len(file.changes) == 1 and not is_ambiguous(files_of(seen.world), node, name)
    return False
