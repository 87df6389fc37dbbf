"""The laws of where a Pod is bound, on traces made by hand."""

from __future__ import annotations

from typing import Any

import pytest

from spec_model.events import Accepted
from strategies.scheduling import expression, preferred, required, term
from tests.laws.crashes import event
from tests.laws.scheduling import judged, node, on, waits
from tests.laws.traces import Judged, done

SSD = term(expression("disk", "In", "ssd"))


def bound(where: str, *before: Any, clock: str = "virtual", **pod: Any) -> Judged:
    """A Pod waits beside two nodes, of which only n0 has the label, and is bound."""
    nodes = node("n0", disk="ssd"), node("n1", disk="hdd")
    return judged(*nodes, *before, waits(**pod), on(where, **pod), clock=clock)


@pytest.mark.parametrize(
    ("spec", "rule"),
    [
        ({"nodeSelector": {"disk": "ssd"}}, "SCHED-001"),
        ({"affinity": required(SSD)}, "AFFINITY-001"),
        ({"affinity": required(SSD, {})}, "AFFINITY-002"),
        ({"nodeSelector": {"disk": "ssd"}, "affinity": required(SSD)}, "AFFINITY-006"),
    ],
)
def test_a_pod_goes_where_its_selectors_admit_it(spec: dict[str, Any], rule: str) -> None:
    assert bound("n0", **spec).held(rule)
    assert bound("n0", **spec).held("SCHED-003")
    assert bound("n1", **spec).broken == {rule}


def test_what_the_tester_binds_is_his_own_affair() -> None:
    by_hand = done(1.5, "bind", Accepted(), namespace="default", pod="p", node="n1")
    nodes = node("n0", disk="ssd"), node("n1")
    spec = {"nodeSelector": {"disk": "ssd"}}
    assert not judged(*nodes, waits(**spec), by_hand, on("n1", **spec)).broken
    mine = {**spec, "schedulerName": "mine"}
    assert not judged(*nodes, waits(**mine), on("n1", **mine)).broken


def test_a_pod_that_came_with_its_node_was_not_scheduled() -> None:
    assert not judged(node("n1"), on("n1", type="ADDED", nodeSelector={"disk": "ssd"})).broken


def test_on_a_real_clock_the_label_may_be_seen_later() -> None:
    spec = {"nodeSelector": {"disk": "ssd"}}
    bound_there = on("n0", **spec)
    uid = bound_there.object["metadata"]["uid"]
    before = node("n0"), waits(**spec), bound_there, event(3, "Scheduled", "", uid=uid)
    assert judged(*before, clock="real", until=100).broken == {"SCHED-001"}
    late = node("n0", 5, "MODIFIED", disk="ssd")
    assert not judged(*before, late, clock="real", until=100).broken


def test_in_a_recording_people_may_have_bound_what_no_scheduler_speaks_of() -> None:
    spec = {"nodeSelector": {"disk": "ssd"}}
    events = node("n0"), waits(**spec), on("n0", **spec)
    assert not judged(*events, clock="real", until=100).broken


def test_on_a_real_clock_what_has_just_changed_is_not_held_against_a_node() -> None:
    spec = {"nodeSelector": {"disk": "ssd"}}
    changed = node("n0", 1.5, "MODIFIED", disk="hdd")
    events = node("n0", disk="ssd"), waits(**spec), changed, on("n0", **spec)
    assert not judged(*events, clock="real", until=100).broken
    assert judged(*events, until=100).broken == {"SCHED-001"}


def test_taints_turn_away_who_does_not_tolerate_them() -> None:
    only = [{"key": "only", "effect": "NoSchedule"}]
    assert judged(node(taints=only), waits(), on("n0")).broken == {"SCHED-003"}
    tolerant = {"tolerations": [{"key": "only", "operator": "Exists"}]}
    assert not judged(node(taints=only), waits(**tolerant), on("n0", **tolerant)).broken


def test_a_node_must_exist() -> None:
    assert judged(node("n1"), waits(), on("n0")).broken == {"SCHED-003"}
    assert not judged(waits(), on("n0")).broken  # nobody watches Nodes
    assert not judged(node("n1"), waits(), on("n0"), clock="real").broken


def beside(other: Any, cpu: str = "1", **more: Any) -> Judged:
    return judged(node(), other, waits(cpu=cpu, **more), on("n0", cpu=cpu, **more))


def test_there_must_be_room() -> None:
    half = on("n0", "other", 0.5, "ADDED", cpu="1", phase="Running")
    assert beside(half).held("SCHED-004")
    assert beside(half, "1001m").broken == {"SCHED-004"}
    ended = on("n0", "other", 0.5, "ADDED", cpu="2", phase="Failed")
    assert beside(ended).held("SCHED-007")


def test_a_node_that_does_not_say_what_it_has_is_not_asked() -> None:
    assert not judged(node(has={}), waits(cpu="9"), on("n0", cpu="9")).broken


def test_who_is_ending_holds_its_room() -> None:
    going = {"deletionTimestamp": "2024-05-01T10:00:30Z"}
    ending = on("n0", "other", 0.5, "ADDED", cpu="1500m", phase="Running", metadata=going)
    assert beside(ending).broken == {"SCHED-007"}
    assert beside(ending, "500m").held("SCHED-007")


def test_what_more_than_the_containers_requests_is_looked_at() -> None:
    whole = {"overhead": {"cpu": "1"}}
    half = on("n0", "other", 0.5, "ADDED", cpu="500m", phase="Running")
    assert beside(half, "500m", **whole).held("SCHED-005")
    assert beside(half, "600m", **whole).broken == {"SCHED-005"}


def test_limits_may_add_up_to_more_than_there_is() -> None:
    big = {
        "containers": [
            {
                "name": "c",
                "image": "app:1",
                "resources": {"limits": {"cpu": "9"}, "requests": {"cpu": "1"}},
            }
        ]
    }
    assert judged(node(), waits(**big), on("n0", **big)).held("SCHED-006")


def test_of_nodes_that_are_alike_the_preferred_one_is_taken() -> None:
    spec = {"affinity": preferred((60, SSD), (10, term(expression("disk", "Exists"))))}
    assert bound("n0", **spec).held("AFFINITY-004")
    assert bound("n1", **spec).broken == {"AFFINITY-004"}
    busy = on("n0", "other", 0.5, "ADDED", cpu="1", phase="Running")
    assert not bound("n1", busy, **spec).broken  # other scores count, too
    assert not bound("n1", clock="real", **spec).broken
