"""LIST and WATCH as a client of the API asks for them (WATCH-001 to 003)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from conformance.adapters.simulator import api, errors, meta
from conformance.adapters.simulator.history import Matches, WatchEvent, delivered
from conformance.adapters.simulator.meta import Object
from conformance.adapters.simulator.store import Store

ANY: Final = ("", "0")
"""Resource versions that mean: begin with what there is now."""

_SET: Final = re.compile(r"(?P<key>\S+)\s+(?P<operator>in|notin)\s+\((?P<values>[^)]*)\)")
_PARTS: Final = re.compile(r",(?![^(]*\))")

FIELDS: Final[Mapping[str, tuple[str, ...]]] = {
    "Pod": ("spec.nodeName", "spec.restartPolicy", "status.phase", "status.podIP"),
    "Event": ("involvedObject.name", "involvedObject.kind", "reason", "type"),
}
"""What a field selector may name, beside name and namespace."""


def list_objects(
    store: Store,
    kind: str,
    namespace: str | None,
    labelSelector: str | None = None,  # noqa: N803
    fieldSelector: str | None = None,  # noqa: N803
) -> Object:
    """LIST: what there is now, and at which version."""
    wanted = _matcher(kind, namespace, labelSelector, fieldSelector)
    items = [each for each in store.list(kind) if wanted(each)]
    return {"resourceVersion": str(store.version), "items": items}


def watch(
    store: Store,
    kind: str,
    namespace: str | None,
    labelSelector: str | None = None,  # noqa: N803
    fieldSelector: str | None = None,  # noqa: N803
    resourceVersion: str | None = None,  # noqa: N803
    allowWatchBookmarks: bool = False,  # noqa: N803
) -> Object:
    """WATCH: everything that is delivered from a version on until now."""
    wanted = _matcher(kind, namespace, labelSelector, fieldSelector)
    events = _events(store, kind, wanted, resourceVersion or "")
    if allowWatchBookmarks and store.settings.watch_bookmarks and not _has_failed(events):
        events.append(bookmark(api.strategy_of(kind).kind, store.version))
    return {"events": events}


def _events(store: Store, kind: str, wanted: Matches, version: str) -> list[WatchEvent]:
    if version in ANY:
        return [{"type": "ADDED", "object": each} for each in store.list(kind) if wanted(each)]
    if not version.isdecimal():
        raise errors.bad_request(f"Invalid value: {version!r}: resourceVersion")
    if store.history.is_expired(int(version)):
        return [expired(version, store.history.compacted)]
    shown = (
        delivered(write, wanted)
        for write in store.history.since(int(version))
        if write.new["kind"] == kind
    )
    return [event for event in shown if event is not None]


def _has_failed(events: list[WatchEvent]) -> bool:
    return bool(events) and events[-1]["type"] == "ERROR"


def bookmark(kind: str, version: int) -> WatchEvent:
    """How far the watch has come, and nothing else (WATCH-001)."""
    metadata = {"resourceVersion": str(version), "creationTimestamp": None}
    return {"type": "BOOKMARK", "object": {"kind": kind, "apiVersion": "v1", "metadata": metadata}}


def expired(version: str, compacted: int) -> WatchEvent:
    """The watch cannot go on from so old a version (WATCH-001)."""
    message = f"too old resource version: {version} ({compacted})"
    status = {"status": "Failure", "message": message, "reason": "Expired", "code": 410}
    return {
        "type": "ERROR",
        "object": {"kind": "Status", "apiVersion": "v1", "metadata": {}, **status},
    }


# Selectors.


def _matcher(kind: str, namespace: str | None, labels: str | None, fields: str | None) -> Matches:
    api.strategy_of(kind)
    tests: list[Matches] = [_label_test(part) for part in _split(labels)]
    tests += [_field_test(kind, part) for part in _split(fields)]
    if namespace and kind not in meta.CLUSTER_SCOPED:
        tests.append(lambda manifest: meta.namespace_of(manifest) == namespace)
    return lambda manifest: all(test(manifest) for test in tests)


def _split(selector: str | None) -> list[str]:
    return [part.strip() for part in _PARTS.split(selector or "") if part.strip()]


def _label_test(part: str) -> Matches:
    """One requirement: ``a=b``, ``a!=b``, ``a in (b,c)``, ``a notin (b,c)``, ``a``, ``!a``."""
    listed = _SET.fullmatch(part)
    if listed:
        values = {value.strip() for value in listed["values"].split(",")}
        return _on_label(listed["key"], values, negated=listed["operator"] == "notin")
    if "=" in part:
        key, negated, value = _comparison(part)
        return _on_label(key, {value}, negated=negated)
    if part.startswith("!"):
        return lambda manifest: part[1:] not in meta.labels_of(manifest)
    return lambda manifest: part in meta.labels_of(manifest)


def _on_label(key: str, values: set[str], *, negated: bool) -> Matches:
    return lambda manifest: (meta.labels_of(manifest).get(key) in values) is not negated


def _field_test(kind: str, part: str) -> Matches:
    if "=" not in part:
        raise errors.bad_request(f"unable to parse field selector {part!r}")
    key, negated, value = _comparison(part)
    if key not in ("metadata.name", "metadata.namespace", *FIELDS.get(kind, ())):
        raise errors.bad_request(f"field label not supported: {key}")
    read = _reader(key)
    return lambda manifest: (read(manifest) == value) is not negated


def _comparison(part: str) -> tuple[str, bool, str]:
    """Key, whether it must differ, value."""
    operator = next(each for each in ("!=", "==", "=") if each in part)
    key, _, value = part.partition(operator)
    return key.strip(), operator == "!=", value.strip()


def _reader(path: str) -> Callable[[Object], str]:
    steps = path.split(".")

    def read(manifest: Object) -> str:
        found: Any = manifest
        for step in steps:
            found = (found or {}).get(step)
        return str(found or "")

    return read
