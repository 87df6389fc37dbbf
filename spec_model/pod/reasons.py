"""Why containers wait, and how they ended: the reasons, and what each is the word for.

REASON-001 and -003 to -007, after ``pkg/kubelet/kuberuntime/kuberuntime_container.go`` and
``pkg/kubelet/images/image_manager.go``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from spec_model.objects import PodSpec
from spec_model.profiles import V1_36, Profile
from spec_model.rules import Decision

CREATING: Final = "ContainerCreating"
INITIALIZING: Final = "PodInitializing"
PATIENT: Final = (CREATING, INITIALIZING)
"""Reasons of a container that has not started, and whose start nothing is in the way of."""

NEVER_PULL: Final = "ErrImageNeverPull"
BACK_OFF: Final = "ImagePullBackOff"
INVALID_NAME: Final = "InvalidImageName"
HOOK_ERROR: Final = "PostStartHookError"
UNCREATABLE: Final = "CreateContainerError"

DOWN: Final = "container runtime is down"
OF_NODES: Final[Mapping[str, str]] = {
    "runtime": "DockerDaemonNotReady",
    "network": "NetworkPluginNotReady",
}
"""By the part of a node that does not work, what the source document has its Pods say."""

STEPS: Final[Mapping[str, str]] = {
    "pre-create": "PreCreateHookError",
    "pre-start": "PreStartHookError",
    "start": "RunContainerError",
}
"""By the step of starting a container that fails on a node, the reason of that container."""

DOCUMENTED_STEPS: Final[Mapping[str, str]] = {
    **STEPS,
    "pre-create": UNCREATABLE,  # the source knows no step of the kubelet's own before a creation
    "pre-start": "m.internalLifecycle.PreStartContainer",
}
OF_STEPS: Final = frozenset({*STEPS.values(), *DOCUMENTED_STEPS.values()})

PULLS: Final = ("ErrImagePull", "RegistryUnavailable", "SignatureValidationFailed")
"""Reasons of a container whose image could not be pulled just now."""

WORDS_OF_CRI_O: Final[Mapping[str, str]] = {
    "unavailable": "RegistryUnavailable",
    "unsigned": "SignatureValidationFailed",
}
"""What only this runtime tells apart, by what came of the image."""

LOST: Final = "ContainerStatusUnknown"
LOST_CODE: Final = 137
OF_RUNTIMES: Final = ("StartError", "ContainerCannotRun", "RestartingAllContainers")
"""Ends that a runtime, or a kubelet that restarts a whole Pod, has a word of its own for."""


def patience(spec: PodSpec) -> Decision[str]:
    """The reason of a container that has not started and may."""
    return Decision(INITIALIZING if spec.init_containers else CREATING, "REASON-006")


def end(exit_code: int) -> Decision[tuple[str, ...]]:
    """The reasons that a container may have ended for, by its exit code."""
    if exit_code == 0:
        return Decision(("Completed", "OOMKilled", *OF_RUNTIMES[2:]), "REASON-007")
    lost = (LOST,) if exit_code == LOST_CODE else ()
    return Decision(("Error", "OOMKilled", *lost, *OF_RUNTIMES), "REASON-007")


def failed_pull(outcome: str, runtime: str, profile: Profile = V1_36) -> Decision[tuple[str, ...]]:
    """What a pull that fails may be called: as the runtime tells it, where it is known which.

    ``outcome`` is what the tester chose for the image; ``runtime`` as a Node shows it, its version
    behind ``://``.
    """
    if outcome == "unavailable" and profile.registry_unavailable_everywhere:
        return Decision((WORDS_OF_CRI_O[outcome],), "REASON-003")
    word = WORDS_OF_CRI_O.get(outcome, "ErrImagePull")
    name = runtime.partition("://")[0]
    if name == "cri-o":
        return Decision((word,), "REASON-003")
    if name in ("containerd", "docker"):
        return Decision(("ErrImagePull",), "REASON-003")
    return Decision((word, "ErrImagePull"), "REASON-003")


def failed_step(part: str, profile: Profile = V1_36) -> Decision[str]:
    """The reason of a container whose start fails at one of ``STEPS``."""
    words = DOCUMENTED_STEPS if profile.node_reasons_in_pods else STEPS
    return Decision(words[part], "REASON-001")


def asks_registry(policy: str, is_present: bool) -> Decision[bool]:
    """Whether a start contacts the registry, for an image that is or is not on the node."""
    if policy == "Never":
        return Decision(False, "REASON-004")
    return Decision(policy == "Always" or not is_present, "REASON-004")
