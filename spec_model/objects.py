"""Kubernetes objects as frozen views: a manifest in, a value out.

Only what rules read is parsed; the manifest itself stays at hand. Parsing is on the way of every
judged step, so it is written out by hand, and the spec of a Pod is parsed once and carried over
while it is unchanged.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any

from attrs import field

from spec_model.events import Manifest
from spec_model.values import frozen

EMPTY: Mapping[str, Any] = {}

HOST_PATHS = frozenset({"hostPath", "persistentVolumeClaim"})
LISTS = ("containers", "initContainers")
STATUSES = ("initContainerStatuses", "containerStatuses")
CONFIG_SOURCE = "kubernetes.io/config.source"
CONFIG_HASH = "kubernetes.io/config.hash"


@lru_cache(maxsize=4096)
def seconds(timestamp: str | None) -> float | None:
    """Seconds since 1970 of an RFC 3339 timestamp; None for none.

    >>> seconds("1970-01-01T00:01:00Z")
    60.0
    """
    if not timestamp:
        return None
    return datetime.fromisoformat(timestamp).timestamp()


@frozen
class Terminated:
    """A container's run that has ended."""

    exit_code: int
    reason: str
    started_at: float | None
    finished_at: float | None
    container_id: str


@frozen
class ContainerStatus:
    """What the kubelet says of one container: waiting, running, terminated, or unknown."""

    name: str
    state: str  # waiting | running | terminated | unknown
    reason: str  # of waiting or terminated
    message: str
    started_at: float | None  # of running
    terminated: Terminated | None
    last: Terminated | None  # lastState.terminated
    restart_count: int
    ready: bool
    started: bool | None
    container_id: str
    image: str
    image_id: str = ""
    manifest: Manifest = field(default=EMPTY, eq=False, repr=False)

    @property
    def ended(self) -> Terminated | None:
        """The run it has behind it while it does not run: its own, or else the last."""
        return self.last if self.state == "waiting" else self.terminated

    @property
    def has_run(self) -> bool:
        """Whether it runs or ever ran."""
        return self.state in ("running", "terminated") or self.last is not None


@frozen
class Probe:
    """One probe of a container, its defaults filled in; seconds where it is time."""

    kind: str  # liveness | readiness | startup
    handler: str  # exec | httpGet | tcpSocket | grpc
    delay: float
    period: float
    timeout: float
    failures: int
    successes: int
    grace: float | None
    manifest: Manifest


@frozen
class Container:
    """One container of a spec. ``kind`` is app, init or sidecar."""

    name: str
    kind: str
    image: str
    restart_policy: str | None
    manifest: Manifest
    probes: Mapping[str, Probe] = EMPTY  # by kind; of a regular init container none


@frozen
class PodSpec:
    """What was asked for."""

    restart_policy: str
    containers: tuple[Container, ...]  # app containers, in order
    init_containers: tuple[Container, ...]  # regular and sidecar, in order
    node_name: str
    active_deadline_seconds: float | None
    manifest: Manifest
    is_probed: bool = field(init=False, eq=False, repr=False)  # some container has a probe
    has_rules: bool = field(init=False, eq=False, repr=False)  # some container has restart rules
    has_host_paths: bool = field(init=False, eq=False, repr=False)  # or claims, which may be such
    _by_name: Mapping[str, Container] = field(init=False, eq=False, repr=False)

    def __attrs_post_init__(self) -> None:
        every = self.init_containers + self.containers
        keep = object.__setattr__
        keep(self, "is_probed", any(container.probes for container in every))
        keep(self, "has_rules", any("restartPolicyRules" in each.manifest for each in every))
        volumes = self.manifest.get("volumes") or ()
        keep(self, "has_host_paths", any(not HOST_PATHS.isdisjoint(each or ()) for each in volumes))
        keep(self, "_by_name", {container.name: container for container in every})

    def container(self, name: str) -> Container | None:
        """The app, init or sidecar container of that name."""
        return self._by_name.get(name)


@frozen
class Pod:
    """A Pod as one watch event showed it."""

    key: tuple[str, str, str]
    uid: str
    spec: PodSpec
    phase: str
    reason: str
    statuses: Mapping[str, ContainerStatus]  # by container name; app, init and sidecar
    qos_class: str
    pod_ip: str
    start_time: float | None
    deletion_timestamp: float | None
    conditions: Mapping[str, Manifest]  # by type
    generation: int
    manifest: Manifest


def container_status(manifest: Manifest) -> ContainerStatus:
    """One entry of a status list."""
    state: Mapping[str, Any] = manifest.get("state") or EMPTY
    name, detail = "unknown", EMPTY
    for candidate in ("running", "terminated", "waiting"):
        found = state.get(candidate)
        if found is not None:
            name, detail = candidate, found
            break
    return ContainerStatus(
        name=manifest["name"],
        state=name,
        reason=detail.get("reason", ""),
        message=detail.get("message", ""),
        started_at=seconds(detail.get("startedAt")) if name == "running" else None,
        terminated=terminated(detail) if name == "terminated" else None,
        last=terminated((manifest.get("lastState") or EMPTY).get("terminated")),
        restart_count=manifest.get("restartCount", 0),
        ready=manifest.get("ready", False),
        started=manifest.get("started"),
        container_id=manifest.get("containerID", ""),
        image=manifest.get("image", ""),
        image_id=manifest.get("imageID", ""),
        manifest=manifest,
    )


def _statuses(status: Manifest, before: Pod | None) -> Mapping[str, ContainerStatus]:
    """The container statuses by name; the views of ``before`` where nothing has changed."""
    known = EMPTY if before is None else before.statuses
    found: dict[str, ContainerStatus] = {}
    same = True
    for group in STATUSES:
        for entry in status.get(group) or ():
            name = entry["name"]
            view: ContainerStatus | None = known.get(name)
            if view is None or (view.manifest is not entry and view.manifest != entry):
                view, same = container_status(entry), False
            found[name] = view
    return known if same and len(known) == len(found) else found


def _conditions(status: Manifest, before: Pod | None) -> Mapping[str, Manifest]:
    """The conditions by type; those of ``before`` where none has changed."""
    found = {entry["type"]: entry for entry in status.get("conditions") or ()}
    return before.conditions if before is not None and before.conditions == found else found


def terminated(manifest: Manifest | None) -> Terminated | None:
    """A terminated state, or None where there is none."""
    if manifest is None:
        return None
    return Terminated(
        exit_code=manifest.get("exitCode", 0),
        reason=manifest.get("reason", ""),
        started_at=seconds(manifest.get("startedAt")),
        finished_at=seconds(manifest.get("finishedAt")),
        container_id=manifest.get("containerID", ""),
    )


def pod_spec(manifest: Manifest, before: PodSpec | None = None) -> PodSpec:
    """The spec of a Pod or of a Pod template; the containers of ``before`` where they are the same."""
    if before is not None and all(
        before.manifest.get(each) == manifest.get(each) for each in LISTS
    ):
        containers, init_containers = before.containers, before.init_containers
    else:
        containers = _containers(manifest.get("containers") or (), "app")
        init_containers = _containers(manifest.get("initContainers") or (), "init")
    return PodSpec(
        restart_policy=manifest.get("restartPolicy") or "Always",
        containers=containers,
        init_containers=init_containers,
        node_name=manifest.get("nodeName") or "",
        active_deadline_seconds=manifest.get("activeDeadlineSeconds"),
        manifest=manifest,
    )


def _containers(manifests: Sequence[Manifest], kind: str) -> tuple[Container, ...]:
    return tuple(
        Container(
            name=manifest.get("name", ""),
            kind=_kind(kind, manifest),
            image=manifest.get("image", ""),
            restart_policy=manifest.get("restartPolicy"),
            manifest=manifest,
            probes=_probes(manifest) if _kind(kind, manifest) != "init" else EMPTY,
        )
        for manifest in manifests
    )


PROBES: Mapping[str, str] = {
    "liveness": "livenessProbe",
    "readiness": "readinessProbe",
    "startup": "startupProbe",
}
HANDLERS = ("exec", "httpGet", "tcpSocket", "grpc")


def _probes(manifest: Manifest) -> Mapping[str, Probe]:
    found = {
        kind: probe(kind, manifest[field]) for kind, field in PROBES.items() if manifest.get(field)
    }
    return found or EMPTY


def probe(kind: str, manifest: Manifest) -> Probe:
    """A probe; what is absent or 0 is the default (PROBE-002)."""
    return Probe(
        kind=kind,
        handler=next((each for each in HANDLERS if manifest.get(each) is not None), "exec"),
        delay=float(manifest.get("initialDelaySeconds") or 0),
        period=float(manifest.get("periodSeconds") or 10),
        timeout=float(manifest.get("timeoutSeconds") or 1),
        failures=manifest.get("failureThreshold") or 3,
        successes=manifest.get("successThreshold") or 1,
        grace=manifest.get("terminationGracePeriodSeconds"),
        manifest=manifest,
    )


def uid_in_events(pod: Pod) -> str:
    """The UID by which Events speak of a Pod: of a static one its own, not that of its mirror."""
    annotations = pod.manifest["metadata"].get("annotations") or EMPTY
    return str(annotations.get(CONFIG_HASH) or pod.uid)


def is_static(manifest: Manifest) -> bool:
    """Whether a Pod comes from somewhere else than the API (``types.IsStaticPod``)."""
    annotations = (manifest.get("metadata") or EMPTY).get("annotations") or EMPTY
    return bool(annotations.get(CONFIG_SOURCE, "api") != "api")


def _kind(group: str, manifest: Manifest) -> str:
    is_sidecar = group == "init" and manifest.get("restartPolicy") == "Always"
    return "sidecar" if is_sidecar else group


def pod(manifest: Manifest, before: Pod | None = None) -> Pod:
    """A Pod; of ``before`` is taken over what has not changed: spec, container statuses, conditions."""
    metadata: Mapping[str, Any] = manifest.get("metadata") or EMPTY
    status: Mapping[str, Any] = manifest.get("status") or EMPTY
    spec = manifest.get("spec") or EMPTY
    known = None if before is None else before.spec
    if known is None or (known.manifest is not spec and known.manifest != spec):
        known = pod_spec(spec, known)
    return Pod(
        key=("Pod", metadata.get("namespace") or "", metadata.get("name") or ""),
        uid=metadata.get("uid", ""),
        spec=known,
        phase=status.get("phase", ""),
        reason=status.get("reason", ""),
        statuses=_statuses(status, before),
        qos_class=status.get("qosClass", ""),
        pod_ip=status.get("podIP", ""),
        start_time=seconds(status.get("startTime")),
        deletion_timestamp=seconds(metadata.get("deletionTimestamp")),
        conditions=_conditions(status, before),
        generation=metadata.get("generation", 0),
        manifest=manifest,
    )


def merged(target: Any, patch: Any) -> Any:
    """What a JSON merge patch makes of a value (RFC 7386); neither of them is changed.

    >>> merged({"a": 1, "b": {"c": 2}}, {"a": None, "b": {"d": 3}})
    {'b': {'c': 2, 'd': 3}}
    """
    if not isinstance(patch, (dict, Mapping)):
        return patch
    result = dict(target) if isinstance(target, (dict, Mapping)) else {}
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
        else:
            result[key] = merged(result.get(key), value)
    return result
