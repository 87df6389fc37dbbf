"""The environment of a container, made when it starts (upstream makeEnvironmentVariables)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from conformance.adapters.simulator import meta
from conformance.adapters.simulator.kubelet import references

if TYPE_CHECKING:
    from conformance.adapters.simulator.store import Store


def environment(store: Store, pod: meta.Object, container: Mapping[str, Any]) -> dict[str, str]:
    """Variables by name, as they are at this moment (CONFIGMAP-001).

    Raises:
        MissingError: something that is referred to is not there (CONFIGMAP-003).
    """
    made: dict[str, str] = {}
    for source in container.get("envFrom") or ():
        made.update(references.all_values(store, pod, source))
    for variable in container.get("env") or ():
        value = value_of(store, pod, variable)
        if value is not None:
            made[variable["name"]] = value
    return made


def value_of(store: Store, pod: meta.Object, variable: Mapping[str, Any]) -> str | None:
    """The value of one variable; None where it is left out.

    Raises:
        MissingError: what it refers to is not there.
    """
    source = variable.get("valueFrom")
    if source is None:
        return str(variable.get("value") or "")
    if source.get("configMapKeyRef") is not None:
        return references.value_of(store, pod, source["configMapKeyRef"])
    if source.get("fieldRef") is not None:
        return str(field_of(pod, source["fieldRef"]["fieldPath"]))
    return None


def field_of(pod: Mapping[str, Any], path: str) -> Any:
    """A field of the Pod by its path, empty where it has none."""
    found: Any = pod
    for step in path.split("."):
        found = found.get(step) if isinstance(found, Mapping) else None
    return "" if found is None else found
