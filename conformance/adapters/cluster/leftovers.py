"""What runs have left in a cluster: found by their label and name, and removed; nothing else is."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any, Final

from attrs import field, frozen

from conformance.adapter import AdapterError
from conformance.adapters.cluster import hook
from conformance.adapters.cluster.client import Api
from conformance.adapters.cluster.kinds import path
from conformance.adapters.cluster.mapping import RUN_LABEL

CLUSTER_KINDS: Final = ("PersistentVolume", "StorageClass", "Node", "APIService")
"""Cluster-scoped kinds that a run may create."""

HELD_KINDS: Final = ("Pod", "PersistentVolumeClaim")
"""Kinds that a scenario may have put finalizers on, so that their namespace could not go."""

LEASE_NAME: Final = "kubelaws"
DEAD: Final = 60.0
"""Seconds without a sign of life after which a run counts as crashed."""

GRACE: Final = 45.0
"""Seconds after which what is still there is not waited for any more."""

POLL: Final = 0.5
RUN: Final = re.compile(r"[0-9a-f]{6}")


@frozen
class Leftover:
    """What one run has in the cluster.

    Attributes:
        alive: whether it has given a sign of life within the last minute.
        objects: ``(kind, name)`` of its namespaces and cluster-scoped objects.
    """

    run: str
    alive: bool
    objects: tuple[tuple[str, str], ...] = field(factory=tuple)


def find(api: Api, now: Callable[[], float] = time.time) -> list[Leftover]:
    """Every run that has something in the cluster, by its name.

    Raises:
        AdapterError: it may not be listed.
    """
    found: dict[str, list[tuple[str, str]]] = {}
    for kind in ("Namespace", *CLUSTER_KINDS):
        for item in _labelled(api, kind):
            found.setdefault(item["metadata"]["labels"][RUN_LABEL], []).append(
                (kind, item["metadata"]["name"])
            )
    return [
        Leftover(run, _is_alive(api, run, objects, now), tuple(objects))
        for run, objects in sorted(found.items())
    ]


def remove(
    api: Api,
    run: str,
    *,
    patience: float,
    grace: float | None = None,
    said: Callable[[str], None] = lambda _: None,
    sleep: Callable[[float], None] = time.sleep,
) -> list[str]:
    """Removes all that one run has, waits until it is gone, and says what is left, as ``Kind name``.

    What is still there after ``grace`` seconds (by default ``GRACE``) is removed by force.
    """
    began = time.monotonic()
    end = began + patience
    told: set[str] = set()
    while True:
        force = time.monotonic() >= began + (GRACE if grace is None else grace)
        namespaces = [each for each in _labelled(api, "Namespace", run) if _is_of(each, run)]
        left = [("Namespace", each["metadata"]["name"]) for each in namespaces]
        for item in namespaces:
            name = item["metadata"]["name"]
            if name not in told:
                told.add(name)
                said(f"namespace {name}")
            if not item["metadata"].get("deletionTimestamp"):
                api.delete(path("Namespace", name=name))
            release(api, name, f"{RUN_LABEL}={run}", force=force)
        for kind in CLUSTER_KINDS:
            left += [(kind, name) for name in remove_cluster_scoped(api, kind, run, force=force)]
        if not left:
            return []
        if time.monotonic() > end:
            return [" ".join(each) for each in left]
        sleep(POLL)


def clear_nodes(api: Api, found: Leftover, command: str, folder: str) -> None:
    """Removes the files of a run's static Pods from all nodes, by the user's own command.

    Raises:
        AdapterError: nodes may not be listed, or the command failed.
    """
    answer = api.get(path("Node"))
    if not answer.ok:
        raise AdapterError(f"cannot list nodes: {answer.code} {answer.message}")
    roots = [
        name
        for kind, name in found.objects
        if kind == "Namespace" and name.endswith(f"-{found.run}")
    ]
    for node in answer.body.get("items") or ():
        for root in roots:
            hook.run(command, node["metadata"]["name"], hook.clearing(folder, f"{root}-"))


def release(api: Api, namespace: str, selector: str, *, force: bool = False) -> None:
    """Takes a scenario's finalizers off what they would keep; with force, all, and Pods at once.

    A Pod on a node that does not answer would stay for ever.
    """
    for kind in HELD_KINDS:
        answer = api.get(path(kind, namespace), [("labelSelector", selector)])
        for item in answer.body.get("items") or () if answer.ok else ():
            where = path(kind, namespace, item["metadata"]["name"])
            if force and kind == "Pod":
                api.delete(where, {"gracePeriodSeconds": 0})
            _unfinalize(api, where, item, force=force)


def _unfinalize(api: Api, where: str, item: dict[str, Any], *, force: bool) -> None:
    """Takes finalizers off that nobody else will; Kubernetes' own are waited for, unless by force."""
    finalizers = item["metadata"].get("finalizers") or []
    kept = [] if force else [each for each in finalizers if each.startswith("kubernetes.io/")]
    if kept != finalizers:
        api.patch(where, {"metadata": {"finalizers": kept or None}})


def remove_cluster_scoped(
    api: Api,
    kind: str,
    run: str,
    only: Callable[[str], bool] = lambda _: True,
    *,
    force: bool = False,
) -> list[str]:
    """Asks for the end of the cluster-scoped objects of a run; the names of those that were there."""
    names = []
    for item in _labelled(api, kind, run):
        name = item["metadata"]["name"]
        if not _is_of(item, run) or not only(name):
            continue
        names.append(name)
        api.delete(path(kind, name=name))
        _unfinalize(api, path(kind, name=name), item, force=force)
    return names


def _labelled(api: Api, kind: str, run: str = "") -> Iterable[dict[str, Any]]:
    selector = f"{RUN_LABEL}={run}" if run else RUN_LABEL
    answer = api.get(path(kind), [("labelSelector", selector)])
    if answer.code == 403 and kind != "Namespace":
        return []  # what may not be listed, a run with these rights cannot have created
    if not answer.ok:
        raise AdapterError(f"cannot list {kind}s: {answer.code} {answer.message}")
    items: Iterable[dict[str, Any]] = answer.body.get("items") or ()
    return items


def _is_of(item: dict[str, Any], run: str) -> bool:
    """Whether it is surely ours: the label alone could be a coincidence, or copied."""
    metadata = item["metadata"]
    labelled = (metadata.get("labels") or {}).get(RUN_LABEL) == run
    named = f"-{run}" in metadata["name"] or metadata["name"].endswith(".metrics.k8s.io")
    return labelled and named and bool(RUN.fullmatch(run))


def _is_alive(
    api: Api, run: str, objects: Iterable[tuple[str, str]], now: Callable[[], float]
) -> bool:
    for kind, name in objects:
        if kind == "Namespace" and name.endswith(f"-{run}"):
            answer = api.get(path("Lease", name, LEASE_NAME))
            renewed = (answer.body.get("spec") or {}).get("renewTime") if answer.ok else None
            if renewed:
                at = datetime.fromisoformat(renewed).astimezone(UTC)
                return now() - at.timestamp() < DEAD
    return False
