"""OOM: who is protected from an empty node, and who dies."""

from typing import Any

import pytest

from spec_model.profiles import DOCUMENTED, V1_36
from spec_model.resources.oom import Process, score, score_adj, victim, victim_order
from spec_model.rules import Decision

Gi = 2**30
NODE = 8 * Gi


def requesting(memory: int | str, name: str = "c", **fields: Any) -> dict[str, Any]:
    resources = {"requests": {"cpu": "1m", "memory": str(memory)}}
    return {"name": name, "resources": resources, **fields}


def adjustment(*containers: dict[str, Any], of: str = "c", **spec: Any) -> int:
    pod = {"spec": {"containers": list(containers), **spec}}
    return score_adj(pod, of, NODE, V1_36).value


@pytest.mark.parametrize(
    ("memory", "expected"),
    [
        *((0, 999), (1, 999), (2**20, 999), (100 * 2**20, 988)),
        *((Gi, 875), (4 * Gi, 500), (8 * Gi - 1, 3), (8 * Gi, 3)),
    ],
)
def test_burstable_is_protected_by_its_memory_request(memory: int, expected: int) -> None:
    assert adjustment(requesting(memory)) == expected


def test_best_effort_is_not_protected() -> None:
    assert adjustment({"name": "c"}) == 1000


def test_guaranteed_and_the_floor_differ_by_profile() -> None:
    limits = {"limits": {"cpu": "1", "memory": "1Gi"}}
    guaranteed = {"spec": {"containers": [{"name": "c", "resources": limits}]}}
    large = {"spec": {"containers": [requesting(NODE)]}}
    assert score_adj(guaranteed, "c", NODE) == Decision(-997, "OOM-001")
    assert score_adj(guaranteed, "c", NODE, DOCUMENTED).value == -998
    assert score_adj(large, "c", NODE, DOCUMENTED).value == 2


def test_node_critical_pods_are_protected_like_guaranteed_ones() -> None:
    critical = {"priorityClassName": "system-node-critical", "priority": 2_000_001_000}
    assert adjustment({"name": "c"}, **critical) == -997
    assert adjustment({"name": "c"}, **{**critical, "priority": 0}) == 1000


def test_a_sidecar_is_protected_at_least_like_every_app_container() -> None:
    sidecar = requesting(0, "s", restartPolicy="Always")
    apps = (requesting(Gi), requesting(4 * Gi, "d"))
    assert adjustment(*apps, of="s", initContainers=[sidecar]) == 875


def test_what_the_pod_requests_beyond_its_containers_is_shared() -> None:
    whole = {"requests": {"memory": "4Gi"}}
    apps = (requesting(Gi), requesting(Gi, "d"))
    assert adjustment(*apps, resources=whole) == 750


def test_a_container_that_is_not_there_is_refused() -> None:
    with pytest.raises(ValueError, match="no_container"):
        adjustment({"name": "c"}, of="d")


def test_the_score_is_thousandths_in_use_plus_adjustment() -> None:
    assert score(Process("p", 500, Gi), NODE) == Decision(625, "OOM-002")


def test_a_best_effort_process_dies_before_a_burstable_one_within_its_request() -> None:
    within = Process("within", 875, Gi)
    tiny = Process("tiny", 1000, Gi // 100)
    assert victim([within, tiny], NODE) == Decision("tiny", "OOM-002")


def test_a_guaranteed_process_dies_last() -> None:
    processes = [Process("g", -997, 6 * Gi), Process("b", 3, Gi), Process("e", 1000, 1)]
    assert victim_order(processes, NODE).value == ("e", "b", "g")


def test_in_one_class_the_largest_excess_dies_but_the_largest_ratio_as_documented() -> None:
    """A uses 200Mi of 100Mi, B uses 1200Mi of 1000Mi, on 100 000Mi."""
    node, mi = 100_000 * 2**20, 2**20
    processes = [Process("A", 999, 200 * mi), Process("B", 990, 1200 * mi)]
    assert victim(processes, node) == Decision("B", "OOM-003")
    assert victim(processes, node, DOCUMENTED) == Decision("A", "OOM-003")


def test_among_equals_the_largest_dies_in_both_profiles() -> None:
    processes = [Process("small", 1000, 1), Process("large", 1000, 2)]
    for profile in (V1_36, DOCUMENTED):
        assert victim(processes, NODE, profile) == Decision("large", "OOM-003")


def test_documented_takes_the_class_by_score_and_the_container_by_ratio() -> None:
    processes = [
        *(Process("most", 500, 5 * Gi), Process("ratio", 990, Gi)),
        *(Process("tiny", 1000, 1), Process("safe", -998, 2 * Gi)),
    ]
    expected = ("ratio", "most", "tiny", "safe")
    assert victim_order(processes, NODE, DOCUMENTED).value == expected


def test_an_unkillable_process_is_never_chosen() -> None:
    assert victim([Process("kubelet", -1000, Gi)], NODE) == Decision(None, "OOM-002")
