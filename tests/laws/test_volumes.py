"""The laws of volumes and claims, on traces made by hand: who gets whom, phases and reclaim."""

from __future__ import annotations

from typing import Any

import pytest

from spec_model.events import Accepted, Act, Evaluated
from strategies import manifests
from strategies.volumes import storage_class
from tests.laws.traces import Judged, claim, done, judged, seen, time_at, volume

C = claim()
BOUND_C = claim("Bound", on="v")
DELETED = {"deletionTimestamp": time_at(5)}
TOUCH: Any = done(5, "advance", seconds=1)
RWO, ROX = "ReadWriteOnce", "ReadOnlyMany"


def bound(**how: Any) -> list[Any]:
    """A volume and a claim that found each other, in the order in which the binder writes."""
    return [
        TOUCH,
        seen(5, volume(**how), "ADDED"),
        seen(5, C, "ADDED"),
        seen(5, volume(of=C, **how)),
        seen(5, volume("Bound", of=C, **how)),
        seen(5, claim(on="v")),
        seen(5, BOUND_C),
    ]


def without_claim(*later: Any, until: float = 500, clock: str = "virtual", **how: Any) -> Judged:
    """The same, then the claim is deleted, and then what is shown later: time, object, type."""
    pair = bound(**how)
    gone = seen(10, claim("Bound", on="v", metadata=DELETED), "DELETED")
    rest = [event if isinstance(event, Act) else seen(*event) for event in later]
    return judged(*pair, done(10, "advance", seconds=1), gone, *rest, until=until, clock=clock)


# -- which volume ---------------------------------------------------------------------------------


def test_a_binding_as_it_should_be() -> None:
    trace = judged(*bound())
    assert not trace.broken
    assert {"PV-001", "PV-002", "PV-003", "PV-004", "PV-005", "PV-012"} <= set(trace.exercised)


@pytest.mark.parametrize(
    ("flaw", "rule"),
    [
        ({"size": "1023Mi"}, "PV-001"),
        ({"volumeMode": "Block"}, "PV-001"),
        ({"storageClassName": "slow"}, "PV-001"),
        ({"metadata": DELETED}, "PV-001"),
        ({"modes": [ROX]}, "PV-012"),
    ],
)
def test_a_volume_that_does_not_satisfy(flaw: dict[str, Any], rule: str) -> None:
    made = [seen(1, volume(**flaw), "ADDED"), seen(1, C, "ADDED")]
    assert rule in judged(*made, seen(1, volume(of=C, **flaw))).broken


def test_a_volume_without_the_selected_label() -> None:
    picky = claim(selector={"matchLabels": {"tier": "gold"}})
    made = [seen(1, volume(), "ADDED"), seen(1, picky, "ADDED")]
    assert judged(*made, seen(1, volume(of=picky))).broken == {"PV-001"}


def test_a_claim_that_names_its_volume_is_not_asked_for_its_selector() -> None:
    picky = claim(on="v", selector={"matchLabels": {"tier": "gold"}})
    made = [seen(1, volume(), "ADDED"), seen(1, picky, "ADDED")]
    assert judged(*made, seen(1, volume(of=picky))).held("PV-001")


def test_a_claim_may_have_a_predecessor_of_its_name() -> None:
    older = claim(uid="older")
    made = [seen(1, volume("Released", of=older), "ADDED"), seen(1, C, "ADDED")]
    assert "PV-004" in judged(*made, TOUCH, seen(6, volume("Released", of=C))).broken


def choice(*others: dict[str, Any], clock: str = "virtual") -> Judged:
    """A claim gets ``v`` of 2Gi for reading and writing, though there are others."""
    made = [seen(0, each, "ADDED") for each in (volume(size="2Gi"), *others)]
    binding = [seen(5, C, "ADDED"), seen(5, volume(size="2Gi", of=C))]
    return judged(*made, done(5, "advance", seconds=0), *binding, clock=clock)


def test_a_larger_one_would_have_been_worse() -> None:
    assert choice(volume(name="w", size="3Gi")).held("PV-002")


def test_a_smaller_one_would_have_been_better() -> None:
    assert choice(volume(name="w")).broken == {"PV-002"}


def test_a_smaller_one_with_more_modes_would_not() -> None:
    assert choice(volume(name="w", modes=[RWO, ROX])).held("PV-002")


def test_of_two_equal_ones_either_will_do() -> None:
    assert choice(volume(name="w", size="2048Mi")).held("PV-002")


def test_a_volume_that_came_a_moment_ago_may_be_overlooked() -> None:
    assert not choice(volume(name="w"), clock="real").broken


def test_a_volume_that_came_at_the_same_instant_may_be_overlooked() -> None:
    made = [seen(1, volume(size="2Gi"), "ADDED"), seen(1, C, "ADDED")]
    new = seen(1, volume(name="w"), "ADDED")
    assert not judged(TOUCH, *made, new, seen(1, volume(size="2Gi", of=C))).broken


def test_a_promised_volume_is_taken_though_another_is_smaller() -> None:
    promise: dict[str, Any] = {"claimRef": {"namespace": "default", "name": "c"}}
    made = [seen(0, volume(size="2Gi", **promise), "ADDED"), seen(0, volume(name="w"), "ADDED")]
    binding = [TOUCH, seen(6, C, "ADDED"), seen(6, volume(size="2Gi", of=C))]
    assert judged(*made, *binding).held("PV-002")


def test_the_function_is_judged_by_the_set_of_its_answers() -> None:
    alike = [{**manifests.volume(name), "status": {"phase": "Available"}} for name in ("v", "w")]
    asked = {"claim": manifests.claim("c"), "volumes": alike, "delay_binding": False}
    answers = [Evaluated(0, "pv.best_match", asked, name) for name in ("v", "w")]
    assert judged(*answers).held("PV-002")
    assert judged(Evaluated(0, "pv.best_match", asked, None)).broken == {"PV-002"}


# -- that they belong to each other ---------------------------------------------------------------


def test_the_claim_is_not_bound_before_its_volume() -> None:
    made = [seen(1, volume(), "ADDED"), seen(1, C, "ADDED")]
    assert judged(*made, seen(1, BOUND_C)).broken == {"PV-003"}


def test_on_a_real_clock_the_volume_may_be_shown_later() -> None:
    made = [seen(1, volume(), "ADDED"), seen(1, C, "ADDED"), seen(1, BOUND_C)]
    late = judged(*made, seen(2, volume("Bound", of=C)), clock="real", until=99)
    assert late.held("PV-003")
    assert judged(*made, clock="real", until=99).broken == {"PV-003"}


def test_the_claim_has_all_that_its_volume_has() -> None:
    small = claim("Bound", on="v", more={"capacity": {"storage": "1Gi"}})
    assert judged(*bound(size="2Gi")[:-1], seen(5, small)).broken == {"PV-002"}


def test_a_claim_does_not_change_its_volume() -> None:
    assert judged(*bound(), seen(6, claim("Bound", on="w"))).broken == {"PV-003"}


def test_a_volume_does_not_leave_a_claim_that_exists() -> None:
    other = claim(name="d")
    pair = bound()
    stolen = [seen(6, other, "ADDED"), seen(6, volume("Bound", of=other))]
    assert "PV-003" in judged(*pair, *stolen).broken


def test_an_administrator_may_take_a_volume_away() -> None:
    freed = done(6, "patch", kind="PersistentVolume", namespace="", name="v", patch={"spec": {}})
    trace = judged(*bound(), freed, seen(6, volume("Bound")), seen(6, volume()))
    assert not trace.broken


def test_a_claim_that_is_gone_is_left() -> None:
    assert not without_claim((11, volume("Released", of=C)), until=11).broken


# -- phases of a claim ----------------------------------------------------------------------------


def test_a_claim_with_a_volume_becomes_bound() -> None:
    assert judged(*bound()[:-1], until=60).broken == {"PV-005"}


def test_a_claim_without_a_volume_is_pending() -> None:
    assert judged(seen(1, claim("Bound"))).broken == {"PV-005"}


def test_a_bound_claim_is_never_pending_again() -> None:
    assert judged(*bound(), seen(6, claim(on="v"))).broken == {"PV-005"}


def test_a_claim_is_lost_with_its_volume() -> None:
    patch = {"metadata": {"finalizers": None}}
    forced = done(6, "patch", kind="PersistentVolume", namespace="", name="v", patch=patch)
    taken: list[Any] = [forced, seen(6, volume("Bound", of=C, metadata=DELETED), "DELETED")]
    assert judged(*bound(), *taken, seen(7, claim("Lost", on="v"))).held("PV-005")
    assert judged(*bound(), *taken, until=60).broken == {"PV-005"}


def test_a_claim_is_not_lost_while_its_volume_is_there() -> None:
    assert judged(*bound(), seen(7, claim("Lost", on="v"))).broken == {"PV-005"}


def test_on_a_real_clock_the_end_of_the_volume_may_be_shown_later() -> None:
    lost = [*bound(), seen(7, claim("Lost", on="v"))]
    gone = seen(8, volume("Released", of=C), "DELETED")
    assert not judged(*lost, gone, clock="real", until=60).broken


def test_lost_is_for_good_unless_the_volume_is_made_anew() -> None:
    lost = seen(1, claim("Lost", on="v"))
    assert judged(lost, seen(2, BOUND_C)).broken == {"PV-005"}
    anew = seen(2, volume("Bound", of=C), "ADDED")
    assert not judged(lost, anew, seen(3, BOUND_C)).broken


# -- phases of a volume, and reclaim --------------------------------------------------------------


def test_a_new_volume_becomes_available() -> None:
    new = seen(0, volume("Pending"), "ADDED")
    assert judged(new, seen(1, volume())).held("PV-004")
    assert judged(new, until=60).broken == {"PV-004"}


def test_a_late_judge_does_not_know_how_old_a_volume_is() -> None:
    assert not judged(seen(90, volume("Pending"), "ADDED"), until=200).broken


def test_a_volume_is_never_pending_again() -> None:
    trace = judged(seen(1, volume("Released", of=C)), seen(2, volume("Pending", of=C)))
    assert "PV-004" in trace.broken


def test_failed_is_sticky() -> None:
    failed = volume("Failed", of=C, policy="Delete")
    again = volume("Released", of=C, policy="Delete")
    assert "PV-004" in judged(seen(1, failed), seen(2, again)).broken


@pytest.mark.parametrize(
    ("policy", "end", "rule"),
    [
        ("Retain", (11, volume("Released", of=C)), "PV-006"),
        ("Delete", (11, volume("Released", of=C, policy="Delete"), "DELETED"), "PV-007"),
        ("Recycle", (11, volume(policy="Recycle")), "PV-008"),
    ],
)
def test_what_becomes_of_a_released_volume(policy: str, end: Any, rule: str) -> None:
    assert without_claim(end, policy=policy).held(rule)
    assert {"PV-004", rule} <= without_claim(policy=policy).broken


def test_a_volume_that_was_released_before_its_claim_was_seen_to_go() -> None:
    pair = bound()
    released = seen(9, volume("Released", of=C))
    gone = seen(10, claim("Bound", on="v", metadata=DELETED), "DELETED")
    trace = judged(*pair, released, gone, clock="real", until=99)
    assert trace.held("PV-006")
    assert not trace.broken


def test_a_path_that_may_not_be_deleted_ends_in_failed() -> None:
    how: dict[str, Any] = {"policy": "Delete", "hostPath": {"path": "/srv/data"}}
    released = volume("Released", of=C, **how)
    assert without_claim((11, volume("Failed", of=C, **how)), **how).held("PV-007")
    gone = without_claim((11, released), (12, released, "DELETED"), **how)
    assert gone.broken == {"PV-007"}


def test_a_real_disk_may_fail() -> None:
    failed = (11, volume("Failed", of=C, policy="Delete"))
    assert not without_claim(failed, policy="Delete", clock="real").broken
    assert without_claim(failed, policy="Delete").broken == {"PV-007"}


def test_what_cannot_be_recycled_says_so() -> None:
    how: dict[str, Any] = {"policy": "Recycle", "hostPath": None, "csi": {"driver": "d"}}
    says = {"message": "No recycler plugin found for the volume!"}
    assert without_claim((11, volume("Failed", of=C, more=says, **how)), **how).held("PV-008")
    assert without_claim((11, volume("Failed", of=C, **how)), **how).broken == {"PV-008"}


def test_a_retained_volume_stays_released() -> None:
    kept = (11, volume("Released", of=C))
    assert "PV-006" in without_claim(kept, (12, volume(of=C))).broken
    assert without_claim(kept, (12, volume("Released"))).broken == {"PV-006"}
    assert without_claim(kept, (12, volume("Released", of=C), "DELETED")).broken == {"PV-006"}


def test_a_released_volume_is_not_bound_again() -> None:
    kept = (11, volume("Released", of=C))
    again = claim(uid="younger")
    trace = without_claim(kept, (12, again, "ADDED"), (12, volume("Bound", of=again)))
    assert {"PV-004", "PV-006"} <= trace.broken


def test_an_administrator_frees_a_retained_volume() -> None:
    kept = (11, volume("Released", of=C))
    patch = {"spec": {"claimRef": None}}
    freed = done(12, "patch", kind="PersistentVolume", namespace="", name="v", patch=patch)
    cleared = [kept, freed, (12, volume("Released"))]
    assert without_claim(*cleared, (13, volume())).held("PV-006")
    assert without_claim(*cleared).broken == {"PV-006"}


def test_in_a_recording_somebody_may_have_freed_it() -> None:
    trace = judged(seen(1, volume("Released", of=C)), seen(2, volume()), clock="real")
    assert not trace.broken


# -- when -----------------------------------------------------------------------------------------


def test_an_immediate_claim_is_bound_without_a_pod() -> None:
    made = [seen(0, volume(), "ADDED"), TOUCH, seen(0, C, "ADDED")]
    assert judged(*made, until=60).broken == {"PV-011"}
    assert judged(*made, seen(6, claim(on="v", size="1Gi"))).held("PV-011")


def test_nothing_is_due_while_two_claims_compete() -> None:
    claims = [seen(0, claim(name="d"), "ADDED"), seen(0, C, "ADDED")]
    assert not judged(*claims, TOUCH, seen(6, volume()), until=60).broken


def test_in_a_recording_more_claims_may_come_than_was_seen() -> None:
    made = [seen(0, volume(), "ADDED"), seen(1, C, "ADDED")]
    assert not judged(*made, clock="real", until=99).broken


def test_a_new_volume_finds_the_claim_that_waits() -> None:
    new = [TOUCH, seen(0, C, "ADDED"), seen(1, volume("Pending"), "ADDED"), seen(1, volume())]
    assert judged(*new, until=60).broken == {"PV-011"}


def waiting(*events: Any) -> Judged:
    """A claim of a class that waits for a Pod gets a volume."""
    local: dict[str, Any] = {"storageClassName": "local"}
    named = storage_class("local", mode="WaitForFirstConsumer")
    named["metadata"]["uid"] = "uid-local"
    waits = claim(**local)
    made = [seen(0, named, "ADDED"), seen(0, volume(**local), "ADDED"), seen(0, waits, "ADDED")]
    return judged(*made, *events, seen(6, volume(of=waits, **local)), until=99)


def test_a_claim_that_waits_gets_no_volume_without_a_pod() -> None:
    assert waiting().broken == {"PV-011"}


def test_a_claim_gets_the_newest_default_class() -> None:
    classes = []
    for at, name in enumerate(("slow", "fast")):
        made = storage_class(name, default=True)
        made["metadata"].update(uid=f"uid-{name}", creationTimestamp=time_at(at))
        classes.append(seen(at, made, "ADDED"))
    sent = manifests.claim("c")
    del sent["spec"]["storageClassName"]
    for given, right in (("fast", True), ("slow", False)):
        stored = {**sent, "spec": {**sent["spec"], "storageClassName": given}}
        trace = judged(*classes, done(3, "create", Accepted(stored), object=sent))
        assert trace.held("PV-010") is right


def test_a_claim_gets_the_default_class_later() -> None:
    made = storage_class("fast", default=True)
    made["metadata"].update(uid="uid-fast", creationTimestamp=time_at(0))
    late = claim(metadata={"uid": "uid-c"}, storageClassName=None)
    events = [seen(0, made, "ADDED"), seen(0, late, "ADDED")]
    assert judged(*events, until=60).broken == {"PV-010"}
    assert judged(*events, seen(1, claim(storageClassName="fast"))).held("PV-010")
