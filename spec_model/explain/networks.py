"""Where a Pod is to be found: its address, its host ports, and the Services in front of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from spec_model.events import Manifest
from spec_model.explain.statement import Others, Statement, Statements
from spec_model.objects import Pod
from spec_model.pod.conditions import is_true
from spec_model.pod.network import clashes, host_ports
from spec_model.pod.termination import OVER
from spec_model.profiles import Profile

SERVICE_NAME = "kubernetes.io/service-name"


def statements(manifest: Manifest, view: Pod, others: Others, profile: Profile) -> Statements:
    spec = manifest["spec"]
    if spec.get("hostNetwork"):
        yield Statement(
            "network", "its node's: every containerPort is a port of the host", "NETWORK-001"
        )
    wanted = host_ports(spec)
    for address, protocol, number in sorted(wanted):
        about = f"host port {number}/{protocol}" + (f" on {address}" if address else "")
        yield Statement(about, _free(manifest, wanted, others), "NETWORK-004")
    for service in _services(manifest, others):
        name = str((service.get("metadata") or {}).get("name"))
        yield _membership(f"Service {name}", view, service, profile)
        yield from _shown(name, view, others)


def _free(manifest: Manifest, wanted: frozenset[tuple[str, str, int]], others: Others) -> str:
    """Whether another Pod beside it has that port, on a node where it then cannot go."""
    taken = [
        f"{each['metadata'].get('name')} on {each['spec'].get('nodeName') or 'no node yet'}"
        for each in others
        if each is not manifest
        and each.get("kind") == "Pod"
        and clashes(wanted, host_ports(each.get("spec") or {}))
    ]
    return f"only on a node without {', '.join(taken)}" if taken else "one Pod a node"


def _services(manifest: Manifest, others: Others) -> Iterator[Manifest]:
    metadata = manifest.get("metadata") or {}
    labels: Mapping[str, str] = metadata.get("labels") or {}
    for each in others:
        selector = (each.get("spec") or {}).get("selector")
        given = each.get("metadata") or {}
        place = given.get("namespace") or "default"
        if each.get("kind") != "Service" or place != (metadata.get("namespace") or "default"):
            continue
        if selector and all(labels.get(key) == value for key, value in selector.items()):
            yield each


def _membership(about: str, view: Pod, service: Manifest, profile: Profile) -> Statement:
    if view.phase in OVER:
        return Statement(about, "does not list it: it is over", "PROBE-013")
    if not view.pod_ip:
        return Statement(about, "will list it once it has an address", "PROBE-013")
    ready = is_true(view, "Ready") or bool(
        (service.get("spec") or {}).get("publishNotReadyAddresses")
    )
    if view.deletion_timestamp is not None:
        says = "no longer lists it: it is being deleted"
        if profile.terminating_endpoints_stay:
            serving = "serving" if is_true(view, "Ready") else "not serving"
            says = f"lists {view.pod_ip} as terminating, not ready, {serving}"
        return Statement(about, says, "TERM-008")
    if ready:
        return Statement(about, f"sends traffic to {view.pod_ip}", "PROBE-013")
    says = f"lists {view.pod_ip} as not ready: no traffic"
    if not profile.terminating_endpoints_stay:
        says = "does not list it: it is not ready"
    return Statement(about, says, "PROBE-013")


def _shown(service: str, view: Pod, others: Others) -> Statements:
    """What the EndpointSlices beside it say of its address by now."""
    for each in others:
        labels = (each.get("metadata") or {}).get("labels") or {}
        if each.get("kind") != "EndpointSlice" or labels.get(SERVICE_NAME) != service:
            continue
        for endpoint in each.get("endpoints") or ():
            if view.pod_ip and view.pod_ip in (endpoint.get("addresses") or ()):
                conditions = endpoint.get("conditions") or {}
                shown = ", ".join(f"{key}={str(conditions[key]).lower()}" for key in conditions)
                about = f"EndpointSlice {each['metadata'].get('name')}"
                yield Statement(about, shown or "no conditions", "PROBE-013")
