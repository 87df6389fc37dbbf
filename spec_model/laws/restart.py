"""RESTART-002, -005 and -007: which containers are started again, and which are not.

What has restarted or ended is read from the ladders, which fold every observation of a container.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, TypeAlias

from spec_model.law import Verdict, law, note
from spec_model.laws.backoff import restart_expected
from spec_model.laws.ladders import LOSES_TRACK, UPSETS, ladder_of, terms_of, upsets_of
from spec_model.laws.phase import ABSORBING, kubelet_owned
from spec_model.laws.probe_kills import was_run_killed
from spec_model.objects import EMPTY, Container, ContainerStatus, Pod
from spec_model.pod.ladder import COUNTED, Ladder, Restart, latest
from spec_model.pod.restart import RESTART_ALL, restarts_all, should_restart
from spec_model.world import (
    HELD,
    VOID,
    Breach,
    Held,
    Obligation,
    Seen,
    SeenContainer,
    Void,
)

UNKNOWN_STATUS: Final = "ContainerStatusUnknown"
"""The reason of a run whose end the kubelet did not see; what it does then no rule says."""

UNSETTLING: Final = frozenset(
    {*UPSETS, "delete", "replace", "patch", "set-image", "write-manifest", "remove-manifest"}
)
"""Stimuli after which a restart that was on its way may come otherwise or never."""

Settled: TypeAlias = Callable[[Seen], Held | Breach | Void | None]


# -- RESTART-002, -007: who is started again --------------------------------------------------------


@law("RESTART-002", "RESTART-007", on="app container", when="climbing")
def policy_and_exit_code_decide(seen: SeenContainer) -> Verdict:
    """Always: always; OnFailure: iff the exit code is not 0; Never: never; a container's own goes first."""
    ladder = ladder_of(seen)
    if ladder is None or not (ladder.ended or ladder.restart):
        return None
    restarted = None if ladder.restart is None else _may_restart(seen, ladder.restart)
    owed = _owed(seen, ladder) if ladder.ended else None
    return tuple(verdict for verdict in (restarted, owed) if verdict is not None) or None


def _may_restart(seen: SeenContainer, restart: Restart) -> Held | Breach | None:
    """Whether the restart that was seen is one that the exit before it asks for."""
    code = restart.exit.exit_code
    pod: Pod = seen.pod.now
    decision = should_restart(pod.spec, seen.spec, code, False, seen.pod.profile)
    if decision.value:
        return Held(decision.because)
    if not is_on_its_own(seen) or was_run_killed(seen.pod, seen.spec, restart.exit) is not False:
        return None  # who is killed because of a probe is started again, whatever its exit code
    what = f"container {seen.spec.name} stays down after exit code {code}"
    return Breach(what, "it was started again", rule=decision.because)


def is_on_its_own(seen: SeenContainer) -> bool:
    """Whether nothing but the container's own exit can have started it again."""
    pod: Pod = seen.pod.now
    if not kubelet_owned(seen.pod) or any(
        upset is not None and upset[0] == LOSES_TRACK for upset in upsets_of(seen.pod)
    ):
        return False
    if seen.now.last is not None and seen.now.last.reason == UNKNOWN_STATUS:
        return False
    excused: Mapping[str, int] = seen.pod.notes.get("new-images") or EMPTY
    if seen.now.restart_count <= excused.get(seen.spec.name, -1):
        return False
    return not any(may_have_taken_all(container, seen) for container in all_containers(pod))


def may_have_taken_all(container: Container, seen: SeenContainer) -> bool:
    """Whether the end of a container, one that its status still shows, restarted all of its Pod."""
    status = seen.pod.now.statuses.get(container.name)
    if status is None or not takes_all_along(container):
        return False
    before = seen.pod.before.statuses.get(container.name) if seen.pod.before is not None else None
    runs = [run for each in (status, before) if each for run in (each.terminated, each.last) if run]
    return any(
        restarts_all(container, run.exit_code, False, seen.pod.profile).value for run in runs
    )


def all_containers(pod: Pod) -> tuple[Container, ...]:
    """Init containers and sidecars, then app containers."""
    return (*pod.spec.init_containers, *pod.spec.containers)


def takes_all_along(container: Container) -> bool:
    rules = container.manifest.get("restartPolicyRules") or ()
    return any(rule.get("action") == RESTART_ALL for rule in rules)


def _owed(seen: SeenContainer, ladder: Ladder) -> Obligation | None:
    """After an exit: a start where the policy asks for one, and else none to the end of the Pod."""
    pod: Pod = seen.pod.now
    code, number, name = ladder.run.exit_code, ladder.run.number, seen.spec.name
    decision = should_restart(pod.spec, seen.spec, code, False, seen.pod.profile)
    if pod.deletion_timestamp is not None or not kubelet_owned(seen.pod):
        return None
    if not decision.value:
        return Obligation(
            what=f"container {name} stays down after exit code {code}",
            settled=_stays_down(name, number),
            disturbed_by=UNSETTLING - {"delete"},
            rule=decision.because,
        )
    has_hook = "postStart" in (seen.spec.manifest.get("lifecycle") or ())
    if has_hook or _start_has_failed(seen) or not restart_expected(seen, code):
        return None
    return Obligation(
        what=f"container {name} is started again after exit code {code}",
        settled=_starts_again(name, number, code),
        not_after=seen.pod.at + _longest_wait(seen),
        disturbed_by=UNSETTLING,
        rule=decision.because,
    )


def _start_has_failed(seen: SeenContainer) -> bool:
    """Whether something is in the way of the next start, and nobody knows when it will have gone."""
    return seen.now.state == "waiting" and seen.now.reason not in COUNTED


def _longest_wait(seen: SeenContainer) -> float:
    """The most that back-off can make a container wait: starts that failed count as well as restarts."""
    terms = terms_of(seen.pod)
    return latest(terms.constants.cap, terms)


def _stays_down(name: str, number: int) -> Settled:
    """Held when its Pod ends and it was not started; a start is judged when it is seen."""

    def settled(seen: Seen) -> Held | Void | None:
        status = seen.now.statuses.get(name)
        if status is None or status.restart_count != number or status.state != "terminated":
            return VOID
        return HELD if seen.now.phase in ABSORBING or seen.type == "DELETED" else None

    return settled


def _starts_again(name: str, number: int, code: int) -> Settled:
    """Void when it is started, for that is judged when it is seen, or when it can no longer be."""

    def settled(seen: Seen) -> Void | None:
        status, spec = seen.now.statuses.get(name), seen.now.spec.container(name)
        if status is None or spec is None or status.restart_count != number:
            return VOID
        if status.state == "running" or (
            status.state == "waiting" and status.reason not in COUNTED
        ):
            return VOID
        return None if restart_expected(SeenContainer(seen, spec, None, status), code) else VOID

    return settled


@law("RESTART-007", on="container", when="climbing")
def a_rule_may_restart_all(seen: SeenContainer) -> Verdict:
    """An exit that matches a rule of action RestartAllContainers restarts every container of the Pod."""
    if "restartPolicyRules" not in seen.spec.manifest:
        return None
    ladder, pod = ladder_of(seen), seen.pod.now
    if ladder is None or not ladder.ended or pod.deletion_timestamp is not None:
        return None
    decision = restarts_all(seen.spec, ladder.run.exit_code, False, seen.pod.profile)
    if not decision.value or not kubelet_owned(seen.pod):
        return None
    grace = pod.spec.manifest.get("terminationGracePeriodSeconds") or 0
    return tuple(
        Obligation(
            what=f"container {name} is started anew with all others of its Pod",
            settled=_starts_anew(name, status.container_id),
            not_after=seen.pod.at + grace + _longest_wait(seen),
            disturbed_by=UNSETTLING,
        )
        for name, status in pod.statuses.items()
        if status.container_id and (status.state == "running" or name == seen.spec.name)
    )


def _starts_anew(name: str, container_id: str) -> Settled:
    def settled(seen: Seen) -> Held | Void | None:
        status = seen.now.statuses.get(name)
        if status is None or seen.now.deletion_timestamp is not None or seen.type == "DELETED":
            return VOID
        if status.state == "waiting" and status.reason not in COUNTED:
            return VOID
        is_another = status.container_id not in ("", container_id)
        return HELD if is_another and status.state in ("running", "terminated") else None

    return settled


@note("new-images", on="Pod", when="rebuilt")
def new_images(before: Mapping[str, int] | None, seen: Seen) -> Mapping[str, int]:
    """Containers that got another image, with the restartCount up to which this may have restarted them."""
    known = before or EMPTY
    if seen.before is None or seen.before.spec is seen.now.spec:
        return known
    changed = {name: known.get(name, 0) for name in changed_images(seen)}
    for name in changed:
        status = seen.before.statuses.get(name)
        changed[name] = max(changed[name], 0 if status is None else status.restart_count) + 1
    return {**known, **changed} if changed else known


def changed_images(seen: Seen) -> list[str]:
    """The app containers and sidecars that have another image than before."""
    old = {container.name: container.image for container in all_containers(seen.before)}
    return [
        each.name
        for each in all_containers(seen.now)
        if each.kind != "init" and old.get(each.name, each.image) != each.image
    ]


# -- RESTART-005: nothing starts in a Pod that is being deleted -------------------------------------


@note("asked-to-end", on="Pod", when="ending")
def asked_to_end(before: float | None, seen: Seen) -> float | None:
    """When the Pod was asked to end, seconds since 1970, the first time that it was."""
    if before is not None or seen.now.deletion_timestamp is None:
        return before
    grace = seen.manifest["metadata"].get("deletionGracePeriodSeconds") or 0
    return float(seen.now.deletion_timestamp - grace)


@law("RESTART-005", on="container", when="ending")
def nothing_starts_after_the_deletion(seen: SeenContainer) -> Verdict:
    """After deletionTimestamp no container is started; what was under way then may still be seen."""
    asked: float | None = seen.pod.notes.get("asked-to-end")
    if asked is None or not kubelet_owned(seen.pod):
        return None
    what = f"container {seen.spec.name} is not started after the Pod was asked to end"
    started = _start_of(seen.now)
    tolerance = seen.pod.tolerance
    if started is not None and started > asked + tolerance.truncation + tolerance.lateness:
        return Breach(what, f"it was started {started - asked:g} s after that")
    if _came_back(seen, asked):
        return Breach(what, "it was ended, and then started again")
    if seen.pod.type != "DELETED":
        return None
    return HELD if seen.now.has_run else None


def _start_of(status: ContainerStatus) -> float | None:
    return status.started_at if status.terminated is None else status.terminated.started_at


def _came_back(seen: SeenContainer, asked: float) -> bool:
    """Whether it was ended for the deletion's sake and came back; on a virtual clock that is certain.

    There the deletion was known to all when it was answered, and only the tester lets containers exit.
    """
    before, ladder = seen.pod.before, ladder_of(seen)
    if seen.pod.world.setting.clock == "real" or before is None or ladder is None:
        return False
    if before.deletion_timestamp is None or ladder.restart is None:
        return False
    _, namespace, pod = seen.pod.now.key
    if (namespace, pod, seen.spec.name) in seen.pod.world.notes.get("told", ()):
        return False
    finished = ladder.restart.exit.finished_at
    return finished is not None and finished >= asked
