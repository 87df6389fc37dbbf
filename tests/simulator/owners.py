"""A whole simulated cluster with something that owns Pods, and short words to drive it."""

from __future__ import annotations

from typing import Any

from conformance.adapters.simulator import SimulatorAdapter, meta
from spec_model.events import Accepted, stimulus


class Cluster:
    """Nodes, kubelets and controllers; names are of the namespace ``default``."""

    def __init__(self, profile: str = "v1.36", nodes: int = 2) -> None:
        self.adapter = SimulatorAdapter(profile, nodes=nodes)
        self.store = self.adapter.engine.store

    def do(self, verb: str, **arguments: Any) -> None:
        response = self.adapter.apply(stimulus(verb, **arguments))
        assert isinstance(response, Accepted), response

    def create(self, manifest: dict[str, Any]) -> None:
        self.do("create", object=manifest)

    def patch(self, kind: str, name: str, patch: dict[str, Any]) -> None:
        namespace = "" if kind in meta.CLUSTER_SCOPED else "default"
        self.do("patch", kind=kind, namespace=namespace, name=name, patch=patch)

    def delete(self, kind: str, name: str) -> None:
        namespace = "" if kind in meta.CLUSTER_SCOPED else "default"
        self.do("delete", kind=kind, namespace=namespace, name=name)

    def exit(self, pod: str, code: int) -> None:
        self.do("exit", namespace="default", pod=pod, container="c", exitCode=code)

    def advance(self, seconds: float) -> None:
        self.do("advance", seconds=seconds)

    def get(self, kind: str, name: str) -> Any:
        return self.store.get(kind, "default", name)

    def pods(self, *phases: str) -> list[meta.Object]:
        """All Pods in these phases that nobody has deleted, oldest first."""
        return [
            pod
            for pod in self.store.list("Pod")
            if not meta.is_deleting(pod) and (not phases or pod["status"]["phase"] in phases)
        ]

    def names(self, *phases: str) -> list[str]:
        return list(map(meta.name_of, self.pods(*phases)))

    def reasons(self, about: str) -> list[str]:
        """The reasons of the Events about an object of that name, in order."""
        return [
            event["reason"]
            for event in self.store.list("Event")
            if event["involvedObject"]["name"] == about
        ]

    def true(self, kind: str, name: str) -> list[str]:
        """The types of an object's conditions that are True."""
        status = self.get(kind, name)["status"]
        return [one["type"] for one in status.get("conditions", ()) if one["status"] == "True"]
