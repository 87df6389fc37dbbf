"""The laws of RESOURCE, QOS and OOM, and VALIDATION-003, on traces made by hand."""

from __future__ import annotations

from typing import Any

import pytest

from spec_model.events import Accepted, Observation, Rejected
from spec_model.resources.cpu import Demand, divisions
from strategies.manifests import container
from strategies.manifests import pod as sent_pod
from tests.laws.nodes import (
    GIB,
    GUARANTEED,
    LIMITED,
    MIB,
    ONE_GIB,
    burns,
    inside,
    looked,
    node,
    on_node,
)
from tests.laws.traces import Judged, done, judged, pod

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
