"""The ConfigMaps that a Pod refers to, and what it gets of them (upstream kubelet/configmap).

Decides CONFIGMAP-001 and 003: only ConfigMaps of the Pod's own namespace can be referred to.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

from conformance.adapters.simulator import meta

if TYPE_CHECKING:
    from conformance.adapters.simulator.store import Store

Files: TypeAlias = Mapping[str, bytes]
"""Contents by path, relative to where they are mounted."""


class MissingError(Exception):
    """What is referred to is not there; the text says what, as a kubelet says it."""


def find(store: Store, pod: meta.Object, name: str) -> meta.Object | None:
    """The ConfigMap of that name for this Pod.

    Documented, there must have been one when the Pod was created (CONFIGMAP-003).
    """
    found = store.get("ConfigMap", namespace_of(pod), name)
    is_late = store.settings.config_map_comes_first and not store.came_first(name, pod)
    return None if is_late else found


def namespace_of(pod: Mapping[str, Any]) -> str:
    """Where a Pod may look for ConfigMaps: where it is itself (CONFIGMAP-001)."""
    return meta.namespace_of(pod)


def contents(config_map: Mapping[str, Any]) -> dict[str, bytes]:
    """Every key of data and binaryData with its value (CONFIGMAP-002)."""
    return {
        **{key: text.encode() for key, text in (config_map.get("data") or {}).items()},
        **{
            key: base64.b64decode(blob)
            for key, blob in (config_map.get("binaryData") or {}).items()
        },
    }


def projected(store: Store, pod: meta.Object, source: Mapping[str, Any]) -> Files:
    """The files of a ConfigMap volume: all keys, or those of ``items`` (CONFIGMAP-002).

    Raises:
        MissingError: the ConfigMap or a key is not there, and not optional either (CONFIGMAP-003).
    """
    name, optional = source["name"], bool(source.get("optional"))
    found = find(store, pod, name)
    if found is None:
        if optional:
            return {}
        raise MissingError(f'configmap "{name}" not found')
    held = contents(found)
    if not source.get("items"):
        return held
    files = {}
    for item in source["items"]:
        if item["key"] in held:
            files[item["path"]] = held[item["key"]]
        elif not optional:
            raise MissingError(f"references non-existent config key: {item['key']}")
    return files


def value_of(store: Store, pod: meta.Object, reference: Mapping[str, Any]) -> str | None:
    """The value that a ``configMapKeyRef`` stands for now (CONFIGMAP-001); None: left out.

    Raises:
        MissingError: the ConfigMap or the key is not there, and not optional either (CONFIGMAP-003).
    """
    name, key = reference["name"], reference["key"]
    found = find(store, pod, name)
    value = None if found is None else (found.get("data") or {}).get(key)
    if value is None and not reference.get("optional"):
        if found is None:
            raise MissingError(f'configmap "{name}" not found')
        raise MissingError(f"couldn't find key {key} in ConfigMap {namespace_of(pod)}/{name}")
    return value


def all_values(store: Store, pod: meta.Object, source: Mapping[str, Any]) -> Mapping[str, str]:
    """What an ``envFrom`` brings in: every key of data that can name a variable.

    Raises:
        MissingError: the ConfigMap is not there, and not optional either.
    """
    reference = source.get("configMapRef")
    if reference is None:
        return {}
    found = find(store, pod, reference["name"])
    if found is None:
        if reference.get("optional"):
            return {}
        raise MissingError(f'configmap "{reference["name"]}" not found')
    prefix = source.get("prefix") or ""
    return {f"{prefix}{key}": value for key, value in (found.get("data") or {}).items()}
