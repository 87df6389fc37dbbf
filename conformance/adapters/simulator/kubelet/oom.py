"""Who dies when memory runs out: OOM-001 to OOM-004 (upstream kubelet/qos/policy.go, kernel oom_badness)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from conformance.adapters.simulator import meta, quantity, resources
from conformance.adapters.simulator.api import pod_defaults
from conformance.adapters.simulator.kubelet import cgroups, restart
from conformance.adapters.simulator.settings import Settings

NODE_CRITICAL: Final = "system-node-critical"
SYSTEM_CRITICAL_PRIORITY: Final = 2_000_000_000
NEVER_KILLED: Final = -1000


def memory_request(container: Mapping[str, Any]) -> int:
    """The memory request of a container in bytes."""
    return quantity.value(cgroups.request_of(container, "memory"))


def is_node_critical(spec: Mapping[str, Any]) -> bool:
    """A Pod the node cannot live without is as safe as a Guaranteed one (OOM-001)."""
    return (
        spec.get("priorityClassName") == NODE_CRITICAL
        and (spec.get("priority") or 0) >= SYSTEM_CRITICAL_PRIORITY
    )


def burstable_adj(request: int, node_memory: int, settings: Settings) -> int:
    """oom_score_adj of a Burstable container: the more it asked for, the safer (OOM-001).

    It stays above what Guaranteed containers have, and never is what BestEffort ones have.
    """
    adj = 1000 - go_quotient(1000 * request, node_memory)
    if adj == settings.oom_besteffort_adj:
        return adj - 1
    return max(adj, settings.oom_burstable_floor)


def go_quotient(numerator: int, denominator: int) -> int:
    """Integer division toward zero, as Go divides."""
    quotient = abs(numerator) // denominator
    return quotient if numerator >= 0 else -quotient


def unallocated_share(spec: Mapping[str, Any]) -> int:
    """What each container gets of a Pod-level memory request that no container claims (OOM-001)."""
    requests = (spec.get("resources") or {}).get("requests") or {}
    if "memory" not in requests:
        return 0
    claimed = resources.aggregate_requests(spec).get("memory", 0)
    left = quantity.value(requests["memory"]) - -(-claimed // 1000)
    return go_quotient(left, len(spec["containers"]) + len(spec.get("initContainers") or ()))


def score_adj(pod: Mapping[str, Any], name: str, node_memory: int, settings: Settings) -> int:
    """oom_score_adj of a container (OOM-001).

    Raises:
        ValueError: the Pod has no such container.
    """
    spec = pod["spec"]
    inits = spec.get("initContainers") or ()
    for container in (*inits, *spec["containers"]):
        if container["name"] == name:
            break
    else:
        raise ValueError("unknown_container")
    quality = (pod.get("status") or {}).get("qosClass") or resources.qos_class(pod)
    if is_node_critical(spec) or quality == resources.GUARANTEED:
        return settings.oom_guaranteed_adj
    if quality == resources.BEST_EFFORT:
        return settings.oom_besteffort_adj
    share = unallocated_share(spec)
    adj = burstable_adj(memory_request(container) + share, node_memory, settings)
    if any(each is container for each in inits) and restart.is_sidecar(container):
        return min(adj, sidecar_bound(spec, share, node_memory, settings))
    return adj


def sidecar_bound(spec: Mapping[str, Any], share: int, node_memory: int, settings: Settings) -> int:
    """A sidecar is at least as safe as the app container that asked for least (OOM-001)."""
    smallest = min(memory_request(each) for each in spec["containers"]) + share
    return burstable_adj(smallest, node_memory, settings)


def exceeds_limit(container: Mapping[str, Any], resident: int) -> bool:
    """Is this more than the container may have (RESOURCE-008)? Exactly the limit is not."""
    limit = cgroups.limit_of(container, "memory")
    return limit is not None and resident > quantity.value(limit)


def badness(process: Mapping[str, Any], node_memory: int) -> float:
    """The kernel's score, in bytes: resident memory, moved by oom_score_adj thousandths of the node."""
    return float(process["rss_bytes"] + process["oom_score_adj"] * node_memory / 1000)


def class_of(process: Mapping[str, Any], settings: Settings) -> str:
    """The QoS class that an adjustment betrays."""
    adj = process["oom_score_adj"]
    if adj >= settings.oom_besteffort_adj:
        return "BestEffort"
    return "Guaranteed" if adj <= settings.oom_guaranteed_adj else "Burstable"


def ratio(process: Mapping[str, Any], node_memory: int, settings: Settings) -> float:
    """Documented: usage in proportion to the request decides inside a class (OOM-003)."""
    if class_of(process, settings) != "Burstable":
        return float(process["rss_bytes"])
    request = process.get("request_bytes") or (1000 - process["oom_score_adj"]) * node_memory / 1000
    return float(process["rss_bytes"] / request)


def victim(
    node_memory: int, processes: Sequence[Mapping[str, Any]], settings: Settings
) -> str | None:
    """Which process the kernel kills when the whole node is out of memory (OOM-002, OOM-003)."""
    killable = [each for each in processes if each["oom_score_adj"] > NEVER_KILLED]
    if not killable:
        return None
    chosen = max(killable, key=lambda each: badness(each, node_memory))
    if settings.oom_largest_ratio_dies:
        equals = [
            each for each in killable if class_of(each, settings) == class_of(chosen, settings)
        ]
        chosen = max(equals, key=lambda each: ratio(each, node_memory, settings))
    return str(chosen["name"])


def container_score_adj(arguments: Mapping[str, Any], settings: Settings) -> int:
    """oom_score_adj of a container of a Pod as its user wrote it (evaluate)."""
    pod = meta.plain_copy(arguments["pod"])
    pod_defaults.default_pod(pod, settings)
    return score_adj(pod, arguments["container"], arguments["node_memory_bytes"], settings)
