"""How tests read the faults of a manifest."""

from typing import Any

from spec_model.profiles import V1_36, Profile
from spec_model.validation import validate


def told(manifest: dict[str, Any], profile: Profile = V1_36) -> list[tuple[str, str, str]]:
    """Field without its common start, type without FieldValue, and rule of every fault."""
    return [
        (fault.field, fault.type.removeprefix("FieldValue"), fault.rule)
        for fault in validate(manifest, profile)
    ]
