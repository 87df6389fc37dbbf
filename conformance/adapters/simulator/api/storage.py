"""PersistentVolumes, PersistentVolumeClaims and StorageClasses (PV-003, PV-008, PV-009, PV-012)."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping, Sequence
from typing import Any, Final

from conformance.adapters.simulator import quantity
from conformance.adapters.simulator.api import names, pod_defaults, scheduling, volumes
from conformance.adapters.simulator.api.fields import Problems
from conformance.adapters.simulator.api.strategy import Strategy
from conformance.adapters.simulator.meta import Object
from conformance.adapters.simulator.settings import Settings

RECLAIM_POLICIES: Final = frozenset({"Retain", "Recycle", "Delete"})
_CLASS_RECLAIM_POLICIES: Final = frozenset({"Retain", "Delete"})
_BINDING_MODES: Final = frozenset({"Immediate", "WaitForFirstConsumer"})
_VOLUME_MODES: Final = frozenset({"Block", "Filesystem"})
_ALONE: Final = "ReadWriteOncePod"
SOURCES: Final = (
    "gcePersistentDisk", "awsElasticBlockStore", "hostPath", "glusterfs", "nfs", "rbd", "quobyte",
    "cephfs", "iscsi", "cinder", "fc", "flocker", "azureFile", "vsphereVolume", "azureDisk",
    "photonPersistentDisk", "portworxVolume", "scaleIO", "local", "storageos", "csi",
)  # fmt: skip


_OLD_SOURCES: Final = frozenset(
    {("", "PersistentVolumeClaim"), ("snapshot.storage.k8s.io", "VolumeSnapshot")}
)


class PersistentVolumeStrategy(Strategy):
    """A piece of storage in the cluster."""

    kind = "PersistentVolume"
    counts_generations = False

    def default(self, manifest: Object, settings: Settings) -> None:
        spec = manifest["spec"] = manifest.get("spec") or {}
        spec["persistentVolumeReclaimPolicy"] = (
            spec.get("persistentVolumeReclaimPolicy") or default_reclaim_policy()
        )
        if spec.get("volumeMode") is None:
            spec["volumeMode"] = "Filesystem"
        if spec.get("hostPath") is not None:
            spec["hostPath"].setdefault("type", "")
        if spec.get("capacity"):
            pod_defaults.round_resource_list(spec["capacity"], settings)

    def prepare(self, manifest: Object, settings: Settings) -> None:
        manifest["status"] = {"phase": "Pending"}

    def validate(self, manifest: Object, problems: Problems, settings: Settings) -> None:
        spec = manifest["spec"]
        _validate_access_modes(spec, problems, settings)
        _validate_capacity(spec.get("capacity") or {}, problems)
        policy = spec["persistentVolumeReclaimPolicy"]
        problems.one_of("spec.persistentVolumeReclaimPolicy", policy, RECLAIM_POLICIES)
        _validate_sources(spec, problems)
        _validate_node_affinity(spec, problems)
        _validate_class_and_mode(spec, problems)

    def validate_update(
        self, new: Object, old: Object, problems: Problems, settings: Settings
    ) -> None:
        after, before = new["spec"], old["spec"]
        if any(after.get(source) != before.get(source) for source in SOURCES):
            why = "spec.persistentvolumesource is immutable after creation"
            problems.forbidden("spec.persistentvolumesource", why)
        problems.unchanged("volumeMode", after.get("volumeMode"), before.get("volumeMode"))
        if before.get("nodeAffinity") is not None:
            problems.unchanged(
                "nodeAffinity", after.get("nodeAffinity"), before.get("nodeAffinity")
            )


class PersistentVolumeClaimStrategy(Strategy):
    """A request for storage."""

    kind = "PersistentVolumeClaim"
    counts_generations = False

    def default(self, manifest: Object, settings: Settings) -> None:
        spec = manifest["spec"] = manifest.get("spec") or {}
        if spec.get("volumeMode") is None:
            spec["volumeMode"] = "Filesystem"
        held = spec.get("resources") or {}
        for listed in (held.get("requests"), held.get("limits")):
            if listed:
                pod_defaults.round_resource_list(listed, settings)
        _normalize_data_sources(spec)

    def prepare(self, manifest: Object, settings: Settings) -> None:
        manifest["status"] = {"phase": "Pending"}

    def validate(self, manifest: Object, problems: Problems, settings: Settings) -> None:
        spec = manifest["spec"]
        _validate_access_modes(spec, problems, settings)
        names.validate_selector(spec.get("selector"), "spec.selector", problems)
        wanted = ((spec.get("resources") or {}).get("requests") or {}).get("storage")
        if wanted is None:
            problems.required("spec.resources[storage]")
        elif quantity.nano(wanted) <= 0:
            problems.invalid("spec.resources[storage]", wanted, "must be greater than zero")
        _validate_class_and_mode(spec, problems)
        _validate_data_sources(spec, problems)

    def validate_update(
        self, new: Object, old: Object, problems: Problems, settings: Settings
    ) -> None:
        validate_claim_change(new, old, problems)


class StorageClassStrategy(Strategy):
    """How volumes are provisioned."""

    kind = "StorageClass"
    counts_generations = False
    content = (
        "provisioner", "parameters", "reclaimPolicy", "mountOptions", "allowVolumeExpansion",
        "volumeBindingMode", "allowedTopologies",
    )  # fmt: skip

    def default(self, manifest: Object, settings: Settings) -> None:
        manifest["reclaimPolicy"] = manifest.get("reclaimPolicy") or default_class_reclaim_policy()
        manifest["volumeBindingMode"] = (
            manifest.get("volumeBindingMode") or default_volume_binding_mode()
        )

    def validate(self, manifest: Object, problems: Problems, settings: Settings) -> None:
        provisioner = manifest.get("provisioner") or ""
        if not provisioner:
            problems.required("provisioner")
        elif not names.is_qualified_name(provisioner.lower()):
            problems.invalid("provisioner", provisioner)
        problems.one_of("reclaimPolicy", manifest["reclaimPolicy"], _CLASS_RECLAIM_POLICIES)
        problems.one_of("volumeBindingMode", manifest["volumeBindingMode"], _BINDING_MODES)

    def validate_update(
        self, new: Object, old: Object, problems: Problems, settings: Settings
    ) -> None:
        for field in ("parameters", "provisioner"):
            if new.get(field) != old.get(field):
                problems.forbidden(field, f"updates to {field} are forbidden")
        for field in ("reclaimPolicy", "volumeBindingMode"):
            problems.unchanged(field, new.get(field), old.get(field))


def default_reclaim_policy() -> str:
    """PV-009: a volume that an administrator made is retained."""
    return "Retain"


def default_class_reclaim_policy() -> str:
    """PV-009: a volume that a class made goes with its claim."""
    return "Delete"


def default_volume_binding_mode() -> str:
    """PV-009: claims of a class are bound at once."""
    return "Immediate"


def validate_claim_change(new: Object, old: Object, problems: Problems) -> None:
    """PV-003: a claim's spec stays, but for its volume (once), its class (once) and its growth."""
    after, before = new["spec"], old["spec"]
    bound = (old.get("status") or {}).get("phase") == "Bound"
    if after != with_mutable_fields_of(after, before, bound=bound):
        problems.forbidden(
            "spec",
            "spec is immutable after creation except resources.requests and "
            "volumeAttributesClassName for bound claims",
        )
    if _storage_of(after) < _storage_of(before):
        why = "field can not be less than previous value"
        problems.forbidden("spec.resources.requests.storage", why)
    problems.unchanged("volumeMode", after.get("volumeMode"), before.get("volumeMode"))


def with_mutable_fields_of(
    after: Mapping[str, Any], before: Mapping[str, Any], *, bound: bool
) -> Object:
    """The old spec with what a change may touch taken from the new one."""
    merged = dict(before)
    mutable = [field for field in ("volumeName", "storageClassName") if before.get(field) is None]
    if bound:
        mutable.append("volumeAttributesClassName")
    for field in mutable:
        merged.pop(field, None)
        if field in after:
            merged[field] = after[field]
    if bound and _storage_of(after):
        held = before.get("resources") or {}
        grown = {
            **(held.get("requests") or {}),
            "storage": after["resources"]["requests"]["storage"],
        }
        merged["resources"] = {**held, "requests": grown}
    return merged


def _storage_of(spec: Mapping[str, Any]) -> int:
    requests = (spec.get("resources") or {}).get("requests") or {}
    return quantity.nano(requests.get("storage"))


def _validate_access_modes(spec: Mapping[str, Any], problems: Problems, settings: Settings) -> None:
    """PV-012: at least one, all known, ReadWriteOncePod alone."""
    modes, path = spec.get("accessModes") or (), "spec.accessModes"
    if not modes:
        problems.required(path)
    for mode in modes:
        if mode not in settings.volume_access_modes:
            problems.unsupported(path, mode, settings.volume_access_modes)
    if _ALONE in modes and set(modes) != {_ALONE}:
        problems.forbidden(path, "may not use ReadWriteOncePod with other access modes")


def _validate_capacity(capacity: Mapping[str, Any], problems: Problems) -> None:
    if not capacity:
        problems.required("spec.capacity")
    if set(capacity) != {"storage"}:
        problems.unsupported("spec.capacity", dict(capacity), ("storage",))
    for name, text in capacity.items():
        if quantity.nano(text) <= 0:
            problems.invalid(f"spec.capacity[{name}]", text, "must be greater than zero")


def _validate_class_and_mode(spec: Mapping[str, Any], problems: Problems) -> None:
    for field in ("storageClassName", "volumeAttributesClassName"):
        name = spec.get(field)
        if name and not names.is_subdomain(name):
            problems.invalid(f"spec.{field}", name)
    mode = spec.get("volumeMode")
    if mode not in _VOLUME_MODES:
        problems.unsupported("spec.volumeMode", mode, _VOLUME_MODES)


def _validate_sources(spec: Mapping[str, Any], problems: Problems) -> None:
    """Exactly one; later ones in upstream's order are the ones too many."""
    given = [source for source in SOURCES if spec.get(source) is not None]
    if not given:
        problems.required("spec", "must specify a volume type")
        return
    for extra in given[1:]:
        problems.forbidden(f"spec.{extra}", "may not specify more than 1 volume type")
    kind = given[0]
    if kind in _SOURCE_RULES:
        _SOURCE_RULES[kind](spec[kind], f"spec.{kind}", problems)
    if spec.get("local") is not None and spec.get("nodeAffinity") is None:
        problems.required("spec.nodeAffinity", "Local volume requires node affinity")
    if forbids_recycling(spec):
        why = "may not be 'recycle' for a hostPath mount of '/'"
        problems.forbidden("spec.persistentVolumeReclaimPolicy", why)


def forbids_recycling(spec: Mapping[str, Any]) -> bool:
    """PV-008: nobody may have the root of a node scrubbed."""
    where = str((spec.get("hostPath") or {}).get("path") or "")
    recycles = spec.get("persistentVolumeReclaimPolicy") == "Recycle"
    return recycles and posixpath.normpath(where) in {"/", "//"}


def _validate_local(source: Mapping[str, Any], path: str, problems: Problems) -> None:
    where = source.get("path") or ""
    if not where:
        problems.required(f"{path}.path")
    volumes.validate_no_backsteps(where, f"{path}.path", problems)


def _validate_csi(source: Mapping[str, Any], path: str, problems: Problems) -> None:
    driver = source.get("driver") or ""
    if not driver:
        problems.required(f"{path}.driver")
    elif len(driver) > names.LABEL_LENGTH or not names.is_subdomain(driver.lower()):
        problems.invalid(f"{path}.driver", driver)
    if not source.get("volumeHandle"):
        problems.required(f"{path}.volumeHandle")


_SOURCE_RULES: Final = {
    "hostPath": volumes.validate_host_path,
    "nfs": volumes.validate_nfs,
    "local": _validate_local,
    "csi": _validate_csi,
}


def _validate_node_affinity(spec: Mapping[str, Any], problems: Problems) -> None:
    affinity = spec.get("nodeAffinity")
    if affinity is None:
        return
    if affinity.get("required") is None:
        problems.required("spec.nodeAffinity.required", "must specify required node constraints")
    else:
        path = "spec.nodeAffinity.required"
        scheduling.validate_node_selector(affinity["required"], path, problems)


def _normalize_data_sources(spec: Object) -> None:
    """The old and the new field of a claim's source stand for each other.

    The old one alone, with what it never could name, is dropped without a word.
    """
    if spec.get("dataSource") and not spec.get("dataSourceRef"):
        source = spec["dataSource"]
        if (source.get("apiGroup") or "", source.get("kind")) not in _OLD_SOURCES:
            del spec["dataSource"]
    source, reference = spec.get("dataSource"), spec.get("dataSourceRef")
    if source and not reference:
        spec["dataSourceRef"] = dict(source)
    elif reference and not source and not reference.get("namespace"):
        spec["dataSource"] = dict(reference)


def _validate_data_sources(spec: Mapping[str, Any], problems: Problems) -> None:
    source, reference = spec.get("dataSource"), spec.get("dataSourceRef")
    for field in ("dataSource", "dataSourceRef"):
        if spec.get(field):
            _validate_data_source(spec[field], f"spec.{field}", problems)
    if source and reference and _identity(source) != _identity(reference):
        problems.invalid("spec", "dataSource", "must match dataSourceRef")


def _validate_data_source(source: Mapping[str, Any], path: str, problems: Problems) -> None:
    group, kind = source.get("apiGroup") or "", source.get("kind") or ""
    for field in ("name", "kind"):
        if not source.get(field):
            problems.required(f"{path}.{field}")
    if not group and kind != "PersistentVolumeClaim":
        why = "must be 'PersistentVolumeClaim' when referencing the default apiGroup"
        problems.invalid(path, kind, why)
    if group and not names.is_subdomain(group):
        problems.invalid(f"{path}.apiGroup", group)


def _identity(source: Mapping[str, Any]) -> Sequence[Any]:
    return [source.get(field) or "" for field in ("apiGroup", "kind", "name")]
