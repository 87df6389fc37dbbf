"""Why a Pod is Pending on these nodes, and which one it may get."""

from __future__ import annotations

from typing import Any

from spec_model.explain import explain
from spec_model.profiles import DOCUMENTED, V1_36
from strategies.manifests import claim, container, node, pod
from strategies.scheduling import EVICTING, expression, preferred, required, sized, term

SSD = term(expression("disk", "In", "ssd"))


def said(manifest: Any, *others: Any, profile: Any = V1_36) -> list[tuple[str, str, str]]:
    """What is said of nodes, claims and schedulers."""
    told = explain(manifest, [manifest, *others], profile=profile)
    topics = ("node", "scheduling", "claim", "scheduler", "preferred")
    return [(each.about, each.says, each.rule) for each in told if each.about.startswith(topics)]


def test_without_nodes_nothing_is_said_of_them() -> None:
    assert said(pod()) == []


def test_each_node_says_why_not() -> None:
    asked = sized("p", "1", nodeSelector={"disk": "ssd"})
    nodes = node("a", disk="hdd"), node("b", cpu="500m", disk="ssd")
    assert said(asked, *nodes) == [
        ("node a", "refuses it: nodeSelector wants disk=ssd, the node has disk=hdd", "SCHED-001"),
        ("node b", "refuses it: cpu 1000m requested, 500m of 500m free", "SCHED-004"),
        (
            "scheduling",
            "Pending, Unschedulable: 0/2 nodes are available; bound once one is",
            "SCHED-002",
        ),
    ]


def test_taints_terms_ports_and_places() -> None:
    tainted = {**node("a"), "spec": {"taints": [{"key": "only", "effect": "NoSchedule"}]}}
    assert ("node a", "refuses it: only:NoSchedule is not tolerated", "SCHED-003") in said(
        pod(), tainted
    )
    picky = pod(affinity=required({}, term(expression("gen", "Gt", "x")), SSD))
    why = (
        "refuses it: an empty term matches no node; or a term that cannot be parsed matches no node; "
        "or disk In [ssd] does not hold, the node has no label disk"
    )
    assert ("node b", why, "AFFINITY-002") in said(picky, node("b"))
    port = container(ports=[{"containerPort": 80, "hostPort": 80}])
    other = pod("other", [port], nodeName="b")
    shown = said(pod("p", [port]), node("b", pods="1"), other)
    assert ("node b", "refuses it: a port of the host is taken", "NETWORK-004") in shown
    assert ("node b", "refuses it: it takes 1 Pods and has as many", "SCHED-004") in shown


def test_what_others_hold_counts_until_they_have_ended() -> None:
    other = sized("other", "3", nodeName="a")
    assert said(sized("p", "2"), node("a"), other)[0][2] == "SCHED-004"
    ended = {**other, "status": {"phase": "Succeeded"}}
    assert said(sized("p", "2"), node("a"), ended) == [("scheduling", "bound to a", "SCHED-003")]


def test_preferences_are_weighed() -> None:
    asked = pod(affinity=preferred((40, SSD), (10, term(expression("disk", "Exists")))))
    assert said(asked, node("a", disk="ssd"), node("b", disk="hdd")) == [
        ("node a", "preferred terms weigh 50, which is 100 of 100", "AFFINITY-004"),
        ("node b", "preferred terms weigh 10, which is 20 of 100", "AFFINITY-004"),
        ("scheduling", "bound to a or b", "SCHED-003"),
    ]


def test_claims_and_other_schedulers_keep_it_waiting() -> None:
    volumes = [{"name": "v", "persistentVolumeClaim": {"claimName": "c"}}]
    waits = ("scheduling", "Pending for now; a would do", "SCHED-002")
    assert waits in said(pod(volumes=volumes), node("a"), claim("c"))
    assert waits in said(pod(volumes=volumes), node("a"))
    assert said(pod(schedulerName="mine"), node("a")) == [
        ("scheduler", "waits for mine, and for nobody else", "SCHED-010"),
        waits,
    ]


def test_a_bound_pod_stays_though_its_node_has_changed() -> None:
    asked = pod(affinity=required(SSD), nodeName="a")
    assert said(asked, node("a")) == [
        ("node", "a, for good: a Pod is bound once", "SCHED-008"),
        ("node a no longer matches", "stays: it was matched when it was scheduled", "AFFINITY-003"),
    ]
    leaving = pod(
        affinity=required(SSD, kind=EVICTING),
        nodeName="a",
    )
    assert said(
        {**leaving, "metadata": {"name": "p", "namespace": "default"}},
        node("a"),
        profile=DOCUMENTED,
    )[1] == (
        "node a no longer matches",
        "is removed",
        "AFFINITY-005",
    )


def test_amounts_that_cannot_be_read_are_a_fault() -> None:
    told = explain(pod(), [pod(), node("a", cpu="4cores")])
    assert [each.rule for each in told if each.fault] == ["RESOURCE-002"]
