"""The scale of what an autoscaler points at: replicas to read and write, and the Pods it selects.

Source: HPA-017; the ``/scale`` subresource.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from attrs import frozen

from conformance.adapters.simulator import meta
from conformance.adapters.simulator.meta import Object
from conformance.adapters.simulator.settings import Settings
from conformance.adapters.simulator.store import Store

SCALABLE: Final[frozenset[tuple[str, str]]] = frozenset(
    {
        ("apps", "Deployment"),
        ("apps", "ReplicaSet"),
        ("apps", "StatefulSet"),
        ("", "ReplicationController"),
    }
)
"""API group and kind of everything that is served with a ``/scale``."""


class ScaleError(Exception):
    """The target has no scale, or is not there."""


@frozen
class Scale:
    """The target, how many replicas it is to have, and what selects its Pods."""

    target: Object
    replicas: int
    selector: Mapping[str, Any]

    def selected(self, pods: Iterable[Object]) -> list[Object]:
        """The Pods that the selector matches, whoever owns them."""
        namespace = meta.namespace_of(self.target)
        select = (
            meta.selects_map if self.target["kind"] == "ReplicationController" else meta.selects
        )
        return [
            pod
            for pod in pods
            if meta.namespace_of(pod) == namespace and select(self.selector, meta.labels_of(pod))
        ]


def is_scalable(group: str, kind: str, settings: Settings) -> bool:
    """Whether an autoscaler may point at this kind (HPA-017)."""
    if settings.hpa_target_kinds is not None:
        return kind in settings.hpa_target_kinds
    return (group, kind) in SCALABLE


def scale_of(hpa: Mapping[str, Any], store: Store, settings: Settings) -> Scale:
    """The scale of the HPA's target, as it is now.

    Raises:
        ScaleError: the kind cannot be scaled, or there is no such object.
    """
    reference = hpa["spec"]["scaleTargetRef"]
    kind, name = reference["kind"], reference["name"]
    group, slash, _ = str(reference.get("apiVersion") or "").rpartition("/")
    group = group if slash else ""
    if not is_scalable(group, kind, settings):
        raise ScaleError(f'no matches for kind "{kind}" in group "{group}"')
    target = store.get(kind, meta.namespace_of(hpa), name)
    if target is None:
        resource = f"{meta.plural(kind)}.{group}" if group else meta.plural(kind)
        raise ScaleError(f'{resource} "{name}" not found')
    spec = target["spec"]
    replicas = spec.get("replicas")
    return Scale(target, 1 if replicas is None else int(replicas), spec.get("selector") or {})


def set_replicas(scale: Scale, replicas: int, store: Store) -> None:
    """PUT of the scale: spec.replicas of the target and nothing else."""
    store.update(meta.with_path(scale.target, ("spec", "replicas"), replicas))
