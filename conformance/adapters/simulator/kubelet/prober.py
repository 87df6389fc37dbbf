"""Probes on their own timers, one worker for each probe of each container of a Pod.

Decides PROBE-004 to 006, 011, 012, 014 and 017 (upstream prober_manager.go, worker.go).

A worker ticks every ``periodSeconds`` from the first look at its Pod. A tick that could change nothing
has no timer: while the target answers the same and its value is settled, nothing is asked, and the
next tick is computed when that ends.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from conformance.adapters.simulator.clock import TICK_DIGITS, Timer
from conformance.adapters.simulator.kubelet import probe_results, restart
from conformance.adapters.simulator.kubelet.probe_results import (
    FAILURE,
    KINDS,
    SUCCESS,
    TIMEOUT,
    UNKNOWN,
    Answer,
)
from conformance.adapters.simulator.kubelet.runtime import Run

if TYPE_CHECKING:
    from conformance.adapters.simulator.kubelet.worker import PodWorker

ROUNDING = 1e-6
"""Of a quotient of two times; less than a tick of the clock."""


class Prober:
    """All probes of one Pod."""

    def __init__(self, pod: PodWorker) -> None:
        self.pod = pod
        self.workers: tuple[ProbeWorker, ...] = ()
        self._is_new = True

    def look(self) -> None:
        """Something may have changed: set every worker's timer right."""
        if self._is_new:
            self._is_new = False
            self.workers = tuple(self._made())
        for worker in self.workers:
            worker.look()

    def nudge(self) -> None:
        """A Pod is looked at: ask those at once that are not ready yet (PROBE-005)."""
        for worker in self.workers:
            if worker.kind == "readiness":
                worker.nudge()

    def forget(self) -> None:
        """The kubelet's memory is gone: what was counted begins anew, what was shown stays."""
        for worker in self.workers:
            worker.sleep()
        self._is_new = True

    def sleep(self) -> None:
        """Nobody asks any more."""
        for worker in self.workers:
            worker.sleep()

    def _made(self) -> Iterator[ProbeWorker]:
        for container in self.pod.containers():
            if is_probed(container, self.pod.pod["spec"]):
                for kind, field in KINDS.items():
                    if container.get(field):
                        yield ProbeWorker(self.pod, container, kind, container[field])


def is_probed(container: Mapping[str, Any], spec: Mapping[str, Any]) -> bool:
    """App containers and sidecars are; a container that runs to its end is not (INIT-006)."""
    return restart.is_sidecar(container) or container in spec["containers"]


class ProbeWorker:
    """One probe of one container, through all its runs."""

    def __init__(
        self, pod: PodWorker, container: Mapping[str, Any], kind: str, probe: Mapping[str, Any]
    ) -> None:
        self.pod, self.container, self.kind, self.probe = pod, container, kind, probe
        self.clock, self.settings = pod.kubelet.clock, pod.kubelet.settings
        self.name = container["name"]
        self.period = float(probe.get("periodSeconds") or 10)
        self.delay = float(probe.get("initialDelaySeconds") or 0)
        self.patience = float(probe.get("timeoutSeconds") or 1)
        self.tally = probe_results.new_tally(kind, probe)
        self.anchor = self.clock.now + pod.kubelet.first_probe_wait(self.period)
        self.spent = self.clock.now  # the tick of the first look finds no container
        self.asked_at = -math.inf
        self.tried: Answer | None = None
        self.run: Run | None = None
        self._timer: Timer | None = None
        self._is_asking = False
        run = self.current()
        if run is not None:  # a new kubelet finds it running
            self.take_over(run)

    # When.

    def look(self) -> None:
        """Set the timer for the next tick at which something can change, if there is one."""
        run = self.current()
        if run is None:
            self.sleep()
            return
        if run is not self.run:
            self.sleep()
            self.run, self.tried = run, None
            probe_results.renew(self.tally, self.settings)
        if self._is_asking:
            return
        if self.is_idle(run):
            self.sleep()
            return
        due = self.next_tick(run)
        if self._timer is None or self._timer.at != due:
            self.sleep()
            self._timer = self.clock.at(due, self.ask)

    def current(self) -> Run | None:
        """The run that lives now."""
        run = self.pod.runtime.runs.get(self.name)
        return run if run is not None and run.is_running else None

    def take_over(self, run: Run) -> None:
        """What was shown of a running container before the kubelet restarted stays."""
        self.run, self.spent = run, -math.inf
        passed = {"readiness": run.passed_readiness, "startup": run.passed_startup}
        if passed.get(self.kind):
            self.tally.published = SUCCESS
            self.tally.on_hold = self.kind == "startup"

    def is_idle(self, run: Run) -> bool:
        """Can no tick change anything, as things are?"""
        if self.tally.on_hold or self.is_held_back(run) or self.has_stopped():
            return True
        answer = self.answer()
        result = probe_results.result_of(self.probe, answer)
        counted = FAILURE if result == TIMEOUT else result
        return answer == self.tried and self.tally.is_settled(counted)

    def is_held_back(self, run: Run) -> bool:
        """The startup probe comes first, and ends with its success (PROBE-014)."""
        return run.passed_startup if self.kind == "startup" else not run.passed_startup

    def has_stopped(self) -> bool:
        """A Pod that ends is asked for its readiness only; its sidecars are forgotten (PROBE-017)."""
        return self.stops() and self.pod.terminating

    def stops(self) -> bool:
        """Does termination end this probe?"""
        return self.kind != "readiness" and not restart.is_sidecar(self.container)

    def next_tick(self, run: Run) -> float:
        """The first tick from now on that is not spent, and not before the initial delay (PROBE-004)."""
        earliest = max(self.clock.now, run.started_at + self.delay)
        number = max(math.ceil((earliest - self.anchor) / self.period - ROUNDING), 0)
        tick = round(self.anchor + number * self.period, TICK_DIGITS)
        return tick if tick > self.spent else round(float(tick + self.period), TICK_DIGITS)

    def nudge(self) -> None:
        """Ask now, and count the periods from now."""
        run = self.current()
        if run is None or run is not self.run or self._is_asking or run.passed_readiness:
            return
        if not run.has_started or self.asked_at >= self.clock.now:
            return
        self.anchor = self.spent = self.clock.now
        if not self.is_idle(run) and self.clock.now >= run.started_at + self.delay:
            self.sleep()
            self.ask()
        else:
            self.look()

    def sleep(self) -> None:
        """No timer."""
        self._is_asking = False
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    # What.

    def answer(self) -> Answer:
        """What the target does when asked now."""
        chosen = self.pod.kubelet.engine.answers.get((self.pod.uid, self.name, self.kind))
        return chosen or probe_results.usual_answer(self.container, self.probe)

    def ask(self) -> None:
        """One probe; a target that hangs is waited for until the timeout."""
        self._timer = None
        self.spent = self.asked_at = self.clock.now
        self.tried = self.answer()
        result = probe_results.result_of(self.probe, self.tried)
        if result == TIMEOUT:
            self._is_asking = True
            self._timer = self.clock.after(self.patience, lambda: self.conclude(result))
        else:
            self.conclude(result)

    def conclude(self, result: str) -> None:
        """Count the result, and act on what is published now (PROBE-011, 012, 014)."""
        self._is_asking, self._timer = False, None
        self.tell(result)
        before = self.tally.published
        probe_results.take(self.tally, result, self.settings)
        if self.tally.published != before and self.run is not None:
            self.publish(self.run, self.tally.published)
        if self.clock.now >= self.asked_at + self.period:
            self.anchor = self.clock.now  # the tick that came while the target hung is not lost
        self.look()

    def publish(self, run: Run, result: str) -> None:
        """A value has changed: the Pod shows it, or does what it asks for."""
        if self.kind == "readiness":
            run.passed_readiness = result == SUCCESS
        elif result == FAILURE:
            run.failed_probe = self.kind
        elif self.kind == "startup":
            run.passed_startup = True
        self.pod.again()

    def tell(self, result: str) -> None:
        """An Event for every probe that did not simply succeed."""
        kind = self.kind.capitalize()
        assert self.tried is not None
        if result == UNKNOWN:
            text = f"{kind} probe errored and resulted in unknown state"
            self.pod.report_of(self.name, "Unhealthy", text, "Warning")
        elif result != SUCCESS:
            text = f"{kind} probe failed: {self.said(result)}"
            self.pod.report_of(self.name, "Unhealthy", text, "Warning")
        elif self.tried.value == probe_results.ELSEWHERE:
            text = f"{kind} probe warning: Probe terminated redirects"
            self.pod.report_of(self.name, "ProbeWarning", text, "Warning")

    def said(self, result: str) -> str:
        """What there is to say of a failure."""
        assert self.tried is not None
        handler = probe_results.handler_of(self.probe)
        if result == TIMEOUT:
            return f"timed out after {self.patience:g}s"
        if handler == "httpGet" and isinstance(self.tried.value, int):
            return f"HTTP probe failed with statuscode: {self.tried.value}"
        return "" if handler == "exec" else str(self.tried.value)
