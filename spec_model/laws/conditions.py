"""CONDITION-001 to -004: which conditions a Pod has, and what they say."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeAlias

from spec_model.law import Verdict, expect, law
from spec_model.laws.ladders import UPSETS
from spec_model.laws.node_loss import is_served
from spec_model.laws.phase import ABSORBING, UNSETTLING, kubelet_owned
from spec_model.objects import EMPTY, Pod, is_static
from spec_model.pod import conditions
from spec_model.pod.conditions import STATUSES, Condition, said
from spec_model.pod.phase import RUNNING, final_phase, pod_phase
from spec_model.pod.termination import GRACE
from spec_model.rules import Decision
from spec_model.world import HELD, VOID, Breach, Held, Obligation, Seen, Void

UNSCHEDULED: Final = ("Unschedulable", "SchedulerError", "SchedulingGated")
"""Why a Pod has not been scheduled."""

ENDS: Final = {"PodFailed": "Failed", "PodCompleted": "Succeeded"}
"""Reasons of a Pod that is not ready because it is over, and the phases that they speak of."""

Decide: TypeAlias = Callable[[Pod, str], Decision[Condition]]
"""What a Pod's condition must be in a phase."""

EXTENSION: Final = 2.0


@law("CONDITION-001", on="Pod", when="changed")
def condition_types_are_known(seen: Seen) -> Verdict:
    """Built-in types only, or such as somebody has named himself; True, False or Unknown."""
    pod: Pod = seen.now
    if not pod.conditions or not kubelet_owned(seen):
        return None
    known = seen.profile.condition_types
    strange = [type_ for type_ in pod.conditions if type_ not in known and "/" not in type_]
    if strange:  # a readiness gate may be called anything
        strange = [type_ for type_ in strange if type_ not in conditions.gates(pod)]
    if strange:
        return Breach(f"conditions of the types {', '.join(known)}", ", ".join(strange))
    wrong = [
        type_
        for type_, condition in pod.conditions.items()
        if condition.get("status") not in STATUSES
    ]
    if not wrong:
        return HELD
    shown = (f"{type_}={pod.conditions[type_].get('status')}" for type_ in wrong)
    return Breach(f"a status of {', '.join(STATUSES)}", ", ".join(shown))


# -- PodScheduled ----------------------------------------------------------------------------------


@law("CONDITION-002", on="Pod", when="unplaced")
def a_pod_says_that_it_is_scheduled(seen: Seen) -> Verdict:
    """True in one write with the node; before that absent, or False for one of three reasons."""
    if (seen.before is not None and seen.before.spec.node_name) or not kubelet_owned(seen):
        return None
    if seen.profile.scheduled_while_scheduling:
        return _while_it_is_scheduled(seen)
    pod: Pod = seen.now
    shown = said(pod, "PodScheduled")
    if pod.spec.node_name:
        if seen.before is None:
            return None  # it may have come with its node
        what = f"PodScheduled=True with the node {pod.spec.node_name}"
        return expect(shown is not None and shown.status == "True", what, f"{shown}")
    if shown is None:
        return None
    return expect(
        shown.status == "False" and shown.reason in UNSCHEDULED,
        f"no node yet: PodScheduled=False because {', '.join(UNSCHEDULED)}",
        f"{shown}",
    )


def _while_it_is_scheduled(seen: Seen) -> Verdict:
    """As documented: the Pod is being scheduled, without a hostIP until there is a node."""
    pod: Pod = seen.now
    shown = said(pod, "PodScheduled")
    if not pod.spec.node_name:
        if shown is None and not _host_ip(pod):
            return None
        return expect(
            not _host_ip(pod) and (shown is None or shown.status == "True"),
            "PodScheduled=True and no hostIP while the Pod is being scheduled",
            f"PodScheduled={shown}, hostIP {_host_ip(pod) or 'none'}",
        )
    if _host_ip(pod):
        return None if seen.before is None else HELD
    if not is_served(seen) or seen.world.view("Node", "", pod.spec.node_name) is None:
        return None
    return Obligation(
        what=f"the hostIP of the node {pod.spec.node_name}",
        settled=_has_host_ip,
        not_after=seen.at + seen.tolerance.lateness,
        disturbed_by=UNSETTLING | frozenset(UPSETS),
    )


def _host_ip(pod: Pod) -> str:
    return str((pod.manifest.get("status") or EMPTY).get("hostIP") or "")


def _has_host_ip(later: Seen) -> Held | Void | None:
    if _host_ip(later.now):
        return HELD
    return VOID if _is_ending(later) else None


def _is_ending(seen: Seen) -> bool:
    over = seen.now.phase in ABSORBING or seen.now.deletion_timestamp is not None
    return over or seen.type == "DELETED"


# -- Initialized -----------------------------------------------------------------------------------


@law("CONDITION-003", on="Pod", when="changed")
def initialized_follows_from_the_init_containers(seen: Seen) -> Verdict:
    """True when all of them are through, and from then on, or once an app container has started."""
    pod: Pod = seen.now
    shown = said(pod, "Initialized")
    if shown is None or not pod.statuses or not kubelet_owned(seen):
        return None
    decided = conditions.initialized(pod, False, pod.phase).value
    if decided.status == "True":
        if shown.status == "True":
            return HELD
        if shown.status == "False" and _has_just_begun(seen):
            return _owes_initialized(seen)
        return Breach("Initialized=True", f"Initialized={shown}")
    before = None if seen.before is None else said(seen.before, "Initialized")
    if before is not None and before.status == "True":
        if _begins_behind_its_mirror(seen):
            return None
        return expect(shown.status == "True", "Initialized=True for ever", f"Initialized={shown}")
    if seen.before is None and not seen.fresh:
        return None
    if shown.status == "True" and _may_have_been_initialized(pod):
        return None  # it was, when nobody looked, and starts over
    return expect(shown.status == "False", f"Initialized={decided}", f"Initialized={shown}")


def _begins_behind_its_mirror(seen: Seen) -> bool:
    """Whether a file came back as it was, and its Pod begins anew while the mirror has stayed."""
    statuses = (seen.now.statuses.get(each.name) for each in seen.now.spec.containers)
    begun = any(each is not None and each.has_run for each in statuses)
    return is_static(seen.manifest) and not begun


def _has_just_begun(seen: Seen) -> bool:
    """Whether a sidecar has started since the last look.

    A kubelet writes down at once that a startup probe has succeeded, and looks at the conditions when
    it next syncs the Pod (``SetContainerStartup``).
    """
    if seen.world.setting.clock == "virtual" or seen.before is None:
        return False
    now, before = seen.now.statuses, seen.before.statuses
    sidecars = (each.name for each in seen.now.spec.init_containers if each.kind == "sidecar")
    return any(
        now[name].started and not (name in before and before[name].started)
        for name in sidecars
        if name in now
    )


def _owes_initialized(seen: Seen) -> Obligation:
    def settled(later: Seen) -> Held | Void | None:
        shown = said(later.now, "Initialized")
        if shown is not None and shown.status == "True":
            return HELD
        done = conditions.initialized(later.now, False, later.now.phase).value.status == "True"
        return None if done and not _is_ending(later) else VOID

    return Obligation(
        what="Initialized=True, for the last sidecar has started",
        settled=settled,
        not_after=seen.at + seen.tolerance.lateness,
        disturbed_by=UNSETTLING | frozenset(UPSETS),
    )


def _may_have_been_initialized(pod: Pod) -> bool:
    return any(
        (status := pod.statuses.get(container.name)) is not None
        and (status.restart_count > 0 or status.last is not None)
        for container in (*pod.spec.init_containers, *pod.spec.containers)
    )


# -- ContainersReady and Ready ---------------------------------------------------------------------


@law("CONDITION-004", on="Pod", when="changed")
def readiness_follows_from_the_containers(seen: Seen) -> Verdict:
    """ContainersReady of the containers alone, Ready of them and of the readiness gates."""
    pod: Pod = seen.now
    if "Ready" not in pod.conditions or not pod.statuses:
        return None
    if not kubelet_owned(seen) or not is_served(seen):
        return None
    if pod.deletion_timestamp is not None and seen.profile.deletion_unreadies:
        return None  # for TERM-009
    containers = said(pod, "ContainersReady")
    if containers is None:
        known = "ContainersReady" in seen.profile.condition_types
        if known:
            return Breach("a condition ContainersReady", "none")
        return _of_ready(seen, pod, conditions.containers_ready(pod, pod.phase))
    decided = conditions.containers_ready(pod, pod.phase)
    verdict = _agrees("ContainersReady", containers, decided, conditions.containers_ready, seen)
    return verdict if isinstance(verdict, (Breach, Obligation)) else _of_ready(seen, pod, decided)


def _agrees(
    type_: str, shown: Condition, by_phase: Decision[Condition], decide: Decide, seen: Seen
) -> Held | Breach | Obligation:
    """Whether a condition is what the phase makes it, the one shown or the one to be shown soon."""
    pod: Pod = seen.now
    decided = by_phase.value
    if shown == decided or (shown.status == decided.status == "True"):
        return HELD
    if pod.deletion_timestamp is not None and shown == decide(pod, RUNNING).value:
        return HELD  # the final phase of a deleted Pod is written over what was said before it
    if shown.status == "False" and shown.reason in ENDS and pod.phase not in ABSORBING:
        return _ends(pod, ENDS[shown.reason], shown, seen)
    return Breach(f"{type_}={decided}", f"{type_}={shown}")


def _ends(pod: Pod, phase: str, shown: Condition, seen: Seen) -> Held | Obligation:
    """A Pod that says it is over, and is not yet shown so (PHASE-010)."""
    decide = pod_phase if pod.deletion_timestamp is None else final_phase
    if phase == decide(pod, profile=seen.profile).value:
        return HELD
    grace = pod.spec.manifest.get("terminationGracePeriodSeconds", GRACE)
    return Obligation(
        what=f"phase {phase}, for it is not ready because of {shown.reason}",
        settled=_settles_in(phase),
        not_after=seen.at + grace + EXTENSION + seen.tolerance.lateness,
        disturbed_by=UNSETTLING | frozenset(UPSETS),
    )


def _settles_in(phase: str) -> Any:
    def settled(later: Seen) -> Held | Breach | Void | None:
        if later.now.phase in ABSORBING:
            return expect(later.now.phase == phase, f"phase {phase}", f"phase {later.now.phase}")
        return VOID if later.type == "DELETED" or not kubelet_owned(later) else None

    return settled


def _of_ready(seen: Seen, pod: Pod, containers: Decision[Condition]) -> Verdict:
    shown = said(pod, "Ready")
    assert shown is not None
    decided = conditions.with_gates(pod, containers)
    verdict = _agrees("Ready", shown, decided, conditions.ready, seen)
    if not isinstance(verdict, Breach):
        return verdict
    is_up_to_others = containers.value.status == "True"
    # Then a gate has just been opened or closed, or its node was lost and is back.
    return _owes_readiness(seen) if is_up_to_others else verdict


def _owes_readiness(seen: Seen) -> Obligation:
    return Obligation(
        what="Ready as its containers and readiness gates make it",
        settled=_is_as_ready_as_it_should_be,
        not_after=seen.at + seen.tolerance.lateness,
        disturbed_by=UNSETTLING | frozenset(UPSETS) | {"write-status"},
    )


def _is_as_ready_as_it_should_be(later: Seen) -> Held | Void | None:
    pod: Pod = later.now
    if _is_ending(later) or not kubelet_owned(later) or not is_served(later):
        return VOID
    shown = said(pod, "Ready")
    return HELD if shown == conditions.ready(pod, pod.phase).value else None
