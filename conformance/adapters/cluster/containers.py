"""Steering containers: which run of a container is meant, and what its puppet is told."""

from __future__ import annotations

import itertools
import time
from collections.abc import Mapping, Sequence
from typing import Any, Final

from attrs import frozen

from conformance.adapter import AdapterError
from conformance.adapters.cluster import puppet
from conformance.adapters.cluster.client import Api, Unreachable
from conformance.adapters.cluster.cluster import Inbox
from spec_model.events import Rejected

START_PATIENCE: Final = 30.0
"""Seconds that a container which is about to start is waited for."""

ENDED_PATIENCE: Final = 4.0
"""Seconds that one which has just ended is waited for: at once it starts again, or backs off."""

ATTEMPTS: Final = 3
NUMBERS: Final = itertools.count(1)


class NotRunningError(Exception):
    """The container does not run, and will not at once; ``rejected`` is what the tester is told."""

    def __init__(self, code: int, reason: str, message: str) -> None:
        super().__init__(message)
        self.rejected = Rejected(code, reason, message)


@frozen
class Heard:
    """What a puppet answered: the run of the container (containerID) that has heard, and its word."""

    identity: str
    word: str


def not_running(pod: str, container: str) -> NotRunningError:
    """What is said of a container that does not run."""
    return NotRunningError(409, "Conflict", f"container {container} of Pod {pod} does not run")


def status_of(inbox: Inbox, pod: str, container: str) -> Mapping[str, Any] | None:
    """The last status of a container; None where the Pod or the status is not there."""
    found = inbox.objects.get(("Pod", inbox.home, pod)) or {}
    status = found.get("status") or {}
    for group in ("containerStatuses", "initContainerStatuses"):
        for each in status.get(group) or ():
            if each["name"] == container:
                result: Mapping[str, Any] = each
                return result
    return None


def running(inbox: Inbox, pod: str, container: str, patience: float = START_PATIENCE) -> str:
    """The containerID of the run that goes on; waits for one that is about to begin.

    Raises:
        NotRunningError: 404 there is no such Pod, 409 the container does not run.
    """

    def decided() -> bool:
        found = inbox.objects.get(("Pod", inbox.home, pod))
        return found is None or _runs(inbox, pod, container) or _rests(found, inbox, container)

    inbox.wait_until(lambda: decided() or _has_ended(inbox, pod, container), patience)
    inbox.wait_until(decided, min(patience, ENDED_PATIENCE))
    if ("Pod", inbox.home, pod) not in inbox.objects:
        raise NotRunningError(404, "NotFound", f'pods "{pod}" not found')
    if not _runs(inbox, pod, container):
        raise not_running(pod, container)
    return str((status_of(inbox, pod, container) or {}).get("containerID") or "")


def _runs(inbox: Inbox, pod: str, container: str) -> bool:
    status = status_of(inbox, pod, container)
    return status is not None and "running" in (status.get("state") or {})


def _has_ended(inbox: Inbox, pod: str, container: str) -> bool:
    return "terminated" in ((status_of(inbox, pod, container) or {}).get("state") or {})


def _rests(pod: Mapping[str, Any], inbox: Inbox, container: str) -> bool:
    """Whether the container will not start at once: its Pod has ended, or it waits for a reason."""
    status = pod.get("status") or {}
    if status.get("phase") in ("Succeeded", "Failed") or pod["metadata"].get("deletionTimestamp"):
        return True
    if not (pod.get("spec") or {}).get("nodeName"):
        return any(
            each.get("type") == "PodScheduled" and each.get("status") == "False"
            for each in status.get("conditions") or ()
        )
    state = (status_of(inbox, pod["metadata"]["name"], container) or {}).get("state") or {}
    reason = (state.get("waiting") or {}).get("reason") or ""
    if reason == "PodInitializing":
        return _is_initializing(status)
    return reason not in ("", "ContainerCreating") or _has_ended_for_good(pod, state)


def _is_initializing(status: Mapping[str, Any]) -> bool:
    """Whether an init container runs or waits for its turn again, so that others must wait for it."""
    return any(
        "running" in (each.get("state") or {})
        or ((each.get("state") or {}).get("waiting") or {}).get("reason")
        not in (None, "PodInitializing")
        for each in status.get("initContainerStatuses") or ()
        if not each.get("ready")
    )


def _has_ended_for_good(pod: Mapping[str, Any], state: Mapping[str, Any]) -> bool:
    """Whether the Pod's policy surely keeps it down; where a container has its own, only time tells."""
    ended = state.get("terminated")
    if not ended:
        return False
    policy = pod["spec"].get("restartPolicy")
    return policy == "Never" or (policy == "OnFailure" and not ended.get("exitCode"))


def tell(api: Api, inbox: Inbox, pod: str, container: str, order: str) -> Heard:
    """Gives an order to the puppet, which answers with a word: ``heard``, or why not.

    Raises:
        NotRunningError: the container does not run.
        AdapterError: nobody answered, and the container still runs.
    """
    reason = "no puppet"
    for attempt in range(ATTEMPTS):
        identity = running(inbox, pod, container)
        number = next(NUMBERS)
        told = puppet.tell(number, order)
        try:
            lines = api.execute(inbox.home, pod, container, told, lines=1, timeout=25.0)
        except Unreachable as error:
            lines, reason = [], str(error)
        word = next((line.split()[1] for line in lines if line.startswith(f"{number} ")), "")
        if word == "unknown":
            raise AdapterError(f"container {container} of Pod {pod} does not know {order!r}")
        if word:
            return Heard(identity, word)
        reason = f"answered {lines}" if lines else reason
        # It may have ended, or been heard, while the answer was lost: the watch knows.
        if inbox.wait_until(lambda seen=identity: not _is_run(inbox, pod, container, seen), 2.0):  # type: ignore[misc]
            if order.startswith("exit") and attempt == 0:
                return Heard(identity, "heard")
            continue
        time.sleep(0.5 * (attempt + 1))
    raise AdapterError(f"container {container} of Pod {pod} does not hear: {reason}")


def _is_run(inbox: Inbox, pod: str, container: str, identity: str) -> bool:
    status = status_of(inbox, pod, container) or {}
    return "running" in (status.get("state") or {}) and status.get("containerID") == identity


def await_end(inbox: Inbox, pod: str, container: str, identity: str, seconds: float) -> bool:
    """Waits until the watch shows that this run is over."""
    return inbox.wait_until(lambda: not _is_run(inbox, pod, container, identity), seconds)


def run_in(api: Api, inbox: Inbox, pod: str, container: str, command: Sequence[str]) -> list[str]:
    """The lines that a command prints in a container.

    Raises:
        NotRunningError: the container does not run.
        AdapterError: it could not be run, and the container still runs.
    """
    identity = running(inbox, pod, container)
    try:
        return api.execute(inbox.home, pod, container, command)
    except Unreachable:
        if inbox.wait_until(lambda: not _is_run(inbox, pod, container, identity), 2.0):
            raise not_running(pod, container) from None
        raise


def look(
    api: Api, inbox: Inbox, pod: str, container: str, paths: Sequence[str] = ()
) -> dict[str, Any]:
    """What a process in the container sees; of files, those below these paths.

    Raises:
        NotRunningError: the container does not run.
        AdapterError: it could not be looked into.
    """
    command = puppet.shell(puppet.LOOK, "look", *paths)
    lines = run_in(api, inbox, pod, container, command)
    try:
        return puppet.parse_look("\n".join(lines))
    except (KeyError, ValueError) as error:
        raise AdapterError(f"inspect {pod}/{container}: printed {lines!r}") from error


def allocate(api: Api, inbox: Inbox, pod: str, container: str, size: int) -> None:
    """Lets a container hold so many bytes, and waits until it does or has died of it.

    Raises:
        NotRunningError: the container does not run.
    """
    identity = tell(api, inbox, pod, container, f"allocate {size}").identity
    command = puppet.shell(puppet.HELD)
    try:
        held = api.execute(inbox.home, pod, container, command, lines=1, timeout=15.0)
    except Unreachable:
        held = []
    if "held" not in held:
        await_end(inbox, pod, container, identity, 10.0)
