"""Who has written the status of a Pod, as far as ``metadata.managedFields`` tell.

A recording may show Pods that no kubelet runs: nodes are played (kwok, hollow kubelets), tests write
the subresource. Nobody answers for what such a status says of containers.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from spec_model.law import note
from spec_model.objects import EMPTY
from spec_model.world import Seen

KUBELETS: Final = frozenset({"kubelet", "kubelet.exe", "hyperkube", "k3s", "microshift"})
"""Managers that a kubelet goes by: the name of the program that it is part of."""

CONTROL_PLANE: Final = frozenset({"kube-controller-manager", "kube-scheduler"})
"""Managers whose part of a status has rules of its own."""

OF_A_KUBELET: Final = frozenset(
    {"f:phase", "f:reason", "f:startTime", "f:containerStatuses", "f:initContainerStatuses"}
)
"""What nobody but a kubelet says."""

OF_OTHERS: Final = ("PodScheduled", "DisruptionTarget")
"""Built-in conditions that schedulers and controllers write; those with a slash are anybody's."""


@note("foreign-status", on="Pod")
def foreign_writer(before: str | None, seen: Seen) -> str | None:
    """The manager that has written what only a kubelet knows, now or before; None: nobody has."""
    if before is not None:
        return before
    entries = seen.manifest["metadata"].get("managedFields")
    return next(_foreign(entries), None) if entries else None


def _foreign(entries: Any) -> Iterator[str]:
    for entry in entries:
        manager = entry.get("manager") or ""
        if entry.get("subresource") != "status" or manager in KUBELETS | CONTROL_PLANE:
            continue
        fields = (entry.get("fieldsV1") or EMPTY).get("f:status") or EMPTY
        if OF_A_KUBELET & fields.keys() or any(_conditions(fields)):
            yield manager


def _conditions(fields: Mapping[str, Any]) -> Iterator[str]:
    """The kubelet's own conditions among those that were written, as ``k:{"type":"Ready"}``."""
    for key in fields.get("f:conditions") or EMPTY:
        type_ = key.removeprefix('k:{"type":"').removesuffix('"}')
        if type_ != key and "/" not in type_ and type_ not in OF_OTHERS:
            yield type_
