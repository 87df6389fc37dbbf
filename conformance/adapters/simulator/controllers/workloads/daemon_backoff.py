"""How soon a failed daemon Pod is deleted: by node, ever later while it goes on (DAEMON-005).

Source: ``pkg/controller/daemon/daemon_controller.go`` (podsShouldBeOnNode), client-go flowcontrol.Backoff.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from conformance.adapters.simulator.engine import Engine


class FailureBackoff:
    """Remembers, of every node of a DaemonSet, the last delay and when it began."""

    def __init__(self, engine: Engine) -> None:
        self.clock = engine.clock
        self.first, self.longest = engine.settings.daemon_failure_backoff_seconds
        self._entries: dict[tuple[str, str], tuple[float, float]] = {}

    def wait(self, daemons: str, node: str) -> float:
        """Seconds to wait before this failure may be cleared; 0: now, and the next one waits longer."""
        now = self.clock.now
        delay, since = self._entries.get((daemons, node), (0.0, now))
        if now - since > 2 * self.longest:
            delay = 0.0
        if now - since < delay:
            return delay - (now - since)
        self._entries[daemons, node] = (self.after(delay), now)
        return 0.0

    def after(self, delay: float) -> float:
        """The delay that follows this one."""
        return min(2 * delay, self.longest) if delay else self.first
