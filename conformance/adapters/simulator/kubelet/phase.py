"""The phase of a Pod: a function of what its containers are doing and of nothing else.

Decides PHASE-003 to PHASE-009, PHASE-011 and the table TRANS (upstream getPhase).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from attrs import define

from conformance.adapters.simulator.kubelet import restart
from conformance.adapters.simulator.settings import Settings

TERMINAL: Final = frozenset({"Succeeded", "Failed"})

Statuses = Mapping[str, Mapping[str, Any]]


@define
class Counts:
    """How many containers of a Pod are in which situation."""

    initializing: int = 0  # regular init containers that have not come to an end
    init_failed_for_good: int = 0
    sidecars_pending: int = 0
    waiting: int = 0  # never started
    unknown: int = 0
    running: int = 0
    stopped: int = 0
    succeeded: int = 0
    restartable: int = 0
    killed_for_memory: int = 0


def last_exit(status: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The termination a container that does not run last had, if it ever ran."""
    state = status.get("state") or {}
    ended = state.get("terminated")
    if ended is None and "waiting" in state:
        ended = (status.get("lastState") or {}).get("terminated")
    return ended


def count_init(
    spec: Mapping[str, Any], container: Mapping[str, Any], status: Any, counts: Counts
) -> None:
    """A regular init container: done, failed, or still in the way (PHASE-003)."""
    ended = last_exit(status) if status else None
    if ended is None:
        counts.initializing += 1
    elif ended["exitCode"] != 0:
        counts.init_failed_for_good += not restart.init_restarts(spec, container, ended["exitCode"])


def count_sidecar(status: Any, counts: Counts) -> None:
    """A sidecar: it counts while it runs or has never run; one that has stopped does not (INIT-011)."""
    state = (status or {}).get("state") or {}
    if status is None:
        counts.unknown += 1
    elif "running" in state:
        counts.running += 1
        counts.sidecars_pending += not status.get("started")
    elif not state:
        counts.sidecars_pending += 1
        counts.unknown += 1
    elif last_exit(status) is None:
        counts.sidecars_pending += 1
        counts.waiting += 1


def count_app(
    spec: Mapping[str, Any], container: Mapping[str, Any], status: Any, counts: Counts
) -> None:
    """An app container; what decides about success is the exit code only (PHASE-009)."""
    state = (status or {}).get("state") or {}
    if "running" in state:
        counts.running += 1
        return
    ended = last_exit(status) if state else None
    if ended is None:
        counts.waiting += "waiting" in state
        counts.unknown += "waiting" not in state
        return
    counts.stopped += 1
    counts.succeeded += "terminated" in state and ended["exitCode"] == 0
    counts.restartable += restart.container_restarts(spec, container, ended["exitCode"])
    counts.killed_for_memory += ended.get("reason") == "OOMKilled"


def count(spec: Mapping[str, Any], statuses: Statuses) -> Counts:
    """Every container put into its class."""
    counts = Counts()
    for container in spec.get("initContainers") or ():
        status = statuses.get(container["name"])
        if restart.is_sidecar(container):
            count_sidecar(status, counts)
        else:
            count_init(spec, container, status, counts)
    for container in spec["containers"]:
        count_app(spec, container, statuses.get(container["name"]), counts)
    return counts


def is_pending(counts: Counts, initialized: bool) -> bool:
    """Is something still to start for the first time (PHASE-003, PHASE-005)?"""
    return bool(
        counts.initializing or (counts.sidecars_pending and not initialized) or counts.waiting
    )


def stopped_phase(counts: Counts, terminating: bool) -> str:
    """The phase once nothing runs (PHASE-006, PHASE-007, PHASE-011)."""
    if counts.restartable and not terminating:
        return "Running"
    return "Succeeded" if counts.stopped == counts.succeeded else "Failed"


def memory_kill_fails(spec: Mapping[str, Any], counts: Counts, settings: Settings) -> bool:
    """Does one OOM kill fail the Pod though others run? Documented so for Never (TRANS-005)."""
    return (
        settings.memory_kill_fails_never_pods
        and spec.get("restartPolicy") == "Never"
        and counts.killed_for_memory > 0
    )


def phase_of(
    spec: Mapping[str, Any],
    statuses: Statuses,
    settings: Settings,
    *,
    terminating: bool = False,
    initialized: bool = False,
) -> str:
    """The phase for these container statuses (by name).

    Args:
        terminating: the containers are stopped and stay so.
        initialized: some app container has run already.
    """
    counts = count(spec, statuses)
    if counts.init_failed_for_good:  # INIT-004
        return "Failed"
    if is_pending(counts, initialized):
        return "Pending"
    if memory_kill_fails(spec, counts, settings):
        return "Failed"
    if counts.unknown:
        return "Pending"
    if counts.running:
        return "Running"
    return stopped_phase(counts, terminating) if counts.stopped else "Pending"


def has_initialized(spec: Mapping[str, Any], statuses: Statuses) -> bool:
    """Has some app container run, now or before? Then initialization was over once."""
    for container in spec["containers"]:
        status = statuses.get(container["name"]) or {}
        state = status.get("state") or {}
        if (
            "running" in state
            or last_exit(status)
            or (status.get("lastState") or {}).get("terminated")
        ):
            return True
    return False


def pod_phase(arguments: Mapping[str, Any], settings: Settings) -> str:
    """The phase of a Pod as a manifest with container statuses (evaluate)."""
    pod = arguments["pod"]
    status = pod.get("status") or {}
    annotations = (pod.get("metadata") or {}).get("annotations") or {}
    is_static = annotations.get("kubernetes.io/config.source") in ("file", "http")
    return phase_of(
        pod["spec"],
        by_name(status),
        settings,
        terminating=bool(arguments.get("terminating")) and not is_static,
        initialized=bool(arguments.get("initialized")),
    )


def by_name(status: Mapping[str, Any]) -> Statuses:
    """All container statuses of a Pod status, by name."""
    listed = (
        *(status.get("initContainerStatuses") or ()),
        *(status.get("containerStatuses") or ()),
    )
    return {container["name"]: container for container in listed}
