"""Passive recording: what the watches of a cluster show, with everything secret taken out."""

from __future__ import annotations

import queue
import re
import time
from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from typing import Any, Final

from conformance.adapters.cluster import rights
from conformance.adapters.cluster.client import Api
from conformance.adapters.cluster.kinds import KINDS, RECORDED
from conformance.adapters.cluster.watching import Shown, stop_all, watch_all

REDACTED: Final = "redacted"
POLL: Final = 0.5

NOT_KEPT: Final = frozenset({"kubectl.kubernetes.io/last-applied-configuration"})
"""Annotations that repeat a whole object, with all that is secret in it."""

STATUSES: Final = ("containerStatuses", "initContainerStatuses", "ephemeralContainerStatuses")
QUOTING: Final = frozenset(
    {"Unhealthy", "ProbeWarning", "FailedPostStartHook", "FailedPreStopHook"}
)
"""Reasons of Events that say what a program has answered."""

LATE: Final = re.compile(r"timed? ?out|deadline exceeded", re.IGNORECASE)
"""What is said of a program that has not answered in time."""

TEXTS: Final = frozenset({"command", "args"})
"""Lists of words in which people put passwords."""


def watchable(api: Api, namespace: str = "") -> tuple[str, ...]:
    """The kinds that may be listed and watched, in a namespace or in all."""
    by_resource = {(KINDS[name].group, KINDS[name].plural): name for name in RECORDED}
    wanted = [each for each in rights.RECORDING if (each.group, each.resource) in by_resource]
    lacking = {
        by_resource[right.group, right.resource]
        for right in wanted
        for _ in rights.missing(api, (right,), namespace)
    }
    return tuple(name for name in RECORDED if name not in lacking)


def record(
    api: Api,
    deliver: Callable[[Shown], None],
    *,
    namespace: str = "",
    seconds: float,
    stopped: Callable[[], bool] = lambda: False,
    kinds: Sequence[str] = RECORDED,
) -> None:
    """Passes on, redacted, whatever is seen within so many seconds; list and watch rights are enough.

    Raises:
        WatchError: a kind may not be watched, or the cluster is gone.
    """
    seen: queue.SimpleQueue[Shown] = queue.SimpleQueue()
    end = time.monotonic() + seconds
    watches = watch_all(api, dict.fromkeys(kinds, ""), seen.put, where=namespace)
    try:
        while time.monotonic() < end and not stopped():
            try:
                shown = seen.get(timeout=min(POLL, max(end - time.monotonic(), 0.01)))
            except queue.Empty:
                for watch in watches:
                    if watch.error:
                        raise watch.error from None
                continue
            deliver(Shown(shown.at, shown.type, redacted(shown.object)))
    finally:
        stop_all(watches)


def redacted(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """The object without secrets: environment values, commands, arguments, data, copies of itself,
    and what programs have said.

    What the rules speak of stays: names, resources, probes' periods, statuses.
    """
    result = deepcopy(dict(manifest))
    metadata = result.get("metadata") or {}
    managed = metadata.pop("managedFields", None)
    if result.get("kind") == "Pod" and managed:
        metadata["managedFields"] = [*map(_who_wrote, filter(_is_of_status, managed))]
    annotations = metadata.get("annotations")
    if isinstance(annotations, dict):
        for name in NOT_KEPT & annotations.keys():
            del annotations[name]
    if result.get("kind") in ("Secret", "ConfigMap"):
        for part in ("data", "stringData", "binaryData"):
            if isinstance(result.get(part), dict):
                result[part] = dict.fromkeys(result[part], REDACTED)
    _redact(result.get("spec"))
    _silence(result)
    return result


def _silence(manifest: dict[str, Any]) -> None:
    """Takes out what programs have said: their last words, and their answers to probes and hooks."""
    status = manifest.get("status")
    if not isinstance(status, dict):
        status = {}
    for group in STATUSES:
        for container in status.get(group) or ():
            for state in (container.get("state") or {}, container.get("lastState") or {}):
                if (state.get("terminated") or {}).get("message"):
                    state["terminated"]["message"] = REDACTED
    if manifest.get("kind") == "Event" and manifest.get("reason") in QUOTING:
        head, colon, said = str(manifest.get("message") or "").partition(":")
        late = "timed out, " if LATE.search(said) else ""
        manifest["message"] = f"{head}: {late}{REDACTED}" if colon else head


def _is_of_status(entry: Mapping[str, Any]) -> bool:
    return entry.get("subresource") == "status"


def _who_wrote(entry: Mapping[str, Any]) -> dict[str, Any]:
    """Who wrote which parts of a status: enough to know whether a kubelet answers for it."""
    written = (entry.get("fieldsV1") or {}).get("f:status") or {}
    kept: dict[str, Any] = {key: {} for key in written}
    if "f:conditions" in kept:
        kept["f:conditions"] = {key: {} for key in written["f:conditions"] or {}}
    fields = {"f:status": kept}
    return {"manager": entry.get("manager"), "subresource": "status", "fieldsV1": fields}


def _redact(value: Any) -> None:
    if isinstance(value, list):
        for part in value:
            _redact(part)
    if not isinstance(value, dict):
        return
    for key, part in value.items():
        if key == "env" and isinstance(part, list):
            for each in part:
                if isinstance(each, dict) and "value" in each:
                    each["value"] = REDACTED
        elif key in TEXTS and isinstance(part, list):
            value[key] = [REDACTED for _ in part]
        elif key == "httpHeaders" and isinstance(part, list):
            value[key] = [{**each, "value": REDACTED} for each in part if isinstance(each, dict)]
        else:
            _redact(part)
