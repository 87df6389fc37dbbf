"""A control plane without real nodes: controllers on a store, and Pods that run as soon as they exist."""

from __future__ import annotations

import random
from typing import Any

from conformance.adapters.simulator import meta
from conformance.adapters.simulator.agenda import Agenda
from conformance.adapters.simulator.clock import Clock
from conformance.adapters.simulator.controllers import all_controllers
from conformance.adapters.simulator.settings import SETTINGS
from conformance.adapters.simulator.store import Store


class Kubelet:
    """One that only lives or does not."""

    def __init__(self) -> None:
        self.started_at = 0.0
        self.running = True


class Runner:
    """Binds Pods to nodes in turn, runs them at once, and finishes deleted ones at once."""

    def __init__(self, plane: ControlPlane) -> None:
        self.plane = plane
        self.queue: dict[meta.Key, None] = {}
        plane.store.subscribe(self.notice)

    def notice(self, type: str, new: meta.Object, old: meta.Object | None) -> None:
        if new["kind"] == "Pod" and type != "DELETED":
            self.queue[meta.key_of(new)] = None

    def work(self) -> bool:
        queue, self.queue = self.queue, {}
        for key in queue:
            pod = self.plane.store.get(*key)
            if pod is not None and self.plane.runs_pods:
                self.run(pod)
        return bool(queue)

    def run(self, pod: meta.Object) -> None:
        store, now = self.plane.store, self.plane.clock.timestamp()
        node = pod["spec"].get("nodeName")
        if node is not None and not self.plane.is_alive(node):
            return
        if meta.is_deleting(pod):
            store.remove(*meta.key_of(pod))
        elif node is None and not self.plane.claims_pending(pod):
            names = [name for name in self.plane.kubelets if self.plane.is_alive(name)]
            store.bind(
                meta.namespace_of(pod), meta.name_of(pod), names[len(self.queue) % len(names)]
            )
        elif node is not None and pod["status"]["phase"] == "Pending":
            ready = meta.with_condition((), {"type": "Ready", "status": "True"}, now)
            running = meta.with_status(pod, phase="Running", startTime=now, conditions=ready)
            store.update_status(running)


class ControlPlane:
    """What controllers see of an engine, and short words to drive it."""

    def __init__(self, profile: str = "v1.36", nodes: int = 2) -> None:
        self.settings = SETTINGS[profile]
        self.clock = Clock()
        self.random = random.Random(0)
        self.store = Store(self.clock, self.random, self.settings)
        self.usage: dict[tuple[str, str], dict[str, Any] | None] = {}
        self.metrics_available = True
        self.flags: dict[str, Any] = {}
        self.runs_pods = True
        self.agenda = Agenda()  # which nobody reads: here everybody is asked in every round
        self.kubelets = {f"node{number}": Kubelet() for number in range(1, nodes + 1)}
        self.components: list[Any] = [Runner(self), *all_controllers(self)]  # type: ignore[arg-type]
        for name in self.kubelets:
            self.create("Node", name, labels={"kubernetes.io/hostname": name})
            self.set_ready(name, "True")

    def is_alive(self, node: str) -> bool:
        return node in self.kubelets and self.kubelets[node].running

    def wipe(self, storage: meta.Object) -> None:
        """There is nothing on these volumes."""

    def claims_pending(self, pod: meta.Object) -> bool:
        names = [
            one["persistentVolumeClaim"]["claimName"] for one in pod["spec"].get("volumes", ())
        ]
        claims = [self.get("PersistentVolumeClaim", name) for name in names]
        return any(claim is None or claim["status"]["phase"] != "Bound" for claim in claims)

    # Driving.

    def settle(self) -> None:
        for _ in range(1000):
            worked = [one.work() for one in self.components]
            if not any(worked):
                return
        raise AssertionError("no rest")

    def advance(self, seconds: float) -> None:
        self.settle()
        self.clock.advance(seconds, self.settle)

    def create(self, kind: str, name: str, **fields: Any) -> meta.Object:
        metadata: meta.Object = {"name": name}
        for key in ("labels", "annotations"):
            if key in fields:
                metadata[key] = fields.pop(key)
        if kind not in meta.CLUSTER_SCOPED:
            metadata["namespace"] = "default"
        created = self.store.create(
            {"apiVersion": VERSIONS.get(kind, "v1"), "kind": kind, "metadata": metadata, **fields}
        )
        self.settle()
        return created

    def change(self, kind: str, name: str, *path: str, value: Any) -> None:
        self.store.update(meta.with_path(self.get(kind, name), path, value))
        self.settle()

    def delete(self, kind: str, name: str) -> None:
        self.store.delete(kind, "default", name)
        self.settle()

    def set_ready(self, node: str, status: str) -> None:
        found = self.get("Node", node)
        conditions = meta.with_condition(
            (found.get("status") or {}).get("conditions") or (),
            {"type": "Ready", "status": status},
            self.clock.timestamp(),
        )
        self.store.update_status(meta.with_status(found, conditions=conditions))
        self.settle()

    # Looking.

    def get(self, kind: str, name: str) -> Any:
        return self.store.get(kind, "default", name)

    def pods(self) -> list[meta.Object]:
        return self.store.list("Pod")

    def use(self, **usage: str) -> None:
        """The same usage for every Pod there is."""
        self.usage = {("default", meta.name_of(pod)): dict(usage) for pod in self.pods()}

    def reasons(self, kind: str) -> list[str]:
        """The reasons of all Events about objects of the kind."""
        events = self.store.list("Event")
        return [event["reason"] for event in events if event["involvedObject"]["kind"] == kind]


VERSIONS = {
    "ReplicaSet": "apps/v1",
    "Deployment": "apps/v1",
    "HorizontalPodAutoscaler": "autoscaling/v2",
    "StorageClass": "storage.k8s.io/v1",
}


def template(**resources: Any) -> dict[str, Any]:
    """A Pod template labelled app=a."""
    container = {"name": "c", "image": "i", "resources": resources}
    return {"metadata": {"labels": {"app": "a"}}, "spec": {"containers": [container]}}


def workload(replicas: int, **resources: Any) -> dict[str, Any]:
    """The spec of a ReplicaSet or a Deployment."""
    return {
        "replicas": replicas,
        "selector": {"matchLabels": {"app": "a"}},
        "template": template(**resources),
    }
