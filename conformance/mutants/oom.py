"""OOM: kernels and kubelets that kill the wrong process when memory runs out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from conformance.adapters.simulator import predicates
from conformance.adapters.simulator.kubelet import Kubelet, machine, oom
from conformance.adapters.simulator.settings import Settings
from conformance.mutants import SIMULATOR, mutant
from conformance.mutants.settings import SETTINGS, turned

KUBELET: Final = f"{SIMULATOR}.kubelet"
OOM: Final = f"{KUBELET}.oom"
MACHINE: Final = f"{KUBELET}.machine"

Process = Mapping[str, Any]


# OOM-001: the adjustment.


@mutant("OOM-001", SETTINGS)
def guaranteed_is_as_it_was(original: Any) -> Any:
    """Guaranteed containers have -998, as they had before 2019."""
    return turned(original, oom_guaranteed_adj=-998)


@mutant("OOM-001", SETTINGS, profile="documented")
def guaranteed_is_as_it_is_now(original: Any) -> Any:
    """Guaranteed containers have -997, as they have since 2019."""
    return turned(original, oom_guaranteed_adj=-997)


@mutant("OOM-001", SETTINGS)
def burstable_goes_down_to_two(original: Any) -> Any:
    """The least that a Burstable container has is 2."""
    return turned(original, oom_burstable_floor=2)


@mutant("OOM-001", SETTINGS, profile="documented")
def burstable_stops_at_three(original: Any) -> Any:
    """The least that a Burstable container has is 3, as it is now."""
    return turned(original, oom_burstable_floor=3)


@mutant("OOM-001", f"{OOM}:burstable_adj")
def burstable_goes_up_to_best_effort(_: Any) -> Any:
    """A Burstable container with a tiny request has 1000, as BestEffort ones have."""

    def burstable_adj(request: int, node_memory: int, settings: Settings) -> int:
        return max(1000 - 1000 * request // node_memory, settings.oom_burstable_floor)

    return burstable_adj


@mutant("OOM-001", f"{OOM}:go_quotient")
def the_quotient_is_rounded(_: Any) -> Any:
    """The thousandths of the node that a container requests are rounded, not cut off."""
    return lambda numerator, denominator: (2 * numerator + denominator) // (2 * denominator)


@mutant("OOM-001", f"{OOM}:is_node_critical")
def nobody_is_critical(_: Any) -> Any:
    """A system-node-critical Pod gets what its class gives."""
    return lambda _: False


@mutant("OOM-001", f"{OOM}:sidecar_bound")
def sidecars_are_on_their_own(_: Any) -> Any:
    """A sidecar gets what its own request gives, however safe the app containers are."""
    return lambda *_: 1000


@mutant("OOM-001", f"{OOM}:sidecar_bound")
def sidecars_are_as_safe_as_the_safest(_: Any) -> Any:
    """A sidecar gets the value for the largest request of an app container."""

    def sidecar_bound(spec: Any, share: int, node_memory: int, settings: Settings) -> int:
        largest = max(oom.memory_request(each) for each in spec["containers"]) + share
        return oom.burstable_adj(largest, node_memory, settings)

    return sidecar_bound


@mutant("OOM-001", f"{OOM}:unallocated_share")
def the_pods_own_request_is_nobodys(_: Any) -> Any:
    """What a Pod requests beyond its containers protects none of them."""
    return lambda _: 0


# OOM-002 and 003: the victim of a full node.


@mutant("OOM-002", f"{OOM}:badness")
def the_biggest_dies(_: Any) -> Any:
    """The process with the most memory is killed, whatever its oom_score_adj."""
    return lambda process, _: process["rss_bytes"]


@mutant("OOM-002", f"{OOM}:badness")
def the_adjustment_goes_before_the_size(_: Any) -> Any:
    """The process with the highest oom_score_adj is killed; its size only breaks ties."""
    return lambda process, _: (process["oom_score_adj"], process["rss_bytes"])


@mutant("OOM-002", f"{OOM}:victim")
def guaranteed_is_never_killed(original: Any) -> Any:
    """Guaranteed containers are spared even where nothing else is left to be killed."""

    def victim(node_memory: int, processes: Any, settings: Settings) -> Any:
        others = [each for each in processes if each["oom_score_adj"] >= 0]
        return original(node_memory, others, settings)

    return victim


@mutant("OOM-003", SETTINGS)
def the_largest_ratio_dies(original: Any) -> Any:
    """Among Burstable containers the one dies that uses most in proportion to its request."""
    return turned(original, oom_largest_ratio_dies=True)


@mutant("OOM-003", SETTINGS, profile="documented")
def the_largest_excess_dies(original: Any) -> Any:
    """Among Burstable containers the one dies that is farthest above its request."""
    return turned(original, oom_largest_ratio_dies=False)


@mutant("OOM-003", f"{OOM}:badness")
def the_first_of_a_constant_class_dies(original: Any) -> Any:
    """Among BestEffort or Guaranteed containers the oldest dies, whatever it uses."""

    def badness(process: Process, node_memory: int) -> Any:
        is_burstable = 0 < process["oom_score_adj"] < 1000
        return original(process if is_burstable else {**process, "rss_bytes": 0}, node_memory)

    return badness


# OOM-004: the victim of a limit.


@mutant("OOM-004", f"{KUBELET}:Kubelet.burn")
def cpu_kills_for_memory(original: Any) -> Any:
    """A container that wants more CPU than its limit is OOM-killed."""

    def burn(kubelet: Kubelet, namespace: str, pod: str, container: str, milli: int) -> None:
        original(kubelet, namespace, pod, container, milli)
        worker, spec, run = machine.place_of(kubelet, namespace, pod, container)
        if machine.is_throttled(spec, milli):
            machine.kill_for_memory(worker, run)

    return burn


@mutant("OOM-004", f"{MACHINE}:allocate")
def a_breach_kills_the_worst_of_the_node(original: Any) -> Any:
    """When a container exceeds its limit, the highest score of the whole node is killed."""

    def allocate(kubelet: Kubelet, place: machine.Place, resident: int) -> None:
        _, spec, run = place
        if not oom.exceeds_limit(spec, resident):
            original(kubelet, place, resident)
            return
        run.memory_bytes = resident
        here = list(machine.places(kubelet))
        processes = [machine.process(kubelet, each, str(i)) for i, each in enumerate(here)]
        memory = predicates.total_memory(kubelet.node())
        chosen = oom.victim(memory, processes, kubelet.settings)
        victim, _, its_run = here[int(chosen or 0)]
        machine.kill_for_memory(victim, its_run)

    return allocate
