"""What keeps a container from being started: its back-off, its image, or what it refers to.

Decides BACKOFF-001 to 006 and CONFIGMAP-003 (upstream doBackOff and startContainer).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from conformance.adapters.simulator import meta
from conformance.adapters.simulator.kubelet import (
    backoff,
    environment,
    faults,
    images,
    probe_kills,
    runtime,
)
from conformance.adapters.simulator.kubelet.alarm import Alarmed
from conformance.adapters.simulator.kubelet.references import MissingError
from conformance.adapters.simulator.kubelet.runtime import Run
from conformance.adapters.simulator.kubelet.status import Why

if TYPE_CHECKING:
    from conformance.adapters.simulator.kubelet import Kubelet

Container = Mapping[str, Any]


class Hindered(Alarmed):
    """A Pod on its node, as far as something may be in the way of its containers."""

    def __init__(self, kubelet: Kubelet, pod: meta.Object) -> None:
        super().__init__(kubelet)
        self.pod = pod
        self.uid = meta.uid_of(pod)
        self.key = (meta.namespace_of(pod), meta.name_of(pod))
        self.runtime = runtime.recovered(
            self.uid, pod.get("status") or {}, self.clock.now, self.clock.timestamp()
        )

    def report(self, reason: str, message: str, type_: str = "Normal") -> None:
        """Record an Event about the Pod."""
        self.kubelet.store.event(self.pod, reason, message, type_, "kubelet")

    def report_of(self, container: str, reason: str, message: str, type_: str) -> None:
        """Record an Event about one container of the Pod."""
        field = f"spec.containers{{{container}}}"
        self.kubelet.store.event(self.pod, reason, message, type_, "kubelet", field)

    def containers(self) -> Sequence[Container]:
        """Init containers, then app containers."""
        spec: Mapping[str, Sequence[Container]] = self.pod["spec"]
        inits = spec.get("initContainers")
        return [*inits, *spec["containers"]] if inits else spec["containers"]

    def container(self, name: str) -> Container:
        """The container of that name."""
        return next(each for each in self.containers() if each["name"] == name)

    def in_the_way(self, container: Container) -> Why | None:
        """Why a container cannot start now: its back-off, its image, or what it refers to."""
        why = self.back_off(container)
        if why is None:
            wish = images.pull_of(self.pod, container)
            why = self.kubelet.images.ensure(wish, self.clock.now, self.report)
            why = why or self.lacks(container) or self.fails_before(container["name"])
            if why is not None:
                self.nap(self.settings.sync_retry_seconds)
        return why

    def fails_before(self, name: str) -> Why | None:
        """Does a step of the kubelet's own fail before a container is created, or started?"""
        return faults.before_start(self, name)

    def lacks(self, container: Container) -> Why | None:
        """Is something missing that the environment refers to (CONFIGMAP-003)?"""
        if not (container.get("env") or container.get("envFrom")):
            return None
        try:
            environment.environment(self.kubelet.store, self.pod, container)
        except MissingError as problem:
            self.report("Failed", f"Error: {problem}", "Warning")
            return Why("CreateContainerConfigError", str(problem))
        return None

    def back_off(self, container: Container) -> Why | None:
        """Is it too early to restart? Else remember the attempt (BACKOFF-001 to 006)."""
        run = probe_kills.exited(self, container["name"])
        if run is None or run.finished_at is None or not self.waits(run):
            return None
        key, memory = backoff.container_key(self.pod, container), self.kubelet.restarts
        ready = memory.ready_at(key, run.finished_at, self.clock.now)
        if ready <= self.clock.now:
            memory.attempt(key, run.finished_at, self.clock.now)
            return None
        self.rest_until(ready)
        delay = backoff.go_duration(memory.delay(key, run.finished_at, self.clock.now))
        where = f"{self.key[1]}_{self.key[0]}({self.uid})"
        name = container["name"]
        message = f"Back-off restarting failed container {name} in pod {where}"
        self.report("BackOff", message, "Warning")
        text = f"back-off {delay} restarting failed container={name} pod={where}"
        return Why("CrashLoopBackOff", text)

    def waits(self, run: Run) -> bool:
        """Is there a back-off after this exit? Always, whatever the exit code (BACKOFF-004)."""
        was_replaced = run.comes_back and not run.failed_probe
        failed = run.failed_hook or (run.exit_code != 0 and not was_replaced)
        return self.settings.backoff_after_success or failed
