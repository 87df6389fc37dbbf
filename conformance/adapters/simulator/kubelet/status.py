"""The status that a kubelet reports for a Pod, made from its runtime (upstream generateAPIPodStatus).

Decides how containers show (RESTART-004, BACKOFF-006, INIT-002) and when a terminal phase may be seen
(PHASE-008, PHASE-010).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from attrs import define, frozen

from conformance.adapters.simulator import meta
from conformance.adapters.simulator.kubelet import conditions, phase, restart
from conformance.adapters.simulator.kubelet.runtime import PodRuntime, Run
from conformance.adapters.simulator.settings import Settings

Container = Mapping[str, Any]

EVICTED: Final = "Evicted"
"""Why a Pod failed that its kubelet has put out (EVICT-003)."""


@frozen
class Why:
    """A reason with its message: of a waiting container, or of a Pod that failed.

    ``disrupts`` is for a Pod that did nothing wrong: the node had to do without it.
    """

    reason: str
    message: str
    disrupts: bool = False


@define
class View:
    """Everything a status is made from; nobody changes it, but frozen it would be made slower."""

    pod: Mapping[str, Any]
    runtime: PodRuntime
    waiting: Mapping[str, Why]
    settings: Settings
    now: str
    start_time: str
    host_ip: str
    failure: Why | None = None  # why the kubelet failed the Pod, if it did
    terminating: bool = False  # its containers are being stopped, or are
    restarting_all: bool = False


def pod_status(view: View) -> tuple[dict[str, Any], str]:
    """The whole status, and the phase that was decided; fields of others stay (qosClass)."""
    spec = view.pod["spec"]
    old = view.pod.get("status") or {}
    default = default_reason(spec)
    inits = [init_status(each, view) for each in spec.get("initContainers") or ()]
    apps = [app_status(each, view, default) for each in spec["containers"]]
    statuses = {each["name"]: each for each in (*inits, *apps)}
    decided = decided_phase(view, statuses)
    status = {
        **old,
        "observedGeneration": view.pod["metadata"].get("generation", 1),
        "phase": published_phase(decided, old.get("phase"), view.runtime),
        "conditions": pod_conditions(view, statuses, decided),
        "hostIP": view.host_ip,
        "hostIPs": [{"ip": view.host_ip}],
        "startTime": view.start_time,
        "containerStatuses": apps,
    }
    said = {key: status.pop(key) for key in ("reason", "message") if key in old}
    if inits:
        status["initContainerStatuses"] = inits
    if view.runtime.sandbox is not None:
        ip = view.host_ip if spec.get("hostNetwork") else view.runtime.sandbox.ip  # NETWORK-001
        status |= {"podIP": ip, "podIPs": [{"ip": ip}]}
    if view.failure is not None and status["phase"] == "Failed":
        status |= {"reason": view.failure.reason, "message": view.failure.message}
    elif view.failure is None:
        status |= said
    return status, decided


# The phase.


def decided_phase(view: View, statuses: phase.Statuses) -> str:
    """What the phase comes to, whether or not it may be shown yet."""
    before = (view.pod.get("status") or {}).get("phase", "Pending")
    if is_absorbing(before):
        return before  # type: ignore[no-any-return]
    if view.failure is not None:
        return "Failed"
    stopped = view.terminating and not any(view.runtime.running())
    spec = view.pod["spec"]
    decided = phase.phase_of(
        spec,
        statuses,
        view.settings,
        terminating=stopped,
        initialized=phase.has_initialized(spec, statuses),
    )
    return "Failed" if stopped and decided not in phase.TERMINAL else decided  # PHASE-011


def is_absorbing(before: str) -> bool:
    """A Pod never leaves Succeeded or Failed (PHASE-008)."""
    return before in phase.TERMINAL


def published_phase(decided: str, before: str | None, runtime: PodRuntime) -> str:
    """A terminal phase is not shown while a container may still run (PHASE-010)."""
    if decided in phase.TERMINAL and any(runtime.running()):
        return before or "Pending"
    return decided


# Conditions.


def pod_conditions(view: View, statuses: phase.Statuses, decided: str) -> list[Mapping[str, Any]]:
    """The kubelet's conditions in upstream's order, those of others behind."""
    spec = view.pod["spec"]
    old = (view.pod.get("status") or {}).get("conditions") or ()
    present = {each["type"]: each for each in old}
    was_initialized = present.get("Initialized", {}).get("status") == "True"
    containers = conditions.containers_ready(spec, statuses, decided)
    ready = conditions.ready(spec, containers, present)
    if view.settings.deletion_unreadies and meta.is_deleting(view.pod):
        ready = conditions.condition("Ready", False, "PodDeleted")
    made = [
        conditions.condition("PodReadyToStartContainers", view.runtime.has_sandbox),
        conditions.initialized(spec, statuses, decided, was_initialized),
        ready,
        containers,
        conditions.condition("PodScheduled", True),
    ]
    if view.restarting_all or "AllContainersRestarting" in present:
        made.insert(0, conditions.condition("AllContainersRestarting", view.restarting_all))
    if view.failure is not None and view.failure.disrupts:
        why = view.failure.message
        made.append(conditions.condition("DisruptionTarget", True, "TerminationByKubelet", why))
    known = [each for each in made if is_known(each["type"], view.settings)]
    return conditions.merged(old, known, view.now)


def is_known(type_: str, settings: Settings) -> bool:
    """Does the profile have conditions of this type (CONDITION-001)?"""
    return type_ not in settings.unknown_conditions


# Containers.


def default_reason(spec: Mapping[str, Any]) -> str:
    """Why a container waits that nobody has tried to start (REASON-006)."""
    return "PodInitializing" if spec.get("initContainers") else "ContainerCreating"


def init_status(container: Container, view: View) -> dict[str, Any]:
    """An init container: of this epoch only, for those of an older one were purged (INIT-009)."""
    run = view.runtime.current(container["name"])
    again = run is not None and run.exit_code is not None and not is_done(container, run)
    made = container_status(container, run, view, "PodInitializing", may_wait=run is None or again)
    if not restart.is_sidecar(container):
        made["ready"] = run is not None and is_done(container, run)
    return made


def is_done(container: Container, run: Run) -> bool:
    """A regular init container that exited 0 has nothing left to do."""
    return run.exit_code == 0 and not restart.is_sidecar(container)


def app_status(container: Container, view: View, default: str) -> dict[str, Any]:
    """An app container, unless it was removed to be started anew."""
    run = view.runtime.kept(container["name"])
    again = (
        run is not None
        and run.exit_code is not None
        and restart.container_restarts(view.pod["spec"], container, run.exit_code)
    )
    return container_status(container, run, view, default, may_wait=run is None or again)


def container_status(
    container: Container, run: Run | None, view: View, default: str, *, may_wait: bool
) -> dict[str, Any]:
    """One entry of containerStatuses.

    A container that will be started again waits, if its start was tried and something is in the way
    (BACKOFF-006); else it shows what it is. ``lastState`` is the run before the one that shows.
    """
    name = container["name"]
    why = view.waiting.get(name) if may_wait else None
    state: Container
    last: Run | None = None
    if run is None:
        state = waiting_state(why or Why(default, ""))
    elif why is not None:
        state, last = waiting_state(why), run
    else:
        state, last = run.state, view.runtime.previous.get(name)
    newest = run or view.runtime.runs.get(name)
    status = {
        "name": name,
        "state": state,
        "lastState": last.state if last is not None else {},
        "ready": run is not None and run.is_ready,
        "restartCount": newest.attempt if newest else 0,
        "image": run.image if run else container.get("image", ""),
        "imageID": "",
        "started": run is not None and run.has_started,
    }
    if run is not None:
        status["imageID"] = f"simulator://{run.image}"
        status["containerID"] = run.id
    return status


def waiting_state(why: Why) -> dict[str, Any]:
    """state.waiting."""
    if not why.message:
        return {"waiting": {"reason": why.reason}}
    return {"waiting": {"reason": why.reason, "message": why.message}}
