"""The laws of RESOURCE, QOS and OOM, and VALIDATION-003, on traces made by hand."""

from __future__ import annotations

from typing import Any

import pytest

from spec_model.events import Accepted, Act, Observation, Rejected
from spec_model.resources.cpu import Demand, divisions
from strategies.manifests import container
from strategies.manifests import pod as sent_pod
from tests.laws.traces import Judged, done, judged, pod, running, seen, status, terminated

MIB = 1024 * 1024
GIB = 1024 * MIB


def node(memory: str = "8Gi", cpu: str = "4") -> Observation:
    capacity = {"memory": memory, "cpu": cpu}
    metadata = {"name": "node-1", "uid": "node-1"}
    manifest = {"kind": "Node", "metadata": metadata, "status": {"capacity": capacity}}
    return seen(0, manifest, "ADDED")


def on_node(
    *containers: dict[str, Any], name: str = "a", qos: str = "Burstable", at: float = 0, **more: Any
) -> Observation:
    """A Pod all of whose containers run."""
    statuses = [runs(each["name"], name) for each in containers]
    spec = {"containers": list(containers)}
    manifest = pod(
        "Running", statuses, name=name, uid=f"uid-{name}", spec=spec, more={"qosClass": qos, **more}
    )
    return seen(at, manifest, "ADDED")


def runs(name: str, pod_name: str, number: int = 0, **more: Any) -> dict[str, Any]:
    own = f"cri://{pod_name}-{name}-{number}"
    return status(name, running(), restarts=number, containerID=own, **more)


def killed(name: str, pod_name: str, reason: str = "OOMKilled", code: int = 137) -> dict[str, Any]:
    own = f"cri://{pod_name}-{name}-0"
    state = terminated(code, reason=reason)
    state["terminated"]["containerID"] = own
    return status(name, state, containerID=own)


def inside(shown: dict[str, Any], name: str = "a", of: str = "c", at: float = 5) -> Act:
    return done(at, "inspect", Accepted(shown), namespace="default", pod=name, container=of)


def burns(milli: int, of: str = "c", name: str = "a") -> Act:
    return done(4, "burn", namespace="default", pod=name, container=of, milli=milli)


def holds(size: int, of: str = "c", name: str = "a", at: float = 4) -> Act:
    return done(at, "allocate", namespace="default", pod=name, container=of, bytes=size)


def looked(shown: dict[str, Any], *containers: dict[str, Any], **more: Any) -> Judged:
    before = node(), on_node(*(containers or (container(),)), qos=more.pop("qos", "Burstable"))
    return judged(*before, inside(shown), **more)


# -- amounts and classes -------------------------------------------------------------------------------


def stored(resource: str, given: str, shown: str, **more: Any) -> Judged:
    sent = sent_pod(containers=[container(requests={resource: given})])
    answer = pod("Pending")
    answer["spec"]["containers"] = [container(requests={resource: shown})]
    return judged(done(0, "create", Accepted(answer), object=sent), **more)


@pytest.mark.parametrize(("given", "shown"), [("0.5", "500m"), ("0.1m", "1m"), ("1000m", "1")])
def test_cpu_is_read_back_in_its_canonical_form(given: str, shown: str) -> None:
    assert stored("cpu", given, shown).held("RESOURCE-001")
    assert "RESOURCE-001" in stored("cpu", given, f"{given}0").broken


@pytest.mark.parametrize(
    ("given", "shown"), [("1Ki", "1024"), ("1k", "1000"), ("1e3", "1e3"), ("0.5Ki", "512")]
)
def test_memory_is_read_back_as_so_many_bytes(given: str, shown: str) -> None:
    assert stored("memory", given, shown).held("RESOURCE-002")
    assert "RESOURCE-002" in stored("memory", given, "7").broken


def test_the_source_knows_a_capital_k() -> None:
    assert stored("memory", "1K", "1k", profile="documented").held("RESOURCE-002")
    assert "RESOURCE-002" in stored("memory", "1K", "1k").broken  # it ought to have been refused


@pytest.mark.parametrize(
    ("resources", "expected"),
    [
        ({}, "BestEffort"),
        ({"requests": {"cpu": "1m"}}, "Burstable"),
        ({"limits": {"cpu": "1", "memory": "1Gi"}}, "Guaranteed"),
    ],
)
def test_requests_and_limits_decide_the_class(resources: dict[str, Any], expected: str) -> None:
    assert judged(on_node(container(**resources), qos=expected)).held("QOS-001")
    other = "Guaranteed" if expected != "Guaranteed" else "Burstable"
    assert judged(on_node(container(**resources), qos=other)).broken == {"QOS-001"}


def test_the_class_never_changes() -> None:
    first = on_node(container(), qos="BestEffort")
    assert "QOS-002" in judged(first, on_node(container(), qos="Burstable", at=1)).broken
    first = on_node(container(), qos="BestEffort")
    gone = Observation(9, "DELETED", first.object)
    assert judged(first, gone).held("QOS-002")


def resized(limits: dict[str, str], response: Accepted | Rejected) -> Judged:
    whole = container(limits={"cpu": "1", "memory": "1Gi"}, requests={"cpu": "1", "memory": "1Gi"})
    patch = {
        "spec": {"containers": [container(limits=limits, requests={"cpu": "1", "memory": "1Gi"})]}
    }
    whom = {"kind": "Pod", "namespace": "default", "name": "a", "subresource": "resize"}
    return judged(on_node(whole, qos="Guaranteed"), done(1, "patch", response, **whom, patch=patch))


def test_a_resize_must_not_change_the_class() -> None:
    other = {"cpu": "2", "memory": "1Gi"}
    assert resized(other, Rejected(422, "Invalid")).held("QOS-002")
    assert resized(other, Accepted()).broken == {"QOS-002"}
    assert "QOS-002" not in resized({"cpu": "1", "memory": "1Gi"}, Accepted()).exercised


# -- oom_score_adj ---------------------------------------------------------------------------------------

GUARANTEED = container(limits={"cpu": "1", "memory": "1Gi"}, requests={"cpu": "1", "memory": "1Gi"})
ONE_GIB = container(requests={"memory": "1Gi"})


@pytest.mark.parametrize(
    ("of", "qos", "adjustment"),
    [
        (GUARANTEED, "Guaranteed", -997),
        (ONE_GIB, "Burstable", 875),
        (container(), "BestEffort", 1000),
    ],
)
def test_class_and_request_make_the_adjustment(of: Any, qos: str, adjustment: int) -> None:
    assert looked({"oom_score_adj": adjustment}, of, qos=qos).held("OOM-001")
    assert "OOM-001" in looked({"oom_score_adj": adjustment + 1}, of, qos=qos).broken


def test_the_source_has_other_constants() -> None:
    of = looked({"oom_score_adj": -998}, GUARANTEED, qos="Guaranteed", profile="documented")
    assert of.held("OOM-001")


def test_a_runtime_without_privilege_stays_at_its_own() -> None:
    shown = {"oom_score_adj": 0}
    assert looked(shown, GUARANTEED, qos="Guaranteed", clock="real").held("OOM-001")
    assert "OOM-001" in looked(shown, GUARANTEED, qos="Guaranteed").broken


def ordered(best_effort: int, guaranteed: int) -> Judged:
    before = (
        node(),
        on_node(container(), qos="BestEffort"),
        on_node(GUARANTEED, name="b", qos="Guaranteed"),
    )
    looks = inside({"oom_score_adj": best_effort}), inside({"oom_score_adj": guaranteed}, "b")
    return judged(*before, *looks)


def test_the_classes_are_protected_in_order() -> None:
    assert ordered(1000, -997).held("QOS-003")
    assert "QOS-003" in ordered(100, 100).broken
    assert "QOS-003" in ordered(-997, 1000).broken


def test_one_class_alone_has_no_order() -> None:
    assert "QOS-003" not in looked({"oom_score_adj": 1000}, qos="BestEffort").exercised


# -- cgroup files ------------------------------------------------------------------------------------------


def files(**shown: Any) -> dict[str, Any]:
    return {"cgroup": {name.replace("_", "."): value for name, value in shown.items()}}


LIMITED = container(
    requests={"cpu": "200m", "memory": "32Mi"}, limits={"cpu": "500m", "memory": "64Mi"}
)


def test_a_cpu_limit_is_a_quota() -> None:
    assert looked(files(cpu_max="50000 100000"), LIMITED).held("RESOURCE-006")
    assert looked(files(cpu_max="20000 100000"), LIMITED).broken == {"RESOURCE-006"}
    assert looked(files(cpu_max="max 100000"), LIMITED).broken == {"RESOURCE-006"}


def test_systemd_rounds_a_quota_up_to_whole_percents() -> None:
    odd = container(limits={"cpu": "333m"}, requests={"cpu": "333m"})
    assert looked(files(cpu_max="34000 100000"), odd).held("RESOURCE-006")


def test_without_limits_nothing_is_bounded() -> None:
    asked = container(requests={"cpu": "200m", "memory": "32Mi"})
    assert looked(files(cpu_max="max 100000", memory_max="max"), asked).held("RESOURCE-005")
    assert looked(files(cpu_max="20000 100000"), asked).broken == {"RESOURCE-005"}
    assert looked(files(memory_max=str(32 * MIB)), asked).broken == {"RESOURCE-005"}


def test_a_memory_limit_is_that_of_the_cgroup_in_whole_pages() -> None:
    assert looked(files(memory_max=str(64 * MIB)), LIMITED).held("VALIDATION-003")
    assert looked(files(memory_max=str(32 * MIB)), LIMITED).broken == {"VALIDATION-003"}
    odd = container(limits={"memory": "5000"}, requests={"memory": "5000"})
    assert looked(files(memory_max="4096"), odd).held("VALIDATION-003")


@pytest.mark.parametrize("weight", [8, 29])
def test_a_cpu_request_is_shares_or_weight(weight: int) -> None:
    shown = looked(files(cpu_shares=204, cpu_weight=weight), LIMITED)
    assert shown.held("RESOURCE-007")
    assert shown.held("VALIDATION-003")
    assert looked(files(cpu_weight=weight + 1), LIMITED).broken == {"RESOURCE-007"}


def test_shares_of_the_wrong_amount_are_not_shares_that_are_wrong() -> None:
    assert looked(files(cpu_shares=512), LIMITED).broken == {"VALIDATION-003"}
    assert looked(files(cpu_shares=512), LIMITED, profile="documented").held("VALIDATION-003")
    assert looked(files(cpu_shares=204), LIMITED, profile="documented").broken == {"VALIDATION-003"}
    assert looked(files(cpu_shares=7), LIMITED, profile="documented").broken == {"RESOURCE-007"}


def test_who_asks_for_nothing_has_the_least_shares() -> None:
    assert looked(files(cpu_shares=2, cpu_weight=1)).held("RESOURCE-007")


def test_files_that_are_not_there_are_not_asked_for() -> None:
    assert not looked({"cgroup": {}}, LIMITED).findings


def test_what_was_refused_shows_nothing() -> None:
    look = done(
        5, "inspect", Rejected(409, "Conflict"), namespace="default", pod="a", container="c"
    )
    assert not judged(node(), on_node(LIMITED), look).findings


def test_a_kubelet_may_not_have_caught_up_with_a_resize() -> None:
    observation = on_node(LIMITED)
    observation.object["metadata"]["generation"] = 2
    events = node(), observation, inside(files(cpu_max="20000 100000"))
    assert not judged(*events, clock="real").findings
    assert judged(*events).broken == {"RESOURCE-006"}


def test_proc_shows_the_node() -> None:
    assert looked({"proc": {"MemTotal": 8 * GIB, "cpus": 4}}, LIMITED).held("RESOURCE-009")
    assert looked({"proc": {"MemTotal": 64 * MIB, "cpus": 4}}, LIMITED).broken == {"RESOURCE-009"}
    assert looked({"proc": {"MemTotal": 8 * GIB, "cpus": 1}}, LIMITED).broken == {"RESOURCE-009"}


# -- CPU that is got -----------------------------------------------------------------------------------------


def got(milli: float, *containers: dict[str, Any], burning: dict[str, int], **more: Any) -> Judged:
    throttled = more.pop("throttled", False)
    usage = {"usage": {"cpu_milli": milli, "throttled": throttled}}
    told = [burns(amount, of) for of, amount in burning.items()]
    return judged(node(cpu="1"), on_node(*containers), *told, inside(usage), **more)


def test_what_is_idle_may_be_used() -> None:
    asked = container(requests={"cpu": "200m"})
    assert got(900, asked, burning={"c": 900}).held("RESOURCE-005")
    assert got(200, asked, burning={"c": 900}).broken == {"RESOURCE-005"}


def test_a_limit_throttles() -> None:
    assert got(500, LIMITED, burning={"c": 900}, throttled=True).held("RESOURCE-006")
    assert got(500, LIMITED, burning={"c": 900}).broken == {"RESOURCE-006"}
    assert got(900, LIMITED, burning={"c": 900}, throttled=True).broken == {"RESOURCE-006"}


def test_a_limit_holds_on_a_real_clock_but_for_what_cannot_be_measured() -> None:
    assert not got(520, LIMITED, burning={"c": 900}, throttled=True, clock="real").findings
    assert got(700, LIMITED, burning={"c": 900}, clock="real").broken == {"RESOURCE-006"}


TWO = container("c", requests={"cpu": "200m"}), container("d", requests={"cpu": "500m"})
BOTH = {"c": 1000, "d": 1000}


@pytest.mark.parametrize("share", [284.9, 1000 * 8 / 28, 1000 * 29 / 88])
def test_what_is_short_is_divided_by_shares_or_weights(share: float) -> None:
    assert got(share, *TWO, burning=BOTH).held("RESOURCE-007")


def test_half_for_each_is_not_2_to_5() -> None:
    assert got(500, *TWO, burning=BOTH).broken == {"RESOURCE-007"}


def test_how_pods_share_is_not_known() -> None:
    other = on_node(container(requests={"cpu": "500m"}), name="b")
    usage = {"usage": {"cpu_milli": 1, "throttled": False}}
    told = burns(1000), burns(1000, name="b")
    assert not judged(node(cpu="1"), on_node(TWO[0]), other, *told, inside(usage)).findings


def test_lawful_divisions_fill_the_node() -> None:
    asked = [Demand(200, None, 1000), Demand(500, 600, 1000)]
    for shares in divisions(1000, asked).value:
        assert sum(shares) == pytest.approx(1000)


# -- memory --------------------------------------------------------------------------------------------------


def after(at: float, *statuses: dict[str, Any], of: Observation) -> Observation:
    manifest = {**of.object, "status": {**of.object["status"], "containerStatuses": list(statuses)}}
    return seen(at, manifest)


def overrun(*later: dict[str, Any], until: float = 60, size: int = 65 * MIB) -> Judged:
    first = on_node(LIMITED)
    observed = [after(5, *later, of=first)] if later else []
    return judged(node(), first, holds(size), *observed, until=until)


def test_above_its_limit_a_container_is_killed() -> None:
    assert overrun(killed("c", "a")).held("RESOURCE-008")
    assert "RESOURCE-008" in overrun().broken
    assert "RESOURCE-008" not in overrun(until=5).broken
    assert "RESOURCE-008" in overrun(killed("c", "a", "Error", 1)).broken


def test_a_restart_may_be_seen_before_the_end() -> None:
    restarted = runs("c", "a", 1, last=killed("c", "a")["state"])
    assert overrun(restarted).held("RESOURCE-008")


def test_at_its_limit_it_lives() -> None:
    assert "RESOURCE-008" not in overrun(size=64 * MIB).exercised
    assert "RESOURCE-008" in overrun(killed("c", "a"), size=64 * MIB).broken
    assert "OOM-004" in overrun(killed("c", "a"), size=63 * MIB).broken


def test_who_runs_beside_it_runs_on() -> None:
    first = on_node(LIMITED, container("d"))
    beside = {"c": killed("c", "a"), "d": runs("d", "a")}
    assert judged(node(), first, holds(65 * MIB), after(5, *beside.values(), of=first)).held(
        "RESOURCE-008"
    )
    beside["d"] = killed("d", "a", "Error")
    together = judged(node(), first, holds(65 * MIB), after(5, *beside.values(), of=first))
    assert "RESOURCE-008" in together.broken


def test_its_pod_stays() -> None:
    first = on_node(LIMITED)
    gone = Observation(5, "DELETED", first.object)
    assert "RESOURCE-008" in judged(node(), first, holds(65 * MIB), gone).broken


def test_without_a_limit_a_request_kills_nobody() -> None:
    first = on_node(ONE_GIB)
    events = node(), first, holds(2 * GIB), after(5, killed("c", "a"), of=first)
    assert "RESOURCE-005" in judged(*events).broken


def neighbours(dead: str) -> Judged:
    first, other = (
        on_node(GUARANTEED, qos="Guaranteed"),
        on_node(container(), name="b", qos="BestEffort"),
    )
    end = after(5, killed("c", dead), of=first if dead == "a" else other)
    return judged(node(), first, other, holds(2 * GIB), end)


def test_a_breach_kills_inside_its_own_cgroup() -> None:
    assert neighbours("a").held("OOM-004")
    assert "OOM-004" in neighbours("b").broken


def test_in_a_recording_whoever_is_killed_had_a_cause_that_was_not_seen() -> None:
    first = on_node(container(), qos="BestEffort")
    end = after(5, killed("c", "a"), of=first)
    assert "OOM-004" not in judged(node(), first, end, clock="real").broken


def full(dead: str | None, a: int, b: int, *, of: tuple[Any, Any], **more: Any) -> Judged:
    """Two Pods fill a node of 8 Gi; ``dead`` of them dies."""
    first, other = on_node(of[0][0], qos=of[0][1]), on_node(of[1][0], name="b", qos=of[1][1])
    told = holds(a * MIB), holds(b * MIB, name="b")
    end = after(5, killed("c", dead), of=first if dead == "a" else other) if dead else None
    return judged(node(), first, other, *told, *([end] if end else []), until=60, **more)


BEST, BURST = (container(), "BestEffort"), (ONE_GIB, "Burstable")
LITTLE = container(requests={"memory": "100Mi"}), "Burstable"
MUCH = container(requests={"memory": "1000Mi"}), "Burstable"


def test_on_a_full_node_the_highest_score_dies() -> None:
    assert full("a", 5000, 4000, of=(BEST, BURST)).held("OOM-002")
    assert "OOM-002" in full("b", 5000, 4000, of=(BEST, BURST)).broken
    assert "OOM-002" in full(None, 5000, 4000, of=(BEST, BURST)).broken


def test_within_a_class_the_largest_excess_dies_and_in_the_source_the_largest_ratio() -> None:
    assert full("b", 4000, 5000, of=(LITTLE, MUCH)).held("OOM-003")
    assert "OOM-003" in full("a", 4000, 5000, of=(LITTLE, MUCH)).broken
    assert full("a", 4000, 5000, of=(LITTLE, MUCH), profile="documented").held("OOM-003")


def test_of_equals_any_may_die() -> None:
    for dead in ("a", "b"):
        assert full(dead, 4500, 4500, of=(BEST, BEST)).held("OOM-003")


def test_a_node_with_room_kills_nobody() -> None:
    assert "OOM-004" in full("a", 2000, 2000, of=(BEST, BEST)).broken


def test_memory_of_a_run_before_is_free_again() -> None:
    first, other = (
        on_node(container(), qos="BestEffort"),
        on_node(container(), name="b", qos="BestEffort"),
    )
    again = after(6, runs("c", "a", 1, last=killed("c", "a")["state"]), of=first)
    held = holds(5000 * MIB), holds(4000 * MIB, name="b")
    events = node(), first, other, *held, after(5, killed("c", "a"), of=first), again
    assert "OOM-004" in judged(*events, after(7, killed("c", "b"), of=other)).broken


def burned(code: int, of: dict[str, Any], reason: str = "Error") -> Judged:
    first = on_node(of)
    return judged(node(), first, burns(4000), after(5, killed("c", "a", reason, code), of=first))


def test_nobody_is_killed_for_cpu() -> None:
    assert "RESOURCE-006" in burned(137, LIMITED).broken
    assert "QOS-003" in burned(137, container(requests={"cpu": "1"})).broken
    assert "OOM-004" in burned(137, LIMITED, "OOMKilled").broken
    assert not burned(0, LIMITED).broken & {"RESOURCE-006", "QOS-003"}
