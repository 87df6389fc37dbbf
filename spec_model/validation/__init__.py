"""What the API refuses, what it fills in, and which rule says so."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import chain
from typing import Final, TypeAlias

from spec_model.events import Manifest
from spec_model.profiles import V1_36, Profile
from spec_model.validation.autoscaler import autoscaler_faults
from spec_model.validation.common import Fault, Faults, holds_in
from spec_model.validation.config_map import config_map_faults
from spec_model.validation.daemon import daemon_faults
from spec_model.validation.defaults import Default, defaults, filled, unmet
from spec_model.validation.deployment import deployment_faults
from spec_model.validation.job import job_faults
from spec_model.validation.owners import rule_of_field
from spec_model.validation.pod import pod_faults
from spec_model.validation.speaks import speaks_of
from spec_model.validation.update import status_faults, update_faults
from spec_model.validation.volume import claim_faults, persistent_volume_faults
from spec_model.validation.workload import ALWAYS_KINDS, always_faults

Check: TypeAlias = Callable[[Manifest, Profile], Faults]

CHECKS: Final[Mapping[str, Check]] = {
    "Pod": pod_faults,
    "ConfigMap": config_map_faults,
    "PersistentVolume": persistent_volume_faults,
    "PersistentVolumeClaim": claim_faults,
    "HorizontalPodAutoscaler": autoscaler_faults,
    **dict.fromkeys(ALWAYS_KINDS, always_faults),
    "Deployment": lambda manifest, profile: chain(
        deployment_faults(manifest, profile), always_faults(manifest, profile)
    ),
    "DaemonSet": daemon_faults,
    "Job": job_faults,
}


def validate(manifest: Manifest, profile: Profile = V1_36) -> tuple[Fault, ...]:
    """Every fault for which a rule wants the creation of an object refused; none for other kinds.

    The API may refuse it for more: ``rule_of_field`` tells whether the catalogue speaks of a field.
    """
    check = CHECKS.get(manifest.get("kind", ""))
    if check is None:
        return ()
    return tuple(fault for fault in check(manifest, profile) if holds_in(profile, fault.rule))


def validate_update(old: Manifest, new: Manifest, profile: Profile = V1_36) -> tuple[Fault, ...]:
    """Every fault for which a rule wants the replacement of ``old`` by ``new`` refused.

    Both what may not be changed and what is wrong with ``new`` by itself; ``new`` is the whole object
    as it would be stored.
    """
    faults = (*update_faults(old, new, profile), *validate(new, profile))
    return tuple(dict.fromkeys(faults))


def validate_status(old: Manifest, new: Manifest) -> tuple[Fault, ...]:
    """Every fault for which a rule wants a write of the status of a Pod refused (VALIDATION-004)."""
    return status_faults(old, new) if new.get("kind") == "Pod" else ()


__all__ = (
    "Default", "Fault", "defaults", "filled", "rule_of_field", "speaks_of",
    "unmet", "validate", "validate_status", "validate_update",
)  # fmt: skip
