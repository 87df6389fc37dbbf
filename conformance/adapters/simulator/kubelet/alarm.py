"""When a kubelet looks at a Pod again though nothing has happened to it."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

from conformance.adapters.simulator.clock import Timer

if TYPE_CHECKING:
    from conformance.adapters.simulator.kubelet import Kubelet


class Alarmed(ABC):
    """Something that a kubelet looks at ``again``, on one timer: the earliest that was asked for."""

    def __init__(self, kubelet: Kubelet) -> None:
        self.kubelet = kubelet
        self.settings = kubelet.settings
        self.clock = kubelet.clock
        self.synced_at = self.clock.now
        self._wake_at = math.inf
        self._timer: Timer | None = None
        self._resync: Timer | None = None

    @abstractmethod
    def again(self) -> None:
        """Look once more at this instant."""

    def wake(self, at: float) -> None:
        """Look again then, if not earlier."""
        self._wake_at = min(self._wake_at, at)

    def nap(self, seconds: float) -> None:
        """Look again after this time, or somewhat later with jitter on (BACKOFF-002)."""
        self.wake(self.clock.now + self.kubelet.nap(seconds))

    def rest_until(self, ready: float) -> None:
        """Look again when a back-off is over; with jitter in naps of a minute (BACKOFF-002)."""
        if self.kubelet.jitter:
            self.nap(min(ready - self.clock.now, self.settings.backoff_requeue_seconds))
        else:
            self.wake(ready)

    def resync(self) -> None:
        """Look again when the Pod is synced without a reason, once a minute (CONFIGMAP-002)."""
        if self._resync is None or self._resync.at <= self.clock.now:
            period = self.kubelet.nap(self.settings.resync_seconds)
            late = math.ceil((self.clock.now - self.synced_at) / period) or 1
            self._resync = self.clock.at(self.synced_at + late * period, self.again)

    def begin_look(self) -> None:
        """It is looked at now: what it was to be looked at for is off."""
        self.sleep()
        self.synced_at = self.clock.now

    def end_look(self) -> None:
        """It was looked at: set the timer for what has come up."""
        if self._wake_at < math.inf:
            self._timer = self.clock.at(self._wake_at, self.again)

    def sleep(self) -> None:
        """Nobody looks without a reason."""
        self._wake_at = math.inf
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def sleep_for_good(self) -> None:
        """Not even once a minute."""
        self.sleep()
        if self._resync is not None:
            self._resync.cancel()
