"""The order of initialization: whose turn it is, and when the app containers may start.

INIT-001 to -005, -009 and -011, after ``pkg/kubelet/kuberuntime.computeInitContainerActions`` and
``computePodActions``.
"""

from __future__ import annotations

from spec_model.objects import Container, ContainerStatus, Pod, Terminated
from spec_model.pod.restart import NEVER, ON_FAILURE, should_restart
from spec_model.profiles import V1_36, Profile
from spec_model.rules import Decision


def next_to_run(pod: Pod, profile: Profile = V1_36) -> Decision[str | None]:
    """The init container or sidecar whose turn it is: the only one that may be starting or at work.

    Earlier ones have succeeded, or are sidecars that have started; later ones must not start. None
    where initialization is over, or has failed for good (INIT-004). Not to be asked about a Pod that
    starts over: after the loss of its sandbox (INIT-009), or all containers at once (RESTART-007).
    """
    if has_started(pod):
        return Decision(None, "INIT-005")
    for container in pod.spec.init_containers:
        status = pod.statuses.get(container.name)
        if container.kind == "sidecar":
            if status is None or status.state != "running" or not status.started:
                return Decision(container.name, "INIT-011")
        elif (turn := _turn(pod, container, status, profile)) is not None:
            return turn
    return Decision(None, "INIT-002")


def app_containers_may_start(pod: Pod, profile: Profile = V1_36) -> Decision[bool]:
    """Whether app containers may start: regular init containers exited 0, sidecars have started.

    Once one of them has run, initialization is not looked at again (INIT-005).
    """
    turn = next_to_run(pod, profile)
    if turn.value is None:
        return Decision(turn.because != "INIT-004", turn.because)
    return Decision(False, "INIT-002")


def runs_again_after_sandbox_loss(pod: Pod) -> Decision[bool]:
    """Whether a Pod that lost its sandbox initializes from its first init container on (INIT-009).

    Not with policy Never once something has run, and not with OnFailure once every app container
    has succeeded: then nothing of it is created again.
    """
    if pod.spec.restart_policy == NEVER:
        return Decision(not any(status.has_run for status in pod.statuses.values()), "INIT-009")
    if pod.spec.restart_policy == ON_FAILURE:
        statuses = [pod.statuses.get(container.name) for container in pod.spec.containers]
        return Decision(not all(map(_has_succeeded, statuses)), "INIT-009")
    return Decision(True, "INIT-009")


def has_started(pod: Pod) -> bool:
    """Whether some app container runs or has ever run: the Pod has been initialized."""
    for container in pod.spec.containers:
        status = pod.statuses.get(container.name)
        if status is not None and status.has_run:
            return True
    return False


def has_failed(run: Terminated) -> bool:
    """Whether a run of a regular init container counts as failed: OOMKilled does, even with exit 0.

    ``pkg/kubelet/kuberuntime.isInitContainerFailed``, the exception of PHASE-009.
    """
    return run.exit_code != 0 or run.reason == "OOMKilled"


def _turn(
    pod: Pod, container: Container, status: ContainerStatus | None, profile: Profile
) -> Decision[str | None] | None:
    """A regular init container's turn lasts until it succeeds; a failure is retried or final."""
    run = None if status is None else status.ended
    if run is None:
        return Decision(container.name, "INIT-001")
    if not has_failed(run):
        return None
    # An OOM kill that reports exit 0 is asked about as the failure it counts as.
    if should_restart(pod.spec, container, run.exit_code or 1, False, profile).value:
        return Decision(container.name, "INIT-003")
    return Decision(None, "INIT-004")


def _has_succeeded(status: ContainerStatus | None) -> bool:
    run = None if status is None else status.terminated
    return run is not None and run.exit_code == 0
