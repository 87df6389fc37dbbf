"""Which nodes turn a Pod away: by a taint that it does not tolerate, or because they are cordoned.

After ``component-helpers/scheduling/corev1.FindMatchingUntoleratedTaint`` and the scheduler's
plugin NodeUnschedulable. The catalogue has no rule of its own for it: such a node is not feasible
in the sense of SCHED-003.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from spec_model.events import Manifest
from spec_model.objects import EMPTY
from spec_model.rules import Decision

RULE: Final = "SCHED-003"
HARD: Final = ("NoSchedule", "NoExecute")
UNSCHEDULABLE: Final[Manifest] = {
    "key": "node.kubernetes.io/unschedulable",
    "effect": "NoSchedule",
}
"""The taint as which a cordon counts: who tolerates it may go there all the same."""


def turned_away(spec: Manifest, node: Manifest) -> Decision[Manifest | None]:
    """The first hard taint of a node that a Pod does not tolerate; None where it is let in."""
    tolerations = spec.get("tolerations") or ()
    for taint in hard_taints(node):
        if not any(tolerates(each, taint) for each in tolerations):
            return Decision(taint, RULE)
    return Decision(None, RULE)


def hard_taints(node: Manifest) -> Iterator[Manifest]:
    """The taints that keep Pods from being scheduled to a node, a cordon among them."""
    spec = node.get("spec") or EMPTY
    if spec.get("unschedulable"):
        yield UNSCHEDULABLE
    for taint in spec.get("taints") or ():
        if taint.get("effect") in HARD:
            yield taint


def tolerates(toleration: Manifest, taint: Manifest) -> bool:
    """Whether a toleration covers a taint: by effect, key and, unless it is Exists, value."""
    key, operator = toleration.get("key") or "", toleration.get("operator") or "Equal"
    if (toleration.get("effect") or taint.get("effect")) != taint.get("effect"):
        return False
    if key and key != taint.get("key"):
        return False
    if operator == "Exists":
        return True
    same = (toleration.get("value") or "") == (taint.get("value") or "")
    return bool(key) and operator == "Equal" and same


def text(taint: Manifest) -> str:
    """A taint as kubectl writes it: ``key=value:effect``."""
    value = taint.get("value")
    return f"{taint.get('key')}{f'={value}' if value else ''}:{taint.get('effect')}"
