"""Why a Pod is not Ready: each false condition, each container, each gate, its end, its node."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from spec_model import objects
from spec_model.events import Manifest
from spec_model.explain.statement import Others, Statement, Statements
from spec_model.pod.conditions import gates, is_true, ready
from spec_model.pod.reasons import OF_NODES
from spec_model.pod.termination import OVER
from spec_model.profiles import Profile

OF_CONDITIONS: Final[Mapping[str, str]] = {
    "PodScheduled": "CONDITION-002",
    "PodReadyToStartContainers": "CONDITION-005",
    "Initialized": "CONDITION-003",
    "ContainersReady": "CONDITION-004",
    "Ready": "CONDITION-004",
}
"""By condition, the rule that says when it is True; in the order in which they come to be."""

OF_REASONS: Final[Mapping[str, tuple[str, str]]] = {
    "ContainerCreating": (
        "is about to start: volumes are mounted, its image is pulled",
        "REASON-006",
    ),
    "PodInitializing": ("waits until the init containers are through", "INIT-002"),
    "CrashLoopBackOff": ("has ended and waits for its restart", "BACKOFF-006"),
    "ErrImagePull": ("cannot start: its image could not be pulled just now", "REASON-005"),
    "ImagePullBackOff": ("cannot start: its image is pulled again after a wait", "BACKOFF-011"),
    "RegistryUnavailable": ("cannot start: the registry cannot be reached", "REASON-003"),
    "SignatureValidationFailed": ("cannot start: its image is not signed well", "REASON-003"),
    "ErrImageNeverPull": (
        "cannot start: its image is not there, and is never pulled",
        "REASON-004",
    ),
    "InvalidImageName": ("cannot start: the name of its image cannot be parsed", "REASON-005"),
    "CreateContainerConfigError": (
        "cannot start: something that its environment refers to is missing",
        "CONFIGMAP-003",
    ),
    "PostStartHookError": ("was stopped, for its postStart hook failed", "REASON-007"),
    "DockerDaemonNotReady": ("cannot start: its node has no container runtime", "REASON-002"),
    "NetworkPluginNotReady": ("cannot start: its node has no network", "REASON-002"),
}
"""Why a container waits, in words, and the rule that speaks of it."""

STARTS: Final = ("cannot start", "REASON-001")


def statements(view: objects.Pod, others: Others, profile: Profile) -> Statements:
    """Nothing of a Pod without a status, and one sentence of one that is Ready."""
    if not view.conditions and not view.statuses:
        return
    phase = view.phase or "Pending"
    expected = ready(view, phase)
    if is_true(view, "Ready") and expected.value.status == "True":
        yield Statement("Ready", "yes: all containers are ready, all gates open", expected.because)
        return
    yield Statement(
        "Ready", f"no: {expected.value.reason or 'its status says so'}", expected.because
    )
    yield from _conditions(view)
    yield from _containers(view)
    yield from _gates(view)
    yield from _end(view, profile)
    yield from _node(view, others)


def _conditions(view: objects.Pod) -> Statements:
    for type_, rule in OF_CONDITIONS.items():
        found = view.conditions.get(type_)
        if found is not None and found["status"] != "True":
            told = ": ".join(str(found[each]) for each in ("reason", "message") if found.get(each))
            says = f"{found['status']}, {told}" if told else found["status"]
            yield Statement(f"condition {type_}", says, rule)


def _containers(view: objects.Pod) -> Statements:
    """What keeps each app container and sidecar from being ready; probes are told of elsewhere."""
    for container in (*view.spec.init_containers, *view.spec.containers):
        status, about = view.statuses.get(container.name), f"container {container.name}"
        if status is None:
            yield Statement(about, "has no status: no kubelet has looked at it", "CONDITION-004")
        elif status.state == "waiting":
            why, rule = OF_REASONS.get(status.reason, STARTS)
            told = f": {status.message}" if status.message else ""
            yield Statement(about, f"{why} ({status.reason or 'no reason'}{told})", rule)
        elif status.state == "terminated" and container.kind != "init":
            yield Statement(about, "does not run, and is not ready", "CONDITION-004")
        elif status.state == "running" and container.kind == "init":
            yield Statement(about, "runs, and those behind it wait for its end", "INIT-001")


def _gates(view: objects.Pod) -> Statements:
    for gate in gates(view):
        if not is_true(view, gate):
            found = view.conditions.get(gate)
            says = "is absent" if found is None else f"is {found['status']}"
            yield Statement(f"readiness gate {gate}", f"its condition {says}", "CONDITION-004")


def _end(view: objects.Pod, profile: Profile) -> Statements:
    if view.phase in OVER:
        yield Statement("phase", f"{view.phase}: such a Pod is never Ready again", "PHASE-008")
    if view.deletion_timestamp is not None:
        says = "alone makes no Pod unready: its containers or its probes do"
        says = "makes it unready at once" if profile.deletion_unreadies else says
        yield Statement("its deletion", says, "TERM-009")


def _node(view: objects.Pod, others: Others) -> Statements:
    """What its Node says, where it is given beside the Pod."""
    for node in others:
        name = (node.get("metadata") or {}).get("name")
        if node.get("kind") != "Node" or name != view.spec.node_name or not name:
            continue
        found = _ready(node)
        if found.get("status") == "Unknown":
            says = "is lost: its kubelet has not been heard of, and the Pod counts as not ready"
            yield Statement(f"node {name}", says, "IDENTITY-004")
        elif found.get("status") == "False":
            message = str(found.get("message") or "")
            rule = "REASON-002" if _is_broken(message) else "IDENTITY-004"
            yield Statement(f"node {name}", f"is not ready: {message or 'no message'}", rule)


def _is_broken(message: str) -> bool:
    return "container runtime" in message or OF_NODES["network"] in message


def _ready(node: Manifest) -> Manifest:
    for condition in (node.get("status") or {}).get("conditions") or ():
        if condition.get("type") == "Ready":
            found: Manifest = condition
            return found
    return {}
