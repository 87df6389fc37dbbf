"""How a Pod ends: the grace period it is granted, and when and how its containers end in it.

Source document section 1; upstream ``rest.BeforeDelete``, ``killContainer`` and
``calculateEffectiveGracePeriod``.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

from attrs import frozen

from spec_model.objects import Pod
from spec_model.rules import Decision

GRACE: Final = 30
"""The grace period of a Pod that gives none, in seconds (TERM-001)."""

LEAST: Final = 2.0
"""Seconds that a container is left at least between SIGTERM and SIGKILL."""

SHORTENING: Final = ("TERM-004", "TERM-013")
"""Rules by which a grace period becomes shorter, and may count from its own begin or from the first."""

KILLED: Final = 137
UNHANDLED: Final = 143
OVER: Final = frozenset({"Succeeded", "Failed"})


# -- what the API grants ----------------------------------------------------------------------------


def granted(pod: Pod, requested: float | None) -> Decision[int]:
    """The grace period of a first delete, in seconds; 0: the Pod is removed at once.

    >>> from spec_model.objects import pod
    >>> granted(pod({"spec": {"nodeName": "n", "terminationGracePeriodSeconds": -5}}), None).value
    1
    """
    if not pod.spec.node_name or pod.phase in OVER:
        return Decision(0, "TERM-001")
    wanted = requested
    if wanted is None:
        wanted = pod.spec.manifest.get("terminationGracePeriodSeconds", GRACE)
    return Decision(1 if wanted < 0 else int(wanted), "TERM-001")


@frozen
class Shortened:
    """What a second delete makes of a deletion: its grace period and its end, seconds since 1970."""

    grace: int
    end: float


def shortened(grace: int, end: float, requested: float | None, now: float) -> Decision[Shortened]:
    """The grace period and the end after another delete; unchanged where it asks for no less.

    >>> shortened(30, 130.0, 10, 105.0).value
    Shortened(grace=10, end=110.0)
    >>> shortened(30, 130.0, 10, 120.0).value
    Shortened(grace=1, end=120.0)
    """
    wanted = None if requested is None else 1 if requested < 0 else int(requested)
    if wanted is None or wanted >= grace:
        return Decision(Shortened(grace, end), "TERM-004")
    moved = end - grace + wanted
    if moved < now:
        return Decision(Shortened(min(wanted, 1), now), "TERM-004")
    return Decision(Shortened(wanted, moved), "TERM-004")


# -- what a container gets of it --------------------------------------------------------------------


@frozen
class Begun:
    """A grace period that began: when, how long it is, and the rule that says so."""

    at: float
    grace: int
    because: str = "TERM-006"


@frozen
class Manner:
    """What a process does on SIGTERM: ends after so many seconds, or never, with this exit code."""

    seconds: float | None
    exit_code: int = UNHANDLED


@frozen
class Ending:
    """One lawful way in which a container ends: not before, not after, and with which exit code."""

    not_before: float
    not_after: float
    exit_code: int


def kill_after(grace: int, hook: float) -> float:
    """Seconds from the begin of a grace period to SIGKILL, with a hook that takes so long.

    >>> [kill_after(30, 0), kill_after(1, 0), kill_after(10, 4.5), kill_after(10, math.inf)]
    [30.0, 2.0, 10.5, 12.0]
    """
    spent = min(hook, grace)
    return spent + max(float(grace - math.floor(spent)), LEAST)


def endings(
    begun: Sequence[Begun], hook: float, manner: Manner, slack: float
) -> Sequence[Decision[Ending]]:
    """How a container may end that is stopped alone; more than one way where they are as close as slack.

    The first is what an engine does that is never late. Each grace period that begins runs the hook
    and sends SIGTERM again; a process that is ending already goes on with it. One that was shortened
    may count from its own begin or from the first one.

    Args:
        begun: the grace periods of the deletion, the first one first.
        hook: seconds that the preStop hook takes; 0 without one.
        manner: what the process does on SIGTERM.
        slack: seconds by which an engine may be late.
    """
    last = begun[-1]
    killed = _window(begun, kill_after(last.grace, hook), KILLED)
    kill = Decision(killed, last.because)
    asked = _first_term(begun, hook)
    if manner.seconds is None or asked is None:
        return (kill,)
    why = "TERM-006" if manner.exit_code == UNHANDLED else "TERM-005"
    obeyed = Decision(
        Ending(asked[0] + manner.seconds, asked[1] + manner.seconds, manner.exit_code),
        why if len(begun) == 1 else last.because,
    )
    if obeyed.value.not_after + slack < killed.not_before:
        return (obeyed,)
    if obeyed.value.not_before > killed.not_after + slack:
        return (kill,)
    both = (obeyed, kill)
    return both if obeyed.value.not_after < killed.not_before else both[::-1]


def _first_term(begun: Sequence[Begun], hook: float) -> tuple[float, float] | None:
    """When SIGTERM is sent for the first time: between these two moments."""
    earliest = math.inf
    for index, each in enumerate(begun):
        sent = _window(begun[: index + 1], min(hook, each.grace), 0)
        end = begun[index + 1].at if index + 1 < len(begun) else math.inf
        if sent.not_before < end:
            earliest = min(earliest, sent.not_before)
        if sent.not_after < end:
            return earliest, sent.not_after
    return None


def _window(begun: Sequence[Begun], after: float, code: int) -> Ending:
    """So long after the last begin; after the first one already, where it was only shortened."""
    last, first = begun[-1], begun[0]
    earliest = max(last.at, first.at + after) if last.because in SHORTENING else last.at + after
    return Ending(min(earliest, last.at + after), last.at + after, code)


def longest(begun: Begun) -> float:
    """When at the latest everything has ended that was given this grace period, in its own time."""
    return begun.at + max(begun.grace, 1) + LEAST
