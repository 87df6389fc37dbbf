"""The model's Deployment controller sizes ReplicaSets as that of Kubernetes 1.36.2."""

import pytest

from spec_model.workloads.deployment_functions import FUNCTIONS
from tests.evidence.vectors import assert_agreement


@pytest.mark.parametrize("function", FUNCTIONS)
def test_the_model_agrees_with_kubernetes(function: str) -> None:
    assert_agreement(function)
