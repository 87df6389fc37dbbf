"""Stimulus and Observation: the alphabet of a trace, shared by every adapter and the judge.

Plain data and nothing else: an adapter may import this module and no other of the model.

A stimulus is a verb with arguments, all JSON-able. The table ``VERBS`` is the whole vocabulary: what
each verb takes, and the capability an adapter must claim to be given it. ``api`` is claimed by all.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, TypeAlias

from attrs import frozen

Manifest: TypeAlias = Mapping[str, Any]
"""A Kubernetes object as plain JSON-able data, camelCase, as the API shows it."""

CAPABILITIES: Final[Mapping[str, str]] = {
    "api": "objects can be created, updated, patched, deleted and watched",
    "status-write": "pods/status may be written by the tester",
    "watch-stream": "raw watches: selectors, bookmarks, expiry",
    "nodes": "Nodes can be created, labelled and deleted",
    "scheduler": "a scheduler binds Pods to Nodes",
    "scheduler-fault": "the tester can stop the scheduler and start it again",
    "kubelet": "a kubelet runs the Pods bound to its Node",
    "container-exit": "the tester chooses when a container exits, and with which code",
    "memory": "the tester lets a container allocate memory",
    "node-memory": "a whole node may run out of memory",
    "cpu-load": "the tester lets a container burn CPU",
    "inspect": "what a container sees can be read: /proc, cgroup files, environment, files",
    "file-write": "the tester lets a container write a file",
    "host-paths": "Pods may keep files on paths of their nodes, and on shares that the tester names",
    "images": "the tester chooses the outcome of image pulls",
    "hooks": "the tester chooses how preStop hooks go",
    "stop-signals": "the tester chooses what a container does when it is asked to end",
    "probes": "the tester chooses what probes are answered; until then only the command false fails",
    "sandbox-loss": "the tester can make a Pod lose its sandbox",
    "kubelet-restart": "the tester can restart a kubelet",
    "kubelet-config": "the tester can change a kubelet's configuration",
    "node-fault": "the tester can stop a node and start it again",
    "runtime-fault": "the tester can break a node's container runtime, its network, or starts on it",
    "static-pods": "the tester can put static Pods on a node",
    "networking": "Pod IPs, host ports, Services and EndpointSlices",
    "workloads": "ReplicationController, ReplicaSet and Deployment controllers",
    "daemonsets": "a DaemonSet controller",
    "jobs": "a Job controller",
    "statefulsets": "a StatefulSet controller",
    "autoscaler": "a HorizontalPodAutoscaler controller",
    "metrics": "the tester chooses the usage that metrics report",
    "volumes": "a binder matches PersistentVolumeClaims and PersistentVolumes",
    "provisioner": "volumes are provisioned dynamically",
    "reclaimer": "released volumes are deleted or recycled",
    "pod-gc": "terminated and orphaned Pods are collected",
    "eviction": "kubelets evict Pods when their node is short of memory",
    "controller-flags": "the tester can change flags of the controller manager",
    "kubectl-rollout": "kubectl rollout undo of Deployments",
    "kubectl-rolling-update": "the legacy rolling update of ReplicationControllers",
}
"""What an adapter can claim to serve, and what the claim means."""


@frozen
class Verb:
    """One thing a tester can do: the capability it needs, and its arguments ('?' ends optional ones)."""

    capability: str
    arguments: tuple[str, ...]


VERBS: Final[Mapping[str, Verb]] = {
    # The API, as a client of it.
    "create": Verb(
        "api", ("object", "dryRun?", "fieldValidation?")
    ),  # fieldValidation: Strict refuses unknown fields, which are dropped else
    "replace": Verb("api", ("object",)),  # a PUT; metadata.resourceVersion, where given, must match
    "patch": Verb(
        "api", ("kind", "namespace", "name", "patch", "subresource?")
    ),  # JSON merge patch
    "delete": Verb("api", ("kind", "namespace", "name", "gracePeriodSeconds?")),
    "bind": Verb("api", ("namespace", "pod", "node")),  # POST pods/{pod}/binding
    "write-status": Verb(
        "status-write", ("namespace", "pod", "status")
    ),  # merge patch of pods/status
    "list": Verb("watch-stream", ("kind", "namespace", "labelSelector?", "fieldSelector?")),
    "watch": Verb(
        "watch-stream",
        (
            *("kind", "namespace", "labelSelector?", "fieldSelector?"),
            *("resourceVersion?", "allowWatchBookmarks?"),
        ),
    ),  # everything that is delivered until now
    # What containers do. A container is named by namespace, pod and container.
    "exit": Verb("container-exit", ("namespace", "pod", "container", "exitCode")),
    "allocate": Verb("memory", ("namespace", "pod", "container", "bytes")),  # resident from now on
    "burn": Verb("cpu-load", ("namespace", "pod", "container", "milli")),  # CPU wanted from now on
    "inspect": Verb(  # an object of any of: env, files, mounts, oom_score_adj, cgroup, proc, usage,
        "inspect", ("namespace", "pod", "container")
    ),  # namespaces, pid, ip; mounts: by path {mode: "0777", tmpfs: bytes}
    # How a container and its hooks behave from now on, in all its runs, there yet or not.
    "set-stop": Verb(  # on SIGTERM: seconds until it ends, null if never; no exitCode: it has no handler
        "stop-signals", ("namespace", "pod", "container", "seconds", "exitCode?")
    ),
    "set-hook": Verb(  # hook: postStart | preStop; seconds until it ends, null if never
        "hooks", ("namespace", "pod", "container", "hook", "seconds", "fails?")
    ),
    # What the target of a probe (liveness, readiness or startup) answers from now on: an exit code, an
    # HTTP status, open, SERVING, NOT_SERVING, refused, elsewhere (a redirect to another host), timeout,
    # or error (the probe itself cannot be made); after so many redirects to its own host.
    "set-probe": Verb("probes", ("namespace", "pod", "container", "probe", "answer", "redirects?")),
    "write-file": Verb("file-write", ("namespace", "pod", "container", "path", "content")),
    "listen": Verb("networking", ("namespace", "pod", "container", "port")),
    "connect": Verb("networking", ("namespace", "pod", "container", "host", "port")),
    # The world around them.
    "set-image": Verb("images", ("image", "outcome")),  # one of IMAGE_OUTCOMES
    "set-usage": Verb(
        "metrics", ("namespace", "pod", "usage")
    ),  # {resource: quantity} or null: no sample
    "set-metrics": Verb("metrics", ("available",)),  # the metrics API itself
    "lose-sandbox": Verb("sandbox-loss", ("namespace", "pod")),
    "restart-kubelet": Verb("kubelet-restart", ("node",)),
    "write-manifest": Verb(  # into the static Pod directory; file as "web.yaml", manifest as data
        "static-pods", ("node", "file", "manifest")
    ),
    "remove-manifest": Verb("static-pods", ("node", "file")),
    "configure-kubelet": Verb("kubelet-config", ("node", "configuration")),
    "configure-controllers": Verb(  # flags: terminated-pod-gc-threshold; documented, -seconds
        "controller-flags", ("flags",)
    ),
    "set-runtime": Verb("runtime-fault", ("node", "part", "works")),  # one of RUNTIME_PARTS
    "stop-node": Verb("node-fault", ("node",)),
    "start-node": Verb("node-fault", ("node",)),
    "stop-scheduler": Verb("scheduler-fault", ()),
    "start-scheduler": Verb("scheduler-fault", ()),
    # What kubectl does as a client of the API, in one command.
    "rollout-undo": Verb("kubectl-rollout", ("namespace", "name", "toRevision?")),
    "rolling-update": Verb(  # OLD; NEW as an object or an image, and its name; or back again
        "kubectl-rolling-update",
        ("namespace", "name", "object?", "image?", "newName?", "rollback?"),
    ),
    # Time.
    "advance": Verb("api", ("seconds",)),
}


IMAGE_OUTCOMES: Final[Mapping[str, str]] = {
    "present": "it is on every node",
    "pullable": "the registry has it",
    "missing": "neither a node nor the registry has it",
    "unavailable": "the registry cannot be reached; a node that has it keeps it",
    "unsigned": "the registry has it, and its signature is not valid",
    "invalid": "its name cannot be parsed",
    "unreadable": "the runtime cannot tell whether it is there",
    "uncreatable": "it is on every node, and no container can be created from it",
    "private": "the registry gives it to Pods with imagePullSecrets only; a node keeps it",
}
"""What can be chosen to come of an image."""


RUNTIME_PARTS: Final[Mapping[str, str]] = {
    "runtime": "the container runtime answers; processes live on without it",
    "network": "Pods get a network; those of the host need none",
    "pre-create": "the kubelet's own step before a container is created succeeds",
    "pre-start": "the kubelet's own step before a created container is started succeeds",
    "start": "the runtime can start a container that it has created",
}
"""What of a node can be broken, and what it does while it works."""


@frozen
class Stimulus:
    """One thing the tester does."""

    verb: str
    arguments: Mapping[str, Any]

    @property
    def capability(self) -> str:
        """What an adapter must claim to be given this."""
        return VERBS[self.verb].capability


@frozen
class Cause:
    """One field that made the API refuse a write; ``type`` as in ``FieldValueInvalid``."""

    field: str
    type: str = "FieldValueInvalid"


@frozen
class Accepted:
    """The stimulus was done; ``value`` is the stored object, or what was inspected, or None."""

    value: Any = None


@frozen
class Rejected:
    """The API refused: HTTP code, Kubernetes reason (``Invalid``, ``Conflict``, …), message, fields."""

    code: int
    reason: str
    message: str = ""
    causes: tuple[Cause, ...] = ()


Response: TypeAlias = Accepted | Rejected


@frozen
class Observation:
    """One watch event: seconds on the trace's clock, ``ADDED``, ``MODIFIED`` or ``DELETED``, the object.

    The object must never be changed afterwards by the one who handed it over.
    """

    at: float
    type: str
    object: Manifest


@frozen
class Act:
    """A stimulus as it stands in a trace: when it was begun, and what was answered.

    What an ``advance`` lets happen follows it, each observation at its own time.
    """

    at: float
    stimulus: Stimulus
    response: Response


@frozen
class Evaluated:
    """A pure function of the engine was asked: its result, or the word with which it refused."""

    at: float
    function: str
    arguments: Mapping[str, Any]
    result: Any = None
    error: str | None = None


Event: TypeAlias = Act | Observation | Evaluated


def stimulus(verb: str, /, **arguments: Any) -> Stimulus:
    """A stimulus, its arguments checked against the vocabulary.

    >>> stimulus("exit", namespace="default", pod="a", container="c", exitCode=1).capability
    'container-exit'

    Raises:
        ValueError: naming the unknown verb, or the arguments that are missing or unknown.
    """
    return check_stimulus(Stimulus(verb, arguments))


def check_stimulus(candidate: Stimulus) -> Stimulus:
    """The same stimulus, if the vocabulary has it.

    Raises:
        ValueError: naming the unknown verb, or the arguments that are missing or unknown.
    """
    verb = VERBS.get(candidate.verb)
    if verb is None:
        raise ValueError(f"unknown verb {candidate.verb!r}; the verbs are {', '.join(VERBS)}")
    required = {name for name in verb.arguments if not name.endswith("?")}
    optional = {name.rstrip("?") for name in verb.arguments} - required
    given = set(candidate.arguments)
    if missing := required - given:
        raise ValueError(f"{candidate.verb}: missing {', '.join(sorted(missing))}")
    if unknown := given - required - optional:
        raise ValueError(f"{candidate.verb}: unknown argument {', '.join(sorted(unknown))}")
    return candidate


def key_of(manifest: Manifest) -> tuple[str, str, str]:
    """Kind, namespace (empty for cluster-scoped objects) and name of an object."""
    metadata = manifest.get("metadata") or {}
    return manifest.get("kind", ""), metadata.get("namespace") or "", metadata.get("name") or ""


__all__: Sequence[str] = (
    "CAPABILITIES", "VERBS", "Accepted", "Act", "Cause", "Evaluated", "Event", "Manifest", "Observation",
    "Rejected", "Response", "Stimulus", "Verb", "check_stimulus", "key_of", "stimulus",
)  # fmt: skip
