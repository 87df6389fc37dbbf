"""CONDITION-005 and -006: in which order conditions come true, and what their transition times say."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from functools import cache
from typing import Any, Final

from spec_model.law import Verdict, expect, law, note
from spec_model.laws.ladders import upsets_of
from spec_model.laws.phase import ABSORBING, kubelet_owned
from spec_model.objects import EMPTY, Pod, is_static, seconds
from spec_model.pod.conditions import true_types
from spec_model.world import HELD, Breach, Held, Outcome, Seen

UNSEEN: Final = 5.0
"""Seconds for which a component of a real cluster may not see its own write."""

WITH_INIT: Final = (
    "PodScheduled", "PodReadyToStartContainers", "Initialized", "ContainersReady", "Ready",
)  # fmt: skip
WITHOUT_INIT: Final = (
    "PodScheduled", "Initialized", "PodReadyToStartContainers", "ContainersReady", "Ready",
)  # fmt: skip

LASTING: Final = frozenset({"PodScheduled", "Initialized"})
"""Conditions that, once True, stay so."""


@note("seen-at", on="Pod")
def times_seen(before: tuple[float, float] | None, seen: Seen) -> tuple[float, float]:
    """When the Pod was seen before this, and now."""
    return (seen.at if before is None else before[1], seen.at)


@law("CONDITION-005", on="Pod", when="turned")
def conditions_come_true_in_order(seen: Seen) -> Verdict:
    """What comes true finds true what comes before it, at no later a second."""
    before: Pod | None = seen.before
    if before is None or before.conditions is seen.now.conditions:
        return None
    order = _order(bool(seen.now.spec.init_containers), seen.profile.condition_types)
    true = true_types(seen.now)
    new = true - true_types(before)
    come = [type_ for type_ in order[1:] if type_ in new]
    if not come or not _is_first_life(seen) or not kubelet_owned(seen) or is_static(seen.manifest):
        return None  # a mirror Pod may be younger than what it shows
    return tuple(_in_order(come, order, true, seen))


@cache
def _order(has_init: bool, known: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(type_ for type_ in (WITH_INIT if has_init else WITHOUT_INIT) if type_ in known)


def _in_order(
    come: Sequence[str], order: Sequence[str], true: Collection[str], seen: Seen
) -> Iterator[Outcome]:
    slack = seen.tolerance.truncation if seen.world.setting.clock == "real" else 0.0
    since = {type_: _since(seen.now, type_) for type_ in order}
    for type_ in come:
        first, at = order[: order.index(type_)], since[type_]
        lacking = [earlier for earlier in first if earlier not in true]
        late = [
            earlier
            for earlier in first
            if at is not None and (then := since[earlier]) is not None and then > at + slack
        ]
        if not lacking and not late:
            yield HELD
            continue
        yield Breach(
            f"{', '.join(first)} come true before {type_}",
            f"not yet true: {', '.join(lacking) or 'none'}; later: {', '.join(late) or 'none'}",
        )


def _is_first_life(seen: Seen) -> bool:
    """Whether nothing of the Pod has been started twice, or is at its end."""
    pod: Pod = seen.now
    if pod.phase in ABSORBING or pod.deletion_timestamp is not None or pod.reason:
        return False
    if any(status.restart_count or status.last for status in pod.statuses.values()):
        return False
    if any(
        (status := pod.statuses.get(container.name)) is not None and status.state == "terminated"
        for container in pod.spec.containers
    ):
        return False
    return not any(
        upset is not None and _concerns(upset[1], pod, seen) for upset in upsets_of(seen)
    )


def _concerns(at: float, pod: Pod, seen: Seen) -> bool:
    """Whether something that happened to the node at that time may have happened to the Pod."""
    return pod.start_time is None or seen.world.setting.epoch + at >= pod.start_time


def _since(pod: Pod, type_: str) -> float | None:
    return seconds((pod.conditions.get(type_) or EMPTY).get("lastTransitionTime"))


@law("CONDITION-006", on="Pod", when="turned")
def times_change_with_the_status_alone(seen: Seen) -> Verdict:
    """lastTransitionTime is another if the status is, and the same if it is the same."""
    before: Pod | None = seen.before
    if before is None or not before.conditions or not kubelet_owned(seen):
        return None
    if is_static(seen.manifest):
        return None  # its kubelet goes by what it remembers, and not by what others wrote
    shown = [
        verdict
        for type_, condition in seen.now.conditions.items()
        if (was := before.conditions.get(type_)) is not None
        and was is not condition
        and (verdict := HELD if was == condition else _of_one(type_, was, condition, seen))
        is not None
    ]
    broken = [verdict for verdict in shown if isinstance(verdict, Breach)]
    return tuple(broken) or (shown[0] if shown else None)


def _of_one(type_: str, was: Any, now: Any, seen: Seen) -> Held | Breach | None:
    before, after = was.get("lastTransitionTime"), now.get("lastTransitionTime")
    stays = was.get("status") == now.get("status")
    if stays and before == after:
        return HELD
    then, since = seconds(before), seconds(after)
    if stays:
        if then == since:
            return HELD
        if then is None or since is None or _may_have_turned_twice(type_, now, seen):
            return None
        if _may_be_written_blindly(type_, since - then, seen):
            return None
        return Breach(
            f"the lastTransitionTime of {type_}, which is {now.get('status')} as before",
            f"another, {since - then:g} s later",
        )
    return None if since is None else _is_new(type_, since, seen)


def _is_new(type_: str, since: float, seen: Seen) -> Held | Breach:
    """The status changed after it was last seen; a kubelet on a real clock may have known before."""
    real = seen.world.setting.clock == "real"
    slack = seen.tolerance.truncation + (seen.tolerance.lateness if real else 0.0)
    last_seen = seen.world.setting.epoch + seen.notes["seen-at"][0]
    return expect(
        since >= last_seen - slack,
        f"a lastTransitionTime of {type_} when its status changed",
        f"one {last_seen - since:g} s before it was last seen as it was",
    )


def _may_be_written_blindly(type_: str, later: float, seen: Seen) -> bool:
    """Whether a scheduler that tried again at once may not have seen yet what it had written itself.

    It takes the time from the Pod as its cache shows it, and there the condition may not stand yet.
    """
    real = seen.world.setting.clock == "real"
    return real and type_ == "PodScheduled" and 0.0 < later <= UNSEEN


def _may_have_turned_twice(type_: str, now: Any, seen: Seen) -> bool:
    """Whether the status may have changed and changed back between two observations."""
    if type_ in LASTING and now.get("status") == "True":
        return False
    pod: Pod = seen.now
    before: Pod = seen.before
    if type_ not in ("Ready", "ContainersReady", "Initialized"):
        return pod.pod_ip != before.pod_ip or pod.start_time != before.start_time
    if any("readinessProbe" in each.manifest or "startupProbe" in each.manifest
           for each in (*pod.spec.containers, *pod.spec.init_containers)):  # fmt: skip
        return True
    if pod.manifest["spec"].get("readinessGates"):
        return True
    return _runs(pod) != _runs(before)


def _runs(pod: Pod) -> dict[str, tuple[str, int]]:
    return {
        name: (status.container_id, status.restart_count) for name, status in pod.statuses.items()
    }
