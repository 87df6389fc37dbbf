"""The API server's store: the only truth, with resource versions and a watch.

Objects are immutable by convention: a stored dict is never changed, nor anything in it. A writer builds
new dicts that share what is unchanged, so snapshots and observations are references and cost nothing.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from conformance.adapters.simulator import api, errors, meta
from conformance.adapters.simulator.api import deletion
from conformance.adapters.simulator.audience import Audience, Kinds, Listener
from conformance.adapters.simulator.clock import Clock
from conformance.adapters.simulator.history import History, Write
from conformance.adapters.simulator.meta import CLUSTER_SCOPED, Key, Object
from conformance.adapters.simulator.settings import Settings
from spec_model.events import Observation

ADDED: Final = "ADDED"
MODIFIED: Final = "MODIFIED"
DELETED: Final = "DELETED"

_UUID_4: Final = 4 << 76 | 2 << 62
_FREE_BITS: Final = ~(0xF << 76 | 3 << 62)
"""Version and variant of a UUID, and the bits that are drawn."""

_STALE: Final = "the object has been modified; please apply your changes to the latest version"


class Beginning(NamedTuple):
    """What a store held that only had Nodes; nothing in it is ever changed, so others may begin with it."""

    version: int
    nodes: Mapping[tuple[str, str], Object]
    writes: Sequence[Write]
    watched: Sequence[Observation]


class Store:
    """Objects by kind, namespace and name; every write is admitted, versioned and watched."""

    def __init__(self, clock: Clock, source: random.Random, settings: Settings) -> None:
        self.clock = clock
        self.settings = settings
        self._random = source
        self._version = 0
        self._kinds: dict[str, dict[tuple[str, str], Object]] = {}
        self._audience = Audience()
        self._watched: list[Observation] = []
        self._events: dict[tuple[str, str, str, str], Key] = {}
        self._surroundings: dict[str, frozenset[str]] = {}
        self.history = History(clock)

    def beginning(self) -> Beginning:
        """What is held now, while it is only Nodes."""
        watched, writes = tuple(self._watched), tuple(self.history.since(0))
        return Beginning(self._version, dict(self._kinds.get("Node", {})), writes, watched)

    def begin(self, beginning: Beginning) -> None:
        """Hold what another one held, and tell nobody."""
        self._version = beginning.version
        self._kinds["Node"] = dict(beginning.nodes)
        self._audience.arrive("Node")
        self._watched = list(beginning.watched)
        self.history.begin(beginning.writes)

    # Reading.

    def get(self, kind: str, namespace: str | None, name: str) -> Object | None:
        """The object, or None; the namespace of a cluster-scoped kind does not matter."""
        stored = self._kinds.get(kind)
        if stored is None:
            return None
        return stored.get(("" if kind in CLUSTER_SCOPED else namespace or "", name))

    def read(self, kind: str, namespace: str | None, name: str) -> Object:
        """The object.

        Raises:
            ApiError: 404, there is none.
        """
        found = self.get(kind, namespace, name)
        if found is None:
            raise errors.not_found(kind, name)
        return found

    def list(self, kind: str) -> list[Object]:
        """All objects of the kind, oldest first."""
        return list(self._kinds.get(kind, {}).values())

    def subscribe(
        self,
        listener: Listener,
        kinds: Kinds | None = None,
        statuses: Kinds | None = None,
        once: Kinds | None = None,
    ) -> None:
        """Be told (type, new, old) after each write of these kinds; of all but Events without.

        Where ``statuses`` is given, a change that leaves metadata, spec and phase as they were is told of
        those kinds only: most writes are such. Where ``once`` is given, nothing is told before there was an
        object of one of these kinds. A listener only notes work; it never writes.
        """
        self._audience.join(listener, kinds, statuses, once)

    def drain(self) -> Sequence[Observation]:
        """What the watch showed since the last call."""
        seen, self._watched = self._watched, []
        return seen

    def is_taken(self, kind: str, namespace: str, name: str) -> bool:
        """IDENTITY-001: a name is free again only when its object is gone, not while it goes."""
        return self.get(kind, namespace, name) is not None

    def came_first(self, config_map: str, pod: Object) -> bool:
        """Was there a ConfigMap of that name when the Pod was created (CONFIGMAP-003)?"""
        return config_map in self._surroundings.get(meta.uid_of(pod), ())

    @property
    def version(self) -> int:
        """The resource version of the last write."""
        return self._version

    # Writing.

    def create(
        self, manifest: Mapping[str, Any], *, dry_run: bool = False, is_private: bool = False
    ) -> Object:
        """POST: admit the object, give it its system fields, keep it (not on a dry run).

        A manifest that is private, of which nobody else holds any part, need not be copied.

        Raises:
            ApiError: 404 unknown kind, 422 invalid, 409 the name is taken.
        """
        strategy = api.strategy_of(manifest.get("kind"))
        candidate = dict(manifest) if is_private else meta.plain_copy(manifest)
        candidate = api.named(strategy, candidate, self._ending, self.settings)
        candidate = api.admit_create(strategy, candidate, self)
        kind, namespace, name = meta.key_of(candidate)
        if self.is_taken(kind, namespace, name):
            raise errors.already_exists(kind, name)
        created = strategy.identify(self._with_system_fields(strategy, candidate))
        if dry_run:
            return created
        return self._write(ADDED, created, None)

    def update(self, manifest: Mapping[str, Any]) -> Object:
        """PUT of metadata and spec; the status stays. What is the very same as before is not looked at.

        Raises:
            ApiError: 404, 409 stale resourceVersion or other uid, 422 the change is not allowed.
        """
        strategy = api.strategy_of(manifest.get("kind"))
        old = self.read(*meta.key_of(self._placed(strategy, manifest)))
        self._check_preconditions(manifest, old)
        return self._keep(strategy, api.admit_update(strategy, manifest, old, self), old)

    def change(self, manifest: Mapping[str, Any], old: Object) -> Object:
        """As ``update``, for a client that has changed the old one, and may mean every word of it.

        Raises:
            ApiError: 409 stale resourceVersion or other uid, 422 the change is not allowed.
        """
        strategy = api.STRATEGIES[old["kind"]]
        self._check_preconditions(manifest, old)
        new = api.admit_update(strategy, manifest, old, self, anew=True)
        return self._keep(strategy, new, old)

    def update_status(self, manifest: Mapping[str, Any]) -> Object:
        """PUT of the status by a part of the cluster, which is trusted; all else stays.

        Raises:
            ApiError: 404.
        """
        old = self.read(*meta.key_of(manifest))
        before, status = old.get("status"), manifest.get("status") or {}
        if status == before:
            return old
        is_detail = status.get("phase") == (before or {}).get("phase")
        return self._write(MODIFIED, {**old, "status": status}, old, is_detail=is_detail)

    def write_status(self, manifest: Mapping[str, Any]) -> Object:
        """PUT of the status by a client: as ``update_status``, with the validation of the change.

        Raises:
            ApiError: 404, 409 stale resourceVersion, 422 (VALIDATION-004).
        """
        strategy = api.strategy_of(manifest.get("kind"))
        old = self.read(*meta.key_of(self._placed(strategy, manifest)))
        self._check_preconditions(manifest, old)
        return self.update_status(api.admit_status(strategy, manifest, old, self))

    def bind(self, namespace: str, name: str, node: str) -> Object:
        """POST pods/binding: the node and PodScheduled=True in one write (SCHED-008).

        Raises:
            ApiError: 404, 409 the Pod has a node already, or is being deleted.
        """
        pod = self.read("Pod", namespace, name)
        address = ""
        if self.settings.scheduled_while_scheduling:
            address = meta.address_of(self.get("Node", None, node) or {})
        return self._write(MODIFIED, api.bound(pod, node, self.clock.timestamp(), address), pod)

    def resize(self, manifest: Mapping[str, Any]) -> Object:
        """PUT of pods/resize: the sizes of a Pod's containers (QOS-002).

        Raises:
            ApiError: 404, 409 stale resourceVersion, 422 the change is not allowed.
        """
        strategy = api.strategy_of("Pod")
        old = self.read(*meta.key_of(self._placed(strategy, manifest)))
        self._check_preconditions(manifest, old)
        return self._keep(strategy, api.admit_resize(strategy, manifest, old, self), old)

    def delete(
        self,
        kind: str,
        namespace: str | None,
        name: str,
        grace: float | None = None,
        uid: str | None = None,
    ) -> Object:
        """DELETE: gracefully where the kind has grace; finalizers keep the object, marked.

        Raises:
            ApiError: 404, 409 the uid is another one.
        """
        old = self.read(kind, namespace, name)
        if uid is not None and uid != meta.uid_of(old):
            raise errors.conflict(kind, name, f"the UID in the precondition ({uid}) does not match")
        plan = deletion.plan(old, grace, self.clock)
        marked = old if plan.marked is old else self._write(MODIFIED, plan.marked, old)
        return self._drop(marked) if plan.remove else marked

    def remove(self, kind: str, namespace: str | None, name: str) -> None:
        """The final removal by who finishes the object: a delete without grace; gone is fine."""
        if self.get(kind, namespace, name) is not None:
            self.delete(kind, namespace, name, grace=0)

    def finalize(self, kind: str, namespace: str | None, name: str, finalizer: str) -> None:
        """Drop a finalizer; the object goes with the last one if it is being deleted."""
        old = self.get(kind, namespace, name)
        held = meta.metadata(old).get("finalizers") or () if old else ()
        if old is None or finalizer not in held:
            return
        kept = [other for other in held if other != finalizer]
        self._keep(
            api.strategy_of(kind),
            meta.with_path(old, ("metadata", "finalizers"), kept or None),
            old,
        )

    def event(
        self,
        about: Mapping[str, Any],
        reason: str,
        message: str,
        type: str = "Normal",
        component: str = "kubelet",
        field: str = "",
    ) -> None:
        """Record an Event about an object; the same thing said again raises its count."""
        now = self.clock.timestamp()
        identity = (meta.uid_of(about), reason, message, field)
        known = self._events.get(identity)
        old = self.get(*known) if known else None
        if old is not None:
            again = {**old, "count": old["count"] + 1, "lastTimestamp": now}
            self._write(MODIFIED, again, old)
            return
        kind, namespace, name = meta.key_of(about)
        involved = {
            "apiVersion": about.get("apiVersion", "v1"),
            "kind": kind,
            "name": name,
            "uid": identity[0],
        }
        if namespace:
            involved["namespace"] = namespace
        if field:
            involved["fieldPath"] = field
        key = "Event", namespace or "default", f"{name}.{self._version + 1:016x}"
        event = {
            "apiVersion": "v1",
            "kind": "Event",
            "metadata": {
                "name": key[2],
                "namespace": key[1],
                "uid": self._new_uid(),
                "creationTimestamp": now,
            },
            "involvedObject": involved,
            "reason": reason,
            "message": message,
            "type": type,
            "source": {"component": component},
            "reportingComponent": component,
            "firstTimestamp": now,
            "lastTimestamp": now,
            "count": 1,
        }
        self._write(ADDED, event, None)
        self._events[identity] = key

    # The one place where objects change.

    def _write(
        self, type_: str, new: Object, old: Object | None, *, is_detail: bool = False
    ) -> Object:
        self._version += 1
        new["metadata"] = metadata = {**new["metadata"], "resourceVersion": str(self._version)}
        kind = new["kind"]
        place = metadata.get("namespace") or "", metadata["name"]
        if type_ == DELETED:
            del self._kinds[kind][place]
            self._surroundings.pop(meta.uid_of(new), None)
        elif old is None:
            if kind not in self._kinds:
                self._kinds[kind] = {}
                self._audience.arrive(kind)
            self._kinds[kind][place] = new
            if kind == "Pod" and self.settings.config_map_comes_first:
                self._remember_surroundings(new)
        else:
            self._kinds[kind][place] = new
        self.history.keep(self._version, type_, new, old)
        self._watched.append(Observation(self.clock.now, type_, new))
        for listener in self._audience.of(kind, is_detail):
            listener(type_, new, old)
        return new

    def _remember_surroundings(self, pod: Object) -> None:
        """Which ConfigMaps there were when the Pod was made (CONFIGMAP-003)."""
        namespace = meta.namespace_of(pod)
        found = (each for each in self.list("ConfigMap") if meta.namespace_of(each) == namespace)
        self._surroundings[meta.uid_of(pod)] = frozenset(map(meta.name_of, found))

    def _drop(self, old: Object) -> Object:
        return self._write(DELETED, dict(old), old)

    def _keep(self, strategy: api.Strategy, new: Object, old: Object) -> Object:
        """Write an admitted change, or nothing when it changes nothing; finish a deletion."""
        if new == old:
            return old
        if strategy.counts_generations and new.get("spec") != old.get("spec"):
            generation = meta.metadata(old).get("generation", 0) + 1
            new = meta.with_path(new, ("metadata", "generation"), generation)
        if new["metadata"] is old["metadata"]:
            return self._write(MODIFIED, new, old, is_detail=new.get("spec") is old.get("spec"))
        written = self._write(MODIFIED, new, old)
        if deletion.is_finished(written) and not deletion.is_finished(old):
            return self._drop(written)
        return written

    # System fields and preconditions.

    def _placed(self, strategy: api.Strategy, manifest: Mapping[str, Any]) -> Mapping[str, Any]:
        """The manifest in a namespace: ``default`` unless it says otherwise (VALIDATION-001)."""
        if not strategy.namespaced or meta.namespace_of(manifest):
            return manifest
        return meta.with_path(manifest, ("metadata", "namespace"), "default")

    def _with_system_fields(self, strategy: api.Strategy, admitted: Object) -> Object:
        given = admitted["metadata"]
        if not deletion.SYSTEM_FIELDS.isdisjoint(given):
            given = {key: given[key] for key in given if key not in deletion.SYSTEM_FIELDS}
        system: Object = {"uid": self._new_uid(), "creationTimestamp": self.clock.timestamp()}
        if strategy.counts_generations:
            system["generation"] = 1
        return {**admitted, "metadata": {**given, **system}}

    def _ending(self) -> str:
        """What makes a name of a generateName."""
        return "".join(self._random.choices(meta.SAFE_LETTERS, k=5))

    def _new_uid(self) -> str:
        """A random UUID of version 4, written without the detour of an object (RFC 9562, 5.4)."""
        drawn = self._random.getrandbits(128) & _FREE_BITS | _UUID_4
        text = drawn.to_bytes(16).hex()
        return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"

    def _check_preconditions(self, manifest: Mapping[str, Any], old: Object) -> None:
        """Optimistic concurrency: a version that is given must be the stored one; so must a uid."""
        given, stored = meta.metadata(manifest), old["metadata"]
        uid, version = given.get("uid"), given.get("resourceVersion")
        if uid and uid != stored["uid"]:
            raise errors.conflict(old["kind"], stored["name"], "the object has another UID")
        if version and version != stored["resourceVersion"]:
            raise errors.conflict(old["kind"], stored["name"], _STALE)
