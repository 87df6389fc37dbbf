"""Names, labels and annotations (k8s apimachinery util/validation, api/validation)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, Final

from conformance.adapters.simulator.api.fields import Problems

_LABEL: Final = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?", re.ASCII)
_SUBDOMAIN: Final = re.compile(rf"{_LABEL.pattern}(\.{_LABEL.pattern})*", re.ASCII)
_NAME_PART: Final = re.compile(r"([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]", re.ASCII)
_PORT_NAME: Final = re.compile(r"[-a-z0-9]+", re.ASCII)
_CONFIG_KEY: Final = re.compile(r"[-._a-zA-Z0-9]+", re.ASCII)

LABEL_LENGTH: Final = 63
SUBDOMAIN_LENGTH: Final = 253
ANNOTATIONS_LENGTH: Final = 256 * 1024
_STANDARD_FINALIZERS: Final = frozenset({"orphan", "foregroundDeletion", "kubernetes"})


@lru_cache(maxsize=4096)
def is_label(text: str) -> bool:
    """A DNS label (RFC 1123)."""
    return len(text) <= LABEL_LENGTH and _LABEL.fullmatch(text) is not None


@lru_cache(maxsize=4096)
def is_subdomain(text: str) -> bool:
    """A DNS subdomain (RFC 1123)."""
    return len(text) <= SUBDOMAIN_LENGTH and _SUBDOMAIN.fullmatch(text) is not None


@lru_cache(maxsize=4096)
def is_qualified_name(text: str) -> bool:
    """An optional DNS subdomain and a slash, then a name: the shape of label keys."""
    prefix, slash, name = text.rpartition("/")
    if slash and not is_subdomain(prefix):
        return False
    return len(name) <= LABEL_LENGTH and _NAME_PART.fullmatch(name) is not None


@lru_cache(maxsize=4096)
def is_label_value(text: str) -> bool:
    """Empty, or like the name part of a label key."""
    return not text or (len(text) <= LABEL_LENGTH and _NAME_PART.fullmatch(text) is not None)


@lru_cache(maxsize=4096)
def is_port_name(text: str) -> bool:
    """An IANA service name: at most 15, a letter in it, no dash at an end or doubled."""
    return (
        0 < len(text) <= 15
        and _PORT_NAME.fullmatch(text) is not None
        and any("a" <= letter <= "z" for letter in text)
        and "--" not in text
        and text[0] != "-" != text[-1]
    )


@lru_cache(maxsize=4096)
def is_config_key(text: str) -> bool:
    """A key of a ConfigMap or Secret."""
    return (
        len(text) <= SUBDOMAIN_LENGTH
        and _CONFIG_KEY.fullmatch(text) is not None
        and text != "."
        and not text.startswith("..")
    )


def is_environment_name(text: str) -> bool:
    """Any printable ASCII but the equals sign (relaxed since 1.30)."""
    return bool(text) and all(" " <= letter <= "~" and letter != "=" for letter in text)


def is_path_segment(text: str) -> bool:
    """A name that may stand in a URL path."""
    return text not in {".", ".."} and "/" not in text and "%" not in text


def without_trailing_dash(prefix: str) -> str:
    """The prefix of a generated name may end in a dash; the rest must be a name."""
    return f"{prefix[:-2]}a" if len(prefix) > 1 and prefix.endswith("-") else prefix


def validate_metadata(
    metadata: Mapping[str, Any],
    problems: Problems,
    *,
    namespaced: bool,
    is_name: Any = is_subdomain,
    path: str = "metadata",
) -> None:
    """Name, namespace, labels, annotations, owners and finalizers of any object."""
    prefix = metadata.get("generateName")
    if prefix and not is_name(without_trailing_dash(prefix)):
        problems.invalid(f"{path}.generateName", prefix)
    name = metadata.get("name")
    if not name:
        problems.required(f"{path}.name", "name or generateName is required")
    elif not is_name(name):
        problems.invalid(f"{path}.name", name)
    namespace = metadata.get("namespace")
    if namespaced and not namespace:
        problems.required(f"{path}.namespace", "namespace is required")
    elif namespaced and not is_label(namespace):
        problems.invalid(f"{path}.namespace", namespace)
    if labels := metadata.get("labels"):
        validate_labels(labels, f"{path}.labels", problems)
    if annotations := metadata.get("annotations"):
        validate_annotations(annotations, f"{path}.annotations", problems)
    if owners := metadata.get("ownerReferences"):
        _validate_owners(owners, f"{path}.ownerReferences", problems)
    for index, finalizer in enumerate(metadata.get("finalizers") or ()):
        if not _is_finalizer(finalizer):
            problems.invalid(f"{path}.finalizers[{index}]", finalizer)


def validate_metadata_update(
    new: Mapping[str, Any], old: Mapping[str, Any], problems: Problems
) -> None:
    """An object being deleted gets no new finalizers; the rest of a change is free."""
    added = set(new.get("finalizers") or ()) - set(old.get("finalizers") or ())
    if added and "deletionTimestamp" in old:
        problems.forbidden(
            "metadata.finalizers",
            f"no new finalizers can be added if the object is being deleted, found new: {added}",
        )


def validate_labels(labels: Mapping[str, Any] | None, path: str, problems: Problems) -> None:
    """Keys and values of labels, or of a map that selects them."""
    for key, value in (labels or {}).items():
        validate_label_key(key, path, problems)
        if not is_label_value(value):
            problems.invalid(path, value, "a valid label value must be alphanumeric")


def validate_label_key(key: str, path: str, problems: Problems) -> None:
    """One label key."""
    if not is_qualified_name(key):
        problems.invalid(path, key, "must be a qualified name")


def validate_annotations(
    annotations: Mapping[str, Any] | None, path: str, problems: Problems
) -> None:
    """Keys of annotations, in any case of letters, and their size together."""
    size = 0
    for key, value in (annotations or {}).items():
        size += len(key) + len(value)
        validate_label_key(key.lower(), path, problems)
    if size > ANNOTATIONS_LENGTH:
        problems.too_long(path, ANNOTATIONS_LENGTH)


def validate_selector(selector: Mapping[str, Any] | None, path: str, problems: Problems) -> None:
    """A LabelSelector."""
    if not selector:
        return
    validate_labels(selector.get("matchLabels"), f"{path}.matchLabels", problems)
    for index, requirement in enumerate(selector.get("matchExpressions") or ()):
        _validate_requirement(requirement, f"{path}.matchExpressions[{index}]", problems)


def _validate_requirement(requirement: Mapping[str, Any], path: str, problems: Problems) -> None:
    operator, values = requirement.get("operator"), requirement.get("values") or ()
    if operator in {"In", "NotIn"}:
        if not values:
            problems.required(f"{path}.values", "must be specified when `operator` is In or NotIn")
    elif operator in {"Exists", "DoesNotExist"}:
        if values:
            problems.forbidden(f"{path}.values", "may not be specified when `operator` is Exists")
    else:
        problems.invalid(f"{path}.operator", operator, "not a valid selector operator")
    validate_label_key(requirement.get("key") or "", f"{path}.key", problems)
    for index, value in enumerate(values):
        if not is_label_value(value):
            problems.invalid(f"{path}.values[{index}]", value)


def _validate_owners(
    references: Sequence[Mapping[str, Any]], path: str, problems: Problems
) -> None:
    for index, reference in enumerate(references):
        for field in ("apiVersion", "kind", "name", "uid"):
            if not reference.get(field):
                problems.invalid(f"{path}[{index}].{field}", "", f"{field} must not be empty")
    if sum(bool(reference.get("controller")) for reference in references) > 1:
        problems.invalid(path, references, "Only one reference can have Controller set to true")


def _is_finalizer(name: str) -> bool:
    return name in _STANDARD_FINALIZERS or ("/" in name and is_qualified_name(name))
