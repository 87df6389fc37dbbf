"""TERM-001, -002 and -004: what a delete writes on a Pod, and what another one may change of it."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Final, TypeAlias

from attrs import frozen

from spec_model.events import Manifest, Rejected
from spec_model.law import Verdict, expect, held, law, note
from spec_model.objects import Pod
from spec_model.pod.termination import OVER, Shortened, granted, shortened
from spec_model.world import HELD, VOID, Breach, Done, Held, Obligation, Outcome, Seen, Void, World


@frozen
class Deleted:
    """The grace periods that deletes of a Pod came to so far, and whether one was without any."""

    graces: tuple[int, ...]
    forced: bool


Deletes: TypeAlias = Mapping[str, Deleted]
"""By UID of a Pod."""

Settled: TypeAlias = Callable[[Seen], Held | Breach | Void | None]

ANOTHER: Final = frozenset({"delete"})


def in_time(what: str, due: float, settled: Settled) -> Settled:
    """The same, but what is seen only after it was due came too late, whatever it is."""

    def judged(seen: Seen) -> Held | Breach | Void | None:
        if seen.at <= due:
            return settled(seen)
        return Breach(what, f"not seen by {due:g} s")

    return judged


def grace_of(pod: Pod) -> int:
    """metadata.deletionGracePeriodSeconds; 0 where it is absent."""
    return int(pod.manifest["metadata"].get("deletionGracePeriodSeconds") or 0)


def finalizers(pod: Pod) -> bool:
    """Whether somebody holds the object."""
    return bool(pod.manifest["metadata"].get("finalizers"))


def deleted_pod(done: Done) -> Pod | None:
    """The Pod that a delete of a Pod was about, as it was seen before; None where it was refused or none."""
    given = done.arguments
    if isinstance(done.response, Rejected):
        return None
    found: Pod | None = done.world.view("Pod", given["namespace"], given["name"])
    return found


@note("deletes", on="delete Pod")
def pods_that_were_deleted(before: Deletes | None, done: Done) -> Deletes:
    """What deletes of Pods came to, for those that still exist."""
    pod, known = deleted_pod(done), before or {}
    if pod is None:
        return known
    requested = done.arguments.get("gracePeriodSeconds")
    grace = granted(pod, requested).value
    forced = requested == 0 if pod.deletion_timestamp else not grace
    existing = done.world.uids_of("Pod")
    kept = {uid: was for uid, was in known.items() if uid in existing}
    was = kept.get(pod.uid, Deleted((), forced=False))
    return {**kept, pod.uid: Deleted((*was.graces, grace), forced or was.forced)}


def deletes_of(world: World) -> Deletes:
    """What the tester's deletes of Pods came to, for those that existed at the last of them."""
    found: Deletes | None = world.notes.get("deletes")
    return found or {}


def is_marked(seen: Seen) -> bool:
    """Whether this observation is the first one to show that the Pod is being deleted."""
    pod: Pod = seen.now
    before: Pod | None = seen.before
    return (
        pod.deletion_timestamp is not None
        and before is not None
        and before.deletion_timestamp is None
    )


@law("TERM-001", "TERM-002", "TERM-013", on="Pod", when="marked")
def a_delete_marks_the_pod(seen: Seen) -> Verdict:
    """The grace period is the one asked for, else the spec's, and deletionTimestamp lies at its end."""
    if not is_marked(seen):
        return None
    return (*_grace_period(seen), _end_of_it(seen), _generation(seen), *_same_phase(seen))


def _grace_period(seen: Seen) -> tuple[Outcome, ...]:
    pod: Pod = seen.now
    deleted = deletes_of(seen.world).get(pod.uid)
    if deleted is None:
        return ()
    graces = deleted.graces
    legal = {graces[0], *(grace for grace in graces if grace < graces[0])}
    if pod.phase in OVER or seen.before.spec.node_name != pod.spec.node_name:
        return ()  # it changed while it was being deleted
    seconds = pod.manifest["metadata"].get("deletionGracePeriodSeconds")
    what = f"deletionGracePeriodSeconds {' or '.join(map(str, sorted(legal)))}"
    rule = "TERM-013" if not graces[0] and pod.spec.node_name else "TERM-001"
    return (expect(seconds in legal, what, str(seconds), rule=rule),)


def _end_of_it(seen: Seen) -> Outcome:
    pod: Pod = seen.now
    grace, tolerance = grace_of(pod), seen.tolerance
    late = seen.wall - (pod.deletion_timestamp or 0.0) + grace
    return expect(
        -tolerance.truncation <= late <= tolerance.truncation + tolerance.lateness,
        f"deletionTimestamp {grace} s after the delete",
        f"{grace - late:g} s after it",
        rule="TERM-002",
    )


def _generation(seen: Seen) -> Outcome:
    before, now = seen.before.generation, seen.now.generation
    if not now:
        return held("TERM-002")
    return expect(
        now > before, f"a generation above {before}", f"generation {now}", rule="TERM-002"
    )


def _same_phase(seen: Seen) -> tuple[Outcome, ...]:
    """Asked where nothing else of the status changed, so that it was the delete that changed it."""
    before, now = seen.before, seen.now
    if before.statuses != now.statuses or before.reason != now.reason or not now.statuses:
        return ()
    if now.phase in OVER and not any(each.state == "running" for each in now.statuses.values()):
        return ()
    what = f"phase {before.phase}, as before the delete"
    return (expect(before.phase == now.phase, what, f"phase {now.phase}", rule="TERM-002"),)


# -- TERM-004: another delete -----------------------------------------------------------------------


@law("TERM-004", on="Pod", when="ending")
def a_deletion_is_never_put_off(seen: Seen) -> Verdict:
    """The grace period only becomes shorter, and the end earlier, but not earlier than now."""
    before: Pod | None = seen.before
    pod: Pod = seen.now
    if before is None or before.deletion_timestamp is None or pod.deletion_timestamp is None:
        return None
    was, now = grace_of(before), grace_of(pod)
    if (was, before.deletion_timestamp) == (now, pod.deletion_timestamp):
        return None
    moved = before.deletion_timestamp - was + now
    ahead = pod.deletion_timestamp - seen.wall + seen.tolerance.truncation + seen.tolerance.lateness
    is_lawful = (pod.deletion_timestamp == moved and ahead >= 0) or (now <= 1 and _is_now(seen))
    if now <= was and is_lawful:
        return HELD
    return Breach(
        f"{now} s of grace end {moved - before.deletion_timestamp:+g} s from where they did, or now",
        f"{was} s became {now} s, and the end moved by "
        f"{pod.deletion_timestamp - before.deletion_timestamp:+g} s",
    )


def _is_now(seen: Seen) -> bool:
    late, tolerance = seen.wall - seen.now.deletion_timestamp, seen.tolerance
    return bool(-tolerance.truncation <= late <= tolerance.truncation + tolerance.lateness)


@law("TERM-004", on="delete Pod")
def another_delete_can_only_shorten(done: Done) -> Verdict:
    """A smaller grace period is taken over, a larger or equal one is ignored."""
    pod = deleted_pod(done)
    if pod is None or pod.deletion_timestamp is None or not grace_of(pod):
        return None
    requested, grace = done.arguments.get("gracePeriodSeconds"), grace_of(pod)
    now = done.world.setting.epoch + done.at
    made = shortened(grace, pod.deletion_timestamp, requested, now).value
    if not made.grace:
        return None  # by force: TERM-013
    is_shorter, what = made.grace < grace, f"a deletionGracePeriodSeconds of {made.grace}"
    due = done.at + done.world.setting.tolerance.lateness if is_shorter else math.inf
    return Obligation(
        what=what,
        settled=in_time(what, due, _becomes(made, grace)) if is_shorter else _stays(grace),
        not_after=due,
        disturbed_by=ANOTHER,
        on=pod.key,
    )


def _becomes(made: Shortened, grace: int) -> Settled:
    def settled(seen: Seen) -> Held | Breach | Void | None:
        now = grace_of(seen.now)
        if seen.type == "DELETED" or not now:
            return VOID
        if now == grace:
            return None
        return expect(now == made.grace, f"{made.grace} s of grace", f"{now} s of grace")

    return settled


def _stays(grace: int) -> Settled:
    def settled(seen: Seen) -> Held | Breach | Void | None:
        metadata: Manifest = seen.manifest["metadata"]
        now = metadata.get("deletionGracePeriodSeconds")
        if seen.type == "DELETED" or not now:
            return HELD
        return None if now == grace else Breach(f"{grace} s of grace, as before", f"{now} s")

    return settled
