"""Every constant and switch by which the profiles differ, or a mutant may want to turn.

``documented`` is what the source document says; ``v1.36`` is Kubernetes as it behaves now. Where the
document is silent both are the same. The names follow the catalogue's parameter table.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import attrs


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
    deployment_selector_mutable: bool = False  # REPLICA-005
    deployment_rolling_update: int | str = "25%"  # DEPLOY-001: maxSurge and maxUnavailable
    daemon_set_update_strategy: str = "RollingUpdate"  # DAEMON-006
    stateful_set_update_strategy: str = "RollingUpdate"  # STATEFUL-003
    hpa_min_replicas_floor: int = 1  # HPA-018
    hpa_default_min_replicas: int = 1  # HPA-018
    hpa_default_cpu_utilization: int = 80  # HPA-018
    namespace_required: bool = False  # VALIDATION-001
    hpa_absolute_targets: bool = True  # HPA-016: averageValue beside averageUtilization
    cpu_shares_from_limit: bool = False  # VALIDATION-003
    hpa_target_kinds: frozenset[str] | None = None  # HPA-017; None: anything with /scale

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
    cpu_period_microseconds: int = 100_000  # RESOURCE-006
    cpu_minimal_quota_microseconds: int = 1000  # RESOURCE-006
    cpu_shares_range: tuple[int, int] = (2, 262_144)  # RESOURCE-007
    cpu_weight_map: str = "linear"  # RESOURCE-007: linear or quadratic
    oom_guaranteed_adj: int = -997  # OOM-001
    oom_besteffort_adj: int = 1000  # OOM-001
    oom_burstable_floor: int = 3  # OOM-001
    oom_largest_ratio_dies: bool = False  # OOM-003: usage/request, not usage - request

    # What Pods say of themselves: CONDITION, REASON.
    unknown_conditions: frozenset[str] = frozenset()  # CONDITION-001: types that are not there yet
    scheduled_while_scheduling: bool = False  # CONDITION-002: PodScheduled from the first look on
    container_runtimes: tuple[str, ...] = ("containerd", "cri-o")  # REASON-003: of nodes, in turn

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
    replica_burst: int = 500  # REPLICA-003
    replica_retry_seconds: tuple[float, float] = (1.0, 1000.0)  # REPLICA-003: first, longest
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
    pod_gc_period_seconds: float = 20.0  # GC-002, GC-006
    pod_gc_quarantine_seconds: float = 40.0  # GC-006, IDENTITY-004
    pod_gc_terminated_threshold: int = 12500  # GC-002


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
    deployment_selector_mutable=True,
    daemon_set_update_strategy="OnDelete",
    stateful_set_update_strategy="OnDelete",
    hpa_target_kinds=frozenset({"ReplicationController", "ReplicaSet", "Deployment"}),
    # Node (S2)
    init_forbids=("readinessProbe",),
    memory_kill_fails_never_pods=True,
    backoff_first_restart_immediate=False,
    backoff_after_success=False,
    backoff_housekeeping_seconds=0.0,
    init_image_change_restarts_pod=True,
    oom_guaranteed_adj=-998,
    oom_burstable_floor=2,
    oom_largest_ratio_dies=True,
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
    # Controllers (S3)
    hpa_sync_period_seconds=30.0,
    hpa_sum_formula=True,
    hpa_tolerance_by_distance=True,
    hpa_scale_up_limit=None,
    hpa_downscale_window_seconds=None,
    hpa_upscale_forbidden_seconds=180.0,
    hpa_downscale_forbidden_seconds=300.0,
    node_monitor_grace_seconds=40.0,
    node_eviction_seconds=300.0,
    node_lost_pods_fail=True,
)

SETTINGS: Final[Mapping[str, Settings]] = {"v1.36": V1_36, "documented": DOCUMENTED}
