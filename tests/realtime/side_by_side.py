"""An engine on a real clock: the simulator, which catches up whenever somebody looks."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping, Sequence
from typing import Any

from attrs import evolve

from conformance.adapter import AdapterError, Implementation
from conformance.adapters.simulator import SimulatorAdapter
from spec_model.events import Accepted, Observation, Response, Stimulus, stimulus


class RealAdapter:
    """One scenario's engine; all that ``another`` makes share a ``Count``."""

    def __init__(self, parallel: int = 2, time_limit: float = 3600.0, lag: float = 1.0) -> None:
        self.exclusive = frozenset({"stop-node"})
        self.parallel, self.time_limit, self.lag = parallel, time_limit, lag
        self.engine = SimulatorAdapter()
        self.count = Count()
        self.began = self.seen = time.monotonic()

    def another(self) -> RealAdapter:
        """One more, counted until it is closed."""
        made = type(self)(self.parallel, self.time_limit, self.lag)
        made.count = self.count
        self.count.opened()
        return made

    def describe(self) -> Implementation:
        """The simulator, but for its clock."""
        return evolve(self.engine.describe(), clock="real", functions=frozenset())

    def reset(self) -> None:
        """Begins."""
        self.engine.reset()
        self.seen = time.monotonic()

    def apply(self, action: Stimulus, /) -> Response:
        """Time passes by itself; the rest is the simulator's."""
        self._catch_up()
        return Accepted() if action.verb == "advance" else self.engine.apply(action)

    def observe(self) -> Sequence[Observation]:
        """What the simulator shows."""
        self._catch_up()
        return self.engine.observe()

    def evaluate(self, function: str, arguments: Mapping[str, Any], /) -> Any:
        """None is served."""
        raise AdapterError(function)

    def close(self) -> None:
        """Is closed."""
        self.count.closed()

    def _catch_up(self) -> None:
        now = time.monotonic()
        self.engine.apply(stimulus("advance", seconds=now - self.seen))
        self.seen = now


class Count:
    """How many are open, and how many were at the most."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.all = self.open = self.most = 0

    def opened(self) -> None:
        """One more."""
        with self.lock:
            self.all += 1
            self.open += 1
            self.most = max(self.most, self.open)

    def closed(self) -> None:
        """One less."""
        with self.lock:
            self.open -= 1
