"""Can this Pod go to this node? The questions of the scheduler, and again of the kubelet's admission.

Decides SCHED-001, 004, 006, AFFINITY-001, 002, 004, 006, PHASE-013 (upstream component-helpers
nodeaffinity, scheduler noderesources.Fits). Every amount is in milli-units.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from conformance.adapters.simulator import meta, node_selector, quantity, resources
from conformance.adapters.simulator.api import pod_defaults
from conformance.adapters.simulator.resources import Amounts
from conformance.adapters.simulator.settings import Settings

Manifest = Mapping[str, Any]

TOO_MANY_PODS: Final = "Too many pods"
EVICTING: Final = "requiredDuringSchedulingRequiredDuringExecution"
HARD_EFFECTS: Final = ("NoSchedule", "NoExecute")

# Resources.


def allocatable(node: Manifest) -> Amounts:
    """What a node has to give."""
    return resources.amounts((node.get("status") or {}).get("allocatable"))


def insufficient(wanted: Amounts, free: Amounts, pods_left: bool) -> list[str]:
    """What a node lacks for these requests, sorted; equality fits, zero asks for nothing (SCHED-004)."""
    reasons = [
        f"Insufficient {name}"
        for name, amount in wanted.items()
        if amount > 0 and amount > free.get(name, 0)
    ]
    if not pods_left:
        reasons.append(TOO_MANY_PODS)
    return sorted(reasons)


def holds_resources(pod: Manifest) -> bool:
    """Requests are reserved until the Pod is terminal (SCHED-007)."""
    return (pod.get("status") or {}).get("phase") not in ("Succeeded", "Failed")


def remaining(capacity: Amounts, taken: Amounts) -> Amounts:
    """What is left of each resource."""
    return {name: amount - taken.get(name, 0) for name, amount in capacity.items()}


def fits(arguments: Mapping[str, Any], settings: Settings) -> dict[str, Any]:
    """Does a Pod as its user wrote it fit on a node beside others (evaluate)?"""
    bound = [defaulted(pod, settings) for pod in arguments["bound_pods"] if holds_resources(pod)]
    capacity = allocatable(arguments["node"])
    taken = resources.total(resources.effective_requests(pod) for pod in bound)
    wanted = resources.effective_requests(defaulted(arguments["pod"], settings))
    pods_left = len(bound) < pods_of(capacity)
    reasons = insufficient(wanted, remaining(capacity, taken), pods_left)
    return {"fits": not reasons, "reasons": reasons}


def defaulted(pod: Manifest, settings: Settings) -> dict[str, Any]:
    """A copy as the API server would keep it."""
    copy: dict[str, Any] = meta.plain_copy(pod)
    pod_defaults.default_pod(copy, settings)
    return copy


# Selectors and affinity.


def node_affinity(pod: Manifest) -> Manifest:
    """spec.affinity.nodeAffinity."""
    return ((pod["spec"].get("affinity") or {}).get("nodeAffinity")) or {}


def selector_matches(pod: Manifest, node: Manifest) -> bool:
    """nodeSelector and required node affinity, both (SCHED-001, AFFINITY-006)."""
    labels = meta.labels_of(node)
    wanted = (pod["spec"].get("nodeSelector") or {}).items()
    if not all(labels.get(key) == value for key, value in wanted):
        return False
    affinity = node_affinity(pod)
    required = affinity.get("requiredDuringSchedulingIgnoredDuringExecution")
    if required is not None and not node_selector.matches(required, node):
        return False
    return stays_matched(affinity, node)


def stays_matched(affinity: Manifest, node: Manifest) -> bool:
    """Does the node match the type of affinity that puts Pods out, where there is one (AFFINITY-005)?"""
    evicting = affinity.get(EVICTING)
    return evicting is None or node_selector.matches(evicting, node)


def preference(pod: Manifest, node: Manifest) -> int:
    """The weights of the preferred terms that match, summed (AFFINITY-004)."""
    preferred = node_affinity(pod).get("preferredDuringSchedulingIgnoredDuringExecution") or ()
    return sum(
        each.get("weight") or 0
        for each in preferred
        if node_selector.term_matches(each.get("preference") or {}, node)
    )


def preferred_score(arguments: Mapping[str, Any]) -> int:
    """The weights of the preferred terms that a node matches (evaluate).

    Raises:
        ValueError: ``invalid_term``, one of them cannot be parsed.
    """
    pod = arguments["pod"]
    listed = node_affinity(pod).get("preferredDuringSchedulingIgnoredDuringExecution") or ()
    counted = (each.get("preference") or {} for each in listed if each.get("weight"))
    if not all(map(node_selector.is_valid_term, counted)):
        raise ValueError("invalid_term")
    return preference(pod, arguments["node"])


def node_selector_matches(arguments: Mapping[str, Any], settings: Settings) -> bool:
    """Is the node feasible for the Pod's selectors (evaluate)?"""
    pod, affinity = arguments["pod"], node_affinity(arguments["pod"])
    if EVICTING in affinity and not settings.affinity_evicts:
        known = {name: each for name, each in affinity.items() if name != EVICTING}
        pod = {"spec": {**pod["spec"], "affinity": {"nodeAffinity": known}}}
    return selector_matches(pod, arguments["node"])


# Taints.


def tolerates(toleration: Manifest, taint: Manifest) -> bool:
    """Does a toleration cover a taint?"""
    if toleration.get("effect") not in (None, "", taint.get("effect")):
        return False
    if toleration.get("key") not in (None, "", taint.get("key")):
        return False
    if toleration.get("operator") == "Exists":
        return True
    return bool(toleration.get("key")) and (toleration.get("value") or "") == (
        taint.get("value") or ""
    )


def untolerated(pod: Manifest, node: Manifest, effects: Iterable[str]) -> Manifest | None:
    """The first taint of these effects that the Pod does not tolerate."""
    tolerations = pod["spec"].get("tolerations") or ()
    for taint in (node.get("spec") or {}).get("taints") or ():
        if taint.get("effect") in effects and not any(
            tolerates(each, taint) for each in tolerations
        ):
            return taint  # type: ignore[no-any-return]
    return None


CORDON: Final = {"key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule"}
"""The taint that spec.unschedulable stands for."""


def is_cordoned_for(pod: Manifest, node: Manifest) -> bool:
    """Is the node unschedulable, and does the Pod not put up with that (DAEMON-003)?"""
    if not (node.get("spec") or {}).get("unschedulable"):
        return False
    return not any(tolerates(each, CORDON) for each in pod["spec"].get("tolerations") or ())


def pods_of(capacity: Amounts) -> int:
    """How many Pods a node takes."""
    return capacity.get("pods", 0) // 1000


def shown(resource: str, amount: int) -> int:
    """An amount as messages show it: milli-units of CPU, whole units of the rest."""
    return amount if resource == "cpu" else -(-amount // 1000)


def total_memory(node: Manifest) -> int:
    """Bytes of memory that the machine has."""
    return quantity.value(((node.get("status") or {}).get("capacity") or {}).get("memory"))


# Ports of the host.

PORT_CONFLICT: Final = "node(s) didn't have free ports for the requested pod ports"


def host_ports(pod: Mapping[str, Any]) -> frozenset[tuple[str, str, int]]:
    """Address, protocol and number of each host port."""
    return frozenset(
        (port.get("hostIP") or "0.0.0.0", port.get("protocol", "TCP"), port["hostPort"])
        for container in pod["spec"]["containers"]
        for port in container.get("ports") or ()
        if port.get("hostPort")
    )


def ports_clash(
    wanted: frozenset[tuple[str, str, int]], used: frozenset[tuple[str, str, int]]
) -> bool:
    """The same number and protocol on the same address, or on all of them."""
    return any(
        one[1:] == other[1:] and (one[0] == other[0] or "0.0.0.0" in (one[0], other[0]))
        for one in wanted
        for other in used
    )
