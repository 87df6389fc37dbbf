"""IDENTITY-004: a node that is lost, on traces made by hand."""

from __future__ import annotations

from typing import Any

import pytest

from spec_model.events import Accepted, Act, Observation
from spec_model.pod.node_loss import evicts, tolerated
from strategies.manifests import pod as manifest
from tests.laws.traces import Judged, done, judged, pod, running, seen, status, time_at

UP = [status(state=running())]
UNREACHABLE = {"key": "node.kubernetes.io/unreachable", "effect": "NoExecute"}
FOR_300_S = {"tolerations": [{**UNREACHABLE, "operator": "Exists", "tolerationSeconds": 300}]}
READY = {"type": "Ready", "status": "True"}


def node(
    at: float, ready: str = "True", *, tainted: bool = False, name: str = "node-1"
) -> Observation:
    taints = [{**UNREACHABLE, "timeAdded": time_at(at)}] if tainted else []
    conditions = [{"type": "Ready", "status": ready}]
    shown = {
        "kind": "Node",
        "metadata": {"name": name, "uid": name, "creationTimestamp": time_at(0)},
        "spec": {"taints": taints},
        "status": {"conditions": conditions},
    }
    return seen(at, shown, "ADDED" if at == 0 else "MODIFIED")


def on_it(at: float, **more: Any) -> Observation:
    given = {"spec": FOR_300_S, "more": {"conditions": [READY]}, **more}
    return seen(
        at, pod(given.pop("phase", "Running"), UP, **given), "ADDED" if at == 0 else "MODIFIED"
    )


def lost(*later: Act | Observation, until: float, profile: str = "v1.36") -> Judged:
    stop = done(10, "stop-node", node="node-1")
    return judged(*later[:3], stop, *later[3:], profile=profile, until=until)


def start() -> tuple[Observation, ...]:
    return node(0), node(0, name="node-2"), on_it(0)


def unready(at: float, **more: Any) -> Observation:
    target = more.pop("target", None)
    conditions = [{"type": "Ready", "status": "False"}, *([target] if target else [])]
    return on_it(at, more={"conditions": conditions}, **more)


BY_TAINT = {"type": "DisruptionTarget", "status": "True", "reason": "DeletionByTaintManager"}


def evicted(at: float, target: dict[str, str] | None = None) -> Observation:
    asked = {"deletionTimestamp": time_at(at + 30), "deletionGracePeriodSeconds": 30}
    return unready(at, target=target or BY_TAINT, metadata=asked)


def timeline(lost_at: float, evicted_at: float) -> list[Observation]:
    return [
        *start(),
        node(lost_at, "Unknown"),
        unready(lost_at),
        node(lost_at, "Unknown", tainted=True),
        evicted(evicted_at),
    ]


def test_the_timeline_of_a_lost_node() -> None:
    trace = lost(*timeline(64, 364), until=500)
    assert trace.held("IDENTITY-004")


@pytest.mark.parametrize(("lost_at", "evicted_at"), [(35, 335), (90, 390), (64, 120), (64, 450)])
def test_neither_earlier_nor_later(lost_at: float, evicted_at: float) -> None:
    assert "IDENTITY-004" in lost(*timeline(lost_at, evicted_at), until=500).broken


def test_a_node_that_is_never_lost_is_a_breach() -> None:
    assert "IDENTITY-004" in lost(*start(), until=100).broken
    assert "IDENTITY-004" not in lost(*start(), until=60).broken
    again = done(20, "start-node", node="node-1")
    assert "IDENTITY-004" not in lost(*start(), again, until=100).broken


def test_an_eviction_says_whose_it_is() -> None:
    other = {**BY_TAINT, "reason": "EvictionByEvictionAPI"}
    events = [*timeline(64, 364)[:-1], evicted(364, other)]
    assert "IDENTITY-004" in lost(*events, until=500).broken


def tolerant(given: list[Any], stored: list[Any], **more: Any) -> Judged:
    answer = Accepted(pod("Pending", spec={"tolerations": stored}))
    return judged(done(0, "create", answer, object=manifest(tolerations=given)), **more)


def test_a_pod_tolerates_a_lost_node_for_300_seconds() -> None:
    for_300_s, for_ever = FOR_300_S["tolerations"], [{"operator": "Exists"}]
    assert tolerant([], for_300_s).held("IDENTITY-004")
    assert "IDENTITY-004" in tolerant([], []).broken
    assert "IDENTITY-004" in tolerant([], for_ever).broken
    assert "IDENTITY-004" not in tolerant(for_ever, for_ever).exercised
    assert "IDENTITY-004" not in tolerant([], [], profile="documented").exercised


def test_a_controller_may_delete_its_pod_before() -> None:
    before = start()
    asked = {"deletionTimestamp": time_at(50), "deletionGracePeriodSeconds": 30}
    owned = {**asked, "ownerReferences": [{"kind": "ReplicaSet", "name": "r"}]}
    assert "IDENTITY-004" not in lost(*before, on_it(20, metadata=owned), until=40).broken
    assert "IDENTITY-004" in lost(*start(), on_it(20, metadata=asked), until=40).broken


def test_what_its_controller_has_deleted_need_not_fail() -> None:
    asked = {"deletionTimestamp": time_at(50), "deletionGracePeriodSeconds": 30}
    owned = {**asked, "ownerReferences": [{"kind": "ReplicaSet", "name": "r"}]}

    def trace(metadata: dict[str, Any]) -> Judged:
        before = start()
        later = node(54, "Unknown"), unready(54), on_it(60, metadata=metadata)
        return lost(*before, *later, until=500, profile="documented")

    assert "IDENTITY-004" not in trace(owned).broken
    assert "IDENTITY-004" in trace(asked).broken


def test_without_another_node_nobody_is_evicted() -> None:
    first = node(0), node(0, "Unknown", name="node-2"), on_it(0)
    later = node(64, "Unknown"), unready(64), node(64, "Unknown", tainted=True)
    assert "IDENTITY-004" not in lost(*first, *later, until=900).broken


@pytest.mark.parametrize(
    ("unready", "nodes", "evicted"),
    [(1, 2, True), (1, 1, False), (2, 2, False), (2, 3, True), (3, 4, False), (3, 6, True)],
)
def test_where_nearly_all_are_lost_the_fault_is_elsewhere(
    unready: int, nodes: int, evicted: bool
) -> None:
    assert evicts(unready, nodes) is evicted


def test_of_two_nodes_that_stop_neither_is_tainted() -> None:
    before = start()
    both = done(10, "stop-node", node="node-2"), done(10, "stop-node", node="node-1")
    lost_both = node(64, "Unknown"), unready(64), node(65, "Unknown", name="node-2")
    trace = judged(*before, *both, *lost_both, until=900)
    assert "IDENTITY-004" not in trace.broken


def test_the_phase_stays() -> None:
    before = timeline(64, 364)[:-1]
    assert "IDENTITY-004" in lost(*before, unready(200, phase="Failed"), until=200).broken


def test_the_phase_may_be_a_moment_late() -> None:
    before = start()
    assert "IDENTITY-004" not in lost(*before, on_it(12, phase="Failed"), until=20).broken


def test_the_source_has_the_pod_failed() -> None:
    first = start()
    cut = node(54, "Unknown")
    failed = unready(354, phase="Failed")
    assert lost(*first, cut, failed, until=500, profile="documented").held("IDENTITY-004")
    assert "IDENTITY-004" in lost(*first, cut, until=500, profile="documented").broken


def test_a_judge_that_only_watches_compares_with_the_taint() -> None:
    def deleted(at: float) -> Judged:
        return judged(*start(), node(60, "Unknown", tainted=True), unready(60), evicted(at))

    assert "IDENTITY-004" in deleted(300).broken
    assert deleted(360).held("IDENTITY-004")


def collected(phase: str, at: float) -> Judged:
    first = start()
    stop = done(10, "stop-node", node="node-1")
    away = done(20, "delete", kind="Node", namespace="", name="node-1")
    last = Observation(20, "DELETED", first[0].object)
    gone = seen(at, pod(phase, UP, spec=FOR_300_S), "DELETED")
    return judged(*first, stop, away, last, gone, until=200)


def test_the_pods_of_a_node_that_is_gone_are_collected() -> None:
    assert collected("Failed", 80).held("IDENTITY-004")
    assert "IDENTITY-004" in collected("Running", 80).broken
    assert "IDENTITY-004" in collected("Failed", 30).broken
    assert "IDENTITY-004" in collected("Failed", 150).broken


@pytest.mark.parametrize(
    ("tolerations", "seconds"),
    [
        ([], 0),
        ([{"operator": "Exists"}], None),
        ([{**UNREACHABLE, "operator": "Exists", "tolerationSeconds": 5}], 5),
        ([{**UNREACHABLE, "tolerationSeconds": 5}], 5),
        ([{**UNREACHABLE, "value": "x", "tolerationSeconds": 5}], 0),
        ([{"operator": "Exists", "tolerationSeconds": 9}, {"operator": "Exists"}], 9),
        ([{"operator": "Exists"}, {"operator": "Exists", "tolerationSeconds": 9}], None),
        ([{"operator": "Exists", "effect": "NoSchedule"}], 0),
        ([{"key": "other", "operator": "Exists"}], 0),
        ([{"operator": "Exists", "tolerationSeconds": -1}], 0),
    ],
)
def test_how_long_a_pod_stays(tolerations: list[dict[str, Any]], seconds: float | None) -> None:
    assert tolerated({"tolerations": tolerations}) == seconds


NOT_READY_TAINT = {"key": "node.kubernetes.io/not-ready", "effect": "NoExecute"}


def test_one_taint_after_another_is_one_wait() -> None:
    """Not ready at 100 s, unreachable at 250 s: who tolerates both for 300 s goes at 400 s."""
    both = [{**each, "operator": "Exists", "tolerationSeconds": 300} for each in TAINTS]

    def tainted(at: float, taint: dict[str, Any], since: float) -> Observation:
        shown = node(at, "False" if taint is NOT_READY_TAINT else "Unknown").object
        spec = {"taints": [{**taint, "timeAdded": time_at(since)}]}
        return seen(at, {**shown, "spec": spec})

    def trace(at: float) -> Judged:
        spec = {"spec": {"tolerations": both}}
        before = node(0), on_it(0, **spec)
        nodes = [tainted(100, NOT_READY_TAINT, 100), tainted(250, UNREACHABLE, 250)]
        asked = {"deletionTimestamp": time_at(at + 30), "deletionGracePeriodSeconds": 30}
        gone = unready(at, target=BY_TAINT, metadata=asked, **spec)
        return judged(*before, *nodes, gone)

    assert "IDENTITY-004" not in trace(400).broken
    assert "IDENTITY-004" in trace(300).broken


TAINTS = (NOT_READY_TAINT, UNREACHABLE)


def test_of_two_taints_the_one_counts_that_allows_least() -> None:
    """Both since 100 s; who tolerates the one for 60 s and the other for 300 s goes at 160 s."""
    limits = zip(TAINTS, (60, 300), strict=True)
    tolerations = [
        {**taint, "operator": "Exists", "tolerationSeconds": limit} for taint, limit in limits
    ]
    spec = {"spec": {"tolerations": tolerations}}
    added = [{**taint, "timeAdded": time_at(100)} for taint in TAINTS]

    def trace(at: float) -> Judged:
        asked = {"deletionTimestamp": time_at(at + 30), "deletionGracePeriodSeconds": 30}
        before = node(0), on_it(0, **spec)
        tainted = seen(100, {**node(100, "Unknown").object, "spec": {"taints": added}})
        gone = unready(at, target=BY_TAINT, metadata=asked, **spec)
        return judged(*before, tainted, gone)

    assert "IDENTITY-004" not in trace(160).broken
    assert "IDENTITY-004" in trace(150).broken


def test_a_node_without_a_runtime_will_not_be_ready_either() -> None:
    """Its loss is the whole zone's, and then nobody is driven away."""
    broken = done(5, "set-runtime", node="node-2", part="runtime", works=False)
    stop = done(10, "stop-node", node="node-1")
    trace = judged(*start(), broken, stop, node(62, "Unknown"), unready(62), until=600)
    assert "IDENTITY-004" not in trace.broken


def test_another_node_of_the_name_runs() -> None:
    """What was stopped was the one that is gone; the next one of its name may have Pods that run."""
    metadata = {"name": "node-1", "uid": "another", "creationTimestamp": time_at(40)}
    before = [*start()[:2], done(10, "stop-node", node="node-1")]
    gone = seen(30, node(30).object, "DELETED")
    again = seen(40, {**node(40).object, "metadata": metadata}, "ADDED")
    phases = [on_it(60, phase="Pending"), on_it(70)]
    assert "IDENTITY-004" not in judged(*before, gone, again, *phases).broken


def test_who_is_held_by_a_finalizer_is_collected_as_far_as_can_be() -> None:
    held = {"finalizers": ["example.com/hold"]}
    given = {"kind": "Node", "namespace": "", "name": "node-1"}
    asked = {"deletionTimestamp": time_at(160), "deletionGracePeriodSeconds": 0, "generation": 2}

    def trace(*, ends: bool) -> Judged:
        return judged(
            *(node(0), node(0, name="node-2"), on_it(0, metadata=held)),
            done(10, "stop-node", node="node-1"),
            *(node(62, "Unknown", tainted=True), unready(62, metadata=held)),
            done(100, "delete", **given),
            seen(100, node(100).object, "DELETED"),
            *([unready(160, phase="Failed", metadata={**held, **asked})] if ends else []),
            until=330,
        )

    assert "IDENTITY-004" in trace(ends=False).broken
    assert "IDENTITY-004" not in trace(ends=True).broken


def test_another_node_of_the_name_made_in_the_same_second_runs() -> None:
    made = {"kind": "Node", "metadata": {"name": "node-1"}}
    metadata = {"name": "node-1", "uid": "another", "creationTimestamp": time_at(10)}
    before = [*start()[:2], done(10, "stop-node", node="node-1")]
    gone = seen(10, node(10).object, "DELETED")
    again = seen(10, {**node(10).object, "metadata": metadata}, "ADDED")
    trace = [*before, gone, done(10, "create", object=made), again]
    assert "IDENTITY-004" not in judged(*trace, on_it(60, phase="Pending"), on_it(70)).broken


def test_one_that_goes_again_soon_may_be_in_quarantine_already() -> None:
    """The collector looks for names, now and then: who came back in between is not noticed."""
    given = {"kind": "Node", "namespace": "", "name": "node-1"}
    metadata = {"name": "node-1", "uid": "another", "creationTimestamp": time_at(70)}

    def trace(goes: float) -> Judged:
        first = node(0)
        away = done(goes, "delete", **given), seen(goes, first.object, "DELETED")
        again = {**node(70).object, "metadata": metadata}
        stop = done(100, "stop-node", node="node-1")
        ready = pod("Running", UP, more={"conditions": [READY]}, created=71)
        back = seen(70, again, "ADDED"), seen(71, ready, "ADDED"), stop
        gone = done(100, "delete", **given), seen(100, again, "DELETED")
        last = seen(105, pod("Failed", UP, more={"conditions": []}, created=71), "DELETED")
        return judged(first, *away, *back, *gone, last)

    assert "IDENTITY-004" not in trace(60).broken
    assert "IDENTITY-004" in trace(10).broken
