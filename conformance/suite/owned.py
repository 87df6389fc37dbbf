"""What scenarios of controllers need: the Pods that an object owns."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from conformance.focus import Session
from spec_model.objects import Pod

OVER = ("Succeeded", "Failed")


def pods_of(run: Session, owner: str, holds: Callable[[Pod], Any] = bool) -> list[Pod]:
    """The Pods whose controller has that name, oldest first, of which something holds."""
    found = [
        known.view
        for known in run.world.of_kind("Pod")
        for reference in known.manifest["metadata"].get("ownerReferences") or ()
        if reference.get("controller") and reference["name"] == owner
    ]
    return [pod for pod in found if holds(pod)]


def at_work(run: Session, owner: str) -> list[str]:
    """The names of those that run, or will, and are to go on."""
    working = pods_of(
        run, owner, lambda pod: pod.phase not in OVER and pod.deletion_timestamp is None
    )
    return [pod.key[2] for pod in working]


def running(run: Session, owner: str) -> list[str]:
    """The names of those that run and are to go on."""
    found = pods_of(run, owner, lambda pod: pod.phase == "Running")
    return [pod.key[2] for pod in found if pod.deletion_timestamp is None]


def finish(run: Session, owner: str, code: int = 0, most: int = 1) -> int:
    """Lets some running Pods of an owner exit; how many there were."""
    names = running(run, owner)[:most]
    for name in names:
        run.exit(name, "c", code)
    return len(names)
