"""The namespaces that a container lives in, its ports, and whom it can reach.

Decides NETWORK-001 to 003 as far as containers can see it. A namespace is known by a text: equal texts,
same namespace.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from conformance.adapters.simulator.kubelet.machine import places
from conformance.adapters.simulator.kubelet.runtime import Run
from conformance.adapters.simulator.kubelet.worker import PodWorker

if TYPE_CHECKING:
    from conformance.adapters.simulator.kubelet import Kubelet
    from conformance.adapters.simulator.kubelet.machine import Place

LOCALHOST: Final = frozenset({"localhost", "127.0.0.1"})
BIND_FAILED: Final = 1
"""The exit code of a process that cannot have its port (NETWORK-003)."""


def namespaces(kubelet: Kubelet, place: Place) -> dict[str, str]:
    """The network, IPC and PID namespaces of a container (NETWORK-002)."""
    worker, _, run = place
    spec, pod = worker.pod["spec"], sandbox_id(worker)
    host = f"node:{kubelet.name}"
    return {
        "network": host if spec.get("hostNetwork") else pod,
        "ipc": host if spec.get("hostIPC") else pod,
        "pid": host if spec.get("hostPID") else pid_namespace(spec, pod, run),
    }


def pid_namespace(spec: Mapping[str, Any], pod: str, run: Run) -> str:
    """One for each container, unless the Pod wants to share it (NETWORK-002)."""
    return pod if spec.get("shareProcessNamespace") else run.id


def sandbox_id(worker: PodWorker) -> str:
    """What the namespaces of a Pod are known by: a new sandbox has new ones."""
    sandbox = worker.runtime.sandbox
    return f"pod:{worker.uid}/{sandbox.attempt if sandbox else 0}"


def process_id(place: Place) -> int:
    """What the process of a container is to itself: 1, if the namespace is its own (NETWORK-002)."""
    worker, _, run = place
    spec = worker.pod["spec"]
    if spec.get("hostPID"):
        return 1000 + list(worker.runtime.runs).index(run.container)
    if spec.get("shareProcessNamespace"):  # there, 1 is pause
        return 7 + list(worker.runtime.runs).index(run.container)
    return 1


def neighbours(kubelet: Kubelet, place: Place) -> Iterator[Run]:
    """The running containers that share the network of this one, itself included (NETWORK-001)."""
    own = namespaces(kubelet, place)["network"]
    for other in places(kubelet):
        if namespaces(kubelet, other)["network"] == own:
            yield other[2]


def is_taken(kubelet: Kubelet, place: Place, port: int) -> bool:
    """Does another container of the same network listen on this port (NETWORK-003)?"""
    others = (run for run in neighbours(kubelet, place) if run is not place[2])
    return any(port in run.ports for run in others)


def listen(kubelet: Kubelet, place: Place, port: int) -> dict[str, bool]:
    """The process binds a port; where it is taken, it fails and exits (NETWORK-003)."""
    worker, _, run = place
    if is_taken(kubelet, place, port):
        worker.finish(run, BIND_FAILED)
        return {"bound": False}
    run.ports.add(port)
    return {"bound": True}


def connect(kubelet: Kubelet, place: Place, host: str, port: int) -> dict[str, bool]:
    """Does somebody listen at that host and port, as seen from the container?"""
    if host in LOCALHOST:
        return {"connected": any(port in run.ports for run in neighbours(kubelet, place))}
    for other in kubelet.engine.kubelets.values():
        for there in places(other):
            if address_of(there[0]) == host and port in there[2].ports:
                return {"connected": True}
    return {"connected": False}


def address_of(worker: PodWorker) -> str:
    """The address of a Pod: its own, or its node's (NETWORK-001)."""
    if worker.pod["spec"].get("hostNetwork"):
        return worker.kubelet.ip
    return worker.runtime.sandbox.ip if worker.runtime.sandbox else ""
