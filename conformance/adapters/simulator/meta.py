"""Small helpers over manifests: keys, times, owners, label selectors, conditions, paths.

Nothing here changes what it is given: a helper that "sets" returns a new dict that shares the rest.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Final, TypeAlias

Object: TypeAlias = dict[str, Any]
Key: TypeAlias = tuple[str, str, str]

CLUSTER_SCOPED: Final = frozenset(
    {"Node", "PersistentVolume", "StorageClass", "Namespace", "PriorityClass"}
)
"""Kinds whose objects live in no namespace."""

_UNUSUAL_PLURALS: Final = {"StorageClass": "storageclasses", "PriorityClass": "priorityclasses"}


def plural(kind: str) -> str:
    """The resource name of a kind, as messages of the API server show it."""
    return _UNUSUAL_PLURALS.get(kind) or f"{kind.lower()}s"


# Keys.


def metadata(manifest: Mapping[str, Any]) -> Mapping[str, Any]:
    """The metadata of an object, empty where there is none."""
    return manifest.get("metadata") or {}


def name_of(manifest: Mapping[str, Any]) -> str:
    """metadata.name."""
    name: str = (manifest.get("metadata") or {}).get("name") or ""
    return name


def namespace_of(manifest: Mapping[str, Any]) -> str:
    """metadata.namespace, empty for cluster-scoped objects."""
    namespace: str = (manifest.get("metadata") or {}).get("namespace") or ""
    return namespace


def uid_of(manifest: Mapping[str, Any]) -> str:
    """metadata.uid."""
    uid: str = (manifest.get("metadata") or {}).get("uid") or ""
    return uid


def key_of(manifest: Mapping[str, Any]) -> Key:
    """Kind, namespace and name: where the store keeps the object."""
    found = manifest.get("metadata") or {}
    return manifest.get("kind", ""), found.get("namespace") or "", found.get("name") or ""


def is_deleting(manifest: Mapping[str, Any]) -> bool:
    """True once a deletion was asked for."""
    return "deletionTimestamp" in (manifest.get("metadata") or {})


# Names.

SAFE_LETTERS: Final = "bcdfghjklmnpqrstvwxz2456789"
"""Of which nobody makes a word, in names that are drawn or computed."""


def short_name(text: str) -> str:
    """A name of ten letters for a text, safe in names and labels."""
    digest = hashlib.sha256(text.encode()).digest()
    return "".join(SAFE_LETTERS[byte % len(SAFE_LETTERS)] for byte in digest[:10])


# Times: the same few instants come again and again, of every object and in every session.


@lru_cache(maxsize=4096)
def format_time(seconds: float) -> str:
    """RFC 3339 in whole seconds, truncated, from seconds since 1970."""
    return datetime.fromtimestamp(int(seconds), tz=UTC).isoformat()[: -len("+00:00")] + "Z"


@lru_cache(maxsize=4096)
def parse_time(text: str) -> float:
    """Seconds since 1970 of an RFC 3339 time.

    Raises:
        ValueError: the text is no such time.
    """
    return datetime.fromisoformat(text).timestamp()


# Owners.


def owner_reference(owner: Mapping[str, Any]) -> Object:
    """A controller reference to the object, as a controller puts it on what it makes."""
    return {
        "apiVersion": owner.get("apiVersion", "v1"),
        "kind": owner["kind"],
        "name": name_of(owner),
        "uid": uid_of(owner),
        "controller": True,
        "blockOwnerDeletion": True,
    }


def controller_of(manifest: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The one owner reference with ``controller: true``, if there is one."""
    for reference in (manifest.get("metadata") or {}).get("ownerReferences") or ():
        if reference.get("controller"):
            return reference  # type: ignore[no-any-return]
    return None


# Labels.


def labels_of(manifest: Mapping[str, Any]) -> Mapping[str, str]:
    """metadata.labels."""
    return (manifest.get("metadata") or {}).get("labels") or {}


def selects(selector: Mapping[str, Any] | None, labels: Mapping[str, str]) -> bool:
    """A LabelSelector on labels: absent selects nothing, empty selects everything."""
    if selector is None:
        return False
    for key, value in (selector.get("matchLabels") or {}).items():
        if labels.get(key) != value:
            return False
    requirements = selector.get("matchExpressions") or ()
    return all(_requirement_holds(requirement, labels) for requirement in requirements)


def selects_map(wanted: Mapping[str, str] | None, labels: Mapping[str, str]) -> bool:
    """The map selector of a ReplicationController: empty selects nothing."""
    for key, value in (wanted or {}).items():
        if labels.get(key) != value:
            return False
    return bool(wanted)


def _requirement_holds(requirement: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    key, values = requirement.get("key"), requirement.get("values") or ()
    present = key in labels
    match requirement.get("operator"):
        case "In":
            return present and labels[str(key)] in values
        case "NotIn":
            return not present or labels[str(key)] not in values
        case "Exists":
            return present
        case "DoesNotExist":
            return not present
        case _:
            return False


# Conditions.


def condition_of(manifest: Mapping[str, Any], type_: str) -> Mapping[str, Any] | None:
    """The condition of this type in status.conditions."""
    for condition in (manifest.get("status") or {}).get("conditions") or ():
        if condition.get("type") == type_:
            return condition  # type: ignore[no-any-return]
    return None


def is_true(manifest: Mapping[str, Any], type_: str) -> bool:
    """True when the condition is there and has status "True"."""
    condition = condition_of(manifest, type_)
    return condition is not None and condition.get("status") == "True"


def with_condition(
    conditions: Sequence[Mapping[str, Any]], new: Mapping[str, Any], now: str
) -> list[Mapping[str, Any]]:
    """The conditions with this one in; lastTransitionTime moves only when the status changed."""
    kept: list[Mapping[str, Any]] = []
    placed = False
    for old in conditions:
        if old.get("type") != new["type"]:
            kept.append(old)
            continue
        same = old.get("status") == new.get("status")
        kept.append({**new, "lastTransitionTime": old.get("lastTransitionTime") if same else now})
        placed = True
    if not placed:
        kept.append({**new, "lastTransitionTime": now})
    return kept


def address_of(node: Mapping[str, Any]) -> str:
    """The internal address that a Node reports; empty before its kubelet has done so."""
    for address in (node.get("status") or {}).get("addresses") or ():
        if address.get("type") == "InternalIP":
            return str(address["address"])
    return ""


# Copy-on-write.


def with_path(manifest: Mapping[str, Any], path: Iterable[str], value: Any) -> Object:
    """A new object with the value at that path of maps; None takes the last key away.

    >>> with_path({"spec": {"a": 1}}, ["spec", "b"], 2)
    {'spec': {'a': 1, 'b': 2}}
    """
    first, *rest = path
    changed = dict(manifest)
    if rest:
        changed[first] = with_path(changed.get(first) or {}, rest, value)
    elif value is None:
        changed.pop(first, None)
    else:
        changed[first] = value
    return changed


def with_status(manifest: Mapping[str, Any], **fields: Any) -> Object:
    """A new object whose status has these fields; None takes a field away."""
    status = {**(manifest.get("status") or {}), **fields}
    return {
        **manifest,
        "status": {key: value for key, value in status.items() if value is not None},
    }


_LEAVES: Final = frozenset({str, int, float, bool, type(None)})


def plain_copy(value: Any) -> Any:
    """A copy of JSON-able data that shares nothing with what a client still holds."""
    copy: Any
    if isinstance(value, dict):  # what is in it is mostly leaves, which are copied as they are
        copy = dict(value)
        for key, item in value.items():
            if type(item) not in _LEAVES:
                copy[key] = plain_copy(item)
        return copy
    if isinstance(value, (list, tuple)):
        copy = list(value)
        for index, item in enumerate(value):
            if type(item) not in _LEAVES:
                copy[index] = plain_copy(item)
        return copy
    if isinstance(value, Mapping):
        return plain_copy(dict(value))
    return value


def merge_patch(target: Any, patch: Any) -> Any:
    """RFC 7386: maps merge, null deletes, everything else replaces. Shares what is unchanged."""
    if not isinstance(patch, (dict, Mapping)):
        return plain_copy(patch)
    merged = dict(target) if isinstance(target, (dict, Mapping)) else {}
    for key, value in patch.items():
        if value is None:
            merged.pop(key, None)
        else:
            merged[key] = value if type(value) in _LEAVES else merge_patch(merged.get(key), value)
    return merged
