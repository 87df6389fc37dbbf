"""INIT-001 to -005: the order of initialization, and that it happens once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from spec_model.law import Verdict, expect, law
from spec_model.laws.backoff import is_held_up, restart_expected, until_restarted
from spec_model.laws.ladders import (
    LOSES_TRACK,
    UPSETS,
    ladder_of,
    terms_of,
    upsets_of,
)
from spec_model.laws.node_loss import is_served
from spec_model.laws.phase import ABSORBING, kubelet_owned
from spec_model.objects import Container, ContainerStatus, Pod, is_static
from spec_model.pod.init import (
    has_failed,
    has_started,
    next_to_run,
)
from spec_model.pod.ladder import Run, cost, latest
from spec_model.pod.restart import should_restart
from spec_model.world import HELD, VOID, Breach, Held, Obligation, Seen, SeenContainer

INITIALIZING: Final = "PodInitializing"


# -- the order -------------------------------------------------------------------------------------


@law("INIT-001", on="init container", when=("begun", "ended"))
def init_containers_run_in_order(seen: SeenContainer) -> Verdict:
    """Each regular init container starts only after the one before it has exited with code 0."""
    if (start := started_now(seen)) is None:
        return None
    earlier = [container for container in ahead_of(seen) if container.kind == "init"]
    if not earlier:
        return None
    lacking = ", ".join(_unfinished(seen, start))
    return expect(
        not lacking,
        f"init container {seen.spec.name} starts after {earlier[-1].name} has exited 0",
        f"it was started, and {lacking}",
    )


@law("INIT-002", "INIT-004", on="app container", when=("begun", "ended"))
def app_containers_wait_for_initialization(seen: SeenContainer) -> Verdict:
    """No app container starts before every regular init container has exited 0, every sidecar started."""
    if not seen.pod.now.spec.init_containers:
        return None
    if (start := started_now(seen)) is None:
        return None
    lacking = ", ".join((*_unfinished(seen, start), *not_up(seen, start)))
    return expect(
        not lacking,
        f"container {seen.spec.name} starts after initialization",
        f"it was started, and {lacking}",
        rule="INIT-004" if lacking and _has_failed_for_good(seen.pod) else "INIT-002",
    )


@law("INIT-002", on="Pod with init containers")
def an_uninitialized_pod_says_so(seen: Seen) -> Verdict:
    """App containers wait with reason PodInitializing; Pending; Initialized is False with its reason."""
    pod: Pod = seen.now
    if not pod.statuses or is_over(seen):
        return None
    if not _is_initializing(seen):
        return None
    waiting = {_waits_with(pod, container) for container in pod.spec.containers}
    said = _says_of_initialization(pod)
    return expect(
        (waiting == {INITIALIZING} or is_disturbed(seen))
        and pod.phase == "Pending"
        and (said in (None, ("False", "ContainersNotInitialized")) or _was_initialized(seen)),
        "app containers in PodInitializing, phase Pending, Initialized=False ContainersNotInitialized",
        f"{', '.join(sorted(waiting))}, phase {pod.phase}, Initialized={said}",
    )


def _says_of_initialization(pod: Pod) -> tuple[str | None, str | None] | None:
    initialized = pod.conditions.get("Initialized")
    return None if initialized is None else (initialized.get("status"), initialized.get("reason"))


def _was_initialized(seen: Seen) -> bool:
    """Whether Initialized was True before, or may have been: then it stays, also in a new sandbox."""
    if seen.before is None:
        statuses = (seen.now.statuses.get(each.name) for each in seen.now.spec.init_containers)
        return any(status is not None and status.restart_count > 0 for status in statuses)
    said = _says_of_initialization(seen.before)
    return said is not None and said[0] == "True"


def _is_initializing(seen: Seen) -> bool:
    """Whether some init container has yet to succeed, or some sidecar yet to start for the first time."""
    pod: Pod = seen.now
    turn = next_to_run(pod, seen.profile).value
    status = None if turn is None else pod.statuses.get(turn)
    if turn is None or status is None:
        return turn is not None
    container = pod.spec.container(turn)
    if container is not None and container.kind == "sidecar" and status.has_run:
        return status.state == "running" and not status.restart_count
    return True


def started_now(seen: SeenContainer) -> float | None:
    """When the run began that this observation is the first to show; None where it shows none."""
    if seen.now.state not in ("running", "terminated"):
        return None
    if seen.pod.before is None and not seen.pod.fresh:
        return None
    if seen.before is None:
        return None if is_static(seen.pod.manifest) else start_of(seen.now)  # a mirror comes late
    return None if run_of(seen.before) == run_of(seen.now) else start_of(seen.now)


def run_of(status: ContainerStatus) -> tuple[int, float | None]:
    """What tells the newest run that a status knows of from every other run of its container."""
    run = status.ended
    return status.restart_count, status.started_at if run is None else run.started_at


def start_of(status: ContainerStatus) -> float | None:
    """When the run began that a status shows, going on or ended; None where it waits."""
    return status.started_at if status.terminated is None else status.terminated.started_at


def ahead_of(seen: SeenContainer) -> tuple[Container, ...]:
    """The init containers and sidecars before a container; before an app container, all of them."""
    inits: tuple[Container, ...] = seen.pod.now.spec.init_containers
    return inits if seen.spec.kind == "app" else inits[: inits.index(seen.spec)]


def not_up(seen: SeenContainer, start: float) -> Iterator[str]:
    """What the sidecars before a container lacked when it started.

    A sidecar that has been restarted may have been up before; only its first run can tell.
    """
    for container in ahead_of(seen):
        status = seen.pod.now.statuses.get(container.name)
        if container.kind != "sidecar" or status is None:
            continue
        up_since = start_of(status)
        if not status.has_run:
            yield f"sidecar {container.name} had not run"
        elif status.restart_count or status.state != "running" or up_since is None:
            continue
        elif up_since > start or status.started is False:
            yield f"sidecar {container.name} had not started"


def is_over(seen: Seen) -> bool:
    """Whether something else than its containers decides what becomes of the Pod."""
    pod: Pod = seen.now
    if pod.deletion_timestamp is not None or pod.reason or seen.type == "DELETED":
        return True
    return pod.phase in ABSORBING or not kubelet_owned(seen)


def _unfinished(seen: SeenContainer, start: float) -> Iterator[str]:
    """What the regular init containers before a container lacked when it started."""
    for container in ahead_of(seen):
        status = seen.pod.now.statuses.get(container.name)
        if container.kind != "init" or status is None:
            continue
        run = status.terminated
        if run is None:
            if seen.now.state == "running":  # else both may have moved on since
                yield f"{container.name} was {status.state}"
        elif has_failed(run):
            yield f"{container.name} had failed"
        elif run.finished_at is not None and run.finished_at > start:
            yield f"{container.name} ended {run.finished_at - start:g} s later"


def _waits_with(pod: Pod, container: Container) -> str:
    status = pod.statuses.get(container.name)
    if status is None:
        return "no status"
    return status.reason if status.state == "waiting" else status.state


# -- failure and success ---------------------------------------------------------------------------


@law("INIT-003", on="init container", when="climbing")
def a_failed_init_container_runs_again_alone(seen: SeenContainer) -> Verdict:
    """restartCount + 1 of that one; earlier ones are not run again, podIP and phase stay."""
    if (ladder := ladder_of(seen)) is None:
        return None
    if ladder.restart is not None and ladder.restart.exit.exit_code != 0:
        return _alone(seen, ladder.restart.exit)
    if not ladder.ended or ladder.run.exit_code == 0 or is_held_up(seen, ladder.run.finished_at):
        return None
    if not restart_expected(seen, ladder.run.exit_code) or not is_served(seen.pod):
        return None
    terms = terms_of(seen.pod)
    delay = cost(ladder, terms)[0].value
    wait = latest(terms.constants.cap if delay is None else delay, terms)
    return Obligation(
        what=f"init container {seen.spec.name} is run again",
        settled=until_restarted(seen.spec.name, ladder.run.number),
        not_after=seen.pod.at + wait,
        disturbed_by=frozenset(UPSETS),
    )


def _alone(seen: SeenContainer, failed: Run) -> Verdict:
    before, pod = seen.pod.before, seen.pod.now
    if before is None or is_over(seen.pod) or is_disturbed(seen.pod) or has_started(pod):
        return None
    again = list(_ran_since(seen, failed.started_at))
    moved = bool(before.pod_ip and pod.pod_ip) and before.pod_ip != pod.pod_ip
    if (again or moved) and seen.pod.world.setting.clock == "real":
        return None  # its sandbox may have been lost unseen
    return expect(
        not again and not moved and pod.phase == "Pending",
        f"init container {seen.spec.name} alone is run again, podIP and phase Pending stay",
        f"phase {pod.phase}, podIP {before.pod_ip} and then {pod.pod_ip}, "
        f"run again: {', '.join(again) or 'no other'}",
    )


def _ran_since(seen: SeenContainer, start: float) -> Iterator[str]:
    """The regular init containers before one that have ended since it started: they ran again."""
    for container in ahead_of(seen):
        status = seen.pod.now.statuses.get(container.name)
        run = None if status is None else status.terminated
        if container.kind == "init" and run is not None and (run.finished_at or 0.0) > start:
            yield container.name


@law("INIT-004", on="init container", when="ended")
def a_failed_init_container_fails_the_pod(seen: SeenContainer) -> Verdict:
    """Under Never the Pod fails; what comes after never starts and stays in PodInitializing."""
    run = seen.now.terminated
    if run is None or run.exit_code == 0:
        return None
    if seen.before is not None and seen.before.terminated is not None:
        return None
    if has_started(seen.pod.now) or (is_over(seen.pod) and seen.pod.now.phase != "Failed"):
        return None
    decision = should_restart(seen.pod.now.spec, seen.spec, run.exit_code, False, seen.pod.profile)
    if decision.value or decision.because != "INIT-004":
        return None
    failed = _fails(seen.pod, seen.spec)
    if failed is None and is_over(seen.pod):
        return None  # its deadline has passed, or it was evicted: another rule's end, in one write
    return failed or Obligation(
        what=f"phase Failed, for init container {seen.spec.name} has failed for good",
        settled=lambda later: _fails(later, seen.spec) or (VOID if is_over(later) else None),
        not_after=seen.pod.at + seen.pod.tolerance.lateness,
        disturbed_by=frozenset(UPSETS),
    )


def _fails(seen: Seen, failed: Container) -> Held | Breach | None:
    """What becomes of a Pod one of whose init containers has failed for good; None while it lasts."""
    pod: Pod = seen.now
    if pod.phase not in ABSORBING or pod.reason or pod.deletion_timestamp is not None:
        return None
    inits = pod.spec.init_containers
    later = [*inits[inits.index(failed) + 1 :], *pod.spec.containers]
    wrong = [
        each.name for each in later if _waits_with(pod, each) not in (INITIALIZING, "no status")
    ]
    return expect(
        pod.phase == "Failed" and not wrong,
        "phase Failed, and what comes after waits in PodInitializing",
        f"phase {pod.phase}, {', '.join(wrong) or 'nothing'} in another state",
    )


def _has_failed_for_good(seen: Seen) -> bool:
    pod: Pod = seen.now
    return any(
        (status := pod.statuses.get(container.name)) is not None
        and (run := status.ended) is not None
        and run.exit_code != 0
        and should_restart(pod.spec, container, run.exit_code, False, seen.profile).because
        == "INIT-004"
        for container in pod.spec.init_containers
        if container.kind == "init"
    )


@law("INIT-005", on="Pod with init containers")
def an_init_container_that_succeeded_is_done(seen: Seen) -> Verdict:
    """Exit code 0 is final, even when app containers crash and restart later."""
    before, pod = seen.before, seen.now
    if before is None or not kubelet_owned(seen):
        return None
    regular = [container for container in pod.spec.init_containers if container.kind == "init"]
    again = [container.name for container in regular if _runs_anew(seen, container)]
    if again:
        excused = is_disturbed(seen) or not _must_be_same_sandbox(seen)
        what = f"{', '.join(again)} had succeeded and is done"
        return None if excused else Breach(what, "it was run again")
    restarted = any(
        (now := pod.statuses.get(each.name)) is not None
        and (was := before.statuses.get(each.name)) is not None
        and now.restart_count > was.restart_count
        for each in pod.spec.containers
    )
    return HELD if restarted and regular else None


def is_disturbed(seen: Seen) -> bool:
    """Whether something has happened to the Pod after which init containers may run again."""
    upsets = (upset for upset in upsets_of(seen) if upset is not None)
    if any(what == LOSES_TRACK for what, _, _ in upsets) or seen.notes.get("init-image-changed"):
        return True
    return bool(seen.now.spec.has_rules)


def _must_be_same_sandbox(seen: Seen) -> bool:
    """A tester knows what was done to a sandbox; a real one may have been lost unseen."""
    if seen.world.setting.clock == "virtual":
        return True
    return any(
        (now := seen.now.statuses.get(each.name)) is not None
        and (was := seen.before.statuses.get(each.name)) is not None
        and now.state == was.state == "running"
        and now.started_at == was.started_at
        for each in seen.now.spec.containers
    )


def _runs_anew(seen: Seen, container: Container) -> bool:
    """Whether this observation shows that a regular init container runs again after a success."""
    before: ContainerStatus | None = seen.before.statuses.get(container.name)
    now: ContainerStatus | None = seen.now.statuses.get(container.name)
    if before is None or now is None:
        return False
    success = before.terminated
    if success is None and before.last != now.last:
        success = now.last
    if success is None or has_failed(success):
        return False
    return now.state == "running" or now.restart_count > before.restart_count
