"""PHASE: engines that show the wrong phase, or the right one at the wrong time."""

from __future__ import annotations

import math
from typing import Any, Final

from attrs import evolve

from conformance.adapters.simulator import meta
from conformance.adapters.simulator.controllers.nodes.lifecycle import NodeLifecycleController
from conformance.adapters.simulator.kubelet import actions, phase
from conformance.adapters.simulator.kubelet.status import Why
from conformance.mutants import SIMULATOR, mutant

KUBELET: Final = f"{SIMULATOR}.kubelet"
PHASE: Final = f"{KUBELET}.phase"
STATUS: Final = f"{KUBELET}.status"
WORKER: Final = f"{KUBELET}.worker"
API: Final = f"{SIMULATOR}.api"


# PHASE-001 and 002: which phases there are, and the first one.


@mutant(
    "PHASE-001", f"{SIMULATOR}.controllers.nodes.lifecycle:NodeLifecycleController._mark_not_ready"
)
def pods_of_a_lost_node_are_unknown(original: Any) -> Any:
    """The phase of a Pod whose node went silent becomes Unknown."""

    def mark(controller: NodeLifecycleController, pod: dict[str, Any]) -> None:
        original(controller, pod)
        status = {**pod["status"], "phase": "Unknown"}
        controller.store.update_status({**pod, "status": status})

    return mark


@mutant("PHASE-001", f"{PHASE}:stopped_phase", profile="documented")
def success_is_called_completed(original: Any) -> Any:
    """A Pod that succeeded shows the phase Completed, as kubectl prints it."""
    names = {"Succeeded": "Completed"}
    return lambda *given: names.get(ended := original(*given), ended)


@mutant("PHASE-002", f"{API}.pods:initial_status")
def the_client_is_believed(original: Any) -> Any:
    """A status that the client sends with a new Pod is kept."""
    return lambda pod: {**original(pod), **(pod.get("status") or {})}


@mutant("PHASE-002", f"{API}.pods:initial_status")
def the_class_comes_later(original: Any) -> Any:
    """status.qosClass is missing in a new Pod, until its kubelet fills it in."""
    return lambda pod: {key: value for key, value in original(pod).items() if key != "qosClass"}


@mutant("PHASE-002", f"{API}.pods:PodStrategy.counts_generations")
def pods_have_no_generation(_: Any) -> Any:
    """metadata.generation is not kept for Pods."""
    return False


# PHASE-003 to 005: Pending or Running.


@mutant("PHASE-003", f"{PHASE}:is_pending")
def an_unstarted_container_counts_beside_running_ones_only(original: Any) -> Any:
    """A container that never started is overlooked when all the others have stopped."""
    return lambda counts, *given: original(
        counts if counts.running else evolve(counts, waiting=0), *given
    )


@mutant("PHASE-003", f"{PHASE}:count_init")
def only_the_first_initialization_counts(original: Any) -> Any:
    """An init container that runs once more, in a new sandbox, does not make the Pod Pending."""

    def count(spec: Any, container: Any, status: Any, counts: phase.Counts) -> None:
        if "running" not in (status or {}).get("state", {}):
            original(spec, container, status, counts)

    return count


@mutant("PHASE-004", f"{PHASE}:stopped_phase")
def a_pod_that_waits_for_its_restart_is_pending(original: Any) -> Any:
    """When nothing runs at the moment, the Pod is Pending until a container has restarted."""

    def stopped(counts: phase.Counts, terminating: bool) -> Any:
        decided = original(counts, terminating)
        return "Pending" if decided == "Running" else decided

    return stopped


@mutant("PHASE-004", f"{PHASE}:last_exit")
def a_container_that_waits_has_not_started(_: Any) -> Any:
    """A container in CrashLoopBackOff is taken for one that never started: lastState is not read."""
    return lambda status: (status.get("state") or {}).get("terminated")


@mutant("PHASE-005", f"{PHASE}:is_pending")
def one_running_container_is_enough(original: Any) -> Any:
    """A Pod is Running as soon as one of its containers is, though another never started."""
    return lambda counts, *given: original(
        evolve(counts, waiting=0) if counts.running else counts, *given
    )


# PHASE-006 to 009: Succeeded or Failed, and for ever.


@mutant("PHASE-006", f"{PHASE}:stopped_phase")
def success_ends_a_pod_that_would_restart(original: Any) -> Any:
    """A Pod whose containers have all exited 0 is Succeeded, under policy Always too."""

    def stopped(counts: phase.Counts, terminating: bool) -> Any:
        return original(counts, terminating or counts.stopped == counts.succeeded)

    return stopped


@mutant("PHASE-007", f"{PHASE}:stopped_phase")
def one_success_makes_a_pod_succeed(original: Any) -> Any:
    """A Pod is Succeeded when any of its containers exited 0, whatever the others did."""

    def stopped(counts: phase.Counts, terminating: bool) -> Any:
        decided = original(counts, terminating)
        return "Succeeded" if decided == "Failed" and counts.succeeded else decided

    return stopped


@mutant("PHASE-008", f"{STATUS}:is_absorbing")
def a_failed_pod_may_yet_succeed(_: Any) -> Any:
    """Only Succeeded is final: a Failed Pod is Succeeded when its last containers exit 0."""
    return lambda before: before == "Succeeded"


@mutant("PHASE-008", f"{STATUS}:is_absorbing", f"{WORKER}:is_terminal")
def a_pod_that_another_ended_goes_on(_: Any) -> Any:
    """A kubelet does not mind a final phase that it has not set itself."""
    return lambda _: False


@mutant("PHASE-009", f"{PHASE}:count_app")
def a_kill_for_memory_is_no_failure(original: Any) -> Any:
    """A container that was killed for memory is not counted as failed: the code 137 is not its own."""

    def count(spec: Any, container: Any, status: Any, counts: phase.Counts) -> None:
        original(spec, container, status, counts)
        ended = ((status or {}).get("state") or {}).get("terminated") or {}
        counts.succeeded += ended.get("reason") == "OOMKilled"

    return count


@mutant("PHASE-009", f"{PHASE}:count_app")
def the_reason_tells_success(original: Any) -> Any:
    """A container has succeeded when its reason is Completed."""

    def count(spec: Any, container: Any, status: Any, counts: phase.Counts) -> None:
        before = counts.succeeded
        original(spec, container, status, counts)
        ended = ((status or {}).get("state") or {}).get("terminated") or {}
        counts.succeeded = before + (ended.get("reason") == "Completed")

    return count


# PHASE-010 and 011: when a final phase is seen.


@mutant("PHASE-010", f"{STATUS}:published_phase")
def a_final_phase_is_shown_at_once(_: Any) -> Any:
    """A final phase is written when it is decided, while containers are still to be stopped."""
    return lambda decided, *_: decided


@mutant("PHASE-010", f"{KUBELET}.conditions:ready")
def an_ended_pod_keeps_its_readiness(original: Any) -> Any:
    """The condition Ready is left as it was when the Pod comes to its end."""

    def ready(spec: Any, containers: Any, present: Any) -> Any:
        over = containers.get("reason") in ("PodCompleted", "PodFailed")
        return (
            dict(present["Ready"])
            if over and "Ready" in present
            else original(spec, containers, present)
        )

    return ready


@mutant("PHASE-011", f"{PHASE}:stopped_phase")
def a_deleted_pod_is_asked_for_its_policy(original: Any) -> Any:
    """A deleted Pod that would restart its containers is never Succeeded, though all exited 0."""
    return lambda counts, _: original(counts, False)


@mutant("PHASE-011", f"{WORKER}:PodWorker.end")
def a_deleted_pod_goes_without_a_last_word(original: Any) -> Any:
    """The status of a deleted Pod is not written once more when its containers have stopped."""

    def end(worker: Any) -> None:
        if any(worker.runtime.running()):
            original(worker)
        else:
            worker.finished = True
            worker.remove_if_deleted()

    return end


@mutant("PHASE-011", f"{STATUS}:decided_phase")
def what_never_started_did_not_fail(original: Any) -> Any:
    """A deleted Pod is Succeeded when no container failed, though one of them never started."""

    def decided(view: Any, statuses: Any) -> Any:
        ended = [phase.last_exit(each) for each in statuses.values()]
        failed = any(each and each["exitCode"] for each in ended)
        made = original(view, statuses)
        return "Succeeded" if made == "Failed" and view.terminating and not failed else made

    return decided


# PHASE-012 and 013: deadlines and rejections.


@mutant("PHASE-012", f"{WORKER}:PodWorker.deadline")
def initialization_is_not_active_time(original: Any) -> Any:
    """The deadline does not hold for a Pod that is still in its init containers."""

    def deadline(worker: Any) -> Any:
        started = actions.is_initialized(worker.pod["spec"], worker.runtime)
        return original(worker) if started else math.inf

    return deadline


@mutant("PHASE-012", f"{WORKER}:PodWorker.deadline")
def the_deadline_runs_from_the_creation(original: Any) -> Any:
    """activeDeadlineSeconds are counted from metadata.creationTimestamp, scheduling included."""

    def deadline(worker: Any) -> Any:
        waited = meta.parse_time(worker.start_time) - meta.parse_time(
            worker.pod["metadata"]["creationTimestamp"]
        )
        return original(worker) - waited

    return deadline


@mutant("PHASE-012", f"{WORKER}:DEADLINE")
def a_missed_deadline_has_no_reason(original: Any) -> Any:
    """A Pod that its deadline has ended does not show the reason DeadlineExceeded."""
    return Why("", original.message)


@mutant("PHASE-012", f"{API}.pod_changes:_validate_deadline")
def a_deadline_can_be_put_off(_: Any) -> Any:
    """An update may raise activeDeadlineSeconds."""
    return lambda *_: None


@mutant("PHASE-013", f"{KUBELET}.admission:rejection")
def a_rejection_does_not_say_so(original: Any) -> Any:
    """The message of a rejected Pod lacks the words "Pod was rejected: "."""

    def rejection(*given: Any) -> Any:
        why = original(*given)
        return why and Why(why.reason, why.message.removeprefix("Pod was rejected: "))

    return rejection


@mutant("PHASE-013", f"{KUBELET}.admission:rejection")
def a_rejection_has_no_reason(original: Any) -> Any:
    """A rejected Pod has a message but no reason."""

    def rejection(*given: Any) -> Any:
        why = original(*given)
        return why and Why("", why.message)

    return rejection


@mutant("PHASE-013", f"{KUBELET}:Kubelet.write_status")
def a_rejected_pod_stays_pending(original: Any) -> Any:
    """The kubelet says why it rejects a Pod, but leaves its phase at Pending."""

    def write(kubelet: Any, worker: Any, status: dict[str, Any]) -> None:
        rejected = str(status.get("message", "")).startswith("Pod was rejected: ")
        original(kubelet, worker, {**status, "phase": "Pending"} if rejected else status)

    return write
