"""QOS-001: the class that requests and limits make."""

from typing import Any

import pytest

from spec_model.profiles import DOCUMENTED
from spec_model.resources.qos import qos_class
from spec_model.rules import Decision

BOTH = {"cpu": "1", "memory": "1Gi"}
FULL = {"name": "f", "resources": {"limits": BOTH}}
EMPTY = {"name": "e"}


def one(**resources: Any) -> dict[str, Any]:
    return {"containers": [{"name": "c", "resources": resources}]}


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        (one(), "BestEffort"),
        (one(requests={"cpu": "0"}), "BestEffort"),
        (one(limits={"example.com/gpu": 1}), "BestEffort"),
        (one(limits=BOTH), "Guaranteed"),
        (one(limits=BOTH, requests=BOTH), "Guaranteed"),
        (one(limits=BOTH, requests={"cpu": "1000m", "memory": "1024Mi"}), "Guaranteed"),
        (one(limits=BOTH, requests={"cpu": "999.5m"}), "Guaranteed"),
        (one(limits=BOTH, requests={"cpu": "500m"}), "Burstable"),
        (one(limits={"cpu": "1"}), "Burstable"),
        (one(requests=BOTH), "Burstable"),
        ({"containers": [FULL, EMPTY]}, "Burstable"),
        ({"containers": [FULL], "initContainers": [EMPTY]}, "Burstable"),
        ({"containers": [FULL], "initContainers": [FULL]}, "Guaranteed"),
        ({"containers": [EMPTY], "initContainers": [FULL]}, "Burstable"),
        ({"containers": [FULL], "resources": {}}, "BestEffort"),
        ({"containers": [EMPTY], "resources": {"limits": BOTH}}, "Guaranteed"),
        ({"containers": [FULL], "resources": {"requests": BOTH}}, "Burstable"),
    ],
)
def test_the_class_of_a_pod(spec: dict[str, Any], expected: str) -> None:
    assert qos_class(spec) == Decision(expected, "QOS-001")


def test_documented_knows_no_resources_of_a_whole_pod() -> None:
    assert qos_class({"containers": [FULL], "resources": {}}, DOCUMENTED).value == "Guaranteed"
