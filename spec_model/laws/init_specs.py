"""INIT-006, -007 and -010: what init containers may be asked for, and what they count for."""

from __future__ import annotations

from typing import Final

from spec_model.events import Manifest, Rejected
from spec_model.law import Verdict, expect, law
from spec_model.laws.phase import ABSORBING
from spec_model.objects import EMPTY, Pod
from spec_model.pod import conditions
from spec_model.profiles import Profile
from spec_model.resources.requests import Amounts, amounts, effective_requests
from spec_model.validation import validate
from spec_model.world import Breach, Done, Seen

FIELDS: Final = ("lifecycle", "livenessProbe", "readinessProbe", "startupProbe")
"""What some profile forbids a regular init container."""

NOT_IMPLEMENTED: Final = 501
"""How an engine refuses what it does not know: it has not looked at its form."""


@law("INIT-006", on="create Pod")
def init_containers_are_not_probed(done: Done) -> Verdict:
    """A regular init container with a probe or a hook is refused (422); the source refuses readiness only."""
    manifest = done.arguments["object"]
    given = _probes_of_init_containers(manifest.get("spec") or EMPTY)
    return _refuses_rightly("INIT-006", given, done) if given else None


@law("INIT-007", on="create Pod")
def container_names_are_unique_labels(done: Done) -> Verdict:
    """Names of all containers are DNS-1123 labels and unique in the Pod, or the Pod is refused (422)."""
    manifest = done.arguments["object"]
    spec = manifest.get("spec") or EMPTY
    names = {
        f"spec.{group}[{index}].name"
        for group in ("initContainers", "containers")
        for index, container in enumerate(spec.get(group) or ())
        if container.get("name")
    }
    return _refuses_rightly("INIT-007", names, done) if len(names) > 1 else None


def _probes_of_init_containers(spec: Manifest) -> set[str]:
    return {
        f"spec.initContainers[{index}].{field}"
        for index, container in enumerate(spec.get("initContainers") or ())
        if container.get("restartPolicy") != "Always"
        for field in FIELDS
        if container.get(field) is not None
    }


def _refuses_rightly(rule: str, fields: set[str], done: Done) -> Verdict:
    """Whether, of these fields, the write was refused for those that the rule refuses, and no other."""
    faults = validate(done.arguments["object"], done.profile)
    wrong = sorted({fault.field for fault in faults if fault.rule == rule})
    response = done.response
    if not isinstance(response, Rejected):
        return expect(not wrong, f"422 for {', '.join(wrong)}", "accepted")
    blamed = {cause.field for cause in response.causes}
    unjust = sorted((blamed & fields) - {fault.field for fault in faults})
    if unjust:
        return Breach(
            f"422 for {', '.join(wrong) or 'no other field'}", f"422 for {', '.join(unjust)}"
        )
    if not wrong or (blamed and blamed.isdisjoint(wrong)) or response.code == NOT_IMPLEMENTED:
        return None  # it was refused for something else
    return expect(
        response.code == 422, f"422 for {', '.join(wrong)}", f"{response.code} {response.reason}"
    )


# -- INIT-010 --------------------------------------------------------------------------------------

SELECTIVE: Final = (
    *("nodeSelector", "affinity", "topologySpreadConstraints", "schedulingGates", "schedulerName"),
    *("priorityClassName", "resourceClaims", "volumes"),
)
"""What else may keep a Pod from a node, or make room for it."""


@law("INIT-010", on="Pod with init containers")
def init_containers_count_for_scheduling(seen: Seen) -> Verdict:
    """A Pod takes max(app and sidecars, the most that is needed during initialization) of its node."""
    before, pod = seen.before, seen.now
    if before is None or before.spec.node_name:
        return None
    if pod.key in (seen.world.notes.get("bound by hand") or ()):
        return None
    if pod.spec.node_name:
        node = seen.world.view("Node", "", pod.spec.node_name)
        return None if node is None else _has_room(pod, node, seen)
    if _unschedulable(pod) and not _unschedulable(before) and seen.world.setting.clock == "virtual":
        return _has_no_room_anywhere(pod, seen)
    return None


def _has_room(pod: Pod, node: Manifest, seen: Seen) -> Verdict:
    """The node that was chosen has room for the effective request."""
    effective, apps = _requests(pod, seen.profile)
    if effective == apps:
        return None  # its init containers make no difference
    free = _free(node, seen)
    if not _fits(apps, free):
        return None  # it does not even fit without them: SCHED-005
    return expect(
        _fits(effective, free), _said(effective), f"bound to a node with {_said(free)} free"
    )


def _has_no_room_anywhere(pod: Pod, seen: Seen) -> Verdict:
    """No node has room; asked only where nothing but room can keep the Pod from a node."""
    spec = pod.spec.manifest
    nodes = [known.view for known in seen.world.of_kind("Node")]
    if any(spec.get(field) not in (None, [], {}, "default-scheduler") for field in SELECTIVE):
        return None
    if not nodes or any(
        (node.get("spec") or EMPTY).get(field) for node in nodes for field in CLOSED
    ):
        return None
    effective, apps = _requests(pod, seen.profile)
    rooms = [_free(node, seen) for node in nodes]
    fitting = [free for free in rooms if _fits(effective, free)]
    if not fitting and not any(_fits(apps, free) for free in rooms):
        return None
    what = f"a node for {_said(effective)}"
    return expect(
        not fitting, what, f"Unschedulable, with {_said(fitting[0])} free" if fitting else ""
    )


CLOSED: Final = ("taints", "unschedulable")


def _requests(pod: Pod, profile: Profile) -> tuple[Amounts, Amounts]:
    """The effective request of a Pod, and what its app containers request alone."""
    spec = pod.spec.manifest
    alone = {key: value for key, value in spec.items() if key != "initContainers"}
    return effective_requests(spec, profile).value, effective_requests(alone, profile).value


def _free(node: Manifest, seen: Seen) -> Amounts:
    """What no Pod on the node has taken, by resource in nano."""
    status, name = node.get("status") or EMPTY, node["metadata"]["name"]
    free = amounts(status.get("allocatable") or status.get("capacity") or EMPTY, seen.profile)
    for known in seen.world.of_kind("Pod"):
        other: Pod = known.view
        if other.spec.node_name != name or other.phase in ABSORBING or other.key == seen.now.key:
            continue
        taken = {"pods": WHOLE, **effective_requests(other.spec.manifest, seen.profile).value}
        for resource, amount in taken.items():
            free[resource] = free.get(resource, 0) - amount
    return free


WHOLE: Final = 10**9
"""One of something, in nano."""


def _fits(wanted: Amounts, free: Amounts) -> bool:
    return free.get("pods", WHOLE) >= WHOLE and all(
        amount <= free.get(resource, 0) for resource, amount in wanted.items() if amount
    )


def _said(found: Amounts) -> str:
    return ", ".join(f"{resource} {amount / WHOLE:g}" for resource, amount in sorted(found.items()))


def _unschedulable(pod: Pod) -> bool:
    return conditions.unschedulable(pod) is not None
