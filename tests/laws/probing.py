"""Traces of a probed container, made by hand."""

from __future__ import annotations

from typing import Any

from spec_model.events import Accepted, Act, Event, Observation
from tests.laws.crashes import event
from tests.laws.traces import Judged, done, pod, running, seen, status, terminated, time_at, waiting

EXEC: dict[str, Any] = {"exec": {"command": ["cat", "/tmp/healthy"]}, "periodSeconds": 10}
NOT_READY = {"type": "Ready", "status": "False"}
READY = {"type": "Ready", "status": "True"}
CREATE = done(0, "create", Accepted(), object={"kind": "Pod", "metadata": {"name": "a"}})


class Probed:
    """A Pod of one container with these probes, as a watch shows it."""

    def __init__(self, *, policy: str = "Always", **probes: Any) -> None:
        fields = {f"{kind}Probe": {**EXEC, **given} for kind, given in probes.items()}
        self.spec = {"containers": [{"name": "c", "image": "app:1", **fields}]}
        self.policy = policy
        self.started = 0.0
        self.restarts = 0
        self.last: dict[str, Any] | None = None

    def at(
        self, at: float, ready: bool, state: Any = None, *, type: str = "MODIFIED", **more: Any
    ) -> Observation:
        metadata = more.pop("metadata", {})
        entry = {"ready": ready, "started": True, "containerID": f"run-{self.restarts}", **more}
        shown = state or running(self.started)
        condition = READY if ready else NOT_READY
        conditions = [condition, {**condition, "type": "ContainersReady"}]
        manifest = pod(
            "Running",
            [status("c", shown, last=self.last, restarts=self.restarts, **entry)],
            policy=self.policy,
            spec=self.spec,
            metadata=metadata,
            more={"conditions": conditions, "podIP": "10.0.0.1", "startTime": time_at(0)},
        )
        return seen(at, manifest, type)

    def begins(self, ready: bool = False, **more: Any) -> list[Event]:
        """It is created by a tester, and runs at once."""
        entry = status("c", waiting(), ready=False)
        created = pod("Pending", [entry], policy=self.policy, spec=self.spec)
        return [CREATE, seen(0, created, "ADDED"), self.at(0, ready, **more)]

    def again(self, at: float, ready: bool = False, *, ended: float | None = None) -> Observation:
        """It has ended, and runs again."""
        self.last = terminated(143, started=self.started, finished=at if ended is None else ended)
        self.started, self.restarts = at, self.restarts + 1
        return self.at(at, ready)


def answered(at: float, kind: str, answer: Any) -> Act:
    given = {"namespace": "default", "pod": "a", "container": "c"}
    return done(at, "set-probe", Accepted(), probe=kind, answer=answer, **given)


def unhealthy(at: float, kind: str = "Liveness", text: str = "probe failed: ") -> Observation:
    about = {"fieldPath": "spec.containers{c}"}
    return event(at, "Unhealthy", f"{kind} {text}", "Warning", **about)


def killed(at: float, kind: str = "liveness", text: str = ", will be restarted") -> Observation:
    return event(at, "Killing", f"Container c failed {kind} probe{text}")


def failing(*times: float, kind: str = "Liveness") -> list[Observation]:
    return [unhealthy(at, kind) for at in times]


def broken(judgement: Judged) -> set[str]:
    return {rule for rule in judgement.broken if rule.startswith("PROBE")}
