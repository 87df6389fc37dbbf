"""JOB-003, -004, -005: how many Pods a Job has, and that it ends with the successes it needs.

A controller needs a moment for all it does, so what it must do is owed; what it must not do is judged
when a Pod is created.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from spec_model.law import Verdict, expect, held, law, note
from spec_model.laws.job_memory import Case, case_at, case_of_job, case_of_pod
from spec_model.objects import EMPTY
from spec_model.rules import Decision
from spec_model.workloads import job_pods, jobs
from spec_model.world import VOID, Breach, Held, Obligation, Seen, Void, World

REASONS: Final = {
    "BackoffLimitExceeded": "JOB-008",
    "PodFailurePolicy": "JOB-008",
    "DeadlineExceeded": "JOB-010",
}
"""By the reason for which a Job failed, the rule that wants its Pods gone."""

REFUSED: Final = "creation refused"
TOLD: Final = "told of too many"


def wanted(case: Case) -> Decision[int]:
    """How many Pods should work now."""
    failed = case.condition("Failed", "FailureTarget")
    if failed is not None:
        return Decision(0, REASONS.get(failed.get("reason", ""), "JOB-013"))
    if case.condition("Complete", "SuccessCriteriaMet") is not None:
        return Decision(0, jobs.type_rule(case.spec))
    if case.spec.get("suspend"):
        return Decision(0, "JOB-010")
    return jobs.wanted_active(case.spec, len(case.active), case.succeeded)


def lacking(case: Case) -> int:
    """How many Pods are too few."""
    if case.ending or case.spec.get("suspend") or not case.whole:
        return 0
    held_up = len(case.terminating) if job_pods.replaces_failed_only(case.spec) else 0
    return wanted(case).value - len(case.active) - held_up


# -- What must be done -------------------------------------------------------------------------------


@law("JOB-004", "JOB-003", "JOB-005", "JOB-008", "JOB-010", on="Job")
def a_job_has_as_many_pods_as_it_wants(seen: Seen) -> Verdict:
    """Whenever something is seen of a Job it owes what it lacks, and the end of those it has too many."""
    return None if seen.type == "DELETED" else _owed(seen, case_of_job(seen))


@law("JOB-004", "JOB-003", "JOB-005", "JOB-008", "JOB-009", "JOB-011", on="Pod", when="of a Job")
def whenever_a_pod_changes_its_job_acts(seen: Seen) -> Verdict:
    """So it does whenever something is seen of one of its Pods."""
    case = case_of_pod(seen)
    return None if case is None else _owed(seen, case)


def _owed(seen: Seen, case: Case) -> Verdict:
    if not case.whole or case.manifest["metadata"].get("deletionTimestamp"):
        return None
    wants, at_work = wanted(case).value, len(case.active)
    if at_work > wants:
        owed = _goes(seen, case)
    elif at_work < wants and lacking(case) > 0:
        owed = _comes(seen, case)
    elif not at_work and _is_complete(case):
        owed = _completes(seen, case)
    else:
        return None
    return None if _is_owed(seen, case, owed) else owed


def _is_owed(seen: Seen, case: Case, new: Obligation) -> bool:
    """Whether the same is owed already, for as long."""
    known = seen.world.objects.get(case.key)
    return known is not None and any(
        each.what == new.what and each.not_after >= new.not_after for _, each in known.obligations
    )


def _slack(seen: Seen) -> float:
    return seen.tolerance.lateness + seen.tolerance.truncation


Done = Callable[[Case], bool]


def _until(done: Done, verdict: Held) -> Callable[[Seen], Held | None]:
    """Held as soon as an observation of the Job finds it so."""

    def settled(seen: Seen) -> Held | None:
        return verdict if done(case_of_job(seen)) else None

    return settled


def _goes(seen: Seen, case: Case) -> Obligation:
    rule, slack = wanted(case).because, _slack(seen)
    due = seen.at + slack

    def done(now: Case) -> bool:
        return len(now.active) <= wanted(now).value

    def overdue(world: World) -> Held | Breach | Void:
        now = case_at(world, case.key)
        if now is None or now.uid != case.uid:
            return VOID
        if done(now):
            return held(rule)
        if due - now.stirred < slack:
            return VOID  # owed anew since then
        decision = wanted(now)
        what = f"at the most {decision.value} active Pods"
        return Breach(what, f"{len(now.active)} are active", rule=decision.because)

    return Obligation(
        what=f"no more active Pods of Job {case.key[2]} than it wants",
        settled=_until(done, held(rule)),
        not_after=due,
        rule=rule,
        on=case.key,
        overdue=overdue,
    )


def _comes(seen: Seen, case: Case) -> Obligation:
    rule, slack = jobs.type_rule(case.spec), _slack(seen)
    due = seen.at + _longest_delay(seen.wall, case, seen.world) + slack

    def overdue(world: World) -> Held | Breach | Void:
        now = case_at(world, case.key)
        if now is None or now.uid != case.uid or case.uid in (world.notes.get(REFUSED) or ()):
            return VOID
        if lacking(now) <= 0:
            return held(rule)
        waits = _longest_delay(due + world.setting.epoch, now, world) > 0
        if waits or due - now.stirred < slack:
            return VOID  # owed anew since then
        what = f"{wanted(now).value} active Pods of Job {case.key[2]}"
        return Breach(what, f"{len(now.active)} are active", rule=_who_waits(now))

    return Obligation(
        what=f"as many active Pods of Job {case.key[2]} as it wants",
        settled=_until(lambda now: lacking(now) <= 0, held(rule)),
        not_after=due,
        rule=rule,
        on=case.key,
        overdue=overdue,
    )


def _who_waits(case: Case) -> str:
    """The rule of a Job that does not go on: it waits for a Pod to be gone, for too long, or for nothing."""
    if case.terminating:
        return "JOB-011"
    return "JOB-009" if case.memory.most else jobs.type_rule(case.spec)


def _longest_delay(wall: float, case: Case, world: World) -> float:
    """Seconds for which a Job may wait after its failures, whatever of them it has counted."""
    ends, constants = case.memory.most, world.profile.job
    if not ends or case.spec.get("backoffLimitPerIndex") is not None:
        return 0.0
    wait = jobs.delay(len(ends), constants.backoff_base, constants.backoff_cap)
    return max(max(ends) + wait - wall, 0.0)


def _is_complete(case: Case) -> bool:
    if case.ending:
        return False
    return jobs.is_complete(case.spec, len(case.active), case.succeeded).value


def _completes(seen: Seen, case: Case) -> Obligation:
    rule, slack = jobs.type_rule(case.spec), _slack(seen)
    due = seen.at + slack

    def over(now: Case) -> bool:
        return (
            now.condition("Complete", "SuccessCriteriaMet", "Failed", "FailureTarget") is not None
        )

    def overdue(world: World) -> Held | Breach | Void:
        now = case_at(world, case.key)
        if now is None or now.uid != case.uid or not _is_complete(now):
            return VOID
        if due - now.stirred < slack:
            return VOID  # owed anew since then
        return Breach(f"Job {case.key[2]} is Complete", f"{now.succeeded} successes, and no end")

    return Obligation(
        what=f"Job {case.key[2]} becomes Complete",
        settled=_until(over, held(rule)),
        not_after=due,
        rule=rule,
        on=case.key,
        overdue=overdue,
    )


@note(REFUSED, on="Event FailedCreate*")
@note(TOLD, on="Event TooManySucceededPods*")
def told_of(before: frozenset[str] | None, seen: Seen) -> frozenset[str]:
    """By UID, the Jobs of which an Event has told: the API refused them a Pod, or too many succeeded."""
    uid = (seen.manifest.get("involvedObject") or EMPTY).get("uid", "")
    return (before or frozenset()) | {uid}


# -- What must not be done ---------------------------------------------------------------------------


@law("JOB-005", on="Pod", when="of a Job")
def a_work_queue_gets_no_pod_after_a_success(seen: Seen) -> Verdict:
    """Who is created later than a controller may lag behind the first success is one too many."""
    if not seen.fresh or seen.before is not None:
        return None
    case = case_of_pod(seen)
    if case is None or jobs.completions_of(case.spec) is not None:
        return None
    first = case.memory.first_success
    if first is None:
        return None
    late = seen.at - first
    return expect(late <= _slack(seen), "no Pod after the first success", f"one {late:g} s later")


@law("JOB-004", "JOB-003", "JOB-005", "JOB-012", on="Job")
def a_complete_job_has_what_it_needs(seen: Seen) -> Verdict:
    """When it turns Complete enough have succeeded, by its own word, and nobody works any more."""
    if seen.before is None or not _turned(seen, "Complete"):
        return None
    case, status = case_of_job(seen), seen.manifest.get("status") or EMPTY
    rule = jobs.type_rule(case.spec)
    wants = jobs.completions_of(case.spec)
    succeeded = status.get("succeeded") or 0
    enough = succeeded > 0 if wants is None else succeeded >= wants
    told = f"{'at least one' if wants is None else wants} succeeded, and none active"
    active = status.get("active") or 0
    return expect(enough and not active, told, f"{succeeded} succeeded, {active} active", rule=rule)


def _turned(seen: Seen, type_: str) -> bool:
    """Whether a condition of the Job has become True."""
    was, now = (
        any(each.get("type") == type_ and each.get("status") == "True" for each in listed)
        for listed in (
            ((job.get("status") or EMPTY).get("conditions") or ())
            for job in (seen.before, seen.now)
        )
    )
    return now and not was


@law("JOB-007", on="Job")
def every_success_is_a_pod_of_its_own(seen: Seen) -> Verdict:
    """A Job that is Complete has done every item: as many Pods have succeeded as it says."""
    if seen.before is None or not _turned(seen, "Complete"):
        return None
    case = case_of_job(seen)
    if not case.whole:
        return None

    def enough(now: Case) -> bool:
        done = {
            run.name if run.index is None else run.index
            for run in now.memory.runs.values()
            if run.fate == "succeeded"
        }
        return len(done) >= (now.status.get("succeeded") or 0)

    def overdue(world: World) -> Held | Breach | Void:
        now = case_at(world, case.key)
        if now is None or now.uid != case.uid:
            return VOID
        if enough(now):
            return held("JOB-007")
        said = now.status.get("succeeded")
        return Breach(f"{said} Pods of Job {case.key[2]} that have succeeded", "fewer")

    if enough(case):
        return held("JOB-007")
    return Obligation(
        what=f"as many successful Pods of Job {case.key[2]} as it counts",
        settled=lambda later: held("JOB-007") if enough(case_of_job(later)) else None,
        not_after=seen.at + _slack(seen),
        on=case.key,
        overdue=overdue,
    )


# -- Too many (JOB-004) ------------------------------------------------------------------------------


@law("JOB-004", on="Job")
def too_many_successes_are_told(seen: Seen) -> Verdict:
    """A race may bring more than were wanted: the Job is Complete all the same, and says so."""
    if seen.before is None or not _turned(seen, "Complete"):
        return None
    case, wants = case_of_job(seen), jobs.completions_of(seen.now.get("spec") or EMPTY)
    if wants is None or (case.status.get("succeeded") or 0) <= wants:
        return None
    if "shows-events" not in seen.world.notes:
        return None

    def overdue(world: World) -> Held | Breach | Void:
        if case.uid in (world.notes.get(TOLD) or ()):
            return held("JOB-004")
        if world.setting.clock == "real":
            return VOID  # a cluster drops Events
        return Breach("Event TooManySucceededPods", "none")

    return Obligation(
        what=f"Event TooManySucceededPods about Job {case.key[2]}",
        settled=lambda later: VOID if later.type == "DELETED" else None,
        not_after=seen.at + seen.tolerance.lateness,
        overdue=overdue,
    )
