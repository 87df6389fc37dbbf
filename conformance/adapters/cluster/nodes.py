"""What is done to nodes, by the user's own command, or to hollow ones: kubelets, faults, static Pods."""

from __future__ import annotations

import json
import posixpath
from typing import Any, Final

from conformance.adapters.cluster import hook
from conformance.adapters.cluster.place import Given, Place
from spec_model.events import Accepted, Rejected, Response


def restart_kubelet(place: Place, given: Given) -> Response:
    """By the user's own command."""
    return _hooked(place, given["node"], hook.ACTIONS["restart-kubelet"])


def stop_node(place: Place, given: Given) -> Response:
    """A node falls silent: a hollow one, or a real one by the user's own command."""
    if place.cluster.options.kubelet != "hollow":
        return _hooked(place, given["node"], hook.ACTIONS["stop-node"])
    name = place.mapper.outer_name("Node", given["node"])
    return Accepted() if place.kubelets.stop_node(name) else _no_node(given["node"])


def start_node(place: Place, given: Given) -> Response:
    """It speaks again."""
    if place.cluster.options.kubelet != "hollow":
        return _hooked(place, given["node"], hook.ACTIONS["start-node"])
    name = place.mapper.outer_name("Node", given["node"])
    return Accepted() if place.kubelets.start_node(name) else _no_node(given["node"])


def write_manifest(place: Place, given: Given) -> Response:
    """A file in the static Pod directory of a node; its Pod is one of this scenario."""
    manifest: Any = given["manifest"]
    if isinstance(manifest, dict):
        if why := _unsafe(manifest):
            return Rejected(403, "Forbidden", why)
        metadata = manifest.get("metadata") or {}
        namespace, name = metadata.get("namespace") or "default", metadata.get("name")
        told = place.manners.of_new(namespace, f"{name}-{given['node']}")
        manifest = place.mapper.outward(manifest, "Pod", told)
        manifest["metadata"]["namespace"] = place.mapper.namespace(namespace)
    text = manifest if isinstance(manifest, str) else json.dumps(manifest)
    place.cluster.note_files(given["node"])
    return _hooked(place, given["node"], hook.writing(_file(place, given["file"]), text))


def remove_manifest(place: Place, given: Given) -> Response:
    """The file goes."""
    return _hooked(place, given["node"], hook.removing(_file(place, given["file"])))


def _file(place: Place, file: str) -> str:
    """Where a scenario's file lies: its first name begins with the scenario's namespace, after its dot."""
    first, _, rest = file.partition("/")
    dot = "." if first.startswith(".") else ""
    own = f"{dot}{place.mapper.home}.{first.removeprefix('.')}"
    return posixpath.join(place.cluster.options.manifests, own, rest).rstrip("/")


def _unsafe(manifest: dict[str, Any]) -> str:
    """Why a static Pod is not put on a node: no admission looks at it there."""
    spec = manifest.get("spec") or {}
    if not isinstance(spec, dict):
        return ""
    shared = [name for name in ("hostNetwork", "hostPID", "hostIPC") if spec.get(name)]
    if any(isinstance(each, dict) and "hostPath" in each for each in spec.get("volumes") or ()):
        shared.append("hostPath")
    return f"a static Pod with {', '.join(shared)} would be more than this run's" if shared else ""


def _hooked(place: Place, node: str, action: str) -> Response:
    if not place.cluster.is_foreign("Node", node):
        return Rejected(404, "NotFound", f'nodes "{node}" not found')
    hook.run(place.cluster.options.hook, node, action)
    return Accepted()


def _no_node(name: str) -> Rejected:
    return Rejected(404, "NotFound", f"no hollow node {name}")


VERBS: Final = {
    "restart-kubelet": restart_kubelet,
    "stop-node": stop_node,
    "start-node": start_node,
    "write-manifest": write_manifest,
    "remove-manifest": remove_manifest,
}
