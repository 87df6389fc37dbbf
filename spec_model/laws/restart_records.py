"""RESTART-003 and -004: what a restart leaves behind, and whom it leaves alone.

What the tester did to containers is noted here, since some exits are somebody's doing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from spec_model.events import Rejected
from spec_model.law import Verdict, expect, law, note
from spec_model.laws.manifests import has_one_life
from spec_model.laws.phase import kubelet_owned
from spec_model.laws.restart import (
    UNKNOWN_STATUS,
    all_containers,
    is_on_its_own,
    takes_all_along,
)
from spec_model.objects import EMPTY, ContainerStatus, Terminated
from spec_model.pod.reasons import OF_RUNTIMES
from spec_model.pod.restart import restarts_together
from spec_model.world import (
    HELD,
    Breach,
    Done,
    Seen,
    SeenContainer,
)

# -- RESTART-003: the others stay -------------------------------------------------------------------


@note("told", on="exit")
@note("told", on="allocate")
@note("told", on="listen")
def told_to_end(
    before: frozenset[tuple[str, str, str]] | None, done: Done
) -> frozenset[tuple[str, str, str]]:
    """Containers that the tester made end, or may have: by namespace, Pod and name."""
    given = done.arguments
    known = before or frozenset()
    if isinstance(done.response, Rejected):
        return known
    return known | {(given["namespace"], given["pod"], given["container"])}


@law("RESTART-003", on="Pod", when="crowded")
def the_exit_of_one_leaves_the_others_alone(seen: Seen) -> Verdict:
    """While one ends or restarts, the others run on, and so do the Pod's UID, node and address."""
    before, now = seen.before, seen.now
    if before is None or len(now.statuses) < 2 or before.statuses == now.statuses:
        return None
    pairs = [(before.statuses.get(name), status) for name, status in now.statuses.items()]
    stayed = [status.name for was, status in pairs if _ran_on(was, status)]
    if not stayed or not any(_moved(was, status) for was, status in pairs):
        return None
    if not kubelet_owned(seen):
        return None
    same_ip = not before.pod_ip or not now.pod_ip or before.pod_ip == now.pod_ip
    return expect(
        same_ip and before.spec.node_name == now.spec.node_name,
        f"node {before.spec.node_name} and address {before.pod_ip}, as {stayed[0]} runs on",
        f"node {now.spec.node_name} and address {now.pod_ip}",
    )


def _moved(before: ContainerStatus | None, now: ContainerStatus) -> bool:
    """Whether a container has ended or was started again."""
    if before is None:
        return False
    has_ended = before.state == "running" and now.state == "terminated"
    return has_ended or now.restart_count > before.restart_count


def _ran_on(before: ContainerStatus | None, now: ContainerStatus) -> bool:
    return (
        before is not None
        and before.state == now.state == "running"
        and before.restart_count == now.restart_count
    )


@law("RESTART-003", "RESTART-007", "RESTART-008", on="container", when="changed")
def nobody_restarts_on_anothers_account(seen: SeenContainer) -> Verdict:
    """A container that nobody touched restarted after its sibling ended, or got another image.

    Only where the tester is known to have done one or the other: left to themselves containers may
    exit whenever they like.
    """
    before = seen.before
    if before is None or seen.now.restart_count <= before.restart_count:
        return None
    if seen.spec.kind == "init" or len(seen.pod.now.statuses) < 2:
        return None
    _, namespace, pod = seen.pod.now.key
    told = seen.pod.world.notes.get("told", frozenset())
    if (namespace, pod, seen.spec.name) in told or not is_on_its_own(seen):
        return None
    if _has_reasons_of_its_own(seen):
        return None
    siblings = [each for each in all_containers(seen.pod.now) if each.name != seen.spec.name]
    what = f"container {seen.spec.name} runs on"
    if ended := [each for each in siblings if (namespace, pod, each.name) in told]:
        rule = "RESTART-007" if any(map(takes_all_along, ended)) else "RESTART-003"
        return Breach(what, f"it was restarted after {ended[0].name} ended", rule=rule)
    changed: Mapping[str, int] = seen.pod.notes.get("new-images") or EMPTY
    if other := [each.name for each in siblings if each.name in changed]:
        return Breach(
            what, f"it was restarted after the image of {other[0]} changed", rule="RESTART-008"
        )
    return None


def _has_reasons_of_its_own(seen: SeenContainer) -> bool:
    """Probes, hooks and memory may end a container without anybody's doing."""
    watched = ("livenessProbe", "startupProbe", "lifecycle")
    if any(field in seen.spec.manifest for field in watched):
        return True
    return seen.now.last is not None and seen.now.last.reason in ("OOMKilled", *OF_RUNTIMES)


# -- RESTART-004: what a restart leaves behind ------------------------------------------------------


@law("RESTART-004", on="container", when="changed")
def a_restart_counts_and_keeps_the_last_run(seen: SeenContainer) -> Verdict:
    """restartCount + 1, another containerID, startedAt not before finishedAt, lastState the run before."""
    before, now = seen.before, seen.now
    if before is None or _is_as_before(before, now) or not kubelet_owned(seen.pod):
        return None
    spec = seen.pod.now.spec
    if (spec.has_rules and restarts_together(spec.manifest)) or _is_unknown(now):
        return None
    falls = now.restart_count < before.restart_count
    if _is_given_up(before, now) or (falls and not has_one_life(seen.pod)):
        return None
    wrong = next(_discrepancies(before, now), None)
    if wrong is not None:
        return Breach("a restart counts one up, and lastState is the run before", wrong)
    return HELD if now.restart_count > before.restart_count else None


def _is_as_before(before: ContainerStatus, now: ContainerStatus) -> bool:
    return (
        now.restart_count == before.restart_count
        and now.state == before.state
        and now.container_id == before.container_id
    )


def _is_given_up(before: ContainerStatus, now: ContainerStatus) -> bool:
    """Whether a container that waited for its restart is not restarted any more, as its Pod ends.

    A kubelet then shows its last run as the present one again, and leaves lastState as it was.
    """
    last, ended = before.last, now.terminated
    if before.state != "waiting" or last is None or ended is None or now.last is None:
        return False
    same = last.container_id == ended.container_id == now.last.container_id
    return same and before.restart_count == now.restart_count


def _is_unknown(status: ContainerStatus) -> bool:
    return any(
        run is not None and run.reason == UNKNOWN_STATUS for run in (status.last, status.terminated)
    )


def _discrepancies(before: ContainerStatus, now: ContainerStatus) -> Iterator[str]:
    """What two statuses of a container say that cannot both be so, runs numbered by restartCount."""
    if now.restart_count < before.restart_count:
        yield f"restartCount fell from {before.restart_count} to {now.restart_count}"
        return
    known, shown = runs(before), runs(now)
    numbers = {container_id: number for number, container_id in shown.items()}
    for number, container_id in known.items():
        if shown.get(number, container_id) != container_id:
            yield f"run {number} was {container_id} and is {shown[number]}"
        if (other := numbers.get(container_id, number)) != number:
            yield f"{container_id} was run {number} and is run {other}"
    if len(numbers) < len(shown):
        yield f"{now.container_id} is its own previous run"
    yield from _other_ends(before, now)
    yield from _overlap(now)
    if now.restart_count > before.restart_count and now.state != "waiting" and now.last is None:
        yield "lastState is empty"


def _other_ends(before: ContainerStatus, now: ContainerStatus) -> Iterator[str]:
    """Runs of which the two statuses say that they ended otherwise."""
    for was in _ends(before):
        for run in _ends(now):
            if was.container_id == run.container_id and was.exit_code != run.exit_code:
                yield f"run {run.container_id} exited {was.exit_code}, and exited {run.exit_code}"


def _ends(status: ContainerStatus) -> list[Terminated]:
    return [run for run in (status.terminated, status.last) if run is not None and run.container_id]


def runs(status: ContainerStatus) -> dict[int, str]:
    """By number, the container IDs of the runs that a status speaks of: the newest, the one before."""
    number, found = status.restart_count, {}
    last = "" if status.last is None else status.last.container_id
    if status.state == "waiting":
        return {number: last} if last else {}
    if last:
        found[number - 1] = last
    own = status.container_id or (
        "" if status.terminated is None else status.terminated.container_id
    )
    if own:
        found[number] = own
    return found


def _overlap(now: ContainerStatus) -> Iterator[str]:
    started = now.started_at if now.terminated is None else now.terminated.started_at
    finished = None if now.last is None else now.last.finished_at
    if now.state == "waiting" or not started or finished is None:
        return
    if started < finished:
        yield f"the run started {finished - started:g} s before the previous one had ended"
