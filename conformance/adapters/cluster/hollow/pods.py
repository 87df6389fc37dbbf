"""What a hollow kubelet says of a Pod: a function of the Pod and what was said of it before.

App containers run from the start; regular init containers have succeeded; whoever is told to end does
so with 143. A Pod that does not fit its node is rejected, one whose deadline has passed fails, and a
container whose image has changed is started again.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from attrs import define, field

Object = Mapping[str, Any]

TERMINATED: Final = 143
NUMBERS: Final = itertools.count(1)


@define
class Run:
    """One container, as it runs."""

    image: str
    started: str
    identity: str
    restarts: int = 0
    last: dict[str, Any] | None = None


@define
class Played:
    """What a hollow kubelet remembers of one Pod."""

    started: float
    runs: dict[str, Run] = field(factory=dict)
    over: bool = False  # its last word was said


def stamp(at: float) -> str:
    """A moment as the API writes it."""
    return datetime.fromtimestamp(int(at), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def play(pod: Object, played: Played, now: float) -> dict[str, Any] | None:
    """The status to be written; None where nothing more is to be said of this Pod."""
    phase = (pod.get("status") or {}).get("phase")
    if played.over or phase in ("Succeeded", "Failed"):
        return None
    deadline = pod["spec"].get("activeDeadlineSeconds")
    if pod["metadata"].get("deletionTimestamp"):
        return _ended(pod, played, now)
    if deadline is not None and now >= played.started + deadline:
        why = "Pod was active on the node longer than the specified deadline"
        return _ended(pod, played, now, "DeadlineExceeded", why)
    return _running(pod, played, now)


def rejected(played: Played, reason: str, message: str) -> dict[str, Any]:
    """The status of a Pod that is not taken in: it never runs."""
    played.over = True
    return {
        "phase": "Failed",
        "reason": reason,
        "message": f"Pod was rejected: {message}",
        "startTime": stamp(played.started),
    }


def _running(pod: Object, played: Played, now: float) -> dict[str, Any]:
    for container in (*_long_lived(pod), *pod["spec"]["containers"]):
        name, image = container["name"], container.get("image", "")
        run = played.runs.get(name)
        if run is None:
            played.runs[name] = Run(image, stamp(now), _identity())
        elif run.image != image:
            played.runs[name] = Run(
                image, stamp(now), _identity(), run.restarts + 1, _over(run, now)
            )
    init = [_init_status(each, played) for each in pod["spec"].get("initContainers") or ()]
    return {
        "phase": "Running",
        "startTime": stamp(played.started),
        "observedGeneration": pod["metadata"].get("generation", 1),
        "conditions": list(_conditions(pod, played, ready=True)),
        "containerStatuses": [_status(each, played) for each in pod["spec"]["containers"]],
        **({"initContainerStatuses": init} if init else {}),
    }


def _ended(
    pod: Object, played: Played, now: float, reason: str = "", message: str = ""
) -> dict[str, Any]:
    played.over = True
    why = {"reason": reason, "message": message} if reason else {}
    statuses = []
    for container in pod["spec"]["containers"]:
        run = played.runs.get(container["name"])
        state = {"waiting": {"reason": "ContainerCreating"}} if run is None else _over(run, now)
        statuses.append({**_status(container, played), "state": state, "ready": False})
    init = [
        {**_init_status(each, played), **_stopped(each, played, now)}
        for each in pod["spec"].get("initContainers") or ()
    ]
    return {
        "phase": "Failed",
        **why,
        "conditions": list(_conditions(pod, played, ready=False, now=now)),
        "containerStatuses": statuses,
        **({"initContainerStatuses": init} if init else {}),
    }


def _stopped(container: Object, played: Played, now: float) -> dict[str, Any]:
    run = played.runs.get(container["name"])
    return {} if run is None else {"state": _over(run, now), "ready": False, "started": False}


def _long_lived(pod: Object) -> list[Object]:
    """The sidecars."""
    listed = pod["spec"].get("initContainers") or ()
    return [each for each in listed if each.get("restartPolicy") == "Always"]


def _identity() -> str:
    return f"hollow://{next(NUMBERS)}"


def _over(run: Run, now: float) -> dict[str, Any]:
    return {
        "terminated": {
            "exitCode": TERMINATED,
            "reason": "Error",
            "startedAt": run.started,
            "finishedAt": stamp(now),
            "containerID": run.identity,
        }
    }


def _status(container: Object, played: Played) -> dict[str, Any]:
    run = played.runs.get(container["name"])
    about = {"name": container["name"], "image": container.get("image", ""), "imageID": ""}
    if run is None:
        waiting = {"waiting": {"reason": "PodInitializing"}}
        return {**about, "state": waiting, "ready": False, "restartCount": 0}
    return {
        **about,
        "state": {"running": {"startedAt": run.started}},
        "ready": True,
        "started": True,
        "restartCount": run.restarts,
        "containerID": run.identity,
        **({"lastState": run.last} if run.last else {}),
    }


def _init_status(container: Object, played: Played) -> dict[str, Any]:
    if container.get("restartPolicy") == "Always":
        return _status(container, played)
    when = stamp(played.started)
    done = {"exitCode": 0, "reason": "Completed", "startedAt": when, "finishedAt": when}
    return {
        "name": container["name"],
        "image": container.get("image", ""),
        "imageID": "",
        "state": {"terminated": {**done, "containerID": f"hollow://init-{container['name']}"}},
        "ready": True,
        "restartCount": 0,
    }


def _conditions(
    pod: Object, played: Played, *, ready: bool, now: float | None = None
) -> Iterator[dict[str, Any]]:
    """The scheduler's condition stays, the kubelet's are added."""
    old: Iterable[Object] = (pod.get("status") or {}).get("conditions") or ()
    yield from (dict(each) for each in old if each["type"] == "PodScheduled")
    when = stamp(played.started if now is None else now)
    for name in ("PodReadyToStartContainers", "Initialized"):
        yield {"type": name, "status": "True", "lastTransitionTime": stamp(played.started)}
    for name in ("ContainersReady", "Ready"):
        yield {
            "type": name,
            "status": "True" if ready else "False",
            "lastTransitionTime": when,
            **({} if ready else {"reason": "PodFailed"}),
        }
