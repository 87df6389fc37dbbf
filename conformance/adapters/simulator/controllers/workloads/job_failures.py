"""How a Job takes failures: the delay before the next try, and its podFailurePolicy.

Source: JOB-009; ``pkg/controller/job/{backoff_utils,pod_failure_policy}.go``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from attrs import frozen

Manifest = Mapping[str, Any]


@frozen
class Record:
    """Failures in a row, and when the last of them ended (seconds since 1970)."""

    failures: int = 0
    last: float = 0.0


def after(record: Record, successes: Sequence[float], failures: Sequence[float]) -> Record:
    """The record when Pods that ended at these times have been counted."""
    if successes:
        record = Record()
        failures = [end for end in failures if end > max(successes)]
    if not failures:
        return record
    return Record(record.failures + len(failures), max(failures))


def pause(failures: int, first: float, longest: float) -> float:
    """Seconds to wait after so many failures in a row."""
    if failures == 0:
        return 0.0
    return first if failures == 1 else min(first * 2.0 ** min(failures - 1, 30), longest)


def still_to_wait(record: Record, now: float, first: float, longest: float) -> float:
    """Seconds until the next try; 0 for none."""
    return max(record.last + pause(record.failures, first, longest) - now, 0.0)


# podFailurePolicy.

COUNTED: Final = "Count"


def action_for(policy: Manifest | None, pod: Manifest) -> str | None:
    """What the first rule that speaks of this failure wants; None where none does."""
    for rule in (policy or {}).get("rules") or ():
        if rule_speaks(rule, pod.get("status") or {}):
            return str(rule["action"])
    return None


def rule_speaks(rule: Manifest, status: Manifest) -> bool:
    """Whether a rule is about this failure."""
    if rule.get("onExitCodes"):
        return any(
            code_speaks(rule["onExitCodes"], one)
            for group in ("containerStatuses", "initContainerStatuses")
            for one in status.get(group) or ()
        )
    conditions = {(one["type"], one["status"]) for one in status.get("conditions") or ()}
    return any(
        (pattern["type"], pattern.get("status", "True")) in conditions
        for pattern in rule.get("onPodConditions") or ()
    )


def code_speaks(codes: Manifest, container: Manifest) -> bool:
    """Whether a rule about exit codes is about how this container ended; 0 is no failure."""
    ended = (container.get("state") or {}).get("terminated") or {}
    code = ended.get("exitCode", 0)
    if not code or codes.get("containerName", container["name"]) != container["name"]:
        return False
    listed = code in codes["values"]
    return listed if codes["operator"] == "In" else not listed


def is_counted(policy: Manifest | None, pod: Manifest) -> bool:
    """Whether the failure counts toward backoffLimit."""
    return action_for(policy, pod) != "Ignore"
