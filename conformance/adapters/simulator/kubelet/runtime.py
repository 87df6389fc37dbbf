"""The container runtime under one Pod: its sandbox, and the runs of its containers.

A run is one life of a container: a restart makes a new one. Only the newest run and the one before are
kept (RESTART-004). An *epoch* begins with each new sandbox and with each restart of all containers;
init containers start over in it (INIT-009, RESTART-007).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from typing import Any

from attrs import define, field

from conformance.adapters.simulator.clock import EPOCH, Timer
from conformance.adapters.simulator.meta import parse_time

KILLED = 137
"""The exit code of a process that was killed: 128 + SIGKILL."""

TERMINATED = 143
"""The exit code of a process that died of SIGTERM: 128 + SIGTERM."""


@define(eq=False)
class Run:
    """One life of a container; ``state`` is how containerStatuses shows it."""

    container: str
    image: str
    attempt: int
    epoch: int
    id: str
    started_at: float
    started: str
    state: Mapping[str, Any]
    finished_at: float | None = None
    exit_code: int | None = None
    memory_bytes: int = 0
    in_memory: dict[tuple[str, str], int] = field(factory=dict)  # what it wrote there, by file
    cpu_milli: int = 0
    passed_startup: bool = True  # as the probes have it; without one it is passed (PROBE-001)
    passed_readiness: bool = True
    failed_probe: str = ""  # the probe for whose failure it is killed
    comes_back: bool = False  # the kubelet ends it in order to start it again
    stop: Any = None  # while the kubelet is stopping it: a stopping.Stop
    dying: Timer | None = None  # it was sent SIGTERM and will have ended then
    environment: Mapping[str, str] = field(factory=dict)
    frozen: Mapping[str, bytes | None] = field(factory=dict)  # ConfigMap files mounted by sub-path
    ports: set[int] = field(factory=set)
    failed_hook: bool = False  # it is stopped because of its postStart hook

    @property
    def is_running(self) -> bool:
        """The process lives."""
        return self.exit_code is None

    @property
    def charged_bytes(self) -> int:
        """The memory that counts against its limit, files that it keeps there included."""
        return self.memory_bytes + sum(self.in_memory.values())

    @property
    def has_started(self) -> bool:
        """It runs, and its startup probe has succeeded (PROBE-014)."""
        return self.is_running and self.passed_startup

    @property
    def is_ready(self) -> bool:
        """It has started, and its readiness probe says so (PROBE-012)."""
        return self.has_started and self.passed_readiness


@define(eq=False)
class Sandbox:
    """The pause container and the network of a Pod."""

    attempt: int
    ip: str
    is_ready: bool = True


@define(eq=False)
class PodRuntime:
    """What runs, and ran, for one Pod on its node."""

    uid: str
    sandbox: Sandbox | None = None
    epoch: int = 0
    removed_before: int = 0  # runs of earlier epochs were removed with their containers
    runs: dict[str, Run] = field(factory=dict)
    previous: dict[str, Run] = field(factory=dict)

    @property
    def has_sandbox(self) -> bool:
        """The sandbox is there and works."""
        return self.sandbox is not None and self.sandbox.is_ready

    def shown(self) -> tuple[Any, ...]:
        """All that decides what a status shows and what is next; equal as long as that is the same."""
        sandbox = self.sandbox
        return (
            None if sandbox is None else (sandbox.ip, sandbox.is_ready),
            self.epoch,
            self.removed_before,
            [
                (run, run.state, run.passed_startup, run.passed_readiness, run.failed_probe)
                for run in self.runs.values()
            ],
        )

    def running(self) -> Iterator[Run]:
        """The runs whose process lives."""
        return (run for run in self.runs.values() if run.is_running)

    def current(self, name: str) -> Run | None:
        """The newest run of a container, if it belongs to this epoch."""
        run = self.runs.get(name)
        return run if run is not None and run.epoch == self.epoch else None

    def kept(self, name: str) -> Run | None:
        """The newest run of a container that was not removed since."""
        run = self.runs.get(name)
        return run if run is not None and run.epoch >= self.removed_before else None

    def make_sandbox(self, ip: str) -> None:
        """A new sandbox; initialization starts over (INIT-009)."""
        attempt = self.sandbox.attempt + 1 if self.sandbox else 0
        self.sandbox = Sandbox(attempt, ip)
        self.epoch += 1

    def remove_all(self) -> None:
        """Every container starts over, those that had finished too (RESTART-007)."""
        self.epoch += 1
        self.removed_before = self.epoch

    def start(self, container: Mapping[str, Any], now: float, timestamp: str) -> Run:
        """A new run of a container (RESTART-004)."""
        name, last = container["name"], self.runs.get(container["name"])
        attempt = next_attempt(last)
        run = Run(
            container=name,
            image=container.get("image", ""),
            attempt=attempt,
            epoch=self.epoch,
            id=container_id(self.uid, name, attempt),
            started_at=now,
            started=timestamp,
            state={"running": {"startedAt": timestamp}},
            passed_startup=not container.get("startupProbe"),
            passed_readiness=not container.get("readinessProbe"),
        )
        if last is not None:
            self.previous[name] = last
        self.runs[name] = run
        return run


def recovered(uid: str, status: Mapping[str, Any], now: float, timestamp: str) -> PodRuntime:
    """What a machine finds that has lost everything but what the API says of the Pod.

    What ran there is dead, and how it ended is not known; what had ended before stays as it was.
    """
    found = PodRuntime(uid)
    listed = (
        *(status.get("initContainerStatuses") or ()),
        *(status.get("containerStatuses") or ()),
    )
    for each in listed:
        if "containerID" in each or each.get("restartCount"):
            found.runs[each["name"]] = lost_run(each, now, timestamp)
            found.sandbox = Sandbox(0, status.get("podIP", ""), is_ready=False)
    return found


def lost_run(status: Mapping[str, Any], now: float, timestamp: str) -> Run:
    """The last run of a container whose process nobody can find."""
    state = status.get("state") or {}
    ended = state.get("terminated") or (status.get("lastState") or {}).get("terminated")
    run = Run(
        container=status["name"],
        image=status.get("image", ""),
        attempt=status.get("restartCount", 0),
        epoch=0,
        id=status.get("containerID", ""),
        started_at=now,
        started=(state.get("running") or ended or {}).get("startedAt", timestamp),
        state=state,
    )
    if "running" in state or ended is None:
        end(run, KILLED, now, timestamp, "ContainerStatusUnknown")
    else:
        run.exit_code, run.state = ended["exitCode"], {"terminated": ended}
        run.finished_at = parse_time(ended["finishedAt"]) - EPOCH if "finishedAt" in ended else now
    return run


def next_attempt(last: Run | None) -> int:
    """restartCount of the next run (RESTART-004)."""
    return 0 if last is None else last.attempt + 1


def container_id(uid: str, name: str, attempt: int) -> str:
    """A runtime's id: another one for each run."""
    return f"simulator://{hashlib.sha256(f'{uid}/{name}/{attempt}'.encode()).hexdigest()}"


def exit_reason(exit_code: int) -> str:
    """state.terminated.reason of an exit that nobody else explains."""
    return "Completed" if exit_code == 0 else "Error"


def end(run: Run, exit_code: int, now: float, timestamp: str, reason: str | None = None) -> None:
    """The process has ended."""
    run.exit_code, run.finished_at = exit_code, now
    run.memory_bytes = run.cpu_milli = 0
    run.state = {
        "terminated": {
            "exitCode": exit_code,
            "reason": reason or exit_reason(exit_code),
            "startedAt": run.started,
            "finishedAt": timestamp,
            "containerID": run.id,
        }
    }
