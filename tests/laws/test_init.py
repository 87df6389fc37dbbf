"""The laws of INIT, on traces made by hand."""

from __future__ import annotations

from typing import Any

import pytest

from spec_model.events import Observation, Rejected
from spec_model.laws.init_specs import FIELDS
from strategies import manifests
from tests.laws.initializing import (
    INITIALIZING,
    UNINITIALIZED,
    blamed,
    created,
    initialized,
    look,
    ok,
)
from tests.laws.traces import (
    done,
    judged,
    running,
    terminated,
    waiting,
)

# -- the order -------------------------------------------------------------------------------------


def test_init_containers_one_after_another() -> None:
    trace = judged(
        look(0, i=running(0), j=INITIALIZING),
        look(5, i=ok(0, 5), j=running(5)),
        look(9, i=ok(0, 5), j=ok(5, 9)),
    )
    assert trace.held("INIT-001")


def test_two_init_containers_at_once() -> None:
    trace = judged(look(0, i=running(0), j=INITIALIZING), look(1, i=running(0), j=running(1)))
    assert blamed(trace) == {"INIT-001"}


def test_the_next_after_a_failure() -> None:
    trace = judged(
        look(0, i=running(0), j=INITIALIZING), look(5, i=terminated(1, finished=5), j=running(5))
    )
    assert "INIT-001" in blamed(trace)


def test_the_next_before_the_end_of_the_first() -> None:
    trace = judged(look(0, i=running(0), j=INITIALIZING), look(9, i=ok(0, 8), j=ok(5, 9)))
    assert blamed(trace) == {"INIT-001"}


def test_skipped_states_tell_by_their_times() -> None:
    trace = judged(look(0, i=INITIALIZING, j=INITIALIZING), look(9, i=ok(0, 5), j=ok(5, 9)))
    assert trace.held("INIT-001")


def test_an_app_container_after_initialization() -> None:
    trace = judged(
        look(0, i=running(0), more=UNINITIALIZED), look(5, running(5), "Running", i=ok(0, 5))
    )
    assert trace.held("INIT-002")


def test_an_app_container_too_soon() -> None:
    trace = judged(look(0, i=running(0)), look(5, running(5), i=running(0)))
    assert "INIT-002" in blamed(trace)


@pytest.mark.parametrize(
    "other",
    [
        {"c": waiting("ContainerCreating")},
        {"phase": "Running"},
        {"more": {"conditions": [{"type": "Initialized", "status": "True"}]}},
    ],
)
def test_an_uninitialized_pod_says_so(other: dict[str, Any]) -> None:
    assert "INIT-002" in blamed(judged(look(0, i=running(0), **other)))


def test_a_sidecar_that_crashes_later_does_not_undo_initialization() -> None:
    conditions = {"conditions": [{"type": "Initialized", "status": "True"}]}
    crashed = terminated(1, started=0, finished=5)
    trace = judged(
        look(0, s=running(0), i=running(0), kinds="s", more=UNINITIALIZED),
        look(4, waiting("ErrImagePull"), s=running(0), i=ok(0, 4), kinds="s", more=conditions),
        look(5, waiting("ErrImagePull"), s=crashed, i=ok(0, 4), kinds="s", more=conditions),
    )
    assert not blamed(trace)


def test_what_a_late_judge_finds_is_no_start() -> None:
    trace = judged(look(500, running(5), "Running", i=ok(0, 5)))
    assert "INIT-002" not in trace.exercised
    assert not blamed(trace)


# -- failure and success ---------------------------------------------------------------------------


FAILED = terminated(1, started=1, finished=3)


def failing() -> list[Observation]:
    """The second of two init containers fails."""
    return [look(0, i=ok(0, 1), j=running(1)), look(3, i=ok(0, 1), j=FAILED)]


def test_a_failed_init_container_runs_again() -> None:
    trace = failing()
    again = look(3, i=ok(0, 1), j=running(3), restarts={"j": 1}, last=FAILED)
    assert judged(*trace, again).held("INIT-003")


def test_a_failed_init_container_takes_another_along() -> None:
    trace = failing()
    again = look(4, i=ok(3, 4), j=running(4), restarts={"i": 1, "j": 1}, last=FAILED)
    assert {"INIT-003", "INIT-005"} <= blamed(judged(*trace, again))


def test_a_failed_init_container_that_is_left() -> None:
    assert "INIT-003" in blamed(judged(*failing(), until=60))


def test_on_a_node_that_is_down_nothing_is_owed() -> None:
    trace = [*failing(), done(4, "stop-node", node="node-1")]
    other_image = look(5, i=ok(0, 1), j=FAILED, image="b:2")
    assert "INIT-003" not in judged(*trace, other_image, until=600).broken


def test_a_pod_that_ends_owes_no_other_run() -> None:
    trace = failing()
    ended = look(4, phase="Failed", i=ok(0, 1), j=FAILED, more={"reason": "Evicted"})
    assert not blamed(judged(*trace, ended, until=600))


def never(at: float, phase: str, c: dict[str, Any] | None = None, **more: Any) -> Observation:
    """A Pod with policy Never whose first init container has failed."""
    return look(at, c, phase, i=terminated(3), j=INITIALIZING, policy="Never", **more)


def test_under_never_the_pod_fails() -> None:
    before = look(0, i=running(0), j=INITIALIZING, policy="Never")
    assert judged(before, never(1, "Failed")).held("INIT-004")
    before = look(0, i=running(0), j=INITIALIZING, policy="Never")
    assert judged(before, never(1, "Pending"), never(2, "Failed")).held("INIT-004")


def test_a_deadline_that_ends_the_init_container_ends_the_pod_too() -> None:
    """Both are seen in one write: the init container was killed, and the Pod failed for its deadline."""
    before = look(0, i=running(0), j=INITIALIZING, policy="Never")
    over = never(1, "Failed", more={"reason": "DeadlineExceeded"})
    assert "INIT-004" not in blamed(judged(before, over, until=60))


def test_under_never_the_pod_does_not_fail() -> None:
    before = look(0, i=running(0), j=INITIALIZING, policy="Never")
    assert "INIT-004" in blamed(judged(before, never(1, "Pending"), until=60))


def test_under_never_something_starts_all_the_same() -> None:
    before = look(0, i=running(0), j=INITIALIZING, policy="Never")
    assert "INIT-004" in blamed(
        judged(before, never(1, "Pending"), never(2, "Pending", running(2)))
    )


def test_what_succeeded_is_done() -> None:
    before = initialized(5, running(5), ok(0, 5))
    crashed = initialized(9, running(9), ok(0, 5), restarts={"c": 1})
    assert judged(before, crashed).held("INIT-005")


def test_what_succeeded_is_run_again() -> None:
    before = initialized(5, terminated(1, started=5, finished=6), ok(0, 5))
    again = initialized(9, terminated(1, started=5, finished=6), running(9), restarts={"i": 1})
    assert blamed(judged(before, again)) == {"INIT-005"}


def test_what_succeeded_waits_and_is_run_again() -> None:
    before = initialized(5, running(5), ok(0, 5))
    waits = initialized(8, running(5), INITIALIZING, restarts={"i": 0})
    again = initialized(9, running(5), running(9), restarts={"i": 1}, last=ok(0, 5))
    assert "INIT-005" in blamed(judged(before, waits, again))


def test_a_sandbox_may_have_been_lost_unseen() -> None:
    before = initialized(5, terminated(1, started=5, finished=6), ok(0, 5))
    again = initialized(9, terminated(1, started=5, finished=6), running(9), restarts={"i": 1})
    assert not blamed(judged(before, again, clock="real"))


def test_not_while_an_app_container_goes_on_running() -> None:
    before = initialized(5, running(5), ok(0, 5))
    again = initialized(9, running(5), running(9), restarts={"i": 1})
    assert "INIT-005" in blamed(judged(before, again, clock="real"))


# -- what may be asked for -------------------------------------------------------------------------


@pytest.mark.parametrize("field", FIELDS)
@pytest.mark.parametrize("profile", ["v1.36", "documented"])
def test_init_containers_are_not_probed(field: str, profile: str) -> None:
    probe: dict[str, Any] = {field: {"exec": {"command": ["x"]}}}
    manifest = manifests.pod(init=[manifests.container("i", **probe)])
    path = f"spec.initContainers[0].{field}"
    forbidden = profile == "v1.36" or field == "readinessProbe"
    assert judged(created(manifest, path), profile=profile).held("INIT-006") is forbidden
    accepted = judged(created(manifest), profile=profile)
    assert blamed(accepted) == ({"INIT-006"} if forbidden else set())


def test_what_is_refused_for_something_else_proves_nothing() -> None:
    probe: dict[str, Any] = {"livenessProbe": {"exec": {"command": ["x"]}}}
    manifest = manifests.pod(init=[manifests.container("i", **probe)])
    assert not blamed(judged(created(manifest, "spec.containers[0].image")))


@pytest.mark.parametrize(("name", "good"), [("c", False), ("C", False), ("d", True)])
def test_names_are_unique_labels(name: str, good: bool) -> None:
    manifest = manifests.pod(init=[manifests.container(name)])
    refused = created(manifest, "spec.initContainers[0].name")
    assert blamed(judged(created(manifest))) == (set() if good else {"INIT-007"})
    assert blamed(judged(refused)) == ({"INIT-007"} if good else set())


def test_what_an_engine_does_not_implement_proves_nothing() -> None:
    manifest = manifests.pod(init=[manifests.container("c")])
    unknown = done(0, "create", Rejected(501, "NotImplemented"), object=manifest)
    assert not blamed(judged(unknown))
