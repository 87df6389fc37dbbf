"""TRANS: engines that get one cell of the table of transitions wrong."""

from __future__ import annotations

from typing import Any, Final

from attrs import evolve

from conformance.adapters.simulator.kubelet import phase
from conformance.mutants import SIMULATOR, mutant

KUBELET: Final = f"{SIMULATOR}.kubelet"
PHASE: Final = f"{KUBELET}.phase"
RESTART: Final = f"{KUBELET}.restart"


def failed_in(counts: phase.Counts) -> int:
    """How many app containers have failed for good."""
    return counts.stopped - counts.succeeded - counts.restartable


# One container.


@mutant("TRANS-001", f"{RESTART}:policy_restarts")
def on_failure_restarts_what_succeeded(original: Any) -> Any:
    """OnFailure is handled like Always: exit code 0 is followed by a restart."""
    return lambda policy, code: original("Always" if policy == "OnFailure" else policy, code)


@mutant("TRANS-001", f"{PHASE}:stopped_phase")
def a_pod_of_one_run_has_failed(original: Any) -> Any:
    """A Pod that may never restart and is over is Failed, even after exit code 0."""

    def stopped(counts: phase.Counts, terminating: bool) -> Any:
        single = counts.stopped == 1 and not terminating
        return original(evolve(counts, succeeded=0) if single else counts, terminating)

    return stopped


@mutant("TRANS-002", f"{RESTART}:policy_restarts")
def a_signal_is_no_failure(original: Any) -> Any:
    """Under OnFailure a container that a signal has killed (128 and more) is not restarted."""
    return lambda policy, code: original(policy, 0 if code >= 128 else code)


@mutant("TRANS-002", f"{RESTART}:policy_restarts")
def what_cannot_be_executed_is_tried_again(original: Any) -> Any:
    """Under Never too a container is started again after the codes 126 and 127 of a shell."""
    return lambda policy, code: code in (126, 127) or original(policy, code)


@mutant("TRANS-003", f"{KUBELET}.machine:kill_for_memory")
def a_kill_for_memory_exits_0(_: Any) -> Any:
    """A container that was killed for memory shows the reason OOMKilled, but exit code 0."""
    return lambda worker, run: worker.finish(run, 0, "OOMKilled")


@mutant("TRANS-003", f"{PHASE}:count_app")
def a_kill_for_memory_is_final(original: Any) -> Any:
    """A container that was killed for memory is given up, whatever the policy."""

    def count(spec: Any, container: Any, status: Any, counts: phase.Counts) -> None:
        before = counts.restartable
        original(spec, container, status, counts)
        ended = ((status or {}).get("state") or {}).get("terminated") or {}
        if ended.get("reason") == "OOMKilled":
            counts.restartable = before

    return count


# Two containers, one of which keeps running.


@mutant("TRANS-004", f"{PHASE}:memory_kill_fails")
def one_failure_fails_the_pod(_: Any) -> Any:
    """A container that has failed for good fails the Pod at once, and its sibling is stopped."""
    return lambda _, counts, *__: failed_in(counts) > 0


@mutant("TRANS-004", f"{KUBELET}.status:published_phase")
def a_failure_shows_before_the_end(original: Any) -> Any:
    """The Pod shows Failed from the first failure on, while its other container runs."""

    def published(decided: str, before: str | None, runtime: Any) -> Any:
        failed = [run for run in runtime.runs.values() if run.exit_code]
        return "Failed" if failed and decided == "Running" else original(decided, before, runtime)

    return published


@mutant("TRANS-005", f"{PHASE}:memory_kill_fails")
def a_kill_for_memory_ends_the_pod(_: Any) -> Any:
    """Under Never the Pod comes to its end when one container was killed for memory."""
    return lambda spec, counts, *_: spec["restartPolicy"] == "Never" and counts.killed_for_memory


@mutant("TRANS-005", f"{PHASE}:memory_kill_fails", profile="documented")
def the_sibling_of_a_kill_for_memory_keeps_the_pod(_: Any) -> Any:
    """Under Never the Pod stays Running although one container was killed for memory."""
    return lambda *_: False


@mutant("TRANS-007", f"{PHASE}:phase_of")
def the_first_success_completes_the_pod(original: Any) -> Any:
    """A Pod is Succeeded, and its other container stopped, when the first has exited 0 for good."""

    def phase_of(spec: Any, statuses: phase.Statuses, settings: Any, **more: Any) -> Any:
        counts = phase.count(spec, statuses)
        done = counts.running and counts.succeeded > counts.restartable
        return "Succeeded" if done else original(spec, statuses, settings, **more)

    return phase_of


# Two containers, both of which have stopped.


@mutant("TRANS-006", f"{PHASE}:stopped_phase")
def a_pod_restarts_as_a_whole(original: Any) -> Any:
    """A Pod whose containers have stopped goes on only if all of them may restart."""

    def stopped(counts: phase.Counts, terminating: bool) -> Any:
        return original(counts, terminating or counts.restartable < counts.stopped)

    return stopped


@mutant("TRANS-006", f"{PHASE}:stopped_phase")
def two_failures_to_fail(original: Any) -> Any:
    """A Pod has failed when more of its containers failed than succeeded."""

    def stopped(counts: phase.Counts, terminating: bool) -> Any:
        decided = original(counts, terminating)
        even = 0 < counts.succeeded == failed_in(counts)
        return "Succeeded" if decided == "Failed" and even else decided

    return stopped


@mutant("TRANS-007", f"{PHASE}:count_app")
def success_is_not_counted(original: Any) -> Any:
    """That a container exited 0 is noted, but not how many did: two of two are not all."""

    def count(spec: Any, container: Any, status: Any, counts: phase.Counts) -> None:
        original(spec, container, status, counts)
        counts.succeeded = min(counts.succeeded, 1)

    return count
