"""The model's arithmetic of resources is that of Kubernetes 1.36.2."""

import pytest

from spec_model.resources.qos import qos_class
from tests.evidence.vectors import assert_agreement, cluster_pods


@pytest.mark.parametrize(
    "function",
    [
        "pod.qos_class",
        "pod.effective_requests",
        "scheduler.fits",
        "node_selector.matches",
        "node_affinity.preferred_score",
        "container.oom_score_adj",
        "quantity.parse",
        "quantity.round",
    ],
)
def test_the_model_agrees_with_kubernetes(function: str) -> None:
    assert_agreement(function)


def test_pods_of_a_real_cluster_are_of_the_class_that_their_resources_make() -> None:
    for pod in cluster_pods():
        assert pod.qos_class == qos_class(pod.spec.manifest).value, pod.key
