"""Volumes and claims, boundaries first: such as fit each other, such as nearly do, and invalid ones."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from hypothesis import strategies as st

from strategies.manifests import Manifest, claim, pod, volume
from strategies.once import among, once

RWO, ROX, RWX = "ReadWriteOnce", "ReadOnlyMany", "ReadWriteMany"
RWOP: Final = "ReadWriteOncePod"

DEFAULT_CLASS: Final = "storageclass.kubernetes.io/is-default-class"
BY_HAND: Final = "kubernetes.io/no-provisioner"
PROVISIONER: Final = "csi.example.com"

SIZES: Final = ("1Gi", "1024Mi", "1073741823", "1073741825", "2Gi", "1.5Gi", "10Gi", "1G")
"""About as much as a claim of 1Gi asks for, and around it."""

sizes: Final = st.sampled_from(SIZES)

mode_sets: Final = st.sampled_from(
    [[RWO], [RWO, ROX], [ROX], [RWX], [RWO, RWX], [ROX, RWX], [RWO, ROX, RWX]]
)
"""Access modes of a claim or a volume, as every profile knows them."""

policies: Final = st.sampled_from([None, "Retain", "Delete", "Recycle"])
"""persistentVolumeReclaimPolicy; None leaves it to the default."""

SOURCES: Final[Mapping[str, Manifest]] = {
    "tmp": {"hostPath": {"path": "/tmp/data"}},
    "near": {"hostPath": {"path": "/tmpdata"}},
    "srv": {"hostPath": {"path": "/srv/data"}},
    "nfs": {"nfs": {"server": "nfs.example.com", "path": "/data"}},
    "csi": {"csi": {"driver": PROVISIONER, "volumeHandle": "data"}},
}
"""Volume sources: one that is deleted and recycled, three that are only recycled, and neither."""


def sourced(name: str, source: str, size: str = "1Gi", **spec: Any) -> Manifest:
    """A volume on one of the ``SOURCES``."""
    made = volume(name, size, **spec)
    del made["spec"]["hostPath"]
    made["spec"].update(SOURCES[source])
    return made


def storage_class(
    name: str = "local",
    provisioner: str = BY_HAND,
    *,
    default: bool = False,
    mode: str | None = None,
    policy: str | None = None,
) -> Manifest:
    """A StorageClass; without a provisioner unless one is named, so volumes are made by hand."""
    annotations = {"annotations": {DEFAULT_CLASS: "true"}} if default else {}
    return {
        "apiVersion": "storage.k8s.io/v1",
        "kind": "StorageClass",
        "metadata": {"name": name, **annotations},
        "provisioner": provisioner,
        **({"volumeBindingMode": mode} if mode is not None else {}),
        **({"reclaimPolicy": policy} if policy is not None else {}),
    }


def user(name: str, *claims: str, **spec: Any) -> Manifest:
    """A Pod that uses claims."""
    volumes = [
        {"name": f"data-{index}", "persistentVolumeClaim": {"claimName": each}}
        for index, each in enumerate(claims)
    ]
    return pod(name, volumes=volumes, **spec)


def only_on(*nodes: str) -> Manifest:
    """A volume's node affinity: it can be reached from these nodes alone."""
    expression = {"key": "kubernetes.io/hostname", "operator": "In", "values": list(nodes)}
    return {"required": {"nodeSelectorTerms": [{"matchExpressions": [expression]}]}}


def without_class(manifest: Manifest) -> Manifest:
    """The claim, its class left to the default."""
    spec = {key: value for key, value in manifest["spec"].items() if key != "storageClassName"}
    return {**manifest, "spec": spec}


# -- a claim and volumes that fit it or nearly do ------------------------------------------------

SMALLER: Final[Mapping[str, str]] = {
    "1Gi": "1073741823",
    "1024Mi": "1023.9Mi",
    "1500Mi": "1.25Gi",
    "512Mi": "511Mi",
}
"""What claims ask for, and a little less."""

SELECTORS: Final[tuple[Manifest, ...]] = (
    {"matchLabels": {"tier": "gold"}},
    {"matchExpressions": [{"key": "tier", "operator": "In", "values": ["gold", "silver"]}]},
    {"matchExpressions": [{"key": "tier", "operator": "NotIn", "values": ["tin"]}]},
    {
        "matchLabels": {"tier": "gold"},
        "matchExpressions": [{"key": "old", "operator": "DoesNotExist"}],
    },
)
"""Selectors of a claim; all of them match the labels of ``GOLD``, none those of ``TIN``."""

GOLD: Final[Manifest] = {"labels": {"tier": "gold"}}
TIN: Final[Manifest] = {"labels": {"tier": "tin", "old": "yes"}}


# Strategies that are drawn from often are made once: to make one costs more than to draw from it.

_EXTRAS: Final[st.SearchStrategy[dict[str, Any]]] = st.sampled_from(
    [
        {},
        {"volumeMode": "Block"},
        {"volumeMode": "Filesystem"},
        {"volumeAttributesClassName": "gold"},
        *({"selector": selector} for selector in SELECTORS),
    ]
)
_SIZES: Final = st.sampled_from(sorted(SMALLER))
_LARGER: Final = st.sampled_from(["", "1501Mi", "2Gi", "10Gi"])
_COIN: Final = st.sampled_from([True, False])
_MOSTLY: Final = st.sampled_from([True, True, False])
_SELDOM: Final = st.sampled_from([False, False, True])


def _wish(draw: st.DrawFn) -> dict[str, Any]:
    """What a claim asks for, as keyword arguments of ``strategies.manifests.claim``."""
    return {"modes": draw(mode_sets), "size": draw(_SIZES), **draw(_EXTRAS)}


def _offer(draw: st.DrawFn, name: str, wish: Mapping[str, Any]) -> Manifest:
    """A volume for such a claim; more often than not it lacks one thing."""
    spec: dict[str, Any] = {
        "modes": wish["modes"] if draw(_COIN) else _wider(wish["modes"]),
        "size": draw(_LARGER) or wish["size"],
        "storageClassName": wish.get("storageClassName", ""),
        "volumeMode": wish.get("volumeMode", "Filesystem"),
        "metadata": dict(GOLD),
    }
    if "volumeAttributesClassName" in wish:
        spec["volumeAttributesClassName"] = wish["volumeAttributesClassName"]
    if draw(_MOSTLY):
        spec.update(draw(st.sampled_from(_flaws(wish))))
    source = "csi" if "volumeAttributesClassName" in spec else "tmp"  # no other may have that
    return sourced(name, source, **spec)


def _wider(modes: list[str]) -> list[str]:
    return [RWO, ROX, RWX] if len(modes) > 1 else [*modes, ROX if modes != [ROX] else RWX]


def _flaws(wish: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What a volume may lack to satisfy a claim: first what the claim asks for in particular."""
    others = [mode for mode in (RWO, ROX, RWX) if mode not in wish["modes"]]
    attributes = "tin" if "volumeAttributesClassName" in wish else "gold"
    return [
        *([{"metadata": dict(TIN)}] * 3 if "selector" in wish else []),
        {"size": SMALLER[wish["size"]]},
        {"modes": wish["modes"][1:] or others},
        {"storageClassName": "other"},
        {"volumeMode": "Filesystem" if wish.get("volumeMode") == "Block" else "Block"},
        {"volumeAttributesClassName": attributes},
        {"claimRef": {"namespace": "default", "name": "somebody"}},
    ]


@once
@st.composite
def markets(draw: st.DrawFn) -> tuple[Manifest, list[Manifest]]:
    """A claim ``c`` and volumes ``v0``, ``v1``, …, of which some fit it."""
    wish = _wish(draw)
    count = draw(among(1, 1, 1, 2, 3))  # where there is but one, its flaw decides
    return claim("c", **wish), [_offer(draw, f"v{index}", wish) for index in range(count)]


# -- arguments of the pure functions -------------------------------------------------------------

UID: Final = "claim-uid"

promises: Final = st.sampled_from(
    [
        None,
        {"namespace": "default", "name": "c"},
        {"namespace": "default", "name": "c", "uid": UID},
    ]
)
"""A claimRef for the claim: none, by its name, or the claim itself."""

BLEMISHES: Final[tuple[Manifest, ...]] = (
    {"metadata": {"deletionTimestamp": "2024-05-01T10:00:00Z"}},
    {"status": {"phase": "Released"}},
    {"status": {"phase": "Bound"}},
    {"status": {"phase": "Pending"}},
    {"status": {"phase": "Failed"}},
    {"spec": {"claimRef": {"namespace": "default", "name": "c", "uid": "older-uid"}}},
    {"spec": {"claimRef": {"namespace": "other", "name": "c"}}},
    {"spec": {"nodeAffinity": only_on("n1")}},
)
"""Why a volume that would satisfy a claim is not to be had, or not everywhere."""


_BLEMISHES: Final = st.sampled_from(BLEMISHES)
_SIZES_IN_ANY_ORDER: Final = st.permutations(["1501Mi", "2Gi", "3Gi", "5Gi", "10Gi"])
_COUNTS: Final = st.sampled_from([1, 1, 2, 3, 5])
_PROMISES: Final = st.one_of(st.none(), promises)
_DELAYS: Final = st.sampled_from([False, False, False, True])


def _seen_volume(draw: st.DrawFn, name: str, wish: Mapping[str, Any], size: str) -> Manifest:
    """A volume as a binder sees it, of that size if it is large enough."""
    made = {**_offer(draw, name, wish), "status": {"phase": "Available"}}
    if made["spec"]["capacity"]["storage"] != SMALLER[wish["size"]]:
        made["spec"]["capacity"] = {"storage": size}
    if draw(_SELDOM):
        for part, blemish in draw(_BLEMISHES).items():
            made[part] = {**made[part], **blemish}
    return made


@once
@st.composite
def best_match_arguments(draw: st.DrawFn) -> dict[str, Any]:
    """Arguments of ``pv.best_match``: a claim, up to five volumes, whether it waits for a Pod.

    No two volumes are of one size, and one at the most is promised to the claim: no rule ranks those.
    """
    wish = _wish(draw)
    different = draw(_SIZES_IN_ANY_ORDER)
    volumes = [
        _seen_volume(draw, f"v{index}", wish, different[index]) for index in range(draw(_COUNTS))
    ]
    promise = draw(_PROMISES)
    if promise is not None:
        volumes[0]["spec"]["claimRef"] = promise
    return {
        "claim": claim("c", metadata={"uid": UID}, **wish),
        "volumes": draw(st.permutations(volumes)),
        "delay_binding": draw(_DELAYS),
    }


@once
@st.composite
def find_arguments(draw: st.DrawFn) -> dict[str, Any]:
    """Arguments of ``pv.find_matching_volume``: the same, perhaps seen from a node."""
    labels = draw(among(None, "n1", "n2"))
    node = {"metadata": {"name": labels, "labels": {"kubernetes.io/hostname": labels}}}
    return {**draw(best_match_arguments()), **({"node": node} if labels else {})}


# -- what the API refuses ------------------------------------------------------------------------

BROKEN_MODES: Final[tuple[list[str], ...]] = ([], ["ReadWrite"], [RWOP, RWO], [RWO, "Once"])
NO_SIZE: Final = ("0", "-1Gi")


@once
@st.composite
def invalid(draw: st.DrawFn) -> tuple[Manifest, str]:
    """A volume or claim that the API refuses, with the rule that it breaks."""
    make = draw(among(volume, claim))
    kind = draw(among("modes", "size", "mode", "recycle"))
    if kind == "modes":
        return make("x", modes=draw(st.sampled_from(BROKEN_MODES))), "PV-012"
    if kind == "size":
        return make("x", size=draw(among(*NO_SIZE))), "PV-001"
    if kind == "mode":
        return make("x", volumeMode="Tape"), "PV-001"
    root = {"path": draw(among("/", "//"))}
    return volume("x", hostPath=root, persistentVolumeReclaimPolicy="Recycle"), "PV-008"
