"""BACKOFF: how long a container that has ended waits for its next start.

What must be remembered is the container's ladder (``spec_model.pod.ladder``), an immutable entry that
every observation is folded into. The laws read what an observation has added to it: a run that has
ended, which owes a restart inside a window, or a restart that was seen.
"""

from __future__ import annotations

from typing import Any, Final

from spec_model.events import Rejected
from spec_model.law import Verdict, expect, law
from spec_model.laws.ladders import (
    LOSES_TRACK,
    UPSETS,
    constants_of,
    known_ladder,
    ladder_of,
    terms_of,
    upsets_of,
)
from spec_model.laws.manifests import has_one_life
from spec_model.laws.node_loss import is_served
from spec_model.laws.phase import ABSORBING, kubelet_owned
from spec_model.laws.probe_kills import was_killed
from spec_model.objects import Container, ContainerStatus, Pod
from spec_model.pod.backoff import Entry
from spec_model.pod.init import has_failed
from spec_model.pod.ladder import COUNTED, RESYNC, Ladder, Restart, Terms, cost, earliest, latest
from spec_model.pod.restart import should_restart
from spec_model.profiles import Profile
from spec_model.world import HELD, VOID, Breach, Done, Held, Obligation, Seen, SeenContainer, Void

HOUSEKEEPING: Final = "BACKOFF-008"
BY_PROBE: Final = "BACKOFF-009"
KILLING: Final = ("livenessProbe", "startupProbe")
PULLING: Final = (
    "ErrImagePull", "ImagePullBackOff", "RegistryUnavailable", "SignatureValidationFailed",
)  # fmt: skip
VALUES: Final = ("BACKOFF-001", "BACKOFF-003", "BACKOFF-005", "BACKOFF-007", "BACKOFF-010")
"""Rules that say what the delay is; the ladder's decision names the one that says it."""


@law(*VALUES, on="container", when="climbing")
def the_restart_comes_when_it_is_due(seen: SeenContainer) -> Verdict:
    """d(1) = 0, d(n) = min(10·2^(n-2), 300): a container that has ended starts again after that.

    The same window is owed where a long run, another image, a new Pod or a new kubelet has made the
    container start from nothing, and where the kubelet's configuration has other constants.
    """
    ladder = ladder_of(seen)
    if ladder is None or not (ladder.ended or ladder.restart):
        return None
    terms = terms_of(seen.pod)
    come = None if ladder.restart is None else _came_in_time(ladder.restart, seen, terms)
    owed = _owed(ladder, seen, terms) if ladder.ended else None
    return tuple(verdict for verdict in (come, owed) if verdict is not None) or None


def _came_in_time(restart: Restart, seen: SeenContainer, terms: Terms) -> Held | Breach | None:
    delay, rule = restart.delay.value, restart.delay.because
    if delay is None or rule not in VALUES:
        return None
    early = restart.waited < earliest(delay, terms)
    late = restart.overdue > latest(delay, terms) - delay
    late = late and not is_held_up(seen, restart.exit.finished_at)
    if not early and not late:
        return Held(rule)
    if restart.announced == delay:
        return Held(rule)  # the delay is the right one; that it was not kept is for BACKOFF-002
    if early and rule == "BACKOFF-001" and is_telling(restart, seen):
        return None  # for BACKOFF-004
    return Breach(_window(seen, delay, terms), f"after {restart.waited:g} s", rule=rule)


def _window(seen: SeenContainer, delay: float, terms: Terms) -> str:
    longest = latest(delay, terms)
    return f"container {seen.spec.name} starts again {delay:g} s after its exit, {longest:g} s at the latest"


def _owed(ladder: Ladder, seen: SeenContainer, terms: Terms) -> Obligation | None:
    """The restart, where the container will be restarted and it is known when."""
    finish = ladder.run.finished_at
    decision, _ = cost(ladder, terms, was_killed(seen.pod, seen.spec, ladder))
    if finish is None or decision.value is None or not restart_expected(seen, ladder.run.exit_code):
        return None
    if _has_hook(seen.spec) or is_held_up(seen, finish):
        return None  # a start is shown only when its hook is done
    delay, rule = decision.value, decision.because
    if rule == HOUSEKEEPING and isinstance(ladder.memory, Entry):
        delay, rule = ladder.memory.delay, "BACKOFF-002"  # it may be cut; it need not be
    due = max(finish + delay, ladder.released_at or 0.0)
    slack = latest(delay, terms) - delay
    return Obligation(
        what=_window(seen, delay, terms),
        settled=until_restarted(seen.spec.name, ladder.run.number),
        not_after=due + slack - seen.pod.world.setting.epoch,
        disturbed_by=frozenset(UPSETS),
        rule=rule,
    )


def is_held_up(seen: SeenContainer, since: float | None) -> bool:
    """Whether something else of its Pod may have kept a container from its start since it ended.

    The kubelet sees to one container at a time: the hook of another, its end after a failed probe
    or the pull of its image takes time, and so do init containers that run again.
    """
    spec, statuses = seen.pod.now.spec, seen.pod.now.statuses
    for container in spec.containers + spec.init_containers:
        if container is seen.spec:
            continue
        status = statuses.get(container.name)
        if _takes_time(container, status):
            return True
        if container.kind == "init" and status is not None and status.terminated is not None:
            ended = status.terminated.finished_at
            if since is None or (ended is not None and ended > since):
                return True
    return False


def _takes_time(container: Container, status: ContainerStatus | None) -> bool:
    if _has_hook(container) or any(container.manifest.get(probe) for probe in KILLING):
        return True
    return status is not None and status.reason in PULLING


def _has_hook(container: Container) -> bool:
    return "postStart" in (container.manifest.get("lifecycle") or ())


def until_restarted(container: str, number: int) -> Any:
    """Settles nothing itself: a restart is judged by the law when it is seen."""

    def settled(seen: Seen) -> Void | None:
        ladder = known_ladder(seen, container)
        if ladder is None or ladder.run.number != number or ladder.ended or ladder.adrift:
            return VOID
        status = seen.now.statuses.get(container)
        spec = seen.now.spec.container(container)
        if status is None or spec is None:
            return VOID
        if status.state == "waiting" and status.reason not in COUNTED:
            return VOID
        wanted = SeenContainer(seen, spec, None, status)
        return None if restart_expected(wanted, ladder.run.exit_code) else VOID

    return settled


def restart_expected(seen: SeenContainer, exit_code: int) -> bool:
    """Whether a container that has ended will be started again, as far as its Pod lets one see."""
    pod: Pod = seen.pod.now
    if seen.pod.type == "DELETED" or pod.deletion_timestamp is not None or pod.reason:
        return False
    if pod.phase in ABSORBING or not kubelet_owned(seen.pod) or not is_served(seen.pod):
        return False
    if not has_one_life(seen.pod):
        return False
    profile = seen.pod.profile
    if seen.spec.restart_policy and not profile.container_restart_policy:
        return False  # the document knows of no such thing
    if seen.spec.kind == "sidecar" and is_finishing(pod, profile):
        return False
    if pod.spec.init_containers and not may_start(seen.spec, pod):
        return False
    if pod.spec.init_containers and may_wait_for_a_sidecar(seen):
        return False
    return should_restart(pod.spec, seen.spec, exit_code, False, profile).value


def may_wait_for_a_sidecar(seen: SeenContainer) -> bool:
    """Whether its sandbox was lost, and a sidecar before it has not started in the new one."""
    if not any(upset is not None and upset[0] == LOSES_TRACK for upset in upsets_of(seen.pod)):
        return False
    for earlier in seen.pod.now.spec.init_containers:
        if earlier is seen.spec:
            break
        status = seen.pod.now.statuses.get(earlier.name)
        if earlier.kind == "sidecar" and (status is None or not status.started):
            return True
    return False


def may_start(container: Container, pod: Pod) -> bool:
    """Whether the regular init containers before it have succeeded, in this sandbox."""
    for earlier in pod.spec.init_containers:
        if earlier is container:
            break
        status = pod.statuses.get(earlier.name)
        if earlier.kind == "init" and (
            status is None or status.terminated is None or has_failed(status.terminated)
        ):
            return False
    return True


def is_finishing(pod: Pod, profile: Profile) -> bool:
    """Whether every app container has ended for good, so that its sidecars are stopped as well."""
    return all(
        (status := pod.statuses.get(container.name)) is not None
        and (run := status.terminated) is not None
        and not should_restart(pod.spec, container, run.exit_code, False, profile).value
        for container in pod.spec.containers
    )


# -- what a restart shows --------------------------------------------------------------------------


@law("BACKOFF-002", "BACKOFF-004", HOUSEKEEPING, BY_PROBE, on="container", when="climbing")
def a_restart_is_looked_at(seen: SeenContainer) -> Verdict:
    """Most observations show none; where one does, each of these rules has its look."""
    ladder = ladder_of(seen)
    if ladder is None or ladder.restart is None:
        return None
    terms = terms_of(seen.pod)
    looks = (judge(ladder.restart, seen, terms) for judge in LOOKS)
    return tuple(verdict for verdict in looks if verdict is not None) or None


def the_delay_runs_from_the_exit(
    restart: Restart, seen: SeenContainer, terms: Terms
) -> Held | Breach | None:
    """BACKOFF-002: startedAt - finishedAt is the delay that the message named, and little more."""
    delay = restart.announced
    if delay is None or restart.released_at is not None or _may_be_cut(restart, delay, terms):
        return None
    late = restart.waited > latest(delay, terms)
    late = late and not is_held_up(seen, restart.exit.finished_at)
    return expect(
        not late and restart.waited >= earliest(delay, terms),
        f"a start {delay:g} s after finishedAt, {latest(delay, terms):g} s at the latest",
        f"after {restart.waited:g} s",
        rule="BACKOFF-002",
    )


def _may_be_cut(restart: Restart, delay: float, terms: Terms) -> bool:
    """Whether housekeeping may have ended the wait."""
    constants = terms.constants
    length = (restart.exit.finished_at or 0.0) - restart.exit.started_at
    margin = constants.reset_after - terms.lateness
    return constants.housekeeping_period is not None and length + delay > margin


def success_and_init_containers_wait_too(
    restart: Restart, seen: SeenContainer, terms: Terms
) -> Held | Breach | None:
    """BACKOFF-004: back-off applies after exit code 0, and to init containers and sidecars."""
    delay = restart.delay.value
    if not delay or not is_telling(restart, seen):
        return None
    if restart.delay.because not in ("BACKOFF-001", "BACKOFF-002", "BACKOFF-007"):
        return None
    return expect(
        restart.announced is not None or restart.waited >= earliest(delay, terms),
        f"a wait of {delay:g} s, whatever the exit code and the kind of container",
        f"a start after {restart.waited:g} s",
        rule="BACKOFF-004",
    )


def is_telling(restart: Restart, seen: SeenContainer) -> bool:
    """Whether somebody might think that back-off does not apply."""
    return restart.exit.exit_code == 0 or seen.spec.kind != "app"


def housekeeping_cuts_a_wait(
    restart: Restart, _: SeenContainer, terms: Terms
) -> Held | Breach | None:
    """BACKOFF-008: after a run of R in (300, 600) s with R + d > 600 the wait is about 600 - R s."""
    delay = restart.delay.value
    if delay is None or restart.delay.because != HOUSEKEEPING:
        return None
    longest = delay + (terms.constants.housekeeping_period or 0.0) + 1.5 * RESYNC + terms.lateness
    return expect(
        earliest(delay, terms) - terms.lateness <= restart.waited <= longest,
        f"a start {delay:g} s after the exit, {longest:g} s at the latest",
        f"after {restart.waited:g} s",
        rule=HOUSEKEEPING,
    )


def a_probe_kill_is_checked_against_the_exit_before(
    restart: Restart, seen: SeenContainer, terms: Terms
) -> Held | Breach | None:
    """BACKOFF-009: restarts 1 and 2 are immediate; later ones wait if the exit before is young.

    A real kubelet may not know the exit before yet, and is a step behind from then on (seen of
    1.36.2: 0, 0, 0, 10, 20, 40, 80 s).
    """
    delay = restart.delay.value
    if delay is None or restart.delay.because != BY_PROBE:
        return None
    least = delay
    if seen.pod.world.setting.clock == "real":
        least = delay / 2 if delay > terms.constants.base else 0.0
    return expect(
        earliest(least, terms) <= restart.waited <= latest(delay, terms),
        f"a start {delay:g} s after the exit, {latest(delay, terms):g} s at the latest",
        f"after {restart.waited:g} s",
        rule=BY_PROBE,
    )


LOOKS: Final = (
    the_delay_runs_from_the_exit,
    success_and_init_containers_wait_too,
    housekeeping_cuts_a_wait,
    a_probe_kill_is_checked_against_the_exit_before,
)


# -- BACKOFF-007: what a kubelet is told -----------------------------------------------------------


@law("BACKOFF-007", on="configure-kubelet")
def a_cap_out_of_range_is_refused(done: Done) -> Verdict:
    """maxContainerRestartPeriod lies between 1 s and 300 s, or the kubelet does not start."""
    try:
        constants_of(done.arguments["configuration"], done.profile.backoff)
    except ValueError:
        return HELD if isinstance(done.response, Rejected) else None
    return None


@law("BACKOFF-007", on="container", when="begun")
def a_kubelet_with_a_cap_out_of_range_runs_nothing(seen: SeenContainer) -> Verdict:
    """What starts on its node shows that the kubelet has started."""
    refusing = seen.pod.world.notes.get("refusing-kubelets")
    if not refusing or seen.now.started_at is None:
        return None
    since = refusing.get(seen.pod.now.spec.node_name)
    if since is None or seen.now.started_at <= since + seen.pod.tolerance.truncation:
        return None
    return Breach("a kubelet that refuses to start", f"container {seen.spec.name} was started")
