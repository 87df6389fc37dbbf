"""The conditions that a kubelet keeps on its Pods (upstream status/generate.go).

Decides CONDITION-001, 003, 004, 006 and INIT-002.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from conformance.adapters.simulator.kubelet import phase, restart
from conformance.adapters.simulator.kubelet.phase import Statuses

Condition = dict[str, Any]


def condition(type_: str, holds: bool, reason: str = "", message: str = "") -> Condition:
    """A condition without its times."""
    made: Condition = {"type": type_, "status": "True" if holds else "False"}
    if reason:
        made["reason"] = reason
    if message:
        made["message"] = message
    return made


def unknown_and(
    bad: str, unknown: Sequence[str], found: Sequence[str], type_: str, reason: str
) -> Condition:
    """A condition that fails because of these containers."""
    parts = []
    if unknown:
        parts.append(f"containers with unknown status: [{' '.join(unknown)}]")
    if found:
        parts.append(f"containers with {bad} status: [{' '.join(found)}]")
    return condition(type_, False, reason, ", ".join(parts))


def init_is_complete(container: Mapping[str, Any], status: Mapping[str, Any]) -> bool:
    """Exit 0, or Started for a sidecar (CONDITION-003)."""
    return bool(status.get("started" if restart.is_sidecar(container) else "ready"))


def app_has_started(spec: Mapping[str, Any], statuses: Statuses) -> bool:
    """Some app container runs or has ended: initialization was over once (CONDITION-003)."""
    states = (statuses.get(each["name"], {}).get("state") or {} for each in spec["containers"])
    return any("running" in state or "terminated" in state for state in states)


def initialized(
    spec: Mapping[str, Any], statuses: Statuses | None, phase_: str, was_true: bool
) -> Condition:
    """Are the init containers through (INIT-002, CONDITION-003)? Once true it stays."""
    containers = spec.get("initContainers")
    if not containers:
        return condition("Initialized", True, "PodCompleted" if phase_ == "Succeeded" else "")
    if statuses is None:
        return condition("Initialized", False, "UnknownContainerStatuses")
    known = statuses or {}
    unknown = [each["name"] for each in containers if each["name"] not in known]
    incomplete = [
        each["name"]
        for each in containers
        if each["name"] in known and not init_is_complete(each, known[each["name"]])
    ]
    if phase_ == "Succeeded" and not unknown:
        return condition("Initialized", True, "PodCompleted")
    if not unknown and not incomplete:
        return condition("Initialized", True)
    if was_true or app_has_started(spec, known):
        return condition("Initialized", True)
    return unknown_and("incomplete", unknown, incomplete, "Initialized", "ContainersNotInitialized")


_UNKNOWN: Final[Mapping[str, Any]] = {}


def containers_ready(spec: Mapping[str, Any], statuses: Statuses | None, phase_: str) -> Condition:
    """Is every app container and sidecar ready (CONDITION-004)?"""
    type_ = "ContainersReady"
    if statuses is None:
        return condition(type_, False, "UnknownContainerStatuses")
    inits = [each for each in spec.get("initContainers") or () if restart.is_sidecar(each)]
    lacking = [
        each["name"]
        for each in (*inits, *spec["containers"])
        if not statuses.get(each["name"], _UNKNOWN).get("ready")
    ]
    unknown = [name for name in lacking if name not in statuses]
    if phase_ == "Succeeded" and not unknown:
        return condition(type_, False, "PodCompleted")
    if phase_ == "Failed":
        return condition(type_, False, "PodFailed")
    if lacking:
        unready = [name for name in lacking if name in statuses]
        return unknown_and("unready", unknown, unready, type_, "ContainersNotReady")
    return condition(type_, True)


def is_open(gate: str, present: Mapping[str, Mapping[str, Any]]) -> bool:
    """A readiness gate is open when the condition it names is True."""
    return present.get(gate, {}).get("status") == "True"


def gate_problem(gate: str, present: Mapping[str, Mapping[str, Any]]) -> str:
    """Why a readiness gate is closed."""
    if gate not in present:
        return f'corresponding condition of pod readiness gate "{gate}" does not exist.'
    status = present[gate].get("status")
    return f'the status of pod readiness gate "{gate}" is not "True", but {status}'


def ready(
    spec: Mapping[str, Any], containers: Condition, present: Mapping[str, Mapping[str, Any]]
) -> Condition:
    """ContainersReady, and every readiness gate True (CONDITION-004)."""
    gates = [gate["conditionType"] for gate in spec.get("readinessGates") or ()]
    closed = [gate_problem(gate, present) for gate in gates if not is_open(gate, present)]
    if containers["status"] == "True" and closed:
        return condition("Ready", False, "ReadinessGatesNotReady", ", ".join(closed))
    return {**containers, "type": "Ready"}


def merged(
    old: Sequence[Mapping[str, Any]], made: Iterable[Condition], now: str
) -> list[Mapping[str, Any]]:
    """The kubelet's own conditions, then everyone else's as they are.

    lastTransitionTime moves iff the status changes (CONDITION-006).
    """
    before = {each["type"]: each for each in old}
    result: list[Mapping[str, Any]] = []
    for each in made:
        last = before.pop(each["type"], None)
        if last is None or not is_same(last, each):
            last = stamped(each, last, now)
        result.append(last)
    result.extend(before.values())
    return result


def is_same(last: Mapping[str, Any], made: Condition) -> bool:
    """Nothing but times would change."""
    return (
        last.get("status") == made["status"]
        and last.get("reason") == made.get("reason")
        and last.get("message") == made.get("message")
    )


def stamped(made: Condition, last: Mapping[str, Any] | None, now: str) -> Condition:
    """The condition with the time of its last change of status (CONDITION-006)."""
    changed = last is None or last.get("status") != made["status"]
    time = now if changed or last is None else last.get("lastTransitionTime", now)
    return {**made, "lastProbeTime": None, "lastTransitionTime": time}


def pod_conditions(arguments: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    """Initialized, ContainersReady and Ready of a Pod as a manifest (evaluate)."""
    spec, status = arguments["pod"]["spec"], arguments["pod"].get("status") or {}
    lists = ("initContainerStatuses", "containerStatuses")
    statuses = phase.by_name(status) if any(name in status for name in lists) else None
    present = {each["type"]: each for each in status.get("conditions") or ()}
    phase_ = status.get("phase", "")
    was_true = present.get("Initialized", {}).get("status") == "True"
    containers = containers_ready(spec, statuses, phase_)
    made = (
        initialized(spec, statuses, phase_, was_true),
        containers,
        ready(spec, containers, present),
    )
    return {
        each["type"]: {"status": each["status"], "reason": each.get("reason", "")} for each in made
    }
