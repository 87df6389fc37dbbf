"""Pods in a few words: ``pod(app("a", "running"), policy="Never")``."""

from __future__ import annotations

from typing import Any

from attrs import frozen

from spec_model import objects
from spec_model.objects import Pod

STATES: dict[str, dict[str, Any]] = {
    "running": {"state": {"running": {}}, "started": True},
    "starting": {"state": {"running": {}}, "started": False},
    "waiting": {"state": {"waiting": {"reason": "ContainerCreating"}}},
    "unknown": {"state": {}},
}


@frozen
class Told:
    """A container's spec, and its status where it has one."""

    group: str
    spec: dict[str, Any]
    status: dict[str, Any] | None


def app(name: str, state: str | None = "running", **spec: Any) -> Told:
    """An app container; a state is a word, ``exit 1``, ``exit 137 OOMKilled`` or ``after exit 1``."""
    return Told("containers", {"name": name, **spec}, _status(name, state))


def init(name: str, state: str | None = None, **spec: Any) -> Told:
    """A regular init container."""
    return Told("initContainers", {"name": name, **spec}, _status(name, state))


def sidecar(name: str, state: str | None = None) -> Told:
    """An init container that keeps running."""
    return init(name, state, restartPolicy="Always")


def pod(*containers: Told, policy: str = "Always", **metadata: Any) -> Pod:
    """The view of a Pod of these containers."""
    spec: dict[str, Any] = {"restartPolicy": policy, "containers": [], "initContainers": []}
    status: dict[str, Any] = {"containerStatuses": [], "initContainerStatuses": []}
    for told in containers:
        spec[told.group].append(told.spec)
        if told.status is not None:
            key = "containerStatuses" if told.group == "containers" else "initContainerStatuses"
            status[key].append(told.status)
    return objects.pod({"metadata": {"name": "p", **metadata}, "spec": spec, "status": status})


def _status(name: str, state: str | None) -> dict[str, Any] | None:
    match (state or "").split():
        case []:
            return None
        case ["exit", code, *reason]:
            return {"name": name, "state": {"terminated": _ended(code, *reason)}}
        case ["after", "exit", code, *reason]:
            ended = _ended(code, *reason)
            return {
                "name": name,
                "state": {"waiting": {"reason": "CrashLoopBackOff"}},
                "lastState": {"terminated": ended},
            }
        case [word]:
            return {"name": name, **STATES[word]}
    raise ValueError(state)


def _ended(code: str, reason: str = "") -> dict[str, Any]:
    return {"exitCode": int(code), "reason": reason or ("Error" if int(code) else "Completed")}
