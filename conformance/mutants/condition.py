"""CONDITION: engines whose Pods say the wrong thing of themselves, or at the wrong time."""

from __future__ import annotations

from typing import Any, Final

from attrs import evolve

from conformance.adapters.simulator import meta
from conformance.mutants import SIMULATOR, mutant

CONDITIONS: Final = f"{SIMULATOR}.kubelet.conditions"
STATUS: Final = f"{SIMULATOR}.kubelet.status"
SCHEDULED: Final = f"{SIMULATOR}.scheduled"


# CONDITION-001: which conditions there are.


@mutant("CONDITION-001", f"{SCHEDULED}:refused")
def unschedulable_is_a_condition(original: Any) -> Any:
    """A Pod for which there is no node gets a condition of the type Unschedulable."""
    return lambda old, message, settings, now: original(
        old, message, evolve(settings, scheduled_while_scheduling=True), now
    )


@mutant("CONDITION-001", f"{CONDITIONS}:condition")
def truth_is_written_small(original: Any) -> Any:
    """The status of a condition is true or false, as in JSON."""

    def condition(*given: Any) -> Any:
        made = original(*given)
        return {**made, "status": made["status"].lower()}

    return condition


@mutant("CONDITION-001", f"{STATUS}:is_known", profile="documented")
def conditions_of_later_years(_: Any) -> Any:
    """A kubelet shows conditions that the source document does not know."""
    return lambda *_: True


# CONDITION-002: PodScheduled.


@mutant("CONDITION-002", f"{SCHEDULED}:bound")
def the_kubelet_says_that_it_is_scheduled(_: Any) -> Any:
    """The binding writes the node alone; PodScheduled comes with the first word of the kubelet."""
    return lambda old, _: old


@mutant("CONDITION-002", f"{SCHEDULED}:begun")
def scheduled_as_soon_as_it_is_looked_at(_: Any) -> Any:
    """PodScheduled is True from the first look of the scheduler on."""
    return lambda old, _, now: meta.with_condition(
        old, {"type": "PodScheduled", "status": "True"}, now
    )


@mutant("CONDITION-002", f"{SCHEDULED}:GATED")
def gated_without_a_reason(original: Any) -> Any:
    """A Pod that its gates hold back is PodScheduled=False, and says Pending as the reason."""
    return {**original, "reason": "Pending"}


@mutant("CONDITION-002", f"{SCHEDULED}:begun", profile="documented")
def not_scheduled_while_it_is_looked_at(original: Any) -> Any:
    """PodScheduled is False until there is a node."""

    def begun(old: Any, settings: Any, now: str) -> Any:
        made = original(old, settings, now)
        if made is old:
            return old
        return [{**each, "status": "False"} for each in made]

    return begun


@mutant("CONDITION-002", f"{SIMULATOR}.scheduler:Scheduler.begin", profile="documented")
def an_address_without_a_node(original: Any) -> Any:
    """A Pod shows the address of some node before it is bound to any."""

    def begin(scheduler: Any, pod: Any) -> Any:
        shown = meta.with_status(original(scheduler, pod), hostIP="192.168.0.1")
        return scheduler.store.update_status(shown)

    return begin


# CONDITION-003: Initialized.


@mutant("CONDITION-003", f"{CONDITIONS}:init_is_complete")
def a_sidecar_has_to_be_over(_: Any) -> Any:
    """A sidecar counts as done when it has exited, as other init containers do."""
    return lambda _, status: bool(status.get("ready")) and "terminated" in status["state"]


@mutant("CONDITION-003", f"{CONDITIONS}:initialized")
def not_initialized_before_there_is_something_to_initialize(original: Any) -> Any:
    """A Pod without init containers is not Initialized before its app containers run."""

    def initialized(spec: Any, statuses: Any, *rest: Any) -> Any:
        made = original(spec, statuses, *rest)
        idle = not any("running" in (each.get("state") or {}) for each in (statuses or {}).values())
        return {**made, "status": "False"} if idle and not spec.get("initContainers") else made

    return initialized


@mutant("CONDITION-003", f"{CONDITIONS}:initialized", profile="documented")
def initialization_is_forgotten(original: Any) -> Any:
    """Initialized goes back to False when init containers run again in a new sandbox."""

    def initialized(spec: Any, statuses: Any, phase: str, _: bool) -> Any:
        names = [each["name"] for each in spec.get("initContainers") or ()]
        known = {name: each for name, each in (statuses or {}).items() if name in names}
        return original(spec, known, phase, False)

    return initialized


# CONDITION-004: ContainersReady and Ready.


@mutant("CONDITION-004", f"{CONDITIONS}:containers_ready")
def one_ready_container_is_enough(original: Any) -> Any:
    """ContainersReady is True when any of the containers is ready."""

    def ready(spec: Any, statuses: Any, phase: str) -> Any:
        found = [each for each in (statuses or {}).values() if each.get("ready")]
        if not found:
            return original(spec, statuses, phase)
        return {"type": "ContainersReady", "status": "True"}

    return ready


@mutant("CONDITION-004", f"{CONDITIONS}:ready")
def readiness_does_not_ask_its_gates(_: Any) -> Any:
    """Ready is ContainersReady, whatever the readiness gates say."""
    return lambda _, containers, __: {**containers, "type": "Ready"}


@mutant("CONDITION-004", f"{CONDITIONS}:is_open")
def a_gate_that_is_there_is_open(_: Any) -> Any:
    """A readiness gate counts as open as soon as somebody has written its condition."""
    return lambda gate, present: gate in present


@mutant("CONDITION-004", f"{CONDITIONS}:containers_ready")
def an_end_is_no_reason(original: Any) -> Any:
    """A Pod that has ended is not ready because of ContainersNotReady, as any other."""

    def ready(*given: Any) -> Any:
        made = original(*given)
        return {**made, "reason": "ContainersNotReady"} if made["status"] == "False" else made

    return ready


@mutant("CONDITION-004", f"{CONDITIONS}:ready", profile="documented")
def a_pod_serves_when_it_runs(_: Any) -> Any:
    """Ready is True from the first word of the kubelet on."""
    return lambda *_: {"type": "Ready", "status": "True"}


# CONDITION-005: the order.


@mutant("CONDITION-005", f"{STATUS}:pod_conditions")
def a_sandbox_is_told_of_at_the_end(original: Any) -> Any:
    """PodReadyToStartContainers is True only when the Pod is ready."""

    def conditions(*given: Any) -> Any:
        made = original(*given)
        ready = any(each["type"] == "Ready" and each["status"] == "True" for each in made)
        return [
            each
            if ready or each["type"] != "PodReadyToStartContainers"
            else {**each, "status": "False"}
            for each in made
        ]

    return conditions


@mutant("CONDITION-005", f"{STATUS}:pod_conditions", profile="documented")
def initialized_after_all(original: Any) -> Any:
    """Initialized says the second after that in which it is written."""

    def conditions(view: Any, *given: Any) -> Any:
        late = meta.format_time(meta.parse_time(view.now) + 1)
        return [
            {**each, "lastTransitionTime": late}
            if each["type"] == "Initialized" and each["lastTransitionTime"] == view.now
            else each
            for each in original(view, *given)
        ]

    return conditions


# CONDITION-006: transition times.


@mutant("CONDITION-006", f"{CONDITIONS}:stamped")
def every_write_is_a_transition(original: Any) -> Any:
    """lastTransitionTime moves whenever a condition is written, for another reason too."""
    return lambda made, last, now: {**original(made, last, now), "lastTransitionTime": now}


@mutant("CONDITION-006", f"{CONDITIONS}:stamped", profile="documented")
def a_transition_keeps_its_time(original: Any) -> Any:
    """lastTransitionTime is that of the first time that the condition was written."""

    def stamped(made: Any, last: Any, now: str) -> Any:
        first = now if last is None else last.get("lastTransitionTime", now)
        return {**original(made, last, now), "lastTransitionTime": first}

    return stamped


@mutant("CONDITION-006", f"{SIMULATOR}.meta:with_condition")
def a_refusal_is_a_transition(original: Any) -> Any:
    """The scheduler writes a new lastTransitionTime each time that it finds no node."""

    def with_condition(conditions: Any, new: Any, now: str) -> Any:
        return [
            {**each, "lastTransitionTime": now} if each.get("type") == new["type"] else each
            for each in original(conditions, new, now)
        ]

    return with_condition
