"""What a cluster is and gives, found out by reading alone: before anything is created."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from attrs import field, frozen

from conformance.adapters.cluster import hook, rights
from conformance.adapters.cluster.client import Answer, Api, Unreachable
from conformance.adapters.cluster.hollow import SERVED
from conformance.adapters.cluster.kinds import path
from conformance.adapters.cluster.options import Options
from spec_model.events import CAPABILITIES

PROFILE: Final = "v1.36"
METRICS_API: Final = "/apis/metrics.k8s.io/v1beta1"
BY_HAND: Final = "kubernetes.io/no-provisioner"

CONTROL_PLANE: Final = (
    "api", "scheduler", "workloads", "daemonsets", "jobs", "statefulsets", "autoscaler", "volumes",
    "status-write", "watch-stream",
)  # fmt: skip
"""What the control plane alone gives."""

ON_NODES: Final = ("kubelet", "images", "networking", *rights.STEERED)
"""What nodes with real kubelets and puppets in the containers give besides."""

WHY_NOT: Final = {
    "nodes": "nodes are not made up beside real ones (?kubelet=hollow)",
    "node-fault": "needs hollow nodes, or access to the node (--node-hook)",
    "metrics": "needs injected usage (--metrics-server)",
    "reclaimer": "volumes are recycled outside of the run's namespaces (?reclaim=true)",
    "provisioner": "no StorageClass with a provisioner",
    "kubelet-restart": "needs access to the node (--node-hook)",
    "static-pods": "needs access to the node (--node-hook)",
    "runtime-fault": "a run breaks no container runtime that others use",
    "pod-gc": "a run makes fewer Pods than a controller manager keeps",
    "kubelet-config": "a run changes no kubelet's configuration",
    "sandbox-loss": "a run reaches no container runtime",
    "node-memory": "a run does not fill a node that others use",
    "cpu-load": "a run does not load a node that others use",
    "eviction": "a run does not fill a node that others use",
    "kubectl-rolling-update": "the command is gone from kubectl",
}
"""Why a capability is not claimed, for those that need a word."""


@frozen
class Found:
    """What was found out.

    Attributes:
        version: of the API server.
        nodes: name of each node and whether it is ready.
        classes: StorageClasses that are there, with their provisioner.
        has_metrics: whether somebody serves ``metrics.k8s.io``.
        missing: rights that are not granted; empty where they were not asked for.
        created: what a run will create, one line each.
    """

    host: str
    version: str
    profile: str
    capabilities: frozenset[str]
    nodes: tuple[tuple[str, bool], ...] = ()
    classes: tuple[tuple[str, str], ...] = ()
    has_metrics: bool = False
    missing: tuple[tuple[rights.Right, str], ...] = ()
    created: tuple[str, ...] = field(factory=tuple)

    @property
    def unsupported(self) -> list[tuple[str, str]]:
        """Every capability that is not claimed, and why."""
        return [
            (name, WHY_NOT.get(name, "not offered by this adapter"))
            for name in CAPABILITIES
            if name not in self.capabilities
        ]

    @property
    def is_of_profile(self) -> bool:
        """Whether the cluster is of the version that the profile is about."""
        return self.version.startswith(f"{self.profile}.")

    @property
    def blocking(self) -> list[tuple[rights.Right, str]]:
        """The missing rights without which nothing runs."""
        return [(right, verb) for right, verb in self.missing if not right.without]


def look(api: Api, options: Options, *, ask_for_rights: bool = False) -> Found:
    """Looks at a cluster; asks for the rights that can be spared, or with ``ask_for_rights`` for all.

    Raises:
        Unreachable: it does not answer, or may not be looked at.
    """
    version = _needed(api.get("/version"), "/version").body.get("gitVersion", "")
    nodes = tuple(_nodes(_needed(api.get(path("Node")), "list nodes")))
    classes = tuple(_classes(api.get(path("StorageClass"))))
    has_metrics = api.get(METRICS_API).ok
    wanted: tuple[rights.Right, ...] = rights.RIGHTS
    wanted += rights.HOLLOW if options.kubelet == "hollow" else ()
    wanted += rights.METRICS if options.metrics else ()
    asked = wanted if ask_for_rights else tuple(right for right in wanted if right.without)
    missing = tuple(rights.missing(api, asked))
    lost = {name for right, _ in missing for name in right.capabilities}
    return Found(
        host=api.host,
        version=version,
        profile=PROFILE,
        capabilities=frozenset(_capabilities(options, nodes, classes)) - lost,
        nodes=nodes,
        classes=classes,
        has_metrics=has_metrics,
        missing=missing,
        created=tuple(_created(options)),
    )


def _needed(answer: Answer, what: str) -> Answer:
    if not answer.ok:
        raise Unreachable(f"{what}: {answer.code} {answer.message}")
    return answer


def _nodes(answer: Answer) -> Iterator[tuple[str, bool]]:
    for node in answer.body.get("items") or ():
        conditions = (node.get("status") or {}).get("conditions") or ()
        ready = any(each["type"] == "Ready" and each["status"] == "True" for each in conditions)
        usable = not (node.get("spec") or {}).get("unschedulable")
        yield node["metadata"]["name"], ready and usable


def _classes(answer: Answer) -> Iterator[tuple[str, str]]:
    items: list[dict[str, Any]] = (answer.body.get("items") or []) if answer.ok else []
    for item in items:
        yield item["metadata"]["name"], item.get("provisioner", "")


def _capabilities(
    options: Options, nodes: tuple[tuple[str, bool], ...], classes: tuple[tuple[str, str], ...]
) -> Iterator[str]:
    yield from CONTROL_PLANE
    if options.kubelet == "hollow":
        yield from SERVED
    elif any(ready for _, ready in nodes):
        yield from ON_NODES
        yield from hook.SERVED if options.hook else ()
        if any(provisioner != BY_HAND for _, provisioner in classes):
            yield "provisioner"
    if options.reclaim:
        yield "reclaimer"
    if options.metrics:
        yield "metrics"


def _created(options: Options) -> Iterator[str]:
    name = f"{options.namespace}-…"
    yield f"a namespace {name} with a Lease, and one for each scenario with a ResourceQuota"
    yield f"in them, Pods of {options.image} ({options.pods} at a time), workloads, claims"
    yield f"PersistentVolumes and StorageClasses named {name}, on host paths that end in .{name}"
    if options.kubelet == "hollow":
        yield f"Nodes named {name}, that only this run's Pods may use"
    if options.hook:
        yield f"files in {options.manifests} of nodes, named {name}, by: {options.hook}"
        yield "nothing else on nodes, but their kubelets are restarted and stopped by it"
    if options.metrics:
        yield "a Service and the APIService v1beta1.metrics.k8s.io, unless there is one"
    yield f"at most {options.rate} requests a second, for {options.minutes} minutes"
