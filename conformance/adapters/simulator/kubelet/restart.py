"""May this container run again? The restart policy of a Pod, and of single containers.

Decides RESTART-002, RESTART-005, RESTART-007, INIT-004, INIT-005.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

RESTART_ALL: Final = "RestartAllContainers"


def is_sidecar(container: Mapping[str, Any]) -> bool:
    """An init container that restarts for ever (INIT-011); ask it of init containers only."""
    return container.get("restartPolicy") == "Always"


def policy_restarts(policy: str, exit_code: int) -> bool:
    """What one policy says about one exit code (RESTART-002)."""
    if policy == "Never":
        return False
    if policy == "OnFailure":
        return exit_code != 0
    return True


def rule_matches(rule: Mapping[str, Any], exit_code: int) -> bool:
    """Does a restart policy rule speak about this exit code (RESTART-007)?"""
    condition = rule.get("exitCodes") or {}
    listed = exit_code in (condition.get("values") or ())
    match condition.get("operator"):
        case "In":
            return listed
        case "NotIn":
            return not listed
        case _:
            return False


def rule_action(container: Mapping[str, Any], exit_code: int) -> str | None:
    """The action of the first rule that matches: Restart or RestartAllContainers (RESTART-007)."""
    if "restartPolicy" not in container:
        return None
    for rule in container.get("restartPolicyRules") or ():
        if rule_matches(rule, exit_code):
            return str(rule.get("action"))
    return None


def container_restarts(
    spec: Mapping[str, Any], container: Mapping[str, Any], exit_code: int
) -> bool:
    """Rules first, then the container's own policy, then the Pod's (upstream ContainerShouldRestart)."""
    if rule_action(container, exit_code) in ("Restart", RESTART_ALL):
        return True
    policy = container.get("restartPolicy") or spec.get("restartPolicy") or "Always"
    return policy_restarts(policy, exit_code)


def init_restarts(spec: Mapping[str, Any], container: Mapping[str, Any], exit_code: int) -> bool:
    """A regular init container that exited 0 is done, whatever the policy (INIT-005)."""
    return exit_code != 0 and container_restarts(spec, container, exit_code)


def should_restart(pod: Mapping[str, Any], name: str, exit_code: int) -> bool:
    """Does this app container or sidecar run again after that exit?

    A Pod that is being deleted starts nothing any more (RESTART-005).

    Raises:
        ValueError: the Pod has no such container.
    """
    if (pod.get("metadata") or {}).get("deletionTimestamp"):
        return False
    spec = pod["spec"]
    for container in (*(spec.get("initContainers") or ()), *spec["containers"]):
        if container["name"] == name:
            return container_restarts(spec, container, exit_code)
    raise ValueError("unknown_container")


def restart_of(arguments: Mapping[str, Any]) -> bool:
    """``should_restart`` by the schema of the vectors (evaluate)."""
    return should_restart(arguments["pod"], arguments["container"], arguments["exit_code"])
