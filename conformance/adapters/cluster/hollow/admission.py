"""Whether a Pod that was put on a hollow node by hand may run there: as kubelets see it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any, Final

Object = Mapping[str, Any]
COUNTED: Final = ("cpu", "memory")


def refusal(pod: Object, node: Object, others: Iterable[Object]) -> tuple[str, str] | None:
    """Reason and message for which a node does not take a Pod in; None where it does."""
    labels = node["metadata"].get("labels") or {}
    selector: Mapping[str, str] = pod["spec"].get("nodeSelector") or {}
    if any(labels.get(key) != value for key, value in selector.items()):
        return "NodeAffinity", "Predicate NodeAffinity failed"
    free = {name: amount(node["status"]["allocatable"].get(name, "0")) for name in COUNTED}
    for name in COUNTED:
        used = sum((asked(each, name) for each in others), Decimal(0))
        if asked(pod, name) > free[name] - used:
            return f"OutOf{name}", f"Node didn't have enough resource: {name}"
    return None


def asked(pod: Object, resource: str) -> Decimal:
    """What the containers of a Pod request together."""
    return sum(
        (
            amount(((each.get("resources") or {}).get("requests") or {}).get(resource, "0"))
            for each in pod["spec"]["containers"]
        ),
        Decimal(0),
    )


def amount(text: str) -> Decimal:
    """A quantity."""
    from kubernetes.utils.quantity import parse_quantity

    return Decimal(parse_quantity(text))  # type: ignore[no-untyped-call]
