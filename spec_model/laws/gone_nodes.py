"""Nodes that are no longer there: nobody looks after the Pods that they leave behind."""

from __future__ import annotations

from typing import Final

from spec_model.law import note
from spec_model.world import Seen, World

NOBODY: Final[frozenset[str]] = frozenset()


@note("gone nodes", on="Node*")
def gone_nodes(before: frozenset[str] | None, seen: Seen) -> frozenset[str]:
    """Names of Nodes that were seen to be deleted, and of which there is no other by now."""
    known, name = before or NOBODY, seen.manifest["metadata"]["name"]
    if seen.type == "DELETED":
        return known | {name}
    return known - {name} if name in known else known


def is_gone(world: World, node: str) -> bool:
    """Whether a Node of that name was deleted."""
    gone: frozenset[str] = world.notes.get("gone nodes") or NOBODY
    return node in gone
