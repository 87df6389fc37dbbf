"""TERM: API servers that mistake the grace period, and kubelets that do not keep to it."""

from __future__ import annotations

from typing import Any, Final

from conformance.adapters.simulator import meta
from conformance.adapters.simulator.api import deletion
from conformance.adapters.simulator.clock import EPOCH
from conformance.adapters.simulator.kubelet import runtime, stopping
from conformance.adapters.simulator.kubelet.worker import PodWorker
from conformance.mutants import SIMULATOR, mutant
from conformance.mutants.settings import SETTINGS, turned

DELETION: Final = f"{SIMULATOR}.api.deletion"
KUBECTL: Final = f"{SIMULATOR}.kubectl"
KUBELET: Final = f"{SIMULATOR}.kubelet"
STOPPING: Final = f"{KUBELET}.stopping"
WORKER: Final = f"{KUBELET}.worker:PodWorker"
REPLICAS: Final = f"{SIMULATOR}.controllers.workloads"


# TERM-001, 002 and 004: what a delete writes.


@mutant("TERM-001", f"{DELETION}:grace_period")
def the_spec_has_the_last_word(original: Any) -> Any:
    """gracePeriodSeconds of the request is ignored, unless it is 0."""
    return lambda pod, requested: original(pod, requested if requested == 0 else None)


@mutant("TERM-001", f"{DELETION}:at_least_one")
def a_negative_grace_period_is_none(original: Any) -> Any:
    """A negative grace period means 0."""
    return lambda seconds: max(original(seconds), 0) if seconds > 0 else 0


@mutant("TERM-001", f"{DELETION}:grace_period")
def who_never_had_a_node_is_waited_for(original: Any) -> Any:
    """A Pod without a node is given its grace period too."""

    def grace_period(pod: Any, requested: Any) -> Any:
        if pod["spec"].get("nodeName"):
            return original(pod, requested)
        return original({**pod, "spec": {**pod["spec"], "nodeName": "none"}}, requested)

    return grace_period


@mutant("TERM-002", f"{DELETION}:_later")
def it_says_when_it_was_asked(original: Any) -> Any:
    """deletionTimestamp is the time of the request."""
    return lambda clock, _: original(clock, 0)


@mutant("TERM-002", f"{DELETION}:_with_marks")
def a_delete_is_no_change(original: Any) -> Any:
    """The generation of a Pod stays when it is deleted."""
    return lambda old, moment, period, **_: original(old, moment, period)


@mutant("TERM-002", f"{DELETION}:_with_marks")
def a_deleted_pod_is_dead(original: Any) -> Any:
    """A delete makes the phase Failed."""

    def marks(old: Any, moment: str, period: int, **more: Any) -> Any:
        return meta.with_status(original(old, moment, period, **more), phase="Failed")

    return marks


@mutant("TERM-004", f"{DELETION}:_marked_pod")
def the_last_delete_counts(original: Any) -> Any:
    """A second delete sets the grace period anew, a longer one too."""

    def marked(old: Any, requested: Any, clock: Any) -> Any:
        if not meta.is_deleting(old) or not requested:
            return original(old, requested, clock)
        period = deletion.at_least_one(requested)
        end = meta.format_time(EPOCH + clock.now + period)
        return deletion._with_marks(old, end, period)

    return marked


@mutant("TERM-004", f"{DELETION}:_marked_pod")
def the_first_delete_counts(original: Any) -> Any:
    """A second delete with a shorter grace period changes nothing."""
    return lambda old, requested, clock: (
        old if meta.is_deleting(old) and requested else original(old, requested, clock)
    )


@mutant("TERM-004", f"{DELETION}:_shortened")
def the_end_may_lie_in_the_past(_: Any) -> Any:
    """A shorter grace period that is over already is written all the same."""

    def shortened(given: Any, running: int, period: int, _: Any) -> Any:
        end = meta.parse_time(given["deletionTimestamp"]) - running + period
        return meta.format_time(end), period

    return shortened


# TERM-003 and 012: kubectl.


@mutant("TERM-003", f"{KUBECTL}:status_of")
def a_finished_pod_is_terminating(original: Any) -> Any:
    """STATUS says Terminating of every Pod with a deletionTimestamp."""
    return lambda pod: "Terminating" if meta.is_deleting(pod) else original(pod)


@mutant("TERM-003", f"{KUBECTL}:status_of")
def the_column_shows_the_phase(original: Any) -> Any:
    """STATUS is the phase, whatever containers say."""
    return lambda pod: (
        original(pod) if meta.is_deleting(pod) else (pod.get("status") or {}).get("phase", "")
    )


@mutant("TERM-012", f"{KUBECTL}:delete_grace")
def no_grace_needs_no_force(original: Any) -> Any:
    """--grace-period=0 deletes by force without --force."""

    def delete_grace(given: Any, settings: Any) -> Any:
        answer = original(given, settings)
        return 0 if given["grace_period"] == 0 and not given["now"] else answer

    return delete_grace


@mutant("TERM-012", SETTINGS)
def force_alone_is_not_enough(original: Any) -> Any:
    """--force without --grace-period=0 sends no grace period."""
    return turned(original, force_alone_is_enough=False)


@mutant("TERM-012", SETTINGS, profile="documented")
def force_alone_is_enough(original: Any) -> Any:
    """--force without --grace-period=0 deletes by force."""
    return turned(original, force_alone_is_enough=True)


# TERM-005 to 007 and 014: hooks and signals.


@mutant("TERM-005", f"{STOPPING}:pre_stop")
def the_hook_is_forgotten(_: Any) -> Any:
    """preStop hooks are not run."""
    return lambda *_: None


@mutant("TERM-005", f"{STOPPING}:begin")
def the_hook_runs_beside(original: Any) -> Any:
    """SIGTERM is sent while the preStop hook still runs."""

    def begin(worker: Any, run: Any, grace: int, **more: Any) -> None:
        original(worker, run, grace, **more)
        if run.is_running and run.dying is None:
            stopping.obey(worker, run)

    return begin


@mutant("TERM-005", f"{SIMULATOR}.api.probes:validate_handler")
def a_hook_may_sleep_for_ever(original: Any) -> Any:
    """sleep.seconds of a hook is not compared with the grace period."""
    return lambda handler, grace, path, problems: original(
        handler, None if grace is None else 10**9, path, problems
    )


@mutant("TERM-006", f"{STOPPING}:kill_after")
def one_second_is_enough(_: Any) -> Any:
    """There is no floor of two seconds between SIGTERM and SIGKILL."""
    return lambda left, _: max(float(left), 0.5)


@mutant("TERM-006", f"{STOPPING}:Stop.spend")
def the_clock_starts_after_the_hook(_: Any) -> Any:
    """What the preStop hook took is not taken off the grace period."""
    return lambda stop, now: setattr(stop, "since", now)


@mutant("TERM-006", f"{STOPPING}:kill_after")
def nobody_is_killed(original: Any) -> Any:
    """A container that ignores SIGTERM is killed ten minutes later."""
    return lambda left, least: original(left, least) + 600.0


@mutant("TERM-006", f"{STOPPING}:terminate")
def the_kubelet_goes_for_the_throat(_: Any) -> Any:
    """SIGKILL instead of SIGTERM."""
    return lambda worker, run: worker.finish(run, runtime.KILLED)


@mutant("TERM-006", f"{KUBELET}.runtime:end")
def a_signal_is_a_success(original: Any) -> Any:
    """A container that dies of a signal of its kubelet shows exit code 0."""

    def end(run: Any, code: int, *rest: Any) -> None:
        original(run, 0 if run.stop is None and code in (137, 143) else code, *rest)

    return end


@mutant("TERM-007", f"{STOPPING}:stop_pod")
def one_after_another(_: Any) -> Any:
    """App containers are stopped one by one, in the order of the spec."""

    def stop_pod(worker: PodWorker) -> None:
        if any(run.stop is not None for run in worker.runtime.running()):
            return
        for run in worker.runtime.running():
            stopping.begin(worker, run, stopping.grace_period(worker))
            return

    return stop_pod


@mutant("TERM-007", f"{STOPPING}:is_sidecar")
def sidecars_are_containers(_: Any) -> Any:
    """Sidecars are stopped together with the app containers."""
    return lambda *_: False


@mutant("TERM-007", f"{STOPPING}:has_turn")
def sidecars_stop_in_spec_order(_: Any) -> Any:
    """Sidecars wait for the app containers, and then end all together."""

    def has_turn(worker: PodWorker, _: Any) -> Any:
        apps = [each["name"] for each in worker.pod["spec"]["containers"]]
        return not any(other.container in apps for other in worker.runtime.running())

    return has_turn


@mutant("TERM-014", f"{WORKER}.restarted_kubelet")
def the_clock_survives_the_kubelet(original: Any) -> Any:
    """A kubelet that restarts goes on with the grace period that was under way."""

    def restarted(worker: PodWorker) -> None:
        if meta.is_deleting(worker.pod):
            worker.again()
        else:
            original(worker)

    return restarted


@mutant("TERM-014", f"{WORKER}.restarted_kubelet")
def a_restart_kills(original: Any) -> Any:
    """A kubelet that restarts kills what was being stopped."""

    def restarted(worker: PodWorker) -> None:
        if meta.is_deleting(worker.pod):
            worker.kill_all()
        original(worker)

    return restarted


# TERM-009 to 011 and 013: what is seen of it.


@mutant("TERM-009", SETTINGS)
def a_deleted_pod_is_not_ready(original: Any) -> Any:
    """Deletion makes the condition Ready False."""
    return turned(original, deletion_unreadies=True)


@mutant("TERM-009", SETTINGS, profile="documented")
def a_deleted_pod_stays_ready(original: Any) -> Any:
    """Deletion does not touch the condition Ready."""
    return turned(original, deletion_unreadies=False)


@mutant("TERM-010", f"{REPLICAS}.victims:is_active")
def who_is_ending_still_counts(_: Any) -> Any:
    """A Pod counts as a replica until it is gone."""
    return lambda pod: (pod.get("status") or {}).get("phase") not in ("Succeeded", "Failed")


@mutant("TERM-011", f"{WORKER}.end")
def the_pod_goes_first(original: Any) -> Any:
    """A deleted Pod is removed as soon as its containers have been asked to end."""

    def end(worker: PodWorker) -> None:
        original(worker)
        if not worker.finished:
            worker.remove_if_deleted()

    return end


@mutant("TERM-011", f"{WORKER}.remove_if_deleted")
def the_kubelet_has_no_last_word(_: Any) -> Any:
    """Nobody removes a deleted Pod when its containers have ended."""
    return lambda _: None


@mutant("TERM-011", f"{DELETION}:is_finished")
def finalizers_hold_nothing(original: Any) -> Any:
    """A Pod goes when its kubelet is through with it, finalizers or not."""

    def is_finished(manifest: Any) -> Any:
        given = {key: each for key, each in manifest["metadata"].items() if key != "finalizers"}
        return original(
            {**manifest, "metadata": given} if manifest.get("kind") == "Pod" else manifest
        )

    return is_finished


@mutant("TERM-013", f"{DELETION}:grace_period", f"{DELETION}:_shortened")
def no_grace_is_a_little_grace(original: Any) -> Any:
    """A delete with a grace period of 0 waits for the kubelet for a second."""

    def at_least(*given: Any) -> Any:
        answer = original(*given)
        return (answer[0], max(answer[1], 1)) if isinstance(answer, tuple) else answer or 1

    return at_least


@mutant("TERM-013", f"{STOPPING}:grace_period")
def the_node_does_not_know_of_the_force(original: Any) -> Any:
    """On its node a Pod that is deleted by force gets the grace period of its spec."""

    def grace_period(worker: Any) -> Any:
        if worker.pod["metadata"].get("deletionGracePeriodSeconds") == 0:
            return worker.pod["spec"].get("terminationGracePeriodSeconds", 30)
        return original(worker)

    return grace_period


@mutant("TERM-013", f"{STOPPING}:begin")
def by_force_is_with_a_kill(original: Any) -> Any:
    """The containers of a Pod that is deleted by force are killed at once."""

    def begin(worker: Any, run: Any, *given: Any, **more: Any) -> None:
        original(worker, run, *given, **more)
        if worker.pod["metadata"].get("deletionGracePeriodSeconds") == 0:
            worker.finish(run, runtime.KILLED)

    return begin


@mutant("TERM-013", f"{SIMULATOR}.store:Store.is_taken")
def a_name_is_kept_for_the_node(original: Any) -> Any:
    """The name of a Pod stays taken while a container of it may still run."""

    def is_taken(store: Any, kind: str, namespace: str, name: str) -> Any:
        ending = (
            kind == "Pod"
            and each["reason"] == "Killing"
            and each["involvedObject"]["name"] == name
            and store.clock.now - (meta.parse_time(each["lastTimestamp"]) - EPOCH) < 2.0
            for each in store.list("Event")
        )
        return original(store, kind, namespace, name) or any(ending)

    return is_taken
