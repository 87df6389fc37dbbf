"""RESOURCE-001 to 004: API servers that misread amounts, and what requests and limits mean."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final

from conformance.adapters.simulator import quantity
from conformance.adapters.simulator.quantity import Quantity
from conformance.adapters.simulator.settings import Settings
from conformance.mutants import SIMULATOR, mutant
from conformance.mutants.settings import SETTINGS, turned

QUANTITY: Final = f"{SIMULATOR}.quantity"
READING: Final = (f"{QUANTITY}:parse", f"{QUANTITY}:rounded_to_milli")
"""Both remember what they have read, so a fault of reading takes both."""
DEFAULTS: Final = f"{SIMULATOR}.api.pod_defaults"
LISTS: Final = f"{SIMULATOR}.api.resource_lists"

MILLI: Final = 10**6
"""Nano-units in a milli-unit."""


def rewritten(reader: Any, change: Callable[[str], str]) -> Any:
    """A reader of quantities that takes a text for another."""
    return lambda text, *given: reader(change(text), *given)


# RESOURCE-001: CPU.


@mutant("RESOURCE-001", f"{QUANTITY}:rounded_to_milli")
def fractions_of_a_milli_are_cut_off(_: Any) -> Any:
    """What is finer than 1m is rounded down: 0.0005 CPU is nothing."""

    def rounded(text: str, *given: bool) -> str:
        read = quantity.parse(text, *given)
        return Quantity(read.nano // MILLI * MILLI, read.family).canonical

    return rounded


@mutant("RESOURCE-001", f"{QUANTITY}:rounded_to_milli")
def decimals_are_read_back_as_written(original: Any) -> Any:
    """0.5 is stored as 0.5, not as 500m."""

    def rounded(text: str, *given: bool) -> Any:
        is_plain = re.fullmatch(r"[0-9]+\.[0-9]{1,3}", text)
        return text if is_plain else original(text, *given)

    return rounded


@mutant("RESOURCE-001", f"{QUANTITY}:Quantity.scaled_up", f"{QUANTITY}:rounded_to_milli")
def values_are_rounded_to_the_nearest(original: Any) -> Any:
    """Values are compared in the nearest milli-unit, not the next higher."""
    if original is quantity.rounded_to_milli:
        return original.__wrapped__  # it must not remember what it reads meanwhile
    return lambda read, unit: (2 * read.nano + unit) // (2 * unit)


# RESOURCE-002: memory.


@mutant("RESOURCE-002", *READING)
def binary_suffixes_are_decimal(original: Any) -> Any:
    """1Ki is 1000 bytes, 1Mi a million."""
    return rewritten(original, lambda text: re.sub("([kMGTPE])i$", r"\1", text.replace("Ki", "ki")))


@mutant("RESOURCE-002", *READING)
def mi_is_mebi(original: Any) -> Any:
    """The case of a binary suffix does not matter: mi is taken for Mi."""
    return rewritten(original, lambda text: text.replace("mi", "Mi"))


@mutant("RESOURCE-002", SETTINGS)
def upper_k_is_a_thousand(original: Any) -> Any:
    """The suffix K is accepted."""
    return turned(original, accepts_suffix_upper_k=True)


@mutant("RESOURCE-002", SETTINGS, profile="documented")
def upper_k_is_nothing(original: Any) -> Any:
    """The suffix K is refused."""
    return turned(original, accepts_suffix_upper_k=False)


@mutant("RESOURCE-002", f"{DEFAULTS}:round_resource_list")
def small_m_is_a_million_bytes(original: Any) -> Any:
    """128m of memory is taken for 128M."""

    def rounded(listed: dict[str, Any], settings: Settings) -> None:
        if "memory" in listed:
            listed["memory"] = re.sub("m$", "M", str(listed["memory"]))
        original(listed, settings)

    return rounded


# RESOURCE-003: requests and limits.


@mutant("RESOURCE-003", f"{LISTS}:validate_request")
def memory_is_not_compared(original: Any) -> Any:
    """Only the CPU request is held against its limit."""
    return lambda name, *given: original(name, *given) if name == "cpu" else None


@mutant("RESOURCE-003", f"{LISTS}:validate_request")
def amounts_are_compared_in_whole_units(original: Any) -> Any:
    """A request of 800m is within a limit of 300m, for both are less than a core."""
    return lambda name, request, limit, *given: original(
        name, quantity.value(request), limit and quantity.value(limit), *given
    )


@mutant("RESOURCE-003", f"{LISTS}:validate_request", profile="documented")
def a_request_is_below_its_limit(original: Any) -> Any:
    """A request that is equal to its limit is refused."""

    def validate(name: str, request: Any, limit: Any, path: str, problems: Any) -> None:
        original(name, request, limit, path, problems)
        if limit is not None and quantity.nano(request) == quantity.nano(limit):
            problems.invalid(f"{path}.requests", request, f"must be less than {name} limit")

    return validate


@mutant("RESOURCE-003", f"{LISTS}:is_overcommitted")
def devices_may_be_overcommitted(_: Any) -> Any:
    """The request of an extended resource may be lower than its limit."""
    return lambda _: True


@mutant("RESOURCE-003", f"{LISTS}:_validate_entry")
def amounts_may_be_negative(original: Any) -> Any:
    """A negative request or limit is accepted."""
    return lambda name, text, *given: original(name, str(text).lstrip("-"), *given)


@mutant("RESOURCE-003", f"{LISTS}:_validate_consistency")
def a_pod_may_ask_for_less_than_its_containers(_: Any) -> Any:
    """Pod-level resources are not held against those of the containers."""
    return lambda *_: None


# RESOURCE-004: what is missing.


@mutant("RESOURCE-004", SETTINGS)
def a_missing_request_is_nothing(original: Any) -> Any:
    """A limit without a request stays without one."""
    return turned(original, resource_limit_becomes_request=False)


@mutant("RESOURCE-004", f"{DEFAULTS}:default_requests")
def one_request_is_enough(original: Any) -> Any:
    """A container that requests anything gets no further requests from its limits."""
    return lambda held: None if held.get("requests") else original(held)


@mutant("RESOURCE-004", f"{DEFAULTS}:default_pod")
def init_containers_get_no_requests(original: Any) -> Any:
    """The limits of init containers do not become their requests."""

    def default_pod(pod: dict[str, Any], settings: Settings) -> None:
        inits = (pod.get("spec") or {}).get("initContainers") or ()
        given = [dict((each.get("resources") or {}).get("requests") or {}) for each in inits]
        original(pod, settings)
        for each, requests in zip(inits, given, strict=True):
            held = each["resources"]
            kept = {name: held["requests"][name] for name in requests}
            each["resources"] = {**held, "requests": kept}

    return default_pod


@mutant("RESOURCE-004", f"{DEFAULTS}:default_spec")
def templates_get_requests_too(original: Any) -> Any:
    """A limit becomes the request in the templates of workloads, too."""

    def default_spec(spec: dict[str, Any], settings: Settings) -> None:
        original(spec, settings)
        for container in (*(spec.get("initContainers") or ()), *(spec.get("containers") or ())):
            held = container["resources"]
            if held.get("limits"):
                held["requests"] = {**held["limits"], **(held.get("requests") or {})}

    return default_spec
