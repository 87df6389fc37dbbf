"""The API as a client of it sees it: requests that may be wrong in every way."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from conformance.adapters.simulator import api, errors, meta, shapes, unknown
from conformance.adapters.simulator.api import pod_defaults
from conformance.adapters.simulator.meta import Object
from conformance.adapters.simulator.settings import Settings
from conformance.adapters.simulator.store import Store

SCALABLE: Final = frozenset({"ReplicationController", "ReplicaSet", "Deployment", "StatefulSet"})
"""Kinds with a /scale subresource."""


def create(
    store: Store,
    object: Any,
    dryRun: bool = False,  # noqa: N803
    fieldValidation: str = "Warn",  # noqa: N803
) -> Object:
    """POST; fields that nobody knows are dropped, or refused where the client is strict (VOLUME-004)."""
    strict = fieldValidation == "Strict"
    known = unknown.without(decoded(object), strict=strict, settings=store.settings)
    return store.create(known, dry_run=bool(dryRun), is_private=True)


def replace(store: Store, manifest: Any) -> Object:
    """PUT."""
    return store.update(unknown.without(decoded(manifest), settings=store.settings))


def patch(
    store: Store,
    kind: str,
    namespace: str | None,
    name: str,
    patch: Any,
    subresource: str | None = None,
) -> Object:
    """PATCH with a JSON merge patch, of the object or one of its subresources."""
    api.strategy_of(kind)
    old = store.read(kind, namespace, name)
    write = _SUBRESOURCES.get(subresource or "")
    if write is None or not isinstance(patch, (dict, Mapping)):
        raise errors.bad_request(f"cannot patch {kind} {name} {subresource or ''}")
    merged = unknown.without(patched(old, patch), settings=store.settings)
    if meta.key_of(merged) != meta.key_of(old):
        why = f"the name of the object does not match the name on the URL ({name})"
        raise errors.bad_request(why)
    written: Object = write(store, merged, old)
    return written


def delete(
    store: Store,
    kind: str,
    namespace: str | None,
    name: str,
    gracePeriodSeconds: float | None = None,  # noqa: N803
) -> Object:
    """DELETE."""
    return store.delete(kind, namespace, name, gracePeriodSeconds)


def bind(store: Store, namespace: str, pod: str, node: str) -> Object:
    """POST pods/binding."""
    return store.bind(namespace, pod, node)


def write_status(store: Store, namespace: str, pod: str, status: Any) -> Object:
    """PATCH pods/status."""
    return patch(store, "Pod", namespace, pod, {"status": status}, "status")


def decoded(manifest: Any) -> Object:
    """A private copy of the manifest, if it has the shape of an object.

    Raises:
        ApiError: 400, it has not (VALIDATION-001: what kind of object it is must be said).
    """
    private = meta.plain_copy(manifest)
    if not isinstance(private, dict):
        raise errors.bad_request("the object provided is unrecognized")
    _check_type(private)
    shapes.check(private)
    return private


def patched(old: Object, patch: Mapping[str, Any]) -> Object:
    """The stored object with a patch, if it still has the shape of one; it shares what is unchanged.

    Raises:
        ApiError: 400, it has not.
    """
    changed: Object = meta.merge_patch(old, patch)
    _check_type(changed)
    shapes.check(changed, old)
    return changed


def _check_type(manifest: Mapping[str, Any]) -> None:
    if not (manifest.get("kind") and manifest.get("apiVersion")):
        field = "apiVersion" if manifest.get("kind") else "kind"
        raise errors.bad_request(f"Object '{field}' is missing")


def canonical_amounts(amounts: Mapping[str, Any], settings: Settings) -> Object:
    """Quantities by resource, canonical.

    Raises:
        ApiError: 400, one is no quantity.
    """
    return {name: pod_defaults.canonical(text, settings) for name, text in amounts.items()}


def _scale(store: Store, merged: Mapping[str, Any], old: Object) -> Object:
    """REPLICA-008: only the number of replicas is written."""
    kind, name = str(old["kind"]), meta.name_of(old)
    if kind not in SCALABLE:
        raise errors.not_found(kind, f"{name}/scale")
    wanted = (merged.get("spec") or {}).get("replicas")
    return store.change(meta.with_path(old, ("spec", "replicas"), wanted), old)


def _resize(store: Store, merged: Mapping[str, Any], old: Object) -> Object:
    if old["kind"] != "Pod":
        raise errors.not_found(str(old["kind"]), f"{meta.name_of(old)}/resize")
    return store.resize(merged)


_SUBRESOURCES: Final = {
    "": Store.change,
    "status": lambda store, merged, old: store.write_status(merged),  # noqa: ARG005
    "scale": _scale,
    "resize": _resize,
}
