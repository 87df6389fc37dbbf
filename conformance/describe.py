"""Steps of a sequence as sentences that a person reads."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, Final

from spec_model.events import Evaluated, Manifest, Stimulus, key_of

Arguments = Mapping[str, Any]


def sentence(step: Stimulus | Evaluated) -> str:
    """One step as a line.

    >>> from spec_model.events import stimulus
    >>> sentence(stimulus("exit", namespace="default", pod="a", container="c", exitCode=1))
    'container c of Pod a exits with 1'
    """
    if isinstance(step, Evaluated):
        return f"evaluate {step.function} of {compact(step.arguments)}"
    return SENTENCES.get(step.verb, _plain(step.verb))(step.arguments)


def compact(value: Any, width: int = 300) -> str:
    """A JSON value on one line, cut where it is long."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return text if len(text) <= width else text[: width - 1] + "…"


def _plain(verb: str) -> Callable[[Arguments], str]:
    return lambda arguments: f"{verb} {compact(arguments)}"


def _create(arguments: Arguments) -> str:
    kind, _, name = key_of(arguments["object"])
    dry = " (dry run)" if arguments.get("dryRun") else ""
    return f"create {kind} {name}{dry} with {compact(_content(arguments['object']))}"


def _replace(arguments: Arguments) -> str:
    kind, _, name = key_of(arguments["object"])
    return f"replace {kind} {name} by {compact(_content(arguments['object']))}"


def _delete(arguments: Arguments) -> str:
    grace = arguments.get("gracePeriodSeconds")
    return f"delete {arguments['kind']} {arguments['name']}" + (
        f" with a grace period of {grace} s" if grace is not None else ""
    )


def _lasts(seconds: float | None) -> str:
    return "hangs" if seconds is None else f"takes {seconds:g} s"


def _manner(seconds: float | None, code: int | None) -> str:
    if seconds is None:
        return "ignores SIGTERM"
    if code is None:
        return "dies of SIGTERM"
    return f"exits with {code} {seconds:g} s after SIGTERM"


def _set_probe(arguments: Arguments) -> str:
    redirects = arguments.get("redirects")
    return (
        f"the {arguments['probe']} probe of container {arguments['container']} of Pod "
        f"{arguments['pod']} is answered {arguments['answer']}"
    ) + (f" after {redirects} redirects" if redirects else "")


def _selected(arguments: Arguments) -> str:
    """The selectors of a list or a watch."""
    given = [arguments.get(each) for each in ("labelSelector", "fieldSelector")]
    chosen = " and ".join(each for each in given if each)
    return f" with {chosen}" if chosen else ""


def _content(manifest: Manifest) -> Manifest:
    """What a client says in an object beside its name."""
    spoken = ("apiVersion", "kind", "metadata", "status")
    return manifest.get("spec") or {key: manifest[key] for key in manifest if key not in spoken}


SENTENCES: Final[Mapping[str, Callable[[Arguments], str]]] = {
    "create": _create,
    "replace": _replace,
    "delete": _delete,
    "patch": lambda a: f"patch {a['kind']} {a['name']} with {compact(a['patch'])}",
    "bind": lambda a: f"bind Pod {a['pod']} to node {a['node']}",
    "write-status": lambda a: f"write the status of Pod {a['pod']}: {compact(a['status'])}",
    "exit": lambda a: f"container {a['container']} of Pod {a['pod']} exits with {a['exitCode']}",
    "allocate": lambda a: (
        f"container {a['container']} of Pod {a['pod']} allocates {a['bytes']} bytes"
    ),
    "burn": lambda a: f"container {a['container']} of Pod {a['pod']} wants {a['milli']}m CPU",
    "list": lambda a: f"list {a['kind']}{_selected(a)}",
    "watch": lambda a: (
        f"watch {a['kind']}{_selected(a)} from {a.get('resourceVersion') or 'what there is now'}"
    ),
    "inspect": lambda a: f"look into container {a['container']} of Pod {a['pod']}",
    "set-stop": lambda a: (
        f"container {a['container']} of Pod {a['pod']} {_manner(a['seconds'], a.get('exitCode'))}"
    ),
    "set-hook": lambda a: (
        f"hook {a['hook']} of container {a['container']} of Pod {a['pod']} "
        f"{_lasts(a['seconds'])}{' and fails' if a.get('fails') else ''}"
    ),
    "set-probe": _set_probe,
    "write-file": lambda a: (
        f"container {a['container']} of Pod {a['pod']} writes {compact(a['content'], 40)}"
        f" to {a['path']}"
    ),
    "listen": lambda a: f"container {a['container']} of Pod {a['pod']} binds port {a['port']}",
    "connect": lambda a: (
        f"container {a['container']} of Pod {a['pod']} connects to {a['host']}:{a['port']}"
    ),
    "set-image": lambda a: f"image {a['image']} is {a['outcome']}",
    "set-usage": lambda a: f"Pod {a['pod']} uses {compact(a['usage'])}",
    "set-metrics": lambda a: f"the metrics API is {'there' if a['available'] else 'gone'}",
    "lose-sandbox": lambda a: f"Pod {a['pod']} loses its sandbox",
    "restart-kubelet": lambda a: f"the kubelet of {a['node']} restarts",
    "configure-kubelet": lambda a: (
        f"the kubelet of {a['node']} is configured with {compact(a['configuration'])}"
    ),
    "set-runtime": lambda a: (
        f"part {a['part']} of {a['node']} {'works again' if a['works'] else 'breaks'}"
    ),
    "stop-node": lambda a: f"node {a['node']} stops",
    "write-manifest": lambda a: f"file {a['file']} of {a['node']} says {compact(a['manifest'])}",
    "remove-manifest": lambda a: f"file {a['file']} of {a['node']} is removed",
    "start-node": lambda a: f"node {a['node']} starts",
    "stop-scheduler": lambda _: "the scheduler stops",
    "start-scheduler": lambda _: "the scheduler starts",
    "advance": lambda a: f"{a['seconds']:g} s pass",
}
