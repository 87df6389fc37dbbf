"""VOLUME-006: emptyDirs that may only grow so far: a tmpfs has a size, on disk the Pod is evicted."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Final

from spec_model.events import Manifest, Rejected
from spec_model.law import Verdict, expect, law
from spec_model.laws.allocations import memory_limit
from spec_model.laws.looks import look
from spec_model.laws.memory import in_use, owed_to_memory
from spec_model.laws.phase import kubelet_owned
from spec_model.laws.shared_volumes import contents, may_die, place_written
from spec_model.objects import EMPTY, Container, Pod
from spec_model.pod.termination import OVER
from spec_model.quantity import QuantityError, nano_of, whole
from spec_model.storage.empty_dir import (
    PAGE,
    is_empty_dir,
    is_in_memory,
    overrun_message,
    size_limit,
    tmpfs_size,
)
from spec_model.storage.mounts import Mount, mounts
from spec_model.world import VOID, Breach, Done, Held, Obligation, Outcome, Seen, Void, World

RULE: Final = "VOLUME-006"
EVICTED: Final = "Evicted"
LOOKS_EVERY: Final = {"virtual": 10.0, "real": 75.0}
"""Seconds until a kubelet knows what was written: a real one counts files once a minute."""

UNSETTLING: Final = frozenset(
    {"delete", "stop-node", "restart-kubelet", "configure-kubelet", "write-file", "write-status"}
)


def room(world: World, pod: Pod, volume: Manifest) -> int | None:
    """Bytes that a tmpfs of a Pod has room for; None where that is not known."""
    node: Manifest | None = world.view("Node", "", pod.spec.node_name)
    listed = ((node or EMPTY).get("status") or EMPTY).get("allocatable") or EMPTY
    if "memory" not in listed:
        return None
    try:
        return tmpfs_size(volume, pod.spec.manifest, whole(nano_of(listed["memory"]))).value
    except (ValueError, QuantityError):
        return None


# -- In memory --------------------------------------------------------------------------------------


@law(RULE, on="inspect")
def a_tmpfs_has_the_least_of_the_limits(done: Done) -> Verdict:
    """min(sizeLimit, memory limit of the Pod, allocatable of the node), as a container sees it."""
    found = look(done)
    shown = found.shown.get("mounts") if found is not None and found.mounts_volumes else None
    if found is None or not isinstance(shown, Mapping):
        return None
    return tuple(_sizes(done.world, found.pod, found.container, shown)) or None


def _sizes(
    world: World, pod: Pod, container: Container, shown: Mapping[str, Manifest]
) -> Iterator[Outcome]:
    for mount in mounts(pod.spec.manifest, container.manifest):
        size = room(world, pod, mount.volume) if is_in_memory(mount.volume) else None
        if size is not None and mount.path in shown:
            seen = shown[mount.path].get("tmpfs")
            fits = seen is not None and size <= seen < size + PAGE
            yield expect(fits, f"{mount.path}: a tmpfs of {size} bytes", f"{seen} bytes")


@law(RULE, on="write-file")
def what_is_in_memory_has_its_bounds(done: Done) -> Verdict:
    """A full tmpfs takes no more; what it holds counts against the limit of who wrote it."""
    found = place_written(done)
    if found is None or not is_in_memory(found[2].volume):
        return None
    pod, container, mount, path = found
    kept = contents(done.world).get((pod.uid, mount.volume["name"]))
    others = [mark for name, mark in kept.files.items() if name != path] if kept else []
    if not all(mark.certain for mark in others):
        return None
    size, added = room(done.world, pod, mount.volume), len(done.arguments["content"].encode())
    filled = sum(mark.size for mark in others) + added
    if size is not None and filled > -(-size // PAGE) * PAGE:
        what = f"{mount.path}: no room for {filled} bytes in {size}"
        return expect(isinstance(done.response, Rejected), what, "written")
    return _counted(done, pod, container, added, _own(done, pod, container, mount, path))


def _own(done: Done, pod: Pod, container: Container, mount: Mount, path: str) -> int:
    """What the run of a container holds beside the file."""
    status = pod.statuses.get(container.name)
    if status is None:
        return 0
    whom = (*pod.key[1:], container.name)
    kept = contents(done.world).get((pod.uid, mount.volume["name"]))
    old = kept.files.get(path) if kept else None
    is_own = old is not None and old.container_id == status.container_id
    return in_use(done.world, whom, status.container_id) - (old.size if is_own and old else 0)


def _counted(done: Done, pod: Pod, container: Container, added: int, own: int) -> Obligation | None:
    limit = memory_limit(container, done.profile)
    if isinstance(done.response, Rejected) or limit is None or own + added <= limit:
        return None
    if pod.spec.manifest.get("resources") is not None:
        return None
    why = f"it holds more than {limit} bytes with what it wrote to memory"
    return owed_to_memory(done, (*pod.key[1:], container.name), RULE, why)


# -- More than it may -------------------------------------------------------------------------------


@law(RULE, on="write-file")
def too_much_evicts(done: Done) -> Verdict:
    """A Pod that has written more than sizeLimit is evicted when its kubelet sees that.

    Even to memory a little more may be written, for a tmpfs has whole pages.
    """
    found = place_written(done)
    if found is None or isinstance(done.response, Rejected):
        return None
    pod, container, mount, path = found
    limit = size_limit(mount.volume)
    if limit is None or not is_empty_dir(mount.volume) or not _can_be_evicted(pod):
        return None
    kept = contents(done.world).get((pod.uid, mount.volume["name"]))
    others = [mark for name, mark in kept.files.items() if name != path] if kept else []
    if not all(mark.certain for mark in others):
        return None
    if is_in_memory(mount.volume) and may_die(pod, container, done):
        return None
    if sum(mark.size for mark in others) + len(done.arguments["content"].encode()) <= limit:
        return None
    setting = done.world.setting
    return Obligation(
        what=f"Pod {pod.key[2]} is evicted: {overrun_message(mount.volume)}",
        settled=_evicted(pod.uid, overrun_message(mount.volume)),
        not_after=done.at + LOOKS_EVERY[setting.clock] + setting.tolerance.lateness,
        disturbed_by=UNSETTLING,
        on=pod.key,
    )


def _can_be_evicted(pod: Pod) -> bool:
    priority = pod.spec.manifest.get("priority") or 0
    return (
        priority < 2_000_000_000
        and pod.deletion_timestamp is None
        and pod.phase in ("Pending", "Running")
        and "kubernetes.io/config.mirror" not in (pod.manifest["metadata"].get("annotations") or {})
    )


def _evicted(uid: str, message: str) -> Callable[[Seen], Held | Breach | Void | None]:
    def settled(seen: Seen) -> Held | Breach | Void | None:
        pod: Pod = seen.now
        if seen.type == "DELETED" or pod.uid != uid or pod.deletion_timestamp is not None:
            return VOID
        if pod.phase not in OVER:
            return None
        if pod.reason != EVICTED:
            return VOID  # it has ended by itself meanwhile, or was failed for something else
        told = (pod.manifest.get("status") or EMPTY).get("message", "")
        return expect(message in told, message, told)

    return settled


@law(RULE, on="Pod", when="explained")
def nobody_is_evicted_for_less(seen: Seen) -> Verdict:
    """A Pod that is evicted for an emptyDir had written more than it may."""
    pod: Pod = seen.now
    if pod.reason != EVICTED or (seen.before is not None and seen.before.reason == EVICTED):
        return None
    told = pod.manifest["status"].get("message", "")
    if not told.startswith("Usage of EmptyDir volume") or not kubelet_owned(seen):
        return None
    if seen.world.setting.clock == "real":
        return None  # what containers write by themselves is not known
    for volume in pod.spec.manifest.get("volumes") or ():
        limit = size_limit(volume) if is_empty_dir(volume) else None
        kept = contents(seen.world).get((pod.uid, volume["name"]))
        if limit is not None and kept is not None and kept.most > limit:
            return None
    return Breach("it stays: no emptyDir of it is beyond its sizeLimit", told)
