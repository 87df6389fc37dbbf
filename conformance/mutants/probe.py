"""PROBE: kubelets that ask too early, too late or too rarely, and that misread the answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from conformance.adapters.simulator.kubelet.probe_results import Tally
from conformance.adapters.simulator.kubelet.prober import ProbeWorker
from conformance.adapters.simulator.kubelet.runtime import PodRuntime, Run
from conformance.adapters.simulator.kubelet.worker import PodWorker
from conformance.adapters.simulator.settings import Settings
from conformance.mutants import SIMULATOR, mutant
from conformance.mutants.settings import SETTINGS, turned

KUBELET: Final = f"{SIMULATOR}.kubelet"
RESULTS: Final = f"{KUBELET}.probe_results"
WORKER: Final = f"{KUBELET}.prober:ProbeWorker"
POD_WORKER: Final = f"{KUBELET}.worker:PodWorker"
KILLS: Final = f"{KUBELET}.probe_kills"
STOPPING: Final = f"{KUBELET}.stopping"
API: Final = f"{SIMULATOR}.api"
START: Final = f"{KUBELET}.runtime:PodRuntime.start"


# PROBE-001 to 003: what results come to.


@mutant("PROBE-001", f"{RESULTS}:INITIAL", START)
def an_untried_readiness_probe_succeeds(original: Any) -> Any:
    """A container with a readiness probe is ready until the probe has failed."""
    if isinstance(original, Mapping):
        return {**original, "readiness": "success"}

    def start(runtime: PodRuntime, *given: Any) -> Run:
        run: Run = original(runtime, *given)
        run.passed_readiness = True
        return run

    return start


@mutant("PROBE-001", START, profile="documented")
def a_container_without_a_probe_is_never_ready(original: Any) -> Any:
    """A container that has no readiness probe is not ready."""

    def start(runtime: PodRuntime, container: Any, *given: Any) -> Run:
        run: Run = original(runtime, container, *given)
        run.passed_readiness = False
        return run

    return start


@mutant("PROBE-001", f"{RESULTS}:INITIAL")
def an_untried_liveness_probe_fails(original: Any) -> Any:
    """What is published of a liveness probe is a failure until it has succeeded."""
    return {**original, "liveness": "failure"}


@mutant("PROBE-003", f"{RESULTS}:Tally.threshold")
def one_success_is_enough(original: Any) -> Any:
    """A single success is published, whatever the successThreshold."""
    return lambda tally, result: 1 if result == "success" else original(tally, result)


@mutant("PROBE-003", f"{RESULTS}:take")
def failures_need_not_be_in_a_row(original: Any) -> Any:
    """A success between two failures does not make the failures count anew."""

    def take(tally: Tally, result: str, settings: Settings) -> None:
        last, run = tally.last, tally.run
        original(tally, result, settings)
        if last == "failure" and result == "success" and tally.published != "success":
            tally.last, tally.run = last, run

    return take


@mutant("PROBE-003", f"{RESULTS}:Tally.threshold", profile="documented")
def one_failure_is_enough(original: Any) -> Any:
    """A single failure is published, whatever the failureThreshold."""
    return lambda tally, result: 1 if result == "failure" else original(tally, result)


# PROBE-004 to 006: when they are made.


@mutant("PROBE-004", f"{WORKER}.next_tick", f"{WORKER}.nudge")
def nobody_waits_for_the_initial_delay(original: Any) -> Any:
    """Probes begin with the container, whatever the initialDelaySeconds."""
    return _with_delay(original, lambda _: 0.0)


@mutant("PROBE-004", f"{WORKER}.next_tick", f"{WORKER}.nudge", profile="documented")
def the_initial_delay_is_for_the_first_run(original: Any) -> Any:
    """Only the first run of a container waits for the initialDelaySeconds."""

    def delay(worker: ProbeWorker) -> float:
        run = worker.current()
        return worker.delay if run is None or run.attempt == 0 else 0.0

    return _with_delay(original, delay)


def _with_delay(original: Any, delay: Any) -> Any:
    def method(worker: ProbeWorker, *given: Any) -> Any:
        kept = worker.delay
        worker.delay = delay(worker)
        try:
            return original(worker, *given)
        finally:
            worker.delay = kept

    return method


def _with_period(original: Any, period: Any) -> Any:
    def next_tick(worker: ProbeWorker, run: Run) -> Any:
        kept = worker.period
        worker.period = period(kept)
        try:
            return original(worker, run)
        finally:
            worker.period = kept

    return next_tick


@mutant("PROBE-005", f"{WORKER}.next_tick", f"{WORKER}.nudge")
def probes_come_every_half_minute(original: Any) -> Any:
    """Probes come every 30 s, whatever the periodSeconds."""
    if original.__name__ == "nudge":
        return lambda _: None
    return _with_period(original, lambda _: 30.0)


@mutant("PROBE-005", f"{WORKER}.next_tick")
def probes_come_twice_a_period(original: Any) -> Any:
    """Two probes are made in every period."""
    return _with_period(original, lambda period: period / 2)


@mutant("PROBE-005", f"{WORKER}.next_tick", f"{WORKER}.nudge", profile="documented")
def the_first_probe_waits_a_minute(original: Any) -> Any:
    """The first probe of a run comes a minute later than it should."""
    if original.__name__ == "nudge":
        return lambda _: None

    def next_tick(worker: ProbeWorker, run: Run) -> Any:
        kept = worker.delay
        worker.delay += 60.0
        try:
            return original(worker, run)
        finally:
            worker.delay = kept

    return next_tick


@mutant("PROBE-006", f"{RESULTS}:Tally.threshold")
def failures_are_believed_late(original: Any) -> Any:
    """It takes ten more failures than failureThreshold says."""
    return lambda tally, result: original(tally, result) + 10 * (result == "failure")


@mutant("PROBE-006", f"{WORKER}.next_tick", profile="documented")
def failures_are_looked_for_slowly(original: Any) -> Any:
    """A probe that has failed is made again after four periods."""

    def next_tick(worker: ProbeWorker, run: Run) -> Any:
        wait = 4 * worker.period if worker.tally.last == "failure" else worker.period
        return _with_period(original, lambda _: wait)(worker, run)

    return next_tick


@mutant("PROBE-006", f"{WORKER}.next_tick")
def failures_are_looked_for_at_once(original: Any) -> Any:
    """A probe that has failed is made again a tenth of a period later, to be sure."""

    def next_tick(worker: ProbeWorker, run: Run) -> Any:
        failing = worker.tally.last == "failure" and worker.tally.run > 0
        wait = worker.period / 10 if failing else worker.period
        return _with_period(original, lambda _: wait)(worker, run)

    return next_tick


# PROBE-011 and 012: what becomes of it.


@mutant("PROBE-011", f"{KILLS}:kill")
def a_killed_container_stays_dead(original: Any) -> Any:
    """A container that its liveness probe has ended is not restarted."""

    def kill(worker: PodWorker, container: Any) -> None:
        original(worker, container)
        run = worker.runtime.runs[container["name"]]
        run.comes_back = False
        run.exit_code = None if run.exit_code is None else 0
        worker.runtime.runs[container["name"]].finished_at = 1e9

    return kill


@mutant("PROBE-011", f"{KILLS}:grace_period")
def the_probes_grace_is_not_read(_: Any) -> Any:
    """The terminationGracePeriodSeconds of a probe is ignored for that of the Pod."""

    def grace_period(pod: Any, *_: Any) -> float:
        return float(pod["spec"].get("terminationGracePeriodSeconds", 30))

    return grace_period


@mutant("PROBE-011", f"{STOPPING}:pre_stop", profile="documented")
def hooks_are_skipped(_: Any) -> Any:
    """A container that is stopped does not have its preStop hook run."""
    return lambda *_: None


@mutant("PROBE-011", f"{KILLS}:kill")
def never_is_restarted(original: Any) -> Any:
    """A container that its liveness probe has ended is restarted even under policy Never."""

    def kill(worker: PodWorker, container: Any) -> None:
        if container.get("restartPolicy") is None:
            container = {**container, "restartPolicy": "Always"}
        original(worker, container)

    return kill


@mutant("PROBE-011", f"{POD_WORKER}.stop")
def a_kill_does_not_say_what_follows(original: Any) -> Any:
    """The Event of a container that a probe has ended does not say that it will be restarted."""

    def stop(worker: PodWorker, run: Run, message: str | None = None, *given: Any) -> None:
        original(worker, run, message and message.replace(", will be restarted", ""), *given)

    return stop


@mutant("PROBE-011", f"{RESULTS}:ends_probing")
def probing_goes_on_after_a_kill(_: Any) -> Any:
    """A liveness probe goes on after it has failed, and may take its failure back."""
    return lambda kind, _: kind == "startup"


@mutant("PROBE-012", f"{WORKER}.publish", profile="documented")
def a_readiness_failure_kills(original: Any) -> Any:
    """A container whose readiness probe fails is killed and restarted."""

    def publish(worker: ProbeWorker, run: Run, result: str) -> None:
        original(worker, run, result)
        if worker.kind == "readiness" and result == "failure":
            worker.pod.finish(run, 137)

    return publish


@mutant("PROBE-012", f"{KUBELET}.conditions:containers_ready")
def the_pod_stays_ready(original: Any) -> Any:
    """A Pod is Ready as long as its containers run."""

    def containers_ready(spec: Any, statuses: Any, phase: str) -> Any:
        running = {
            name: {**status, "ready": "running" in (status.get("state") or {})}
            for name, status in (statuses or {}).items()
        }
        return original(spec, None if statuses is None else running, phase)

    return containers_ready


@mutant("PROBE-012", f"{WORKER}.is_idle")
def readiness_is_asked_until_it_fails(original: Any) -> Any:
    """A container that was found not ready once, having been ready, is not asked again."""

    def is_idle(worker: ProbeWorker, run: Run) -> Any:
        if worker.kind != "readiness":
            return original(worker, run)
        if run.passed_readiness:
            vars(worker)["once_ready"] = run.id
        lost = not run.passed_readiness and vars(worker).get("once_ready") == run.id
        return lost or original(worker, run)

    return is_idle


# PROBE-014: startup probes.


@mutant("PROBE-014", f"{WORKER}.is_held_back")
def the_others_do_not_wait_for_the_startup_probe(original: Any) -> Any:
    """Liveness and readiness probes are made from the start, whatever the startup probe says."""
    return lambda worker, run: worker.kind == "startup" and original(worker, run)


@mutant("PROBE-014", f"{KUBELET}.runtime:Run.is_ready")
def ready_before_started(_: Any) -> Any:
    """A container without a readiness probe, or with a passed one, is ready before it has started."""
    return property(lambda run: run.is_running and (run.passed_readiness or not run.passed_startup))


@mutant("PROBE-014", f"{WORKER}.publish")
def a_container_that_never_starts_is_left_alone(original: Any) -> Any:
    """A startup probe that has failed often enough has no effect."""

    def publish(worker: ProbeWorker, run: Run, result: str) -> None:
        if worker.kind != "startup" or result == "success":
            original(worker, run, result)

    return publish


@mutant("PROBE-014", f"{RESULTS}:ends_probing", f"{WORKER}.is_held_back")
def a_startup_probe_never_ends(original: Any) -> Any:
    """A startup probe that has succeeded is made again and again."""
    if original.__name__ == "ends_probing":
        return lambda kind, result: kind == "liveness" and result == "failure"
    return lambda worker, run: worker.kind != "startup" and original(worker, run)


# PROBE-016 and 017: containers that end.


@mutant("PROBE-016", SETTINGS)
def counts_die_with_the_container(original: Any) -> Any:
    """The results of a container's earlier runs are forgotten."""
    return turned(original, probe_counts_survive_restart=False)


@mutant("PROBE-017", f"{WORKER}.stops")
def liveness_is_asked_to_the_end(_: Any) -> Any:
    """Liveness probes go on while their Pod is being deleted."""
    return lambda _: False


@mutant("PROBE-017", f"{WORKER}.stops")
def sidecars_are_like_app_containers(_: Any) -> Any:
    """The liveness probes of sidecars stop with the deletion, too."""
    return lambda worker: worker.kind != "readiness"


@mutant("PROBE-017", f"{WORKER}.stops", profile="documented")
def readiness_is_not_asked_in_the_end(_: Any) -> Any:
    """No probe is made any more once the Pod is being deleted."""
    return lambda _: True
