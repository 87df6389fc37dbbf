"""emptyDirs with a size: in memory they are a tmpfs of it, and who writes more is evicted (VOLUME-006).

Upstream: ``pkg/volume/emptydir/empty_dir.go`` (calculateEmptyDirMemorySize) and
``pkg/kubelet/eviction/eviction_manager.go`` (emptyDirLimitEviction).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from conformance.adapters.simulator import quantity, resources
from conformance.adapters.simulator.kubelet import cgroups, eviction
from conformance.adapters.simulator.kubelet.status import EVICTED, Why

if TYPE_CHECKING:
    from conformance.adapters.simulator.kubelet.worker import PodWorker

PAGE: Final = 4096
"""A tmpfs has whole pages."""

LOOKS_EVERY: Final = 10.0
"""Seconds between two looks of a kubelet at what its Pods have written."""

Volume = Mapping[str, Any]


def is_in_memory(volume: Volume) -> bool:
    """Is it a tmpfs?"""
    return (volume.get("emptyDir") or {}).get("medium") == "Memory"


def size_limit(volume: Volume) -> int | None:
    """The most that it may hold, in bytes; None where that is not limited."""
    limit = (volume.get("emptyDir") or {}).get("sizeLimit")
    size = 0 if limit is None else quantity.value(limit)
    return size or None


def pod_memory_limit(spec: Mapping[str, Any]) -> int | None:
    """The memory limit of the whole Pod, in bytes: its own, or the sum where every container has one."""
    own = cgroups.limit_of(spec, "memory")
    if own is not None:
        return quantity.value(own)
    containers = [*spec["containers"], *(spec.get("initContainers") or ())]
    limits = [resources.limits_of(each) for each in containers]
    if not all("memory" in each for each in limits):
        return None
    requested = [
        {**each, "resources": {"requests": (each.get("resources") or {}).get("limits")}}
        for each in containers
    ]
    count = len(spec["containers"])
    as_requests = {"containers": requested[:count], "initContainers": requested[count:]}
    return -(-resources.aggregate_requests(as_requests)["memory"] // 1000)


def tmpfs_size(volume: Volume, spec: Mapping[str, Any], allocatable: int) -> int:
    """Bytes that a tmpfs has room for: the least of its limit, the Pod's, and what the node has."""
    bounds = (size_limit(volume), pod_memory_limit(spec), allocatable)
    least = min(bound for bound in bounds if bound is not None)
    return -(-least // PAGE) * PAGE


def held_in_memory(worker: PodWorker) -> int:
    """Bytes of all files that a Pod keeps in memory, whoever wrote them."""
    kept = map(worker.volumes.contents, worker.volumes.in_memory)
    return sum(len(content) for files in kept for content in files.values())


def overrun(worker: PodWorker) -> str | None:
    """What a kubelet says of a Pod that has written more than it may; None: it has not.

    A tmpfs has whole pages, so that even there a little more may be written.
    """
    for volume in worker.pod["spec"].get("volumes") or ():
        limit = size_limit(volume)
        if limit is None:
            continue
        if sum(map(len, worker.volumes.contents(volume["name"]).values())) > limit:
            said = quantity.parse(str(volume["emptyDir"]["sizeLimit"])).canonical
            return f'Usage of EmptyDir volume "{volume["name"]}" exceeds the limit "{said}". '
    return None


def written(worker: PodWorker) -> None:
    """Something was written; where it is too much, the kubelet will see that soon."""
    if overrun(worker) is not None:
        beat = worker.clock.next_beat(worker.kubelet.began, LOOKS_EVERY)
        worker.clock.at(beat, lambda: look(worker))


def look(worker: PodWorker) -> None:
    """The kubelet looks at what a Pod has written, and evicts it if that is too much."""
    message = overrun(worker)
    if message is None or not worker.kubelet.running or not worker.holds_resources():
        return
    if not worker.terminating and not eviction.is_critical(worker.pod):
        evict(worker, message)


def evict(worker: PodWorker, message: str) -> None:
    """The Pod fails for good, and its containers get no time to end; no condition tells of it."""
    worker.evict(Why(EVICTED, message))
