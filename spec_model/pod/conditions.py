"""The conditions of a Pod that follow from its containers: Initialized, ContainersReady, Ready.

CONDITION-003 and -004, after ``pkg/kubelet/status/generate.go``. Each is decided from the statuses of
one moment; what they were before plays a part only where Initialized, once True, stays so.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache, lru_cache
from typing import Any, Final

from attrs import frozen

from spec_model.objects import EMPTY, Container, Pod
from spec_model.rules import Decision

STATUSES: Final = ("True", "False", "Unknown")

UNKNOWN: Final = "UnknownContainerStatuses"


@frozen
class Condition:
    """What a condition says; the reason is empty where it has none."""

    status: str
    reason: str = ""

    def __str__(self) -> str:
        return f"{self.status} ({self.reason})" if self.reason else self.status


def said(pod: Pod, type_: str) -> Condition | None:
    """What a Pod's condition of that type says; None where it has none."""
    found = pod.conditions.get(type_)
    return None if found is None else _condition(found["status"], found.get("reason") or "")


_condition = lru_cache(maxsize=256)(Condition)  # most Pods say the same of the same few


def is_true(pod: Pod, type_: str) -> bool:
    """Whether a Pod has that condition, and it holds."""
    found = pod.conditions.get(type_)
    return found is not None and found["status"] == "True"


def true_types(pod: Pod) -> set[str]:
    """The types of all conditions of a Pod that hold."""
    return {type_ for type_, each in pod.conditions.items() if each["status"] == "True"}


def unschedulable(pod: Pod) -> str | None:
    """Why the scheduler finds no node, by a reason or, as documented, a type; None: it does not say."""
    scheduled = pod.conditions.get("PodScheduled") or EMPTY
    if scheduled.get("status") == "False" and scheduled.get("reason") == "Unschedulable":
        return str(scheduled.get("message") or "")
    if is_true(pod, "Unschedulable"):
        return str(pod.conditions["Unschedulable"].get("message") or "")
    return None


def initialized(pod: Pod, was_true: bool, phase: str) -> Decision[Condition]:
    """Whether the Pod is initialized: regular init containers exited 0, sidecars have Started."""
    init = pod.spec.init_containers
    if not init:
        return _initialized("True", "PodCompleted" if phase == "Succeeded" else "")
    if not pod.statuses:
        return _initialized("False", UNKNOWN)
    unknown = _without_status(pod, init)
    if phase == "Succeeded" and not unknown:
        return _initialized("True", "PodCompleted")
    lacking = unknown or any(not _is_through(pod, container) for container in init)
    if not lacking or was_true or _has_started(pod):
        return _initialized("True")
    return _initialized("False", "ContainersNotInitialized")


def containers_ready(pod: Pod, phase: str) -> Decision[Condition]:
    """Whether every app container and sidecar is ready, in a Pod of that phase."""
    if not pod.statuses:
        return _ready("False", UNKNOWN)
    expected = pod.spec.containers
    if pod.spec.init_containers:
        expected = (
            *[each for each in pod.spec.init_containers if each.kind == "sidecar"],
            *expected,
        )
    unknown = _without_status(pod, expected)
    if phase == "Succeeded" and not unknown:
        return _ready("False", "PodCompleted")
    if phase == "Failed":
        return _ready("False", "PodFailed")
    if unknown or any(not pod.statuses[container.name].ready for container in expected):
        return _ready("False", "ContainersNotReady")
    return _ready("True")


def ready(pod: Pod, phase: str) -> Decision[Condition]:
    """Whether the Pod may serve: its containers are ready and all its readiness gates are True."""
    return with_gates(pod, containers_ready(pod, phase))


def with_gates(pod: Pod, containers: Decision[Condition]) -> Decision[Condition]:
    """Whether the Pod may serve, its containers being so ready."""
    if containers.value.status != "True" or all(is_true(pod, gate) for gate in gates(pod)):
        return containers
    return _ready("False", "ReadinessGatesNotReady")


def gates(pod: Pod) -> list[str]:
    """The types of the conditions that a Pod's readiness waits for."""
    return [gate.get("conditionType", "") for gate in pod.spec.manifest.get("readinessGates") or ()]


def all_of(pod: Pod, phase: str) -> Mapping[str, Decision[Mapping[str, Any]]]:
    """The three of them by type, as plain data; a condition Initialized=True that it has is kept."""
    decided = {
        "Initialized": initialized(pod, is_true(pod, "Initialized"), phase),
        "ContainersReady": containers_ready(pod, phase),
        "Ready": ready(pod, phase),
    }
    return {
        type_: Decision(
            {"status": decision.value.status, "reason": decision.value.reason}, decision.because
        )
        for type_, decision in decided.items()
    }


@cache
def _initialized(status: str, reason: str = "") -> Decision[Condition]:
    return Decision(Condition(status, reason), "CONDITION-003")


@cache
def _ready(status: str, reason: str = "") -> Decision[Condition]:
    return Decision(Condition(status, reason), "CONDITION-004")


def _without_status(pod: Pod, containers: Iterable[Container]) -> bool:
    return any(container.name not in pod.statuses for container in containers)


def _is_through(pod: Pod, container: Container) -> bool:
    status = pod.statuses[container.name]
    return bool(status.started) if container.kind == "sidecar" else status.ready


def _has_started(pod: Pod) -> bool:
    """Whether an app container runs or has ended: initialization was over by then."""
    return any(
        (status := pod.statuses.get(container.name)) is not None
        and status.state in ("running", "terminated")
        for container in pod.spec.containers
    )
