"""Pods on their way out, for traces made by hand."""

from __future__ import annotations

from typing import Any

from spec_model.events import Act, Observation
from tests.laws.runs import ID
from tests.laws.traces import done, pod, running, seen, status, terminated, time_at

ASKED = 10.0
"""When the Pod is deleted."""


def marks(grace: int = 30, at: float = ASKED, **more: Any) -> dict[str, Any]:
    """Metadata of a Pod that was deleted then."""
    when = {"deletionTimestamp": time_at(at + grace), "deletionGracePeriodSeconds": grace}
    return {**when, "generation": 2, **more}


def lives(name: str = "c") -> dict[str, Any]:
    """A container that has run from the beginning."""
    return status(name, running(0), containerID=ID.format(name))


def ended(at: float, code: int, name: str = "c") -> dict[str, Any]:
    """The same container when it has ended."""
    state = terminated(code, started=0, finished=at)
    state["terminated"]["containerID"] = ID.format(name)
    return status(name, state, containerID=ID.format(name))


def ready(holds: bool = True) -> dict[str, Any]:
    """The condition Ready, as part of a status."""
    return {"conditions": [{"type": "Ready", "status": "True" if holds else "False"}]}


def shown(
    at: float,
    *statuses: dict[str, Any],
    type: str = "MODIFIED",
    phase: str = "Running",
    metadata: dict[str, Any] | None = None,
    **more: Any,
) -> Observation:
    """The Pod with these containers."""
    names = [each["name"] for each in statuses if not each["name"].startswith("s")]
    made = pod(phase, statuses, containers=names, metadata=metadata, **more)
    return seen(at, made, type)


def up(*names: str, **more: Any) -> Observation:
    """The Pod before it is deleted, all of its containers running."""
    return shown(0, *(lives(name) for name in names or ("c",)), type="ADDED", **more)


def told(seconds: float | None, name: str = "c", **more: Any) -> Act:
    """What the tester says of a container and SIGTERM, before anything happens."""
    given = {"namespace": "default", "pod": "a", "container": name, "seconds": seconds}
    return done(0, "set-stop", **given, **more)


def hook(seconds: float | None, name: str = "c") -> Act:
    """What the tester says of its preStop hook."""
    given = {"namespace": "default", "pod": "a", "container": name, "seconds": seconds}
    return done(0, "set-hook", **given, hook="preStop")


def deletes(at: float = ASKED, grace: int | None = None) -> Act:
    """The tester deletes the Pod."""
    options = {} if grace is None else {"gracePeriodSeconds": grace}
    return done(at, "delete", kind="Pod", namespace="default", name="a", **options)
