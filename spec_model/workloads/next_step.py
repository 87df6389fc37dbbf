"""What a Deployment's controller has still to do, first things first; nothing where all is as it must be.

After ``syncDeployment`` of ``pkg/controller/deployment/deployment_controller.go``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from attrs import frozen

from spec_model.events import Manifest
from spec_model.rules import Decision
from spec_model.workloads import rolling
from spec_model.workloads.deployment import (
    RECREATE,
    ROLLING,
    Plan,
    Sized,
    deadline_of,
    history_of,
    plan_of,
    revision_of,
    sized,
)
from spec_model.workloads.progress import AVAILABLE, count, is_complete


@frozen(eq=False)
class Owned:
    """A ReplicaSet as far as its Deployment's controller looks at it."""

    sized: Sized
    revision: int
    shown: int  # status.replicas
    is_going: bool = False


@frozen(eq=False)
class Situation:
    """A Deployment, the ReplicaSet of its template, if there is one, and all others."""

    deployment: Manifest
    plan: Plan
    new: Owned | None
    old: Sequence[Owned]
    old_pods_run: bool = False  # those that are ending count, too

    @property
    def status(self) -> Manifest:
        """What the Deployment says of itself."""
        status: Manifest = self.deployment.get("status") or {}
        return status

    @property
    def reason(self) -> str | None:
        """The reason of its condition Progressing."""
        listed = self.status.get("conditions") or ()
        return next((each.get("reason") for each in listed if each["type"] == "Progressing"), None)


def owned(replica_set: Manifest) -> Owned:
    """A ReplicaSet as its Deployment's controller looks at it."""
    status, metadata = replica_set.get("status") or {}, replica_set["metadata"]
    going = bool(metadata.get("deletionTimestamp"))
    return Owned(sized(replica_set), revision_of(replica_set), count(status, "replicas"), going)


def situation_of(
    deployment: Manifest,
    new: Manifest | None,
    old: Sequence[Manifest],
    old_pods_run: bool = False,
) -> Situation:
    """The situation of a Deployment among its ReplicaSets and their Pods."""
    made = None if new is None else owned(new)
    others = [owned(each) for each in old]
    return Situation(deployment, plan_of(deployment), made, others, old_pods_run)


def next_step(now: Situation) -> Decision[str] | None:
    """The first thing that is to be done, in words, and the rule that says so."""
    return next(_steps(now), None)


def _steps(now: Situation) -> Iterator[Decision[str]]:
    plan, new = now.plan, now.new
    if new is not None:
        yield from _revision(now, new)
    if plan.paused:
        yield from _counts(now)
        return
    if _is_scaling(now):
        yield from _proportion(now)
        return
    if plan.strategy == RECREATE:
        yield from _recreation(now)
    elif new is None:
        yield Decision("make a ReplicaSet of its template", "DEPLOY-006")
    elif plan.strategy == ROLLING:
        yield from _rolling(now, new)
    yield from _counts(now)
    yield from _end(now)


def _revision(now: Situation, new: Owned) -> Iterator[Decision[str]]:
    """The new ReplicaSet has the highest revision, and the Deployment has it too."""
    highest = max((each.revision for each in now.old), default=0)
    if new.revision <= highest:
        yield Decision(f"give {new.sized.name} revision {highest + 1}", "DEPLOY-007")
    elif revision_of(now.deployment) != new.revision:
        yield Decision(f"take over revision {new.revision} of {new.sized.name}", "DEPLOY-007")


def _is_scaling(now: Situation) -> bool:
    sets = [each.sized for each in (*now.old, *([] if now.new is None else [now.new]))]
    return any(each.size and each.desired not in (None, now.plan.replicas) for each in sets)


def _proportion(now: Situation) -> Iterator[Decision[str]]:
    old = [each.sized for each in now.old]
    new = None if now.new is None else now.new.sized
    decision = rolling.proportional(now.plan, new, old)
    sizes = {each.name: each.size for each in (*old, *([] if new is None else [new]))}
    if decision.value != sizes:
        yield Decision(_told(sizes, decision.value), decision.because)


def _told(before: rolling.Sizes, after: rolling.Sizes) -> str:
    changed = [name for name in after if after[name] != before[name]]
    return "scale " + ", ".join(f"{name} from {before[name]} to {after[name]}" for name in changed)


def _rolling(now: Situation, new: Owned) -> Iterator[Decision[str]]:
    old = [each.sized for each in now.old]
    decision = rolling.step(now.plan, new.sized, old)
    if decision.value.which != rolling.NONE:
        sizes = {each.name: each.size for each in (*old, new.sized)}
        yield Decision(_told(sizes, decision.value.sizes), decision.because)


def _recreation(now: Situation) -> Iterator[Decision[str]]:
    """First the old ones are scaled down; then their Pods end, which nobody can hurry."""
    left = [each.sized.name for each in now.old if each.sized.size]
    if left:
        yield Decision(f"scale {', '.join(left)} to 0", "DEPLOY-011")
    if now.old_pods_run or any(each.shown for each in now.old):
        return
    if now.new is None:
        yield Decision("make a ReplicaSet of its template", "DEPLOY-011")
    elif now.new.sized.size != now.plan.replicas:
        wanted = f"scale {now.new.sized.name} to {now.plan.replicas}"
        yield Decision(wanted, "DEPLOY-011")


COUNTED: Final = (("replicas", "status.replicas"), ("updatedReplicas", "status.updatedReplicas"))


def _counts(now: Situation) -> Iterator[Decision[str]]:
    """The status is that of the spec, and counts what the ReplicaSets have."""
    generation = now.deployment["metadata"].get("generation", 0)
    if count(now.status, "observedGeneration") < generation:
        yield Decision(f"observe generation {generation}", "DEPLOY-014")
    updated = 0 if now.new is None else now.new.shown
    shown = {"replicas": updated + sum(each.shown for each in now.old), "updatedReplicas": updated}
    for field, told in COUNTED:
        if count(now.status, field) != shown[field]:
            yield Decision(f"tell {told} {shown[field]}", "DEPLOY-014")


def _end(now: Situation) -> Iterator[Decision[str]]:
    """A complete rollout says so, and what is left of too many earlier ones goes."""
    if not is_complete(now.plan, now.status).value or now.new is None:
        return
    if deadline_of(now.deployment) is not None and now.reason != AVAILABLE:
        yield Decision(f"tell Progressing=True, reason {AVAILABLE}", "DEPLOY-014")
    limit = history_of(now.deployment)
    if limit is None:
        return
    old = sorted((each for each in now.old if not each.is_going), key=lambda each: each.revision)
    beyond = old[: max(len(old) - limit, 0)]
    names = [each.sized.name for each in beyond if not (each.sized.size or each.shown)]
    if names:
        yield Decision(f"delete {', '.join(names)}, beyond its history of {limit}", "DEPLOY-009")
