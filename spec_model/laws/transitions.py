"""TRANS: the table of transition scenarios, how a running Pod comes to its next phase."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from spec_model.law import Verdict, law
from spec_model.laws.phase import ABSORBING, ENDING, UNSETTLING, kubelet_owned, settles_in, to_stop
from spec_model.objects import ContainerStatus, Pod, is_static
from spec_model.world import VOID, Breach, Held, Obligation, Seen, Void

POLICIES: Final = ("Always", "OnFailure", "Never")

ROWS: Final[Mapping[str, tuple[str, str, str]]] = {
    "TRANS-001": ("Running", "Succeeded", "Succeeded"),
    "TRANS-002": ("Running", "Running", "Failed"),
    "TRANS-003": ("Running", "Running", "Failed"),
    "TRANS-004": ("Running", "Running", "Running"),
    "TRANS-005": ("Running", "Running", "Running"),
    "TRANS-006": ("Running", "Running", "Failed"),
    "TRANS-007": ("Running", "Running", "Running"),
    "TRANS-007 both": ("Running", "Succeeded", "Succeeded"),
}
"""The settled phase after the event, under each restart policy."""

DOCUMENTED_ROWS: Final = {**ROWS, "TRANS-005": ("Running", "Running", "Failed")}


@law(*(f"TRANS-00{number}" for number in range(1, 8)), on="Pod", when="moved")
def an_exit_settles_the_phase(seen: Seen) -> Verdict:
    """The table: which phase a running Pod settles in when one of its one or two containers ends."""
    row = _row(seen)
    if row is None:
        return None
    rows = DOCUMENTED_ROWS if seen.profile.oom_kill_fails_never_pod else ROWS
    expected = rows[row][POLICIES.index(seen.now.spec.restart_policy)]
    rule = row.split()[0]
    if seen.now.phase == expected == "Running":
        return (Held(rule), *_left_alone(seen, rule))
    if seen.now.phase == expected:
        return Held(rule)
    if expected == "Running" or seen.now.phase in ABSORBING:
        return Breach(f"phase {expected}", f"phase {seen.now.phase}", rule=rule)
    return Obligation(
        what=f"phase {expected} after the last container has ended",
        settled=settles_in(expected),
        not_after=seen.at + to_stop(seen) + seen.tolerance.lateness,
        disturbed_by=UNSETTLING,
        rule=rule,
    )


def _left_alone(seen: Seen, rule: str) -> Iterator[Obligation]:
    """While the other container keeps running, the Pod stays Running: its engine does not end it.

    Only on a virtual clock is it known that containers end by themselves when they are told to; and
    of static Pods it is not, for their file may have gone.
    """
    pod: Pod = seen.now
    if seen.world.setting.clock == "real" or pod.spec.active_deadline_seconds is not None:
        return
    if is_static(seen.manifest):
        return
    for name, status in pod.statuses.items():
        spec = pod.spec.container(name)
        if status.state == "running" and not (spec is not None and _may_be_killed(spec.manifest)):
            what = f"container {name} keeps running, and so does the Pod"
            settled = _keeps_running(name, status.container_id)
            yield Obligation(what=what, settled=settled, disturbed_by=ENDING, rule=rule)


def _may_be_killed(container: Mapping[str, Any]) -> bool:
    """Whether a kubelet may stop the container: a probe, or the hook after its start, may fail."""
    hooks = container.get("lifecycle") or {}
    return "postStart" in hooks or bool({"livenessProbe", "startupProbe"} & container.keys())


def _keeps_running(name: str, run: str) -> Any:
    def settled(seen: Seen) -> Breach | Void | None:
        status = seen.now.statuses.get(name)
        if status is None or seen.now.reason or seen.now.deletion_timestamp is not None:
            return VOID
        if status.terminated is None or status.container_id != run:
            return None
        end = f"it ended with code {status.terminated.exit_code}, unasked"
        return Breach(f"phase Running, container {name} runs", f"phase {seen.now.phase}, {end}")

    return settled


def _row(seen: Seen) -> str | None:
    """The row of the table that this observation completes: one container has just ended."""
    before, pod = seen.before, seen.now
    if before is None or before.phase != "Running" or not kubelet_owned(seen):
        return None
    if pod.spec.init_containers or pod.deletion_timestamp is not None or pod.reason:
        return None
    if any(container.restart_policy for container in pod.spec.containers):
        return None
    ended = [
        status
        for name, status in pod.statuses.items()
        if _just_ended(before.statuses.get(name), status)
    ]
    if (
        len(ended) != 1
        or len(pod.spec.containers) > 2
        or len(pod.statuses) != len(pod.spec.containers)
    ):
        return None
    others = [status for status in pod.statuses.values() if status is not ended[0]]
    return _row_of(ended[0], others[0] if others else None)


def _just_ended(before: ContainerStatus | None, now: ContainerStatus) -> bool:
    return before is not None and before.state == "running" and now.state == "terminated"


def _row_of(ended: ContainerStatus, other: ContainerStatus | None) -> str | None:
    assert ended.terminated is not None
    oom, failed = ended.terminated.reason == "OOMKilled", ended.terminated.exit_code != 0
    if other is None:
        return "TRANS-003" if oom else "TRANS-002" if failed else "TRANS-001"
    if other.state == "running":
        return "TRANS-005" if oom else "TRANS-004" if failed else "TRANS-007"
    if other.terminated is None or other.state != "terminated":
        return None
    if failed and not oom:
        return "TRANS-006"
    return "TRANS-007 both" if not failed and other.terminated.exit_code == 0 else None
