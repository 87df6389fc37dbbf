"""BACKOFF: kubelets that restart too soon, too late, or without a word."""

from __future__ import annotations

import math
from collections.abc import Hashable
from typing import Any, Final

from attrs import evolve

from conformance.adapters.simulator.kubelet import backoff, configuration
from conformance.adapters.simulator.kubelet.backoff import Backoff, Delays
from conformance.adapters.simulator.kubelet.runtime import Run
from conformance.adapters.simulator.kubelet.status import Why
from conformance.adapters.simulator.kubelet.worker import PodWorker
from conformance.adapters.simulator.settings import Settings
from conformance.mutants import SIMULATOR, mutant
from conformance.mutants.settings import SETTINGS, turned

KUBELET: Final = f"{SIMULATOR}.kubelet"
BACKOFF: Final = f"{KUBELET}.backoff"
WORKER: Final = f"{KUBELET}.worker:PodWorker"
IMAGES: Final = f"{KUBELET}.images"


def is_init(worker: PodWorker, name: str, *, sidecar: bool) -> bool:
    """Whether that is a regular init container of the Pod, or a sidecar."""
    return any(
        each["name"] == name and (each.get("restartPolicy") == "Always") is sidecar
        for each in worker.pod["spec"].get("initContainers") or ()
    )


# BACKOFF-001 to 003: how long it is.


@mutant("BACKOFF-001", f"{BACKOFF}:next_delay")
def the_delay_grows_by_ten_seconds(_: Any) -> Any:
    """The delay grows by 10 s instead of doubling: 10, 20, 30, 40, …"""
    return lambda delay, cap: min(delay + 10.0, cap)


@mutant("BACKOFF-001", f"{BACKOFF}:next_delay")
def the_cap_is_asked_before_doubling(_: Any) -> Any:
    """The delay doubles as long as it is below the cap: 160 s are followed by 320 s."""
    return lambda delay, cap: delay * 2 if delay < cap else delay


@mutant("BACKOFF-001", SETTINGS)
def the_first_restart_waits_too(original: Any) -> Any:
    """The first restart waits 10 s instead of being immediate."""
    return turned(original, backoff_first_restart_immediate=False)


@mutant("BACKOFF-001", SETTINGS, profile="documented")
def the_first_restart_is_immediate(original: Any) -> Any:
    """The first restart does not wait 10 s."""
    return turned(original, backoff_first_restart_immediate=True)


@mutant("BACKOFF-002", f"{BACKOFF}:Backoff.ready_at")
def the_delay_runs_from_the_start(original: Any) -> Any:
    """The delay is measured from the last start of the container, not from its end."""

    def ready_at(memory: Backoff, key: Hashable, finished: float, now: float) -> float:
        found = memory.entry(key, now)
        ready: float = original(memory, key, finished, now)
        return ready if found is None else max(ready - (finished - found.attempted), now)

    return ready_at


@mutant("BACKOFF-002", f"{WORKER}.rest_until")
def waiting_containers_are_looked_at_once_a_minute(_: Any) -> Any:
    """A delay ends at the next full minute of its wait, however short it is."""

    def rest_until(worker: PodWorker, ready: float) -> None:
        worker.wake(worker.clock.now + 60 * math.ceil((ready - worker.clock.now) / 60))

    return rest_until


@mutant("BACKOFF-003", SETTINGS)
def a_long_run_is_twenty_minutes(original: Any) -> Any:
    """The delay is reset by a run of 1200 s, not of 600 s."""
    return turned(original, backoff_reset_seconds=1200.0)


@mutant("BACKOFF-003", f"{BACKOFF}:has_expired", profile="documented")
def nothing_resets_the_delay(_: Any) -> Any:
    """The delay stays what it is, however long a container has run."""
    return lambda *_: False


@mutant("BACKOFF-003", f"{BACKOFF}:Backoff.delay", profile="documented")
def a_reset_delay_is_none(original: Any) -> Any:
    """The restart after a run of more than ten minutes is immediate instead of waiting 10 s."""

    def delay(memory: Backoff, key: Hashable, finished: float, now: float) -> Any:
        found = memory.entry(key, now)
        reset = found and backoff.has_expired(finished, found.attempted, memory.delays.reset)
        return 0.0 if reset else original(memory, key, finished, now)

    return delay


# BACKOFF-004 and 005: whose it is.


@mutant("BACKOFF-004", f"{WORKER}.waits")
def success_does_not_wait(_: Any) -> Any:
    """A container that exited 0 is restarted at once, every time."""
    return lambda _, run: run.exit_code != 0


@mutant("BACKOFF-004", f"{WORKER}.waits")
def sidecars_do_not_wait(original: Any) -> Any:
    """A sidecar is restarted at once, every time."""
    return lambda worker, run: (
        original(worker, run) and not is_init(worker, run.container, sidecar=True)
    )


@mutant("BACKOFF-004", f"{WORKER}.waits", profile="documented")
def init_containers_do_not_wait(original: Any) -> Any:
    """A failed init container is run again at once, every time."""
    return lambda worker, run: (
        original(worker, run) and not is_init(worker, run.container, sidecar=False)
    )


@mutant("BACKOFF-005", f"{BACKOFF}:container_key")
def containers_of_a_pod_count_together(_: Any) -> Any:
    """There is one delay for a Pod, which the restarts of all its containers raise."""
    return lambda pod, _: pod["metadata"]["uid"]


@mutant("BACKOFF-005", f"{BACKOFF}:container_key")
def another_image_inherits_the_delay(original: Any) -> Any:
    """A container with another image goes on from the delay that the old image came to."""
    return lambda pod, container: original(pod, {**container, "image": ""})


@mutant("BACKOFF-005", f"{BACKOFF}:container_key", f"{BACKOFF}:Backoff.forget")
def a_new_pod_inherits_the_delay(original: Any) -> Any:
    """The delay is kept by the name of the Pod: a Pod that is made again goes on from it."""
    if original.__name__ == "forget":
        return lambda *_: None
    return lambda pod, container: original({"metadata": {**pod["metadata"], "uid": ""}}, container)


# BACKOFF-006: what a waiting container says.


@mutant("BACKOFF-006", f"{BACKOFF}:go_duration")
def the_message_names_the_next_delay(original: Any) -> Any:
    """The message of a waiting container names the delay that will follow this one."""
    return lambda seconds: original(min(2 * seconds, 300.0))


@mutant("BACKOFF-006", f"{WORKER}.back_off")
def a_waiting_container_is_being_created(original: Any) -> Any:
    """A container that waits for its restart shows ContainerCreating."""

    def back_off(worker: PodWorker, container: Any) -> Why | None:
        why = original(worker, container)
        return why and Why("ContainerCreating", why.message)

    return back_off


@mutant("BACKOFF-006", f"{WORKER}.report")
def a_back_off_is_normal(original: Any) -> Any:
    """The Event of reason BackOff is Normal, not a Warning."""

    def report(worker: PodWorker, reason: str, message: str, type_: str = "Normal") -> None:
        original(worker, reason, message, "Normal" if reason == "BackOff" else type_)

    return report


# BACKOFF-007: the kubelet's configuration.


@mutant("BACKOFF-007", f"{KUBELET}.configuration:read_cap")
def any_cap_will_do(_: Any) -> Any:
    """A kubelet starts with a maxContainerRestartPeriod outside of 1 s to 300 s."""

    return lambda value, _: configuration.duration(value)


@mutant("BACKOFF-007", f"{BACKOFF}:restart_delays")
def the_cap_leaves_the_base(original: Any) -> Any:
    """A cap below 10 s does not lower the first delay, which stays at 10 s."""

    def delays(settings: Settings, configured: float | None = None, reduced: bool = False) -> Any:
        made = original(settings, configured, reduced)
        return evolve(made, base=original(settings, None, reduced).base)

    return delays


@mutant("BACKOFF-007", f"{BACKOFF}:restart_delays")
def the_gate_goes_before_the_cap(original: Any) -> Any:
    """With ReduceDefaultCrashLoopBackOffDecay the configured cap is ignored."""
    return lambda settings, configured=None, reduced=False: original(
        settings, None if reduced else configured, reduced
    )


# BACKOFF-008 to 010: what is forgotten, and what is looked at.


@mutant("BACKOFF-008", f"{BACKOFF}:collected_at")
def housekeeping_forgets_after_five_minutes(original: Any) -> Any:
    """An entry is dropped 300 s after the last start, in the middle of a wait of 300 s."""

    def collected_at(attempted: float, delays: Delays, started: float) -> Any:
        return original(attempted, evolve(delays, reset=delays.cap), started)

    return collected_at


@mutant("BACKOFF-008", f"{BACKOFF}:collected_at")
def housekeeping_comes_every_five_minutes(original: Any) -> Any:
    """The housekeeping of the kubelet runs every 300 s instead of every 2 s."""

    def collected_at(attempted: float, delays: Delays, started: float) -> Any:
        return original(attempted, evolve(delays, housekeeping=300.0), started)

    return collected_at


@mutant("BACKOFF-009", SETTINGS)
def a_probes_kill_is_an_exit_like_any_other(original: Any) -> Any:
    """Back-off after a probe's kill is counted from that kill, not from the exit before it."""
    return turned(original, probe_kill_backs_off_from_earlier_exit=False)


@mutant("BACKOFF-009", f"{KUBELET}.probe_kills:exited")
def probes_kill_without_back_off(original: Any) -> Any:
    """A container that its probe has ended is always restarted at once."""

    def exited(worker: PodWorker, name: str) -> Run | None:
        run: Run | None = original(worker, name)
        newest = worker.runtime.runs.get(name)
        return None if newest is not None and newest.failed_probe else run

    return exited


@mutant("BACKOFF-010", f"{KUBELET}:Kubelet.restart")
def delays_outlive_the_kubelet(original: Any) -> Any:
    """A restarted kubelet knows the delays of the one before."""

    def restart(kubelet: Any) -> None:
        memory = kubelet.restarts
        original(kubelet)
        kubelet.restarts = memory

    return restart


@mutant("BACKOFF-010", f"{WORKER}.restarted_kubelet")
def a_wait_outlives_the_kubelet(_: Any) -> Any:
    """A container that was waiting when the kubelet restarted waits to the end of its delay."""
    return lambda _: None


# BACKOFF-011: images.


@mutant("BACKOFF-011", f"{IMAGES}:Images._waits")
def every_sync_pulls(_: Any) -> Any:
    """A failed pull is repeated at every sync of the Pod."""
    return lambda *_: False


@mutant("BACKOFF-011", f"{BACKOFF}:pull_delays")
def pulls_wait_ten_seconds(original: Any) -> Any:
    """The delay between failed pulls does not grow."""
    return lambda settings: evolve(original(settings), cap=settings.pull_backoff_base_seconds)


@mutant("BACKOFF-011", f"{IMAGES}:Images.ensure")
def a_pull_that_waits_looks_failed(original: Any) -> Any:
    """The reason stays ErrImagePull while the next pull is not yet due."""

    def ensure(*given: Any) -> Why | None:
        why = original(*given)
        return why and Why(why.reason.replace("ImagePullBackOff", "ErrImagePull"), why.message)

    return ensure


@mutant("BACKOFF-006", f"{WORKER}.report")
def a_back_off_has_no_event(original: Any) -> Any:
    """No Event tells of a container that waits for its restart."""

    def report(worker: PodWorker, reason: str, *said: str) -> None:
        if reason != "BackOff":
            original(worker, reason, *said)

    return report


@mutant("BACKOFF-011", f"{IMAGES}:pull_of")
def pods_wait_for_each_others_pulls(original: Any) -> Any:
    """The delay of a failed pull holds for every Pod of the node that wants the image."""
    return lambda pod, container: evolve(original(pod, container), uid="")


@mutant("BACKOFF-011", SETTINGS)
def pulls_wait_ten_minutes(original: Any) -> Any:
    """The delay between failed pulls grows to 600 s."""
    return turned(original, pull_backoff_cap_seconds=600.0)
