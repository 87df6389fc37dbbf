"""Who owns what, by uid, kept up to date with every write: no controller scans for its children."""

from __future__ import annotations

from typing import Final

from conformance.adapters.simulator import meta
from conformance.adapters.simulator.meta import Key, Object
from conformance.adapters.simulator.store import Store

OWNERS: Final = ("metadata", "ownerReferences")


class Ownership:
    """The children of every owner, and the Pods of every namespace that have no controller."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self._children: dict[str, dict[Key, None]] = {}
        self._orphans: dict[str, dict[Key, None]] = {}
        store.subscribe(self._notice, statuses=frozenset())

    def children(self, owner: Object, kind: str) -> list[Object]:
        """The living objects of the kind that name this owner, oldest first."""
        keys = self._children.get(meta.uid_of(owner), ())
        get = self.store.get
        return [child for key in keys if key[0] == kind and (child := get(*key)) is not None]

    def dependents(self, uid: str) -> list[Key]:
        """All keys that name this uid as an owner."""
        return list(self._children.get(uid, ()))

    def orphan_pods(self, namespace: str) -> list[Object]:
        """The Pods of the namespace that no controller owns, oldest first."""
        found = (self.store.get(*key) for key in self._orphans.get(namespace, ()))
        return [pod for pod in found if pod is not None]

    def _notice(self, type: str, new: Object, old: Object | None) -> None:
        if old is not None and type != "DELETED" and not owners_changed(new, old):
            return
        before = owners_of(old) if old is not None else frozenset()
        now = owners_of(new) if type != "DELETED" else frozenset()
        if not (before or now or new["kind"] == "Pod"):
            return
        key = meta.key_of(new)
        for uid in before - now:
            self._children[uid].pop(key, None)
        for uid in now - before:
            self._children.setdefault(uid, {})[key] = None
        if key[0] == "Pod":
            orphans = self._orphans.setdefault(key[1], {})
            if type == "DELETED" or meta.controller_of(new) is not None:
                orphans.pop(key, None)
            else:
                orphans[key] = None


def owners_changed(new: Object, old: Object) -> bool:
    """Whether the ownerReferences are not the very same."""
    now = new["metadata"].get("ownerReferences")
    before = old["metadata"].get("ownerReferences")
    return now is not before and now != before


def has_moved(pod: Object, old: Object | None) -> bool:
    """Whether the Pod is new, or has other owners or labels: other workloads may want it now."""
    return (
        old is None
        or owners_changed(pod, old)
        or pod["metadata"].get("labels") != old["metadata"].get("labels")
    )


def owners_of(manifest: Object) -> frozenset[str]:
    """The uids that the object's ownerReferences name."""
    references = manifest["metadata"].get("ownerReferences")
    return frozenset(one["uid"] for one in references) if references else frozenset()


def selects(workload: Object, pod: Object) -> bool:
    """Whether the workload's selector matches the Pod."""
    if meta.namespace_of(workload) != meta.namespace_of(pod):
        return False
    selector = workload["spec"].get("selector")
    if workload["kind"] == "ReplicationController":
        return meta.selects_map(selector, meta.labels_of(pod))
    return meta.selects(selector, meta.labels_of(pod))


def with_owner(pod: Object, workload: Object) -> Object:
    """The Pod, taken in: the workload is its controller."""
    references = [*(pod["metadata"].get("ownerReferences") or ()), meta.owner_reference(workload)]
    return meta.with_path(pod, OWNERS, references)


def without_owner(pod: Object, workload: Object) -> Object:
    """The Pod, let go: it goes on without the workload."""
    kept = [
        reference
        for reference in pod["metadata"]["ownerReferences"]
        if reference["uid"] != meta.uid_of(workload)
    ]
    return meta.with_path(pod, OWNERS, kept or None)
