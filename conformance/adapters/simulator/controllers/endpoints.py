"""Endpoints and EndpointSlices: the addresses behind each Service (upstream endpoint, endpointslice).

An address is in a slice while its Pod has one and is not terminal, with its conditions; in Endpoints it is
ready or not, and gone once the Pod is being deleted (PROBE-013, TERM-008). Documented, only those that
are ready and not being deleted are there at all.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Final

from conformance.adapters.simulator import meta
from conformance.adapters.simulator.controllers.controller import Controller
from conformance.adapters.simulator.meta import Key, Object

SERVICE_NAME: Final = "kubernetes.io/service-name"
MANAGED_BY: Final = "endpointslice.kubernetes.io/managed-by"
LARGEST_SLICE: Final = 100
TERMINAL: Final = ("Succeeded", "Failed")


class EndpointsController(Controller):
    """Follows the Pods that a Service selects."""

    name: ClassVar[str] = "endpoint-slice-controller"
    watches: ClassVar[frozenset[str] | None] = frozenset({"Service", "Pod"})
    serves: ClassVar[frozenset[str] | None] = frozenset({"Service"})

    def notice(self, type: str, new: Object, old: Object | None) -> None:
        if new["kind"] == "Service":
            self.enqueue(meta.key_of(new))
            return
        for service in self.store.list("Service"):
            if meta.namespace_of(service) == meta.namespace_of(new) and any(
                selects(service, meta.labels_of(one)) for one in (new, old or new)
            ):
                self.enqueue(meta.key_of(service))

    def reconcile(self, key: Key) -> None:
        service = self.store.get(*key)
        if service is None:
            self._clean_up(key)
        elif service["spec"].get("selector"):
            pods = self._pods(service)
            self._write_slices(service, [endpoint(each, service) for each in pods])
            self._write_endpoints(service, pods)

    def _pods(self, service: Object) -> list[Object]:
        """The Pods whose addresses are listed, by name."""
        found = [
            pod
            for pod in self.store.list("Pod")
            if meta.namespace_of(pod) == meta.namespace_of(service)
            and selects(service, meta.labels_of(pod))
            and has_address(pod)
        ]
        if self.settings.endpoints_only_ready:
            found = [pod for pod in found if is_serving(pod) and not meta.is_deleting(pod)]
        return sorted(found, key=meta.name_of)

    # Slices.

    def _slices(self, namespace: str, service: str) -> list[Object]:
        return [
            each
            for each in self.store.list("EndpointSlice")
            if meta.namespace_of(each) == namespace
            and meta.labels_of(each).get(SERVICE_NAME) == service
        ]

    def _write_slices(self, service: Object, endpoints: list[Object]) -> None:
        namespace, name = meta.namespace_of(service), meta.name_of(service)
        known = self._slices(namespace, name)
        wanted = [endpoints[i : i + LARGEST_SLICE] for i in range(0, len(endpoints), LARGEST_SLICE)]
        wanted = wanted or [[]]
        ports = slice_ports(service)
        for old, part in zip(known, wanted, strict=False):
            self.store.update({**old, "endpoints": part, "ports": ports})
        for part in wanted[len(known) :]:
            self.store.create(new_slice(service, part, ports))
        for old in known[len(wanted) :]:
            self.store.remove(*meta.key_of(old))

    # Endpoints.

    def _write_endpoints(self, service: Object, pods: Sequence[Object]) -> None:
        subsets = subsets_of(service, [pod for pod in pods if not meta.is_deleting(pod)])
        namespace, name = meta.namespace_of(service), meta.name_of(service)
        old = self.store.get("Endpoints", namespace, name)
        if old is None:
            metadata = {
                "name": name,
                "namespace": namespace,
                "labels": dict(meta.labels_of(service)),
            }
            made = {"apiVersion": "v1", "kind": "Endpoints", "metadata": metadata}
            self.store.create({**made, "subsets": subsets})
        else:
            self.store.update({**old, "subsets": subsets})

    def _clean_up(self, key: Key) -> None:
        """A Service takes its endpoints with it."""
        self.store.remove("Endpoints", *key[1:])
        for each in self._slices(*key[1:]):
            self.store.remove(*meta.key_of(each))


def selects(service: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    """Does the Service select Pods with these labels?"""
    return meta.selects_map(service["spec"].get("selector"), labels)


def has_address(pod: Mapping[str, Any]) -> bool:
    """A Pod that has an address and is not over."""
    status = pod.get("status") or {}
    return bool(status.get("podIP")) and status.get("phase") not in TERMINAL


def is_serving(pod: Mapping[str, Any]) -> bool:
    """The Pod is ready, being deleted or not."""
    return meta.is_true(pod, "Ready")


def is_ready(pod: Mapping[str, Any], service: Mapping[str, Any]) -> bool:
    """The address gets traffic: the Pod serves and stays, or the Service does not mind (TERM-008)."""
    if service["spec"].get("publishNotReadyAddresses"):
        return True
    return is_serving(pod) and not meta.is_deleting(pod)


def reference(pod: Mapping[str, Any]) -> Object:
    """What an address belongs to."""
    return {
        "kind": "Pod",
        "namespace": meta.namespace_of(pod),
        "name": meta.name_of(pod),
        "uid": meta.uid_of(pod),
    }


def endpoint(pod: Mapping[str, Any], service: Mapping[str, Any]) -> Object:
    """An address of a slice with its conditions (PROBE-013, TERM-008)."""
    return {
        "addresses": [pod["status"]["podIP"]],
        "conditions": {
            "ready": is_ready(pod, service),
            "serving": is_serving(pod),
            "terminating": meta.is_deleting(pod),
        },
        "nodeName": pod["spec"].get("nodeName"),
        "targetRef": reference(pod),
    }


def slice_ports(service: Mapping[str, Any]) -> list[Object]:
    """The ports at which the addresses are reached."""
    return [
        {"name": each.get("name") or "", "protocol": each["protocol"], "port": each["targetPort"]}
        for each in service["spec"].get("ports") or ()
    ]


def new_slice(service: Object, endpoints: list[Object], ports: list[Object]) -> Object:
    """A slice of a Service."""
    name = meta.name_of(service)
    labels = {SERVICE_NAME: name, MANAGED_BY: "endpointslice-controller.k8s.io"}
    return {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {
            "generateName": f"{name}-",
            "namespace": meta.namespace_of(service),
            "labels": labels,
            "ownerReferences": [meta.owner_reference(service)],
        },
        "addressType": "IPv4",
        "endpoints": endpoints,
        "ports": ports,
    }


def subsets_of(service: Mapping[str, Any], pods: Sequence[Mapping[str, Any]]) -> list[Object]:
    """The same as Endpoints have it: ready addresses, and others apart."""
    groups: dict[str, list[Object]] = {}
    for pod in pods:
        group = "addresses" if is_ready(pod, service) else "notReadyAddresses"
        address = {"ip": pod["status"]["podIP"], "nodeName": pod["spec"].get("nodeName")}
        groups.setdefault(group, []).append({**address, "targetRef": reference(pod)})
    return [{**groups, "ports": slice_ports(service)}] if groups else []
