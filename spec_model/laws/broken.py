"""What of a node is broken, as far as the tester has broken it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, TypeAlias

from spec_model.events import Rejected
from spec_model.law import note
from spec_model.objects import EMPTY, Pod
from spec_model.world import Done, World

RUNTIME: Final = "runtime"
NETWORK: Final = "network"

Faults: TypeAlias = Mapping[tuple[str, str], float]
"""By Node and part, since when it is broken, on the trace's clock."""


@note("faults", on="set-runtime")
def parts_that_are_broken(before: Faults | None, done: Done) -> Faults:
    """Folds in what the tester breaks and mends; one that is broken again stays as it was."""
    known: Faults = before or {}
    node, part = done.arguments["node"], done.arguments["part"]
    if isinstance(done.response, Rejected) or done.world.view("Node", "", node) is None:
        return known
    if not done.arguments["works"]:
        return (
            known
            if broken(done.world, node, part) is not None
            else {**known, (node, part): done.at}
        )
    return {key: since for key, since in known.items() if key != (node, part)}


@note("faults", on="create Node")
def another_is_whole(before: Faults | None, done: Done) -> Faults:
    """A Node that is created is not the one that was broken under its name."""
    known: Faults = before or {}
    made = done.arguments["object"]
    if not known or isinstance(done.response, Rejected):
        return known
    name = (made.get("metadata") or EMPTY).get("name")
    return {key: since for key, since in known.items() if key[0] != name}


def broken(world: World, node: str, part: str) -> float | None:
    """Since when that part of a Node is known to be broken; None where it is not."""
    known: Faults | None = world.notes.get("faults")
    if not known:
        return None
    since = known.get((node, part))
    found = world.objects.get(("Node", "", node))
    is_its_own = since is not None and found is not None and found.since <= since
    return since if is_its_own else None


def of_host(pod: Pod) -> bool:
    """Whether a Pod needs no network but its node's."""
    return bool(pod.spec.manifest.get("hostNetwork"))


def is_whole(world: World, node: str) -> bool:
    """Whether no part of a Node is known to be broken."""
    known: Faults | None = world.notes.get("faults")
    return not known or all(
        name != node or broken(world, name, part) is None for name, part in known
    )
