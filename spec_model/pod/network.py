"""Ports of the host that a Pod wants, and when two want the same (NETWORK-004)."""

from __future__ import annotations

from collections.abc import Set
from typing import TypeAlias

from spec_model.events import Manifest

HostPort: TypeAlias = tuple[str, str, int]
"""Address, protocol and number; the address ``""`` is every address of the host."""


def host_ports(spec: Manifest) -> frozenset[HostPort]:
    """The ports of the host that the app containers of a stored Pod want."""
    return frozenset(
        (_address(port.get("hostIP")), port.get("protocol") or "TCP", port["hostPort"])
        for container in spec.get("containers") or ()
        for port in container.get("ports") or ()
        if port.get("hostPort")
    )


def _address(given: str | None) -> str:
    return "" if given in (None, "0.0.0.0", "::") else str(given)


def clashes(some: Set[HostPort], others: Set[HostPort]) -> bool:
    """Whether one of these ports is one of those: same protocol and number, on a common address.

    >>> clashes({("", "TCP", 80)}, {("10.0.0.1", "TCP", 80)}), clashes({("", "TCP", 80)}, {("", "UDP", 80)})
    (True, False)
    """
    return any(
        one[1:] == other[1:] and (one[0] == other[0] or "" in (one[0], other[0]))
        for one in some
        for other in others
    )
