"""Which Events a cluster has told of a Pod: what a reason is told by."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, TypeAlias

from spec_model.law import note
from spec_model.laws.telling import while_they_live
from spec_model.objects import EMPTY, uid_in_events
from spec_model.world import HELD, Breach, Held, Seen, SeenContainer

Told: TypeAlias = Mapping[tuple[str, str], tuple[str, float]]
"""By the UID of a Pod and a reason, the type of the Event and when it was last told."""

PULLING_BACKS_OFF: Final = "Back-off pulling image"


@note("events-told", on="Event Failed*")
@note("events-told", on="Event BackOff*")
@note("events-told", on="Event InspectFailed*")
@note("events-told", on="Event ErrImageNeverPull*")
@note("events-told", on="Event FailedPostStartHook*")
@note("events-told", on="Event NetworkNotReady*")
def told_of_pods(before: Told | None, seen: Seen) -> Told:
    """Folds in an Event; BackOff is the reason of restarts, too, and those are not meant."""
    known: Told = before or {}
    event: Any = seen.manifest
    reason = event.get("reason", "")
    if reason == "BackOff" and not event.get("message", "").startswith(PULLING_BACKS_OFF):
        return known
    uid = (event.get("involvedObject") or EMPTY).get("uid", "")
    return {**while_they_live(known, seen.world), (uid, reason): (event.get("type", ""), seen.at)}


def is_told(seen: SeenContainer, waits: str, event: str, type_: str) -> Held | Breach | None:
    """Whether what a container has been waiting for was told by an Event of that reason and type.

    Asked when it is seen again, so that an Event may come after the status. A real cluster drops
    Events, and a judge that came late has missed them.
    """
    before, pod = seen.before, seen.pod
    if before is None or before.state != "waiting" or before.reason != waits:
        return None
    notes = pod.world.notes
    told = notes.get("events-told", EMPTY).get((uid_in_events(pod.now), event))
    if told is None:
        if pod.world.setting.clock == "real" or "shows-events" not in notes:
            return None
        return Breach(f"a {type_} event {event}", "none")
    if told[0] == type_:
        return HELD
    return Breach(f"a {type_} event {event}", f"a {told[0]} event {event}")
