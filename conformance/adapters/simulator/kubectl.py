"""What a client shows of a Pod, and asks of the API for it: TERM-003 and TERM-012."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from attrs import define

from conformance.adapters.simulator import meta
from conformance.adapters.simulator.kubelet import phase, restart
from conformance.adapters.simulator.settings import Settings

Object = Mapping[str, Any]

UNSET: Final = -1
"""--grace-period of a command that does not give it."""


# The column STATUS.


def status_of(pod: Object) -> str:
    """The printer's word for a Pod (TERM-003)."""
    status = pod.get("status") or {}
    word = Word(status.get("reason") or status.get("phase") or "")
    scheduled = meta.condition_of(pod, "PodScheduled")
    if scheduled is not None and scheduled.get("reason") == "SchedulingGated":
        word.text = "SchedulingGated"
    is_initializing = look_at_inits(pod, word)
    if not is_initializing or meta.is_true(pod, "Initialized"):
        look_at_apps(status.get("containerStatuses") or (), word)
        word.complete(meta.is_true(pod, "Ready"))
    if meta.is_deleting(pod):
        if status.get("reason") == "NodeLost":
            return "Unknown"
        if status.get("phase") not in phase.TERMINAL:
            return "Terminating"
    return word.text


@define
class Word:
    """What will be shown, as far as the printer has come."""

    text: str
    runs: bool = False
    failure: str = ""

    def complete(self, ready: bool) -> None:
        """Completed is not said of a Pod in which something runs or has failed."""
        if self.text == "Completed":
            if self.runs and ready:
                self.text = "Running"
            elif self.failure:
                self.text = self.failure
            elif self.runs:
                self.text = "NotReady"


def look_at_inits(pod: Object, word: Word) -> bool:
    """Is an init container still in the way? Then it has the word."""
    specs = (pod.get("spec") or {}).get("initContainers") or ()
    sidecars = [each["name"] for each in specs if restart.is_sidecar(each)]
    listed = (pod.get("status") or {}).get("initContainerStatuses") or ()
    for number, each in enumerate(listed):
        state = each.get("state") or {}
        if "terminated" in state and state["terminated"].get("exitCode", 0) == 0:
            continue
        if each["name"] in sidecars and each.get("started"):
            continue
        reason = (state.get("waiting") or {}).get("reason") or "PodInitializing"
        if "terminated" in state:
            word.text = "Init:" + end_of(state["terminated"])
        elif reason != "PodInitializing":
            word.text = "Init:" + reason
        else:
            word.text = f"Init:{number}/{len(specs)}"
        return True
    return False


def look_at_apps(listed: Sequence[Object], word: Word) -> None:
    """From the last to the first; the last one looked at has the word."""
    for each in listed[::-1]:
        state = each.get("state") or {}
        if (state.get("waiting") or {}).get("reason"):
            word.text = state["waiting"]["reason"]
        elif "terminated" in state:
            word.text = end_of(state["terminated"])
            if state["terminated"].get("exitCode", 0) != 0:
                word.failure = word.text
        elif "running" in state and each.get("ready"):
            word.runs = True


def end_of(ended: Object) -> str:
    """Why a container ended: its reason, else its signal, else its exit code."""
    if ended.get("reason"):
        return str(ended["reason"])
    if ended.get("signal"):
        return f"Signal:{ended['signal']}"
    return f"ExitCode:{ended.get('exitCode', 0)}"


# The options of a delete.


def delete_grace(given: Object, settings: Settings) -> int | None:
    """gracePeriodSeconds of the request; None if there are none (TERM-012).

    Raises:
        ValueError: options that do not go together.
    """
    period = UNSET if given["grace_period"] is None else given["grace_period"]
    if given["now"]:
        if period != UNSET:
            raise ValueError("now_with_grace_period")
        period = 1
    if period == 0 and not given["force"]:
        period = 1
    if given["force"] and period > 0:
        raise ValueError("force_with_grace_period")
    if given["force"] and period < 0 and settings.force_alone_is_enough:
        period = 0
    return period if period >= 0 else None
