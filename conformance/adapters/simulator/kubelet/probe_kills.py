"""Containers that the kubelet ends because of a probe, and starts again (upstream computePodActions).

Decides PROBE-011, PROBE-014 and BACKOFF-009.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from conformance.adapters.simulator import meta
from conformance.adapters.simulator.kubelet.manners import DIES
from conformance.adapters.simulator.kubelet.probe_results import KINDS
from conformance.adapters.simulator.kubelet.runtime import Run

if TYPE_CHECKING:
    from conformance.adapters.simulator.kubelet.hindrances import Hindered
    from conformance.adapters.simulator.kubelet.worker import PodWorker

Container = Mapping[str, Any]


def kill(worker: PodWorker, container: Container) -> None:
    """A failed probe ends a container, and the policy may bring it back, whatever its exit code.

    What is that unwell no longer handles SIGTERM, and dies of it.
    """
    run = worker.runtime.runs[container["name"]]
    if run.stop is not None:
        return
    policy = container.get("restartPolicy") or worker.pod["spec"].get("restartPolicy")
    run.comes_back = policy != "Never"
    message = f"Container {run.container} failed {run.failed_probe} probe"
    if run.comes_back:
        message += ", will be restarted"
    grace = grace_period(worker.pod, container, run.failed_probe)
    worker.stop(run, message, grace, DIES)


def grace_period(pod: Mapping[str, Any], container: Container, kind: str) -> float:
    """That of the probe where it has one, else of the Pod."""
    own = container[KINDS[kind]].get("terminationGracePeriodSeconds")
    return grace_of(pod) if own is None else float(own)


def grace_of(pod: Mapping[str, Any]) -> float:
    """The grace period of a Pod: of its deletion, else of its spec."""
    given = pod["metadata"].get("deletionGracePeriodSeconds") if meta.is_deleting(pod) else None
    return float(pod["spec"].get("terminationGracePeriodSeconds", 30) if given is None else given)


def bring_back(worker: PodWorker) -> None:
    """Start at once what was ended for that; what has to wait is left to the policy."""
    if not [run for run in worker.runtime.runs.values() if run.comes_back]:
        return
    for container in worker.containers():
        run = worker.runtime.runs.get(container["name"])
        if run is not None and run.comes_back and not run.is_running:
            worker.start(container)
            run.comes_back = False


def exited(worker: Hindered, name: str) -> Run | None:
    """The exit that back-off looks at: right after a probe's kill the one before (BACKOFF-009)."""
    run = worker.runtime.runs.get(name)
    earlier = worker.settings.probe_kill_backs_off_from_earlier_exit
    if run is not None and run.comes_back and run.failed_probe and earlier:
        return worker.runtime.previous.get(name)
    return run
