"""PROBE-013: what the endpoints of a Service show of a Pod that is not ready."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from spec_model.events import Event
from tests.laws.probing import Probed, answered, broken, failing
from tests.laws.traces import Judged, judged, seen

SERVICE = {
    "kind": "Service",
    "metadata": {"name": "web", "namespace": "default", "uid": "uid-web"},
    "spec": {"selector": {"app": "web"}},
}


def slice_of(ready: bool | None) -> dict[str, Any]:
    """The slice of the Service; with None, the address is not in it."""
    target = {"kind": "Pod", "name": "a", "uid": "uid-a"}
    conditions = {"ready": ready, "serving": ready}
    listed = {"addresses": ["10.0.0.1"], "conditions": conditions, "targetRef": target}
    labels = {"kubernetes.io/service-name": "web"}
    return {
        "kind": "EndpointSlice",
        "metadata": {"name": "web-1", "namespace": "default", "uid": "uid-1", "labels": labels},
        "endpoints": [] if ready is None else [listed],
    }


def traffic(shown: bool | None, profile: str = "v1.36") -> Judged:
    """A Pod behind a Service becomes unready, and what the slice shows of it then."""
    c, labels = Probed(readiness={}), {"labels": {"app": "web"}}
    slices: Sequence[Event] = [seen(0, SERVICE, "ADDED"), seen(0, slice_of(True), "ADDED")]
    begins = c.begins()
    flips = [c.at(10, True, metadata=labels), answered(100, "readiness", 1)]
    lost = [*failing(104, 114, 124, kind="Readiness"), c.at(124, False, metadata=labels)]
    follows = seen(125, slice_of(shown))
    return judged(*slices, *begins, *flips, *lost, follows, profile=profile, until=140)


@pytest.mark.parametrize(
    ("shown", "profile", "blamed"),
    [
        (False, "v1.36", set()),
        (True, "v1.36", {"PROBE-013"}),
        (None, "v1.36", {"PROBE-013"}),
        (None, "documented", set()),
        (False, "documented", {"PROBE-013"}),
    ],
)
def test_an_unready_pod_gets_no_traffic(shown: bool | None, profile: str, blamed: set[str]) -> None:
    judgement = traffic(shown, profile)
    assert broken(judgement) == blamed
    assert "PROBE-013" in judgement.exercised
