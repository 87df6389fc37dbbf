"""In a namespace that is being deleted nothing is owed."""

from __future__ import annotations

from typing import Any

import pytest

from tests.laws.replicated import BEGIN, added, play, workload
from tests.laws.traces import seen, time_at


def namespace(**marks: str) -> dict[str, Any]:
    """The namespace of everything else."""
    return {"kind": "Namespace", "metadata": {"name": "default", "uid": "n", **marks}}


@pytest.mark.parametrize("marked_at", [0, 1])
def test_no_pods_are_owed_where_none_can_be_made(marked_at: int) -> None:
    mark = seen(marked_at, namespace(deletionTimestamp=time_at(marked_at)))
    events = [mark, added(0, workload(2))] if not marked_at else [added(0, workload(2)), mark]
    assert not play(BEGIN, *events, until=60).broken


def test_elsewhere_they_are() -> None:
    assert (
        "REPLICA-002" in play(BEGIN, seen(0, namespace()), added(0, workload(2)), until=60).broken
    )
