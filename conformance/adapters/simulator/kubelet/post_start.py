"""The hook after the start of a container: where it fails, the container is stopped (REASON-007).

Upstream: kuberuntime_container.go, startContainer. The container runs while its hook does; what comes
of it then is up to the restart policy.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from conformance.adapters.simulator.kubelet.runtime import Run
from conformance.adapters.simulator.kubelet.status import Why

if TYPE_CHECKING:
    from conformance.adapters.simulator.kubelet.worker import PodWorker

REASON = "PostStartHookError"


def begin(worker: PodWorker, container: Mapping[str, Any], run: Run) -> None:
    """Run the hook of a container that was just started, as the tester has chosen it to go."""
    if "postStart" not in (container.get("lifecycle") or {}):
        return
    hook = worker.kubelet.engine.manners.hook(worker.key, run.container, "postStart")
    if not hook.fails or hook.seconds is None:
        return
    if hook.seconds:
        worker.clock.at(worker.clock.now + hook.seconds, partial(fail, worker, run))
    else:
        fail(worker, run)


def fail(worker: PodWorker, run: Run) -> None:
    """The hook has failed: say so, and stop the container, if it is still there."""
    if not run.is_running or worker.terminating or worker.finished:
        return
    where = f"{worker.key[1]}_{worker.key[0]}({worker.uid})"
    message = f'Exec lifecycle hook for Container "{run.container}" in Pod "{where}" failed'
    worker.report("FailedPostStartHook", "PostStartHook failed", "Warning")
    worker.waiting[run.container] = Why(REASON, message)
    run.failed_hook = True
    worker.stop(run, "FailedPostStartHook")
