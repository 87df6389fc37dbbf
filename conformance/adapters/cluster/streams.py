"""Lists and raw watches, as any client of the API sees them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from conformance.adapters.cluster.kinds import KINDS, path
from conformance.adapters.cluster.place import Given, Place
from spec_model.events import Accepted, Rejected, Response

UNTIL_NOW: Final = 2
"""Seconds after which a raw watch ends: what had happened before it began comes at once."""

GONE: Final = 410
CHANGES: Final = ("ADDED", "MODIFIED", "DELETED")


def list_(place: Place, given: Given) -> Response:
    """What there is, and at which version."""
    kind = KINDS[given["kind"]]
    answer = place.cluster.api.get(_where(place, given), [*_selectors(given)])
    if not answer.ok:
        return _refused(place, answer.code, answer.body)
    whole = {"apiVersion": kind.api, "kind": kind.name}
    items = [place.mapper.inward({**whole, **each}) for each in answer.body.get("items") or ()]
    return Accepted({"resourceVersion": answer.body["metadata"]["resourceVersion"], "items": items})


def watch(place: Place, given: Given) -> Response:
    """Everything that a watch delivers until now."""
    query = [*_selectors(given), ("watch", "true"), ("timeoutSeconds", str(UNTIL_NOW))]
    if given.get("resourceVersion"):
        query.append(("resourceVersion", given["resourceVersion"]))
    if given.get("allowWatchBookmarks"):
        query.append(("allowWatchBookmarks", "true"))
    stream = place.cluster.api.open_watch(_where(place, given), query, patience=UNTIL_NOW + 30.0)
    try:
        received = [*stream]
    finally:
        stream.end()
    if stream.code == GONE:
        return Accepted({"events": [{"type": "ERROR", "object": each} for each in received]})
    if stream.code != 200:
        return _refused(place, stream.code, received[0] if received else {})
    return Accepted({"events": [_event(place, each) for each in received]})


def _event(place: Place, event: dict[str, Any]) -> dict[str, Any]:
    if event["type"] not in CHANGES:
        return event  # a Status, or a version
    return {**event, "object": place.mapper.inward(event["object"])}


def _where(place: Place, given: Given) -> str:
    namespace = given["namespace"]
    return path(given["kind"], place.mapper.namespace(namespace) if namespace else "")


def _selectors(given: Given) -> Iterator[tuple[str, str]]:
    for name in ("labelSelector", "fieldSelector"):
        if given.get(name):
            yield name, given[name]


def _refused(place: Place, code: int, body: Mapping[str, Any]) -> Rejected:
    message = place.mapper.text(str(body.get("message") or ""))
    return Rejected(code, str(body.get("reason") or "Unknown"), message)


VERBS: Final = {"list": list_, "watch": watch}
