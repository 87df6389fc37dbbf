"""What a container in CrashLoopBackOff says of itself: how long it waits, and of which Pod (BACKOFF-006)."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

MESSAGE: Final = re.compile(r"back-off (\S+) restarting failed container=(\S+) pod=(\S+)")
DURATION: Final = re.compile(r"([-+]?)((?:\d+(?:\.\d+)?(?:h|ms|us|µs|ns|m|s))+)")
PART: Final = re.compile(r"([\d.]+)([a-zµ]+)")
UNITS: Final = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 1e-3, "us": 1e-6, "µs": 1e-6, "ns": 1e-9}


@lru_cache(maxsize=4096)
def announcement(message: str) -> tuple[float, str, str] | None:
    """Delay, container and Pod that a CrashLoopBackOff message names; None where it is none.

    >>> announcement("back-off 1m20s restarting failed container=c pod=a_default(7f3)")
    (80.0, 'c', 'a_default(7f3)')
    """
    found = MESSAGE.fullmatch(message)
    if found is None or (delay := duration(found[1])) is None:
        return None
    return delay, found[2], found[3]


def duration(text: str) -> float | None:
    """Seconds of a Go duration; None where it is none.

    >>> duration("5m0s"), duration("soon")
    (300.0, None)
    """
    found = DURATION.fullmatch(text)
    if found is None:
        return 0.0 if text == "0" else None
    seconds = sum(float(amount) * UNITS[unit] for amount, unit in PART.findall(found[2]))
    return -seconds if found[1] == "-" else seconds
