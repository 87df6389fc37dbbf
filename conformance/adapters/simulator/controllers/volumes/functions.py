"""Volume matching by the names and schemas of the recorded vectors."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from conformance.adapters.simulator import meta
from conformance.adapters.simulator.controllers.volumes import matching
from conformance.adapters.simulator.settings import Settings

Arguments = Mapping[str, Any]


def best_match(arguments: Arguments, settings: Settings) -> str | None:  # noqa: ARG001
    """``pv.best_match``: the name of the volume the binder picks, or None."""
    found = matching.best_match(
        arguments["claim"], arguments["volumes"], arguments["delay_binding"]
    )
    return None if found is None else meta.name_of(found)


def find_matching_volume(arguments: Arguments, settings: Settings) -> str | None:  # noqa: ARG001
    """``pv.find_matching_volume``: the same inside one list, with the node if there is one."""
    found = matching.find_matching_volume(
        arguments["claim"],
        arguments["volumes"],
        arguments["delay_binding"],
        arguments.get("node"),
    )
    return None if found is None else meta.name_of(found)


FUNCTIONS: Final[Mapping[str, Callable[[Arguments, Settings], Any]]] = {
    "pv.best_match": best_match,
    "pv.find_matching_volume": find_matching_volume,
}
