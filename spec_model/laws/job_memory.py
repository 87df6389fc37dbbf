"""What the judge remembers of a Job's Pods, those that are gone among them.

A Pod's *fate* is how it counts: it succeeded; it failed, and must be counted; it is lost, and may be
counted or not (nobody saw whether it was still tracked); a policy has it ignored; or it was dropped
alive, by a Job that wanted fewer Pods, and never counts.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any, Final, TypeAlias

from attrs import evolve

from spec_model.events import Manifest
from spec_model.law import note
from spec_model.objects import EMPTY, Pod, seconds
from spec_model.pod.termination import OVER
from spec_model.profiles import Profile
from spec_model.values import frozen
from spec_model.workloads import job_pods, jobs
from spec_model.workloads.ownership import controller_of
from spec_model.world import Key, Known, Seen, World

NOTE: Final = "Pods of Jobs"
MOST: Final = 64

SUCCEEDED: Final = "succeeded"
FAILED: Final = "failed"
LOST: Final = "lost"
IGNORED: Final = "ignored"
DROPPED: Final = "dropped"


@frozen
class Run:
    """One Pod of a Job as it was last seen; ``end`` in seconds since 1970, ``fated`` on the trace."""

    name: str
    over: bool
    going: bool
    tracked: bool
    gone: bool
    index: int | None
    restarts: int
    created: float
    fate: str = ""
    end: float = 0.0
    fated: float = 0.0

    @property
    def active(self) -> bool:
        """Neither over nor on its way out."""
        return not (self.over or self.going or self.gone)

    @property
    def terminating(self) -> bool:
        """On its way out, and not over yet."""
        return self.going and not self.over and not self.gone


@frozen
class Memory:
    """The Pods of a Job by UID, and its failures in a row: at the least, and at the most."""

    runs: Mapping[str, Run] = EMPTY
    least: tuple[str, ...] = ()  # the UIDs of those Pods
    most: tuple[float, ...] = ()
    success: float = float("-inf")  # the end of the last one
    first_success: float | None = None  # when it was seen, on the trace's clock

    def with_fate(self, *fates: str) -> int:
        """How many Pods had one of these fates."""
        return sum(run.fate in fates for run in self.runs.values())


Memories: TypeAlias = Mapping[str, Memory]
"""By the UID of the Job."""

NOTHING: Final = Memory()


def after(before: Memory, seen: Seen, spec: Manifest) -> Memory:
    """The memory with what a Pod of the Job shows now."""
    pod: Pod = seen.now
    old = before.runs.get(pod.uid)
    run = _run(old, seen, spec)
    if run == old:
        return before
    runs = {**before.runs, pod.uid: run}
    if run.fate in ("", DROPPED) or (old is not None and old.fate == run.fate):
        return evolve(before, runs=runs)
    return _counted(evolve(before, runs=runs), pod.uid, seen.wall)


def _run(old: Run | None, seen: Seen, spec: Manifest) -> Run:
    """The Pod as it is seen now; once it has a fate it keeps that, and before it there is no end."""
    pod: Pod = seen.now
    over = pod.phase in OVER
    tracked = job_pods.TRACKING in (seen.manifest["metadata"].get("finalizers") or ())
    fate, end, fated = "", 0.0, 0.0
    if old is not None and old.fate:
        fate, end, fated = old.fate, old.end, old.fated
    elif fate := _fate(seen, spec, tracked or (old is not None and old.tracked)):
        if old is not None and not old.over:
            fate = _of_the_dropped(old, fate, seen.profile.job.counts_deleted)
        end, fated = job_pods.finished_at(seen.manifest), seen.at
    return Run(
        name=pod.key[2],
        over=over,
        going=pod.deletion_timestamp is not None,
        tracked=tracked,
        gone=seen.type == "DELETED",
        index=job_pods.index_of(seen.manifest),
        restarts=_restarts(old, seen.manifest, over),
        created=seconds(seen.manifest["metadata"].get("creationTimestamp")) or 0.0,
        fate=fate,
        end=end,
        fated=fated,
    )


def _of_the_dropped(old: Run, fate: str, tracks: bool) -> str:
    """The fate of a Pod that its Job may have dropped while it was alive."""
    if tracks:
        return fate if old.tracked else DROPPED
    return LOST if old.going else fate


def _restarts(old: Run | None, manifest: Manifest, over: bool) -> int:
    """The restarts while it was Pending or Running; what came later does not count."""
    known = 0 if old is None else old.restarts
    return known if over else max(known, job_pods.restarts_of([manifest]))


def _fate(seen: Seen, spec: Manifest, was_tracked: bool) -> str:
    pod: Pod = seen.now
    if pod.phase == "Succeeded":
        return SUCCEEDED
    if job_pods.has_failed(seen.manifest, spec, seen.profile):
        if not jobs.failure_verdict(spec.get("podFailurePolicy"), seen.manifest).value.counts:
            return IGNORED
        return FAILED if was_tracked or not seen.profile.job.counts_deleted else LOST
    going = pod.deletion_timestamp is not None and not seen.profile.job.counts_deleted
    return LOST if going or seen.type == "DELETED" else ""


def _counted(memory: Memory, uid: str, noticed: float) -> Memory:
    """The failures in a row, once one more Pod is over; nobody knows of it later than it was noticed."""
    run = memory.runs[uid]
    if run.fate == SUCCEEDED:
        first = run.fated if memory.first_success is None else memory.first_success
        return evolve(
            memory,
            least=(),
            most=tuple(end for end in memory.most if end > run.end),
            success=max(memory.success, run.end),
            first_success=first,
        )
    grown = evolve(memory, most=(*memory.most, max(run.end, noticed)))
    if run.fate != FAILED or run.end <= memory.success:
        return grown
    return evolve(grown, least=(*memory.least, uid))


@note(NOTE, on="Pod*", when="of a Job")
def pods_of_jobs(before: Memories | None, seen: Seen) -> Memories:
    """Folds in a Pod that a Job controls."""
    known = before or EMPTY
    reference = controller_of(seen.manifest)
    if reference.get("kind") != "Job":
        return known
    uid = reference["uid"]
    memory, case = known.get(uid, NOTHING), case_of_pod(seen)
    grown = after(memory, seen, EMPTY) if case is None else case.memory
    if grown is memory:
        return known
    if len(known) >= MOST:
        living = seen.world.uids_of("Job")
        known = {each: kept for each, kept in known.items() if each in living}
    return {**known, uid: grown}


# -- A Job at one moment -------------------------------------------------------------------------------


@frozen
class Case:
    """A Job as it was last seen, with the memory of its Pods; ``whole``: all of them are known."""

    key: Key
    uid: str
    manifest: Manifest
    memory: Memory
    whole: bool
    changed: float  # when what is wanted of it did, on the trace's clock

    @property
    def spec(self) -> Manifest:
        """The Job's spec."""
        found: Manifest = self.manifest.get("spec") or EMPTY
        return found

    @property
    def status(self) -> Manifest:
        """The Job's status."""
        found: Manifest = self.manifest.get("status") or EMPTY
        return found

    def condition(self, *types: str) -> Manifest | None:
        """The first condition of these types that is True."""
        return true_condition(self.manifest, *types)

    @property
    def finished(self) -> bool:
        """Complete or Failed."""
        return self.condition("Complete", "Failed") is not None

    @property
    def ending(self) -> bool:
        """It is over, or it is settled that it will be; or somebody deletes it."""
        decided = self.condition("Complete", "Failed", "SuccessCriteriaMet", "FailureTarget")
        return decided is not None or bool(self.manifest["metadata"].get("deletionTimestamp"))

    @property
    def active(self) -> list[Run]:
        """The Pods that work."""
        return [run for run in self.memory.runs.values() if run.active]

    @property
    def terminating(self) -> list[Run]:
        """The Pods that are on their way out."""
        return [run for run in self.memory.runs.values() if run.terminating]

    @property
    def stirred(self) -> float:
        """When something happened last that its controller has to answer, on the trace's clock."""
        fated = (run.fated for run in self.memory.runs.values() if run.fate)
        return max(self.changed, *fated, self.changed)

    @property
    def succeeded(self) -> int:
        """Successes as far as anybody knows: shown by the Job, or by its Pods."""
        shown = (self.status.get("succeeded") or 0) + len(_uncounted(self.status, "succeeded"))
        if self.spec.get("completionMode") == "Indexed":
            return max(shown, len(self.done_indexes))
        return max(shown, len(self._with(SUCCEEDED)))

    @property
    def done_indexes(self) -> frozenset[int | None]:
        """Indexes that have succeeded since another spec was written.

        Of those before it the status knows: a Job that was given fewer completions has forgotten the
        rest, even if it is given more again.
        """
        runs = (run for run in self._with(SUCCEEDED) if run.fated >= self.changed)
        return frozenset(run.index for run in runs)

    def _with(self, fate: str) -> list[Run]:
        return [run for run in self.memory.runs.values() if run.fate == fate]


def _uncounted(status: Manifest, fate: str) -> tuple[str, ...]:
    return tuple((status.get("uncountedTerminatedPods") or EMPTY).get(fate) or ())


def certain(memory: Memory, profile: Profile) -> list[Run]:
    """The Pods whose failure must be counted: who is tracked, or documented, who is still there."""
    failed = [run for run in memory.runs.values() if run.fate == FAILED]
    if profile.job.counts_deleted:
        return failed
    return [run for run in failed if not (run.gone or run.going)]


def in_a_row(memory: Memory, profile: Profile) -> list[Run]:
    """Those of them that failed after the last success."""
    counted = certain(memory, profile)
    latest = [memory.runs[uid] for uid in memory.least]
    return [run for run in latest if run in counted]


def failed_shown(status: Manifest) -> int:
    """Failures that a Job's status tells, those that it is about to count among them."""
    return (status.get("failed") or 0) + len(_uncounted(status, "failed"))


def true_condition(job: Manifest, *types: str) -> Manifest | None:
    """The first condition of these types that is True in a Job."""
    for condition in (job.get("status") or EMPTY).get("conditions") or ():
        if condition.get("type") in types and condition.get("status") == "True":
            found: Mapping[str, Any] = condition
            return found
    return None


@note("Job whole", on="Job")
def knows_it_from_the_beginning(before: bool | None, seen: Seen) -> bool:
    """Whether the judge has seen a Job come into being."""
    return seen.fresh if before is None else before


@note("Job changed", on="Job")
def what_is_wanted_changed(before: float | None, seen: Seen) -> float:
    """When the spec of a Job changed, or one of its conditions."""
    if before is None or seen.before is None:
        return seen.at
    same = all(
        (seen.before.get(part) or EMPTY).get(field) == (seen.now.get(part) or EMPTY).get(field)
        for part, field in (("metadata", "generation"), ("status", "conditions"))
    )
    return before if same else seen.at


def memory_of(world: World, uid: str) -> Memory:
    """What is remembered of the Pods of a Job."""
    found: Memory = (world.notes.get(NOTE) or EMPTY).get(uid, NOTHING)
    return found


def case_of(world: World, known: Known, key: Key) -> Case:
    """A Job as the world has it."""
    memory = memory_of(world, known.uid)
    return Case(key, known.uid, known.manifest, memory, *_noted(known.notes))


def _noted(notes: Mapping[str, Any]) -> tuple[bool, float]:
    return bool(notes.get("Job whole")), notes.get("Job changed") or 0.0


def case_at(world: World, key: Key) -> Case | None:
    """The Job of that key; None where there is none."""
    known = world.objects.get(key)
    return None if known is None else case_of(world, known, key)


def case_of_job(seen: Seen) -> Case:
    """The Job that is observed."""
    metadata = seen.manifest["metadata"]
    key = ("Job", metadata.get("namespace") or "", metadata["name"])
    uid = metadata.get("uid", "")
    return Case(key, uid, seen.manifest, memory_of(seen.world, uid), *_noted(seen.notes))


@lru_cache(maxsize=1)  # several laws ask it of the same observation
def case_of_pod(seen: Seen) -> Case | None:
    """The Job of an observed Pod, the memory with what is seen of the Pod now."""
    reference = controller_of(seen.manifest)
    if reference.get("kind") != "Job":
        return None
    key = ("Job", seen.now.key[1], reference["name"])
    known = seen.world.objects.get(key)
    if known is None or known.uid != reference["uid"]:
        return None
    memory = memory_of(seen.world, known.uid)
    grown = after(memory, seen, known.manifest.get("spec") or EMPTY)
    return Case(key, known.uid, known.manifest, grown, *_noted(known.notes))


def others(case: Case, uid: str) -> Iterator[Run]:
    """The Pods of a Job but one."""
    return (run for each, run in case.memory.runs.items() if each != uid)
