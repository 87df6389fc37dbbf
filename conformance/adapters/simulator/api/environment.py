"""Environment variables of a container, and references to fields and keys."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from conformance.adapters.simulator import quantity
from conformance.adapters.simulator.api import names
from conformance.adapters.simulator.api.fields import Problems

_SOURCES: Final = ("fieldRef", "resourceFieldRef", "configMapKeyRef", "secretKeyRef", "fileKeyRef")
_FIELDS: Final = frozenset(
    {
        "metadata.name",
        "metadata.namespace",
        "metadata.uid",
        "spec.nodeName",
        "spec.serviceAccountName",
        "status.hostIP",
        "status.hostIPs",
        "status.podIP",
        "status.podIPs",
    }
)
VOLUME_FIELDS: Final = frozenset(
    {
        "metadata.name",
        "metadata.namespace",
        "metadata.labels",
        "metadata.annotations",
        "metadata.uid",
    }
)
_SUBSCRIPT: Final = re.compile(r"metadata\.(labels|annotations)\['(.+)'\]")
_CONVERTIBLE: Final = _FIELDS | VOLUME_FIELDS | {"spec.restartPolicy"}
_RESOURCES: Final = re.compile(
    r"(limits|requests)\.(cpu|memory|ephemeral-storage|hugepages-.+)", re.ASCII
)


def validate_environment(variables: Any, path: str, problems: Problems) -> None:
    """``env``: names, and where the values come from."""
    for index, variable in enumerate(variables):
        at, name = f"{path}[{index}]", variable.get("name")
        if not name:
            problems.required(f"{at}.name")
        elif not names.is_environment_name(name):
            problems.invalid(f"{at}.name", name)
        if variable.get("valueFrom") is not None:
            _validate_value_from(variable, f"{at}.valueFrom", problems)


def validate_environment_sources(sources: Any, path: str, problems: Problems) -> None:
    """``envFrom``: each from one ConfigMap or one Secret."""
    for index, source in enumerate(sources):
        at, prefix = f"{path}[{index}]", source.get("prefix")
        if prefix and not names.is_environment_name(prefix):
            problems.invalid(f"{at}.prefix", prefix)
        given = [kind for kind in ("configMapRef", "secretRef") if source.get(kind) is not None]
        if len(given) != 1:
            problems.invalid(path, "", "must specify one of: `configMapRef` or `secretRef`")
        for kind in given:
            _validate_reference_name(source[kind], f"{at}.{kind}", problems)


def validate_field_reference(
    reference: Mapping[str, Any], supported: frozenset[str], path: str, problems: Problems
) -> None:
    """A field of the Pod itself; labels and annotations also one by one."""
    field = reference.get("fieldPath") or ""
    subscript = _SUBSCRIPT.fullmatch(field)
    if not field:
        problems.required(f"{path}.fieldPath")
    elif subscript:
        if not names.is_qualified_name(subscript[2]):
            problems.invalid(f"{path}.fieldPath", field)
    elif field not in _CONVERTIBLE:
        problems.invalid(f"{path}.fieldPath", field, "error converting fieldPath")
    elif field not in supported:
        problems.unsupported(f"{path}.fieldPath", field, supported)


def validate_resource_reference(
    reference: Mapping[str, Any], path: str, problems: Problems, *, in_volume: bool
) -> None:
    """A request or limit of a container."""
    resource = reference.get("resource") or ""
    if in_volume and not reference.get("containerName"):
        problems.required(f"{path}.containerName")
    if not resource:
        problems.required(f"{path}.resource")
    elif not _RESOURCES.fullmatch(resource):
        problems.unsupported(f"{path}.resource", resource, ("limits.*", "requests.*"))
    divisor = reference.get("divisor")
    if divisor is not None and not quantity.is_quantity(divisor):
        problems.invalid(f"{path}.divisor", divisor)


def _validate_value_from(variable: Mapping[str, Any], path: str, problems: Problems) -> None:
    source = variable["valueFrom"]
    given = [kind for kind in _SOURCES if source.get(kind) is not None]
    for kind in given:
        _validate_source(kind, source[kind], f"{path}.{kind}", problems)
    if not given:
        problems.invalid(path, "", "must specify one of the sources")
    elif variable.get("value"):
        problems.invalid(path, "", "may not be specified when `value` is not empty")
    elif len(given) > 1:
        problems.invalid(path, "", "may not have more than one field specified at a time")


def _validate_source(kind: str, source: Mapping[str, Any], path: str, problems: Problems) -> None:
    match kind:
        case "fieldRef":
            validate_field_reference(source, _FIELDS, path, problems)
        case "resourceFieldRef":
            validate_resource_reference(source, path, problems, in_volume=False)
        case "configMapKeyRef" | "secretKeyRef":
            _validate_reference_name(source, path, problems)
            key = source.get("key")
            if not key:
                problems.required(f"{path}.key")
            elif not names.is_config_key(key):
                problems.invalid(f"{path}.key", key)


def _validate_reference_name(source: Mapping[str, Any], path: str, problems: Problems) -> None:
    name = source.get("name")
    if not name:
        problems.required(f"{path}.name")
    elif not names.is_subdomain(name):
        problems.invalid(f"{path}.name", name)
