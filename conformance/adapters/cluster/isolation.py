"""What a run creates, and how it goes away again: namespaces, labels, a sign of life, limits.

Everything lies in a namespace of the run or carries its label. The run's first namespace holds a
Lease that is renewed as long as the run lives, so that ``kubelaws cluster clean`` can tell a run that
crashed from one that goes on.
"""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

from conformance.adapter import AdapterError
from conformance.adapters.cluster import leftovers
from conformance.adapters.cluster.client import Answer, Api, Unreachable
from conformance.adapters.cluster.kinds import path
from conformance.adapters.cluster.mapping import RUN_LABEL
from conformance.adapters.cluster.options import Options

LEASE: Final = leftovers.LEASE_NAME
RENEWAL: Final = 10.0
"""Seconds between two signs of life; after ``leftovers.DEAD`` without one a run counts as crashed."""

ACCOUNT_PATIENCE: Final = 30.0
GONE_PATIENCE: Final = 120.0
POLL: Final = 0.25


class Territory:
    """The part of a cluster that belongs to one run. Safe to be used by many threads."""

    def __init__(self, api: Api, options: Options) -> None:
        self.api, self.options = api, options
        self.run = secrets.token_hex(3)
        self.root = f"{options.namespace}-{self.run}"
        self._count = 0
        self._more: set[str] = set()
        self._lock = threading.Lock()
        self._begun = False
        self._ended = threading.Event()
        self._heart: threading.Thread | None = None

    @property
    def labels(self) -> dict[str, str]:
        """What every object of the run is labelled with."""
        return {RUN_LABEL: self.run}

    def begin(self) -> None:
        """The first namespace with its sign of life, once.

        Raises:
            AdapterError: it may not be created, or the run has ended: a scenario may still be on its way.
        """
        with self._lock:
            if self._ended.is_set():
                raise AdapterError("the run has ended")
            if self._begun:
                return
            self._namespace(self.root)
            self._begun = True
            lease = {
                "apiVersion": "coordination.k8s.io/v1",
                "kind": "Lease",
                "metadata": {"name": LEASE, "namespace": self.root, "labels": self.labels},
                "spec": self._sign(),
            }
            _expect(self.api.post(path("Lease", self.root), lease), "create the run's Lease")
            self._heart = threading.Thread(target=self._beat, name="sign of life", daemon=True)
            self._heart.start()

    def settle(self) -> str:
        """A fresh namespace for one scenario, ready for Pods.

        Raises:
            AdapterError: it may not be created, or does not become ready.
        """
        self.begin()
        with self._lock:
            self._count += 1
            name = f"{self.root}-{self._count}"
        self._namespace(name)
        self._limit(name)
        self._wait_for_account(name)
        return name

    def extend(self, name: str) -> None:
        """One more namespace for a scenario that speaks of several, once.

        Raises:
            AdapterError: it may not be created, or does not become ready.
        """
        with self._lock:
            if name in self._more:
                return
            self._more.add(name)
        self._namespace(name)
        self._limit(name)
        self._wait_for_account(name)

    def leave(self, name: str) -> None:
        """Takes one scenario's namespace away, and what it has outside; does not wait for the end."""
        with self._lock:
            more = {each for each in self._more if each.startswith(f"{name}-")}
            self._more -= more
        for each in more:
            self.api.delete(path("Namespace", name=each))
        # Nothing runs in the Pods of hollow nodes, and nobody is left who would end them.
        is_hollow = self.options.kubelet == "hollow"
        leftovers.release(self.api, name, f"{RUN_LABEL}={self.run}", force=is_hollow)
        for kind in leftovers.CLUSTER_KINDS:
            leftovers.remove_cluster_scoped(
                self.api, kind, self.run, only=lambda found: found.startswith(f"{name}-")
            )
        self.api.delete(path("Namespace", name=name))

    def end(self, said: Callable[[str], None] = lambda _: None) -> None:
        """Takes everything away, and waits until it is gone.

        Raises:
            AdapterError: something is still there; the message says what, and what to do.
        """
        with self._lock:
            self._ended.set()
            begun, self._begun = self._begun, False
        if not begun:
            return
        grace = 0.0 if self.options.kubelet == "hollow" else None
        remaining = leftovers.remove(
            self.api, self.run, patience=GONE_PATIENCE, grace=grace, said=said
        )
        if remaining:
            raise AdapterError(
                f"still there: {', '.join(remaining[:5])}; kubelaws cluster clean --run {self.run}"
            )

    def _namespace(self, name: str) -> None:
        manifest = {
            "apiVersion": "v1",
            "kind": "Namespace",
            "metadata": {
                "name": name,
                "labels": {**self.labels, "pod-security.kubernetes.io/enforce": "baseline"},
            },
        }
        _expect(self.api.post(path("Namespace"), manifest), f"create the namespace {name}")

    def _limit(self, namespace: str) -> None:
        """So that no controller can make more Pods than a run may have."""
        quota = {
            "apiVersion": "v1",
            "kind": "ResourceQuota",
            "metadata": {"name": "kubelaws", "labels": self.labels},
            "spec": {"hard": {"count/pods": str(self.options.pods)}},
        }
        _expect(self.api.post(path("ResourceQuota", namespace), quota), "limit the Pods")

    def _wait_for_account(self, namespace: str) -> None:
        """Pods are refused until a controller has made the account that they run under.

        The token of that account is of no use to a puppet, and mounting it would change every Pod.
        """
        where = path("ServiceAccount", namespace, "default")
        end = time.monotonic() + ACCOUNT_PATIENCE
        while True:
            answer = self.api.patch(where, {"automountServiceAccountToken": False})
            if answer.ok:
                return
            if answer.code != 404 or time.monotonic() > end:
                raise AdapterError(f"{where}: {answer.code} {answer.message}")
            time.sleep(POLL)

    def _sign(self) -> dict[str, object]:
        now = datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
        return {"holderIdentity": "kubelaws", "renewTime": now, "leaseDurationSeconds": 60}

    def _beat(self) -> None:
        while not self._ended.wait(RENEWAL):
            try:
                self.api.patch(path("Lease", self.root, LEASE), {"spec": self._sign()})
            except Unreachable:
                continue  # the next one may come through; watches notice if it stays so


def _expect(answer: Answer, what: str) -> None:
    if not answer.ok:
        raise AdapterError(f"cannot {what}: {answer.code} {answer.message}")
