"""One Pod on its node: look at it, report its status, do the next step; until it is over.

Upstream: pod_workers.go and kubelet.go (SyncPod, SyncTerminatingPod). A step changes one thing and asks
to be called again, so every state in between is a status write of its own.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from conformance.adapters.simulator import meta
from conformance.adapters.simulator.clock import EPOCH
from conformance.adapters.simulator.kubelet import (
    actions,
    admission,
    backoff,
    environment,
    faults,
    phase,
    post_start,
    probe_kills,
    runtime,
    status,
    stopping,
)
from conformance.adapters.simulator.kubelet.hindrances import Hindered
from conformance.adapters.simulator.kubelet.manners import OBEYS, Manner
from conformance.adapters.simulator.kubelet.prober import Prober
from conformance.adapters.simulator.kubelet.runtime import Run
from conformance.adapters.simulator.kubelet.status import Why
from conformance.adapters.simulator.kubelet.volumes import Volumes

if TYPE_CHECKING:
    from conformance.adapters.simulator.kubelet import Kubelet

DEADLINE: Final = Why(
    "DeadlineExceeded", "Pod was active on the node longer than the specified deadline"
)

Container = Mapping[str, Any]
Situation: TypeAlias = tuple[Any, ...]


class PodWorker(Hindered):
    """What a kubelet knows of one Pod, and does for it."""

    def __init__(self, kubelet: Kubelet, pod: meta.Object) -> None:
        super().__init__(kubelet, pod)
        self.waiting: dict[str, Why] = {}
        self.failure: Why | None = None
        self.admitted = False
        self.terminating = False
        self.finished = False
        self.hurried = False  # evicted: nobody is given time to end
        self.orphaned = False
        self.stopping_within: int | None = None
        self.restarting_all = False
        self.start_time = ""
        self.prober = Prober(self)
        self.volumes = Volumes(self, pod)
        self._told: tuple[Situation, str] | None = None  # of what nothing is left to tell
        self._planned: tuple[Situation, actions.Actions] | None = None

    # One step.

    def sync(self) -> None:
        """Do one step for the Pod as the API has it now."""
        self.begin_look()
        if self.orphaned:
            self.end_orphan()
            return
        if self.finished:
            self.remove_if_deleted()
            return
        if self.volumes.config_maps:
            self.volumes.refresh()
        if not self.start_time:
            began = (self.pod.get("status") or {}).get("startTime")
            self.start_time = began or self.clock.timestamp()
        if self.terminating or self.must_end():
            self.end()
        elif self.admitted or self.admit():
            self.go_on()
        self.prober.look()
        self.end_look()

    def must_end(self) -> bool:
        """Deleted, over, or too old (RESTART-005, PHASE-008, PHASE-012)?"""
        if meta.is_deleting(self.pod) or is_terminal(self.pod):
            self.terminating = True
        elif "activeDeadlineSeconds" in self.pod["spec"] and self.clock.now >= self.deadline():
            self.failure = DEADLINE
            self.report(DEADLINE.reason, DEADLINE.message)
            self.terminating = True
        return self.terminating

    def admit(self) -> bool:
        """Take the Pod, or fail it for good (PHASE-013). One that has run here is not asked again."""
        ran = (self.pod.get("status") or {}).get("containerStatuses")
        why = None if ran else self.rejection()
        self.admitted = why is None
        if why is not None:
            self.finished = True
            self.report(why.reason, why.message, "Warning")
            rejected = {
                "phase": "Failed",
                "reason": why.reason,
                "message": why.message,
                "startTime": self.start_time,
            }
            self.write({**(self.pod.get("status") or {}), **rejected})
        return self.admitted

    def rejection(self) -> Why | None:
        """Why the Pod is not taken: its node is short of memory, or does not suit it."""
        short = self.kubelet.pressure.rejection(self.pod)
        return short or admission.rejection(self.pod, *self.kubelet.situation(self))

    def go_on(self) -> None:
        """The Pod shall run: report, then do what is next."""
        probe_kills.bring_back(self)
        if self.waiting:
            faults.forgive(self)
        if self.publish() in phase.TERMINAL:
            self.terminating = True
            self.again()
            return
        if "activeDeadlineSeconds" in self.pod["spec"]:
            self.wake(self.deadline())
        shown = dict(self.waiting)
        if not (self.kubelet.faults.broken and faults.lacks_network(self)):
            self.act(self.plan())
        if self.waiting != shown:
            self.publish()

    def plan(self) -> actions.Actions:
        """What is next: still the same where nothing has changed since that was decided."""
        told = self._told
        if told is None or self.prober.workers:  # probes may just have changed something
            return actions.compute(self.pod["spec"], self.runtime, self.settings)
        if self._planned is None or self._planned[0] is not told[0]:
            step = actions.compute(self.pod["spec"], self.runtime, self.settings)
            self._planned = (told[0], step)
        return self._planned[1]

    def act(self, step: actions.Actions) -> None:
        """Carry out what was decided."""
        if step.create_sandbox:
            self.make_sandbox()
        elif step.restart_all:
            self.restart_all()
        elif step.renew_sandbox:
            self.lose_sandbox()
        elif step.stop_pod:
            stopping.stop_pod(self)
        else:
            for container in step.stop:
                message = f"Container {container['name']} definition changed, will be restarted"
                run = self.runtime.runs[container["name"]]
                run.comes_back = container in step.start  # whatever the policy (RESTART-008)
                self.stop(run, message)
            for container in step.kill:
                probe_kills.kill(self, container)
            for container in step.start:
                self.start(container)

    # Time.

    def deadline(self) -> float:
        """When activeDeadlineSeconds are over, counted from status.startTime (PHASE-012)."""
        seconds = self.pod["spec"].get("activeDeadlineSeconds")
        if seconds is None:
            return math.inf
        return meta.parse_time(self.start_time) - EPOCH + float(seconds)

    def again(self) -> None:
        """Something changed: look once more at this instant."""
        self.kubelet.enqueue(self)

    # Reporting.

    def publish(self) -> str:
        """Write the status; the phase that was decided, shown or not."""
        decided = self.show()
        if self.prober.workers:
            self.prober.nudge()
        return decided

    def show(self) -> str:
        """Write the status and ask nobody anything; the phase that was decided.

        Most looks at a Pod find everything as it was told last time, and then nothing is made anew.
        """
        if self._told is None or self._told[0] != self.situation():
            made, decided = status.pod_status(self.view())
            self.write(made)
            self._told = self.situation(), decided
        return self._told[1]

    def situation(self) -> Situation:
        """All that a status, and what is next, is made from; but not the time."""
        return (
            self.pod, self.runtime.shown(), tuple(self.waiting.items()), self.start_time,
            self.kubelet.ip, self.failure, self.terminating, self.restarting_all,
        )  # fmt: skip

    def write(self, made: Mapping[str, Any]) -> None:
        """The status goes to the Pod in the API."""
        self.kubelet.write_status(self, made)

    def view(self) -> status.View:
        """What the status is made from."""
        return status.View(
            pod=self.pod,
            runtime=self.runtime,
            waiting=self.waiting,
            settings=self.settings,
            now=self.clock.timestamp(),
            start_time=self.start_time,
            host_ip=self.kubelet.ip,
            failure=self.failure,
            terminating=self.terminating,
            restarting_all=self.restarting_all,
        )

    # Starting.

    def make_sandbox(self) -> None:
        """The first sandbox, or one for a lost one, once all is mounted (INIT-009, NETWORK-005)."""
        if not self.volumes.mount():
            return
        if self.runtime.sandbox is not None:
            self.report("SandboxChanged", "Pod sandbox changed, it will be killed and re-created.")
        self.runtime.make_sandbox(self.kubelet.new_ip())
        self.again()

    def start(self, container: Container) -> None:
        """Start a container, or note why it has to wait."""
        name = container["name"]
        last = self.runtime.runs.get(name)
        if last is not None and last.is_running:
            last.comes_back = True  # it takes its time to stop
            return
        why = self.in_the_way(container)
        if why is None:
            self.stopping_within = None
            run = self.launch(container)
            self.waiting.pop(name, None)
            self.report("Created", f"Created container: {name}")
            self.again()
            if not faults.cannot_start(self, container, run):
                self.report("Started", f"Started container {name}")
                post_start.begin(self, container, run)
        else:
            self.waiting[name] = why

    def launch(self, container: Container) -> Run:
        """A new run, with its environment and single files as they are now (CONFIGMAP-001)."""
        variables = environment.environment(self.kubelet.store, self.pod, container)
        run = self.runtime.start(container, self.clock.now, self.clock.timestamp())
        run.environment, run.frozen = variables, self.volumes.frozen(container)
        return run

    # Stopping.

    def stop(
        self,
        run: Run,
        message: str | None = None,
        grace: float | None = None,
        unless_told: Manner = OBEYS,
    ) -> None:
        """Ask a container to end within its grace period, unless that is under way.

        ``unless_told`` is how it takes SIGTERM where the tester has not said it.
        """
        if run.stop is None:
            given = stopping.grace_period(self) if grace is None else int(grace)
            stopping.begin(self, run, given, message=message, unless_told=unless_told)

    def finish(self, run: Run, exit_code: int, reason: str | None = None) -> None:
        """The process of a container has ended."""
        if not run.is_running:
            return
        stopping.ended(run)
        runtime.end(run, exit_code, self.clock.now, self.clock.timestamp(), reason)
        self.again()

    def kill_all(self) -> None:
        """Every process dies at once, unasked."""
        for run in self.runtime.runs.values():
            run.comes_back = False
            if run.is_running:
                self.finish(run, runtime.KILLED)

    def restart_all(self) -> None:
        """Show it, then kill everything without grace and start from the beginning (RESTART-007)."""
        if self.restarting_all:
            self.kill_all()
            self.runtime.remove_all()
            self.waiting.clear()
        self.restarting_all = not self.restarting_all
        self.again()

    def lose_sandbox(self) -> None:
        """Everything in the sandbox dies with it; the next look makes a new one (INIT-009)."""
        if self.runtime.sandbox is not None:
            self.runtime.sandbox.is_ready = False
        self.kill_all()
        self.again()

    # Ending.

    def end(self) -> None:
        """Stop the containers, tear the sandbox down, write the last status (PHASE-010, PHASE-011)."""
        self.waiting.clear()
        if any(self.runtime.running()):
            self.publish()
            stopping.stop_pod(self)
            return
        if self.runtime.sandbox is not None:
            self.runtime.sandbox.is_ready = False
        self.publish()
        self.finished = True
        self.remove_if_deleted()

    def evict(self, why: Why) -> None:
        """The node needs what the Pod uses: it ends for good, and soon (EVICT-003)."""
        self.failure = why
        self.report(why.reason, why.message, "Warning")
        self.terminating = self.hurried = True
        self.again()

    def remove_if_deleted(self) -> None:
        """The kubelet has the last word on a deleted Pod (TERM-011)."""
        if meta.is_deleting(self.pod):
            self.kubelet.remove(self)

    def forget(self) -> None:
        """The Pod is gone from the API: what still runs is given a second to end (TERM-013)."""
        self.sleep_for_good()
        self.prober.sleep()
        self.orphaned = self.finished = True
        self.again()
        keys = [backoff.container_key(self.pod, each) for each in self.containers()]
        self.kubelet.restarts.forget(keys)

    def end_orphan(self) -> None:
        """Stop what nobody asks for any more, side by side with whoever has its name now (TERM-013)."""
        if any(self.runtime.running()):
            stopping.stop_pod(self)
        else:
            self.kubelet.drop(self)

    def restarted_kubelet(self) -> None:
        """The kubelet's memory is gone; the containers are not (BACKOFF-010).

        It does not know how long it has been waiting for a container to end either (TERM-014).
        """
        self.waiting.clear()
        self.prober.forget()
        self.stopping_within = None
        for run in self.runtime.running():
            stopping.cancel(run)
        self.again()

    def power_off(self) -> None:
        """The machine is off: nothing runs, nothing wakes up."""
        self.sleep()
        if self.prober.workers:
            self.prober.sleep()
        self.waiting.clear()
        if self.volumes.in_memory:
            self.volumes.power_off()
        self.kill_all()
        if self.runtime.sandbox is not None:
            self.runtime.sandbox.is_ready = False

    def holds_resources(self) -> bool:
        """Admitted, and not yet over."""
        return self.admitted and not self.finished


def is_terminal(pod: Mapping[str, Any]) -> bool:
    """Someone has already ended the Pod."""
    return (pod.get("status") or {}).get("phase") in phase.TERMINAL
