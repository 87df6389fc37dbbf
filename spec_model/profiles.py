"""Profiles: the constants and switches by which the source document and Kubernetes today differ.

A rule never holds a literal that a profile could change; it reads it here.
"""

from __future__ import annotations

from typing import Final

from attrs import frozen


@frozen
class BackoffConstants:
    """CrashLoopBackOff, or image pull back-off, in seconds."""

    base: float = 10.0
    factor: float = 2.0
    cap: float = 300.0
    reset_after: float = 600.0
    first_restart_immediate: bool = True
    housekeeping_period: float | None = 2.0  # None: entries are not collected  # BACKOFF-008
    configured: bool = False  # base and cap come from a kubelet's configuration  # BACKOFF-007


@frozen
class OomConstants:
    """What becomes of a QoS class in oom_score_adj."""

    guaranteed: int = -997
    best_effort: int = 1000
    burstable_floor: int = 3
    burstable_ceiling: int = 999
    ties_by_ratio: bool = False  # documented: largest usage/request dies first, not largest excess


@frozen
class HpaConstants:
    """The horizontal Pod autoscaler, in seconds where it is time."""

    sync_period: float = 15.0
    tolerance: float = 0.1
    tolerance_by_distance: bool = False  # abs(1 - ratio) <= tolerance, as before 1.33
    documented_formula: bool = False  # floor(SUM(U)/target) + 1
    scale_up_limit: bool = True
    upscale_forbidden: float = 0.0
    downscale_forbidden: float = 0.0
    downscale_stabilization: float = 300.0
    cpu_initialization: float = 300.0
    initial_readiness_delay: float = 30.0
    only_relative_targets: bool = False
    targets: tuple[str, ...] = ()  # kinds that may be scaled; empty: anything with /scale


@frozen
class JobConstants:
    """The Job controller, in seconds where it is time."""

    backoff_base: float = 10.0
    backoff_cap: float = 600.0
    backoff_limit: int | None = 6  # None: without backoffLimit there is no limit
    two_steps: bool = True  # an interim condition comes before Complete or Failed
    counts_deleted: bool = True  # a Pod that is being deleted has failed
    indexed: bool = True  # the fourth pattern


@frozen
class DaemonConstants:
    """The DaemonSet controller, in seconds where it is time."""

    binds: bool = False  # the controller sets spec.nodeName itself
    update_strategy: str = "RollingUpdate"
    failure_base: float = 1.0
    failure_cap: float = 900.0


PROBES_AND_HOOKS: Final = ("lifecycle", "livenessProbe", "readinessProbe", "startupProbe")


CONDITIONS: Final = (
    "PodScheduled", "PodReadyToStartContainers", "Initialized", "ContainersReady", "Ready",
    "DisruptionTarget", "PodResizePending", "PodResizeInProgress", "AllContainersRestarting",
)  # fmt: skip
"""The built-in types of a Pod's conditions."""


WAITING: Final = (
    "CrashLoopBackOff", "InvalidImageName", "ImageInspectError", "ErrImageNeverPull",
    "ImagePullBackOff", "ErrImagePull", "RegistryUnavailable", "CreateContainerConfigError",
    "CreateContainerError", "RunContainerError", "PostStartHookError", "ContainerCreating",
    "PodInitializing",
)  # fmt: skip
"""Why containers wait, as far as the source document and Kubernetes today agree."""


@frozen
class Profile:
    """A named set of constants and switches."""

    name: str
    backoff: BackoffConstants = BackoffConstants()
    oom: OomConstants = OomConstants()
    hpa: HpaConstants = HpaConstants()
    job: JobConstants = JobConstants()
    daemon: DaemonConstants = DaemonConstants()
    image_pull: BackoffConstants = BackoffConstants(first_restart_immediate=False)  # BACKOFF-011
    oom_kill_fails_never_pod: bool = False  # TRANS-005
    accepts_suffix_K: bool = False  # noqa: N815 - the suffix is a capital K  # RESOURCE-002
    read_write_once_pod: bool = True  # PV-012
    namespace_required: bool = False  # VALIDATION-001
    init_container_forbids: tuple[str, ...] = PROBES_AND_HOOKS  # INIT-006
    init_image_restarts_pod: bool = False  # INIT-008
    highest_probe_port: int = 65535  # PROBE-015
    probe_handlers: tuple[str, ...] = ("exec", "httpGet", "tcpSocket", "grpc")  # PROBE-015
    probe_timeout_is_fatal: bool = False  # PROBE-010: to a container, if its liveness probe has it
    probe_counts_survive: bool = True  # PROBE-016: a restart of the container
    probe_kill_looks_back: bool = True  # BACKOFF-009: to the exit before it
    host_port_defaults: bool = False  # NETWORK-004: to containerPort, with or without hostNetwork
    mount_path_below: int | None = None  # VOLUME-003: characters of a path that must be absolute
    config_map_comes_first: bool = False  # CONFIGMAP-003: it must exist before the Pod does
    config_map_sub_paths: bool = True  # CONFIGMAP-004: a single key can be mounted as a file
    bookmarks: bool = True  # WATCH-001: a fifth type of watch event
    pause_stands_for_pod: bool = False  # NETWORK-005
    sandbox_changes_told: bool = True  # NETWORK-005: by an Event SandboxChanged
    container_restart_policy: bool = True  # RESTART-007
    success_backs_off: bool = True  # BACKOFF-004: False leaves it open what exit code 0 costs
    pod_level_resources: bool = True  # RESOURCE-003
    cpu_shares_from_limits: bool = False  # VALIDATION-003
    condition_types: tuple[str, ...] = CONDITIONS  # CONDITION-001
    scheduled_while_scheduling: bool = False  # CONDITION-002: PodScheduled, as documented
    waiting_reasons: tuple[str, ...] = (  # REASON-001, and the sibling that REASON-003 names
        *(*WAITING, "PreCreateHookError", "PreStartHookError", "SignatureValidationFailed"),
        "RestartingAllContainers",  # of a RestartAllContainers rule (kubelet_pods.go:2580)
    )
    images_need_credentials: bool = True  # REASON-004: those that others have pulled with secrets
    node_reasons_in_pods: bool = False  # REASON-002
    registry_unavailable_everywhere: bool = False  # REASON-003: whatever the runtime
    node_monitor_grace: float = 50.0
    not_ready_eviction: float = 300.0
    lost_pod_phase: str | None = None  # documented: Failed
    deletion_unreadies: bool = False  # TERM-009
    old_deployment_apis: bool = False  # DEPLOY-001, DEPLOY-015: apps/v1beta1, extensions/v1beta1
    terminating_endpoints_stay: bool = True  # TERM-008: in EndpointSlices
    static_pods_probed: bool = True  # STATIC-005
    static_pods_always_restart: bool = False  # STATIC-006
    static_pods_forbid_config_maps_only: bool = False  # STATIC-007
    force_needs_both_flags: bool = False  # TERM-012
    evicting_affinity: bool = False  # AFFINITY-005: a type that puts Pods out
    eviction_by_class: bool = False  # EVICT-002: and by nothing else
    deployment_selector_fixed: bool = True  # REPLICA-005
    stateful_set_update: str = "RollingUpdate"  # STATEFUL-003: where no strategy is named
    terminated_pods_expire: bool = False  # GC-002: by age, not by count


V1_36: Final = Profile(name="v1.36")

DOCUMENTED: Final = Profile(
    name="documented",
    backoff=BackoffConstants(first_restart_immediate=False, housekeeping_period=None),
    oom=OomConstants(guaranteed=-998, burstable_floor=2, ties_by_ratio=True),
    hpa=HpaConstants(
        sync_period=30.0,
        tolerance_by_distance=True,
        documented_formula=True,
        scale_up_limit=False,
        upscale_forbidden=180.0,
        downscale_forbidden=300.0,
        downscale_stabilization=0.0,
        only_relative_targets=True,
        targets=("ReplicationController", "ReplicaSet", "Deployment"),
    ),
    job=JobConstants(
        backoff_cap=360.0, backoff_limit=None, two_steps=False, counts_deleted=False, indexed=False
    ),
    daemon=DaemonConstants(binds=True, update_strategy="OnDelete"),
    oom_kill_fails_never_pod=True,
    accepts_suffix_K=True,
    read_write_once_pod=False,
    namespace_required=True,
    init_container_forbids=("readinessProbe",),
    init_image_restarts_pod=True,
    highest_probe_port=65525,
    probe_handlers=("exec", "httpGet", "tcpSocket"),
    probe_timeout_is_fatal=True,
    probe_counts_survive=False,
    probe_kill_looks_back=False,
    host_port_defaults=True,
    mount_path_below=512,
    config_map_comes_first=True,
    config_map_sub_paths=False,
    bookmarks=False,
    pause_stands_for_pod=True,
    sandbox_changes_told=False,
    container_restart_policy=False,
    success_backs_off=False,
    pod_level_resources=False,
    cpu_shares_from_limits=True,
    condition_types=("PodScheduled", "Ready", "Initialized", "Unschedulable"),
    scheduled_while_scheduling=True,
    waiting_reasons=(
        *(*WAITING, "m.internalLifecycle.PreStartContainer", "ContainersNotInitialized"),
        *("ContainersNotReady", "DockerDaemonNotReady", "NetworkPluginNotReady"),
    ),
    images_need_credentials=False,
    node_reasons_in_pods=True,
    registry_unavailable_everywhere=True,
    node_monitor_grace=40.0,
    lost_pod_phase="Failed",
    deletion_unreadies=True,
    old_deployment_apis=True,
    terminating_endpoints_stay=False,
    static_pods_probed=False,
    static_pods_always_restart=True,
    static_pods_forbid_config_maps_only=True,
    force_needs_both_flags=True,
    evicting_affinity=True,
    eviction_by_class=True,
    deployment_selector_fixed=False,
    stateful_set_update="OnDelete",
    terminated_pods_expire=True,
)

PROFILES: Final = {profile.name: profile for profile in (V1_36, DOCUMENTED)}


class UnknownProfileError(LookupError):
    """No profile has this name."""


def profile(name: str) -> Profile:
    """The profile of that name.

    Raises:
        UnknownProfileError: naming the profiles there are.
    """
    found = PROFILES.get(name)
    if found is None:
        raise UnknownProfileError(f"no profile {name!r}; the profiles are {', '.join(PROFILES)}")
    return found
