"""Containers as puppets, and back: commands, probes, hooks, and the directory that outlives a container.

What a scenario wrote is carried along in what is sent, so that it is read off again from what comes
back, whoever stored it: a command behind the puppet's own words, a probe's behind its script.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from conformance.adapters.cluster import puppet

Object = dict[str, Any]

VOLUME: Final = "kubelaws"
PROBES: Final = {
    "livenessProbe": "liveness",
    "readinessProbe": "readiness",
    "startupProbe": "startup",
}
HOOKS: Final = ("postStart", "preStop")
NETWORKED: Final = {
    "httpGet": ("http", "200"),
    "tcpSocket": ("tcp", "open"),
    "grpc": ("grpc", "SERVING"),
}
"""By handler, what the puppet calls it, and what its target answers while nobody has said anything."""

FAILS: Final = ["false"]
"""The command that fails while nobody has said anything."""


def dress(container: Object, told: Mapping[str, str]) -> None:
    """Makes a container a puppet, in place; ``told`` are orders that were given before there was one.

    What is malformed stays as it is, for it is the scenario's point.
    """
    name, command = container.get("name"), container.get("command")
    if not isinstance(name, str) or not _are_words(command):
        return
    orders = {**dict(_probes(container)), **dict(_hooks(container)), **told}
    container["command"] = puppet.command(name, *orders.values(), asked=command or ())
    for field, kind in PROBES.items():
        action = _exec_of(container.get(field))
        if action is not None:
            action["command"] = [f"{puppet.home(name)}/{kind}", *action["command"]]
    for hook in HOOKS:
        action = _hook_of(container, hook)
        if action is not None:
            words = (puppet.home(name), hook, *action["command"])
            action["command"] = puppet.shell(puppet.HOOK, *words)
    mounts = container.setdefault("volumeMounts", [])
    if isinstance(mounts, list):
        container["volumeMounts"] = [*mounts, {"name": VOLUME, "mountPath": puppet.PLACE}]


def furnish(spec: Object) -> None:
    """Gives a Pod's spec the volume for its puppets, in place."""
    volumes = spec.get("volumes") or []
    if isinstance(volumes, list):
        spec["volumes"] = [*volumes, {"name": VOLUME, "emptyDir": {}}]


def undress(container: Object) -> None:
    """The container as the scenario wrote it, in place."""
    if puppet.is_puppet(container):
        container["command"] = puppet.asked_for(container)
        if not container["command"]:
            del container["command"]
    for field in PROBES:
        action = _exec_of(container.get(field))
        if action is not None and action["command"][0].startswith(f"{puppet.PLACE}/"):
            del action["command"][0]
    for hook in HOOKS:
        action = _hook_of(container, hook)
        if action is not None and action["command"][2:3] == [puppet.HOOK]:
            action["command"] = action["command"][5:]
    strip(container, "volumeMounts")


def strip(holder: Object, group: str) -> None:
    """Takes what belongs to the puppets out of a list of volumes or mounts."""
    if isinstance(holder.get(group), list):
        kept = [each for each in holder[group] if each.get("name") != VOLUME]
        if kept:
            holder[group] = kept
        else:
            del holder[group]


def handler_of(container: Mapping[str, Any], kind: str) -> tuple[str, int] | None:
    """How the target of a probe is asked (``exec``, ``http``, …) and at which port; None: it is not."""
    for field, named in PROBES.items():
        if named == kind:
            return _handler(container, container.get(field) or {})
    return None


def _probes(container: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for field, kind in PROBES.items():
        probe = container.get(field)
        found = _handler(container, probe) if isinstance(probe, Mapping) else None
        if found is not None and isinstance(probe, Mapping):
            yield kind, f"probe {kind} {found[0]} {found[1]} {_usual(probe)}"


def _usual(probe: Mapping[str, Any]) -> str:
    for handler, (_, says) in NETWORKED.items():
        if handler in probe:
            return says
    return "1" if probe["exec"]["command"] == FAILS else "0"


def _handler(container: Mapping[str, Any], probe: Mapping[str, Any]) -> tuple[str, int] | None:
    if _exec_of(probe) is not None:
        return "exec", 0
    for handler, (how, _) in NETWORKED.items():
        if isinstance(probe.get(handler), Mapping):
            port = _port(container, probe[handler].get("port"))
            return None if port is None else (how, port)
    return None


def _port(container: Mapping[str, Any], port: Any) -> int | None:
    """A port as a number: a name is looked up among those of the container."""
    if isinstance(port, int):
        return port if 0 < port < 65536 else None
    for each in container.get("ports") or ():
        if isinstance(each, Mapping) and each.get("name") == port and port:
            number = each.get("containerPort")
            return number if isinstance(number, int) else None
    return None


def _hooks(container: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for hook in HOOKS:
        action = _hook_of(container, hook)
        if action is not None:
            yield hook, f"hook {hook} 0 {1 if action['command'] == FAILS else 0}"


def _hook_of(container: Mapping[str, Any], hook: str) -> Object | None:
    lifecycle = container.get("lifecycle")
    return _exec_of(lifecycle.get(hook)) if isinstance(lifecycle, Mapping) else None


def _exec_of(handler: Any) -> Object | None:
    """The action of a handler that runs a command."""
    action = handler.get("exec") if isinstance(handler, Mapping) else None
    if isinstance(action, dict) and action.get("command") and _are_words(action["command"]):
        return action
    return None


def _are_words(command: Any) -> bool:
    return command is None or (
        isinstance(command, list) and all(isinstance(word, str) for word in command)
    )
