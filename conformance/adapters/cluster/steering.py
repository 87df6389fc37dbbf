"""What containers do, by stimuli: each is an order to a puppet, acknowledged, or a command in a container."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any, Final

from conformance.adapter import AdapterError
from conformance.adapters.cluster import containers, dressing, puppet
from conformance.adapters.cluster.place import Given, Place
from spec_model.events import Accepted, Rejected, Response

END_PATIENCE: Final = 15.0

NOT_IMITATED: Final = {("tcp", "timeout"), ("tcp", "error"), ("grpc", "error")}
"""Answers to probes for which a puppet would have to reach below its sockets."""


def end_container(place: Place, given: Given) -> Response:
    """A container exits; the order is acknowledged, and its end is waited for."""
    pod, container = given["pod"], given["container"]
    began = time.monotonic()
    heard = _tell(place, given, f"exit {given['exitCode']}")
    told = time.monotonic()
    if containers.await_end(place.inbox, pod, container, heard.identity, END_PATIENCE):
        place.cluster.lag.saw_action(time.monotonic() - max(told, began))
    return Accepted()


def allocate(place: Place, given: Given) -> Response:
    """A container holds memory."""
    where = (given["pod"], given["container"])
    containers.allocate(place.cluster.api, place.inbox, *where, given["bytes"])
    return Accepted()


def inspect(place: Place, given: Given) -> Response:
    """What a process in a container sees; of files, those that it mounts."""
    pod, container = given["pod"], given["container"]
    spec = _container_of(place, given) or {}
    paths = [each["mountPath"] for each in spec.get("volumeMounts") or ()]
    own = [f"/{path.strip('/')}" for path in paths if path != puppet.PLACE]
    return Accepted(containers.look(place.cluster.api, place.inbox, pod, container, own))


def write_file(place: Place, given: Given) -> Response:
    """A container writes a file; what it may not write is refused."""
    command = puppet.shell(puppet.WRITE, given["path"], given["content"])
    said = _run(place, given, command)
    if said and said[-1] == "done":
        return Accepted()
    return Rejected(403, "Forbidden", said[0] if said else "it could not be written")


def listen(place: Place, given: Given) -> Response:
    """A container binds a port; the one that cannot have it ends."""
    heard = _tell(place, given, f"listen {given['port']}")
    if heard.word == "lacking":
        raise AdapterError("the image has no nc, with which to listen (?image=)")
    return Accepted({"bound": heard.word == "heard"})


def connect(place: Place, given: Given) -> Response:
    """A container looks who answers."""
    said = _run(place, given, puppet.shell(puppet.REACH, given["host"], str(given["port"])))
    return Accepted({"connected": "reached" in said})


def set_probe(place: Place, given: Given) -> Response:
    """What the target of a probe answers from now on."""
    kind, answer = given["probe"], given["answer"]
    container = _container_of(place, given)
    if container is None:
        return _absent(given)
    asked = dressing.handler_of(container, kind)
    if asked is None or (asked[0], answer) in NOT_IMITATED:
        return Rejected(501, "NotImplemented", f"a {kind} probe cannot be answered with {answer}")
    others = (
        dressing.handler_of(container, each) for each in dressing.PROBES.values() if each != kind
    )
    if asked[1] and asked in others:
        return Rejected(501, "NotImplemented", f"two probes ask at port {asked[1]}")
    _tell(place, given, f"answer {kind} {answer} {given.get('redirects') or 0}")
    return Accepted()


def set_hook(place: Place, given: Given) -> Response:
    """How a hook goes from now on."""
    order = f"hook {given['hook']} {_seconds(given)} {1 if given.get('fails') else 0}"
    return _from_now_on(place, given, given["hook"], order)


def set_stop(place: Place, given: Given) -> Response:
    """What a container does when it is asked to end; without a code it dies as of an unhandled SIGTERM."""
    code = given.get("exitCode")
    return _from_now_on(
        place, given, "stop", f"stop {_seconds(given)} {143 if code is None else code}"
    )


def _from_now_on(place: Place, given: Given, what: str, order: str) -> Response:
    """Tells a container that is there, and keeps it for those that come."""
    namespace, pod, container = given["namespace"], given["pod"], given["container"]
    if ("Pod", place.mapper.namespace(namespace), pod) in place.inbox.objects:
        if _container_of(place, given) is None:
            return _absent(given)
        _tell(place, given, order)
    place.manners.note(namespace, pod, container, what, order)
    return Accepted()


def _seconds(given: Given) -> str:
    seconds = given["seconds"]
    return "never" if seconds is None else f"{seconds:g}"


def _container_of(place: Place, given: Given) -> Mapping[str, Any] | None:
    key = ("Pod", place.mapper.namespace(given["namespace"]), given["pod"])
    spec = (place.inbox.objects.get(key) or {}).get("spec") or {}
    for each in (*(spec.get("containers") or ()), *(spec.get("initContainers") or ())):
        if each["name"] == given["container"]:
            found: Mapping[str, Any] = each
            return found
    return None


def _absent(given: Given) -> Rejected:
    return Rejected(404, "NotFound", f"no container {given['container']} of Pod {given['pod']}")


def _tell(place: Place, given: Given, order: str) -> containers.Heard:
    where = (given["pod"], given["container"])
    return containers.tell(place.cluster.api, place.inbox, *where, order)


def _run(place: Place, given: Given, command: list[str]) -> list[str]:
    where = (given["pod"], given["container"])
    return containers.run_in(place.cluster.api, place.inbox, *where, command)


VERBS: Final = {
    "exit": end_container,
    "allocate": allocate,
    "inspect": inspect,
    "write-file": write_file,
    "listen": listen,
    "connect": connect,
    "set-probe": set_probe,
    "set-hook": set_hook,
    "set-stop": set_stop,
}
