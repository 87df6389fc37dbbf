"""The kinds that the adapter creates and watches: where each lives in the API."""

from __future__ import annotations

from typing import Final

from attrs import frozen


@frozen
class Kind:
    """A kind of object: its group and version, its resource name, whether it has a namespace."""

    name: str
    api: str
    plural: str
    namespaced: bool = True

    @property
    def group(self) -> str:
        """The API group; empty for the core group."""
        return self.api.rpartition("/")[0]


KINDS: Final = {
    kind.name: kind
    for kind in (
        Kind("Node", "v1", "nodes", namespaced=False),
        Kind("PersistentVolume", "v1", "persistentvolumes", namespaced=False),
        Kind("StorageClass", "storage.k8s.io/v1", "storageclasses", namespaced=False),
        Kind("PersistentVolumeClaim", "v1", "persistentvolumeclaims"),
        Kind("Pod", "v1", "pods"),
        Kind("ReplicationController", "v1", "replicationcontrollers"),
        Kind("ReplicaSet", "apps/v1", "replicasets"),
        Kind("Deployment", "apps/v1", "deployments"),
        Kind("DaemonSet", "apps/v1", "daemonsets"),
        Kind("StatefulSet", "apps/v1", "statefulsets"),
        Kind("Job", "batch/v1", "jobs"),
        Kind("HorizontalPodAutoscaler", "autoscaling/v2", "horizontalpodautoscalers"),
        Kind("Eviction", "policy/v1", "evictions"),  # of a Pod: a subresource
        Kind("ConfigMap", "v1", "configmaps"),
        Kind("Secret", "v1", "secrets"),
        Kind("Service", "v1", "services"),
        Kind("Endpoints", "v1", "endpoints"),
        Kind("EndpointSlice", "discovery.k8s.io/v1", "endpointslices"),
        Kind("Event", "v1", "events"),
        Kind("Lease", "coordination.k8s.io/v1", "leases"),
        Kind("ResourceQuota", "v1", "resourcequotas"),
        Kind("ServiceAccount", "v1", "serviceaccounts"),
        Kind("Namespace", "v1", "namespaces", namespaced=False),
        Kind("APIService", "apiregistration.k8s.io/v1", "apiservices", namespaced=False),
    )
}

OBSERVED: Final = (
    "Node", "StorageClass", "PersistentVolume", "PersistentVolumeClaim", "ConfigMap", "Pod",
    "ReplicationController", "ReplicaSet", "Deployment", "DaemonSet", "StatefulSet", "Job",
    "HorizontalPodAutoscaler", "Service", "Endpoints", "EndpointSlice",
)  # fmt: skip
"""The kinds that rules speak of; each has one watch a run. Events have one a namespace, for nobody
labels them."""

RECORDED: Final = (*OBSERVED, "Event", "Namespace")
"""The kinds that a recording holds."""

CLUSTER_SCOPED: Final = frozenset(kind.name for kind in KINDS.values() if not kind.namespaced)


def path(
    kind: str, namespace: str = "", name: str = "", *, api: str = "", subresource: str = ""
) -> str:
    """Where an object, or without a name the collection, lives.

    >>> path("Deployment", "ours", "web", subresource="scale")
    '/apis/apps/v1/namespaces/ours/deployments/web/scale'
    """
    entry = KINDS.get(kind) or Kind(kind, "v1", f"{kind.lower()}s")
    where = api or entry.api
    parts = ["/apis" if "/" in where else "/api", where]
    if entry.namespaced and namespace:
        parts += ["namespaces", namespace]
    parts += [entry.plural, *([name] if name else []), *([subresource] if subresource else [])]
    return "/".join(parts)
