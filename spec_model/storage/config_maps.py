"""ConfigMaps: what a Pod refers to, and what it gets of them (CONFIGMAP-001 to 003).

After ``pkg/kubelet/kubelet_pods.go`` makeEnvironmentVariables and ``pkg/volume/configmap/configmap.go``.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

from attrs import frozen

from spec_model.events import Manifest
from spec_model.rules import Decision

Contents: TypeAlias = Mapping[str, Any]
"""By path: text, or ``{"base64": …}`` of what is no text."""


@frozen
class Reference:
    """One place where a Pod refers to a ConfigMap of its namespace.

    Attributes:
        container: the container whose environment it is of; empty for a volume of the whole Pod.
        keys: the keys that must be there; none: the object alone must.
    """

    config_map: str
    container: str
    keys: tuple[str, ...]
    optional: bool

    def is_met(self, config_map: Manifest | None) -> bool:
        """Whether a ConfigMap, or that there is none, is enough to start with (CONFIGMAP-003)."""
        if self.optional:
            return True
        if config_map is None:
            return False
        texts, blobs = config_map.get("data") or {}, config_map.get("binaryData") or {}
        return all(key in texts or (key in blobs and not self.container) for key in self.keys)


def references(spec: Manifest) -> Iterator[Reference]:
    """Everywhere a Pod refers to ConfigMaps: environments first, then volumes."""
    for group in ("containers", "initContainers"):
        for container in spec.get(group) or ():
            yield from _of_environment(container)
    for volume in spec.get("volumes") or ():
        source = volume.get("configMap")
        if source is not None:
            keys = tuple(item.get("key", "") for item in source.get("items") or ())
            yield Reference(source.get("name", ""), "", keys, bool(source.get("optional")))


def _of_environment(container: Manifest) -> Iterator[Reference]:
    name = container.get("name", "")
    for source in container.get("envFrom") or ():
        found = source.get("configMapRef")
        if found is not None:
            yield Reference(found.get("name", ""), name, (), bool(found.get("optional")))
    for variable in container.get("env") or ():
        found = (variable.get("valueFrom") or {}).get("configMapKeyRef")
        if found is not None:
            keys = (found.get("key", ""),)
            yield Reference(found.get("name", ""), name, keys, bool(found.get("optional")))


def files(config_map: Manifest | None, source: Manifest) -> Decision[Contents | None]:
    """The files of a ConfigMap volume: all keys, or those of ``items`` at their paths.

    None where they cannot be made: the ConfigMap or a key is missing, and not optional either.
    """
    held, optional = contents(config_map or {}), bool(source.get("optional"))
    if config_map is None and not optional:
        return Decision(None, "CONFIGMAP-003")
    items = source.get("items")
    if not items or config_map is None:
        return Decision(held, "CONFIGMAP-002")
    if not optional and any(item["key"] not in held for item in items):
        return Decision(None, "CONFIGMAP-003")
    made = {item["path"]: held[item["key"]] for item in items if item["key"] in held}
    return Decision(made, "CONFIGMAP-002")


def contents(config_map: Manifest) -> Contents:
    """Every key of data and binaryData with its value as a file shows it."""
    return {
        **(config_map.get("data") or {}),
        **{key: as_shown(blob) for key, blob in (config_map.get("binaryData") or {}).items()},
    }


def as_shown(blob: str) -> str | Mapping[str, str]:
    """Bytes, given in base64, as the content of a file is shown: as text where they are text."""
    try:
        return base64.b64decode(blob).decode()
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(base64.b64decode(blob)).decode()}


def variables(container: Manifest) -> Mapping[str, tuple[str, str, bool]]:
    """Variables that come from a ConfigMap: its name, the key, and whether it is optional.

    The last definition of a name counts; one that comes from somewhere else is not here.
    """
    found: dict[str, tuple[str, str, bool]] = {}
    for variable in container.get("env") or ():
        reference = (variable.get("valueFrom") or {}).get("configMapKeyRef")
        name = variable.get("name", "")
        found.pop(name, None)
        if reference is not None:
            key = (reference.get("name", ""), reference.get("key", ""))
            found[name] = (*key, bool(reference.get("optional")))
    return found
