"""The laws of ROLLOUT, on traces made by hand."""

from __future__ import annotations

from typing import Any

import pytest

from spec_model.events import Rejected
from strategies.rollouts import rolled
from tests.laws.rolling import judged, seen
from tests.laws.traces import done, time_at

DOCUMENTED = {"profile": "documented"}


def controller(name: str, size: int, ready: int | None = None, version: str = "1") -> Any:
    """A ReplicationController; all of it ready unless said otherwise."""
    made = rolled(name, size, version=version)
    made["metadata"] |= {"uid": f"uid-{name}", "creationTimestamp": time_at(10)}
    shown = size if ready is None else ready
    return {**made, "status": {"replicas": shown, "readyReplicas": shown}}


def begun(size: int = 2, **given: Any) -> list[Any]:
    """OLD of that size, and the command that replaces it by NEW of as many."""
    options = given or {"object": rolled("new", size, version="2")}
    return [
        seen(0, controller("old", size), "ADDED"),
        done(10, "rolling-update", namespace="default", name="old", **options),
    ]


def new(at: float, size: int, ready: int | None = None, type: str = "MODIFIED") -> Any:
    return seen(at, controller("new", size, ready, "2"), type)


def test_up_wait_down() -> None:
    steps = [new(10, 0, type="ADDED"), new(10, 1, 0), new(12, 1), seen(73, controller("old", 1, 2))]
    outcome = judged(*begun(), *steps, until=74, **DOCUMENTED)
    assert not outcome.broken
    assert outcome.held("ROLLOUT-001")
    assert outcome.held("ROLLOUT-002")


def test_down_too_early() -> None:
    steps = [new(10, 0, type="ADDED"), new(10, 1, 0), new(12, 1), seen(30, controller("old", 1, 2))]
    assert judged(*begun(), *steps, until=31, **DOCUMENTED).broken == {"ROLLOUT-001"}


def test_two_up_at_once() -> None:
    steps = [new(10, 0, type="ADDED"), new(10, 2, 0)]
    assert judged(*begun(), *steps, until=11, **DOCUMENTED).broken == {"ROLLOUT-001", "ROLLOUT-002"}


def test_down_while_new_is_not_ready() -> None:
    steps = [new(10, 0, type="ADDED"), new(10, 1, 0), seen(75, controller("old", 1, 2))]
    assert "ROLLOUT-002" in judged(*begun(), *steps, until=76, **DOCUMENTED).broken


def test_new_that_is_not_ready_holds_everything_up() -> None:
    steps = [new(10, 0, type="ADDED"), new(10, 1, 0)]
    assert not judged(*begun(), *steps, until=300, **DOCUMENTED).broken


def test_a_step_that_never_comes() -> None:
    steps = [new(10, 0, type="ADDED"), new(10, 1, 0), new(12, 1)]
    assert judged(*begun(), *steps, until=300, **DOCUMENTED).broken == {"ROLLOUT-001"}


def test_what_the_tester_sizes_himself_ends_it() -> None:
    meddling = done(20, "patch", kind="ReplicationController", namespace="default", name="old",
                    patch={})  # fmt: skip
    steps = [new(10, 0, type="ADDED"), new(10, 1, 0), meddling, seen(21, controller("old", 0))]
    assert not judged(*begun(), *steps, until=300, **DOCUMENTED).broken


def test_old_that_stays() -> None:
    steps = [new(10, 0, type="ADDED"), new(10, 1), seen(75, controller("old", 0, 1))]
    outcome = judged(*begun(1), *steps, until=300, **DOCUMENTED)
    assert outcome.broken == {"ROLLOUT-004"}


@pytest.mark.parametrize("version", ["1", "2"])
def test_a_selector_that_cannot_be_told_apart_is_refused(version: str) -> None:
    made = rolled("new", 1, version=version)
    outcome = judged(*begun(1, object=made), until=11, **DOCUMENTED)
    assert ("ROLLOUT-003" in outcome.broken) is (version == "1")


def test_a_rollback_takes_no_image() -> None:
    taken = judged(*begun(1, image="app:2", rollback=True), until=11, **DOCUMENTED)
    assert taken.broken == {"ROLLOUT-004"}
    no = Rejected(400, "BadRequest")
    refused = done(10, "rolling-update", no, namespace="default", name="old", image="app:2",
                   rollback=True)  # fmt: skip
    old = seen(0, controller("old", 1), "ADDED")
    assert judged(old, refused, until=11, **DOCUMENTED).held("ROLLOUT-004")
