"""EVICT-002 and -003: who is put out of a node that is short of memory, and what becomes of him."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final, TypeAlias

from spec_model.law import Verdict, expect, law, note
from spec_model.laws.broken import RUNTIME, broken
from spec_model.laws.ladders import UPSETS, upsets_of
from spec_model.laws.phase import kubelet_owned
from spec_model.laws.placing import holds_room, is_safe, pods_on
from spec_model.laws.pressure import (
    EVICTED,
    condition_of,
    keeps_files_in_memory,
    pressed_until,
    running_usage,
    usage_of,
)
from spec_model.laws.telling import happened, pod_about
from spec_model.laws.unscheduled import goes_unasked
from spec_model.objects import Pod
from spec_model.pod.termination import OVER
from spec_model.quantity import QuantityError, whole
from spec_model.resources.eviction import (
    CYCLE,
    MEMORY_PRESSURE,
    Usage,
    is_exempt,
    order,
)
from spec_model.resources.requests import effective_requests
from spec_model.world import HELD, VOID, Breach, Done, Held, Obligation, Outcome, Seen, Void, World

ORDER: Final = "EVICT-002"
FATE: Final = "EVICT-003"
DISRUPTION: Final = "DisruptionTarget"
BY_KUBELET: Final = "TerminationByKubelet"
ENDING: Final = 3.0
"""Seconds within which a Pod that is put out has ended."""
ONE_AT_A_TIME: Final = 1.0
"""Seconds that lie at least between two of a node.

The rule says 10 s. A kubelet looks again as soon as the first one has ended (1.36.2: after
``waitForPodsCleanup``), so no more than that is held against it.
"""

Moments: TypeAlias = Mapping[str, float]
"""By node, when something last happened on it, in seconds."""


@note("usage changed", on="allocate")
@note("usage changed", on="exit")
def usage_changed(before: Moments | None, done: Done) -> Moments:
    """When the tester last changed what is in use on a node."""
    known, given = before or {}, done.arguments
    pod: Pod | None = done.world.view("Pod", given["namespace"], given["pod"])
    return known if pod is None else {**known, pod.spec.node_name: done.at}


@note("put out", on="Pod*", when="over")
def put_out_noted(before: Moments | None, seen: Seen) -> Moments | None:
    """When the last Pod was put out of a node."""
    if seen.now.reason != EVICTED or not is_put_out(seen) or not is_for_memory(seen):
        return before
    return {**(before or {}), seen.now.spec.node_name: seen.at}


def is_put_out(seen: Seen) -> bool:
    """Whether a Pod that ran is now shown as Evicted."""
    before, pod = seen.before, seen.now
    return (
        pod.reason == EVICTED
        and pod.phase == "Failed"
        and before is not None
        and before.phase != "Failed"
        and any(status.has_run for status in pod.statuses.values())
    )


def is_for_memory(seen: Seen) -> bool:
    """Whether its node was short of memory, as opposed to a Pod that has written too much."""
    message = str((seen.manifest.get("status") or {}).get("message") or "")
    return "resource: memory" in message


@law(FATE, ORDER, on="Pod", when="over")
def a_pod_that_is_put_out_is_failed(seen: Seen) -> Verdict:
    """Reason Evicted and a DisruptionTarget; one at a time, none that is exempt, and the right one.

    Of a Pod that has itself written too much no condition tells (1.36.2: ``emptyDirLimitEviction``).
    """
    if seen.now.reason != EVICTED or not is_put_out(seen) or not kubelet_owned(seen):
        return None
    spared = tuple(_spared(seen))
    if not is_for_memory(seen):
        return spared
    return (*spared, *_told(seen), *_alone(seen), *_in_order(seen))


def _told(seen: Seen) -> Iterator[Outcome]:
    if DISRUPTION not in seen.profile.condition_types:
        yield HELD
        return
    found = seen.now.conditions.get(DISRUPTION) or {}
    shown = f"{found.get('status')}, reason {found.get('reason')}" if found else "none"
    is_told = found.get("status") == "True" and found.get("reason") == BY_KUBELET
    yield expect(is_told, f"{DISRUPTION}=True, reason {BY_KUBELET}", shown)


def _spared(seen: Seen) -> Iterator[Outcome]:
    if is_exempt(seen.manifest).value:
        priority = seen.now.spec.manifest.get("priority")
        yield Breach("a static or critical Pod is never put out", f"Evicted, priority {priority}")


def _was_upset(seen: Seen) -> bool:
    """Whether those that could not be stopped before may end together now."""
    moments = (upset[1] for upset in upsets_of(seen) if upset is not None)
    return any(seen.at - at <= ENDING + seen.tolerance.lateness for at in moments)


def _alone(seen: Seen) -> Iterator[Outcome]:
    last: Moments = seen.world.notes.get("put out") or {}
    before = last.get(seen.now.spec.node_name)
    if before is None or seen.world.setting.clock == "real" or _was_upset(seen):
        return
    yield expect(
        seen.at - before >= ONE_AT_A_TIME,
        "no other Pod of the node put out in the same cycle",
        f"one {seen.at - before:g} s before",
    )


def _in_order(seen: Seen) -> Iterator[Outcome]:
    """Judged where what was in use when the kubelet looked is still known."""
    pod, world = seen.now, seen.world
    name = pod.spec.node_name
    pressed, changed = pressed_until(world, name), world.notes.get("usage changed") or {}
    if pressed is None or seen.at - pressed > CYCLE + ENDING:
        return
    if seen.at - changed.get(name, 0.0) <= ENDING:
        return
    others = [
        known.view
        for known in pods_on(world, name)
        if known.view.key != pod.key and holds_room(known.view)
    ]
    others = [other for other in others if not is_exempt(other.manifest).value]
    if any(map(keeps_files_in_memory, [pod, *others])):
        return
    if not all(any(s.state == "running" for s in other.statuses.values()) for other in others):
        return  # one of which nothing is known may go first
    staying = [other for other in others if other.deletion_timestamp is None]
    try:
        legal = frozenset[str]().union(*(_first(seen, each) for each in (others, staying)))
    except QuantityError:
        return
    if len(staying) > 0:
        what = f"{' or '.join(sorted(legal))} put out first"
        yield expect(pod.uid in legal, _names(seen, what), pod.key[2], rule=ORDER)


def _first(seen: Seen, others: list[Pod]) -> frozenset[str]:
    """The UIDs of those who may go first of the victim and these others."""
    world = seen.world
    ranked = [_usage(world, other, running_usage(world, other)) for other in others]
    mine = _usage(world, seen.now, usage_of(world, seen.now))
    return order([mine, *ranked], "memory", seen.profile).value.first


def _usage(world: World, pod: Pod, used: int) -> Usage:
    request = effective_requests(pod.spec.manifest, world.profile).value.get("memory", 0)
    priority = pod.spec.manifest.get("priority") or 0
    return Usage(pod.uid, priority, whole(request), used, pod.qos_class)


def _names(seen: Seen, text: str) -> str:
    """UIDs as the names of their Pods."""
    for known in pods_on(seen.world, seen.now.spec.node_name):
        text = text.replace(known.uid, known.view.key[2])
    return text


@law("EVICT-001", on="Pod", when="over")
def who_puts_out_says_why(seen: Seen) -> Verdict:
    """A node that puts a Pod out for memory is under MemoryPressure."""
    if seen.now.reason != EVICTED or not is_put_out(seen) or not kubelet_owned(seen):
        return None
    name = seen.now.spec.node_name
    node = seen.world.view("Node", "", name)
    if node is None or not is_for_memory(seen):
        return None
    if condition_of(node, MEMORY_PRESSURE).get("status") == "True":
        return HELD

    def settled(later: Seen) -> Held | Void | None:
        if later.type == "DELETED":
            return VOID
        return HELD if condition_of(later.now, MEMORY_PRESSURE).get("status") == "True" else None

    return Obligation(
        what=f"MemoryPressure=True of {name}, which put {seen.now.key[2]} out",
        settled=settled,
        not_after=seen.at + CYCLE + seen.tolerance.lateness,
        disturbed_by=frozenset({"restart-kubelet", "configure-kubelet", "stop-node"}),
        on=("Node", "", name),
    )


@law(FATE, on="Event Evicted")
def who_is_told_to_be_put_out_fails(seen: Seen) -> Verdict:
    """A Pod of which its kubelet tells that it was Evicted becomes Failed, and is not restarted in place."""
    pod = pod_about(seen)
    if pod is None or happened(seen) is None or pod.uid != _uid_about(seen):
        return None
    if pod.phase in OVER or pod.deletion_timestamp is not None:
        return None
    if broken(seen.world, pod.spec.node_name, RUNTIME) is not None:
        return None  # its containers cannot be stopped, and until then it has not failed

    def settled(later: Seen) -> Held | Void | None:
        now: Pod = later.now
        if now.phase == "Failed" and now.reason == EVICTED:
            return HELD
        ended = now.phase in OVER or later.type == "DELETED"
        return VOID if ended or now.deletion_timestamp is not None else None

    return Obligation(
        what=f"phase Failed, reason {EVICTED}, for that is what was told",
        settled=settled,
        not_after=seen.at + ENDING + seen.tolerance.lateness,
        disturbed_by=frozenset(UPSETS) | {"write-status"},
        on=pod.key,
    )


def _uid_about(seen: Seen) -> str:
    return str((seen.manifest.get("involvedObject") or {}).get("uid", ""))


@law(FATE, on="Pod", when="over")
def who_was_put_out_stays_so(seen: Seen) -> Verdict:
    """Failed for good, whatever the restart policy; the object stays until somebody deletes it."""
    before, pod = seen.before, seen.now
    if before is None or before.reason != EVICTED or before.phase != "Failed":
        return None
    if not kubelet_owned(seen):
        return None
    if goes_unasked(seen) and is_safe(seen.world, pod):
        collects = bool(seen.world.notes.get("flags"))  # GC-003: and such as it goes first
        return None if collects else Breach("the object stays", "it was deleted")
    running = [name for name, status in pod.statuses.items() if status.state == "running"]
    return expect(
        pod.phase == "Failed" and not running,
        f"phase Failed, reason {EVICTED}, for good",
        f"phase {pod.phase}, running: {', '.join(running) or 'nothing'}",
    )
