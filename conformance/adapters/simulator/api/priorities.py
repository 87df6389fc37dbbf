"""PriorityClasses: names for how much a Pod matters (EVICT-002 ranks by it)."""

from __future__ import annotations

from typing import Final

from conformance.adapters.simulator.api.fields import Problems
from conformance.adapters.simulator.api.strategy import Strategy
from conformance.adapters.simulator.meta import Object, name_of
from conformance.adapters.simulator.settings import Settings

_LARGEST: Final = 1_000_000_000
_RESERVED: Final = "system-"


class PriorityClassStrategy(Strategy):
    """A number by its name; those above a billion are Kubernetes' own."""

    kind = "PriorityClass"
    counts_generations = False
    content = ("value", "globalDefault", "description", "preemptionPolicy")

    def default(self, manifest: Object, settings: Settings) -> None:
        manifest["value"] = manifest.get("value") or 0
        manifest.setdefault("preemptionPolicy", "PreemptLowerPriority")

    def validate(self, manifest: Object, problems: Problems, settings: Settings) -> None:
        value = manifest["value"]
        if not isinstance(value, int) or value > _LARGEST:
            problems.forbidden("value", f"maximum allowed value is {_LARGEST}")
        if name_of(manifest).startswith(_RESERVED):
            problems.forbidden("metadata.name", f"names with {_RESERVED} are reserved")

    def validate_update(
        self, new: Object, old: Object, problems: Problems, settings: Settings
    ) -> None:
        if new["value"] != old["value"]:
            problems.forbidden("value", "may not be changed in an update")
