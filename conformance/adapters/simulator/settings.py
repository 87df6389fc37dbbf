"""Every constant and switch by which the profiles differ, or a mutant may want to turn.

``documented`` is what the source document says; ``v1.36`` is Kubernetes as it behaves now. Where the
document is silent both are the same. The names follow the catalogue's parameter table.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import attrs


@attrs.frozen
class DeploymentDefaults:
    """What a version of the API fills in of a Deployment (DEPLOY-001)."""

    max_surge: int | str = "25%"
    max_unavailable: int | str = "25%"
    revision_history_limit: int = 10
    progress_deadline_seconds: int = 600
    selector_from_labels: bool = False


@attrs.frozen
class Settings:
    """One profile of the engine."""

    profile: str = "v1.36"

    # API (S1): RESOURCE, PV, REPLICA.
    accepts_suffix_upper_k: bool = False  # RESOURCE-002
    pod_level_resources: bool = True  # RESOURCE-003
    resource_limit_becomes_request: bool = True  # RESOURCE-004
    container_resources: frozenset[str] | None = None  # RESOURCE-003; None: whatever upstream takes
    volume_access_modes: frozenset[str] = frozenset(  # PV-012
        {"ReadWriteOnce", "ReadOnlyMany", "ReadWriteMany", "ReadWriteOncePod"}
    )
    unserved: frozenset[str] = frozenset({"kubectl-rolling-update"})  # ROLLOUT-001: capabilities
    deployment_selector_mutable: bool = False  # REPLICA-005
    deployment_apis: Mapping[str, DeploymentDefaults] = {  # DEPLOY-001
        "apps/v1": DeploymentDefaults()
    }
    daemon_set_update_strategy: str = "RollingUpdate"  # DAEMON-006
    stateful_set_update_strategy: str = "RollingUpdate"  # STATEFUL-003
    hpa_min_replicas_floor: int = 1  # HPA-018
    hpa_default_min_replicas: int = 1  # HPA-018
    hpa_default_cpu_utilization: int = 80  # HPA-018
    namespace_required: bool = False  # VALIDATION-001
    hpa_absolute_targets: bool = True  # HPA-016: averageValue beside averageUtilization
    cpu_shares_from_limit: bool = False  # VALIDATION-003
    hpa_target_kinds: frozenset[str] | None = None  # HPA-017; None: anything with /scale
    mount_path_limit: int | None = None  # VOLUME-003: characters of a path that must be absolute
    watch_bookmarks: bool = True  # WATCH-001: a fifth type of watch event
    host_port_follows: bool = False  # NETWORK-004: hostPort is containerPort unless it is given

    # Node (S2): PHASE, TRANS, RESTART, BACKOFF, INIT, OOM, cgroups.
    memory_kill_fails_never_pods: bool = False  # TRANS-005
    backoff_base_seconds: float = 10.0  # BACKOFF-001
    backoff_cap_seconds: float = 300.0  # BACKOFF-001
    backoff_reset_seconds: float = 600.0  # BACKOFF-003
    backoff_first_restart_immediate: bool = True  # BACKOFF-001
    init_forbids: tuple[str, ...] = (  # INIT-006
        "lifecycle",
        "livenessProbe",
        "readinessProbe",
        "startupProbe",
    )
    backoff_after_success: bool = True  # BACKOFF-004: exit 0 waits like a failure
    backoff_housekeeping_seconds: float = 2.0  # BACKOFF-008; 0: entries are never collected
    backoff_requeue_seconds: float = 60.0  # BACKOFF-002: the longest nap between two looks
    backoff_reduced_base_seconds: float = 1.0  # BACKOFF-007
    backoff_reduced_cap_seconds: float = 60.0  # BACKOFF-007
    backoff_configured_cap: tuple[float, float] = (1.0, 300.0)  # BACKOFF-007: legal range
    requeue_jitter: float = 0.5  # BACKOFF-002: with jitter on, naps are longer by up to this share
    sync_retry_seconds: float = 10.0  # BACKOFF-011: a Pod whose sync failed is looked at again
    pull_backoff_base_seconds: float = 10.0  # BACKOFF-011
    pull_backoff_cap_seconds: float = 300.0  # BACKOFF-011
    init_image_change_restarts_pod: bool = False  # INIT-008
    probe_highest_port: int = 65535  # PROBE-015
    probe_knows_grpc: bool = True  # PROBE-009, PROBE-015
    probe_timeout_is_fatal: bool = False  # PROBE-010: one liveness timeout restarts the container
    probe_counts_survive_restart: bool = True  # PROBE-016
    probe_kill_backs_off_from_earlier_exit: bool = True  # BACKOFF-009
    resync_seconds: float = 60.0  # CONFIGMAP-002: a Pod is synced without a reason
    config_map_comes_first: bool = False  # CONFIGMAP-003: it must be older than the Pod
    config_map_sub_paths: bool = True  # CONFIGMAP-004: a single key can be mounted
    cpu_period_microseconds: int = 100_000  # RESOURCE-006
    cpu_minimal_quota_microseconds: int = 1000  # RESOURCE-006
    cpu_shares_range: tuple[int, int] = (2, 262_144)  # RESOURCE-007
    cpu_weight_map: str = "linear"  # RESOURCE-007: linear or quadratic
    oom_guaranteed_adj: int = -997  # OOM-001
    oom_besteffort_adj: int = 1000  # OOM-001
    oom_burstable_floor: int = 3  # OOM-001
    oom_largest_ratio_dies: bool = False  # OOM-003: usage/request, not usage - request

    least_grace_seconds: int = 1  # TERM-001, TERM-013: what a kubelet grants however small G is
    least_stop_seconds: float = 2.0  # TERM-006: from SIGTERM to SIGKILL, however small the rest
    static_pods_always_restart: bool = False  # STATIC-006
    static_pods_probed: bool = True  # STATIC-005
    file_check_seconds: float = 20.0  # STATIC-002
    force_alone_is_enough: bool = True  # TERM-012: kubectl delete --force means no grace
    deletion_unreadies: bool = False  # TERM-009: a deleted Pod becomes unready by itself
    eviction_memory_bytes: int = 100 * 1024 * 1024  # EVICT-001: below it memory is short
    eviction_look_seconds: float = 10.0  # EVICT-001, EVICT-003
    eviction_told_seconds: float = 300.0  # EVICT-001: after pressure was last observed
    eviction_by_class: bool = False  # EVICT-002: the QoS class alone
    # What Pods say of themselves: CONDITION, REASON.
    unknown_conditions: frozenset[str] = frozenset()  # CONDITION-001: types that are not there yet
    scheduled_while_scheduling: bool = False  # CONDITION-002: PodScheduled from the first look on
    container_runtimes: tuple[str, ...] = ("containerd", "cri-o")  # REASON-003: of nodes, in turn
    images_guarded: bool = (
        True  # REASON-004: what was pulled with secrets is for those who have some
    )
    node_reasons_in_pods: bool = False  # REASON-002
    runtime_patience_seconds: float = 30.0  # REASON-002: until a silent runtime counts as down
    network_retry_seconds: float = 1.0  # REASON-002: a Pod without a network is looked at again
    start_failures: Mapping[str, str] = attrs.field(  # REASON-001: by the step that fails
        factory=lambda: {
            "pre-create": "PreCreateHookError",
            "pre-start": "PreStartHookError",
            "start": "RunContainerError",
        }
    )

    # Controllers (S3): HPA, PV binding, node lifecycle.
    hpa_sync_period_seconds: float = 15.0  # HPA-001
    hpa_sum_formula: bool = False  # HPA-003: floor(SUM(U_i) / target) + 1
    hpa_tolerance: float = 0.1  # HPA-004
    hpa_tolerance_by_distance: bool = False  # HPA-004: abs(1 - ratio) <= tolerance
    hpa_scale_up_limit: tuple[float, int] | None = (2.0, 4)  # HPA-008: factor and floor
    hpa_downscale_window_seconds: float | None = 300.0  # HPA-009; None: no stabilization
    hpa_upscale_forbidden_seconds: float = 0.0  # HPA-010
    hpa_downscale_forbidden_seconds: float = 0.0  # HPA-010
    hpa_missing_utilization_floor: int = 100  # HPA-011: percent assumed for a missing sample
    hpa_cpu_initialization_seconds: float = 300.0  # HPA-012
    hpa_initial_readiness_seconds: float = 30.0  # HPA-012
    hpa_metric_window_seconds: float = 15.0  # HPA-012, HPA-020: what one sample covers
    endpoints_only_ready: bool = False  # PROBE-013, TERM-008: others are not listed at all
    replica_burst: int = 500  # REPLICA-003
    replica_retry_seconds: tuple[float, float] = (1.0, 1000.0)  # REPLICA-003: first, longest
    job_backoff_limit: int | None = 6  # JOB-002, JOB-008; None: no limit unless one is given
    job_backoff_seconds: tuple[float, float] = (10.0, 600.0)  # JOB-009: first, longest
    job_tracks_pods: bool = True  # JOB-011, JOB-013: by finalizers; deleted Pods have failed
    job_two_steps: bool = True  # JOB-013: an interim condition comes first
    job_knows_indexes: bool = True  # JOB-012
    daemon_set_binds: bool = False  # DAEMON-004: the controller sets spec.nodeName
    daemon_failure_backoff_seconds: tuple[float, float] = (1.0, 900.0)  # DAEMON-005
    recycled_sources: frozenset[str] = frozenset({"hostPath", "nfs"})  # PV-008
    deleted_host_path_prefix: str = "/tmp/"  # PV-007
    unprovisionable: frozenset[str] = frozenset({"kubernetes.io/no-provisioner"})  # PV-010
    node_lease_renew_seconds: float = 10.0  # GC-004
    node_monitor_period_seconds: float = 5.0  # GC-004
    node_monitor_grace_seconds: float = 50.0  # GC-004, IDENTITY-004
    node_eviction_seconds: float | None = None  # GC-005; None: by the tolerations of each Pod
    node_lost_pods_fail: bool = False  # GC-006
    node_taint_interval_seconds: float = 10.0  # GC-008: a zone's NoExecute taints, normally
    node_taint_interval_disrupted_seconds: float = 100.0  # GC-008
    node_disrupted_zone_size: int = 50  # GC-008: zones no larger get no taints when disrupted
    node_disrupted_fraction: float = 0.55  # GC-008
    affinity_evicts: bool = False  # AFFINITY-005: there is a type that puts Pods out
    pod_gc_period_seconds: float = 20.0  # GC-002, GC-006
    pod_gc_quarantine_seconds: float = 40.0  # GC-006, IDENTITY-004
    pod_gc_terminated_threshold: int = 12500  # GC-002
    pod_gc_terminated_seconds: float | None = None  # GC-002, documented: age decides, not count


V1_36: Final = Settings()

DOCUMENTED: Final = attrs.evolve(
    V1_36,
    profile="documented",
    # API (S1)
    accepts_suffix_upper_k=True,
    namespace_required=True,
    hpa_absolute_targets=False,
    cpu_shares_from_limit=True,
    pod_level_resources=False,
    container_resources=frozenset({"cpu", "memory"}),
    volume_access_modes=frozenset({"ReadWriteOnce", "ReadOnlyMany", "ReadWriteMany"}),
    unserved=frozenset(),
    deployment_selector_mutable=True,
    deployment_apis={
        "apps/v1": DeploymentDefaults(),
        "apps/v1beta1": DeploymentDefaults(revision_history_limit=2, selector_from_labels=True),
        "extensions/v1beta1": DeploymentDefaults(
            max_surge=1,
            max_unavailable=1,
            revision_history_limit=2**31 - 1,
            progress_deadline_seconds=2**31 - 1,
            selector_from_labels=True,
        ),
    },
    daemon_set_update_strategy="OnDelete",
    stateful_set_update_strategy="OnDelete",
    mount_path_limit=512,
    watch_bookmarks=False,
    host_port_follows=True,
    hpa_target_kinds=frozenset({"ReplicationController", "ReplicaSet", "Deployment"}),
    # Node (S2)
    init_forbids=("readinessProbe",),
    memory_kill_fails_never_pods=True,
    backoff_first_restart_immediate=False,
    backoff_after_success=False,
    backoff_housekeeping_seconds=0.0,
    init_image_change_restarts_pod=True,
    probe_highest_port=65525,
    probe_knows_grpc=False,
    probe_timeout_is_fatal=True,
    probe_counts_survive_restart=False,
    probe_kill_backs_off_from_earlier_exit=False,
    config_map_comes_first=True,
    config_map_sub_paths=False,
    oom_guaranteed_adj=-998,
    oom_burstable_floor=2,
    oom_largest_ratio_dies=True,
    static_pods_always_restart=True,
    static_pods_probed=False,
    force_alone_is_enough=False,
    deletion_unreadies=True,
    eviction_by_class=True,
    # CONDITION, REASON
    unknown_conditions=frozenset(
        {
            "PodReadyToStartContainers",
            "ContainersReady",
            "DisruptionTarget",
            "PodResizePending",
            "PodResizeInProgress",
            "AllContainersRestarting",
        }
    ),
    scheduled_while_scheduling=True,
    container_runtimes=("docker",),
    images_guarded=False,
    node_reasons_in_pods=True,
    start_failures={
        "pre-create": "CreateContainerError",
        "pre-start": "m.internalLifecycle.PreStartContainer",
        "start": "RunContainerError",
    },
    # Controllers (S3)
    hpa_sync_period_seconds=30.0,
    hpa_sum_formula=True,
    hpa_tolerance_by_distance=True,
    hpa_scale_up_limit=None,
    hpa_downscale_window_seconds=None,
    hpa_upscale_forbidden_seconds=180.0,
    hpa_downscale_forbidden_seconds=300.0,
    job_backoff_limit=None,
    job_backoff_seconds=(10.0, 360.0),
    job_tracks_pods=False,
    job_two_steps=False,
    job_knows_indexes=False,
    daemon_set_binds=True,
    node_monitor_grace_seconds=40.0,
    node_eviction_seconds=300.0,
    node_lost_pods_fail=True,
    affinity_evicts=True,
    pod_gc_terminated_seconds=43200.0,
    endpoints_only_ready=True,
)

SETTINGS: Final[Mapping[str, Settings]] = {"v1.36": V1_36, "documented": DOCUMENTED}
