"""What is known of the disks of nodes: what Pods wrote there, and what was made for them (VOLUME-007).

A host path belongs to nobody, so what is there is known only where the tester had it written, or where
a Pod runs that could not run without it. That nothing is at a path is known below /tmp alone, of nodes
of a cluster that began with the trace, and until somebody comes who may have something made there.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping
from typing import Final, TypeAlias

from attrs import frozen

from spec_model.events import Manifest, Rejected
from spec_model.law import note
from spec_model.laws.shared_volumes import place_written
from spec_model.objects import EMPTY, Pod
from spec_model.storage.host_path import ABSENT, DEMANDED, MODES, host_path_of
from spec_model.world import Done, Seen, World

EMPTY_AT_FIRST: Final = "/tmp/"
RECLAIMED: Final = frozenset({"Released", "Failed"})


@frozen
class Written:
    """A file on a node: its content, the Pod that wrote it, and when."""

    content: str
    uid: str
    since: float


@frozen
class Host:
    """The disk of a node, as far as it is known.

    Attributes:
        files: by path.
        kinds: what is at a path because a Pod runs that demands it, and since when.
        touched: the types with which Pods came that may have had something made at a path.
        fresh: whether the node is as it was when the trace began.
    """

    files: Mapping[str, Written] = EMPTY
    kinds: Mapping[str, tuple[str, float]] = EMPTY
    touched: Mapping[str, frozenset[str]] = EMPTY
    fresh: bool = True

    def at(self, path: str) -> tuple[str, float] | None:
        """What is at a path, and since when that is known; None where it is not."""
        if path in self.files:
            return "File", self.files[path].since
        found = self.kinds.get(path)
        below = [file.since for each, file in self.files.items() if is_below(each, path)]
        below += [since for each, (_, since) in self.kinds.items() if is_below(each, path)]
        return found if found or not below else ("Directory", min(below))

    def is_untouched(self, path: str) -> bool:
        """Whether nobody may have had anything made at a path, or below it."""
        known = (*self.files, *self.kinds, *self.touched)
        return self.fresh and not any(each == path or is_below(each, path) for each in known)


Hosts: TypeAlias = Mapping[str, Host]
"""By name of a node."""

UNKNOWN: Final = Host()


def is_below(path: str, folder: str) -> bool:
    """Whether a path lies in a folder.

    >>> is_below("/tmp/a/b", "/tmp/a"), is_below("/tmp/ab", "/tmp/a")
    (True, False)
    """
    return path.startswith(folder.rstrip("/") + "/")


def hosts(world: World) -> Hosts:
    """What is known of every node."""
    found: Hosts | None = world.notes.get("hosts")
    return found or {}


def there(world: World, node: str, path: str) -> tuple[str, float] | None:
    """What is at a path of a node, and since when; None where that is not known."""
    host = hosts(world).get(node, UNKNOWN)
    found = host.at(path)
    if found is not None:
        return found
    is_new = world.setting.clock == "virtual" and is_below(path, EMPTY_AT_FIRST)
    return (ABSENT, 0.0) if is_new and host.is_untouched(path) else None


def source_of(world: World, namespace: str, volume: Manifest) -> Manifest:
    """What a volume is made of; of a claim, what its PersistentVolume is made of."""
    claim = volume.get("persistentVolumeClaim")
    if claim is None:
        return volume
    found = world.view("PersistentVolumeClaim", namespace, claim.get("claimName", ""))
    name = (found or EMPTY).get("spec", EMPTY).get("volumeName", "")
    bound = world.view("PersistentVolume", "", name)
    return volume if bound is None else bound["spec"]


def host_paths(world: World, pod: Pod) -> Iterator[tuple[str, str]]:
    """Path and type of every host path of a Pod, those of its claims included."""
    for volume in pod.spec.manifest.get("volumes") or ():
        found = host_path_of(source_of(world, pod.key[1], volume))
        if found is not None:
            yield found


# -- What is remembered -----------------------------------------------------------------------------


@note("hosts", on="write-file")
def written(before: Hosts | None, done: Done) -> Hosts:
    """What the tester lets containers write into host paths."""
    known, found = before or {}, place_written(done)
    if found is None or isinstance(done.response, Rejected):
        return known
    pod, _, mount, inner = found
    path = host_path_of(source_of(done.world, pod.key[1], mount.volume))
    if path is None or mount.read_only:
        return known
    host = known.get(pod.spec.node_name, UNKNOWN)
    file = Written(done.arguments["content"], pod.uid, done.at)
    files = {**host.files, posixpath.normpath(posixpath.join(path[0], inner)): file}
    return {**known, pod.spec.node_name: Host(files, host.kinds, host.touched, host.fresh)}


@note("hosts", on="Pod*", when="with host paths")
def made(before: Hosts | None, seen: Seen) -> Hosts | None:
    """What may have been made for a Pod since it came to its node, and what is there since it runs."""
    pod: Pod = seen.now
    if not pod.spec.node_name:
        return before
    known = before or {}
    host = known.get(pod.spec.node_name, UNKNOWN)
    runs = any(each.has_run or each.state == "running" for each in pod.statuses.values())
    kinds, touched = dict(host.kinds), dict(host.touched)
    for path, type_ in host_paths(seen.world, pod):
        if type_ in MODES or type_ not in DEMANDED:
            touched[path] = touched.get(path, frozenset()) | {type_}
        if runs and type_ in DEMANDED:
            kinds.setdefault(path, (DEMANDED[type_], seen.at))
    if kinds == host.kinds and touched == host.touched:
        return before
    return {**known, pod.spec.node_name: Host(host.files, kinds, touched, host.fresh)}


@note("hosts", on="PersistentVolume*")
def wiped(before: Hosts | None, seen: Seen) -> Hosts | None:
    """What lies on a volume that is reclaimed may be deleted."""
    path = host_path_of(seen.manifest["spec"])
    phase = (seen.manifest.get("status") or EMPTY).get("phase")
    if path is None or not (phase in RECLAIMED or seen.type == "DELETED"):
        return before
    return {
        node: Host(
            {each: file for each, file in host.files.items() if not is_below(each, path[0])},
            {each: kind for each, kind in host.kinds.items() if not is_below(each, path[0])},
            host.touched,
            host.fresh,
        )
        for node, host in (before or {}).items()
    }


@note("hosts", on="Node*")
def replaced(before: Hosts | None, seen: Seen) -> Hosts | None:
    """A Node that was deleted may come back as another machine."""
    if seen.type != "DELETED":
        return before
    return {**(before or {}), seen.manifest["metadata"]["name"]: Host(fresh=False)}
