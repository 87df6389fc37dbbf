"""What containers were told to hold in memory, and how much they may."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

from attrs import frozen

from spec_model.events import Rejected
from spec_model.law import note
from spec_model.laws.cgroups import limit_of
from spec_model.objects import Container, ContainerStatus, Pod
from spec_model.profiles import Profile
from spec_model.quantity import whole
from spec_model.world import Done, World

Whom: TypeAlias = tuple[str, str, str]
"""Namespace, Pod and container."""


@frozen
class Allocation:
    """Bytes that a container was told to hold, and the run that was told so."""

    bytes: int
    container_id: str


Allocations: TypeAlias = Mapping[Whom, Allocation]


@note("allocated", on="allocate")
def allocated(before: Allocations | None, done: Done) -> Allocations:
    """Memory that containers were told to hold."""
    known, whom = before or {}, whom_of(done)
    status = status_of(done.world, whom)
    if status is None or isinstance(done.response, Rejected):
        return known
    return {**known, whom: Allocation(done.arguments["bytes"], status.container_id)}


def whom_of(done: Done) -> Whom:
    """Whom a stimulus is about."""
    given = done.arguments
    return given["namespace"], given["pod"], given["container"]


def status_of(world: World, whom: Whom) -> ContainerStatus | None:
    """The status of a container, as it was last shown."""
    pod: Pod | None = world.view("Pod", whom[0], whom[1])
    return None if pod is None else pod.statuses.get(whom[2])


def memory_limit(container: Container, profile: Profile) -> int | None:
    """The memory limit of a container in bytes; None where it has none."""
    limit = limit_of(container, "memory", profile)
    return None if limit is None else whole(limit)


def told_to_hold(world: World, whom: Whom, container_id: str) -> int:
    """Bytes that the run of a container was told to hold."""
    known: Allocations = world.notes.get("allocated") or {}
    found = known.get(whom)
    return found.bytes if found is not None and found.container_id == container_id else 0


def held_on(world: World, node: str) -> Mapping[Whom, int]:
    """Bytes that the running containers of a node were told to hold, those that hold any."""
    known: Allocations = world.notes.get("allocated") or {}
    return {whom: held.bytes for whom, held in known.items() if _holds_on(world, node, whom, held)}


def _holds_on(world: World, node: str, whom: Whom, held: Allocation) -> bool:
    pod: Pod | None = world.view("Pod", whom[0], whom[1])
    status = None if pod is None else pod.statuses.get(whom[2])
    if pod is None or status is None or pod.spec.node_name != node:
        return False
    return status.state == "running" and status.container_id == held.container_id
