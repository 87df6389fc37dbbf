"""Probes of where Pods keep data: volumes and claims, files, paths of nodes."""

from __future__ import annotations

from typing import Any

from conformance.kit.looking import field, running, served, some_node, until
from conformance.session import Session
from strategies.manifests import claim, container, mount, volume
from strategies.volumes import PROVISIONER, storage_class

IN_CONTAINER = {"namespace": "default", "pod": "a", "container": "c"}


def _is_bound(run: Session) -> bool:
    path = ("status", "phase")
    return bool(field(run, "PersistentVolumeClaim", "data", *path) == "Bound")


def volumes(run: Session) -> str:
    """A claim is bound to the volume that fits it."""
    served(run, "create", object=volume("disk"))
    served(run, "create", object=claim("data"))
    until(run, "a claim was not bound to the volume that fits it", lambda: _is_bound(run))
    return "a claim was bound to a volume"


def provisioner(run: Session) -> str:
    """A volume is made for a claim with a class."""
    offered = [known.manifest for known in run.world.of_kind("StorageClass")]
    made = storage_class("fast", PROVISIONER)
    if not offered:
        served(run, "create", object=made)
    name = (offered or [made])[0]["metadata"]["name"]
    served(run, "create", object=claim("data", storageClassName=name))
    until(run, "no volume was made for a claim with a class", lambda: _is_bound(run))
    return "a volume was made for a claim"


def reclaimer(run: Session) -> str:
    """A released volume goes."""
    served(run, "create", object=volume("disk", persistentVolumeReclaimPolicy="Delete"))
    served(run, "create", object=claim("data"))
    until(run, "a claim was not bound to the volume that fits it", lambda: _is_bound(run))
    served(run, "delete", kind="PersistentVolumeClaim", namespace="default", name="data")
    until(
        run,
        "a released volume with the policy Delete did not go",
        lambda: run.view("PersistentVolume", "disk") is None,
    )
    return "a released volume was deleted"


def file_write(run: Session) -> str:
    """A container writes a file."""
    running(
        run,
        containers=[container(volumeMounts=[mount("v", "/v")])],
        volumes=[{"name": "v", "emptyDir": {}}],
    )
    served(run, "write-file", **IN_CONTAINER, path="/v/f", content="mine")
    return "container c wrote a file"


def host_paths(run: Session) -> str:
    """Pods share a path of their node."""
    name = some_node(run)
    source = {"hostPath": {"path": "/tmp/checked", "type": "DirectoryOrCreate"}}
    made: dict[str, Any] = {
        "containers": [container(volumeMounts=[mount("v", "/v")])],
        "volumes": [{"name": "v", **source}],
        "nodeName": name,
    }
    running(run, **made)
    running(run, "b", **made)
    return "two Pods run on one path of their node"
