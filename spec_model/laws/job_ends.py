"""JOB-006, -010, -013: how a Job comes to its end, by its deadline too, and what stays of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from spec_model.events import Manifest
from spec_model.law import Verdict, expect, held, law
from spec_model.laws.acts import somebody_acts
from spec_model.laws.job_memory import (
    Case,
    case_at,
    case_of_job,
    case_of_pod,
    true_condition,
)
from spec_model.laws.owned import NOBODY, asked_for_by_others, is_newly_marked, owner_of
from spec_model.objects import EMPTY, Pod, seconds
from spec_model.pod.termination import OVER
from spec_model.workloads import job_pods, jobs
from spec_model.world import HELD, VOID, Breach, Held, Key, Obligation, Outcome, Seen, Void, World

INTERIM: Final = {"Complete": "SuccessCriteriaMet", "Failed": "FailureTarget"}
FOREGROUND: Final = "foregroundDeletion"


def _slack(seen: Seen) -> float:
    return seen.tolerance.lateness + seen.tolerance.truncation


# -- The steps (JOB-013) -----------------------------------------------------------------------------


@law("JOB-013", on="Job")
def a_job_ends_in_its_steps(seen: Seen) -> Verdict:
    """Two today, the second when all is settled; documented there is just the last one."""
    if seen.type == "DELETED":
        return None
    now = {type_ for type_ in (*INTERIM, *INTERIM.values()) if true_condition(seen.now, type_)}
    was_over = seen.before is not None and true_condition(seen.before, *INTERIM) is not None
    return tuple(_steps(seen, now)) if now or was_over else None


def _steps(seen: Seen, now: set[str]) -> list[Outcome]:
    before = seen.before or EMPTY
    said: list[Outcome] = [
        expect(
            all(each in now for each in INTERIM if true_condition(before, each)),
            "a Job that is over stays so",
            f"{', '.join(sorted(now))} now",
        ),
        expect(not {"Complete", "Failed"} <= now, "Complete or Failed", "both of them"),
    ]
    ends = [each for each in INTERIM if each in now and not true_condition(before, each)]
    for end in ends:
        if seen.profile.job.two_steps:
            said.append(expect(INTERIM[end] in now, f"{INTERIM[end]} before {end}", f"{end} alone"))
            said.append(_nobody_is_left(seen, end))
    if not seen.profile.job.two_steps:
        interim = now & set(INTERIM.values())
        said.append(expect(not interim, "a single step", f"{', '.join(interim)} as well"))
    elif not now & set(INTERIM) and (seen.before is None or not _has_interim(before)):
        return [*said, _comes_to_its_end(seen)]
    return said


def _has_interim(job: Manifest) -> bool:
    return any(true_condition(job, each) for each in INTERIM.values())


def _nobody_is_left(seen: Seen, end: str) -> Outcome:
    """By its own word, when the last condition is written nobody terminates and all are counted."""
    status = seen.now.get("status") or EMPTY
    uncounted = status.get("uncountedTerminatedPods") or EMPTY
    left = (status.get("terminating") or 0) + sum(len(each or ()) for each in uncounted.values())
    return expect(not left, f"{end} when no Pod terminates or is uncounted", f"{left} such Pods")


def _comes_to_its_end(seen: Seen) -> Obligation:
    """After the first step the second one follows as soon as nobody is left."""
    case = case_of_job(seen)

    def overdue(world: World) -> Breach | Void:
        now = case_at(world, case.key)
        if now is None or now.uid != case.uid or now.terminating or now.active:
            return VOID
        return Breach("Complete or Failed, with nobody left", "neither")

    return Obligation(
        what=f"Job {case.key[2]} is Complete or Failed",
        settled=lambda later: HELD if case_of_job(later).finished else None,
        not_after=seen.at + 60.0 + 2 * _slack(seen),
        overdue=overdue,
    )


@law("JOB-013", on="Job")
def who_terminates_is_waited_for(seen: Seen) -> Verdict:
    """No Pod is seen to terminate, or uncounted, later than a watch may lag behind the end."""
    if seen.before is None or not seen.profile.job.two_steps:
        return None
    case = case_of_job(seen)
    if not case.finished or true_condition(seen.before, *INTERIM):
        return None
    left = {uid for uid, run in case.memory.runs.items() if _is_left(case, uid)}
    if not left:
        return HELD

    def overdue(world: World) -> Held | Breach | Void:
        now = case_at(world, case.key)
        if now is None or now.uid != case.uid:
            return VOID
        still = [now.memory.runs[uid].name for uid in left if _is_left(now, uid)]
        return Breach("nobody terminates or is uncounted", ", ".join(still)) if still else HELD

    return Obligation(
        what=f"no Pod of Job {case.key[2]} is left uncounted",
        not_after=seen.at + _slack(seen),
        overdue=overdue,
    )


def _is_left(case: Case, uid: str) -> bool:
    run = case.memory.runs[uid]
    return not run.gone and (run.tracked or run.terminating)


@law("JOB-013", on="Pod", when="of a Job")
def pods_of_a_job_are_tracked(seen: Seen) -> Verdict:
    """Every Pod that a Job makes has the finalizer, so that none is forgotten."""
    if not seen.fresh or seen.before is not None or not seen.profile.job.two_steps:
        return None
    if owner_of(seen, "Job") is None:
        return None
    finalizers = seen.manifest["metadata"].get("finalizers") or ()
    return expect(job_pods.TRACKING in finalizers, f"finalizer {job_pods.TRACKING}", "none")


@law("JOB-013", on="Pod", when="of a Job")
def pods_of_a_finished_job_are_kept(seen: Seen) -> Verdict:
    """Who has ended stays, so that its logs can be read."""
    if not is_newly_marked(seen) or seen.before.phase not in OVER:
        return None
    known = owner_of(seen, "Job")
    if known is None or asked_for_by_others(seen):
        return None
    return Breach("Pods that have ended are kept", f"Pod {seen.now.key[2]} is deleted")


@law("JOB-013", on="Job")
def a_finished_job_lives_as_long_as_it_says(seen: Seen) -> Verdict:
    """With ttlSecondsAfterFinished it goes after that time, its Pods first, and not before."""
    if not seen.profile.job.two_steps:
        return None
    if seen.before is not None and _is_marked(seen.now) and not _is_marked(seen.before):
        return _was_its_time(seen)
    ended = true_condition(seen.now, *INTERIM)
    live = (seen.now.get("spec") or EMPTY).get("ttlSecondsAfterFinished")
    if ended is None or live is None or _is_marked(seen.now) or seen.type == "DELETED":
        return None
    was = seen.before or EMPTY
    if true_condition(was, *INTERIM) and live == was["spec"].get("ttlSecondsAfterFinished"):
        return None
    due = (seconds(ended.get("lastTransitionTime")) or 0.0) + live - seen.world.setting.epoch
    key = case_of_job(seen).key

    def overdue(world: World) -> Breach | Void:
        job = world.view("Job", key[1], key[2])
        if job is None or (job.get("spec") or EMPTY).get("ttlSecondsAfterFinished") != live:
            return VOID
        return Breach(f"deleted {live} s after its end", "it is still there")

    return Obligation(
        what=f"Job {key[2]} is deleted {live} s after its end",
        settled=lambda later: HELD if _is_marked(later.now) or later.type == "DELETED" else None,
        not_after=max(due, seen.at) + _slack(seen),
        overdue=overdue,
    )


def _is_marked(job: Manifest) -> bool:
    return bool(job["metadata"].get("deletionTimestamp"))


def _was_its_time(seen: Seen) -> Verdict:
    """A Job that nobody else has deleted goes by its time to live, in the foreground."""
    case = case_of_job(seen)
    asked: Mapping[Key, str] = seen.world.notes.get("deleted by the tester") or NOBODY
    if not somebody_acts(seen.world) or asked.get(case.key) == case.uid:
        return None
    ended, live = case.condition(*INTERIM), case.spec.get("ttlSecondsAfterFinished")
    if ended is None or live is None:
        return None
    since = (seconds(ended.get("lastTransitionTime")) or 0.0) - seen.world.setting.epoch
    held_by = seen.now["metadata"].get("finalizers") or ()
    waited = seen.at - since
    return (
        expect(
            waited >= live - seen.tolerance.truncation, f"{live} s after its end", f"{waited:g} s"
        ),
        expect(FOREGROUND in held_by, "its Pods go first", "it goes before them"),
    )


# -- Deadlines (JOB-010) -----------------------------------------------------------------------------


@law("JOB-010", on="Job")
def a_job_runs_no_longer_than_its_deadline(seen: Seen) -> Verdict:
    """So long after its start it has failed, unless it is over, suspended or was started anew."""
    if seen.type == "DELETED":
        return None
    failed = true_condition(seen.now, "FailureTarget", "Failed")
    if failed is not None:
        return _not_too_soon(seen, failed)
    case = case_of_job(seen)
    due = jobs.deadline_of(case.spec, case.status).value
    if due is None or case.ending or (seen.before is not None and _deadline(seen.before) == due):
        return None

    def settled(later: Seen) -> Held | Void | None:
        job = later.now
        failed = true_condition(job, "FailureTarget", "Failed")
        if failed is not None:
            return HELD if failed.get("reason") == "DeadlineExceeded" else VOID
        return VOID if case_of_job(later).ending or _deadline(job) != due else None

    limit = case.spec["activeDeadlineSeconds"]
    return Obligation(
        what=f"Job {case.key[2]} fails {limit} s after it has started",
        settled=settled,
        not_after=max(due - seen.world.setting.epoch, seen.at) + _slack(seen),
    )


def _deadline(job: Manifest) -> float | None:
    return jobs.deadline_of(job.get("spec") or EMPTY, job.get("status") or EMPTY).value


def _not_too_soon(seen: Seen, failed: Manifest) -> Verdict:
    if failed.get("reason") != "DeadlineExceeded":
        return None
    if seen.before is None or true_condition(seen.before, "FailureTarget", "Failed"):
        return None
    if true_condition(seen.before, "Suspended"):
        return Breach("no deadline runs while it is suspended", "it has run on")
    due, at = _deadline(seen.now), seconds(failed.get("lastTransitionTime"))
    if due is None or at is None:
        return expect(seen.now["spec"].get("suspend") is not True, "no deadline runs", "it failed")
    told = f"not before {seen.now['spec']['activeDeadlineSeconds']} s have passed since startTime"
    return expect(at >= due - seen.tolerance.truncation, told, f"{due - at:g} s before that")


@law("JOB-010", on="Job")
def a_resumed_job_starts_anew(seen: Seen) -> Verdict:
    """startTime is when it was resumed; while it is suspended no deadline runs."""
    if seen.before is None or not true_condition(seen.before, "Suspended"):
        return None
    if true_condition(seen.now, "Suspended") or case_of_job(seen).ending:
        return None
    resumed = next(
        (each for each in seen.now["status"]["conditions"] if each["type"] == "Suspended"), EMPTY
    )
    at = seconds(resumed.get("lastTransitionTime"))
    started = seconds(seen.now["status"].get("startTime"))
    if at is None:
        return None
    told = "startTime when it was resumed"
    if started is None:
        return Breach(told, "none")
    return expect(
        started >= at - seen.tolerance.truncation, told, f"{at - started:g} s before that"
    )


# -- Work queues (JOB-006) ---------------------------------------------------------------------------


@law("JOB-006", on="Pod", when="of a Job")
def a_work_queue_leaves_the_rest_to_finish(seen: Seen) -> Verdict:
    """After the first success the Pods that still work are left alone; they end by themselves."""
    case = case_of_pod(seen)
    if case is None or jobs.completions_of(case.spec) is not None:
        return None
    if case.memory.first_success is None or seen.before is None:
        return None
    pod: Pod = seen.now
    if is_newly_marked(seen):
        if seen.before.phase in OVER or case.ending or case.spec.get("suspend"):
            return None
        deadline = jobs.deadline_of(case.spec, case.status).value
        is_late = deadline is not None and seen.wall >= deadline - seen.tolerance.truncation
        if is_late or asked_for_by_others(seen):
            return None
        return _was_the_end(seen, case.key, pod.key[2])
    ended = pod.phase in OVER and seen.before.phase not in OVER
    return held("JOB-006") if ended and pod.deletion_timestamp is None else None


def _was_the_end(seen: Seen, key: Key, pod: str) -> Obligation:
    """Whether the Job has failed is told after its Pods are deleted for that."""
    what = "Pods that still work are left alone"

    def overdue(world: World) -> Breach | Void:
        now = case_at(world, key)
        failed = now is None or now.condition("Failed", "FailureTarget") is not None
        gone = now is None or _is_marked(now.manifest)
        return VOID if failed or gone else Breach(what, f"Pod {pod} is deleted")

    return Obligation(what=what, not_after=seen.at + _slack(seen), on=key, overdue=overdue)
