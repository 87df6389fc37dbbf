"""Back to an earlier template: what kubectl rollout undo asks for, and what the controller does itself.

Source: DEPLOY-008; ``pkg/controller/deployment/rollback.go``, kubectl's ``polymorphichelpers/rollback.go``.
"""

from __future__ import annotations

from collections.abc import Sequence

from conformance.adapters.simulator import errors, meta
from conformance.adapters.simulator.controllers.workloads import replica_sets
from conformance.adapters.simulator.meta import Object
from conformance.adapters.simulator.store import Store


def rollout_undo(store: Store, namespace: str, name: str, toRevision: int = 0) -> Object:  # noqa: N803
    """What ``kubectl rollout undo deployment/NAME --to-revision=R`` does; the Deployment afterwards.

    Raises:
        ApiError: 404 no such Deployment; 400 no such revision, or it is paused.
    """
    deployment = store.read("Deployment", namespace, name)
    target = target_of(sets_of(store, deployment), toRevision)
    if target is None:
        why = f"unable to find specified revision {toRevision} in history"
        if not toRevision:
            why = f'no rollout history found for deployment "{name}"'
        raise errors.bad_request(why)
    if deployment["spec"].get("paused"):
        raise errors.bad_request("cannot rollback a paused deployment; resume it first")
    return store.update(rolled_back(deployment, target))


def sets_of(store: Store, deployment: Object) -> list[Object]:
    """The ReplicaSets that the Deployment owns."""
    uid = meta.uid_of(deployment)
    owned = ((one, meta.controller_of(one)) for one in store.list("ReplicaSet"))
    return [one for one, owner in owned if owner is not None and owner["uid"] == uid]


def target_of(sets: Sequence[Object], revision: int) -> Object | None:
    """The ReplicaSet of that revision; for 0 the one before the newest."""
    ranked = sorted(filter(replica_sets.revision_of, sets), key=replica_sets.revision_of)
    if revision == 0:
        return ranked[-2] if len(ranked) > 1 else None
    return next((one for one in ranked if replica_sets.revision_of(one) == revision), None)


def rolled_back(deployment: Object, target: Object) -> Object:
    """The Deployment with the template and the annotations of an earlier ReplicaSet."""
    if replica_sets.has_template(target, deployment):
        return deployment
    kept, theirs = (
        {k: v for k, v in replica_sets.annotations_of(one).items() if (k in skipped) is keep}
        for skipped in [replica_sets.NOT_COPIED]
        for one, keep in ((deployment, True), (target, False))
    )
    metadata = {**deployment["metadata"], "annotations": {**kept, **theirs}}
    spec = {**deployment["spec"], "template": replica_sets.bare_template(target)}
    return {**deployment, "metadata": metadata, "spec": spec}


def asked_revision(deployment: Object) -> int | None:
    """The revision that the annotation of the old API asks for; None where it does not."""
    text = replica_sets.annotations_of(deployment).get(replica_sets.ROLLBACK)
    return int(text) if text is not None and text.isdecimal() else None


def without_request(deployment: Object) -> Object:
    """The Deployment, nobody asking for a rollback any more."""
    path = ("metadata", "annotations", replica_sets.ROLLBACK)
    return meta.with_path(deployment, path, None)
