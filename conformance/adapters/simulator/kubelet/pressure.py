"""The memory of a node, looked at every ten seconds while it is short: EVICT-001 and EVICT-003.

Upstream: kubelet/eviction/eviction_manager.go. No timer runs while there is nothing to look for.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from conformance.adapters.simulator import meta, predicates, resources
from conformance.adapters.simulator.clock import Timer
from conformance.adapters.simulator.kubelet import empty_dirs, eviction
from conformance.adapters.simulator.kubelet.status import EVICTED, Why

if TYPE_CHECKING:
    from conformance.adapters.simulator.kubelet import Kubelet
    from conformance.adapters.simulator.kubelet.worker import PodWorker

CONDITION: Final = "MemoryPressure"
TAINT: Final = {"key": "node.kubernetes.io/memory-pressure", "effect": "NoSchedule"}
LOW: Final = "The node was low on resource: memory. "


class Pressure:
    """What a kubelet knows of the memory that its machine has left."""

    def __init__(self, kubelet: Kubelet) -> None:
        self.kubelet = kubelet
        self.settings = kubelet.settings
        self.clock = kubelet.clock
        self.told = False
        self._observed = -math.inf
        self._timer: Timer | None = None

    def look_later(self, available: int) -> None:
        """More is in use: look at the next multiple of the period, if there is anything to see."""
        if self.told or self.is_short(available):
            self._wake()

    def forget(self) -> None:
        """Another kubelet process: it begins to look anew, and tells what it sees."""
        self._observed = -math.inf
        if self.told:
            self._wake()

    def stop(self) -> None:
        """The machine is off, and comes up without anything in use."""
        if self._timer is not None:
            self._timer.cancel()
        self._timer, self.told, self._observed = None, False, -math.inf

    def _wake(self) -> None:
        if self._timer is None:
            period = self.settings.eviction_look_seconds
            beat = self.clock.next_beat(self.kubelet.began, period)
            self._timer = self.clock.at(beat, self._look)

    def _look(self) -> None:
        self._timer = None
        if not self.kubelet.running:
            return
        if self.is_short(self.available()):
            self._observed = self.clock.now
            self._tell(True)
            self._put_out()
        elif self.told and self.is_over():
            self._tell(False)
        if self.told:
            self._wake()

    def is_short(self, available: int) -> bool:
        """Is less available than the threshold (EVICT-001)?"""
        return available < self.settings.eviction_memory_bytes

    def available(self) -> int:
        """Bytes that no container holds."""
        used = sum(map(used_by, self.kubelet.workers()))
        return predicates.total_memory(self.kubelet.node()) - used

    def is_over(self) -> bool:
        """Has the pressure not been observed for long enough (EVICT-001)?"""
        return self.clock.now - self._observed >= self.settings.eviction_told_seconds

    def _tell(self, holds: bool) -> None:
        if self.told == holds:
            return
        self.told = holds
        node = self.kubelet.store.get("Node", None, self.kubelet.name)
        if node is None:
            return
        has = "InsufficientMemory" if holds else "SufficientMemory"
        condition = {
            "type": CONDITION,
            "status": "True" if holds else "False",
            "reason": f"KubeletHas{has}",
        }
        known = (node.get("status") or {}).get("conditions") or ()
        conditions = meta.with_condition(known, condition, self.clock.timestamp())
        self.kubelet.store.update_status(meta.with_status(node, conditions=conditions))

    # Who has to go, and who may not come.

    def _put_out(self) -> None:
        """The first of the ranking goes; the next one has its turn at the next look (EVICT-003)."""
        message = "Attempting to reclaim memory"
        node = self.kubelet.node()
        self.kubelet.store.event(node, "EvictionThresholdMet", message, "Warning", "kubelet")
        for victim in self.victims()[:1]:
            victim.evict(Why(EVICTED, LOW, disrupts=True))

    def victims(self) -> list[PodWorker]:
        """Those who may be put out, the first one first (EVICT-002)."""
        workers = {
            worker.uid: worker
            for worker in self.kubelet.workers()
            if worker.holds_resources() and not worker.terminating and not self.is_spared(worker)
        }
        candidates = [
            eviction.candidate(uid, worker.pod, used_by(worker)) for uid, worker in workers.items()
        ]
        return [workers[each["name"]] for each in eviction.ranked(candidates, self.settings)]

    def is_spared(self, worker: PodWorker) -> bool:
        """Is this one never put out (EVICT-003)?"""
        return eviction.is_critical(worker.pod)

    def rejection(self, pod: meta.Object) -> Why | None:
        """Why a new Pod is not taken while memory is short: it asks for none (EVICT-001)."""
        if not self.told or eviction.is_critical(pod):
            return None
        tolerations = pod["spec"].get("tolerations") or ()
        if any(predicates.tolerates(each, TAINT) for each in tolerations):
            return None
        if resources.qos_class(pod) != resources.BEST_EFFORT:
            return None
        return Why(EVICTED, f"The node had condition: [{CONDITION}]. ")


def used_by(worker: PodWorker) -> int:
    """Bytes that the containers of a Pod hold, and its files in memory."""
    held = empty_dirs.held_in_memory(worker) if worker.volumes.in_memory else 0
    for run in worker.runtime.runs.values():  # one that has ended holds nothing
        held += run.memory_bytes
    return held
