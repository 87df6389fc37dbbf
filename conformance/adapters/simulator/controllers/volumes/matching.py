"""Which volume a claim may have, and which it gets (PV-001, PV-002, PV-011).

Source: ``component-helpers/storage/volume/pv_helpers.go`` (FindMatchingVolume) and
``pkg/controller/volume/persistentvolume/index.go`` (findBestMatchForClaim).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from conformance.adapters.simulator import meta, node_selector, quantity
from conformance.adapters.simulator.meta import Object

Manifest = Mapping[str, Any]

CLASS_ANNOTATION = "volume.beta.kubernetes.io/storage-class"
BIND_COMPLETED = "pv.kubernetes.io/bind-completed"
BOUND_BY_CONTROLLER = "pv.kubernetes.io/bound-by-controller"
SELECTED_NODE = "volume.kubernetes.io/selected-node"
"""Written on a claim by the scheduler: the node its first consumer is to run on (PV-011)."""


def annotation(manifest: Manifest, name: str) -> str | None:
    """An annotation of the object."""
    value: str | None = (meta.metadata(manifest).get("annotations") or {}).get(name)
    return value


def storage_class_of(manifest: Manifest) -> str:
    """The class of a volume or a claim; "" when none is named."""
    old_style = annotation(manifest, CLASS_ANNOTATION)
    return old_style if old_style is not None else manifest["spec"].get("storageClassName") or ""


def requested(claim: Manifest) -> int:
    """What the claim asks for, in nano-bytes."""
    return quantity.nano(
        ((claim["spec"].get("resources") or {}).get("requests") or {}).get("storage")
    )


def capacity_of(volume: Manifest) -> int:
    """What the volume holds, in nano-bytes."""
    return quantity.nano((volume["spec"].get("capacity") or {}).get("storage"))


def is_large_enough(claim: Manifest, volume: Manifest) -> bool:
    """The capacity covers the request; equality does."""
    return capacity_of(volume) >= requested(claim)


def has_same_mode(claim: Manifest, volume: Manifest) -> bool:
    """Both are file systems, or both are block devices."""
    return _volume_mode(claim) == _volume_mode(volume)


def _volume_mode(manifest: Manifest) -> str:
    return manifest["spec"].get("volumeMode") or "Filesystem"


def has_access_modes(claim: Manifest, volume: Manifest) -> bool:
    """The volume offers every mode that the claim asks for."""
    offered = volume["spec"].get("accessModes") or ()
    return set(claim["spec"].get("accessModes") or ()) <= set(offered)


def has_same_class(claim: Manifest, volume: Manifest) -> bool:
    """The classes are equal, where none equals the empty one."""
    return storage_class_of(claim) == storage_class_of(volume)


def has_same_attributes_class(claim: Manifest, volume: Manifest) -> bool:
    """The volumeAttributesClassNames are equal."""
    name = "volumeAttributesClassName"
    return (claim["spec"].get(name) or "") == (volume["spec"].get(name) or "")


def is_selected(claim: Manifest, volume: Manifest) -> bool:
    """The claim's selector, if it has one, matches the volume's labels."""
    selector = claim["spec"].get("selector")
    return selector is None or meta.selects(selector, meta.labels_of(volume))


def is_available(volume: Manifest) -> bool:
    """The volume waits for a claim."""
    return (volume.get("status") or {}).get("phase") == "Available"


def is_reserved_for(volume: Manifest, claim: Manifest) -> bool:
    """The volume's claimRef names this claim, by uid if it has one."""
    reference = volume["spec"].get("claimRef")
    if not reference:
        return False
    named = (reference.get("namespace"), reference.get("name"))
    uid = reference.get("uid")
    return named == (meta.namespace_of(claim), meta.name_of(claim)) and (
        not uid or uid == meta.uid_of(claim)
    )


def is_reachable(volume: Manifest, node: Manifest) -> bool:
    """The volume's node affinity, if it has one, admits the node."""
    required = (volume["spec"].get("nodeAffinity") or {}).get("required")
    if not required:
        return True
    labels_only = {"metadata": {"labels": meta.labels_of(node)}}
    return node_selector.matches(required, labels_only)


def fits(claim: Manifest, volume: Manifest) -> bool:
    """What even a reserved volume must have: size, mode, attributes class, and a future."""
    return (
        is_large_enough(claim, volume)
        and has_same_mode(claim, volume)
        and has_same_attributes_class(claim, volume)
        and not meta.is_deleting(volume)
    )


def is_free_for(claim: Manifest, volume: Manifest) -> bool:
    """What an unreserved volume must have besides."""
    return is_available(volume) and is_selected(claim, volume) and has_same_class(claim, volume)


def find_matching_volume(
    claim: Manifest, volumes: Iterable[Object], delay: bool, node: Manifest | None = None
) -> Object | None:
    """The volume reserved for the claim, else the smallest that is free for it, first of equals.

    With a node, as the scheduler asks: access modes are compared too, and it must reach the volume.
    ``delay``: the claim waits for its first consumer, so that without a node nothing free is taken.
    """
    smallest: Object | None = None
    for volume in volumes:
        reserved = is_reserved_for(volume, claim)
        if (volume["spec"].get("claimRef") and not reserved) or not fits(claim, volume):
            continue
        reachable = node is None or is_reachable(volume, node)
        if reserved:
            return volume if reachable else None
        if (node is None and delay) or not reachable or not is_free_for(claim, volume):
            continue
        if node is not None and not has_access_modes(claim, volume):
            continue
        if smallest is None or capacity_of(volume) < capacity_of(smallest):
            smallest = volume
    return smallest


def best_match(
    claim: Manifest, volumes: Sequence[Object], delay: bool, node: Manifest | None = None
) -> Object | None:
    """The best volume with all the modes the claim asks for: fewest modes first, then smallest."""
    groups: dict[frozenset[str], list[Object]] = {}
    for volume in volumes:
        if has_access_modes(claim, volume):
            groups.setdefault(frozenset(volume["spec"]["accessModes"]), []).append(volume)
    for modes in sorted(groups, key=len):
        found = find_matching_volume(claim, groups[modes], delay, node)
        if found is not None:
            return found
    return None


def mismatch(claim: Manifest, volume: Manifest) -> str | None:
    """Why a volume that the claim names itself cannot be had; None when it can."""
    checks = (
        (not meta.is_deleting(volume), "the volume is marked for deletion"),
        (is_large_enough(claim, volume), "requested PV is too small"),
        (has_same_class(claim, volume), "storageClassName does not match"),
        (has_same_attributes_class(claim, volume), "volumeAttributesClassName does not match"),
        (has_same_mode(claim, volume), "incompatible volumeMode"),
        (has_access_modes(claim, volume), "incompatible accessMode"),
    )
    return next((sentence for holds, sentence in checks if not holds), None)
