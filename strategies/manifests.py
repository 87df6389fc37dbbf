"""Manifests, made by hand: the shortest way to write a valid object with one thing said about it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

Manifest = dict[str, Any]


def container(name: str = "c", image: str = "app:1", **more: Any) -> Manifest:
    """A container; ``requests`` and ``limits`` are put where Kubernetes wants them."""
    resources = {key: more.pop(key) for key in ("requests", "limits") if more.get(key) is not None}
    return {"name": name, "image": image, **({"resources": resources} if resources else {}), **more}


def sidecar(name: str = "s", image: str = "app:1", **more: Any) -> Manifest:
    """An init container that keeps running beside the app containers."""
    return container(name, image, restartPolicy="Always", **more)


def pod(
    name: str = "a",
    containers: Sequence[Manifest] | None = None,
    *,
    init: Sequence[Manifest] = (),
    policy: str | None = None,
    metadata: Manifest | None = None,
    **spec: Any,
) -> Manifest:
    """A Pod of the namespace ``default``."""
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "namespace": "default", **(metadata or {})},
        "spec": {
            **({"restartPolicy": policy} if policy is not None else {}),
            **({"initContainers": list(init)} if init else {}),
            "containers": list(containers) if containers is not None else [container()],
            **spec,
        },
    }


def config_map(name: str = "cfg", data: Manifest | None = None, **more: Any) -> Manifest:
    """A ConfigMap of the namespace ``default``; ``more`` may be binaryData, immutable, metadata."""
    metadata = {"name": name, "namespace": "default", **more.pop("metadata", {})}
    held = {"data": data} if data is not None else {}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, **held, **more}


def from_key(variable: str, name: str, key: str, **more: Any) -> Manifest:
    """A variable of an environment that is a key of a ConfigMap."""
    return {"name": variable, "valueFrom": {"configMapKeyRef": {"name": name, "key": key, **more}}}


def mount(name: str, path: str, sub_path: str | None = None) -> Manifest:
    """Where a container mounts a volume, or a part of it."""
    part = {} if sub_path is None else {"subPath": sub_path}
    return {"name": name, "mountPath": path, **part}


def service(name: str, selector: Manifest, **spec: Any) -> Manifest:
    """A Service of the namespace ``default`` at port 80."""
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name, "namespace": "default"},
        "spec": {"selector": selector, "ports": [{"port": 80}], **spec},
    }


def node(
    name: str, *, cpu: str = "4", memory: str = "8Gi", pods: str = "110", **labels: str
) -> Manifest:
    """A Node with that capacity, all of it allocatable."""
    capacity = {"cpu": cpu, "memory": memory, "pods": pods}
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": name, "labels": {"kubernetes.io/hostname": name, **labels}},
        "status": {"capacity": capacity, "allocatable": capacity},
    }


SOURCES: Final = frozenset({"hostPath", "nfs", "iscsi", "csi", "local"})
"""What a PersistentVolume may be backed by, as far as is spoken of here."""


def volume(
    name: str,
    size: str = "1Gi",
    modes: Sequence[str] = ("ReadWriteOnce",),
    *,
    metadata: Manifest | None = None,
    **spec: Any,
) -> Manifest:
    """A PersistentVolume, on a host path below /tmp unless another source is given."""
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": {"name": name, **(metadata or {})},
        "spec": {
            "capacity": {"storage": size},
            "accessModes": list(modes),
            **({"hostPath": {"path": f"/tmp/{name}"}} if not spec.keys() & SOURCES else {}),
            **spec,
        },
    }


def claim(
    name: str,
    size: str = "1Gi",
    modes: Sequence[str] = ("ReadWriteOnce",),
    *,
    metadata: Manifest | None = None,
    **spec: Any,
) -> Manifest:
    """A PersistentVolumeClaim of the namespace ``default``; class ``""`` unless said otherwise."""
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": name, "namespace": "default", **(metadata or {})},
        "spec": {
            "accessModes": list(modes),
            "resources": {"requests": {"storage": size}},
            "storageClassName": "",
            **spec,
        },
    }


def replica_set(
    name: str, replicas: int = 1, template: Manifest | None = None, kind: str = "ReplicaSet"
) -> Manifest:
    """A ReplicaSet, Deployment or (with that kind) ReplicationController of Pods labelled ``app``."""
    labels = {"app": name}
    inner = template or pod()
    api = "v1" if kind == "ReplicationController" else "apps/v1"
    selector: Manifest = labels if kind == "ReplicationController" else {"matchLabels": labels}
    return {
        "apiVersion": api,
        "kind": kind,
        "metadata": {"name": name, "namespace": "default"},
        "spec": {
            "replicas": replicas,
            "selector": selector,
            "template": {"metadata": {"labels": labels}, "spec": inner["spec"]},
        },
    }


def job(name: str, template: Manifest | None = None, **spec: Any) -> Manifest:
    """A Job of the namespace ``default``; its Pods are started once unless the template says else."""
    inner = template or pod(policy="Never")
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": name, "namespace": "default"},
        "spec": {"template": {"spec": inner["spec"]}, **spec},
    }


def daemon_set(name: str, template: Manifest | None = None, **spec: Any) -> Manifest:
    """A DaemonSet of the namespace ``default`` of Pods labelled ``daemon``."""
    labels, inner = {"daemon": name}, template or pod()
    made = {"metadata": {"labels": labels}, "spec": inner["spec"]}
    return {
        "apiVersion": "apps/v1",
        "kind": "DaemonSet",
        "metadata": {"name": name, "namespace": "default"},
        "spec": {"selector": {"matchLabels": labels}, "template": made, **spec},
    }


def autoscaler(
    name: str,
    target: str,
    *,
    kind: str = "Deployment",
    minimum: int | None = 1,
    maximum: int = 10,
    utilization: int | None = 50,
    **spec: Any,
) -> Manifest:
    """A HorizontalPodAutoscaler (autoscaling/v2) on cpu utilization in percent."""
    api = "v1" if kind == "ReplicationController" else "apps/v1"
    metrics = [
        {
            "type": "Resource",
            "resource": {
                "name": "cpu",
                "target": {"type": "Utilization", "averageUtilization": utilization},
            },
        }
    ]
    return {
        "apiVersion": "autoscaling/v2",
        "kind": "HorizontalPodAutoscaler",
        "metadata": {"name": name, "namespace": "default"},
        "spec": {
            "scaleTargetRef": {"apiVersion": api, "kind": kind, "name": target},
            **({"minReplicas": minimum} if minimum is not None else {}),
            "maxReplicas": maximum,
            **({"metrics": metrics} if utilization is not None else {}),
            **spec,
        },
    }
