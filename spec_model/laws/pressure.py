"""EVICT-001: when a node says that it is short of memory, and whom its kubelet does not take then.

What containers use is known from what the tester told them to hold, on a virtual clock; how long a
pressure is told, and who is turned away, can be seen of any node.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, TypeAlias

from spec_model.events import Manifest, Rejected
from spec_model.law import Verdict, expect, law, note, once
from spec_model.laws.allocations import held_on, memory_limit, told_to_hold, whom_of
from spec_model.laws.cgroups import node_memory
from spec_model.laws.ladders import UPSETS
from spec_model.laws.memory import in_use
from spec_model.laws.node_loss import stopped_nodes
from spec_model.laws.phase import kubelet_owned
from spec_model.laws.placing import pods_on
from spec_model.objects import EMPTY, Pod, seconds
from spec_model.pod.termination import OVER
from spec_model.resources.eviction import (
    CYCLE,
    MEMORY_AVAILABLE,
    MEMORY_PRESSURE,
    PRESSURES,
    TRANSITION,
    is_exempt,
    is_turned_away,
)
from spec_model.storage.empty_dir import is_in_memory
from spec_model.world import HELD, VOID, Breach, Done, Held, Key, Obligation, Seen, Void, World

RULE: Final = "EVICT-001"
EVICTED: Final = "Evicted"
UNSETTLING: Final = frozenset(
    {*UPSETS, "allocate", "exit", "delete", "patch", "replace", "write-status"}
)

Pressed: TypeAlias = Mapping[str, float]
"""By node, until when it has been short of memory, in seconds, as far as is known."""


# -- what is in use ----------------------------------------------------------------------------------


def usage_of(world: World, pod: Pod) -> int:
    """Bytes that the last runs of a Pod's containers were told to hold."""
    _, namespace, name = pod.key
    return sum(
        in_use(world, (namespace, name, container), status.container_id)
        for container, status in pod.statuses.items()
    )


def running_usage(world: World, pod: Pod) -> int:
    """Bytes that the running containers of a Pod were told to hold."""
    _, namespace, name = pod.key
    return sum(
        in_use(world, (namespace, name, container), status.container_id)
        for container, status in pod.statuses.items()
        if status.state == "running"
    )


def available(world: World, name: str) -> int | None:
    """Bytes that nobody holds on a node; None where that is not known."""
    capacity = node_memory(world.view("Node", "", name))
    if capacity is None or world.setting.clock == "real":
        return None
    if any(keeps_files_in_memory(known.view) for known in pods_on(world, name)):
        return None
    return capacity - sum(held_on(world, name).values())


def keeps_files_in_memory(pod: Pod) -> bool:
    """Whether a Pod has volumes whose files count as memory, whoever wrote them."""
    return any(map(is_in_memory, pod.spec.manifest.get("volumes") or ()))


def pressed_until(world: World, node: str) -> float | None:
    """Until when a node has been short of memory, as far as is known; None: never."""
    found: Pressed = world.notes.get("pressed") or {}
    return found.get(node)


@once
def _left_by(done: Done) -> tuple[Pod, int, int] | None:
    """The Pod that was told to hold memory, what its node had left, and what that leaves of it."""
    given = done.arguments
    pod: Pod | None = done.world.view("Pod", given["namespace"], given["pod"])
    if pod is None or isinstance(done.response, Rejected):
        return None
    status = pod.statuses.get(given["container"])
    if status is None or status.state != "running":
        return None
    left = available(done.world, pod.spec.node_name)
    if left is None:
        return None
    return (
        pod,
        left,
        left + told_to_hold(done.world, whom_of(done), status.container_id) - given["bytes"],
    )


@note("pressed", on="allocate")
def pressed_by_memory(before: Pressed | None, done: Done) -> Pressed:
    """Nodes that an allocation leaves short of memory, or found so."""
    known, left = before or {}, _left_by(done)
    if left is None:
        return known
    pod, was, rest = left
    if min(was, rest) >= MEMORY_AVAILABLE:
        return known
    return {**known, pod.spec.node_name: done.at}


@note("pressed", on="advance")
def pressed_for_a_while(before: Pressed | None, done: Done) -> Pressed | None:
    """Who is short of memory when time begins to pass may be so all the while."""
    if not before:
        return before
    end = done.at + done.arguments["seconds"]
    return {name: end if is_short(done.world, name) else at for name, at in before.items()}


def is_short(world: World, node: str) -> bool:
    """Whether less is available on a node than the threshold."""
    left = available(world, node)
    return left is not None and left < MEMORY_AVAILABLE


# -- what the node says ------------------------------------------------------------------------------


def condition_of(node: Manifest, type_: str) -> Manifest:
    """A condition of a node; empty where it has none."""
    for condition in (node.get("status") or EMPTY).get("conditions") or ():
        if condition.get("type") == type_:
            found: Manifest = condition
            return found
    return EMPTY


def pressures_of(node: Manifest) -> list[str]:
    """The pressures that a node is under, by its conditions."""
    return [each for each in PRESSURES if condition_of(node, each).get("status") == "True"]


@law(RULE, on="allocate")
def a_node_that_runs_short_says_so(done: Done) -> Verdict:
    """Below 100 Mi that are available the kubelet sees MemoryPressure when it looks next."""
    left = _left_by(done)
    if left is None or not 0 <= left[2] < MEMORY_AVAILABLE:
        return None  # enough is left; or nothing, and the kernel comes first
    pod, _, rest = left
    name = pod.spec.node_name
    container = pod.spec.container(done.arguments["container"])
    limit = None if container is None else memory_limit(container, done.profile)
    if limit is not None and done.arguments["bytes"] > limit:
        return None
    if pod.spec.manifest.get("resources") is not None or name in stopped_nodes(done.world):
        return None
    node = done.world.view("Node", "", name)
    if node is None or condition_of(node, MEMORY_PRESSURE).get("status") != "False":
        return None

    def settled(seen: Seen) -> Held | None:
        return HELD if MEMORY_PRESSURE in pressures_of(seen.now) else None

    def overdue(world: World) -> Void | None:
        return None if is_short(world, name) else VOID

    return Obligation(
        what=f"MemoryPressure=True of {name}, of which {rest} bytes are left",
        settled=settled,
        not_after=done.at + CYCLE + done.world.setting.tolerance.lateness,
        disturbed_by=UNSETTLING,
        on=("Node", "", name),
        overdue=overdue,
    )


@law(RULE, on="Node")
def a_pressure_has_its_reason_and_lasts(seen: Seen) -> Verdict:
    """True only below the threshold; and True for five minutes after it was last observed."""
    if seen.before is None or seen.type == "DELETED":
        return None
    for type_ in PRESSURES:
        before, now = condition_of(seen.before, type_), condition_of(seen.now, type_)
        change = before.get("status"), now.get("status")
        if change == ("True", "False"):
            return _lasted(seen, type_, before, now)
        if change == ("False", "True") and type_ == MEMORY_PRESSURE:
            return _has_reason(seen)
    return None


def _lasted(seen: Seen, type_: str, before: Manifest, now: Manifest) -> Verdict:
    began, ended = seconds(before.get("lastTransitionTime")), seconds(now.get("lastTransitionTime"))
    if began is None or ended is None:
        return None
    upsets: Mapping[Key, tuple[str, float, int]] = seen.world.notes.get("upsets") or {}
    upset = upsets.get(("Node", "", seen.now["metadata"]["name"]))
    if upset is not None and seen.world.setting.epoch + upset[1] >= began - 1:
        return None  # another kubelet process, which had not observed it
    lasted = ended - began
    what = f"{type_} for {TRANSITION:g} s at least"
    return expect(lasted >= TRANSITION - seen.tolerance.truncation, what, f"for {lasted:g} s")


def _has_reason(seen: Seen) -> Verdict:
    name = seen.now["metadata"]["name"]
    if available(seen.world, name) is None:
        return None
    until = pressed_until(seen.world, name)
    was_short = until is not None and seen.at - until <= CYCLE + seen.tolerance.lateness
    left = available(seen.world, name)
    return expect(
        was_short or is_short(seen.world, name),
        f"MemoryPressure=True when less than {MEMORY_AVAILABLE} bytes are available",
        f"with {left} bytes available",
    )


# -- whom the kubelet does not take ------------------------------------------------------------------


@law(RULE, on="Pod", when="unplaced")
def a_short_node_takes_only_who_asks_for_memory(seen: Seen) -> Verdict:
    """Under MemoryPressure alone BestEffort Pods are turned away, under any other pressure all are."""
    before, pod = seen.before, seen.now
    if not pod.spec.node_name or pod.statuses or pod.deletion_timestamp is not None:
        return None
    if (before is None and not seen.fresh) or (before is not None and before.spec.node_name):
        return None
    node = seen.world.view("Node", "", pod.spec.node_name)
    under = [] if node is None else pressures_of(node)
    if not under or node is None or not kubelet_owned(seen) or _is_new(seen, node, under):
        return None
    if pod.spec.node_name in stopped_nodes(seen.world):
        return None
    turned = is_turned_away(
        seen.manifest, pod.qos_class, under, is_exempt(seen.manifest).value
    ).value
    return _owes_its_refusal(seen, under) if turned else _owes_its_start(seen, under)


def _is_new(seen: Seen, node: Manifest, under: list[str]) -> bool:
    """Whether on a real clock the kubelet may not have known of a pressure yet, or of its end."""
    if seen.world.setting.clock == "virtual":
        return False
    since = [seconds(condition_of(node, each).get("lastTransitionTime")) for each in under]
    return any(each is None or seen.wall - each < seen.tolerance.lateness for each in since)


def _owes_its_refusal(seen: Seen, under: list[str]) -> Obligation:
    name = seen.now.spec.node_name

    def settled(later: Seen) -> Held | Breach | Void | None:
        pod: Pod = later.now
        if pod.phase == "Failed":
            return expect(pod.reason == EVICTED, f"reason {EVICTED}", f"reason {pod.reason}")
        if later.type == "DELETED" or pod.deletion_timestamp is not None:
            return VOID
        if not any(status.has_run for status in pod.statuses.values()):
            return None
        node = later.world.view("Node", "", name)
        told = node is not None and pressures_of(node) == under
        return (
            Breach(f"turned away by {name}, under {', '.join(under)}", "it runs") if told else VOID
        )

    return Obligation(
        what=f"turned away by {name}, under {', '.join(under)}",
        settled=settled,
        not_after=seen.at + 2 * seen.tolerance.lateness,
        disturbed_by=frozenset(UPSETS),
    )


def _owes_its_start(seen: Seen, under: list[str]) -> Obligation:
    """Nobody is turned away for the pressure who may come; whatever else keeps him is not asked."""

    def settled(later: Seen) -> Held | Breach | Void | None:
        pod: Pod = later.now
        if any(status.has_run for status in pod.statuses.values()):
            return HELD
        if pod.phase == "Failed" and pod.reason == EVICTED:
            return Breach(f"taken, though under {', '.join(under)}", f"Failed, reason {EVICTED}")
        ended = later.type == "DELETED" or pod.phase in OVER
        return VOID if ended or pod.deletion_timestamp is not None else None

    return Obligation(
        what="taken in spite of the pressure",
        settled=settled,
        not_after=seen.at + 2 * seen.tolerance.lateness,
        disturbed_by=frozenset(UPSETS),
        overdue=lambda _: VOID,
    )
