"""The kubelets of one scenario's hollow nodes, in one thread."""

from __future__ import annotations

import threading
import time
from typing import Any, Final

from conformance.adapters.cluster.client import Api, Unreachable
from conformance.adapters.cluster.cluster import Inbox
from conformance.adapters.cluster.hollow.admission import refusal
from conformance.adapters.cluster.hollow.pods import Played, play, rejected, stamp
from conformance.adapters.cluster.kinds import path
from conformance.adapters.cluster.mapping import RUN_LABEL, SESSION_LABEL

LEASES: Final = "kube-node-lease"
HEARTBEAT: Final = 10.0
TICK: Final = 0.5
CAPACITY: Final = {"cpu": "4", "memory": "8Gi", "pods": "110"}
FIRST: Final = ("node-1", "node-2")
"""The nodes that a scenario begins with."""

READY: Final = {"type": "Ready", "status": "True", "reason": "KubeletReady"}


class HollowKubelets:
    """Plays the kubelet of every Node of a scenario; whose Node is stopped falls silent."""

    def __init__(self, api: Api, inbox: Inbox, run: str) -> None:
        self._api, self._inbox, self._run = api, inbox, run
        self._stopped: set[str] = set()
        self._over = threading.Event()
        self._played: dict[str, Played] = {}
        self._said: dict[str, dict[str, Any]] = {}
        self._beaten: dict[str, float] = {}
        self._thread = threading.Thread(
            target=self._live, name=f"kubelets {inbox.home}", daemon=True
        )

    def start(self) -> None:
        """Registers the first nodes, and begins."""
        for name in FIRST:
            labels = {"kubernetes.io/hostname": f"{self._inbox.home}-{name}"}
            manifest = {
                "apiVersion": "v1",
                "kind": "Node",
                "metadata": {
                    "name": f"{self._inbox.home}-{name}",
                    "labels": {
                        **labels, RUN_LABEL: self._run, SESSION_LABEL: self._inbox.home,
                    },
                },
                "spec": {"taints": [taint(self._inbox.home)]},
                "status": {"capacity": CAPACITY, "allocatable": CAPACITY},
            }  # fmt: skip
            self._api.post(path("Node"), manifest)
        self._thread.start()
        self._inbox.wait_until(self._all_ready, 15.0)

    def stop(self) -> None:
        """Ends it."""
        self._over.set()
        self._thread.join(timeout=5.0)

    def stop_node(self, name: str) -> bool:
        """A node falls silent; False where there is none of that name."""
        self._stopped.add(name)
        return ("Node", "", name) in self._inbox.objects

    def start_node(self, name: str) -> bool:
        """It speaks again."""
        self._stopped.discard(name)
        self._beaten.pop(name, None)
        return ("Node", "", name) in self._inbox.objects

    # -- in the thread --------------------------------------------------------------------------------

    def _live(self) -> None:
        while not self._over.is_set():
            try:
                self._beat()
                self._sync()
            except Unreachable:
                time.sleep(TICK)
            with self._inbox.changed:
                self._inbox.changed.wait(timeout=TICK)

    def _nodes(self) -> dict[str, dict[str, Any]]:
        """The nodes that give signs of life."""
        with self._inbox.changed:
            return {
                key[2]: item
                for key, item in self._inbox.objects.items()
                if key[0] == "Node"
                and key[2].startswith(f"{self._inbox.home}-")
                and key[2] not in self._stopped
            }

    def _all_ready(self) -> bool:
        wanted = {f"{self._inbox.home}-{name}" for name in FIRST}
        ready = {
            key[2]
            for key, item in self._inbox.objects.items()
            if key[0] == "Node" and _is_ready(item)
        }
        return wanted <= ready

    def _beat(self) -> None:
        """Conditions and Lease of every node, every ten seconds."""
        now = time.monotonic()
        for name, node in self._nodes().items():
            if now - self._beaten.get(name, -HEARTBEAT) < HEARTBEAT:
                continue
            self._beaten[name] = now
            moment = stamp(time.time())
            since = next(
                (
                    each.get("lastTransitionTime", moment)
                    for each in _conditions(node)
                    if _is_true(each)
                ),
                moment,
            )
            ready = {**READY, "lastHeartbeatTime": moment, "lastTransitionTime": since}
            self._api.patch(
                path("Node", name=name, subresource="status"), {"status": {"conditions": [ready]}}
            )
            self._renew(name, node)

    def _renew(self, name: str, node: dict[str, Any]) -> None:
        sign = {
            "holderIdentity": name,
            "leaseDurationSeconds": 40,
            "renewTime": f"{stamp(time.time())[:-1]}.000000Z",
        }
        where = path("Lease", LEASES, name)
        if self._api.patch(where, {"spec": sign}).code != 404:
            return
        owner = {"apiVersion": "v1", "kind": "Node", "name": name, "uid": node["metadata"]["uid"]}
        metadata = {"name": name, "labels": {RUN_LABEL: self._run}, "ownerReferences": [owner]}
        lease = {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease"}
        self._api.post(path("Lease", LEASES), {**lease, "metadata": metadata, "spec": sign})

    def _sync(self) -> None:
        nodes = self._nodes()
        with self._inbox.changed:
            pods = [item for key, item in self._inbox.objects.items() if key[0] == "Pod"]
        for pod in pods:
            node = nodes.get((pod.get("spec") or {}).get("nodeName") or "")
            if node is not None:
                self._sync_pod(pod, node, pods)
        gone = self._played.keys() - {pod["metadata"]["uid"] for pod in pods}
        for uid in gone:
            self._played.pop(uid), self._said.pop(uid, None)

    def _sync_pod(
        self, pod: dict[str, Any], node: dict[str, Any], pods: list[dict[str, Any]]
    ) -> None:
        metadata, now = pod["metadata"], time.time()
        uid = metadata["uid"]
        known = self._played.get(uid)
        if known is None:
            known = self._played[uid] = Played(now)
            refused = refusal(pod, node, self._on(node, pods))
            status = rejected(known, *refused) if refused else play(pod, known, now)
        else:
            status = play(pod, known, now)
        where = path("Pod", metadata["namespace"], metadata["name"])
        if status is not None and status != self._said.get(uid):
            self._said[uid] = status
            self._api.patch(f"{where}/status", {"status": status})
        if metadata.get("deletionTimestamp") and known.over:
            options = {"gracePeriodSeconds": 0, "preconditions": {"uid": uid}}
            self._api.delete(where, options)

    def _on(self, node: dict[str, Any], pods: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """The Pods that were taken in by a node and have not ended."""
        return [
            pod
            for pod in pods
            if pod["spec"].get("nodeName") == node["metadata"]["name"]
            and (known := self._played.get(pod["metadata"]["uid"])) is not None
            and known.runs
            and not known.over
        ]


def taint(home: str) -> dict[str, str]:
    """What keeps everybody else's Pods away."""
    return {"key": SESSION_LABEL, "value": home, "effect": "NoSchedule"}


def _conditions(node: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (node.get("status") or {}).get("conditions") or []
    return [each for each in found if each.get("type") == "Ready"]


def _is_true(condition: dict[str, Any]) -> bool:
    return condition.get("status") == "True"


def _is_ready(node: dict[str, Any]) -> bool:
    return any(map(_is_true, _conditions(node))) and not any(
        each.get("key", "").startswith("node.kubernetes.io/")
        for each in (node.get("spec") or {}).get("taints") or ()
    )
