"""How long a Pod may stay on a tainted node (GC-005).

After ``pkg/controller/tainteviction.getMinTolerationTime``.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from spec_model.events import Manifest
from spec_model.objects import EMPTY
from spec_model.rules import Decision
from spec_model.scheduling.taints import tolerates

NO_EXECUTE: Final = "NoExecute"
NOT_READY: Final = "node.kubernetes.io/not-ready"
UNREACHABLE: Final = "node.kubernetes.io/unreachable"
LOST: Final = (NOT_READY, UNREACHABLE)


def executing(node: Manifest) -> list[Manifest]:
    """The taints of a node that Pods must leave for."""
    taints = (node.get("spec") or EMPTY).get("taints") or ()
    return [each for each in taints if each.get("effect") == NO_EXECUTE]


def stays(spec: Manifest, taints: Iterable[Manifest]) -> Decision[float | None]:
    """Seconds for which a Pod stays under these taints; 0 at once, None for ever.

    Of several tolerations of a taint the first counts, of several taints the one that allows least.
    """
    limits: list[float] = []
    for taint in taints:
        matching = [each for each in spec.get("tolerations") or () if tolerates(each, taint)]
        if not matching:
            return Decision(0.0, "GC-005")
        limits += [
            max(float(each["tolerationSeconds"]), 0.0)
            for each in matching[:1]
            if each.get("tolerationSeconds") is not None
        ]
    return Decision(min(limits) if limits else None, "GC-005")


def untold(tolerations: Sequence[Manifest]) -> Decision[tuple[str, ...]]:
    """The taints of lost nodes of which a new Pod says nothing, and which it is made to tolerate."""
    return Decision(
        tuple(key for key in LOST if not any(_speaks_of(each, key) for each in tolerations)),
        "GC-005",
    )


def _speaks_of(toleration: Manifest, key: str) -> bool:
    return toleration.get("key") in (key, None, "") and toleration.get("effect") in (
        NO_EXECUTE,
        None,
        "",
    )
