"""TERM-003 and -012: what kubectl shows and asks for."""

from __future__ import annotations

from typing import Any

import pytest

from spec_model.pod.kubectl import delete_grace, status_column
from spec_model.profiles import DOCUMENTED, V1_36

DELETED = {"deletionTimestamp": "2024-05-01T10:00:00Z"}


def shown(metadata: dict[str, Any] | None = None, **status: Any) -> str:
    return status_column({"metadata": metadata or {}, "spec": {}, "status": status}).value


def test_terminating_is_said_of_who_was_deleted_and_is_not_over() -> None:
    assert shown(DELETED, phase="Running") == "Terminating"
    assert shown(DELETED, phase="Failed") == "Failed"
    assert shown(DELETED, phase="Running", reason="NodeLost") == "Unknown"
    assert shown(phase="Running") == "Running"


@pytest.mark.parametrize(
    ("period", "force", "now", "today", "documented"),
    [
        (None, False, False, None, None),
        (0, False, False, 1, 1),
        (0, True, False, 0, 0),
        (None, True, False, 0, None),
        (5, False, False, 5, 5),
        (None, False, True, 1, 1),
        (-1, True, False, 0, None),
    ],
)
def test_what_is_asked_for(
    period: int | None, force: bool, now: bool, today: int | None, documented: int | None
) -> None:
    assert delete_grace(period, force, now, V1_36).value == today
    assert delete_grace(period, force, now, DOCUMENTED).value == documented


@pytest.mark.parametrize(
    ("period", "force", "now", "word"),
    [
        (5, True, False, "force_with_grace_period"),
        (None, True, True, "force_with_grace_period"),
        (5, False, True, "now_with_grace_period"),
        (0, False, True, "now_with_grace_period"),
    ],
)
def test_what_does_not_go_together(period: int | None, force: bool, now: bool, word: str) -> None:
    with pytest.raises(ValueError, match=word):
        delete_grace(period, force, now)
