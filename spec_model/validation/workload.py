"""The Pod templates of controllers: what their Pods may be restarted by (RESTART-006).

After the strategies of ``pkg/apis/apps``, ``pkg/apis/batch`` and ``pkg/apis/core``. The rest of a
workload's spec belongs to the rules of its own area.
"""

from __future__ import annotations

from typing import Final

from spec_model.events import Manifest
from spec_model.profiles import Profile
from spec_model.validation.common import FORBIDDEN, NOT_SUPPORTED, Fault, Faults
from spec_model.validation.pod import pod_spec_faults
from spec_model.validation.selector import count_faults, selector_faults

ALWAYS_KINDS: Final = (
    *("ReplicationController", "ReplicaSet", "Deployment"),
    *("DaemonSet", "StatefulSet"),
)
"""Kinds whose Pods are restarted for ever."""

TEMPLATED: Final = (*ALWAYS_KINDS, "Job")
"""Kinds that make Pods of a template."""

TEMPLATE: Final = "spec.template.spec"


def always_faults(workload: Manifest, profile: Profile) -> Faults:
    """What is wrong with a controller that keeps Pods running: its template, selector and number."""
    yield from selector_faults(workload)
    yield from count_faults(workload)
    spec = template_of(workload)
    if (spec.get("restartPolicy") or "Always") != "Always":
        at = f"{TEMPLATE}.restartPolicy"
        yield Fault(at, NOT_SUPPORTED, "RESTART-006", "must be Always")
    if spec.get("activeDeadlineSeconds") is not None:
        at, message = f"{TEMPLATE}.activeDeadlineSeconds", "may not be set in this template"
        yield Fault(at, FORBIDDEN, "REPLICA-001", message)
    yield from pod_spec_faults(spec, TEMPLATE, profile)


def template_of(workload: Manifest) -> Manifest:
    """The spec of the Pods that a workload makes."""
    return ((workload.get("spec") or {}).get("template") or {}).get("spec") or {}
