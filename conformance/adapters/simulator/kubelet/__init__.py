"""The kubelet of one node: runs the Pods that are bound to it, and reports on them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from conformance.adapters.simulator import errors, meta
from conformance.adapters.simulator.kubelet import (
    backoff,
    configuration,
    faults,
    machine,
    network,
    node,
)
from conformance.adapters.simulator.kubelet.disk import Disk
from conformance.adapters.simulator.kubelet.images import Images
from conformance.adapters.simulator.kubelet.pressure import Pressure
from conformance.adapters.simulator.kubelet.static_manifests import is_mirror
from conformance.adapters.simulator.kubelet.static_pods import StaticPods
from conformance.adapters.simulator.kubelet.worker import PodWorker

if TYPE_CHECKING:
    from conformance.adapters.simulator.engine import Engine

NODE_NETWORK = 16
NODE_NETWORKS = 80
"""Addresses of Pods are 10.<NODE_NETWORK + number of the kubelet>.x.y; below those of Services."""


class Kubelet:
    """Watches the Pods of its node, and does one step for each that has changed."""

    def __init__(self, engine: Engine, node_name: str) -> None:
        self.engine = engine
        self.name = node_name
        self.store = engine.store
        self.clock = engine.clock
        self.settings = engine.settings
        self.jitter = engine.jitter
        self.number = engine.new_number()
        self.ip = f"192.168.0.{self.number}"
        self.running = True
        self.configuration = configuration.Configuration()
        self._workers: dict[str, PodWorker] = {}
        self._names: dict[tuple[str, str], PodWorker] = {}
        self._readers: dict[tuple[str, str], dict[PodWorker, None]] = {}  # by ConfigMap
        self._queue: dict[PodWorker, None] = {}
        self.disk = Disk()
        self._addresses = 0
        self.is_new = True
        self._writing = False
        self.statics: StaticPods = StaticPods(self)
        self.pressure = Pressure(self)
        runtimes = self.settings.container_runtimes
        self.runtime = runtimes[(self.number - 1) % len(runtimes)]
        guarded = self.settings.images_guarded
        self.images = Images(engine.images, self.runtime, guarded=guarded)
        self.faults: faults.Faults = faults.Faults(self)
        self._begin()

    # What to look at.

    def notice(self, type_: str, new: meta.Object) -> None:
        """Queue the worker of a Pod of this node that changed, its own status writes excepted."""
        if not self.running:
            return
        if is_mirror(new):
            self.statics.is_dirty |= type_ == "DELETED" or meta.is_deleting(new)
            return
        worker = self._workers.get(meta.uid_of(new))
        if type_ == "DELETED":
            if worker is not None:
                self._orphan(worker)
            return
        if worker is None:
            worker = self._take(new)
        worker.pod = new
        if not self._writing:
            self._queue[worker] = None

    def notice_config_map(self, namespace: str, name: str) -> None:
        """Pods that show a ConfigMap will show it as it is now when they are synced next."""
        for worker in self._readers.get((namespace, name), ()) if self.running else ():
            worker.resync()

    def enqueue(self, worker: PodWorker) -> None:
        """Look at this Pod once more."""
        self._queue[worker] = None

    def work(self) -> bool:
        """One step for every Pod that is queued now."""
        if not (self._queue or self.is_new or self.statics.is_dirty) or not self.running:
            return False
        if self.is_new:
            self._register()
            return True
        if not self.faults.works(faults.RUNTIME):
            return self._hold()
        if self.statics.is_dirty:
            self.statics.work()
            return True
        queue, self._queue = self._queue, {}
        for worker in queue:
            if worker.uid in self._workers:
                worker.sync()
        return True

    def _hold(self) -> bool:
        """Without a runtime there is nothing to do for any Pod."""
        queue, self._queue = self._queue, {}
        for worker in queue:
            faults.hold(worker)
        return bool(queue)

    def _register(self) -> None:
        """Report the node as healthy, and take up the Pods that are bound to it."""
        self.is_new = False
        known = self.store.get("Node", None, self.name)
        if known is not None:
            self.store.update_status(
                node.node_status(
                    known, self.clock.timestamp(), self.ip, self.runtime, self.faults.message()
                )
            )
        bound = {
            meta.uid_of(pod): pod
            for pod in self.store.list("Pod")
            if pod["spec"].get("nodeName") == self.name and not is_mirror(pod)
        }
        self.statics.begin()
        known_here = {*bound, *self.statics.workers}
        for worker in list(self._workers.values()):
            if worker.uid not in known_here and not worker.orphaned:
                self._orphan(worker)
        for uid, pod in bound.items():
            worker = self._workers.get(uid) or self._take(pod)
            worker.pod = pod
            self._queue[worker] = None

    def _take(self, pod: meta.Object) -> PodWorker:
        worker = PodWorker(self, pod)
        self.take(worker)
        return worker

    def take(self, worker: PodWorker) -> None:
        """From now on this node knows of the Pod."""
        self._workers[worker.uid] = worker
        self._names[worker.key] = worker
        for name in worker.volumes.config_maps:
            self._readers.setdefault((worker.key[0], name), {})[worker] = None
        self.enqueue(worker)

    def _orphan(self, worker: PodWorker) -> None:
        """Its Pod is gone from the API; its containers may take a while longer (TERM-013)."""
        if self._names.get(worker.key) is worker:
            del self._names[worker.key]
        worker.forget()

    def drop(self, worker: PodWorker) -> None:
        """Nothing is left of a Pod on this node."""
        self._workers.pop(worker.uid, None)
        for name in worker.volumes.config_maps:
            self._readers[worker.key[0], name].pop(worker, None)
        if self._names.get(worker.key) is worker:
            del self._names[worker.key]

    # What workers need.

    def workers(self) -> Iterator[PodWorker]:
        """The Pods that this node knows of."""
        return iter(self._workers.values())

    def worker_of(self, namespace: str, name: str) -> PodWorker:
        """The Pod of that name on this node.

        Raises:
            ApiError: 404 there is none, 409 the node is stopped.
        """
        worker = self._names.get((namespace, name))
        if worker is None:
            raise errors.not_found("Pod", name)
        if not self.running:
            raise errors.conflict("Node", self.name, "the node is stopped")
        return worker

    def situation(self, newcomer: PodWorker) -> tuple[meta.Object, list[meta.Object]]:
        """The node, and the Pods on it that hold resources besides this one."""
        others = [
            worker.pod
            for worker in self._workers.values()
            if worker is not newcomer and worker.holds_resources()
        ]
        return self.node(), others

    def node(self) -> meta.Object:
        """The Node object."""
        return self.store.get("Node", None, self.name) or {"metadata": {"name": self.name}}

    def write_status(self, worker: PodWorker, status: Mapping[str, Any]) -> None:
        """Report on a Pod, if it is still there."""
        self._writing = True
        try:
            if self.store.get("Pod", *worker.key) is not None:
                worker.pod = self.store.update_status({**worker.pod, "status": status})
        finally:
            self._writing = False

    def remove(self, worker: PodWorker) -> None:
        """The end of a deleted Pod: a delete without grace, of this very Pod (TERM-011)."""
        current = self.store.get("Pod", *worker.key)
        if current is not None and meta.uid_of(current) == worker.uid:
            self.store.delete("Pod", *worker.key, grace=0, uid=worker.uid)

    def new_ip(self) -> str:
        """An address nobody on this node has had lately."""
        self._addresses += 1
        high, low = divmod(self._addresses, 250)
        return f"10.{NODE_NETWORK + self.number % NODE_NETWORKS}.{high % 256}.{low + 1}"

    def nap(self, seconds: float) -> float:
        """How long a nap of so many seconds really is (BACKOFF-002)."""
        if not self.jitter:
            return seconds
        return seconds * (1 + self.engine.random.uniform(0, self.settings.requeue_jitter))

    def first_probe_wait(self, period: float) -> float:
        """A kubelet that is younger than a period spreads its first probes over one (PROBE-005)."""
        if not self.jitter or self.clock.now - self.began >= period:
            return 0.0
        return self.engine.random.uniform(0, period)

    # Verbs of the tester.

    def exit(self, namespace: str, pod: str, container: str, code: int) -> None:
        """The process of a container ends by itself."""
        worker, _, run = machine.place_of(self, namespace, pod, container)
        worker.finish(run, code)

    def allocate(self, namespace: str, pod: str, container: str, size: int) -> None:
        """A container holds so many bytes of memory from now on."""
        machine.allocate(self, machine.place_of(self, namespace, pod, container), size)

    def burn(self, namespace: str, pod: str, container: str, milli: int) -> None:
        """A container wants so much CPU from now on."""
        _, _, run = machine.place_of(self, namespace, pod, container)
        run.cpu_milli = milli

    def inspect(self, namespace: str, pod: str, container: str) -> meta.Object:
        """What a process in a container can see."""
        place = machine.place_of(self, namespace, pod, container)
        return {
            **machine.inspect(self, place),
            "namespaces": network.namespaces(self, place),
            "pid": network.process_id(place),
            "ip": network.address_of(place[0]),
        }

    def write_file(self, namespace: str, pod: str, container: str, path: str, content: str) -> None:
        """A container writes a file into one of its volumes."""
        machine.write_file(machine.place_of(self, namespace, pod, container), path, content)

    def listen(self, namespace: str, pod: str, container: str, port: int) -> meta.Object:
        """A container binds a port."""
        return dict(network.listen(self, machine.place_of(self, namespace, pod, container), port))

    def connect(
        self, namespace: str, pod: str, container: str, host: str, port: int
    ) -> meta.Object:
        """A container looks whether somebody answers at an address."""
        place = machine.place_of(self, namespace, pod, container)
        return dict(network.connect(self, place, host, port))

    def target_changed(self, namespace: str, pod: str) -> None:
        """The target of a probe will answer otherwise."""
        worker = self._names.get((namespace, pod))
        if worker is not None and self.running and self.faults.works(faults.RUNTIME):
            worker.prober.look()

    def lose_sandbox(self, namespace: str, pod: str) -> None:
        """The pause container dies, and everything in the Pod with it (INIT-009).

        Raises:
            ApiError: 404 no such Pod here, 409 it has no sandbox.
        """
        worker = self.worker_of(namespace, pod)
        if worker.runtime.sandbox is None or not worker.runtime.has_sandbox:
            raise errors.conflict("Pod", pod, "it has no sandbox")
        worker.lose_sandbox()

    def restart(self) -> None:
        """The kubelet's process starts anew; what it only remembered is gone (BACKOFF-010).

        Raises:
            ApiError: 409 the node is stopped.
        """
        if not self.running:
            raise errors.conflict("Node", self.name, "the node is stopped")
        self._begin()
        self.pressure.forget()
        self.statics.begin()
        for worker in self._workers.values():
            worker.restarted_kubelet()

    def configure(self, given: Mapping[str, Any]) -> None:
        """Restart the kubelet with another configuration (BACKOFF-007).

        Raises:
            ApiError: 422 the kubelet would refuse to start with it; the old one stays.
        """
        self.configuration = configuration.read(given, self.settings)
        if self.running:
            self.restart()

    def stop(self) -> None:
        """The machine goes down, its processes with it; the API hears nothing."""
        self.running = False
        self.pressure.stop()
        for worker in self._workers.values():
            worker.power_off()
        self._queue.clear()
        self.engine.agenda.look_around()

    def start(self) -> None:
        """The machine comes up again; every sandbox is lost (INIT-009)."""
        if not self.running:
            self.running = True
            self.is_new = True
            self._begin()
            self.engine.agenda.look_around()

    def _begin(self) -> None:
        """A kubelet process remembers nothing of the one before (BACKOFF-010)."""
        self.began = self.clock.now
        chosen = self.configuration
        delays = backoff.restart_delays(
            self.settings, chosen.restart_cap_seconds, chosen.reduced_decay
        )
        self.restarts = backoff.Backoff(delays, self.clock.now)
        self.images.backoff = backoff.Backoff(backoff.pull_delays(self.settings), self.clock.now)
