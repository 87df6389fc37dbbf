"""JOB-008, -009, -011: how a Job takes failures: it counts them, waits longer each time, and gives up."""

from __future__ import annotations

from collections.abc import Sequence

from spec_model.law import Verdict, expect, held, law
from spec_model.laws.job_memory import (
    FAILED,
    LOST,
    Case,
    Run,
    case_at,
    case_of_job,
    case_of_pod,
    certain,
    failed_shown,
    in_a_row,
    true_condition,
)
from spec_model.objects import EMPTY
from spec_model.pod.termination import OVER
from spec_model.workloads import job_pods, jobs
from spec_model.world import VOID, Breach, Held, Obligation, Seen, Void, World


def _slack(seen: Seen) -> float:
    return seen.tolerance.lateness + seen.tolerance.truncation


def _has_new(seen: Seen, *types: str) -> bool:
    """Whether one of these conditions has become True."""
    if seen.before is None:
        return False
    return bool(true_condition(seen.now, *types)) and not true_condition(seen.before, *types)


# -- Giving up (JOB-008) -----------------------------------------------------------------------------


def restarts(case: Case) -> int:
    """The restarts in Pods that are not over, or were not when they were asked to end."""
    return sum(run.restarts for run in case.memory.runs.values() if not run.over)


def has_too_many(case: Case, failed: int, limit: int | None) -> bool:
    """Whether so many failures, or the restarts, are more than a limit allows."""
    if limit is None:
        return False
    template = (case.spec.get("template") or EMPTY).get("spec") or EMPTY
    by_restarts = template.get("restartPolicy") == "OnFailure" and restarts(case) >= max(limit, 1)
    return failed > limit or by_restarts


@law("JOB-008", on="Pod", when="of a Job")
def a_job_gives_up_after_too_many_failures(seen: Seen) -> Verdict:
    """One failure more than the limit, or as many restarts: it has failed, and says why."""
    case = case_of_pod(seen)
    if case is None or not case.whole or case.ending:
        return None
    limit = jobs.backoff_limit(case.spec, seen.profile)
    if not has_too_many(case, len(certain(case.memory, seen.profile)), limit):
        return None
    due = seen.at + _slack(seen)
    known = seen.world.objects.get(case.key)
    what = f"Job {case.key[2]} fails: more than {limit} failures"
    if known is not None and any(each.what == what for _, each in known.obligations):
        return None

    def settled(later: Seen) -> Held | Void | None:
        now = case_of_job(later)
        failed = now.condition("FailureTarget", "Failed")
        if failed is not None:
            return held("JOB-008") if failed.get("reason") == "BackoffLimitExceeded" else VOID
        return VOID if now.ending else None

    def overdue(world: World) -> Breach | Void:
        now = case_at(world, case.key)
        if now is None or now.uid != case.uid or now.ending:
            return VOID
        count = len(certain(now.memory, world.profile))
        again = has_too_many(now, count, jobs.backoff_limit(now.spec, world.profile))
        return Breach(what, f"{count} failed, and it goes on") if again else VOID

    return Obligation(what=what, settled=settled, not_after=due, on=case.key, overdue=overdue)


@law("JOB-008", on="Job")
def a_job_does_not_give_up_too_soon(seen: Seen) -> Verdict:
    """Who gives up for its failures has seen more of them than its limit allows."""
    if not _has_new(seen, "FailureTarget", "Failed"):
        return None
    failed = true_condition(seen.now, "FailureTarget", "Failed") or EMPTY
    case = case_of_job(seen)
    if failed.get("reason") != "BackoffLimitExceeded" or not case.whole:
        return None
    limit = jobs.backoff_limit(case.spec, seen.profile)
    counted = case.memory.with_fate(FAILED, LOST)
    told = "no limit" if limit is None else f"more than {limit} failures"
    ever = sum(run.restarts for run in case.memory.runs.values())
    holds = limit is not None and (
        counted > limit or (_restarts_in_place(case) and ever >= max(limit, 1))
    )
    if not holds and limit is not None and seen.world.setting.clock == "real":
        return None  # the Pods may be shown later than their Job
    return expect(holds, told, f"{counted} failed, {ever} restarts")


def _restarts_in_place(case: Case) -> bool:
    template = (case.spec.get("template") or EMPTY).get("spec") or EMPTY
    return bool(template.get("restartPolicy") == "OnFailure")


# -- Waiting (JOB-009) -------------------------------------------------------------------------------


@law("JOB-009", on="Pod", when="of a Job")
def a_failed_pod_is_replaced_after_a_delay(seen: Seen) -> Verdict:
    """Nobody is created before the delay is over, unless the last failures were not noticed yet."""
    if not seen.fresh or seen.before is not None:
        return None
    case = case_of_pod(seen)
    if case is None or case.spec.get("backoffLimitPerIndex") is not None:
        return None
    failed = in_a_row(case.memory, seen.profile)
    if not failed:
        return None
    created = case.memory.runs[seen.now.uid].created
    due = _retry_at(failed, seen)
    holds = created >= due
    noticed = [run for run in failed if seen.at - run.fated >= _slack(seen)]
    late_news = len(noticed) < len(failed) and created >= _retry_at(noticed, seen)
    if not holds and late_news and _would_be_wanted(case, seen):
        return None
    told = f"no Pod before {_told(due, seen)} after failure {len(failed)} in a row"
    return expect(holds, told, f"one at {_told(created, seen)}")


def _told(moment: float, seen: Seen) -> str:
    return f"{moment - seen.world.setting.epoch:g} s"


def _retry_at(failed: Sequence[Run], seen: Seen) -> float:
    """When after these failures a Pod may be created, as whole seconds tell it.

    The delay begins when the last of them was over; one that came to light last may be over for longer.
    """
    constants = seen.profile.job
    if not failed:
        return 0.0
    latest = max(run.fated for run in failed)
    since = min(max(run.end for run in failed), *(run.end for run in failed if run.fated == latest))
    wait = jobs.delay(len(failed), constants.backoff_base, constants.backoff_cap)
    return since + wait - seen.tolerance.truncation


def _would_be_wanted(case: Case, seen: Seen) -> bool:
    """Whether there would be a Pod too few even if those that ended last were still at work."""
    recent = [
        run for run in case.memory.runs.values() if run.fate and seen.at - run.fated < _slack(seen)
    ]
    successes = sum(run.fate == "succeeded" for run in recent)
    at_work = len(recent) - successes + len(case.active) - 1
    wants = jobs.wanted_active(case.spec, at_work, max(case.succeeded - successes, 0)).value
    return at_work < wants


# -- Counting (JOB-011) ------------------------------------------------------------------------------


@law("JOB-011", on="Pod", when="of a Job")
def a_deleted_pod_counts_at_once_or_when_it_failed(seen: Seen) -> Verdict:
    """A Pod that is deleted is a failure at once; where only failed ones are replaced, when it failed."""
    if seen.before is None or seen.now.deletion_timestamp is None:
        return None
    if seen.before.deletion_timestamp is not None or seen.now.phase in OVER:
        return None
    case = case_of_pod(seen)
    if case is None or not case.whole or case.ending:
        return None
    run = case.memory.runs[seen.now.uid]
    if run.fate != FAILED:
        return None
    return _is_counted(seen, case, case.memory.with_fate(FAILED))


def _is_counted(seen: Seen, case: Case, count: int) -> Obligation:
    what = f"{count} failures counted by Job {case.key[2]}"

    def settled(later: Seen) -> Held | Void | None:
        if failed_shown(later.manifest.get("status") or EMPTY) >= count:
            return held("JOB-011")
        return VOID if later.type == "DELETED" else None

    return Obligation(what=what, settled=settled, not_after=seen.at + _slack(seen), on=case.key)


@law("JOB-011", on="Pod", when="of a Job")
def who_is_replaced_has_failed(seen: Seen) -> Verdict:
    """With podReplacementPolicy Failed nobody takes the place of a Pod that is still terminating."""
    if not seen.fresh or seen.before is not None:
        return None
    case = case_of_pod(seen)
    if case is None or not job_pods.replaces_failed_only(case.spec) or not case.terminating:
        return None
    if case.ending or not case.whole:
        return None
    held_up, at_work = len(case.terminating), len(case.active)
    wants = jobs.wanted_active(case.spec, at_work, _fewest_successes(case, seen)).value
    if seen.at - case.changed < _slack(seen):
        return None
    told = f"at the most {wants} Pods that work or terminate"
    return expect(at_work + held_up <= wants, told, f"{at_work} work, {held_up} terminate")


def _fewest_successes(case: Case, seen: Seen) -> int:
    recent = sum(
        run.fate == "succeeded" and seen.at - run.fated < _slack(seen)
        for run in case.memory.runs.values()
    )
    return max(case.succeeded - recent, 0)


@law("JOB-011", "JOB-008", on="Job")
def no_failure_is_counted_that_is_none(seen: Seen) -> Verdict:
    """As long as a Job goes on, it has not counted more failures than its Pods have shown."""
    case = case_of_job(seen)
    shown = failed_shown(case.status)
    if seen.type == "DELETED" or not shown or case.ending or not case.whole:
        return None
    if seen.before is not None and failed_shown(seen.before.get("status") or EMPTY) == shown:
        return None
    if _may_have_failed(case) >= shown:
        return held("JOB-008")
    rule = "JOB-011" if any(_waits_for_its_phase(case, run) for run in _runs(case)) else "JOB-008"

    def overdue(world: World) -> Held | Breach | Void:
        now = case_at(world, case.key)
        if now is None or now.uid != case.uid or now.ending:
            return VOID
        if _may_have_failed(now) >= shown:
            return held("JOB-008")
        return Breach(f"no more than {_may_have_failed(now)} failures counted", f"{shown}")

    return Obligation(
        what=f"no more failures counted by Job {case.key[2]} than there were",
        settled=lambda later: VOID if _may_have_failed(case_of_job(later)) >= shown else None,
        not_after=seen.at + _slack(seen),
        rule=rule,
        overdue=overdue,
    )


def _may_have_failed(case: Case) -> int:
    return case.memory.with_fate(FAILED, LOST)


def _runs(case: Case) -> list[Run]:
    return list(case.memory.runs.values())


def _waits_for_its_phase(case: Case, run: Run) -> bool:
    return run.terminating and job_pods.replaces_failed_only(case.spec)
