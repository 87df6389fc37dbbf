"""The laws of Pods that use claims, and of volumes that are made for them, on traces made by hand."""

from __future__ import annotations

from typing import Any

import pytest

from spec_model.events import Accepted
from strategies.volumes import storage_class
from tests.laws.traces import Judged, claim, done, judged, pod, seen, time_at, volume

DELETED = {"deletionTimestamp": time_at(5)}
BOUND = claim("Bound", on="v")
RWOP = ["ReadWriteOncePod"]


def using(name: str = "a", node: str = "", phase: str = "Pending", **more: Any) -> dict[str, Any]:
    """A Pod that uses the claim ``c``, on a node or not."""
    uses = [{"name": "d", "persistentVolumeClaim": {"claimName": "c"}}]
    spec = {"volumes": uses, "nodeName": node}
    if node:
        more = {"more": {"conditions": [{"type": "PodScheduled", "status": "True"}]}, **more}
    return pod(phase, name=name, uid=f"uid-{name}", spec=spec, **more)


def node(name: str = "n1") -> dict[str, Any]:
    """A node with the label of its name."""
    labels = {"kubernetes.io/hostname": name}
    return {"kind": "Node", "metadata": {"name": name, "uid": f"uid-{name}", "labels": labels}}


def unschedulable(message: str) -> dict[str, Any]:
    """The condition of a Pod that has no node."""
    condition = {
        "type": "PodScheduled",
        "status": "False",
        "reason": "Unschedulable",
        "message": message,
    }
    return {"conditions": [condition]}


def scheduled(*before: dict[str, Any], clock: str = "virtual", until: float = 9) -> Judged:
    """A Pod gets a node in a world of these objects."""
    made = [seen(0, each, "ADDED") for each in before]
    rest = [seen(5, using(), "ADDED"), seen(6, using(node="n1"))]
    return judged(*made, *rest, clock=clock, until=until)


# -- what holds a Pod back ----------------------------------------------------------------------


def test_a_pod_is_scheduled_with_its_claim_bound() -> None:
    assert scheduled(BOUND).held("PV-005")


def test_a_pod_is_not_scheduled_before_its_claim_is_bound() -> None:
    assert scheduled(claim()).broken == {"PV-005"}
    assert scheduled(claim("Lost", on="v")).broken == {"PV-005"}


def test_a_pod_is_not_scheduled_without_its_claim() -> None:
    assert scheduled().broken == {"PV-005"}
    assert not scheduled(clock="real").broken


def test_on_a_real_clock_the_claim_may_be_shown_later() -> None:
    made = [seen(0, claim(), "ADDED"), seen(5, using(), "ADDED"), seen(6, using(node="n1"))]
    late = seen(7, claim("Bound", on="v"))
    assert not judged(*made, late, clock="real", until=99).broken
    assert judged(*made, clock="real", until=99).broken == {"PV-005"}


def test_a_pod_bound_by_hand_asks_no_scheduler() -> None:
    made = [seen(0, claim(), "ADDED"), seen(5, using(), "ADDED")]
    by_hand = done(6, "bind", namespace="default", pod="a", node="n1")
    assert not judged(*made, by_hand, seen(6, using(node="n1"))).broken


def test_a_claim_whose_class_is_not_known_says_nothing() -> None:
    assert not scheduled(claim(storageClassName="unseen")).broken


def test_an_unbound_claim_is_the_reason() -> None:
    made = [seen(0, node(), "ADDED"), seen(0, claim(), "ADDED"), seen(5, using(), "ADDED")]
    why = "0/1 nodes are available: pod has unbound immediate PersistentVolumeClaims."
    assert judged(*made, seen(5, using(more=unschedulable(why)))).held("PV-005")
    other = using(more=unschedulable("0/1 nodes are available: no luck."))
    assert judged(*made, seen(6, other)).broken == {"PV-005"}


def test_the_scheduler_may_not_have_known_of_the_claim_yet() -> None:
    made = [seen(0, node(), "ADDED"), seen(5, claim(), "ADDED"), seen(5, using(), "ADDED")]
    missing = using(more=unschedulable('persistentvolumeclaim "c" not found'))
    assert not judged(*made, seen(6, missing), clock="real").broken


def exclusive(*others: dict[str, Any], profile: str = "v1.36") -> Judged:
    """A Pod gets a node, though its claim is for one Pod and others use it."""
    made = [seen(0, claim("Bound", on="v", modes=RWOP), "ADDED")]
    made += [seen(1, other, "ADDED") for other in others]
    return judged(*made, seen(5, using(), "ADDED"), seen(6, using(node="n1")), profile=profile)


def test_one_pod_has_a_claim_for_itself() -> None:
    assert exclusive(using("b")).held("PV-012")
    assert exclusive(using("b", "n2", "Succeeded")).held("PV-012")
    assert exclusive(using("b", "n2", "Running")).broken >= {"PV-012"}
    assert "PV-012" not in exclusive(using("b", "n2", "Running"), profile="documented").broken


def test_pods_share_a_claim_of_another_mode() -> None:
    assert "PV-012" not in scheduled(BOUND, using("b", "n1", "Running")).broken
    made = [seen(0, node(), "ADDED"), seen(0, BOUND, "ADDED"), seen(5, using(), "ADDED")]
    kept = unschedulable(
        "0/1 nodes are available: 1 node(s) unavailable due to PersistentVolumeClaim "
        "with ReadWriteOncePod access mode already in-use by another pod."
    )
    assert judged(*made, seen(5, using(more=kept))).broken == {"PV-012"}


def test_a_pod_that_is_kept_away_says_why() -> None:
    exclusively = claim("Bound", on="v", modes=RWOP)
    made = [seen(0, node(), "ADDED"), seen(0, exclusively, "ADDED"), seen(5, using(), "ADDED")]
    why = "with ReadWriteOncePod access mode already in-use by another pod."
    assert judged(*made, seen(5, using(more=unschedulable(why)))).held("PV-012")
    other = using(more=unschedulable("somebody has the ReadWriteOncePod claim"))
    assert judged(*made, seen(6, other)).broken == {"PV-012"}


def test_a_pod_goes_where_its_volume_is() -> None:
    named = storage_class("local", mode="WaitForFirstConsumer")
    named["metadata"]["uid"] = "uid-local"
    expression = {"key": "kubernetes.io/hostname", "operator": "In", "values": ["n1"]}
    affinity = {"required": {"nodeSelectorTerms": [{"matchExpressions": [expression]}]}}
    waited = claim("Bound", on="v", storageClassName="local")
    disk = volume("Bound", of=waited, storageClassName="local", nodeAffinity=affinity)
    made = [named, node("n1"), node("n2"), waited, disk]
    assert scheduled(*made).held("PV-011")
    events = [seen(0, each, "ADDED") for each in made]
    elsewhere = [seen(5, using(), "ADDED"), seen(6, using(node="n2"))]
    assert judged(*events, *elsewhere).broken == {"PV-011"}
    assert not judged(*events[:1], *elsewhere, clock="real").broken


# -- what a Pod holds on to ---------------------------------------------------------------------


def deleting(*later: Any, clock: str = "virtual", user: str = "n1") -> Judged:
    """The claim of a Pod is deleted; later: object, type."""
    made = [seen(0, BOUND, "ADDED"), seen(1, using(node=user, phase="Running"), "ADDED")]
    made.append(seen(5, claim("Bound", on="v", metadata=DELETED)))
    return judged(*made, *(seen(6, *each) for each in later), clock=clock, until=99)


GONE = (claim("Bound", on="v", metadata=DELETED), "DELETED")


def test_a_claim_in_use_stays() -> None:
    assert deleting().held("PV-012")
    assert deleting(GONE).broken == {"PV-012"}


def test_a_claim_in_use_has_its_finalizer() -> None:
    bare = {**DELETED, "finalizers": []}
    made = [seen(0, BOUND, "ADDED"), seen(1, using(node="n1", phase="Running"), "ADDED")]
    assert judged(*made, seen(5, claim("Bound", on="v", metadata=bare))).broken == {"PV-012"}


def test_a_claim_goes_with_its_last_user() -> None:
    user_gone = (using(node="n1", phase="Succeeded"), "DELETED")
    assert deleting(user_gone, GONE).held("PV-012")
    assert deleting(user_gone).broken == {"PV-012"}


def test_an_ended_pod_still_holds_its_claim() -> None:
    ended = (using(node="n1", phase="Succeeded"), "MODIFIED")
    assert deleting(ended, GONE).broken == {"PV-012"}


def test_a_pod_without_a_node_holds_nothing() -> None:
    assert deleting(user="").broken == {"PV-012"}
    assert deleting(GONE, user="").held("PV-012")


def test_on_a_real_clock_the_end_of_the_pod_may_be_shown_later() -> None:
    user_gone = (using(node="n1", phase="Succeeded"), "DELETED")
    assert not deleting(GONE, user_gone, clock="real").broken
    assert deleting(GONE, clock="real").broken == {"PV-012"}


def test_a_pod_that_was_not_seen_yet_may_hold_the_claim() -> None:
    made = [seen(0, BOUND, "ADDED"), seen(5, claim("Bound", on="v", metadata=DELETED))]
    assert judged(*made, until=99).broken == {"PV-012"}
    assert not judged(*made, clock="real", until=99).broken


def test_who_takes_the_finalizer_away_answers_for_it() -> None:
    made = [seen(0, BOUND, "ADDED"), seen(1, using(node="n1", phase="Running"), "ADDED")]
    patch = {"metadata": {"finalizers": None}}
    forced = done(
        5, "patch", kind="PersistentVolumeClaim", namespace="default", name="c", patch=patch
    )
    assert "PV-012" not in judged(*made, forced, seen(6, *GONE)).broken


def test_a_bound_volume_stays() -> None:
    made = [seen(0, BOUND, "ADDED"), seen(0, volume("Bound", of=BOUND), "ADDED")]
    deleted = volume("Bound", of=BOUND, metadata=DELETED)
    kept = [*made, seen(5, deleted)]
    assert judged(*kept, until=60).held("PV-012")
    assert "PV-012" in judged(*kept, seen(6, deleted, "DELETED"), until=6).broken


def test_a_deleted_volume_goes_when_it_is_free() -> None:
    made = [seen(0, volume(), "ADDED"), seen(5, volume(metadata=DELETED))]
    assert judged(*made, until=60).broken == {"PV-012"}
    assert judged(*made, seen(6, volume(metadata=DELETED), "DELETED")).held("PV-012")


# -- what is made for a claim -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("stored", "held"),
    [
        ({"reclaimPolicy": "Delete", "volumeBindingMode": "Immediate"}, True),
        ({"reclaimPolicy": "Retain", "volumeBindingMode": "Immediate"}, False),
        ({"reclaimPolicy": "Delete", "volumeBindingMode": "WaitForFirstConsumer"}, False),
        ({}, False),
    ],
)
def test_what_a_class_defaults_to(stored: dict[str, str], held: bool) -> None:
    sent = storage_class("fast")
    trace = judged(done(0, "create", Accepted({**sent, **stored}), object=sent))
    assert trace.held("PV-009") is held


def made_for(asked: dict[str, Any], **flaw: Any) -> Judged:
    """A volume is provisioned for a claim of the class ``fast``, that retains."""
    fast = storage_class("fast", "csi.example.com", policy="Retain")
    fast["metadata"]["uid"] = "uid-fast"
    by = {"annotations": {"pv.kubernetes.io/provisioned-by": "csi.example.com"}}
    how = {"name": "pvc-1", "storageClassName": "fast", "metadata": by, **flaw}
    made = [seen(0, fast, "ADDED"), seen(0, asked, "ADDED")]
    return judged(*made, seen(1, volume("Pending", of=asked, **how), "ADDED"), until=1)


def test_a_volume_is_made_for_one_claim() -> None:
    trace = made_for(claim(storageClassName="fast"))
    assert trace.held("PV-010")
    assert trace.held("PV-009")


@pytest.mark.parametrize(
    ("flaw", "rule"),
    [
        ({"storageClassName": "slow"}, "PV-010"),
        ({"size": "1Mi"}, "PV-010"),
        ({"modes": ["ReadOnlyMany"]}, "PV-010"),
        ({"policy": "Delete"}, "PV-009"),
    ],
)
def test_a_volume_is_made_as_its_claim_and_class_want(flaw: dict[str, Any], rule: str) -> None:
    assert made_for(claim(storageClassName="fast"), **flaw).broken == {rule}


def test_nothing_is_made_for_a_claim_without_a_class() -> None:
    assert "PV-010" in made_for(claim()).broken


def test_a_claim_with_a_class_gets_a_volume() -> None:
    fast = storage_class("fast", "csi.example.com")
    fast["metadata"]["uid"] = "uid-fast"
    asked = claim(storageClassName="fast")
    start: list[Any] = [
        seen(0, fast, "ADDED"),
        done(1, "create", object=asked),
        seen(1, asked, "ADDED"),
    ]
    assert judged(*start, until=60).broken == {"PV-010"}
    bound = claim("Bound", on="pvc-1", storageClassName="fast")
    assert judged(*start, seen(2, bound), until=60).held("PV-010")


def said(reason: str, about: dict[str, Any]) -> dict[str, Any]:
    """An Event about a claim."""
    metadata = {"name": "e", "namespace": "default", "uid": "uid-e"}
    message = "no persistent volumes available for this claim and no storage class is set"
    involved = {"kind": "PersistentVolumeClaim", "namespace": "default", "name": "c"}
    return {
        "kind": "Event",
        "metadata": metadata,
        "reason": reason,
        "message": message,
        "involvedObject": {**involved, "uid": about["metadata"]["uid"]},
    }


def test_a_claim_that_waits_says_why() -> None:
    slow = storage_class("slow", mode="WaitForFirstConsumer")
    slow["metadata"]["uid"] = "uid-slow"
    plain, waits = claim(), claim(storageClassName="slow")
    for asked, reason, rule in (
        (plain, "FailedBinding", "PV-010"),
        (waits, "WaitForFirstConsumer", "PV-011"),
    ):
        made = [seen(0, slow, "ADDED"), seen(0, asked, "ADDED")]
        assert judged(*made, seen(1, said(reason, asked), "ADDED")).held(rule)
        other = waits if asked is plain else plain
        made = [seen(0, slow, "ADDED"), seen(0, other, "ADDED")]
        assert judged(*made, seen(1, said(reason, other), "ADDED")).broken == {rule}
