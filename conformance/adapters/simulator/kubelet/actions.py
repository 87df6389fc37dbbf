"""What to do next for a Pod, from its spec and what its runtime holds (upstream computePodActions).

Decides the order of initialization (INIT-001 to 005, 009, 011), restarts per container (RESTART-003),
the image change (RESTART-008, INIT-008) and the restart of all containers (RESTART-007).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from attrs import define, field

from conformance.adapters.simulator.kubelet import restart
from conformance.adapters.simulator.kubelet.runtime import PodRuntime, Run
from conformance.adapters.simulator.settings import Settings

Container = Mapping[str, Any]


@define
class Actions:
    """One step: ``stop`` what changed and ``kill`` what failed a probe, then ``start`` in order.

    The others stand alone.
    """

    create_sandbox: bool = False
    restart_all: bool = False
    renew_sandbox: bool = False
    stop_pod: bool = False
    stop: Sequence[Container] = ()
    kill: Sequence[Container] = ()
    start: Sequence[Container] = ()


@define
class Plan:
    """What has been decided so far about the containers of a Pod whose sandbox works."""

    stop: list[Container] = field(factory=list)
    kill: list[Container] = field(factory=list)
    start: list[Container] = field(factory=list)
    initialized: bool = False
    failed: bool = False


def compute(spec: Mapping[str, Any], runtime: PodRuntime, settings: Settings) -> Actions:
    """The next step for a Pod that shall run."""
    if not runtime.has_sandbox:
        return sandbox_actions(spec, runtime)
    if restarts_all(spec, runtime):
        return Actions(restart_all=True)
    if init_image_restarts_pod(spec, runtime, settings):
        return Actions(renew_sandbox=True)
    plan = Plan()
    plan_init(spec, runtime, plan)
    if plan.failed:
        return Actions(stop_pod=True)
    if plan.initialized and plan_apps(spec, runtime, plan) == 0:
        return Actions(stop_pod=True)
    return Actions(stop=plan.stop, kill=plan.kill, start=plan.start)


# The sandbox.


def sandbox_actions(spec: Mapping[str, Any], runtime: PodRuntime) -> Actions:
    """A lost sandbox is made anew, unless nothing in it would run again (INIT-009)."""
    if runtime.sandbox is not None and not recreates_sandbox(spec, runtime):
        return Actions(stop_pod=True)
    return Actions(create_sandbox=True)


def recreates_sandbox(spec: Mapping[str, Any], runtime: PodRuntime) -> bool:
    """Is there something to run in a new sandbox (INIT-009)?

    Not with policy Never once a container was there, nor when every app container has succeeded.
    """
    if not runtime.runs:
        return True
    apps = [restarts_app(spec, container, runtime) for container in spec["containers"]]
    if spec.get("restartPolicy") == "Never":
        return any(
            restart.container_restarts(spec, container, run.exit_code or 0)
            for container in (*sidecars(spec), *spec["containers"])
            if (run := runtime.runs.get(container["name"])) is not None
        )
    return any(apps)


def sidecars(spec: Mapping[str, Any]) -> list[Container]:
    """The init containers that keep running."""
    return [each for each in spec.get("initContainers") or () if restart.is_sidecar(each)]


# Restarting everything.


def restarts_all(spec: Mapping[str, Any], runtime: PodRuntime) -> bool:
    """Has a container exited with a code whose rule restarts all of them (RESTART-007)?"""
    for container in (*(spec.get("initContainers") or ()), *spec["containers"]):
        run = runtime.kept(container["name"])
        if (
            run is not None
            and run.exit_code is not None
            and restart.rule_action(container, run.exit_code) == restart.RESTART_ALL
        ):
            return True
    return False


def init_image_restarts_pod(
    spec: Mapping[str, Any], runtime: PodRuntime, settings: Settings
) -> bool:
    """Documented: a new image of an init container equals a restart of the Pod (INIT-008)."""
    return settings.init_image_change_restarts_pod and any(
        image_changed(container, run)
        for container in spec.get("initContainers") or ()
        if (run := runtime.current(container["name"])) is not None
    )


# Initialization.


def is_initialized(spec: Mapping[str, Any], runtime: PodRuntime) -> bool:
    """Once an app container was started in this epoch, initialization is over."""
    return any(runtime.current(container["name"]) for container in spec["containers"])


def plan_init(spec: Mapping[str, Any], runtime: PodRuntime, plan: Plan) -> None:
    """One init container at a time, in order (INIT-001); sidecars behind it are kept alive."""
    containers: Sequence[Container] = spec.get("initContainers") or ()
    if not containers:
        plan.initialized = True
        return
    through = is_initialized(spec, runtime)
    reached = len(containers) if through else frontier(containers, runtime)
    for container in containers[:reached]:
        if restart.is_sidecar(container):
            keep_sidecar(container, runtime, plan)
    if reached == len(containers):
        plan.initialized = True
        return
    container = containers[reached]
    run = runtime.current(container["name"])
    if run is None:
        plan.start.append(container)
    elif restart.is_sidecar(container):
        keep_sidecar(container, runtime, plan)
    elif run.exit_code:
        retry_init(spec, container, run, plan)


def frontier(containers: Sequence[Container], runtime: PodRuntime) -> int:
    """The index of the first init container, after the last one touched, that is not through."""
    touched = [
        index for index, each in enumerate(containers) if runtime.current(each["name"]) is not None
    ]
    if not touched:
        return 0
    last = touched[-1]
    return last + 1 if is_through(containers[last], runtime) else last


def is_through(container: Container, runtime: PodRuntime) -> bool:
    """May the next one start? Exit 0; for a sidecar: Started (INIT-001, INIT-011)."""
    run = runtime.current(container["name"])
    if run is None:
        return False
    return run.has_started if restart.is_sidecar(container) else run.exit_code == 0


def retry_init(spec: Mapping[str, Any], container: Container, run: Run, plan: Plan) -> None:
    """A failed init container runs again, or fails the Pod (INIT-003, INIT-004)."""
    if restart.init_restarts(spec, container, run.exit_code or 0):
        plan.start.append(container)
    else:
        plan.failed = True


def keep_sidecar(container: Container, runtime: PodRuntime, plan: Plan) -> None:
    """A sidecar restarts after any exit, and with a new image (INIT-011)."""
    run = runtime.current(container["name"])
    if run is None or not run.is_running:
        plan.start.append(container)
    elif image_changed(container, run):
        plan.stop.append(container)
        plan.start.append(container)
    elif run.failed_probe:
        plan.kill.append(container)


# App containers.


def plan_apps(spec: Mapping[str, Any], runtime: PodRuntime, plan: Plan) -> int:
    """Each app container by itself (RESTART-003), in spec order (RESTART-009); how many live on."""
    alive = 0
    for container in spec["containers"]:
        run = runtime.kept(container["name"])
        if run is not None and run.is_running:
            alive += 1
            if image_changed(container, run):  # whatever the policy says (RESTART-008)
                plan.stop.append(container)
                plan.start.append(container)
            elif run.failed_probe:  # the policy decides what becomes of it (PROBE-011)
                plan.kill.append(container)
        elif restarts_app(spec, container, runtime):
            alive += 1
            plan.start.append(container)
    return alive


def restarts_app(spec: Mapping[str, Any], container: Container, runtime: PodRuntime) -> bool:
    """Shall an app container that does not run be started?"""
    run = runtime.kept(container["name"])
    if run is None or run.exit_code is None:
        return True
    return restart.container_restarts(spec, container, run.exit_code)


def image_changed(container: Container, run: Run) -> bool:
    """Only the image is compared: nothing else of a running container can change (RESTART-008)."""
    return bool(run.image != container.get("image", ""))
