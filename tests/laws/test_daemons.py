"""DaemonSets judged: traces that keep to the law, and such as break one rule."""

from __future__ import annotations

from typing import Any

import pytest

from spec_model.events import Event
from tests.laws.batch import TROUBLES, daemon, daemons, marks, node
from tests.laws.traces import done, judged, seen, time_at

ON_DELETE: dict[str, Any] = {"updateStrategy": {"type": "OnDelete"}}
SURGE: dict[str, Any] = {
    "updateStrategy": {
        "type": "RollingUpdate",
        "rollingUpdate": {"maxUnavailable": 0, "maxSurge": 1},
    }
}


def begun(*nodes: dict[str, Any], **more: Any) -> list[Event]:
    """Nodes and a DaemonSet that the judge sees from its beginning."""
    listed = [seen(0, each, "ADDED") for each in (nodes or (node(),))]
    return [done(0, "advance", seconds=0), *listed, seen(0, daemons(**more), "ADDED")]


def comes(at: float, name: str = "d-1", **more: Any) -> Event:
    return seen(at, daemon(name, created=at, **more), "ADDED")


# -- Nodes -----------------------------------------------------------------------------------------


def test_a_node_without_a_daemon_is_owed_one() -> None:
    assert judged(*begun(), until=20).broken == {"DAEMON-001"}
    assert not judged(*begun(), comes(1), until=20).broken


def test_a_new_node_gets_one() -> None:
    trace = [*begun(), comes(0), seen(10, node("node-2"), "ADDED")]
    assert judged(*trace, until=30).broken == {"DAEMON-001"}
    assert not judged(*trace, comes(10, "d-2", on="node-2"), until=30).broken


@pytest.mark.parametrize(
    ("found", "template"),
    [
        (node(), {"nodeSelector": {"disk": "ssd"}}),
        (node("node-1", ("t", "NoSchedule")), {}),
        (node("node-1", ("t", "NoExecute")), {}),
    ],
)
def test_nobody_is_put_on_a_node_that_is_not_eligible(
    found: dict[str, Any], template: dict[str, Any]
) -> None:
    trace = begun(found, template=template)
    assert not judged(*trace, until=20).broken
    assert "DAEMON-002" in judged(*trace, comes(15, spec=template), until=16).broken


def test_a_cordoned_node_is_eligible() -> None:
    cordoned = {**node(), "spec": {"unschedulable": True}}
    assert judged(*begun(cordoned), until=20).broken == {"DAEMON-002"}


@pytest.mark.parametrize(("effect", "broken"), [("NoExecute", True), ("NoSchedule", False)])
def test_a_taint_drives_away_who_does_not_tolerate_it(effect: str, broken: bool) -> None:
    trace = [*begun(), comes(0), seen(10, node("node-1", ("t", effect)))]
    assert ("DAEMON-002" in judged(*trace, until=30).broken) is broken


def test_who_may_stay_is_left_alone() -> None:
    trace = [*begun(), comes(0), seen(10, node("node-1", ("t", "NoSchedule")))]
    gone = seen(30, daemon(**marks(30, 30)))
    assert judged(*trace, gone, until=31).broken == {"DAEMON-002"}
    asked = done(30, "delete", kind="Pod", namespace="default", name="d-1")
    assert not judged(*trace, asked, gone, until=31).broken


@pytest.mark.parametrize(("name", "broken"), [("d-1", True), ("d-2", False)])
def test_of_two_the_oldest_is_kept(name: str, broken: bool) -> None:
    """The second is a Pod that somebody made, and that the DaemonSet has taken for its own."""
    trace = [*begun(spec=ON_DELETE), comes(0), seen(9, daemon("d-2", created=5))]
    created = {"d-1": 0, "d-2": 5}[name]
    trace.append(seen(12, daemon(name, created=created, **marks(12, 30))))
    assert ("DAEMON-001" in judged(*trace, until=13).broken) is broken


def test_one_comes_when_the_other_is_gone() -> None:
    trace = [*begun(), comes(0)]
    trace.append(done(10, "delete", kind="Pod", namespace="default", name="d-1"))
    trace += [seen(10, daemon(**marks(10, 30))), comes(20, "d-2")]
    assert judged(*trace, until=21).broken == {"DAEMON-001"}


# -- Pods ------------------------------------------------------------------------------------------


def test_daemons_tolerate_trouble() -> None:
    assert judged(*begun(), comes(0)).held("DAEMON-003")
    assert judged(*begun(), comes(0, troubles=TROUBLES[1:])).broken == {"DAEMON-003"}


def test_on_the_network_of_the_host_they_tolerate_that_it_is_missing() -> None:
    host = {"hostNetwork": True}
    assert "DAEMON-003" in judged(*begun(template=host), comes(0, spec=host)).broken


def test_a_lost_node_evicts_no_daemon() -> None:
    lost = node("node-1", ("node.kubernetes.io/unreachable", "NoExecute"))
    target = {"type": "DisruptionTarget", "status": "True", "reason": "DeletionByTaintManager"}
    pod = daemon()
    evicted = {**pod, "status": {**pod["status"], "conditions": [target]}}
    trace = [*begun(), comes(0), seen(60, lost), seen(400, evicted)]
    assert "DAEMON-003" in judged(*trace, until=401).broken


def test_today_the_scheduler_binds() -> None:
    assert judged(*begun(), comes(0, bound=False)).held("DAEMON-004")
    assert "DAEMON-004" in judged(*begun(), comes(0, spec={"affinity": {}})).broken


def test_the_scheduler_keeps_to_the_pin() -> None:
    two = [node(), node("node-2")]
    trace = [*begun(*two), comes(0, bound=False)]
    strange = daemon(spec={"nodeName": "node-2"})
    assert "DAEMON-004" in judged(*trace, seen(1, strange)).broken


def test_documented_the_controller_binds() -> None:
    assert judged(*begun(), comes(0), profile="documented").held("DAEMON-004")
    assert "DAEMON-004" in judged(*begun(), comes(0, bound=False), profile="documented").broken


def failing(*gaps: float) -> list[Event]:
    """Pods of one node fail, and each is deleted so long after the one before."""
    trace, at = begun(), 0.0
    for number, gap in enumerate(gaps):
        name = f"d-{number}"
        trace.append(comes(at, name))
        at += gap
        trace.append(seen(at, daemon(name, "Failed", ready=False)))
        trace.append(seen(at, daemon(name, "Failed", ready=False, **marks(at, 0)), "DELETED"))
    return trace


@pytest.mark.parametrize(
    ("gaps", "broken"), [((0, 1, 2, 4), False), ((0, 1, 1), True), ((0, 0.5), True)]
)
def test_failed_daemons_are_deleted_ever_later(gaps: tuple[float, ...], broken: bool) -> None:
    assert ("DAEMON-005" in judged(*failing(*gaps)).broken) is broken


def fails(name: str, at: float, deleted: float) -> list[Event]:
    """A Pod that fails, and is deleted then."""
    failed = daemon(name, "Failed", ready=False, created=at)
    gone = daemon(name, "Failed", ready=False, created=at, **marks(deleted, 0))
    return [comes(at, name), seen(at, failed), seen(deleted, gone, "DELETED")]


def test_who_deleted_failures_on_a_node_in_trouble_nobody_knows() -> None:
    trouble = node("node-1", ("node.kubernetes.io/not-ready", "NoExecute"))
    trace = [*begun(), *fails("d-0", 0, 0), seen(0, trouble), *fails("d-1", 0, 1)]
    last = [seen(2, node()), *fails("d-2", 2, 3), comes(3, "d-3")]
    last.append(seen(3, daemon("d-3", "Failed", ready=False, created=3)))
    assert "DAEMON-005" not in judged(*trace, *last, until=12).broken
    assert "DAEMON-005" in judged(*trace, *last, until=30).broken


def test_a_daemon_that_has_ended_makes_room() -> None:
    trace = [*begun(), comes(0), seen(5, daemon("d-1", "Succeeded", ready=False))]
    assert "DAEMON-005" in judged(*trace, until=30).broken


# -- Updates ---------------------------------------------------------------------------------------


def changed(at: float, **more: Any) -> Event:
    return seen(at, daemons("app:2", generation=2, **more))


def test_on_delete_nothing_is_touched() -> None:
    trace = [*begun(spec=ON_DELETE), comes(0), changed(10, spec=ON_DELETE)]
    assert judged(*trace, until=60).broken <= {"DAEMON-001"}
    assert "DAEMON-007" in judged(*trace, seen(20, daemon(**marks(20, 30))), until=21).broken


def test_a_new_pod_is_of_the_new_template() -> None:
    trace = [*begun(spec=ON_DELETE), changed(10, spec=ON_DELETE)]
    assert "DAEMON-007" in judged(*trace, comes(30)).broken
    assert judged(*trace, comes(30, image="app:2")).held("DAEMON-007")


@pytest.mark.parametrize(("count", "broken"), [(0, False), (1, True)])
def test_updated_pods_are_counted(count: int, broken: bool) -> None:
    shown = {"observedGeneration": 2, "updatedNumberScheduled": count}
    trace = [*begun(spec=ON_DELETE), comes(0), changed(10, spec=ON_DELETE, status=shown)]
    assert ("DAEMON-007" in judged(*trace, until=40).broken) is broken


def three(**more: Any) -> list[Event]:
    """Three nodes with a daemon Pod each, and a new template."""
    names = [f"node-{number}" for number in (1, 2, 3)]
    trace = begun(*map(node, names), **more)
    trace += [comes(0, f"d-{name[-1]}", on=name) for name in names]
    return [*trace, changed(30, **more)]


def goes(at: float, number: int, **more: Any) -> Event:
    old = daemon(f"d-{number}", on=f"node-{number}", **marks(at, 30), **more)
    return seen(at, old)


def test_an_update_keeps_to_its_budget() -> None:
    assert judged(*three(), goes(31, 1), until=31).held("DAEMON-008")
    assert judged(*three(), goes(31, 1), goes(31, 2), until=31).broken == {"DAEMON-008"}


@pytest.mark.parametrize(("amount", "broken"), [("34%", False), ("33%", True), (2, False)])
def test_percentages_are_rounded_up(amount: Any, broken: bool) -> None:
    rolling = {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": amount}}
    trace = three(spec={"updateStrategy": rolling})
    assert ("DAEMON-008" in judged(*trace, goes(31, 1), goes(31, 2), until=31).broken) is broken


def test_an_update_goes_on() -> None:
    assert "DAEMON-008" in judged(*three(), until=60).broken


def test_with_a_surge_the_new_one_comes_first() -> None:
    trace = three(spec=SURGE)
    assert "DAEMON-008" in judged(*trace, goes(31, 1), until=31).broken
    second = comes(31, "e-1", on="node-1", image="app:2")
    assert judged(*trace, second, goes(40, 1), until=40).held("DAEMON-008")
    too_many = comes(31, "e-2", on="node-2", image="app:2", ready=False)
    late = comes(31, "e-1", on="node-1", image="app:2", ready=False)
    assert "DAEMON-008" in judged(*trace, late, too_many, until=31).broken


def test_without_a_surge_the_old_one_goes_first() -> None:
    second = comes(31, "e-1", on="node-1", image="app:2")
    assert "DAEMON-008" in judged(*three(), second, until=31).broken


# -- What must not be blamed -----------------------------------------------------------------------


def test_a_daemon_set_that_goes_takes_its_pods_along() -> None:
    trace = [*begun(), comes(0)]
    trace += [done(10, "delete", kind="DaemonSet", namespace="default", name="d")]
    trace += [seen(10, daemons(), "DELETED"), seen(10, daemon(**marks(10, 30)))]
    assert not judged(*trace, until=11).broken


def test_nothing_is_owed_to_nodes_that_are_gone() -> None:
    trace = [*begun(), seen(1, node(), "DELETED")]
    assert not judged(*trace, until=60).broken


def test_a_judge_that_came_late_blames_nobody_for_what_it_did_not_see() -> None:
    old = daemon(creationTimestamp=time_at(-500), **marks(-100, 30))
    found = daemons(creationTimestamp=time_at(-900))
    trace = [seen(0, node(), "ADDED"), seen(0, found, "ADDED"), seen(0, old, "ADDED")]
    assert not judged(*trace, until=3).broken
