"""The model's autoscaler decides as that of Kubernetes 1.36.2."""

import pytest

from tests.evidence.vectors import assert_agreement


@pytest.mark.parametrize(
    "function",
    ["hpa.utilization_replicas", "hpa.limits", "hpa.behavior_limits", "hpa.stabilize"],
)
def test_the_model_agrees_with_kubernetes(function: str) -> None:
    assert_agreement(function)
