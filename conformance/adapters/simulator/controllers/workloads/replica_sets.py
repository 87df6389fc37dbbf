"""The ReplicaSets of a Deployment: whose template they have, how they are named, what is noted on them.

Source: DEPLOY-002, 006, 007, 008; ``pkg/controller/deployment/util/deployment_util.go``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from attrs import frozen

from conformance.adapters.simulator import meta
from conformance.adapters.simulator.controllers.workloads import rollout
from conformance.adapters.simulator.meta import Object

HASH: Final = "pod-template-hash"
HISTORY: Final = "deployment.kubernetes.io/revision-history"
ROLLBACK: Final = "deprecated.deployment.rollback.to"
NOT_COPIED: Final = frozenset(
    {
        "kubectl.kubernetes.io/last-applied-configuration",
        rollout.REVISION,
        HISTORY,
        rollout.DESIRED_REPLICAS,
        rollout.MAX_REPLICAS,
        ROLLBACK,
    }
)
"""Annotations that a Deployment and its ReplicaSets do not share."""


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

    @property
    def next_revision(self) -> int:
        """The highest revision of the old ones, plus one (DEPLOY-007)."""
        return max((revision_of(one) for one in self.old), default=0) + 1


def rollout_of(deployment: Object, sets: Sequence[Object]) -> Rollout:
    """Which of the ReplicaSets is the new one: the oldest with the template (DEPLOY-006)."""
    same = [one for one in sets if has_template(one, deployment)]
    new = min(same, key=lambda one: one["metadata"]["creationTimestamp"]) if same else None
    return Rollout(deployment, new, [one for one in sets if one is not new])


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


def bare_template(replica_set: Object) -> Object:
    """The template as its Deployment had it, without the label that tells it apart."""
    theirs = replica_set["spec"]["template"]
    labels = {k: v for k, v in meta.labels_of(theirs).items() if k != HASH}
    return meta.with_path(theirs, ("metadata", "labels"), labels)


def has_template(replica_set: Object, deployment: Object) -> bool:
    """The templates are equal but for the hash label (DEPLOY-006)."""
    theirs, template = replica_set["spec"]["template"], deployment["spec"]["template"]
    return bool(theirs["spec"] == template["spec"] and bare_template(replica_set) == template)


def template_hash(template: Mapping[str, Any], collisions: int = 0) -> str:
    """A short name for the template that is safe in names and labels."""
    text = json.dumps(template, sort_keys=True, separators=(",", ":")) + "x" * collisions
    return meta.short_name(text)


def replica_set_for(deployment: Object, revision: int) -> Object:
    """The ReplicaSet of the Deployment's template, still without replicas."""
    spec = deployment["spec"]
    collisions = (deployment.get("status") or {}).get("collisionCount") or 0
    hashed = template_hash(spec["template"], collisions)
    template_labels = {**meta.labels_of(spec["template"]), HASH: hashed}
    noted = {**size_annotations(deployment), rollout.REVISION: str(revision)}
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
            "annotations": {**_shared(deployment), **noted},
            "ownerReferences": [meta.owner_reference(deployment)],
        },
        "spec": new_spec,
    }


def renewed(found: Rollout, new: Object) -> Object:
    """The new ReplicaSet as it is to be noted: the newest revision, its earlier ones in its history."""
    noted = {**annotations_of(new), **_shared(found.deployment)}
    before, revision = revision_of(new), found.next_revision
    if before < revision:
        noted[rollout.REVISION] = str(revision)
        if before:
            noted[HISTORY] = ",".join(filter(None, (noted.get(HISTORY), str(before))))
    minimum = found.deployment["spec"].get("minReadySeconds") or 0
    if noted == annotations_of(new) and (new["spec"].get("minReadySeconds") or 0) == minimum:
        return new
    changed = {**new, "metadata": {**new["metadata"], "annotations": noted}}
    if (new["spec"].get("minReadySeconds") or 0) != minimum:
        changed["spec"] = {**new["spec"], "minReadySeconds": minimum}
    return changed


def _shared(deployment: Object) -> dict[str, str]:
    return {k: v for k, v in annotations_of(deployment).items() if k not in NOT_COPIED}
