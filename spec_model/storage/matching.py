"""Which volume a claim is bound to.

After ``k8s.io/component-helpers/storage/volume.FindMatchingVolume`` and the index of the
persistent volume controller. Claims, volumes and nodes are plain manifests.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, TypeAlias

from attrs import frozen

from spec_model.events import Manifest
from spec_model.profiles import V1_36, Profile
from spec_model.quantity import nano_of
from spec_model.rules import Decision
from spec_model.scheduling.node_selector import is_parsable
from spec_model.selectors import holds, selects

Arguments: TypeAlias = Mapping[str, Any]

CLASS_ANNOTATION: Final = "volume.beta.kubernetes.io/storage-class"
"""Where a storage class stood before it had a field; it still wins over the field."""


@frozen
class OneOf:
    """Any one of these names is right; none where there are none."""

    names: frozenset[str]

    def allows(self, seen: object) -> bool:
        """Whether an answer is one of them."""
        return seen in self.names if self.names else seen is None

    def __str__(self) -> str:
        return " or ".join(sorted(self.names)) or "None"


def matches(
    claim: Manifest, volume: Manifest, node: Manifest | None = None, profile: Profile = V1_36
) -> Decision[bool]:
    """Whether an unbound claim may be bound to a volume, seen from a node where one is given.

    PV-001 is the predicate as a whole. A volume taken by another claim is refused by PV-003, one that
    was released by PV-004, one that lacks an access mode by PV-012.
    """
    if not _is_spared_for(claim, volume):
        return Decision(False, "PV-003")
    if not access_modes(volume) >= access_modes(claim):
        return Decision(False, "PV-012")
    if not _fits(claim, volume, profile) or not is_reachable(volume, node):
        return Decision(False, "PV-001")
    if is_prebound(volume, claim):
        return Decision(True, "PV-001")
    if _phase(volume) == "Released":
        return Decision(False, "PV-004")
    return Decision(_is_free_for(claim, volume), "PV-001")


def legal_matches(
    claim: Manifest,
    volumes: Iterable[Manifest],
    *,
    delay_binding: bool = False,
    node: Manifest | None = None,
    profile: Profile = V1_36,
) -> Decision[frozenset[str]]:
    """The names of all volumes of which a binder may choose any; empty where none matches (PV-002).

    Without a node, volumes with the fewest access modes go first, then the smallest that is large
    enough; groups of equally many modes, and volumes of one size, are tried in no particular order.
    With a node, as the scheduler binds, only the size counts. ``delay_binding`` leaves volumes that
    no claim is promised to the scheduler (PV-011).
    """
    wanted = access_modes(claim)
    groups: dict[frozenset[str], list[Manifest]] = {}
    for volume in volumes:
        modes = access_modes(volume)
        if modes >= wanted:
            groups.setdefault(modes if node is None else wanted, []).append(volume)
    for count in sorted({len(modes) for modes in groups}):
        legal = frozenset(
            _name(volume)
            for modes, group in groups.items()
            if len(modes) == count
            for volume in _best_of(claim, group, node, delay_binding, profile)
        )
        if legal:
            return Decision(legal, "PV-002")
    return Decision(frozenset(), "PV-011" if delay_binding and node is None else "PV-001")


def best_match(
    claim: Manifest,
    volumes: Sequence[Manifest],
    *,
    delay_binding: bool = False,
    profile: Profile = V1_36,
) -> Decision[str | None]:
    """The name of the volume the controller binds; of several legal ones the first (PV-002).

    After ``persistentVolumeOrderedIndex.findBestMatchForClaim``.
    """
    legal = legal_matches(claim, volumes, delay_binding=delay_binding, profile=profile)
    return Decision(
        next((_name(each) for each in volumes if _name(each) in legal.value), None), legal.because
    )


def find_matching_volume(
    claim: Manifest,
    volumes: Sequence[Manifest],
    node: Manifest | None = None,
    *,
    delay_binding: bool = False,
    profile: Profile = V1_36,
) -> Decision[str | None]:
    """The name of the smallest volume that fits, the first of equally small ones (PV-001, PV-002).

    Access modes are compared only with a node; without one the caller has done so. A volume promised
    to the claim wins, and if the node cannot reach it, nothing does.
    """
    if node is not None:
        wanted = access_modes(claim)
        volumes = [
            volume
            for volume in volumes
            if is_prebound(volume, claim) or access_modes(volume) >= wanted
        ]
    best = _best_of(claim, volumes, node, delay_binding, profile)
    return Decision(_name(best[0]) if best else None, "PV-002" if best else "PV-001")


def is_prebound(volume: Manifest, claim: Manifest) -> bool:
    """Whether a volume's claimRef names this claim: by name, and by UID where it has one."""
    reference = _spec(volume).get("claimRef")
    if reference is None:
        return False
    metadata = claim["metadata"]
    return (
        reference.get("name") == metadata.get("name")
        and (reference.get("namespace") or "") == (metadata.get("namespace") or "")
        and (not reference.get("uid") or reference["uid"] == metadata.get("uid"))
    )


def satisfies(claim: Manifest, volume: Manifest, profile: Profile = V1_36) -> bool:
    """Whether a volume that a claim asks for by name does: size, modes and class, but no label."""
    return (
        _fits(claim, volume, profile)
        and access_modes(volume) >= access_modes(claim)
        and storage_class(volume) == storage_class(claim)
    )


def access_modes(owner: Manifest) -> frozenset[str]:
    """The access modes of a claim or a volume."""
    return frozenset(_spec(owner).get("accessModes") or ())


def storage_class(owner: Manifest) -> str:
    """The class of a claim or a volume; unset is the same as empty."""
    annotations = owner["metadata"].get("annotations") or {}
    if CLASS_ANNOTATION in annotations:
        return str(annotations[CLASS_ANNOTATION])
    return _spec(owner).get("storageClassName") or ""


def capacity(volume: Manifest, profile: Profile = V1_36) -> int:
    """The storage of a volume in nano-bytes."""
    return nano_of((_spec(volume).get("capacity") or {}).get("storage", "0"), profile)


def requested(claim: Manifest, profile: Profile = V1_36) -> int:
    """The storage a claim asks for in nano-bytes."""
    resources = _spec(claim).get("resources") or {}
    return nano_of((resources.get("requests") or {}).get("storage", "0"), profile)


def is_reachable(volume: Manifest, node: Manifest | None) -> bool:
    """Whether a volume's node affinity lets it be used on a node; any volume where no node is given."""
    affinity = (_spec(volume).get("nodeAffinity") or {}).get("required")
    if node is None or affinity is None:
        return True
    labels = node["metadata"].get("labels") or {}
    return any(_term_matches(term, labels) for term in affinity.get("nodeSelectorTerms") or ())


def _best_of(
    claim: Manifest,
    volumes: Sequence[Manifest],
    node: Manifest | None,
    delay_binding: bool,
    profile: Profile,
) -> list[Manifest]:
    """The volumes that may be chosen among these, whose access modes are known to do."""
    standing = [
        volume
        for volume in volumes
        if _is_spared_for(claim, volume) and _fits(claim, volume, profile)
    ]
    promised = [volume for volume in standing if is_prebound(volume, claim)]
    if promised:
        return [volume for volume in promised if is_reachable(volume, node)]
    if delay_binding and node is None:
        return []
    free = [
        volume for volume in standing if _is_free_for(claim, volume) and is_reachable(volume, node)
    ]
    smallest = min((capacity(volume, profile) for volume in free), default=0)
    return [volume for volume in free if capacity(volume, profile) == smallest]


def _is_spared_for(claim: Manifest, volume: Manifest) -> bool:
    return not _spec(volume).get("claimRef") or is_prebound(volume, claim)


def _fits(claim: Manifest, volume: Manifest, profile: Profile) -> bool:
    """What even a volume that is promised to the claim must have."""
    asked, offered = _spec(claim), _spec(volume)
    return (
        capacity(volume, profile) >= requested(claim, profile)
        and (asked.get("volumeMode") or "Filesystem") == (offered.get("volumeMode") or "Filesystem")
        and (asked.get("volumeAttributesClassName") or "")
        == (offered.get("volumeAttributesClassName") or "")
        and not volume["metadata"].get("deletionTimestamp")
    )


def _is_free_for(claim: Manifest, volume: Manifest) -> bool:
    """What a volume must have that is not promised to the claim."""
    return (
        _phase(volume) == "Available"
        and storage_class(volume) == storage_class(claim)
        and _selector_matches(_spec(claim).get("selector"), volume["metadata"].get("labels") or {})
    )


def _selector_matches(selector: Manifest | None, labels: Mapping[str, str]) -> bool:
    return selector is None or selects(selector, labels)


def _term_matches(term: Manifest, labels: Mapping[str, str]) -> bool:
    """A term of node affinity; an empty one matches nothing. Volumes know of no node's fields."""
    expressions = term.get("matchExpressions") or ()
    return (
        bool(expressions)
        and not term.get("matchFields")
        and is_parsable(term)
        and all(holds(each, labels) for each in expressions)
    )


def _spec(owner: Manifest) -> Manifest:
    return owner.get("spec") or {}


def _phase(owner: Manifest) -> str:
    return (owner.get("status") or {}).get("phase") or ""


def _name(owner: Manifest) -> str:
    return str(owner["metadata"]["name"])


def _best_match(arguments: Arguments, profile: Profile) -> Decision[OneOf]:
    legal = legal_matches(
        arguments["claim"],
        arguments["volumes"],
        delay_binding=arguments["delay_binding"],
        profile=profile,
    )
    return Decision(OneOf(legal.value), legal.because)


def _find_matching_volume(arguments: Arguments, profile: Profile) -> Decision[str | None]:
    return find_matching_volume(
        arguments["claim"],
        arguments["volumes"],
        arguments.get("node"),
        delay_binding=arguments["delay_binding"],
        profile=profile,
    )


FUNCTIONS: Final = {
    "pv.best_match": _best_match,
    "pv.find_matching_volume": _find_matching_volume,
}
"""By the names of the vectors: the arguments as plain data and a profile in, a decision out."""
