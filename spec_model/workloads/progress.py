"""How far a rollout has come: complete, available, progressing, or overdue.

After ``DeploymentComplete``, ``DeploymentProgressing`` and ``DeploymentTimedOut`` of
``pkg/controller/deployment/util/deployment_util.go``.
"""

from __future__ import annotations

from typing import Final

from spec_model.events import Manifest
from spec_model.rules import Decision
from spec_model.workloads.deployment import Plan

AVAILABLE: Final = "NewReplicaSetAvailable"
EXCEEDED: Final = "ProgressDeadlineExceeded"
PAUSED: Final = "DeploymentPaused"
RESUMED: Final = "DeploymentResumed"
NOT_CREATED: Final = "ReplicaSetCreateError"
"""Reasons of the condition Progressing."""

WHOLE: Final = ("updatedReplicas", "replicas", "availableReplicas")
GROWING: Final = ("updatedReplicas", "readyReplicas", "availableReplicas")


def count(status: Manifest, field: str) -> int:
    """A number of a status; what is 0 is not said."""
    return status.get(field) or 0


def is_complete(plan: Plan, status: Manifest) -> Decision[bool]:
    """Everything that there is, is new and available (DEPLOY-014)."""
    whole = all(count(status, field) == plan.replicas for field in WHOLE)
    return Decision(whole, "DEPLOY-014")


def is_available(plan: Plan, status: Manifest) -> Decision[bool]:
    """So many are available as must be; of a Recreate all (DEPLOY-014)."""
    return Decision(count(status, "availableReplicas") >= plan.least, "DEPLOY-014")


def has_progressed(before: Manifest, now: Manifest) -> Decision[bool]:
    """New Pods came, became ready or available, or old ones went (DEPLOY-013)."""
    old_before, old_now = (
        count(each, "replicas") - count(each, "updatedReplicas") for each in (before, now)
    )
    grown = any(count(now, field) > count(before, field) for field in GROWING)
    return Decision(grown or old_now < old_before, "DEPLOY-013")
