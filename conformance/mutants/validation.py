"""VALIDATION: API servers that let through what is wrong, and refuse what is right."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from conformance.adapters.simulator import errors
from conformance.adapters.simulator.api.fields import Problems
from conformance.adapters.simulator.kubelet import cgroups
from conformance.mutants import SIMULATOR, mutant

API: Final = f"{SIMULATOR}.api"
CHANGES: Final = f"{API}.pod_changes"
CGROUPS: Final = f"{SIMULATOR}.kubelet.cgroups"

Spec = Mapping[str, Any]


def nothing(*_: Any) -> None:
    """A check that is not made."""


# VALIDATION-001: what must be given.


@mutant("VALIDATION-001", f"{API}:named")
def a_namespace_must_be_given(original: Any) -> Any:
    """A Pod is refused whose manifest leaves the namespace to the request."""

    def named(strategy: Any, manifest: Spec, *given: Any) -> Any:
        if strategy.namespaced and not (manifest.get("metadata") or {}).get("namespace"):
            problems = Problems()
            problems.required("metadata.namespace")
            raise errors.invalid(str(manifest.get("kind")), "", problems)
        return original(strategy, manifest, *given)

    return named


@mutant("VALIDATION-001", f"{API}:named")
def a_generated_name_is_no_name(original: Any) -> Any:
    """A Pod that has generateName in place of a name is refused."""

    def named(strategy: Any, manifest: Spec, *given: Any) -> Any:
        metadata = {**(manifest.get("metadata") or {}), "generateName": ""}
        return original(strategy, {**manifest, "metadata": metadata}, *given)

    return named


@mutant("VALIDATION-001", f"{API}.containers:_validate_container")
def an_image_is_not_needed(original: Any) -> Any:
    """A container without an image is accepted."""
    return lambda container, *given: original(
        {**container, "image": container.get("image") or "busybox"}, *given
    )


@mutant("VALIDATION-001", f"{API}.containers:validate_containers", profile="documented")
def sidecars_are_enough(original: Any) -> Any:
    """A Pod without app containers is accepted."""
    return lambda containers, *given: original(containers, *given) if containers else None


# VALIDATION-002: what may change.


@mutant("VALIDATION-002", f"{CHANGES}:with_mutable_fields_of")
def the_grace_period_may_change(original: Any) -> Any:
    """A plain update of a Pod changes terminationGracePeriodSeconds to anything."""
    field = "terminationGracePeriodSeconds"
    return lambda new, old: {**original(new, old), field: new[field]}


@mutant("VALIDATION-002", f"{CHANGES}:with_mutable_fields_of")
def a_plain_update_resizes(original: Any) -> Any:
    """A plain update of a Pod changes the resources of its containers, as /resize does."""

    def merged(new: Spec, old: Spec) -> Any:
        kept = original(new, old)
        pairs = zip(kept["containers"], new["containers"], strict=True)
        sized = [{**was, "resources": now.get("resources")} for was, now in pairs]
        return {**kept, "containers": sized}

    return merged


@mutant("VALIDATION-002", f"{CHANGES}:_validate_tolerations")
def tolerations_may_be_taken_away(_: Any) -> Any:
    """An update of a Pod may leave out tolerations it has."""
    return nothing


@mutant("VALIDATION-002", f"{CHANGES}:_validate_tolerations")
def tolerations_are_for_life(_: Any) -> Any:
    """An update of a Pod may not add tolerations."""

    def validate(new: Spec, old: Spec, problems: Problems) -> None:
        if new.get("tolerations") != old.get("tolerations"):
            problems.forbidden("spec.tolerations", "field is immutable")

    return validate


@mutant("VALIDATION-002", f"{CHANGES}:_validate_gates")
def gates_may_be_added(_: Any) -> Any:
    """An update of a Pod may add scheduling gates."""
    return nothing


@mutant("VALIDATION-002", f"{CHANGES}:with_mutable_fields_of")
def a_negative_grace_period_stays(original: Any) -> Any:
    """A negative terminationGracePeriodSeconds may not be changed to 1."""
    field = "terminationGracePeriodSeconds"
    return lambda new, old: {**original(new, old), field: old[field]}


# VALIDATION-003: what becomes of limits and requests.


@mutant("VALIDATION-003", f"{CGROUPS}:request_of")
def shares_come_from_the_limit(original: Any) -> Any:
    """The CPU shares are made of the limit where there is one."""

    def request_of(container: Spec, resource: str) -> Any:
        limit = cgroups.limit_of(container, resource) if resource == "cpu" else None
        return original(container, resource) if limit is None else limit

    return request_of


@mutant("VALIDATION-003", f"{CGROUPS}:files")
def the_memory_cgroup_has_the_request(original: Any) -> Any:
    """The limit of the memory cgroup is the memory request of the container."""

    def files(container: Spec, settings: Any) -> Any:
        held = container.get("resources") or {}
        given = {**container, "resources": {**held, "limits": held.get("requests")}}
        wrong = original(given, settings)["memory.max"]
        right = original(container, settings)
        return right if right["memory.max"] == "max" else {**right, "memory.max": wrong}

    return files


# VALIDATION-004: who stays down.


@mutant("VALIDATION-004", f"{CHANGES}:may_leave_terminated")
def only_never_keeps_containers_down(original: Any) -> Any:
    """A status write revives a container that succeeded under OnFailure."""
    return lambda container, policy, code: (
        policy == "OnFailure" or original(container, policy, code)
    )


@mutant("VALIDATION-004", f"{CHANGES}:may_leave_terminated")
def a_failed_container_may_come_back(original: Any) -> Any:
    """A status write revives a container that failed under Never."""
    return lambda container, policy, code: code != 0 or original(container, policy, code)


@mutant("VALIDATION-004", f"{CHANGES}:may_leave_terminated")
def nobody_comes_back(original: Any) -> Any:
    """No status write revives a container, be it one that failed under OnFailure."""
    return lambda container, policy, code: policy == "Always" and original(container, policy, code)
