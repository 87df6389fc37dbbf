"""The engine: wires the store, the scheduler, the kubelets and the controllers to one clock."""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

from conformance.adapters.simulator import meta, store
from conformance.adapters.simulator.agenda import Agenda
from conformance.adapters.simulator.clock import Clock
from conformance.adapters.simulator.controllers import all_controllers
from conformance.adapters.simulator.kubelet import Kubelet
from conformance.adapters.simulator.kubelet.disk import share_of
from conformance.adapters.simulator.kubelet.manners import Manners
from conformance.adapters.simulator.kubelet.probe_results import Answer
from conformance.adapters.simulator.rolling_update import Updaters
from conformance.adapters.simulator.scheduler import Scheduler
from conformance.adapters.simulator.settings import V1_36, Settings

MAXIMAL_ROUNDS: Final = 1_000
"""An engine that is not at rest after so many rounds never will be."""


class Beginning(NamedTuple):
    """A fresh cluster at rest: its Nodes as they have registered, and the luck that is left."""

    store: store.Beginning
    random: random.Random  # one for all who begin so, each after the other
    luck: tuple[Any, ...]


class Engine:
    """A whole cluster at one instant of virtual time."""

    def __init__(
        self,
        settings: Settings = V1_36,
        *,
        nodes: int = 2,
        seed: int = 0,
        jitter: bool = False,
        like: Beginning | None = None,
    ) -> None:
        self.settings = settings
        self.jitter = jitter
        self.clock = Clock()
        self.random = random.Random(seed) if like is None else like.random
        self.store = store.Store(self.clock, self.random, settings)
        self.images: dict[str, str] = {}
        self.usage: dict[tuple[str, str], Mapping[str, Any] | None] = {}
        self.metrics_available = True
        self.flags: dict[str, Any] = {}  # of the controller manager
        self.manners = Manners()
        self.answers: dict[tuple[str, str, str], Answer] = {}  # by Pod UID, container, probe
        self.kubelets: dict[str, Kubelet] = {}
        self.shares: dict[str, dict[str, bytes]] = {}  # the files of each storage of the network
        self._numbers = itertools.count(1)
        self.updaters = Updaters(self)
        self.scheduler = Scheduler(self)
        self.agenda = Agenda()
        self.controllers = all_controllers(self)
        self._work: tuple[Callable[[], bool], ...] = ()
        self.store.subscribe(self._on_node, frozenset({"Node"}))
        self.store.subscribe(self._on_pod, frozenset({"Pod"}))
        self.store.subscribe(self._on_config_map, frozenset({"ConfigMap"}))
        if like is not None:
            self._begin(like)
            return
        self._wire()
        for number in range(1, nodes + 1):
            self.store.create(node_manifest(f"node{number}"))
        self.settle()

    def beginning(self) -> Beginning:
        """How this cluster is now, while it is fresh: another one of the same making may begin so."""
        return Beginning(self.store.beginning(), self.random, self.random.getstate())

    def _begin(self, like: Beginning) -> None:
        """Be what another fresh cluster was, without doing again what came to it."""
        self.store.begin(like.store)
        self.random.setstate(like.luck)
        for _, name in like.store.nodes:
            self.kubelets[name] = kubelet = Kubelet(self, name)
            kubelet.is_new = False
        self._wire()

    def settle(self) -> None:
        """Let every part work, in turn, until none has anything left to do at this instant."""
        for _ in range(MAXIMAL_ROUNDS):
            worked = False
            for work in self._work:
                worked |= work()
            if self.agenda.due:
                worked |= self.agenda.round()
            if not worked:
                return
        raise RuntimeError("the engine does not come to rest: two parts undo each other's work")

    def advance(self, seconds: float) -> None:
        """Let time pass; whatever waits on the way happens, and settles, at its own instant."""
        self.clock.advance(seconds, self.settle)
        self.store.history.compact()

    def close(self) -> None:
        """The end of it all: no part knows another any longer, so nothing waits for the collector."""
        kubelets = self.kubelets.values()
        workers = [worker for kubelet in kubelets for worker in kubelet.workers()]
        parts = (*workers, *kubelets, *self.controllers, self.scheduler, self.updaters)
        for part in (*parts, self.agenda, self.clock, self.store, self):
            vars(part).clear()

    def new_number(self) -> int:
        """A number that no kubelet had before: addresses of Pods are made from it (NETWORK-001)."""
        return next(self._numbers)

    def wipe(self, storage: meta.Object) -> None:
        """Whatever the storage behind a volume holds is deleted, on whichever node (PV-007, PV-008)."""
        if storage.get("hostPath"):
            for kubelet in self.kubelets.values():
                kubelet.disk.clear(storage["hostPath"]["path"])
        elif (share := share_of(storage)) is not None:
            self.shares.pop(share, None)

    def _on_node(self, type_: str, new: meta.Object, old: meta.Object | None) -> None:
        """A Node brings its kubelet, and takes it away."""
        if old is not None and type_ == "MODIFIED":
            return
        name = meta.name_of(new)
        if type_ == "DELETED":
            self.kubelets.pop(name).stop()
        else:
            self.kubelets[name] = Kubelet(self, name)
        self._wire()

    def _on_pod(self, type_: str, new: meta.Object, old: meta.Object | None) -> None:
        """A kubelet hears of the Pods of its own node only."""
        kubelet = self.kubelets.get(new["spec"].get("nodeName") or "")
        if kubelet is not None:
            kubelet.notice(type_, new)

    def _on_config_map(self, type_: str, new: meta.Object, old: meta.Object | None) -> None:
        _, *place = meta.key_of(new)
        for kubelet in self.kubelets.values():
            kubelet.notice_config_map(*place)

    def _wire(self) -> None:
        kubelets = (kubelet.work for kubelet in self.kubelets.values())
        self._work = (self.scheduler.work, *kubelets)


def node_manifest(name: str, cpu: str = "4", memory: str = "8Gi", pods: str = "110") -> meta.Object:
    """A Node as the kubelet of a machine of this size would register it."""
    size = {"cpu": cpu, "memory": memory, "pods": pods}
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": name, "labels": {"kubernetes.io/hostname": name}},
        "status": {"capacity": size, "allocatable": size},
    }
