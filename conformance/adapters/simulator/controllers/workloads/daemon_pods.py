"""A DaemonSet's Pods: on which nodes they belong, and what the controller adds to the template.

Source: DAEMON-002..004; ``pkg/controller/daemon/{daemon_controller,util/daemonset_util}.go``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from attrs import frozen

from conformance.adapters.simulator import meta, predicates
from conformance.adapters.simulator.meta import Object
from conformance.adapters.simulator.settings import Settings

HASH: Final = "controller-revision-hash"
REQUIRED: Final = "requiredDuringSchedulingIgnoredDuringExecution"

TROUBLES: Final = (
    ("not-ready", "NoExecute"),
    ("unreachable", "NoExecute"),
    ("disk-pressure", "NoSchedule"),
    ("memory-pressure", "NoSchedule"),
    ("pid-pressure", "NoSchedule"),
    ("unschedulable", "NoSchedule"),
)
"""Taints that every daemon Pod puts up with."""

NETWORK: Final = ("network-unavailable", "NoSchedule")


@frozen
class Fitness:
    """Whether a node should get a Pod, and whether one that is there may stay."""

    runs: bool
    stays: bool


def fitness(daemons: Object, node: Object) -> Fitness:
    """How a node is fit for the DaemonSet (DAEMON-002); spec.unschedulable does not matter."""
    template = daemons["spec"]["template"]["spec"]
    pod = {"spec": {**template, "tolerations": tolerations(template)}}
    if template.get("nodeName") not in (None, "", meta.name_of(node)):
        return Fitness(False, False)
    if not predicates.selector_matches(pod, node):
        return Fitness(False, False)
    if predicates.untolerated(pod, node, ("NoExecute",)) is not None:
        return Fitness(False, False)
    runs = predicates.untolerated(pod, node, ("NoSchedule",)) is None
    return Fitness(runs, True)


def tolerations(template: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The template's own, and those that let daemons stay on nodes in trouble (DAEMON-003)."""
    troubles = [*TROUBLES, *([NETWORK] if template.get("hostNetwork") else [])]
    added = [
        {"key": f"node.kubernetes.io/{name}", "operator": "Exists", "effect": effect}
        for name, effect in troubles
    ]
    kept = [one for one in template.get("tolerations") or () if one not in added]
    return [*kept, *added]


def template_hash(daemons: Object) -> str:
    """A short name of the template, as Pods carry it in a label."""
    text = json.dumps(daemons["spec"]["template"], sort_keys=True)
    return meta.short_name(text)


def is_current(pod: Object, hash_: str) -> bool:
    """The Pod is of the template of that hash."""
    return meta.labels_of(pod).get(HASH) == hash_


def pod_for(daemons: Object, node: str, hash_: str, settings: Settings) -> Object:
    """The Pod for a node: pinned to it by affinity, or documented bound to it (DAEMON-004)."""
    template = daemons["spec"]["template"]
    given = template.get("metadata") or {}
    spec = {**template["spec"], "tolerations": tolerations(template["spec"])}
    spec = {**spec, "nodeName": node} if settings.daemon_set_binds else pinned(spec, node)
    metadata = {
        "generateName": f"{meta.name_of(daemons)}-",
        "namespace": meta.namespace_of(daemons),
        "labels": {**(given.get("labels") or {}), HASH: hash_},
        "annotations": dict(given.get("annotations") or {}),
        "ownerReferences": [meta.owner_reference(daemons)],
    }
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}


def pinned(spec: Mapping[str, Any], node: str) -> Object:
    """The spec with an affinity to this node alone; what it required of nodes was asked before."""
    wanted = {"key": "metadata.name", "operator": "In", "values": [node]}
    affinity = spec.get("affinity") or {}
    to_nodes = {
        **(affinity.get("nodeAffinity") or {}),
        REQUIRED: {"nodeSelectorTerms": [{"matchFields": [wanted]}]},
    }
    return {**spec, "affinity": {**affinity, "nodeAffinity": to_nodes}}


def node_of(pod: Object) -> str:
    """The node a daemon Pod is on, or is meant for."""
    if pod["spec"].get("nodeName"):
        return str(pod["spec"]["nodeName"])
    required = predicates.node_affinity(pod).get(REQUIRED) or {}
    for term in required.get("nodeSelectorTerms") or ():
        for field in term.get("matchFields") or ():
            if field.get("key") == "metadata.name" and field.get("values"):
                return str(field["values"][0])
    return ""


def oldest_first(pods: Sequence[Object]) -> list[Object]:
    """In the order in which they are kept: bound ones before others, then by age, then by name."""
    return sorted(
        pods,
        key=lambda pod: (
            not pod["spec"].get("nodeName"),
            pod["metadata"].get("creationTimestamp") or "",
            meta.name_of(pod),
        ),
    )
