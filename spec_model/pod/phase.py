"""The phase of a Pod as a function of its containers' states.

PHASE-003 to -007, -009 and -011, INIT-003 and -004, TRANS-005, after ``pkg/kubelet.getPhase``. The
phase a Pod had before plays no part: that terminal phases absorb (PHASE-008) is a law of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from spec_model import objects
from spec_model.events import Manifest
from spec_model.objects import Container, ContainerStatus, Pod, Terminated
from spec_model.pod.init import has_started
from spec_model.pod.restart import NEVER, should_restart
from spec_model.profiles import V1_36, Profile
from spec_model.rules import Decision

PENDING: Final = "Pending"
RUNNING: Final = "Running"
SUCCEEDED: Final = "Succeeded"
FAILED: Final = "Failed"
TERMINAL: Final = frozenset({SUCCEEDED, FAILED})

OOM_KILLED: Final = "OOMKilled"
RESTARTING_ALL: Final = "RestartingAllContainers"
"""The reason by which the kubelet ends the siblings of a container that restarts the whole Pod."""


def pod_phase(pod: Pod, terminating: bool = False, profile: Profile = V1_36) -> Decision[str]:
    """The phase that the container states of a Pod mean.

    ``terminating`` says that all containers are stopped for good and the Pod is about to go: more
    than that a deletion was asked for.
    """
    spec, statuses = pod.spec, pod.statuses
    retrying = False
    if spec.init_containers:
        if (blocked := _blocked_by_init(pod, profile)) is not None:
            return blocked
        retrying = _is_retrying(pod)
    apps = [_class(statuses.get(container.name)) for container in spec.containers]
    everyone = apps
    if spec.init_containers:
        everyone = apps + [_class(statuses.get(sidecar.name)) for sidecar in _sidecars(pod)]
    if "waiting" in everyone or "unknown" in everyone or not apps:
        if "running" in apps:
            return Decision(PENDING, "PHASE-005")
        return Decision(PENDING, "INIT-003" if retrying else "PHASE-003")
    if "running" in everyone:
        return _while_running(pod, profile)
    return _all_stopped(pod, terminating, profile)


def final_phase(pod: Pod, profile: Profile = V1_36) -> Decision[str]:
    """The phase that a gracefully deleted Pod must show before it disappears (PHASE-011).

    Succeeded where every app container exited 0, Failed otherwise: also where one was never started
    or was lost. Not for static Pods, nor for what is force-deleted or was never bound. After
    ``pkg/kubelet/status.(*manager).TerminatePod``.
    """
    phase = pod_phase(pod, True, profile).value
    return Decision(phase if phase in TERMINAL else FAILED, "PHASE-011")


def phase_of_manifest(
    manifest: Manifest, terminating: bool = False, profile: Profile = V1_36
) -> Decision[str]:
    """``pod_phase`` of a plain Pod manifest."""
    return pod_phase(objects.pod(manifest), terminating, profile)


def _class(status: ContainerStatus | None) -> str:
    """Running, stopped, waiting for its first start, or unknown."""
    if status is None:
        return "unknown"
    if status.state == "terminated":
        return "stopped"
    if status.state == "waiting" and status.last is not None:
        return "stopped"
    return status.state


def _sidecars(pod: Pod) -> Iterable[Container]:
    return (container for container in pod.spec.init_containers if container.kind == "sidecar")


def _blocked_by_init(pod: Pod, profile: Profile) -> Decision[str] | None:
    """What initialization alone decides; None once it no longer decides anything."""
    unfinished = starting = False
    for container in pod.spec.init_containers:
        status = pod.statuses.get(container.name)
        if container.kind == "sidecar":
            starting |= status is not None and status.state == "running" and not status.started
            continue
        run = None if status is None else status.ended
        if run is None:
            unfinished = True
        elif run.exit_code != 0 and not _is_restartable(pod, container, run, profile):
            return Decision(FAILED, "INIT-004")
    if unfinished:
        return Decision(PENDING, "PHASE-003")
    if starting and not has_started(pod):
        return Decision(PENDING, "INIT-002")
    return None


def _is_retrying(pod: Pod) -> bool:
    """Whether a regular init container has failed; that it is tried again is known by now."""
    regular = (container for container in pod.spec.init_containers if container.kind == "init")
    return any(run is not None and run.exit_code != 0 for run in _runs(pod, regular))


def _is_restartable(pod: Pod, container: Container, run: Terminated, profile: Profile) -> bool:
    if run.reason == RESTARTING_ALL and profile.container_restart_policy:
        return True
    return should_restart(pod.spec, container, run.exit_code, False, profile).value


def _while_running(pod: Pod, profile: Profile) -> Decision[str]:
    """Every container was started and at least one runs."""
    if pod.spec.restart_policy == NEVER and any(
        run is not None and run.reason == OOM_KILLED for run in _runs(pod, pod.spec.containers)
    ):
        return Decision(FAILED if profile.oom_kill_fails_never_pod else RUNNING, "TRANS-005")
    return Decision(RUNNING, "PHASE-004")


def _all_stopped(pod: Pod, terminating: bool, profile: Profile) -> Decision[str]:
    """No container runs, and none is yet to be started for the first time."""
    runs = list(_runs(pod, pod.spec.containers))
    # A container that waits for its next start never counts as a success, whatever its last exit.
    success = all(run is not None and run.exit_code == 0 for run in runs) and all(
        pod.statuses[container.name].state == "terminated" for container in pod.spec.containers
    )
    outcome = SUCCEEDED if success else FAILED
    if terminating and not objects.is_static(pod.manifest):
        return Decision(outcome, "PHASE-011")
    for container, run in zip(pod.spec.containers, runs, strict=True):
        if run is not None and _is_restartable(pod, container, run, profile):
            return Decision(RUNNING, "PHASE-006" if success else "PHASE-004")
    if any(run is not None and _misleads(run) for run in runs):
        return Decision(outcome, "PHASE-009")
    return Decision(outcome, "PHASE-006" if success else "PHASE-007")


def _runs(pod: Pod, containers: Iterable[Container]) -> Iterator[Terminated | None]:
    """By container, the run it has behind it."""
    for container in containers:
        status = pod.statuses.get(container.name)
        yield None if status is None else status.ended


def _misleads(run: Terminated) -> bool:
    """Whether the reason, if it were asked, would tempt to another verdict than the exit code."""
    if run.reason == OOM_KILLED:
        return True
    return bool(run.reason) and (run.reason == "Completed") != (run.exit_code == 0)
