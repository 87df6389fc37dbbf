"""What the laws of volumes ask of the world: who claims what, who uses it, and how sure that is.

Claims, volumes and Pods are watched separately, so on a real clock the order in which two of them
were seen proves nothing. What one watch shows of another's objects is therefore a breach at once
only on a virtual clock; on a real one it is owed for a while by the object that seems to break it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from attrs import frozen

from spec_model.events import Manifest, Rejected, key_of
from spec_model.law import note
from spec_model.laws.acts import acts_of, somebody_acts
from spec_model.lifecycles import phase_of
from spec_model.storage.lifecycle import binding_mode, claims_of
from spec_model.storage.matching import storage_class
from spec_model.world import HELD, Breach, Done, Held, Key, Known, Obligation, Seen, Void, World

VOLUME: Final = "PersistentVolume"
CLAIM: Final = "PersistentVolumeClaim"
NOTHING: Final[Mapping[str, Any]] = {}

RESYNC: Final = 15.0
"""Seconds after which the binder looks at every volume and claim again."""


# -- what is noted ------------------------------------------------------------------------------


def what_the_tester_wrote(before: Any, done: Done) -> Mapping[Key, frozenset[str]]:
    """Of volumes and claims: whether their spec, claimRef or finalizers, or that they be deleted."""
    known: Mapping[Key, frozenset[str]] = before or {}
    key, parts = _written(done)
    if not parts or isinstance(done.response, Rejected):
        return known
    return {**known, key: known.get(key, frozenset()) | parts}


for _kind in (VOLUME, CLAIM):
    for _verb in ("patch", "replace", "delete"):
        note("pv.written", on=f"{_verb} {_kind}")(what_the_tester_wrote)


def _written(done: Done) -> tuple[Key, frozenset[str]]:
    arguments = done.arguments
    if done.verb == "replace":
        manifest = arguments["object"]
        return key_of(manifest), frozenset({"spec", "claimRef", "finalizers"})
    kind = arguments["kind"]
    key = kind, "" if kind == VOLUME else arguments.get("namespace") or "", arguments["name"]
    if done.verb == "delete":
        return key, frozenset({"deleted"})
    patch = arguments["patch"]
    parts = {part for part in ("spec",) if part in patch}
    parts |= {"claimRef"} if (patch.get("spec") or NOTHING).get("claimRef") else set()
    parts |= {"finalizers"} if "finalizers" in (patch.get("metadata") or NOTHING) else set()
    return key, frozenset(parts)


@note("pv.bound_by_hand", on="bind")
def pods_bound_by_the_tester(before: Any, done: Done) -> frozenset[tuple[str, str]]:
    """Namespaces and names of Pods that no scheduler has placed."""
    return (before or frozenset()) | {(done.arguments["namespace"], done.arguments["pod"])}


@frozen
class Steady:
    """From when on, or after which act, the engine must know of an object as it is."""

    after: float
    act: int


@note("pv.steady", on=VOLUME)
def when_the_binder_knows(before: Steady | None, seen: Seen) -> Steady:
    """A volume that the binder itself has just made Available it knows; of other changes it hears."""
    if before is not None and not _matters(seen.before, seen.now):
        return before
    acts = acts_of(seen.world)
    lag = 0.0
    if not virtual(seen):
        told = before is not None and phase_of(seen.before) != phase_of(seen.now) == "Available"
        lag = seen.tolerance.truncation if told else seen.tolerance.lateness
    return Steady(seen.at + lag, 0 if acts is None else acts.count)


def _matters(before: Manifest, now: Manifest) -> bool:
    return (
        before.get("spec") != now.get("spec")
        or phase_of(before) != phase_of(now)
        or before["metadata"].get("labels") != now["metadata"].get("labels")
        or before["metadata"].get("deletionTimestamp") != now["metadata"].get("deletionTimestamp")
    )


# -- how sure it is -----------------------------------------------------------------------------


def virtual(seen: Seen) -> bool:
    """Whether events come in the order in which things happened."""
    return seen.world.setting.clock == "virtual"


def wrote(seen: Seen, *parts: str) -> bool:
    """Whether the tester wrote any of these parts of an object that is watched."""
    written: Mapping[Key, frozenset[str]] = seen.world.notes.get("pv.written") or {}
    return not written.get(key_of(seen.manifest), frozenset()).isdisjoint(parts)


def untouched(seen: Seen) -> bool:
    """Whether a tester drives the engine and has neither rewritten nor deleted this volume."""
    return somebody_acts(seen.world) and not wrote(seen, "spec", "finalizers", "deleted")


def quiet(event: Seen | Done) -> bool:
    """Whether everything that the tester wrote before must have been seen by now."""
    setting = event.world.setting
    if setting.clock == "virtual":
        return True
    acts = acts_of(event.world)
    return acts is not None and event.at - acts.last_write > setting.tolerance.lateness


def knows_all_pods(seen: Seen) -> bool:
    """Whether every Pod that has a node must have been seen by now."""
    if virtual(seen):
        return True
    acts = acts_of(seen.world)
    return acts is not None and seen.at - acts.last_new > seen.tolerance.lateness


def is_steady(seen: Seen, volume: Known) -> bool:
    """Whether the binder must have known of a volume, as it was before this observation."""
    steady: Steady | None = volume.notes.get("pv.steady")
    if steady is None:
        return False
    acts = acts_of(seen.world)
    rested = virtual(seen) and acts is not None and acts.count > steady.act
    return rested or seen.at > steady.after


def elsewhere(
    seen: Seen,
    key: Key,
    expected: str,
    found: str,
    settled: Callable[[Seen], Held | Breach | Void | None],
    rule: str,
) -> Breach | Obligation:
    """A breach, unless the watch of the other object may still have to show that it is none."""
    if virtual(seen):
        return Breach(expected, found, rule=rule)
    return Obligation(
        expected, settled, not_after=seen.at + seen.tolerance.lateness, rule=rule, on=key
    )


def gone(seen: Seen) -> Held | None:
    """Settles what is owed by an object that must go."""
    return HELD if seen.type == "DELETED" else None


# -- who is who ---------------------------------------------------------------------------------


def name_of(manifest: Manifest) -> str:
    """The name of an object."""
    return str(manifest["metadata"].get("name") or "")


def uid_of(manifest: Manifest) -> str:
    """The UID of an object."""
    return str(manifest["metadata"].get("uid") or "")


def key_of_claim(claim: Manifest) -> Key:
    """The key of a claim."""
    return CLAIM, claim["metadata"].get("namespace") or "", name_of(claim)


def reference_of(volume: Manifest) -> Mapping[str, Any]:
    """The claimRef of a volume, empty where it has none."""
    found: Mapping[str, Any] = (volume.get("spec") or NOTHING).get("claimRef") or NOTHING
    return found


def claim_of(world: World, volume: Manifest) -> Manifest | None:
    """The existing claim whose UID stands in a volume's claimRef."""
    reference = reference_of(volume)
    if not reference.get("uid"):
        return None
    key = CLAIM, reference.get("namespace") or "", reference.get("name") or ""
    known = world.objects.get(key)
    return known.manifest if known is not None and known.uid == reference["uid"] else None


def volume_name(claim: Manifest) -> str:
    """The volume that a claim names."""
    return str((claim.get("spec") or NOTHING).get("volumeName") or "")


def volume_of(world: World, claim: Manifest) -> Manifest | None:
    """The existing volume that a claim names."""
    name = volume_name(claim)
    known = world.objects.get((VOLUME, "", name)) if name else None
    return None if known is None else known.manifest


def mode_of(world: World, claim: Manifest) -> str | None:
    """When a claim is bound: Immediate or WaitForFirstConsumer; None where its class is not known."""
    name = storage_class(claim)
    if not name:
        return "Immediate"
    found = world.view("StorageClass", "", name)
    return None if found is None else binding_mode(found).value


def users_of(world: World, claim: Manifest) -> list[Manifest]:
    """The existing Pods that use a claim."""
    namespace, name = claim["metadata"].get("namespace"), name_of(claim)
    return [
        known.manifest
        for known in world.of_kind("Pod")
        if known.view.key[1] == namespace and name in claims_of(known.manifest)
    ]
