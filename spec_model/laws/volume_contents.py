"""PV-006 and PV-008, by what is on a volume: retained data stay, recycled volumes come back empty.

Of storage that is the same on every node; host paths are of their node, and VOLUME-007 looks at those.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final, TypeAlias

from attrs import frozen

from spec_model.events import Manifest, Rejected
from spec_model.law import Verdict, expect, law, note
from spec_model.laws.hosts import source_of
from spec_model.laws.looks import look
from spec_model.laws.node_loss import stopped_nodes
from spec_model.laws.shared_volumes import place_written
from spec_model.objects import EMPTY, Pod
from spec_model.storage.lifecycle import reclaim_policy
from spec_model.storage.mounts import Mount, mounts, shown_in
from spec_model.world import Done, Outcome, Seen, World

RETAINED, RECYCLED = "PV-006", "PV-008"
EVERYWHERE: Final = ("nfs", "csi")
"""Sources that hold the same on every node."""
TO_BE_RECLAIMED: Final = ("Released", "Failed")


@frozen
class Kept:
    """What is on a piece of storage: files by path with their content and the claim of who wrote them.

    ``scrubbed`` are the paths of what was recycled off it; ``certain`` is False while it is reclaimed.
    """

    files: Mapping[str, tuple[str, str]]
    scrubbed: frozenset[str] = frozenset()
    certain: bool = True


Storage: TypeAlias = Mapping[str, Kept]
"""By the source of a volume, as JSON."""


def key_of(source: Manifest) -> str | None:
    """The storage behind a volume; None for such as is not the same on every node."""
    kind = next((each for each in EVERYWHERE if source.get(each)), None)
    return None if kind is None else json.dumps(source[kind], sort_keys=True)


def _claim_of(world: World, pod: Pod, volume: Manifest) -> str:
    """The UID of the claim that a Pod has a volume by; empty where it has it by none."""
    name = (volume.get("persistentVolumeClaim") or EMPTY).get("claimName", "")
    found = world.objects.get(("PersistentVolumeClaim", pod.key[1], name))
    return "" if found is None else found.uid


@note("on volumes", on="write-file")
def written(before: Storage | None, done: Done) -> Storage:
    """What the tester lets containers write to storage that is not of a node."""
    known, found = before or {}, place_written(done)
    if found is None or isinstance(done.response, Rejected):
        return known
    pod, _, mount, path = found
    key = key_of(source_of(done.world, pod.key[1], mount.volume))
    if key is None:
        return known
    kept = known.get(key, Kept({}))
    mark = (done.arguments["content"], _claim_of(done.world, pod, mount.volume))
    return {**known, key: Kept({**kept.files, path: mark}, kept.scrubbed - {path}, kept.certain)}


@note("on volumes", on="PersistentVolume*")
def reclaimed(before: Storage | None, seen: Seen) -> Storage | None:
    """What a volume holds is in doubt once it is to be reclaimed; recycled, it is empty."""
    key = key_of(seen.manifest["spec"]) if before else None
    if (
        before is None
        or key is None
        or key not in before
        or reclaim_policy(seen.manifest).value == "Retain"
    ):
        return before
    kept, rest = before[key], {each: kept for each, kept in before.items() if each != key}
    phase, was = _phase(seen.manifest), _phase(seen.before or EMPTY)
    if seen.type == "DELETED" or (phase == "Available" and was not in (phase, *TO_BE_RECLAIMED)):
        return rest
    if phase in TO_BE_RECLAIMED:
        return {**rest, key: Kept(kept.files, kept.scrubbed, certain=False)}
    if phase == "Available" and was in TO_BE_RECLAIMED:
        return {**rest, key: Kept({}, frozenset(kept.files) | kept.scrubbed)}
    return before


def _phase(volume: Manifest) -> str:
    return (volume.get("status") or EMPTY).get("phase") or ""


@law(RETAINED, RECYCLED, on="inspect")
def volumes_hold_what_their_policy_leaves(done: Done) -> Verdict:
    """The next claim finds on a retained volume what was there, and nothing on a recycled one."""
    known: Storage = done.world.notes.get("on volumes") or {}
    found = look(done) if known else None
    shown = found.shown.get("files") if found is not None and found.mounts_volumes else None
    if found is None or not isinstance(shown, Mapping):
        return None
    pod, container = found.pod, found.container
    if pod.spec.node_name in stopped_nodes(done.world):
        return None
    verdicts: list[Outcome] = []
    for mount in mounts(pod.spec.manifest, container.manifest):
        key = key_of(source_of(done.world, pod.key[1], mount.volume))
        kept = None if key is None else known.get(key)
        if kept is not None and kept.certain and not mount.sub_path:
            seen = shown_in(mount, pod.spec.manifest, container.manifest, shown)
            verdicts += _judged(done.world, pod, mount, kept, seen)
    return tuple(verdicts) or None


def _judged(
    world: World, pod: Pod, mount: Mount, kept: Kept, seen: Mapping[str, Any]
) -> Iterator[Outcome]:
    mine = _claim_of(world, pod, mount.volume)
    if not mine:
        return
    if kept.scrubbed:
        left = sorted(kept.scrubbed & seen.keys())
        what = f"{mount.path}: nothing of what was there before it was recycled"
        yield expect(not left, what, f"{', '.join(left)} is left", rule=RECYCLED)
    for path, (content, claim) in kept.files.items():
        if claim and claim != mine:
            what = f"{mount.path}/{path} with {content!r}, as the claim before left it"
            yield expect(seen.get(path) == content, what, f"{seen.get(path)!r}", rule=RETAINED)
