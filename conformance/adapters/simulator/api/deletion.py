"""What a delete does to an object: mark it, remove it, or both (k8s rest.BeforeDelete)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from attrs import frozen

from conformance.adapters.simulator import meta
from conformance.adapters.simulator.clock import EPOCH, Clock
from conformance.adapters.simulator.meta import Object

SYSTEM_FIELDS: Final = frozenset(
    {
        "uid",
        "resourceVersion",
        "generation",
        "creationTimestamp",
        "deletionTimestamp",
        "deletionGracePeriodSeconds",
        "selfLink",
    }
)
"""Metadata that only the API server sets."""

TERMINAL_PHASES: Final = frozenset({"Succeeded", "Failed"})


@frozen
class Plan:
    """The object with its deletion marks (the very same one if none are new), and whether it goes."""

    marked: Object
    remove: bool


def plan(old: Object, requested: float | None, clock: Clock) -> Plan:
    """What a DELETE with this grace period does to the object now.

    A kind without grace goes at once, unless finalizers hold it.
    """
    if old["kind"] == "Pod":
        marked = _marked_pod(old, requested, clock)
        return Plan(marked, is_finished(marked))
    if old["metadata"].get("finalizers"):
        return Plan(_marked(old, clock), remove=False)
    return Plan(old, remove=True)


def is_finished(manifest: Mapping[str, Any]) -> bool:
    """True when nothing holds a deleted object any more: no grace left and no finalizer."""
    given = manifest["metadata"]
    return (
        "deletionTimestamp" in given
        and not given.get("deletionGracePeriodSeconds")
        and not given.get("finalizers")
    )


def grace_period(pod: Mapping[str, Any], requested: float | None) -> int:
    """The seconds a Pod is given: the request, else its spec's; none if nothing runs or can run."""
    spec = pod.get("spec") or {}
    if not spec.get("nodeName") or (pod.get("status") or {}).get("phase") in TERMINAL_PHASES:
        return 0
    wanted = spec.get("terminationGracePeriodSeconds", 0) if requested is None else requested
    return at_least_one(wanted)


def _marked(old: Object, clock: Clock) -> Object:
    """Of a kind without grace, and held by finalizers."""
    return old if meta.is_deleting(old) else _with_marks(old, clock.timestamp(), 0, first=True)


def _marked_pod(old: Object, requested: float | None, clock: Clock) -> Object:
    given = old["metadata"]
    if "deletionTimestamp" not in given:
        granted = grace_period(old, requested)
        return _with_marks(old, _later(clock, granted), granted, first=True)
    running = given.get("deletionGracePeriodSeconds") or 0
    period = None if requested is None else at_least_one(requested)
    if not running or period is None or period >= running:
        return old
    return _with_marks(old, *_shortened(given, running, period, clock))


def _shortened(
    given: Mapping[str, Any], running: int, period: int, clock: Clock
) -> tuple[str, int]:
    """The end moves with the grace period; where that is in the past a second is left (TERM-004)."""
    end = meta.parse_time(given["deletionTimestamp"]) - running + period
    now = EPOCH + clock.now
    if end >= now:
        return meta.format_time(end), period
    return meta.format_time(now), min(period, 1)


def at_least_one(seconds: float) -> int:
    """A negative grace period means one second (TERM-001)."""
    return 1 if seconds < 0 else int(seconds)


def _later(clock: Clock, seconds: int) -> str:
    return meta.format_time(EPOCH + clock.now + seconds)


def _with_marks(old: Object, moment: str, period: int, *, first: bool = False) -> Object:
    given = {**old["metadata"], "deletionTimestamp": moment, "deletionGracePeriodSeconds": period}
    if first and given.get("generation"):
        given["generation"] += 1
    return {**old, "metadata": given}
