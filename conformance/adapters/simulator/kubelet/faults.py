"""What does not work on a node: its container runtime, its network, or a step of starting a container.

Decides REASON-002, and where RunContainerError, PreCreateHookError and PreStartHookError come from
(upstream kubelet.go syncLoop and SyncPod, runtime.go, kuberuntime_container.go startContainer). Without a
runtime a kubelet looks after nothing: processes live on, and nobody asks them anything.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from conformance.adapters.simulator import errors, meta
from conformance.adapters.simulator.kubelet import actions, node, runtime, stopping
from conformance.adapters.simulator.kubelet.runtime import Run
from conformance.adapters.simulator.kubelet.status import Why

if TYPE_CHECKING:
    from conformance.adapters.simulator.kubelet import Kubelet
    from conformance.adapters.simulator.kubelet.hindrances import Hindered
    from conformance.adapters.simulator.kubelet.worker import PodWorker

RUNTIME: Final = "runtime"
NETWORK: Final = "network"
PRE_CREATE: Final = "pre-create"
PRE_START: Final = "pre-start"
START: Final = "start"
PARTS: Final = (RUNTIME, NETWORK, PRE_CREATE, PRE_START, START)

START_ERROR: Final = 128
"""The exit code that a runtime gives to a process that it could not start."""

DOWN: Final = "container runtime is down"
NO_NETWORK: Final = (
    "container runtime network not ready: NetworkReady=false reason:NetworkPluginNotReady "
    "message:Network plugin returns error: cni plugin not initialized"
)
WORDS_OF_NODES: Final[Mapping[str, str]] = {
    RUNTIME: "DockerDaemonNotReady",
    NETWORK: "NetworkPluginNotReady",
}
"""What the source document has Pods say of their node."""


class Faults:
    """The parts of one node that are broken, and since when."""

    def __init__(self, kubelet: Kubelet) -> None:
        self.kubelet = kubelet
        self.broken: dict[str, float] = {}

    def set(self, part: str, works: bool) -> None:
        """The tester breaks a part, or mends it.

        Raises:
            ApiError: 400, there is no such part.
        """
        if part not in PARTS:
            raise errors.bad_request(f"part: {part!r} is none of {', '.join(PARTS)}")
        if works == (part not in self.broken):
            return
        if works:
            del self.broken[part]
        else:
            self.broken[part] = self.kubelet.clock.now
        CHANGED.get(part, look_at_all)(self.kubelet, works)

    def works(self, part: str) -> bool:
        """Does this part of the node work?"""
        return part not in self.broken

    def message(self) -> str:
        """What a kubelet has against its node: a runtime that is missed for long, or no network."""
        found = []
        since = self.broken.get(RUNTIME)
        now, patience = self.kubelet.clock.now, self.kubelet.settings.runtime_patience_seconds
        if since is not None and now >= since + patience:
            found.append(DOWN)
        if not self.works(NETWORK):
            found.append(NO_NETWORK)
        return found[0] if len(found) == 1 else f"[{', '.join(found)}]" if found else ""


# Breaking and mending.


def runtime_changed(kubelet: Kubelet, works: bool) -> None:
    """What the kubelet had under way is cut off; when the runtime is back, it begins anew."""
    for worker in kubelet.workers():
        if works:
            worker.again()
        else:
            cut_off(worker)
    if works:
        node_changed(kubelet, works)
    else:
        wait = kubelet.settings.runtime_patience_seconds
        kubelet.clock.after(wait, partial(node_changed, kubelet, works))


def cut_off(worker: PodWorker) -> None:
    """Nobody asks its containers anything, and those that were asked to end have it to themselves."""
    worker.prober.sleep()
    worker.stopping_within = None
    for run in worker.runtime.running():
        stopping.cancel(run)
    worker.again()


def network_changed(kubelet: Kubelet, works: bool) -> None:
    """The node says so at once, and its Pods are looked at."""
    node_changed(kubelet, works)
    look_at_all(kubelet, works)


def node_changed(kubelet: Kubelet, _: bool) -> None:
    """The condition Ready of the Node says how things are now."""
    known = kubelet.store.get("Node", None, kubelet.name)
    if known is not None and kubelet.running and not kubelet.is_new:
        condition = node.ready(kubelet.faults.message())
        conditions = (known.get("status") or {}).get("conditions") or ()
        conditions = meta.with_condition(conditions, condition, kubelet.clock.timestamp())
        kubelet.store.update_status(meta.with_status(known, conditions=conditions))


def look_at_all(kubelet: Kubelet, _: bool) -> None:
    """Every Pod of the node is looked at once more."""
    for worker in kubelet.workers():
        worker.again()


CHANGED: Final = {RUNTIME: runtime_changed, NETWORK: network_changed}


# What Pods see of it.


def hold(worker: PodWorker) -> None:
    """A Pod that nobody can do anything for: the source document has it say so (REASON-002)."""
    if not worker.settings.node_reasons_in_pods or worker.finished or worker.terminating:
        return
    worker.start_time = worker.start_time or worker.clock.timestamp()
    blame(worker, RUNTIME, DOWN)
    worker.show()


def lacks_network(worker: PodWorker) -> bool:
    """Is there no network for this Pod? It is told, and tried again every 1-1.5 s (REASON-002)."""
    if worker.kubelet.faults.works(NETWORK) or worker.pod["spec"].get("hostNetwork"):
        return False
    if worker.settings.node_reasons_in_pods:
        blame(worker, NETWORK, NO_NETWORK)
    else:
        worker.report("NetworkNotReady", f"network is not ready: {NO_NETWORK}", "Warning")
    worker.nap(worker.settings.network_retry_seconds)
    return True


def blame(worker: PodWorker, part: str, message: str) -> None:
    """Containers that would run by now wait for their node."""
    for container in awaited(worker):
        run = worker.runtime.runs.get(container["name"])
        if run is None or not run.is_running:
            worker.waiting[container["name"]] = Why(WORDS_OF_NODES[part], message)


def awaited(worker: PodWorker) -> Sequence[Mapping[str, Any]]:
    """Init containers until the Pod is initialized, and app containers then (INIT-002)."""
    spec = worker.pod["spec"]
    inits: Sequence[Mapping[str, Any]] = spec.get("initContainers") or ()
    done = actions.is_initialized(spec, worker.runtime)
    apps: Sequence[Mapping[str, Any]] = spec["containers"]
    return apps if done or not inits else inits


def forgive(worker: PodWorker) -> None:
    """What the node was blamed for is over."""
    if not worker.settings.node_reasons_in_pods:
        return
    over = [word for part, word in WORDS_OF_NODES.items() if worker.kubelet.faults.works(part)]
    for name in [each for each, why in worker.waiting.items() if why.reason in over]:
        del worker.waiting[name]


# What containers see of it.


def before_start(worker: Hindered, name: str) -> Why | None:
    """The kubelet's own steps before a container is created, and before it is started."""
    for part, hook in ((PRE_CREATE, "PreCreateContainer"), (PRE_START, "PreStartContainer")):
        if not worker.kubelet.faults.works(part):
            message = f"Internal {hook} hook failed: {name} has no CPUs to run on"
            worker.report_of(name, "Failed", message, "Warning")
            return Why(worker.settings.start_failures[part], message)
    return None


def cannot_start(worker: PodWorker, container: Mapping[str, Any], run: Run) -> bool:
    """Has the runtime refused to start a container that was created? Then it has ended by that."""
    if worker.kubelet.faults.works(START):
        return False
    name = container["name"]
    message = f'failed to start container "{name}": the runtime cannot start its process'
    worker.report_of(name, "Failed", f"Error: {message}", "Warning")
    runtime.end(run, START_ERROR, worker.clock.now, worker.clock.timestamp(), "StartError")
    worker.waiting[name] = Why(worker.settings.start_failures[START], message)
    return True
