"""Who owns an object, and who has asked for its end: its controller, the tester, or somebody else."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from spec_model.events import Rejected
from spec_model.law import note
from spec_model.laws.acts import key_written, somebody_acts
from spec_model.objects import EMPTY
from spec_model.pod.tolerations import executing
from spec_model.workloads.ownership import controller_of
from spec_model.world import Done, Key, Known, Seen, World

NOBODY: Final[Mapping[Key, str]] = {}


def owner_of(seen: Seen, kind: str) -> Known | None:
    """The living controller of a Pod, if it is of this kind and still the same."""
    reference = controller_of(seen.manifest)
    if reference.get("kind") != kind:
        return None
    namespace = seen.manifest["metadata"].get("namespace") or ""
    known = seen.world.objects.get((kind, namespace, reference["name"]))
    return known if known is not None and known.uid == reference["uid"] else None


def owned_pods(world: World, uid: str) -> Iterator[Known]:
    """The Pods that an object controls."""
    for known in world.of_kind("Pod"):
        if controller_of(known.manifest).get("uid") == uid:
            yield known


@note("deleted by the tester", on="delete")
def deleted_by_the_tester(before: Mapping[Key, str] | None, done: Done) -> Mapping[Key, str]:
    """Pods and their owners whose deletion the tester has asked for, with their UIDs."""
    key = key_written(done)
    known = done.world.objects.get(key)
    if isinstance(done.response, Rejected) or known is None:
        return before or NOBODY
    living = {
        each: uid
        for each, uid in (before or NOBODY).items()
        if (there := done.world.objects.get(each)) is not None and there.uid == uid
    }
    return {**living, key: known.uid}


def asked_for_by_others(seen: Seen) -> bool:
    """Whether a Pod's end may be somebody else's doing than its controller's.

    So it is where the tester has asked for it, where its node drove it away, where its owner is on its
    way out, and where nobody knows what was done.
    """
    world, pod = seen.world, seen.now
    if not somebody_acts(world):
        return True
    asked: Mapping[Key, str] = world.notes.get("deleted by the tester") or NOBODY
    if asked.get(pod.key) == pod.uid or "DisruptionTarget" in pod.conditions:
        return True
    reference = controller_of(seen.manifest)
    owner = (reference.get("kind", ""), pod.key[1], reference.get("name", ""))
    known = world.objects.get(owner)
    if known is None or known.uid != reference.get("uid"):
        return True
    if asked.get(owner) == known.uid or known.manifest["metadata"].get("deletionTimestamp"):
        return True
    return bool(pod.spec.node_name) and not _is_well(world, pod.spec.node_name)


def _is_well(world: World, name: str) -> bool:
    """Whether a node is there, answers, and drives nobody away."""
    node = world.view("Node", "", name)
    if node is None or executing(node):
        return False
    return not any(
        each.get("type") == "Ready" and each.get("status") != "True"
        for each in (node.get("status") or EMPTY).get("conditions") or ()
    )


def is_newly_marked(seen: Seen) -> bool:
    """Whether a Pod is seen to be deleted for the first time."""
    if seen.before is None:
        return False
    was_marked = seen.before.deletion_timestamp is not None
    if seen.type == "DELETED":
        return not was_marked
    return seen.now.deletion_timestamp is not None and not was_marked
