"""Static Pods: run from the files of a node, and mirrored in the API (STATIC).

A mirror Pod only shows; what is done to it has no effect on the containers (STATIC-003).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import attrs

from conformance.adapters.simulator import errors, meta
from conformance.adapters.simulator.clock import Timer
from conformance.adapters.simulator.kubelet import static_manifests, status
from conformance.adapters.simulator.kubelet.probe_results import KINDS
from conformance.adapters.simulator.kubelet.worker import PodWorker, Situation
from conformance.adapters.simulator.meta import Object

if TYPE_CHECKING:
    from conformance.adapters.simulator.kubelet import Kubelet


class StaticWorker(PodWorker):
    """A Pod that comes from a file: its status goes to the mirror, its end comes from the file."""

    def __init__(self, kubelet: Kubelet, pod: Object) -> None:
        super().__init__(kubelet, pod)
        self.declared = pod
        self.retired = False
        if kubelet.settings.static_pods_always_restart:  # STATIC-006
            self.pod = meta.with_path(self.pod, ("spec", "restartPolicy"), "Always")
        if not kubelet.settings.static_pods_probed:  # STATIC-005
            containers = [without_probes(each) for each in self.pod["spec"]["containers"]]
            self.pod = meta.with_path(self.pod, ("spec", "containers"), containers)

    def retire(self) -> None:
        """Its file is gone, or says something else (STATIC-004)."""
        self.retired = True
        self.again()

    def must_end(self) -> bool:
        """Deleting the mirror does not end it; taking the file away does."""
        if self.retired:
            self.terminating = True
        return super().must_end()

    def view(self) -> status.View:
        """No terminal phase is written for one that is only taken away (STATIC-004)."""
        seen = super().view()
        return attrs.evolve(seen, terminating=False) if self.retired else seen

    def situation(self) -> Situation:
        """Its mirror belongs to it: another one, or one that somebody has changed, is told anew."""
        return (*super().situation(), self.mirror())

    def write(self, made: Mapping[str, Any]) -> None:
        """Keep the status, and show it in the mirror if there is one."""
        self.pod = {**self.pod, "status": made}
        mirror = self.mirror()
        if mirror is not None and is_mirror_of(mirror, self):
            kept = {"qosClass": mirror["status"].get("qosClass")}
            self.kubelet.store.update_status({**mirror, "status": {**made, **kept}})

    def mirror(self) -> Object | None:
        """The Pod of its name in the API."""
        return self.kubelet.store.get("Pod", *self.key)

    def remove_if_deleted(self) -> None:
        """Nothing is left of it: its mirror goes, and the next of its name may start."""
        if self.retired:
            self.kubelet.statics.ended(self)


def without_probes(container: Mapping[str, Any]) -> Object:
    """The container as one that nobody asks how it is."""
    return {key: each for key, each in container.items() if key not in KINDS.values()}


def is_mirror_of(mirror: Object, worker: StaticWorker) -> bool:
    """Does it stand for this very static Pod, and not for an older or another one?"""
    annotations = meta.metadata(mirror).get("annotations") or {}
    return bool(annotations.get(static_manifests.MIRROR) == worker.uid)


@attrs.define(eq=False)
class Found:
    """A file that a kubelet has found; it makes something of it when it comes to it."""

    manifest: Any
    seen: str  # when it was found
    uid: str = ""  # of the Pod that it describes


class StaticPods:
    """The directory of one kubelet, and what runs from it."""

    def __init__(self, kubelet: Kubelet) -> None:
        self.kubelet = kubelet
        self.files: dict[str, Any] = {}  # what each says
        self._found: dict[str, Found] = {}
        self.wanted: dict[str, Object] = {}  # by UID
        self._refused: set[str] = set()  # the UIDs of what is no static Pod
        self.workers: dict[str, StaticWorker] = {}
        self.is_dirty = False
        self._timer: Timer | None = None

    # The directory.

    def write(self, file: str, manifest: Any) -> None:
        """Somebody puts a file there, or changes it."""
        self.files[file] = meta.plain_copy(manifest)
        self._changed()

    def remove(self, file: str) -> None:
        """Somebody takes a file away.

        Raises:
            ApiError: 404, there is none.
        """
        if file not in self.files:
            raise errors.not_found("File", file)
        del self.files[file]
        self._changed()

    def _changed(self) -> None:
        """inotify tells at once; without it the next scan finds out (STATIC-002)."""
        if self._timer is not None:
            return
        if self.kubelet.jitter:
            lag = self.kubelet.engine.random.uniform(0, self.kubelet.settings.file_check_seconds)
            self._timer = self.kubelet.clock.after(lag, self.read)
        else:
            self.read()

    def read(self) -> None:
        """See what is there now."""
        self._timer = None
        now, found = self.kubelet.clock.timestamp(), {}
        for file in filter(static_manifests.is_read, sorted(self.files)):
            known = self._found.get(file)
            if known is None or known.manifest is not self.files[file]:
                known = Found(self.files[file], now)
            found[file] = known
        self._found = found
        self.is_dirty = True

    def work(self) -> None:
        """Do what the files say; who says the same as before means the same Pod."""
        self.is_dirty = False
        wanted = {}
        for file, found in self._found.items():
            if not found.uid:
                name = self.kubelet.name
                found.uid = static_manifests.fingerprint(found.manifest, file, name)
            pod = self.wanted.get(found.uid) or self._decode(found)
            if pod is not None:
                wanted[found.uid] = pod
        self.wanted = wanted
        self.reconcile()

    def _decode(self, found: Found) -> Object | None:
        """What a file says, looked at for the first time."""
        if found.uid in self._refused:
            return None
        name, settings = self.kubelet.name, self.kubelet.settings
        pod = static_manifests.decode(found.manifest, found.uid, name, found.seen, settings)
        if pod is None:
            self._refused.add(found.uid)
        return pod

    # The Pods.

    def reconcile(self) -> None:
        """Run what the files want and nothing else; one mirror for each."""
        for worker in self.workers.values():
            if worker.uid not in self.wanted and not worker.retired:
                worker.retire()
        taken = {worker.key for worker in self.workers.values()}
        for uid, pod in self.wanted.items():
            key = (meta.namespace_of(pod), meta.name_of(pod))
            if uid not in self.workers and key not in taken:
                self._start(pod)
                taken.add(key)
        for worker in self.workers.values():
            if not worker.retired:
                self._mirror(worker)
        for mirror in list(self._orphans(taken)):
            self.kubelet.store.remove("Pod", *meta.key_of(mirror)[1:])

    def _start(self, pod: Object) -> None:
        worker = StaticWorker(self.kubelet, pod)
        self.workers[worker.uid] = worker
        self.kubelet.take(worker)

    def _mirror(self, worker: StaticWorker) -> None:
        """One that is being deleted, or stands for something else, is made anew (STATIC-003)."""
        store, mirror = self.kubelet.store, worker.mirror()
        if mirror is not None and not self._is_ours(mirror):
            return  # somebody else has the name
        if mirror is not None and (meta.is_deleting(mirror) or not is_mirror_of(mirror, worker)):
            store.remove("Pod", *worker.key)
            mirror = worker.mirror()
        node = store.get("Node", None, self.kubelet.name)
        if mirror is None and node is not None:
            store.create(static_manifests.mirror_of(worker.declared, node))
            if "status" in worker.pod:
                worker.publish()

    def _orphans(self, taken: set[tuple[str, str]]) -> Iterator[Object]:
        """Mirrors of this node that stand for nothing any more."""
        for pod in self.kubelet.store.list("Pod"):
            if self._is_ours(pod) and meta.key_of(pod)[1:] not in taken:
                yield pod

    def _is_ours(self, pod: Object) -> bool:
        return static_manifests.is_mirror(pod) and pod["spec"].get("nodeName") == self.kubelet.name

    def ended(self, worker: StaticWorker) -> None:
        """Everything of a Pod that was taken away has stopped."""
        self.workers.pop(worker.uid, None)
        self.kubelet.drop(worker)
        self.is_dirty = True

    def begin(self) -> None:
        """The kubelet starts: it reads the directory, and looks at everything anew."""
        if self.files or self.workers:
            self.read()
            for worker in self.workers.values():
                worker.again()
