"""HPA: what happens that an autoscaler looks at: usage, metrics, Pods that come, go and change.

What Pods use is known only where the tester chose it. Then a Pod for which nothing was chosen has no
sample. In a recording nothing is known of it, and ``hpa_guesses`` has to do.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Final, TypeAlias

from attrs import frozen

from spec_model.events import Accepted
from spec_model.law import note
from spec_model.laws.hpa_targets import Name, autoscalers, selector_of, target_of
from spec_model.objects import EMPTY, Pod
from spec_model.quantity import milli, nano_of
from spec_model.world import Done, Seen, World

REMEMBERED: Final = 64
"""How many times of changes are kept for each autoscaler."""

Touches: TypeAlias = Mapping[Name, tuple[float, ...]]
"""By autoscaler, when something changed that it looks at; by ``ALL`` what all of them look at."""

ALL: Final[Name] = ("", "")


@frozen
class Usage:
    """What the tester lets the metrics API say of a Pod: thousandths by resource, or no sample."""

    at: float
    amounts: Mapping[str, int] | None
    earlier: tuple[Usage, ...] = ()  # what it said before, the last first


Usages: TypeAlias = Mapping[tuple[str, str], Usage]
"""By namespace and name of a Pod."""

EARLIER: Final = 8
"""How many earlier choices are kept of each Pod's usage."""


@note("usage", on="set-usage")
def usage_chosen(before: Usages | None, done: Done) -> Usages:
    """What each Pod uses; None while the tester never chose anything."""
    chosen, known = done.arguments["usage"], before or {}
    if not isinstance(done.response, Accepted):
        return known
    name = (done.arguments["namespace"], done.arguments["pod"])
    amounts = None if chosen is None else {key: milli_of(chosen[key]) for key in chosen}
    last = known.get(name)
    earlier = () if last is None else (Usage(last.at, last.amounts), *last.earlier)
    return {**known, name: Usage(done.at, amounts, earlier[:EARLIER])}


def usage_before(usages: Usages, at: float) -> Usages:
    """What was chosen before that time."""
    found = {}
    for name, usage in usages.items():
        for each in (usage, *usage.earlier):
            if each.at < at:
                found[name] = each
                break
    return found


@note("metrics", on="set-metrics")
def metrics_switched(before: bool | None, done: Done) -> bool | None:
    """Whether the metrics API is there."""
    return bool(done.arguments["available"]) if isinstance(done.response, Accepted) else before


@note("burning", on="burn")
def burning_pods(before: frozenset[tuple[str, str]] | None, done: Done) -> Any:
    """Pods that really use CPU: what the metrics API says of them is not the tester's word alone."""
    return (before or frozenset()) | {(done.arguments["namespace"], done.arguments["pod"])}


@note("touched", on="set-usage")
def touched_by_usage(before: Touches | None, done: Done) -> Touches | None:
    """A tester changed what a Pod uses."""
    namespace = done.arguments["namespace"]
    pod: Pod | None = done.world.view("Pod", namespace, done.arguments["pod"])
    return before if pod is None else _touched_by(before, done.world, pod, done.at)


@note("touched", on="set-metrics")
def touched_by_metrics(before: Touches | None, done: Done) -> Touches:
    """A tester changed whether there are metrics."""
    return _touch(before, ALL, done.at)


@note("touched", on="Pod*", when=("stirred", "edited", "turned"))
def touched_by_pods(before: Touches | None, seen: Seen) -> Touches | None:
    """A Pod came, went, or changed in a way that an autoscaler looks at."""
    if not seen.world.notes.get("autoscalers") or not _matters(seen):
        return before
    touched = _touched_by(before, seen.world, seen.now, seen.at)
    if seen.before is None:
        return touched
    return _touched_by(touched, seen.world, seen.before, seen.at)  # who lost it by another label


def _touched_by(before: Touches | None, world: World, pod: Pod, at: float) -> Touches | None:
    labels = pod.manifest["metadata"].get("labels") or EMPTY
    for name, known in autoscalers(world, pod.key[1]):
        target = target_of(world, known.manifest)
        if target is None or selector_of(target)(labels):
            before = _touch(before, name, at)
    return before


def _matters(seen: Seen) -> bool:
    before: Pod | None = seen.before
    now: Pod = seen.now
    return (
        before is None
        or seen.type == "DELETED"
        or before.phase != now.phase
        or before.deletion_timestamp != now.deletion_timestamp
        or before.conditions.get("Ready") != now.conditions.get("Ready")
        or before.spec is not now.spec
        or _labels(before) != _labels(now)
    )


def _labels(pod: Pod) -> Any:
    return pod.manifest["metadata"].get("labels")


def _touch(before: Touches | None, name: Name, at: float) -> Touches:
    times = (before or {}).get(name, ())
    if times and times[-1] == at:
        return before or {}
    return {**(before or {}), name: (*times[1 - REMEMBERED :], at)}


def touched(world: World, name: Name, begin: float, end: float) -> bool:
    """Whether something may have changed for an autoscaler within these times, both included."""
    touches: Touches = world.notes.get("touched") or {}
    for times in (touches.get(name, ()), touches.get(ALL, ())):
        if any(begin <= time <= end for time in times):
            return True
        if len(times) == REMEMBERED and times[0] > begin:
            return True
    return False


def last_touched(world: World, name: Name) -> float:
    """When something last changed for an autoscaler."""
    touches: Touches = world.notes.get("touched") or {}
    return max((*touches.get(name, ())[-1:], *touches.get(ALL, ())[-1:]), default=-math.inf)


def milli_of(amount: Any) -> int:
    """Thousandths of an amount."""
    return milli(nano_of(amount))
