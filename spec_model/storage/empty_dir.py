"""emptyDirs: which a Pod has, and how large they may be (VOLUME-006)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from spec_model.events import Manifest
from spec_model.objects import EMPTY
from spec_model.quantity import nano_of, parse, whole
from spec_model.rules import Decision

PAGE: Final = 4096
"""Bytes: the size of a tmpfs is rounded up to whole pages."""


def is_empty_dir(volume: Manifest) -> bool:
    """Whether a volume lives with its Pod: an emptyDir, on disk or in memory."""
    return volume.get("emptyDir") is not None


def is_in_memory(volume: Manifest) -> bool:
    """Whether it is a tmpfs, which is gone when its node is switched off."""
    source: Mapping[str, Any] = volume.get("emptyDir") or EMPTY
    return source.get("medium") == "Memory"


def size_limit(volume: Manifest) -> int | None:
    """``sizeLimit`` of an emptyDir in bytes; None where there is none, and 0 is none.

    >>> size_limit({"emptyDir": {"sizeLimit": "4Ki"}}), size_limit({"emptyDir": {}})
    (4096, None)
    """
    limit = (volume.get("emptyDir") or EMPTY).get("sizeLimit")
    return (0 if limit is None else whole(nano_of(limit))) or None


def memory_limit(spec: Manifest) -> int | None:
    """The memory limit of a Pod as a whole, in bytes; None: not all of its containers have one.

    Raises:
        ValueError: init containers or limits of the Pod itself, of which this says nothing.
    """
    if spec.get("initContainers") or spec.get("resources") is not None:
        raise ValueError("the limit of such a Pod is not simply a sum")
    limits = [_limit(container) for container in spec.get("containers") or ()]
    known = [limit for limit in limits if limit]
    return sum(known) if len(known) == len(limits) else None


def _limit(container: Manifest) -> int:
    limits = (container.get("resources") or EMPTY).get("limits") or EMPTY
    return whole(nano_of(limits["memory"])) if "memory" in limits else 0


def tmpfs_size(volume: Manifest, spec: Manifest, allocatable: int) -> Decision[int]:
    """Bytes of a tmpfs: min(sizeLimit, memory limit of the Pod, allocatable of the node).

    After ``pkg/volume/emptydir``, calculateEmptyDirMemorySize.

    Raises:
        ValueError: the limit of the Pod is not simply a sum.
    """
    bounds = (size_limit(volume), memory_limit(spec), allocatable)
    return Decision(min(bound for bound in bounds if bound is not None), "VOLUME-006")


def overrun_message(volume: Manifest) -> str:
    """How the eviction of a Pod is explained that has written too much (VOLUME-006)."""
    limit = parse(str(volume["emptyDir"]["sizeLimit"])).value.canonical()
    return f'Usage of EmptyDir volume "{volume["name"]}" exceeds the limit "{limit}"'
