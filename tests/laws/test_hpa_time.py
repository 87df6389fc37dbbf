"""The laws of HPA about time, and about what is scaled."""

from __future__ import annotations

from spec_model.events import Cause, Event, Rejected
from strategies.manifests import autoscaler
from tests.laws.autoscalers import (
    MORE_PODS,
    UNREAD,
    begin,
    deployment,
    judged,
    looks,
    ready_pod,
    scaler,
    status,
    syncs,
    uses,
)
from tests.laws.traces import done, seen, time_at

# -- time ------------------------------------------------------------------------------------------


def test_syncs_too_near_each_other() -> None:
    first = syncs(15, status(2, 4, 80, scaled=15))
    second = syncs(20, status(4, 4, 80, scaled=15))
    assert "HPA-001" in judged(*begin(), first, second).broken


def test_a_watch_that_tells_late_is_no_breach() -> None:
    first = syncs(29, status(2, 4, 80, scaled=15))
    second = syncs(31, status(4, 4, 80, scaled=15))
    assert "HPA-001" not in judged(*begin(), first, second, clock="real").broken


def test_rescales_too_near_each_other_by_api_time() -> None:
    first = syncs(15, status(2, 4, 80, scaled=15))
    second = syncs(24, status(4, 7, 80, scaled=24))
    assert "HPA-001" in judged(*begin(), first, second, clock="real").broken


def test_a_first_sync_that_comes_late() -> None:
    assert judged(*begin(), syncs(60, status(2, 4, 80, scaled=60))).broken == {"HPA-001"}


def test_samples_of_the_sync_before_are_old() -> None:
    events = [*begin(amount="50m"), syncs(15, status(2, 2, 50)), *uses(16, "80m"), *uses(31, "90m")]
    assert "HPA-001" in judged(*events, syncs(45, status(2, 4, 80, scaled=45))).broken
    assert not judged(*events, syncs(45, status(2, 4, 90, scaled=45))).broken


def test_an_autoscaler_that_stops_looking() -> None:
    events = [*begin(amount="50m"), syncs(15, status(2, 2, 50)), *uses(40, "90m")]
    assert not judged(*events, looks(50)).broken
    assert judged(*events, looks(61)).broken == {"HPA-001"}


def test_of_none_nothing_is_measured() -> None:
    begun = [*begin(0, "50m"), syncs(15, status(0, 0, active="ScalingDisabled"))]
    assert not judged(*begun, *uses(40, "90m"), looks(61)).broken


def test_one_that_looks_and_does_nothing() -> None:
    events = [*begin(amount="50m"), syncs(15, status(2, 2, 50)), *uses(20, "90m")]
    assert "HPA-003" in judged(*events, syncs(30, status(2, 2, 90)), looks(60)).broken


def test_shrinking_waits_300_seconds() -> None:
    events = begin(amount="10m")
    held = syncs(15, status(2, 2, 10, able="ScaleDownStabilized"))
    assert judged(*events, held).held("HPA-009")
    assert judged(*events, syncs(15, status(2, 1, 10, scaled=15))).broken == {"HPA-009"}


def test_a_count_that_is_held_says_why() -> None:
    silent = syncs(15, status(2, 2, 10))
    assert judged(*begin(amount="10m"), silent).broken == {"HPA-009"}


def test_shrinking_does_not_wait_longer() -> None:
    held = syncs(15, status(2, 2, 10, able="ScaleDownStabilized"))
    events = [*begin(amount="10m"), held]
    late = syncs(330, status(2, 1, 10, scaled=330))
    assert not judged(*events, looks(300), late).broken
    assert judged(*events, looks(350)).broken == {"HPA-009"}


def test_at_the_edge_of_the_window_both_are_lawful() -> None:
    held = syncs(15, status(2, 2, 10, able="ScaleDownStabilized"))
    edge = syncs(315, status(2, 1, 10, scaled=315))
    assert not judged(*begin(amount="10m"), held, edge).broken


def test_a_late_judge_does_not_know_the_window() -> None:
    old = seen(0, scaler(status(2, 2, 50), created=-500), "ADDED")
    events = [*begin(amount="10m")[:-1], old]
    assert not judged(*events, syncs(15, status(2, 1, 10, scaled=15))).broken
    assert not judged(*events, syncs(15, status(2, 2, 10)), looks(60)).broken


def test_the_first_count_may_be_read_late() -> None:
    old = seen(0, scaler(UNREAD, created=-500), "ADDED")
    found = syncs(15, status(4, 0, active="FailedGetResourceMetric"))
    kept = syncs(300, status(2, 4, 50, scaled=300))  # by hand to 2, and back to what it found first
    before = begin(replicas=4, amount=None)[:-1]
    assert not judged(*before, old, found, *uses(20, "50m"), kept).broken


def test_a_spec_and_a_status_that_are_seen_as_one() -> None:
    both = syncs(15, status(2, 4, 80, scaled=15), maximum=3)
    assert not judged(*begin(), both).broken


def test_what_a_watch_skipped_is_not_missed() -> None:
    skipped = [seen(15, deployment(4, generation=2)), *MORE_PODS]
    later = syncs(30, status(4, 4, 80, scaled=15))
    assert not judged(*begin(), *skipped, later, clock="real").broken


def test_growth_soon_after_a_rescale() -> None:
    first = syncs(15, status(2, 4, 80, scaled=15))
    more = [
        seen(15, deployment(4, generation=2)),
        first,
        seen(16, ready_pod("r"), "ADDED"),
        seen(16, ready_pod("s"), "ADDED"),
        *uses(17, "80m", "r", "s"),
    ]
    again = [seen(75, deployment(7, generation=3)), syncs(75, status(4, 7, 80, scaled=75))]
    assert judged(*begin(), *more, *again).held("HPA-010")
    documented = judged(*begin(), *more, *again, profile="documented")
    assert "HPA-010" in documented.broken
    idle = [syncs(30, status(4, 4, 80, scaled=15)), looks(60)]
    assert judged(*begin(), *more, *idle).broken == {"HPA-010"}


def test_the_documented_cooldown_ends_after_its_last_second() -> None:
    first = syncs(30, status(2, 5, 100, scaled=30))
    pods = [seen(31, ready_pod(name), "ADDED") for name in "rst"]
    events = [*begin(amount="100m"), first, *pods, *uses(32, "100m", "r", "s", "t")]
    limited = {"able": "BackoffUpscale", "limit": "TooManyReplicas"}
    held = syncs(210, status(5, 5, 100, scaled=30, **limited))
    assert judged(*events, held, profile="documented").held("HPA-010")
    early = syncs(210, status(5, 10, 100, scaled=210, limit="TooManyReplicas"))
    assert "HPA-010" in judged(*events, early, profile="documented").broken


# -- the target ------------------------------------------------------------------------------------


def test_a_target_that_comes_later() -> None:
    early: list[Event] = [done(0, "create", object=scaler()), seen(0, scaler(), "ADDED")]
    assert judged(*early, syncs(15, UNREAD)).held("HPA-017")
    assert "HPA-017" in judged(*early, syncs(15, status(2, 4, 80, scaled=15))).broken
    there = [*early, syncs(15, UNREAD), seen(20, deployment(2), "ADDED")]
    assert "HPA-017" in judged(*there, looks(60)).broken


def test_a_judge_that_does_not_watch_the_target_is_silent() -> None:
    assert not judged(seen(0, scaler(), "ADDED"), syncs(15, status(2, 4, 80, scaled=15))).broken


def test_a_daemon_set_is_never_scaled() -> None:
    new = seen(0, scaler(kind="DaemonSet"), "ADDED")
    assert judged(new, syncs(15, UNREAD, kind="DaemonSet")).held("HPA-017")
    read = syncs(15, status(2, 4, 80, scaled=15), kind="DaemonSet")
    assert "HPA-017" in judged(new, read).broken


def test_only_the_count_is_written() -> None:
    grown = syncs(15, status(2, 4, 80, scaled=15))
    alone = seen(15, deployment(4, generation=2))
    assert not judged(*begin(), alone, grown).broken
    more = seen(15, deployment(4, generation=2, image="app:2"))
    assert judged(*begin(), more, grown).broken == {"HPA-017"}
    skipped = seen(15, deployment(4, generation=3, image="app:2"))
    assert not judged(*begin(), skipped, grown).broken


def test_another_count_than_it_says() -> None:
    grown = syncs(15, status(2, 4, 80, scaled=15))
    assert judged(*begin(), seen(15, deployment(5, generation=2)), grown).broken == {"HPA-005"}


def test_an_api_that_wants_the_target_first() -> None:
    refused = Rejected(
        422, "Invalid", "", (Cause("spec.scaleTargetRef.name", "FieldValueNotFound"),)
    )
    refusal = done(0, "create", refused, object=autoscaler("a", "a"))
    assert "HPA-017" in judged(refusal, profile="documented").exercised


def rescale_event(size: int, why: str, at: float = 15) -> Event:
    """The Event that tells of a rescale."""
    about = {"kind": "HorizontalPodAutoscaler", "namespace": "default", "name": "a", "uid": "uid-h"}
    return seen(
        at,
        {
            "kind": "Event",
            "metadata": {"name": f"e{size}", "namespace": "default", "uid": "uid-e"},
            "involvedObject": about,
            "reason": "SuccessfulRescale",
            "message": f"New size: {size}; reason: {why}",
            "lastTimestamp": time_at(15),
        },
        "ADDED",
    )


def test_an_event_names_the_bound() -> None:
    above = "Current number of replicas above Spec.MaxReplicas"
    assert judged(*begin(), rescale_event(10, above)).held("HPA-006")
    assert judged(*begin(), rescale_event(9, above)).broken == {"HPA-006"}
    assert judged(*begin(), rescale_event(11, "All metrics below target")).broken == {"HPA-005"}


def test_an_event_that_is_told_again_is_not_judged() -> None:
    assert not judged(*begin(), rescale_event(11, "All metrics below target", at=60)).broken
