"""The part of a KubeletConfiguration that this kubelet reads: BACKOFF-007."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from attrs import frozen

from conformance.adapters.simulator import errors
from conformance.adapters.simulator.settings import Settings
from spec_model.events import Cause

CAP_FIELD: Final = "crashLoopBackOff.maxContainerRestartPeriod"
REDUCED_GATE: Final = "ReduceDefaultCrashLoopBackOffDecay"

_SECONDS: Final = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 1e-3, "us": 1e-6, "µs": 1e-6, "ns": 1e-9}
_PART: Final = re.compile(r"([0-9]+\.?[0-9]*|\.[0-9]+)(ms|us|µs|ns|h|m|s)")


@frozen
class Configuration:
    """What a kubelet was started with."""

    restart_cap_seconds: float | None = None
    reduced_decay: bool = False


def read(given: Mapping[str, Any], settings: Settings) -> Configuration:
    """A configuration as the tester writes it.

    Raises:
        ApiError: 422; the kubelet would refuse to start.
    """
    cap = (given.get("crashLoopBackOff") or {}).get("maxContainerRestartPeriod")
    gates = given.get("featureGates") or {}
    return Configuration(
        restart_cap_seconds=None if cap is None else read_cap(cap, settings),
        reduced_decay=bool(gates.get(REDUCED_GATE)),
    )


def read_cap(value: Any, settings: Settings) -> float:
    """maxContainerRestartPeriod in seconds, inside its legal range (BACKOFF-007)."""
    low, high = settings.backoff_configured_cap
    seconds = duration(value)
    if seconds is None or not low <= seconds <= high:
        sentence = f"Invalid value: {value!r}: must be between {low:g}s and {high:g}s"
        problem = (Cause(CAP_FIELD), sentence)
        raise errors.invalid("KubeletConfiguration", "", [problem])
    return seconds


def duration(value: Any) -> float | None:
    """Seconds of a Go duration such as "1m30s"; None if it is none. A bare number is seconds."""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return float(value)
    text = str(value)
    parts = _PART.findall(text)
    if not parts or "".join(number + unit for number, unit in parts) != text:
        return None
    return sum(float(number) * _SECONDS[unit] for number, unit in parts)
