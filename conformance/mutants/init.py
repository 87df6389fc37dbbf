"""INIT: engines that initialize Pods in the wrong order, too often, or not often enough."""

from __future__ import annotations

from functools import reduce
from typing import Any, Final

from conformance.adapters.simulator import resources
from conformance.adapters.simulator.kubelet import actions, phase, restart
from conformance.adapters.simulator.kubelet.actions import Plan
from conformance.adapters.simulator.kubelet.runtime import PodRuntime
from conformance.adapters.simulator.kubelet.worker import PodWorker
from conformance.mutants import SIMULATOR, mutant
from conformance.mutants.settings import SETTINGS, turned

KUBELET: Final = f"{SIMULATOR}.kubelet"
ACTIONS: Final = f"{KUBELET}.actions"
RESTART: Final = f"{KUBELET}.restart"
CONTAINERS: Final = f"{SIMULATOR}.api.containers"


def regular(spec: Any) -> list[Any]:
    """The init containers that run to their end."""
    return [each for each in spec.get("initContainers") or () if not restart.is_sidecar(each)]


# INIT-001 and 002: the order.


@mutant("INIT-001", f"{ACTIONS}:is_through")
def starting_is_enough(original: Any) -> Any:
    """An init container is started when the one before it has started."""
    return lambda container, runtime: (
        original(container, runtime) or runtime.current(container["name"]) is not None
    )


@mutant("INIT-001", f"{ACTIONS}:is_through")
def ending_is_enough(original: Any) -> Any:
    """An init container is started when the one before it has ended, well or badly."""

    def is_through(container: Any, runtime: PodRuntime) -> Any:
        run = runtime.current(container["name"])
        return original(container, runtime) or (run is not None and not run.is_running)

    return is_through


@mutant("INIT-002", f"{ACTIONS}:frontier")
def the_last_init_container_is_not_awaited(original: Any) -> Any:
    """App containers are started beside the last init container."""

    def frontier(containers: Any, runtime: PodRuntime) -> Any:
        last = containers[-1]["name"] if containers else ""
        return len(containers) if runtime.current(last) else original(containers, runtime)

    return frontier


@mutant("INIT-002", f"{KUBELET}.status:default_reason")
def app_containers_are_being_created(_: Any) -> Any:
    """App containers that wait for initialization show ContainerCreating."""
    return lambda _: "ContainerCreating"


@mutant("INIT-002", f"{KUBELET}.conditions:init_is_complete")
def a_started_init_container_is_complete(original: Any) -> Any:
    """The condition Initialized counts an init container from its start on."""
    return lambda container, status: original(container, status) or bool(status.get("started"))


# INIT-003 to 005: failure and success.


@mutant("INIT-003", f"{ACTIONS}:restarts_all")
def a_failed_init_container_starts_the_pod_anew(original: Any) -> Any:
    """A failed init container is followed by a restart of all of them, from the first."""

    def restarts_all(spec: Any, runtime: PodRuntime) -> Any:
        runs = [runtime.current(each["name"]) for each in regular(spec)]
        failed = any(run and run.exit_code for run in runs)
        return original(spec, runtime) or (failed and spec["restartPolicy"] != "Never")

    return restarts_all


@mutant("INIT-003", f"{KUBELET}.worker:PodWorker.start")
def a_retry_moves_the_pod(original: Any) -> Any:
    """The Pod gets another address when an init container is run again."""

    def start(worker: PodWorker, container: Any) -> None:
        run = worker.runtime.runs.get(container["name"])
        if run and run.exit_code and container in regular(worker.pod["spec"]):
            assert worker.runtime.sandbox is not None
            worker.runtime.sandbox.ip = worker.kubelet.new_ip()
        original(worker, container)

    return start


@mutant("INIT-003", f"{RESTART}:init_restarts")
def on_failure_is_for_app_containers(original: Any) -> Any:
    """A failed init container is run again under Always only."""
    return lambda spec, container, code: (
        spec["restartPolicy"] == "Always" and original(spec, container, code)
    )


@mutant("INIT-004", f"{RESTART}:init_restarts")
def init_containers_always_get_another_try(_: Any) -> Any:
    """A failed init container is run again under Never too."""
    return lambda _, __, code: code != 0


@mutant("INIT-004", f"{KUBELET}.phase:count_init")
def a_pod_that_cannot_initialize_waits(original: Any) -> Any:
    """A Pod whose init container has failed for good stays Pending."""

    def count(spec: Any, container: Any, status: Any, counts: phase.Counts) -> None:
        original(spec, container, status, counts)
        counts.init_failed_for_good = 0

    return count


@mutant("INIT-004", f"{ACTIONS}:retry_init", f"{KUBELET}.phase:count_init")
def a_failure_for_good_is_passed_over(original: Any) -> Any:
    """Under Never the app containers are started although an init container has failed."""

    def retry(spec: Any, container: Any, run: Any, plan: Plan) -> None:
        original(spec, container, run, plan)
        plan.initialized, plan.failed = plan.failed, False

    def count(_: Any, __: Any, status: Any, counts: phase.Counts) -> None:
        ended = phase.last_exit(status) if status else None
        counts.initializing += ended is None

    return retry if original.__name__ == "retry_init" else count


@mutant("INIT-005", f"{ACTIONS}:plan_init")
def always_is_for_init_containers_too(original: Any) -> Any:
    """Under Always init containers that have ended run again when an app container restarts."""

    def plan_init(spec: Any, runtime: PodRuntime, plan: Plan) -> None:
        original(spec, runtime, plan)
        restarts = plan.initialized and spec["restartPolicy"] == "Always"
        if restarts and any(runtime.previous.get(each["name"]) for each in spec["containers"]):
            done = [each for each in regular(spec) if each["name"] not in runtime.previous]
            plan.start += [each for each in done if actions.is_through(each, runtime)]

    return plan_init


# INIT-006 to 008: what may be asked for, and changed.


@mutant("INIT-006", SETTINGS)
def init_containers_may_be_live(original: Any) -> Any:
    """A regular init container may have a livenessProbe."""
    return turned(original, init_forbids=("readinessProbe", "startupProbe", "lifecycle"))


@mutant("INIT-006", SETTINGS)
def init_containers_may_have_hooks(original: Any) -> Any:
    """A regular init container may have a lifecycle."""
    return turned(original, init_forbids=("readinessProbe", "startupProbe", "livenessProbe"))


@mutant("INIT-006", SETTINGS, profile="documented")
def init_containers_may_be_ready(original: Any) -> Any:
    """A regular init container may have a readinessProbe."""
    return turned(original, init_forbids=())


@mutant("INIT-006", SETTINGS, profile="documented")
def init_containers_have_no_probes(original: Any) -> Any:
    """A regular init container may not have a livenessProbe."""
    return turned(original, init_forbids=("readinessProbe", "livenessProbe"))


@mutant("INIT-007", f"{CONTAINERS}:validate_unique")
def names_are_unique_in_their_list(original: Any) -> Any:
    """An init container may have the name of an app container."""

    def validate(container: Any, seen: set[str], path: str, problems: Any) -> None:
        original(container, set() if ".initContainers[" in path else seen, path, problems)

    return validate


@mutant("INIT-007", f"{SIMULATOR}.api.names:is_label")
def names_are_subdomains(original: Any) -> Any:
    """The name of a container may have dots."""
    return lambda name: all(map(original, name.split(".")))


@mutant("INIT-008", SETTINGS)
def another_init_image_restarts_the_pod(original: Any) -> Any:
    """A changed init image restarts the Pod."""
    return turned(original, init_image_change_restarts_pod=True)


@mutant("INIT-008", SETTINGS, profile="documented")
def another_init_image_changes_nothing(original: Any) -> Any:
    """A changed init image does not restart the Pod."""
    return turned(original, init_image_change_restarts_pod=False)


@mutant("INIT-008", f"{SIMULATOR}.api.pod_changes:with_mutable_fields_of")
def init_containers_can_be_rewritten(original: Any) -> Any:
    """All of an init container may be changed, not its image alone."""

    def merged(new: Any, old: Any) -> Any:
        inits = {"initContainers": new["initContainers"]} if old.get("initContainers") else {}
        return {**original(new, old), **inits}

    return merged


# INIT-009: another sandbox.


@mutant("INIT-009", f"{KUBELET}.runtime:PodRuntime.make_sandbox")
def a_new_sandbox_needs_no_initialization(original: Any) -> Any:
    """In a new sandbox the app containers start at once: the init containers are through."""

    def make_sandbox(runtime: PodRuntime, ip: str) -> None:
        epoch = runtime.epoch
        original(runtime, ip)
        runtime.epoch = max(epoch, 1)

    return make_sandbox


@mutant("INIT-009", f"{ACTIONS}:recreates_sandbox")
def never_gets_a_new_sandbox(_: Any) -> Any:
    """A lost sandbox is made anew under Never too, although containers have run before."""
    return lambda *_: True


# INIT-010: the effective request.


@mutant("INIT-010", f"{SIMULATOR}.resources:aggregate_requests")
def init_requests_are_added(_: Any) -> Any:
    """All init containers and app containers are added up, as if they ran together."""

    def requests(spec: Any) -> Any:
        everyone = (*(spec.get("containers") or ()), *(spec.get("initContainers") or ()))
        return resources.total(map(resources.requests_of, everyone))

    return requests


@mutant("INIT-010", f"{SIMULATOR}.resources:aggregate_requests")
def the_peak_forgets_the_sidecars(original: Any) -> Any:
    """A regular init container is not counted together with the sidecars before it."""

    def requests(spec: Any) -> Any:
        together = original({**spec, "initContainers": actions.sidecars(spec)})
        peaks = map(resources.requests_of, regular(spec))
        return reduce(resources.largest, peaks, together)

    return requests


# INIT-011: sidecars.


@mutant("INIT-011", f"{ACTIONS}:keep_sidecar")
def a_sidecar_that_succeeded_is_done(original: Any) -> Any:
    """A sidecar that exited 0 is not restarted."""

    def keep(container: Any, runtime: PodRuntime, plan: Plan) -> None:
        run = runtime.current(container["name"])
        if run is None or run.exit_code != 0:
            original(container, runtime, plan)

    return keep


@mutant("INIT-011", f"{ACTIONS}:plan_apps")
def a_sidecar_keeps_the_pod(original: Any) -> Any:
    """A Pod does not end while a sidecar runs."""

    def plan_apps(spec: Any, runtime: PodRuntime, plan: Plan) -> Any:
        names = [each["name"] for each in actions.sidecars(spec)]
        kept = any(run.container in names for run in runtime.running())
        return max(original(spec, runtime, plan), kept)

    return plan_apps


@mutant("INIT-011", f"{KUBELET}.conditions:containers_ready")
def sidecars_do_not_count_in_ready(original: Any) -> Any:
    """A Pod is Ready when its app containers are, whatever its sidecars do."""
    return lambda spec, statuses, ended: original({**spec, "initContainers": []}, statuses, ended)


@mutant("INIT-011", f"{CONTAINERS}:validate_init_containers")
def sidecars_may_not_be_probed(original: Any) -> Any:
    """A sidecar with a probe is refused like any other init container."""

    def validate(containers: Any, apps: Any, around: Any, path: str, problems: Any) -> None:
        plain = [{**each, "restartPolicy": None} for each in containers]
        original(plain, apps, around, path, problems)

    return validate
