"""emptyDir: one content for all containers of a Pod, for as long as the Pod is on its node.

VOLUME-001 is that all containers see the same, VOLUME-005 that it starts empty, may be written by all and
survives restarts, VOLUME-006 that it is gone with its Pod.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final, TypeAlias

from attrs import frozen

from spec_model.events import Rejected
from spec_model.law import Verdict, expect, held, law, note
from spec_model.laws.allocations import memory_limit, told_to_hold, whom_of
from spec_model.laws.looks import Look, look
from spec_model.laws.node_loss import stopped_nodes
from spec_model.objects import EMPTY, Container, Pod
from spec_model.storage.empty_dir import is_empty_dir, is_in_memory
from spec_model.storage.mounts import Mount, absolute, below, mounts, over, shown_in
from spec_model.world import Breach, Done, Outcome, World

SHARED: Final = "VOLUME-001"
LASTING: Final = "VOLUME-005"
LOST: Final = "VOLUME-006"
MOST_PODS: Final = 64
FORBIDDEN: Final = 403
DENIED: Final = re.compile("read-only|permission", re.IGNORECASE)
OPEN_TO_ALL: Final = 0o777


@frozen
class Mark:
    """One file as the tester had it written; ``certain`` is False where that may have gone wrong."""

    content: str
    container: str
    container_id: str
    restarts: int  # of all containers of the Pod together, until then
    certain: bool = True

    @property
    def size(self) -> int:
        """Bytes."""
        return len(self.content.encode())


@frozen
class Kept:
    """What was written into one emptyDir of a Pod, by path in it, and the most that it ever was."""

    pod: tuple[str, str]
    in_memory: bool
    files: Mapping[str, Mark]
    most: int = 0


Contents: TypeAlias = Mapping[tuple[str, str], Kept]
"""By UID of a Pod and name of a volume; for a while of Pods that are gone, too."""


# -- What is remembered -----------------------------------------------------------------------------


@note("written files", on="write-file")
def written(before: Contents | None, done: Done) -> Contents:
    """What the tester lets containers write into volumes of their Pods."""
    known, found = before or {}, place_written(done)
    if found is None:
        return known
    pod, container, mount, path = found
    in_memory = is_in_memory(mount.volume)
    refused = isinstance(done.response, Rejected)
    if not is_empty_dir(mount.volume) or (refused and not in_memory):
        return known
    key = (pod.uid, mount.volume["name"])
    kept = known.get(key) or Kept(pod.key[1:], in_memory, {})
    status = pod.statuses.get(container.name)
    mark = Mark(
        done.arguments["content"],
        container.name,
        "" if status is None else status.container_id,
        _restarts(pod),
        not in_memory or not (refused or may_die(pod, container, done)),
    )
    files = {**kept.files, path: mark}
    most = max(kept.most, sum(each.size for each in files.values()))
    alive = known if len(known) < MOST_PODS else _of_the_living(known, done.world)
    return {**alive, key: Kept(kept.pod, in_memory, files, most)}


@note("written files", on="stop-node")
def forgotten(before: Contents | None, _: Done) -> Contents:
    """What was in memory may be gone with the power."""
    return {
        key: kept if not kept.in_memory else Kept(kept.pod, True, _doubted(kept), kept.most)
        for key, kept in (before or {}).items()
    }


def _doubted(kept: Kept) -> Mapping[str, Mark]:
    return {
        path: Mark(mark.content, mark.container, mark.container_id, mark.restarts, certain=False)
        for path, mark in kept.files.items()
    }


def may_die(pod: Pod, container: Container, done: Done) -> bool:
    """Whether a write to memory is too much for who makes it, so that it may stay a half."""
    if pod.spec.manifest.get("resources") is not None:
        return True
    limit, status = memory_limit(container, done.profile), pod.statuses.get(container.name)
    if limit is None or status is None:
        return limit is not None
    held = told_to_hold(done.world, whom_of(done), status.container_id)
    held += kept_in_memory(done.world, pod.uid, status.container_id)
    return held + len(done.arguments["content"].encode()) > limit


def _of_the_living(known: Contents, world: World) -> Contents:
    uids = world.uids_of("Pod")
    return {key: kept for key, kept in known.items() if key[0] in uids}


def _restarts(pod: Pod) -> int:
    return sum(each.restart_count for each in pod.statuses.values())


def place_of(done: Done) -> tuple[Pod, Container] | None:
    """The Pod and the container that a stimulus is about; None where they are not known."""
    given = done.arguments
    pod: Pod | None = done.world.view("Pod", given["namespace"], given["pod"])
    container = None if pod is None else pod.spec.container(given["container"])
    return None if pod is None or container is None else (pod, container)


def place_written(done: Done) -> tuple[Pod, Container, Mount, str] | None:
    """Who writes a file into which mount, and its path in the volume."""
    place = place_of(done)
    if place is None:
        return None
    pod, container = place
    mount = over(pod.spec.manifest, container.manifest, done.arguments["path"])
    if mount is None:
        return None
    inner = below(absolute(done.arguments["path"]), mount.path) or ""
    return pod, container, mount, f"{mount.sub_path}/{inner}" if mount.sub_path else inner


def contents(world: World) -> Contents:
    """What the tester had written into emptyDirs."""
    found: Contents | None = world.notes.get("written files")
    return found or {}


def kept_in_memory(world: World, uid: str, container_id: str) -> int:
    """Bytes of the files that a run of a container keeps in memory: they count as its own."""
    return sum(
        mark.size
        for (owner, _), kept in contents(world).items()
        if owner == uid and kept.in_memory
        for mark in kept.files.values()
        if mark.container_id == container_id
    )


# -- Who may write ----------------------------------------------------------------------------------


@law(LASTING, on="write-file")
def every_container_may_write(done: Done) -> Verdict:
    """An emptyDir is open to all containers of its Pod."""
    found = place_written(done)
    if found is None or found[2].read_only or not is_empty_dir(found[2].volume):
        return None
    if isinstance(done.response, Rejected):
        if done.response.code != FORBIDDEN or not DENIED.search(done.response.message):
            return None  # it does not run, or there is no room
        return Breach(f"{found[2].path} can be written", done.response.message)
    return held(LASTING)


# -- What is in it ----------------------------------------------------------------------------------


@law(SHARED, LASTING, LOST, on="inspect")
def all_containers_see_what_any_wrote(done: Done) -> Verdict:
    """An emptyDir has what was written into it since the Pod came into being, and nothing else."""
    found = look(done)
    if found is None or not found.mounts_volumes:
        return None
    if found.pod.spec.node_name in stopped_nodes(done.world):
        return None
    return (*_open_to_all(found), *_mounted(found)) or None


def _open_to_all(found: Look) -> Iterator[Outcome]:
    told: Mapping[str, Any] = found.shown.get("mounts") or EMPTY
    for mount in mounts(found.pod.spec.manifest, found.container.manifest) if told else ():
        mode = (told.get(mount.path) or EMPTY).get("mode")
        if mode is not None and is_empty_dir(mount.volume) and not mount.sub_path:
            is_open = int(mode, 8) & OPEN_TO_ALL == OPEN_TO_ALL
            yield expect(is_open, f"{mount.path} with mode 0777", f"mode {mode}", rule=LASTING)


def _mounted(found: Look) -> Iterator[Outcome]:
    world, pod, container = found.done.world, found.pod, found.container
    spec, files = pod.spec.manifest, found.shown.get("files")
    if not isinstance(files, Mapping):
        return
    for mount in mounts(spec, container.manifest):
        if is_empty_dir(mount.volume):
            kept = contents(world).get((pod.uid, mount.volume["name"]))
            marks = EMPTY if kept is None else kept.files
            view = _View(world, pod, container.name, mount, _part(marks, mount.sub_path))
            seen = shown_in(mount, spec, container.manifest, files)
            yield from _agreeing(view) if view.is_met_by(seen) else [_differing(view, seen)]


@frozen
class _View:
    """A mounted emptyDir, and what must be seen there."""

    world: World
    pod: Pod
    container: str
    mount: Mount
    marks: Mapping[str, Mark]

    def is_met_by(self, seen: Mapping[str, Any]) -> bool:
        """Whether that is what was seen."""
        wanted = {path: mark.content for path, mark in self.marks.items() if mark.certain}
        return wanted.items() <= seen.items() and seen.keys() <= self.marks.keys()

    @property
    def is_of_others(self) -> bool:
        """Whether another container wrote some of it."""
        return any(mark.container != self.container for mark in self.marks.values())

    @property
    def has_survived(self) -> bool:
        """Whether a container has restarted since something was written."""
        now = _restarts(self.pod)
        return any(mark.restarts != now and mark.certain for mark in self.marks.values())

    def left_by_others(self) -> list[tuple[tuple[str, str], Mapping[str, Mark]]]:
        """What Pods that are gone had written into a volume of this name."""
        there = self.world.uids_of("Pod")
        return [
            (kept.pod, kept.files)
            for (uid, volume), kept in contents(self.world).items()
            if volume == self.mount.volume["name"] and uid not in there
        ]


def _agreeing(view: _View) -> Iterator[Outcome]:
    if view.is_of_others:
        yield held(SHARED)
    if view.has_survived or not view.marks:
        yield held(LASTING)
    if not view.marks and any(pod == view.pod.key[1:] for pod, _ in view.left_by_others()):
        yield held(LOST)


def _differing(view: _View, seen: Mapping[str, Any]) -> Breach:
    extra = seen.keys() - view.marks.keys()
    if any(extra & files.keys() for _, files in view.left_by_others()):
        rule = LOST
    else:
        rule = LASTING if extra or view.has_survived else SHARED
    wanted = {path: mark.content for path, mark in view.marks.items() if mark.certain}
    path = view.mount.path
    return Breach(f"{path}: {_listed(wanted)}", f"{path}: {_listed(seen)}", rule=rule)


def _part(marks: Mapping[str, Mark], sub_path: str) -> Mapping[str, Mark]:
    if not sub_path:
        return marks
    return {
        inner: mark
        for path, mark in marks.items()
        if (inner := below(f"/{path}", f"/{sub_path}")) is not None
    }


def _listed(files: Mapping[str, Any]) -> str:
    return ", ".join(f"{path} = {each!r}" for path, each in sorted(files.items())) or "empty"
