"""EVICT: kubelets that see pressure where there is none, and put the wrong Pods out."""

from __future__ import annotations

from typing import Any, Final

from conformance.adapters.simulator import meta
from conformance.adapters.simulator.kubelet.pressure import Pressure
from conformance.mutants import SIMULATOR, mutant
from conformance.mutants.settings import SETTINGS, turned

PRESSURE: Final = f"{SIMULATOR}.kubelet.pressure:Pressure"
EVICTION: Final = f"{SIMULATOR}.kubelet.eviction"
WORKER: Final = f"{SIMULATOR}.kubelet.worker:PodWorker"
MIB: Final = 1024 * 1024


# EVICT-001: pressure.


@mutant("EVICT-001", SETTINGS)
def pressure_begins_too_early(original: Any) -> Any:
    """A node is under pressure when less than 200 Mi are left."""
    return turned(original, eviction_memory_bytes=200 * MIB)


@mutant("EVICT-001", SETTINGS, profile="documented")
def pressure_begins_too_late(original: Any) -> Any:
    """A node is under pressure when less than 50 Mi are left."""
    return turned(original, eviction_memory_bytes=50 * MIB)


@mutant("EVICT-001", SETTINGS)
def pressure_is_soon_forgotten(original: Any) -> Any:
    """A node is no longer under pressure as soon as there is enough memory again."""
    return turned(original, eviction_told_seconds=30.0)


@mutant("EVICT-001", SETTINGS)
def a_kubelet_looks_once_a_minute(original: Any) -> Any:
    """What is left of memory is looked at every 60 s."""
    return turned(original, eviction_look_seconds=60.0)


@mutant("EVICT-001", f"{PRESSURE}.rejection")
def everybody_is_turned_away(original: Any) -> Any:
    """Under MemoryPressure no Pod is taken, whatever it asks for."""

    def rejection(pressure: Pressure, pod: Any) -> Any:
        spec = {**pod["spec"], "containers": [{"name": "c"}], "initContainers": []}
        return original(pressure, {**pod, "spec": spec})

    return rejection


@mutant("EVICT-001", f"{PRESSURE}.rejection", profile="documented")
def nobody_is_turned_away(_: Any) -> Any:
    """Under MemoryPressure every Pod is taken."""
    return lambda *_: None


@mutant("EVICT-001", f"{PRESSURE}.rejection")
def tolerations_do_not_count(original: Any) -> Any:
    """A BestEffort Pod is turned away though it tolerates the pressure."""

    def rejection(pressure: Pressure, pod: Any) -> Any:
        return original(pressure, {**pod, "spec": {**pod["spec"], "tolerations": []}})

    return rejection


# EVICT-002: who goes first.


@mutant("EVICT-002", SETTINGS)
def the_class_decides(original: Any) -> Any:
    """BestEffort Pods go first, Guaranteed ones last, as it was up to 1.8."""
    return turned(original, eviction_by_class=True)


@mutant("EVICT-002", SETTINGS, profile="documented")
def the_class_does_not_decide(original: Any) -> Any:
    """Usage above the request decides, as it has since 1.9."""
    return turned(original, eviction_by_class=False)


@mutant("EVICT-002", f"{EVICTION}:rank")
def the_biggest_goes_first(_: Any) -> Any:
    """Whoever uses most goes first, whatever it asked for and however much it matters."""
    return lambda _: lambda each: -(each["usage"] or 0)


@mutant("EVICT-002", f"{EVICTION}:rank")
def priority_goes_before_usage(original: Any) -> Any:
    """Pods of low priority go first, also those that keep to their requests."""
    return lambda signal: lambda each: (each["priority"], original(signal)(each))


@mutant("EVICT-002", f"{EVICTION}:rank")
def priority_does_not_count(original: Any) -> Any:
    """Among those above their request the one with the largest excess goes first."""
    return lambda signal: lambda each: original(signal)({**each, "priority": 0})


@mutant("EVICT-002", f"{PRESSURE}.victims", profile="documented")
def the_last_one_goes(original: Any) -> Any:
    """The ranking is read from the wrong end."""
    return lambda pressure: original(pressure)[::-1]


# EVICT-003: what becomes of him.


@mutant("EVICT-003", f"{PRESSURE}._put_out")
def all_are_put_out_at_once(_: Any) -> Any:
    """Every Pod of the node goes in one cycle."""
    from conformance.adapters.simulator.kubelet.status import Why

    def put_out(pressure: Pressure) -> None:
        for victim in pressure.victims():
            victim.evict(Why("Evicted", "The node was low on resource: memory. "))

    return put_out


@mutant("EVICT-003", f"{PRESSURE}.is_spared", profile="documented")
def nobody_is_spared(_: Any) -> Any:
    """Critical Pods are put out like all others."""
    return lambda *_: False


@mutant("EVICT-003", f"{SIMULATOR}.kubelet.status:conditions.condition")
def the_disruption_is_not_told(original: Any) -> Any:
    """The condition DisruptionTarget has another reason."""

    def condition(type_: str, holds: bool, reason: str = "", message: str = "") -> Any:
        told = "PreemptionByScheduler" if type_ == "DisruptionTarget" else reason
        return original(type_, holds, told, message)

    return condition


@mutant("EVICT-003", f"{WORKER}.remove_if_deleted")
def who_was_put_out_is_deleted(original: Any) -> Any:
    """The object of a Pod goes when it has been put out."""

    def remove(worker: Any) -> None:
        if worker.hurried and not meta.is_deleting(worker.pod):
            worker.kubelet.store.remove("Pod", *worker.key)
        original(worker)

    return remove


@mutant("EVICT-003", f"{WORKER}.evict", profile="documented")
def who_is_put_out_comes_back(_: Any) -> Any:
    """The containers of a Pod that is put out are killed, and restarted in place."""

    def evict(worker: Any, why: Any) -> None:
        worker.report(why.reason, why.message, "Warning")
        worker.kill_all()

    return evict
