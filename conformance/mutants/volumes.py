"""PV: engines that bind the wrong volumes, at the wrong time, or let go of them too soon."""

from __future__ import annotations

from typing import Any, Final

from conformance.adapters.simulator import claims, meta, quantity
from conformance.adapters.simulator.controllers.volumes import matching
from conformance.adapters.simulator.controllers.volumes.binder import phase_of
from conformance.mutants import SIMULATOR, mutant
from conformance.mutants.settings import SETTINGS, turned

VOLUMES: Final = f"{SIMULATOR}.controllers.volumes"
MATCHING: Final = f"{VOLUMES}.matching"
BINDER: Final = f"{VOLUMES}.binder:PersistentVolumeController"
CLAIMS: Final = f"{SIMULATOR}.claims"
API: Final = f"{SIMULATOR}.api.storage"

GIBIBYTE: Final = quantity.nano("1Gi")


# PV-001: what a volume must have.


@mutant("PV-001", f"{MATCHING}:is_large_enough")
def sizes_are_whole_gibibytes(_: Any) -> Any:
    """Capacity and request are compared in whole Gi: 1Gi is enough for 1500Mi."""
    return lambda claim, volume: (
        matching.capacity_of(volume) // GIBIBYTE >= matching.requested(claim) // GIBIBYTE
    )


@mutant("PV-001", f"{MATCHING}:has_same_class")
def no_class_is_any_class(original: Any) -> Any:
    """A claim without a class may have a volume of any class."""
    return lambda claim, volume: not matching.storage_class_of(claim) or original(claim, volume)


@mutant("PV-001", f"{MATCHING}:has_same_mode")
def a_block_device_is_a_file_system(_: Any) -> Any:
    """The volumeMode is not compared."""
    return lambda *_: True


@mutant("PV-001", f"{MATCHING}:has_same_attributes_class")
def attributes_do_not_matter(_: Any) -> Any:
    """The volumeAttributesClassName is not compared."""
    return lambda *_: True


@mutant("PV-001", f"{MATCHING}:is_selected")
def expressions_are_overlooked(_: Any) -> Any:
    """Of a claim's selector only matchLabels is read."""

    def is_selected(claim: Any, volume: Any) -> bool:
        wanted = (claim["spec"].get("selector") or {}).get("matchLabels")
        return meta.selects({"matchLabels": wanted}, meta.labels_of(volume))

    return is_selected


@mutant("PV-001", f"{MATCHING}:fits")
def a_volume_that_goes_is_taken(original: Any) -> Any:
    """A volume that is being deleted may still be bound."""
    return lambda claim, volume: original(
        claim, meta.with_path(volume, ("metadata", "deletionTimestamp"), None)
    )


# PV-002: which of those that fit.


@mutant("PV-002", f"{MATCHING}:best_match")
def the_smallest_wins_whatever_its_modes(_: Any) -> Any:
    """The smallest of all volumes is taken, not of those with the fewest access modes."""

    def best_match(claim: Any, volumes: Any, *given: Any) -> Any:
        able = [volume for volume in volumes if matching.has_access_modes(claim, volume)]
        return matching.find_matching_volume(claim, able, *given)

    return best_match


@mutant("PV-002", f"{MATCHING}:find_matching_volume")
def the_first_that_fits_is_taken(original: Any) -> Any:
    """Among volumes of the same access modes the first is taken, not the smallest."""

    def find(claim: Any, volumes: Any, *given: Any) -> Any:
        return next((one for one in volumes if original(claim, [one], *given)), None)

    return find


@mutant("PV-002", f"{BINDER}._claim_phase")
def a_claim_shows_what_it_asked_for(original: Any) -> Any:
    """status.capacity of a bound claim is its request, not the capacity of its volume."""

    def claim_phase(binder: Any, claim: Any, phase: str, volume: Any = None) -> None:
        asked = claim["spec"]["resources"]["requests"]
        shown = volume and meta.with_path(volume, ("spec", "capacity"), asked)
        original(binder, claim, phase, shown)

    return claim_phase


# PV-003: one to one, mutual, final.


@mutant("PV-003", f"{BINDER}.bind")
def the_claim_is_written_first(_: Any) -> Any:
    """A claim is Bound before its volume points at it."""

    def bind(binder: Any, volume: Any, claim: Any) -> None:
        claim = binder._point_claim_at(volume, claim)
        binder._claim_phase(claim, "Bound", volume)
        volume = binder._point_volume_at(claim, volume)
        binder._volume_phase(volume, "Bound")

    return bind


@mutant("PV-003", f"{BINDER}._sync_claim_of_named_volume")
def a_taken_volume_is_shared(original: Any) -> Any:
    """A claim that names a volume is Bound to it, though the volume is another claim's."""

    def sync(binder: Any, claim: Any) -> None:
        volume = binder.store.get("PersistentVolume", None, claim["spec"]["volumeName"])
        if volume is not None and phase_of(volume) == "Bound":
            binder._claim_phase(claim, "Bound", volume)
        else:
            original(binder, claim)

    return sync


@mutant("PV-003", f"{API}:validate_claim_change")
def a_bound_claim_may_ask_for_less(original: Any) -> Any:
    """The request of a claim may be lowered again."""

    def validate(new: Any, old: Any, problems: Any) -> None:
        request = ("spec", "resources", "requests", "storage")
        size = new["spec"]["resources"]["requests"]["storage"]
        original(new, meta.with_path(old, request, size), problems)

    return validate


@mutant("PV-003", f"{API}:validate_claim_change")
def the_selector_of_a_claim_may_change(original: Any) -> Any:
    """The selector is not among the fields of a claim that never change."""

    def validate(new: Any, old: Any, problems: Any) -> None:
        selector = new["spec"].get("selector")
        original(new, meta.with_path(old, ("spec", "selector"), selector), problems)

    return validate


# PV-004: the phases of a volume.


@mutant("PV-004", f"{MATCHING}:is_reserved_for")
def a_name_is_enough(original: Any) -> Any:
    """A released volume goes to the next claim of the name in its claimRef: the UID is not read."""
    return lambda volume, claim: original(
        meta.with_path(volume, ("spec", "claimRef", "uid"), None)
        if volume["spec"].get("claimRef")
        else volume,
        claim,
    )


@mutant("PV-004", f"{BINDER}.sync_volume")
def a_promised_volume_stays_pending(original: Any) -> Any:
    """A volume whose claimRef names a claim without a UID is not Available but Pending."""

    def sync(binder: Any, volume: Any) -> None:
        reference = volume["spec"].get("claimRef")
        if not reference or reference.get("uid"):
            original(binder, volume)

    return sync


# PV-005: the phases of a claim, and the Pods that need it.


@mutant("PV-005", f"{BINDER}._lose")
def a_claim_stays_bound_to_nothing(_: Any) -> Any:
    """A claim whose volume has disappeared stays Bound."""
    return lambda *_: None


@mutant("PV-005", f"{BINDER}._lose")
def a_claim_without_its_volume_waits_for_another(_: Any) -> Any:
    """A claim whose volume has disappeared is Pending again, not Lost."""
    return lambda binder, claim, *_: binder._claim_phase(claim, "Pending")


@mutant("PV-005", f"{CLAIMS}:pod_problem")
def a_missing_claim_is_no_hindrance(original: Any) -> Any:
    """A Pod is scheduled though a claim that it names does not exist."""

    def pod_problem(pod: Any, store: Any) -> Any:
        problem = original(pod, store)
        return None if problem and problem.endswith("not found") else problem

    return pod_problem


@mutant("PV-005", f"{SIMULATOR}.scheduler:Scheduler.schedule")
def an_unbound_claim_is_no_hindrance(original: Any) -> Any:
    """A Pod is bound to a node while an Immediate claim of it is Pending."""

    def schedule(scheduler: Any, pod: Any) -> None:
        if scheduler.claims_problem(pod) == claims.UNBOUND:
            scheduler.store.bind(meta.namespace_of(pod), meta.name_of(pod), "node1")
        else:
            original(scheduler, pod)

    return schedule


# PV-011 and 012: the first consumer, and the others.


@mutant("PV-011", f"{VOLUMES}.provisioning:waits_for_consumer")
def nobody_waits_for_a_consumer(_: Any) -> Any:
    """The mode WaitForFirstConsumer is not known: every claim is bound at once."""
    return lambda _: False


@mutant("PV-011", f"{VOLUMES}.provisioning:waits_for_consumer")
def every_class_waits_for_a_consumer(_: Any) -> Any:
    """A claim with a class of the mode Immediate, too, waits for a Pod that uses it."""
    return lambda storage_class: storage_class is not None


@mutant("PV-011", f"{MATCHING}:is_reachable")
def volumes_are_everywhere(_: Any) -> Any:
    """The node affinity of a volume is not asked when the node of the first consumer is known."""
    return lambda *_: True


@mutant("PV-012", f"{MATCHING}:has_access_modes")
def one_common_mode_is_enough(_: Any) -> Any:
    """A volume will do that offers any of the access modes that a claim asks for."""
    return lambda claim, volume: bool(
        set(claim["spec"]["accessModes"]) & set(volume["spec"]["accessModes"])
    )


@mutant("PV-012", f"{API}:_validate_access_modes")
def once_per_pod_goes_with_others(original: Any) -> Any:
    """ReadWriteOncePod may stand beside other access modes."""

    def validate(spec: Any, *given: Any) -> None:
        modes = spec.get("accessModes") or ()
        others = [mode for mode in modes if mode != "ReadWriteOncePod"]
        original({**spec, "accessModes": others or modes}, *given)

    return validate


@mutant("PV-012", SETTINGS, profile="documented")
def there_is_a_fourth_mode(original: Any) -> Any:
    """ReadWriteOncePod is accepted, which the source document does not know."""
    return turned(original, volume_access_modes=original["v1.36"].volume_access_modes)


@mutant("PV-012", f"{CLAIMS}:is_exclusive")
def once_per_pod_is_once_per_node(_: Any) -> Any:
    """A second Pod may use a ReadWriteOncePod claim."""
    return lambda _: False


@mutant("PV-012", f"{CLAIMS}:is_exclusive")
def read_write_once_admits_one_pod(original: Any) -> Any:
    """A second Pod may not use a ReadWriteOnce claim either."""
    return lambda claim: original(claim) or "ReadWriteOnce" in claim["spec"]["accessModes"]


@mutant("PV-012", f"{VOLUMES}.protection:StorageProtectionController.is_in_use")
def a_claim_goes_under_its_pods(original: Any) -> Any:
    """A deleted claim goes at once, though Pods use it."""
    return lambda controller, key, found: (
        key[0] == "PersistentVolume" and original(controller, key, found)
    )


@mutant("PV-012", f"{VOLUMES}.protection:StorageProtectionController.is_in_use")
def a_bound_volume_goes(original: Any) -> Any:
    """A deleted volume goes at once, though it is bound."""
    return lambda controller, key, found: (
        key[0] != "PersistentVolume" and original(controller, key, found)
    )
