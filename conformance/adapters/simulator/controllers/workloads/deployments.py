"""Deployments: a ReplicaSet for each template, and a rollout from the old ones to the new one.

Source: DEPLOY-003..007, 009..012, 014; ``pkg/controller/deployment/{deployment_controller,sync,rolling,
recreate}.go``.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from attrs import frozen

from conformance.adapters.simulator import errors, meta
from conformance.adapters.simulator.controllers.controller import Controller
from conformance.adapters.simulator.controllers.ownership import Ownership
from conformance.adapters.simulator.controllers.workloads import rollout
from conformance.adapters.simulator.controllers.workloads.status import deployment_status
from conformance.adapters.simulator.meta import Key, Object

if TYPE_CHECKING:
    from conformance.adapters.simulator.engine import Engine

HASH: Final = "pod-template-hash"
_LETTERS: Final = "bcdfghjklmnpqrstvwxz2456789"
_NOT_COPIED: Final = frozenset(
    {
        "kubectl.kubernetes.io/last-applied-configuration",
        rollout.REVISION,
        rollout.DESIRED_REPLICAS,
        rollout.MAX_REPLICAS,
    }
)


@frozen
class Rollout:
    """A Deployment with its ReplicaSets: the one of the current template, and all others."""

    deployment: Object
    new: Object | None
    old: Sequence[Object]

    @property
    def everything(self) -> list[Object]:
        """All ReplicaSets, the new one last."""
        return [*self.old, *([self.new] if self.new is not None else [])]


class DeploymentController(Controller):
    """Does at most one step of a rollout in a round; what it writes brings the next round."""

    name = "deployment-controller"
    watches = frozenset({"Deployment", "ReplicaSet", "Pod"})

    def __init__(self, engine: Engine, owned: Ownership) -> None:
        super().__init__(engine)
        self.owned = owned

    def notice(self, type: str, new: Object, old: Object | None) -> None:
        """Queue a changed Deployment, the owner of a changed ReplicaSet, and of a Pod that went."""
        kind = new["kind"]
        if kind == "Deployment":
            if type != "DELETED":
                self.enqueue(meta.key_of(new))
        elif kind == "ReplicaSet":
            self._enqueue_owner(new)
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
        found = self._found(deployment)
        if not meta.is_deleting(deployment):
            self._step(found)
        fresh = self.store.get(*key)
        if fresh is not None:
            self._report(fresh)

    def _found(self, deployment: Object) -> Rollout:
        sets = self.owned.children(deployment, "ReplicaSet")
        same = [one for one in sets if has_template(one, deployment)]
        new = min(same, key=lambda one: one["metadata"]["creationTimestamp"]) if same else None
        return Rollout(deployment, new, [one for one in sets if one is not new])

    def _report(self, deployment: Object) -> None:
        found = self._found(deployment)
        pods = [pod for one in found.everything for pod in self.owned.children(one, "Pod")]
        status = deployment_status(deployment, found.new, found.old, pods, self.clock.timestamp())
        self.store.update_status({**deployment, "status": status})

    # One step.

    def _step(self, found: Rollout) -> None:
        spec = found.deployment["spec"]
        if spec.get("paused"):
            self._scale_in_proportion(found)
            self._clean_up(found)
        elif self._is_scaling(found):
            self._scale_in_proportion(found)
        elif (spec.get("strategy") or {}).get("type") == "Recreate":
            self._recreate(found)
        else:
            self._roll(found)

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
        if self.scale_to(found, new, rollout.new_size(found.deployment, new, found.everything)):
            return
        sizes = rollout.old_sizes(found.deployment, new, found.old)
        for one in found.old:
            self.scale_to(found, one, sizes.get(meta.name_of(one), rollout.replicas_of(one)))
        if not sizes:
            self._clean_up(found)

    def _recreate(self, found: Rollout) -> None:
        """Everything old goes first, to the last Pod (DEPLOY-011)."""
        scaled = [self.scale_to(found, one, 0) for one in found.old]
        if any(scaled) or self._old_pods_run(found):
            return
        found = self._with_new(found)
        wanted = rollout.replicas_of(found.deployment)
        if found.new is not None and not self.scale_to(found, found.new, wanted):
            self._clean_up(found)

    def _old_pods_run(self, found: Rollout) -> bool:
        pods = (pod for one in found.old for pod in self.owned.children(one, "Pod"))
        return any(
            (pod.get("status") or {}).get("phase") not in {"Succeeded", "Failed"} for pod in pods
        )

    def _scale_in_proportion(self, found: Rollout) -> None:
        sizes = rollout.proportional_sizes(found.deployment, found.new, found.old)
        for one in found.everything:
            self.scale_to(found, one, sizes[meta.name_of(one)])

    # ReplicaSets.

    def scale_to(self, found: Rollout, one: Object, size: int) -> bool:
        """Give the ReplicaSet this size, and note for what; whether the size changed."""
        before, metadata = rollout.replicas_of(one), one["metadata"]
        noted = {**annotations_of(one), **size_annotations(found.deployment)}
        changed = {
            **one,
            "metadata": {**metadata, "annotations": noted},
            "spec": {**one["spec"], "replicas": size},
        }
        if size == before and noted == annotations_of(one):
            return False
        self.store.update(changed)
        if size == before:
            return False
        direction = "up" if size > before else "down"
        message = f"Scaled {direction} replica set {meta.name_of(one)} from {before} to {size}"
        self.tell(found.deployment, "ScalingReplicaSet", message)
        return True

    def _with_new(self, found: Rollout) -> Rollout:
        """The rollout with a ReplicaSet for the current template, of the newest revision."""
        revision = str(max((revision_of(one) for one in found.old), default=0) + 1)
        if found.new is None:
            created = self._create(found, revision)
            if created is None:
                return found
            new = created
        elif revision_of(found.new) < int(revision):
            path = ("metadata", "annotations", rollout.REVISION)
            new = self.store.update(meta.with_path(found.new, path, revision))
        else:
            new, revision = found.new, str(revision_of(found.new))
        deployment = found.deployment
        if annotations_of(deployment).get(rollout.REVISION) != revision:
            path = ("metadata", "annotations", rollout.REVISION)
            deployment = self.store.update(meta.with_path(deployment, path, revision))
        return Rollout(deployment, new, found.old)

    def _create(self, found: Rollout, revision: str) -> Object | None:
        bare = replica_set_for(found.deployment, revision)
        size = rollout.new_size(found.deployment, bare, [*found.old, bare])
        try:
            new = self.store.create(meta.with_path(bare, ("spec", "replicas"), size))
        except errors.ApiError as error:
            message = f"Failed to create new replica set: {error.message}"
            self.tell(found.deployment, "ReplicaSetCreateError", message, warning=True)
            return None
        if size:
            message = f"Scaled up replica set {meta.name_of(new)} from 0 to {size}"
            self.tell(found.deployment, "ScalingReplicaSet", message)
        return new

    def _clean_up(self, found: Rollout) -> None:
        """Empty old ReplicaSets beyond the newest revisionHistoryLimit go (DEPLOY-009)."""
        limit = found.deployment["spec"].get("revisionHistoryLimit")
        if limit is None or not (
            found.deployment["spec"].get("paused") or self._is_complete(found)
        ):
            return
        old = sorted(found.old, key=revision_of)
        for one in old[: max(len(old) - limit, 0)]:
            status = one.get("status") or {}
            if not (rollout.replicas_of(one) or status.get("replicas") or meta.is_deleting(one)):
                self.store.delete(*meta.key_of(one))

    def _is_complete(self, found: Rollout) -> bool:
        """Everything that runs is new and available (DEPLOY-014)."""
        status = found.deployment.get("status") or {}
        wanted = rollout.replicas_of(found.deployment)
        counts = ("updatedReplicas", "replicas", "availableReplicas")
        return all((status.get(count) or 0) == wanted for count in counts) and status.get(
            "observedGeneration", 0
        ) >= found.deployment["metadata"].get("generation", 1)


def annotations_of(manifest: Object) -> Mapping[str, str]:
    """metadata.annotations."""
    return manifest["metadata"].get("annotations") or {}


def revision_of(replica_set: Object) -> int:
    """The revision that the ReplicaSet's annotation says, 0 without one (DEPLOY-007)."""
    text = annotations_of(replica_set).get(rollout.REVISION, "0")
    return int(text) if text.isdecimal() else 0


def size_annotations(deployment: Object) -> dict[str, str]:
    """For how many replicas, and how many at most, a ReplicaSet was written."""
    wanted = rollout.replicas_of(deployment)
    return {
        rollout.DESIRED_REPLICAS: str(wanted),
        rollout.MAX_REPLICAS: str(wanted + rollout.fenceposts_of(deployment).surge),
    }


def has_template(replica_set: Object, deployment: Object) -> bool:
    """The templates are equal but for the hash label (DEPLOY-006)."""
    theirs = replica_set["spec"]["template"]
    labels = {k: v for k, v in meta.labels_of(theirs).items() if k != HASH}
    return bool(
        meta.with_path(theirs, ("metadata", "labels"), labels) == deployment["spec"]["template"]
    )


def template_hash(template: Mapping[str, Any]) -> str:
    """A short name for the template that is safe in names and labels."""
    text = json.dumps(template, sort_keys=True, separators=(",", ":"))
    digest = hashlib.sha256(text.encode()).digest()
    return "".join(_LETTERS[byte % len(_LETTERS)] for byte in digest[:10])


def replica_set_for(deployment: Object, revision: str) -> Object:
    """The ReplicaSet of the Deployment's template, still without replicas."""
    spec = deployment["spec"]
    hashed = template_hash(spec["template"])
    template_labels = {**meta.labels_of(spec["template"]), HASH: hashed}
    copied = {k: v for k, v in annotations_of(deployment).items() if k not in _NOT_COPIED}
    new_spec: Object = {
        "replicas": 0,
        "selector": meta.with_path(spec["selector"], ("matchLabels", HASH), hashed),
        "template": meta.with_path(spec["template"], ("metadata", "labels"), template_labels),
    }
    if spec.get("minReadySeconds"):
        new_spec["minReadySeconds"] = spec["minReadySeconds"]
    return {
        "apiVersion": "apps/v1",
        "kind": "ReplicaSet",
        "metadata": {
            "name": f"{meta.name_of(deployment)}-{hashed}",
            "namespace": meta.namespace_of(deployment),
            "labels": template_labels,
            "annotations": {**copied, **size_annotations(deployment), rollout.REVISION: revision},
            "ownerReferences": [meta.owner_reference(deployment)],
        },
        "spec": new_spec,
    }
