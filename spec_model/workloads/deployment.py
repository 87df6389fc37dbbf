"""What a Deployment asks for, and how far a rollout may go: its fence posts, and views of both.

After ``ResolveFenceposts``, ``MaxSurge`` and ``MaxUnavailable`` of
``pkg/controller/deployment/util/deployment_util.go``.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Any, Final

from attrs import frozen

from spec_model.events import Manifest
from spec_model.objects import EMPTY
from spec_model.rules import Decision

DESIRED: Final = "deployment.kubernetes.io/desired-replicas"
MAXIMUM: Final = "deployment.kubernetes.io/max-replicas"
REVISION: Final = "deployment.kubernetes.io/revision"
HISTORY: Final = "deployment.kubernetes.io/revision-history"
ROLLBACK: Final = "deprecated.deployment.rollback.to"
HASH: Final = "pod-template-hash"
"""Annotations of ReplicaSets and Deployments, and the label by which Pods are told apart."""

UNLIMITED: Final = 2**31 - 1
"""A deadline or a length of history that means none."""

ROLLING: Final = "RollingUpdate"
RECREATE: Final = "Recreate"

PERCENT: Final = re.compile(r"[+-]?[0-9]+%", re.ASCII)


@frozen
class Fenceposts:
    """How many Pods there may be too many, and how many may be unavailable."""

    surge: int
    unavailable: int


@frozen
class Plan:
    """What a Deployment asks for.

    Attributes:
        posts: as resolved, ``unavailable`` not yet cut to the replicas; none for a Recreate.
        shown: ``status.replicas``, what was before where a ReplicaSet does not say it.
    """

    replicas: int
    strategy: str
    posts: Fenceposts
    paused: bool = False
    shown: int = 0

    @property
    def most(self) -> int:
        """How many Pods all ReplicaSets together may ask for (DEPLOY-003)."""
        return self.replicas + self.posts.surge

    @property
    def least(self) -> int:
        """How many Pods must stay available (DEPLOY-004)."""
        return self.replicas - min(self.posts.unavailable, self.replicas)


@frozen
class Sized:
    """A ReplicaSet as a rollout counts it.

    Attributes:
        created: API time, which sorts as it passes.
        desired: for how many replicas of its Deployment it was last sized; None where it does not say.
        most: how many all were to be together by then; None where it does not say.
    """

    name: str
    size: int
    available: int = 0
    created: str = ""
    desired: int | None = None
    most: int | None = None


def fenceposts(replicas: int, surge: Any, unavailable: Any) -> Decision[Fenceposts]:
    """Percentages of the replicas, surge rounded up and unavailable down; never both zero.

    Raises:
        ValueError: ``invalid_value``: one is neither a number nor a percentage.
    """
    above = _share(surge, replicas, math.ceil)
    below = _share(unavailable, replicas, math.floor)
    posts = Fenceposts(above, 1 if above == below == 0 else below)
    return Decision(posts, "DEPLOY-002")


def _share(value: Any, replicas: int, rounded: Callable[[float], int]) -> int:
    if value is None:
        return 0
    if isinstance(value, int):
        return value
    if not PERCENT.fullmatch(value):
        raise ValueError("invalid_value")
    return rounded(int(value[:-1]) * replicas / 100)


def plan_of(deployment: Manifest) -> Plan:
    """What a Deployment asks for; a strategy that nobody gave is a rolling one without fence posts.

    Raises:
        ValueError: ``invalid_value``, of its fence posts.
    """
    spec = deployment["spec"]
    strategy = spec.get("strategy") or EMPTY
    kind = strategy.get("type") or ROLLING
    replicas = count_of(spec)
    posts = Fenceposts(0, 0)
    if kind == ROLLING:
        given = strategy.get("rollingUpdate") or EMPTY
        posts = fenceposts(replicas, given.get("maxSurge"), given.get("maxUnavailable")).value
    shown = (deployment.get("status") or EMPTY).get("replicas") or 0
    return Plan(replicas, kind, posts, bool(spec.get("paused")), shown)


def count_of(spec: Manifest) -> int:
    """``spec.replicas``; one where it is not given."""
    count = spec.get("replicas")
    return 1 if count is None else int(count)


def sized(replica_set: Manifest) -> Sized:
    """A ReplicaSet as a rollout counts it."""
    metadata, status = replica_set["metadata"], replica_set.get("status") or EMPTY
    noted = metadata.get("annotations") or EMPTY
    return Sized(
        metadata.get("name", ""),
        count_of(replica_set["spec"]),
        status.get("availableReplicas") or 0,
        metadata.get("creationTimestamp") or "",
        _number(noted.get(DESIRED)),
        _number(noted.get(MAXIMUM)),
    )


def _number(text: str | None) -> int | None:
    try:
        return None if text is None else int(text)
    except ValueError:
        return None


def revision_of(manifest: Manifest) -> int:
    """The revision that an object is annotated with; 0 where it has none (DEPLOY-007)."""
    return _number((manifest["metadata"].get("annotations") or EMPTY).get(REVISION)) or 0


def deadline_of(deployment: Manifest) -> int | None:
    """Seconds without progress that are too many; None where nobody counts them (DEPLOY-013)."""
    seconds = deployment["spec"].get("progressDeadlineSeconds")
    return None if seconds in (None, UNLIMITED) else seconds


def history_of(deployment: Manifest) -> int | None:
    """How many old ReplicaSets are kept; None for all (DEPLOY-009)."""
    limit = deployment["spec"].get("revisionHistoryLimit")
    return None if limit in (None, UNLIMITED) else limit


def bare(template: Manifest) -> dict[str, Any]:
    """A template as it is compared: without the label of its ReplicaSet, and what is empty."""
    metadata = dict(template.get("metadata") or EMPTY)
    labels = metadata.get("labels") or EMPTY
    metadata["labels"] = {key: value for key, value in labels.items() if key != HASH}
    kept = {key: value for key, value in metadata.items() if value}
    return {"metadata": kept, "spec": template.get("spec")}
