"""What admission plugins add to or refuse in an object before it is validated."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING, Any, Final

from conformance.adapters.simulator import errors, meta
from conformance.adapters.simulator.api import quotas
from conformance.adapters.simulator.meta import Object
from spec_model.events import Cause

if TYPE_CHECKING:
    from conformance.adapters.simulator.store import Store

CLAIM_PROTECTION: Final = "kubernetes.io/pvc-protection"
VOLUME_PROTECTION: Final = "kubernetes.io/pv-protection"
DEFAULT_CLASS: Final = "storageclass.kubernetes.io/is-default-class"
EVICTION_SECONDS: Final = 300
_EVICTING_TAINTS: Final = ("node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable")
_SYSTEM_PRIORITIES: Final = {
    "system-node-critical": 2_000_001_000,
    "system-cluster-critical": 2_000_000_000,
}


def admit(manifest: Object, store: Store) -> None:
    """Let the plugins for this kind change the private copy.

    Raises:
        ApiError: a plugin refuses it.
    """
    plugin = _PLUGINS.get(manifest["kind"])
    if plugin is not None:
        plugin(manifest, store)


def admit_change(new: Object) -> None:
    """What plugins do to a change: default tolerations come back if a client left them out."""
    if new["kind"] == "Pod":
        new["spec"]["tolerations"] = with_default_tolerations(new["spec"].get("tolerations") or [])


def _admit_pod(pod: Object, store: Store) -> None:
    spec = pod["spec"]
    if not is_mirror(pod):
        account = spec.get("serviceAccountName") or spec.get("serviceAccount") or "default"
        spec["serviceAccountName"] = spec["serviceAccount"] = account
    spec["tolerations"] = with_default_tolerations(spec.get("tolerations") or [])
    spec["priority"] = _priority(pod, store)
    spec.setdefault("preemptionPolicy", "PreemptLowerPriority")
    quotas.admit_pod(pod, store)


def is_mirror(pod: Object) -> bool:
    """STATIC-007: who stands for a static Pod may not even be given an account."""
    return "kubernetes.io/config.mirror" in (meta.metadata(pod).get("annotations") or {})


def with_default_tolerations(tolerations: list[Any]) -> list[Any]:
    """GC-005: a Pod that says nothing else stays 300 s on a node that is lost."""
    made = [
        {
            "key": taint,
            "operator": "Exists",
            "effect": "NoExecute",
            "tolerationSeconds": EVICTION_SECONDS,
        }
        for taint in _EVICTING_TAINTS
        if not _is_tolerated(taint, tolerations)
    ]
    return [*tolerations, *made]


def _is_tolerated(taint: str, tolerations: list[Any]) -> bool:
    for one in tolerations:
        same_key = one.get("key") in (taint, None, "")
        if same_key and one.get("effect") in ("NoExecute", None, ""):
            return True
    return False


def _priority(pod: Object, store: Store) -> int:
    """The number of the Pod's priority class: a built-in one, or one that somebody has made."""
    name = pod["spec"].get("priorityClassName")
    priority: int = _SYSTEM_PRIORITIES.get(name, 0)
    if name and name not in _SYSTEM_PRIORITIES:
        made = store.get("PriorityClass", None, name)
        if made is None:
            why = f"no PriorityClass with name {name} was found"
            raise errors.forbidden("Pod", meta.name_of(pod), why)
        priority = made["value"]
    given = pod["spec"].get("priority")
    if given is not None and given != priority:
        why = "the integer value of priority must not be provided in pod spec"
        raise errors.forbidden("Pod", meta.name_of(pod), why)
    return priority


def _admit_claim(claim: Object, store: Store) -> None:
    """Protection while in use (PV-012), and the default class where none is named (PV-010)."""
    _protect(claim, CLAIM_PROTECTION)
    if claim["spec"].get("storageClassName") is None:
        chosen = default_storage_class(store)
        if chosen is not None:
            claim["spec"]["storageClassName"] = chosen


def _admit_volume(volume: Object, store: Store) -> None:  # noqa: ARG001
    _protect(volume, VOLUME_PROTECTION)


def default_storage_class(store: Store) -> str | None:
    """PV-010: the name of the newest class that is marked as default."""
    marked = [
        one
        for one in store.list("StorageClass")
        if (one["metadata"].get("annotations") or {}).get(DEFAULT_CLASS) == "true"
    ]
    if not marked:
        return None
    newest = max(one["metadata"]["creationTimestamp"] for one in marked)
    return min(
        meta.name_of(one) for one in marked if one["metadata"]["creationTimestamp"] == newest
    )


def _protect(manifest: Object, finalizer: str) -> None:
    finalizers = manifest["metadata"].get("finalizers") or []
    if finalizer not in finalizers:
        manifest["metadata"]["finalizers"] = [*finalizers, finalizer]


def _admit_autoscaler(autoscaler: Object, store: Store) -> None:
    """HPA-017, documented only: three kinds of targets, and the target comes first."""
    kinds = store.settings.hpa_target_kinds
    if kinds is None:
        return
    name, target = meta.name_of(autoscaler), autoscaler["spec"].get("scaleTargetRef") or {}
    kind = str(target.get("kind"))
    if kind not in kinds:
        cause = Cause("spec.scaleTargetRef.kind", "FieldValueNotSupported")
        raise errors.invalid(autoscaler["kind"], name, [(cause, f"Unsupported value: {kind!r}")])
    namespace = meta.namespace_of(autoscaler)
    if store.get(kind, namespace, str(target.get("name"))) is None:
        cause = Cause("spec.scaleTargetRef.name", "FieldValueNotFound")
        raise errors.invalid(
            autoscaler["kind"], name, [(cause, f"Not found: {target.get('name')!r}")]
        )


def _admit_service(service: Object, store: Store) -> None:
    """An address of its own, unless it wants none."""
    spec = service["spec"]
    if spec["type"] == "ExternalName" or spec.get("clusterIP"):
        return
    taken = {each["spec"].get("clusterIP") for each in store.list("Service")}
    addresses = (f"10.96.{number // 250}.{number % 250 + 1}" for number in count())
    spec["clusterIP"] = next(each for each in addresses if each not in taken)


_PLUGINS: Final = {
    "Pod": _admit_pod,
    "PersistentVolumeClaim": _admit_claim,
    "PersistentVolume": _admit_volume,
    "HorizontalPodAutoscaler": _admit_autoscaler,
    "Service": _admit_service,
}
