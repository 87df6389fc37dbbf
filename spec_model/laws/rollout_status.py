"""DEPLOY: what a Deployment says of itself: available, complete, progressing, paused, given up."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from spec_model.events import Manifest
from spec_model.law import Verdict, expect, law
from spec_model.laws.rollout_memory import (
    DEPLOYMENT,
    Rollout,
    active,
    by_hand,
    condition,
    observed,
)
from spec_model.objects import EMPTY, seconds
from spec_model.workloads.deployment import ROLLBACK, bare, deadline_of, revision_of
from spec_model.workloads.progress import (
    AVAILABLE,
    EXCEEDED,
    PAUSED,
    RESUMED,
    count,
    has_progressed,
    is_available,
    is_complete,
)
from spec_model.world import HELD, VOID, Breach, Held, Obligation, Outcome, Seen, Void

SOON: Final = 120
"""Seconds: deadlines that are longer are not waited for, but judged where they pass."""

PROGRESSING: Final = "Progressing"


@law("DEPLOY-014", on=DEPLOYMENT)
def conditions_follow_from_the_counts(seen: Seen) -> Verdict:
    """Available as long as enough are; complete when everything is new and available."""
    if seen.type == "DELETED" or not observed(seen.now):
        return None
    rollout: Rollout = seen.notes["rollout"]
    plan, status = rollout.spec.plan, rollout.status
    told: list[Outcome] = []
    available = condition(seen.now, "Available")
    if available:
        wanted = str(is_available(plan, status).value)
        expected = (
            f"Available={wanted}: at least {plan.least} of {plan.replicas} are to be available"
        )
        shown = f"Available={available['status']} of {count(status, 'availableReplicas')}"
        told.append(expect(available["status"] == wanted, expected, shown))
    if _turns_to(seen, AVAILABLE):
        told.append(_is_truly_complete(seen, rollout))
    return tuple(told)


def _turns_to(seen: Seen, reason: str) -> bool:
    before = EMPTY if seen.before is None else condition(seen.before, PROGRESSING)
    now = condition(seen.now, PROGRESSING)
    is_known = seen.before is not None or seen.fresh
    return is_known and now.get("reason") == reason != before.get("reason")


def _is_truly_complete(seen: Seen, rollout: Rollout) -> Outcome:
    """By its counts; and where watches come in order, by those of its ReplicaSets too."""
    whole = is_complete(rollout.spec.plan, rollout.status).value
    new = rollout.new(rollout.spec)
    left = sum(each.shown for each in rollout.members.values() if each is not new)
    if seen.world.setting.clock == "real":
        left = 0
    expected = f"complete with {rollout.spec.plan.replicas} new and available replicas alone"
    shown = f"{dict(rollout.status, conditions='...')}, {left} old ones"
    return expect(whole and not left, expected, shown)


# -- DEPLOY-007, 009 -----------------------------------------------------------------------------------


@law("DEPLOY-007", on=DEPLOYMENT)
def revisions_only_increase(seen: Seen) -> Verdict:
    """The revision of a Deployment never goes back, unless somebody writes another one."""
    if seen.before is None or seen.type == "DELETED":
        return None
    before, now = revision_of(seen.before), revision_of(seen.now)
    if before == now or by_hand(seen) or not seen.world.notes.get("rollout-writes"):
        return None
    rollout: Rollout = seen.notes["rollout"]
    if now < before and all(each.revision < before for each in rollout.members.values()):
        return None  # the ReplicaSet that had it was deleted
    return expect(now > before, f"a revision higher than {before}", now)


@law("DEPLOY-009", on=DEPLOYMENT)
def a_complete_rollout_keeps_its_history(seen: Seen) -> Verdict:
    """What is old is there still, and asks for nothing."""
    if seen.type == "DELETED" or not _turns_to(seen, AVAILABLE) or not observed(seen.now):
        return None
    rollout: Rollout = seen.notes["rollout"]
    new = rollout.new(rollout.spec)
    old = [each for each in rollout.members.values() if each is not new]
    if new is None or not old:
        return None
    expected, left = "every old ReplicaSet scaled to 0", [each.sized.name for each in active(old)]
    if left and seen.world.setting.clock == "real":
        return None
    return expect(not left, expected, f"{', '.join(left)} not")


# -- DEPLOY-010: pauses ------------------------------------------------------------------------------


@law("DEPLOY-010", on=DEPLOYMENT)
def a_pause_is_told(seen: Seen) -> Verdict:
    """Progressing is Unknown while it is paused, and when that has ended, for the reason that it has."""
    if seen.type == "DELETED":
        return None
    now, paused = condition(seen.now, PROGRESSING), bool(seen.now["spec"].get("paused"))
    reason = now.get("reason")
    told: list[Outcome] = []
    if reason in (PAUSED, RESUMED):
        told.append(
            expect(now.get("status") == "Unknown", "Progressing=Unknown", now.get("status"))
        )
    if deadline_of(seen.now) is None:
        return tuple(told)
    if observed(seen.now):
        if paused:
            expected = f"Progressing for the reason {PAUSED} (or {EXCEEDED}, which stays)"
            told.append(expect(reason in (PAUSED, EXCEEDED), expected, reason))
        elif reason == PAUSED:
            told.append(Breach(f"not {PAUSED} when it is resumed", PAUSED))
    told += _resumed(seen, reason, paused)
    return tuple(told)


def _resumed(seen: Seen, reason: str | None, paused: bool) -> Iterator[Outcome]:
    """The end of a pause is told first; a real cluster's watch may not show it."""
    if seen.before is None or paused or seen.world.setting.clock == "real":
        return
    before = condition(seen.before, PROGRESSING).get("reason")
    if before == PAUSED != reason:
        expected = f"Progressing=Unknown for the reason {RESUMED} first"
        yield expect(reason == RESUMED, expected, reason)


# -- DEPLOY-013: the deadline ------------------------------------------------------------------------


@law("DEPLOY-013", on=DEPLOYMENT)
def a_rollout_without_progress_is_given_up_in_time(seen: Seen) -> Verdict:
    """Not before its deadline has passed without progress, and soon after it."""
    if seen.type == "DELETED":
        return None
    told: list[Outcome] = []
    before = EMPTY if seen.before is None else condition(seen.before, PROGRESSING)
    now = condition(seen.now, PROGRESSING)
    if before and now.get("reason") == EXCEEDED != before.get("reason"):
        told.append(_not_too_soon(seen, before, now))
    if now != before or _deadline_changed(seen):
        told += _in_time(seen, now)
    if before.get("reason") == EXCEEDED:
        told += _afterwards(seen, now)
    return tuple(told)


def _deadline_changed(seen: Seen) -> bool:
    return seen.before is None or deadline_of(seen.before) != deadline_of(seen.now)


def _not_too_soon(seen: Seen, before: Manifest, now: Manifest) -> Outcome:
    deadline = deadline_of(seen.now)
    since, when = seconds(before.get("lastUpdateTime")), seconds(now.get("lastUpdateTime"))
    if deadline is None or since is None or when is None or _deadline_changed(seen):
        return expect(now.get("status") == "False", "Progressing=False", now.get("status"))
    return expect(
        when - since >= deadline - seen.tolerance.truncation and now.get("status") == "False",
        f"Progressing=False after {deadline} s without progress",
        f"Progressing={now.get('status')} after {when - since:g} s",
    )


def _in_time(seen: Seen, now: Manifest) -> Iterator[Outcome]:
    """It is owed while a rollout goes on, and no longer when something has happened."""
    deadline, since = deadline_of(seen.now), seconds(now.get("lastUpdateTime"))
    if deadline is None or since is None or deadline > SOON or not _is_going_on(seen.now):
        return
    due = since - seen.world.setting.epoch + deadline + 2 + seen.tolerance.lateness
    if due < seen.at:
        return

    def settled(later: Seen) -> Held | Void | None:
        then = condition(later.now, PROGRESSING)
        if then.get("reason") == EXCEEDED:
            return HELD
        changed = then != now or deadline_of(later.now) != deadline
        return VOID if changed or not _is_going_on(later.now) else None

    yield Obligation(
        f"Progressing=False, reason {EXCEEDED}, after {deadline} s without progress", settled, due
    )


def _is_going_on(deployment: Manifest) -> bool:
    """A rollout whose progress is watched."""
    reason = condition(deployment, PROGRESSING).get("reason")
    if deployment["spec"].get("paused") or deployment["metadata"].get("deletionTimestamp"):
        return False
    return reason not in (None, AVAILABLE, EXCEEDED, PAUSED)


def _afterwards(seen: Seen, now: Manifest) -> Iterator[Outcome]:
    """Given up is only said: the template stays, and progress is told again."""
    template, was = (bare(each["spec"]["template"]) for each in (seen.now, seen.before))
    asked = ROLLBACK in (seen.before["metadata"].get("annotations") or EMPTY)
    if template != was and seen.world.notes.get("rollout-writes") and not (asked or by_hand(seen)):
        yield Breach(
            "the template to stay: a controller does not roll back by itself", "another one"
        )
    if not (observed(seen.now) and observed(seen.before) and _is_rolling(seen)):
        return
    before, after = seen.before.get("status") or EMPTY, seen.now.get("status") or EMPTY
    if has_progressed(before, after).value:
        yield expect(
            now.get("status") == "True", "Progressing=True after progress", now.get("status")
        )


def _is_rolling(seen: Seen) -> bool:
    """Neither a pause nor scaling, in which progress does not count."""
    rollout: Rollout = seen.notes["rollout"]
    plan = rollout.spec.plan
    if len(rollout.specs) > 1 or plan.paused or seen.before["spec"] != seen.now["spec"]:
        return False
    sized = [each.sized for each in rollout.members.values()]
    return all(each.desired in (None, plan.replicas) for each in sized if each.size)
