"""Tiny traces, made by hand: what a law is tried on."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import count
from typing import Any
from zlib import crc32

from spec_model import judge
from spec_model.events import Accepted, Act, Event, Observation, Response, stimulus
from spec_model.profiles import profile
from spec_model.world import Finding, Setting, World

EPOCH = 1_714_557_600.0  # 2024-05-01T10:00:00Z
_versions = count(1)


def time_at(at: float) -> str:
    """The API's timestamp of a moment of the trace: whole seconds.

    >>> time_at(1.9)
    '2024-05-01T10:00:01Z'
    """
    from datetime import UTC, datetime

    moment = datetime.fromtimestamp(int(EPOCH + at), UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def waiting(reason: str = "ContainerCreating", message: str = "") -> dict[str, Any]:
    """The state of a container that waits."""
    return {"waiting": {"reason": reason, **({"message": message} if message else {})}}


def running(since: float = 0.0) -> dict[str, Any]:
    """The state of a container that runs."""
    return {"running": {"startedAt": time_at(since)}}


def terminated(
    code: int = 0, *, started: float = 0.0, finished: float = 1.0, reason: str | None = None
) -> dict[str, Any]:
    """The state of a container that has ended."""
    said = reason or ("Completed" if code == 0 else "Error")
    times = {"startedAt": time_at(started), "finishedAt": time_at(finished)}
    return {"terminated": {"exitCode": code, "reason": said, **times}}


def status(
    name: str = "c",
    state: dict[str, Any] | None = None,
    *,
    last: dict[str, Any] | None = None,
    restarts: int = 0,
    **more: Any,
) -> dict[str, Any]:
    """A container status."""
    return {
        "name": name,
        "state": state or waiting(),
        "lastState": last or {},
        "restartCount": restarts,
        "ready": "running" in (state or {}),
        "image": "app:1",
        **more,
    }


SCHEDULED: dict[str, Any] = {"type": "PodScheduled", "status": "True"}


def pod(
    phase: str = "Running",
    statuses: Iterable[dict[str, Any]] = (),
    *,
    name: str = "a",
    uid: str = "uid-a",
    policy: str = "Always",
    containers: Iterable[str] = ("c",),
    init: Iterable[dict[str, Any]] = (),
    init_statuses: Iterable[dict[str, Any]] = (),
    created: float = 0.0,
    metadata: dict[str, Any] | None = None,
    spec: dict[str, Any] | None = None,
    more: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """A Pod as a watch shows it; ``more`` goes to its status.

    One with a node was scheduled, one with statuses was taken by its kubelet, too, and has what that told.
    """
    statuses = list(statuses)
    taken = {
        "startTime": time_at(created),
        "hostIP": "192.168.0.1",
        "podIP": f"10.1.{crc32(uid.encode()) % 250}.{len(uid)}",
    }
    bound = {"conditions": [SCHEDULED], **(taken if statuses else {})}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": name,
            "namespace": "default",
            "uid": uid,
            "generation": 1,
            "creationTimestamp": time_at(created),
            **(metadata or {}),
        },
        "spec": {
            "restartPolicy": policy,
            "nodeName": "node-1",
            "containers": [{"name": each, "image": "app:1"} for each in containers],
            **({"initContainers": list(init)} if init else {}),
            **(spec or {}),
        },
        "status": {
            "phase": phase,
            "qosClass": "BestEffort",
            "containerStatuses": statuses,
            **(bound if (spec or {}).get("nodeName", "node-1") else {}),
            **({"initContainerStatuses": list(init_statuses)} if init_statuses else {}),
            **(more or {}),
        },
    }


def volume(
    phase: str = "Available",
    *,
    name: str = "v",
    of: dict[str, Any] | None = None,
    size: str = "1Gi",
    modes: Iterable[str] = ("ReadWriteOnce",),
    policy: str = "Retain",
    metadata: dict[str, Any] | None = None,
    more: dict[str, Any] | None = None,
    **spec: Any,
) -> dict[str, Any]:
    """A PersistentVolume as a watch shows it, claimed by the claim ``of``; ``more`` goes to its status.

    What of the spec is None is left out.
    """
    keys = ("name", "namespace", "uid")
    reference = None if of is None else {key: of["metadata"][key] for key in keys}
    spec = {"hostPath": {"path": f"/tmp/{name}"}, "claimRef": reference, **spec}
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": {
            "name": name,
            "uid": f"uid-{name}",
            "creationTimestamp": time_at(0),
            "finalizers": ["kubernetes.io/pv-protection"],
            **(metadata or {}),
        },
        "spec": {
            "capacity": {"storage": size},
            "accessModes": list(modes),
            "persistentVolumeReclaimPolicy": policy,
            **{field: value for field, value in spec.items() if value is not None},
        },
        "status": {"phase": phase, **(more or {})},
    }


def claim(
    phase: str = "Pending",
    *,
    name: str = "c",
    uid: str = "",
    on: str = "",
    size: str = "1Gi",
    modes: Iterable[str] = ("ReadWriteOnce",),
    metadata: dict[str, Any] | None = None,
    more: dict[str, Any] | None = None,
    **spec: Any,
) -> dict[str, Any]:
    """A PersistentVolumeClaim as a watch shows it, ``on`` a volume; ``more`` goes to its status."""
    capacity = {"capacity": {"storage": "1Gi"}} if phase == "Bound" else {}
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {
            "name": name,
            "namespace": "default",
            "uid": uid or f"uid-{name}",
            "creationTimestamp": time_at(0),
            "finalizers": ["kubernetes.io/pvc-protection"],
            **(metadata or {}),
        },
        "spec": {
            "accessModes": list(modes),
            "resources": {"requests": {"storage": size}},
            "storageClassName": "",
            **({"volumeName": on} if on else {}),
            **spec,
        },
        "status": {"phase": phase, **capacity, **(more or {})},
    }


def seen(at: float, manifest: dict[str, Any], type: str = "MODIFIED") -> Observation:
    """One watch event; each has its own resourceVersion."""
    metadata = {**manifest["metadata"], "resourceVersion": str(next(_versions))}
    return Observation(at, type, {**manifest, "metadata": metadata})


def done(at: float, verb: str, response: Response | None = None, **arguments: Any) -> Act:
    """One stimulus, accepted unless said otherwise."""
    return Act(at, stimulus(verb, **arguments), Accepted() if response is None else response)


class Judged:
    """What the judge says of a whole trace."""

    def __init__(self, events: Iterable[Event], profile_name: str, clock: str, until: float | None):
        self.exercised: list[str] = []
        self.findings: list[Finding] = []
        world = World(Setting(profile(profile_name), clock, EPOCH))  # type: ignore[arg-type]
        for event in events:
            world = judge.step(world, event)
            self._take(world)
        self._take(judge.settle(world, world.at if until is None else until))

    def _take(self, world: World) -> None:
        self.exercised.extend(world.exercised)
        self.findings.extend(world.findings)

    @property
    def broken(self) -> set[str]:
        """The rules that are blamed."""
        return {finding.rule for finding in self.findings}

    def held(self, rule: str) -> bool:
        """Whether a rule was exercised and not broken."""
        return rule in self.exercised and rule not in self.broken


def judged(
    *events: Event, profile: str = "v1.36", clock: str = "virtual", until: float | None = None
) -> Judged:
    """Judges a trace from an empty world; obligations are settled at its end, or ``until`` then."""
    return Judged(events, profile, clock, until)
