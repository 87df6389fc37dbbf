"""DEPLOY: how far ReplicaSets may grow and shrink, judged at every write of one of their sizes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from attrs import evolve, frozen

from spec_model.law import Verdict, expect, law
from spec_model.laws.rollout_memory import (
    PATIENCE,
    REPLICA_SET,
    Member,
    Rollout,
    Spec,
    active,
    by_hand,
    running,
    sure,
)
from spec_model.objects import EMPTY
from spec_model.workloads import rolling
from spec_model.workloads.deployment import (
    DESIRED,
    MAXIMUM,
    RECREATE,
    ROLLBACK,
    ROLLING,
    Sized,
)
from spec_model.world import Outcome, Seen

NOTED: Final = (DESIRED, MAXIMUM)


@frozen(eq=False)
class Write:
    """A controller's write of the size of a ReplicaSet; ``was`` is 0 for a new one."""

    rollout: Rollout
    member: Member
    was: int
    desired_was: int | None
    is_new: bool

    @property
    def size(self) -> int:
        """What it is now."""
        return self.member.sized.size

    @property
    def others(self) -> list[Member]:
        """The other ReplicaSets of its Deployment."""
        return self.rollout.others(self.member)

    @property
    def rest(self) -> int:
        """What the others ask for."""
        return sum(each.sized.size for each in self.others)

    @property
    def rescales(self) -> bool:
        """It was sized for another number of replicas of the Deployment than before (DEPLOY-012).

        What had none is sized by a rollout, whatever was noted of it when it had.
        """
        return self.was > 0 and self.desired_was != self.member.sized.desired

    def fits(self, spec: Spec) -> bool:
        """Whether it may have been made for this spec."""
        desired = self.member.sized.desired
        return desired is None or desired == spec.plan.replicas


def written(seen: Seen) -> Write | None:
    """The write that an observation shows, if its size or what is noted of it was written by others."""
    rollout: Rollout | None = seen.notes["rollout"]
    if rollout is None or rollout.is_going or seen.type == "DELETED":
        return None
    if ROLLBACK in (rollout.manifest["metadata"].get("annotations") or EMPTY):
        return None  # a rollback makes the ReplicaSet of the template first, whatever the strategy
    if seen.manifest["metadata"].get("deletionTimestamp"):
        return None
    if seen.at - rollout.meddled <= PATIENCE:
        return None  # what somebody else has made of the sizes explains much
    if seen.before is None:
        if not seen.fresh or by_hand(seen):
            return None
        member = rollout.members[seen.manifest["metadata"]["uid"]]
        return Write(rollout, member, 0, None, is_new=True)
    if seen.before["spec"].get("replicas") == seen.now["spec"].get("replicas") and _same(seen):
        return None
    before = rollout_before(seen, rollout)
    if before is None or by_hand(seen):
        return None
    member = rollout.members[seen.manifest["metadata"]["uid"]]
    return Write(rollout, member, before.sized.size, before.sized.desired, is_new=False)


def _same(seen: Seen) -> bool:
    before, now = (
        (each["metadata"].get("annotations") or EMPTY) for each in (seen.before, seen.now)
    )
    return all(before.get(each) == now.get(each) for each in NOTED)


def rollout_before(seen: Seen, rollout: Rollout) -> Member | None:
    """The ReplicaSet as it was before this observation, while it was this Deployment's too."""
    known = seen.world.notes["rollouts"].get(rollout.manifest["metadata"]["uid"])
    found: Member | None = known.members.get(seen.manifest["metadata"]["uid"])
    return found


@law("DEPLOY-003", "DEPLOY-002", "DEPLOY-004", "DEPLOY-005", "DEPLOY-011", "DEPLOY-012", "DEPLOY-015",
     on=REPLICA_SET)  # fmt: skip
def a_replica_set_is_sized(seen: Seen) -> Verdict:
    """Whatever a controller makes of a size, is lawful for a spec that it may have acted by."""
    write = written(seen)
    if write is None:
        return None
    return tuple(sure(seen, write.rollout, each) for each in _outcomes(seen, write))


def _outcomes(seen: Seen, write: Write) -> Iterator[Outcome]:
    specs = [spec for spec in write.rollout.specs if write.fits(spec)]
    if not specs:
        return
    if write.member.sized.most is not None:
        lawful = sorted({spec.plan.most for spec in specs})
        yield expect(
            write.member.sized.most in lawful,
            f"max-replicas {_either(lawful)} beside desired-replicas {write.member.sized.desired}",
            write.member.sized.most,
            rule="DEPLOY-002",
        )
    if write.rescales:
        yield from _rescaled(seen, write, specs)
    if write.size > write.was and (write.rescales or not _beside_rescaled(seen, write, specs)):
        yield _bounded(seen, write, specs)
    paused = any(spec.plan.paused for spec in specs)
    if paused or write.rescales or (write.size == write.was and not write.is_new):
        return
    if _beside_rescaled(seen, write, specs):
        return
    kinds = {spec.plan.strategy for spec in specs}
    if kinds == {RECREATE}:
        yield from _recreated(seen, write)
    elif kinds == {ROLLING}:
        yield from _rolled(seen, write, specs)


def _beside_rescaled(seen: Seen, write: Write, specs: list[Spec]) -> bool:
    """Whether another is, or is to be, scaled for other replicas: this one is with it, if need be."""
    wanted = {spec.plan.replicas for spec in specs}
    for other in write.others:
        was, now = other.before, other.sized
        if was is not None and was.size > 0 and seen.at - other.rescaled[1] <= PATIENCE:
            return True
        if now.size > 0 and now.desired is not None and now.desired not in wanted:
            return True
    return False


def _either(lawful: list[int]) -> str:
    return " or ".join(map(str, lawful))


def _bounded(seen: Seen, write: Write, specs: list[Spec]) -> Outcome:
    """All together never ask for more than there may be, whoever of them grows."""
    most = max(spec.plan.most for spec in specs)
    rest = write.rest
    if write.rescales:  # the others are sized in the same sync, and may be about to shrink
        targets = [_targets(seen, write, spec) for spec in specs]
        most = max(most, *(sum(sizes.values()) for sizes in targets))  # after somebody's own edits
        rest = sum(
            min(each.sized.size, *(sizes.get(each.sized.name, 0) for sizes in targets))
            for each in write.others
        )
    return expect(
        write.size + rest <= most,
        f"at most {most} replicas of all ReplicaSets together",
        f"{write.size + rest}: {_sizes(write)}",
        rule="DEPLOY-003",
    )


def _sizes(write: Write) -> str:
    listed = [write.member, *write.others]
    return ", ".join(f"{each.sized.name} {each.sized.size}" for each in listed)


# -- DEPLOY-012: in proportion -----------------------------------------------------------------------


def _rescaled(seen: Seen, write: Write, specs: list[Spec]) -> Iterator[Outcome]:
    if write.desired_was is None or any(each.sized.most is None for each in write.others):
        return
    name = write.member.sized.name
    lawful = sorted(
        {_targets(seen, write, spec, begun)[name] for spec in specs for begun in (True, False)}
    )
    yield expect(
        write.size in lawful,
        f"{write.member.sized.name} of {write.was} scaled to {_either(lawful)}",
        write.size,
        f"{_sizes(write)}, for {write.member.sized.desired} replicas",
        rule="DEPLOY-012",
    )


def _targets(seen: Seen, write: Write, spec: Spec, begun: bool = True) -> rolling.Sizes:
    """What all ReplicaSets were to have, as they were before the first of them was scaled.

    Whether the others were scaled with this one or some time before, cannot always be told.
    """
    chosen = write.rollout.new(spec)
    sets = {
        each.uid: _before(seen, each, write) if begun or each is write.member else each.sized
        for each in write.rollout.members.values()
    }
    new = None if chosen is None else sets.pop(chosen.uid)
    return rolling.proportional(spec.plan, new, list(sets.values())).value


def _before(seen: Seen, member: Member, write: Write) -> Sized:
    """A ReplicaSet before this scaling: some have been scaled already."""
    was, now = member.before, write.member.sized.desired
    if was is None or member.sized.desired != now or was.desired != write.desired_was:
        return member.sized
    changes, at = member.rescaled
    recent = seen.at - at <= PATIENCE
    if seen.world.setting.clock == "virtual":
        recent = recent and changes >= write.rollout.spec.since
    return evolve(was, available=member.sized.available) if recent else member.sized


# -- DEPLOY-011: one after the other -----------------------------------------------------------------


def _recreated(seen: Seen, write: Write) -> Iterator[Outcome]:
    """Everything old goes to nothing; what is new comes when nothing old is left."""
    if write.size < write.was:
        if all(write.rollout.new(spec) is not write.member for spec in write.rollout.specs):
            yield expect(write.size == 0, "scaled to 0", write.size, rule="DEPLOY-011")
        return
    if write.was or not write.size:
        return
    left = [each.sized.name for each in write.others if each.sized.size or each.shown]
    ending = seen.world.setting.clock == "virtual"  # else the end of a Pod may be shown late
    left += running(seen, {each.uid for each in write.others}, ending=ending)
    expected = "no old Pod left when the new ReplicaSet is scaled up"
    yield expect(not left, expected, f"still {', '.join(left)}", rule="DEPLOY-011")


# -- DEPLOY-004, 005, 015: step by step --------------------------------------------------------------


def _rolled(seen: Seen, write: Write, specs: list[Spec]) -> Iterator[Outcome]:
    if write.size > write.was or write.is_new:
        yield _grown(seen, write, specs)
    elif all(write.rollout.new(spec) is write.member for spec in specs):
        lawful = [spec.plan.replicas for spec in specs]
        yield expect(
            write.size in lawful, f"scaled to {_either(lawful)}", write.size, rule="DEPLOY-005"
        )
    elif not any(write.rollout.new(spec) is write.member for spec in specs):
        yield _still_available(seen, write, specs)
        yield _still_asked_for(seen, write, specs)


def _grown(seen: Seen, write: Write, specs: list[Spec]) -> Outcome:
    """Only the new one grows, and as far as the others leave room (possibly not at all)."""
    rollover = write.is_new and len(active(write.others)) > 1
    rule = "DEPLOY-015" if rollover else "DEPLOY-005"
    new = [spec for spec in specs if write.rollout.new(spec) is write.member]
    if not new:
        return expect(False, "only the new ReplicaSet to grow", _sizes(write), rule=rule)
    lawful = sorted({rolling.new_size(each.plan, write.was, write.rest).value for each in new})
    exact = seen.world.setting.clock == "virtual"
    return expect(
        write.size in lawful if exact else write.size <= lawful[-1],
        f"the new ReplicaSet {write.was} to {_either(lawful)}",
        _sizes(write),
        rule=rule,
    )


def _still_available(seen: Seen, write: Write, specs: list[Spec]) -> Outcome:
    """Of what is available, so much is left as must be; the first to go are those that are not."""
    least = min(spec.plan.least for spec in specs)
    window = seen.tolerance.lateness
    left = sum(
        min(each.lately(seen.at, window), each.sized.size)
        for each in write.rollout.members.values()
    )
    taken = write.member.sized.available > write.size
    return expect(
        not taken or left >= least,
        f"at least {least} available Pods left",
        f"at most {left}: {_sizes(write)}",
        rule="DEPLOY-004",
    )


def _still_asked_for(seen: Seen, write: Write, specs: list[Spec]) -> Outcome:
    """What is left makes up for what is new and not available."""
    total, window = write.size + write.rest, seen.tolerance.lateness
    bounds = []
    for spec in specs:
        new = write.rollout.new(spec)
        missing = 0 if new is None else new.sized.size - new.lately(seen.at, window)
        bounds.append(spec.plan.least + missing)
    return expect(
        total >= min(bounds),
        f"at least {min(bounds)} replicas left, those that are new and not available among them",
        f"{total}: {_sizes(write)}",
        rule="DEPLOY-005",
    )
