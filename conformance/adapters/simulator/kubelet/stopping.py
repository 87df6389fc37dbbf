"""How containers are asked to end, and made to: preStop, SIGTERM, SIGKILL, and the clock they share.

Decides TERM-005 to 007, and for the node TERM-004, 013 and 014 (upstream killContainer,
killContainersWithSyncResult, calculateEffectiveGracePeriod and terminationOrdering). A process that
was sent SIGTERM ends in its own time, whatever its kubelet does meanwhile.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from attrs import define

from conformance.adapters.simulator.clock import Timer
from conformance.adapters.simulator.kubelet import actions, runtime
from conformance.adapters.simulator.kubelet.manners import OBEYS, Hook, Manner
from conformance.adapters.simulator.kubelet.runtime import Run

if TYPE_CHECKING:
    from conformance.adapters.simulator.kubelet.worker import PodWorker


@define(eq=False)
class Stop:
    """One container on its way out, and what is left of its grace period, in whole seconds."""

    left: int
    in_turn: bool  # it waits until those before it have ended
    since: float  # when what it waits for now began
    unless_told: Manner  # how it takes SIGTERM where the tester has not said it
    waits: bool = False  # for its turn
    timer: Timer | None = None

    def spend(self, now: float) -> None:
        """What was waited is taken off, truncated to whole seconds as upstream does."""
        self.left -= math.floor(now - self.since)
        self.since = now


# The whole Pod.


def grace_period(worker: PodWorker) -> int:
    """What the Pod is given: by its deletion, else by its spec, and one second at least.

    Nobody asks the API what an orphan was to be given (TERM-013, TERM-014), nor waits for the evicted.
    """
    if worker.orphaned or worker.hurried:
        return worker.settings.least_grace_seconds
    given = worker.pod["metadata"].get("deletionGracePeriodSeconds")
    if given is None:
        given = worker.pod["spec"].get("terminationGracePeriodSeconds", 30)
    return max(int(given), worker.settings.least_grace_seconds)


def stop_pod(worker: PodWorker) -> None:
    """Stop what runs; begin anew where the grace period has become shorter (TERM-004)."""
    grace = grace_period(worker)
    anew = worker.stopping_within is None or grace < worker.stopping_within
    if anew:
        worker.stopping_within = grace
    for run in list(worker.runtime.running()):
        if anew or run.stop is None:
            begin(worker, run, grace, in_turn=is_sidecar(worker, run))
    for run in list(worker.runtime.running()):
        if run.stop is not None and run.stop.waits and has_turn(worker, run):
            end_of_wait(worker, run)


def is_sidecar(worker: PodWorker, run: Run) -> bool:
    """Sidecars are stopped in turn, all others at once (TERM-007)."""
    return any(each["name"] == run.container for each in actions.sidecars(worker.pod["spec"]))


def has_turn(worker: PodWorker, run: Run) -> bool:
    """Have all app containers ended, and every sidecar behind it in the spec (TERM-007)?"""
    spec = worker.pod["spec"]
    sidecars = [each["name"] for each in actions.sidecars(spec)]
    first = [each["name"] for each in spec["containers"]]
    first += sidecars[sidecars.index(run.container) + 1 :]
    runs = worker.runtime.runs
    return not any(name in runs and runs[name].is_running for name in first)


# One container.


def begin(
    worker: PodWorker,
    run: Run,
    grace: int,
    *,
    in_turn: bool = False,
    message: str | None = None,
    unless_told: Manner = OBEYS,
) -> None:
    """Its grace period begins: first the preStop hook, which shares it (TERM-005)."""
    cancel(run)
    worker.report("Killing", message or f"Stopping container {run.container}")
    run.stop = stop = Stop(grace, in_turn, worker.clock.now, unless_told)
    hook = pre_stop(worker, run)
    lasts = 0.0 if hook is None else math.inf if hook.seconds is None else hook.seconds
    if hook is not None and hook.fails and lasts <= grace:
        worker.report("FailedPreStopHook", "PreStopHook failed", "Warning")
    after(worker, stop, min(lasts, grace), lambda: end_of_hook(worker, run))


def pre_stop(worker: PodWorker, run: Run) -> Hook | None:
    """How the preStop hook of a container goes: sleep says it itself; None where it has none."""
    spec = worker.container(run.container)
    handler: Mapping[str, Any] | None = (spec.get("lifecycle") or {}).get("preStop")
    if handler is None:
        return None
    if "sleep" in handler:
        return Hook(float(handler["sleep"]["seconds"]))
    return worker.kubelet.engine.manners.hook(worker.key, run.container, "preStop")


def end_of_hook(worker: PodWorker, run: Run) -> None:
    """A sidecar waits for its turn now, as long as the grace period lasts (TERM-007)."""
    stop: Stop = run.stop
    stop.spend(worker.clock.now)
    if stop.in_turn and stop.left > 0 and not has_turn(worker, run):
        stop.waits = True
        after(worker, stop, stop.left, lambda: end_of_wait(worker, run))
    else:
        terminate(worker, run)


def end_of_wait(worker: PodWorker, run: Run) -> None:
    """It is its turn, or there is no time left."""
    stop: Stop = run.stop
    stop.waits = False
    stop.spend(worker.clock.now)
    terminate(worker, run)


def terminate(worker: PodWorker, run: Run) -> None:
    """SIGTERM, and SIGKILL when the rest of the grace period is over, 2 s at least (TERM-006)."""
    stop: Stop = run.stop
    rest = kill_after(stop.left, worker.settings.least_stop_seconds)
    after(worker, stop, rest, lambda: worker.finish(run, runtime.KILLED))
    if run.dying is None:
        obey(worker, run)


def kill_after(left: int, least: float) -> float:
    """Seconds from SIGTERM to SIGKILL (TERM-006)."""
    return max(float(left), least)


def obey(worker: PodWorker, run: Run) -> None:
    """What the process does on SIGTERM; one that is ending already goes on with it."""
    stop: Stop = run.stop
    manners = worker.kubelet.engine.manners
    manner = manners.container(worker.key, run.container, stop.unless_told)
    if manner.seconds is None:
        return
    if manner.seconds <= 0:
        worker.finish(run, manner.exit_code)
        return
    code = manner.exit_code
    run.dying = worker.clock.after(manner.seconds, lambda: worker.finish(run, code))


def after(worker: PodWorker, stop: Stop, seconds: float, action: Any) -> None:
    """The next thing for this container: then, or at once."""
    if stop.timer is not None:
        stop.timer.cancel()
        stop.timer = None
    if seconds <= 0:
        action()
    elif seconds < math.inf:
        stop.timer = worker.clock.after(seconds, action)


def cancel(run: Run) -> None:
    """The kubelet no longer stops this container; its process may be ending all the same."""
    stop: Stop | None = run.stop
    if stop is not None and stop.timer is not None:
        stop.timer.cancel()
    run.stop = None


def ended(run: Run) -> None:
    """Nothing waits for a process that is gone."""
    if run.stop is not None:
        cancel(run)
    if run.dying is not None:
        run.dying.cancel()
        run.dying = None
