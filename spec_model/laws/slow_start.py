"""REPLICA-003: how many Pods are made and deleted at a time, and what is said when that fails.

A sync is not seen. On a virtual clock every write is, and a sync begins because of something that is
seen: so failures in a row, with nothing new of workloads or Pods between them, are of one sync.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from attrs import frozen

from spec_model.events import Manifest
from spec_model.law import Verdict, expect, held, law, note
from spec_model.laws.flocks import active_pods, flock_of, is_going
from spec_model.objects import EMPTY
from spec_model.workloads.ownership import REPLICATED
from spec_model.world import VOID, Breach, Held, Key, Obligation, Outcome, Seen, Void, World

RULE: Final = "REPLICA-003"
BURST: Final = 500
"""So many Pods are made or deleted in one sync."""
LONGEST_WAIT: Final = 1000.0
"""Seconds after which a workload that has failed tries again at the latest."""
OTHER_SYNCS: Final = 2
"""So many more may have been called for by what was seen before, each with a failure of its own."""
CONDITIONS: Final = {"FailedCreate": "FailedCreate", "FailedDelete": "FailedDelete"}


@frozen
class Run:
    """What a workload did at one instant: Pods made, and failures since anything was seen of it."""

    at: float
    made: int
    failed: int


Runs = Mapping[str, Run]


@note("making", on="Event FailedCreate*")
@note("making", on="Event SuccessfulCreate*")
def making(before: Runs | None, seen: Seen) -> Runs:
    """Folds in what is told of making Pods; what was before this instant is forgotten."""
    known, about = before or EMPTY, seen.manifest.get("involvedObject") or EMPTY
    if about.get("kind") not in REPLICATED:
        return known
    kept = {uid: run for uid, run in known.items() if run.at == seen.at}
    uid = about.get("uid", "")
    run = kept.get(uid) or Run(seen.at, 0, 0)
    if seen.manifest["reason"] == "FailedCreate":
        return {**kept, uid: Run(seen.at, run.made, run.failed + 1)}
    return {**kept, uid: Run(seen.at, run.made + 1, run.failed)}


@note("making", on="Pod*")
@note("making", on="ReplicaSet*")
@note("making", on="ReplicationController*")
def another_sync_may_begin(before: Runs | None, _: Seen) -> Runs | None:
    """Whatever is seen of a workload or of any Pod, which it might want, may begin another sync."""
    if not before or not any(run.failed for run in before.values()):
        return before
    return {uid: Run(run.at, run.made, 0) for uid, run in before.items()}


@law(RULE, on="Event FailedCreate")
@law(RULE, on="Event FailedDelete")
def a_failure_ends_a_batch_and_is_told(seen: Seen) -> Verdict:
    """The batch that fails is no larger than all before it and one; the status says so, and it is retried."""
    about = seen.manifest.get("involvedObject") or EMPTY
    if about.get("kind") not in REPLICATED:
        return None
    key = (about["kind"], about.get("namespace", ""), about.get("name", ""))
    known = seen.world.objects.get(key)
    if known is None or known.uid != about.get("uid") or is_going(known.manifest):
        return None
    return tuple(_of_a_failure(seen, key, known.uid))


def _of_a_failure(seen: Seen, key: Key, uid: str) -> Iterator[Outcome]:
    is_virtual = seen.world.setting.clock == "virtual"
    runs: Runs = seen.world.notes.get("making") or EMPTY
    run = runs.get(uid)
    if run is None or run.at != seen.at:
        run = Run(seen.at, 0, 0)
    if is_virtual and seen.manifest["reason"] == "FailedCreate":
        most = run.made + 1 + OTHER_SYNCS
        what = f"at most {most} failed creations, then an end of the sync"
        yield expect(run.failed < most, what, f"{run.failed + 1} of them in a row")
    reason = CONDITIONS[seen.manifest["reason"]]
    yield _shown(seen, key, uid, reason)
    if is_virtual and not run.failed:
        yield _retried(seen, key, uid)


def _shown(seen: Seen, key: Key, uid: str, reason: str) -> Obligation:
    def settled(later: Seen) -> Held | None:
        return held(RULE) if _says(later.manifest, reason) else None

    def overdue(world: World) -> Held | Breach | Void | None:
        known = world.objects.get(key)
        if known is None or known.uid != uid or is_going(known.manifest):
            return VOID
        if _says(known.manifest, reason):
            return held(RULE)
        if flock_of(world, uid).counted > seen.at or _has_enough(world, known.manifest):
            return VOID  # another sync has done better
        return None

    return Obligation(
        what=f"ReplicaFailure=True, reason {reason}, in the status of {key[0]} {key[2]}",
        settled=settled,
        not_after=seen.at + seen.tolerance.lateness,
        disturbed_by=frozenset({"delete", "patch", "replace"}),
        rule=RULE,
        on=key,
        overdue=overdue,
    )


def _says(workload: Manifest, reason: str) -> bool:
    return any(
        each.get("type") == "ReplicaFailure"
        and each.get("status") == "True"
        and each.get("reason") == reason
        for each in (workload.get("status") or EMPTY).get("conditions") or ()
    )


def _has_enough(world: World, workload: Manifest) -> bool:
    wanted = workload["spec"].get("replicas", 1)
    return bool(len(active_pods(world, workload["metadata"]["uid"])) >= wanted)


@note("attempts to make Pods", on="Event FailedCreate*")
@note("attempts to make Pods", on="Event SuccessfulCreate*")
def attempts(before: Mapping[str, float] | None, seen: Seen) -> Mapping[str, float]:
    """When a workload last tried to make a Pod, by its UID, since it has failed to."""
    known, about = before or EMPTY, seen.manifest.get("involvedObject") or EMPTY
    uid = about.get("uid", "")
    if about.get("kind") not in REPLICATED:
        return known
    if uid not in known and seen.manifest["reason"] != "FailedCreate":
        return known
    return {**known, uid: seen.at}


def _retried(seen: Seen, key: Key, uid: str) -> Obligation:
    def overdue(world: World) -> Held | Breach | Void | None:
        known = world.objects.get(key)
        if known is None or known.uid != uid or is_going(known.manifest):
            return VOID
        tried: Mapping[str, float] = world.notes.get("attempts to make Pods") or EMPTY
        if tried.get(uid, 0.0) > seen.at:
            return held(RULE)
        return VOID if _has_enough(world, known.manifest) else None

    return Obligation(
        what=f"{key[0]} {key[2]} tries again to make its Pods",
        not_after=seen.at + LONGEST_WAIT + 2 * seen.tolerance.lateness,
        rule=RULE,
        on=key,
        overdue=overdue,
    )


@law(RULE, on="ReplicaSet")
@law(RULE, on="ReplicationController")
def a_sync_changes_500_at_the_most(seen: Seen) -> Verdict:
    """Between two statuses lie no more Pods than one sync may make or delete."""
    if seen.before is None or seen.world.setting.clock != "virtual" or seen.type == "DELETED":
        return None
    before, now = (int((each.get("status") or EMPTY).get("replicas") or 0) for each in _both(seen))
    wanted = int(seen.manifest["spec"].get("replicas", 1))
    if abs(now - before) < BURST and abs(wanted - before) <= BURST:
        return None
    changed = abs(now - before)
    return expect(changed <= BURST, f"at most {BURST} Pods in a sync", f"{changed}")


def _both(seen: Seen) -> tuple[Manifest, Manifest]:
    return seen.before, seen.manifest
