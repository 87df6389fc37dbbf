"""The Pod as a transition system: an abstract Pod, and everything that can happen to it next.

Small enough to be explored whole: one init container and two app containers, each with a state and
a restart count that is clamped. The phase is not modelled here: it is what ``phase.pod_phase`` makes
of the containers, so exploring it checks the decision that judges real engines.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Final, NamedTuple

from spec_model import objects
from spec_model.events import Manifest
from spec_model.lifecycles import lawful
from spec_model.pod.phase import TERMINAL, pod_phase
from spec_model.pod.restart import policy_restarts

CLAMP: Final = 3
"""Restarts beyond this many are not told apart."""

INIT: Final = 0
APPS: Final = (1, 2)
NAMES: Final = ("i", "c", "d")
EXITS: Final = (0, 1)


class Box(NamedTuple):
    """One container: ``waiting``, ``running``, ``terminated`` or ``backoff``; its last exit code."""

    state: str
    code: int = 0
    restarts: int = 0


class Abstract(NamedTuple):
    """A Pod: its policy, its containers (the init container first), whether its end was asked for.

    ``phase`` is what these make of it.
    """

    policy: str
    boxes: tuple[Box, ...]
    deleting: bool
    phase: str


UNSTARTED: Final = Box("waiting")


def fresh(policy: str) -> Abstract:
    """A Pod of which nothing has started."""
    return _pod(policy, (UNSTARTED, UNSTARTED, UNSTARTED), deleting=False)


def _pod(policy: str, boxes: tuple[Box, ...], deleting: bool) -> Abstract:
    return Abstract(policy, boxes, deleting, _phase(policy, boxes, deleting))


def successors(pod: Abstract) -> Iterator[tuple[str, Abstract]]:
    """Everything that can happen next, and the Pod after it. Nothing happens in a terminal phase."""
    if pod.phase in TERMINAL:
        return
    for index, name in enumerate(NAMES):
        for what, box in _moves(pod, index):
            boxes = (*pod.boxes[:index], box, *pod.boxes[index + 1 :])
            yield f"{name} {what}", _pod(pod.policy, boxes, pod.deleting)
    if not pod.deleting:
        yield "deleted", _pod(pod.policy, pod.boxes, deleting=True)


def _moves(pod: Abstract, index: int) -> tuple[tuple[str, Box], ...]:
    box = pod.boxes[index]
    if box.state == "running":
        return _exits(box)
    if pod.deleting or not _may_run(pod, index):
        return ()
    return _starts(box, _policy(pod.policy, index))


def _may_run(pod: Abstract, index: int) -> bool:
    """INIT-002: app containers wait until the init container has exited 0."""
    return index == INIT or _is_initialized(pod.boxes)


def _is_initialized(boxes: tuple[Box, ...]) -> bool:
    return boxes[INIT].state == "terminated" and not boxes[INIT].code


def _policy(policy: str, index: int) -> str:
    """INIT-005: for init containers Always acts as OnFailure."""
    return "OnFailure" if index == INIT and policy == "Always" else policy


@cache
def _exits(box: Box) -> tuple[tuple[str, Box], ...]:
    return tuple((f"exits {code}", Box("terminated", code, box.restarts)) for code in EXITS)


@cache
def _starts(box: Box, policy: str) -> tuple[tuple[str, Box], ...]:
    if box.state == "waiting":
        return (("starts", Box("running")),)
    if not policy_restarts(policy, box.code):
        return ()
    again = ("restarts", Box("running", 0, min(box.restarts + 1, CLAMP)))
    if box.state == "backoff":
        return (again,)
    return again, ("backs off", Box("backoff", box.code, box.restarts))


@cache
def _phase(policy: str, boxes: tuple[Box, ...], deleting: bool) -> str:
    """The phase that ``pod_phase`` makes of it; a deleted Pod whose containers all stopped is ending."""
    ending = deleting and all(box.state != "running" for box in boxes)
    return _decided(policy, tuple(box[:2] for box in boxes), ending)


@cache
def _decided(policy: str, states: tuple[tuple[str, int], ...], ending: bool) -> str:
    spec = {
        "restartPolicy": policy,
        "initContainers": [{"name": NAMES[INIT]}],
        "containers": [{"name": NAMES[index]} for index in APPS],
    }
    statuses = [_status(name, *state) for name, state in zip(NAMES, states, strict=True)]
    status = {"initContainerStatuses": statuses[:1], "containerStatuses": statuses[1:]}
    decided = pod_phase(objects.pod({"kind": "Pod", "spec": spec, "status": status}), ending)
    return decided.value


def _status(name: str, state: str, code: int) -> Manifest:
    ended = {"terminated": {"exitCode": code}}
    shapes: dict[str, Manifest] = {
        "waiting": {"state": {"waiting": {}}},
        "running": {"state": {"running": {}}},
        "terminated": {"state": ended},
        "backoff": {"state": {"waiting": {"reason": "CrashLoopBackOff"}}, "lastState": ended},
    }
    return {"name": name, **shapes[state]}


# -- what holds in every reachable state ---------------------------------------------------------


def phases_move_lawfully(before: Abstract, after: Abstract) -> str | None:
    """Every change of phase is a path of the lifecycle PHASES."""
    was, now = before.phase, after.phase
    return None if was == now or lawful("PHASES", was, now) else f"phase {was} became {now}"


def apps_wait_for_init(_: Abstract, after: Abstract) -> str | None:
    """INIT-002: no app container runs before the init container has exited 0."""
    if _is_initialized(after.boxes):
        return None
    runs = "running" in [after.boxes[index].state for index in APPS]
    return "an app container runs before the init container is done" if runs else None


def nothing_runs_in_the_end(_: Abstract, after: Abstract) -> str | None:
    """PHASE-010: no container runs in a terminal phase."""
    if after.phase not in TERMINAL:
        return None
    runs = "running" in [box.state for box in after.boxes]
    return f"a container runs in phase {after.phase}" if runs else None


def nothing_starts_once_deleted(before: Abstract, after: Abstract) -> str | None:
    """RESTART-005: after deletion was asked for, no container starts."""
    if not before.deleting:
        return None
    starts = any(
        now.state == "running" and was.state != "running"
        for was, now in zip(before.boxes, after.boxes, strict=True)
    )
    return "a container starts after deletion" if starts else None


INVARIANTS: Final = (
    phases_move_lawfully,
    apps_wait_for_init,
    nothing_runs_in_the_end,
    nothing_starts_once_deleted,
)
