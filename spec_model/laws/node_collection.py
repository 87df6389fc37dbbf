"""IDENTITY-004: the Pods of a stopped node whose Node is deleted are collected."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from spec_model.events import Rejected
from spec_model.law import Verdict, law, note
from spec_model.laws.node_loss import RULE, UNSETTLING, Settled, in_time, pods_of, stopped_nodes
from spec_model.objects import Pod
from spec_model.pod.node_loss import Window, collected
from spec_model.pod.termination import OVER
from spec_model.world import HELD, Breach, Done, Held, Obligation, Seen


@note("nodes-gone", on="delete Node")
def nodes_that_are_gone(before: Mapping[str, float] | None, done: Done) -> Mapping[str, float]:
    """When the tester last deleted a Node, by its name."""
    known, given = before or {}, done.arguments
    if isinstance(done.response, Rejected):
        return known
    return {**known, given["name"]: done.at}


@law(RULE, on="delete Node")
def pods_of_a_node_that_is_gone_are_collected(done: Done) -> Verdict:
    """The Pods of a stopped node whose Node is deleted become Failed and are removed, 40 s later or more."""
    name = done.arguments["name"]
    if isinstance(done.response, Rejected):
        return None
    if name not in stopped_nodes(done.world) or done.profile.lost_pod_phase is not None:
        return None
    window, late = collected().value, done.world.setting.tolerance.lateness
    before: Mapping[str, float] = done.world.notes.get("nodes-gone") or {}
    if done.at - before.get(name, -math.inf) <= window.not_after:
        return None  # its name may be in quarantine since then
    owed: tuple[Any, ...] = tuple(
        Obligation(
            what=f"Failed and removed {window.not_after:g} s after the Node of {pod.key[2]} was deleted",
            settled=_removed(done, window, pod.deletion_timestamp is not None),
            not_after=done.at + window.not_after + late,
            disturbed_by=UNSETTLING | {"create"},
            on=pod.key,
        )
        for pod in pods_of(done.world, name)
    )
    return owed or None


def _is_held(pod: Pod) -> bool:
    """Whether only a finalizer keeps it."""
    held = pod.manifest["metadata"].get("finalizers")
    return bool(held) and pod.deletion_timestamp is not None and pod.phase in OVER


def _removed(done: Done, window: Window, was_going: bool) -> Settled:
    def settled(seen: Seen) -> Held | Breach | None:
        if seen.type != "DELETED" and not _is_held(seen.now):
            return None
        if seen.now.phase not in OVER:
            return Breach("phase Failed before it is removed", f"phase {seen.now.phase}")
        return (
            HELD if was_going else in_time(seen, done, window, "its Node went, and it is removed")
        )

    return settled
