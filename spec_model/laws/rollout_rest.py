"""DEPLOY: a Deployment at rest has nothing left to do; what is still to be done comes soon."""

from __future__ import annotations

from spec_model.law import Verdict, law
from spec_model.laws.rollout_memory import (
    DEPLOYMENT,
    REPLICA_SET,
    Member,
    Rollout,
    condition,
    rollouts_of,
    running,
)
from spec_model.objects import EMPTY
from spec_model.workloads.deployment import RECREATE, ROLLBACK
from spec_model.workloads.next_step import Owned, Situation, next_step
from spec_model.workloads.progress import NOT_CREATED
from spec_model.world import VOID, Obligation, Seen, Void, World


@law("DEPLOY-005", on=DEPLOYMENT)
@law("DEPLOY-005", on=REPLICA_SET)
def what_is_to_be_done_is_done(seen: Seen) -> Verdict:
    """The next step of a rollout comes, unless something changes before: then there is another."""
    rollout: Rollout | None = seen.notes["rollout"]
    if rollout is None or rollout.is_going or seen.type == "DELETED" or _waits(rollout):
        return None
    due = next_step(_situation(seen, rollout))
    if due is None:
        return None
    uid, changes = rollout.manifest["metadata"]["uid"], rollout.changes

    def has_changed(world: World) -> bool:
        known = rollouts_of(world).get(uid)
        return known is None or known.changes != changes

    def settled(later: Seen) -> Void | None:
        noted: Rollout = later.notes["rollout"]
        return VOID if noted.changes != changes else None

    return Obligation(
        what=f"{rollout.key[2]} to {due.value}",
        settled=settled,
        not_after=seen.at + seen.tolerance.lateness,
        rule=due.because,
        on=rollout.key,
        overdue=lambda world: VOID if has_changed(world) else None,
    )


def _waits(rollout: Rollout) -> bool:
    """Something else is in its way, or asked of it."""
    noted = rollout.manifest["metadata"].get("annotations") or EMPTY
    if ROLLBACK in noted:
        return True
    return condition(rollout.manifest, "Progressing").get("reason") == NOT_CREATED


def _situation(seen: Seen, rollout: Rollout) -> Situation:
    spec = rollout.spec
    new = rollout.new(spec)
    old = {uid: _owned(each) for uid, each in rollout.members.items() if each is not new}
    runs = spec.plan.strategy == RECREATE and bool(running(seen, set(old)))
    made = None if new is None else _owned(new)
    return Situation(rollout.manifest, spec.plan, made, list(old.values()), runs)


def _owned(member: Member) -> Owned:
    going = bool(member.manifest["metadata"].get("deletionTimestamp"))
    return Owned(member.sized, member.revision, member.shown, going)
