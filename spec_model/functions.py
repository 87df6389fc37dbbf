"""The functions of the model, by the names under which an engine may be asked for them.

Names, arguments and results are described in ``spec_model.schemas``. Each
entry of ``FUNCTIONS`` takes the arguments as plain data and a profile, and returns a decision. What
it refuses, it refuses by a ``ValueError`` of one word.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, Protocol, TypeAlias, runtime_checkable

from attrs import evolve

from spec_model import objects, quantity
from spec_model.parts import Parts
from spec_model.pod import backoff, conditions, kubectl, probes
from spec_model.pod.phase import phase_of_manifest
from spec_model.pod.restart import should_restart
from spec_model.profiles import Profile
from spec_model.resources import cpu, oom
from spec_model.resources.qos import qos_class
from spec_model.resources.requests import effective_requests
from spec_model.rules import Decision
from spec_model.scheduling import functions as scheduling
from spec_model.storage import config_sources, matching
from spec_model.validation import answers
from spec_model.workloads import deployment_functions as deployments
from spec_model.workloads import hpa, job_functions, victims

Arguments: TypeAlias = Mapping[str, Any]
Function: TypeAlias = Callable[[Arguments, Profile], Decision[Any]]

REFUSALS: Final[dict[str, str]] = {
    "container.should_restart": "RESTART-002",
    "container.oom_score_adj": "OOM-001",
    "cpu.weight": "RESOURCE-007",
    **kubectl.REFUSALS,
    "configmap.from_sources": "CONFIGMAP-006",
    **hpa.REFUSALS,
    **deployments.REFUSALS,
    **job_functions.REFUSALS,
    **scheduling.REFUSALS,
}
"""By function, the rule by which it refuses; any other refuses malformed quantities alone."""


class Functions(dict[str, Function]):
    """The table itself; unknown names are simply absent."""

    def rule_of_refusal(self, name: str) -> str:
        """The rule that says which arguments the function of that name refuses."""
        return REFUSALS.get(name, "RESOURCE-002")


def _phase(arguments: Arguments, profile: Profile) -> Decision[str]:
    return phase_of_manifest(arguments["pod"], arguments["terminating"], profile)


def _conditions(arguments: Arguments, _: Profile) -> Decision[Parts]:
    pod = objects.pod(arguments["pod"])
    return Decision(Parts(conditions.all_of(pod, pod.phase)), "CONDITION-004")


def _should_restart(arguments: Arguments, profile: Profile) -> Decision[bool]:
    pod = objects.pod(arguments["pod"])
    container = pod.spec.container(arguments["container"])
    if container is None:
        raise ValueError("no_container")
    deleting = pod.deletion_timestamp is not None
    return should_restart(pod.spec, container, arguments["exit_code"], deleting, profile)


def _backoff(arguments: Arguments, profile: Profile) -> Decision[Mapping[str, Any]]:
    base, cap = arguments["base_seconds"], arguments["cap_seconds"]
    constants = profile.backoff
    if (base, cap) != (constants.base, constants.cap):
        constants = evolve(constants, base=base, cap=cap, configured=True)
    runs = (run["run_seconds"] for run in arguments["runs"])
    decision = backoff.delays(runs, constants, arguments["housekeeping"])
    return Decision({"delays_seconds": list(decision.value)}, decision.because)


def _qos_class(arguments: Arguments, profile: Profile) -> Decision[str]:
    return qos_class(arguments["pod"]["spec"], profile)


def _effective_requests(arguments: Arguments, profile: Profile) -> Decision[Mapping[str, int]]:
    decision = effective_requests(arguments["pod"]["spec"], profile)
    requests = decision.value
    rounded = {
        "cpu_milli": quantity.milli(requests.get("cpu", 0)),
        "memory_bytes": quantity.whole(requests.get("memory", 0)),
    }
    return Decision(rounded, decision.because)


def _oom_score_adj(arguments: Arguments, profile: Profile) -> Decision[int]:
    node_memory = arguments["node_memory_bytes"]
    return oom.score_adj(arguments["pod"], arguments["container"], node_memory, profile)


def _oom_victim(arguments: Arguments, profile: Profile) -> Decision[str | None]:
    processes = (oom.Process(**process) for process in arguments["processes"])
    return oom.victim(processes, arguments["node_memory_bytes"], profile)


def _quantity_parse(arguments: Arguments, profile: Profile) -> Decision[Mapping[str, str]]:
    decision = quantity.parse(arguments["text"], profile)
    parsed = decision.value
    return Decision({"nano": str(parsed.nano), "canonical": parsed.canonical()}, decision.because)


def _quantity_round(arguments: Arguments, profile: Profile) -> Decision[Mapping[str, int]]:
    decision = quantity.rounded(arguments["text"], profile)
    value, milli_value = decision.value
    return Decision({"value": value, "milli_value": milli_value}, decision.because)


def _cpu_shares(arguments: Arguments, _: Profile) -> Decision[int]:
    return cpu.shares(arguments["request_milli"])


def _cpu_quota(arguments: Arguments, _: Profile) -> Decision[int]:
    return cpu.quota(arguments["limit_milli"])


def _cpu_weight(arguments: Arguments, _: Profile) -> Decision[int]:
    return cpu.weight(arguments["shares"], arguments["map"])


def _cpu_division(arguments: Arguments, _: Profile) -> Decision[tuple[float, ...]]:
    demands = [cpu.Demand(**container) for container in arguments["containers"]]
    return cpu.division(arguments["capacity_milli"], demands)


def _config_map_from(arguments: Arguments, _: Profile) -> Decision[Mapping[str, Any]]:
    return config_sources.config_map_from(
        arguments.get("from_file") or (),
        arguments.get("from_literal") or (),
        arguments.get("files") or {},
    )


FUNCTIONS: Final = Functions(
    {
        "pod.phase": _phase,
        "pod.conditions": _conditions,
        "pod.qos_class": _qos_class,
        "pod.effective_requests": _effective_requests,
        "container.should_restart": _should_restart,
        "container.oom_score_adj": _oom_score_adj,
        "restart.backoff": _backoff,
        "oom.victim": _oom_victim,
        "quantity.parse": _quantity_parse,
        "quantity.round": _quantity_round,
        "cpu.shares": _cpu_shares,
        "cpu.quota": _cpu_quota,
        "cpu.weight": _cpu_weight,
        "cpu.division": _cpu_division,
        **kubectl.FUNCTIONS,
        **probes.FUNCTIONS,
        "configmap.from_sources": _config_map_from,
        **hpa.FUNCTIONS,
        **deployments.FUNCTIONS,
        **job_functions.FUNCTIONS,
        **matching.FUNCTIONS,
        **scheduling.FUNCTIONS,
        **victims.FUNCTIONS,
        **answers.FUNCTIONS,
    }
)
"""Every function that the model can answer for."""


@runtime_checkable
class Legal(Protocol):
    """What was decided where more than one answer is right."""

    def allows(self, seen: object) -> bool:
        """Whether an answer is one of them."""


def same_result(seen: object, decided: object) -> bool:
    """Whether an engine's answer, as it came through JSON, is what was decided.

    Sequences compare by their elements whatever their type; fractions are equal within a millionth,
    since engines divide in their own way.
    """
    if isinstance(decided, Decision):
        return same_result(seen, decided.value)
    if isinstance(decided, Parts):
        return same_result(seen, decided.plain)
    if isinstance(decided, bool) or isinstance(seen, bool):
        return seen is decided
    if isinstance(decided, float) and isinstance(seen, int | float):
        return math.isclose(seen, decided, rel_tol=1e-6, abs_tol=1e-6)
    if decided is None or isinstance(decided, (str, int)):
        return bool(seen == decided)
    if isinstance(decided, Mapping):
        return (
            isinstance(seen, Mapping)
            and seen.keys() == decided.keys()
            and all(same_result(seen[key], value) for key, value in decided.items())
        )
    if isinstance(decided, Sequence):
        return (
            isinstance(seen, Sequence)
            and not isinstance(seen, str)
            and len(seen) == len(decided)
            and all(map(same_result, seen, decided))
        )
    if isinstance(decided, Legal):
        return decided.allows(seen)
    return seen == decided
