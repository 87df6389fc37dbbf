"""PV-001 to PV-012: which volume a claim gets, and what becomes of both."""

from typing import Any

import pytest

from spec_model.functions import FUNCTIONS, same_result
from spec_model.profiles import DOCUMENTED, V1_36
from spec_model.rules import Decision
from spec_model.storage.lifecycle import (
    GONE,
    Reclaim,
    binding_mode,
    blocks_scheduling,
    claim_capacity,
    claim_is_protected,
    claim_phase,
    class_of_claim,
    is_bound_pair,
    is_kept_from_pod,
    is_provisioned,
    legal_after_release,
    provisioned_name,
    reclaim_policy,
    reclaimed,
    volume_is_protected,
    volume_phase,
)
from spec_model.storage.matching import (
    best_match,
    find_matching_volume,
    legal_matches,
    matches,
)

RWO, ROX = "ReadWriteOnce", "ReadOnlyMany"
MINE = {"name": "c", "namespace": "ns", "uid": "u"}
ZONE_A = {"metadata": {"name": "n", "labels": {"zone": "a", "cpus": "8"}}}


def a_claim(phase: str = "Pending", **spec: Any) -> dict[str, Any]:
    asked = {"accessModes": [RWO], "resources": {"requests": {"storage": "5Gi"}}, **spec}
    return {"metadata": dict(MINE), "spec": asked, "status": {"phase": phase}}


def a_volume(name: str = "v", phase: str = "Available", **spec: Any) -> dict[str, Any]:
    offered = {"accessModes": [RWO], "capacity": {"storage": "5Gi"}, **spec}
    return {"metadata": {"name": name}, "spec": offered, "status": {"phase": phase}}


def sized(name: str, storage: str, *modes: str) -> dict[str, Any]:
    return a_volume(name, capacity={"storage": storage}, accessModes=[RWO, *modes])


def in_zones(*requirements: dict[str, Any]) -> dict[str, Any]:
    return {"required": {"nodeSelectorTerms": [{"matchExpressions": list(requirements)}]}}


@pytest.mark.parametrize(
    ("volume", "because"),
    [
        (a_volume(capacity={"storage": "4.9Gi"}), "PV-001"),
        (a_volume(storageClassName="fast"), "PV-001"),
        (a_volume(volumeMode="Block"), "PV-001"),
        (a_volume(volumeAttributesClassName="gold"), "PV-001"),
        (a_volume(phase="Pending"), "PV-001"),
        (a_volume(phase="Released"), "PV-004"),
        (a_volume(claimRef={**MINE, "name": "other"}), "PV-003"),
        (a_volume(claimRef={**MINE, "uid": "former"}), "PV-003"),
        (a_volume(accessModes=[ROX]), "PV-012"),
    ],
)
def test_a_volume_that_does_not_match_and_why(volume: dict[str, Any], because: str) -> None:
    assert matches(a_claim(), volume) == Decision(False, because)


def test_a_promised_volume_matches_whatever_its_phase_and_class() -> None:
    promised = a_volume(phase="Released", storageClassName="x", claimRef={**MINE, "uid": ""})
    assert matches(a_claim(), promised) == Decision(True, "PV-001")


def test_a_volume_on_its_way_out_matches_nothing() -> None:
    leaving = a_volume()
    leaving["metadata"]["deletionTimestamp"] = "2024-05-01T00:00:00Z"
    assert matches(a_claim(), leaving) == Decision(False, "PV-001")


@pytest.mark.parametrize(
    ("selector", "match"),
    [
        ({}, True),
        ({"matchLabels": {"tier": "gold"}}, True),
        ({"matchLabels": {"tier": "lead"}}, False),
        ({"matchExpressions": [{"key": "tier", "operator": "In", "values": ["gold"]}]}, True),
        ({"matchExpressions": [{"key": "tier", "operator": "NotIn", "values": ["gold"]}]}, False),
        ({"matchExpressions": [{"key": "tier", "operator": "Exists"}]}, True),
        ({"matchExpressions": [{"key": "tier", "operator": "DoesNotExist"}]}, False),
    ],
)
def test_a_selector_looks_at_the_labels_of_the_volume(selector: dict, match: bool) -> None:
    volume = a_volume()
    volume["metadata"]["labels"] = {"tier": "gold"}
    assert matches(a_claim(selector=selector), volume).value is match


@pytest.mark.parametrize(
    ("affinity", "match"),
    [
        (in_zones({"key": "zone", "operator": "In", "values": ["a", "b"]}), True),
        (in_zones({"key": "zone", "operator": "In", "values": ["b"]}), False),
        (in_zones({"key": "cpus", "operator": "Gt", "values": ["7"]}), True),
        (in_zones({"key": "cpus", "operator": "Lt", "values": ["8"]}), False),
        (in_zones({"key": "zone", "operator": "Gt", "values": ["7"]}), False),
        (in_zones(), False),
    ],
)
def test_a_node_must_reach_the_volume(affinity: dict, match: bool) -> None:
    assert matches(a_claim(), a_volume(nodeAffinity=affinity), ZONE_A).value is match
    assert matches(a_claim(), a_volume(nodeAffinity=affinity)).value


def test_few_access_modes_go_before_small_size() -> None:
    volumes = [sized("both", "5Gi", ROX), sized("big", "100Gi"), sized("bigger", "101Gi")]
    assert best_match(a_claim(), volumes) == Decision("big", "PV-002")
    assert find_matching_volume(a_claim(), volumes).value == "both"
    assert find_matching_volume(a_claim(), volumes, ZONE_A).value == "both"


def test_of_equal_volumes_any_may_be_chosen() -> None:
    twins = [sized("a", "6Gi"), sized("b", "6Gi"), sized("c", "7Gi")]
    assert legal_matches(a_claim(), twins).value == {"a", "b"}
    answer = FUNCTIONS["pv.best_match"](
        {"claim": a_claim(), "volumes": twins, "delay_binding": False}, V1_36
    )
    assert same_result("b", answer.value)
    assert not same_result("c", answer.value)
    assert str(answer.value) == "a or b"


def test_groups_of_equally_many_modes_have_no_order() -> None:
    volumes = [sized("ro", "9Gi", ROX), sized("rw", "6Gi", "ReadWriteMany")]
    assert legal_matches(a_claim(), volumes).value == {"ro", "rw"}


def test_without_a_match_there_is_none() -> None:
    assert best_match(a_claim(), []) == Decision(None, "PV-001")
    answer = FUNCTIONS["pv.best_match"](
        {"claim": a_claim(), "volumes": [], "delay_binding": False}, V1_36
    )
    assert same_result(None, answer.value)
    assert not same_result("a", answer.value)


def test_the_controller_leaves_delayed_claims_to_the_scheduler() -> None:
    assert legal_matches(a_claim(), [a_volume()], delay_binding=True) == Decision(
        frozenset(), "PV-011"
    )
    on_node = legal_matches(a_claim(), [a_volume()], delay_binding=True, node=ZONE_A)
    assert on_node == Decision(frozenset({"v"}), "PV-002")
    promised = a_volume(claimRef=MINE)
    assert best_match(a_claim(), [promised], delay_binding=True).value == "v"


def test_a_claim_is_bound_while_its_volume_is_its_own() -> None:
    claim = a_claim("Bound", volumeName="v")
    assert claim_phase(a_claim(), None) == Decision("Pending", "PV-005")
    assert claim_phase(claim, a_volume(claimRef=MINE)) == Decision("Bound", "PV-005")
    assert claim_phase(claim, None) == Decision("Lost", "PV-005")
    assert claim_phase(claim, a_volume(claimRef={**MINE, "uid": "x"})) == Decision("Lost", "PV-003")
    assert claim_phase(a_claim(volumeName="v"), None).value == "Pending"
    assert claim_phase(a_claim(volumeName="v"), a_volume()).value == "Bound"
    too_small = a_volume(capacity={"storage": "1Gi"})
    assert claim_phase(a_claim(volumeName="v"), too_small) == Decision("Pending", "PV-001")
    assert is_bound_pair(claim, a_volume(claimRef=MINE)) == Decision(True, "PV-003")
    assert not is_bound_pair(claim, a_volume(claimRef={**MINE, "uid": "x"})).value
    assert claim_capacity(a_volume()) == Decision({"storage": "5Gi"}, "PV-002")


@pytest.mark.parametrize(
    ("volume", "claim", "phase", "because"),
    [
        (a_volume(), None, "Available", "PV-004"),
        (a_volume(claimRef={"name": "c", "namespace": "ns"}), None, "Available", "PV-004"),
        (a_volume(claimRef=MINE), a_claim(volumeName="v"), "Bound", "PV-003"),
        (a_volume(claimRef=MINE), a_claim(volumeName="w"), "Available", "PV-003"),
        (a_volume(claimRef=MINE), a_claim(), "Available", "PV-004"),
        (a_volume(claimRef=MINE), None, "Released", "PV-006"),
        (a_volume(claimRef={**MINE, "uid": "former"}), a_claim(), "Released", "PV-006"),
    ],
)
def test_a_volume_follows_its_claim(
    volume: dict[str, Any], claim: dict[str, Any] | None, phase: str, because: str
) -> None:
    assert volume_phase(volume, claim) == Decision(phase, because)


def test_a_provisioned_volume_whose_claim_went_elsewhere_is_deleted() -> None:
    volume = a_volume(claimRef=MINE, persistentVolumeReclaimPolicy="Delete")
    volume["metadata"]["annotations"] = {"pv.kubernetes.io/provisioned-by": "x"}
    elsewhere = a_claim(volumeName="w")
    assert volume_phase(volume, elsewhere, Reclaim.DONE) == Decision(GONE, "PV-007")


@pytest.mark.parametrize(
    ("policy", "source", "reclaim", "phase", "because"),
    [
        ("Retain", "hostPath", Reclaim.DONE, "Released", "PV-006"),
        ("Delete", "csi", Reclaim.NOT_DONE, "Released", "PV-007"),
        ("Delete", "csi", Reclaim.DONE, GONE, "PV-007"),
        ("Delete", "nfs", Reclaim.ERROR, "Failed", "PV-007"),
        ("Recycle", "nfs", Reclaim.NOT_DONE, "Released", "PV-008"),
        ("Recycle", "nfs", Reclaim.DONE, "Available", "PV-008"),
        ("Recycle", "nfs", Reclaim.ERROR, "Failed", "PV-008"),
        ("Recycle", "csi", Reclaim.NOT_DONE, "Failed", "PV-008"),
    ],
)
def test_a_released_volume_is_reclaimed_by_its_policy(
    policy: str, source: str, reclaim: Reclaim, phase: str, because: str
) -> None:
    spec = {"persistentVolumeReclaimPolicy": policy, source: {}}
    volume = a_volume(phase="Released", **spec)
    assert reclaimed(volume, reclaim) == Decision(phase, because)
    assert phase in legal_after_release(volume).value


def test_a_failed_reclaim_stays_failed_until_it_succeeds() -> None:
    failed = a_volume(phase="Failed", persistentVolumeReclaimPolicy="Delete")
    assert reclaimed(failed, Reclaim.NOT_DONE).value == "Failed"
    assert reclaimed(failed, Reclaim.DONE).value == GONE


def test_volumes_made_by_hand_are_retained_and_provisioned_ones_deleted() -> None:
    assert reclaim_policy(a_volume()) == Decision("Retain", "PV-009")
    assert reclaim_policy(a_volume(), {"reclaimPolicy": "Retain"}).value == "Retain"
    assert reclaim_policy(a_volume(), {}).value == "Delete"
    provisioned = a_volume()
    provisioned["metadata"]["annotations"] = {"pv.kubernetes.io/provisioned-by": "x"}
    assert reclaim_policy(provisioned).value == "Delete"
    assert binding_mode({}) == Decision("Immediate", "PV-009")


def a_class(name: str, created: str, default: str = "true") -> dict[str, Any]:
    annotations = {"storageclass.kubernetes.io/is-default-class": default}
    return {
        "metadata": {"name": name, "creationTimestamp": created, "annotations": annotations},
        "provisioner": "x",
    }


def test_a_claim_without_a_class_gets_the_newest_default() -> None:
    classes = [
        a_class("old", "2024-01-01"),
        a_class("new", "2024-02-01"),
        a_class("b", "2024-02-01"),
    ]
    assert class_of_claim(a_claim(), [*classes, a_class("no", "2025-01-01", "false")]) == Decision(
        "b", "PV-010"
    )
    assert class_of_claim(a_claim(storageClassName=""), classes).value == ""
    assert class_of_claim(a_claim(), []).value == ""


def test_a_volume_is_made_where_none_matches_and_a_class_is_there() -> None:
    late = {"volumeBindingMode": "WaitForFirstConsumer"}
    assert is_provisioned(a_claim(), {}, has_match=False) == Decision(True, "PV-010")
    assert not is_provisioned(a_claim(), {}, has_match=True).value
    assert not is_provisioned(a_claim(), None, has_match=False).value
    assert is_provisioned(a_claim(), late, has_match=False) == Decision(False, "PV-011")
    assert is_provisioned(a_claim(), late, has_match=False, has_consumer=True).value
    assert provisioned_name(a_claim()) == Decision("pvc-u", "PV-010")


def a_user(phase: str = "Running", node: str = "n") -> dict[str, Any]:
    volumes = [{"name": "d", "persistentVolumeClaim": {"claimName": "c"}}]
    metadata = {"name": "p", "namespace": "ns"}
    return {
        "metadata": metadata,
        "spec": {"nodeName": node, "volumes": volumes},
        "status": {"phase": phase},
    }


def test_what_is_in_use_is_protected() -> None:
    assert claim_is_protected(a_claim(), [a_user()]) == Decision(True, "PV-012")
    assert not claim_is_protected(a_claim(), [a_user(node="")]).value
    assert volume_is_protected(a_volume(phase="Bound")) == Decision(True, "PV-012")
    assert not volume_is_protected(a_volume(phase="Released")).value


def test_one_pod_at_a_time_uses_a_claim_of_that_mode() -> None:
    claim = a_claim(accessModes=["ReadWriteOncePod"])
    assert is_kept_from_pod(claim, [a_user()]) == Decision(True, "PV-012")
    assert not is_kept_from_pod(claim, [a_user("Succeeded")]).value
    assert not is_kept_from_pod(a_claim(), [a_user()]).value
    assert not is_kept_from_pod(claim, [a_user()], DOCUMENTED).value


def test_a_pod_waits_for_its_claim_to_be_bound() -> None:
    late = {"volumeBindingMode": "WaitForFirstConsumer"}
    assert blocks_scheduling(None) == Decision(True, "PV-005")
    assert blocks_scheduling(a_claim()).value
    assert not blocks_scheduling(a_claim(), late).value
    assert not blocks_scheduling(a_claim("Bound", volumeName="v")).value
    assert blocks_scheduling(a_claim("Lost", volumeName="v"), late).value
