"""RESTART-009: app containers start in the order of the spec, and one that cannot holds up nobody."""

from __future__ import annotations

from typing import Final

from spec_model.law import Verdict, expect, law
from spec_model.laws.ladders import upsets_of
from spec_model.laws.phase import ABSORBING, kubelet_owned
from spec_model.laws.restart import (
    UNSETTLING,
)
from spec_model.objects import ContainerStatus, Pod
from spec_model.world import (
    HELD,
    VOID,
    Held,
    Obligation,
    Seen,
    Void,
)

UPSET_FOR: Final = 60.0
"""Seconds after a fault in which containers may start in another order."""


@law("RESTART-009", on="Pod", when="crowded")
def app_containers_start_in_order(seen: Seen) -> Verdict:
    """The app containers of a Pod start one after another in spec order; documented: in any order."""
    before, pod = seen.before, seen.now
    if len(pod.spec.containers) < 2 or not pod.statuses or not kubelet_owned(seen):
        return None
    starts = _first_starts(pod)
    if None in starts or (before is not None and None not in _first_starts(before)):
        return None
    if before is not None and any(map(_was_held_up, before.statuses.values())):
        return None
    if any(upset is not None and upset[1] >= seen.at - UPSET_FOR for upset in upsets_of(seen)):
        return None  # a kubelet that starts anew has forgotten what held a container up
    if seen.profile.name == "documented":
        return HELD
    names = [container.name for container in pod.spec.containers]
    in_order = sorted(zip(starts, range(len(starts)), strict=True))
    order = [names[index] for _, index in in_order]
    return expect(order == names, f"{', '.join(names)} start in this order", ", ".join(order))


@law("RESTART-009", on="Pod", when="crowded")
def one_that_cannot_start_holds_up_nobody(seen: Seen) -> Verdict:
    """A container whose start fails does not keep those after it from being started."""
    pod: Pod = seen.now
    if len(pod.spec.containers) < 2 or not kubelet_owned(seen) or pod.phase in ABSORBING:
        return None
    statuses = [pod.statuses.get(container.name) for container in pod.spec.containers]
    failed = next((each for each in statuses if each is not None and _was_held_up(each)), None)
    if failed is None or pod.deletion_timestamp is not None or not _is_new(failed, seen):
        return None
    held_up = [
        each.name
        for each in statuses[statuses.index(failed) :]
        if each is not None and each.state == "waiting" and each.reason == "ContainerCreating"
    ]
    return tuple(_start_owed(seen, name) for name in held_up) or _all_go_on(statuses)


def _is_new(status: ContainerStatus, seen: Seen) -> bool:
    before = None if seen.before is None else seen.before.statuses.get(status.name)
    return before is not None and not _was_held_up(before) and not before.restart_count


def _all_go_on(statuses: list[ContainerStatus | None]) -> Verdict:
    running = any(each is not None and each.state == "running" for each in statuses)
    return HELD if running else None


def _start_owed(seen: Seen, name: str) -> Obligation:
    def settled(later: Seen) -> Held | Void | None:
        status = later.now.statuses.get(name)
        if status is None or later.now.deletion_timestamp is not None or later.type == "DELETED":
            return VOID
        return None if status.state == "waiting" and status.reason == "ContainerCreating" else HELD

    return Obligation(
        what=f"container {name} is started, though one before it could not be",
        settled=settled,
        not_after=seen.at + seen.tolerance.lateness,
        disturbed_by=UNSETTLING,
    )


def _was_held_up(status: ContainerStatus) -> bool:
    """Whether something of its own, an image say, kept a container from starting in its turn."""
    return status.state == "waiting" and status.reason not in (
        "ContainerCreating",
        "PodInitializing",
    )


def _first_starts(pod: Pod) -> list[float | None]:
    """When each app container was first started; None where it was not, or that is long ago."""
    found: list[float | None] = []
    for container in pod.spec.containers:
        status = pod.statuses.get(container.name)
        if status is None or status.restart_count:
            found.append(None)
        else:
            found.append(
                status.started_at if status.terminated is None else status.terminated.started_at
            )
    return found
