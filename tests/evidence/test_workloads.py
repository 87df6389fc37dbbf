"""The model deletes the Pods of a ReplicaSet in the order of Kubernetes 1.36.2."""

from tests.evidence.vectors import assert_agreement


def test_the_model_agrees_with_kubernetes() -> None:
    assert_agreement("replicaset.deletion_order")
