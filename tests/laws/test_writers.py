"""Who has written a status: nobody answers for what others than a kubelet say of containers."""

from __future__ import annotations

from typing import Any

import pytest

from tests.laws.traces import Judged, judged, pod, running, seen, status, terminated


def written(manager: str, fields: dict[str, Any], subresource: str = "status") -> dict[str, Any]:
    """An entry of managedFields."""
    return {"manager": manager, "subresource": subresource, "fieldsV1": {"f:status": fields}}


def wrong(*entries: dict[str, Any]) -> Judged:
    """A Pod of which the status says what no kubelet would: it runs, and its phase is Pending."""
    shown = pod("Pending", [status(state=running())], metadata={"managedFields": list(entries)})
    return judged(seen(1, shown))


OF_A_KUBELET = written("kubelet", {"f:phase": {}, "f:containerStatuses": {}})


@pytest.mark.parametrize(
    "entries",
    [
        (),
        (OF_A_KUBELET,),
        (written("k3s", {"f:phase": {}}),),
        (OF_A_KUBELET, written("kwok", {"f:phase": {}}, subresource="")),
        (OF_A_KUBELET, written("gate", {"f:conditions": {'k:{"type":"example.com/a"}': {}}})),
        (OF_A_KUBELET, written("batch", {"f:conditions": {'k:{"type":"PodScheduled"}': {}}})),
        (OF_A_KUBELET, written("kube-controller-manager", {"f:phase": {}})),
        (OF_A_KUBELET, written("resizer", {"f:resize": {}})),
    ],
)
def test_a_kubelet_is_held_to_what_it_says(entries: tuple[dict[str, Any], ...]) -> None:
    assert wrong(*entries).broken == {"PHASE-004"}


@pytest.mark.parametrize(
    "entry",
    [
        written("kwok", {"f:phase": {}}),
        written("e2e.test", {"f:containerStatuses": {}}),
        written("curl", {"f:conditions": {'k:{"type":"Ready"}': {"f:status": {}}}}),
    ],
)
def test_nobody_is_blamed_for_what_somebody_else_wrote(entry: dict[str, Any]) -> None:
    assert not wrong(OF_A_KUBELET, entry).broken


def test_what_was_once_written_by_others_stays_suspicious() -> None:
    """A kubelet that writes again becomes the manager of all fields, and goes on from what it found."""
    first = pod(
        "Running",
        [status(state=running())],
        metadata={"managedFields": [written("x", {"f:phase": {}})]},
    )
    ended = pod(
        "Pending", [status(state=terminated(1))], metadata={"managedFields": [OF_A_KUBELET]}
    )
    assert not judged(seen(1, first), seen(2, ended)).broken
