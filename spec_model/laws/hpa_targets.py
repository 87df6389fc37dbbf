"""HPA: autoscalers, what they scale, and the Pods that belong to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, TypeAlias

from spec_model.events import Manifest
from spec_model.law import note
from spec_model.objects import EMPTY
from spec_model.selectors import selects
from spec_model.world import Known, Seen, World

AUTOSCALER: Final = "HorizontalPodAutoscaler"

Name: TypeAlias = tuple[str, str]
"""Namespace and name of an autoscaler."""


@note("autoscalers", on=AUTOSCALER + "*")
def autoscalers_there(before: frozenset[Name] | None, seen: Seen) -> frozenset[Name]:
    """All autoscalers that there are, so that those who look for one find out cheaply."""
    there, this = before or frozenset(), frozenset({name_of(seen.manifest)})
    return there - this if seen.type == "DELETED" else there | this


def name_of(autoscaler: Manifest) -> Name:
    """Namespace and name."""
    metadata = autoscaler["metadata"]
    return metadata.get("namespace") or "", metadata["name"]


def autoscalers(world: World, namespace: str | None = None) -> Iterator[tuple[Name, Known]]:
    """The autoscalers of a namespace, or all of them."""
    for name in sorted(world.notes.get("autoscalers") or ()):
        known = world.objects.get((AUTOSCALER, *name))
        if known is not None and namespace in (None, name[0]):
            yield name, known


def target_of(world: World, autoscaler: Manifest) -> Known | None:
    """What an autoscaler scales, where it is known."""
    reference = autoscaler["spec"].get("scaleTargetRef") or EMPTY
    namespace = autoscaler["metadata"].get("namespace") or ""
    return world.objects.get((reference.get("kind", ""), namespace, reference.get("name", "")))


def selected_pods(world: World, target: Known) -> list[Known]:
    """The Pods that belong to what is scaled."""
    chosen = selector_of(target)
    namespace = target.manifest["metadata"].get("namespace") or ""
    return [
        known
        for key, known in world.objects.items()
        if key[0] == "Pod"
        and key[1] == namespace
        and chosen(known.manifest["metadata"].get("labels") or EMPTY)
    ]


def selector_of(target: Known) -> Callable[[Mapping[str, str]], bool]:
    """Which labels belong to what is scaled."""
    return selector(target.manifest["spec"].get("selector") or EMPTY)


def selector(given: Mapping[str, Any]) -> Callable[[Mapping[str, str]], bool]:
    """What a selector lets through; an empty one nothing. A bare map is that of older kinds."""
    if "matchLabels" not in given and "matchExpressions" not in given:
        given = {"matchLabels": given}
    if not given.get("matchLabels") and not given.get("matchExpressions"):
        return lambda _: False
    return lambda labels: selects(given, labels)
