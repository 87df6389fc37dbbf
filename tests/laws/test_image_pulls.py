"""BACKOFF-011: how failed pulls are tried again, on traces made by hand."""

from __future__ import annotations

from spec_model.events import Event, Observation
from tests.laws.crashes import blamed, event
from tests.laws.traces import (
    Judged,
    done,
    judged,
    pod,
    running,
    seen,
    status,
    terminated,
    waiting,
)


def pulling(at: float, reason: str) -> Observation:
    """A container whose image cannot be had."""
    return seen(at, pod("Pending", [status("c", waiting(reason))]))


def pulls(*attempts: float) -> list[Observation]:
    """Attempts that fail at these times, and the waits between them."""
    return [
        each
        for at in attempts
        for each in (pulling(at, "ErrImagePull"), pulling(at + 1, "ImagePullBackOff"))
    ]


def test_failed_pulls_are_tried_again() -> None:
    assert judged(*pulls(0, 10, 30, 70, 150, 310)).held("BACKOFF-011")
    assert judged(*pulls(0, 20, 40, 85, 170, 340)).held("BACKOFF-011")


def test_a_pull_that_does_not_wait() -> None:
    assert blamed(judged(*pulls(0, 10, 30, 70, 80))) == {"BACKOFF-011"}


def test_a_pull_that_is_never_tried_again() -> None:
    assert blamed(judged(*pulls(0), until=400)) == {"BACKOFF-011"}


def test_a_failed_pull_that_says_nothing_of_waiting() -> None:
    assert blamed(judged(pulling(0, "ErrImagePull"), until=400)) == {"BACKOFF-011"}


def test_a_pull_that_succeeds_owes_nothing() -> None:
    failed = pulls(0, 10)
    pulled = seen(20, pod("Running", [status("c", running(20))]))
    assert judged(*failed, pulled, until=400).held("BACKOFF-011")


def test_another_pods_pulls_are_its_own_affair() -> None:
    def trace(uid: str, clock: str = "virtual") -> Judged:
        before = pulling(0, "ContainerCreating")
        attempt = event(0, "Pulling", 'Pulling image "app:1"', uid=uid)
        return judged(before, attempt, pulling(1, "ImagePullBackOff"), clock=clock)

    assert blamed(trace("uid-b")) == {"BACKOFF-011"}
    assert not blamed(trace("uid-a"))
    assert not blamed(trace("uid-b", clock="real"))


def test_what_has_run_before_has_its_restarts_to_wait_for() -> None:
    def waits(at: float, reason: str) -> Observation:
        entry = status("c", waiting(reason), last=terminated(1), restarts=1)
        return seen(at, pod("Running", [entry]))

    trace = [waits(10, "ErrImagePull"), waits(20, "ImagePullBackOff")]
    assert not blamed(judged(*trace, until=900))


def test_a_new_kubelet_may_remember_pulls_or_not() -> None:
    trace: list[Event] = [*pulls(0, 10, 30, 70), done(80, "start-node", node="node-1"), *pulls(150)]
    assert not blamed(judged(*trace, until=450))


def test_the_kubelet_of_another_node_of_that_name_begins_anew() -> None:
    def node(at: float, uid: str, kind: str) -> Observation:
        return seen(at, {"kind": "Node", "metadata": {"name": "node-1", "uid": uid}}, kind)

    def trace(*between: Event) -> Judged:
        before = [node(0, "n", "ADDED"), *pulls(0, 10, 30, 70, 150)]
        return judged(*before, *between, pulling(170, "ErrImagePull"))

    assert blamed(trace()) == {"BACKOFF-011"}
    made = done(160, "create", object={"kind": "Node", "metadata": {"name": "node-1"}})
    assert not blamed(trace(node(155, "n", "DELETED"), made, node(160, "m", "ADDED")))
