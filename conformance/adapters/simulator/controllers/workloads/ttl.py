"""Finished Jobs do not stay for ever where they say for how long (JOB-013).

Source: ``pkg/controller/ttlafterfinished/ttlafterfinished_controller.go``.
"""

from __future__ import annotations

from conformance.adapters.simulator import clock, meta
from conformance.adapters.simulator.controllers.controller import Controller
from conformance.adapters.simulator.controllers.workloads import foreground, job_status
from conformance.adapters.simulator.meta import Key, Object


class FinishedJobCollector(Controller):
    """Deletes a Job with its Pods, ttlSecondsAfterFinished after its end."""

    name = "ttl-after-finished-controller"
    watches = frozenset({"Job"})

    def notice(self, type: str, new: Object, old: Object | None) -> None:
        """A finished Job with a time to live."""
        if type != "DELETED" and seconds_to_live(new) is not None and job_status.is_finished(new):
            self.enqueue(meta.key_of(new))

    def reconcile(self, key: Key) -> None:
        """Delete it, or look again when its time is over."""
        job = self.store.get(*key)
        if job is None or meta.is_deleting(job) or not job_status.is_finished(job):
            return
        live = seconds_to_live(job)
        if live is None:
            return
        left = job_status.finished_at(job) + live - clock.EPOCH - self.clock.now
        if left > 0:
            self.clock.after(left, lambda: self.enqueue(key))
        else:
            foreground.delete(self.store, job)


def seconds_to_live(job: Object) -> float | None:
    """spec.ttlSecondsAfterFinished; None: for ever."""
    given = job["spec"].get("ttlSecondsAfterFinished")
    return None if given is None else float(given)
