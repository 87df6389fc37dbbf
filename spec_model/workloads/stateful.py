"""Who the Pods of a StatefulSet are, and what one of them waits for (STATEFUL-001 to -003).

After ``pkg/controller/statefulset/stateful_set_utils.go``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final

from attrs import frozen

from spec_model.events import Manifest
from spec_model.objects import EMPTY, Pod
from spec_model.pod.termination import OVER
from spec_model.profiles import V1_36, Profile
from spec_model.rules import Decision

REVISION: Final = "controller-revision-hash"
NAME: Final = re.compile(r"(.+)-(0|[1-9][0-9]*)", re.ASCII)


def ordinal(workload: str, pod: str) -> int | None:
    """The ordinal that a Pod's name says, None where the set of that name gives no such name.

    >>> ordinal("web", "web-2"), ordinal("web", "web-x"), ordinal("web", "other-2")
    (2, None, None)
    """
    found = NAME.fullmatch(pod)
    return int(found[2]) if found and found[1] == workload else None


def ordinals(spec: Manifest) -> Decision[range]:
    """The ordinals that there are to be."""
    start = (spec.get("ordinals") or EMPTY).get("start") or 0
    return Decision(range(start, start + spec.get("replicas", 1)), "STATEFUL-001")


def claims(workload: Manifest, pod: str) -> Decision[Mapping[str, str]]:
    """The claims of a Pod of that name, by the volume that mounts them."""
    templates = (workload.get("spec") or EMPTY).get("volumeClaimTemplates") or ()
    names = [each["metadata"]["name"] for each in templates]
    return Decision({name: f"{name}-{pod}" for name in names}, "STATEFUL-001")


def is_ordered(spec: Manifest) -> bool:
    """Whether Pods come and go one by one."""
    return (spec.get("podManagementPolicy") or "OrderedReady") == "OrderedReady"


def strategy(spec: Manifest, profile: Profile = V1_36) -> Decision[str]:
    """The update strategy: RollingUpdate where none is named, documented OnDelete."""
    given = (spec.get("updateStrategy") or EMPTY).get("type")
    return Decision(given or profile.stateful_set_update, "STATEFUL-003")


def partition(spec: Manifest) -> int:
    """The first ordinal that a rolling update touches."""
    rolling = (spec.get("updateStrategy") or EMPTY).get("rollingUpdate") or EMPTY
    start = (spec.get("ordinals") or EMPTY).get("start") or 0
    return int(start + (rolling.get("partition") or 0))


def revision(pod: Pod) -> str:
    """The name of the revision that a Pod was made from; empty where it does not say."""
    labels = pod.manifest["metadata"].get("labels") or EMPTY
    return str(labels.get(REVISION) or "")


def is_healthy(pod: Pod) -> bool:
    """Running, Ready, and not asked to end."""
    ready = (pod.conditions.get("Ready") or EMPTY).get("status") == "True"
    return pod.phase == "Running" and ready and pod.deletion_timestamp is None


# -- What is to be done ------------------------------------------------------------------------------


@frozen
class Step:
    """One thing that a controller does: ``create`` or ``delete`` the Pod with that ordinal."""

    verb: str
    ordinal: int


@frozen
class Members:
    """The Pods of a set by ordinal, the revision they are to be at, and who of them is available."""

    pods: Mapping[int, Pod]
    update: str
    is_available: Callable[[Pod], bool]


def owed(spec: Manifest, members: Members, profile: Profile = V1_36) -> Decision[Step | None]:
    """The step that a set as it is calls for; None where it must wait, or all is as it should be."""
    wanted, ordered = ordinals(spec).value, is_ordered(spec)
    for place in wanted:
        pod = members.pods.get(place)
        if pod is None:
            return Decision(Step("create", place), "STATEFUL-001")
        if has_ended(pod):
            step = None if pod.deletion_timestamp else Step("delete", place)
            return Decision(step, "STATEFUL-002")
        if ordered and not members.is_available(pod):
            return Decision(None, "STATEFUL-002")
    for place in sorted(members.pods.keys() - set(wanted), reverse=True):
        pod = members.pods[place]
        is_next = pod.deletion_timestamp is None and not (ordered and _waits(members, place))
        if is_next or ordered:
            return Decision(Step("delete", place) if is_next else None, "STATEFUL-002")
    return _update_owed(spec, members, profile)


def _waits(members: Members, place: int) -> bool:
    """Whether one that is too many waits: for one before it that is not healthy, or to be available."""
    before = (pod for each, pod in members.pods.items() if each < place)
    pod = members.pods[place]
    return not all(map(is_healthy, before)) or (is_healthy(pod) and not members.is_available(pod))


def _update_owed(spec: Manifest, members: Members, profile: Profile) -> Decision[Step | None]:
    if strategy(spec, profile).value == "RollingUpdate":
        for place in reversed(ordinals(spec).value):
            pod = members.pods[place]
            if place < partition(spec):
                break
            if revision(pod) != members.update and pod.deletion_timestamp is None:
                return Decision(Step("delete", place), "STATEFUL-003")
            if not members.is_available(pod):
                break
    return Decision(None, "STATEFUL-003")


def has_ended(pod: Pod) -> bool:
    """Failed or Succeeded: such a Pod is made again."""
    return pod.phase in OVER


def is_complete(spec: Manifest, members: Members, profile: Profile = V1_36) -> Decision[bool]:
    """Whether a rolling update has come to its end: all are at the new revision, and Ready."""
    wanted = set(ordinals(spec).value)
    whole = members.pods.keys() == wanted and all(
        revision(pod) == members.update and is_healthy(pod) for pod in members.pods.values()
    )
    return Decision(whole and strategy(spec, profile).value == "RollingUpdate", "STATEFUL-003")


def revision_for(
    spec: Manifest, place: int, current: str, update: str, profile: Profile = V1_36
) -> Decision[str]:
    """The revision of which a Pod with that ordinal is made."""
    rolls = strategy(spec, profile).value == "RollingUpdate"
    return Decision(current if rolls and place < partition(spec) else update, "STATEFUL-003")
