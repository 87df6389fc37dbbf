"""What may change in a Pod that exists: spec, status and size."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from conformance.adapters.simulator import resources
from conformance.adapters.simulator.api.fields import Problems
from conformance.adapters.simulator.meta import Object

_UPDATABLE: Final = (
    "pod updates may not change fields other than `spec.containers[*].image`,"
    "`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` "
    "(only additions to existing tolerations),`spec.terminationGracePeriodSeconds` "
    "(allow it to be set to 1 if it was previously negative)"
)
_CONTAINER_GROUPS: Final = ("containers", "initContainers")


def validate_change(new: Object, old: Object, problems: Problems) -> None:
    """VALIDATION-002: images, a deadline that shrinks, more tolerations, fewer gates; no more."""
    new_spec, old_spec = _filled(new["spec"]), _filled(old["spec"])
    if new_spec == old_spec:
        return
    for group in _CONTAINER_GROUPS:
        if len(new_spec.get(group) or ()) != len(old_spec.get(group) or ()):
            problems.forbidden(f"spec.{group}", "pod updates may not add or remove containers")
            return
    _validate_deadline(new_spec, old_spec, problems)
    _validate_tolerations(new_spec, old_spec, problems)
    _validate_gates(new_spec, old_spec, problems)
    if not problems and with_mutable_fields_of(new_spec, old_spec) != new_spec:
        problems.forbidden("spec", _UPDATABLE)


def _filled(spec: Mapping[str, Any]) -> dict[str, Any]:
    """A spec without its empty maps and lists: to have none and to have an empty one is the same."""
    return {field: value for field, value in spec.items() if value not in ({}, [], None)}


def with_mutable_fields_of(new: Mapping[str, Any], old: Mapping[str, Any]) -> Object:
    """The old spec with what an update may change taken from the new one."""
    merged = dict(old)
    for group in _CONTAINER_GROUPS:
        if old.get(group):
            merged[group] = [
                {**container, "image": changed.get("image")}
                for container, changed in zip(old[group], new[group], strict=True)
            ]
    for field in ("activeDeadlineSeconds", "tolerations", "schedulingGates"):
        merged.pop(field, None)
        if field in new:
            merged[field] = new[field]
    if old.get("terminationGracePeriodSeconds", 0) < 0 and _grace(new) == 1:
        merged["terminationGracePeriodSeconds"] = 1
    return merged


def _grace(spec: Mapping[str, Any]) -> Any:
    return spec.get("terminationGracePeriodSeconds")


def _validate_deadline(new: Mapping[str, Any], old: Mapping[str, Any], problems: Problems) -> None:
    """PHASE-012: it may be set, or come nearer."""
    after, before = new.get("activeDeadlineSeconds"), old.get("activeDeadlineSeconds")
    if before is None or after == before:
        return
    if after is None:
        why = "must not update from a positive integer to nil value"
        problems.invalid("spec.activeDeadlineSeconds", after, why)
    elif after > before:
        why = "must be less than or equal to previous value"
        problems.invalid("spec.activeDeadlineSeconds", after, why)


def _validate_tolerations(
    new: Mapping[str, Any], old: Mapping[str, Any], problems: Problems
) -> None:
    """They may become more; of an old one only the seconds may change."""
    kept = [_lasting(toleration) for toleration in new.get("tolerations") or ()]
    if any(_lasting(toleration) not in kept for toleration in old.get("tolerations") or ()):
        why = "existing toleration can not be modified except its tolerationSeconds"
        problems.forbidden("spec.tolerations", why)


def _lasting(toleration: Mapping[str, Any]) -> Object:
    return {key: value for key, value in toleration.items() if key != "tolerationSeconds"}


def _validate_gates(new: Mapping[str, Any], old: Mapping[str, Any], problems: Problems) -> None:
    before = old.get("schedulingGates") or ()
    for gate in new.get("schedulingGates") or ():
        if gate not in before:
            path = f"spec.schedulingGates[{gate.get('name')}]"
            problems.forbidden(path, "only deletion is allowed")


def validate_status_change(new: Object, old: Object, problems: Problems) -> None:
    """A client's write of pods/status."""
    after, before = new.get("status") or {}, old.get("status") or {}
    validate_class_kept(after.get("qosClass"), before.get("qosClass"), problems)
    for group, statuses in zip(
        _CONTAINER_GROUPS, ("containerStatuses", "initContainerStatuses"), strict=True
    ):
        _validate_transitions(
            after.get(statuses) or (),
            before.get(statuses) or (),
            {one.get("name"): one for one in old["spec"].get(group) or ()},
            old["spec"].get("restartPolicy"),
            f"status.{statuses}",
            problems,
        )


def _validate_transitions(
    after: Sequence[Mapping[str, Any]],
    before: Sequence[Mapping[str, Any]],
    containers: Mapping[Any, Mapping[str, Any]],
    pod_policy: Any,
    path: str,
    problems: Problems,
) -> None:
    """VALIDATION-004: what has stopped for good stays stopped."""
    states = {status.get("name"): status.get("state") or {} for status in after}
    for index, status in enumerate(before):
        ended = (status.get("state") or {}).get("terminated")
        new_state = states.get(status.get("name"))
        if ended is None or new_state is None or new_state.get("terminated") is not None:
            continue
        container = containers.get(status.get("name")) or {}
        if not may_leave_terminated(container, pod_policy, ended.get("exitCode", 0)):
            why = "may not be transitioned to non-terminated state"
            problems.forbidden(f"{path}[{index}].state", why)


def may_leave_terminated(container: Mapping[str, Any], pod_policy: Any, exit_code: int) -> bool:
    """Whether the API lets a status say that a stopped container lives again.

    Upstream: core validation.ValidateContainerStateTransition.
    """
    if pod_policy == "Always" or container.get("restartPolicyRules"):
        return True
    policy = container.get("restartPolicy") or pod_policy
    return policy == "Always" or (policy == "OnFailure" and exit_code != 0)


def validate_resize(new: Object, old: Object, problems: Problems) -> None:
    """pods/resize: CPU and memory of containers may change, the class may not (QOS-002)."""
    if _without_sizes(new["spec"]) != _without_sizes(old["spec"]):
        problems.forbidden("spec", "only cpu and memory resources are mutable")
    else:
        validate_class_kept(resources.qos_class(new), resources.qos_class(old), problems)


def validate_class_kept(after: Any, before: Any, problems: Problems) -> None:
    """QOS-002: the class of a Pod is for life."""
    if after != before:
        problems.invalid("status.qosClass", after, "Pod QOS Class may not change")


def _without_sizes(spec: Mapping[str, Any]) -> Object:
    stripped = dict(spec)
    for group in _CONTAINER_GROUPS:
        if spec.get(group):
            stripped[group] = [_without_size(container) for container in spec[group]]
    return stripped


def _without_size(container: Mapping[str, Any]) -> Object:
    held = container.get("resources") or {}
    rest = {
        side: {
            name: text
            for name, text in (held.get(side) or {}).items()
            if name not in resources.QOS_RESOURCES
        }
        for side in ("requests", "limits")
    }
    return {**container, "resources": rest, "resizePolicy": None}
