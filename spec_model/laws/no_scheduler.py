"""SCHED-010: without a scheduler nobody is scheduled, and nothing else happens to anybody."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from spec_model.events import Rejected
from spec_model.law import Verdict, law
from spec_model.laws.phase import kubelet_owned
from spec_model.laws.placing import (
    DEFAULT,
    is_feasible,
    is_safe,
    nodes,
    stopped_since,
    waiting,
)
from spec_model.laws.unscheduled import BACK_OFF, goes_unasked, owed_a_node, waiting_pods
from spec_model.objects import Pod
from spec_model.pod.termination import OVER
from spec_model.validation.common import holds_in
from spec_model.world import HELD, Breach, Done, Held, Seen, World

ALONE: Final = "SCHED-010"


@law(ALONE, on="start-scheduler")
def who_waited_for_a_scheduler_is_scheduled(done: Done) -> Verdict:
    """After recovery the Pods that waited are scheduled."""
    if isinstance(done.response, Rejected) or stopped_since(done.world) is None:
        return None
    if not holds_in(done.profile, ALONE):
        return None
    return tuple(
        owed_a_node(done.world, done.at, pod, request, "for there is a scheduler again", ALONE)
        for pod, request in waiting_pods(done.world)
        if any(is_feasible(done.world, pod, request, node) for node in nodes(done.world))
    )


@law(ALONE, on="Pod", when=("unplaced", "marked", "gone"))
def without_a_scheduler_nobody_goes(seen: Seen) -> Verdict:
    """A Pod that no scheduler looks at is neither deleted nor failed, and one that has a node stays."""
    if seen.before is None or not _is_left_alone(seen.world, seen.before):
        return None
    if seen.before.phase in OVER:
        return None  # who has ended may be collected
    pod: Pod = seen.now
    if goes_unasked(seen) and (not pod.spec.node_name or is_safe(seen.world, pod)):
        return Breach("it stays though nobody schedules", "it was deleted")
    if not pod.spec.node_name and pod.phase != "Pending" and kubelet_owned(seen):
        return Breach("phase Pending while nobody schedules", f"phase {pod.phase}")
    return None


@law(ALONE, on="advance")
def who_is_not_scheduled_still_waits(done: Done) -> Verdict:
    """As time goes by, a Pod that nobody schedules is still there."""
    return tuple(_still_there(done)) or None


def _still_there(done: Done) -> Iterator[Held]:
    for key in waiting(done.world):
        known = done.world.objects.get(key)
        if known is not None and _is_left_alone(done.world, known.view):
            since = max(known.since, stopped_since(done.world) or 0.0)
            if done.at - since >= BACK_OFF:
                yield HELD


def _is_left_alone(world: World, pod: Pod) -> bool:
    """Whether nobody schedules now, or the scheduler of a Pod is one that does not exist."""
    if not holds_in(world.profile, ALONE):
        return False
    if stopped_since(world) is not None:
        return True
    name = pod.spec.manifest.get("schedulerName", DEFAULT)
    return name != DEFAULT and not pod.spec.node_name
