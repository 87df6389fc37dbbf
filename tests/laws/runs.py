"""Runs of containers as their statuses show them, for traces made by hand."""

from __future__ import annotations

from typing import Any

from spec_model.events import Event, Observation
from tests.laws.traces import done, pod, running, seen, status, terminated

ID = "cri://{}"


def run_of(
    at: float,
    number: int = 0,
    *,
    name: str = "c",
    code: int = 1,
    ended: float | None = None,
    **more: Any,
) -> dict[str, Any]:
    """The status of a container in its run of that number; the run before ended with ``code``."""
    before = finished(number - 1, at - 1, code, name) if number else None
    state = running(at) if ended is None else finished(number, ended, code, name, at)
    own = {"containerID": ID.format(f"{name}-{number}")}
    return status(name, state, last=before, restarts=number, **{**own, **more})


def finished(
    number: int, at: float, code: int = 1, name: str = "c", started: float | None = None
) -> dict[str, Any]:
    """The state of a run that has ended."""
    ended = terminated(code, started=at if started is None else started, finished=at)
    ended["terminated"]["containerID"] = ID.format(f"{name}-{number}")
    return ended


def observed(
    at: float, *statuses: dict[str, Any], phase: str = "Running", **more: Any
) -> Observation:
    """A Pod of these containers, all that is said of them."""
    names = [each["name"] for each in statuses]
    manifest = pod(phase, statuses, containers=names, **more)
    return seen(at, manifest, "ADDED" if at == 0 else "MODIFIED")


def exits(name: str = "c", at: float = 1.0) -> Event:
    """The tester lets a container exit."""
    given = {"namespace": "default", "pod": "a", "container": name, "exitCode": 1}
    return done(at, "exit", **given)
