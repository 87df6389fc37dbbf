"""Whose clock: the cluster's. And how late a cluster is, measured on what was done to it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from conformance.adapters.cluster.client import Api

SAMPLES = 12
PAUSE = 0.09
"""Seconds between samples: the server's clock is shown in whole seconds, so its turn must be caught."""


def offset(
    api: Api,
    now: Callable[[], float] = time.time,
    sleep: Callable[[float], None] = time.sleep,
) -> float:
    """Seconds that the cluster's clock is ahead of this machine's, within about a tenth.

    The Date of an answer is cut to seconds: the true difference is at least what each sample shows,
    less the round trip, so the largest of some samples is the best.
    """
    found = []
    for _ in range(SAMPLES):
        before = now()
        answer = api.get("/version")
        if answer.date is not None:
            found.append(answer.date - before)
        sleep(PAUSE)
    return max(found, default=0.0)


class Lag:
    """How late the cluster acts on what is done to it, in seconds; the largest that was seen."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.worst = 0.0

    def saw_action(self, seconds: float) -> None:
        """A stimulus had its first effect, by a controller or a kubelet, after so long."""
        with self._lock:
            self.worst = max(self.worst, seconds)
