"""SCHED-008 and -009, AFFINITY-003 and -005: what is for good, and who is replaced."""

from __future__ import annotations

from typing import Any

from spec_model.events import Accepted, Observation, Rejected
from strategies.scheduling import EVICTING, expression, required, term
from tests.laws.scheduling import judged, manifest, node, on, waits
from tests.laws.traces import Judged, done, seen, time_at

SSD = term(expression("disk", "In", "ssd"))


def second(response: Any) -> Judged:
    asked = done(3, "bind", response, namespace="default", pod="p", node="n1")
    return judged(node(), waits(), on("n0"), asked)


def test_a_second_binding_is_refused_by_the_node_that_there_is() -> None:
    right = Rejected(409, "Conflict", 'pod p is already assigned to node "n0"')
    assert second(right).held("SCHED-008")
    assert second(Rejected(409, "Conflict")).held("SCHED-008")
    wrong = Rejected(409, "Conflict", 'pod p is already assigned to node "n1"')
    assert second(wrong).broken == {"SCHED-008"}
    assert "SCHED-008" in second(Accepted()).broken
    assert "SCHED-008" not in second(Rejected(404, "NotFound")).exercised


def test_a_pod_never_moves_and_is_not_bound_while_it_goes() -> None:
    assert "SCHED-008" in judged(node(), node("n1"), waits(), on("n0"), on("n1", at=3)).broken
    going = {"deletionTimestamp": time_at(30)}
    late = judged(node(), waits(metadata=going), on("n0", metadata=going))
    assert "SCHED-008" in late.broken


def patched(response: Any) -> Judged:
    patch = {"spec": {"nodeName": "n1"}}
    given = {"kind": "Pod", "namespace": "default", "name": "p", "patch": patch}
    return judged(node(), waits(), on("n0"), done(3, "patch", response, **given))


def test_a_patch_does_not_move_a_pod() -> None:
    assert patched(Rejected(422, "Invalid")).held("SCHED-008")
    assert "SCHED-008" in patched(Accepted(manifest(on="n1"))).broken


# -- SCHED-009 ---------------------------------------------------------------------------------------

OWNER = {
    "apiVersion": "apps/v1",
    "kind": "ReplicaSet",
    "name": "r",
    "uid": "uid-r",
    "controller": True,
}


def replicas(count: int = 1, at: float = 0) -> Observation:
    metadata = {"name": "r", "namespace": "default", "uid": "uid-r"}
    return seen(at, {"kind": "ReplicaSet", "metadata": metadata, "spec": {"replicas": count}})


def mine(
    name: str, at: float, uid: str = "", type: str = "ADDED", phase: str = "Running"
) -> Observation:
    owned = {"ownerReferences": [OWNER], "creationTimestamp": time_at(at)}
    made = manifest(name, "n0", phase=phase, metadata={**owned, "uid": uid or f"uid-{name}"})
    return seen(at, made, type)


def test_who_has_a_controller_is_replaced() -> None:
    before = replicas(), mine("r-1", 1)
    gone = Observation(5, "DELETED", before[1].object)
    assert judged(*before, gone, mine("r-2", 6), until=60).held("SCHED-009")
    assert judged(*before, gone, until=60).broken == {"SCHED-009"}
    assert not judged(*before, replicas(0, 4), gone, until=60).broken
    failed = mine("r-1", 5, type="MODIFIED", phase="Failed")
    assert "SCHED-009" in judged(*before, failed, until=60).broken


def test_a_replacement_has_another_name_and_uid() -> None:
    before = replicas(), mine("r-1", 1)
    gone = Observation(5, "DELETED", before[1].object)
    assert "SCHED-009" in judged(*before, gone, mine("r-1", 6, "uid-new")).broken
    assert "SCHED-009" in judged(*before, gone, mine("r-2", 6, "uid-r-1")).broken


def test_who_has_none_is_not() -> None:
    made = done(0, "create", Accepted(manifest()), object=manifest())
    gone = Observation(5, "DELETED", on("n0").object)
    before = node(), made, on("n0", at=1, type="ADDED"), gone
    back = on(
        "n0", at=20, type="ADDED", metadata={"uid": "uid-2", "creationTimestamp": time_at(20)}
    )
    assert "SCHED-009" in judged(*before, back).broken
    assert judged(*before, done(30, "advance", seconds=1)).held("SCHED-009")


# -- AFFINITY-003 and -005 -----------------------------------------------------------------------------


def drifts(*later: Any, kind: str = "", profile: str = "v1.36", until: float = 60) -> Judged:
    """A Pod runs on n0, which loses the label that it required."""
    spec: dict[str, Any] = {"affinity": required(SSD, **({"kind": kind} if kind else {}))}
    made = done(0, "create", Accepted(manifest(**spec)), object=manifest(**spec))
    runs = on("n0", at=1, type="ADDED", phase="Running", **spec)
    changed = node("n0", 5, "MODIFIED", disk="hdd")
    given = [each(spec) if callable(each) else each for each in later]
    return judged(node(disk="ssd"), made, runs, changed, *given, profile=profile, until=until)


GOES = {"deletionTimestamp": time_at(40), "deletionGracePeriodSeconds": 30}


def deleted(spec: dict[str, Any]) -> Observation:
    return on("n0", at=10, phase="Running", metadata=GOES, **spec)


def failed(spec: dict[str, Any]) -> Observation:
    return on("n0", at=10, phase="Failed", status={"reason": "NodeAffinity"}, **spec)


def test_who_was_matched_stays() -> None:
    assert drifts(done(30, "advance", seconds=1)).held("AFFINITY-003")
    assert drifts(deleted).broken >= {"AFFINITY-003"}
    asked = done(8, "delete", kind="Pod", namespace="default", name="p")
    assert "AFFINITY-003" not in drifts(asked, deleted).broken


def test_only_a_kubelet_that_was_restarted_may_fail_it() -> None:
    assert "AFFINITY-003" in drifts(failed).broken
    restart = done(8, "restart-kubelet", node="n0")
    assert drifts(restart, failed).held("AFFINITY-003")


def test_the_third_type_puts_out_as_documented() -> None:
    assert drifts(deleted, kind=EVICTING, profile="documented").held("AFFINITY-005")
    assert "AFFINITY-005" in drifts(kind=EVICTING, profile="documented").broken


def created(response: Any, profile: str = "v1.36", **more: Any) -> Judged:
    asked = manifest(affinity=required(SSD, kind=EVICTING))
    return judged(done(1, "create", response, object=asked, **more), profile=profile)


def test_nobody_knows_the_third_type_today() -> None:
    kept = Accepted(manifest(affinity=required(SSD, kind=EVICTING)))
    dropped = Accepted(manifest(affinity={"nodeAffinity": {}}))
    assert created(dropped).held("AFFINITY-005")
    assert "AFFINITY-005" in created(kept).broken
    strict = {"fieldValidation": "Strict"}
    assert "AFFINITY-005" in created(dropped, **strict).broken
    assert created(Rejected(400, "BadRequest"), **strict).held("AFFINITY-005")
    assert "AFFINITY-005" in created(dropped, "documented").broken
    assert "AFFINITY-005" not in created(kept, "documented").broken
