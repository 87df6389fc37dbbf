"""What may not be changed of an object that exists (VALIDATION-002, VALIDATION-004, PV-003, …).

After ``ValidatePodUpdate``, ``ValidateContainerStateTransition`` and
``ValidatePersistentVolumeClaimUpdate`` of ``pkg/apis/core/validation``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from spec_model.events import Manifest
from spec_model.pod.restart import policy_restarts, restarts_together
from spec_model.profiles import V1_36, Profile
from spec_model.validation.common import FORBIDDEN, INVALID, Fault, Faults, milli_of
from spec_model.validation.config_map import config_map_update_faults
from spec_model.validation.defaults import filled
from spec_model.validation.job import job_update_faults
from spec_model.validation.selector import FIXED, selector_update_faults

ONLY: Final = (
    "pod updates may not change other fields than image, activeDeadlineSeconds, tolerations"
)


def update_faults(old: Manifest, new: Manifest, profile: Profile = V1_36) -> tuple[Fault, ...]:
    """Every fault for which a rule wants the replacement of ``old`` by ``new`` refused.

    ``new`` is the whole object as it would be stored; what only lacks a default is not changed. What
    ``new`` is by itself, ``validate`` judges.
    """
    kind = new.get("kind")
    if kind == "ConfigMap":
        return tuple(config_map_update_faults(old, new))
    if old.get("spec") == new.get("spec"):
        return ()
    if kind == "Pod":
        return tuple(_pod_faults(_comparable(old, profile), _comparable(new, profile)))
    if kind == "Job":
        return tuple(job_update_faults(filled(old, profile), filled(new, profile)))
    if kind == "PersistentVolumeClaim":
        before, after = _comparable(old, profile), _comparable(new, profile)
        return tuple(_claim_faults(before, after, old.get("status") or {}, profile))
    if kind in FIXED:
        return tuple(selector_update_faults(old, new, profile))
    return ()


def _comparable(manifest: Manifest, profile: Profile) -> dict[str, Any]:
    """The spec so that it is equal to another where the API holds the two to be equal.

    Defaults are filled in, amounts are numbers, and what is empty is not there.
    """
    alone = {"kind": manifest.get("kind", ""), "spec": manifest.get("spec")}
    settled: dict[str, Any] = _settled(filled(alone, profile).get("spec") or {}, profile)
    return settled


def _settled(value: Any, profile: Profile) -> Any:
    if isinstance(value, (str, int)):
        return value
    if isinstance(value, list):
        return [_settled(inner, profile) for inner in value]
    if not isinstance(value, (dict, Mapping)):
        return value
    settled = (
        (field, _amounts(inner, profile) if field in AMOUNTS else _settled(inner, profile))
        for field, inner in value.items()
    )
    return {field: inner for field, inner in settled if inner}


AMOUNTS: Final = ("limits", "requests")


def _amounts(listed: Manifest | None, profile: Profile) -> dict[str, int | None]:
    return {name: milli_of(amount, profile) for name, amount in (listed or {}).items()}


def status_faults(old: Manifest, new: Manifest) -> tuple[Fault, ...]:
    """Every container that a write of the status brings back although its policy forbids (VALIDATION-004).

    A terminated container of a Pod with policy Never, or with OnFailure after exit code 0, stays so.
    """
    return tuple(_state_faults(old, new))


def _pod_faults(before: Manifest, after: Manifest) -> Faults:
    for group in ("containers", "initContainers"):
        if len(before.get(group) or ()) != len(after.get(group) or ()):
            message = "pod updates may not add or remove containers"
            yield Fault(f"spec.{group}", FORBIDDEN, "VALIDATION-002", message)
            return
    yield from _deadline_faults(before, after)
    yield from _toleration_faults(before, after)
    yield from _gate_faults(before, after)
    if before.get("nodeName") and before["nodeName"] != after.get("nodeName"):
        yield Fault("spec", FORBIDDEN, "IDENTITY-002", "a Pod stays on the node it was bound to")
    if _fixed(before.get("initContainers")) != _fixed(after.get("initContainers")):
        yield Fault("spec", FORBIDDEN, "INIT-008", "only the image of an init container may change")
    changed = {field for field in {*before, *after} if before.get(field) != after.get(field)}
    if _fixed(before.get("containers")) == _fixed(after.get("containers")):
        changed.discard("containers")
    if before.get("schedulingGates"):  # while a Pod is gated, where it may go can still be narrowed
        changed -= {"nodeSelector", "affinity"}
    if before.get("nodeName"):
        changed.discard("nodeName")
    if _mends_grace(before, after):
        changed.discard("terminationGracePeriodSeconds")
    if changed - JUDGED_ALONE:
        yield Fault("spec", FORBIDDEN, "VALIDATION-002", ONLY)


JUDGED_ALONE: Final = frozenset(
    {"initContainers", "activeDeadlineSeconds", "tolerations", "schedulingGates"}
)


def _deadline_faults(before: Manifest, after: Manifest) -> Faults:
    """PHASE-012: a deadline may be set where there is none, or lowered."""
    old, new = before.get("activeDeadlineSeconds"), after.get("activeDeadlineSeconds")
    if old is not None and (new is None or new > old):
        message = "must be less than or equal to previous value"
        yield Fault("spec.activeDeadlineSeconds", INVALID, "PHASE-012", message)


def _toleration_faults(before: Manifest, after: Manifest) -> Faults:
    """Tolerations may be added; of those there are, only for how long they hold may change."""
    kept = [_without(each, "tolerationSeconds") for each in after.get("tolerations") or ()]
    for toleration in before.get("tolerations") or ():
        if _without(toleration, "tolerationSeconds") not in kept:
            message = "existing toleration can not be modified except its tolerationSeconds"
            yield Fault("spec.tolerations", FORBIDDEN, "VALIDATION-002", message)
            return


def _gate_faults(before: Manifest, after: Manifest) -> Faults:
    """Scheduling gates may be removed."""
    known = before.get("schedulingGates") or ()
    if any(gate not in known for gate in after.get("schedulingGates") or ()):
        message = "only deletion is allowed"
        yield Fault("spec.schedulingGates", FORBIDDEN, "VALIDATION-002", message)


def _mends_grace(before: Mapping[str, int], after: Mapping[str, int]) -> bool:
    """A negative grace period may become 1, which it has always meant."""
    field = "terminationGracePeriodSeconds"
    return before.get(field, 0) < 0 and after.get(field) == 1


def _fixed(containers: Sequence[Manifest] | None) -> list[dict[str, Any]]:
    """What of containers may not change: everything but the image; nor the policy of pulling it."""
    return [_without(each, "image") for each in containers or ()]


def _without(manifest: Manifest, *fields: str) -> dict[str, Any]:
    return {field: value for field, value in manifest.items() if field not in fields}


def _claim_faults(
    before: dict[str, Any], after: dict[str, Any], status: Manifest, profile: Profile
) -> Faults:
    """PV-003: the spec of a claim is fixed, but for more storage once it is bound, and its class."""
    before.pop("volumeAttributesClassName", None)
    after.pop("volumeAttributesClassName", None)
    if not before.get("volumeName"):  # the binder fills it in, as it does an unset class
        before.pop("volumeName", None)
        after.pop("volumeName", None)
    if before.get("storageClassName") is None:
        before.pop("storageClassName", None)
        after.pop("storageClassName", None)
    if status.get("phase") == "Bound":
        yield from _storage_faults(before, after, status, profile)
        before, after = _without_storage(before), _without_storage(after)
    if before != after:
        message = "spec is immutable after creation except resources.requests"
        yield Fault("spec", FORBIDDEN, "PV-003", message)


def _storage_faults(
    before: Manifest, after: Manifest, status: Manifest, profile: Profile
) -> Faults:
    """Less than before may be asked for only while the volume has not grown to that yet."""
    old, new = _storage(before), _storage(after)
    has = milli_of((status.get("capacity") or {}).get("storage", "0"), profile) or 0
    if new < old and (new <= has or not has):
        message = "field can not be less than status.capacity"
        yield Fault("spec.resources.requests.storage", FORBIDDEN, "PV-003", message)


def _storage(spec: Manifest) -> int:
    """What a settled spec asks for, in milli-bytes."""
    requests = (spec.get("resources") or {}).get("requests") or {}
    return requests.get("storage") or 0


def _without_storage(spec: Mapping[str, Any]) -> dict[str, Any]:
    resources = spec.get("resources") or {}
    requests = _without(resources.get("requests") or {}, "storage")
    return {**spec, "resources": {**resources, "requests": requests}}


def _state_faults(old: Manifest, new: Manifest) -> Faults:
    spec = new.get("spec") or {}
    if (spec.get("restartPolicy") or "Always") == "Always" or restarts_together(spec):
        return
    for statuses, group in (
        ("containerStatuses", "containers"),
        ("initContainerStatuses", "initContainers"),
    ):
        now = {each["name"]: each for each in (new.get("status") or {}).get(statuses) or ()}
        final = _final(old, spec, statuses, group)
        for index, name in final:
            state = now.get(name, {}).get("state")
            if name in now and not (state or {}).get("terminated"):
                field = f"status.{statuses}[{index}].state"
                message = "may not be transitioned to non-terminated state"
                yield Fault(field, FORBIDDEN, "VALIDATION-004", message)


def _final(old: Manifest, spec: Manifest, statuses: str, group: str) -> Iterator[tuple[int, str]]:
    """Index and name of the containers that have terminated for good."""
    containers = {each.get("name"): each for each in spec.get(group) or ()}
    for index, status in enumerate((old.get("status") or {}).get(statuses) or ()):
        ended = (status.get("state") or {}).get("terminated")
        container = containers.get(status["name"], {})
        if ended is None or container.get("restartPolicyRules"):
            continue
        policy = container.get("restartPolicy") or spec["restartPolicy"]
        if not policy_restarts(policy, ended.get("exitCode", 0)):
            yield index, status["name"]
