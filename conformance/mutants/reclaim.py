"""PV: engines that provision the wrong volumes, and reclaim them wrongly."""

from __future__ import annotations

from typing import Any, Final

from conformance.adapters.simulator import meta
from conformance.adapters.simulator.controllers.volumes import matching, provisioning, reclaim
from conformance.adapters.simulator.controllers.volumes.binder import phase_of
from conformance.mutants import SIMULATOR, mutant
from conformance.mutants.settings import SETTINGS, turned

VOLUMES: Final = f"{SIMULATOR}.controllers.volumes"
BINDER: Final = f"{VOLUMES}.binder:PersistentVolumeController"
PROVISIONING: Final = f"{VOLUMES}.provisioning"
RECLAIM: Final = f"{VOLUMES}.reclaim"
API: Final = f"{SIMULATOR}.api.storage"


# PV-006 to 008: what becomes of a volume whose claim is gone.


@mutant("PV-006", f"{RECLAIM}:retain")
def a_retained_volume_is_used_again(_: Any) -> Any:
    """A volume with the policy Retain is Available again when its claim is gone."""
    return lambda *_: reclaim.Outcome("recycle")


@mutant("PV-006", f"{BINDER}.sync_volume")
def a_released_volume_cannot_be_freed(original: Any) -> Any:
    """A Released volume stays Released when an administrator clears its claimRef."""
    return lambda binder, volume: phase_of(volume) == "Released" or original(binder, volume)


@mutant("PV-007", SETTINGS)
def the_neighbors_of_tmp_are_deleted(original: Any) -> Any:
    """The hostPath deleter removes whatever path begins with /tmp, as /tmpdata does."""
    return turned(original, deleted_host_path_prefix="/tmp")


@mutant("PV-007", f"{RECLAIM}:delete")
def what_nobody_can_delete_stays_released(original: Any) -> Any:
    """A volume that no plugin can delete is not Failed."""

    def delete(volume: Any, settings: Any) -> Any:
        outcome = original(volume, settings)
        return reclaim.KEEP if outcome.action == "fail" else outcome

    return delete


@mutant("PV-007", f"{RECLAIM}:delete")
def the_object_is_left_behind(original: Any) -> Any:
    """The storage behind a volume is deleted, the PersistentVolume is not."""

    def delete(volume: Any, settings: Any) -> Any:
        outcome = original(volume, settings)
        return reclaim.KEEP if outcome.action == "delete" else outcome

    return delete


@mutant("PV-008", SETTINGS)
def every_volume_can_be_recycled(original: Any) -> Any:
    """Local volumes are recycled like host paths."""
    sources = frozenset({"hostPath", "nfs", "local", "csi"})
    return turned(original, recycled_sources=sources)


@mutant("PV-008", f"{BINDER}._users")
def a_volume_is_recycled_under_its_users(_: Any) -> Any:
    """A volume is scrubbed while Pods still use it."""
    return lambda *_: []


@mutant("PV-008", f"{RECLAIM}:recycle")
def a_recycled_volume_is_thrown_away(original: Any) -> Any:
    """A volume that was scrubbed is deleted, not Available again."""

    def recycle(volume: Any, settings: Any) -> Any:
        outcome = original(volume, settings)
        return reclaim.Outcome("delete") if outcome.action == "recycle" else outcome

    return recycle


@mutant("PV-008", f"{API}:forbids_recycling")
def the_root_of_a_node_may_be_scrubbed(_: Any) -> Any:
    """A hostPath volume of / may have the policy Recycle."""
    return lambda _: False


# PV-009 and 010: defaults and provisioning.


@mutant("PV-009", f"{API}:default_reclaim_policy")
def static_volumes_are_deleted_by_default(_: Any) -> Any:
    """A volume that an administrator made without a reclaim policy is deleted with its claim."""
    return lambda: "Delete"


@mutant("PV-009", f"{API}:default_class_reclaim_policy")
def provisioned_volumes_are_retained_by_default(_: Any) -> Any:
    """A class without a reclaim policy retains its volumes."""
    return lambda: "Retain"


@mutant("PV-009", f"{API}:default_volume_binding_mode")
def classes_wait_by_default(_: Any) -> Any:
    """A class without a volumeBindingMode waits for the first consumer."""
    return lambda: "WaitForFirstConsumer"


@mutant("PV-009", f"{PROVISIONING}:reclaim_policy_of")
def the_policy_of_the_class_is_not_read(_: Any) -> Any:
    """Every provisioned volume has the policy Delete, whatever its class says."""
    return lambda _: "Delete"


@mutant("PV-010", f"{SIMULATOR}.api.admission:default_storage_class")
def the_oldest_default_class_wins(_: Any) -> Any:
    """Of several default classes a new claim gets the oldest."""

    def default_storage_class(store: Any) -> Any:
        marked = (
            one
            for one in store.list("StorageClass")
            if matching.annotation(one, provisioning.IS_DEFAULT_CLASS) == "true"
        )
        oldest = min(marked, key=lambda one: one["metadata"]["creationTimestamp"], default=None)
        return oldest and meta.name_of(oldest)

    return default_storage_class


@mutant("PV-010", f"{API}:PersistentVolumeClaimStrategy.default")
def the_empty_class_is_no_class(original: Any) -> Any:
    """A claim with the class "" gets the default class, and with it a volume."""

    def default(strategy: Any, manifest: Any, settings: Any) -> None:
        original(strategy, manifest, settings)
        if not manifest["spec"].get("storageClassName"):
            manifest["spec"].pop("storageClassName", None)

    return default


@mutant("PV-010", f"{BINDER}.with_default_class")
def a_default_class_that_comes_later_is_not_seen(original: Any) -> Any:
    """Claims that were there before the default class never get it."""

    def with_default_class(binder: Any, claim: Any) -> Any:
        is_new = claim["metadata"]["creationTimestamp"] == binder.clock.timestamp()
        return original(binder, claim) if is_new else claim

    return with_default_class


@mutant("PV-010", f"{PROVISIONING}:volume_for")
def anybody_may_have_what_was_provisioned(original: Any) -> Any:
    """A provisioned volume is not made for its claim: it has no claimRef, and the best match gets it."""
    return lambda *given: meta.with_path(original(*given), ("spec", "claimRef"), None)
