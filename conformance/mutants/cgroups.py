"""RESOURCE-005 to 009: nodes that divide CPU and memory wrongly, and show it wrongly."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from conformance.adapters.simulator import quantity, resources
from conformance.adapters.simulator.kubelet import Kubelet, cgroups, machine
from conformance.adapters.simulator.kubelet.runtime import KILLED, Run
from conformance.adapters.simulator.kubelet.worker import PodWorker
from conformance.adapters.simulator.settings import Settings
from conformance.mutants import SIMULATOR, mutant
from conformance.mutants.settings import SETTINGS, turned

KUBELET: Final = f"{SIMULATOR}.kubelet"
CGROUPS: Final = f"{KUBELET}.cgroups"
MACHINE: Final = f"{KUBELET}.machine"

Object = Mapping[str, Any]


# RESOURCE-005 to 007: CPU.


def capped_by_its_request(original: Any, capped: str) -> Any:
    """The limit of a container, or of this resource its request where it has none."""

    def limit_of(container: Object, resource: str) -> Any:
        limit = original(container, resource)
        requests = (container.get("resources") or {}).get("requests") or {}
        return requests.get(resource) if limit is None and resource == capped else limit

    return limit_of


@mutant("RESOURCE-005", f"{CGROUPS}:limit_of")
def a_cpu_request_is_a_cap(original: Any) -> Any:
    """A container without a CPU limit gets no more CPU than it requests."""
    return capped_by_its_request(original, "cpu")


@mutant("RESOURCE-005", f"{CGROUPS}:limit_of")
def a_memory_request_is_a_cap(original: Any) -> Any:
    """A container without a memory limit gets no more memory than it requests."""
    return capped_by_its_request(original, "memory")


@mutant("RESOURCE-006", SETTINGS)
def small_limits_have_small_quotas(original: Any) -> Any:
    """A CPU limit below 10m becomes a quota of less than 1000 µs."""
    return turned(original, cpu_minimal_quota_microseconds=1)


@mutant("RESOURCE-006", SETTINGS)
def the_period_is_ten_milliseconds(original: Any) -> Any:
    """The quota of a CPU limit is for a period of 10 ms."""
    return turned(original, cpu_period_microseconds=10_000)


@mutant("RESOURCE-006", f"{CGROUPS}:capped")
def idle_cpu_goes_beyond_the_limit(_: Any) -> Any:
    """A container gets more CPU than its limit while nobody else wants it."""
    return lambda wish: float(wish["demand_milli"])


@mutant("RESOURCE-006", f"{KUBELET}:Kubelet.burn")
def cpu_over_the_limit_kills(original: Any) -> Any:
    """A container that wants more CPU than its limit is killed."""

    def burn(kubelet: Kubelet, namespace: str, pod: str, container: str, milli: int) -> None:
        original(kubelet, namespace, pod, container, milli)
        worker, spec, run = machine.place_of(kubelet, namespace, pod, container)
        if machine.is_throttled(spec, milli):
            worker.finish(run, KILLED)

    return burn


@mutant("RESOURCE-007", f"{CGROUPS}:shares")
def no_request_is_a_whole_core(original: Any) -> Any:
    """A container without a CPU request gets the 1024 shares that a cgroup has by default."""
    return lambda request, settings: original(request or 1000, settings)


@mutant("RESOURCE-007", f"{CGROUPS}:shares")
def shares_are_rounded(original: Any) -> Any:
    """The shares of a request are rounded to the nearest, not down."""
    return lambda request, settings: max(original(request, settings), round(request * 1.024))


@mutant("RESOURCE-007", SETTINGS)
def one_share_is_enough(original: Any) -> Any:
    """The least shares are 1, not 2."""
    return turned(original, cpu_shares_range=(1, 262_144))


@mutant("RESOURCE-007", f"{CGROUPS}:weight")
def weights_begin_at_zero(original: Any) -> Any:
    """The weight of a container on cgroup v2 is one too low."""
    return lambda shares, mapping: original(shares, mapping) - 1


@mutant("RESOURCE-007", f"{CGROUPS}:divide")
def short_cpu_is_divided_equally(original: Any) -> Any:
    """Every container that wants contended CPU gets as much of it, whatever its request."""
    return lambda capacity, wishes, settings: original(
        capacity, [{**wish, "request_milli": 1000} for wish in wishes], settings
    )


@mutant("RESOURCE-007", f"{CGROUPS}:divide")
def what_one_leaves_is_lost(_: Any) -> Any:
    """The part of its share that a container does not need goes to nobody."""

    def divide(capacity: float, wishes: Sequence[Object], settings: Settings) -> list[float]:
        wanted = [cgroups.capped(wish) for wish in wishes]
        if sum(wanted) <= capacity:
            return wanted
        weights = [cgroups.shares(wish["request_milli"], settings) for wish in wishes]
        total = sum(weight for weight, demand in zip(weights, wanted, strict=True) if demand)
        offers = [capacity * weight / total for weight in weights]
        return [min(pair) for pair in zip(wanted, offers, strict=True)]

    return divide


@mutant("RESOURCE-007", f"{CGROUPS}:divide", profile="documented")
def short_cpu_is_divided_by_weight(original: Any) -> Any:
    """Contended CPU is divided by the weights of cgroup v2: 200m and 500m split it 8:20, not 2:5."""

    def divide(capacity: float, wishes: Sequence[Object], settings: Settings) -> Any:
        shares = [cgroups.shares(wish["request_milli"], settings) for wish in wishes]
        weighed = [
            {**wish, "request_milli": 1000 * cgroups.weight(share, "linear")}
            for wish, share in zip(wishes, shares, strict=True)
        ]
        return original(capacity, weighed, settings)

    return divide


# RESOURCE-008 and 009: memory, and what a container sees.


@mutant("RESOURCE-008", f"{KUBELET}.oom:exceeds_limit")
def the_limit_itself_is_too_much(original: Any) -> Any:
    """A container that uses exactly its memory limit is killed."""
    return lambda container, resident: original(container, resident + 1)


@mutant("RESOURCE-008", f"{KUBELET}.oom:exceeds_limit")
def a_page_more_does_not_matter(original: Any) -> Any:
    """A container may use a page more than its memory limit."""
    return lambda container, resident: original(container, resident - 4096)


@mutant("RESOURCE-008", f"{MACHINE}:kill_for_memory")
def a_memory_kill_is_an_error(_: Any) -> Any:
    """The reason of a container that was killed for its memory is Error."""
    return lambda worker, run: worker.finish(run, KILLED)


@mutant("RESOURCE-008", f"{MACHINE}:kill_for_memory")
def a_memory_kill_takes_its_neighbours(original: Any) -> Any:
    """The other containers of the Pod are killed together with the one over its limit."""

    def kill(worker: PodWorker, run: Run) -> None:
        original(worker, run)
        worker.kill_all()

    return kill


@mutant("RESOURCE-008", f"{MACHINE}:kill_for_memory")
def a_memory_kill_deletes_the_pod(original: Any) -> Any:
    """The Pod of a container over its limit is deleted, not restarted in place."""

    def kill(worker: PodWorker, run: Run) -> None:
        original(worker, run)
        worker.kubelet.store.delete("Pod", *worker.key, grace=0)

    return kill


@mutant("RESOURCE-008", f"{MACHINE}:allocate")
def guaranteed_may_exceed_its_limit(original: Any) -> Any:
    """A Guaranteed container above its own limit is not killed."""

    def allocate(kubelet: Kubelet, place: machine.Place, resident: int) -> None:
        worker, spec, run = place
        if resources.qos_class(worker.pod) == resources.GUARANTEED:
            bound = quantity.value(spec["resources"]["limits"].get("memory"))
            original(kubelet, (worker, spec, run), min(resident, bound))
            run.memory_bytes = resident
        else:
            original(kubelet, place, resident)

    return allocate


def seen_inside(original: Any, change: Callable[[Object, Object], Object]) -> Any:
    """``inspect``, with another /proc made of what it was and the limits of the container."""

    def inspect(kubelet: Kubelet, place: machine.Place) -> Any:
        shown = original(kubelet, place)
        limits = (place[1].get("resources") or {}).get("limits") or {}
        return {**shown, "proc": {**shown["proc"], **change(shown["proc"], limits)}}

    return inspect


@mutant("RESOURCE-009", f"{MACHINE}:inspect")
def meminfo_shows_the_limit(original: Any) -> Any:
    """/proc/meminfo shows a container its memory limit as the total."""
    return seen_inside(
        original,
        lambda proc, limits: {
            "MemTotal": quantity.value(limits.get("memory")) or proc["MemTotal"],
        },
    )


@mutant("RESOURCE-009", f"{MACHINE}:inspect")
def nproc_shows_the_limit(original: Any) -> Any:
    """nproc shows a container its CPU limit, rounded up to whole cores."""
    return seen_inside(
        original,
        lambda proc, limits: {
            "cpus": math.ceil(quantity.milli(limits.get("cpu")) / 1000) or proc["cpus"],
        },
    )
