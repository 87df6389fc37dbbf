"""Traces of a container that crashes again and again, made by hand."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from spec_model.events import Observation
from tests.laws.traces import Judged, pod, running, seen, status, terminated, time_at, waiting

LADDER = (0, 10, 20, 40, 80, 160, 300, 300)
"""Seconds before each restart of a container that exits quickly."""


def says(delay: str, container: str = "c", name: str = "a") -> dict[str, Any]:
    """The state of a container that waits for its restart."""
    message = (
        f"back-off {delay} restarting failed container={container} pod={name}_default(uid-{name})"
    )
    return waiting("CrashLoopBackOff", message)


class Crashing:
    """A container as a watch shows it; each step is one observation, and the next picks up from it.

    ``more`` goes to every Pod, so that a test can say what else is so.
    """

    def __init__(self, at: float = 0.0, *, restarts: int = 0, **more: Any) -> None:
        self.at = at
        self.since = at
        self.restarts = restarts
        self.last: dict[str, Any] | None = None
        self.more = more
        self.of_pod: dict[str, Any] = {}

    def shows(self, state: dict[str, Any], **more: Any) -> Observation:
        """An observation of the container in that state, now."""
        entry = status("c", state, last=self.last, restarts=self.restarts)
        return seen(self.at, pod("Running", [entry], **{**self.more, **more}))

    def runs(self) -> Observation:
        """It is seen running."""
        return self.shows(running(self.since))

    def ends(self, after: float = 1.0, code: int = 1) -> Observation:
        """It is seen when it has ended."""
        self.at += after
        ended = terminated(code, started=self.since, finished=self.at)
        observation = self.shows(ended)
        self.last = ended
        return observation

    def waits(self, delay: str) -> Observation:
        """It is seen waiting, and says for how long."""
        return self.shows(says(delay))

    def starts(self, after: float) -> Observation:
        """It is seen running again."""
        self.at += after
        self.since = self.at
        self.restarts += 1
        return self.runs()

    def climbs(self, *waits: float, run: float = 1.0, code: int = 1) -> Iterator[Observation]:
        """It runs, ends, says nothing, and starts again after each of these waits."""
        for wait in waits:
            yield self.ends(run, code)
            yield self.starts(wait)


def blamed(trace: Judged) -> set[str]:
    """The rules of this area that a trace breaks; other areas may have their own word on it."""
    return {rule for rule in trace.broken if rule.startswith("BACKOFF-")}


def event(at: float, reason: str, message: str, type: str = "Normal", **about: Any) -> Observation:
    """An Event of the cluster."""
    involved = {"kind": "Pod", "namespace": "default", "name": "a", "uid": "uid-a", **about}
    manifest = {
        "kind": "Event",
        "metadata": {"name": f"{reason}-{at}", "namespace": "default"},
        "involvedObject": involved,
        "reason": reason,
        "message": message,
        "type": type,
        "lastTimestamp": time_at(at),
    }
    return seen(at, manifest, "ADDED")
