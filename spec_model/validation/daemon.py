"""DaemonSets: how they are updated, and what is filled in (DAEMON-006, DAEMON-008).

After ``ValidateRollingUpdateDaemonSet`` of ``pkg/apis/apps/validation`` and
``pkg/apis/apps/v1/defaults.go``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from spec_model.events import Manifest
from spec_model.objects import EMPTY
from spec_model.profiles import Profile
from spec_model.validation.common import INVALID, REQUIRED, Fault, Faults
from spec_model.validation.workload import always_faults

ROLLING: Final = "spec.updateStrategy.rollingUpdate"
USUAL: Final[Mapping[str, int]] = {"maxUnavailable": 1, "maxSurge": 0}
PERCENT: Final = re.compile(r"[0-9]+%", re.ASCII)


def daemon_faults(daemons: Manifest, profile: Profile) -> Faults:
    """What is wrong with a DaemonSet by itself."""
    yield from always_faults(daemons, profile)
    strategy = (daemons.get("spec") or EMPTY).get("updateStrategy") or EMPTY
    rolling = strategy.get("rollingUpdate")
    kind = strategy.get("type") or profile.daemon.update_strategy
    if kind != "RollingUpdate" or rolling is None:
        return
    values = {field: rolling.get(field, usual) for field, usual in USUAL.items()}
    for field, value in values.items():
        yield from _amount_faults(f"{ROLLING}.{field}", value)
    yield from _pair_faults(*(_number(value) != 0 for value in values.values()))


def _amount_faults(path: str, value: Any) -> Faults:
    is_percent = isinstance(value, str) and PERCENT.fullmatch(value) is not None
    if not is_percent and (isinstance(value, str) or value < 0):
        yield Fault(path, INVALID, "DAEMON-008", "must be a number or a percentage, not negative")
    elif is_percent and _number(value) > 100:
        yield Fault(path, INVALID, "DAEMON-008", "must not be greater than 100%")


def _pair_faults(unavailable: bool, surge: bool) -> Faults:
    """Exactly one of the two is given."""
    if unavailable and surge:
        message = "may not be set when maxUnavailable is non-zero"
        yield Fault(f"{ROLLING}.maxSurge", INVALID, "DAEMON-008", message)
    if not unavailable and not surge:
        message = "cannot be 0 when maxSurge is 0"
        yield Fault(f"{ROLLING}.maxUnavailable", REQUIRED, "DAEMON-008", message)


def _number(value: Any) -> int:
    """A number, or the number before the percent sign; what is neither counts as none."""
    if isinstance(value, str):
        return int(value[:-1]) if PERCENT.fullmatch(value) else 0
    return int(value)


def daemon_defaults(daemons: Manifest, profile: Profile) -> Iterator[tuple[str, Any]]:
    """Fields of a DaemonSet that nobody gave, with what becomes of them."""
    spec = daemons.get("spec") or EMPTY
    strategy = spec.get("updateStrategy") or EMPTY
    kind = strategy.get("type") or profile.daemon.update_strategy
    if not strategy.get("type"):
        yield "spec.updateStrategy.type", kind
    if profile.daemon.binds:
        return  # the source document speaks of no other default
    if kind == "RollingUpdate":
        rolling = strategy.get("rollingUpdate") or EMPTY
        for field, usual in USUAL.items():
            if rolling.get(field) is None:
                yield f"{ROLLING}.{field}", usual
    if spec.get("revisionHistoryLimit") is None:
        yield "spec.revisionHistoryLimit", 10
