"""The situations in which a law has something to say: ``@law("TERM-001", on="Pod", when="marked")``.

Most laws have nothing to say of most observations. A law that names its situation is asked in no
other, so it costs nothing there; what it looks at is decided once for all laws, and not by each.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from spec_model.objects import EMPTY, ContainerStatus, Pod
from spec_model.pod.ladder import CRASH_LOOP
from spec_model.pod.reasons import PATIENT
from spec_model.pod.static import is_mirror
from spec_model.pod.termination import OVER
from spec_model.workloads.ownership import controller_of
from spec_model.world import Seen, SeenContainer


def _has_news(seen: Seen) -> bool:
    """Whether the status tells anything new of conditions, containers or the phase."""
    before: Pod = seen.before
    now: Pod = seen.now
    return (
        (before.conditions is not now.conditions and before.conditions != now.conditions)
        or (before.statuses is not now.statuses and before.statuses != now.statuses)
        or before.phase != now.phase
    )


def _is_rebuilt(seen: Seen) -> bool:
    was, now = seen.before.spec, seen.now.spec
    return was.containers is not now.containers or was.init_containers is not now.init_containers


def _is_stirred(seen: Seen) -> bool:
    """Whether its owner, or whoever wants to be, may have to do something."""
    before: Pod = seen.before
    now: Pod = seen.now
    if seen.type == "DELETED" or before.phase != now.phase:
        return True
    if before.deletion_timestamp != now.deletion_timestamp:
        return True
    if before.conditions is not now.conditions and _ready(before) != _ready(now):
        return True
    return _is_placed_anew(seen)


def _is_placed_anew(seen: Seen) -> bool:
    was, metadata = seen.before.manifest["metadata"], seen.manifest["metadata"]
    return bool(
        was.get("labels") != metadata.get("labels")
        or was.get("ownerReferences") != metadata.get("ownerReferences")
    )


def _is_controlled(seen: Seen) -> bool:
    before: Pod | None = seen.before
    return bool(
        seen.manifest["metadata"].get("ownerReferences")
        or (before is not None and before.manifest["metadata"].get("ownerReferences"))
    )


def _is_explained(seen: Seen) -> bool:
    return bool(seen.now.reason or (seen.manifest.get("status") or EMPTY).get("message"))


def _has_begun(seen: SeenContainer) -> bool:
    before, now = seen.before, seen.now
    return (
        now.state == "running"
        and now is not before
        and (
            before is None
            or before.state != "running"
            or before.restart_count != now.restart_count
            or before.container_id != now.container_id
            or before.started_at != now.started_at
        )
    )


def _has_ended(seen: SeenContainer) -> bool:
    before, now = seen.before, seen.now
    if now is before:
        return False
    if before is not None and before.state == "running" and now.state != "running":
        return True
    run = now.terminated or now.last
    return run is not None and (before is None or run not in (before.terminated, before.last))


def waits_anew(seen: SeenContainer) -> bool:
    """Whether it waits, and did not before or for another reason."""
    before, now = seen.before, seen.now
    return now.state == "waiting" and (
        before is None or before.state != "waiting" or before.reason != now.reason
    )


IN_TURN: Final = frozenset({*PATIENT, CRASH_LOOP})
"""Reasons of containers that wait for nothing but their turn to be started."""


def _waits_out_of_turn(status: ContainerStatus) -> bool:
    return status.state == "waiting" and status.reason not in IN_TURN


def _climbs(seen: SeenContainer) -> bool:
    ladders = seen.pod.notes.get("ladders")
    ladder = None if ladders is None else ladders.of.get(seen.spec.name)
    return ladder is not None and (ladder.ended or ladder.restart is not None)


def _ready(pod: Pod) -> tuple[object, object]:
    ready = pod.conditions.get("Ready") or EMPTY
    return ready.get("status"), ready.get("lastTransitionTime")


OF_A_POD: Final[Mapping[str, Callable[[Seen], bool]]] = {
    "over": lambda seen: (
        seen.now.phase in OVER or (seen.before is not None and seen.before.phase in OVER)
    ),
    "ending": lambda seen: seen.now.deletion_timestamp is not None,
    "gone": lambda seen: seen.type == "DELETED",
    "addressed": lambda seen: (
        seen.now.pod_ip != ("" if seen.before is None else seen.before.pod_ip)
    ),
    "controlled": _is_controlled,
    "explained": _is_explained,
    "with host paths": lambda seen: seen.now.spec.has_host_paths,
    "probed": lambda seen: seen.now.spec.is_probed,
    "crowded": lambda seen: len(seen.now.spec.containers) + len(seen.now.spec.init_containers) > 1,
    "mirrored": lambda seen: is_mirror(seen.manifest),
}
"""Of an observed Pod: it has ended, now or before; it is marked for deletion; it went; its address is new
or another; it has an owner, or had one until now; its status has a reason or a message of its own; it has
volumes that may be paths of its node; it has probes; it has several containers, init containers included;
it stands for a static Pod."""

OF_A_NEW_POD: Final = ("new", "changed", "moved", "unplaced", "stirred", "placed")
"""Of one that is new to the judge."""

OF_A_KNOWN_POD: Final[Mapping[str, Callable[[Seen], bool]]] = {
    "changed": _has_news,
    "edited": lambda seen: seen.before.spec is not seen.now.spec,
    "unplaced": lambda seen: not seen.before.spec.node_name or not seen.now.spec.node_name,
    "stirred": _is_stirred,
}
"""Of any other: its status tells something new; its spec is another; it has no node, or had none until
now; it went, or has another phase, readiness, owner or labels, or is marked."""

OF_SOME_PODS: Final[Mapping[str, Mapping[str, Callable[[Seen], bool]]]] = {
    "changed": {
        "turned": lambda seen: seen.before.conditions is not seen.now.conditions,
        "moved": lambda seen: seen.before.statuses is not seen.now.statuses,
    },
    "edited": {
        "rebuilt": _is_rebuilt,
        "bound": lambda seen: bool(not seen.before.spec.node_name and seen.now.spec.node_name),
    },
    "ending": {"marked": lambda seen: seen.before.deletion_timestamp is None},
    "stirred": {
        "placed": _is_placed_anew,
        "passed": lambda seen: seen.before.phase != seen.now.phase,
    },
}
"""By a situation of such a one, those in which it can be then. What has changed is a condition, or the
status of a container. In another spec the containers are others, or it has just got its node. It is marked
for deletion since now. Who is stirred has another owner or other labels, or passed into another phase."""

CONTROLLERS: Final[Mapping[str, str]] = {
    kind: f"of a {kind}" for kind in ("DaemonSet", "Job", "StatefulSet")
}
"""Of an observed Pod that is controlled, by the kind of its controller."""

OF_A_CONTAINER: Final[Mapping[str, Callable[[SeenContainer], bool]]] = {
    "climbing": _climbs,
    "waiting": lambda seen: _waits_out_of_turn(seen.now),
    "waited": lambda seen: seen.before is not None and _waits_out_of_turn(seen.before),
    "changed": lambda seen: seen.now is not seen.before,
}
"""Of a container in an observed Pod: its ladder of restarts has just been climbed, or must be; it waits
now, or did before this, for something else than its turn to be started; its status is new or another."""

OF_A_CHANGED_CONTAINER: Final[Mapping[str, Callable[[SeenContainer], bool]]] = {
    "begun": _has_begun,
    "ended": _has_ended,
    "held up": waits_anew,
    "backing off": lambda seen: seen.now.state == "waiting" and seen.now.reason == CRASH_LOOP,
}
"""Of one that has changed, besides: a run has begun, or ended, that was not seen to; it waits since now,
or for another reason; it waits for its restart."""

INHERITED: Final[tuple[str, ...]] = ("ending", "mirrored")
"""Situations of a Pod that all its containers are in, too."""

KNOWN: Final = frozenset(
    {
        *OF_A_POD,
        *OF_A_NEW_POD,
        *OF_A_KNOWN_POD,
        *(name for some in OF_SOME_PODS.values() for name in some),
        "stirred and controlled",
        *CONTROLLERS.values(),
        *OF_A_CONTAINER,
        *OF_A_CHANGED_CONTAINER,
        "stuck",
    }
)


def of_pod(seen: Seen) -> tuple[str, ...]:
    """The situations that an observed Pod is in; ``stirred and controlled`` is what it says."""
    found = [name for name, holds in OF_A_POD.items() if holds(seen)]
    if seen.before is None:
        found += OF_A_NEW_POD
    else:
        found += [name for name, holds in OF_A_KNOWN_POD.items() if holds(seen)]
        for wider, some in OF_SOME_PODS.items():
            if wider in found:
                found += [name for name, holds in some.items() if holds(seen)]
    if "controlled" in found:
        found += ["stirred and controlled"] if "stirred" in found else []
        kind = str(controller_of(seen.manifest).get("kind"))
        found += [CONTROLLERS[kind]] if kind in CONTROLLERS else []
    return tuple(found)


def of_container(seen: SeenContainer, of_its_pod: tuple[str, ...]) -> tuple[str, ...]:
    """The situations that a container of an observed Pod is in; ``stuck`` is one waiting and held up."""
    found = [name for name in INHERITED if name in of_its_pod]
    found += [name for name, holds in OF_A_CONTAINER.items() if holds(seen)]
    if "changed" in found:
        found += [name for name, holds in OF_A_CHANGED_CONTAINER.items() if holds(seen)]
    if "waiting" in found and "held up" in found:
        found.append("stuck")
    return tuple(found)
