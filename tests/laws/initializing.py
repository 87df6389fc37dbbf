"""Pods with init containers as a watch shows them, made by hand."""

from __future__ import annotations

from typing import Any

from spec_model.events import Accepted, Act, Cause, Observation, Rejected
from tests.laws.traces import (
    Judged,
    done,
    pod,
    seen,
    status,
    terminated,
    waiting,
)

INITIALIZING = waiting("PodInitializing")
UNINITIALIZED = {
    "conditions": [{"type": "Initialized", "status": "False", "reason": "ContainersNotInitialized"}]
}


def blamed(trace: Judged) -> set[str]:
    """The rules of this area that a trace breaks; other areas may have their own word on it."""
    return {rule for rule in trace.broken if rule.startswith("INIT-")}


def ok(start: float, finish: float) -> dict[str, Any]:
    """A run that succeeded."""
    return terminated(0, started=start, finished=finish)


def look(
    at: float,
    c: dict[str, Any] | None = None,
    phase: str = "Pending",
    *,
    kinds: str = "",
    image: str = "app:1",
    restarts: dict[str, int] | None = None,
    last: dict[str, Any] | None = None,
    more: dict[str, Any] | None = None,
    metadata: dict[str, Any] | None = None,
    policy: str = "Always",
    **inits: dict[str, Any],
) -> Observation:
    """A Pod with the app container ``c`` and these init containers; those named in ``kinds`` are sidecars."""
    counts = restarts or {}
    init = [
        {"name": name, "image": image, **({"restartPolicy": "Always"} if name in kinds else {})}
        for name in inits
    ]
    statuses = [
        status(name, state, restarts=counts.get(name, 0), started="running" in state, last=last)
        for name, state in inits.items()
    ]
    manifest = pod(
        phase,
        [status("c", c or INITIALIZING, restarts=counts.get("c", 0))],
        init=init,
        init_statuses=statuses,
        policy=policy,
        more=more,
        metadata=metadata,
    )
    return seen(at, manifest)


def initialized(at: float, c: dict[str, Any], i: dict[str, Any], **more: Any) -> Observation:
    """A Pod that has been initialized."""
    return look(at, c, "Running", i=i, **more)


def created(manifest: dict[str, Any], *refused: str) -> Act:
    """The creation of a Pod, refused for these fields where there are any."""
    response = Rejected(422, "Invalid", "", tuple(Cause(field) for field in refused))
    return done(0, "create", response if refused else Accepted(manifest), object=manifest)
