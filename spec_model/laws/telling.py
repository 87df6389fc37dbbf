"""What an Event of a cluster is about, and when it happened."""

from __future__ import annotations

import re
from collections.abc import Hashable, Mapping
from typing import Final, TypeVar

from spec_model.events import Manifest
from spec_model.law import note
from spec_model.objects import EMPTY, Pod, seconds, uid_in_events
from spec_model.world import Seen, World

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

NAMED: Final = re.compile(r"[Cc]ontainer (\S+) (?:in pod|failed)")

REMEMBERED: Final = 3600.0
"""Seconds for which it matters what happened to one that is gone, or that was never shown."""

MOST_TOLD: Final = 256
"""Entries beyond which what Events have told of Pods is looked through for those that are gone."""


@note("shows-events", on="Event*")
def shows_events(before: Mapping[str, float] | None, seen: Seen) -> Mapping[str, float]:
    """By UID of a Pod, when the first Event about it was seen.

    There as soon as any Event was seen; where an engine shows none at all, none is missed.
    """
    known = EMPTY if before is None else before
    about = seen.manifest.get("involvedObject") or EMPTY
    uid = about.get("uid", "")
    if uid in known or about.get("kind") != "Pod":
        return known
    return {**while_they_live(known, seen.world), uid: seen.at}


def while_they_live(told: Mapping[K, V], world: World) -> Mapping[K, V]:
    """What Events have told of Pods, by UID or by a tuple that begins with it; not of those long gone."""
    if not told or len(told) % MOST_TOLD:
        return told
    there = {uid_in_events(known.view) for known in world.of_kind("Pod")}
    return {
        key: each
        for key, each in told.items()
        if (key[0] if isinstance(key, tuple) else key) in there
    }


def happened(seen: Seen) -> float | None:
    """When on the trace's clock an Event happened; None for one that is only listed again."""
    event = seen.manifest
    wall = seconds(event.get("lastTimestamp") or event.get("eventTime"))
    if wall is None or seen.wall - wall > seen.tolerance.lateness + seen.tolerance.truncation:
        return None
    return wall - seen.world.setting.epoch


def container_of(event: Manifest) -> tuple[str, str]:
    """Pod UID and container that an Event is about, by its field path or else by its message."""
    about = event.get("involvedObject") or EMPTY
    name = about.get("fieldPath", "").partition("{")[2].rstrip("}")
    if not name and (found := NAMED.search(event.get("message", ""))):
        name = found[1]
    return about.get("uid", ""), name


def pod_about(seen: Seen) -> Pod | None:
    """The Pod of the name that an Event is about, as it was last shown."""
    about = seen.manifest.get("involvedObject") or EMPTY
    pod: Pod | None = seen.world.view("Pod", about.get("namespace", ""), about.get("name", ""))
    return pod


def run_shown(seen: Seen, container: str) -> int | None:
    """The restartCount of a container of the Pod that an Event is about, as it was last shown."""
    pod = pod_about(seen)
    status = None if pod is None else pod.statuses.get(container)
    return None if status is None else status.restart_count
