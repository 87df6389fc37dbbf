"""Pods: the strategy of their kind."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from conformance.adapters.simulator import errors, meta, resources, scheduled
from conformance.adapters.simulator.api import containers, pod_changes, pod_defaults, pod_spec
from conformance.adapters.simulator.api.fields import Problems
from conformance.adapters.simulator.api.strategy import Strategy
from conformance.adapters.simulator.meta import Object
from conformance.adapters.simulator.settings import Settings

_DELETION_COST: Final = "controller.kubernetes.io/pod-deletion-cost"
_INTEGER: Final = re.compile(r"0|-?[1-9][0-9]*", re.ASCII)


class PodStrategy(Strategy):
    """What the API does to a Pod."""

    kind = "Pod"

    def default(self, manifest: Object, settings: Settings) -> None:
        pod_defaults.default_pod(manifest, settings)

    def prepare(self, manifest: Object, settings: Settings) -> None:
        manifest["status"] = initial_status(manifest)
        if conditions := scheduled.created(manifest, settings):
            manifest["status"]["conditions"] = conditions

    def validate(self, manifest: Object, problems: Problems, settings: Settings) -> None:
        spec = manifest["spec"]
        if annotations := manifest["metadata"].get("annotations"):
            _validate_annotations(annotations, problems)
        pod_spec.validate_spec(spec, problems, settings)
        for group in ("containers", "initContainers"):
            if listed := spec.get(group):
                containers.validate_image_spaces(listed, f"spec.{group}", problems)

    def validate_create(self, manifest: Object, problems: Problems, settings: Settings) -> None:
        spec = manifest["spec"]
        if spec.get("ephemeralContainers"):
            problems.forbidden("spec.ephemeralContainers", "cannot be set on create")
        if spec.get("nodeName") and spec.get("schedulingGates"):
            why = "cannot be set until all schedulingGates have been cleared"
            problems.forbidden("spec.nodeName", why)

    def validate_update(
        self, new: Object, old: Object, problems: Problems, settings: Settings
    ) -> None:
        pod_changes.validate_change(new, old, problems)

    def validate_status(
        self, new: Object, old: Object, problems: Problems, settings: Settings
    ) -> None:
        pod_changes.validate_status_change(new, old, problems)


def initial_status(pod: Mapping[str, Any]) -> Object:
    """PHASE-002, QOS-001: a Pod begins Pending, with its class, whatever the client sent."""
    return {"phase": "Pending", "qosClass": resources.qos_class(pod)}


def bound(pod: Object, node: str, now: str, host_ip: str = "") -> Object:
    """The Pod on its node, PodScheduled in the same write (SCHED-008: once, and not while it goes).

    Only the documented profile knows the address by then (CONDITION-002).

    Raises:
        ApiError: 409, the Pod is bound already, being deleted, or gated.
    """
    obstacle = binding_obstacle(pod)
    if obstacle is not None:
        raise errors.conflict("Pod", meta.name_of(pod), obstacle)
    status = pod.get("status") or {}
    conditions = scheduled.bound(status.get("conditions") or (), now)
    address = {"hostIP": host_ip, "hostIPs": [{"ip": host_ip}]} if host_ip else {}
    return {
        **pod,
        "spec": {**pod["spec"], "nodeName": node},
        "status": {**status, "conditions": conditions, **address},
    }


def binding_obstacle(pod: Mapping[str, Any]) -> str | None:
    """Why a Pod cannot be bound now, if so (SCHED-008, IDENTITY-002)."""
    name, spec = meta.name_of(pod), pod["spec"]
    if meta.is_deleting(pod):
        return f"pod {name} is being deleted, cannot be assigned to a host"
    if spec.get("nodeName"):
        return f'pod {name} is already assigned to node "{spec["nodeName"]}"'
    if spec.get("schedulingGates"):
        return f"pod {name} has non-empty .spec.schedulingGates"
    return None


def _validate_annotations(annotations: Mapping[str, str], problems: Problems) -> None:
    cost = annotations.get(_DELETION_COST)
    if cost is not None and not (_INTEGER.fullmatch(cost) and -(2**31) <= int(cost) < 2**31):
        path = f"metadata.annotations[{_DELETION_COST}]"
        problems.invalid(path, cost, "must be a 32bit integer")
