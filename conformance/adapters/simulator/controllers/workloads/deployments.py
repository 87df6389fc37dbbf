"""Deployments: a ReplicaSet for each template, and a rollout from the old ones to the new one.

Source: DEPLOY-003..014; ``pkg/controller/deployment/{deployment_controller,sync,rolling,recreate,
rollback}.go``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from conformance.adapters.simulator import errors, meta
from conformance.adapters.simulator.clock import EPOCH
from conformance.adapters.simulator.controllers.controller import Controller
from conformance.adapters.simulator.controllers.ownership import Ownership
from conformance.adapters.simulator.controllers.workloads import (
    progress,
    replica_sets,
    rollout,
    undo,
)
from conformance.adapters.simulator.controllers.workloads.progress import Moment
from conformance.adapters.simulator.controllers.workloads.replica_sets import (
    Rollout,
    annotations_of,
    revision_of,
)
from conformance.adapters.simulator.controllers.workloads.status import (
    deployment_status,
    subject_of,
)
from conformance.adapters.simulator.meta import Key, Object

if TYPE_CHECKING:
    from conformance.adapters.simulator.engine import Engine


class DeploymentController(Controller):
    """Does at most one step of a rollout in a round; what it writes brings the next round."""

    name = "deployment-controller"
    watches = frozenset({"Deployment", "ReplicaSet", "Pod"})
    statuses = watches - {"Pod"}
    serves = frozenset({"Deployment"})

    def __init__(self, engine: Engine, owned: Ownership) -> None:
        super().__init__(engine)
        self.owned = owned
        self._looks: dict[Key, float] = {}

    def notice(self, type: str, new: Object, old: Object | None) -> None:
        """Queue a changed Deployment, the owner of a changed ReplicaSet, and of a Pod that went."""
        kind = new["kind"]
        if kind == "Deployment":
            if type != "DELETED":
                self.enqueue(meta.key_of(new))
            else:
                self._looks.pop(meta.key_of(new), None)
        elif kind == "ReplicaSet":
            self._enqueue_owner(new)
            if old is not None and meta.controller_of(old) != meta.controller_of(new):
                self._enqueue_owner(old)
        elif kind == "Pod" and type == "DELETED":
            reference = meta.controller_of(new)
            if reference is not None and reference["kind"] == "ReplicaSet":
                parent = self.store.get("ReplicaSet", meta.namespace_of(new), reference["name"])
                if parent is not None:
                    self._enqueue_owner(parent)

    def _enqueue_owner(self, child: Object) -> None:
        reference = meta.controller_of(child)
        if reference is not None and reference["kind"] == "Deployment":
            self.enqueue(("Deployment", meta.namespace_of(child), reference["name"]))

    def reconcile(self, key: Key) -> None:
        """One step, then the status."""
        deployment = self.store.get(*key)
        if deployment is None:
            return
        rolling = False
        if not meta.is_deleting(deployment):
            rolling = self._step(self._found(self._note_pause(deployment)))
        fresh = self.store.get(*key)
        if fresh is not None:
            self._report(fresh, rolling)

    def _found(self, deployment: Object) -> Rollout:
        return replica_sets.rollout_of(deployment, self.owned.children(deployment, "ReplicaSet"))

    def _moment(self) -> Moment:
        return Moment(self.clock.timestamp(), EPOCH + self.clock.now)

    # What it says of itself.

    def _report(self, deployment: Object, rolling: bool) -> None:
        found = self._found(deployment)
        pods = [pod for one in found.everything for pod in self.owned.children(one, "Pod")]
        status = deployment_status(found, pods, self._moment(), rolling=rolling)
        write = self.store.update_status  # which may end old ReplicaSets (DEPLOY-009)
        if found.new is not None and not found.old:
            write = self.report
        self._look_again(write({**deployment, "status": status}))

    def _look_again(self, deployment: Object) -> None:
        """Come back when the deadline of a rollout will have passed (DEPLOY-013)."""
        due, key = progress.next_look(deployment), meta.key_of(deployment)
        if due is not None and self._looks.get(key) != due:
            self._looks[key] = due
            self.clock.at(due - EPOCH, lambda: self._due(key, due))

    def _due(self, key: Key, due: float) -> None:
        if self._looks.get(key) == due:
            self.enqueue(key)

    def _note_pause(self, deployment: Object) -> Object:
        """A pause, and its end, are told before anything else is done (DEPLOY-010)."""
        reason = progress.pause_reason(deployment)
        return deployment if reason is None else self._tell_progress(deployment, reason)

    def _tell_progress(self, deployment: Object, reason: str, subject: str = "") -> Object:
        before = deployment.get("status") or {}
        told = progress.with_reason(before.get("conditions") or [], reason, subject, self._moment())
        return self.store.update_status({**deployment, "status": {**before, "conditions": told}})

    # One step.

    def _step(self, found: Rollout) -> bool:
        """Whether it belongs to a rollout, whose progress counts; a pause and scaling do not."""
        spec = found.deployment["spec"]
        if spec.get("paused"):
            found = self._with_revision(found)
            self._scale_in_proportion(found)
            self._clean_up(found)
            return False
        if undo.asked_revision(found.deployment) is not None:
            self._roll_back(self._with_revision(found))
            return False
        if self._is_scaling(found):
            self._scale_in_proportion(self._with_revision(found))
            return False
        if (spec.get("strategy") or {}).get("type") == "Recreate":
            self._recreate(found)
        else:
            self._roll(found)
        return True

    def _is_scaling(self, found: Rollout) -> bool:
        """An active ReplicaSet was last written for another number of replicas (DEPLOY-012)."""
        wanted = str(rollout.replicas_of(found.deployment))
        return any(
            noted is not None and noted != wanted
            for one in found.everything
            if rollout.replicas_of(one) > 0
            for noted in [annotations_of(one).get(rollout.DESIRED_REPLICAS)]
        )

    def _roll(self, found: Rollout) -> None:
        """Up first, else down (DEPLOY-005); at the end old history goes."""
        found = self._with_new(found)
        new = found.new
        if new is None:
            return
        size = rollout.next_new_size(found.deployment, new, found.everything)
        if size != rollout.replicas_of(new):
            self.scale_to(found, new, size)
            return
        sizes = rollout.old_sizes(found.deployment, new, found.old)
        for one in found.old:
            if meta.name_of(one) in sizes:
                self.scale_to(found, one, sizes[meta.name_of(one)])
        if not sizes:
            self._clean_up(found)

    def _recreate(self, found: Rollout) -> None:
        """Everything old goes first, to the last Pod (DEPLOY-011)."""
        found = self._with_revision(found)
        scaled = [self.scale_to(found, one, 0) for one in found.old if rollout.replicas_of(one)]
        if any(scaled) or self._old_pods_run(found):
            return
        found = self._with_new(found)
        wanted = rollout.replicas_of(found.deployment)
        if found.new is None:
            return
        if rollout.replicas_of(found.new) != wanted:
            self.scale_to(found, found.new, wanted)
        else:
            self._clean_up(found)

    def _old_pods_run(self, found: Rollout) -> bool:
        if any((one.get("status") or {}).get("replicas") for one in found.old):
            return True
        pods = (pod for one in found.old for pod in self.owned.children(one, "Pod"))
        return any(
            (pod.get("status") or {}).get("phase") not in {"Succeeded", "Failed"} for pod in pods
        )

    def _scale_in_proportion(self, found: Rollout) -> None:
        sizes = rollout.proportional_sizes(found.deployment, found.new, found.old)
        for one in found.everything:
            if rollout.replicas_of(one) or sizes[meta.name_of(one)]:
                self.scale_to(found, one, sizes[meta.name_of(one)])

    def _roll_back(self, found: Rollout) -> None:
        """The annotation of the old API asks for an earlier revision: done, or given up (DEPLOY-008)."""
        deployment, revision = found.deployment, undo.asked_revision(found.deployment) or 0
        target = undo.target_of(found.everything, revision)
        back = deployment if target is None else undo.rolled_back(deployment, target)
        if target is None:
            why = "Unable to find the revision to rollback to."
            self.tell(deployment, "DeploymentRollbackRevisionNotFound", why, warning=True)
        elif back is deployment:
            why = "The rollback revision contains the same template as current deployment"
            self.tell(deployment, "DeploymentRollbackTemplateUnchanged", why, warning=True)
        else:
            name, number = meta.name_of(deployment), revision_of(target)
            done = f'Rolled back deployment "{name}" to revision {number}'
            self.tell(deployment, "DeploymentRollback", done)
        self.store.update(undo.without_request(back))

    # ReplicaSets.

    def scale_to(self, found: Rollout, one: Object, size: int) -> bool:
        """Give the ReplicaSet this size, and note for what; whether the size changed."""
        before, metadata = rollout.replicas_of(one), one["metadata"]
        noted = {**annotations_of(one), **replica_sets.size_annotations(found.deployment)}
        if size == before and noted == annotations_of(one):
            return False
        changed = {
            **one,
            "metadata": {**metadata, "annotations": noted},
            "spec": {**one["spec"], "replicas": size},
        }
        self.store.update(changed)
        if size == before:
            return False
        direction = "up" if size > before else "down"
        message = f"Scaled {direction} replica set {meta.name_of(one)} from {before} to {size}"
        self.tell(found.deployment, "ScalingReplicaSet", message)
        return True

    def _with_new(self, found: Rollout) -> Rollout:
        """The rollout with a ReplicaSet for the current template, of the newest revision."""
        if found.new is not None:
            return self._with_revision(found)
        created = self._create(found)
        if created is None:
            return found
        deployment = self.store.get(*meta.key_of(found.deployment)) or found.deployment
        if progress.deadline_of(deployment) is not None:
            subject = f'"{meta.name_of(created)}"'
            deployment = self._tell_progress(deployment, progress.CREATED, subject)
        return Rollout(self._revised(deployment, created), created, found.old)

    def _with_revision(self, found: Rollout) -> Rollout:
        """The same, the revision of the new ReplicaSet, if there is one, the highest (DEPLOY-007)."""
        if found.new is None:
            return found
        new, renewed = found.new, replica_sets.renewed(found, found.new)
        if renewed is not new:
            new = self.store.update(renewed)
        deployment = self._revised(found.deployment, new)
        if progress.deadline_of(deployment) is not None and not progress.current(deployment):
            subject = f'"{meta.name_of(new)}"'
            deployment = self._tell_progress(deployment, progress.FOUND, subject)
        return Rollout(deployment, new, found.old)

    def _revised(self, deployment: Object, new: Object) -> Object:
        """The Deployment with the revision of its new ReplicaSet (DEPLOY-007)."""
        revision = str(revision_of(new))
        if annotations_of(deployment).get(rollout.REVISION) == revision:
            return deployment
        path = ("metadata", "annotations", rollout.REVISION)
        return self.store.update(meta.with_path(deployment, path, revision))

    def _create(self, found: Rollout) -> Object | None:
        bare = replica_sets.replica_set_for(found.deployment, found.next_revision)
        size = rollout.new_size(found.deployment, bare, [*found.old, bare])
        try:
            new = self.store.create(meta.with_path(bare, ("spec", "replicas"), size))
        except errors.ApiError as error:
            self._not_created(found, error)
            return None
        if size:
            message = f"Scaled up replica set {meta.name_of(new)} from 0 to {size}"
            self.tell(found.deployment, "ScalingReplicaSet", message)
        return new

    def _not_created(self, found: Rollout, error: errors.ApiError) -> None:
        """Another ReplicaSet has the name: the next one is made of another hash; or it is refused."""
        deployment = found.deployment
        if error.reason == "AlreadyExists":
            status: dict[str, Any] = dict(deployment.get("status") or {})
            status["collisionCount"] = (status.get("collisionCount") or 0) + 1
            self.store.update_status({**deployment, "status": status})
            return
        message = f"Failed to create new replica set: {error.message}"
        self.tell(deployment, "ReplicaSetCreateError", message, warning=True)
        if progress.deadline_of(deployment) is not None:
            self._tell_progress(deployment, progress.NOT_CREATED, subject_of(found))

    def _clean_up(self, found: Rollout) -> None:
        """Empty old ReplicaSets beyond the newest revisionHistoryLimit go (DEPLOY-009)."""
        limit = found.deployment["spec"].get("revisionHistoryLimit")
        if limit is None or not (
            found.deployment["spec"].get("paused") or self._is_complete(found)
        ):
            return
        old = sorted((one for one in found.old if not meta.is_deleting(one)), key=revision_of)
        for each in old[: max(len(old) - limit, 0)]:
            one = self.store.get(*meta.key_of(each)) or each  # it may just have been scaled
            if not (rollout.replicas_of(one) or (one.get("status") or {}).get("replicas")):
                self.store.delete(*meta.key_of(one))

    def _is_complete(self, found: Rollout) -> bool:
        """Everything that runs is new and available, by its status (DEPLOY-014)."""
        status = found.deployment.get("status") or {}
        names = ("replicas", "updatedReplicas", "availableReplicas")
        counts = {name: int(status.get(name) or 0) for name in names}
        generation = found.deployment["metadata"].get("generation", 1)
        seen = status.get("observedGeneration", 0) >= generation
        return seen and progress.is_complete(found.deployment, counts)
