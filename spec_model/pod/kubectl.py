"""What kubectl makes of a Pod and of the options of a delete: TERM-003 and TERM-012.

After ``pkg/printers/internalversion.printPod`` and ``kubectl/pkg/cmd/delete``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from spec_model.events import Manifest
from spec_model.objects import EMPTY
from spec_model.profiles import V1_36, Profile
from spec_model.rules import Decision

LOST: Final = "NodeLost"
OVER: Final = ("Succeeded", "Failed")


def status_column(pod: Manifest) -> Decision[str]:
    """The column STATUS of ``kubectl get pods`` for a Pod as a manifest."""
    status: Manifest = pod.get("status") or EMPTY
    deleting = bool((pod.get("metadata") or EMPTY).get("deletionTimestamp"))
    if deleting and status.get("reason") == LOST:
        return Decision("Unknown", "TERM-003")
    if deleting and status.get("phase") not in OVER:
        return Decision("Terminating", "TERM-003")
    return Decision(_from_reasons(pod.get("spec") or EMPTY, status), "TERM-003")


def _from_reasons(spec: Manifest, status: Manifest) -> str:
    reason = str(status.get("reason") or status.get("phase") or "")
    if _condition(status, "PodScheduled").get("reason") == "SchedulingGated":
        reason = "SchedulingGated"
    initializing = next(_unfinished(spec, status), None)
    if initializing is not None:
        reason = initializing
        if _condition(status, "Initialized").get("status") != "True":
            return reason
    return _from_apps(reason, status)


def _condition(status: Manifest, type_: str) -> Manifest:
    for condition in status.get("conditions") or ():
        if condition.get("type") == type_:
            found: Manifest = condition
            return found
    return EMPTY


def _unfinished(spec: Manifest, status: Manifest) -> Iterator[str]:
    """What is said of the init containers that are not through, in order."""
    containers = spec.get("initContainers") or ()
    sidecars = {each["name"] for each in containers if each.get("restartPolicy") == "Always"}
    for index, each in enumerate(status.get("initContainerStatuses") or ()):
        state = each.get("state") or EMPTY
        ended, waits = state.get("terminated"), state.get("waiting") or EMPTY
        if ended is not None and not ended.get("exitCode"):
            continue
        if each["name"] in sidecars and each.get("started"):
            continue
        if ended is not None:
            yield f"Init:{_why_ended(ended)}"
        elif waits.get("reason") not in (None, "", "PodInitializing"):
            yield f"Init:{waits['reason']}"
        else:
            yield f"Init:{index}/{len(containers)}"


def _why_ended(ended: Manifest) -> str:
    if ended.get("reason"):
        return str(ended["reason"])
    if ended.get("signal"):
        return f"Signal:{ended['signal']}"
    return f"ExitCode:{ended.get('exitCode', 0)}"


def _from_apps(reason: str, status: Manifest) -> str:
    """The first container that waits or has ended says it; Completed only where none runs or failed."""
    has_running, failed = False, ""
    for each in reversed(status.get("containerStatuses") or ()):
        state = each.get("state") or EMPTY
        ended = state.get("terminated")
        if (state.get("waiting") or EMPTY).get("reason"):
            reason = state["waiting"]["reason"]
        elif ended is not None:
            reason = _why_ended(ended)
            failed = reason if ended.get("exitCode") else failed
        elif each.get("ready") and state.get("running") is not None:
            has_running = True
    if reason != "Completed":
        return reason
    if has_running and _condition(status, "Ready").get("status") == "True":
        return "Running"
    return failed or ("NotReady" if has_running else reason)


# -- deleting ---------------------------------------------------------------------------------------


def delete_grace(
    grace_period: int | None, force: bool, now: bool, profile: Profile = V1_36
) -> Decision[int | None]:
    """gracePeriodSeconds of the request that ``kubectl delete`` sends; None: it sends none.

    Args:
        grace_period: the value of ``--grace-period``, None where it is not given.
        force: whether ``--force`` is given.
        now: whether ``--now`` is given.

    Raises:
        ValueError: ``now_with_grace_period`` or ``force_with_grace_period``.
    """
    given = None if grace_period is None or grace_period < 0 else grace_period
    if now and grace_period not in (None, -1):
        raise ValueError("now_with_grace_period")
    wanted = 1 if now else given
    if force and wanted:
        raise ValueError("force_with_grace_period")
    if force and (wanted == 0 or not profile.force_needs_both_flags):
        return Decision(0, "TERM-012")
    return Decision(1 if wanted == 0 else wanted, "TERM-012")


def _status(arguments: Mapping[str, Any], _: Profile) -> Decision[Any]:
    return status_column(arguments["pod"])


def _delete_grace(arguments: Mapping[str, Any], profile: Profile) -> Decision[Any]:
    return delete_grace(**arguments, profile=profile)


FUNCTIONS: Final = {"kubectl_status": _status, "kubectl_delete.grace": _delete_grace}
"""By name, what an engine may be asked of kubectl."""

REFUSALS: Final = {"kubectl_delete.grace": "TERM-012"}
