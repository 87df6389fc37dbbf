"""TERM-010: a controller replaces a Pod as soon as it is being deleted."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from spec_model.events import Manifest
from spec_model.law import Verdict, law
from spec_model.laws.deletion import is_marked
from spec_model.laws.owned import owned_pods
from spec_model.objects import EMPTY, Pod
from spec_model.pod.termination import OVER
from spec_model.workloads.ownership import REPLICATED, controller_of, is_active
from spec_model.world import HELD, VOID, Breach, Held, Obligation, Seen, Void, World

Settled: TypeAlias = Callable[[Seen], Held | Breach | Void | None]


@law("TERM-010", on="Pod", when="marked")
def who_is_being_deleted_is_replaced(seen: Seen) -> Verdict:
    """While the old one is still ending there is a new one, as long as its owner wants that many."""
    if not is_marked(seen) or seen.type == "DELETED":
        return None
    pod: Pod = seen.now
    owner = controller_of(seen.manifest)
    if owner.get("kind") not in REPLICATED or pod.phase in OVER:
        return None
    if not lacks(seen.world, owner, pod.key[1], pod.uid):
        return None
    known = frozenset(other.uid for other in owned_pods(seen.world, owner["uid"]))
    return Obligation(
        what=f"another Pod of {owner['kind']} {owner['name']} before this one is gone",
        settled=_is_replaced(owner, known, seen.at),
        disturbed_by=frozenset({"patch", "replace", "delete", "stop-node", "start-node"}),
    )


def lacks(world: World, owner: Manifest, namespace: str, but: str) -> bool:
    """Whether a controller is there, stays, and has fewer Pods than it wants without the one of this UID."""
    found = world.view(owner["kind"], namespace, owner["name"])
    if found is None or found["metadata"].get("uid") != owner["uid"]:
        return False
    if found["metadata"].get("deletionTimestamp") or cannot_make(found):
        return False
    left = sum(each.uid != but and is_active(each.view) for each in owned_pods(world, owner["uid"]))
    return bool(left < (found.get("spec") or EMPTY).get("replicas", 1))


def cannot_make(workload: Manifest) -> bool:
    """Whether a workload says that it cannot make the Pods that it is asked for (REPLICA-003)."""
    return any(
        each.get("type") == "ReplicaFailure" and each.get("status") == "True"
        for each in (workload.get("status") or EMPTY).get("conditions") or ()
    )


def _is_replaced(owner: Manifest, known: frozenset[str], began: float) -> Settled:
    """Looked at whenever something is seen of the old one, its end at the latest."""

    def settled(seen: Seen) -> Held | Breach | Void | None:
        if any(pod.uid not in known for pod in owned_pods(seen.world, owner["uid"])):
            return HELD
        found = seen.world.view(owner["kind"], seen.now.key[1], owner["name"])
        if found is None or not lacks(seen.world, owner, seen.now.key[1], seen.now.uid):
            return VOID
        if seen.at - began > seen.tolerance.lateness + seen.tolerance.truncation:
            return Breach(f"a new Pod of {owner['kind']} {owner['name']}", "none so far")
        return VOID if seen.type == "DELETED" else None

    return settled
