"""What all scenarios of a run share: the connection, the watches, the territory, the clock.

Each scenario takes part through an ``Inbox``: what the watches show of its namespace, in order of
arrival, and the last state of every object there.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any, Final

from conformance.adapter import AdapterError
from conformance.adapters.cluster import hook, rights
from conformance.adapters.cluster.client import Api
from conformance.adapters.cluster.clock import Lag, offset
from conformance.adapters.cluster.isolation import Territory
from conformance.adapters.cluster.kinds import CLUSTER_SCOPED, OBSERVED
from conformance.adapters.cluster.mapping import RUN_LABEL
from conformance.adapters.cluster.metrics import Chosen, MetricsServer
from conformance.adapters.cluster.options import Options
from conformance.adapters.cluster.watching import Shown, Watch, stop_all, watch_all

Key = tuple[str, str, str]
ROOM_PATIENCE: Final = 120.0
DEFAULT_CLASS: Final = "storageclass.kubernetes.io/is-default-class"


UNREST: Final = ("Node", "Event")
"""Kinds that tell nothing of whether a cluster rests: nodes speak all the time, and Events come late."""


def key_of(item: dict[str, Any]) -> Key:
    """Kind, namespace and name."""
    metadata = item["metadata"]
    return item["kind"], metadata.get("namespace") or "", metadata["name"]


class Inbox:
    """What one scenario sees of the cluster; ``changed`` wakes whoever waits for something."""

    def __init__(self, home: str) -> None:
        self.home = home
        self.changed = threading.Condition()
        self.objects: dict[Key, dict[str, Any]] = {}
        self.last = time.monotonic()
        self.events: list[Watch] = []
        self._waiting: list[Shown] = []

    def owns(self, item: dict[str, Any]) -> bool:
        """Whether an object belongs to this scenario."""
        _, namespace, name = key_of(item)
        if namespace:
            return namespace == self.home or namespace.startswith(f"{self.home}-")
        claim = (item.get("spec") or {}).get("claimRef") or {}
        return name.startswith(f"{self.home}-") or claim.get("namespace") == self.home

    def put(self, shown: Shown) -> None:
        """Takes one event in."""
        with self.changed:
            if shown.type == "DELETED":
                self.objects.pop(key_of(shown.object), None)
            else:
                self.objects[key_of(shown.object)] = shown.object
            self._waiting.append(shown)
            if shown.object["kind"] not in UNREST:
                self.last = time.monotonic()
            self.changed.notify_all()

    def take(self) -> list[Shown]:
        """Everything since the last call, in order."""
        with self.changed:
            taken, self._waiting = self._waiting, []
        return taken

    def wait_until(self, holds: Callable[[], bool], seconds: float) -> bool:
        """Waits until something holds; it is looked at whenever an event comes."""
        with self.changed:
            return self.changed.wait_for(holds, timeout=seconds)


class Cluster:
    """One run against one cluster. Nothing is created or watched before the first scenario."""

    def __init__(self, api: Api, options: Options) -> None:
        self.api, self.options = api, options
        self.territory = Territory(api, options)
        self.lag = Lag()
        self.offset = 0.0
        self._watches: list[Watch] = []
        self._inboxes: dict[str, Inbox] = {}
        self._foreign: dict[Key, dict[str, Any]] = {}
        self._pods: set[Key] = set()
        self._with_files: set[str] = set()
        self._lock = threading.RLock()
        self._beginning = threading.Lock()
        self.usage = Chosen(self._pods_in)
        self._server = MetricsServer(api, self.usage)

    def enter(self) -> Inbox:
        """A place for one more scenario, with everybody's Nodes and classes in it already.

        Raises:
            AdapterError: it could not be made, or a watch could not be begun.
        """
        self._begin()
        home = self.territory.settle()
        inbox = Inbox(home)
        inbox.events = watch_all(self.api, {"Event": ""}, inbox.put, where=home)
        with self._lock:
            for item in self._foreign.values():
                inbox.put(Shown(time.time(), "ADDED", item))
            self._inboxes[home] = inbox
        return inbox

    def leave(self, inbox: Inbox) -> None:
        """Gives a place back; what was in it ends in the background."""
        with self._lock:
            self._inboxes.pop(inbox.home, None)
        stop_all(inbox.events)
        self._clear_files(f"{inbox.home}.")
        self.territory.leave(inbox.home)

    def note_files(self, node: str) -> None:
        """A node is about to get files of this run."""
        with self._lock:
            self._with_files.add(node)

    def _clear_files(self, start: str) -> None:
        with self._lock:
            nodes = sorted(self._with_files)
        for node in nodes:
            hook.run(self.options.hook, node, hook.clearing(self.options.manifests, start))

    def is_foreign(self, kind: str, name: str) -> bool:
        """Whether a cluster-scoped object is there that this run has not made."""
        with self._lock:
            return (kind, "", name) in self._foreign

    def has_default_class(self) -> bool:
        """Whether claims that name no class are given somebody's."""
        with self._lock:
            return any(
                kind == "StorageClass" and _is_default(item)
                for (kind, _, _), item in self._foreign.items()
            )

    def check(self, inbox: Inbox | None = None) -> None:
        """Sees to it that everything is still watched.

        Raises:
            WatchError: it is not.
        """
        for watch in (*self._watches, *(inbox.events if inbox is not None else ())):
            if watch.error:
                raise watch.error

    def wait_for_room(self) -> None:
        """Waits until the run has fewer Pods than it may have.

        Raises:
            AdapterError: that did not come to pass.
        """
        end = time.monotonic() + ROOM_PATIENCE
        while len(self._pods) >= self.options.pods:
            if time.monotonic() > end:
                raise AdapterError(f"{self.options.pods} Pods at once is the limit (?pods=)")
            time.sleep(0.5)

    def close(self, said: Callable[[str], None] = lambda _: None) -> None:
        """Takes away everything that the run made.

        Raises:
            AdapterError: something is left.
        """
        try:
            self._server.stop()
            self._clear_files(f"{self.territory.root}-")
            self.territory.end(said)
        finally:
            stop_all(self._watches)
            self._watches = []
            self.api.close()

    @property
    def relists(self) -> int:
        """How often a watch had to be begun anew."""
        return sum(watch.relists for watch in self._watches)

    def _begin(self) -> None:
        with self._beginning:
            if self._watches:
                return
            self._need_rights()
            self.offset = offset(self.api)
            self._serve_metrics()
            self._watches = watch_all(self.api, dict(_selectors(self.territory.run)), self._deliver)

    def _need_rights(self) -> None:
        needed = tuple(right for right in rights.RIGHTS if not right.without)
        lacking = [f"{verb} {right.named}" for right, verb in rights.missing(self.api, needed)]
        if lacking:
            more = f" and {len(lacking) - 3} more" if len(lacking) > 3 else ""
            raise AdapterError(
                f"missing rights: {', '.join(lacking[:3])}{more} (kubelaws cluster check)"
            )

    def _serve_metrics(self) -> None:
        if self.options.metrics:
            self.territory.begin()
            self._server.start(self.territory.root, self.territory.labels, self.options.address)

    def _pods_in(self, namespace: str) -> list[dict[str, Any]]:
        with self._lock:
            inbox = self._inboxes.get(namespace)
        if inbox is None:
            return []
        with inbox.changed:
            return [item for key, item in inbox.objects.items() if key[0] == "Pod"]

    def _deliver(self, shown: Shown) -> None:
        with self._lock:
            if shown.object["kind"] == "Pod":
                (self._pods.discard if shown.type == "DELETED" else self._pods.add)(
                    key_of(shown.object)
                )
            receivers = [inbox for inbox in self._inboxes.values() if inbox.owns(shown.object)]
            if not receivers and self._is_everybodys(shown.object):
                receivers = list(self._inboxes.values())
                if shown.type == "DELETED":
                    self._foreign.pop(key_of(shown.object), None)
                else:
                    self._foreign[key_of(shown.object)] = shown.object
            for inbox in receivers:
                inbox.put(shown)

    def _is_everybodys(self, item: dict[str, Any]) -> bool:
        """Nodes and classes that were there before concern every scenario; other people's volumes none."""
        ours = (item["metadata"].get("labels") or {}).get(RUN_LABEL)
        kinds = ("StorageClass",) if self.options.kubelet == "hollow" else ("Node", "StorageClass")
        return item["kind"] in kinds and not ours


def _is_default(item: dict[str, Any]) -> bool:
    annotations = item["metadata"].get("annotations") or {}
    return annotations.get(DEFAULT_CLASS) == "true"


def _selectors(run: str) -> Iterator[tuple[str, str]]:
    for kind in OBSERVED:
        yield kind, "" if kind in CLUSTER_SCOPED else f"{RUN_LABEL}={run}"
