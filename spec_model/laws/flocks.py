"""What is remembered of workloads and their Pods: who owns whom, and since when nothing has changed.

A workload and its Pods are shown by separate watches, so numbers that do not agree at one instant prove
nothing. Laws owe the agreement instead, and look once nothing has stirred for as long as an engine may lag.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final, TypeAlias

from attrs import frozen

from spec_model.events import Manifest
from spec_model.law import note
from spec_model.laws.acts import is_driven
from spec_model.laws.deletion import deletes_of
from spec_model.objects import EMPTY, Pod
from spec_model.pod.tolerations import executing, stays
from spec_model.workloads.ownership import REPLICATED, controller_of, is_active, ready_since
from spec_model.world import Key, Known, Seen, World

OWNERS: Final = (*REPLICATED, "StatefulSet")


@frozen
class Flock:
    """The Pods of one workload.

    Attributes:
        keys: the Pods that exist, ended and going ones too.
        counted: when on the trace's clock one began or ceased to count.
        stirred: when one changed at all, in what its owner reports.
    """

    keys: frozenset[Key]
    counted: float
    stirred: float


Flocks: TypeAlias = Mapping[str, Flock]
"""By the UID of the workload."""

NONE: Final = Flock(frozenset(), 0.0, 0.0)


@note("flocks", on="Pod*", when="stirred and controlled")
def flocks(before: Flocks | None, seen: Seen) -> Flocks:
    """Folds in a Pod, where it came, went, changed hands, or counts for something else."""
    known: Flocks = before or EMPTY
    old, new = seen.before, seen.now
    if old is not None and seen.type != "DELETED" and _counts_alike(old, new):
        return known
    was = "" if old is None else owner_uid(old)
    now = "" if seen.type == "DELETED" else owner_uid(new)
    if not was and not now:
        return known
    changed = dict(known)
    if was and was != now:
        changed[was] = _stirred(changed.get(was, NONE), seen.at, without=new.key)
        if not changed[was].keys and not _exists(seen.world, was):
            del changed[was]
    if now:
        counts = was == now and old is not None and is_active(old) == is_active(new)
        changed[now] = _stirred(changed.get(now, NONE), seen.at, new.key, counts_still=counts)
    return changed


def _counts_alike(old: Pod, new: Pod) -> bool:
    references = (each.manifest["metadata"].get("ownerReferences") for each in (old, new))
    return (
        old.phase == new.phase
        and old.deletion_timestamp == new.deletion_timestamp
        and ready_since(old) == ready_since(new)
        and next(references) == next(references)
        and old.uid == new.uid
    )


def _stirred(
    flock: Flock,
    at: float,
    key: Key | None = None,
    *,
    without: Key | None = None,
    counts_still: bool = False,
) -> Flock:
    keys = flock.keys - {without} if without else flock.keys
    if key is not None and key not in keys:
        keys |= {key}
    return Flock(keys, flock.counted if counts_still else at, at)


def _exists(world: World, uid: str) -> bool:
    return any(known.uid == uid for kind in OWNERS for known in world.of_kind(kind))


def owner_uid(pod: Pod) -> str:
    """The UID of the workload that controls a Pod; empty where none that is counted here does."""
    reference = controller_of(pod.manifest)
    return str(reference.get("uid") or "") if reference.get("kind") in OWNERS else ""


def flock_of(world: World, uid: str) -> Flock:
    """What is remembered of the Pods of a workload."""
    known: Flocks = world.notes.get("flocks") or EMPTY
    return known.get(uid, NONE)


def pods_of(world: World, uid: str) -> Iterator[Pod]:
    """The Pods of a workload that exist."""
    for key in flock_of(world, uid).keys:
        known = world.objects.get(key)
        if known is not None and owner_uid(known.view) == uid:
            yield known.view


def active_pods(world: World, uid: str) -> list[Pod]:
    """Those of them that count."""
    return [pod for pod in pods_of(world, uid) if is_active(pod)]


def owner_of(world: World, pod: Pod) -> Known | None:
    """The workload that controls a Pod, if it is known to exist."""
    reference = controller_of(pod.manifest)
    if reference.get("kind") not in OWNERS:
        return None
    found = world.objects.get((reference["kind"], pod.key[1], reference["name"]))
    return None if found is None or found.uid != reference["uid"] else found


# -- What a workload asks for ------------------------------------------------------------------------


@frozen
class Asked:
    """The number of Pods that a workload asks for, and since when; its templates, the newest first."""

    replicas: int
    since: float
    template: Manifest
    before: Manifest | None
    changed: float


@note("asked", on="ReplicaSet")
@note("asked", on="ReplicationController")
def asked(before: Asked | None, seen: Seen) -> Asked:
    """Folds in an observation of the workload."""
    spec = seen.manifest["spec"]
    replicas, template = spec.get("replicas", 1), spec.get("template") or EMPTY
    if before is None:
        return Asked(replicas, seen.at, template, None, seen.at)
    if before.replicas == replicas and before.template == template:
        return before
    same = before.template == template
    return Asked(
        replicas,
        before.since if before.replicas == replicas else seen.at,
        template,
        before.before if same else before.template,
        before.changed if same else seen.at,
    )


def is_going(manifest: Manifest) -> bool:
    """Whether an object is being deleted."""
    return bool(manifest["metadata"].get("deletionTimestamp"))


# -- Who acts ----------------------------------------------------------------------------------------


@note("shown namespaces", on="Pod*", when="new")
def shown_namespaces(before: frozenset[str] | None, seen: Seen) -> frozenset[str]:
    """The namespaces of which Pods are shown."""
    known = before or frozenset()
    namespace = seen.now.key[1]
    return known if namespace in known else known | {namespace}


def shows_pods(world: World, namespace: str) -> bool:
    """Whether the Pods of a namespace are watched."""
    return is_driven(world) or namespace in (world.notes.get("shown namespaces") or ())


def deleted_by_tester(world: World, uid: str) -> bool:
    """Whether the tester has asked this very Pod to end."""
    return uid in deletes_of(world)


def went_by_others(seen: Seen) -> bool:
    """Whether a Pod ends for the sake of its node; of a taint's doing documented conditions say nothing."""
    if seen.now.conditions.get("DisruptionTarget"):
        return True
    node = seen.world.view("Node", "", seen.now.spec.node_name)
    if node is None or seen.profile.lost_pod_phase is None:
        return False
    return stays(seen.now.spec.manifest, executing(node)).value is not None
