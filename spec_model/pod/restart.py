"""Whether a container that has exited is started again, and whom its exit takes along.

After ``pkg/kubelet/container.ShouldContainerBeRestarted`` and
``pkg/api/v1/pod.ContainerShouldRestart``; for regular init containers after
``pkg/kubelet/kuberuntime.computeInitContainerActions``.
"""

from __future__ import annotations

from typing import Any, Final

from spec_model.events import Manifest
from spec_model.objects import Container, PodSpec
from spec_model.profiles import V1_36, Profile
from spec_model.rules import Decision

NEVER: Final = "Never"
ON_FAILURE: Final = "OnFailure"
RESTART_ALL: Final = "RestartAllContainers"


def should_restart(
    spec: PodSpec,
    container: Container,
    exit_code: int,
    deleting: bool = False,
    profile: Profile = V1_36,
) -> Decision[bool]:
    """Whether a container that exited with that code is started again, sooner or later.

    A Pod that is being deleted starts nothing (RESTART-005); a sidecar always restarts (INIT-011);
    a regular init container that succeeded is done (INIT-005); else the container's own rules and
    policy decide where it has some (RESTART-007), else the Pod's policy: for app containers by
    RESTART-002, for a failed init container by INIT-003 and INIT-004.
    """
    if deleting:
        return Decision(False, "RESTART-005")
    if container.kind == "sidecar":
        return Decision(True, "INIT-011")
    if container.kind == "init" and exit_code == 0:
        return Decision(False, "INIT-005")
    if container.restart_policy and profile.container_restart_policy:
        matched = matching_rule(container.manifest, exit_code) is not None
        restarts = matched or policy_restarts(container.restart_policy, exit_code)
        return Decision(restarts, "RESTART-007")
    restarts = policy_restarts(spec.restart_policy, exit_code)
    if container.kind == "init":
        return Decision(restarts, "INIT-003" if restarts else "INIT-004")
    return Decision(restarts, "RESTART-002")


def restarts_all(
    container: Container, exit_code: int, deleting: bool = False, profile: Profile = V1_36
) -> Decision[bool]:
    """Whether the exit restarts every container of the Pod in place, init containers included.

    Only a matching rule with action ``RestartAllContainers`` does (RESTART-007); any other exit
    leaves the siblings alone (RESTART-003).
    """
    if deleting:
        return Decision(False, "RESTART-005")
    if container.restart_policy and profile.container_restart_policy:
        rule = matching_rule(container.manifest, exit_code)
        if rule is not None and rule.get("action") == RESTART_ALL:
            return Decision(True, "RESTART-007")
    return Decision(False, "RESTART-003")


def restarts_together(spec: Manifest) -> bool:
    """Whether some exit may restart every container, whatever their own policies say."""
    return any(
        rule.get("action") == RESTART_ALL
        for group in ("containers", "initContainers")
        for container in spec.get(group) or ()
        for rule in container.get("restartPolicyRules") or ()
    )


def policy_restarts(policy: str, exit_code: int) -> bool:
    """What a restart policy says of an exit code; an unset policy acts as Always."""
    if policy == ON_FAILURE:
        return exit_code != 0
    return policy != NEVER


def matching_rule(container: Manifest, exit_code: int) -> Manifest | None:
    """The first of a container's ``restartPolicyRules`` that speaks of that exit code."""
    rules: list[Manifest] = container.get("restartPolicyRules") or []
    return next((rule for rule in rules if _matches(rule, exit_code)), None)


def _matches(rule: Manifest, exit_code: int) -> bool:
    codes: dict[str, Any] = rule.get("exitCodes") or {}
    listed = exit_code in (codes.get("values") or ())
    match codes.get("operator"):
        case "In":
            return listed
        case "NotIn":
            return not listed
    return False
