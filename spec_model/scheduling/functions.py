"""The functions of scheduling, by the names under which an engine may be asked for them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, TypeAlias

from spec_model.profiles import Profile
from spec_model.resources import eviction
from spec_model.rules import Decision
from spec_model.scheduling import affinity, fit, node_selector

Arguments: TypeAlias = Mapping[str, Any]


def _fits(arguments: Arguments, profile: Profile) -> Decision[Mapping[str, Any]]:
    return fit.fits(arguments["pod"], arguments["node"], arguments["bound_pods"], profile)


def _matches(arguments: Arguments, profile: Profile) -> Decision[bool]:
    return node_selector.admits(arguments["pod"]["spec"], arguments["node"], profile)


def _preferred_score(arguments: Arguments, _: Profile) -> Decision[int]:
    return affinity.preferred_score(arguments["pod"]["spec"], arguments["node"])


def _eviction_order(arguments: Arguments, profile: Profile) -> Decision[eviction.Tiers]:
    pods = [eviction.Usage(**each) for each in arguments["pods"]]
    return eviction.order(pods, arguments["signal"], profile)


FUNCTIONS: Final = {
    "scheduler.fits": _fits,
    "node_selector.matches": _matches,
    "node_affinity.preferred_score": _preferred_score,
    "eviction.order": _eviction_order,
}

REFUSALS: Final = {"node_affinity.preferred_score": "AFFINITY-004"}
