"""What the tester does to the machine under a kubelet, and what a container on it can see.

Decides RESOURCE-005 to 009 and OOM-002 to 004: who gets how much CPU, and who dies for memory.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from conformance.adapters.simulator import errors, meta, predicates, quantity
from conformance.adapters.simulator.kubelet import cgroups, empty_dirs, oom, runtime
from conformance.adapters.simulator.kubelet.runtime import Run
from conformance.adapters.simulator.kubelet.worker import PodWorker

if TYPE_CHECKING:
    from conformance.adapters.simulator.kubelet import Kubelet

Place = tuple[PodWorker, Mapping[str, Any], Run]
"""A running container: its Pod's worker, its spec, its run."""


def place_of(kubelet: Kubelet, namespace: str, pod: str, container: str) -> Place:
    """The running container of that name.

    Raises:
        ApiError: 404 no such Pod or container here, 409 it does not run.
    """
    worker = kubelet.worker_of(namespace, pod)
    for spec in worker.containers():
        if spec["name"] == container:
            break
    else:
        raise errors.ApiError(404, "NotFound", f'container "{container}" not found in pod "{pod}"')
    run = worker.runtime.runs.get(container)
    if run is None or not run.is_running:
        raise errors.conflict("Pod", pod, f'container "{container}" is not running')
    return worker, spec, run


def places(kubelet: Kubelet) -> Iterator[Place]:
    """Every running container of the node."""
    for worker in kubelet.workers():
        specs = {each["name"]: each for each in worker.containers()}
        for run in worker.runtime.running():
            yield worker, specs[run.container], run


# Memory.


def allocate(kubelet: Kubelet, place: Place, resident: int) -> None:
    """A container holds so many bytes from now on, or dies of it (RESOURCE-008, OOM-004)."""
    _, _, run = place
    run.memory_bytes = resident
    charge(kubelet, place)


def charge(kubelet: Kubelet, place: Place) -> None:
    """A container holds more memory than before: it may be too much for it, or for the node."""
    worker, spec, run = place
    if oom.exceeds_limit(spec, run.charged_bytes) or pod_exceeds_limit(worker):
        kill_for_memory(worker, run)
        left = kubelet.pressure.available()
    else:
        left = relieve(kubelet)
    kubelet.pressure.look_later(left)


def write_file(place: Place, path: str, content: str) -> None:
    """A container writes a file; one in memory counts as its own (VOLUME-006)."""
    worker, spec, run = place
    file = worker.volumes.write(spec, path, content.encode())
    if worker.volumes.size_of(file[0]) is not None:
        for other in worker.runtime.running():
            other.in_memory.pop(file, None)
        run.in_memory[file] = len(content.encode())
        charge(worker.kubelet, place)
    empty_dirs.written(worker)


def pod_exceeds_limit(worker: PodWorker) -> bool:
    """Do the containers together hold more than the Pod-level limit allows?"""
    spec = worker.pod["spec"]
    if not spec.get("resources"):
        return False
    return oom.exceeds_limit(spec, sum(run.charged_bytes for run in worker.runtime.running()))


def kill_for_memory(worker: PodWorker, run: Run) -> None:
    """The kernel kills the container, not the Pod (RESOURCE-008)."""
    worker.finish(run, runtime.KILLED, "OOMKilled")


def relieve(kubelet: Kubelet) -> int:
    """While the node holds more than it has, the kernel kills (OOM-002); the bytes that are left then."""
    while (left := kubelet.pressure.available()) < 0:
        here = list(places(kubelet))
        chosen = oom.victim(
            predicates.total_memory(kubelet.node()),
            [process(kubelet, place, str(index)) for index, place in enumerate(here)],
            kubelet.settings,
        )
        if chosen is None:
            return left
        worker, _, run = here[int(chosen)]
        message = f"System OOM encountered, victim process: {run.container}"
        kubelet.store.event(kubelet.node(), "SystemOOM", message, "Warning", "kubelet")
        kill_for_memory(worker, run)
    return left


def process(kubelet: Kubelet, place: Place, name: str) -> dict[str, Any]:
    """A running container as the kernel's killer sees it."""
    _, spec, run = place
    return {
        "name": name,
        "oom_score_adj": score_adj(kubelet, place),
        "rss_bytes": run.memory_bytes,
        "request_bytes": oom.memory_request(spec),
    }


def score_adj(kubelet: Kubelet, place: Place) -> int:
    """/proc/self/oom_score_adj in the container (OOM-001)."""
    worker, spec, _ = place
    memory = predicates.total_memory(kubelet.node())
    return oom.score_adj(worker.pod, spec["name"], memory, kubelet.settings)


# CPU.


def node_cpu(kubelet: Kubelet) -> int:
    """Milli-CPU of the machine."""
    capacity = (kubelet.node().get("status") or {}).get("capacity") or {}
    return quantity.milli(capacity.get("cpu"))


def cpu_milli(kubelet: Kubelet, run: Run) -> float:
    """What a container gets of the CPU it wants, with all others as they are (RESOURCE-007)."""
    if not run.cpu_milli:
        return 0.0
    here = list(places(kubelet))
    wishes = [cgroups.wish_of(spec, other.cpu_milli) for _, spec, other in here]
    got = cgroups.divide(node_cpu(kubelet), wishes, kubelet.settings)
    return next(share for share, (_, _, other) in zip(got, here, strict=True) if other is run)


def is_throttled(spec: Mapping[str, Any], demand: int) -> bool:
    """A container that wants more than its limit is held back, and lives (RESOURCE-006)."""
    limit = cgroups.limit_of(spec, "cpu") if demand else None
    return limit is not None and demand > quantity.milli(limit)


def inspect(kubelet: Kubelet, place: Place) -> meta.Object:
    """What a process in the container can read; /proc is the node's (RESOURCE-009)."""
    worker, spec, run = place
    size = (kubelet.node().get("status") or {}).get("capacity") or {}
    memory, cpu = quantity.value(size.get("memory")), quantity.milli(size.get("cpu"))
    mounts = bool(spec.get("volumeMounts"))
    return {
        "env": dict(run.environment),
        "files": files(worker, spec, run) if mounts else {},
        "mounts": worker.volumes.stat(spec) if mounts else {},
        "oom_score_adj": oom.score_adj(worker.pod, spec["name"], memory, kubelet.settings),
        "cgroup": cgroups.files(spec, kubelet.settings),
        "proc": {"MemTotal": memory, "cpus": cpu // 1000},
        "usage": {
            "cpu_milli": cpu_milli(kubelet, run),
            "throttled": is_throttled(spec, run.cpu_milli),
            "memory_bytes": run.charged_bytes,
        },
    }


def files(worker: PodWorker, spec: Mapping[str, Any], run: Run) -> meta.Object:
    """Every file that a container sees in its volumes, by path."""
    held = worker.volumes.files(spec, run.frozen)
    return {path: shown(content) for path, content in held.items()}


def shown(content: bytes) -> str | dict[str, str]:
    """The content of a file as JSON can carry it: text, or base64 of what is none."""
    try:
        return content.decode()
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(content).decode()}
