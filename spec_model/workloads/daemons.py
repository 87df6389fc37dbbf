"""The decisions about a DaemonSet: which nodes are fit, what its Pods put up with, what an update may do.

After ``pkg/controller/daemon/daemon_controller.go`` (NodeShouldRunDaemonPod), ``update.go`` and
``util/daemonset_util.go``. Objects are manifests.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from attrs import frozen

from spec_model.events import Manifest
from spec_model.objects import EMPTY
from spec_model.profiles import V1_36, Profile
from spec_model.rules import Decision
from spec_model.scheduling.node_selector import admits, node_affinity
from spec_model.scheduling.taints import tolerates

HASH: Final = "controller-revision-hash"
REQUIRED: Final = "requiredDuringSchedulingIgnoredDuringExecution"
PREFIX: Final = "node.kubernetes.io/"

ALWAYS_TOLERATED: Final = (
    ("not-ready", "NoExecute"),
    ("unreachable", "NoExecute"),
    ("disk-pressure", "NoSchedule"),
    ("memory-pressure", "NoSchedule"),
    ("pid-pressure", "NoSchedule"),
    ("unschedulable", "NoSchedule"),
)
ON_HOST_NETWORK: Final = ("network-unavailable", "NoSchedule")


# -- Nodes (DAEMON-002, DAEMON-003) -------------------------------------------------------------------


@frozen
class Fit:
    """Whether a node gets a daemon Pod, and whether one that it has may stay."""

    runs: bool
    stays: bool


def template_of(daemons: Manifest) -> Manifest:
    """The spec of the template."""
    spec: Manifest = ((daemons.get("spec") or EMPTY).get("template") or EMPTY).get("spec") or EMPTY
    return spec


def added_tolerations(template: Manifest) -> Decision[tuple[tuple[str, str], ...]]:
    """Key and effect of the taints that the controller lets every daemon Pod tolerate."""
    pairs: tuple[tuple[str, str], ...] = ALWAYS_TOLERATED
    if template.get("hostNetwork"):
        pairs = (*pairs, ON_HOST_NETWORK)
    return Decision(tuple((f"{PREFIX}{name}", effect) for name, effect in pairs), "DAEMON-003")


def node_fit(daemons: Manifest, node: Manifest) -> Decision[Fit]:
    """Whether a node is eligible; that it is cordoned does not matter."""
    template, name = template_of(daemons), node["metadata"]["name"]
    if template.get("nodeName") and template["nodeName"] != name:
        return Decision(Fit(False, False), "DAEMON-002")
    if not admits(template, node).value:
        return Decision(Fit(False, False), "DAEMON-002")
    effects = {taint.get("effect") for taint in _untolerated(template, node)}
    stays = "NoExecute" not in effects
    return Decision(Fit(stays and "NoSchedule" not in effects, stays), "DAEMON-002")


def _untolerated(template: Manifest, node: Manifest) -> Sequence[Manifest]:
    added = added_tolerations(template).value
    own: Sequence[Manifest] = template.get("tolerations") or ()
    return [
        taint
        for taint in (node.get("spec") or EMPTY).get("taints") or ()
        if (taint.get("key"), taint.get("effect")) not in added
        and not any(tolerates(each, taint) for each in own)
    ]


# -- Pods (DAEMON-001, DAEMON-004) --------------------------------------------------------------------


def pinned_to(spec: Manifest) -> str | None:
    """The one node that a Pod's required affinity names; None where it names none."""
    required = node_affinity(spec).get(REQUIRED) or EMPTY
    terms = required.get("nodeSelectorTerms") or ()
    names = [
        field["values"]
        for term in terms
        for field in term.get("matchFields") or ()
        if field.get("key") == "metadata.name" and field.get("operator") == "In"
    ]
    if len(terms) != 1 or len(names) != 1 or len(names[0]) != 1:
        return None
    return str(names[0][0])


def place_of(spec: Manifest) -> str:
    """The node that a daemon Pod is on, or else is meant for."""
    return spec.get("nodeName") or pinned_to(spec) or ""


def age_order(pod: Manifest) -> tuple[bool, str, str]:
    """Pods of one node in the order in which they are kept: bound ones, then the oldest."""
    metadata = pod["metadata"]
    bound = bool((pod.get("spec") or EMPTY).get("nodeName"))
    return not bound, metadata.get("creationTimestamp") or "", metadata["name"]


def is_of_template(pod: Manifest, daemons: Manifest) -> bool:
    """Whether a Pod was made of the template as it stands: whatever that says, the Pod has.

    What the controller and admission add to a Pod is no difference; what the template no longer says is.
    """
    own = {field: value for field, value in template_of(daemons).items() if field not in REWRITTEN}
    template = (daemons.get("spec") or EMPTY).get("template") or EMPTY
    wanted = template.get("metadata") or EMPTY
    spec = pod.get("spec") or EMPTY
    return (
        _includes(spec, own)
        and not any(_has_more(spec, own, group) for group in ("containers", "initContainers"))
        and not any(field in spec and field not in own for field in TAKEN_OVER)
        and all(
            _includes(pod["metadata"].get(field) or EMPTY, wanted.get(field) or EMPTY)
            for field in ("labels", "annotations")
        )
    )


REWRITTEN: Final = ("tolerations", "affinity", "nodeName")
"""Fields of a Pod that the controller makes, from the template and the node."""

TAKEN_OVER: Final = ("nodeSelector", "hostNetwork", "hostPID", "initContainers")
"""Fields that a Pod has only if its template has them."""


def _has_more(spec: Manifest, template: Manifest, group: str) -> bool:
    """Whether containers say something of which the template says nothing, as a probe that was dropped."""
    ours, theirs = spec.get(group) or (), template.get(group) or ()
    return len(ours) != len(theirs) or any(
        set(one) - set(other) - ADDED or _asked_for(one) != _asked_for(other)
        for one, other in zip(ours, theirs, strict=False)
    )


ADDED: Final = frozenset({"env", "volumeMounts", "resources"})
"""What admission adds to a container of a Pod."""


def _asked_for(container: Manifest) -> Mapping[str, Any]:
    """Its resources, but for the requests that are made of limits in a Pod."""
    resources = container.get("resources") or EMPTY
    limits, requests = (resources.get(each) or EMPTY for each in ("limits", "requests"))
    return {
        "limits": limits,
        "requests": {name: amount for name, amount in requests.items() if name not in limits},
    }


def _includes(whole: Any, part: Any) -> bool:
    if isinstance(part, Mapping):
        return isinstance(whole, Mapping) and all(
            key in whole and _includes(whole[key], value) for key, value in part.items()
        )
    if isinstance(part, list):
        return (
            isinstance(whole, list)
            and len(whole) >= len(part)
            and all(_includes(*pair) for pair in zip(whole, part, strict=False))
        )
    return bool(whole == part)


# -- Failures (DAEMON-005) ------------------------------------------------------------------------------


def failure_delay(cleared: int, profile: Profile = V1_36) -> Decision[float]:
    """How long after it cleared so many failed Pods of a node in a row the next one may be cleared."""
    if not cleared:
        return Decision(0.0, "DAEMON-005")
    grown = profile.daemon.failure_base * 2.0 ** min(cleared - 1, 30)
    return Decision(min(grown, profile.daemon.failure_cap), "DAEMON-005")


# -- Updates (DAEMON-008) -------------------------------------------------------------------------------


@frozen
class Budget:
    """How many nodes an update may leave without an available Pod, and give a second one."""

    unavailable: int
    surge: int


def update_budget(daemons: Manifest, desired: int) -> Decision[Budget]:
    """The update strategy as numbers of nodes; percentages of ``desired`` are rounded up."""
    rolling = ((daemons.get("spec") or EMPTY).get("updateStrategy") or EMPTY).get("rollingUpdate")
    given = {"maxUnavailable": 1, "maxSurge": 0, **(rolling or EMPTY)}
    surge = _rounded_up(given["maxSurge"], desired)
    unavailable = _rounded_up(given["maxUnavailable"], desired)
    if not surge and not unavailable:
        unavailable = 1
    return Decision(Budget(unavailable, surge), "DAEMON-008")


def _rounded_up(amount: int | str, desired: int) -> int:
    if isinstance(amount, int):
        return amount
    return -(-int(amount.rstrip("%")) * desired // 100)


def is_rolling(daemons: Manifest) -> bool:
    """Whether Pods of an old template are replaced by the controller itself."""
    strategy = (daemons.get("spec") or EMPTY).get("updateStrategy") or EMPTY
    return bool(strategy.get("type") == "RollingUpdate")
