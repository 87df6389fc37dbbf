"""Two adapters of functions only: the little library as it is, and as it was with its first mistakes.

kubelaws run --adapter python:examples.functions_only:library --functions-only
kubelaws run --adapter python:examples.functions_only:first_version --functions-only
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from conformance.adapters.functions import FunctionsAdapter
from examples.little_library import amount, highest, limited, qos_class, rounded

FUNCTIONS = {
    "quantity.round": lambda asked: rounded(asked["text"]),
    "pod.qos_class": lambda asked: qos_class(asked["pod"]),
    "hpa.limits": lambda asked: limited(
        asked["current"], asked["desired"], asked["min"], asked["max"]
    ),
    "hpa.max_of_metrics": lambda asked: highest(asked["current"], asked["proposals"]),
}


def library() -> FunctionsAdapter:
    """The library as it is."""
    return FunctionsAdapter("little-library", "2.0", FUNCTIONS)


def first_version() -> FunctionsAdapter:
    """The library as it was: it rounds down, looks at app containers only, and calls classes its own."""
    mistakes = {
        "quantity.round": rounded_down,
        "pod.qos_class": class_of_app_containers,
        "hpa.max_of_metrics": as_an_object,
    }
    return FunctionsAdapter("little-library", "1.0", {**FUNCTIONS, **mistakes})


def rounded_down(asked: Mapping[str, Any]) -> dict[str, int]:
    """Half a unit is none."""
    exact = amount(asked["text"])
    return {"value": int(exact), "milli_value": int(exact * 1000)}


def class_of_app_containers(asked: Mapping[str, Any]) -> str:
    """Init containers are forgotten."""
    spec = {key: part for key, part in asked["pod"]["spec"].items() if key != "initContainers"}
    return qos_class({**asked["pod"], "spec": spec})


def as_an_object(asked: Mapping[str, Any]) -> dict[str, int]:
    """The right number, wrapped up."""
    return {"replicas": highest(asked["current"], asked["proposals"])}
