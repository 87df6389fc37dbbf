"""DaemonSets: defaults, and how they may be updated (DAEMON-006, DAEMON-008)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Final

from conformance.adapters.simulator.api.fields import Problems
from conformance.adapters.simulator.api.workloads import (
    WorkloadStrategy,
    is_count_or_percent,
    is_over_hundred,
)
from conformance.adapters.simulator.meta import Object
from conformance.adapters.simulator.settings import Settings

_STRATEGIES: Final = frozenset({"OnDelete", "RollingUpdate"})
_ROLLING: Final = "spec.updateStrategy.rollingUpdate"
_COUNTED: Final = ("currentNumberScheduled", "numberMisscheduled", "desiredNumberScheduled")


class DaemonSetStrategy(WorkloadStrategy):
    """A Pod on every node that is fit for it."""

    kind = "DaemonSet"
    defaults: ClassVar[Mapping[str, Any]] = {"revisionHistoryLimit": 10}
    rolling_defaults: ClassVar[Mapping[str, Any]] = {"maxUnavailable": 1, "maxSurge": 0}

    def default(self, manifest: Object, settings: Settings) -> None:
        super().default(manifest, settings)
        update = manifest["spec"]["updateStrategy"] = manifest["spec"].get("updateStrategy") or {}
        update["type"] = update.get("type") or settings.daemon_set_update_strategy
        if update["type"] == "RollingUpdate":
            update["rollingUpdate"] = {
                **self.rolling_defaults,
                **{
                    field: value
                    for field, value in (update.get("rollingUpdate") or {}).items()
                    if value is not None
                },
            }

    def prepare(self, manifest: Object, settings: Settings) -> None:
        manifest["status"] = {**dict.fromkeys(_COUNTED, 0), "numberReady": 0}

    def validate(self, manifest: Object, problems: Problems, settings: Settings) -> None:
        super().validate(manifest, problems, settings)
        update = manifest["spec"]["updateStrategy"]
        problems.one_of("spec.updateStrategy.type", update["type"], _STRATEGIES)
        if update["type"] == "RollingUpdate":
            self.validate_rolling(update["rollingUpdate"], problems)

    def validate_rolling(self, rolling: Mapping[str, Any], problems: Problems) -> None:
        """DAEMON-008: numbers or percentages up to all, and just one of the two is not nothing."""
        for field in self.rolling_defaults:
            if not is_count_or_percent(rolling[field]):
                problems.invalid(f"{_ROLLING}.{field}", rolling[field], "not a percentage")
            elif is_over_hundred(rolling[field]):
                problems.invalid(f"{_ROLLING}.{field}", rolling[field], "> 100%")
        some = {field: amount(rolling[field]) != 0 for field in self.rolling_defaults}
        if all(some.values()):
            why = "may not be set when maxUnavailable is non-zero"
            problems.invalid(f"{_ROLLING}.maxSurge", rolling["maxSurge"], why)
        if not any(some.values()):
            problems.required(f"{_ROLLING}.maxUnavailable", "cannot be 0 when maxSurge is 0")


def amount(value: Any) -> int:
    """The number of a number or percentage; 0 of what was refused as neither."""
    if isinstance(value, str):
        return int(value[:-1]) if is_count_or_percent(value) else 0
    return int(value)
