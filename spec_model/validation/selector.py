"""What a workload selects, and how many it wants (REPLICA-005, REPLICA-008, DEPLOY-015).

After ``pkg/apis/apps/validation`` and ``ValidateReplicationControllerSpec`` of ``pkg/apis/core/validation``.
"""

from __future__ import annotations

from typing import Final

from spec_model.events import Manifest
from spec_model.profiles import Profile
from spec_model.validation.common import INVALID, REQUIRED, Fault, Faults
from spec_model.workloads.ownership import selects

RULE: Final = "REPLICA-005"
SCALABLE: Final = ("ReplicationController", "ReplicaSet", "Deployment", "StatefulSet")
LABELS: Final = "spec.template.metadata.labels"
OPERATORS: Final = ("In", "NotIn", "Exists", "DoesNotExist")
DEFAULTED: Final = ("apps/v1beta1", "extensions/v1beta1")
FIXED: Final = {"ReplicaSet": RULE, "DaemonSet": RULE, "Deployment": "DEPLOY-015"}
"""By kind whose selector stays as it is, the rule that says so."""


def selector_faults(workload: Manifest) -> Faults:
    """There must be a selector, it must not be empty, and it must match what the template makes."""
    spec, labels = workload.get("spec") or {}, template_labels(workload)
    selector = spec.get("selector")
    defaulted = workload.get("apiVersion") in DEFAULTED  # from the labels of the template
    if not selector and (defaulted or workload.get("kind") == "ReplicationController"):
        if not labels:
            yield Fault("spec.selector", REQUIRED, RULE, "there are no labels to default it to")
    elif selector is None:
        yield Fault("spec.selector", REQUIRED, RULE, "a selector is required")
    elif workload.get("kind") != "ReplicationController" and not _says_something(selector):
        yield Fault("spec.selector", INVALID, RULE, "an empty selector is invalid")
    elif not _is_well_formed(selector):
        yield Fault("spec.selector", INVALID, RULE, "invalid label selector")
    elif not selects(workload, labels):
        yield Fault(LABELS, INVALID, RULE, "the selector does not match the template's labels")


def count_faults(workload: Manifest) -> Faults:
    """No fewer than none."""
    replicas = (workload.get("spec") or {}).get("replicas")
    if workload.get("kind") in SCALABLE and isinstance(replicas, int) and replicas < 0:
        yield Fault("spec.replicas", INVALID, "REPLICA-008", "must not be negative")


def selector_update_faults(old: Manifest, new: Manifest, profile: Profile) -> Faults:
    """In apps/v1 the selector stays; the source document only advises against changing a Deployment's."""
    kind = new.get("kind")
    if kind not in FIXED or (kind == "Deployment" and not profile.deployment_selector_fixed):
        return
    before, after = ((each.get("spec") or {}).get("selector") for each in (old, new))
    if before is not None and before != after:
        yield Fault("spec.selector", INVALID, FIXED[kind], "field is immutable")


def template_labels(workload: Manifest) -> Manifest:
    """The labels of the Pods that a template makes."""
    template = (workload.get("spec") or {}).get("template") or {}
    return (template.get("metadata") or {}).get("labels") or {}


def _says_something(selector: Manifest) -> bool:
    return bool(selector.get("matchLabels") or selector.get("matchExpressions"))


def _is_well_formed(selector: Manifest) -> bool:
    expressions = selector.get("matchExpressions")
    return not isinstance(expressions, list) or all(map(_is_requirement, expressions))


def _is_requirement(requirement: Manifest) -> bool:
    """In and NotIn have values, the other two have none."""
    operator, values = requirement.get("operator"), requirement.get("values")
    return operator in OPERATORS and bool(values) == (operator in OPERATORS[:2])
