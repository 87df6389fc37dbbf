"""Which earlier template ``kubectl rollout undo`` restores, or why it does not (DEPLOY-008).

After ``pkg/polymorphichelpers/rollback.go`` of kubectl.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from spec_model.rules import Decision

T = TypeVar("T")


def target(revisions: Mapping[int, T], wanted: int, *, paused: bool) -> Decision[T]:
    """What stands at the revision that is wanted; for 0 at the second-highest.

    Raises:
        ValueError: ``no_such_revision``, ``no_history``, ``paused``.
    """
    numbered = {number: each for number, each in revisions.items() if number > 0}
    if wanted == 0 and len(numbered) < 2:
        raise ValueError("no_history")
    if wanted != 0 and wanted not in numbered:
        raise ValueError("no_such_revision")
    if paused:
        raise ValueError("paused")
    return Decision(numbered[wanted or sorted(numbered)[-2]], "DEPLOY-008")
