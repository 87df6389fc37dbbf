"""Back-off as a fold over runs: what is remembered of a container, and what its next exit costs.

BACKOFF-001, -003, -007 to -009 and -011, after ``client-go/util/flowcontrol.Backoff`` with
``pkg/kubelet/kuberuntime.doBackOff``. Times are seconds on any common axis; only the housekeeping
of BACKOFF-008 looks at their absolute value. Exit codes play no part (BACKOFF-004).
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from enum import Enum
from typing import Final, TypeAlias

from attrs import evolve

from spec_model.profiles import V1_36, BackoffConstants, Profile
from spec_model.rules import Decision
from spec_model.values import frozen

SHORTEST_PERIOD: Final = 1.0
LONGEST_PERIOD: Final = 300.0
"""Between which ``crashLoopBackOff.maxContainerRestartPeriod`` must lie."""

REDUCED: Final = BackoffConstants(base=1.0, cap=60.0, configured=True)
"""What the alpha gate ReduceDefaultCrashLoopBackOffDecay makes of the constants."""


@frozen
class Entry:
    """What a kubelet remembers of a container that it has restarted: the delay that comes next."""

    delay: float


class Unknown(Enum):
    """The type of ``UNKNOWN``."""

    UNKNOWN = "unknown"


UNKNOWN: Final = Unknown.UNKNOWN
"""The judge came late and does not know what the kubelet remembers."""

Memory: TypeAlias = Entry | Unknown | None
"""None where the kubelet remembers nothing."""


def next_delay(
    memory: Memory,
    started_at: float,
    finished_at: float,
    constants: BackoffConstants = V1_36.backoff,
    housekeeping: bool = False,
) -> tuple[Decision[float | None], Memory]:
    """Seconds between a container's exit and its next start, and what is remembered from then on.

    The delay is None where it cannot be known; a run of more than ``reset_after`` seconds (exactly
    that long is not enough) makes it known again. With ``housekeeping`` forgotten entries cut a
    wait short (BACKOFF-008): entries are collected at every whole ``housekeeping_period``, before
    the kubelet looks whether the container may start.
    """
    fresh = Entry(constants.base)
    if memory is None or finished_at - started_at > constants.reset_after:
        because = "BACKOFF-001" if memory is None else "BACKOFF-003"
        if constants.first_restart_immediate:
            return Decision(0.0, because), fresh
        return Decision(fresh.delay, because), _after(fresh, constants)
    if isinstance(memory, Unknown):
        return Decision(None, "BACKOFF-001"), UNKNOWN
    if housekeeping and constants.housekeeping_period is not None:
        collected = _collected_at(started_at, constants.reset_after, constants.housekeeping_period)
        if collected <= finished_at + memory.delay:
            return Decision(collected - finished_at, "BACKOFF-008"), fresh
    because = "BACKOFF-007" if constants.configured else "BACKOFF-001"
    return Decision(memory.delay, because), _after(memory, constants)


def next_delay_after_kill(
    memory: Entry | None,
    previous_finished_at: float | None,
    started_at: float,
    finished_at: float,
    constants: BackoffConstants = V1_36.backoff,
) -> tuple[Decision[float | None], Memory]:
    """``next_delay`` for a container that the kubelet itself killed because of a probe (BACKOFF-009).

    In the sync that kills, the kubelet still looks at the exit before, ``previous_finished_at``
    (None: there was none, and nothing is remembered of this restart). Only where even that exit is
    younger than the delay the container waits, and then for all of the delay.
    """
    if previous_finished_at is None:
        return Decision(0.0, "BACKOFF-009"), memory
    if memory is None:
        return Decision(0.0, "BACKOFF-009"), Entry(constants.base)
    if finished_at - previous_finished_at >= memory.delay:
        return Decision(0.0, "BACKOFF-009"), _after(memory, constants)
    return next_delay(memory, started_at, finished_at, constants)


def next_pull_delay(
    memory: Memory, last_failed_at: float, failed_at: float, profile: Profile = V1_36
) -> tuple[Decision[float | None], Memory]:
    """Seconds between a failed pull of an image and the next attempt, and what is then remembered.

    One memory for each Pod UID and image; measured from the failure, the first one included;
    forgotten once ``reset_after`` seconds pass between failures (BACKOFF-011,
    ``pkg/kubelet/images.(*imageManager).EnsureImageExists``).
    """
    delay, memory = next_delay(memory, last_failed_at, failed_at, profile.image_pull)
    return Decision(delay.value, "BACKOFF-011"), memory


def configured(
    max_restart_period: float | None,
    reduced_decay: bool = False,
    constants: BackoffConstants = V1_36.backoff,
) -> Decision[BackoffConstants]:
    """The constants under a kubelet's configuration (BACKOFF-007).

    ``max_restart_period`` is ``crashLoopBackOff.maxContainerRestartPeriod`` in seconds: it replaces
    the cap, that of the reduced decay too, and the base where it is shorter than that.

    Raises:
        ValueError: outside of 1 to 300 s; such a kubelet refuses to start.
    """
    if reduced_decay:
        constants = evolve(constants, base=REDUCED.base, cap=REDUCED.cap, configured=True)
    if max_restart_period is not None:
        if not SHORTEST_PERIOD <= max_restart_period <= LONGEST_PERIOD:
            raise ValueError("out_of_range")
        base = min(constants.base, max_restart_period)
        constants = evolve(constants, base=base, cap=max_restart_period, configured=True)
    return Decision(constants, "BACKOFF-007")


def delays(
    runs: Iterable[float],
    constants: BackoffConstants = V1_36.backoff,
    housekeeping: bool = False,
) -> Decision[tuple[float, ...]]:
    """The delay after each of a new container's runs, given by their length in seconds.

    The container starts at second 0 and, after each delay, at once. Blamed is the rule that decided
    the last delay that is not the plain one of BACKOFF-001.
    """
    memory: Memory = None
    now, because = 0.0, "BACKOFF-001"
    found: list[float] = []
    for run in runs:
        decision, memory = next_delay(memory, now, now + run, constants, housekeeping)
        delay = decision.value or 0.0
        found.append(delay)
        now += run + delay
        if decision.because != "BACKOFF-001":
            because = decision.because
    return Decision(tuple(found), because)


def _after(entry: Entry, constants: BackoffConstants) -> Entry:
    return Entry(min(entry.delay * constants.factor, constants.cap))


def _collected_at(attempted_at: float, lifetime: float, period: float) -> float:
    """When housekeeping drops an entry: its first turn more than a lifetime after the attempt."""
    return (math.floor((attempted_at + lifetime) / period) + 1) * period
