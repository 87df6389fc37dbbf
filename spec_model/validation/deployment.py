"""What of a Deployment's own fields the API refuses, and what it fills in (DEPLOY-001, 011, 015).

After ``ValidateDeploymentSpec`` and ``ValidateDeploymentStrategy`` of ``pkg/apis/apps/validation``, and
the defaults of ``pkg/apis/{apps/v1,apps/v1beta1,extensions/v1beta1}``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from spec_model.events import Manifest
from spec_model.objects import EMPTY
from spec_model.profiles import Profile
from spec_model.validation.common import FORBIDDEN, INVALID, NOT_SUPPORTED, Fault, Faults
from spec_model.workloads.deployment import RECREATE, ROLLING, UNLIMITED

STRATEGY: Final = "spec.strategy"
POSTS: Final = ("maxUnavailable", "maxSurge")
DEADLINE: Final = "spec.progressDeadlineSeconds"

PERCENT: Final = re.compile(r"[0-9]+%", re.ASCII)

USUAL: Final[Mapping[str, Any]] = {
    "maxSurge": "25%",
    "maxUnavailable": "25%",
    "revisionHistoryLimit": 10,
    "progressDeadlineSeconds": 600,
}
OF_OLD_APIS: Final[Mapping[str, Mapping[str, Any]]] = {
    "apps/v1beta1": {**USUAL, "revisionHistoryLimit": 2},
    "extensions/v1beta1": {
        "maxSurge": 1,
        "maxUnavailable": 1,
        "revisionHistoryLimit": UNLIMITED,
        "progressDeadlineSeconds": UNLIMITED,
    },
}
"""What is filled in where nothing is given, by the version of the API; not served since 1.16."""


def usual(deployment: Manifest, profile: Profile) -> Mapping[str, Any]:
    """What is filled in of a Deployment of this version of the API."""
    old = OF_OLD_APIS if profile.old_deployment_apis else {}
    return old.get(deployment.get("apiVersion", ""), USUAL)


def missing(deployment: Manifest, profile: Profile) -> dict[str, Any]:
    """Every field of its own that the API fills in, and with what (DEPLOY-001)."""
    spec, given = deployment.get("spec") or {}, usual(deployment, profile)
    strategy = spec.get("strategy") or {}
    found: dict[str, Any] = {} if spec.get("replicas") is not None else {"spec.replicas": 1}
    if not strategy.get("type"):
        found[f"{STRATEGY}.type"] = ROLLING
    if (strategy.get("type") or ROLLING) == ROLLING:
        rolling = strategy.get("rollingUpdate") or {}
        found |= {
            f"{STRATEGY}.rollingUpdate.{post}": given[post]
            for post in POSTS
            if rolling.get(post) is None
        }
    for field in ("revisionHistoryLimit", "progressDeadlineSeconds"):
        if spec.get(field) is None:
            found[f"spec.{field}"] = given[field]
    return found


def deployment_faults(deployment: Manifest, profile: Profile) -> Faults:
    """What is wrong with a Deployment's strategy and deadline."""
    spec, given = deployment.get("spec") or {}, usual(deployment, profile)
    yield from _strategy_faults(spec.get("strategy") or {}, given)
    deadline = spec.get("progressDeadlineSeconds")
    deadline = given["progressDeadlineSeconds"] if deadline is None else deadline
    if deadline < 0:
        yield Fault(DEADLINE, INVALID, "DEPLOY-015", "must not be negative")
    if deadline <= (spec.get("minReadySeconds") or 0):
        yield Fault(DEADLINE, INVALID, "DEPLOY-015", "must be greater than minReadySeconds")


def _strategy_faults(strategy: Manifest, given: Mapping[str, Any]) -> Faults:
    kind, rolling = strategy.get("type") or ROLLING, strategy.get("rollingUpdate")
    if kind == RECREATE and rolling is not None:
        message = "may not be specified when strategy type is Recreate"
        yield Fault(f"{STRATEGY}.rollingUpdate", FORBIDDEN, "DEPLOY-011", message)
    if kind not in (RECREATE, ROLLING):
        message = "must be Recreate or RollingUpdate"
        yield Fault(f"{STRATEGY}.type", NOT_SUPPORTED, "DEPLOY-015", message)
    if kind != ROLLING:
        return
    posts = {post: _given(rolling, post, given) for post in POSTS}
    for post, value in posts.items():
        if not _is_count_or_percent(value):
            message = "must be a number that is not negative, or a percentage"
            yield Fault(f"{STRATEGY}.rollingUpdate.{post}", INVALID, "DEPLOY-015", message)
    at = f"{STRATEGY}.rollingUpdate.maxUnavailable"
    if all(_number(value) == 0 for value in posts.values()):
        yield Fault(at, INVALID, "DEPLOY-015", "may not be 0 when maxSurge is 0")
    unavailable = posts["maxUnavailable"]
    if isinstance(unavailable, str) and _number(unavailable) > 100:
        yield Fault(at, INVALID, "DEPLOY-015", "must not be greater than 100%")


def _given(rolling: Manifest | None, post: str, given: Mapping[str, Any]) -> Any:
    value = (rolling or EMPTY).get(post)
    return given[post] if value is None else value


def _is_count_or_percent(value: Any) -> bool:
    if isinstance(value, str):
        return PERCENT.fullmatch(value) is not None
    return bool(value >= 0)


def _number(value: Any) -> int:
    """A number, or so many percent; what is neither counts as nothing."""
    if isinstance(value, str):
        return int(value[:-1]) if PERCENT.fullmatch(value) else 0
    return int(value)
