"""What a Deployment's rollout does next, among its ReplicaSets and their Pods, and how far it may go."""

from __future__ import annotations

from collections.abc import Sequence

from spec_model.events import Manifest
from spec_model.explain.statement import Others, Statement, Statements
from spec_model.pod.termination import OVER
from spec_model.profiles import Profile
from spec_model.validation.defaults import filled
from spec_model.workloads.deployment import (
    RECREATE,
    bare,
    deadline_of,
    history_of,
    plan_of,
    revision_of,
)
from spec_model.workloads.next_step import next_step, situation_of
from spec_model.workloads.ownership import controller_of
from spec_model.workloads.progress import EXCEEDED, count, is_available, is_complete


def statements(manifest: Manifest, others: Others, profile: Profile, _: int) -> Statements:
    whole = filled(manifest, profile)
    plan = plan_of(whole)
    if plan.strategy == RECREATE:
        says = "all old Pods end before the first new one is made"
        yield Statement("Recreate", says, "DEPLOY-011")
    else:
        says = f"{plan.posts.surge} too many, {plan.replicas - plan.least} unavailable"
        yield Statement("fence posts", says, "DEPLOY-002")
        yield Statement("all ReplicaSets together", f"at most {plan.most} replicas", "DEPLOY-003")
        yield Statement("available Pods", f"at least {plan.least} in a rollout", "DEPLOY-004")
    limit = history_of(whole)
    kept = "all" if limit is None else str(limit)
    yield Statement("old ReplicaSets kept", kept, "DEPLOY-009")
    sets = _owned(manifest, others)
    if not sets and not manifest.get("status"):
        yield Statement("next", "make a ReplicaSet of its template", "DEPLOY-006")
        return
    yield from _status(whole)
    templates = [bare(each["spec"]["template"]) for each in (manifest, whole)]
    yield from _next(
        whole, [each for each in sets if bare(each["spec"]["template"]) in templates], sets, others
    )


def _owned(deployment: Manifest, others: Others) -> list[Manifest]:
    """Its ReplicaSets: by owner, or by name where the objects have no UIDs."""
    metadata = deployment.get("metadata") or {}
    uid, name = metadata.get("uid"), metadata.get("name")
    return [
        each
        for each in others
        if each.get("kind") == "ReplicaSet"
        and (owner := controller_of(each)).get("kind") == "Deployment"
        and (owner.get("uid") == uid if uid else owner.get("name") == name)
    ]


def _status(deployment: Manifest) -> Statements:
    """How far it says that it has come."""
    plan, status = plan_of(deployment), deployment.get("status") or {}
    complete = is_complete(plan, status)
    updated = count(status, "updatedReplicas")
    says = "complete" if complete.value else f"{updated} of {plan.replicas} updated"
    yield Statement("rollout", says, complete.because)
    enough = is_available(plan, status)
    shown = f"{count(status, 'availableReplicas')} of at least {plan.least}"
    yield Statement("available", shown if enough.value else f"only {shown}", enough.because)
    deadline = deadline_of(deployment)
    reasons = {each.get("reason") for each in status.get("conditions") or ()}
    if EXCEEDED in reasons:
        says = "given up as stuck; it goes on trying, and is not rolled back"
        yield Statement("progress", says, "DEPLOY-013")
    elif deadline is not None and not complete.value and not plan.paused:
        yield Statement("given up", f"after {deadline} s without progress", "DEPLOY-013")


def _next(
    deployment: Manifest, same: Sequence[Manifest], sets: Sequence[Manifest], others: Others
) -> Statements:
    """The next step, and what an undo would restore; ``same`` have the template that it has."""
    new = min(same, key=_created, default=None)
    old = [each for each in sets if each is not new]
    if deployment["spec"].get("paused"):
        says = "paused: templates make no ReplicaSet until it is resumed"
        yield Statement("next", says, "DEPLOY-010")
    runs = _pods_run({each["metadata"].get("uid") for each in old}, others)
    if "metadata" in deployment:
        step = next_step(situation_of(deployment, new, old, runs))
        if step is not None:
            yield Statement("next", step.value, step.because)
        elif not deployment["spec"].get("paused"):
            yield from _waiting(deployment, runs)
    numbered = sorted(filter(None, map(revision_of, sets)))
    if len(numbered) > 1:
        says = f"restores revision {numbered[-2]} as revision {numbered[-1] + 1}"
        yield Statement("an undo", says, "DEPLOY-008")


def _created(replica_set: Manifest) -> str:
    created: str = replica_set["metadata"].get("creationTimestamp") or ""
    return created


def _waiting(deployment: Manifest, runs: bool) -> Statements:
    """Nothing to be done: it is complete, or waits for its Pods."""
    plan = plan_of(deployment)
    if is_complete(plan, deployment.get("status") or {}).value:
        yield Statement("next", "nothing", "DEPLOY-014")
    elif plan.strategy == RECREATE and runs:
        yield Statement("next", "waits until the old Pods have ended", "DEPLOY-011")
    else:
        yield Statement("next", "waits until new Pods are available", "DEPLOY-005")


def _pods_run(owners: set[str | None], others: Others) -> bool:
    return any(
        each.get("kind") == "Pod"
        and controller_of(each).get("uid") in owners
        and (each.get("status") or {}).get("phase") not in OVER
        for each in others
    )
