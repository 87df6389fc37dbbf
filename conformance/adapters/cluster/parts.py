"""Parts of manifests that a scenario's mapping reads or changes in place, whatever they are like."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

Object = dict[str, Any]

NODE_NAMES: Final = ("kubernetes.io/hostname", "metadata.name")
"""What a requirement on a node may look at that is its name."""


def copied(value: Any) -> Any:
    """A copy in which no part stands twice: a scenario may use one dictionary in several places."""
    if isinstance(value, Mapping):
        return {key: copied(part) for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [copied(part) for part in value]
    return value


def exchange_hostnames(expressions: list[Any], name: Callable[[str, str], str]) -> None:
    """Exchanges the names of nodes that a selector's requirements list."""
    for each in expressions:
        if isinstance(each, dict) and each.get("key") in NODE_NAMES:
            each["values"] = [name("Node", value) for value in each.get("values") or ()]


def without(spec: Object, group: str, key: str) -> None:
    """Takes the entries with a key out of a list, and the list where it becomes empty."""
    if isinstance(spec.get(group), list):
        kept = [
            each for each in spec[group] if not (isinstance(each, dict) and each.get("key") == key)
        ]
        if kept:
            spec[group] = kept
        else:
            del spec[group]


def unlabel(metadata: Object, label: str) -> None:
    """Takes a label off, and the labels where none is left."""
    labels = metadata.get("labels")
    if isinstance(labels, dict) and label in labels:
        del labels[label]
        if not labels:
            del metadata["labels"]


def pod_specs(manifest: Object, kind: str) -> Iterator[tuple[Object, Object | None]]:
    """The spec of a Pod, or that in a workload's template, with the template."""
    spec = manifest.get("spec")
    if not isinstance(spec, dict):
        return
    if kind == "Pod":
        yield spec, None
        return
    template = spec.get("template")
    if isinstance(template, dict) and isinstance(template.get("spec"), dict):
        yield template["spec"], template


def containers(spec: Object) -> Iterator[Object]:
    """The containers and init containers of a Pod's spec, as far as they are objects."""
    for group in ("initContainers", "containers"):
        listed = spec.get(group)
        if isinstance(listed, list):
            yield from (each for each in listed if isinstance(each, dict))


def path_of(volume: Object, change: Callable[[str], str]) -> None:
    """Exchanges the path on the host, so that nobody's files lie there."""
    host_path = (volume.get("spec") or {}).get("hostPath")
    if isinstance(host_path, dict) and isinstance(host_path.get("path"), str):
        host_path["path"] = change(host_path["path"])
