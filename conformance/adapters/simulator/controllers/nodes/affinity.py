"""Affinity that holds while Pods run: who no longer matches leaves (AFFINITY-005, documented alone).

No release of Kubernetes has it; the source document describes it.
"""

from __future__ import annotations

from conformance.adapters.simulator import meta, predicates
from conformance.adapters.simulator.controllers.controller import Controller
from conformance.adapters.simulator.meta import Key, Object


class AffinityController(Controller):
    """Deletes the Pods of a node whose labels they do not match any longer."""

    name = "affinity-controller"
    watches = frozenset({"Node"})

    def notice(self, type: str, new: Object, old: Object | None) -> None:
        """Queue a node whose labels have changed."""
        if type == "MODIFIED" and old is not None and meta.labels_of(new) != meta.labels_of(old):
            self.enqueue(meta.key_of(new))

    def reconcile(self, key: Key) -> None:
        """Delete every Pod of the node that must not stay."""
        node = self.store.get(*key)
        if node is None or not self.settings.affinity_evicts:
            return
        for pod in self.store.list("Pod"):
            here = pod["spec"].get("nodeName") == meta.name_of(node)
            stays = meta.is_deleting(pod) or not predicates.holds_resources(pod)
            if here and not stays and self.must_leave(pod, node):
                self.store.delete(*meta.key_of(pod), uid=meta.uid_of(pod))

    def must_leave(self, pod: Object, node: Object) -> bool:
        """Does the node no longer match what the Pod requires while it runs?"""
        return not predicates.stays_matched(predicates.node_affinity(pod), node)
