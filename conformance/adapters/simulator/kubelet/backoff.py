"""How long a container waits before it is restarted, and an image before it is pulled again.

Decides BACKOFF-001, 002, 003, 005, 007, 008, 011. The source upstream is client-go's
flowcontrol.Backoff, doBackOff of the runtime manager, and the housekeeping of the kubelet.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping
from typing import Any

from attrs import define, frozen

from conformance.adapters.simulator.clock import TICK_DIGITS
from conformance.adapters.simulator.settings import Settings


@frozen
class Delays:
    """The numbers of one back-off, in seconds."""

    base: float
    cap: float
    reset: float
    first_is_immediate: bool = True
    housekeeping: float = 0.0  # period of the collection; 0: there is none


@define
class Entry:
    """What is remembered of one key: the delay that holds now, and the last attempt."""

    delay: float
    attempted: float


def next_delay(delay: float, cap: float) -> float:
    """The delay after this one (BACKOFF-001)."""
    return min(delay * 2, cap)


def has_expired(finished: float, attempted: float, reset: float) -> bool:
    """Did the run last so long that counting starts again (BACKOFF-003)? Strictly longer."""
    return finished - attempted > reset


def collected_at(attempted: float, delays: Delays, started: float) -> float:
    """The housekeeping turn that drops an entry, its container waiting or not (BACKOFF-008).

    Turns come every ``housekeeping`` seconds, counted from the kubelet's start.
    """
    if not delays.housekeeping:
        return math.inf
    turns = math.floor((attempted + delays.reset - started) / delays.housekeeping) + 1
    return round(started + turns * delays.housekeeping, TICK_DIGITS)


class Backoff:
    """The memory of one kubelet (BACKOFF-010): gone with the kubelet's process."""

    def __init__(self, delays: Delays, started: float = 0.0) -> None:
        self.delays = delays
        self.started = started
        self._entries: dict[Hashable, Entry] = {}

    def entry(self, key: Hashable, now: float) -> Entry | None:
        """What is remembered now; what housekeeping would have dropped is gone."""
        found = self._entries.get(key)
        if found is None or collected_at(found.attempted, self.delays, self.started) > now:
            return found
        del self._entries[key]
        return None

    def delay(self, key: Hashable, finished: float, now: float) -> float:
        """The wait that follows a run which finished then (BACKOFF-001, BACKOFF-003)."""
        found = self.entry(key, now)
        if found is None or has_expired(finished, found.attempted, self.delays.reset):
            return 0.0 if self.delays.first_is_immediate else self.delays.base
        return found.delay

    def ready_at(self, key: Hashable, finished: float, now: float) -> float:
        """The first moment, now or later, at which the container may start again."""
        ready = round(finished + self.delay(key, finished, now), TICK_DIGITS)
        if ready <= now:
            return now
        found = self.entry(key, now)
        if found is None:
            return ready
        return min(ready, max(collected_at(found.attempted, self.delays, self.started), now))

    def attempt(self, key: Hashable, finished: float, now: float) -> None:
        """A restart is made now: remember it, and the delay of the next."""
        found = self.entry(key, now)
        if found is None or has_expired(finished, found.attempted, self.delays.reset):
            base = self.delays.base
            delay = base if self.delays.first_is_immediate else next_delay(base, self.delays.cap)
        else:
            delay = next_delay(found.delay, self.delays.cap)
        self._entries[key] = Entry(delay, now)

    def forget(self, keys: list[Hashable]) -> None:
        """The Pod is gone."""
        for key in keys:
            self._entries.pop(key, None)


def restart_delays(
    settings: Settings, configured_cap: float | None = None, reduced: bool = False
) -> Delays:
    """The numbers for container restarts under a kubelet configuration (BACKOFF-007).

    A configured cap wins over the cap of the reduced decay, and lowers the base to itself.
    """
    base = settings.backoff_reduced_base_seconds if reduced else settings.backoff_base_seconds
    cap = settings.backoff_reduced_cap_seconds if reduced else settings.backoff_cap_seconds
    if configured_cap is not None:
        cap = configured_cap
    return Delays(
        base=min(base, cap),
        cap=cap,
        reset=settings.backoff_reset_seconds,
        first_is_immediate=settings.backoff_first_restart_immediate,
        housekeeping=settings.backoff_housekeeping_seconds,
    )


def pull_delays(settings: Settings) -> Delays:
    """The numbers for image pulls (BACKOFF-011)."""
    cap = settings.pull_backoff_cap_seconds
    return Delays(settings.pull_backoff_base_seconds, cap, reset=2 * cap)


def container_key(pod: Mapping[str, Any], container: Mapping[str, Any]) -> Hashable:
    """What a restart counter belongs to: a new image or new resources start a new one (BACKOFF-005)."""
    metadata = pod["metadata"]
    return (
        metadata.get("namespace", ""),
        metadata["name"],
        metadata.get("uid", ""),
        container["name"],
        container.get("image", ""),
        repr(container.get("resources") or {}),
    )


def go_duration(seconds: float) -> str:
    """A delay as Go prints it, as in 'back-off 1m20s restarting …' (BACKOFF-006).

    >>> go_duration(10), go_duration(80), go_duration(300)
    ('10s', '1m20s', '5m0s')
    """
    minutes, rest = divmod(seconds, 60)
    text = f"{rest:.3f}".rstrip("0").rstrip(".")
    return f"{int(minutes)}m{text}s" if minutes else f"{text}s"


def delays_of_runs(arguments: Mapping[str, Any], settings: Settings) -> dict[str, list[float]]:
    """The seconds between each exit and the next start, for runs of given lengths (evaluate)."""
    delays = Delays(
        base=arguments["base_seconds"],
        cap=arguments["cap_seconds"],
        reset=settings.backoff_reset_seconds,
        first_is_immediate=settings.backoff_first_restart_immediate,
        housekeeping=settings.backoff_housekeeping_seconds if arguments["housekeeping"] else 0.0,
    )
    backoff, started, waits = Backoff(delays), 0, []
    for run in arguments["runs"]:
        finished = started + run["run_seconds"]
        started = math.ceil(backoff.ready_at("container", finished, finished))
        backoff.attempt("container", finished, started)
        waits.append(started - finished)
    return {"delays_seconds": waits}
