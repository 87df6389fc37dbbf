"""REASON-001 and -002: nodes with a broken part, on traces made by hand."""

from __future__ import annotations

from typing import Any

import pytest

from spec_model import judge
from spec_model.events import Act, Event, Observation, Rejected
from spec_model.laws.node_loss import unready
from spec_model.world import World
from tests.laws.crashes import event
from tests.laws.traces import (
    Judged,
    done,
    judged,
    pod,
    running,
    seen,
    status,
    terminated,
    time_at,
    waiting,
)

DOWN = "container runtime is down"
UNREADY = "container runtime network not ready: NetworkReady=false reason:NetworkPluginNotReady"
FREE: dict[str, Any] = {"spec": {"nodeName": ""}}
FAILED = terminated(128, reason="StartError")


def node(at: float, ready: str = "True", message: str = "") -> Observation:
    metadata = {"name": "node-1", "uid": "n", "creationTimestamp": time_at(0)}
    condition = {"type": "Ready", "status": ready, "message": message}
    shown = {"kind": "Node", "metadata": metadata, "status": {"conditions": [condition]}}
    return seen(at, shown, "ADDED" if at == 0 else "MODIFIED")


def breaks(part: str, at: float = 1, works: bool = False, **more: Any) -> Act:
    return done(at, "set-runtime", node="node-1", part=part, works=works, **more)


def comes(at: float, **more: Any) -> list[Event]:
    """A Pod that is created, and bound to the node in the same second."""
    born = {"creationTimestamp": time_at(at)}
    return [
        seen(at, pod("Pending", metadata=born, **FREE), "ADDED"),
        seen(at, pod("Pending", metadata=born, more=more.pop("status", None), **more)),
    ]


def waits(at: float, reason: str, **more: Any) -> Observation:
    return seen(at, pod("Pending", [status(state=waiting(reason))], **more))


def told(at: float, type: str = "Warning") -> Observation:
    return event(at, "NetworkNotReady", f"network is not ready: {UNREADY}", type)


def no_network() -> list[Event]:
    """The node of the Pods has no network, and says so."""
    return [node(0), breaks("network"), node(2, "False", UNREADY)]


def blamed(trace: Judged) -> set[str]:
    return {rule for rule in trace.broken if rule.startswith("REASON-")}


# -- the Node ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(("part", "message"), [("runtime", DOWN), ("network", UNREADY)])
def test_a_node_says_what_is_broken(part: str, message: str) -> None:
    said = judged(node(0), breaks(part), node(12, "False", message), until=100)
    assert said.held("REASON-002")
    silent = judged(node(0), breaks(part), node(12, "False", "something else"), until=100)
    assert blamed(silent) == {"REASON-002"}


def test_a_refused_break_breaks_nothing() -> None:
    refused = done(
        1, "set-runtime", Rejected(404, "NotFound"), node="node-1", part="network", works=False
    )
    assert not blamed(judged(node(0), refused, until=100))


def test_what_is_mended_before_it_is_missed_need_not_be_shown() -> None:
    trace = judged(node(0), breaks("runtime"), breaks("runtime", 20, True), until=100)
    assert not blamed(trace)


def test_a_node_that_is_lost_says_nothing() -> None:
    assert not blamed(judged(node(0), breaks("network"), node(5, "Unknown"), until=100))


# -- its Pods ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("word", ["DockerDaemonNotReady", "NetworkPluginNotReady"])
def test_no_pod_has_the_word_of_its_node(word: str) -> None:
    assert blamed(judged(node(0), waits(5, word))) >= {"REASON-002"}


@pytest.mark.parametrize(
    ("part", "word"), [("runtime", "DockerDaemonNotReady"), ("network", "NetworkPluginNotReady")]
)
def test_as_documented_a_pod_blames_its_node(part: str, word: str) -> None:
    start = [node(0), breaks(part), *comes(9)]
    assert judged(*start, waits(10, word), profile="documented", until=60).held("REASON-002")
    patient = judged(*start, waits(10, "ContainerCreating"), profile="documented", until=60)
    assert blamed(patient) == {"REASON-002"}


def test_as_documented_a_pod_that_waits_already_blames_its_node_too() -> None:
    start = [node(0), waits(0, "ContainerCreating"), breaks("network")]
    word = waits(3, "NetworkPluginNotReady")
    assert judged(*start, word, profile="documented", until=60).held("REASON-002")
    assert blamed(judged(*start, profile="documented", until=60)) == {"REASON-002"}


def test_a_pod_is_told_that_it_has_no_network() -> None:
    start = [*no_network(), *comes(9)]
    assert judged(*start, told(9), until=60).held("REASON-002")
    normal = judged(*start, told(9, "Normal"), until=60)
    assert blamed(normal) == {"REASON-002"}
    others = event(9, "Scheduled", "")
    assert blamed(judged(*start, others, until=60)) == {"REASON-002"}


def test_an_engine_without_events_tells_nothing() -> None:
    assert not blamed(judged(*no_network(), *comes(9), until=60))


def test_a_pod_of_the_host_needs_no_network() -> None:
    host = {"spec": {"hostNetwork": True}}
    start = [*no_network(), *comes(9, **host), event(9, "Scheduled", "")]
    assert not blamed(judged(*start, until=60))


def test_who_has_no_network_is_tried_again_soon() -> None:
    start = [*no_network(), *comes(9), told(9), told(10)]
    assert blamed(judged(*start, told(11.5), until=12)) == set()
    assert blamed(judged(*start, told(25), until=26)) == {"REASON-002"}


def test_a_network_that_came_back_in_between_is_no_delay() -> None:
    mended = [breaks("network", 11, True), breaks("network", 24)]
    trace = [*no_network(), *comes(9), told(9), *mended, told(25)]
    assert not blamed(judged(*trace, until=26))


def test_a_kubelet_that_was_restarted_is_not_late() -> None:
    restart = done(12, "restart-kubelet", node="node-1")
    trace = [*no_network(), *comes(9), told(9), restart, told(25)]
    assert not blamed(judged(*trace, until=26))


# -- its containers ---------------------------------------------------------------------------------


@pytest.mark.parametrize("part", ["runtime", "network"])
def test_nothing_starts_on_a_broken_node(part: str) -> None:
    without_ip = {"status": {"podIP": ""}}
    start = [node(0), breaks(part), *comes(9, **without_ip), told(9)]
    runs = pod("Running", [status(state=running(10))])
    assert "REASON-002" in blamed(judged(*start, seen(10, runs), until=11))
    mended = breaks(part, 9.5, True)
    assert not blamed(judged(*start, mended, seen(10, runs), until=11))


def test_who_has_its_network_already_may_restart() -> None:
    runs = pod("Running", [status(state=running(0))])
    again = pod("Running", [status(state=running(20), restarts=1, last=terminated(1, finished=20))])
    trace = [node(0), seen(0, runs, "ADDED"), breaks("network"), seen(20, again)]
    assert not blamed(judged(*trace, until=21))


@pytest.mark.parametrize(
    ("part", "word", "profile"),
    [
        ("start", "RunContainerError", "v1.36"),
        ("pre-start", "PreStartHookError", "v1.36"),
        ("pre-create", "PreCreateHookError", "v1.36"),
        ("start", "RunContainerError", "documented"),
        ("pre-start", "m.internalLifecycle.PreStartContainer", "documented"),
    ],
)
def test_a_start_that_fails_has_its_word(part: str, word: str, profile: str) -> None:
    last = FAILED if part == "start" else None
    failed = seen(9, pod("Pending", [status(state=waiting(word), last=last)]))
    trace = [node(0), breaks(part), *comes(8), waits(8, "ContainerCreating"), failed]
    assert judged(*trace, profile=profile, until=10).held("REASON-001")


def test_another_step_has_another_word() -> None:
    trace = [node(0), breaks("pre-create"), *comes(8), waits(8, "ContainerCreating")]
    assert blamed(judged(*trace, waits(9, "PreStartHookError"), until=10)) == {"REASON-001"}


def test_an_image_may_be_what_no_container_is_created_from() -> None:
    image = done(0, "set-image", image="app:1", outcome="uncreatable")
    trace = [image, node(0), breaks("network"), *comes(8), told(8), waits(8, "ContainerCreating")]
    assert not blamed(judged(*trace, waits(9, "CreateContainerError"), until=10))


def test_what_a_new_mirror_shows_may_be_old() -> None:
    shown = pod("Pending", [status(state=waiting("CreateContainerError"))])
    image = done(0, "set-image", image="app:1", outcome="pullable")
    assert not blamed(judged(image, node(0), breaks("network"), seen(9, shown, "ADDED"), until=10))


# -- what is not owed on a broken node --------------------------------------------------------------


def test_a_start_that_failed_is_a_containers_own_end() -> None:
    """RESTART-003: nobody has restarted it on its sibling's account."""
    names = ("c", "d")
    told = done(5, "exit", namespace="default", pod="a", container="c", exitCode=1)

    def both(at: float, c: Any, d: Any) -> Observation:
        return seen(at, pod("Running", [c, d], containers=names))

    first = both(0, status("c", running(0)), status("d", FAILED, containerID="d-0"))
    ended = both(5, status("c", terminated(1, finished=5)), status("d", FAILED, containerID="d-0"))
    again = status("d", FAILED, last=FAILED, restarts=1, containerID="d-1")
    later = both(9, status("c", terminated(1, finished=5)), again)
    assert "RESTART-003" not in judged(node(0), first, told, ended, later, until=9).broken


def test_another_node_of_the_name_is_whole() -> None:
    """REASON-002: what was broken of a Node that is gone is not broken of the next one."""
    gone = seen(5, node(4).object, "DELETED")
    metadata = {**node(7).object["metadata"], "uid": "n2", "creationTimestamp": time_at(7)}
    trace = [node(0), breaks("network"), node(2, "False", UNREADY), gone]
    trace.append(seen(7, {**node(7).object, "metadata": metadata}, "ADDED"))
    runs = seen(10, pod("Running", [status(state=running(10))]))
    assert not blamed(judged(*trace, *comes(9), event(9, "Scheduled", ""), runs, until=60))


def test_what_a_node_says_of_its_readiness_is_known_until_it_says_otherwise_or_goes() -> None:
    world, known = World(), []
    gone = seen(3, dict(node(3, "Unknown").object), "DELETED")
    for shown in (node(0), node(1, "Unknown"), node(2), node(2.5, "False", DOWN), gone):
        world = judge.step(world, shown)
        known.append(unready(world, "node-1").get("status"))
    assert known == [None, "Unknown", None, "False", None]
