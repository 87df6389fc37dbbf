"""Does the kubelet take a Pod that was bound to its node? It looks again: PHASE-013.

Upstream: kubelet/lifecycle/predicate.go; the message prefix is rejectPod's.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from conformance.adapters.simulator import predicates, resources
from conformance.adapters.simulator.kubelet.status import Why
from conformance.adapters.simulator.predicates import PORT_CONFLICT, host_ports, ports_clash

PREFIX = "Pod was rejected: "


def rejection(
    pod: Mapping[str, Any], node: Mapping[str, Any], others: Iterable[Mapping[str, Any]]
) -> Why | None:
    """Why the Pod must fail at once, or None; ``others`` are the Pods that run here already."""
    if not predicates.selector_matches(pod, node):
        message = "Predicate NodeAffinity failed: node(s) didn't match Pod's node affinity/selector"
        return Why("NodeAffinity", PREFIX + message)
    others = list(others)
    ports = host_ports(pod)
    if ports and any(ports_clash(ports, host_ports(other)) for other in others):  # NETWORK-004
        return Why("NodePorts", PREFIX + "Predicate NodePorts failed: " + PORT_CONFLICT)
    held = [resources.effective_requests(other) for other in others]
    capacity, taken = predicates.allocatable(node), resources.total(held)
    wanted = resources.effective_requests(pod)
    lacking = predicates.insufficient(
        wanted,
        predicates.remaining(capacity, taken),
        len(held) < predicates.pods_of(capacity),
    )
    if not lacking:
        return None
    if predicates.TOO_MANY_PODS in lacking:
        return Why("OutOfpods", out_of("pods", 1, len(held), predicates.pods_of(capacity)))
    name = lacking[0].removeprefix("Insufficient ")
    shown = [predicates.shown(name, amounts.get(name, 0)) for amounts in (wanted, taken, capacity)]
    return Why(f"OutOf{name}", out_of(name, *shown))


def out_of(resource: str, requested: int, used: int, capacity: int) -> str:
    """The message for a resource the node cannot spare."""
    return (
        f"{PREFIX}Node didn't have enough resource: {resource}, "
        f"requested: {requested}, used: {used}, capacity: {capacity}"
    )
