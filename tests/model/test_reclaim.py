"""What the cluster itself can do with a released volume."""

from __future__ import annotations

from typing import Any

import pytest

from spec_model.storage.lifecycle import Reclaim
from spec_model.storage.reclaim import outcome, recycling_deadline
from strategies.volumes import sourced

EXTERNAL = {"annotations": {"pv.kubernetes.io/provisioned-by": "csi.example.com"}}


def released(policy: str, source: str = "tmp", size: str = "1Gi", **more: Any) -> dict[str, Any]:
    return sourced("v", source, size, persistentVolumeReclaimPolicy=policy, **more)


@pytest.mark.parametrize(
    ("policy", "source", "how", "rule"),
    [
        ("Retain", "tmp", Reclaim.NOT_DONE, "PV-006"),
        ("Delete", "tmp", Reclaim.DONE, "PV-007"),
        ("Delete", "near", Reclaim.ERROR, "PV-007"),
        ("Delete", "nfs", Reclaim.ERROR, "PV-007"),
        ("Delete", "csi", Reclaim.NOT_DONE, "PV-007"),
        ("Recycle", "srv", Reclaim.DONE, "PV-008"),
        ("Recycle", "nfs", Reclaim.DONE, "PV-008"),
        ("Recycle", "csi", Reclaim.ERROR, "PV-008"),
    ],
)
def test_what_a_plugin_can_do(policy: str, source: str, how: Reclaim, rule: str) -> None:
    decided = outcome(released(policy, source))
    assert (decided.value, decided.because) == (how, rule)


def test_an_external_deleter_is_waited_for() -> None:
    assert outcome(released("Delete", metadata=EXTERNAL)).value is Reclaim.NOT_DONE


def test_upstreams_pattern_is_not_anchored() -> None:
    path = {"hostPath": {"path": "/srv/tmp/x"}}
    assert outcome(
        {"metadata": {}, "spec": {"persistentVolumeReclaimPolicy": "Delete", **path}}
    ).value is (Reclaim.NOT_DONE)


@pytest.mark.parametrize(
    ("source", "size", "seconds"),
    [("tmp", "1Gi", 60), ("tmp", "2Gi", 60), ("tmp", "3.9Gi", 90), ("nfs", "1Gi", 300)],
)
def test_how_long_scrubbing_may_take(source: str, size: str, seconds: float) -> None:
    assert recycling_deadline(released("Recycle", source, size)).value == seconds
