"""Jobs: Pods until enough of them have succeeded, or too much went wrong.

Source: JOB-003..006, 008..013; ``pkg/controller/job/job_controller.go``. What is to be done is decided
in ``job_plan``; a Pod that was counted loses its finalizer, so that none is counted twice.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from conformance.adapters.simulator import clock, errors, meta
from conformance.adapters.simulator.controllers.controller import Controller
from conformance.adapters.simulator.controllers.ownership import (
    Ownership,
    selects,
    with_owner,
    without_owner,
)
from conformance.adapters.simulator.controllers.workloads import (
    job_failures,
    job_plan,
    job_pods,
    job_status,
)
from conformance.adapters.simulator.controllers.workloads.job_plan import Plan, Tally
from conformance.adapters.simulator.meta import Key, Object

if TYPE_CHECKING:
    from conformance.adapters.simulator.engine import Engine

RETRY_SECONDS: Final = 1.0
"""After an error of the API the Job is looked at again so soon."""


class JobController(Controller):
    """Makes the Pods of Jobs, counts them, and says when a Job is over."""

    name = "job-controller"
    watches = frozenset({"Job", "Pod"})

    def __init__(self, engine: Engine, owned: Ownership) -> None:
        super().__init__(engine)
        self.owned = owned
        self.records: dict[str, job_failures.Record] = {}  # by the Job's uid; lost on a restart
        self._seen: dict[str, set[str]] = {}  # counted Pods, where no finalizer tells (documented)

    def notice(self, type: str, new: Object, old: Object | None) -> None:
        """A Job; the Job of a Pod; and a Pod that waits for a Job that is no longer there."""
        if new["kind"] == "Job":
            self._notice_job(type, new)
            return
        reference = meta.controller_of(new) or {}
        tracked = is_tracked(new) and type != "DELETED"
        if reference.get("kind") == "Job":
            self.enqueue(("Job", meta.namespace_of(new), reference["name"]))
            if tracked and self._job_of(new) is None:
                self.enqueue(meta.key_of(new))
        elif tracked:
            self.enqueue(meta.key_of(new))
        elif old is None and not reference:
            self._notice_orphan(new)

    def _notice_job(self, type: str, job: Object) -> None:
        if type != "DELETED":
            self.enqueue(meta.key_of(job))
            return
        self._forget(job)
        for pod in self.owned.children(job, "Pod"):
            self.enqueue(meta.key_of(pod))

    def _notice_orphan(self, pod: Object) -> None:
        for job in self.store.list("Job"):
            if selects(job, pod):
                self.enqueue(meta.key_of(job))

    def _job_of(self, pod: Object) -> Object | None:
        """The Job that controls the Pod, if it still is the same."""
        reference = meta.controller_of(pod) or {}
        job = self.store.get("Job", meta.namespace_of(pod), reference.get("name", ""))
        return job if job is not None and meta.uid_of(job) == reference.get("uid") else None

    def reconcile(self, key: Key) -> None:
        """One sync of a Job; or a Pod without a Job is let go."""
        found = self.store.get(*key)
        if found is None:
            return
        if key[0] == "Pod":
            if self._job_of(found) is None:
                self.store.finalize(*key, job_pods.TRACKING)
        elif job_status.is_finished(found):
            self._forget(found)
        else:
            self._sync(found)

    def _sync(self, job: Object) -> None:
        pods = self._claimed(job)
        fresh = [pod for pod in pods if self._is_fresh(job, pod)]
        tally = Tally(job, pods, fresh, self.settings)
        record = self.records.get(meta.uid_of(job), job_failures.Record())
        made = job_plan.plan(tally, record, clock.EPOCH + self.clock.now)
        self._delete(job, made)
        self._create(job, made)
        self._report(tally, made)
        self.records[meta.uid_of(job)] = made.record
        if made.look_again is not None:
            self.clock.after(made.look_again, lambda: self.enqueue(meta.key_of(job)))

    def _is_fresh(self, job: Object, pod: Object) -> bool:
        """Nobody has counted the Pod yet."""
        if self.settings.job_tracks_pods:
            return is_tracked(pod)
        return meta.uid_of(pod) not in self._seen.get(meta.uid_of(job), ())

    def _forget(self, job: Object) -> None:
        self.records.pop(meta.uid_of(job), None)
        self._seen.pop(meta.uid_of(job), None)

    # Ownership.

    def _claimed(self, job: Object) -> list[Object]:
        """Its Pods, after it took in what is its own and let go what is not."""
        claimed = []
        for pod in self.owned.children(job, "Pod"):
            if selects(job, pod):
                claimed.append(pod)
            else:
                self._release(job, pod)
        if meta.is_deleting(job):
            return claimed
        orphans = self.owned.orphan_pods(meta.namespace_of(job))
        return claimed + [
            self._adopt(job, pod)
            for pod in orphans
            if job_pods.is_working(pod) and selects(job, pod)
        ]

    def _adopt(self, job: Object, pod: Object) -> Object:
        owned = with_owner(pod, job)
        if self.settings.job_tracks_pods:
            held = [*(pod["metadata"].get("finalizers") or ()), job_pods.TRACKING]
            owned = meta.with_path(owned, ("metadata", "finalizers"), held)
        return self.store.update(owned)

    def _release(self, job: Object, pod: Object) -> None:
        self.store.update(without_owner(pod, job))

    # Pods.

    def _delete(self, job: Object, made: Plan) -> None:
        for pod in made.doomed:
            if made.forgotten:
                self.let_go(job, pod)
            self.store.delete(*meta.key_of(pod), uid=meta.uid_of(pod))
            self.tell(job, "SuccessfulDelete", f"Deleted pod: {meta.name_of(pod)}")

    def let_go(self, job: Object, pod: Object) -> None:
        """The Pod is done with: it will not be counted any more."""
        if self.settings.job_tracks_pods:
            self.store.finalize(*meta.key_of(pod), job_pods.TRACKING)
        else:
            self._seen.setdefault(meta.uid_of(job), set()).add(meta.uid_of(pod))

    def _create(self, job: Object, made: Plan) -> None:
        for done, place in enumerate(made.places):
            try:
                pod = self.store.create(job_pods.pod_of(job, place, self.settings))
            except errors.ApiError as error:
                self.tell(job, "FailedCreate", f"Error creating: {error.message}", warning=True)
                made.active -= len(made.places) - done
                made.look_again = job_plan.sooner(made.look_again, RETRY_SECONDS)
                return
            self.tell(job, "SuccessfulCreate", f"Created pod: {meta.name_of(pod)}")

    # Status.

    def _report(self, tally: Tally, made: Plan) -> None:
        """What is about to be counted; then those Pods are let go, and counted; then the end."""
        now, key = self.clock.timestamp(), meta.key_of(tally.job)
        done = [pod for pod in tally.fresh if self._is_done_with(pod, tally, made)]
        if self.settings.job_tracks_pods and (done or made.outcome is not None):
            self.store.update_status(
                {**tally.job, "status": job_status.announced(tally, made, now)}
            )
        for pod in done:
            self.let_go(tally.job, pod)
        if self.store.get(*key) is None:
            return
        status = job_status.counted(tally, made, now)
        final = job_status.concluded(status, made, tally, now)
        self.store.update_status({**tally.job, "status": tidy(final)})
        if final is not status:
            self._tell_end(tally, made)

    def _is_done_with(self, pod: Object, tally: Tally, made: Plan) -> bool:
        """It has ended, or the Job has."""
        if made.outcome is not None or meta.is_deleting(tally.job):
            return True
        ended = job_pods.phase(pod) in {"Succeeded", "Failed"}
        return ended or job_pods.failed(pod, tally.spec, self.settings)

    def _tell_end(self, tally: Tally, made: Plan) -> None:
        outcome = made.outcome
        if outcome is None:
            return
        if outcome.condition == job_plan.FAILED:
            message = job_status.MESSAGES.get(outcome.reason, "")
            self.tell(tally.job, outcome.reason, message, warning=True)
            return
        self.tell(tally.job, "Completed", "Job completed")
        completions = tally.spec.get("completions")
        if completions is not None and tally.succeeded() > completions:
            message = "Too many succeeded pods"
            self.tell(tally.job, "TooManySucceededPods", message, warning=True)


def is_tracked(pod: Object) -> bool:
    """It waits to be counted."""
    return job_pods.TRACKING in (pod["metadata"].get("finalizers") or ())


def tidy(status: job_status.Status) -> job_status.Status:
    """A status without conditions has no list of them."""
    return {name: value for name, value in status.items() if name != "conditions" or value}
