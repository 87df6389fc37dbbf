"""What is said of Pods that wait for claims, and of claims with volumes, classes and Pods beside them."""

from __future__ import annotations

from typing import Any

from spec_model.explain import explain
from spec_model.profiles import DOCUMENTED, V1_36, Profile
from strategies.manifests import claim, volume
from strategies.volumes import PROVISIONER, ROX, RWOP, storage_class, user

Said = dict[str, tuple[str, str]]


def said(manifest: Any, *others: Any, profile: Profile = V1_36) -> Said:
    return {
        each.about: (each.says, each.rule) for each in explain(manifest, others, profile=profile)
    }


def bound(name: str, on: str = "v", **more: Any) -> Any:
    made = claim(name, volumeName=on, **more)
    return {**made, "status": {"phase": "Bound"}}


def placed(name: str, *claims: str) -> Any:
    return user(name, *claims, nodeName="node-1")


def test_a_missing_claim_keeps_its_pod() -> None:
    says, rule = said(user("a", "c"))["claim c"]
    assert ("not scheduled" in says, rule) == (True, "PV-005")


def test_an_unbound_claim_keeps_its_pod() -> None:
    found = said(user("a", "c"), claim("c"), volume("v"))
    assert found["claim c"][1] == "PV-005"
    assert "not bound" in found["claim c"][0]
    assert found["claim c, volume to be bound"] == ("v", "PV-002")


def test_a_bound_claim_keeps_nobody() -> None:
    assert "does not wait" in said(user("a", "c"), bound("c"))["claim c"][0]


def test_a_claim_that_goes_or_is_lost_says_so() -> None:
    going = bound("c", metadata={"deletionTimestamp": "2024-05-01T10:00:00Z"})
    assert "deleted" in said(user("a", "c"), going)["claim c"][0]
    lost = {**bound("c"), "status": {"phase": "Lost"}}
    assert "gone" in said(user("a", "c"), lost)["claim c"][0]


def test_a_claim_that_waits_for_its_pod_keeps_it_not() -> None:
    waits = storage_class("local", mode="WaitForFirstConsumer")
    found = said(user("a", "c"), claim("c", storageClassName="local"), waits)
    assert found["claim c"][1] == "PV-011"


def test_a_claim_for_one_pod_names_who_has_it() -> None:
    taken = user("a", "c"), bound("c", modes=[RWOP]), placed("b", "c")
    assert said(*taken)["claim c"] == ("is for one Pod alone, and in use by b", "PV-012")


def test_a_claim_of_another_namespace_is_not_the_pods() -> None:
    other = {**bound("c"), "metadata": {"name": "c", "namespace": "other"}}
    assert "not scheduled" in said(user("a", "c"), other)["claim c"][0]


def test_what_is_wrong_with_each_volume_is_said() -> None:
    released = {**volume("gone"), "status": {"phase": "Released"}}
    found = said(
        claim("c", "5Gi"),
        volume("small"),
        volume("many", "9Gi", [ROX]),
        volume("other", "9Gi", storageClassName="x"),
        volume("taken", "9Gi", claimRef={"namespace": "default", "name": "d"}),
        released,
    )
    assert found["volume small"] == ("is too small", "PV-001")
    assert found["volume many"] == ("lacks an access mode", "PV-012")
    assert found["volume other"] == ("is of the class x", "PV-001")
    assert found["volume taken"][1] == "PV-003"


def test_a_claim_of_a_class_gets_a_volume_made() -> None:
    made = said(claim("c", storageClassName="fast"), storage_class("fast", PROVISIONER))
    assert made["volume to be bound"] == (f"one is made by {PROVISIONER}", "PV-010")


def test_a_claim_waits_for_its_first_consumer() -> None:
    waits = storage_class("local", mode="WaitForFirstConsumer")
    asked = claim("c", storageClassName="local")
    assert said(asked, waits)["binding"][1] == "PV-011"
    fits = volume("v", storageClassName="local")
    assert said(asked, waits, fits, user("a", "c"))["volume to be bound"] == ("v", "PV-002")


def test_a_claim_in_use_is_kept() -> None:
    assert said(bound("c"), placed("a", "c"))["deleted now"][0] == "stays until they are gone"
    assert said(bound("c"), user("a", "c"))["deleted now"][0].startswith("goes at once")


def test_who_knows_no_claims_for_one_pod_says_nothing_of_them() -> None:
    taken = user("a", "c"), bound("c"), placed("b", "c")
    assert "does not wait" in said(*taken, profile=DOCUMENTED)["claim c"][0]
