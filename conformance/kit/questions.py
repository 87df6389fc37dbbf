"""Questions that show whether a function is served at all: recorded ones, or else some made by hand."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any, Final

from conformance.recorded import PROFILE, size, vectors
from spec_model.functions import FUNCTIONS
from spec_model.profiles import Profile, profile

Arguments = Mapping[str, Any]

ENOUGH: Final = 2

BY_HAND: Final[Mapping[str, tuple[Arguments, ...]]] = {
    "cpu.shares": ({"request_milli": 200},),
    "cpu.quota": ({"limit_milli": 500},),
    "cpu.weight": ({"shares": 1024, "map": "linear"},),
    "cpu.division": (
        {
            "capacity_milli": 1000,
            "containers": [
                {"request_milli": 200, "limit_milli": None, "demand_milli": 1000},
                {"request_milli": 500, "limit_milli": None, "demand_milli": 1000},
            ],
        },
    ),
    "eviction.order": (
        {
            "signal": "memory",
            "pods": [
                {"name": "a", "priority": 0, "request": 0, "usage": 2, "qos_class": "BestEffort"},
                {"name": "b", "priority": 0, "request": 2, "usage": 1, "qos_class": "Guaranteed"},
            ],
        },
    ),
    "hpa.max_of_metrics": ({"current": 2, "proposals": [3, None, 1]},),
    "kubectl_delete.grace": ({"grace_period": None, "force": False, "now": False},),
    "oom.victim": (
        {
            "node_memory_bytes": 1 << 30,
            "processes": [
                {"name": "a", "oom_score_adj": 1000, "rss_bytes": 1 << 20},
                {"name": "b", "oom_score_adj": -997, "rss_bytes": 1 << 20},
            ],
        },
    ),
}
"""Of functions of which nothing was recorded."""


def questions(function: str, profile_name: str) -> list[Arguments]:
    """The shortest questions to which a function has an answer under a profile; a few of them."""
    return [*islice(_answered(function, profile(profile_name)), ENOUGH)]


def _answered(function: str, under: Profile) -> Iterator[Arguments]:
    yield from BY_HAND.get(function, ())
    for vector in sorted(vectors(function), key=size):
        if vector.error is None and _is_answered(function, vector.arguments, under):
            yield vector.arguments


def _is_answered(function: str, arguments: Arguments, under: Profile) -> bool:
    """Whether it is answered, and not refused, under this profile, too."""
    if function not in FUNCTIONS:
        return under.name == PROFILE
    try:
        FUNCTIONS[function](arguments, under)
    except ValueError:
        return False
    return True
