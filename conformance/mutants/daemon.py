"""DAEMON: DaemonSet controllers that forget nodes, choose the wrong ones, or update without care."""

from __future__ import annotations

import math
from typing import Any, Final

from attrs import evolve

from conformance.adapters.simulator import meta
from conformance.adapters.simulator.controllers.workloads import daemon_pods
from conformance.adapters.simulator.controllers.workloads.daemon_pods import Fitness
from conformance.adapters.simulator.controllers.workloads.daemon_rollout import Budget
from conformance.mutants import SIMULATOR, mutant
from conformance.mutants.settings import SETTINGS, turned

API: Final = f"{SIMULATOR}.api.daemons"
WORKLOADS: Final = f"{SIMULATOR}.controllers.workloads"
CONTROLLER: Final = f"{WORKLOADS}.daemons"
PODS: Final = f"{WORKLOADS}.daemon_pods"
ROLLOUT: Final = f"{WORKLOADS}.daemon_rollout"
BACKOFF: Final = f"{WORKLOADS}.daemon_backoff"
EVICTION: Final = f"{SIMULATOR}.controllers.nodes.eviction"

# DAEMON-001 and 002: which nodes.


@mutant("DAEMON-001", f"{CONTROLLER}:DaemonSetController.notice")
def new_nodes_are_not_noticed(original: Any) -> Any:
    """A node that comes later gets no daemon Pod."""

    def notice(controller: Any, type: str, new: Any, old: Any) -> None:
        if new["kind"] != "Node" or type != "ADDED":
            original(controller, type, new, old)

    return notice


@mutant("DAEMON-001", f"{CONTROLLER}:DaemonSetController._excess")
def two_may_share_a_node(_: Any) -> Any:
    """Of several Pods on a node all are kept."""
    return lambda *_: []


@mutant("DAEMON-001", f"{PODS}:oldest_first")
def the_youngest_stays(original: Any) -> Any:
    """Of several Pods on a node the youngest is kept."""
    return lambda pods: original(pods)[::-1]


@mutant("DAEMON-001", f"{CONTROLLER}:DaemonSetController._every_node", profile="documented")
def one_node_is_enough(original: Any) -> Any:
    """Documented, only the first node gets a Pod."""

    def every_node(controller: Any, daemons: Any, pods: Any) -> Any:
        todo = original(controller, daemons, pods)
        todo.nodes = [] if pods else todo.nodes[:1]
        return todo

    return every_node


@mutant("DAEMON-002", f"{PODS}:fitness")
def cordoned_nodes_are_left_out(original: Any) -> Any:
    """A node with spec.unschedulable is not eligible."""

    def fitness(daemons: Any, node: Any) -> Any:
        fit = original(daemons, node)
        cordoned = (node.get("spec") or {}).get("unschedulable")
        return Fitness(False, fit.stays) if cordoned else fit

    return fitness


@mutant("DAEMON-002", f"{PODS}:fitness")
def any_taint_drives_daemons_away(original: Any) -> Any:
    """A NoSchedule taint that is not tolerated removes the Pods that are there."""

    def fitness(daemons: Any, node: Any) -> Any:
        fit = original(daemons, node)
        return Fitness(fit.runs, fit.runs)

    return fitness


@mutant("DAEMON-002", f"{PODS}:fitness", profile="documented")
def every_node_will_do(_: Any) -> Any:
    """Documented, neither selector nor taints matter."""
    return lambda *_: Fitness(True, True)


@mutant("DAEMON-002", f"{CONTROLLER}:matters")
def labels_are_looked_at_once(_: Any) -> Any:
    """A node that changes its labels is not looked at again."""
    return lambda node, old: (
        (node.get("spec") or {}).get("taints") != ((old.get("spec") or {}).get("taints"))
    )


# DAEMON-003 and 004: what its Pods are like.


@mutant("DAEMON-003", f"{PODS}:TROUBLES")
def daemons_do_not_know_pid_pressure(original: Any) -> Any:
    """Daemon Pods do not tolerate pid-pressure."""
    return tuple(one for one in original if one[0] != "pid-pressure")


@mutant("DAEMON-003", f"{PODS}:NETWORK")
def daemons_need_a_network(_: Any) -> Any:
    """Pods on the host's network do not tolerate network-unavailable."""
    return ("memory-pressure", "NoSchedule")


@mutant("DAEMON-003", f"{PODS}:tolerations")
def daemons_tolerate_trouble_for_a_while(original: Any) -> Any:
    """The tolerations of daemon Pods end after 300 s."""

    def tolerations(template: Any) -> Any:
        return [
            {**one, "tolerationSeconds": 300} if one.get("effect") == "NoExecute" else one
            for one in original(template)
        ]

    return tolerations


@mutant("DAEMON-003", f"{EVICTION}:is_daemon", profile="documented")
def documented_daemons_are_lost_with_their_node(_: Any) -> Any:
    """Documented, daemon Pods are Failed like all others when their node is lost."""
    return lambda *_: False


@mutant("DAEMON-004", SETTINGS)
def the_controller_binds(original: Any) -> Any:
    """The controller sets spec.nodeName itself."""
    return turned(original, daemon_set_binds=True)


@mutant("DAEMON-004", SETTINGS, profile="documented")
def documented_the_scheduler_binds(original: Any) -> Any:
    """The controller leaves the binding to the scheduler in the documented profile."""
    return turned(original, daemon_set_binds=False)


# DAEMON-005: how they end.


@mutant("DAEMON-005", f"{BACKOFF}:FailureBackoff.wait")
def failures_are_cleared_at_once(_: Any) -> Any:
    """A failed daemon Pod is deleted without delay, again and again."""
    return lambda *_: 0.0


@mutant("DAEMON-005", f"{BACKOFF}:FailureBackoff.after")
def the_delay_of_failures_does_not_grow(_: Any) -> Any:
    """Every failed daemon Pod waits 1 s."""
    return lambda backoff, _: backoff.first


@mutant("DAEMON-005", f"{CONTROLLER}:DaemonSetController._may_go")
def who_has_succeeded_stays(original: Any) -> Any:
    """A daemon Pod that succeeded is left where it is."""
    return lambda controller, daemons, node, pod: (
        (pod.get("status") or {}).get("phase") == "Failed"
        and original(controller, daemons, node, pod)
    )


@mutant("DAEMON-005", f"{CONTROLLER}:DaemonSetController.tell", profile="documented")
def nobody_says_why(original: Any) -> Any:
    """No Event tells that a daemon Pod has ended."""

    def tell(controller: Any, about: Any, reason: str, message: str, **more: Any) -> None:
        if not reason.endswith("DaemonPod"):
            original(controller, about, reason, message, **more)

    return tell


# DAEMON-006 to 008: updates.


@mutant("DAEMON-006", SETTINGS)
def daemons_are_updated_on_delete(original: Any) -> Any:
    """The update strategy defaults to OnDelete."""
    return turned(original, daemon_set_update_strategy="OnDelete")


@mutant("DAEMON-006", SETTINGS, profile="documented")
def documented_daemons_roll(original: Any) -> Any:
    """The update strategy defaults to RollingUpdate in the documented profile."""
    return turned(original, daemon_set_update_strategy="RollingUpdate")


@mutant("DAEMON-006", f"{API}:DaemonSetStrategy.rolling_defaults")
def two_may_be_missing(original: Any) -> Any:
    """maxUnavailable defaults to 2."""
    return {**original, "maxUnavailable": 2}


@mutant("DAEMON-007", f"{CONTROLLER}:DaemonSetController.reconcile")
def on_delete_rolls_too(original: Any) -> Any:
    """With OnDelete, too, old Pods are replaced."""

    def reconcile(controller: Any, key: Any) -> None:
        original(controller, key)
        daemons = controller.store.get(*key)
        if daemons is not None and daemons["spec"]["updateStrategy"]["type"] == "OnDelete":
            hash_ = daemon_pods.template_hash(daemons)
            controller._do(daemons, controller._update(daemons, hash_), hash_)

    return reconcile


@mutant("DAEMON-007", f"{CONTROLLER}:DaemonSetController.is_counted_current")
def every_pod_counts_as_updated(_: Any) -> Any:
    """updatedNumberScheduled counts all Pods."""
    return lambda *_: True


@mutant("DAEMON-007", f"{PODS}:pod_for", profile="documented")
def new_pods_are_of_the_first_template(original: Any) -> Any:
    """Documented, a Pod is made of the template that the DaemonSet had at first."""
    first: dict[str, Any] = {}

    def pod_for(daemons: Any, node: str, hash_: str, settings: Any) -> Any:
        kept = first.setdefault(meta.uid_of(daemons), daemons)
        return original(kept, node, hash_, settings)

    return pod_for


@mutant("DAEMON-008", f"{ROLLOUT}:rounded")
def percentages_are_rounded_down(_: Any) -> Any:
    """A part of a node is none."""
    return math.floor


@mutant("DAEMON-008", f"{ROLLOUT}:budget")
def all_nodes_at_once(original: Any) -> Any:
    """An update deletes every old Pod at once."""

    def budget(daemons: Any, desired: int) -> Any:
        allowed = original(daemons, desired)
        return allowed if allowed.surge else Budget(0, desired)

    return budget


@mutant("DAEMON-008", f"{ROLLOUT}:surge")
def a_surge_goes_everywhere(original: Any) -> Any:
    """Every node gets a second Pod at once."""
    return lambda pairs, _, is_available: original(pairs, len(pairs), is_available)


@mutant("DAEMON-008", f"{ROLLOUT}:pair")
def a_surge_deletes_before_the_new_one_is_there(original: Any) -> Any:
    """The old Pod goes as soon as there is a new one, ready or not."""

    def pair(pods: Any, hash_: str) -> Any:
        found = original(pods, hash_)
        if found.new is None or found.old is None:
            return found
        ready = {
            **found.new,
            "status": {"conditions": (found.old.get("status") or {})["conditions"]},
        }
        return evolve(found, new=ready)

    return pair


@mutant("DAEMON-008", f"{ROLLOUT}:replaced")
def useless_pods_wait_their_turn(original: Any) -> Any:
    """Old Pods that are not available are not replaced first, but never."""

    def replaced(pairs: Any, unavailable: int, is_available: Any) -> Any:
        return [pod for pod in original(pairs, unavailable, is_available) if is_available(pod)]

    return replaced


@mutant("DAEMON-008", f"{API}:DaemonSetStrategy.validate_rolling")
def an_update_may_stand_still(_: Any) -> Any:
    """maxUnavailable and maxSurge may be anything."""
    return lambda *_: None


@mutant("DAEMON-008", f"{ROLLOUT}:next_step", profile="documented")
def documented_an_update_never_begins(original: Any) -> Any:
    """RollingUpdate does nothing."""
    return lambda *given: evolve(original(*given), doomed=[], nodes=[])
