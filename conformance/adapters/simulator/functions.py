"""The pure functions that the engine answers for, by the names and schemas of the vectors."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, TypeAlias

from conformance.adapters.simulator import (
    api,
    config_sources,
    kubectl,
    meta,
    predicates,
    quantity,
    resources,
)
from conformance.adapters.simulator.api import pod_defaults
from conformance.adapters.simulator.controllers.hpa import functions as autoscaler
from conformance.adapters.simulator.controllers.volumes import functions as binder
from conformance.adapters.simulator.controllers.workloads import functions as rollouts
from conformance.adapters.simulator.controllers.workloads import job_functions, victims
from conformance.adapters.simulator.errors import ApiError
from conformance.adapters.simulator.kubelet import (
    backoff,
    cgroups,
    conditions,
    eviction,
    oom,
    phase,
    probe_results,
    restart,
)
from conformance.adapters.simulator.settings import Settings

Arguments: TypeAlias = Mapping[str, Any]
Function: TypeAlias = Callable[[Arguments, Settings], Any]


def evaluate(name: str, arguments: Arguments, settings: Settings) -> Any:
    """The answer of one of ``SERVED``.

    Raises:
        ValueError: the function's refusal, in the vectors' word.
    """
    try:
        return SERVED[name](arguments, settings)
    except ApiError as error:
        raise ValueError(error.message) from error


def _parse(arguments: Arguments, settings: Settings) -> Any:
    parsed = quantity.parse(arguments["text"], settings.accepts_suffix_upper_k)
    return {"nano": str(parsed.nano), "canonical": parsed.canonical}


def _round(arguments: Arguments, settings: Settings) -> Any:
    parsed = quantity.parse(arguments["text"], settings.accepts_suffix_upper_k)
    return {
        "value": parsed.scaled_up(quantity.NANO),
        "milli_value": parsed.scaled_up(quantity.NANO // 1000),
    }


def _defaulted_pod(arguments: Arguments, settings: Settings) -> Any:
    pod = meta.plain_copy(arguments["pod"])
    pod_defaults.default_pod(pod, settings)
    return pod


def _qos_class(arguments: Arguments, settings: Settings) -> Any:
    return resources.qos_class(_defaulted_pod(arguments, settings))


def _effective_requests(arguments: Arguments, settings: Settings) -> Any:
    cpu, memory = resources.cpu_and_memory(_defaulted_pod(arguments, settings))
    return {"cpu_milli": cpu, "memory_bytes": memory}


def _validate(argument: str, kind: str) -> Function:
    """Validation on create of a manifest of this kind, as a dry run without admission plugins."""

    def validate(arguments: Arguments, settings: Settings) -> Any:
        copy = meta.plain_copy(arguments[argument])
        problems = api.creation_problems(api.strategy_of(kind), copy, settings)
        return {"valid": not problems, "fields": sorted({cause.field for cause, _ in problems})}

    return validate


def _cpu_division(arguments: Arguments, settings: Settings) -> Any:
    return cgroups.divide(arguments["capacity_milli"], arguments["containers"], settings)


SERVED: Final[Mapping[str, Function]] = {
    "quantity.parse": _parse,
    "quantity.round": _round,
    "pod.qos_class": _qos_class,
    "pod.effective_requests": _effective_requests,
    "pod.validate": _validate("pod", "Pod"),
    "configmap.validate": _validate("configmap", "ConfigMap"),
    "configmap.from_sources": lambda given, _: config_sources.from_sources(given),
    "pv.validate": _validate("pv", "PersistentVolume"),
    "pvc.validate": _validate("pvc", "PersistentVolumeClaim"),
    "hpa.validate": _validate("hpa", "HorizontalPodAutoscaler"),
    "job.validate": _validate("job", "Job"),
    "deployment.validate": _validate("deployment", "Deployment"),
    "pod.phase": lambda given, settings: phase.pod_phase(given, settings),
    "pod.conditions": lambda given, _: conditions.pod_conditions(given),
    "container.should_restart": lambda given, _: restart.restart_of(given),
    "container.oom_score_adj": lambda given, settings: oom.container_score_adj(given, settings),
    "restart.backoff": lambda given, settings: backoff.delays_of_runs(given, settings),
    "probe.fold": lambda given, settings: probe_results.fold(given, settings),
    "probe.worker": lambda given, settings: probe_results.worker(given, settings),
    "scheduler.fits": lambda given, settings: predicates.fits(given, settings),
    "node_selector.matches": lambda given, settings: predicates.node_selector_matches(
        given, settings
    ),
    "node_affinity.preferred_score": lambda given, _: predicates.preferred_score(given),
    "eviction.order": lambda given, settings: eviction.order(given, settings),
    "cpu.shares": lambda given, settings: cgroups.shares(given["request_milli"], settings),
    "cpu.quota": lambda given, settings: cgroups.quota(given["limit_milli"], settings),
    "cpu.weight": lambda given, _: cgroups.weight(given["shares"], given["map"]),
    "cpu.division": _cpu_division,
    "oom.victim": lambda given, settings: oom.victim(
        given["node_memory_bytes"], given["processes"], settings
    ),
    "kubectl_status": lambda given, _: kubectl.status_of(given["pod"]),
    "kubectl_delete.grace": lambda given, settings: kubectl.delete_grace(given, settings),
    "replicaset.deletion_order": lambda given, _: victims.deletion_order(given),
    **autoscaler.FUNCTIONS,
    **binder.FUNCTIONS,
    **rollouts.FUNCTIONS,
    **job_functions.FUNCTIONS,
}
"""Every function by name. Looked up through its module at call time, so that it can be replaced."""
